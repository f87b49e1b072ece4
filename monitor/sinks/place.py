"""Where a receiver is that has no URL: ``host:port``, as an operator writes it. Pure; nothing is looked up here."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """``port`` is 0 where none was written."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


def place(text: str) -> Place:
    """``mail.example.org``, ``mail.example.org:587``, ``192.0.2.7:514``, ``[2001:db8::1]:514``. Raises ValueError, which
    quotes nothing: people write passwords in front of a host."""
    text = text.strip()
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        port = rest.removeprefix(":") if rest.startswith(":") or not rest else "?"
        good = bool(closed)
    else:
        host, _, port = text.partition(":")
        good = ":" not in port
        if not good and all(c in "0123456789abcdefABCDEF:." for c in text):
            raise ValueError("an IPv6 address stands in brackets, such as [2001:db8::1]:514")
    if not good or not host or any(c.isspace() or c in "/@?#" or not c.isprintable() for c in host):
        raise ValueError("must be a host, or host:port: no scheme, no user, no path")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise ValueError("what stands after the colon is not a port (1 to 65535)")
    return Place(host, int(port) if port else 0)
