"""Negation: whether a negator in a sentence ("not", لم, не … было, していない) bears upon what was found there.

A negator denies the act right behind it; auxiliaries may stand between ("is not going to supply", «не будет поставлять»). It
says nothing of what stands behind another verb ("did not stop shipping"), nor where it is no denial at all: in a question, in
"not only", «чуть не», «не могла не», nor before an infinitive that somebody is asked for («просит не поставлять»). Some stand
behind what they deny (していない, 않았다, «поставок не было»), and "no" before the noun of a passive ("no missiles were shipped").

The room knows one sentence and its hits, and nothing of the other cues but where plans begin.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Sequence
from typing import Final

from monitor.match.scan import Found, Scanned
from monitor.text.fold import fold


def folded(*lines: str) -> frozenset[str]:
    return frozenset(fold(word) for line in lines for word in line.split())


NEGATORS: Final = folded(
    "لم لا لن ما ليس ليست دون بدون",
    "not never neither nor without cannot can't didn't doesn't don't isn't aren't wasn't weren't hasn't haven't hadn't won't wouldn't",
    "не ни без ні нет немає",
    "pas jamais aucun aucune sans ni",
    "no sin nunca jamás ni ningún ninguna",
    "نه نمی بدون نخواهد نخواهند",
    "değil",
    "לא אין בלי מבלי אינו אינה אינם אינן",
    "안 못 않 않다",
    "没有 沒有 未 不会 不會 不再",
    "しない しなかった しません していない していません しておらず されていない されなかった はなかった はありません",
)
#: Letters that Arabic and Hebrew write together with the word behind them.
ATTACHED: Final = frozenset("وفושכ")
BREAK: Final = re.compile(r"[,;:،؛、，；：—–]|\s-\s")

#: What stands before the noun of a passive.
_NO: Final = folded("aucun aucune ningún ninguna")
_BE: Final = folded(
    "was were is are be been being has have had will", "n' n a ont été sera seront", "fue fueron ha han sido será serán es son"
)
_THERE: Final = folded("was were is are been be", "eu a", "hubo hay")
#: What may stand between a negator and the verb that it negates.
_HELPERS: Final = folded(
    "been be being any yet ever going planning about été ha han haya a va van está están sido",
    "был была было были будет будут стал стала стали станет станут намерен намерена намерены собирается собираются собирался собиралась",
    "планирует планируют планировал планировала может могут мог могла могли хочет хотят готов готова готовы",
    "був була було були буде будуть став стала стали стане стануть планує планують збирається збираються може можуть має мають наміру хоче",
    "يتم تتم يجر تجر يقم تقم",
)
#: Those that take an infinitive in French, where they stand before the negator.
_GOING: Final = folded("va vont peut peuvent pourra pourront veut veulent")
#: Those of English behind which "to" is one too.
_GOING_TO: Final = folded("going planning about")
_MODALS: Final = folded("может могут мог могла могли можно може можуть міг могла могли можна can could")
_AGAIN: Final = folded("не not but לא 不")
_NEARLY: Final = folded("чуть едва мало ледь а but")
#: "Until" before what may still come, "so far" before what has not.
_UNTIL: Final = folded("пока поки доки")
_PAST: Final = re.compile(r"(?:л[аои]?|в)(?:ся|сь)?$")
#: Arabic's "carry out", behind which the act is a noun: لم تقم موسكو بإرسال.
_PERFORMS: Final = folded("يقم تقم يقوموا يقوم تقوم")
_ONLY: Final = folded("только лише тільки просто only just merely simply seulement solo sólo solamente רק فقط sadece yalnızca yalnız")
_INSTEAD: Final = folded("а sino")
#: ما is "what" behind these.
_WHAT: Final = folded(
    "كل ان أن هذا هذه هو هي على في من عن الى بعد عند مثل حسب بحسب وفق مع ذلك كان بقدر حول هم رغم قبل منذ بين مقابل خلال أبرز أهم أول"
)
_EXISTING: Final = folded("было будет було буде")
_ABSENT: Final = folded("нет немає")
_OR: Final = folded("или либо чи або")
_AFTER_EXISTING: Final = folded("в во с со из от и на за до между у із від та між для по з")
#: Verbs that undo an act: what is negated there is that it ends.
_STOPS: Final = tuple(
    map(
        fold,
        (
            *(
                "прекра",
                "останов",
                "приостан",
                "сокращ",
                "сократ",
                "отказ",
                "отмен",
                "припин",
                "зупин",
                "призупин",
                "відмов",
                "скасов",
                "скороч",
            ),
            *(
                "stop",
                "halt",
                "ceas",
                "suspend",
                "end",
                "cut",
                "curb",
                "cancel",
                "delay",
                "pause",
                "cess",
                "arrêt",
                "susp",
                "dejar",
                "deten",
            ),
            *("وقف", "توقف", "تعليق", "تعلق", "توقيف", "إلغاء", "הפסיק", "להפסיק", "תפסיק", "יפסיק"),
        ),
    )
)
_INFINITIVE: Final = {
    "ru": re.compile(r"(?:ть|ти|чь)(?:ся|сь)?$"),
    "uk": re.compile(r"ти(?:ся|сь)?$"),
    "es": re.compile(r"[aei]r(?:l[aeo]s?|se)?$"),
    "he": re.compile(r"^ל"),
}
_QUESTION: Final = re.compile(r"(?:[?？؟]|か。)[\s\"'»”’）)」]*$")
#: What of a Chinese sentence may stand between a negator and the act: to whom.
_TO_WHOM: Final = re.compile(r"(?:再|直接)?(?:[向对對给給为為][^，。；]{1,8})?")
_NOT_IN_CHINESE: Final = re.compile(r"(?:没有|沒有|并未|並未|未|不|并非|並非)$")
_NOT_BEHIND: Final = re.compile(r"\s?(?:نکرد|نمی.?کن|않|[はも]?し(?:てい)?(?:ない|なか|ませ)|て?い(?:ない|なか|ませ)|しておら)")
_NOT_WITHIN: Final = re.compile(r"(?:yalanla|reddet|inkar et)m(?:[ae](?:d|yec|yac|m|z)|iyor)")
_UNAVOIDABLE: Final = re.compile(r"\s*(?:수(?:는|가|도)?\s*없|わけ|はず|とは限|か)")
#: How a denial begins that is a negated act.
_NEGATED: Final = re.compile(r"(?:не|ні|n'|no|nunca|jamas|没有|沒有|未|从未|從未|并未|並未|لم|لن|לא)")
#: Words over which a negator is looked for behind, and a noun before, what it denies.
_REACH: Final = 3
_PASSIVE_REACH: Final = 8


class Negation:
    """How negators stand to the hits of one sentence, whose first words and whose ends are ``starts`` and ``ends``, in their order."""

    def __init__(self, scanned: Scanned, sentence: int, starts: Sequence[int], ends: Sequence[int]) -> None:
        self._scanned = scanned
        self._sentence = sentence
        self._starts = starts
        self._ends = ends
        begin, end, _, _ = scanned.sentences[sentence]
        self._end = end
        self.asked = bool(_QUESTION.search(scanned.text, max(begin, end - 8), end))

    # ------------------------------------------------------------------ what is a negator
    def is_negator(self, cue: Found) -> bool:
        """Whether the cue is nothing but a negator."""
        written = fold(self._scanned.text[cue.start : cue.end])
        return written in NEGATORS or (written[:1] in ATTACHED and written[1:] in NEGATORS) or written.startswith("않")

    def void(self, cue: Found) -> bool:
        """Whether a negator negates nothing where it stands."""
        if self.asked or self.word(cue.last) in _ONLY:
            return True
        before = self.word(cue.first - 1)
        if before in _NEARLY and not self._broken(cue.first - 1, cue.first):
            return True
        if before in _UNTIL and not _PAST.search(self.word(cue.last)):
            return True
        if before not in _MODALS and self._is_infinitive(cue.last, self._language(cue)):
            return True
        twice = before in _MODALS and self.word(cue.first - 2) in _AGAIN
        again = self.word(cue.last) in _MODALS and self.word(cue.last + 1) in _AGAIN
        return (
            twice
            or again
            or (self._written(cue) == "ما" and (before in _WHAT or before[1:] in _WHAT or self.word(cue.last).endswith(("ه", "ها", "هم"))))
        )

    def merely_formed(self, denial: Found) -> bool:
        """Whether a denial is only a form of the act that was found, or begins with a negator, and is none where it stands: in a
        question, in "not only", and of what somebody is asked not to do."""
        at = bisect_left(self._starts, denial.first)
        act = at < len(self._starts) and self._starts[at] < denial.last
        if not act and not _NEGATED.match(fold(self._scanned.text[denial.start : denial.end])):
            return False
        if self.word(denial.first - 1) not in _MODALS and self._is_infinitive(denial.last - 1, self._language(denial)):
            return True
        return self.asked or any(self.word(place) in _ONLY for place in range(denial.first - 5, denial.first))

    def turned_round(self, denial: Found) -> bool:
        """Whether a denial is negated as Chinese does it, or by what stands behind it or is part of it: انکار نکرد, 부인하지 않았다."""
        text = self._scanned.text
        if _NOT_IN_CHINESE.search(text, max(0, denial.start - 2), denial.start):
            return True
        return bool(_NOT_BEHIND.match(text, denial.end, self._end) or _NOT_WITHIN.search(fold(text[denial.start : denial.end])))

    def undoes(self, plan: Found) -> bool:
        """Whether what is planned is to end something: "does not intend to halt deliveries"."""
        return any(self.word(place).startswith(_STOPS) for place in range(plan.last, plan.last + 4))

    # ------------------------------------------------------------------ what it bears upon
    def bears(self, cue: Found, plans: Container[int]) -> bool:
        """Whether a negator bears upon a hit or a plan; ``plans`` are the first words of those."""
        language = self._language(cue)
        written = self._written(cue)
        if written in _NO or (written == "no" and language == "en"):
            return self._of_no_thing(cue)
        if written in _ABSENT:
            return self.word(cue.first - 1) not in _OR and self._behind(cue.first)
        if language in ("ja", "ko") and written not in ("안", "못"):
            return self._ends_at(cue.first) and not _UNAVOIDABLE.match(self._scanned.text, cue.end, self._end)
        if language == "fr":
            return self._of_french(cue)
        place = self.behind(cue)
        if self.word(cue.last) in _PERFORMS:
            return self._of_performing(cue.last + 1)
        if self.word(cue.last) in _EXISTING and self._closes(cue.last + 1) and self._behind(cue.first):
            return True
        if language == "zh":
            return self._of_chinese(cue)
        if not self._starts_at(place):
            return cue.last in plans
        if self._set_apart(cue.first, place):
            return False
        # No name, and nothing that another is put in the stead of: "not Moscow", «не продала, а подарила».
        return not self._raw(place)[:1].isupper() and self.word(place + 1) not in _INSTEAD

    def _set_apart(self, first: int, place: int) -> bool:
        """Whether a negator and one word stand between commas behind what was found: "missiles, not tanks"."""
        found_before = bool(self._starts) and self._starts[0] < first
        return found_before and self._broken(first - 1, first) and (not self.word(place + 1) or self._broken(place, place + 1))

    def behind(self, cue: Found) -> int:
        """The word behind a negator and the auxiliaries that go with it."""
        place = cue.last
        while (word := self.word(place)) in _HELPERS or (word == "to" and self.word(place - 1) in _GOING_TO):
            place += 1
        return place

    def _is_infinitive(self, place: int, language: str) -> bool:
        """Whether what is not to be is asked for or promised: "urged Berlin not to send"."""
        word, infinitive = self.word(place), _INFINITIVE.get(language)
        return word == "to" if infinitive is None else bool(infinitive.search(word))

    def _of_performing(self, first: int) -> bool:
        """The noun with ب a few words behind; of two, the first may be the subject (بكين)."""
        acts = [place for place in range(first, first + 1 + _REACH) if self.word(place)[:1] == "ب"]
        return bool(acts) and self._starts_at(acts[1] if len(acts) > 1 and acts[0] == first else acts[0])

    def _of_french(self, cue: Found) -> bool:
        """ "ne livrera pas", "n'a pas livré", "ne va pas livrer"; not "ne pas livrer"."""
        places = range(max(0, cue.first - _REACH), cue.first)
        ne = next((place for place in reversed(places) if self.word(place).rstrip("'’") in ("n", "ne")), None)
        if ne is None or ne + 1 == cue.first:
            return False
        if any(self._starts_at(place) for place in range(ne + 1, cue.first)):
            return True
        place = self.behind(cue)
        infinitive = self.word(place).endswith(("er", "ir", "re"))
        return self._starts_at(place) and (not infinitive or any(self.word(at) in _GOING for at in range(ne + 1, cue.first)))

    def _of_chinese(self, cue: Found) -> bool:
        """The act right behind, or behind whom it is done to."""
        for at in range(bisect_left(self._starts, cue.last), len(self._starts)):
            begin = self._begin(self._starts[at])
            if begin - cue.end > 12:
                return False
            if _TO_WHOM.fullmatch(self._scanned.text, cue.end, begin):
                return True
        return False

    def _of_no_thing(self, cue: Found) -> bool:
        """ "No missiles were shipped", "there were no deliveries"."""
        near = [place for place in range(cue.last, cue.last + _REACH) if self._starts_at(place)]
        if not near or self._broken(cue.last, near[0]):
            return False
        if self.word(cue.first - 1) in _THERE:
            return near[0] <= cue.last + 1 and not self._raw(near[0])[:1].isupper()
        helped = False
        for place in range(near[0] + 1, cue.last + _PASSIVE_REACH):
            word = self.word(place)
            if not word or self._broken(place - 1, place):
                return False
            if helped and word not in _BE:
                return self._starts_at(place)
            helped = word in _BE
        return False

    def _behind(self, first: int) -> bool:
        """Whether a hit ends a few words before a place, in the same clause."""
        at = bisect_right(self._ends, first)
        return bool(at) and self._near(self._ends[at - 1], first) and not self._broken(self._ends[at - 1] - 1, first)

    def _near(self, last: int, first: int) -> bool:
        return self._scanned.between(self._sentence, last, first) <= _REACH

    def _closes(self, place: int) -> bool:
        """Whether a clause ends before a place, or only says where or when."""
        word = self.word(place)
        return not word or word in _AFTER_EXISTING or self._broken(place - 1, place)

    # ------------------------------------------------------------------ words
    def _language(self, cue: Found) -> str:
        return self._scanned.table.pattern(cue.pattern).language

    def word(self, place: int) -> str:
        """The folded word at ``place``, "" before the first and behind the last."""
        return fold(self._raw(place))

    def _raw(self, place: int) -> str:
        return self._scanned.word(self._sentence, place) if place >= 0 else ""

    def _written(self, cue: Found) -> str:
        written = fold(self._scanned.text[cue.start : cue.end])
        return written if written in NEGATORS else written[1:]

    def _starts_at(self, place: int) -> bool:
        at = bisect_left(self._starts, place)
        return at < len(self._starts) and self._starts[at] == place

    def _ends_at(self, place: int) -> bool:
        at = bisect_left(self._ends, place)
        return at < len(self._ends) and self._ends[at] == place

    def _begin(self, place: int) -> int:
        return self._scanned.spans(self._sentence)[place][0]

    def _broken(self, one: int, other: int) -> bool:
        """Whether a comma or the like stands between two words."""
        spans = self._scanned.spans(self._sentence)
        if not 0 <= one < other < len(spans):
            return other >= len(spans)
        return bool(BREAK.search(self._scanned.text, spans[one][1], spans[other][0]))
