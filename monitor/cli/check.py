"""``monitor check``: is everything right? The configuration, every watchlist, and the tests they carry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.lists import Lists, compiled, dictionary, read_lists
from monitor.cli.options import Place, config_options, json_option, print_json
from monitor.errors import ConfigError, ExitStatus, Fault, UsageError, WatchlistError

if TYPE_CHECKING:
    from monitor.settings import Loaded
    from monitor.watchlist.namelint import Coverage
    from monitor.yamlmap import Path as Steps

#: Warnings printed of one file.
SHOWN = 20
#: What a configuration has at its top, and no watchlist.
_CONFIGURES = re.compile(r"^(?:data_dir|sources|sinks|routes)[ \t]*:", re.MULTILINE)


@click.command(short_help="Check configuration, watchlists and their tests.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@json_option
@config_options
def check(files: Sequence[Path], as_json: bool, place: Place) -> int:
    """Check the configuration and the watchlists, and run the watchlists' own tests.

    FILE is a watchlist (with the vocabulary/, entities/ and seeds/ of its folder), a folder of them, or a configuration; without
    FILE the configuration and the folder it names are checked. All faults of a file are shown together, with line, column and
    a caret. Exit status 1 if anything failed.

    \b
    Example:
      monitor check
      monitor check watchlists/arms-transfer.yaml
      monitor check --json
    """
    report = _Report()
    configurations = [file for file in files if _configures(file)]
    for configuration in [Place(file, place.secrets) for file in configurations] if files else [place]:
        report.configuration(configuration)
    lists = [file for file in files if file not in configurations]
    for folder, names in _wanted(lists, place) if lists or not files else ():
        report.watchlists(folder, names)
    report.print(as_json)
    return int(ExitStatus.CHECK_FAILED if report.failed else ExitStatus.DONE)


def _configures(file: Path) -> bool:
    """Whether this is a configuration: what a newcomer checks is the file that was just edited, whatever it holds."""
    try:
        return file.is_file() and _CONFIGURES.search(file.read_text("utf-8", "replace")) is not None
    except OSError:
        return False


def _wanted(files: Sequence[Path], place: Place) -> list[tuple[Path, frozenset[str]]]:
    """Folders, and which watchlists (by id) are asked about; none named is all of them."""
    if not files:
        return [(place.load().settings.watchlists, frozenset())]
    wanted: dict[Path, set[str]] = {}
    for file in files:
        if file.is_dir():
            wanted[file] = set()
        elif file.is_file():
            wanted.setdefault(file.parent, set()).add(file.stem)
        else:
            raise UsageError(f"there is no file or folder {file}")
    # A vocabulary file is checked through every list of the folder above, since alone it matches nothing.
    found: list[tuple[Path, frozenset[str]]] = []
    for folder, names in wanted.items():
        above = folder.name == "vocabulary"
        found.append((folder.parent if above else folder, frozenset() if above else frozenset(names)))
    return found


class _Report:
    """What was looked at, fault by fault; faults and test failures fail it, warnings do not."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self.failures: dict[str, tuple[str, ...]] = {}
        self.passed: dict[str, int] = {}
        self.config = ""
        self.routed: list[tuple[Loaded, Steps, str]] = []
        self.names: list[Coverage] = []

    @property
    def failed(self) -> bool:
        return bool(self.faults or self.failures)

    def configuration(self, place: Place) -> None:
        """A configuration that cannot be read ends the command with its own status; this says what else is wrong."""
        from monitor.settings import push_tokens, secret_file_faults

        loaded = place.load()
        self.config = str(place.config or loaded.file)
        self.faults += secret_file_faults(loaded)
        try:
            push_tokens(loaded)
        except ConfigError as error:
            self.faults += error.faults
        self.warnings += loaded.warnings
        for index, route in enumerate(loaded.settings.routes):
            for key, conditions in (("match", route.match), ("not", route.not_)):
                for number, name in enumerate(conditions.watchlist if conditions else ()):
                    self.routed.append((loaded, ("routes", index, key, "watchlist", number), name))

    def watchlists(self, folder: Path, names: frozenset[str]) -> None:
        from monitor.settings.schema import closest

        try:
            lists = read_lists(folder)
        except WatchlistError as error:
            self.faults += error.faults
            return
        for id_, faults in sorted(lists.loaded.faults.items()):
            # A fault of a vocabulary file is that of every list using it, and is said once.
            self.faults += [_below(folder, fault) for fault in faults if not names or id_ in names]
        self.faults = list(dict.fromkeys(self.faults))
        for id_, warnings in sorted(lists.loaded.warnings.items()):
            self.warnings += [_below(folder, fault) for fault in warnings if not names or id_ in names]
        known = {watchlist.id for watchlist in lists.loaded.watchlists} | set(lists.loaded.faults)
        for loaded, path, name in self.routed:
            if name not in known:
                meant = closest(name, known)
                hint = f"did you mean {meant!r}?" if meant else f"there are: {', '.join(sorted(known)) or 'none'}"
                self.warnings.append(loaded.warning(path, f"there is no watchlist named {name!r}", hint))
        if not known:
            self.warnings.append(Fault("the folder holds no watchlist: nothing will be matched", str(folder), warning=True))
        self._run_tests(lists, names)
        self.warnings = list(dict.fromkeys(self.warnings))

    def _run_tests(self, lists: Lists, names: frozenset[str]) -> None:
        from monitor.match import run_tests
        from monitor.watchlist.lint import lint
        from monitor.watchlist.namelint import coverages, lint_names
        from monitor.watchlist.shapes import Shapes

        chosen = [watchlist for watchlist in lists.loaded.watchlists if not names or watchlist.id in names]
        opened = dictionary(chosen)
        engine = compiled(chosen, opened)
        shapes = Shapes(opened.lookup, opened.expansions)
        for watchlist in chosen:
            doubts = (*lint(watchlist, opened.lookup, opened.citation, shapes), *lint_names(watchlist, opened.lookup))
            self.warnings += [_below(lists.folder, fault) for fault in doubts]
            self.names += coverages(watchlist)
            failed = run_tests(watchlist, engine, lists.files)
            if failed:
                self.failures[watchlist.id] = failed
            self.passed[watchlist.id] = len(watchlist.tests) - len(failed)

    def print(self, as_json: bool) -> None:
        from monitor.render.plain import plain

        if as_json:
            print_json(self._json())
            return
        for fault in self.faults:
            click.echo(str(fault))
        self._print_warnings()
        for line in dict.fromkeys(map(str, self.names)):
            click.echo(plain(line))
        for id_, failures in self.failures.items():
            for failure in failures:
                click.echo(f"{id_}: test failed: {plain(failure)}")
        for id_, passed in self.passed.items():
            click.echo(f"{id_}: {_tests(passed, len(self.failures.get(id_, ())))}")
        if self.config:
            click.echo(f"{self.config}: {'read' if not self.faults else 'see above'}")
        click.echo("failed" if self.failed else "all is well" if not self.warnings else "no faults; see the warnings above")

    def _print_warnings(self) -> None:
        """The first of each file: a vocabulary of thousands of terms may have hundreds, and nobody reads them at once."""
        by_file: dict[str, list[Fault]] = {}
        for fault in self.warnings:
            by_file.setdefault(fault.file, []).append(fault)
        for file, found in by_file.items():
            for fault in found[:SHOWN]:
                click.echo(str(fault))
            if len(found) > SHOWN:
                click.echo(f"{file}: {len(found) - SHOWN} more warnings; --json has them all")

    def _json(self) -> dict[str, object]:
        return {
            "ok": not self.failed,
            "faults": [_fault_json(fault) for fault in self.faults],
            "warnings": [_fault_json(fault) for fault in self.warnings],
            "watchlists": [
                {"watchlist": id_, "tests_passed": passed, "tests_failed": list(self.failures.get(id_, ()))}
                for id_, passed in self.passed.items()
            ],
            "names": [asdict(coverage) for coverage in dict.fromkeys(self.names)],
        }


def _tests(passed: int, failed: int) -> str:
    if not passed + failed:
        return "no tests; add some under tests:"
    return f"{passed} of {passed + failed} tests passed"


def _below(folder: Path, fault: Fault) -> Fault:
    """Files are named relative to their folder; a person wants to open them from here."""
    import os
    from dataclasses import replace

    if not fault.file:
        return fault
    path = str(folder / fault.file)
    near = os.path.relpath(path)
    return replace(fault, file=path if near.startswith("..") else near)


def _fault_json(fault: Fault) -> dict[str, object]:
    return {"file": fault.file, "line": fault.line, "column": fault.column, "message": fault.message, "hint": fault.hint}
