"""Stories merged and split by hand, over the real record: who is told what of it, and that each undoes the other."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import UsageError
from monitor.flow.alert_commands import AlertCommands
from monitor.flow.limits import LimitDesk
from monitor.flow.story_commands import StoryCommands
from monitor.model import Command, JsonObject, WatchlistFacts, Way, identity
from monitor.store import schema
from tests.fakes import FakeMeter, FakeOperations, watchlist_facts
from tests.flow.test_stories import NEWS, OUTLETS, RAISED, THREADED, VALID, House, item, live
from tests.story.articles import DRONES, MARKETS, RADARS, RADARS_RETOLD

Work = Callable[[House], Awaitable[None]]

#: Of DRONES' story; RADARS and DRONES both match "Marchenko", RADARS alone "stations", DRONES alone "engines".
DRONES_AGAIN = DRONES.replace("No price was named; the first batch", "The first batch")
ELSEWHERE = "A bridge over the river\n\nThe town of Harlow opened a bridge over its river on Friday, after four years of work.\n"
FIRST, LATER = identity("one", "a"), identity("two", "d")


def commands(house: House, *, facts: Mapping[str, WatchlistFacts] | None = None) -> StoryCommands:
    given = {name: watchlist_facts(name) for name in house.workers.words} if facts is None else facts
    return StoryCommands(
        house.store,
        house.stories,
        house.turn,
        facts=lambda: given,
        route=lambda about: (Way("log"),),
        clock=house.clock,
        wake=lambda: None,
        limits=LimitDesk(house.store, house.clock, FakeOperations(), lambda: given).limits,
    )


async def do(house: House, verb: str, **arguments: Any) -> JsonObject:
    house.clock.advance(60)
    return await commands(house).handlers()[f"stories.{verb}"](Command(f"stories.{verb}", arguments, "cli:alice"))


async def read_both(house: House) -> None:
    """Two stories that share one watchlist, each with one of its own."""
    house.workers.words = {"arms": "stations", "deals": "Marchenko", "engines": "engines"}
    await house.poll("one", item("a", RADARS))
    await house.poll("two", item("d", DRONES))
    assert await house.stories_by_key() == {"a": "a", "d": "d"}


async def alerts(house: House) -> dict[str, tuple[str, str, str, bool]]:
    """watchlist/article's key -> state, disposition, key of its story, whether it was merged away."""
    keys = dict(await house.rows(schema.article, "id", "key"))
    rows = await house.rows(schema.alert, "watchlist", "article", "state", "disposition", "story", "merged_into")
    return {f"{name}/{keys[article]}": (state, why, keys.get(story, story), bool(into)) for name, article, state, why, story, into in rows}


async def kinds(house: House) -> list[tuple[str, str]]:
    rows = await house.rows(schema.notification, "kind", "reason", "payload")
    for *_, payload in rows:
        VALID.validate(json.loads(payload))
    return sorted((kind, reason) for kind, reason, _ in rows if kind != "raised")


async def trail(house: House) -> list[tuple[str, str, str]]:
    return [row[1:] for row in await house.rows(schema.audit, "id", "actor", "action", "object") if row[1].startswith("cli")]


