"""A name as a published list writes it, made into the spellings that people write.

``SURNAME, Given`` is turned round, abbreviated titles are left off, and what stands in brackets is a spelling of its own:
*PETROV, Ivan (Cyrillic: ПЕТРОВ, Иван)* is *Ivan PETROV* and *Иван ПЕТРОВ*. Brackets hold places and nicknames as well
(*STAR (MALTA) LIMITED*), and a list that looks for *MALTA* finds everything: what may be such a word is told apart as weak.
This room knows nothing of files and formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from monitor.text.scripts import EAST_ASIAN, scripts_of


class Type(StrEnum):
    PERSON = "person"
    ORGANIZATION = "organization"
    VESSEL = "vessel"
    AIRCRAFT = "aircraft"


@dataclass(frozen=True, slots=True)
class Spellings:
    """``strong`` in the list's order; ``weak`` are words that may well be no name of the entity, none of them in ``strong``."""

    strong: tuple[str, ...]
    weak: tuple[str, ...]


#: Abbreviated titles before a given name; a title written out may be a part of the name.
_TITLES: Final = re.compile(r"^(?:(?:Dr|Prof|Eng|Gen|Lt|Col|Maj|Brig|Capt|Cdr|Adm|Sgt|Hon|Mr|Mrs|Ms)\.\s*)+", re.IGNORECASE)
#: Usual surnames of Korea, China and Vietnam as Latin letters write them. One that is a given name elsewhere costs little:
#: both words of the name are still asked for, in this order.
_SURNAMES: Final = (
    "kim ri rhee lee yi pak park choe choi chong jong jung jon jang chang kang kwon han hyon hong hwang im rim jo cho yun yoon o oh "
    "so seo sin shin paek baek no roh ryu yu ho heo nam sim ko mun moon yang son pae bae kwak ju sok tae thae ji "
    "wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he gao lin luo zheng liang xie tang song deng feng cao "
    "peng zeng xiao tian dong pan yuan cai jiang yu du ye cheng wei su lu lyu ding ren shen yao cui zhong tan fan jin shi liao jia "
    "xia fu fang zou xiong bai meng qin qiu hou yan xue lei long dai tao hao gu mao wan qian chan cheung wong leung "
    "nguyen tran pham hoang huynh phan vu vo dang bui do duong ly ngo dinh doan trinh truong"
)
_SURNAME_FIRST: Final = frozenset(_SURNAMES.split())
#: What publishers write where there is no name.
_NOTHING: Final = frozenset({"", "na", "n/a", "none", "unknown", "-", "?"})

#: Brackets that hold no others, of any shape: those within others are taken off first.
_BRACKET: Final = re.compile(r"[(\[{（［]([^()\[\]{}（）［］]*)[)\]}）］]")
_LEFT_OVER: Final = re.compile(r"[()\[\]{}（）［］]")
#: Nested deeper than this is no name any more; it stays as it is, and is told.
_DEEPEST: Final = 4
#: Characters behind a bracket by which it stands in the middle of a name.
_BEHIND: Final = 200
#: Several names in one bracket: "Cyrillic: ИВАН; Arabic: إيفان", "a.k.a. ONE, a.k.a. TWO".
_KNOWN_AS: Final = r"(?:[afn]\.?\s?k\.?\s?a|d\.?\s?b\.?\s?a|t/a)(?:\.|\b):?"
_PARTS: Final = re.compile(rf"\s*[;؛]\s*|\s*,\s*(?={_KNOWN_AS}|[A-Za-z]+(?: [A-Za-z]+)?:)", re.IGNORECASE)
#: A bracket's label: of a script or language ("Cyrillic:", "original script:"), or of another name ("a.k.a.", "formerly").
_LABEL: Final = re.compile(
    rf"(?:(?P<birth>née\b|nee\b|né\b|born\b|maiden name\b)|{_KNOWN_AS}|original script\b|alias(?:es)?\b"
    r"|(?:also |formerly |previously |now |better )?known as\b|(?:formerly|previously)(?: listed as)?\b|trading as\b|doing business as\b"
    r"|(?:[A-Za-z]+[ -]){0,2}[A-Za-z]+(?=\s*[:：]))\s*[:：]?\s*",
    re.IGNORECASE,
)
#: Labels that stand alone, and words that only say what the bracket would hold.
_ALONE: Final = "individual entity vessel aircraft deceased arabic cyrillic persian farsi hebrew chinese korean latin"
_REMARKS: Final = frozenset(_ALONE.split())
#: Places of more than one word that stand behind the names of branches; those of one word are weak as any single word is.
_WHERE: Final = (
    "united kingdom|united states|united arab emirates|hong kong|south africa|south korea|north korea|saudi arabia|sri lanka|"
    "new zealand|costa rica|el salvador|dominican republic|czech republic|marshall islands|cayman islands|british virgin islands|"
    "isle of man|sierra leone|ivory coast|burkina faso|equatorial guinea|papua new guinea|san marino|puerto rico|far east|"
    "middle east|asia pacific|new york|abu dhabi|ras al khaimah|st petersburg|south sudan|north africa|west africa|east africa|"
    "latin america|north america|south america|great britain|northern ireland|east timor|cape verde|viet nam|trinidad and tobago"
)
_PLACES: Final = frozenset(_WHERE.split("|"))
_FORMS: Final = "branch office offices division company limited ltd llc inc plc pvt private holding holdings"
_OFFICES: Final = frozenset(_FORMS.split())
#: From here on two words are one name in two spellings: HEZBOLLAH and HIZBALLAH (0.78), not CIMEX and PANAMA (0.18).
_ALIKE: Final = 0.6
#: Shorter than this a single word is an abbreviation.
_ABBREVIATION: Final = 3


