"""Signed links: what a person may do from a message, without a password, for a while. Pure.

A link is a token: what it does, to which alert, for which sink's readers, until when; signed with a key that only this monitor
has. Whoever holds the message may act on it, as with any message that is forwarded; the trail names the sink it went to.

    token = base64url(action ␟ alert ␟ sink ␟ until) . base64url(HMAC-SHA256 of that, its first 16 bytes)

The first key signs; every key verifies, so that a key can be replaced while messages with the old one are still read. The time
is rounded to the day from when the message was made: every attempt at a delivery holds the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from monitor.render.message import About, Link, Member, Message

#: Bytes of a signature that are kept: 2^128 guesses, in 22 characters.
_SIGNED: Final = 16
_BETWEEN: Final = "\x1f"
_LONGEST: Final = 400


class Action(StrEnum):
    ACK = "ack"
    CLOSE = "close"
    SILENCE = "silence"


#: As they are pressed, in the order they stand in a message.
WORDS: Final = {Action.ACK: "Acknowledge", Action.CLOSE: "Close", Action.SILENCE: "Silence the story for 24 h"}
#: Under each entry of a digest, of which there may be twenty.
SHORT: Final = {Action.ACK: "Acknowledge", Action.CLOSE: "Close"}


class Refusal(StrEnum):
    WRONG = "wrong"  # not made by this monitor, or damaged on the way
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link says: the action, the alert's id, the sink whose message it stood in, when it ends."""

    action: Action
    alert: str
    sink: str
    until: datetime


def token(key: bytes, claim: Claim) -> str:
    said = _BETWEEN.join((claim.action.value, claim.alert, claim.sink, str(int(claim.until.timestamp())))).encode()
    return f"{_written(said)}.{_written(_signature(key, said))}"


def read(keys: Sequence[bytes], text: str, now: datetime) -> Claim | Refusal:
    """A wrong signature and a wrong form are one refusal: nothing is learnt of either."""
    said, _, signature = text.partition(".")
    if len(text) > _LONGEST or not signature:
        return Refusal.WRONG
    try:
        content, signed = _bytes(said), _bytes(signature)
    except (ValueError, binascii.Error):
        return Refusal.WRONG
    # One way to write each token: without the check "A" and "B" at its end might be the same bytes.
    if f"{_written(content)}.{_written(signed)}" != text:
        return Refusal.WRONG
    matching = [hmac.compare_digest(_signature(key, content), signed) for key in keys]
    if not any(matching):
        return Refusal.WRONG
    action, alert, sink, until = content.decode().split(_BETWEEN)
    claim = Claim(Action(action), alert, sink, datetime.fromtimestamp(int(until), UTC))
    return claim if now < claim.until else Refusal.EXPIRED


def until(made: datetime, lasting: float) -> datetime:
    """The end of the day on which ``lasting`` seconds have gone by since the message was made."""
    end = made.astimezone(UTC) + timedelta(seconds=lasting)
    return end.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


class LinkMaker:
    """The links of one message. ``keys`` gives the keys in force, ``lasting`` seconds is how long a link is good."""

    def __init__(self, keys: Callable[[], Sequence[bytes]], public_url: str, lasting: float) -> None:
        self._keys = keys
        self._base = public_url.rstrip("/")
        self._lasting = lasting

    def __call__(self, message: Message, sink: str) -> tuple[Link, ...]:
        """None where there is nothing to be done: of operations, digests and samples, and of what is closed."""
        acted_on = message.about is About.ALERT and not message.sample and message.event != "closed"
        return self._links(message.subject, message.time, sink, WORDS) if acted_on else ()

    def of_member(self, member: Member, made: datetime, sink: str) -> tuple[Link, ...]:
        """Those of one entry of a digest that was made then; none where it tells of no alert."""
        return self._links(member.alert, made, sink, SHORT) if member.alert else ()

    def _links(self, alert: str, made: datetime, sink: str, words: Mapping[Action, str]) -> tuple[Link, ...]:
        if not self._base:
            return ()
        key, end = self._keys()[0], until(made, self._lasting)
        return tuple(Link(said, f"{self._base}/a/{token(key, Claim(action, alert, sink, end))}") for action, said in words.items())


def _signature(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, said, "sha256")[:_SIGNED]


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
