"""What every type of sink shares: how its settings are declared, what it is built with, and kinds of value sinks take.

A type of sink is one file or folder: its settings (a `SinkSection`) and its sender (a `ports.Sink`, or a `ports.Beating`). The
settings say how the sender is built, so that no list of types stands anywhere but in ``sinks/__init__.py``. This module must
not know any type.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from monitor.errors import Fault
from monitor.model import Answer, Delivery, JsonObject
from monitor.ports import Beating, Clock, Poster, Sink
from monitor.render.message import Link, Member, Message, read
from monitor.sinks.advice import Advice, advise
from monitor.sinks.example import Example
from monitor.sinks.when import QuietHours, RateText

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def _nothing_known() -> JsonObject:
    return {"status": "ok"}


def _no_links(message: Message, sink: str) -> tuple[Link, ...]:
    return ()


def _none_of_members(member: Member, made: datetime, sink: str) -> tuple[Link, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Tools:
    """What a sender may be given. ``health`` is the daemon's, as /healthz has it; ``public_url`` is where people reach it, ""
    where nobody said. ``links`` are those a message of a sink holds, to act on what it tells, ``of_member`` those of an entry of a
    digest: the same at every attempt."""

    poster: Poster
    clock: Clock
    health: Callable[[], JsonObject] = field(default=_nothing_known)
    public_url: str = ""
    links: Callable[[Message, str], tuple[Link, ...]] = field(default=_no_links)
    of_member: Callable[[Member, datetime, str], tuple[Link, ...]] = field(default=_none_of_members)

    def message(self, payload: bytes, sink: str) -> Message:
        """A stored document as the readers of this sink see it, with its links; raises ValueError as ``read`` does."""
        message = read(payload)
        members = tuple(replace(member, links=self.of_member(member, message.time, sink)) for member in message.members)
        return replace(message, links=self.links(message, sink), members=members)


@dataclass(frozen=True, slots=True)
class Built:
    """A sender: what takes deliveries, what speaks by itself from time to time, or one object that does both."""

    sink: Sink | None = None
    beating: Beating | None = None


class OneByOne(ABC):
    """A sender that opens nothing at its start and makes its attempts one after the other: ``attempt`` is what is left to say."""

    batch: int = 1
    concurrency: int = 1
    never_pauses: bool = False

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        return ()

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        return [await self.attempt(delivery) for delivery in deliveries]

    async def close(self) -> None:
        return None

    @abstractmethod
    async def attempt(self, delivery: Delivery) -> Answer:
        """One attempt; never raises for what a receiver does."""


class SinkSection(BaseModel):
    """The settings of one sink. Addresses and secrets stand in no printed form and in no error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    #: Somebody is told by it; False for files that wait to be read.
    tells: ClassVar[bool] = True
    #: It takes notifications; False for a heartbeat, which no route may name.
    takes: ClassVar[bool] = True
    #: What ``monitor sinks add`` writes for it: at least the block of its own name, and those of what it is often used for.
    examples: ClassVar[tuple[Example, ...]] = ()
    #: What to do about answers that mean something particular to it, before the rows that all share.
    advice: ClassVar[tuple[Advice, ...]] = ()
    #: Quiet hours and a rate mean something to it; False for a file, which disturbs nobody.
    disturbs: ClassVar[bool] = True

    quiet: QuietHours = Field(
        default=(),
        description="Hours in which only what is critical is sent; the rest is told when they end.",
        examples=[[{"from": "22:00", "to": "07:00", "zone": "Europe/Berlin"}]],
    )
    rate: RateText | None = Field(default=None, description="The most it is sent, such as 30/h; the rest is told in one digest.")

    @model_validator(mode="after")
    def _disturbs_somebody(self) -> SinkSection:
        if not (self.disturbs and self.takes) and (self.quiet or self.rate):
            raise ValueError("quiet and rate are for sinks that disturb somebody; leave them out")
        return self

    @property
    def sums_up(self) -> bool:
        """Whether people read it message by message: a backlog of hours is then told in one digest."""
        return False

    def warnings(self) -> tuple[str, ...]:
        """What ``check`` says of settings that work but should not stay so; each goes on after "the sink 'name' …"."""
        return ()

    def faults(self) -> tuple[Fault, ...]:
        """What is wrong in files that it names, other than secrets."""
        return ()

    def files(self) -> tuple[Path, ...]:
        """Files that it writes alerts to, to tell a person."""
        return ()

    def advise(self, detail: str) -> str:
        """What a person should do about an answer with this detail; "" where there is nothing to say. It holds no secret."""
        return advise(self, self.advice, detail)

    @abstractmethod
    def build(self, name: str, tools: Tools) -> Built:
        """Raises SinkError where the settings name a secret that cannot be read or used."""


def unencrypted(url: str) -> bool:
    return url.startswith("http:") and (urlsplit(url).hostname or "") not in LOOPBACK


def http_url(value: str) -> str:
    """The value itself. Raises ValueError, which does not quote it."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be an http:// or https:// address")
    return value


_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _seconds(value: object) -> object:
    """``90s``, ``15m``; what the configuration's own durations look like (settings are a level above this room)."""
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    if text[-1:] not in _UNITS or not text[:-1].strip().isascii() or not text[:-1].strip().isdigit():
        raise ValueError(f"{value!r} is not a duration; write a number with its unit (s, m, h, d), such as 15m")
    return int(text[:-1]) * _UNITS[text[-1]]


def _written(seconds: float) -> str:
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % _UNITS[unit] == 0 or unit == "s")
    return f"{int(seconds // _UNITS[unit])}{unit}"


def lasting(least: timedelta, most: timedelta) -> AfterValidator:
    """Bounds of a `Seconds`."""

    def check(value: float) -> float:
        if not least.total_seconds() <= value <= most.total_seconds():
            raise ValueError(f"{_written(value)} is not between {_written(least.total_seconds())} and {_written(most.total_seconds())}")
        return value

    return AfterValidator(check)


#: An address that may hold a key: in no repr, masked in ``config show``.
HttpUrl = Annotated[str, AfterValidator(http_url)]
#: A file that holds a secret: ``check`` says where it is missing or open to everyone.
SecretPath = Annotated[Path, Field(json_schema_extra={"x-secret-file": True})]
Seconds = Annotated[
    float,
    BeforeValidator(_seconds),
    PlainSerializer(_written, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+\s*[smhd]\s*$", "examples": ["15m"]}),
]
