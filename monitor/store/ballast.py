"""A file that is given up when the disk is full, so that what is small and matters can still be written.

On a full disk not even deleting rows works, for a deletion is written first too. With the ballast gone there is room for the
answers of receivers, for what was in flight, and for telling people of the full disk; articles wait at their sources. This
module must not know what is written into that room.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from monitor.store import files

#: Bytes that must be free beside a new ballast: a disk that it fills again to the brim would be full at the next article.
MARGIN: Final = 1 << 20
#: Errors of a file system or a limit that leave no room; all others mean that it cannot keep space for anybody.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Ballast:
    """``size`` in bytes; 0 keeps none."""

    def __init__(self, data_dir: Path, size: int) -> None:
        self._path = data_dir / files.BALLAST
        self._size = size

    @property
    def wanted(self) -> bool:
        return self._size > 0

    @property
    def there(self) -> bool:
        return self._blocks() > 0

    @property
    def given_up(self) -> bool:
        """Whether it was given up, by this daemon or one before it, and not made anew."""
        return self.wanted and self._path.exists() and not self.there

    def make(self) -> str:
        """Make it, or keep the one that is there. Why it cannot be made, "" where it stands."""
        if self._stands():
            return ""
        try:
            if not self.wanted:
                self._path.unlink(missing_ok=True)
                return ""
            return self._made()
        except OSError as error:
            return "there is not enough room for it" if error.errno in _NO_ROOM else error.strerror or str(error)

    def give_up(self) -> bool:
        """Whether there was one to give up. Its name stays, empty, so that the next start knows."""
        if not self.wanted or not self.there:
            return False
        try:
            os.truncate(self._path, 0)
        except OSError:
            return False
        return True

    def _blocks(self) -> int:
        try:
            return self._path.lstat().st_blocks
        except OSError:
            return 0

    def _stands(self) -> bool:
        try:
            found = self._path.lstat()
        except OSError:
            return False
        # A copy of the folder may have made a file with holes of it, which holds no space.
        return self.wanted and found.st_size == self._size and found.st_blocks * 512 >= self._size

    def _made(self) -> str:
        held, given_up = self._blocks() * 512, self.given_up
        if files.free(self._path.parent) + held < self._size + MARGIN:
            return "there is not enough room for it"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            os.ftruncate(descriptor, 0)
            os.posix_fallocate(descriptor, 0, self._size)
        except OSError:
            os.ftruncate(descriptor, 0)
            if not given_up:
                self._path.unlink()  # an empty one would say that there had been one
            raise
        finally:
            os.close(descriptor)
        return ""
