"""Copies of the record: of one moment, whole, sound; and put back, whatever interrupts it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.errors import SchemaTooNew, StorageCorrupt, StorageError, StorageFull, UsageError
from monitor.store import Opening, SqlStore, backup, files, schema
from tests.store import builders as b
from tests.store import lives
from tests.store.disks import small_disk

ROWS = 40


async def nothing(store: SqlStore) -> None:
    pass


def filled(folder: Path, articles: int = ROWS) -> Path:
    async def work(store: SqlStore) -> None:
        items = [b.article(str(n), body=b.QUOTE * 20) for n in range(articles)]
        await store.ingest(b.batch(*(b.item(a, b.raised(a, b.found()), body=b.QUOTE * 20) for a in items), state=b.polled()))

    b.with_store(folder, work)
    return folder / files.RECORD


def articles(folder: Path) -> int:
    async def work(store: SqlStore) -> int:
        return (await store.stats())["articles"]

    return b.with_store(folder, work)


def test_fault_10_backup_while_running_restores_every_row(tmp_path: Path) -> None:
    """Copies are made while another process ingests; each, put back elsewhere, is a record of one moment: its alerts are as
    many as its articles, and all that was acknowledged before the copy began is in it."""
    running, told = tmp_path / "running", 0
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.lives", "ingest_for_ever", str(running), "0"], stdout=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stdout is not None
        copies = []
        for number in range(4):
            for _ in range(15):
                told = int(daemon.stdout.readline())
            copies.append((told, backup.by_hand(running / files.RECORD, tmp_path / f"{number}.db", "")))
        daemon.kill()
    for acknowledged, copied in copies:
        home = tmp_path / f"home-{acknowledged}"
        home.mkdir()
        restored = backup.restore(home, copied.path)
        assert restored.replaced is None
        found = articles(home)
        print(f"acknowledged {2 * (acknowledged + 1)}, restored {found} of {copied.rows['articles']}")
        assert found == copied.rows["articles"] == copied.rows["alerts"] == copied.rows["deliveries"]
        assert found >= 2 * (acknowledged + 1)


def test_fault_10_a_copy_of_a_moment_although_every_page_changes_meanwhile(tmp_path: Path) -> None:
    record = filled(tmp_path, 400)
    steps = []

    async def work(store: SqlStore) -> None:
        loop = asyncio.get_running_loop()

        def progress(done: int, in_all: int) -> None:
            steps.append((done, in_all))
            # The copy waits for the writer here: the hardest way of going on meanwhile.
            asyncio.run_coroutine_threadsafe(store.ingest(b.simple(f"meanwhile-{len(steps)}")), loop).result()

        found = await asyncio.to_thread(backup.by_hand, record, tmp_path / "copy.db", "", progress=progress)
        assert found.rows["articles"] == 400
        assert (await store.stats())["articles"] == 400 + len(steps)

    b.with_store(tmp_path, work)
    assert steps[-1][0] == steps[-1][1]


def test_a_backup_is_its_owners_and_never_written_over(tmp_path: Path) -> None:
    record = filled(tmp_path)
    found = backup.by_hand(record, None, "monitor-20260301T120000Z.db")
    assert found.path == tmp_path / "backups" / "monitor-20260301T120000Z.db"
    assert (stat.S_IMODE(found.path.stat().st_mode), found.revision) == (0o600, schema.REVISION)
    assert [file.name for file in found.path.parent.iterdir()] == [found.path.name], "nothing is left beside it"
    before = found.path.read_bytes()
    with pytest.raises(UsageError, match="there is a file already"):
        backup.by_hand(record, found.path, "")
    with pytest.raises(UsageError, match="there is no folder"):
        backup.by_hand(record, tmp_path / "none" / "a.db", "")
    assert found.path.read_bytes() == before
    assert files.backups(tmp_path) == [found.path]


def test_two_backups_to_one_file_do_not_mix(tmp_path: Path) -> None:
    record = filled(tmp_path)
    part = tmp_path / f"copy.db{files.PART}"
    with part.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another backup to this file is under way"):
            backup.by_hand(record, tmp_path / "copy.db", "")
        backup.tidy(tmp_path)
        assert part.exists()
    backup.tidy(tmp_path)
    assert not part.exists()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100], ids=["empty", "text"])
def test_only_a_sound_record_is_put_in_the_records_place(tmp_path: Path, content: bytes) -> None:
    record = filled(tmp_path / "home")
    before = record.read_bytes()
    wrong = tmp_path / "wrong.db"
    wrong.write_bytes(content)
    with pytest.raises((UsageError, StorageCorrupt)):
        backup.restore(tmp_path / "home", wrong)
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE a (b)").connection.close()
    with pytest.raises(UsageError, match="not a record of this program"):
        backup.restore(tmp_path / "home", other)
    with pytest.raises(UsageError, match="no such file"):
        backup.restore(tmp_path / "home", tmp_path / "absent.db")
    with pytest.raises(UsageError, match="the record itself"):
        backup.restore(tmp_path / "home", record)
    assert record.read_bytes() == before


def test_a_damaged_backup_is_refused_and_the_record_stays(tmp_path: Path) -> None:
    record = filled(tmp_path / "home", 200)
    damaged = bytearray(record.read_bytes())
    for start in range(8192, len(damaged) - 4096, 8192):
        damaged[start : start + 200] = random.Random(start).randbytes(200)
    (tmp_path / "damaged.db").write_bytes(damaged)
    before = record.read_bytes()
    with pytest.raises((StorageCorrupt, UsageError)):
        backup.restore(tmp_path / "home", tmp_path / "damaged.db")
    assert record.read_bytes() == before
    assert not backup.restoring(record)


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    filled(tmp_path / "home")
    newer = shutil.copy(filled(tmp_path / "newer"), tmp_path / "newer.db")
    with sqlite3.connect(newer) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(SchemaTooNew, match="newer version"):
        backup.restore(tmp_path / "home", Path(newer))


def test_what_a_restore_replaces_is_kept_with_its_log(tmp_path: Path) -> None:
    home = tmp_path / "home"
    saved = backup.by_hand(filled(home, 5), tmp_path / "saved.db", "").path

    # A daemon that was killed: its last commits stand in the log only.
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.lives", "ingest_for_ever", str(home), "0"], stdout=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stdout is not None
        told = [daemon.stdout.readline() for _ in range(10)][-1]
        daemon.kill()
    assert files.log_of(home / files.RECORD).exists()
    done = backup.restore(home, saved)
    assert done.replaced is not None
    assert articles(home) == 5
    # The log went along: what was replaced can be put back with all that was committed.
    back = backup.restore(home, done.replaced)
    assert back.backup.rows["articles"] >= 5 + 2 * (int(told) + 1)
    assert back.replaced is not None
    assert back.replaced != done.replaced


def test_a_restore_that_was_killed_is_finished_at_the_next_start(tmp_path: Path) -> None:
    """After each of its last steps: the log aside, the file aside, nothing there yet."""
    saved = backup.by_hand(filled(tmp_path / "saved", 7), tmp_path / "saved.db", "").path
    for step in range(3):
        home = tmp_path / str(step)
        record = filled(home, 3)
        shutil.copy(saved, home / "monitor.db.restoring")
        files.log_of(record).write_bytes(b"committed by somebody who was killed")
        kept = home / "monitor.db.replaced-by-hand"
        if step >= 1:
            files.log_of(record).rename(files.log_of(kept))
        if step == 2:
            record.rename(kept)
        with pytest.raises(StorageError, match="was not finished"):
            b.with_store(home, nothing, read_only=True)
        assert articles(home) == 7
        assert not backup.restoring(record)
        assert [file for file in home.iterdir() if ".replaced-" in file.name]


def test_fault_14_a_backup_is_made_before(tmp_path: Path) -> None:
    """Before a migration, and only then; the newest stay."""
    how = Opening(backups=2)
    b.with_store(tmp_path, nothing, how=how)
    assert files.backups(tmp_path) == []
    names = []
    for number in range(4):
        home = tmp_path / f"home-{number}"
        lives.record_of(home, "0003")
        os.utime(home / files.RECORD, (1_700_000_000 + number, 1_700_000_000 + number))
        (tmp_path / files.BACKUPS).mkdir(exist_ok=True)
        (tmp_path / files.BACKUPS).rename(home / files.BACKUPS)
        b.with_store(home, nothing, how=how)
        names += [file.name for file in files.backups(home)][:1]
        (home / files.BACKUPS).rename(tmp_path / files.BACKUPS)
    kept = files.backups(tmp_path)
    assert sorted(file.name for file in kept) == sorted(names)[-2:]
    assert {backup.examined(file).revision for file in kept} == {"0003"}
    assert {backup.examined(file).rows["alerts"] for file in kept} == {1}


def test_fault_14_the_backup_of_a_record_that_rested_for_long_stays(tmp_path: Path) -> None:
    """It goes under the time of what it holds, and is older than all others."""
    (tmp_path / files.BACKUPS).mkdir()
    for number in range(3):
        other = tmp_path / files.BACKUPS / f"monitor-0002-2026010{number}T000000Z.db"
        other.write_bytes(b"")
        os.utime(other, (1_800_000_000 + number, 1_800_000_000 + number))
    lives.record_of(tmp_path, "0003")
    os.utime(tmp_path / files.RECORD, (1_700_000_000, 1_700_000_000))
    b.with_store(tmp_path, nothing, how=Opening(backups=2))
    newest, made = files.backups(tmp_path)
    assert newest.name == "monitor-0002-20260102T000000Z.db"
    assert backup.examined(made).revision == "0003"


def test_fault_14_no_room_for_the_backup_leaves_the_record_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "600k") as disk:
        lives.record_of(disk, "0003")
        filler = disk / "filler"
        filler.write_bytes(b"\0" * (files.free(disk) - 100_000))
        with pytest.raises(StorageFull, match="no backup could be made before the migration: no space for a backup") as caught:
            b.with_store(disk, nothing, how=Opening(backups=3))
        assert "storage.backups: 0" in str(caught.value)
        assert list((disk / files.BACKUPS).iterdir()) == []
        assert backup.examined(disk / files.RECORD).revision == "0003"


def test_fault_14_without_backups_none_is_made(tmp_path: Path) -> None:
    lives.record_of(tmp_path, "0003")
    b.with_store(tmp_path, nothing, how=Opening(backups=0))
    assert not (tmp_path / files.BACKUPS).exists()


def test_a_copy_that_is_killed_half_way_is_no_backup(tmp_path: Path) -> None:
    filled(tmp_path, 2_000)
    target = tmp_path / files.BACKUPS / "copy.db"
    target.parent.mkdir()
    copying = [sys.executable, "-m", "tests.store.lives", "back_up_until", str(tmp_path), str(target)]
    assert subprocess.run([*copying, "1"], check=False).returncode == -signal.SIGKILL
    assert [file.name for file in target.parent.iterdir()] == [f"copy.db{files.PART}"]
    assert files.backups(tmp_path) == []
    assert subprocess.run([*copying, "1000"], capture_output=True, check=True).stdout == b"copied\n"
    assert files.backups(tmp_path) == [target]
    assert backup.examined(target).rows["articles"] == 2_000


def test_fault_14_killed_while_the_backup_is_made(tmp_path: Path) -> None:
    """A partial copy is no backup; the next start throws it away, makes a whole one and goes on."""
    lives.record_of(tmp_path, "0003")
    folder = tmp_path / files.BACKUPS
    folder.mkdir()
    left = folder / f"monitor-0003-20200101T000000Z.db{files.PART}"
    left.write_bytes(b"half of it")
    b.with_store(tmp_path, nothing, how=Opening(backups=3))
    (made,) = folder.iterdir()
    assert files.automatic(made)
    assert backup.examined(made).revision == "0003"
