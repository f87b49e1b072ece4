"""One daemon on one data folder: an advisory lock held for as long as the process lives.

The kernel lets go of it when the process dies in any way, so a crash never leaves a folder locked. This module must not
know what else is in the folder.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType

from monitor.errors import DataFolderInUse, StorageError, StorageFull

LOCK_NAME = "lock"


def prepare_folder(data_dir: Path) -> None:
    """Make the data folder (readable by its owner only, for it holds what was read and matched); raises StorageError."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise folder_error(data_dir, error) from error


def folder_error(path: Path, error: OSError) -> StorageError:
    """What to tell a person whose data folder cannot be used."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(f"no space left for the data folder: {path}", hint="free space on that file system and start again")
    if isinstance(error, FileExistsError | NotADirectoryError):
        return StorageError(f"the data folder's path is taken by a file: {path}", hint="move the file away, or set another data_dir")
    if isinstance(error, PermissionError):
        return StorageError(
            f"the data folder may not be used by this user: {path}",
            hint="give the folder to the user the daemon runs as, or set another data_dir",
        )
    if error.errno == errno.EROFS:
        return StorageError(f"the data folder is on a read-only file system: {path}", hint="set a data_dir that can be written")
    return StorageError(f"the data folder cannot be used: {path}: {error.strerror or error}")


class DataFolderLock:
    """``with DataFolderLock(data_dir): …`` or ``acquire()`` and ``release()``.

    ``acquire`` answers at once: DataFolderInUse (naming the process that holds it) rather than a wait, because a second
    daemon on the same folder is a mistake to be told, not a turn to be waited for.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def acquire(self) -> None:
        if self._descriptor is not None:
            return
        prepare_folder(self._folder)
        path = self._folder / LOCK_NAME
        try:
            # Python opens close-on-exec, so a worker process never inherits the lock and outlives us with it.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise folder_error(path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                raise DataFolderInUse(
                    f"the data folder is in use by {holder}: {self._folder}",
                    hint="stop that daemon first, or give this one a data_dir of its own",
                ) from error
            raise folder_error(path, error) from error
        self._descriptor = descriptor
        # The number is only for the message above; a full disk must not keep a daemon from starting to heal.
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            pass

    def release(self) -> None:
        """Let go. The file stays: removing it would let two daemons lock two different files of that name."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        os.close(descriptor)

    def __enter__(self) -> DataFolderLock:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def _holder(descriptor: int) -> str:
    try:
        pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    except OSError:
        pid = ""
    return f"process {pid}" if pid.isdigit() else "another process"
