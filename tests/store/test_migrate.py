"""The record's steps: from nothing to today, never from a newer version, and a kill leaves the old or the new."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from monitor.errors import SchemaTooNew, StorageError
from monitor.model import Notification, NotificationKind, Operation, Reason, Severity, Story, Way
from monitor.store import Opening, SqlStore, backup, migrate, schema
from tests.store import builders as b
from tests.store import lives


async def nothing(store: SqlStore) -> None:
    pass


def set_revision(folder: Path, revision: str) -> None:
    connection = sqlite3.connect(folder / "monitor.db")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()


def test_the_steps_lead_to_the_schema(tmp_path: Path) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, schema.metadata))

    def partial_indexes(connection: Connection) -> set[str]:
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql LIKE '%INDEX%WHERE%'")
        return {row.sql.partition("WHERE ")[2] for row in rows}

    async def work(store: SqlStore) -> None:
        assert await store._database.read(differences) == []
        assert await store._database.read(partial_indexes) == {
            "state IN ('inflight', 'pending')",
            "state = 'inflight'",
            "state = 'held'",
            "state IN ('dead', 'expired')",
        }
        assert await store._database.read(migrate.revision) == schema.REVISION

    b.with_store(tmp_path, work)
    assert migrate.known_revisions()[0] == schema.REVISION


def test_the_steps_ship_with_the_package() -> None:
    names = {path.name for path in Path(migrate.__file__).with_name("migrations").joinpath("versions").iterdir()}
    assert "v0001_first_record.py" in names


def test_a_folder_name_may_hold_anything(tmp_path: Path) -> None:
    folder = tmp_path / "50% ? of #data & بيانات"
    b.with_store(folder, nothing)
    assert (folder / "monitor.db").is_file()
    assert sorted(path.name for path in folder.iterdir()) == ["clean", "monitor.db"]


@pytest.mark.parametrize("read_only", [False, True])
def test_fault_14_a_newer_record_is_refused_untouched(tmp_path: Path, read_only: bool) -> None:
    b.with_store(tmp_path, nothing)
    set_revision(tmp_path, "9999")
    before = (tmp_path / "monitor.db").read_bytes()
    with pytest.raises(SchemaTooNew, match="written by a newer version of this program") as caught:
        b.with_store(tmp_path, nothing, read_only=read_only)
    assert caught.value.exit_status == 3
    assert (tmp_path / "monitor.db").read_bytes() == before


def test_an_older_record_is_not_migrated_by_a_command_that_reads(tmp_path: Path) -> None:
    b.with_store(tmp_path, nothing)
    connection = sqlite3.connect(tmp_path / "monitor.db")
    with connection:
        connection.execute("DELETE FROM alembic_version")
    connection.close()
    with pytest.raises(StorageError, match="no record yet"):
        b.with_store(tmp_path, nothing, read_only=True)


def test_fault_14_a_kill_during_migration_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """At every fifth statement of the opening; each time the next opening must find a whole record."""
    killed = 0
    for statement in range(0, 60, 5):
        folder = tmp_path / str(statement)
        life = subprocess.run(
            [sys.executable, "-m", "tests.store.lives", "migrate_until", str(folder), str(statement)], capture_output=True, check=False
        )
        killed += life.returncode == -signal.SIGKILL
        b.with_store(folder, nothing)
        connection = sqlite3.connect(folder / "monitor.db")
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.REVISION,)]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
        if life.returncode == 0:
            break
    assert killed >= 5


@pytest.mark.parametrize(
    ("revision", "statements", "least"),
    [
        # From the second on notifications lose a constraint, which deliveries stand on.
        ("0001", range(3, 200, 17), 3),
        ("0002", range(3, 160, 17), 3),
        ("0003", range(3, 100, 13), 3),
        ("0004", range(1, 40), 3),
        ("0005", range(1, 40), 2),  # a column, and the number of the revision
    ],
)
def test_fault_14_a_kill_while_an_older_record_is_migrated_leaves_the_old_or_the_new(
    tmp_path: Path, revision: str, statements: range, least: int
) -> None:
    killed = 0
    for statement in statements:
        folder = tmp_path / str(statement)
        lives.record_of(folder, revision)
        life = subprocess.run(
            [sys.executable, "-m", "tests.store.lives", "migrate_until", str(folder), str(statement)], capture_output=True, check=False
        )
        killed += life.returncode == -signal.SIGKILL
        if life.returncode != 0:
            assert revision_of(folder) == revision
        b.with_store(folder, the_old_rows_are_there, how=Opening(backups=3))
        # However often it was begun: one copy of the one state that was there before, and nothing half.
        (copy,) = (folder / "backups").iterdir()
        assert backup.examined(copy).revision == revision
        connection = sqlite3.connect(folder / "monitor.db")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
        assert revision_of(folder) == schema.REVISION
        if life.returncode == 0:
            break
    assert killed >= least


def revision_of(folder: Path) -> str:
    connection = sqlite3.connect(folder / "monitor.db")
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    connection.close()
    return str(found)


async def the_old_rows_are_there(store: SqlStore) -> None:
    (state,) = await store.source_states()
    assert (state.name, state.validators, state.gaps, state.known, state.move) == ("wire", {"etag": "1"}, (), b"", None)
    assert await b.seen(store, "wire", ["k1"]) == {"k1": "hash"}
    assert await store.stories_of(["a1", "a2", "a3"]) == {"a1": "a1", "a2": "a2"}
    facts = await store.story_facts(["a1", "a2", "a3"])
    assert facts == {
        "a1": Story("a1", "a1", 1, ("wire",), 1, ("en",), "https://a.example/1"),
        "a2": Story("a2", "a2", 1, languages=("und",)),
    }
    assert await store.remembered(10) == []
    told = (await store.told([("arms", "a1")]))["arms", "a1"]
    assert (told.last_told, told.outlets, told.alert.disposition) == (told.alert.updated, frozenset(), None)
    alert = await store.alert("al1")
    assert alert is not None
    assert alert["deliveries"] == {"delivered": 1}
    # What could not be told before: something without an alert.
    operation = Operation("source:wire", "it fails", b.NOW, told=True)
    told = Notification("n2", "", NotificationKind.RAISED, Reason.FIRST_MATCH, Severity.MEDIUM, b.NOW, b"{}")
    await store.save_operation(operation, told, (Way("log"),), b.NOW, closed=False)
    (delivery,) = await store.claim("log", b.NOW, 10)
    assert (delivery.notification, delivery.alert, delivery.sequence) == ("n2", "", 2)
    assert await store.open_operations() == (operation,)
