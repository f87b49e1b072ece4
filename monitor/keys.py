"""The keys that links in messages are signed with: ``links.key`` in the data folder, the newest first, one a line in hex.

They stand in no record, no log and no backup. Whoever may read the file may act on every alert, so only its owner may read it;
without the file old links end, and nothing else. It must not know what a link says.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from monitor.errors import StorageError

NAME: Final = "links.key"
#: Bytes of a key.
KEY: Final = 32
_REMOVE: Final = "remove it: links in messages of before end, and a new key is made"


class LinkKeys:
    """Read at once, made where there are none. Raises StorageError where the file cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._keys = self._read() or self._write([secrets.token_bytes(KEY)])

    def __call__(self) -> Sequence[bytes]:
        return self._keys

    def _read(self) -> tuple[bytes, ...]:
        try:
            lines = self.path.read_text("ascii").split()
        except FileNotFoundError:
            return ()
        except (OSError, ValueError) as error:
            raise StorageError(
                f"{self.path} cannot be read: {error}", hint="remove it: links in messages of before end, a new key is made"
            ) from None
        try:
            keys = tuple(bytes.fromhex(line) for line in lines)
        except ValueError:
            keys = ()
        if not keys or any(len(key) < KEY for key in keys):
            raise StorageError(f"{self.path} holds no keys", hint=_REMOVE)
        return keys

    def _write(self, keys: Sequence[bytes]) -> tuple[bytes, ...]:
        """Whole or not at all, for its owner only."""
        part = self.path.with_suffix(".part")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write("".join(f"{key.hex()}\n" for key in keys))
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self.path)
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written: {error.strerror or error}") from None
        return tuple(keys)
