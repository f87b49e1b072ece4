"""Signatures as Standard Webhooks describes them: over the id, the time and the very body that is sent.

Secrets are read again when their file changes; while one is changed for another the file holds both, and every message carries a
signature of each. A file that holds no secret signs nothing, and nothing is sent unsigned in its stead.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from monitor.errors import SinkError
from monitor.sinks.secrets import SecretFile

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret starts with
#: Standard Webhooks asks for 24 to 64 random bytes; under 16 a secret can be guessed.
SHORTEST_SECRET: Final = 16
#: More are no change of one secret for another, and a header has its limits.
MOST_SECRETS: Final = 8


class Signer:
    """Raises SinkError, which never quotes a secret, where there is one to be had and it cannot be used."""

    def __init__(self, sink: str, *, secret: str | None = None, secret_file: Path | None = None) -> None:
        self._sink = sink
        self._text = secret
        self._file = None if secret_file is None else SecretFile(sink, "signing secret", secret_file)
        self._keys: tuple[str, tuple[bytes, ...]] = ("", ())
        self.keys()

    def sign(self, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """The header, or none where no secret is configured. Raises SinkError."""
        keys = self.keys()
        return {"webhook-signature": signature(keys, message_id, timestamp, body)} if keys else {}

    def keys(self) -> tuple[bytes, ...]:
        """Newest first."""
        text = self._text if self._file is None else self._file.read()
        if text is None:
            return ()
        if text != self._keys[0]:
            self._keys = (text, _keys(self._sink, text))
        return self._keys[1]


def signature(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """One ``v1`` signature for each key, so that a secret can be changed without a gap."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys)


def _keys(sink: str, text: str) -> tuple[bytes, ...]:
    words = text.split()
    if not words:
        raise SinkError(f"sink {sink}: the signing secret is empty")
    if len(words) > MOST_SECRETS:
        raise SinkError(f"sink {sink}: the signing secret file holds more than {MOST_SECRETS} words; write the new secret and the old one")
    keys = tuple(_key(word) for word in words)
    if any(len(key) < SHORTEST_SECRET for key in keys):
        raise SinkError(
            f"sink {sink}: the signing secret is not {SECRET_PREFIX} followed by base64 of at least {SHORTEST_SECRET} bytes",
            hint=f"make one with: printf '{SECRET_PREFIX}%s\\n' \"$(head -c 32 /dev/urandom | base64)\"",
        )
    return keys


def _key(word: str) -> bytes:
    # Padding is often lost in copying; the reference receivers put it back as well.
    digits = word.removeprefix(SECRET_PREFIX).rstrip("=")
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError:  # binascii.Error, or a character beyond ASCII
        return b""
