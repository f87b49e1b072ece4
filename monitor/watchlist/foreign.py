"""Operators of other tools, answered with ours.

Analysts come with queries written for Lexis, Factiva, Westlaw, ProQuest, Meltwater, Brandwatch, Google or Elastic. Where
such a query fails to read, this module looks at the place of the fault, and if an operator of another tool stands there
it says what to write here, with the parts that stand around it.

Pure text: this module must not know how our own grammar reads (that is the grammar's), and is asked only after a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from monitor.text.words import words

#: A longer part is not repeated in the answer, which should be read at a glance.
_LONGEST_PART: Final = 40
#: Characters looked at around a fault: no operator is longer, and hostile files are as long as they like.
_AROUND: Final = 200
#: In place of a part that is too long or is not there.
_PART: Final = "group"
#: Languages as other tools name them.
LANGUAGES: Final = {
    "arabic": "ar",
    "english": "en",
    "russian": "ru",
    "ukrainian": "uk",
    "french": "fr",
    "spanish": "es",
    "persian": "fa",
    "farsi": "fa",
    "turkish": "tr",
    "hebrew": "he",
    "chinese": "zh",
    "japanese": "ja",
    "korean": "ko",
    "german": "de",
}
_OPENERS: Final = {'"': '"', "”": "“", "“": "„", "»": "«", "」": "「"}
_BLANKS: Final = " \t\r\n\u00a0\u200e\u200f"


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands in the query at ``[at, at + length)``, and what to write here, as a hint."""

    theirs: str
    at: int
    length: int
    hint: str


@dataclass(frozen=True, slots=True)
class _Place:
    """One operator found in a query, and the parts beside it."""

    text: str
    found: re.Match[str]

    @property
    def number(self) -> str:
        """The first number of the operator, in our digits; the window of a bare NEAR where it has none."""
        digits = re.search(r"\d+", self.found.group())
        return str(int(digits.group())) if digits else "10"

    @property
    def before(self) -> str:
        return _short(_operand_before(self.text[max(0, self.found.start() - _AROUND) : self.found.start()].rstrip(_BLANKS)))

    @property
    def behind(self) -> str:
        rest = self.text[self.found.end() : self.found.end() + _AROUND].lstrip(_BLANKS + ":=")
        # A field's own parenthesis belongs to the pattern: hd(a).
        return _short(_operand_behind(f"({rest}" if self.found.group().endswith("(") else rest))


def _short(part: str) -> str:
    part = " ".join(part.split())
    return part if 0 < len(part) <= _LONGEST_PART else ""


