"""What polls leave of their sources, written together.

Most polls bring nothing, and all that is written of them is one row. While one transaction is under way the states of the polls
that end meanwhile wait here and go into the next, as one statement with many rows; alone, a state is written at once. Each
caller is answered after its commit, and where a transaction fails, every state is tried by itself. This module must not know
what a state means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from monitor.model import SourceState
from monitor.store import sources
from monitor.store.database import Database
from monitor.store.side import Side

#: States of one transaction.
TOGETHER = 200


class _Waiting(NamedTuple):
    state: SourceState
    answer: asyncio.Future[None]


class SourceSavesSide(Side):
    """The Store port, what concerns a source's state after its poll."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._waiting: list[_Waiting] = []
        self._under_way: asyncio.Future[None] | None = None

    async def save_source(self, state: SourceState) -> None:
        waiting = _Waiting(state, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._under_way is None:
            self._next()
        await waiting.answer

    async def saved(self) -> None:
        """Returns when nothing waits any more."""
        while self._under_way is not None:
            await asyncio.wait({self._under_way})

    def _next(self) -> None:
        self._under_way = None
        # Who was cancelled while it waited gets nothing written.
        some = [waiting for waiting in self._waiting[:TOGETHER] if not waiting.answer.done()]
        del self._waiting[:TOGETHER]
        if some:
            self._write(some)
        elif self._waiting:
            self._next()

    def _write(self, some: Sequence[_Waiting]) -> None:
        states = tuple(waiting.state for waiting in some)
        self._under_way = self._database.submit(partial(sources.save_sources, states=states))
        self._under_way.add_done_callback(partial(self._written, some))

    def _written(self, some: Sequence[_Waiting], done: asyncio.Future[None]) -> None:
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        if error is not None and len(some) > 1:
            # Each by itself, so that only what cannot be written fails.
            for waiting in some:
                one = self._database.submit(partial(sources.save_sources, states=(waiting.state,)))
                one.add_done_callback(partial(_answer, waiting))
        else:
            for waiting in some:
                _answer(waiting, done)
        self._next()


def _answer(waiting: _Waiting, done: asyncio.Future[None]) -> None:
    if done.cancelled():
        waiting.answer.cancel()
        return
    error = done.exception()
    if waiting.answer.done():
        return
    if error is None:
        waiting.answer.set_result(None)
    else:
        waiting.answer.set_exception(error)
