"""Which story each article belongs to, while the daemon runs: the index of what came lately, kept in step with the record.

The index is memory, made again at start from the record's newest articles; what is added to it before a commit is taken back
where the commit fails. Everything here happens in the turn of whoever decides (``flow/turn.py``). It must not know what makes
two articles one story (``story.cluster``) nor how anything is stored.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from monitor.errors import StorageError
from monitor.flow.outlets import outlet
from monitor.flow.turn import Turn
from monitor.model import Analysis, AnalysisFailed, Article, Fingerprint
from monitor.ports import Membership, Meter, Remembered, Store
from monitor.story.cluster import choose
from monitor.story.index import StoryIndex
from monitor.story.joined import JoinKind
from monitor.story.refill import Row, refill

log = structlog.get_logger()

#: Articles whose stories are chosen before others have a moment: some 3 ms, 20 where nothing is compiled.
A_FEW: Final = 32
#: Articles after which fingerprints beyond the index's are dropped from the record: some 10 MB.
OFTEN: Final = 10_000
#: Articles read from the record at a time.
PIECE: Final = 5_000
_COPIES: Final = frozenset({JoinKind.SAME_TEXT.value, JoinKind.NEAR_COPY.value})


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the articles of one transaction belong, in their order; None for those that were not analysed. ``added`` stand in
    the index already, ``edited`` (place, article, fingerprint) will where the transaction succeeds."""

    places: tuple[Membership | None, ...]
    added: tuple[str, ...] = ()
    edited: tuple[tuple[Membership, str, Fingerprint], ...] = ()

    def speaks_of(self) -> frozenset[str]:
        """The stories of these articles, and the articles that they joined for."""
        places = [place for place in self.places if place is not None]
        joined = {str(place.joined["article"]) for place in places if place.joined}
        return frozenset(joined).union(place.story for place in places)


class StoryDesk(Protocol):
    """What finds stories; ``Stories`` is one."""

    async def known(self, articles: Sequence[str]) -> Mapping[str, str]:
        """The stories of those articles that have one: as long as nobody has had the turn alone, whatever others write."""

    async def place(self, articles: Sequence[tuple[Article, Analysis | AnalysisFailed]], known: Mapping[str, str]) -> Placed:
        """Of each article its story and why. The next one may join it already."""

    def keep(self, placed: Placed) -> None:
        """The transaction is in the record."""

    def take_back(self, placed: Placed) -> None:
        """The transaction failed."""


class Stories:
    """The index of stories. ``start`` (or ``restore``) comes before the first ``place``."""

    def __init__(self, store: Store, *, capacity: int, meter: Meter) -> None:
        self._store = store
        self._meter = meter
        self._index = StoryIndex(capacity)
        self._since_forgotten = 0
        self._restoring: asyncio.Task[None] | None = None

    async def start(self, turn: Turn) -> None:
        """Begins to remember, which takes some seconds of 20,000 articles: nobody decides meanwhile, all else goes on."""
        self._restoring = asyncio.create_task(self._start(turn))
        await asyncio.sleep(0)  # it takes the turn before anybody can ask for it

    async def _start(self, turn: Turn) -> None:
        async with turn:
            try:
                await self.restore()
            except StorageError as error:
                # Copies of what came before will be told again, which is better than no news.
                log.warning("stories_not_remembered", reason=error.message)

    async def close(self) -> None:
        if self._restoring is not None:
            self._restoring.cancel()
            await asyncio.wait({self._restoring})

    async def restore(self) -> None:
        """Remembers what the record's newest articles said."""
        newest: list[Remembered] = []
        before: int | None = None
        while len(newest) < self._index.capacity:
            found = await self._store.remembered(min(PIECE, self._index.capacity - len(newest)), before)
            if not found:
                break
            newest += (row for _, row in found)
            before = found[-1][0]
        rows = [Row(row.article, row.story, row.at, row.data, row.kind in _COPIES) for row in reversed(newest)]
        newest.clear()
        for _ in refill(self._index, rows):
            await asyncio.sleep(0)
        self._gauge()

    async def known(self, articles: Sequence[str]) -> Mapping[str, str]:
        if not articles:
            return {}
        await self._forget(len(articles))
        return await self._store.stories_of(articles)

    async def place(self, articles: Sequence[tuple[Article, Analysis | AnalysisFailed]], known: Mapping[str, str]) -> Placed:
        places: list[Membership | None] = []
        added: list[str] = []
        edited: list[tuple[Membership, str, Fingerprint]] = []
        new: list[Membership] = []
        try:
            for count, (article, analysis) in enumerate(articles, 1):
                place = None
                if isinstance(analysis, Analysis):
                    place = self._place(article, analysis.fingerprint, known.get(article.id))
                    if article.id in known and analysis.fingerprint is not None:
                        edited.append((place, article.id, analysis.fingerprint))
                    elif analysis.fingerprint is not None:
                        added.append(article.id)
                        new.append(place)
                places.append(place)
                if count % A_FEW == 0:
                    await asyncio.sleep(0)
        except BaseException:
            self.take_back(Placed((), tuple(added)))
            raise
        self._count(new)
        return Placed(tuple(places), tuple(added), tuple(edited))

    def _count(self, new: Iterable[Membership]) -> None:
        for kind, number in Counter("new" if place.joined is None else place.joined["kind"] for place in new).items():
            self._meter.count("stories_joined_total", number, kind=kind)

    async def _forget(self, more: int) -> None:
        self._since_forgotten += more
        if self._since_forgotten >= OFTEN:
            self._since_forgotten = 0  # at once: what is placed while the record forgets need not ask for it as well
            try:
                await self._store.forget(self._index.capacity)
            except BaseException:
                self._since_forgotten += OFTEN
                raise

    def _place(self, article: Article, fingerprint: Fingerprint | None, known: str | None) -> Membership:
        """An article that has a story keeps it, whatever an edit made of it: that is where people were told of it."""
        at = article.published if article.published is not None and article.published <= article.fetched else article.fetched
        data = fingerprint.data if fingerprint is not None else b""
        if known is not None or fingerprint is None:
            return Membership(known or article.id, at, outlet(article), fingerprint=data)
        chosen = choose(self._index, fingerprint, at)
        story, joined = (chosen.story, chosen.joined) if chosen is not None else (article.id, None)
        copy = joined is not None and joined.kind.value in _COPIES
        self._index.add(article.id, story, at, fingerprint, copy=copy)
        return Membership(story, at, outlet(article), joined.to_json() if joined is not None else None, data)

    def keep(self, placed: Placed) -> None:
        for place, article, fingerprint in placed.edited:
            self._index.add(article, place.story, place.at, fingerprint)
        self._gauge()

    def take_back(self, placed: Placed) -> None:
        for article in placed.added:
            self._index.drop(article)

    async def move(self, articles: Iterable[str], story: str) -> None:
        """A person moved them; it is in the record. In the turn of whoever asks: nobody looks for a story before it is done."""
        for _ in self._index.moving(articles, story):
            await asyncio.sleep(0)

    def _gauge(self) -> None:
        self._meter.gauge("stories_remembered_articles", len(self._index))
        members = self._index.members
        if members:
            oldest, newest = next(iter(members.values())), next(reversed(members.values()))
            self._meter.gauge("stories_remembered_hours", max(0.0, newest.at - oldest.at))
