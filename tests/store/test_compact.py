"""What is pruned goes back to the disk: while the record is in use, or by writing it anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from monitor.errors import StorageFull
from monitor.store import SqlStore, check, compact, files
from tests.store import builders as b
from tests.store.disks import small_disk
from tests.store.test_prune import AGE, OLD, old

BODY = b.QUOTE * 40


async def fill(store: SqlStore) -> None:
    """Some 5 MB that nobody needs, before something that matters."""
    for start in range(0, 1_000, 250):
        quiet = [old(f"quiet-{n}", text=f"{BODY} {n}") for n in range(start, start + 250)]
        await store.ingest(b.batch(*quiet, now=OLD))
    await store.ingest(b.batch(old("told", matched=True), now=OLD))


def size(folder: Path) -> int:
    return (folder / files.RECORD).stat().st_size


def content(folder: Path) -> list[str]:
    """As SQL, without the pages."""
    with closing(sqlite3.connect(folder / files.RECORD)) as connection:
        return sorted(connection.iterdump())


def test_what_is_pruned_goes_back_to_the_disk_at_once(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> tuple[int, Mapping[str, int]]:
        await fill(store)
        await store.shorten_log()
        before = size(tmp_path)
        return before, await store.prune(b.NOW, AGE, "cli:ann")

    before, did = b.with_store(tmp_path, work)
    assert did["unused"] == 0
    assert did["given_back"] > before / 2
    assert size(tmp_path) <= before - did["given_back"] + 65_536
    figures = check.figures(tmp_path / files.RECORD)
    assert (figures.unused, figures.gives_back) == (0, True)
    assert check.check(tmp_path / files.RECORD).findings == ()


def of_an_older_version(folder: Path) -> None:
    """A record that was made when SQLite's default held: what is free stays in the file."""
    with closing(sqlite3.connect(folder / files.RECORD, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum=NONE")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def prune(store: SqlStore) -> Mapping[str, int]:
    return await store.prune(b.NOW, AGE, "cli:ann")


def test_a_record_of_before_is_written_anew_and_can_give_back_then(tmp_path: Path) -> None:
    b.with_store(tmp_path, fill)
    of_an_older_version(tmp_path)
    did = b.with_store(tmp_path, prune)
    assert did["given_back"] == 0
    assert check.figures(tmp_path / files.RECORD).unused == did["unused"] > 1_000_000
    said, before = content(tmp_path), size(tmp_path)
    (tmp_path / "monitor.db.compact.part").write_bytes(b"of one that was killed")
    done = compact.compact(tmp_path)
    assert done.before >= before
    assert done.after == size(tmp_path) < before - did["unused"] / 2
    assert content(tmp_path) == said
    assert not [*tmp_path.glob("*.part"), *tmp_path.glob("*.replaced*"), *tmp_path.glob("*.restoring")]
    assert check.figures(tmp_path / files.RECORD).gives_back
    assert check.check(tmp_path / files.RECORD).findings == ()
    assert b.with_store(tmp_path, prune)["articles"] == 0


def test_without_room_for_a_second_one_the_record_is_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "12m") as disk:
        b.with_store(disk, fill)
        (disk / "other").write_bytes(b"\0" * (files.free(disk) - size(disk) // 2))
        before = (disk / files.RECORD).read_bytes()
        with pytest.raises(StorageFull, match="no space to write the record anew"):
            compact.compact(disk)
        assert (disk / files.RECORD).read_bytes() == before
        assert not list(disk.glob("*.part"))
