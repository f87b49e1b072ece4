"""Lists of names with their entities: what a group takes ``from:`` a CSV or a FollowTheMoney JSON lines file.

A list may hold hundreds of thousands of spellings, so it is columns of plain values rather than terms, and a file that
several watchlists use is read once while any of them lives. docs/names.md describes the files for their users. This module
opens no file and knows nothing of texts being matched.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import json
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable
from weakref import WeakValueDictionary

from monitor.errors import Fault
from monitor.model import Entity

#: Columns of a CSV file that mean something; others are left alone.
COLUMNS: Final = ("id", "name", "aliases", "weak_aliases", "type", "language")
#: Schemata of FollowTheMoney whose names are names, and what they are called here
#: (https://followthemoney.tech/explorer/schemata/).
FTM_TYPES: Final = {
    "Person": "person",
    "LegalEntity": "organization",
    "Organization": "organization",
    "Company": "organization",
    "PublicBody": "organization",
    "Vessel": "vessel",
    "Airplane": "aircraft",
}
FTM_NAMES: Final = ("name", "alias", "previousName")
FTM_WEAK: Final = ("weakAlias", "abbreviation")
ANY: Final = "any"

#: Faults of one kind that are told one by one; of the rest the number. A file of another make is wrong in every line.
_TOLD: Final = 10
_JSON: Final = (".json", ".jsonl", ".ndjson")
_LANGUAGE: Final = re.compile(r"[a-z]{2}")
_LETTER: Final = re.compile(r"[^\W_]")
_ALIASES: Final = re.compile("[;؛]")
#: A word that mixes scripts whose letters look alike: it is never found as it is meant.
_MIXED: Final = re.compile(r"\b\w*(?:[A-Za-z][Ͱ-ӿ]|[Ͱ-ӿ][A-Za-z])\w*")


@dataclass(frozen=True, eq=False)
class NameList:
    """The names of one file by column, in the file's order. Spelling ``i`` is one of entity ``owners[i]``; ``ids``, ``names``
    and ``lines`` are by entity. ``languages`` holds the language of the spellings that have one.

    ``weak`` says whether weak aliases are among the spellings; ``faults`` what is wrong with the file.
    """

    file: str
    weak: bool
    spellings: Sequence[str]
    owners: array[int]
    ids: Sequence[str]
    names: Sequence[str]
    lines: array[int]
    languages: dict[int, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def __len__(self) -> int:
        return len(self.spellings)

    def entity(self, spelling: int) -> Entity:
        owner = self.owners[spelling]
        return Entity(self.ids[owner], self.names[owner], self.file)

    def language(self, spelling: int) -> str:
        return self.languages.get(spelling, ANY)

    def place(self, spelling: int) -> str:
        """``file:line`` of the entity."""
        return f"{self.file}:{self.lines[self.owners[spelling]]}"


@runtime_checkable
class Guessed(Protocol):
    """A mapping of files that knows of which the charset had to be guessed."""

    def guess(self, name: str) -> Fault | None:
        """The warning that says what the file was read as; None where that was UTF-8, or certain."""
        ...


class _Row(NamedTuple):
    """What one line says of one entity."""

    line: int
    id: str
    name: str
    spellings: Sequence[str]
    language: str = ANY


#: Lists in use, by file, hash of the text and whether weak aliases count.
_lists: Final[WeakValueDictionary[tuple[str, bytes, bool], NameList]] = WeakValueDictionary()


def read_names(file: str, text: str, *, weak: bool = False) -> NameList:
    """The names of a file; with faults, what could be read of it. The same list for the same text while one is in use."""
    key = (file, hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), weak)
    known = _lists.get(key)
    if known is None:
        known = _lists[key] = _Reading(file, weak).read(text)
    return known


class _Reading:
    """One file while it is read."""

    def __init__(self, file: str, weak: bool) -> None:
        self.file, self.weak = file, weak
        self.faults: list[Fault] = []
        self._untold: dict[tuple[str, bool], int] = {}
        self._told: dict[tuple[str, bool], int] = {}

    def read(self, text: str) -> NameList:
        mixed = bool(_MIXED.search(text))
        json_lines = self.file.lower().endswith(_JSON)
        spellings: list[str] = []
        owners, lines = array("I"), array("I")
        ids: list[str] = []
        names: list[str] = []
        languages: dict[int, str] = {}
        known: dict[str, int] = {}
        for row in self._ftm(text) if json_lines else self._csv(text):
            owner = known.setdefault(row.id, len(ids))
            if owner == len(ids):
                ids.append(row.id)
                names.append(row.name)
                lines.append(row.line)
            for spelling in row.spellings:
                if mixed and (found := _MIXED.search(spelling)):
                    self._mixed(row.line, found[0])
                if row.language != ANY:
                    languages[len(spellings)] = row.language
                spellings.append(spelling)
                owners.append(owner)
        if not spellings and not self.faults:
            self._fault(0, "holds no name", "" if json_lines else "each line below the first is a name")
        return NameList(self.file, self.weak, spellings, owners, ids, names, lines, languages, self._all_faults())

    # ------------------------------------------------------------------ CSV
    def _csv(self, text: str) -> Iterator[_Row]:
        reader = csv.reader(_lines(text), strict=True, delimiter="\t" if self.file.lower().endswith(".tsv") else ",")
        header: list[str] = []
        line = 1
        try:
            for cells in reader:
                begun, line = line, reader.line_num + 1
                if not any(map(str.strip, cells)):
                    continue
                if not header:
                    header = [cell.strip().strip("\ufeff").lower() for cell in cells]
                    if not self._header(header, begun):
                        return
                    place = {column: header.index(column) for column in COLUMNS if column in header}
                elif len(cells) > len(header):
                    message = f"this line has {len(cells)} cells, the first line {len(header)}"
                    self._fault(begun, message, 'put a cell that holds a comma in quotes: "Kim, Jong Un"', kind="cells")
                elif row := self._row(begun, {column: cells[at].strip() for column, at in place.items() if at < len(cells)}):
                    yield row
        except csv.Error as error:
            self._fault(line, f"this is no CSV: {error}", "a quote inside a quoted cell is doubled, and every quote is closed")
        if not header:
            self._fault(1, "the first line must name the columns", "write: id,name,aliases")

    def _header(self, header: list[str], line: int) -> bool:
        if "name" not in header:
            only = len(header) == 1 and any(mark in header[0] for mark in ";\t|")
            near = difflib.get_close_matches("name", header, n=1, cutoff=0.6)
            renamed = f"call the column {near[0]!r} name" if near else "write: id,name,aliases"
            hint = "part the columns with commas" if only else renamed
            self._fault(line, "the first line must name the columns, and one of them is name", hint)
            return False
        for column in dict.fromkeys(header):
            if header.count(column) > 1 and column:
                self._fault(line, f"the column {column!r} stands here twice", "remove one of them")
            elif column not in COLUMNS and (close := _close(column, [known for known in COLUMNS if known not in header])):
                self._fault(line, f"the column {column!r} is not used", close, warning=True)
        return not self.faults or all(fault.warning for fault in self.faults)

    def _row(self, line: int, cells: dict[str, str]) -> _Row | None:
        name, language = cells.get("name", ""), cells.get("language", "").lower() or ANY
        if not _has_letter(name):
            self._fault(line, "there is no name in this line" if not name else f"{name!r} holds no letter", kind="nameless")
            return None
        if language != ANY and not _LANGUAGE.fullmatch(language):
            self._fault(line, f"{language!r} is not a language code", "use the two letters of ISO 639-1, any, or nothing", kind="language")
            return None
        others = [cells.get("aliases", "")]
        if self.weak:
            others.append(cells.get("weak_aliases", ""))
        aliases = [alias.strip() for cell in others if cell for alias in _ALIASES.split(cell)]
        spellings = dict.fromkeys((name, *filter(_has_letter, aliases)))
        return _Row(line, cells.get("id") or name, name, tuple(spellings), language)

    # ------------------------------------------------------------------ FollowTheMoney
    def _ftm(self, text: str) -> Iterator[_Row]:
        for number, line in enumerate(_lines(text), 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError) as error:
                what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
                self._fault(number, f"this line is no JSON: {what}", "a FollowTheMoney file holds one entity a line", kind="json")
                continue
            if row := self._entity(number, found):
                yield row

    def _entity(self, line: int, found: Any) -> _Row | None:
        if not isinstance(found, dict) or not isinstance(found.get("properties"), dict) or "schema" not in found:
            self._fault(line, "this line is no FollowTheMoney entity", 'it needs "id", "schema" and "properties"', kind="entity")
            return None
        if found["schema"] not in FTM_TYPES or found.get("target") is False:
            return None
        caption, spellings = ftm_names(found, weak=self.weak)
        if not spellings:
            return None
        return _Row(line, str(found.get("id") or caption), caption, spellings)

    # ------------------------------------------------------------------ faults
    def _mixed(self, line: int, word: str) -> None:
        hint = "a look-alike letter never matches: type it again in one script"
        self._fault(line, f"the word {word!r} mixes scripts", hint, kind="mixed", warning=True)

    def _fault(self, line: int, message: str, hint: str = "", *, kind: str = "", warning: bool = False) -> None:
        told = self._told[kind, warning] = self._told.get((kind, warning), 0) + 1
        if kind and told > _TOLD:
            self._untold[kind, warning] = self._untold.get((kind, warning), 0) + 1
        else:
            self.faults.append(Fault(message, self.file, line, hint=hint, warning=warning))

    def _all_faults(self) -> tuple[Fault, ...]:
        rest = (Fault(f"and {number} more lines like these", self.file, warning=warning) for (_, warning), number in self._untold.items())
        return (*self.faults, *rest)


def ftm_names(entity: dict[str, Any], *, weak: bool) -> tuple[str, tuple[str, ...]]:
    """The caption of a FollowTheMoney entity and its spellings, the caption first. A name that is also given as weak is weak."""
    properties = entity["properties"]
    strong, doubtful = _values(properties, FTM_NAMES), _values(properties, FTM_WEAK)
    caption = entity.get("caption")
    main = caption.strip() if isinstance(caption, str) and _has_letter(caption) else next(iter(strong), "")
    if not main:
        return "", ()
    kept = {**strong, **doubtful} if weak else {name: None for name in strong if name not in doubtful}
    return main, tuple({main: None, **kept})


def _values(properties: dict[str, Any], keys: Sequence[str]) -> dict[str, None]:
    values = (value for key in keys if isinstance(properties.get(key), list) for value in properties[key])
    return {value.strip(): None for value in values if isinstance(value, str) and _has_letter(value.strip())}


def _has_letter(text: str) -> bool:
    return text[:1].isalnum() or bool(_LETTER.search(text))


def _close(word: str, known: Sequence[str]) -> str:
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {found[0]}?" if found else ""


def _lines(text: str) -> Iterator[str]:
    """The lines of a text, ends kept, at line feeds only: other separators may stand in a name."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start : end + 1]
        start = end + 1
    if start < len(text):
        yield text[start:]
