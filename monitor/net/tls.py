"""TLS for receivers that want to be spoken to in a way of their own: a certificate that says who we are, an authority of theirs.

Verification is never switched off and nothing older than TLS 1.2 is spoken. Files are read again when they change, so that a
certificate can be renewed without a restart.
"""

from __future__ import annotations

import os
import ssl

from monitor.errors import FetchError
from monitor.ports import Tls


class Contexts:
    """One context for each way of speaking, made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[Tls, tuple[tuple[int, ...], ssl.SSLContext]] = {}

    def of(self, tls: Tls) -> ssl.SSLContext:
        """Raises FetchError where a file cannot be used."""
        stamp = tuple(_stamp(path) for path in (tls.certificate, tls.key, tls.authority) if path)
        known = self._made.get(tls)
        if known is None or known[0] != stamp:
            known = self._made[tls] = (stamp, context_of(tls))
        return known[1]


def context_of(tls: Tls) -> ssl.SSLContext:
    """Raises FetchError."""
    try:
        context = ssl.create_default_context(cafile=tls.authority or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if tls.certificate:
            # Without a password to give, a key that wants one must not ask the terminal for it.
            context.load_cert_chain(tls.certificate, tls.key or None, password=lambda: b"")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise FetchError(f"the TLS files cannot be used: {_reason(error)}") from None
    return context


def _stamp(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not what TLS expects").replace("_", " ").lower()
    return (error.strerror or "not readable") if isinstance(error, OSError) else "not readable"
