"""The clock, figures and alarms that every part is given, and the two doors that stay open while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from monitor.errors import DocumentError, FetchError
from monitor.model import Command, JsonObject, Operation, Severity, SourceSpec, SourceState


class Clock(Protocol):
    def now(self) -> datetime:
        """Wall time, aware, UTC: for display, due times and ages."""

    def monotonic(self) -> float:
        """Seconds that never go back: for deadlines."""


class Meter(Protocol):
    def count(self, name: str, value: float = 1, **labels: str) -> None:
        """Add to a counter, e.g. ``count("articles_ingested_total", source="example-ar")``."""

    def gauge(self, name: str, value: float, **labels: str) -> None: ...

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add one observation to a histogram of seconds."""


class Operations(Protocol):
    """Alarms about the daemon itself: a warning in the log and on /healthz, and to people where they are to be told."""

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
        """Raise once; a second call with the same key only replaces the message. ``tell`` sends it through the routes, now
        or from the call on that asks for it; ``subject`` is the source or sink it is about. ``since``: it stood
        already before this process began, and is raised as of then."""

    def close(self, key: str) -> None:
        """It healed; closing what is not open is nothing."""

    def open(self) -> Sequence[Operation]: ...


class Watch(Protocol):
    """Coverage: told of every poll's end, decides which operations stand."""

    def succeeded(self, spec: SourceSpec, state: SourceState, *, new: int) -> None:
        """``state`` is the source's after the poll; ``new`` counts what came in."""

    def failed(self, spec: SourceSpec, state: SourceState, error: FetchError | DocumentError | Exception) -> None:
        """``state`` is the source's after the failure."""

    def forgotten(self, name: str) -> None:
        """It is no longer configured."""

    @property
    def network_down(self) -> bool: ...


class Commands(Protocol):
    async def perform(self, command: Command) -> JsonObject:
        """Raises UsageError for what cannot be done."""
