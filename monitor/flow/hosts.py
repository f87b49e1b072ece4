"""Bounds on polls: how many one host may hold at a time, and how many may begin in a second.

Each poll waits for its turn at its host, so without a bound a thousand feeds of one slow host would hold every slot there
is. This module must not know what a poll is.
"""

from __future__ import annotations

from collections import Counter, deque


class HostBounds:
    """Never more than ``most`` (2 at least) of a host at a time.

    Sources are claimed from the record by half of that at most for each host that is not ``busy``, and a host is busy
    while more than the other half is held: so the line of a host with many sources does not run dry between two claims.
    """

    def __init__(self, most: int = 4) -> None:
        if most < 2:
            raise ValueError("at least two: one half is held while the other is claimed")
        self.a_claim = most // 2
        self._left = most - self.a_claim
        self._held: Counter[str] = Counter()

    def enter(self, host: str) -> None:
        self._held[host] += 1

    def leave(self, host: str) -> None:
        self._held[host] -= 1
        if self._held[host] <= 0:
            del self._held[host]

    def held(self, host: str) -> int:
        return self._held[host]

    def busy(self) -> frozenset[str]:
        return frozenset(host for host, held in self._held.items() if held > self._left)


class Starts:
    """At most ``limit`` in any second."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._begun: deque[float] = deque()  # monotonic seconds

    def take(self, now: float) -> bool:
        """Whether one may begin at ``now`` (monotonic seconds); it then counts."""
        while self._begun and self._begun[0] <= now - 1.0:
            self._begun.popleft()
        if len(self._begun) >= self.limit:
            return False
        self._begun.append(now)
        return True
