"""``monitor sinks add``: the first block of a sink, made of what may be set for its type, printed or put into the configuration.

What is put there is checked first, as ``monitor check`` and the start of the service would: a configuration that does not work is
never written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.options import Place, config_options
from monitor.cli.sinks import sinks
from monitor.errors import ConfigError, ExitStatus, Fault, UsageError

if TYPE_CHECKING:
    from monitor.settings import Loaded
    from monitor.sinks import SinkSection
    from monitor.sinks.example import Example

__all__ = ["sinks"]

_INDENT = "  "


@sinks.command("add", short_help="Write the first block of one, with every setting in comments.")
@click.argument("word", metavar="[TYPE]", default="")
@click.option("--name", metavar="NAME", help="Its name; without it the type's.")
@click.option(
    "--set",
    "given",
    metavar="KEY=VALUE",
    multiple=True,
    help="A setting, such as url_file=/etc/monitor/slack or a list, 'to=[desk@example.org]'; KEY= leaves it out. Any number of times.",
)
@click.option("--write", is_flag=True, help="Put it into the configuration, if that works with it.")
@config_options
def add(word: str, *, name: str | None, given: tuple[str, ...], write: bool, place: Place) -> int:
    """Print a block for the configuration: what must be set with values that stand in, all else in comments with its default.

    TYPE is a type of sink, or a chat service that a webhook speaks to; without it they are listed. With --write the block is put
    under sinks: of the configuration, whose comments stay as they are; nothing is written if the configuration would not work
    with it, because a secret file is missing, say. --set takes the value as the configuration would: a list in brackets, and in quotes
    because of the shell. With nothing behind the = the setting is left out, as a mail server that asks for no login wants it.

    \b
    Example:
      monitor sinks add slack
      monitor sinks add mail --set user= --set password_file= --set 'to=[desk@example.org, Night <night@example.org>]'
      monitor sinks add slack --name newsroom --set url_file=/etc/monitor/newsroom --write
    """
    if not word:
        _list()
        return int(ExitStatus.DONE)
    kind, example = _example(word)
    loaded = place.load(lists=False) if write else None
    name = _name(name or example.word, set() if loaded is None else set(loaded.settings.sinks))
    values = _values(kind, example, name, given)
    text = _block(kind, name, values)
    if loaded is None:
        click.echo("sinks:")
        click.echo(_indented(text, _INDENT), nl=False)
        return int(ExitStatus.DONE)
    _write(loaded, place, name, text)
    _report(loaded, place, name, _stand_in(values, given))
    return int(ExitStatus.DONE)


def _list() -> None:
    from monitor.sinks import SINK_TYPES

    for kind in SINK_TYPES.values():
        for example in kind.examples:
            click.echo(f"{example.word:14}{example.says}")


def _example(word: str) -> tuple[type[SinkSection], Example]:
    import difflib

    from monitor.sinks import SINK_TYPES

    known = {example.word: (kind, example) for kind in SINK_TYPES.values() for example in kind.examples}
    meant = word.lower().replace("-", "_")
    if meant not in known:
        near = difflib.get_close_matches(meant, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
        raise UsageError(f"{word!r} is no type of sink", hint=hint)
    return known[meant]


def _name(name: str, taken: set[str]) -> str:
    from monitor.settings.values import NAME_PATTERN

    if not NAME_PATTERN.fullmatch(name):
        raise UsageError(f"{name!r} is not a name: use lower-case letters, digits, '-' and '_'")
    if name in taken:
        raise UsageError(f"there is a sink named {name!r} already", hint="give this one another name with --name")
    return name


# ------------------------------------------------------------------------------------------- the block
def _given(given: tuple[str, ...]) -> dict[str, Any]:
    import yaml

    found: dict[str, Any] = {}
    for one in given:
        key, sign, text = one.partition("=")
        if not sign or not key.strip():
            raise UsageError("--set needs KEY=VALUE, such as --set url_file=/etc/monitor/slack")
        try:
            found[key.strip()] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise UsageError(f"--set {key}: the value is not YAML", hint="put text with special characters into quotes") from None
    return found


def _values(kind: type[SinkSection], example: Example, name: str, given: tuple[str, ...]) -> dict[str, Any]:
    """The example's values, with those that were given in their place; ``url`` takes that of ``url_file``, and the other way. What
    was given as nothing is left out."""
    asked = _given(given)
    for key in asked:
        if key == "type" or key not in kind.model_fields:
            raise UsageError(f"{example.word} has no setting {key!r}", hint=f"monitor sinks add {example.word} shows them")
        if asked[key] is None and kind.model_fields[key].is_required():
            raise UsageError(f"--set {key}=: {example.word} cannot do without it", hint=f"give it a value: --set {key}=VALUE")
    other = {key.removesuffix("_file") if key.endswith("_file") else f"{key}_file" for key in asked if asked[key] is not None}
    found = {key: value for key, value in example.named(name).items() if key not in other or key in asked} | asked
    return {key: value for key, value in found.items() if value is not None}


def _stand_in(values: Mapping[str, Any], given: tuple[str, ...]) -> list[str]:
    """The settings that must be somebody's own and were not given; what the word itself says, such as the format, is none."""
    return [key for key in values if key not in {"type", "format"} | _given(given).keys()]


