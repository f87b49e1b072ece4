"""Coverage: which operations stand about the sources. Told of every poll's end; the poller raises nothing itself.

This room decides from what it is told and knows neither HTTP nor the record.
"""

from __future__ import annotations

from monitor.errors import DocumentError, FetchError, MonitorError
from monitor.model import SourceSpec, SourceState
from monitor.ports import Operations


class BoardWatch:
    """One operation ``source:NAME`` while a source fails, on the board only."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def succeeded(self, spec: SourceSpec, state: SourceState, *, new: int) -> None:
        # A 304 after a failure heals nothing: the failures stand in the state.
        if state.failures == 0:
            self._operations.close(f"source:{spec.name}")

    def failed(self, spec: SourceSpec, state: SourceState, error: FetchError | DocumentError | Exception) -> None:
        message = error.message if isinstance(error, MonitorError) else f"{type(error).__name__}: {error}"
        often = "once" if state.failures == 1 else f"{state.failures} times in a row"
        last = state.last_success
        since = "it has never been read" if last is None else f"last read {last:%Y-%m-%d %H:%M} UTC"
        self._operations.raise_(
            f"source:{spec.name}", f"source {spec.name} cannot be read: {message} ({often}; {since})", subject=spec.name
        )

    def forgotten(self, name: str) -> None:
        self._operations.close(f"source:{name}")

    @property
    def network_down(self) -> bool:
        return False
