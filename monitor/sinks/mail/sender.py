"""The mail sender: one letter a delivery, and what a server's answers mean for it and for each of its recipients.

    step        4xx, no answer   5xx
    ----------  ---------------  -----------------------------------------------------------------------------
    connection  retry            -
    greeting    retry            pause: the server does not speak to us
    TLS         retry            pause: no STARTTLS, a certificate that is not accepted
    login       retry            pause: user or password
    sender      retry            pause: it takes no mail from this sender; 552: the letter is refused
    recipient   that one again   that one is given up; where it was all of them, the letter is refused, and where the
                                 reason is who we are (530, 5.7.x), pause
    letter      retry            the letter is refused

Who has been told is kept with the delivery (``progress``), so that a retry asks only for the others. A connection that drops
after the letter was sent, before its answer, is a retry: the same letter under the same Message-ID.

A recipient that puts us off while others were told holds up what comes after in its lane. That lasts `PATIENCE`; then it is given
up for this letter, and for the next ones at once, until it takes one again. This module must not wait or retry.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from monitor.errors import FetchError, SinkError
from monitor.model import Answer, AnswerKind, Delivery
from monitor.net.dial import Dial
from monitor.ports import Clock
from monitor.render.message import Message, read
from monitor.sinks.answers import printable
from monitor.sinks.base import OneByOne
from monitor.sinks.mail.letter import Envelope, letter
from monitor.sinks.mail.session import TAKEN, Ended, Said, Server, Sessions, Step
from monitor.sinks.secrets import SecretFile, pieces

#: Seconds around one whole attempt. RFC 5321 §4.5.3.2 allows minutes for a letter's end, and to hang up before that is to send it
#: again; but a lane waits meanwhile.
DEADLINE: Final = 30.0
#: Seconds that a recipient may put us off when others were told: greylisting asks for five minutes as a rule.
PATIENCE: Final = 15 * 60.0
#: Characters of what is said of recipients; there may be a hundred.
LONGEST: Final = 400

_TOO_LARGE: Final = 552
_WHO_ARE_YOU: Final = 530
_ADVICE: Final[Mapping[Step, str]] = {
    Step.GREETING: "the mail server does not speak to us; ask who runs it whether this machine may",
    Step.TLS: "mend the server's TLS, name its authority under authority:, or choose another tls:",
    Step.LOGIN: "the mail server does not accept the user and the password; mend user: or the password file",
    Step.SENDER: "the mail server takes no mail from this sender; mend sender:, or log in with user: and password_file:",
}


@dataclass(frozen=True, slots=True)
class _Told:
    """Hashes of addresses: who was told, who was given up, and since when others put us off."""

    told: frozenset[str]
    refused: frozenset[str]
    since: str

    @classmethod
    def of(cls, delivery: Delivery) -> _Told:
        kept: Mapping[str, Any] = delivery.progress
        # Whoever has it sent again wants those asked again that were given up.
        same = kept.get("replayed", "") == _replayed(delivery)
        return cls(
            frozenset(kept.get("told", ())), frozenset(kept.get("refused", ()) if same else ()), kept.get("since", "") if same else ""
        )

    def progress(self, delivery: Delivery) -> Mapping[str, Any]:
        kept = {"told": sorted(self.told), "refused": sorted(self.refused), "since": self.since, "replayed": _replayed(delivery)}
        return {key: value for key, value in kept.items() if value}


@dataclass(frozen=True, slots=True)
class _Sorted:
    """What one attempt came to: recipients by hash, and in words what was said of those not told."""

    taken: frozenset[str]
    refused: frozenset[str]
    later: frozenset[str]
    words: str


class Mail(OneByOne):
    """Implements the port Sink. ``read`` makes the message of a stored document, with the links its readers may use. Raises SinkError
    where the password cannot be read."""

    def __init__(
        self,
        name: str,
        envelope: Envelope,
        server: Server,
        *,
        password_file: Path | None,
        dial: Dial,
        clock: Clock,
        read: Callable[[bytes], Message] = read,
        deadline: float = DEADLINE,
    ) -> None:
        self.name = name
        self._envelope = envelope
        self._server = server
        self._sessions = Sessions(server, dial)
        self._password = None if password_file is None else SecretFile(name, "password", password_file)
        self._clock = clock
        self._read = read
        self._deadline = deadline
        self._to = {address.addr_spec: _hash(address.addr_spec) for address in envelope.to}
        #: Recipients that outlasted our patience, by hash.
        self._slow: set[str] = set()
        self._read_password()

    async def attempt(self, delivery: Delivery) -> Answer:
        try:
            made = letter(self._read(delivery.payload), self._envelope)
        except Exception as error:  # the standard library's mail package raises more than it says
            return Answer(AnswerKind.POISON, detail=f"no letter can be made of it: {printable(str(error), ())}")
        before = _Told.of(delivery)
        left = [address for address, its in self._to.items() if its not in before.told | before.refused]
        if not left:
            return Answer(AnswerKind.DELIVERED)
        try:
            password = self._read_password()
            async with asyncio.timeout(self._deadline):
                said = await self._sessions.hand_over(made, self._envelope.sender.addr_spec, left, password)
        except TimeoutError:
            return Answer(AnswerKind.RETRY, detail=f"the mail server did not take the letter within {self._deadline:g} s")
        except (FetchError, SinkError) as error:
            return Answer(AnswerKind.RETRY, detail=error.message)
        except Ended as ended:
            return self._ended(ended, password)
        return self._told(delivery, before, said, password)

    def _read_password(self) -> str:
        return "" if self._password is None else self._password.read()

    # ------------------------------------------------------------------------------------ what answers mean
    def _ended(self, ended: Ended, password: str) -> Answer:
        step, said = ended.step, ended.said
        words = self._words(said, password)
        if step is Step.TLS and said.code in (0, 502):
            words = said.text if said.code == 0 else "the mail server offers no STARTTLS"
        if step is Step.LOGIN and said.code == 502 and not said.text:
            words = "the mail server takes no password"
        if 400 <= said.code < 500 or (said.code == 0 and step is not Step.TLS):
            return Answer(AnswerKind.RETRY, detail=f"the mail server is not ready: {words}")
        if step is Step.LETTER or (step is Step.SENDER and said.code == _TOO_LARGE):
            if said.code == _WHO_ARE_YOU:
                return Answer(AnswerKind.PAUSE, detail=f"{words}; {_ADVICE[Step.SENDER]}")
            return Answer(AnswerKind.REFUSED, detail=f"the mail server refuses the letter: {words}")
        return Answer(AnswerKind.PAUSE, detail=f"{words}; {_ADVICE[step]}")

    def _told(self, delivery: Delivery, before: _Told, said: Mapping[str, Said], password: str) -> Answer:
        found = self._sorted(said, password)
        told = before.told | found.taken
        self._slow -= found.taken
        if not told:
            return self._nobody(delivery, before, found, said)
        now = self._clock.now()
        since = before.since or (now.isoformat() if found.later else "")
        if found.later and _seconds(since, now) >= PATIENCE:
            self._slow |= found.later
        waiting = found.later - self._slow
        progress = _Told(told, before.refused | found.refused | (found.later & self._slow), since).progress(delivery)
        if waiting:
            return Answer(AnswerKind.RETRY, detail=f"told some; put off by {found.words}", progress=progress)
        return Answer(AnswerKind.DELIVERED, detail=f"not told: {found.words}" if found.words else "", progress=progress)

    def _nobody(self, delivery: Delivery, before: _Told, found: _Sorted, said: Mapping[str, Said]) -> Answer:
        """None of the recipients has been told, by this attempt or one before."""
        if found.later:
            progress = replace(before, refused=before.refused | found.refused).progress(delivery) if found.refused else None
            return Answer(AnswerKind.RETRY, detail=f"put off by {found.words}", progress=progress)
        if all(_is_about_us(one) for one in said.values()):
            return Answer(AnswerKind.PAUSE, detail=f"{found.words}; {_ADVICE[Step.SENDER]}")
        return Answer(AnswerKind.REFUSED, detail=f"the mail server takes nothing for {found.words}")

    def _sorted(self, said: Mapping[str, Said], password: str) -> _Sorted:
        taken = frozenset(self._to[address] for address, one in said.items() if one.code == TAKEN)
        refused = frozenset(self._to[address] for address, one in said.items() if one.code >= 500)
        words = "; ".join(f"{address}: {self._words(one, password)}" for address, one in said.items() if one.code != TAKEN)
        return _Sorted(taken, refused, frozenset(map(self._to.__getitem__, said)) - taken - refused, _cut(words))

    def _words(self, said: Said, password: str) -> str:
        """Its code and its words, for a person, without what is secret."""
        words = printable(said.text, (password, *pieces(self._server.user, password)) if password else ())
        return " ".join(filter(None, [str(said.code) if said.code else "", words])) or "no reason given"


def _is_about_us(said: Said) -> bool:
    """RFC 3463 §3.8: 5.7.x is about what a sender may do, not about the recipient."""
    return said.code == _WHO_ARE_YOU or said.text.lstrip().startswith("5.7.")


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"


def _hash(address: str) -> str:
    return hashlib.sha256(address.casefold().encode()).hexdigest()[:12]


def _replayed(delivery: Delivery) -> str:
    return "" if delivery.replayed is None else delivery.replayed.isoformat()


def _seconds(since: str, now: datetime) -> float:
    return (now - datetime.fromisoformat(since)).total_seconds()
