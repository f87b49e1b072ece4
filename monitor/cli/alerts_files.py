"""``monitor alerts export`` and ``rebuild-log``: the record's alerts as files."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click

from monitor.cli.alerts import alerts
from monitor.cli.options import Place, config_options, counted, since_option, time_option
from monitor.cli.record import read_record
from monitor.errors import StorageError, UsageError

if TYPE_CHECKING:
    from monitor.model import JsonObject
    from monitor.settings import Loaded
    from monitor.sinks import AlertLogSettings
    from monitor.sinks.alert_log import Shape
    from monitor.store import SqlStore

#: Alerts read at a time.
PAGE = 500
#: The columns of a table of alerts, in order.
COLUMNS: Final = (
    *("id", "raised", "updated", "watchlist", "severity", "state", "corrected", "disposition", "comment", "title"),
    *("url", "source", "language", "outlets", "story", "stances", "entities", "evidence"),
)


@alerts.command("export", short_help="Write alerts as JSON Lines or a table.")
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True, help="One object or row an alert."
)
@click.option("--watchlist", metavar="ID", help="Only those of this watchlist.")
@click.option("--state", type=click.Choice(["open", "acknowledged", "closed"]), help="Only those in this state.")
@since_option()
@time_option("--until", "Only what was raised before.")
@config_options
def export(form: str, place: Place, **conditions: Any) -> None:
    """Write alerts to standard output, oldest first: everything kept of each as JSON Lines, or a table for a spreadsheet.

    In the table, corrected is when the article took back what was told, empty where it stands. Stances are all that were told so far,
    without those that a correction replaced by others (what was taken back altogether keeps them); entities and evidence are those of
    the first notification. Cells that a spreadsheet would take for a formula begin with an apostrophe.

    \b
    Example:
      monitor alerts export --since 2026-03-01 > march.jsonl
      monitor alerts export --format csv --watchlist arms-transfer > arms.csv
    """
    if watchlist := conditions["watchlist"]:
        from monitor.cli.known import note_unknown

        note_unknown(place, watchlist=[watchlist])
    read_record(place, lambda store: _export(store, _table(store) if form == "csv" else _lines(store), conditions))


async def _export(store: SqlStore, write: Callable[[JsonObject], Awaitable[None]], conditions: dict[str, Any]) -> None:
    after: tuple[datetime, str] | tuple[()] = ()
    while page := await store.alerts(limit=PAGE, after=after, **conditions):
        for summary in page:
            await write(summary)
        after = (datetime.fromisoformat(page[-1]["raised"]), page[-1]["id"])


def _lines(store: SqlStore) -> Callable[[JsonObject], Awaitable[None]]:
    from monitor.cli.alerts_whole import write_whole

    async def write(alert: JsonObject) -> None:
        await write_whole(store, alert["id"], sys.stdout.write)

    return write


def _table(store: SqlStore) -> Callable[[JsonObject], Awaitable[None]]:
    from monitor.render.oneline import cell

    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(COLUMNS)

    async def write(alert: JsonObject) -> None:
        first = await store.alert_told(alert["id"], -1, 1)
        values = {**alert, "corrected": alert["corrected_at"], "stances": " ".join(alert["stances"]), **_told(first)}
        rows.writerow([cell(str(values.get(name) or "")) for name in COLUMNS])

    return write


def _told(first: Sequence[JsonObject]) -> JsonObject:
    """Of the first document told: who is named, the passages. (How it was said is known of all.)"""
    document = first[0]["document"] if first else {}
    data = document.get("data", {}) if isinstance(document, dict) else {}
    return {
        "entities": "; ".join(entity["name"] for entity in data.get("entities", ())),
        "evidence": " … ".join(passage["quote"] for passage in data.get("evidence", ())),
    }


# ----------------------------------------------------------------------------------------- the log
@alerts.command("rebuild-log", short_help="Write an alert log anew from the record.")
@click.argument("sink", required=False)
@click.option("--to", type=click.Path(path_type=Path), metavar="FILE", help="Write it here, beside a daemon that runs.")
@config_options
def rebuild_log(sink: str | None, to: Path | None, place: Place) -> None:
    """Write an alert log anew from the record: every document that was delivered to it, in the order it was written.

    The log is made from the record, so a lost or damaged one is no loss. Without --to the daemon must be stopped (status 4
    otherwise): the new log takes the old one's place whole, or not at all. Rotated files stay as they are; what they hold stands
    in the new log too.

    \b
    Example:
      monitor alerts rebuild-log
      monitor alerts rebuild-log log --to /tmp/alerts.jsonl
    """
    from monitor.store import DataFolderLock

    loaded = place.load(lists=False)
    name, log = _log_of(loaded, sink)
    path, shape = log.path, log.format
    if to is not None and to.exists():
        raise UsageError(f"{to} exists", hint="name a new file")
    lock = None if to is not None else DataFolderLock(loaded.settings.data_dir)
    if lock is not None:
        lock.acquire()
    try:
        with _written(to or path) as file:
            write = partial(_line, file, shape)
            count = read_record(place, lambda store: store.copy_delivered(name, write))
    finally:
        if lock is not None:
            lock.release()
    click.echo(f"{counted(count, 'line')} written to {to or path}")


def _log_of(loaded: Loaded, wanted: str | None) -> tuple[str, AlertLogSettings]:
    from monitor.sinks import AlertLogSettings

    logs = {name: sink for name, sink in loaded.settings.sinks.items() if isinstance(sink, AlertLogSettings)}
    if not logs:
        raise UsageError("no alert log is configured", hint="add a sink of type alert_log to the configuration")
    if wanted is None and len(logs) > 1:
        raise UsageError("several alert logs are configured", hint=f"name one of {', '.join(logs)}")
    name = wanted or next(iter(logs))
    if name not in logs:
        raise UsageError(f"{name!r} is no alert log", hint=f"there is {', '.join(logs)}")
    return name, logs[name]


def _line(file: BinaryIO, shape: Shape, number: int, document: bytes) -> None:
    from monitor.sinks.alert_log import log_line

    file.write(log_line(number, document, shape))


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its place when all of it is written and synced."""
    from monitor.sinks.log_file import MODE

    part = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
