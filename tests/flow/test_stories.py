"""Articles of several outlets through the ingester into the real record: one story, one alert, and nothing hidden."""

from __future__ import annotations

import asyncio
import json
import random
import re
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import jsonschema
import pytest
from sqlalchemy import select, update

from monitor.errors import StorageError, StorageFull
from monitor.flow.ingest import Ingester
from monitor.flow.outlets import outlet
from monitor.flow.stories import Placed, Stories
from monitor.flow.turn import Turn
from monitor.model import (
    Analysis,
    AnalysisFailed,
    Article,
    Document,
    Evidence,
    Fingerprint,
    Hit,
    JsonObject,
    Match,
    PollResult,
    Severity,
    SourceKind,
    SourceSpec,
    SourceState,
    Span,
    Stance,
    Way,
    ZoneKind,
    identity,
)
from monitor.ports import IngestBatch
from monitor.render.message import read
from monitor.render.schema import alert_schema
from monitor.store import SqlStore, check, files, schema
from monitor.story.joined import Joined, JoinKind
from monitor.text.fingerprint import fingerprint
from monitor.text.layout import lay_out
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeWorkers, watchlist_facts
from tests.story.articles import DRONES, MARKETS, RADARS, RADARS_RETOLD

T = TypeVar("T")

VALID = jsonschema.Draft202012Validator(alert_schema(), format_checker=jsonschema.FormatChecker())
OUTLETS = ("one", "two", "three", "four")
SPECS = {name: SourceSpec(name, SourceKind.FEED, f"https://{name}.example/feed", 900) for name in OUTLETS}
#: Cut and furnished as agencies' copies are.
COPY = "Home | World | Video\n\n" + RADARS.replace(" at distances of up to 600 kilometres", "").replace("late on Tuesday, ", "")


class Readers(FakeWorkers):
    """Finds the line with the word of a watchlist; an article has the fingerprint it has."""

    clause = "deal"

    def _analyse(self, document: Document) -> Analysis | AnalysisFailed:
        found = super()._analyse(document)
        if not isinstance(found, Analysis):
            return found
        layout = lay_out(document.text, document.title)
        said = fingerprint(document.text, layout)
        title = layout.title
        return replace(found, title=title, fingerprint=Fingerprint(said.data, "\n".join(said.words)))

    def _match(self, name: str, word: str, text: str, start: int) -> Match:
        passages = []
        for line in re.finditer(r"[^\n]+", text):
            at = line[0].find(word)
            if at >= 0:
                hit = Hit("deal", word, line.start() + at, line.start() + at + len(word), word)
                passages.append(Evidence(line.start(), line.end(), line[0], ZoneKind.BODY, self.stances[0], self.clause, (hit,)))
        return Match(name, f"version of {name}", self.severity, self.stances, tuple(passages))


class Refusing(SqlStore):
    """``refuses`` says of the n-th ingest, from 1, whether the disk is full."""

    asked = 0
    refuses: Callable[[int], bool] = staticmethod(lambda n: False)

    async def ingest(self, batch: IngestBatch) -> None:
        self.asked += 1
        if self.refuses(self.asked):
            raise StorageFull("the disk is full")
        await super().ingest(batch)


class RefusingLate(Refusing):
    """Finds out when others have decided since."""

    async def ingest(self, batch: IngestBatch) -> None:
        self.asked += 1
        if self.refuses(self.asked):
            for _ in range(5):
                await self.stats()
            raise StorageFull("the disk is full")
        await SqlStore.ingest(self, batch)


