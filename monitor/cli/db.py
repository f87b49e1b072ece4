"""``monitor db``: the record as a file: copy it, look through it, prune it, bring it up to date, see its size.

What looks through it stands in ``db_check``, what puts a copy back in ``db_restore``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.options import Place, config_options, counted, json_option, print_json, print_pretty, short_time
from monitor.errors import ConfigError, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.settings import Loaded
    from monitor.store.backup import Backup
    from monitor.store.check import Figures


@click.group(short_help="Back up, restore, check, prune and measure the record.")
def db() -> None:
    """Look after the record, the database in data_dir.

    backup, backups, check, stats and prune work beside a running daemon; restore and upgrade need it stopped (status 4 otherwise).
    """


# ------------------------------------------------------------------------------------------- backup
@db.command(short_help="Copy the record while it is in use.")
@click.argument("to", type=click.Path(path_type=Path), required=False)
@json_option
@config_options
def backup(to: Path | None, as_json: bool, place: Place) -> None:
    """Copy the record as it is at this moment, while the daemon goes on, and look the copy through.

    TO is a new file that ends in .db, or a folder, which is made where it is not there; without it the copy goes to backups/ in
    data_dir. It is one file, readable by its owner only, and
    holds everything but the configuration, the watchlists and the alert logs. A copy made with cp while a daemon runs is no
    backup: what was committed last stands in the files beside monitor.db.

    \b
    Example:
      monitor db backup /srv/backups
    """
    from monitor.clock import SystemClock
    from monitor.store import backup as copies
    from monitor.store import files

    record = record_of(place)
    name = f"monitor-{files.stamp(SystemClock().now())}.db"
    with progress("copying") as told:
        found = copies.by_hand(record, to, name, progress=told)
    if as_json:
        print_json(backup_json(found))
        return
    click.echo(f"{rows_of(found)} copied to {found.path} ({_size(found.size)}), looked through and synced")


@db.command(short_help="List the copies in data_dir.")
@json_option
@config_options
def backups(as_json: bool, place: Place) -> None:
    """List the copies in backups/ of data_dir, newest first: those made by hand, and those made before a migration, of which
    storage.backups are kept.

    \b
    Example:
      monitor db backups
    """
    from monitor.store import files

    found = files.backups(place.data_dir())
    for file in found:
        made = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        kind = "before a migration" if files.automatic(file) else "by hand"
        if as_json:
            print_json({"path": str(file), "size": file.stat().st_size, "made": made.isoformat(), "kind": kind})
        else:
            click.echo(f"{short_time(made)}  {_size(file.stat().st_size):>9}  {kind:<18}  {file}")
    if not found and not as_json:
        click.echo("no backups")


# --------------------------------------------------------------------------------------------- prune
@db.command(short_help="Drop what is old and concerned nobody.")
@click.option("--older-than", "age", metavar="AGE", default="90d", show_default=True, help="Such as 90d or 26w; at least 7d.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and leave it.")
@json_option
@config_options
def prune(age: str, dry_run: bool, as_json: bool, place: Place) -> None:
    """Drop articles that are older than AGE and that no watchlist matched, with their texts, and the single attempts of deliveries
    that arrived longer ago than that.

    Never dropped: what matched, alerts, decisions, what was told, what is not delivered yet. What a source has listed stays known,
    so that nothing is told again. The space goes back to the disk a megabyte at a time (from a record made by a version that could
    not yet, by `monitor db compact`).

    \b
    Example:
      monitor db prune --older-than 180d --dry-run
    """
    import asyncio

    from monitor.cli.control import command, perform
    from monitor.clock import SystemClock
    from monitor.store import SqlStore

    seconds = _age(age)
    loaded = quiet(place)

    async def counting() -> Any:
        store = await SqlStore.open(loaded.settings.data_dir, read_only=True)
        try:
            return await store.prunable(SystemClock().now(), seconds)
        finally:
            await store.close()

    found = asyncio.run(counting()) if dry_run else perform(place, command("db.prune", older_than=seconds))
    if as_json:
        print_json({"dry_run": dry_run, **found})
        return
    size = _size(found["text_bytes"])
    click.echo(
        f"{'would drop' if dry_run else 'dropped'} {counted(found['articles'], 'article')}, {counted(found['texts'], 'text')} ({size}), "
        f"{counted(found['aliases'], 'link or content key')}, {counted(found['keys'], 'item key')} of retired sources, "
        f"{counted(found['attempts'], 'attempt')}"
    )
    if not dry_run:
        click.echo(
            f"{_size(found['given_back'])} given back to the disk" + _free_within(found["unused"], gives_back=found["given_back"] > 0)
        )


def _free_within(unused: int, *, gives_back: bool) -> str:
    if not unused:
        return ""
    how = "" if gives_back else "; monitor db compact gives it back, with the daemon stopped"
    return f", {_size(unused)} free within the file{how}"


@db.command(short_help="Write the record anew without what is free in it.")
@json_option
@config_options
def compact(as_json: bool, place: Place) -> None:
    """Write the record anew without the space that is free in it; the daemon must be stopped, and there must be room for a second one.

    Seldom needed: `monitor db prune` gives back what it frees, from a record that was made by this version. One that was made before
    can do so once it was written anew. Killed at any moment, the record is as it was, or done.

    \b
    Example:
      monitor db compact
    """
    from monitor.store import DataFolderLock
    from monitor.store import compact as compacting

    quiet(place)
    record = record_of(place)
    with DataFolderLock(record.parent):
        done = compacting.compact(record.parent)
    if as_json:
        print_json({"before": done.before, "after": done.after})
    else:
        click.echo(f"{_size(done.before)} became {_size(done.after)}")


def _age(text: str) -> float:
    from monitor.flow.storage_commands import LEAST
    from monitor.settings import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}", hint="such as 90d or 26w") from None
    if seconds < LEAST:
        raise UsageError("--older-than is less than 7d", hint="what is younger may still be a copy of what comes in")
    return seconds


# ----------------------------------------------------------------------------------- upgrade, stats
@db.command(short_help="Bring the record up to this version.")
@json_option
@config_options
def upgrade(as_json: bool, place: Place) -> None:
    """Bring a record of an older version up to this one, after a backup; the daemon must be stopped. `monitor run` does the same at
    its start: this is for doing it at a moment of your choice. Killed half way, the record is as it was before.

    \b
    Example:
      monitor db upgrade
    """
    import asyncio

    from monitor.store import DataFolderLock
    from monitor.store.database import Database
    from monitor.store.schema import REVISION
    from monitor.wiring import opening

    loaded = quiet(place)
    record = record_of(place)

    async def upgraded() -> tuple[str, Path | None]:
        database = await Database.open(record.parent, how=opening(loaded.settings))
        await database.close()
        return database.migrated_from, database.backed_up

    with DataFolderLock(record.parent):
        before, kept = asyncio.run(upgraded())
    if as_json:
        print_json({"from": before or REVISION, "to": REVISION, "backup": str(kept) if kept else None})
    elif not before:
        click.echo(f"the record is up to date (schema {REVISION})")
    else:
        click.echo(f"brought from schema {before} to {REVISION}; {f'as it was before: {kept}' if kept else 'no backup was made'}")


@db.command(short_help="How large the record is, and what of.")
@json_option
@config_options
def stats(as_json: bool, place: Place) -> None:
    """How large the record is and what of, how far back it reaches, and how deliveries stand.

    \b
    Example:
      monitor db stats
    """
    from monitor.store import files
    from monitor.store.check import figures

    record = record_of(place)
    found = figures(record)
    kept = files.backups(record.parent)
    oldest, newest = (None if value is None else datetime.fromtimestamp(value / 1e6, UTC) for value in found.articles)
    if as_json:
        print_pretty(
            {
                "path": str(record),
                "schema": found.revision,
                "size": found.size,
                "log": found.log,
                "unused": found.unused,
                "gives_back": found.gives_back,
                "ballast": _ballast(record),
                "articles": {"oldest": oldest.isoformat() if oldest else None, "newest": newest.isoformat() if newest else None},
                "tables": {name: {"rows": rows, "bytes": size} for name, (rows, size) in found.tables.items()},
                "deliveries": found.deliveries,
                "backups": [str(file) for file in kept],
            }
        )
        return
    log = f", log {_size(found.log)}" if found.log else ""
    click.echo(f"{record}  {_size(found.size)}{log}, {_size(found.unused)} of it free for new rows{_freed(found)}; schema {found.revision}")
    click.echo(f"articles read from {short_time(oldest)} to {short_time(newest)} UTC" if oldest else "no articles yet")
    _print_tables(found)
    for sink, states in found.deliveries.items():
        click.echo(f"deliveries to {sink}: " + ", ".join(f"{number:,} {state}" for state, number in states.items()))
    ballast = "is there" if _ballast(record) else "is not there"
    click.echo(f"the ballast {ballast}; {counted(len(kept), 'backup')}")


def _freed(found: Figures) -> str:
    """How to have it back, where it is worth the trouble."""
    if found.unused < max(found.size // 10, 1_000_000):
        return ""
    return " (monitor db prune gives it back)" if found.gives_back else " (monitor db compact gives it back)"


def _ballast(record: Path) -> bool:
    """An empty one was given up."""
    from monitor.store import files

    ballast = record.parent / files.BALLAST
    return ballast.exists() and ballast.stat().st_size > 0


def _print_tables(found: Figures) -> None:
    for name, (rows, size) in sorted(found.tables.items(), key=lambda table: -(table[1][1] or table[1][0])):
        if rows:
            click.echo(f"  {name:<22}{rows:>12,} {'row ' if rows == 1 else 'rows'}" + (f"  {_size(size):>10}" if size is not None else ""))


# --------------------------------------------------------------------------------------------- parts
def quiet(place: Place) -> Loaded:
    """What a command prints is its answer; of the log only what is wrong is worth a line."""
    from monitor import logs

    loaded = place.load()
    logs.configure(loaded.settings.log.format, "error" if loaded.settings.log.level == "error" else "warning")
    return loaded


def quiet_despite(place: Place) -> Loaded | None:
    """As ``quiet``; None, which is said, where the configuration has faults but tells the data folder: a record that is in doubt is
    looked at first."""
    from monitor import logs

    try:
        return quiet(place)
    except ConfigError as error:
        place.data_dir_despite(error)
        logs.configure("auto", "warning")
        click.echo("note: the alert logs are not looked at: the configuration has to say which there are", err=True)
        return None


def record_of(place: Place) -> Path:
    from monitor.store import files

    record = place.data_dir() / files.RECORD
    if not record.exists():
        raise StorageError(f"no record yet at {record}: run `monitor run` or `monitor once`")
    return record


def backup_json(found: Backup) -> dict[str, Any]:
    return {"path": str(found.path), "size": found.size, "schema": found.revision, **found.rows}


def rows_of(found: Backup) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in found.rows.items() if name != "notifications")


def _size(size: float) -> str:
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"


@contextmanager
def progress(doing: str) -> Iterator[Callable[[int, int], None] | None]:
    """On a terminal, how far it is; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield None
        return

    def told(done: int, in_all: int) -> None:
        click.echo(f"\r{doing} {_size(done)} of {_size(in_all)}\033[K", nl=False, err=True)

    try:
        yield told
    finally:
        click.echo("\r\033[K", nl=False, err=True)
