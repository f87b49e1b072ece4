"""The operations that coverage has raised, and which of them people were told of: each is told once, whatever is said of it later.

What was told before a restart stands on the board already when this is first asked, and is not told anew. It must not know
why an operation is raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from monitor.model import Severity
from monitor.ports import Operations


class Standing:
    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._told: dict[str, str] | None = None

    @property
    def _tellings(self) -> dict[str, str]:
        """Key -> message of what is open and was told."""
        if self._told is None:
            self._told = {operation.key: operation.message for operation in self._operations.open() if operation.told}
        return self._told

    def told(self, *keys: str) -> bool:
        """Whether people know of one of these."""
        return any(key in self._tellings for key in keys)

    def told_below(self, prefix: str) -> Iterator[str]:
        """The keys that begin so and that people know of."""
        return iter([key for key in self._tellings if key.startswith(prefix)])

    def raise_(
        self,
        key: str,
        message: str,
        *,
        severity: Severity,
        tell: bool = True,
        again: bool = False,
        subject: str = "",
        since: datetime | None = None,
    ) -> None:
        """``again`` tells people of a new message too; otherwise that a number in it went up is no news to them. ``subject`` is
        what it is about, where the key does not begin with ``source:``; ``since`` when it began, where that was before the restart."""
        tell = tell and (key not in self._tellings or (again and self._tellings[key] != message))
        if tell:
            self._tellings[key] = message
        subject = subject or (key.split(":")[1] if key.startswith("source:") else "")
        self._operations.raise_(key, message, severity=severity, tell=tell, subject=subject, since=since)

    def stands(self, key: str, stands: bool, message: str, severity: Severity) -> None:
        if stands:
            self.raise_(key, message, severity=severity)
        else:
            self.close(key)

    def close(self, *keys: str) -> None:
        for key in keys:
            self._tellings.pop(key, None)
            self._operations.close(key)
