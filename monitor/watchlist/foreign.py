"""Operators of other tools, answered with ours.

Analysts come with queries written for Lexis, Factiva, Westlaw, ProQuest, Meltwater, Brandwatch, Google or Elastic. Where
such a query fails to read, this module looks at the place of the fault, and if an operator of another tool stands there
it says what to write here, with the parts that stand around it.

Pure text: this module must not know how our own grammar reads (that is the grammar's), and is asked only after a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from monitor.text.words import words
from monitor.watchlist.parts import AROUND, BLANKS, QUOTES, bare, before, behind
from monitor.watchlist.tokens import Offer

#: A longer part is not repeated in the answer, which should be read at a glance.
_LONGEST_PART: Final = 40
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands in the query at ``[at, at + length)``, and what to write here: a hint, or offers of which one may stand."""

    theirs: str
    at: int
    length: int
    hint: str
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """One operator found in a query at ``[start, end)``, with the words of ours that it takes in, and the parts beside it."""

    theirs: str
    start: int
    end: int
    before: str
    behind: str
    #: Where the parts begin and end; their place is the operator's where there are none.
    first: int
    last: int
    #: An OR of ours, or of another language, stands where an AND is meant.
    either: bool = False
    negated: bool = False

    @property
    def number(self) -> str:
        """The first number of the operator, in our digits; the window of a bare NEAR where it has none."""
        digits = re.search(r"\d+", self.theirs)
        return str(int(digits.group())) if digits else "10"

    @property
    def example(self) -> _Place:
        return replace(self, before="a", behind="b")


def _short(part: str) -> str:
    part = " ".join(part.split())
    return part if 0 < len(part) <= _LONGEST_PART else ""


# ----------------------------------------------------------------------------------------- what is answered
Fill = Callable[[_Place], str]


@dataclass(frozen=True, slots=True)
class _Make:
    """How a place is written here. ``sides`` are the parts that are written anew: "ab", "a", "b" or "" for the operator alone."""

    fill: Fill
    sides: str = "b"
    say: str = "here it is written: {}"
    plain: bool = False


def _hint(hint: str) -> _Make:
    return _Make(lambda place: hint, plain=True)


def _infix(template: str) -> _Make:
    """``{a}`` and ``{b}`` are the parts around the operator, ``{n}`` its number."""

    def fill(place: _Place) -> str:
        return _written(template, place)

    return _Make(fill, "ab" if "{b}" in template else "a")


def _between(template: str) -> _Make:
    """Of a word that is an operator only between two parts."""
    return _Make(lambda place: _written(template, place) if place.before else "", "ab")


def _written(template: str, place: _Place) -> str:
    return template.format(a=place.before or _PART, b=place.behind or _PART, n=place.number)


def _and(place: _Place) -> str:
    return _written("{a} AND NOT {b}" if place.negated else "{a} AND {b}", place)


def _or(place: _Place) -> str:
    return _written("{a} OR NOT {b}" if place.negated else "{a} OR {b}", place)


def _not(place: _Place) -> str:
    """Of a group that is to be missing: after an AND, after an OR, or at the beginning."""
    return _written("{a} OR NOT {b}" if place.either else "{a} AND NOT {b}", place)


def _count(place: _Place) -> str:
    least = place.number if re.search(r"\d", place.theirs) else "2"
    return f"count({bare(place.behind) or _PART}) >= {least}"


def _wildcard(place: _Place) -> str:
    return f'"{re.sub(r"[!?$#*]+", "*", place.theirs)}"'


def _slop(place: _Place) -> str:
    """``"a b"~5``: the words of a phrase within a window."""
    before = place.before
    phrase = [before[span.start : span.end] for span in words(before)] if before[-1:] in QUOTES else []
    parts = [f'"{word}"' for word in phrase] if len(phrase) > 1 else [_PART, _PART]
    return f"{parts[0]} NEAR/{place.number} {parts[1]}" if len(parts) == 2 else f"near({place.number}, {', '.join(parts)})"


def _angle(place: _Place) -> str:
    name = place.theirs.strip("<> \t").partition("/")[0].strip().upper()
    window = f"/{place.number}" if name in ("NEAR", "THEN") else ""
    return f"{place.before or _PART} {name}{window} {place.behind or _PART}"


def _field(template: str) -> _Make:
    return _Make(lambda place: template.format(v=place.behind or _PART))


def _language(place: _Place) -> str:
    code = bare(place.behind).strip('"').lower()
    return f"lang({code if re.fullmatch('[a-z]{2}', code) else LANGUAGES.get(code, 'ar')})"


def _value(place: _Place) -> str:
    value = bare(place.behind).strip("".join(QUOTES)) or "name"
    return value if re.fullmatch(r"[^\W\d][\w-]*", value) else f'"{value}"'


def _capitals(place: _Place) -> str:
    return f'"{bare(place.behind).strip("".join(QUOTES)) or "US"}" (exact)'