def spellings(names: Iterable[str], weak: Iterable[str], kind: Type) -> Spellings:
    """The spellings of an entity's names; all those of ``weak`` names are weak."""
    taken = [spelled(name, kind) for name in names]
    strong = dict.fromkeys(spelling for found in taken for spelling in found.strong)
    doubtful = [spelling for found in taken for spelling in found.weak]
    for name in weak:
        found = spelled(name, kind)
        doubtful += (*found.strong, *found.weak)
    return Spellings(tuple(strong), tuple(dict.fromkeys(spelling for spelling in doubtful if spelling not in strong)))


def spelled(name: str, kind: Type) -> Spellings:
    """One published name: itself without brackets, with those in its middle (*ANGULO (SEGUNDO), Jose*), and what they hold."""
    plain, within, held = _opened(" ".join(name.split()))
    strong = [*_orders(plain, kind)]
    strong += _orders(within, kind) if within else ()
    main, weak = (strong or [""])[0], list[str]()
    for text in held:
        for part in _PARTS.split(text):
            for spelling, sure in _bracketed(part.strip(" ,"), plain, main, kind):
                (strong if sure else weak).append(spelling)
    return Spellings(tuple(dict.fromkeys(strong)), tuple(dict.fromkeys(each for each in weak if each not in strong)))


def holds_brackets(name: str) -> bool:
    """Whether brackets were left in a spelling: they do not pair, so that nobody knows what they set apart."""
    return _LEFT_OVER.search(name) is not None


def turned(name: str) -> str:
    """``AL ZAWAHIRI, Dr. Ayman`` as Ayman AL ZAWAHIRI; ``SMITH, John, Jr.`` as John SMITH Jr."""
    surname, _, rest = name.partition(",")
    given, _, suffix = rest.partition(",")
    parts = (given, surname, suffix) if given.strip() else (name,)
    return _TITLES.sub("", " ".join(filter(None, map(str.strip, parts))))


# ------------------------------------------------------------------------------------------------ brackets
def _opened(name: str) -> tuple[str, str, list[str]]:
    """The name without its brackets; with what those in its middle hold, where that may be a part of it ("" if none); and all
    that brackets hold."""
    held: list[str] = []
    within = name
    for _ in range(_DEEPEST):
        found = _BRACKET.findall(name)
        if not found:
            break
        held += (text.strip() for text in found)
        within = _BRACKET.sub(lambda match: f" {match[1]} " if _part_of(match) else " ", within)
        name = _BRACKET.sub(" ", name)
    name, within = _tidy(name), _tidy(within)
    return name, within if within != name else "", held


def _part_of(bracket: re.Match[str]) -> bool:
    behind = bracket.string[bracket.end() : bracket.end() + _BEHIND]
    return any(map(str.isalnum, _BRACKET.sub("", behind))) and not _LABEL.match(bracket[1].strip()) and not re.search("[,;]", bracket[1])


def _tidy(name: str) -> str:
    return re.sub(r"\s+,", ",", " ".join(name.split())).strip(" ,")


def _bracketed(text: str, plain: str, main: str, kind: Type) -> Iterator[tuple[str, bool]]:
    """(spelling, whether it is sure to be a name of the entity) of what a bracket holds."""
    label = _LABEL.match(text)
    said = text[label.end() :].strip() if label else text
    quoted = len(said) > 2 and said[0] in "'‘\"“" and said[-1] in "'’\"”"
    said = said.strip("'‘’\"“” ,") if quoted else said
    if said.lower() in _REMARKS:
        return
    given = plain.partition(",")[2].strip()
    if label and label["birth"] and kind is Type.PERSON and given and " " not in said:
        said = f"{said}, {given}"
    for spelling in _orders(said, kind) if any(map(str.isalpha, said)) else ():  # numbers of ships and taxes are no names
        yield spelling, not main or (not quoted and _sure(spelling, main, kind, labelled=label is not None))


def _sure(spelling: str, main: str, kind: Type, *, labelled: bool) -> bool:
    scripts = scripts_of(spelling)
    foreign = not scripts & scripts_of(main)
    if _single(spelling):
        if kind is Type.ORGANIZATION and len(spelling) > _ABBREVIATION and (labelled or foreign):
            return True
        return _single(main) and (foreign or SequenceMatcher(None, spelling.casefold(), main.casefold()).ratio() >= _ALIKE)
    if kind is not Type.ORGANIZATION or labelled or foreign:
        return True
    words = re.findall(r"\w+", spelling.lower())
    return " ".join(words) not in _PLACES and not _OFFICES & {words[0], words[-1]}


def _single(spelling: str) -> bool:
    """Whether it is one word; names in scripts that write no blanks are whole names."""
    return len(spelling.split()) == 1 and not scripts_of(spelling) & EAST_ASIAN


def _orders(name: str, kind: Type) -> Iterator[str]:
    """A name without brackets as people write it. A surname that news writes first stands first in a further spelling: lists
    write *KIM, Jong Un* as they write *SMITH, John*."""
    plain = _tidy(name.replace(";", ","))
    orders = [plain]
    if kind is Type.PERSON:
        surname, _, given = plain.partition(",")
        orders = [turned(plain)]
        if "," not in given and given.strip() and surname.strip().lower() in _SURNAME_FIRST:
            orders.append(f"{surname.strip()} {_TITLES.sub('', given.strip())}")
    for spelling in dict.fromkeys(orders):
        if spelling.lower() not in _NOTHING and any(map(str.isalnum, spelling)):
            yield spelling
