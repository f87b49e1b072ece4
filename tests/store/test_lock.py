"""One daemon on one data folder."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.errors import DataFolderInUse, StorageError
from monitor.store import DataFolderLock


def life(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.lives", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_fault_12_a_second_daemon_is_refused_at_once_and_named_the_first(tmp_path: Path) -> None:
    with DataFolderLock(tmp_path / "var"):
        with life("take_lock", str(tmp_path / "var")) as second:
            out, error = second.communicate()
        assert out == ""
        assert f"the data folder is in use by process {os.getpid()}: {tmp_path}/var" in error


def test_fault_12_a_killed_daemon_leaves_no_lock_behind(tmp_path: Path) -> None:
    with life("hold_lock", str(tmp_path)) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(DataFolderInUse, match=f"process {first.pid}") as caught:
            DataFolderLock(tmp_path).acquire()
        assert caught.value.exit_status == 4
        first.kill()
        first.wait()
    with DataFolderLock(tmp_path) as lock:
        assert lock.held


def test_two_locks_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    first, second = DataFolderLock(tmp_path), DataFolderLock(tmp_path)
    first.acquire()
    first.acquire()
    with pytest.raises(DataFolderInUse):
        second.acquire()
    assert not second.held
    first.release()
    first.release()
    second.acquire()
    second.release()


def test_the_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    with DataFolderLock(tmp_path / "a" / "b"):
        assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
        assert (tmp_path / "a" / "b" / "lock").read_text() == f"{os.getpid()}\n"


def test_fault_13_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StorageError, match="the data folder's path is taken by a file") as caught:
            DataFolderLock(folder).acquire()
        assert caught.value.exit_status == 3
    with pytest.raises(StorageError, match="the data folder"):
        DataFolderLock(Path("/proc/monitor")).acquire()


def test_a_lock_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="cannot be used"):
        DataFolderLock(tmp_path).acquire()
    assert not (tmp_path / "elsewhere").exists()
