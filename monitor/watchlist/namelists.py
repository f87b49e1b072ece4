"""Published lists of names made into our own: OFAC's SDN files, the UN consolidated list and OpenSanctions to entities.

Readers take lines or bytes and return what they found with all faults; they open nothing. A list that is read in part is
worse than none, so that a caller writes nothing where there is a fault. The XML kinds stand in ``namelists_xml``.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from monitor.errors import Fault
from monitor.text.scripts import scripts_of
from monitor.watchlist.names import FTM_TYPES, ftm_names
from monitor.watchlist.spellings import Type, holds_brackets, spellings

#: Faults told one by one.
TOLD: Final = 10


class Format(StrEnum):
    OFAC_CSV = "OFAC SDN, CSV"
    OFAC_XML = "OFAC SDN, XML"
    UN_XML = "UN consolidated list"
    FTM = "FollowTheMoney"
    SIMPLE = "OpenSanctions, simple CSV"


@dataclass(frozen=True, slots=True)
class Listed:
    """One entity of a published list. ``aliases`` hold no name twice and not ``name``; ``weak`` are those its publisher calls
    so, and words of brackets that may be none of its names."""

    id: str
    name: str
    type: Type
    aliases: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()


@dataclass(slots=True)
class Published:
    """What a file came to. ``passed_over`` counts what is no entity with a name of interest, by what it is."""

    format: Format
    entities: list[Listed] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    untold: int = 0

    def fault(self, file: str, line: int, message: str, hint: str = "", *, warning: bool = False) -> None:
        if len(self.faults) < TOLD:
            self.faults.append(Fault(message, file, line, hint=hint, warning=warning))
        else:
            self.untold += 1

    @property
    def failed(self) -> bool:
        return any(not fault.warning for fault in self.faults)


# ------------------------------------------------------------------------------------------- names as published
_NULL: Final = re.compile(r"\s*-0-\s*")


def entity(id_: str, kind: Type, name: str, aliases: Iterable[str] = (), weak: Iterable[str] = ()) -> Listed | None:
    """The entity with its names as people write them; None where it has none."""
    found = spellings((name, *aliases), weak, kind)
    if not found.strong:
        return None
    main, *others = found.strong
    return Listed(id_, main, kind, tuple(others), found.weak)


# ---------------------------------------------------------------------------------------------- OFAC, CSV
_OFAC_TYPES: Final = {
    "individual": Type.PERSON,
    "vessel": Type.VESSEL,
    "aircraft": Type.AIRCRAFT,
    "": Type.ORGANIZATION,
    "entity": Type.ORGANIZATION,
}
#: Weak aliases stand in the remarks, in single quotes: a.k.a. 'PACHO'; a.k.a. 'ABU-'UMAR'.
_OFAC_WEAK: Final = re.compile(r"[afn]\.k\.a\. '(.+?)'(?=[;.,)]|\s*$)")
_SDN_COLUMNS, _ALT_COLUMNS = 12, 5


def read_ofac_csv(file: str, lines: Iterable[str], alternatives: tuple[str, Iterable[str]] | None = None) -> Published:
    """``sdn.csv`` (or ``cons_prim.csv``), and ``alt.csv`` where it is at hand. Neither has a header; ``-0-`` is nothing."""
    found = Published(Format.OFAC_CSV)
    aliases: dict[str, list[str]] = {}
    for line, cells in _rows(found, alternatives[0], alternatives[1], _ALT_COLUMNS) if alternatives else ():
        aliases.setdefault(cells[0], []).append(cells[3])
        if not cells[0].isdecimal():
            found.fault(alternatives[0] if alternatives else file, line, f"{cells[0]!r} is not the number of an entry")
    known: set[str] = set()
    for line, cells in _rows(found, file, lines, _SDN_COLUMNS):
        number, name, kind = cells[0], cells[1], _OFAC_TYPES.get(cells[2].lower())
        if not number.isdecimal():
            found.fault(file, line, f"{number!r} is not the number of an entry", "this reads OFAC's sdn.csv as it is published")
        elif kind is None:
            found.fault(file, line, f"{cells[2]!r} is not a type of entry", f"types: {', '.join(filter(None, _OFAC_TYPES))}")
        elif listed := entity(number, kind, name, aliases.get(number, ()), _OFAC_WEAK.findall(cells[11])):
            found.entities.append(listed)
        else:
            found.fault(file, line, "this entry has no name")
        known.add(number)
    lost = sorted(aliases.keys() - known)
    if lost and alternatives:
        message = f"{len(lost)} entries have aliases here and do not stand in {file}: {', '.join(lost[:5])}{' …' if len(lost) > 5 else ''}"
        found.fault(alternatives[0], 0, message, "take both files from the same day", warning=True)
    return found


def _rows(found: Published, file: str, lines: Iterable[str], columns: int) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of a CSV of so many columns, nulls empty."""
    for line, cells in _csv(found, file, lines):
        if len(cells) != columns:
            found.fault(file, line, f"this line has {len(cells)} cells where an entry has {columns}")
        else:
            yield line, ["" if _NULL.fullmatch(cell) else cell.strip() for cell in cells]


