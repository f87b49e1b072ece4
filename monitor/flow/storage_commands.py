"""What a person asks of the record itself, done by whoever holds it.

    command    arguments                         answer
    db.prune   older_than: SECONDS, at least 7 d   articles, texts, text_bytes, aliases, keys, attempts: how many went;
                                                   given_back, unused: bytes

This module must not know what is pruned, nor how.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

import structlog

from monitor.errors import UsageError
from monitor.flow.asked import Handler
from monitor.model import Command, JsonObject
from monitor.ports import Clock

#: Seconds: what is younger may still be a copy of what comes in.
LEAST: Final = 7 * 86_400.0

log = structlog.get_logger()


class Prunable(Protocol):
    async def prune(self, now: datetime, age: float, by: str) -> Mapping[str, int]:
        """How many rows of what went, being older than ``age`` seconds."""


class StorageCommands:
    def __init__(self, record: Prunable, clock: Clock) -> None:
        self._record = record
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    def handlers(self) -> Mapping[str, Handler]:
        return {"db.prune": self._prune}

    async def _prune(self, command: Command) -> JsonObject:
        age = command.arguments.get("older_than")
        if not isinstance(age, int | float) or isinstance(age, bool) or not LEAST <= age < 1e10:
            raise UsageError("db.prune needs older_than, in seconds, at least seven days")
        if self._one_at_a_time.locked():
            raise UsageError("the record is being pruned already")
        async with self._one_at_a_time:
            went = await self._record.prune(self._clock.now(), float(age), command.actor)
        log.info("pruned", by=command.actor, older_than_days=round(age / 86_400, 1), **went)
        return dict(went)
