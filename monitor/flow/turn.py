"""Whose turn it is to decide: what is told of a story is decided by one at a time, from looking up what was told to the commit.

Two sources may bring one story at the same moment, and a person may close its alert meanwhile. Most of what sources bring tells
nobody anything, though: nothing is decided by it but the stories that later articles join. So a source's turn ends when its
writing is handed over to the record, which takes several in one commit. Who has something to tell then waits for those alone that
speak of the same; whoever goes on with a story names them, and is refused by the record where they did not get there.
A person has the turn alone, with nothing under way. This module must not know what is decided.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from monitor.ports import Receipt

#: Articles under way at a time: a person, and a delivery to be settled, wait for no longer than they take (some 100 ms).
ROOM: Final = 1_000
#: Aliases remembered of what was handed over lately, and from how many times.
CLAIMS: Final = 20_000
TIMES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Handed:
    """Under way to the record: a batch's receipt, what it speaks of (stories, articles they joined for, watchlists whose alerts are
    counted), the articles that come into stories by it, how many it has in all, and the aliases of those that are new."""

    receipt: Receipt
    of: frozenset[str]
    brings: frozenset[str]
    articles: int
    claims: frozenset[str] = frozenset()


class Turn:
    """``async with turn:`` to have it alone; ``async with turn.of_source(…):`` for what a source brought. Fair: first come, first
    served; not for nesting. ``alone`` counts how often somebody had it alone, ``handed`` what was handed over."""

    def __init__(self, room: int = ROOM) -> None:
        self.alone = 0
        self.handed = 0
        self._lock = asyncio.Lock()
        self._room = room
        self._writings: dict[asyncio.Task[None], Handed] = {}
        self._before: tuple[Handed, ...] = ()  # what was under way when this turn began
        self._claims: deque[frozenset[str]] = deque()  # of what was handed over lately, the last at the end
        self._claimed: dict[str, int] = {}  # each of them, and the how manieth handed over brought it last

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        try:
            while self._writings:
                await asyncio.wait(self._writings)
        except BaseException:
            self._lock.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self.alone += 1  # here and not above: what others read meanwhile may be as it was before
        self._lock.release()

    @asynccontextmanager
    async def of_source(self, articles: int, *, behind: bool = False) -> AsyncIterator[None]:
        """A turn beside what was handed over, as soon as there is room for so many articles more; or ``behind`` all of it, for what
        was refused more than once. It ends with ``hand_over``, or with nothing written."""
        async with self._lock:
            while self._writings and (behind or articles + sum(handed.articles for handed in self._writings.values()) > self._room):
                await asyncio.wait(self._writings, return_when=asyncio.FIRST_COMPLETED)
            self._before = tuple(self._writings.values())
            yield

    async def past(self) -> None:
        """What is under way now is so no more. For whoever has no turn."""
        if self._writings:
            await asyncio.wait(tuple(self._writings))

    async def settled(self, of: frozenset[str]) -> None:
        """What speaks of the same is under way no more: whoever has the turn may ask the record what was told of it."""
        while writings := [task for task, handed in self._writings.items() if not handed.of.isdisjoint(of)]:
            await asyncio.wait(writings)

    def claimed(self, claims: frozenset[str], since: int) -> bool:
        """Whether something handed over after the first ``since`` brought one of these as well: the record would refuse it, and all
        that goes on with its stories. What lies far back is forgotten here; the record knows."""
        return since < self.handed and any(self._claimed.get(claim, 0) > since for claim in claims)

    def hand_over(self, write: Callable[[tuple[Receipt, ...]], Coroutine[Any, Any, None]], handed: Handed) -> asyncio.Task[None]:
        """Begins to write; whoever has the turn is to leave it now, and then to wait until it is ``ended``. ``write`` is given the
        receipts of what was under way when this turn began and brings what this speaks of: a story's id is its first article's."""
        relies_on = tuple(before.receipt for before in self._before if not before.brings.isdisjoint(handed.of))
        task = asyncio.create_task(write(relies_on), name="ingest")
        self._writings[task] = handed
        self.handed += 1
        self._claims.append(handed.claims)
        self._claimed.update(dict.fromkeys(handed.claims, self.handed))
        while len(self._claimed) > CLAIMS or len(self._claims) > TIMES:
            self._forget(self.handed - len(self._claims) + 1)
        task.add_done_callback(self._writings.pop)
        return task

    def _forget(self, oldest: int) -> None:
        for claim in self._claims.popleft():
            if self._claimed[claim] == oldest:  # else somebody brought it again
                del self._claimed[claim]


async def ended(writing: asyncio.Task[None]) -> None:
    """Waits for what is on its way to the record, also where the one who waits is cancelled: memory is to say what the record says
    before anybody goes on. Raises what the writing raised."""
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait({writing})
        if not writing.cancelled():
            writing.exception()
        raise
