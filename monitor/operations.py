"""The board of open operations: alarms about the daemon itself, each a warning in the log when it is raised and a line
when it heals, and listed on /healthz while it is open. Those that people are to be told of have a second side here: the
message they are told, which stays when what the board shows goes on changing.

This module must not know what any of them means, nor how people are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from monitor.model import Operation, Severity
from monitor.ports import Clock, Meter

log = structlog.get_logger("monitor.operations")


class OperationsBoard:
    """Implements the port Operations, and the board that the teller reads."""

    def __init__(self, clock: Clock, meter: Meter) -> None:
        self._clock = clock
        self._meter = meter
        self._open: dict[str, Operation] = {}
        self._told: dict[str, Operation] = {}

    def raise_(
        self,
        key: str,
        message: str,
        *,
        severity: Severity = Severity.MEDIUM,
        tell: bool = False,
        subject: str = "",
        since: datetime | None = None,
    ) -> None:
        known = self._open.get(key)
        if known is None:
            changed = Operation(key, message, since or self._clock.now(), severity, tell, subject)
            if since is None:
                log.warning("operation raised", operation=key, message=message)
            else:
                log.info("operation stands again", operation=key, message=message, since=since.isoformat())
        else:
            changed = Operation(key, message, known.raised, severity, known.told or tell, subject or known.subject)
            if changed != known:
                # It was told when it was raised; what changes about it shows on /healthz and would only fill the log.
                log.debug("operation changed", operation=key, message=message)
        self._open[key] = changed
        if tell:
            self._told[key] = changed
        if known is None:
            self._count()

    def close(self, key: str) -> None:
        self._told.pop(key, None)
        closed = self._open.pop(key, None)
        if closed is not None:
            seconds = round((self._clock.now() - closed.raised).total_seconds(), 1)
            log.info("operation closed", operation=key, open_seconds=seconds)
            self._count()

    def open(self) -> Sequence[Operation]:
        return sorted(self._open.values(), key=lambda operation: (operation.raised, operation.key))

    # ------------------------------------------------------------------------------------------ the told side
    def told(self) -> Sequence[Operation]:
        """Those that people are to be told of, each with the message that is to be told."""
        return list(self._told.values())

    def restore(self, operations: Sequence[Operation]) -> None:
        """Those that people were told of before the restart stand again, without a word; whoever raised them closes them."""
        for operation in operations:
            self._open[operation.key] = self._told[operation.key] = replace(operation, told=True)
        self._count()

    def _count(self) -> None:
        self._meter.gauge("operations_open", len(self._open))