_NOT: Final = _Make(_not, "ab")
#: The words of other languages for and, or and not, and what is both.
_ANDS: Final = "и|та|і|й|و|et|und|y|ve|和|且|並且|并且|かつ|および|그리고|및|וגם|ו"
_ORS: Final = "или|або|чи|أو|او|یا|ou|oder|o|veya|ya\\s+da|או|或|或者|または|또는"
_NOTS: Final = "не|ні|без|ليس|ليست|لا|نه|نیست|بدون|pas|non|sauf|sans|nicht|ohne|no|sin|değil|לא|ללא|非|不|不是|没有|ない|でない|아니"
_AND_NOTS: Final = "وليس|وليست|ولا|ولیس|ולא|且不|且非|且没有"
CONNECTIVE: Final = re.compile(rf"(?:and|or|not|near|then|{_ANDS}|{_ORS}|{_NOTS}|{_AND_NOTS})", re.IGNORECASE)
_EITHER: Final = re.compile(rf"(?:or|{_ORS})\s", re.IGNORECASE)
#: Words for not that stand behind what they deny.
_AFTER: Final = re.compile(r"[\s\u200e\u200f]+(?:ない|でない|ではない|değil|아님|아니다)(?!\w)", re.IGNORECASE)
#: A sign for not before what it denies.
_MINUS: Final = re.compile(r"[-−!]\s{0,9}")
_PREFIX: Final = re.compile(r"(?<![\w*-])(title|lead|body)\s*:\s*\Z", re.IGNORECASE)
_OURS_BEFORE: Final = re.compile(r"(?<![\w*-])(and|or|not)\s*\Z", re.IGNORECASE)

_B: Final = r"(?<![\w*-])"
_E: Final = r"(?![\w-])"
_SENTENCE: Final = r"/\s*s(?:ent(?:ence)?)?"
_PARAGRAPH: Final = r"/\s*p(?:ara(?:graph)?)?"
_TITLE: Final = "hd|hl|headline|heading|header|ti|intitle|allintitle|subject"
_LEAD: Final = "lp|ingress|leadpara|lead-paragraph|description|abstract"
_BODY: Final = "intext|allintext|bodytext|text|content|message|td|tx"
_SOURCE: Final = "rst|sn|sc|so|site|sourcename|publication|pub|domain|url|inurl|host|outlet|jn"
#: An operator of another tool, and what it is written as here; "" where that is no answer after all.
_OPERATORS: Final[tuple[tuple[str, _Make], ...]] = (
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
    (rf"{_B}near\s*\(\s*\d+\s*\)", _between("{a} NEAR/{n} {b}")),
    (r"<\s*(?:near|then|and|or)\s*(?:/\s*\d+)?\s*>", _Make(_angle, "ab")),
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
    (rf"{_B}w?\s*{_SENTENCE}{_E}", _infix("sentence({a}, {b})")),
    (rf"{_B}sentence{_E}(?!\s*\()", _between("sentence({a}, {b})")),
    (rf"{_B}w?\s*{_PARAGRAPH}{_E}", _infix("paragraph({a}, {b})")),
    (rf"{_B}(?:paragraph|same){_E}(?!\s*\()", _between("paragraph({a}, {b})")),
    (rf"{_B}w?\s*/\s*seg{_E}", _infix("{a} AND {b}")),
    # How often, and how near the beginning.
    (rf"{_B}at\s?least\s*/?\s*\d*{_E}", _Make(_count)),
    (r"/f\d+/?", _infix("first({n}, {a})")),
    # Boolean.
    (r"&&?", _Make(_and, "ab")),
    (r"\|\|?", _Make(_or, "ab")),
    (rf"{_B}(?:andnot|but\s*not|except|exclude|excluding){_E}|%+", _NOT),
    (rf"{_B}xor{_E}", _infix("({a} OR {b}) AND NOT ({a} AND {b})")),
    (r"[-–−!]", _NOT),
    (r"\+", _infix("{a} AND {b}")),
    (rf"{_B}(?:{_ANDS}){_E}", _Make(_and, "ab")),
    (rf"{_B}(?:{_ORS}){_E}|{_B}(?:and|{_ANDS})\s*/\s*(?:or|{_ORS}){_E}", _Make(_or, "ab")),
    (rf"{_B}(?:but|mais|pero|но|але|لكن|ama|اما|אבל){_E}", _between("{a} AND {b}")),
    (rf"{_B}(?:nor|ni){_E}", _between("{a} AND NOT {b}")),
    (rf"{_B}(?:(?:(?:and|or|{_ANDS}|{_ORS})\s+)?(?:not\s+)?(?:{_NOTS}|{_AND_NOTS})|(?:{_ANDS}|{_ORS})\s+not){_E}", _NOT),
    # Parts of words, and what ranks or ranges.
    (r"[^\W\d]\w*[!?$#]+\w*|\*\w+", _Make(_wildcard, "")),
    (r"(?<=[\"”»)])\s*~\s*\d*", _Make(_slop, "a")),
    (rf"{_B}(?:all)?caps\s*\(", _Make(_capitals, say="mark it (exact), which keeps its capitals: {}")),
    # Fields. title:, lead:, body:, lang(…), source(…) and label(…) are our own.
    (rf"{_B}(?:{_TITLE})\s*[:=(]|{_B}title\s*[=(]", _field("title: {v}")),
    (rf"{_B}(?:{_LEAD})\s*[:=(]|{_B}lead\s*[=(]", _field("lead: {v}")),
    (rf"{_B}(?:hlp|hlead|hlead1)\s*[:=(]", _field("title: {v} OR lead: {v}")),
    (rf"{_B}(?:{_BODY})\s*[:=(]|{_B}body\s*[=(]", _field("body: {v}")),
    (rf"{_B}(?:la|language|langue|lg)\s*[:=(]|{_B}lang\s*[:=]", _Make(_language)),
    (rf"{_B}(?:{_SOURCE})\s*[:=(]|{_B}source\s*[:=]", _Make(lambda place: f"source({_value(place)})")),
    (rf"{_B}(?:country|sourcecountry|re|region|location)\s*[:=(]", _Make(lambda place: f"label(country={_value(place)})")),
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
_ROWS: Final[tuple[tuple[re.Pattern[str], _Make], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), make) for pattern, make in (*_OPERATORS, *((pattern, _hint(hint)) for pattern, hint in _WITHOUT))
)


