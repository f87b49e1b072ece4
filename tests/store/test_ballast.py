"""The file that is given up when the disk is full, and what goes on in its room."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Connection

from monitor.errors import StorageFull
from monitor.model import Notification, NotificationKind, Operation, Reason, Severity, Way
from monitor.store import Opening, SqlStore, files
from monitor.store.ballast import Ballast
from tests.store import builders as b
from tests.store.disks import small_disk

MIB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "12m") as where:
        yield where


def test_it_holds_the_space_it_says(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path, 2 * MIB)
    assert (ballast.make(), ballast.make()) == ("", "")
    found = (tmp_path / files.BALLAST).stat()
    assert (found.st_size, found.st_blocks * 512 >= 2 * MIB, found.st_mode & 0o777) == (2 * MIB, True, 0o600)
    assert (ballast.give_up(), ballast.give_up(), ballast.there, ballast.given_up) == (True, False, False, True)


def test_another_size_or_a_file_with_holes_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / files.BALLAST
    with path.open("wb") as file:
        file.truncate(MIB)
    assert Ballast(tmp_path, MIB).make() == ""
    assert path.stat().st_blocks * 512 >= MIB
    assert Ballast(tmp_path, 2 * MIB).make() == ""
    assert path.stat().st_size == 2 * MIB
    assert Ballast(tmp_path, 0).make() == ""
    assert not path.exists()


def test_no_room_for_it_is_said_and_no_reason_not_to_start(disk: Path) -> None:
    assert Ballast(disk, 64 * MIB).make() == "there is not enough room for it"

    async def work(store: SqlStore) -> None:
        await store.ingest(b.simple("a"))
        assert store.tight == ""

    b.with_store(disk, work, how=Opening(ballast=64 * MIB))
    assert not (disk / files.BALLAST).exists()


def fill(disk: Path) -> Path:
    """Another program takes what is free."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (65_536, 4_096):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                pass
    return filler


def test_fault_05_the_ballast_lets_answers_be_recorded(disk: Path) -> None:
    body = b.QUOTE * 100

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(*(b.item(a, b.raised(a, b.found())) for a in (b.article(str(n)) for n in range(300))), state=b.polled()))
        in_flight = await store.claim("desk", b.NOW, 100)
        assert len(in_flight) == 100
        filler = fill(disk)
        for n in itertools.count():
            a = b.article(f"big-{n}", body=body)
            try:
                await store.ingest(b.batch(b.item(a, b.raised(a, b.found()), body=body), state=b.polled(etag=str(n))))
            except StorageFull as full:
                said = full.message
                break
        assert "no space to write the record" in said
        assert store.tight == said
        assert (disk / files.BALLAST).stat().st_size == 0
        # All that was being sent is recorded, a batch after the other, and people are told.
        for one in in_flight:
            await store.settle([b.delivered(one)], None, b.NOW)
        await store.release(await store.claim("desk", b.NOW, 100), b.NOW)
        full = Operation("storage", "the disk is full", b.NOW, Severity.CRITICAL, told=True)
        told = Notification(b.digest("full"), "", NotificationKind.RAISED, Reason.FIRST_MATCH, full.severity, b.NOW, b"{}")
        await store.save_operation(full, told, (Way("desk"),), b.NOW, closed=False)
        # Articles wait, and are not even tried.
        with pytest.raises(StorageFull):
            await store.ingest(b.simple("small"))
        filler.unlink()
        for n in itertools.count():
            await store.recover(b.NOW)
            if not store.tight:
                break
            await asyncio.sleep(0)
            assert n < 100_000
        assert (disk / files.BALLAST).stat().st_size == 8 * MIB
        await store.ingest(b.simple("after"))
        stats = await store.stats()
        assert (stats["deliveries_delivered"], stats["attempts"] >= 100) == (100, True)

    b.with_store(disk, work, how=Opening(ballast=8 * MIB, look_again=0.01))


def test_fault_05_a_disk_that_fills_again_and_again_is_said_once(disk: Path) -> None:
    """Room for the ballast and one article more: what waits at the sources fills it at once."""

    async def ingested(store: SqlStore, n: int) -> None:
        for number in itertools.count():
            await store.ingest(b.batch(b.item(b.article(f"{n}-{number}", body=b.QUOTE * 100), body=b.QUOTE * 100)))

    async def work(store: SqlStore) -> None:
        for n in range(4):
            filler = fill(disk)
            with pytest.raises(StorageFull):
                await ingested(store, n)
            filler.unlink()
            for _ in range(100_000):
                await store.recover(b.NOW)
                if not store.tight:
                    break
                await asyncio.sleep(0)
            assert store.tight == ""

    with structlog.testing.capture_logs() as logged:
        b.with_store(disk, work, how=Opening(ballast=4 * MIB, look_again=0.01))
    said = [(line["event"], line["log_level"]) for line in logged if line["event"].startswith("storage_")]
    assert [one for one in said if one[1] != "debug"] == [("storage_full", "error"), ("storage_has_room", "info")]
    assert said.count(("storage_full_again", "debug")) == 3


def test_fault_05_a_daemon_that_ended_on_a_full_disk_starts_there(disk: Path) -> None:
    async def ingested(store: SqlStore) -> None:
        for n in range(20):
            await store.ingest(b.simple(str(n)))

    b.with_store(disk, ingested, how=Opening(ballast=8 * MIB))
    fill(disk)

    async def starts(store: SqlStore) -> None:
        assert await store.recover(b.NOW) == 0
        assert store.tight
        with pytest.raises(StorageFull):
            await store.ingest(b.simple("more"))
        (one, *_) = await store.claim("desk", b.NOW, 1)
        await store.settle([b.delivered(one)], None, b.NOW)

    for _ in range(3):
        b.with_store(disk, starts, how=Opening(ballast=8 * MIB))
    (disk / "filler").unlink()

    async def well(store: SqlStore) -> None:
        await store.ingest(b.simple("more"))

    b.with_store(disk, well, how=Opening(ballast=8 * MIB))


def test_fault_06_a_file_size_limit_gives_the_ballast_up_only_once_at_a_time(tmp_path: Path) -> None:
    """The limit of pages stands for it: no ballast makes room, so what is refused is refused, and nothing turns in circles."""

    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 20}")

    def large(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE x AS SELECT zeroblob(4000000)")

    async def work(store: SqlStore) -> None:
        await store.ingest(b.simple("a"))
        await store._database.write(limit)
        huge = "x" * 4_000_000
        with pytest.raises(StorageFull):
            await store.ingest(b.batch(b.item(b.article("huge", body=huge), body=huge)))
        assert store.tight
        with pytest.raises(StorageFull):
            await store._database.write(large)
        assert await store.recover(b.NOW) == 0

    b.with_store(tmp_path, work, how=Opening(ballast=MIB))