class House:
    """An ingester with stories over the real record."""

    def __init__(self, store: SqlStore, stories: Stories | None = None, *, spread: int = 0) -> None:
        self.store = store
        self.clock = FakeClock()
        self.workers = Readers({"arms": "stations", "deals": "Marchenko"})
        self.told: list[JsonObject] = []
        self.stories = stories or Stories(store, capacity=1_000, meter=FakeMeter())
        self.turn = Turn()
        self.ingester = Ingester(
            store,
            self.workers,
            route=lambda about: (Way("log"),),
            facts=lambda: {name: watchlist_facts(name) for name in self.workers.words},
            clock=self.clock,
            meter=FakeMeter(),
            operations=FakeOperations(self.clock),
            announce=self.announce,
            stories=self.stories,
            turn=self.turn,
            spread=spread,
        )

    def announce(self, document: JsonObject) -> None:
        VALID.validate(document)
        self.told.append(document)

    async def poll(self, source: str, *documents: Document) -> None:
        self.clock.advance(600)
        spec = SPECS[source]
        before = SourceState(source, START, last_success=START)
        await self.ingester.ingest(spec, before, replace(before, known=b"12345678"), PollResult(documents, {}))

    async def rows(self, table: Any, *columns: str) -> list[tuple[Any, ...]]:
        wanted = select(*(table.c[name] for name in columns)).order_by(*table.primary_key)
        return await self.store._database.read(lambda connection: [tuple(row) for row in connection.execute(wanted)])

    async def decisions(self, watchlist: str = "arms") -> list[tuple[str, str]]:
        found = await self.rows(schema.match, "watchlist", "decision", "reason")
        return [(decision, reason) for name, decision, reason in found if name == watchlist]

    async def stories_by_key(self) -> dict[str, str]:
        """Article's key -> the key of the article that began its story."""
        keys = dict(await self.rows(schema.article, "id", "key"))
        return {keys[article]: keys[story] for article, story in await self.rows(schema.story_article, "article", "story")}


def live(folder: Path, work: Callable[[House], Awaitable[T]], *, record: type[SqlStore] = SqlStore, **parts: Any) -> T:
    async def life() -> T:
        store = await record.open(folder)
        try:
            await store.sync_sources(list(SPECS.values()), START)
            await store.sync_sinks(["log"], START)
            return await work(House(store, **parts))
        finally:
            await store.close()

    done = asyncio.run(life())
    assert [finding.what for finding in check.check(folder / files.RECORD).findings] == [], "what is written is what a check expects"
    return done


def item(key: str, text: str, host: str = "", *, hours: float = 0) -> Document:
    title = text.partition("\n")[0]
    return Document("", key, text, Span(0, len(title)), f"https://{host or key}.example/{key}", START - timedelta(hours=2 - hours))


RAISED, THREADED, NEWS = ("raise", "first_match"), ("thread", "already_told"), ("update", "new_evidence")


