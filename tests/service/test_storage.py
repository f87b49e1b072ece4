"""The real program on a disk that fills up, and its record copied, pruned and put back around it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.receiver import ThreadedReceiver
from tests.service.harness import SECRET, Workspace, article_keys, eventually
from tests.store.disks import small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "16m") as where:
        yield where


@pytest.fixture
def cramped(tmp_path: Path, disk: Path, receiver: ThreadedReceiver) -> Iterator[Workspace]:
    """A workspace whose record stands on a disk of 16 MB."""
    workspace = Workspace(tmp_path / "space", receiver.url, secret=SECRET)
    text = workspace.config.read_text().replace("data_dir: ./var", f"data_dir: {disk / 'var'}")
    workspace.config.write_text(text)
    yield workspace
    workspace.close()


def test_fault_05_no_crash_loop_and_health_503(cramped: Workspace, disk: Path, receiver: ThreadedReceiver) -> None:
    """Another program takes all that is free. (That answers go on being recorded meanwhile: tests/store/test_ballast.py.)"""
    daemon = cramped.start().ready()
    wanted = [cramped.article(f"before-{n}") for n in range(10)]
    eventually(lambda: len(cramped.lines()) == 10, "the alerts in the log")
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                pass
    wanted += [cramped.article(f"during-{n}") for n in range(40)]
    eventually(lambda: daemon.logged("storage_full"), "the disk to be noticed")
    status, health = eventually(lambda: found if (found := daemon.health())[0] == 503 else None, "503")
    assert (status, health["status"]) == (503, "failing")
    assert "no space to write the record" in health["storage"]

    assert daemon.process.poll() is None, "it goes on"
    assert len(daemon.logged("storage_full")) == 1

    # Ended and started on the full disk: no crash, no loop.
    assert daemon.stop() == 0
    daemon = cramped.start().ready()
    eventually(lambda: daemon.health()[0] == 503, "503 again")
    filler.unlink()
    eventually(lambda: set(article_keys(receiver)) >= set(wanted), "every alert", limit=120)
    eventually(lambda: daemon.health()[0] == 200, "health")
    eventually(lambda: (disk / "var" / "ballast").stat().st_size > 0, "the ballast")
    assert daemon.stop() == 0
    lost = set(wanted) - set(article_keys(receiver))
    duplicated = len(article_keys(receiver)) - len(set(article_keys(receiver)))
    print(f"wanted {len(wanted)}, lost {len(lost)}, duplicated {duplicated}")
    assert not lost
    checked = cramped.run("db", "check", "--config", str(cramped.config))
    assert checked.returncode == 0, checked.stdout


def test_a_record_is_copied_pruned_and_put_back_around_a_running_daemon(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    config = ["--config", str(workspace.config)]
    daemon = workspace.start().ready()
    workspace.article("one")
    eventually(lambda: len(receiver.accepted_ids()) == 1, "the delivery")
    saved = json.loads(workspace.run("db", "backup", "--json", *config).stdout)
    assert saved["alerts"] == 1
    pruned = workspace.run("db", "prune", "--older-than", "30d", "--json", *config)
    assert json.loads(pruned.stdout) == {
        "dry_run": False,
        "articles": 0,
        "texts": 0,
        "text_bytes": 0,
        "aliases": 0,
        "keys": 0,
        "attempts": 0,
        "given_back": 0,
        "unused": 0,
    }
    workspace.article("two")
    eventually(lambda: len(receiver.accepted_ids()) == 2, "the second")
    assert daemon.stop() == 0

    # The disk is lost, and everything on it.
    shutil.copy(saved["path"], workspace.folder / "saved.db")
    shutil.rmtree(workspace.folder / "var")
    restored = workspace.run("db", "restore", str(workspace.folder / "saved.db"), "--yes", *config)
    assert restored.returncode == 0, restored.stderr
    daemon = workspace.start().ready()
    # What was read since the copy comes in again, and is told again under the same id: a receiver knows it.
    eventually(lambda: len(receiver.accepted_ids()) == 3, "the second again")
    ids = receiver.ids()
    assert ids[2] == ids[1] != ids[0]
    assert daemon.stop() == 0
