"""The alert log: JSON Lines, one notification's document a line, appended and synced before it counts as told.

The line is the stored document with ``sequence`` put first; everything after it is byte for byte what webhooks get. With
``format: ecs`` it is the same document in the shape of the Elastic Common Schema. A delivery is answered only after the sync, so a
crash between the sync and its being recorded would write it again: the ids at the log's end are read at start, and what stands
there already is not written twice.

It must not know of states, waits or the store; it is told what to write and says what became of it.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar, Final, Literal, TypeVar

from pydantic import Field

from monitor.errors import SinkError
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState
from monitor.render.ecs import ecs
from monitor.sinks.advice import Advice
from monitor.sinks.base import Built, SinkSection, Tools
from monitor.sinks.example import Example
from monitor.sinks.log_file import LogFile

#: Lines that one call writes with one sync (a sync costs 0.5 to 10 ms, a line 0.01).
BATCH: Final = 500
#: Ids known from the log's end: five severity lanes, a batch in flight in each, is what a crash can leave unrecorded.
REMEMBERED: Final = 5 * BATCH

Shape = Literal["cloudevents", "ecs"]

T = TypeVar("T")


class AlertLogSettings(SinkSection):
    tells: ClassVar[bool] = False
    disturbs: ClassVar[bool] = False

    examples: ClassVar[tuple[Example, ...]] = (
        Example("alert_log", "a file of JSON Lines, one document a line", {"path": "{name}.jsonl"}),
        Example("ecs", "the same in the shape of the Elastic Common Schema", {"path": "{name}.jsonl", "format": "ecs"}),
    )
    advice: ClassVar[tuple[Advice, ...]] = (
        Advice(
            r"(it cannot start: )?the alert log .*[Pp]ermission denied", "let the monitor's user write to the file of path: and its folder"
        ),
        Advice(r"(it cannot start: )?the alert log .*No such file or directory", "make the folder of path:, or mount it"),
        Advice(r"(it cannot start: )?the alert log .*no space left", "free space where path: is; it goes on by itself"),
        Advice(r"(it cannot start: )?the alert log .*Read-only file system", "mount it for writing, or choose another path:"),
    )

    type: Literal["alert_log"]
    path: Path = Field(description="The JSON Lines file; it may be rotated by renaming it.")
    format: Shape = Field(default="cloudevents", description="The document as it is, or in the shape of the Elastic Common Schema.")

    def files(self) -> tuple[Path, ...]:
        return (self.path,)

    def build(self, name: str, tools: Tools) -> Built:
        return Built(sink=AlertLog(name, self))


class AlertLog:
    """Implements the port Sink. All file work is done in order on one thread of its own."""

    batch = BATCH
    concurrency = 1
    never_pauses = True

    def __init__(self, name: str, settings: AlertLogSettings) -> None:
        self.name = name
        self._shape = settings.format
        self._file = LogFile(settings.path, remember=REMEMBERED)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"alert-log-{name}")

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        """Open and mend the log, and find the in-flight deliveries that stand in it. Raises SinkError."""
        try:
            await self._on_thread(self._file.open)
        except OSError as error:
            raise SinkError(f"the alert log {self._file.path} cannot be used: {_reason(error)}") from None
        return [d for d in await recent(REMEMBERED) if d.state is DeliveryState.INFLIGHT and self._file.holds(d.notification)]

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        return await self._on_thread(lambda: self._write(deliveries))

    async def close(self) -> None:
        await self._on_thread(self._file.close)
        self._thread.shutdown(wait=False)

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _write(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        told = Answer(AnswerKind.DELIVERED)
        answers: dict[str, Answer] = {}
        lines: list[tuple[str, bytes]] = []
        for delivery in deliveries:
            if self._file.holds(delivery.notification):
                answers[delivery.notification] = told
                continue
            try:
                lines.append((delivery.notification, log_line(delivery.sequence, delivery.payload, self._shape)))
            except ValueError as error:
                answers[delivery.notification] = Answer(AnswerKind.POISON, detail=str(error)[:200])
        outcome = told
        if lines:
            try:
                self._file.append(lines)
            except OSError as error:
                outcome = Answer(AnswerKind.RETRY, detail=f"the alert log cannot be written: {_reason(error)}")
        return [answers.get(delivery.notification, outcome) for delivery in deliveries]


def log_line(sequence: int, payload: bytes, shape: Shape = "cloudevents") -> bytes:
    """A document as its line in the log, newline included. Raises ValueError for what is no document of ours."""
    if shape == "ecs":
        return ecs(payload, sequence) + b"\n"
    if not (payload.startswith(b'{"') and payload.endswith(b"}") and b"\n" not in payload):
        raise ValueError("the stored document is not one line of JSON")
    return b'{"sequence":%d,%s\n' % (sequence, payload[1:])


def _reason(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return "no space left; it goes on by itself when there is"
    return error.strerror or os.strerror(error.errno or errno.EIO)