def test_the_second_outlet_of_a_story_is_told_to_nobody_again(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        await house.poll("two", item("b", COPY))
        await house.poll("three", item("c", DRONES))
        assert await house.decisions() == [RAISED, THREADED]
        assert await house.stories_by_key() == {"a": "a", "b": "a", "c": "c"}
        ((outlets, notifications),) = await rows_of(house, "arms")
        assert (outlets, notifications) == (["a.example", "b.example"], 1)

    live(tmp_path, work)


async def rows_of(house: House, watchlist: str) -> list[tuple[Any, ...]]:
    found = await house.rows(schema.alert, "watchlist", "outlets", "notifications")
    return [(outlets, notifications) for name, outlets, notifications in found if name == watchlist]


def test_a_rewrite_that_says_something_new_updates_and_says_what(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        house.workers.stances = (Stance.DENIED,)
        await house.poll("two", item("b", RADARS_RETOLD))
        assert await house.decisions() == [RAISED, ("update", "stance_changed")]
        told = next(document for document in house.told if document["type"].endswith("updated"))["data"]
        assert told["change"]["new"]["stances"] == ["denied"]
        assert told["change"]["new"]["outlets"] == ["b.example"]
        assert told["change"]["since"] == "2025-05-01T12:10:00.000Z"
        assert (told["change"]["severity_before"], told["change"]["was"]) == ("high", {"state": "open"})
        story = told["story"]
        assert (story["articles"], story["outlets"], story["outlet_count"], story["languages"]) == (
            2,
            ["a.example", "b.example"],
            2,
            ["en"],
        )
        assert story["first_url"] == "https://a.example/a"
        assert story["joined"]["kind"] == "rewrite"
        assert story["joined"]["explain"].startswith(
            "shares with “Ukraine signs deal for Kolchuga radars with Zarechny plant” rare words: "
        )

    live(tmp_path, work)


class Merging(Stories):
    """Puts everything into the story that was begun first: the wrong join on purpose."""

    kind = JoinKind.REWRITE
    first = ""

    async def place(self, articles: Sequence[tuple[Article, Analysis | AnalysisFailed]], known: Mapping[str, str]) -> Placed:
        placed = await super().place(articles, known)
        self.first = self.first or placed.places[0].story  # type: ignore[union-attr]
        joined = Joined(self.kind, self.first, 0.9, 90).to_json()
        places = (place and replace(place, story=self.first, joined=joined) for place in placed.places)
        return replace(placed, places=tuple(places))


#: Two deals that are told alike: the same groups, clauses, stances and severity.
ARMED = "{who} buys stations\n\n{who} has bought {count} Kolchuga stations from Zarechny for {price} million euros, its ministry said.\n"
TEMPLATES = (
    ARMED.format(who="Ukraine", count=34, price=210),
    ARMED.format(who="Morocco", count=52, price=340),
)
REWRITES = (
    RADARS,
    "Harbour strike\n\nDockers in Mersin refused on Sunday to unload ground stations sent by a Libyan trader to rebels in the Sahel.\n",
)


@pytest.mark.parametrize(("kind", "texts"), [(JoinKind.NEAR_COPY, TEMPLATES), (JoinKind.REWRITE, REWRITES)], ids=["copies", "rewrites"])
def test_two_events_merged_on_purpose_are_both_told(tmp_path: Path, kind: JoinKind, texts: tuple[str, str]) -> None:
    async def work(house: House) -> None:
        forced = Merging(house.store, capacity=100, meter=FakeMeter())
        forced.kind = kind
        house.ingester._stories = forced
        await house.poll("one", item("a", texts[0]))
        await house.poll("two", item("b", texts[1]))
        assert set((await house.stories_by_key()).values()) == {"a"}
        assert await house.decisions() == [RAISED, NEWS]
        ((_, notifications),) = await rows_of(house, "arms")
        assert notifications == 2
        assert "passages" in house.told[-1]["data"]["change"]["new"]

    live(tmp_path, work)


def test_a_copy_and_a_plain_rewrite_are_told_once(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        await house.poll("two", item("b", COPY))
        await house.poll("three", item("c", RADARS_RETOLD))
        assert await house.decisions() == [RAISED, THREADED, THREADED]

    live(tmp_path, work)


@pytest.mark.parametrize("as_before", [False, True], ids=["record of now", "record of before"])
def test_a_clause_that_was_told_together_with_others_is_no_news_and_one_that_was_not_is_named(tmp_path: Path, as_before: bool) -> None:
    """Records of before hold the clauses of one sentence as one text."""

    async def work(house: House) -> None:
        house.workers.words = {"arms": "stations"}
        house.workers.clause = "deal OR buy NEAR/5 (radar OR station)"
        await house.poll("one", item("a", RADARS))
        ((told,),) = await house.rows(schema.alert, "told")
        assert told["clauses"] == ["buy NEAR/5 (radar OR station)", "deal"]
        if as_before:
            values = {"told": told | {"clauses": [house.workers.clause]}}
            await house.store._database.write(lambda connection: connection.execute(update(schema.alert).values(**values)))
        for clause, source, key in (("deal", "two", "b"), ("order OR deal", "three", "c")):
            house.workers.clause = clause
            await house.poll(source, item(key, COPY))
        assert await house.decisions() == [RAISED, THREADED, NEWS]
        assert house.told[-1]["data"]["change"]["new"]["clauses"] == ["order"]
        assert "found by another part of the query: order" in read(json.dumps(house.told[-1]).encode()).news

    live(tmp_path, work)


def test_two_articles_of_one_story_in_one_poll_raise_one_alert(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.poll(
            "one", item("a", RADARS), item("b", COPY + "\nPoland ordered 12 more stations in Gdynia on Friday.\n"), item("c", DRONES)
        )
        assert await house.decisions() == [RAISED, NEWS]
        alert = identity("arms", identity("one", "a"))
        ids = [document["id"] for document in house.told if document["subject"] == alert]
        assert ids == [identity(alert, "0"), identity(alert, "1")]

    live(tmp_path, work)


def test_two_sources_that_bring_one_story_at_the_same_moment_raise_one_alert(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await asyncio.gather(*(house.poll(name, item(f"{name}1", RADARS)) for name in OUTLETS))
        assert sorted(await house.decisions()) == [RAISED, THREADED, THREADED, THREADED]

    live(tmp_path, work)


def test_the_kth_outlet_is_told_once(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        for n, name in enumerate(OUTLETS):
            await house.poll(name, item(f"{name}1", COPY if n else RADARS))
        assert await house.decisions() == [RAISED, THREADED, ("update", "new_sources"), THREADED]
        assert house.told[-1]["data"]["story"]["outlet_count"] == 3

    live(tmp_path, work, spread=3)


# ------------------------------------------------------------------------------------------- edits
def test_an_edit_that_takes_back_what_was_told_corrects_it_once(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        withdrawn = RADARS.replace("stations", "posters").replace("Ukraine signs deal", "Correction: Ukraine prints posters")
        await house.poll("one", item("a", withdrawn))
        assert await house.decisions() == [RAISED, ("correct", "correction")]
        told = house.told[-1]["data"]
        assert house.told[-1]["type"] == "monitor.alert.corrected"
        assert told["article"]["title"].startswith("Ukraine signs deal")
        first = next(document for document in house.told if document["subject"] == house.told[-1]["subject"])["data"]
        assert (told["evidence"], told["article"]["text_hash"]) == (first["evidence"], first["article"]["text_hash"])
        assert told["correction"]["withdrawn"] is True
        assert told["correction"]["title"].startswith("Correction")
        assert told["correction"]["text_hash"] != told["article"]["text_hash"]

        await house.poll("one", item("a", withdrawn + "\nOne more line.\n"))
        assert len(await house.decisions()) == 2, "a second edit without a match says nothing"
        await house.poll("one", item("a", RADARS))
        assert house.told[-1]["type"] == "monitor.alert.updated", "now it says so again"
        await house.poll("one", item("a", withdrawn))
        assert house.told[-1]["type"] == "monitor.alert.corrected"
        numbers = [document["id"] for document in house.told if document["subject"] == house.told[-1]["subject"]]
        assert numbers == [identity(house.told[-1]["subject"], str(n)) for n in range(4)]

    live(tmp_path, work)


def test_what_was_withdrawn_is_news_when_another_says_it(tmp_path: Path) -> None:
    """People were told that it does not stand; who says it now must not be taken for who said it then."""

    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        await house.poll("one", item("a", RADARS.replace("stations", "sets")))
        assert house.told[-1]["data"]["correction"]["withdrawn"]
        await house.poll("two", item("b", COPY))
        await house.poll("three", item("c", COPY))
        assert set((await house.stories_by_key()).values()) == {"a"}
        assert await house.decisions() == [RAISED, ("correct", "correction"), NEWS, THREADED]

    live(tmp_path, work)


def test_who_still_reports_what_was_corrected_to_a_denial_is_heard(tmp_path: Path) -> None:
    """People are left with the denial: the next outlet that stands by it is told, and the one after it is not."""

    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        await house.poll("two", item("b", COPY))
        house.workers.stances = (Stance.DENIED,)
        await house.poll("one", item("a", RADARS.replace("Tuesday", "Tuesday, which Kyiv has denied since")))
        house.workers.stances = (Stance.REPORTED,)
        await house.poll("three", item("c", COPY))
        await house.poll("four", item("d", COPY))
        assert set((await house.stories_by_key()).values()) == {"a"}
        denied = ("update", "stance_changed")
        assert await house.decisions() == [RAISED, THREADED, denied, denied, THREADED]
        assert [told["data"]["change"]["new"]["stances"] for told in house.told if told["type"].endswith("updated")][-1] == ["reported"]

        house.workers.stances = (Stance.DENIED,)
        await house.poll("three", item("c", COPY.replace("Tuesday", "Tuesday, which Kyiv has denied since")))
        assert (await house.decisions())[-1] == ("correct", "correction"), "denied was told: another one takes it back"
        house.workers.stances = (Stance.REPORTED,)
        await house.poll("four", item("e", COPY))
        assert (await house.decisions())[-1] == denied, "and is contradicted again"

    live(tmp_path, work)


def test_an_edit_keeps_the_story_whatever_it_says(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        await house.poll("two", item("b", COPY))
        await house.poll("two", item("b", DRONES))
        assert await house.stories_by_key() == {"a": "a", "b": "a"}
        await house.poll("three", item("c", DRONES))
        assert (await house.stories_by_key())["c"] == "a", "and attracts by what it says now"

    live(tmp_path, work)


def test_news_reopens_a_closed_alert(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.poll("one", item("a", RADARS))
        closed = update(schema.alert).values(state="closed", disposition="false", comment="an advert", changed_by="cli:alice")
        await house.store._database.write(lambda connection: connection.execute(closed) and None)
        await house.poll("two", item("b", COPY))
        assert await house.decisions() == [RAISED, THREADED]
        house.workers.severity = Severity.CRITICAL
        await house.poll("three", item("c", RADARS_RETOLD))
        assert (await house.decisions())[-1] == ("reopen", "severity_raised")
        told = house.told[-1]
        assert told["type"] == "monitor.alert.reopened"
        assert told["data"]["alert"]["state"] == "open"
        assert told["data"]["change"]["was"] == {
            "state": "closed",
            "changed_by": "cli:alice",
            "disposition": "false",
            "comment": "an advert",
        }
        states = set(await house.rows(schema.alert, "state", "disposition", "comment", "changed_by"))
        assert states == {("open", "", "", "")}

    live(tmp_path, work)


# ------------------------------------------------------------------------------ what goes wrong between
TALES = [("a", RADARS), ("m1", MARKETS[0]), ("b", COPY), ("d", DRONES), ("c", RADARS_RETOLD), ("m2", MARKETS[1]), ("e", DRONES[:700])]


async def _read(house: House, tales: Sequence[tuple[str, str]]) -> None:
    for n, (key, text) in enumerate(tales):
        document, name = item(key, text, hours=n / 10), OUTLETS[n % len(OUTLETS)]
        try:
            await house.poll(name, document)
        except StorageFull:
            await house.poll(name, document)


def test_a_refused_transaction_leaves_no_trace_in_the_stories(tmp_path: Path) -> None:
    async def work(house: House) -> dict[str, str]:
        await _read(house, TALES)
        return await house.stories_by_key()

    refusing = type("EveryThird", (Refusing,), {"refuses": staticmethod(lambda n: n % 3 == 1)})
    assert live(tmp_path / "refusing", work, record=refusing) == live(tmp_path / "plain", work)


@pytest.mark.parametrize("refused", range(5))
def test_what_joined_a_story_that_did_not_get_there_is_decided_anew(tmp_path: Path, refused: int) -> None:
    """All at once, and nobody waits for the others' commits: copies and rewrites that tell somebody something or not."""
    for word in ("stations", "nothing of this"):

        async def work(house: House, word: str = word) -> None:
            house.workers.words = {"arms": word}
            coming = [item(f"{name}{n}", text) for name in OUTLETS[:2] for n, (_, text) in enumerate(TALES)]
            polls = [house.poll(OUTLETS[n % 4], document) for n, document in enumerate(coming)]
            answers = await asyncio.gather(*polls, return_exceptions=True)
            failed = [n for n, answer in enumerate(answers) if answer is not None]
            assert [type(answers[n]) for n in failed] == [StorageFull] * len(failed)
            assert len(failed) == (refused > 0)
            stories = await house.stories_by_key()
            assert all(stories[story] == story for story in stories.values()), "the article that began a story is in it"
            for n in failed:
                await house.poll(OUTLETS[n % 4], coming[n])
            stories = await house.stories_by_key()
            assert set(stories) == {document.key for document in coming}
            assert all(stories[story] == story for story in stories.values())
            raised = [decision for decision in await house.decisions() if decision == RAISED]
            matched = dict(await house.rows(schema.match, "article", "story"))
            assert len(raised) == len(set(matched.values()))

        refusing = type("One", (RefusingLate,), {"refuses": staticmethod(lambda n: n == refused)})
        live(tmp_path / word, work, record=refusing)


class Slow(SqlStore):
    """Commits when it is let: ``began`` is set in the middle of the first that waits."""

    def hold(self) -> None:
        self.began, self._go = threading.Event(), threading.Event()
        engine = self._database._writer_engine
        assert engine is not None

        def commit(connection: sqlite3.Connection) -> None:
            self.began.set()
            self._go.wait(30)
            connection.commit()

        engine.dialect.do_commit = commit  # type: ignore[method-assign, assignment]

    def let_go(self) -> None:
        self._go.set()


async def _until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not seen():
            await asyncio.sleep(0.001)


def test_a_poll_that_is_given_up_in_its_commit_leaves_when_memory_says_what_the_record_says(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        assert isinstance(house.store, Slow)
        house.store.hold()
        poll = asyncio.create_task(house.poll("two", item("a", RADARS)))
        await _until(house.store.began.is_set)
        poll.cancel()
        await asyncio.sleep(0.01)
        assert not poll.done()
        house.store.let_go()
        await asyncio.wait({poll})
        assert poll.cancelled()
        await house.poll("three", item("b", COPY))
        assert await house.stories_by_key() == {"a": "a", "b": "a"}
        assert await house.decisions() == [RAISED, THREADED]

    live(tmp_path, work, record=Slow)


def test_a_poll_that_is_given_up_before_its_writing_began_leaves_no_story_of_nothing(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        house.workers.words = {}
        poll = asyncio.create_task(house.poll("one", item("a", RADARS)))
        await _until(lambda: house.turn.handed > 0)  # this very round of the loop, or the next
        poll.cancel()
        await asyncio.wait({poll})
        await house.poll("two", item("b", COPY))
        stories = await house.stories_by_key()
        assert all(stories[story] == story for story in stories.values())

    live(tmp_path, work)


def test_a_story_whose_commit_failed_is_joined_by_nothing_that_was_decided_since(tmp_path: Path) -> None:
    """The writer is told on its own thread, before it carries out what waits behind: the event loop may be busy."""

    async def work(house: House) -> None:
        house.workers.words = {}
        hold = threading.Event()
        engine = house.store._database._writer_engine
        assert engine is not None

        def commit(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM article WHERE key = 'a'").fetchone():
                connection.rollback()  # as SQLite does
                raise sqlite3.OperationalError("disk I/O error")
            connection.commit()

        engine.dialect.do_commit = commit  # type: ignore[method-assign, assignment]
        writer = house.store._database._writer
        assert writer is not None
        holding = threading.Event()
        writer.submit(lambda connection: (holding.set(), hold.wait(30)))
        await _until(holding.is_set)  # it has a transaction of its own
        polls = [asyncio.create_task(house.poll(name, item(key, text))) for name, key, text in (("one", "a", RADARS), ("two", "b", COPY))]
        await _until(lambda: writer._queue.qsize() == 2)
        hold.set()
        ends = time.monotonic() + 0.3
        while time.monotonic() < ends:  # nobody hears of a failure meanwhile
            pass
        first, second = await asyncio.gather(*polls, return_exceptions=True)
        assert isinstance(first, StorageError)
        assert second is None
        assert await house.stories_by_key() == {"b": "b"}

    live(tmp_path, work)


@pytest.mark.parametrize("at", range(1, len(TALES)))
def test_a_restart_between_two_polls_changes_no_story(tmp_path: Path, at: int) -> None:
    async def begin(house: House) -> None:
        await _read(house, TALES[:at])

    async def go_on(house: House) -> dict[str, str]:
        await house.stories.start(house.turn)  # what comes meanwhile waits
        await _read(house, TALES[at:])
        await house.stories.close()
        return await house.stories_by_key()

    async def whole(house: House) -> dict[str, str]:
        await _read(house, TALES)
        return await house.stories_by_key()

    live(tmp_path / "parts", begin)
    assert live(tmp_path / "parts", go_on) == live(tmp_path / "whole", whole)


def test_in_whatever_order_they_come_every_event_is_told(tmp_path: Path) -> None:
    for n in range(4):
        tales = random.Random(n).sample(TALES, len(TALES))

        async def work(house: House, tales: Sequence[tuple[str, str]] = tales) -> None:
            house.workers.words = {"arms": "stations", "grain": "wheat", "engines": "engines"}
            await _read(house, tales)
            for watchlist in house.workers.words:
                decisions = await house.decisions(watchlist)
                assert decisions[0] == RAISED
            weeks = [json.dumps(document) for document in house.told if document["source"].endswith("grain")]
            assert all(any(f"week {week}" in told for told in weeks) for week in (11, 12)), "two weeks are two events"

        live(tmp_path / str(n), work)


def test_whose_news_it_is() -> None:
    def of(url: str) -> str:
        return outlet(Article("1", "wire", "k", url, "t", "en", None, START, "0"))

    assert of("https://www.Example.org/a") == "example.org"
    assert of("http://m.example.org/a?utm_source=x") == "example.org"
    assert of("https://m.org/") == "m.org"
    assert of("") == of("file:///tmp/a") == of("https://[broken") == "wire"
