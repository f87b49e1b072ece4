"""Any order of merges, splits and news over the real record: whatever matched has one alert that lives, and nothing blocks a source."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import update

from monitor.model import JsonObject, identity
from monitor.store import SqlStore, check, files, schema
from tests.fakes import START
from tests.flow.test_stories import SPECS, House, item, live
from tests.flow.test_story_commands import FIRST, LATER, do, read_both

T = TypeVar("T")

ARTICLES = 4


def event(n: int) -> str:
    """One of events that share no word but those of the watchlists: "Marchenko" of all, "stations" of every second."""
    said = random.Random(n)

    def words(count: int) -> str:
        return " ".join("".join(said.choice("abcdefghiklmnoprstu") for _ in range(7)) for _ in range(count))

    told = f"{words(3)}\n\n{words(60)}.\nMarchenko spoke of {words(2)} there.\n"
    return told + (f"The stations of {words(1)} were {words(1)}.\n" if n % 2 else "")


def copy_of(n: int, cut: int = 0) -> str:
    words = event(n).split(" ")
    del words[5 + cut % 3 : 8 + cut % 3]
    return "Home | World | Video\n\n" + " ".join(words)


async def check_house(house: House) -> None:
    """Every matched article's story has exactly one alert of that watchlist that lives; what was merged away stands behind that of the
    story its article is in; what is decided as told was told, and each article is raised under one alert, once."""
    place = dict(await house.rows(schema.story_article, "article", "story"))
    rows = await house.rows(schema.alert, "id", "watchlist", "story", "article", "merged_into")
    living = Counter((watchlist, story) for _, watchlist, story, _, into in rows if not into)
    assert set(living.values()) <= {1}
    texts = dict(await house.rows(schema.article, "id", "text_hash"))
    matches = await house.rows(schema.match, "article", "watchlist", "story", "text_hash", "decision", "notification")
    told = {id_ for (id_,) in await house.rows(schema.notification, "id")}
    for article, watchlist, story, text_hash, decision, notification in matches:
        assert story == place[article]
        assert text_hash != texts[article] or living[watchlist, story] == 1, f"{article} matches {watchlist} and nobody hears of it"
        assert (decision in {"raise", "update", "reopen", "correct"}) == (notification in told)
    places = {id_: (watchlist, story) for id_, watchlist, story, *_ in rows}
    ends = {id_: into for id_, *_, into in rows}
    for id_, watchlist, _, article, _ in rows:
        end = id_
        while ends[end]:
            end = ends[end]
        assert places[end] == (watchlist, place[article])
    raised = Counter(
        (document["data"]["watchlist"]["id"], document["data"]["article"]["id"]) for document in house.told if _is_raised(document)
    )
    assert set(raised.values()) <= {1}


def _is_raised(document: JsonObject) -> bool:
    return str(document["type"]).endswith("alert.raised")


class StoryMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="stories"))
        self.runner = asyncio.Runner()
        self.copies = 0
        self.members: dict[str, list[str]] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        self.run(self._open())

    async def _open(self) -> None:
        self.store = await SqlStore.open(self.folder)
        await self.store.sync_sources(list(SPECS.values()), START)
        await self.store.sync_sinks(["log"], START)
        self.house = House(self.store)
        self.house.workers.words = {"arms": "stations", "deals": "Marchenko"}
        await self.house.poll("one", *(item(f"k{n}", event(n)) for n in range(ARTICLES)))
        await self._read()

    def teardown(self) -> None:
        try:
            if self.members:
                for n in range(ARTICLES):
                    self.copy(n)
                self.run(check_house(self.house))
                self.run(self.store.close())
                assert [finding.what for finding in check.check(self.folder / files.RECORD).findings] == []
        finally:
            self.runner.close()
            shutil.rmtree(self.folder)

    async def _read(self) -> None:
        members = defaultdict(list)
        for article, story in await self.house.rows(schema.story_article, "article", "story"):
            members[story].append(article)
        self.members = {story: sorted(articles) for story, articles in sorted(members.items())}

    async def _do(self, verb: str, **arguments: Any) -> None:
        await do(self.house, verb, **arguments)
        await self._read()

    @precondition(lambda self: len(self.members) > 1)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        story, into = data.draw(st.lists(st.sampled_from(list(self.members)), min_size=2, max_size=2, unique=True))
        self.run(self._do("merge", story=story, into=into))

    @precondition(lambda self: any(len(articles) > 1 for articles in self.members.values()))
    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        story = data.draw(st.sampled_from([story for story, articles in self.members.items() if len(articles) > 1]))
        articles = self.members[story]
        leaving = data.draw(st.lists(st.sampled_from(articles), min_size=1, max_size=len(articles) - 1, unique=True))
        self.run(self._do("split", story=story, articles=leaving))

    @precondition(lambda self: len(self.members) > 1)
    @rule(data=st.data())
    def merge_and_undo(self, data: st.DataObject) -> None:
        story, into = data.draw(st.lists(st.sampled_from(list(self.members)), min_size=2, max_size=2, unique=True))
        before = self.run(self._standing())
        leaving = self.members[story]
        self.run(self._do("merge", story=story, into=into))
        self.run(self._do("split", story=into, articles=leaving))
        assert self.run(self._standing()) == before

    async def _standing(self) -> tuple[set[frozenset[str]], list[tuple[Any, ...]]]:
        """Which articles are together, and the alerts; what a story is called may differ."""
        rows = await self.house.rows(schema.alert, "id", "state", "merged_into")
        return {frozenset(articles) for articles in self.members.values()}, rows

    @rule(n=st.integers(0, ARTICLES - 1))
    def copy(self, n: int) -> None:
        """It is ingested, whatever was done to the story of the article."""
        self.copies += 1
        key = f"c{self.copies}"
        self.run(self.house.poll("two", item(key, copy_of(n, self.copies), host=key)))
        self.run(self._read())
        assert identity("two", key) in {article for articles in self.members.values() for article in articles}

    @rule(n=st.integers(0, ARTICLES - 1), more=st.integers(100, 104))
    def edit(self, n: int, more: int) -> None:
        self.run(self.house.poll("one", item(f"k{n}", event(n) + event(more))))

    @invariant()
    def one_alert_lives_for_whatever_matched(self) -> None:
        if self.members:
            self.run(check_house(self.house))


StoryMachine.TestCase.settings = settings(max_examples=8, stateful_step_count=8, suppress_health_check=[HealthCheck.too_slow])
TestStoryMachine = StoryMachine.TestCase


# ------------------------------------------------------------------------------- what it began with
async def read(house: House, count: int = 3) -> list[str]:
    """Events of one watchlist; their ids."""
    house.workers.words = {"deals": "Marchenko"}
    for n in range(count):
        await house.poll("one", item(f"k{n}", event(n)))
    return [identity("one", f"k{n}") for n in range(count)]


async def states(house: House) -> dict[str, tuple[str, str]]:
    """Key of the article that raised it -> state, and the key of the article whose alert it became part of."""
    keys = dict(await house.rows(schema.article, "id", "key"))
    rows = await house.rows(schema.alert, "id", "article", "state", "merged_into")
    by_alert = {id_: keys[article] for id_, article, *_ in rows}
    return {keys[article]: (state, by_alert.get(into, "")) for _, article, state, into in rows}


def test_what_was_merged_twice_lives_again_when_it_is_split(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        x, y, z = await read(house)
        await do(house, "merge", story=x, into=y)
        await do(house, "merge", story=y, into=z)
        before = len(await house.rows(schema.notification, "id"))
        (answer,) = (await do(house, "split", story=z, articles=[x]))["alerts"]
        assert (answer["id"], answer["state"], answer.get("raised")) == (identity("deals", x), "open", None)
        assert await states(house) == {"k0": ("open", ""), "k1": ("closed", "k2"), "k2": ("open", "")}
        assert len(await house.rows(schema.notification, "id")) == before + 1
        await house.poll("two", item("copy", copy_of(0), host="copy"), item("else", event(30), host="else"))
        assert {identity("two", "copy"), identity("two", "else")} <= set(dict(await house.rows(schema.article, "id", "key")))
        await house.poll("one", item("k0", event(0) + "Marchenko denied it all and left for Minsk.\n"))
        assert house.told[-1]["type"] == "monitor.alert.updated"
        await check_house(house)

    live(tmp_path, work)


def test_the_last_merge_is_undone_first(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        x, y, z = await read(house)
        await do(house, "merge", story=x, into=y)
        await do(house, "merge", story=y, into=z)
        await do(house, "split", story=z, articles=[x, y])
        assert await states(house) == {"k0": ("closed", "k1"), "k1": ("open", ""), "k2": ("open", "")}

    live(tmp_path, work)


def test_of_two_that_leave_what_they_were_merged_with_the_older_lives(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        first, second, third = await read(house)
        await do(house, "merge", story=first, into=second)
        await do(house, "merge", story=third, into=second)
        await do(house, "split", story=second, articles=[first, third])
        assert await states(house) == {"k0": ("open", ""), "k1": ("open", ""), "k2": ("closed", "k0")}
        await check_house(house)

    live(tmp_path, work)


def test_what_stays_lives_again_when_the_one_that_stood_for_it_leaves(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await read_both(house)
        await do(house, "merge", story=LATER, into=FIRST)
        await do(house, "split", story=FIRST, articles=[FIRST])
        rows = await house.rows(schema.alert, "article", "watchlist", "state", "merged_into")
        assert {(article, state, into) for article, watchlist, state, into in rows if watchlist == "deals"} == {
            (FIRST, "open", ""),
            (LATER, "open", ""),
        }

    live(tmp_path, work)


# ------------------------------------------------------------------- a record that was left in pieces
async def put_away(house: House, article: str, into: str) -> None:
    """Merged away on paper only: the article still is in its own story, as splits once left it."""
    values = {"merged_into": identity("deals", into), "state": "closed", "disposition": "duplicate"}
    changed = update(schema.alert).where(schema.alert.c.id == identity("deals", article)).values(values)
    await house.store._database.write(lambda connection: connection.execute(changed))


@pytest.mark.parametrize("edited", [False, True])
def test_an_alert_merged_away_whose_article_is_alone_is_reopened_by_what_is_told(tmp_path: Path, edited: bool) -> None:
    async def work(house: House) -> None:
        x, y = await read(house, 2)
        await put_away(house, x, y)
        before = len(house.told)
        if edited:
            await house.poll("one", item("k0", event(0) + "Marchenko denied it all and left for Minsk.\n"))
        else:
            await house.poll("two", item("copy", copy_of(0), host="copy"), item("else", event(30), host="else"))
            assert identity("two", "else") in dict(await house.rows(schema.article, "id", "key"))
        reopened = house.told[before]
        assert (reopened["type"], reopened["subject"]) == ("monitor.alert.reopened", identity("deals", x))
        assert (await states(house))["k0"] == ("open", "")
        await check_house(house)

    live(tmp_path, work)


def test_an_alert_merged_away_makes_way_for_one_that_is_raised(tmp_path: Path) -> None:
    """It stands in the place of a story that its article has left."""

    async def work(house: House) -> None:
        x, y = await read(house, 2)
        await put_away(house, x, y)
        # What is moved takes its matches with it.
        moves = [update(table).where(table.c.article == x).values(story=y) for table in (schema.story_article, schema.match)]
        await house.store._database.write(lambda connection: [connection.execute(move) for move in moves])
        before = len(house.told)
        await house.poll("two", item("copy", copy_of(0), host="copy"))
        assert (await house.stories_by_key())["copy"] == "k0"
        assert [document["type"] for document in house.told[before:]] == ["monitor.alert.raised"]
        assert await states(house) == {"k0": ("closed", "k1"), "k1": ("open", ""), "copy": ("open", "")}

    live(tmp_path, work)
