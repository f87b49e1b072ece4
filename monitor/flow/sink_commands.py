"""What a person asks of sinks, done: paused and resumed in the record and at once where it runs, and tried with a sample.

    command        arguments                         answer
    sinks.loaded   none                              sinks: [NAME, …], waiting: [what only a restart puts into force, …]
    sinks.pause    names: [NAME, …], comment: TEXT   sinks: [{name, state, by, reason}, …]
    sinks.resume   names: [NAME, …]                  sinks: [{name, state}, …]
    sinks.test     sink: NAME                        sink, notification, answer, status, detail, retry_after, seconds, means

A sample is sent beside the outbox, once, with sequence 0 and a document of its own: nothing of it is kept but who asked and
what was answered (in the trail), and it changes nothing about the sink. This module must not know what a sink is made of.
"""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

import structlog

from monitor.errors import SinkError, StorageError, UsageError
from monitor.flow.asked import Handler, comment, text, texts
from monitor.flow.deliver import Deliverer
from monitor.flow.retry import LOCAL, ORDINARY
from monitor.model import Answer, AnswerKind, Command, Delivery, DeliveryState, JsonObject, Severity
from monitor.ports import Beating, Clock, Entry, Sink, SinkRecord
from monitor.render.sample import render_sample, sample_id

_LIST: Final = "monitor sinks list names them"

#: What follows from an answer when it is given to a notification.
MEANS: Final[Mapping[AnswerKind, str]] = {
    AnswerKind.DELIVERED: "it was taken",
    AnswerKind.RETRY: "a notification would be tried again, first after some seconds and at last every 15 minutes, for seven days",
    AnswerKind.PAUSE: (
        "the sink would be paused, its deliveries kept, and tried once an hour: its address or its secret is wrong, or how it is set up"
    ),
    AnswerKind.DISABLE: "the sink would be disabled and its deliveries kept: its receiver says that it is gone for good",
    AnswerKind.REFUSED: "a notification would be tried twice more within 30 seconds and then given up: the receiver does not want it so",
    AnswerKind.POISON: "a notification would be given up at once: it cannot be written for this sink",
}

log = structlog.get_logger()


class SinkCommands:
    """``sinks`` take deliveries, ``beating`` are those that only speak by themselves (a heartbeat). ``waiting`` says which settings
    were changed and wait for a restart."""

    def __init__(
        self,
        record: SinkRecord,
        deliverer: Deliverer,
        sinks: Sequence[Sink],
        beating: Sequence[Beating],
        *,
        clock: Clock,
        waiting: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._waiting = waiting
        self._record = record
        self._deliverer = deliverer
        self._sinks = {sink.name: sink for sink in sinks}
        self._beating = {one.name: one for one in beating}
        self._clock = clock

    def handlers(self) -> Mapping[str, Handler]:
        return {"sinks.loaded": self._loaded, "sinks.pause": self._pause, "sinks.resume": self._resume, "sinks.test": self._test}

    async def _loaded(self, command: Command) -> JsonObject:
        """What this process was started with, which is not always what the configuration says by now."""
        return {"sinks": [*self._sinks, *(name for name in self._beating if name not in self._sinks)], "waiting": list(self._waiting())}

    async def _pause(self, command: Command) -> JsonObject:
        names, said = self._names(command), comment(command)
        found = []
        for name in names:
            status = await self._record.pause_sink(name, said, command.actor, self._clock.now())
            self._deliverer.change(status)
            log.info("sink_paused", sink=name, by=command.actor, comment=said)
            found.append({"name": name, "state": status.state.value, "by": status.by, "reason": status.reason})
        return {"sinks": found}

    async def _resume(self, command: Command) -> JsonObject:
        found = []
        for name in self._names(command):
            limit = (LOCAL if self._sinks[name].never_pauses else ORDINARY).age_limit
            status = await self._record.resume_sink(name, command.actor, self._clock.now(), age_limit=limit)
            self._deliverer.change(status)
            log.info("sink_resumed", sink=name, by=command.actor)
            found.append({"name": name, "state": status.state.value})
        return {"sinks": found}

    async def _test(self, command: Command) -> JsonObject:
        name = text(command, "sink", "the name of a sink", hint=_LIST)
        if name not in self._sinks and name not in self._beating:
            raise self._unknown([name])
        takes = name in self._sinks
        send = partial(self._send, self._sinks[name]) if takes else self._beating[name].beat
        answer, found = await tried(name, self._clock, send, sampled=takes)
        await self._note(name, answer, command.actor)
        return found

    async def _note(self, name: str, answer: Answer, actor: str) -> None:
        """Who had something sent to people; the answer is shown also where that cannot be written down now."""
        detail = {"answer": answer.kind.value, "status": answer.status, "said": answer.detail}
        try:
            await self._record.audit(Entry(actor, "test sink", name, detail), self._clock.now())
        except StorageError as error:
            log.warning("test_not_noted", sink=name, by=actor, error=error.message)

    async def _send(self, sink: Sink) -> Answer:
        # In a process that delivers, the deliverer opens it sooner or later, and closes it.
        return await send_sample(sink, self._clock, opened=self._deliverer.is_open(sink.name), closes=not self._deliverer.started)

    def _names(self, command: Command) -> list[str]:
        """All of them known: with a wrong name nothing is done."""
        names = texts(command, "names", "the names of sinks", hint=_LIST)
        if unknown := [name for name in names if name not in self._sinks]:
            raise self._unknown(unknown)
        return names

    def _unknown(self, names: Sequence[str]) -> UsageError:
        near = difflib.get_close_matches(names[0], [*self._sinks, *self._beating], n=1)
        return UsageError(f"there is no sink {', '.join(map(repr, names))}", hint=f"did you mean {near[0]!r}?" if near else _LIST)


async def tried(name: str, clock: Clock, send: Callable[[], Awaitable[Answer]], *, sampled: bool) -> tuple[Answer, JsonObject]:
    """What ``sinks.test`` answers of a sink, whoever has it. ``sampled`` where ``send`` sends a sample, and not a beat."""
    now, began = clock.now(), clock.monotonic()
    try:
        answer = await send()
    except SinkError as error:
        answer = Answer(AnswerKind.RETRY, detail=f"it cannot start: {error}")
    except Exception as error:  # a fault of ours: said as what it is, and never with a secret from its text
        answer = Answer(AnswerKind.RETRY, detail=f"the sink failed: {type(error).__name__}")
    return answer, {
        "sink": name,
        "notification": sample_id(name, now) if sampled else None,
        "answer": answer.kind.value,
        "status": answer.status,
        "detail": answer.detail,
        "retry_after": answer.retry_after,
        "seconds": round(clock.monotonic() - began, 3),
        "means": MEANS[answer.kind],
    }


async def send_sample(sink: Sink, clock: Clock, *, opened: bool = False, closes: bool = True) -> Answer:
    """Its answer to a sample; it is opened for that unless it is ``opened``, and ``closes`` behind it."""
    now = clock.now()
    payload = render_sample(sink.name, now)
    sample = Delivery(
        sample_id(sink.name, now), sink.name, "", Severity.INFO, 0, DeliveryState.INFLIGHT, 1, due=now, created=now, payload=payload
    )
    if opened:
        return (await sink.send([sample]))[0]
    await sink.start(_nothing_recent)
    try:
        return (await sink.send([sample]))[0]
    finally:
        if closes:
            await sink.close()


async def _nothing_recent(_limit: int) -> Sequence[Delivery]:
    return ()