def answer(text: str, at: int) -> Answer | None:
    """The operator of another tool that stands at ``at``, with ours; None where there is none."""
    found = max(_at(text, at), key=lambda each: len(each[0].group()), default=None)
    if found is None:
        return None
    match, make = found
    theirs = match.group().strip()
    place = _place(text, match, make)
    made = make.fill(place)
    if not made:
        return None
    begin = match.start() + match.group().index(theirs)
    if make.plain:
        return Answer(theirs, begin, len(theirs), made)
    example = make.fill(place.example)
    return Answer(theirs, begin, len(theirs), f"here it is written, for example: {example}", _offers(text, place, make, made))


def _offers(text: str, place: _Place, make: _Make, made: str) -> tuple[Offer, ...]:
    start = place.first if "a" in make.sides else place.start
    end = place.last if "b" in make.sides else place.end
    if "a" in make.sides and not place.before and place.first == place.start and not _begins(text, place.start):
        return ()
    if "b" in make.sides and not place.behind and place.last == place.end and text[place.end :].strip(BLANKS)[:1] not in ("", ")", ","):
        return ()
    offers = [Offer(start, end, (made,), make.say)]
    prefix = _PREFIX.search(text, max(0, start - AROUND), start) if "a" in make.sides else None
    if prefix:
        # title: a w/5 b is said of both.
        offers.append(Offer(prefix.start(), end, (f"{prefix[1].lower()}: ({made})",), make.say))
    if " OR NOT " in made:
        say = "OR NOT would be true of nearly every article; write: {}"
        offers.append(Offer(start, end, (made.replace(" OR NOT ", " AND NOT "),), say))
    if make is _NOT and not place.before:
        # At the beginning of a part nothing must stand before a NOT, if something is found behind it.
        offers.insert(1, Offer(start, end, (f"NOT {place.behind or _PART}",), make.say))
    return tuple(offers)


def _begins(text: str, at: int) -> bool:
    """Whether a part begins at ``at``, so that an operand is really missing."""
    return text[max(0, at - AROUND) : at].rstrip(BLANKS)[-1:] in ("", "(", ",")


def _place(text: str, match: re.Match[str], make: _Make) -> _Place:
    start, end, theirs = match.start(), match.end(), match.group()
    either = bool(_EITHER.match(theirs))
    if "a" in make.sides:
        start, joined = _taken_in(text, start, nots=make is _NOT)
        either = either or (joined == "or" and make is _NOT)
    first = before(text, start)
    left = text[first:start]
    if CONNECTIVE.fullmatch(left.strip(BLANKS)):
        first, left = start, ""
    # A field's own parenthesis belongs to the pattern: hd(a).
    inner = end - 1 if theirs.endswith("(") else end + len(text[end : end + AROUND]) - len(text[end : end + AROUND].lstrip(BLANKS + ":="))
    minus = _MINUS.match(text, inner) if make.fill in (_and, _or) else None
    inner = minus.end() if minus else inner
    last = behind(text, inner)
    right = text[inner:last]
    if CONNECTIVE.fullmatch(right.strip(BLANKS)):
        last, right = inner, ""
    after = _AFTER.match(text, last, last + AROUND) if right and make.fill in (_and, _or) else None
    return _Place(
        theirs.strip(),
        start,
        end,
        _short(left),
        _short(right),
        first,
        (after.end() if after else last) if right else end,
        either,
        after is not None or minus is not None,
    )


def _taken_in(text: str, start: int, *, nots: bool) -> tuple[int, str]:
    """Where the operator begins with the AND, OR or NOT of ours that stands before it, and the first of them."""
    joined = ""
    while found := _OURS_BEFORE.search(text, max(0, start - AROUND), start):
        word = found[1].lower()
        if word == "not" and not nots:
            break
        start, joined = found.start(), word
    return start, joined


def _at(text: str, at: int) -> Iterable[tuple[re.Match[str], _Make]]:
    for pattern, make in _ROWS:
        for match in pattern.finditer(text, max(0, at - AROUND), at + AROUND):
            if match.start() <= at < match.end():
                yield match, make
