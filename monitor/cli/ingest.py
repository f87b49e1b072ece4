"""``monitor ingest``: articles as JSON Lines, from a file or standard input, into a pushed source."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING

import click

from monitor.cli.control import Perform, command, performing
from monitor.cli.options import Place, config_options, json_option, print_json
from monitor.errors import ExitStatus, MonitorError, UsageError

if TYPE_CHECKING:
    from monitor.model import Command, JsonObject

#: What one command takes: lines, and bytes of them.
LINES = 500
BYTES = 4 * 1024 * 1024
#: A line longer than this is no article, and is not read into memory.
LONGEST = 10 * 1024 * 1024
COUNTS = ("received", "new", "changed", "unchanged", "sighted", "alerts")


@click.command(short_help="Take articles from a file of JSON Lines.")
@click.argument("file", metavar="FILE")
@click.option("--source", required=True, metavar="NAME", help="The pushed source they are articles of (sources: {NAME: {push: true, …}}).")
@json_option
@config_options
def ingest(file: str, source: str, as_json: bool, place: Place) -> int:
    """Take the articles of FILE, one JSON object a line; - reads standard input.

    Each has an "id" that names it for ever and "text" (or "html"), and may have "title", "url", "published",
    "language" and "labels". The same file may be given again: what is in the record already changes nothing, and
    another text under a known id is an edit. A line that is no article is said with its number, and the others are taken.

    Where a daemon runs, it takes the articles; else they are matched here, and what they raise is delivered by the next run.

    \b
    Example:
      monitor ingest articles.jsonl --source wire
      export-articles | monitor ingest - --source wire

    \b
    Exit status: 0 all taken, 1 a line was not, 2 wrong use, 3 storage, 4 the daemon does not answer.
    """
    intake = _Intake(as_json)
    with _opened(file) as stream, performing(place, "ingest") as perform:
        for first, lines in intake.batches(stream):
            intake.add(first, _performed(perform, command("ingest", source=source, lines=lines), first))
    total, faults = intake.total, intake.faults
    if as_json:
        print_json({**total, "faults": faults})
    else:
        told = f"{total['alerts']} notification{'' if total['alerts'] == 1 else 's'}"
        click.echo(
            f"{total['received']} received: {total['new']} new, {total['changed']} changed, {total['unchanged']} unchanged, "
            f"{total['sighted']} known from elsewhere, {len(faults)} not taken; {told}"
        )
    return int(ExitStatus.CHECK_FAILED if faults else ExitStatus.DONE)


def _performed(perform: Perform, asked: Command, first: int) -> JsonObject:
    try:
        return perform(asked)
    except MonitorError:
        if first > 1:
            click.echo(f"the lines before line {first} are in the record; the same file may be given again", err=True)
        raise


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    if file == "-":
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(open(file, "rb"))
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror or error}") from None
        yield opened


class _Intake:
    """Lines on their way in, and what became of them."""

    def __init__(self, as_json: bool) -> None:
        self.total = dict.fromkeys(COUNTS, 0)
        self.faults: list[JsonObject] = []
        self._as_json = as_json

    def batches(self, stream: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
        """(number of the first line, lines), as they come; a line that cannot be sent is said at once and stands empty.

        At least one, though it be empty: a name that is no pushed source is told even of an empty file."""
        number, read = 1, _lines(stream)
        while True:
            lines: list[str] = []
            size = 0
            for line in islice(read, LINES):
                lines.append(self._text(number + len(lines), line))
                size += len(line or b"")
                if size >= BYTES:
                    break
            if not lines and number > 1:
                return
            yield number, lines
            number += len(lines)
            if not lines:
                return

    def _text(self, number: int, line: bytes | None) -> str:
        try:
            if line is not None:
                return (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).decode()
            message = f"the line is longer than {LONGEST >> 20} MiB"
        except UnicodeDecodeError as error:
            message = f"this is not UTF-8 (byte {error.start})"
        self.total["received"] += 1
        self._faulty(number, message)
        return ""

    def add(self, first: int, answer: JsonObject) -> None:
        for name in COUNTS:
            self.total[name] += answer[name]
        for fault in answer["faults"]:
            self._faulty(first + fault["line"] - 1, fault["message"])

    def _faulty(self, number: int, message: str) -> None:
        self.faults.append({"line": number, "message": message})
        if not self._as_json:
            from monitor.render.plain import plain

            click.echo(f"line {number}: {plain(message)}", err=True)


def _lines(stream: IO[bytes]) -> Iterator[bytes | None]:
    """None for a line too long, which is passed over."""
    while line := stream.readline(LONGEST):
        if len(line) == LONGEST and not line.endswith(b"\n"):
            while (rest := stream.readline(LONGEST)) and not rest.endswith(b"\n"):
                pass
            yield None
        else:
            yield line.rstrip(b"\r\n")
