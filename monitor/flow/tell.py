"""Operations go to people: what the board wants told becomes a notification and travels as those of alerts do.

Each change is told once: raised, updated (another message that is to be told), closed. What was told stands in the record, so
a restart tells nothing twice; where the record cannot be written now, it is tried again at the next tick. An operation that
was raised and healed between two ticks is no news. It must not know why an operation stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from monitor.errors import StorageError
from monitor.flow.route import Route, ways_for_operation
from monitor.model import JsonObject, Notification, NotificationKind, Operation, Reason, identity
from monitor.ports import Clock, Meter, OperationsRecord
from monitor.render.operation import operation_id, render_operation
from monitor.render.payload import timestamp

log = structlog.get_logger()


class Board(Protocol):
    """The board of open operations, its told side."""

    def told(self) -> Sequence[Operation]:
        """Those open that people are to be told of, each with the message that is to be told."""

    def restore(self, operations: Sequence[Operation]) -> None:
        """Those told before the restart stand again; whoever raised them closes them."""


class Teller:
    """``routes`` are those in force, which may change; ``announce`` shows a committed notification's document to a person; ``wake`` tells
    the deliverer of something to send."""

    def __init__(
        self,
        board: Board,
        record: OperationsRecord,
        routes: Sequence[Route],
        clock: Clock,
        meter: Meter,
        *,
        announce: Callable[[JsonObject], None] = lambda document: None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._board = board
        self._record = record
        self._routes = routes
        self._clock = clock
        self._meter = meter
        self._announce = announce
        self._wake = wake
        self._told: dict[str, Operation] = {}
        # A commit whose answer was lost may stand in the record or not: what was told is read anew before more is told.
        self._unsure = False

    async def restore(self) -> None:
        """Before anything is raised. Raises StorageError."""
        self._told = {operation.key: operation for operation in await self._record.open_operations()}
        self._board.restore(list(self._told.values()))

    async def tick(self) -> None:
        """Tell what has changed since the last tick."""
        wanted = {operation.key: operation for operation in self._board.told()}
        try:
            if self._unsure:
                self._told = {operation.key: operation for operation in await self._record.open_operations()}
                self._unsure = False
                self._wake()
            for key, told in list(self._told.items()):
                if key not in wanted or wanted[key].raised != told.raised:
                    await self._tell(told, NotificationKind.CLOSED)
                    del self._told[key]
            for key, operation in wanted.items():
                before = self._told.get(key)
                if before is None:
                    await self._tell(operation, NotificationKind.RAISED)
                elif (before.message, before.severity) != (operation.message, operation.severity):
                    await self._tell(operation, NotificationKind.UPDATED)
                self._told[key] = operation
        except StorageError as error:
            self._unsure = True
            log.debug("operation_not_told", error=error.message)  # whoever writes articles raises ``storage``

    async def _tell(self, operation: Operation, kind: NotificationKind) -> None:
        notification = self._notification(operation, kind)
        ways = ways_for_operation(self._routes, operation, notification.created, kind)
        closed = kind is NotificationKind.CLOSED
        await self._record.save_operation(operation, notification, ways, notification.created, closed=closed)
        self._meter.count("operations_told_total", kind=kind.value)
        log.info("operation told", operation=operation.key, kind=kind.value, sinks=[way.sink for way in ways])
        self._wake()
        try:
            self._announce(json.loads(notification.payload))
        except Exception:  # a terminal that went away must not stop what is already in the record
            log.warning("announce_failed", operation=operation.key, exc_info=True)

    def _notification(self, operation: Operation, kind: NotificationKind) -> Notification:
        now = self._clock.now()
        notification_id = identity(operation_id(operation), kind.value, timestamp(now))
        payload = render_operation(notification_id=notification_id, kind=kind, created=now, operation=operation)
        return Notification(notification_id, "", kind, Reason.FIRST_MATCH, operation.severity, now, payload)
