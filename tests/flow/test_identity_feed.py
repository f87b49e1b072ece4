"""Whatever a feed does from one poll to the next, no text it ever listed is lost, and nothing is stored twice without need.

Real feed bytes, read as a poll reads them (items known from the last body are not read again), into the ingester.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape

from hypothesis import given
from hypothesis import strategies as st

from monitor.flow.ingest import Ingester
from monitor.model import PollResult, SourceKind, SourceSpec, SourceState
from monitor.sources.feedread import read_feed
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeStore, FakeWorkers

FEED = SourceSpec("feed", SourceKind.FEED, "https://example.org/feed.xml", 900)
WORDS = ("harbour", "election", "drought", "festival", "railway", "ceasefire", "museum", "budget")


@dataclass(frozen=True)
class Item:
    guid: str
    link: str
    title: str
    body: str

    def xml(self) -> str:
        guid = f"<guid isPermaLink='false'>{escape(self.guid)}</guid>" if self.guid else ""
        link = f"<link>{escape(self.link)}</link>" if self.link else ""
        return f"<item>{guid}{link}<title>{escape(self.title)}</title><description>{escape(self.body)}</description></item>"

    @property
    def text(self) -> str:
        return f"{self.title}\n\n{self.body}"


@dataclass
class Publisher:
    """A feed of at most eight items, and what is done to it; every text it has listed is in ``listed``."""

    items: list[Item] = field(default_factory=list)
    made: int = 0
    listed: set[str] = field(default_factory=set)

    def do(self, what: str, at: int) -> None:
        chosen = at % len(self.items) if self.items else 0
        self.made += 1
        if what == "publish" or not self.items:
            self.items.insert(0, self.fresh(f"id-{self.made}", f"https://example.org/{self.made}"))
        elif what == "edit":
            self.items[chosen] = replace(self.items[chosen], body=f"{self.items[chosen].body} Edited {self.made}.")
        elif what == "new ids":
            self.items = [replace(item, guid=f"made-{self.made}-{n}") for n, item in enumerate(self.items)]
        elif what == "new ids and links":
            self.items = [
                replace(item, guid=f"made-{self.made}-{n}", link=f"{item.link}?utm_id={self.made}") for n, item in enumerate(self.items)
            ]
        elif what == "id again":
            self.items[chosen] = self.fresh(self.items[chosen].guid, f"https://example.org/{self.made}")
        elif what == "same place":
            self.items.insert(0, self.fresh(f"id-{self.made}", self.items[chosen].link))
        elif what == "same title":
            self.items.insert(0, replace(self.fresh(f"id-{self.made}", self.items[chosen].link), title=self.items[chosen].title))
        elif what == "twice":
            self.items.insert(0, replace(self.items[chosen], guid=f"id-{self.made}"))
        elif what == "no ids":
            self.items = [replace(item, guid="") for item in self.items]
        elif what == "no links":
            self.items = [replace(item, link="") for item in self.items]
        elif what == "turn round":
            self.items.reverse()
        elif what == "drop":
            self.items.pop(chosen)
        del self.items[8:]

    def fresh(self, guid: str, link: str) -> Item:
        word = WORDS[self.made % len(WORDS)]
        return Item(guid, link, f"{word.title()} {self.made} {word} day", f"What was said of the {word} on day {self.made}.")

    def body(self) -> bytes:
        self.listed.update(item.text for item in self.items)
        listed = "".join(item.xml() for item in self.items)
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{listed}</channel></rss>'.encode()


class House:
    def __init__(self) -> None:
        clock = FakeClock()
        self.store = FakeStore()
        self.state = SourceState(FEED.name, START)
        self.ingester = Ingester(
            self.store,
            FakeWorkers(),
            route=lambda _: (),
            facts=dict,
            clock=clock,
            meter=FakeMeter(),
            operations=FakeOperations(clock),
        )

    async def poll(self, body: bytes) -> int:
        """How many articles were written."""
        read = read_feed(body, {}, FEED.location, source=FEED.name, now=START, known=self.state.known)
        after = replace(self.state, last_poll=START, last_success=START, known=read.known)
        report = await self.ingester.ingest(FEED, self.state, after, PollResult(read.documents, {}, known=read.known, items=read.items))
        self.state = self.store.sources[FEED.name]
        return report.articles

    def texts(self) -> set[str]:
        return {stored.text for stored in self.store.articles}


CHANGES = [
    *("publish", "edit", "new ids", "new ids and links", "id again", "same place", "same title", "twice"),
    *("no ids", "no links", "turn round", "drop"),
]
_CHANGES = st.lists(st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 7)), max_size=3), min_size=1, max_size=8)


@given(_CHANGES)
def test_fault_43_whatever_a_feed_does_no_text_it_listed_is_lost(days: Sequence[Sequence[tuple[str, int]]]) -> None:
    async def life() -> None:
        publisher, house = Publisher(), House()
        publisher.do("publish", 0)
        for changes in days:
            for what, at in changes:
                publisher.do(what, at)
            body = publisher.body()
            await house.poll(body)
            assert publisher.listed - house.texts() == set()
            assert await house.poll(body) == 0, "the same body again brings nothing"

    asyncio.run(life())


def test_fault_43_ids_links_and_order_that_change_bring_nothing_anew() -> None:
    async def life() -> None:
        publisher, house = Publisher(), House()
        for _ in range(6):
            publisher.do("publish", 0)
        assert await house.poll(publisher.body()) == 6
        written = [
            await house.poll(publisher.body())
            for what in ("new ids", "turn round", "new ids and links", "new ids") * 3
            if not publisher.do(what, 0)
        ]
        print(f"articles 6, written again over {len(written)} bodies with other ids, links and order: {sum(written)}")
        assert sum(written) == 0

    asyncio.run(life())
