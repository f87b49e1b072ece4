"""Secrets of sinks, kept in files of their own and read again when they change: changing one needs no restart.

What is read here stands in no message: an error names the sink, the setting and the file. This module must not know what a
secret is for.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from monitor.errors import SinkError

#: A secret is a password or a key; anything longer is the wrong file.
MAX_BYTES: Final = 64 * 1024


class SecretFile:
    """``what`` it holds, for people: ``signing secret``, ``password``."""

    def __init__(self, sink: str, what: str, path: Path) -> None:
        self._sink = sink
        self._what = what
        self._path = path
        self._stamp: tuple[int, ...] = ()
        self._text = ""

    def read(self) -> str:
        """The file's text without the line end at its end; raises SinkError. What was read last stays in force while the file is
        away or empty (it is being replaced), once there was something."""
        try:
            status = os.stat(self._path)
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev)
            if stamp != self._stamp:
                self._take(stamp)
        except (OSError, ValueError) as error:
            if self._text:
                return self._text
            reason = (error.strerror or "not readable") if isinstance(error, OSError) else str(error)
            raise SinkError(f"sink {self._sink}: the {self._what} file {self._path} cannot be read: {reason}") from None
        return self._text

    def _take(self, stamp: tuple[int, ...]) -> None:
        with self._path.open("rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise ValueError(f"it is over {MAX_BYTES // 1024} KiB, which no {self._what} is")
        try:
            text = raw.decode("utf-8").strip("\r\n \t")
        except UnicodeDecodeError:
            raise ValueError("it is not text") from None
        if not text:
            raise ValueError("it is empty")
        self._text, self._stamp = text, stamp


def pieces(*secrets: str) -> tuple[str, ...]:
    """What of these must never be repeated from somebody else's words: each whole, and each part an address may have of it."""
    found: dict[str, None] = {}
    for secret in secrets:
        for part in (secret, *secret.replace("?", "/").replace("&", "/").replace("=", "/").replace("@", "/").replace(":", "/").split("/")):
            if len(part) >= 4:  # shorter ones stand in every other sentence
                found[part] = None
    return tuple(sorted(found, key=len, reverse=True))


def of_address(url: str) -> tuple[str, ...]:
    """What of an address may be a key: its user and password, its path and its query. The host is none."""
    parts = urlsplit(url)
    return pieces(parts.username or "", parts.password or "", parts.path, parts.query)