def _block(kind: type[SinkSection], name: str, values: Mapping[str, Any]) -> str:
    from monitor.sinks import SINK_TYPES, SinkSection
    from monitor.sinks.example import block

    type_ = next(word for word, one in SINK_TYPES.items() if one is kind)
    shared = SinkSection.model_fields
    return block(kind, name, type_, values, last=shared, without=() if kind.disturbs and kind.takes else shared)


def _indented(text: str, indent: str) -> str:
    return "".join(f"{indent}{line}\n" for line in text.splitlines())


# --------------------------------------------------------------------------------------- writing it
def inserted(text: str, block: str, file: str) -> str:
    """The configuration with the block at the end of its ``sinks:``; every other character stays. Raises UsageError where they
    are written in a way that has no end to put it at."""
    from monitor.yamlmap import read_yaml

    read = read_yaml(text, file)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    key = read.keys.get(("sinks",))
    if key is None:
        return "".join(lines) + newline.join(["", "sinks:", *_indented(block, _INDENT).splitlines(), ""])
    children = [mark for path, mark in read.keys.items() if len(path) == 2 and path[0] == "sinks"]
    if any(mark.line == key.line for mark in children) or (not children and not _empties(lines, key.line - 1)):
        raise UsageError(
            f"{file}:{key.line}: the sinks are written in braces; nothing was written",
            hint="write them below each other, or put the block there yourself: monitor sinks add prints it",
        )
    column = children[0].column - 1 if children else key.column - 1 + len(_INDENT)
    below = [mark.line for path, mark in read.keys.items() if len(path) == 1 and mark.line > key.line]
    at = _end(lines, key.line, min(below, default=len(lines) + 1) - 1, column)
    return "".join(lines[:at]) + newline.join([*_indented(block, " " * column).splitlines(), ""]) + "".join(lines[at:])


def _empties(lines: list[str], at: int) -> bool:
    """Whether there are empty braces behind ``sinks:``; they are taken out."""
    found = re.fullmatch(r"(\s*sinks\s*:)\s*\{\s*\}(\s*(?:#.*)?)", lines[at], re.DOTALL)
    if found is not None:
        lines[at] = found[1] + found[2]
    return found is not None


def _end(lines: list[str], first: int, last: int, column: int) -> int:
    """Behind the last line of ``lines[first:last]`` that belongs to the sinks: comments below them do where they are indented."""
    while last > first:
        line = lines[last - 1]
        indent = len(line) - len(line.lstrip(" "))
        if line.strip() and not (line.lstrip().startswith("#") and indent < column):
            break
        last -= 1
    return last


def _write(loaded: Loaded, place: Place, name: str, block: str) -> None:
    """Raises MonitorError, with nothing written, where the configuration would not work with it."""
    from monitor.cli.written import replace

    text = loaded.file.read_bytes().decode("utf-8")
    shown = str(place.config or loaded.file)
    new = inserted(text, block, shown)

    def check(candidate: Path) -> None:
        try:
            _works(Place(candidate, place.secrets).load(), loaded, name)
        except ConfigError as error:
            raise ConfigError(
                [_of_block(fault, candidate, name) for fault in error.faults]
                + [Fault("nothing was written", hint="other values are given with --set KEY=VALUE")]
            ) from None

    replace(loaded.file, new.encode("utf-8"), check=check)


def _of_block(fault: Fault, candidate: Path, name: str) -> Fault:
    """The configuration alone had no faults: it is one of the block, whose lines stand in no file."""
    from dataclasses import replace as changed

    return changed(fault, file=f"sinks.{name}", line=0) if fault.file.startswith(str(candidate)) else fault


def _works(new: Loaded, old: Loaded, name: str) -> None:
    """Whether it is the old configuration with one more sink, and that sink could be started. Raises MonitorError."""
    import asyncio

    from monitor.clock import SystemClock
    from monitor.net import HttpClient
    from monitor.settings import secret_file_faults
    from monitor.sinks import Tools

    if {**old.settings.sinks, name: new.settings.sinks.get(name)} != new.settings.sinks:
        raise UsageError("the block would change more than it should; nothing was written", hint="put it there yourself")
    before = {(fault.message, fault.hint) for fault in secret_file_faults(old)}
    if faults := [fault for fault in secret_file_faults(new) if (fault.message, fault.hint) not in before]:
        raise ConfigError(faults)

    async def built() -> None:
        http = HttpClient()
        try:
            new.settings.sinks[name].build(name, Tools(http, SystemClock()))
        finally:
            await http.close()

    asyncio.run(built())


def _report(before: Loaded, place: Place, name: str, standing_in: list[str]) -> None:
    after = place.load()
    click.echo(f"{name} was added to {place.config or after.file}")
    if standing_in:
        click.echo(f"  mend first what only stands in: {', '.join(standing_in)}")
    known = {fault.message for fault in before.warnings}
    for fault in after.warnings:
        if fault.message not in known and repr(name) in fault.message:
            click.echo(f"  note: {fault.message}")
    click.echo(f"  try it: monitor sinks test {name}; a running service takes it up when it is started again")
