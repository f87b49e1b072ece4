"""``monitor import-names``: a published sanctions list into a file of names that a group can take ``from:``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import json_option, print_json
from monitor.errors import DocumentError, ExitStatus, UsageError

if TYPE_CHECKING:
    from monitor.watchlist.namelists import Listed, Published, Summary

STDOUT = "-"
#: Bytes by which a list is known; more than any header or declaration.
_HEAD = 64 * 1024
_CHUNK = 1024 * 1024
#: Byte order marks and blanks that may stand before a document.
_MARKS = b"\xff\xfe\xef\xbb\xbf \t\r\n"
#: A CSV of OFAC is 5 MiB, OpenSanctions' largest 300; one in another charset has to be read whole to be decoded.
_WHOLE = 64 * 1024 * 1024
#: The aliases of OFAC's lists stand beside them.
_BESIDE = {"sdn.csv": "alt.csv", "cons_prim.csv": "cons_alt.csv"}
#: Names told where something may be wrong with them.
_EXAMPLES = 5
_TYPES = ("person", "organization", "vessel", "aircraft")


@click.command("import-names", short_help="Make a published sanctions list into a file of names.")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("-o", "--output", metavar="CSV", default=STDOUT, help="The file to write, as entities/ofac.csv; without it standard output.")
@click.option("--weak", is_flag=True, help="Take weak aliases too. Many are words of every day: ask for them beside something else.")
@click.option("--types", metavar="TYPE[,TYPE]", default="", help=f"Only entities of these types: {', '.join(_TYPES)}.")
@json_option
def import_names(file: Path, output: str, weak: bool, types: str, as_json: bool) -> int:
    """Make a published sanctions list into a CSV that a group takes its names from.

    FILE is OFAC's sdn.csv (with alt.csv beside it), cons_prim.csv (with cons_alt.csv), SDN.XML or CONSOLIDATED.XML; the
    consolidated list of the UN Security Council in XML; or OpenSanctions' targets.simple.csv, entities.ftm.json or
    targets.nested.json. Names are turned round (SURNAME, Given) and written as people write them. What was taken and
    what was not is said on standard error. A file that cannot be read in full writes nothing, and ends with status 2; one
    that holds no entity of the types asked for writes nothing either, and ends with status 1. The folder of CSV is made
    where there is none.

    \b
    Example:
      monitor import-names sdn.csv -o watchlists/entities/ofac.csv
      monitor import-names consolidated.xml --types person -o watchlists/entities/un.csv
    """
    from monitor.watchlist.namelists import chosen
    from monitor.watchlist.spellings import Type

    if as_json and output == STDOUT:
        raise UsageError("--json prints the summary where the list would be printed: name a file with -o")
    wanted = [each.strip().lower() for each in types.split(",") if each.strip()]
    unknown = [each for each in wanted if each not in _TYPES]
    if unknown:
        raise UsageError(f"--types: {', '.join(unknown)} is not a type", hint=f"types: {', '.join(_TYPES)}")
    found = _read(file)
    for fault in found.faults:
        click.echo(str(fault), err=True)
    if found.untold:
        click.echo(f"and {found.untold} more like these", err=True)
    if found.failed:
        click.echo("nothing was written", err=True)
        return int(ExitStatus.WRONG_USE)
    entities, summary = chosen(found, [Type(each) for each in wanted], weak=weak)
    if not entities:
        return _refused(summary, file, wanted)
    _write(entities, output)
    if as_json:
        print_json(asdict(summary))
    else:
        click.echo("\n".join(_said(summary, output)), err=True)
    return int(ExitStatus.DONE)


# ------------------------------------------------------------------------------------------------ reading
def _read(file: Path) -> Published:
    """Raises DocumentError where the file cannot be read or is of no known kind."""
    from monitor.watchlist.namelists import SIMPLE_COLUMNS, read_ftm, read_ofac_csv, read_simple
    from monitor.watchlist.namelists_xml import read_xml

    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
        text = head.decode("utf-8-sig", errors="replace").lstrip()
        if head.replace(b"\0", b"").lstrip(_MARKS).startswith(b"<"):
            with file.open("rb") as opened:
                return read_xml(str(file), iter(lambda: opened.read(_CHUNK), b""))
        if text.startswith("{"):
            with file.open(encoding="utf-8-sig", errors="replace") as lines:
                return read_ftm(str(file), lines)
        header = {cell.strip().strip('"').lower() for cell in text.partition("\n")[0].split(",")}
        if header >= SIMPLE_COLUMNS:
            with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
                return read_simple(str(file), lines)
        if text[:1].isdecimal() and len(header) > 1:
            beside = _beside(file)
            return read_ofac_csv(str(file), _lines(file), (str(beside), _lines(beside)) if beside else None)
    except OSError as error:
        raise DocumentError(f"{error.filename or file}: cannot be read: {error.strerror or error}") from None
    raise DocumentError(
        f"{file}: this is no list of names that is known here",
        hint="known: OFAC's sdn.csv and SDN.XML, the UN consolidated list (XML), OpenSanctions' targets.simple.csv and FollowTheMoney JSON",
    )


def _beside(file: Path) -> Path | None:
    """The file of aliases beside a list, whatever the case of its letters; one of another name stands by itself."""
    name = _BESIDE.get(file.name.lower())
    return next((other for other in sorted(file.parent.iterdir()) if other.name.lower() == name), None) if name else None


def _lines(file: Path) -> Iterator[str]:
    from monitor.text.decode import decode

    with file.open("rb") as opened:
        raw = opened.read(_WHOLE + 1)
    if len(raw) > _WHOLE:
        raise DocumentError(f"{file}: is larger than {_WHOLE // (1024 * 1024)} MiB, and no such list is")
    return iter(decode(raw, most=_WHOLE).text.splitlines(keepends=True))


# ------------------------------------------------------------------------------------------------ writing
def _write(entities: list[Listed], output: str) -> None:
    """All of it or nothing: a daemon may be reading the file that stands there."""
    from monitor.watchlist.namelists import as_csv

    if output == STDOUT:
        for line in as_csv(entities):
            click.echo(line, nl=False)
        return
    path = Path(output)
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True)
            click.echo(f"made the folder {path.parent}", err=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
            try:
                new.writelines(as_csv(entities))
                new.flush()
                os.fchmod(new.fileno(), 0o666 & ~_umask())
                os.replace(new.name, path)
            except BaseException:
                os.unlink(new.name)
                raise
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None


def _umask() -> int:
    # The only way to ask for it is to set it.
    found = os.umask(0o077)
    os.umask(found)
    return found


def _refused(summary: Summary, file: Path, wanted: list[str]) -> int:
    """An empty list would find nobody, and may stand where a good one was."""
    asked = f"no entity of the type {' or '.join(wanted)}" if wanted else "no entity with a name"
    there = [f"left out by --types: {_listed(summary.skipped_types)}"] if summary.skipped_types else []
    there += [f"passed over: {_listed(summary.passed_over)}"] if summary.passed_over else []
    click.echo("\n".join([f"{file} holds {asked}: nothing was written", *there]), err=True)
    return int(ExitStatus.CHECK_FAILED)


def _said(summary: Summary, output: str) -> Iterator[str]:
    where = f", written to {output}" if output != STDOUT else ""
    yield f"{summary.format}: {_count(summary.entities, 'entity', 'entities')} ({_listed(summary.types)}){where}"
    yield f"{_count(summary.names, 'name', 'names')}, {summary.aliases} of them aliases; entities with a name in {_listed(summary.scripts)}"
    if summary.skipped_weak:
        yield f"{_count(summary.skipped_weak, 'weak alias', 'weak aliases')} left out; --weak takes them"
    if summary.skipped_types:
        yield f"left out by --types: {_listed(summary.skipped_types)}"
    if summary.passed_over:
        yield f"passed over, as no entities with names of interest: {_listed(summary.passed_over)}"
    if summary.with_brackets:
        examples = ", ".join(f"{name!r}" for name in summary.with_brackets[:_EXAMPLES])
        number = _count(len(summary.with_brackets), "name holds brackets that do", "names hold brackets that do")
        yield f"warning: {number} not pair, and what they set apart is not known: {examples}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{what} {number}" for what, number in counts.items()) or "none"
