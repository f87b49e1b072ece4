"""``monitor db restore``: a copy in the record's place, and what is lost by it said.

What it does to files stands in ``monitor.store.backup``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from monitor.cli.db import backup_json, db, progress, quiet_despite, rows_of
from monitor.cli.db_check import wrong_logs
from monitor.cli.options import Place, config_options, json_option, print_json, short_time
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.store.backup import Backup
    from monitor.store.undone import Undone

#: How every SQLite database begins.
_SQLITE: Final = b"SQLite format 3\0"
#: Things that people did which are named, the latest.
_NAMED: Final = 20


@db.command(short_help="Put a copy in the record's place.")
@click.argument("source", metavar="FROM", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@config_options
def restore(source: Path, yes: bool, as_json: bool, place: Place) -> None:
    """Put a copy in the record's place; the daemon must be stopped. What stood there is kept beside it, with its log.

    FROM is looked through before anything is touched. What was read since the copy comes in again where its source still lists
    it, and is told again then, under the same ids; an older copy is brought up to this version at the next start. What people did
    since (acknowledged, closed, silenced) is lost, and is listed, so that it can be done again.

    \b
    Example:
      monitor db restore var/backups/monitor-20260301T120000Z.db
    """
    from monitor.cli.sure import make_sure
    from monitor.store import DataFolderLock, files
    from monitor.store import backup as copies
    from monitor.store.undone import undone

    loaded = quiet_despite(place)
    data_dir = place.data_dir()
    with DataFolderLock(data_dir):
        if not source.is_file():
            raise UsageError(f"there is no such file: {source}", hint="monitor db backups lists those of this data folder")
        with source.open("rb") as copy:
            if copy.read(len(_SQLITE)) != _SQLITE:
                raise UsageError(
                    f"{source} is no copy of a record: nothing was changed", hint="monitor db backups lists those of this data folder"
                )
        lost = undone(data_dir / files.RECORD, source)
        if not yes:
            click.echo(f"in force:   {_described(data_dir / files.RECORD)}", err=True)
            click.echo(f"restoring:  {_described(source)}", err=True)
            for line in _lost(lost, "is lost by it"):
                click.echo(line, err=True)
            make_sure("Put it in the record's place?", "nothing was changed")
        with progress("copying") as told:
            done = copies.restore(data_dir, source, progress=told)
        logs = list(wrong_logs(loaded, data_dir / files.RECORD))
    if as_json:
        more: dict[str, Any] = {"replaced": str(done.replaced) if done.replaced else None}
        more |= {"lost": None if lost is None else [one.json() for one in lost], "alert_logs": [name for name, _ in logs]}
        print_json({**backup_json(done.backup), **more})
        return
    click.echo(f"{rows_of(done.backup)} are the record now")
    if done.replaced is not None:
        click.echo(f"what it replaced is kept as {done.replaced}; delete it when all is well")
    for line in _lost(lost, "is lost"):
        click.echo(line)
    for name, _ in logs:
        click.echo(f"the alert log of sink {name} holds what the record does not: before the monitor is started again,")
        click.echo(f"  {_upgraded(done.backup)}monitor alerts rebuild-log {name}")


def _lost(lost: Sequence[Undone] | None, what: str) -> Iterator[str]:
    if lost is None:
        yield f"what people did since the copy {what}; the record in force cannot be read, and does not say what that was"
    elif lost:
        from monitor.render.plain import plain

        yield f"what people did since the copy {what}; do again what still holds:"
        if len(lost) > _NAMED:
            yield f"  … {len(lost) - _NAMED:,} before these, which --json names too"
        for one in lost[-_NAMED:]:
            comment = f": {plain(one.comment)}" if one.comment else ""
            yield f"  {short_time(one.at)}  {plain(one.actor)}  {one.action}  {plain(one.object)[:40]}{comment}"


def _upgraded(found: Backup) -> str:
    from monitor.store.schema import REVISION

    return "" if found.revision == REVISION else "monitor db upgrade && "


def _described(path: Path) -> str:
    from monitor.errors import MonitorError
    from monitor.store import files
    from monitor.store.backup import examined

    if not path.exists():
        return "nothing yet"
    try:
        return f"{rows_of(examined(path))}, last written {short_time(files.changed(path))} UTC  ({path})"
    except MonitorError as error:
        return error.message
