"""``monitor match``: what watchlists find in files, in this process, without a record or a daemon."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import Place, config_options, json_option, print_json, terminal_width, wants_color
from monitor.errors import DocumentError, ExitStatus, UsageError

if TYPE_CHECKING:
    from monitor.match import Engine
    from monitor.model import Analysis, Document, JsonObject

STDIN = "-"


@click.command(short_help="Match files against watchlists, with evidence.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--watchlists",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder of watchlists. Without it those of the configuration, or else the shipped ones.",
)
@json_option
@config_options
def match(files: Sequence[str], folder: Path | None, as_json: bool, place: Place) -> int:
    """Match text or HTML files against watchlists and show the evidence.

    Nothing is stored and nothing is sent. FILE may be - for standard input. With --json each file is answered by one
    line: its zones and matches with offsets in code points. A file that cannot be read is an error on standard error
    and exit status 2; the others are still answered.

    \b
    Example:
      monitor match seeds/*.txt
      monitor match --watchlists watchlists --json article.html
      curl -s https://example.org/story | monitor match -
    """
    if place.config is not None and folder is not None:
        raise UsageError("give either --watchlists or --config, not both")
    engine, titles, status = _engine(folder, place)
    for file in files:
        try:
            found = _Found.read(file, engine)
        except DocumentError as error:
            click.echo(f"error: {error}", err=True)
            status = ExitStatus.WRONG_USE
            continue
        if as_json:
            print_json(found.as_json())
        else:
            click.echo(found.as_text(titles), nl=False)
    return int(status)


def _engine(folder: Path | None, place: Place) -> tuple[Engine, dict[str, str], ExitStatus]:
    """The engine over every list that loads; the faults of the others are said, and fail the command in the end."""
    from monitor.cli.lists import compiled, dictionary, faults_text, lists_folder, read_lists

    lists = read_lists(lists_folder(folder, place))
    if lists.loaded.faults:
        click.echo(faults_text(lists.loaded.faults), err=True)
    engine = compiled(lists.live, dictionary(lists.live))
    status = ExitStatus.CHECK_FAILED if lists.loaded.faults else ExitStatus.DONE
    return engine, {watchlist.id: watchlist.facts.title for watchlist in lists.live}, status


@dataclass(frozen=True, slots=True)
class _Found:
    """One file's answer. ``same`` says that the analysed text is the file decoded as UTF-8."""

    file: str
    sha256: str
    document: Document
    analysis: Analysis
    same: bool

    @classmethod
    def read(cls, file: str, engine: Engine) -> _Found:
        from monitor.analysis import analyse_document

        document, raw = read_file(file)
        return cls(file, hashlib.sha256(raw).hexdigest(), document, analyse_document(document, engine), _as_decoded(raw, document.text))

    def as_json(self) -> JsonObject:
        from monitor.render.payload import match_json

        return {
            "file": self.file,
            "sha256": self.sha256,
            "language": self.analysis.language,
            "title": self.analysis.title,
            "text": None if self.same else self.document.text,
            "zones": [{"zone": zone.kind.value, "start": zone.start, "end": zone.end} for zone in self.analysis.zones],
            "matches": [{"watchlist": match.watchlist, **match_json(match)} for match in self.analysis.matches],
        }

    def as_text(self, titles: dict[str, str]) -> str:
        from monitor.render.payload import match_json
        from monitor.render.plain import plain
        from monitor.render.terminal import match_text, titled

        color, width = wants_color(), terminal_width()
        matches = self.analysis.matches
        count = f"{len(matches) or 'no'} match{'' if len(matches) == 1 else 'es'}"
        lines = [f"{plain(self.file)}: {count}\n", titled(self.analysis.title, color=color, width=width)]
        for match in matches:
            title = titles.get(match.watchlist, match.watchlist)
            lines.append(match_text(match_json(match), title, color=color, width=width))
        return "".join(lines) + "\n"


def read_file(file: str) -> tuple[Document, bytes]:
    """A file (or standard input) as a document, and its bytes; raises DocumentError."""
    from monitor.sources.file import MAX_READ, read_document

    raw = _read(file, MAX_READ)
    # The name decides between text and HTML; standard input has none, so its beginning does.
    return read_document(raw[:MAX_READ], "" if file == STDIN else Path(file).name, key=file, cut=len(raw) > MAX_READ), raw


def _read(file: str, limit: int) -> bytes:
    """The file's bytes, one more than ``limit`` at most, so that a cut is noticed; raises DocumentError."""
    try:
        if file == STDIN:
            return sys.stdin.buffer.read(limit + 1)
        with open(file, "rb") as opened:
            return opened.read(limit + 1)
    except OSError as error:
        raise DocumentError(f"{file}: cannot be read: {error.strerror or error}") from None
    except ValueError:  # a NUL in the name
        raise DocumentError(f"{file!r}: cannot be read: this is not a file name") from None


def _as_decoded(raw: bytes, text: str) -> bool:
    try:
        return raw.decode("utf-8-sig") == text
    except UnicodeDecodeError:
        return False
