"""The board of open operations: alarms about the daemon itself, each a warning in the log when it is raised and a line
when it heals, and listed on /healthz while it is open.

This module must not know what any of them means.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from monitor.model import Operation, Severity
from monitor.ports import Clock, Meter

log = structlog.get_logger("monitor.operations")


class OperationsBoard:
    """Implements the port Operations."""

    def __init__(self, clock: Clock, meter: Meter) -> None:
        self._clock = clock
        self._meter = meter
        self._open: dict[str, Operation] = {}

    def raise_(self, key: str, message: str, *, severity: Severity = Severity.MEDIUM, tell: bool = False, subject: str = "") -> None:
        known = self._open.get(key)
        if known is None:
            self._open[key] = Operation(key, message, self._clock.now(), severity, tell, subject)
            log.warning("operation raised", operation=key, message=message)
            self._count()
            return
        changed = Operation(key, message, known.raised, severity, known.told or tell, subject or known.subject)
        if changed != known:
            # It was told when it was raised; what changes about it shows on /healthz and would only fill the log.
            self._open[key] = changed
            log.debug("operation changed", operation=key, message=message)

    def close(self, key: str) -> None:
        closed = self._open.pop(key, None)
        if closed is not None:
            seconds = round((self._clock.now() - closed.raised).total_seconds(), 1)
            log.info("operation closed", operation=key, open_seconds=seconds)
            self._count()

    def open(self) -> Sequence[Operation]:
        return sorted(self._open.values(), key=lambda operation: (operation.raised, operation.key))

    def _count(self) -> None:
        self._meter.gauge("operations_open", len(self._open))
