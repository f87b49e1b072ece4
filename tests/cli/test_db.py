"""``monitor db``: the record copied, put back, looked through, pruned and brought up to date, as a person does it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.flow.storage_commands import StorageCommands
from monitor.model import Command
from monitor.store import DataFolderLock, SqlStore, files
from tests.cli.program import Done, program
from tests.cli.test_alerts import space  # noqa: F401 - the fixture
from tests.fakes import FakeClock
from tests.store import builders as b
from tests.store import lives

LONG_AGO = datetime.now(UTC) - timedelta(days=400)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "monitor.yaml").write_text(
        "data_dir: var\nwatchlists: watchlists\nsinks:\n  log: {type: alert_log, path: alerts.jsonl}\nstorage: {ballast: 0B}\n"
    )
    return tmp_path / "monitor.yaml"


@pytest.fixture
def filled(config: Path) -> Path:
    """The configuration of a record with two alerts and an old article that concerned nobody."""

    async def work(store: SqlStore) -> None:
        quiet = b.item(replace(b.article("quiet", body="nothing"), fetched=LONG_AGO), body="nothing")
        await store.ingest(b.batch(quiet, now=LONG_AGO))
        for key in ("a", "b"):
            await store.ingest(b.simple(key, sinks=["log"]))
        for one in await store.claim("log", b.NOW, 10):
            await store.settle([b.delivered(one)], None, b.NOW)
            with (config.parent / "alerts.jsonl").open("a") as log:
                log.write(json.dumps({"sequence": one.sequence, "id": one.notification}) + "\n")

    b.with_store(config.parent / "var", work)
    return config


def db(config: Path, *arguments: object) -> Done:
    name, *rest = arguments
    return program("db", name, "--config", config, *rest)


def test_backup_restore_and_what_was_replaced(filled: Path) -> None:
    made = db(filled, "backup")
    assert (made.status, made.err) == (0, "")
    assert made.out.startswith("3 articles, 2 alerts, 2 deliveries copied to ")
    listed = json.loads(db(filled, "backups", "--json").out)
    assert listed["kind"] == "by hand"

    async def more(store: SqlStore) -> None:
        await store.ingest(b.simple("later"))

    b.with_store(filled.parent / "var", more)
    asked = program("db", "restore", listed["path"], "--config", filled, stdin=b"n\n")
    assert asked.err.endswith("nothing was changed\n")
    stranger = db(filled, "restore", filled, "--yes")
    assert (stranger.status, "is no copy of a record: nothing was changed" in stranger.err) == (2, True)
    assert asked.status == 130  # as README says of a question answered with no
    nobody = db(filled, "restore", listed["path"])
    assert (nobody.status, "nobody answered: nothing was changed" in nobody.err) == (2, True)
    assert "in force:   4 articles" in asked.err
    assert "restoring:  3 articles" in asked.err
    done = db(filled, "restore", listed["path"], "--yes", "--json")
    assert done.status == 0
    restored = json.loads(done.out)
    assert (restored["articles"], Path(restored["replaced"]).is_file()) == (3, True)
    assert json.loads(db(filled, "stats", "--json").out)["tables"]["article"]["rows"] == 3


def test_a_restore_says_what_is_lost_and_how_the_log_is_made_right(space: Path) -> None:  # noqa: F811
    config = space / "monitor.yaml"
    copy = json.loads(db(config, "backup", "--json").out)["path"]
    alerts = [json.loads(line)["id"] for line in program("alerts", "list", "--json", "--config", config).out.splitlines()]
    program("alerts", "ack", alerts[0], "-m", "calling them", "--config", config)
    program("alerts", "close", alerts[1], "--as", "true", "--config", config)
    (space / "articles" / "three.txt").write_text("Nine corvettes\n\nThe shipyard of Zarechny made another arms deal on Friday.\n")
    assert program("once", "--config", config).status == 0
    assert db(config, "check").status == 0

    asked = program("db", "restore", copy, "--config", config, stdin=b"n\n")
    assert "what people did since the copy is lost by it; do again what still holds:\n" in asked.err
    said = db(config, "restore", copy, "--yes").out
    lost = said[said.index("what people did since the copy is lost;") :].splitlines()
    assert [line.split("  ")[3:] for line in lost[1:3]] == [["alert ack", f"{alerts[0]}: calling them"], ["alert close", alerts[1]]]
    assert lost[3:] == [
        "the alert log of sink log holds what the record does not: before the monitor is started again,",
        "  monitor alerts rebuild-log log",
    ]
    found = db(config, "check")
    assert (found.status, "monitor alerts rebuild-log log writes it anew" in found.out) == (1, True)
    assert program("alerts", "rebuild-log", "log", "--config", config).status == 0
    assert db(config, "check").status == 0


def test_a_restore_by_a_program_names_what_is_lost_too(filled: Path) -> None:
    copy = json.loads(db(filled, "backup", "--json").out)["path"]
    alert = json.loads(program("alerts", "list", "--limit", "1", "--json", "--config", filled).out)["id"]
    for comment in ("0", "1"):
        program("alerts", "ack", alert, "-m", comment, "--config", filled)
    done = json.loads(db(filled, "restore", copy, "--yes", "--json").out)
    assert [(one["action"], one["object"], one["comment"]) for one in done["lost"]] == [
        ("alert ack", alert, "0"),
        ("alert ack", alert, "1"),
    ]
    assert done["alert_logs"] == []
    again = json.loads(db(filled, "restore", done["replaced"], "--yes", "--json").out)
    assert again["lost"] == []
    (filled.parent / "var" / files.RECORD).write_bytes(b"SQLite format 3\0" + b"?" * 9_000)
    assert "cannot be read, and does not say what that was" in db(filled, "restore", copy, "--yes").out


def test_where_a_backup_may_go(filled: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    assert db(filled, "backup", there).status == 0
    again = db(filled, "backup", there)
    assert (again.status, "there is a file already" in again.err) == (2, True)
    assert db(filled, "backup", tmp_path / "none" / "x.db").status == 2
    (tmp_path / "folder").mkdir()
    made = json.loads(db(filled, "backup", tmp_path / "folder", "--json").out)
    assert Path(made["path"]).parent == tmp_path / "folder"
    file = tmp_path / "file"
    file.write_text("mine")
    assert "it is a file, not a folder" in db(filled, "backup", file).err
    assert db(filled, "backup", tmp_path / "none" / "x").status == 2
    assert file.read_text() == "mine"


def test_the_first_of_daily_backups_makes_the_folder(filled: Path, tmp_path: Path) -> None:
    """Named without .db, as in the cron line of docs/storage.md: a file in its place would be in the way of every later one."""
    folder = tmp_path / "backups"
    first = json.loads(db(filled, "backup", folder, "--json").out)["path"]
    Path(first).rename(folder / "yesterday.db")
    second = db(filled, "backup", folder)
    assert (second.status, second.err) == (0, "")
    assert (len(list(folder.glob("*.db"))), folder.stat().st_mode & 0o777) == (2, 0o700)


@pytest.mark.parametrize("command", [["backup"], ["check"], ["stats"], ["upgrade"], ["prune", "--dry-run"]])
def test_without_a_record(config: Path, command: list[str]) -> None:
    done = db(config, *command)
    assert (done.status, "no record yet" in done.err) == (3, True)


def test_beside_a_daemon(filled: Path) -> None:
    """What only reads works; what would replace the record is refused with status 4."""
    saved = json.loads(db(filled, "backup", "--json").out)["path"]
    with DataFolderLock(filled.parent / "var"):
        for command in (["check"], ["stats"], ["backups"], ["backup", filled.parent / "x.db"], ["prune", "--dry-run"]):
            assert db(filled, *command).status == 0, command
        for command in (["restore", saved, "--yes"], ["upgrade"]):
            refused = db(filled, *command)
            assert (refused.status, "is in use by process" in refused.err) == (4, True)


def test_check_finds_what_does_not_hold_together(filled: Path) -> None:
    sound = db(filled, "check")
    assert (sound.status, sound.out) == (0, "the record is sound: 2 texts, 3 articles, 2 alerts, 2 notifications, 2 deliveries\n")
    record = filled.parent / "var" / files.RECORD
    with closing(sqlite3.connect(record)) as connection, connection:
        connection.execute("UPDATE article_text SET text = text || '!' WHERE hash = (SELECT min(hash) FROM article_text)")
        connection.execute("UPDATE delivery SET sequence = 7 WHERE sequence = 2")
        connection.execute("UPDATE alert SET notifications = 9 WHERE id = (SELECT min(id) FROM alert)")
        connection.execute("DELETE FROM article_text WHERE hash = (SELECT max(hash) FROM article_text)")
    log = filled.parent / "alerts.jsonl"
    log.write_text(log.read_text() + '{"sequence": 3, "id": "strange"}\n{"sequence": 4, "id": "to')
    found = db(filled, "check")
    assert found.status == 1
    for sentence in (
        "sinks with gaps in the sequence of their deliveries: 1 (log)",
        "alerts that have not as many notifications as they say: 1 (",
        "articles whose text is not there: ",
        "texts that are not what they were when they were stored: 1 (",
        "the alert log of sink log is not what the record says: 1 are not in the record (sequence 3)",
    ):
        assert sentence in found.out, sentence
    as_json = json.loads(db(filled, "check", "--json").out)
    assert (as_json["sound"], len(as_json["findings"]) >= 5) == (False, True)


def test_check_of_a_file_that_is_no_database(filled: Path) -> None:
    (filled.parent / "var" / files.RECORD).write_bytes(b"no database" * 1_000)
    found = db(filled, "check")
    assert found.status == 1
    assert "the file is damaged" in found.out
    assert "monitor db restore" in found.out


def test_prune(filled: Path) -> None:
    assert db(filled, "prune", "--older-than", "3d").status == 2
    assert db(filled, "prune", "--older-than", "soon").status == 2
    would = db(filled, "prune", "--dry-run")
    assert would.out.startswith("would drop 1 article, 1 text (")
    assert json.loads(db(filled, "prune", "--json").out)["articles"] == 1
    assert json.loads(db(filled, "prune", "--json").out)["articles"] == 0
    done = json.loads(db(filled, "compact", "--json").out)
    assert done["after"] <= done["before"]
    assert " became " in db(filled, "compact").out
    assert json.loads(db(filled, "stats", "--json").out)["gives_back"] is True
    assert db(filled, "check").status == 0
    with closing(sqlite3.connect(filled.parent / "var" / files.RECORD)) as connection:
        trail = connection.execute("SELECT actor, action, object FROM audit WHERE action = 'prune'").fetchall()
    assert [(actor.split(":")[0], action, subject) for actor, action, subject in trail] == [("cli", "prune", "record")] * 2
    assert db(filled, "check").status == 0


@pytest.mark.parametrize("age", [None, "90d", True, 0, 3600, -1, 1e30])
def test_the_command_checks_what_it_is_told(age: object) -> None:
    class Untouched:
        async def prune(self, now: datetime, age: float, by: str) -> dict[str, int]:
            raise AssertionError("not to be called")

    command = Command("db.prune", {"older_than": age}, "api:desk")
    with pytest.raises(UsageError):
        asyncio.run(StorageCommands(Untouched(), FakeClock()).handlers()["db.prune"](command))


def test_upgrade(config: Path) -> None:
    var = config.parent / "var"
    lives.record_of(var, "0003")
    assert "older version" in db(config, "check").err
    done = json.loads(db(config, "upgrade", "--json").out)
    assert (done["from"], Path(done["backup"]).parent) == ("0003", var / "backups")
    assert db(config, "upgrade").out.startswith("the record is up to date")
    kinds = [json.loads(line)["kind"] for line in db(config, "backups", "--json").out.splitlines()]
    assert kinds == ["before a migration"]
    assert db(config, "check").status in (0, 1)


def test_stats(filled: Path) -> None:
    said = db(filled, "stats").out
    assert "deliveries to log: 2 delivered" in said
    assert "article_text" in said
    assert "the ballast is not there; 0 backups" in said
