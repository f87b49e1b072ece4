"""Whose turn it is: who waits for whom, and what is relied on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from monitor.flow.turn import CLAIMS, TIMES, Handed, Turn
from monitor.ports import Receipt


class Way:
    """Writings that end when they are let; ``order`` is what happened. ``relied`` are the receipts that each was given."""

    def __init__(self, room: int = 10) -> None:
        self.turn = Turn(room)
        self.order: list[str] = []
        self.relied: dict[str, tuple[Receipt, ...]] = {}
        self.receipts: dict[str, Receipt] = {}
        self._may_end: dict[str, asyncio.Event] = {}

    async def source(self, name: str, *of: str, articles: int = 1, asks: bool = False, behind: bool = False) -> None:
        receipt, may_end = self.receipts.setdefault(name, Receipt()), self._may_end.setdefault(name, asyncio.Event())

        async def write(relies_on: tuple[Receipt, ...]) -> None:
            self.relied[name] = relies_on
            await may_end.wait()
            self.order.append(f"{name} written")

        async with self.turn.of_source(articles, behind=behind):
            if asks:
                await self.turn.settled(frozenset(of))
            self.order.append(name)
            writing = self.turn.hand_over(write, Handed(receipt, frozenset(of), frozenset(one for one in of if one[0] == name), articles))
        await writing

    async def person(self, name: str) -> None:
        async with self.turn:
            self.order.append(name)

    def end(self, name: str) -> None:
        self._may_end.setdefault(name, asyncio.Event()).set()


async def _moment() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def _live(way: Way, *doings: Callable[[Way], Awaitable[None]], ends: str) -> list[str]:
    """What happens when these come at once, and the writings end in this order."""

    async def life() -> None:
        tasks = [asyncio.ensure_future(doing(way)) for doing in doings]
        await _moment()
        for name in ends:
            way.end(name)
            await _moment()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)

    asyncio.run(life())
    return way.order


def test_what_tells_nobody_anything_waits_for_nobody() -> None:
    order = _live(Way(), lambda way: way.source("a", "s1"), lambda way: way.source("b", "s1"), lambda way: way.source("c"), ends="cab")
    assert order == ["a", "b", "c", "c written", "a written", "b written"]


def test_a_person_waits_for_all_that_is_under_way_and_nobody_goes_before() -> None:
    way = Way()
    order = _live(way, lambda way: way.source("a"), lambda way: way.person("ack"), lambda way: way.source("b"), ends="ab")
    assert order == ["a", "a written", "ack", "b", "b written"]
    assert way.turn.alone == 1


def test_a_person_has_had_the_turn_when_it_ends() -> None:
    """What others read while it lasts may be as it was before."""

    async def life() -> None:
        turn = Turn()
        async with turn:
            assert turn.alone == 0
        assert turn.alone == 1

    asyncio.run(life())


def test_who_asks_what_was_told_waits_for_what_speaks_of_the_same_alone() -> None:
    asks = [lambda way: way.source("q", "s1", asks=True)]
    order = _live(Way(), lambda way: way.source("a", "s1", "s3"), lambda way: way.source("b", "s2"), *asks, ends="abq")
    assert order == ["a", "b", "a written", "q", "b written", "q written"]


def test_there_is_room_for_so_many_articles_and_always_for_one_batch() -> None:
    full = _live(Way(room=10), lambda way: way.source("a", articles=8), lambda way: way.source("b", articles=3), ends="ab")
    assert full == ["a", "a written", "b", "b written"]
    large = _live(Way(room=10), lambda way: way.source("a", articles=900), ends="a")
    assert large == ["a", "a written"]


def test_what_was_refused_goes_behind_all_others() -> None:
    order = _live(Way(), lambda way: way.source("a"), lambda way: way.source("b"), lambda way: way.source("c", behind=True), ends="abc")
    assert order == ["a", "b", "a written", "b written", "c", "c written"]


def test_one_without_a_turn_waits_for_what_is_under_way_and_for_nothing_that_comes_later() -> None:
    way = Way()

    async def life() -> None:
        first, second = (asyncio.ensure_future(way.source(name)) for name in "ab")
        await _moment()
        past = asyncio.ensure_future(way.turn.past())
        await _moment()
        third = asyncio.ensure_future(way.source("c"))
        for name in "ab":
            await _moment()
            assert not past.done()
            way.end(name)
        await asyncio.wait_for(past, 10)
        assert way.order == ["a", "b", "c", "a written", "b written"]
        way.end("c")
        await asyncio.wait_for(asyncio.gather(first, second, third), 10)
        await way.turn.past()

    asyncio.run(life())


def test_what_goes_on_with_a_story_names_whoever_brings_what_it_began_with() -> None:
    way = Way()
    sources = [("a", "a1", "s9"), ("b", "b1", "s9"), ("c", "a1", "s9"), ("d", "s9")]
    _live(way, *(lambda way, one=one: way.source(*one) for one in sources), ends="abcd")  # type: ignore[misc]
    assert way.relied == {"a": (), "b": (), "c": (way.receipts["a"],), "d": ()}, "s9 was there before"


def test_also_where_its_writing_ended_while_the_next_one_chose() -> None:
    """It may have failed meanwhile, and what was chosen by it stands on nothing."""
    way = Way()
    _live(way, lambda way: way.source("a", "a1"), lambda way: way.source("b", "a1", asks=True), ends="ab")
    assert way.order == ["a", "a written", "b", "b written"]
    assert way.relied["b"] == (way.receipts["a"],)


def test_what_was_claimed_since_is_known_and_what_lies_far_back_is_forgotten() -> None:
    async def life() -> None:
        turn = Turn()

        async def write(relies_on: tuple[Receipt, ...]) -> None:
            pass

        async def claiming(*claims: str) -> None:
            async with turn.of_source(1):
                writing = turn.hand_over(write, Handed(Receipt(), frozenset(), frozenset(), 1, frozenset(claims)))
            await writing

        await claiming("a")
        since = turn.handed
        await claiming("b")
        await claiming("c", "d")
        asked = {name: turn.claimed(frozenset({name, "x"}), since) for name in "abcde"}
        assert asked == {"a": False, "b": True, "c": True, "d": True, "e": False}
        assert not turn.claimed(frozenset("abcd"), turn.handed)
        await claiming(*(f"{n}" for n in range(CLAIMS)))
        assert not turn.claimed(frozenset("b"), since)
        assert turn.claimed(frozenset("7"), since)
        for _ in range(TIMES):
            await claiming()
        assert not turn.claimed(frozenset("7"), since), "what brings nothing new is not kept for ever either"
        assert len(turn._claims) == TIMES
        assert not turn._claimed

    asyncio.run(life())


@pytest.mark.parametrize("who", ["person", "source"])
def test_who_gives_up_waiting_leaves_the_turn_to_the_next(who: str) -> None:
    async def life() -> list[str]:
        way = Way(room=1)
        first = asyncio.ensure_future(way.source("a"))
        await _moment()
        waits = asyncio.ensure_future(way.person("ack") if who == "person" else way.source("b"))
        await _moment()
        waits.cancel()
        await asyncio.wait({waits})
        last = asyncio.ensure_future(way.source("c"))
        way.end("a")
        way.end("c")
        await asyncio.wait_for(asyncio.gather(first, last), 10)
        return way.order

    assert asyncio.run(life()) == ["a", "a written", "c", "c written"]
