"""The Atom sink: a file with the latest notifications as a feed, for a web server to serve and feed readers to read.

The file is written whole beside the old one, synced, and put in its place: who reads it finds the old feed or the new one, never
half of one. What stood in it is not read back: at start its entries are made anew of the deliveries in the record, so nothing but
our own documents is ever parsed. An entry keeps its id for ever, and a second delivery of it changes nothing.

There are no links to act in it: a feed is read by whoever has its address. This module must not know of states or waits.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final, Literal, TypeVar

from pydantic import Field, field_validator

from monitor.errors import SinkError
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState
from monitor.ports import Clock
from monitor.render.atom import entry, feed
from monitor.render.message import read
from monitor.sinks.advice import Advice
from monitor.sinks.base import Built, HttpUrl, SinkSection, Tools
from monitor.sinks.example import Example

#: Deliveries that one writing of the file takes.
BATCH: Final = 100
#: For the daemon's user and the group of the folder; a file that is there keeps the mode somebody gave it.
MODE: Final = 0o640

T = TypeVar("T")


class AtomSettings(SinkSection):
    tells: ClassVar[bool] = False
    disturbs: ClassVar[bool] = False

    examples: ClassVar[tuple[Example, ...]] = (Example("atom", "a feed of the latest notifications, as a file", {"path": "{name}.xml"}),)
    advice: ClassVar[tuple[Advice, ...]] = (
        Advice(r"(it cannot start: )?the feed .*[Pp]ermission denied", "let the monitor's user write into the folder of path:"),
        Advice(r"(it cannot start: )?the feed .*No such file or directory", "make the folder of path:, or mount it"),
        Advice(r"(it cannot start: )?the feed .*(no space left|No space left)", "free space where path: is; it goes on by itself"),
        Advice(r"(it cannot start: )?the feed .*Read-only file system", "mount it for writing, or choose another path:"),
    )

    type: Literal["atom"]
    path: Path = Field(description="The feed's file; its folder must be there.")
    keep: int = Field(default=100, ge=1, le=1000, description="How many notifications stand in it.")
    title: str = Field(default="Alerts", min_length=1, max_length=200, description="The feed's title.")
    url: HttpUrl | None = Field(default=None, description="Where the feed can be had, if anywhere; it is also its id.")

    @field_validator("title")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("a title holds no line breaks and no control characters")
        return value

    def build(self, name: str, tools: Tools) -> Built:
        return Built(sink=Atom(name, self, clock=tools.clock))


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    """Sorted by when it was made; ``sequence`` parts those of one moment."""

    time: datetime
    sequence: int
    text: bytes


class Atom:
    """Implements the port Sink. All work is done in order on one thread of its own."""

    batch = BATCH
    concurrency = 1
    never_pauses = False

    def __init__(self, name: str, settings: AtomSettings, *, clock: Clock) -> None:
        self.name = name
        self._path = settings.path
        self._keep = settings.keep
        self._title = settings.title
        self._url = settings.url or ""
        self._clock = clock
        #: By notification.
        self._entries: Mapping[str, _Entry] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"atom-{name}")

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        """What was told before stands in it again. Raises SinkError."""
        told = [delivery for delivery in await recent(self._keep) if delivery.state is DeliveryState.DELIVERED]
        try:
            await self._on_thread(lambda: self._begin(told))
        except OSError as error:
            raise SinkError(f"the feed {self._path} cannot be written: {_reason(error)}") from None
        return ()

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        return await self._on_thread(lambda: self._add(deliveries))

    async def close(self) -> None:
        self._thread.shutdown(wait=False)

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # ---------------------------------------------------------------------------------- on the thread
    def _begin(self, told: Sequence[Delivery]) -> None:
        made = {}
        for delivery in told:
            with suppress(ValueError):  # of a version whose documents are not read any more
                made[delivery.notification] = _made(delivery)
        # A process that sends one sample knows nothing of what was told, and must not empty the feed.
        if made or not self._path.exists():
            self._put(made)
        else:
            self._entries = made

    def _add(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        made: dict[str, _Entry] = {}
        poison: dict[str, Answer] = {}
        for delivery in deliveries:
            try:
                made[delivery.notification] = _made(delivery)
            except ValueError as error:
                poison[delivery.notification] = Answer(AnswerKind.POISON, detail=str(error)[:200])
        outcome = Answer(AnswerKind.DELIVERED)
        if made:
            try:
                self._put({**self._entries, **made})
            except OSError as error:
                outcome = Answer(AnswerKind.RETRY, detail=f"the feed cannot be written: {_reason(error)}")
        return [poison.get(delivery.notification, outcome) for delivery in deliveries]

    def _put(self, entries: Mapping[str, _Entry]) -> None:
        newest = sorted(entries.items(), key=lambda pair: pair[1], reverse=True)[: self._keep]
        updated = newest[0][1].time if newest else self._clock.now()
        _replace(self._path, feed((one.text for _, one in newest), title=self._title, updated=updated, url=self._url))
        self._entries = dict(newest)


def _made(delivery: Delivery) -> _Entry:
    """Raises ValueError."""
    message = read(delivery.payload)
    return _Entry(message.time, delivery.sequence, entry(message))


def _replace(path: Path, content: bytes) -> None:
    """All of it or nothing, and still there after a loss of power. Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), _mode(path))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()  # on a full disk it would hold the room that all others wait for
        raise
    _sync_folder(path.parent)


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return MODE


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return "no space left; it goes on by itself when there is"
    return error.strerror or os.strerror(error.errno or errno.EIO)
