"""What a person asks of sources, done: poll, pause and resume them, take articles.

command          arguments                                        answer
sources.poll     names: [NAME, …], or all: true                   sources: [{name, new, edited, known, matches, alerts, error,
                                                                  paused_by}, …], the last "" where nobody paused it
sources.pause    names: [NAME, …], comment: TEXT                  sources: [{name, paused_by}, …]
sources.resume   names: [NAME, …]                                 sources: [{name}, …]
ingest           source: NAME, lines: [JSON of one article, …]    received, new, changed, unchanged, sighted, alerts,
                                                                  faults: [{line, message}, …], line 1 being the first given
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from monitor.errors import StorageError, UsageError
from monitor.flow.asked import Handler, comment, texts
from monitor.flow.poll import Poller, PollReport
from monitor.model import Command, JsonObject, SourceKind, SourceSpec
from monitor.ports import Clock, PushDoor, Store


class SourceCommands:
    """``specs`` are the sources in force, pushed ones among them."""

    def __init__(
        self, store: Store, poller: Poller, door: PushDoor, *, specs: Callable[[], Mapping[str, SourceSpec]], clock: Clock
    ) -> None:
        self._store = store
        self._poller = poller
        self._door = door
        self._specs = specs
        self._clock = clock

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "sources.poll": self._poll,
            "sources.pause": self._pause,
            "sources.resume": self._resume,
            "ingest": self._ingest,
        }

    # ------------------------------------------------------------------------------------------ sources
    async def _poll(self, command: Command) -> JsonObject:
        names = await self._all_polled() if command.arguments.get("all") is True else self._names(command)
        for name in names:
            if self._specs()[name].kind is SourceKind.PUSH:
                raise UsageError(f"source {name!r} is pushed, not polled", hint=f"monitor ingest FILE --source {name}")
        reports = await asyncio.gather(*(self._poller.poll_now(name) for name in names))
        paused = await self._paused()
        return {"sources": [_polled(name, report, paused.get(name, "")) for name, report in zip(names, reports, strict=True)]}

    async def _paused(self) -> Mapping[str, str]:
        """By whom, of each source that is; nothing where the record cannot be read, which the poll has told."""
        try:
            return {state.name: state.paused_by for state in await self._store.source_states() if state.paused is not None}
        except StorageError:
            return {}

    async def _all_polled(self) -> list[str]:
        """What nobody has paused and no server has retired."""
        polled = self._poller.specs
        states = await self._store.source_states()
        return [state.name for state in states if state.name in polled and state.paused is None and state.gone is None]

    async def _pause(self, command: Command) -> JsonObject:
        names, said = self._names(command), comment(command)
        by = f"{command.actor}: {said}" if said else command.actor
        for name in names:
            await self._known(name, self._store.pause_source(name, self._clock.now(), by))
        return {"sources": [{"name": name, "paused_by": by} for name in names]}

    async def _resume(self, command: Command) -> JsonObject:
        names = self._names(command)
        for name in names:
            await self._known(name, self._store.resume_source(name, self._clock.now(), command.actor))
        return {"sources": [{"name": name} for name in names]}

    def _names(self, command: Command) -> list[str]:
        """All of them known, each once: with a wrong name nothing is done."""
        names = texts(command, "names", "the names of sources", hint="monitor sources list names them")
        unknown = [name for name in names if name not in self._specs()]
        if unknown:
            raise UsageError(f"there is no source {', '.join(map(repr, unknown))}", hint="monitor sources list names them")
        return names

    @staticmethod
    async def _known(name: str, done: Awaitable[bool]) -> None:
        if not await done:
            raise UsageError(f"source {name!r} is not in the record yet", hint="a daemon that runs puts it there within four seconds")

    # ----------------------------------------------------------------------------------------- articles
    async def _ingest(self, command: Command) -> JsonObject:
        source, lines = command.arguments.get("source"), command.arguments.get("lines")
        if not isinstance(source, str) or not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise UsageError("ingest needs the name of a pushed source and the lines of articles")
        # A line end within a line would move the numbers of those after it.
        body = "\n".join(line.replace("\n", " ") for line in lines).encode("utf-8", "replace")
        report = await self._door.push(source, body, lines=True, partial=True)
        return {
            "received": report.received,
            "new": report.new,
            "changed": report.changed,
            "unchanged": report.unchanged,
            "sighted": report.sighted,
            "alerts": report.alerts,
            "faults": [{"line": fault.index + 1, "message": fault.message} for fault in report.faults],
        }


def _polled(name: str, report: PollReport, paused_by: str) -> JsonObject:
    ingested = report.ingested
    return {
        "name": name,
        "new": ingested.new,
        "edited": ingested.edited,
        "known": ingested.unchanged + ingested.sighted,
        "matches": ingested.matches,
        "alerts": ingested.notifications,
        "error": report.failed.get(name, ""),
        "paused_by": paused_by,
    }