def test_merged_stories_are_one_and_the_duplicate_is_told(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await read_both(house)
        done = await do(house, "merge", story=LATER[:8], into=FIRST[:8], comment="one order")
        assert (done["story"], done["articles"], len(done["alerts"])) == (FIRST, 1, 1)
        assert await house.stories_by_key() == {"a": "a", "d": "a"}
        assert await alerts(house) == {
            "arms/a": ("open", "", "a", False),
            "deals/a": ("open", "", "a", False),
            "deals/d": ("closed", "duplicate", "d", True),
            "engines/d": ("open", "", "a", False),
        }
        assert await kinds(house) == [("closed", "merged")]
        assert await trail(house) == [("cli:alice", "alert merge", identity("deals", LATER)), ("cli:alice", "stories merge", LATER)]

        await house.poll("three", item("e", DRONES_AGAIN))
        assert (await house.stories_by_key())["e"] == "a", "what comes next joins the story that stayed"
        assert (await house.decisions("deals"))[-1] == THREADED, "and what the merged alert had told is told"
        with pytest.raises(UsageError, match="became part of"):
            await do(house, "merge", story=LATER, into=FIRST)

    live(tmp_path, work)


def test_a_merged_story_is_found_where_its_articles_are_now(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        async def shown(key: str) -> tuple[str, list[str]]:
            page = await house.store.story(names[key])
            assert page is not None
            return letters[page["id"]], [letters[id_] for id_ in page["merged"]]

        house.workers.words = {"deals": "Marchenko", "gossip": "river"}
        names = {key: identity(source, key) for source, key in (("one", "a"), ("two", "d"), ("three", "m"))}
        letters = {id_: key for key, id_ in names.items()}
        for source, key, text in (("one", "a", RADARS), ("two", "d", DRONES), ("three", "m", ELSEWHERE)):
            await house.poll(source, item(key, text))
        assert await house.stories_by_key() == {"a": "a", "d": "d", "m": "m"}

        await do(house, "merge", story=names["a"], into=names["d"])
        await do(house, "merge", story=names["d"], into=names["m"])
        assert [await shown(key) for key in "adm"] == [("m", ["a", "d"])] * 3
        with pytest.raises(UsageError, match=f"story {names['a'][:12]} became part of {names['m'][:12]}"):
            await do(house, "split", story=names["a"], articles=[names["a"]])

        await do(house, "split", story=names["m"], articles=[names["d"]])
        assert [await shown(key) for key in "adm"] == [("m", ["a"]), ("d", []), ("m", ["a"])]
        await do(house, "split", story=names["m"], articles=[names["a"]])
        assert [await shown(key) for key in "adm"] == [("a", []), ("d", []), ("m", [])]

    live(tmp_path, work)


def test_a_story_that_its_first_article_had_left_is_found_where_the_rest_went(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        house.workers.words = {"deals": "Marchenko"}
        await house.poll("one", item("a", RADARS))
        await house.poll("two", item("b", RADARS_RETOLD))
        await house.poll("three", item("d", DRONES))
        await do(house, "split", story=FIRST, articles=[FIRST])
        await do(house, "merge", story=FIRST, into=identity("three", "d"))
        page = await house.store.story(FIRST)
        assert page is not None
        assert (page["id"], page["merged"], page["articles"]) == (identity("three", "d"), [FIRST], 2)

    live(tmp_path, work)


@pytest.mark.parametrize("into", [False, True], ids=["stories.merge", "alerts.close into"])
@pytest.mark.parametrize("closed", ["stays", "both", "none"])
def test_an_open_alert_that_becomes_part_of_a_closed_one_is_not_closed_without_a_word(tmp_path: Path, closed: str, into: bool) -> None:
    async def work(house: House) -> None:
        await read_both(house)
        there, gone = identity("deals", FIRST), identity("deals", LATER)
        merge = commands(house).handlers()["stories.merge"]
        desk = AlertCommands(house.store, house.turn, clock=house.clock, meter=FakeMeter(), wake=lambda: None, merge=merge)

        async def close(ids: list[str], **arguments: str) -> JsonObject:
            return await desk.handlers()["alerts.close"](Command("alerts.close", {"ids": ids, **arguments}, "cli:alice"))

        for id_ in {"stays": [there], "both": [there, gone], "none": []}[closed]:
            await close([id_], disposition="not_relevant")
        done = await (close([gone], disposition="duplicate", into=there) if into else do(house, "merge", story=LATER, into=FIRST))
        (answer,) = done["alerts"]
        assert (answer["id"], answer["merged_into"]) == (gone, there)
        state, disposition = ("open", None) if closed == "none" else ("closed", "not_relevant")
        assert answer["part_of"] == {"id": there, "state": state, "disposition": disposition}
        assert answer.get("hint") == (f"monitor alerts reopen {there[:12]}" if closed == "stays" else None)

    live(tmp_path, work)


def test_a_split_undoes_a_merge(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await read_both(house)
        before = await alerts(house)
        await do(house, "merge", story=LATER, into=FIRST)
        done = await do(house, "split", story=FIRST, articles=[LATER])
        assert (done["story"], done["articles"]) == (LATER, 1)
        assert await house.stories_by_key() == {"a": "a", "d": "d"}
        assert await alerts(house) == before
        assert await kinds(house) == [("closed", "merged"), ("reopened", "by_hand")]
        await house.poll("three", item("e", DRONES_AGAIN))
        assert (await house.stories_by_key())["e"] == "d"
        assert (await house.decisions("deals"))[-1] == THREADED

    live(tmp_path, work)


def test_what_a_wrong_story_had_hidden_is_told_once_it_is_split(tmp_path: Path) -> None:
    """The second article joins the first one's story and says nothing new in it."""

    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        await house.poll("two", item("b", RADARS_RETOLD))
        await house.poll("three", item("c", RADARS))
        assert await house.decisions() == [RAISED, THREADED, THREADED]
        third = identity("three", "c")
        done = await do(house, "split", story=FIRST, articles=[identity("two", "b"), third])
        assert {alert["watchlist"]: alert.get("raised") for alert in done["alerts"]} == {"arms": True, "deals": True}
        assert await house.stories_by_key() == {"a": "a", "b": "b", "c": "b"}
        raised = await alerts(house)
        assert raised["arms/b"] == ("open", "", "b", False)
        assert raised["arms/a"] == ("open", "", "a", False)
        decisions = await house.decisions()
        assert decisions[1] == RAISED, "the article that was silent"
        assert decisions[2] in (NEWS, THREADED)

    live(tmp_path, work)


def test_what_a_split_raises_beyond_max_alerts_is_held(tmp_path: Path) -> None:
    """One of the two lists has raised as many as it may; both raise another."""

    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        await house.poll("two", item("b", RADARS_RETOLD))
        house.clock.advance(60)
        facts = {name: watchlist_facts(name) for name in house.workers.words}
        facts["arms"] = replace(facts["arms"], max_alerts=(1, 86_400.0))
        split = Command("stories.split", {"story": FIRST, "articles": [identity("two", "b")]}, "cli:alice")
        await commands(house, facts=facts).handlers()["stories.split"](split)
        keys = dict(await house.rows(schema.alert, "id", "watchlist"))
        notifications = dict(await house.rows(schema.notification, "id", "alert"))
        rows = await house.rows(schema.delivery, "notification", "state", "reason")
        told = Counter((keys[notifications[one]], state, reason) for one, state, reason in rows)
        assert told["arms", "held", "max_alerts:arms"] == 1
        assert not any(state == "held" for name, state, _ in told if name != "arms")
        assert sum(told.values()) == 4

    live(tmp_path, work)


def test_an_alert_goes_with_the_article_that_raised_it(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        await house.poll("two", item("b", RADARS_RETOLD))
        done = await do(house, "split", story=FIRST, articles=[FIRST])
        assert done["story"] not in {FIRST, identity("two", "b")}, "the story keeps its name, the article that began it gets another"
        places = dict(await house.rows(schema.story_article, "article", "story"))
        assert places == {FIRST: done["story"], identity("two", "b"): FIRST}
        rows = await house.rows(schema.alert, "watchlist", "article", "story")
        assert {(name, article): story for name, article, story in rows if name == "arms"} == {
            ("arms", FIRST): done["story"],
            ("arms", identity("two", "b")): FIRST,
        }

    live(tmp_path, work)


@pytest.mark.parametrize(
    ("verb", "arguments", "message"),
    [
        ("merge", {"story": "ffff", "into": "ffff"}, "no story whose id begins"),
        ("merge", {"story": FIRST, "into": FIRST}, "the same story"),
        ("merge", {"story": FIRST}, "needs the ids"),
        ("split", {"story": FIRST, "articles": [FIRST]}, "all articles"),
        ("split", {"story": FIRST, "articles": ["ffff"]}, "no article"),
        ("split", {"story": FIRST}, "needs the ids"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(tmp_path: Path, verb: str, arguments: dict[str, Any], message: str) -> None:
    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        with pytest.raises(UsageError, match=message):
            await do(house, verb, **arguments)
        assert await trail(house) == []

    live(tmp_path, work)


@pytest.mark.parametrize("seed", range(3))
def test_merging_and_splitting_back_changes_no_membership_and_no_alert(tmp_path: Path, seed: int) -> None:
    tales = [("a", RADARS), ("d", DRONES), ("b", RADARS_RETOLD), ("e", DRONES_AGAIN), ("m", MARKETS[0])]

    async def work(house: House) -> None:
        house.workers.words = {"arms": "stations", "deals": "Marchenko", "engines": "engines", "grain": "wheat"}
        for n, (key, text) in enumerate(random.Random(seed).sample(tales, len(tales))):
            await house.poll(OUTLETS[n % 4], item(key, text))
        for again in range(2):
            stories = sorted({story for _, story in await house.rows(schema.story_article, "article", "story")})
            one, other = random.Random(seed + again).sample(stories, 2)
            before, raised = await house.stories_by_key(), await alerts(house)
            members = [article for article, story in await house.rows(schema.story_article, "article", "story") if story == one]
            await do(house, "merge", story=one, into=other)
            await do(house, "split", story=other, articles=members)
            assert (await house.stories_by_key(), await alerts(house)) == (before, raised)

    live(tmp_path, work)


def test_a_merge_that_is_called_off_after_the_commit_is_done_to_the_end(tmp_path: Path) -> None:
    """What is in the record is so in memory: else the next article of the event would join a story that is no more."""

    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        for n in range(130):
            await house.poll("two", item(f"d{n}", DRONES))
        asked = asyncio.create_task(do(house, "merge", story=identity("two", "d0"), into=FIRST))
        while not await trail(house):
            await asyncio.sleep(0)
        asked.cancel()
        await asyncio.wait({asked})
        stories = {cluster.id: len(cluster.members) for cluster in house.stories._index.clusters.values()}
        assert stories == {FIRST: 131}
        assert set((await house.stories_by_key()).values()) == {"a"}

    live(tmp_path, work)