def _operand_before(text: str) -> str:
    """The part that ends where ``text`` ends: a word, a quoted phrase, a balanced parenthesis with its function's name."""
    if text.endswith(")"):
        depth = 0
        for at in range(len(text) - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(text[at], 0)
            if depth == 0:
                name = re.search(r"[\w-]*\Z", text[:at])
                return text[name.start() if name else at :]
        return ""
    opener = _OPENERS.get(text[-1:])
    if opener is not None:
        at = max(text.rfind(opener, 0, -1), text.rfind('"', 0, -1))
        return text[at:] if at >= 0 else ""
    found = re.search(r"[^\W\d][\w-]*\Z", text)
    return found.group() if found else ""


def _operand_behind(text: str) -> str:
    """The part that begins where ``text`` begins."""
    if text[:1] in _QUOTES:
        end = next((at for at in range(1, len(text)) if text[at] in _QUOTES), -1)
        return text[: end + 1] if end > 0 else ""
    found = re.match(r"[\w.-]*", text)
    head = found.group() if found else ""
    if text[len(head) : len(head) + 1] != "(":
        return head
    depth = 0
    for at in range(len(head), len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return text[: at + 1]
    return ""


_QUOTES: Final = frozenset('"“”„«»「」')


# ----------------------------------------------------------------------------------------- what is answered
Make = Callable[[_Place], str]


def _hint(hint: str) -> Make:
    return lambda place: hint


def _infix(template: str) -> Make:
    """``{a}`` and ``{b}`` are the parts around the operator, ``{n}`` its number."""
    return lambda place: template.format(a=place.before or _PART, b=place.behind or _PART, n=place.number)


def _bare(part: str) -> str:
    """Without the parentheses around the whole of it."""
    whole = part.startswith("(") and part.endswith(")") and _operand_behind(part) == part
    return part[1:-1].strip() if whole else part


def _count(place: _Place) -> str:
    least = place.number if re.search(r"\d", place.found.group()) else "2"
    return f"count({_bare(place.behind) or _PART}) >= {least}"


def _wildcard(place: _Place) -> str:
    return f'"{re.sub(r"[!?$#*]+", "*", place.found.group())}"'


def _slop(place: _Place) -> str:
    """``"a b"~5``: the words of a phrase within a window."""
    before = place.before
    phrase = [before[span.start : span.end] for span in words(before)] if before[-1:] in _QUOTES else []
    parts = [f'"{word}"' for word in phrase] if len(phrase) > 1 else [_PART, _PART]
    return f"{parts[0]} NEAR/{place.number} {parts[1]}" if len(parts) == 2 else f"near({place.number}, {', '.join(parts)})"


def _angle(place: _Place) -> str:
    name = place.found.group().strip("<> \t").partition("/")[0].strip().upper()
    window = f"/{place.number}" if name in ("NEAR", "THEN") else ""
    return f"{place.before or _PART} {name}{window} {place.behind or _PART}"


def _field(template: str) -> Make:
    return lambda place: template.format(v=place.behind or _PART)


def _language(place: _Place) -> str:
    code = _bare(place.behind).strip('"').lower()
    return f"lang({code if re.fullmatch('[a-z]{2}', code) else LANGUAGES.get(code, 'ar')})"


def _value(place: _Place) -> str:
    value = _bare(place.behind).strip("".join(_QUOTES)) or "name"
    return value if re.fullmatch(r"[^\W\d][\w-]*", value) else f'"{value}"'


_B: Final = r"(?<![\w*-])"
_E: Final = r"(?![\w-])"
_SENTENCE: Final = r"/\s*s(?:ent(?:ence)?)?"
_PARAGRAPH: Final = r"/\s*p(?:ara(?:graph)?)?"
_TITLE: Final = "hd|hl|headline|heading|header|ti|intitle|allintitle|subject"
_LEAD: Final = "lp|ingress|leadpara|lead-paragraph|description|abstract"
_BODY: Final = "intext|allintext|bodytext|text|content|message|td|tx"
_SOURCE: Final = "rst|sn|sc|so|site|sourcename|publication|pub|domain|url|inurl|host|outlet|jn"
#: An operator of another tool, and what it is written as here; "" where that is no answer after all.
_OPERATORS: Final[tuple[tuple[str, Make], ...]] = (
    # Not near: the words, and not so close.
    (rf"{_B}(?:and\s+|but\s+)?not\s*(?:w|within|near|n)?\s*/\s*\d+{_E}", _infix("{a} AND NOT {a} NEAR/{n} {b}")),
    (rf"{_B}(?:and\s+|but\s+)?not\s*(?:pre|onear|adj|\+)\s*/?\s*\d+{_E}", _infix("{a} AND NOT {a} THEN/{n} {b}")),
    (rf"{_B}(?:and\s+|but\s+)?not\s*w?\s*{_SENTENCE}{_E}", _infix("sentence({a}, NOT {b})")),
    (rf"{_B}(?:and\s+|but\s+)?not\s*w?\s*{_PARAGRAPH}{_E}", _infix("paragraph({a}, NOT {b})")),
    (rf"{_B}(?:and\s+|but\s+)?not\s*w?\s*/\s*seg{_E}", _infix("{a} AND NOT {b}")),
    (rf"{_B}not\s*near{_E}(?:\s*/\s*\d+)?", _infix("{a} AND NOT {a} NEAR/{n} {b}")),
    # Near, in either order and in this one.
    (rf"{_B}near\s*/\s*\d+f{_E}", _infix("{a} THEN/{n} {b}")),
    (rf"{_B}(?:w|within|n)\s*/\s*\d+(?:\s*-\s*\d+)?{_E}", _infix("{a} NEAR/{n} {b}")),
    (rf"{_B}within\s+\d+(?:\s+words?)?(?:\s+of)?{_E}", _infix("{a} NEAR/{n} {b}")),
    (rf"{_B}(?:near|n)\d+{_E}|{_B}near\s*[\[{{:=~ -]\s*\d+\s*[\]}}]?{_E}", _infix("{a} NEAR/{n} {b}")),
    (rf"{_B}near\s*\(\s*\d+\s*\)", lambda place: f"{place.before} NEAR/{place.number} {place.behind or _PART}" if place.before else ""),
    (r"<\s*(?:near|then|and|or)\s*(?:/\s*\d+)?\s*>", _angle),
    (rf"/n\d+(?:/|{_E})|(?<![\w/])/\s*\d+{_E}", _infix("{a} NEAR/{n} {b}")),
    (rf"{_B}around{_E}(?:\s*\(?\s*\d+\s*\)?)?", _infix("{a} NEAR/{n} {b}")),
    (rf"{_B}(?:pre|onear|dnear|adj|bef|before|followedby|p)(?:\s*/\s*)?\d+{_E}|{_B}w\d+{_E}", _infix("{a} THEN/{n} {b}")),
    (rf"{_B}then\s*(?:\(\s*\d+\s*\)|[\[{{:=~ -]?\s*\d+\s*[\]}}]?){_E}|\+\s*\d+{_E}", _infix("{a} THEN/{n} {b}")),
    (rf"(?:{_B}pre\s*/\s*|\+)s(?:ent(?:ence)?)?{_E}", _infix("{a} THEN/50 {b}")),
    (rf"(?:{_B}pre\s*/\s*|\+)p(?:ara(?:graph)?)?{_E}", _infix("paragraph({a}, {b})")),
    (rf"{_B}adj{_E}", _infix("{a} THEN/0 {b}")),
    (rf"{_B}(?:onear|dnear|before|followed\s*by){_E}", _infix("{a} THEN/10 {b}")),
    (rf"{_B}after{_E}", _infix("{b} THEN/10 {a}")),
    # In one passage.
    (rf"{_B}w?\s*{_SENTENCE}{_E}|{_B}sentence{_E}(?!\s*\()", _infix("sentence({a}, {b})")),
    (rf"{_B}w?\s*{_PARAGRAPH}{_E}|{_B}(?:paragraph|same){_E}(?!\s*\()", _infix("paragraph({a}, {b})")),
    (rf"{_B}w?\s*/\s*seg{_E}", _infix("{a} AND {b}")),
    # How often, and how near the beginning.
    (rf"{_B}at\s?least\s*/?\s*\d*{_E}", _count),
    (r"/f\d+/?", _infix("first({n}, {a})")),
    # Boolean.
    (r"&&?", _infix("{a} AND {b}")),
    (r"\|\|?", _infix("{a} OR {b}")),
    (rf"{_B}(?:andnot|but\s*not|except|exclude|excluding){_E}|%+", _infix("{a} AND NOT {b}")),
    (rf"{_B}xor{_E}", _infix("({a} OR {b}) AND NOT ({a} AND {b})")),
    (r"[-–−!]", _infix("{a} AND NOT {b}")),
    (r"\+", _infix("{a} AND {b}")),
    (rf"{_B}(?:и|та|і|و|et|und|y|ve|和|且|並且){_E}", _infix("{a} AND {b}")),
    (rf"{_B}(?:или|або|чи|أو|یا|ou|oder|o|veya|או|或){_E}", _infix("{a} OR {b}")),
    (rf"{_B}(?:не|ليس|لا|pas|sauf|nicht|no|değil|לא|非){_E}", _infix("{a} AND NOT {b}")),
    # Parts of words, and what ranks or ranges.
    (r"[^\W\d]\w*[!?$#]+\w*|\*\w+", _wildcard),
    (r"(?<=[\"”»)])\s*~\s*\d*", _slop),
    (rf"{_B}(?:all)?caps\s*\(", _field("mark it (exact), which keeps its capitals: {v}")),
    # Fields. title:, lead:, body:, lang(…), source(…) and label(…) are our own.
    (rf"{_B}(?:{_TITLE})\s*[:=(]|{_B}title\s*[=(]", _field("title: {v}")),
    (rf"{_B}(?:{_LEAD})\s*[:=(]|{_B}lead\s*[=(]", _field("lead: {v}")),
    (rf"{_B}(?:hlp|hlead|hlead1)\s*[:=(]", _field("title: {v} OR lead: {v}")),
    (rf"{_B}(?:{_BODY})\s*[:=(]|{_B}body\s*[=(]", _field("body: {v}")),
    (rf"{_B}(?:la|language|langue|lg)\s*[:=(]|{_B}lang\s*[:=]", _language),
    (rf"{_B}(?:{_SOURCE})\s*[:=(]|{_B}source\s*[:=]", lambda place: f"source({_value(place)})"),
    (rf"{_B}(?:country|sourcecountry|re|region|location)\s*[:=(]", lambda place: f"label(country={_value(place)})"),
)
#: What has no counterpart here, and what to do about it.
_WITHOUT: Final[tuple[tuple[str, str], ...]] = (
    (r"~[\d.]*", "leave it out: every form of a word is found, and other spellings are terms of their own in the group"),
    (r"\^\s*[\d.]*", "leave it out: nothing is ranked here"),
    (r"[\[{][^\]}]*\sto\s[^\]}]*[\]}]", "leave it out: articles are matched as they are published"),
    (r"[\[\]{}]", "use parentheses: ( )"),
    (r"(?<![^\s(])/[^/\n]+/", 'write a wildcard in quotes, such as "gunrun*"'),
    (rf"{_B}(?:date|dates|pd|py|published|since|until|year)\s*[:=(<>]", "leave it out: articles are matched as they are published"),
    (rf"{_B}(?:wc|length|wordcount)\s*[:=(<>]", "leave it out: articles are matched whatever their length"),
    (rf"{_B}(?:au|author|by|byline)\s*[:=(]", "leave it out: there is no field of authors; first(60, …) looks at an article's beginning"),
    (
        rf"{_B}(?:co|company|fds|hashtag|in|indexing|industry|ipd|ns|tag|topic)\s*[:=(]",
        "leave it out: there are no codes here; name the words of the subject in a group",
    ),
    (rf"{_B}(?:cache|filetype|inanchor|link|related|sort|type)\s*[:=(]", "leave it out: every article is text"),
)


#: Of those that stand at a fault the longest counts, then the first.
_ROWS: Final[tuple[tuple[re.Pattern[str], Make], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), make) for pattern, make in (*_OPERATORS, *((pattern, _hint(hint)) for pattern, hint in _WITHOUT))
)


def answer(text: str, at: int) -> Answer | None:
    """The operator of another tool that stands at ``at``, with ours; None where there is none."""
    found = max(_at(text, at), key=lambda each: len(each[0].group()), default=None)
    if found is None:
        return None
    match, make = found
    theirs = match.group().strip()
    made = make(_Place(text, match))
    if not made:
        return None
    plain = made.startswith(("leave it out", "use ", "write ", "mark it "))
    return Answer(theirs, match.start() + match.group().index(theirs), len(theirs), made if plain else f"here it is written: {made}")


def _at(text: str, at: int) -> Iterable[tuple[re.Match[str], Make]]:
    for pattern, make in _ROWS:
        for match in pattern.finditer(text, max(0, at - _AROUND), at + _AROUND):
            if match.start() <= at < match.end():
                yield match, make
