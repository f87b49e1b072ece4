"""The routes in force: one sequence, held by all who decide where something goes, whose routes change when their file does.

What is decided is decided by the routes of that moment; what waits already for a digest or the end of quiet hours waits as it was
told to. It must not know where routes are written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import structlog

from monitor.flow.route import Route

log = structlog.get_logger()


class Routing(Sequence[Route]):
    """Whoever goes through it has those it had at the first step."""

    def __init__(self, routes: Sequence[Route] = ()) -> None:
        self._routes = tuple(routes)

    def put(self, routes: Sequence[Route]) -> None:
        """In force from now on."""
        if tuple(routes) != self._routes:
            self._routes = tuple(routes)
            log.info("routes_reloaded", routes=[route.name for route in self._routes])

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def __len__(self) -> int:
        return len(self._routes)

    @overload
    def __getitem__(self, place: int) -> Route: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Route, ...]: ...

    def __getitem__(self, place: int | slice) -> Route | tuple[Route, ...]:
        return self._routes[place]
