"""What a person asks of deliveries, done: those that were given up are sent again.

    command             arguments                                                     answer
    deliveries.replay   any of sink: NAME, states: [dead, expired], since, until:     replayed: how many
                        TIME, notifications: [ID, …], alert: ID, limit: N

What is sent again keeps its id, its place in the sink's sequence and its count of attempts; its age counts from now. This module
must not know how deliveries are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog

from monitor.errors import UsageError
from monitor.flow.asked import Handler, moment, text, texts
from monitor.flow.deliver import Deliverer
from monitor.model import Command, DeliveryState, JsonObject
from monitor.ports import Clock, Outbox, Selection

_GIVEN_UP: Final = (DeliveryState.DEAD, DeliveryState.EXPIRED)

log = structlog.get_logger()


class DeliveryCommands:
    def __init__(self, outbox: Outbox, deliverer: Deliverer, clock: Clock) -> None:
        self._outbox = outbox
        self._deliverer = deliverer
        self._clock = clock

    def handlers(self) -> Mapping[str, Handler]:
        return {"deliveries.replay": self._replay}

    async def _replay(self, command: Command) -> JsonObject:
        wanted = selection(command)
        replayed = await self._outbox.replay(wanted, self._clock.now(), command.actor)
        log.info("deliveries_replayed", by=command.actor, deliveries=replayed)
        if replayed:
            self._deliverer.changed([wanted.sink] if wanted.sink else [status.name for status in self._deliverer.statuses()])
        return {"replayed": replayed}


def selection(command: Command) -> Selection:
    """What of the deliveries that were given up. Raises UsageError."""
    given = command.arguments
    states = texts(command, "states", "states: dead, expired") if given.get("states") else list(_GIVEN_UP)
    if any(state not in _GIVEN_UP for state in states):
        raise UsageError(f"{command.name} takes what is dead or expired; nothing else was given up")
    limit = given.get("limit") or 0
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise UsageError("limit is a number of deliveries")
    return Selection(
        sink=text(command, "sink"),
        states=tuple(DeliveryState(state) for state in states),
        since=moment(command, "since"),
        until=moment(command, "until"),
        notifications=tuple(texts(command, "notifications", "ids of notifications")) if given.get("notifications") else (),
        alert=text(command, "alert"),
        limit=limit,
    )
