"""One syslog record (RFC 5424) of a message, framed by its length (RFC 6587 §3.4.1, RFC 5425 §4.3). Pure.

    162 <131>1 2025-05-01T12:00:00Z mon1 news-monitor - alert [monitor@32473 id="…" severity="high" …] [HIGH] Arms transfer: …

Framed by length, nothing in a record can end it, and receivers that write lines escape what would end one. There is no byte order
mark before the text: receivers keep it as part of the message. 32473 is the number that RFC 5612 keeps for examples, since this
program has none of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from monitor.model import Severity
from monitor.render.message import Message
from monitor.render.oneline import line
from monitor.render.payload import timestamp
from monitor.render.plain import plain

#: RFC 5424 §6.2.1: critical, error, warning, notice, informational.
_SEVERITIES: Final[Mapping[Severity, int]] = {
    Severity.CRITICAL: 2,
    Severity.HIGH: 3,
    Severity.MEDIUM: 4,
    Severity.LOW: 5,
    Severity.INFO: 6,
}
FACILITIES: Final[Mapping[str, int]] = {"user": 1, "daemon": 3, "audit": 13, **{f"local{n}": 16 + n for n in range(8)}}

#: Characters of a line at most: a headline and a title, which are bounded themselves.
LINE: Final = 600
_ESCAPED: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "]": "\\]"})


@dataclass(frozen=True, slots=True)
class Head:
    """What all records of one sink share. ``most`` bytes are in a record at most, ``whole`` sends the document where it fits."""

    facility: int
    host: str
    app: str
    most: int
    whole: bool = False


def record(message: Message, payload: bytes, sequence: int, head: Head) -> bytes:
    """The frame: length, blank, record. ``payload`` is the stored document that ``message`` was read from."""
    start = (
        f"<{head.facility * 8 + _SEVERITIES[message.severity]}>1 {timestamp(message.time)} {head.host} {head.app} - {message.about.value} "
    )
    before = start.encode() + _data(message, sequence, head.most // 2) + b" "
    room = head.most - len(before)
    if head.whole and len(payload) <= room and b"\n" not in payload:
        return _framed(before + payload)
    # No character takes more than four bytes, and the two isolates around each of two names three each.
    return _framed(before + line(message, min(LINE, room // 4 - 4)).encode())


def _framed(whole: bytes) -> bytes:
    return b"%d %s" % (len(whole), whole)


def _data(message: Message, sequence: int, most: int) -> bytes:
    """The structured data, in ``most`` bytes: what does not fit is left out, the least needed first."""
    made = b"[monitor@32473"
    for parameter in _parameters(_values(message, sequence)):
        if len(made) + len(parameter) < most:
            made += parameter
    return made + b"]"


def _values(message: Message, sequence: int) -> Iterator[tuple[str, str]]:
    yield "id", message.id
    yield "severity", message.severity.value
    yield "sequence", str(sequence)
    yield message.about.value, message.subject
    yield "watchlist", message.watchlist
    yield "event", message.event or "raised"
    yield "sample", "true" if message.sample else ""
    yield "source", message.source
    yield "url", message.url


def _parameters(values: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    for name, value in values:
        if value:
            yield f' {name}="{plain(value).translate(_ESCAPED)}"'.encode()
