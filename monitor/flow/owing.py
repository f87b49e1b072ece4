"""What storage refuses to write is owed: kept in order, and written first when storage answers again.

An answer must not be lost, whatever kept it from being written, and nothing new is claimed before it is. This module must not
know what is written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from monitor.errors import StorageError
from monitor.flow.desk import Desk
from monitor.ports import Meter, Operations

_STORAGE: Final = "storage"


class Owing:
    def __init__(self, meter: Meter, operations: Operations) -> None:
        self._meter = meter
        self._operations = operations
        self._failing = False

    async def write(self, desk: Desk, work: Callable[[], Awaitable[None]]) -> None:
        """Now, or as soon as storage takes it; behind what is owed already."""
        desk.owed.append(work)
        await self.pay(desk)

    async def pay(self, desk: Desk) -> bool:
        """Write what is owed, in order; False where storage refuses, and the next tick tries again."""
        async with desk.paying:
            while desk.owed:
                try:
                    await desk.owed[0]()
                except Exception as error:  # whatever it was: it is tried again
                    self.failed(error)
                    return False
                desk.owed.popleft()
                self.works()
        return True

    def failed(self, error: BaseException) -> None:
        self._failing = True
        self._meter.count("storage_errors_total", room="deliver")
        said = str(error) if isinstance(error, StorageError) else f"{type(error).__name__}: {error}"
        self._operations.raise_(_STORAGE, f"deliveries cannot be recorded: {said}; nothing is lost, it is tried again")

    def works(self) -> None:
        if self._failing:
            self._failing = False
            self._operations.close(_STORAGE)