def _csv(found: Published, file: str, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row that holds anything; OFAC's files end in a control-Z."""
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        for cells in reader:
            if "".join(cells).strip("\x1a \t"):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        found.fault(file, line, f"this is no CSV: {error}")


# ------------------------------------------------------------------------------------------- OpenSanctions
def read_ftm(file: str, lines: Iterable[str]) -> Published:
    """FollowTheMoney entities, one a line (``entities.ftm.json``, ``targets.nested.json``)."""
    found = Published(Format.FTM)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            read = json.loads(line)
        except (ValueError, RecursionError) as error:
            what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
            found.fault(file, number, f"this line is no JSON: {what}", "a FollowTheMoney file holds one entity a line")
            continue
        _ftm_entity(found, file, number, read)
    return found


def _ftm_entity(found: Published, file: str, line: int, read: Any) -> None:
    if not isinstance(read, dict) or not isinstance(read.get("properties"), dict) or not read.get("id") or "schema" not in read:
        found.fault(file, line, "this line is no FollowTheMoney entity", 'it needs "id", "schema" and "properties"')
    elif read["schema"] not in FTM_TYPES:
        found.passed_over[f"{read['schema']}"] += 1
    elif read.get("target") is False:
        found.passed_over["no target"] += 1
    else:
        caption, names = ftm_names(read, weak=False)
        every = ftm_names(read, weak=True)[1]
        listed = entity(str(read["id"]), Type(FTM_TYPES[read["schema"]]), caption, names, (name for name in every if name not in names))
        if listed:
            found.entities.append(listed)
        else:
            found.passed_over["without a name"] += 1


def read_simple(file: str, lines: Iterable[str]) -> Published:
    """OpenSanctions' ``targets.simple.csv``: columns id, schema, name, aliases and more."""
    found = Published(Format.SIMPLE)
    header: list[str] = []
    for line, cells in _csv(found, file, lines):
        if not header:
            header = [cell.strip("\ufeff ").lower() for cell in cells]
        elif len(cells) != len(header):
            found.fault(file, line, f"this line has {len(cells)} cells, the first line {len(header)}")
        else:
            _simple_entity(found, dict(zip(header, cells, strict=True)))
    return found


def _simple_entity(found: Published, row: dict[str, str]) -> None:
    kind = FTM_TYPES.get(row["schema"])
    if kind is None:
        found.passed_over[row["schema"]] += 1
    elif listed := entity(row["id"], Type(kind), row["name"], row["aliases"].split(";")):
        found.entities.append(listed)
    else:
        found.passed_over["without a name"] += 1


#: Columns by which ``targets.simple.csv`` is known.
SIMPLE_COLUMNS: Final = frozenset({"id", "schema", "name", "aliases"})


# --------------------------------------------------------------------------------------------- what comes out
@dataclass(frozen=True, slots=True)
class Summary:
    """What was taken and what was not. ``names`` counts every spelling, ``aliases`` those beside the main names; ``with_brackets`` are
    the spellings whose brackets do not pair."""

    format: str
    entities: int
    names: int
    aliases: int
    skipped_weak: int
    types: dict[str, int]
    scripts: dict[str, int]
    skipped_types: dict[str, int]
    passed_over: dict[str, int]
    with_brackets: list[str]


def chosen(found: Published, types: Sequence[Type], *, weak: bool) -> tuple[list[Listed], Summary]:
    """The entities of these types (of all where none is named), weak aliases among the others or not at all."""
    kept = [listed for listed in found.entities if not types or listed.type in types]
    skipped_weak = 0 if weak else sum(len(listed.weak) for listed in kept)
    kept = [replace(listed, aliases=listed.aliases + listed.weak if weak else listed.aliases, weak=()) for listed in kept]
    aliases = sum(len(listed.aliases) for listed in kept)
    scripts = Counter(script for listed in kept for script in set().union(*map(scripts_of, (listed.name, *listed.aliases))))
    return kept, Summary(
        format=found.format.value,
        entities=len(kept),
        names=len(kept) + aliases,
        aliases=aliases,
        skipped_weak=skipped_weak,
        types=_sorted(Counter(listed.type.value for listed in kept)),
        scripts=_sorted(scripts),
        skipped_types=_sorted(Counter(listed.type.value for listed in found.entities if types and listed.type not in types)),
        passed_over=_sorted(found.passed_over),
        with_brackets=[name for listed in kept for name in (listed.name, *listed.aliases) if holds_brackets(name)],
    )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    """The most frequent first, equal ones by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def as_csv(entities: Iterable[Listed]) -> Iterator[str]:
    """The file of a list, as ``names.read_names`` reads it, in lines; the same for the same entities."""
    line = io.StringIO()
    write = csv.writer(line, lineterminator="\n").writerow
    for cells in (("id", "name", "aliases", "type"), *((e.id, e.name, ";".join(e.aliases), e.type.value) for e in entities)):
        line.seek(0)
        line.truncate()
        write(cells)
        yield line.getvalue()
