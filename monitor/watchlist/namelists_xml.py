"""Published lists of names in XML: OFAC's SDN.XML and CONSOLIDATED.XML, and the consolidated list of the UN Security Council.

Read with expat, entry by entry and with lines. A document type declaration is refused before anything of it is read: these
lists have none, and entities and outside files, by which XML does harm, are declared only there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from monitor.watchlist.namelists import Format, Listed, Published, entity
from monitor.watchlist.spellings import Type

#: Deeper than any of these lists (six), and than any entry worth building.
_DEEPEST: Final = 32
#: Root elements, and what is told of those that are read nowhere.
_ROOTS: Final = {"sdnList": Format.OFAC_XML, "CONSOLIDATED_LIST": Format.UN_XML}
_OTHERS: Final = {
    "Sanctions": "this is OFAC's advanced XML: take SDN.XML, or sdn.csv with alt.csv",
    "sanctionsData": "this is OFAC's enhanced XML: take SDN.XML, or sdn.csv with alt.csv",
    "export": "this is the list of the European Union: take it from OpenSanctions (eu_fsf)",
}
_OFAC_TYPES: Final = {"individual": Type.PERSON, "entity": Type.ORGANIZATION, "vessel": Type.VESSEL, "aircraft": Type.AIRCRAFT}
_UN_TYPES: Final = {"INDIVIDUAL": Type.PERSON, "ENTITY": Type.ORGANIZATION}
_UN_NAMES: Final = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
#: What stands before a name in its own script; in brackets it is their label, which ``spellings`` knows.
_UN_SCRIPT: Final = re.compile(r"(?<![(\[])\boriginal script\s*:?\s*", re.IGNORECASE)
#: Signs between two names, not those within brackets.
_UN_PARTS: Final = re.compile(r"[;؛/](?![^()]{0,200}\))")
_UN_ALIASES: Final = re.compile(r";(?![^()]{0,200}\))")


@dataclass(slots=True)
class _Element:
    tag: str
    line: int
    text: list[str] = field(default_factory=list)
    children: list[_Element] = field(default_factory=list)

    def get(self, tag: str) -> str:
        """The text of the first child of this tag, blanks run together; '' where there is none."""
        return next((child.value for child in self.children if child.tag == tag), "")

    def all(self, tag: str) -> Iterator[_Element]:
        return (child for child in self.children if child.tag == tag)

    @property
    def value(self) -> str:
        return " ".join("".join(self.text).split())


class _Refused(Exception):
    """Raised within expat's handlers: what is wrong, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def read_xml(file: str, chunks: Iterable[bytes]) -> Published:
    """Either kind of list, known by its root element."""
    reading = _Reading(file)
    try:
        for chunk in chunks:
            reading.parser.Parse(chunk, False)
        reading.parser.Parse(b"", True)
    except _Refused as error:
        reading.found.fault(file, reading.parser.CurrentLineNumber, str(error), error.hint)
    except expat.ExpatError as error:
        reading.found.fault(file, error.lineno, f"this is no XML: {expat.ErrorString(error.code)}")
    return reading.found


class _Reading:
    """Builds an element tree for each entry and lets it go when the entry ends."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found = Published(Format.OFAC_XML)
        self.open: list[_Element] = []
        self.depth = 0
        self.entries: dict[str, Callable[[_Element], None]] = {}
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise _Refused("a document type declaration is refused", "the published lists have none: download the file again")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Refused("elements are nested too deeply")
        if self.depth == 1:
            self._root(tag)
        elif self.open or tag in self.entries:
            element = _Element(tag, self.parser.CurrentLineNumber)
            if self.open:
                self.open[-1].children.append(element)
            self.open.append(element)

    def _root(self, tag: str) -> None:
        if tag not in _ROOTS:
            raise _Refused(f"a list with the root element {tag!r} is not known", _OTHERS.get(tag, "known: OFAC's SDN.XML, the UN list"))
        self.found.format = _ROOTS[tag]
        self.entries = {"sdnEntry": self._ofac} if tag == "sdnList" else dict.fromkeys(_UN_TYPES, self._un)

    def _text(self, text: str) -> None:
        if self.open:
            self.open[-1].text.append(text)

    def _end(self, name: str) -> None:
        self.depth -= 1
        if self.open:
            element = self.open.pop()
            if not self.open:
                self.entries[element.tag](element)

    # ------------------------------------------------------------------ entries
    def _ofac(self, entry: _Element) -> None:
        number, kind = entry.get("uid"), _OFAC_TYPES.get(entry.get("sdnType").lower())
        if not number or kind is None:
            self.found.fault(self.file, entry.line, f"the entry {number or '(without uid)'} has the type {entry.get('sdnType')!r}")
            return
        known = [(aka.get("category").lower() == "weak", _western(aka)) for group in entry.all("akaList") for aka in group.all("aka")]
        strong, weak = ([name for doubtful, name in known if doubtful is wanted] for wanted in (False, True))
        self._keep(entry, entity(number, kind, _western(entry), strong, weak))

    def _un(self, entry: _Element) -> None:
        kind = _UN_TYPES[entry.tag]
        number = entry.get("REFERENCE_NUMBER") or entry.get("DATAID")
        if not number:
            self.found.fault(self.file, entry.line, "this entry has neither REFERENCE_NUMBER nor DATAID")
            return
        name = " ".join(filter(None, map(entry.get, _UN_NAMES)))
        strong, weak = [*_UN_PARTS.split(entry.get("NAME_ORIGINAL_SCRIPT"))], list[str]()
        for alias in entry.all(f"{entry.tag}_ALIAS"):
            names = [part for written in _UN_SCRIPT.split(alias.get("ALIAS_NAME")) for part in _UN_ALIASES.split(written)]
            (weak if alias.get("QUALITY").lower() == "low" else strong).extend(names)
        self._keep(entry, entity(number.rstrip("."), kind, name, strong, weak))

    def _keep(self, entry: _Element, listed: Listed | None) -> None:
        if listed is None:
            self.found.fault(self.file, entry.line, "this entry has no name")
        else:
            self.found.entities.append(listed)


def _western(element: _Element) -> str:
    """First and last name as OFAC prints them."""
    first, last = element.get("firstName"), element.get("lastName")
    return f"{last}, {first}" if first else last
