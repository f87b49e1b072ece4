"""How commands read the record: as it is, whether or not a daemon is running beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from monitor.cli.options import Place

if TYPE_CHECKING:
    from monitor.store import SqlStore

T = TypeVar("T")


def read_record(place: Place, work: Callable[[SqlStore], Awaitable[T]]) -> T:
    """``work`` over the record, opened for reading only."""
    import asyncio

    from monitor.store import SqlStore

    data_dir = place.data_dir()

    async def reading() -> T:
        store = await SqlStore.open(data_dir, read_only=True)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(reading())
