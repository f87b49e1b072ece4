"""Silences on the real record: what they mute, how they end, what is said of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.flow.commands import Commander
from monitor.flow.route import About
from monitor.flow.silence_commands import SilenceCommands
from monitor.flow.silence_rules import MATCHERS, active, conditions, end_of, matchers, muted_by
from monitor.flow.silences import IDLE, LOOK, SilenceDesk
from monitor.flow.turn import Turn
from monitor.model import Alert, AlertState, Command, DecisionKind, JsonObject, Mode, Reason, Severity, Silence, Story, WatchlistFacts, Way
from monitor.ports import Decided, IngestArticle
from monitor.render.digest import MEMBERS
from monitor.render.message import read
from monitor.render.said import of_member
from monitor.render.schema import digest_schema
from monitor.store import SqlStore
from tests.fakes import FakeClock, FakeOperations
from tests.store.builders import NOW, article, batch, found, item, later, quiet, raised

FACTS = WatchlistFacts("arms", "v1", "Arms transfer", "", "desk", Severity.HIGH, {"topic": "proliferation"}, Mode.LIVE)


def about(*, source: str = "samples", story: str = "s", group: str = "deal", seconds: float = 0.0) -> About:
    a, match = article("a", source=source), found(group=group)
    alert = Alert("x", "arms", story, match.severity, AlertState.OPEN, FACTS.labels, NOW, NOW)
    return About(FACTS, match.severity, a, match, alert, Story(story, a.id), later(seconds))


def silence(id_: str = "00000001", *, starts: float = 0.0, ends: float = 3600.0, **matchers_: tuple[str, ...]) -> Silence:
    return Silence(id_, matchers_ or {"watchlist": ("arms",)}, "cli:alice", "because", NOW, later(starts), later(ends))


# ---------------------------------------------------------------------------------------------- rules
@pytest.mark.parametrize(
    ("matcher", "holds"),
    [
        ({"watchlist": ["arms"]}, True),
        ({"watchlist": ["other"]}, False),
        ({"watchlist": ["other", "arms"]}, True),
        ({"watchlist": ["arms"], "source": ["elsewhere"]}, False),
        ({"story": ["s"]}, True),
        ({"term": ["صفقة"]}, True),
        ({"term": ["سلاح"]}, False),
        ({"entity": ["RU"]}, True),
        ({"entity": ["موسكو"]}, True),
        ({"label": ["topic=proliferation"]}, True),
        ({"label": ["country=EG"]}, True),
        ({"label": ["country=IR"]}, False),
        ({"severity": ["high"], "stance": ["planned"], "language": ["ar"], "owner": ["desk"]}, True),
        ({"severity": ["low"]}, False),
    ],
)
def test_each_matcher_holds_of_what_it_names(matcher: dict[str, object], holds: bool) -> None:
    assert conditions(matchers(matcher)).hold(about()) is holds


@pytest.mark.parametrize(
    ("matcher", "said"),
    [
        ({}, "at least one matcher"),
        ({"colour": ["red"]}, "no matcher 'colour'"),
        ({"watchlist": "arms"}, "needs text"),
        ({"watchlist": [" "]}, "needs text"),
        ({"label": ["topic"]}, "KEY=VALUE"),
        ({"severity": ["grave"]}, "is not known"),
    ],
)
def test_a_wrong_matcher_is_refused_in_words(matcher: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        matchers(matcher)
    assert said in f"{caught.value.message} {caught.value.hint}"


@given(starts=st.integers(-100, 100), length=st.integers(1, 100), expired=st.none() | st.integers(-100, 300), at=st.integers(-200, 300))
def test_a_silence_mutes_from_its_start_until_its_end(starts: int, length: int, expired: int | None, at: int) -> None:
    one = replace(silence(starts=starts, ends=starts + length), expired=None if expired is None else later(expired))
    inside = starts <= at < min(starts + length, starts + length if expired is None else expired)
    assert active(one, later(at)) is inside
    muting = muted_by([(one, conditions(one.matchers))], about(seconds=at))
    assert (muting is one) is inside


def test_of_several_the_one_that_ends_first_is_named() -> None:
    long, short, other = silence("a", ends=7200), silence("b", ends=60), silence("c", ends=10, watchlist=("other",))
    found_ = muted_by([(one, conditions(one.matchers)) for one in (long, short, other)], about())
    assert found_ is short
    assert end_of(short) == later(60)


# ------------------------------------------------------------------------------------- on the record
class House:
    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.clock = FakeClock(NOW)
        self.operations = FakeOperations(self.clock)
        self.woken = 0
        self.turn = Turn()
        self.desk = SilenceDesk(store, self.clock, self.operations, lambda: {"arms": FACTS}, self._route, self._wake, self.turn)
        self.commander = Commander(SilenceCommands(store, self.desk, self.clock))

    def _wake(self) -> None:
        self.woken += 1

    def _route(self, one: About) -> tuple[Way, ...]:
        return (Way("log", "routes[0]"), Way("desk", "routes[1]")) if one.severity is Severity.HIGH else (Way("log", "routes[0]"),)

    async def do(self, name: str, **arguments: Any) -> JsonObject:
        return await self.commander.perform(Command(f"silences.{name}", arguments, "cli:alice"))

    async def add(self, **arguments: Any) -> str:
        asked = {"matchers": {"watchlist": ["arms"]}, "ends": later(3600).isoformat(), "comment": "because", **arguments}
        return str((await self.do("add", **asked))["silence"]["id"])

    async def mute(self, *keys: str, by: str, severity: Severity = Severity.HIGH) -> None:
        """Articles that this silence mutes are committed."""
        await self.store.ingest(batch(*(self._muted(key, by, severity) for key in keys), now=self.clock.now()))

    def _muted(self, key: str, by: str, severity: Severity) -> IngestArticle:
        a = article(key)
        one = quiet(a, found(severity=severity), DecisionKind.QUIET, Reason.SILENCED)
        return item(a, Decided(one.match, replace(one.decision, by=by), one.story))

    async def tick(self, seconds: float = LOOK) -> None:
        self.clock.advance(seconds)
        await self.desk.tick()

    async def told(self) -> list[JsonObject]:
        return [one["document"] for one in await self.store.follow(0, 100)]


def in_house(folder: Path, work: Callable[[House], Awaitable[None]], *, record: type[SqlStore] = SqlStore) -> None:
    async def life() -> None:
        store = await record.open(folder)
        try:
            await store.sync_sinks(["log", "desk"], NOW)
            house = House(store)
            await house.desk.restore()
            await work(house)
        finally:
            await store.close()

    asyncio.run(life())


def test_what_it_muted_is_summed_up_once_when_it_ends(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        id_ = await house.add()
        assert house.desk.muted_by(about()) is not None
        await house.mute("a", "b", by=id_)
        await house.mute("c", by=id_, severity=Severity.LOW)
        await house.tick()
        assert await house.told() == []
        [listed] = (await house.do("list"))["silences"]
        assert (listed["muted"], listed["state"]) == (3, "active")
        await house.tick(3600)
        documents = await house.told()
        assert [document["subject"] for document in documents] == [f"silence:{id_}"] * 2
        counts = sorted(document["data"]["digest"]["count"] for document in documents)
        assert counts == [2, 3]  # the desk is told of grave ones only
        whole = next(document["data"]["digest"] for document in documents if document["data"]["digest"]["count"] == 3)
        assert "because (alice)" in whole["text"]
        assert [member["severity"] for member in whole["members"]] == ["high", "high", "low"]
        first = whole["members"][0]
        assert (first["watchlist"], first["outlet"], first["url"], first["why"]) == ("arms", "example.org", article("a").url, "PLANNED")
        assert first["alert"] == ""  # what is muted raises none
        assert first["article"] == article("a").id
        [entry, *_] = read(json.dumps(next(each for each in documents if each["data"]["digest"] is whole)).encode()).members
        assert of_member(entry).endswith(f" · article {article('a').id[:12]}"), "what monitor why is asked about"
        jsonschema.Draft202012Validator(digest_schema()).validate(documents[0])
        assert house.woken == 1
        for _ in range(3):
            await house.tick()
        again = SilenceDesk(house.store, house.clock, house.operations, dict, lambda _: (Way("log"),))
        await again.restore()
        house.clock.advance(LOOK)
        await again.tick()
        assert len(await house.told()) == 2
        assert house.desk.muted_by(about(seconds=1)) is None

    in_house(tmp_path, work)


class Slow(SqlStore):
    """One reading of the silences takes its time to come back."""

    gate: asyncio.Event | None = None

    async def silences(self, *arguments: Any, **conditions: Any) -> Sequence[Silence]:
        gate, self.gate = self.gate, None
        found = await super().silences(*arguments, **conditions)
        if gate is not None:
            await gate.wait()
        return found


def test_a_silence_that_is_made_while_the_others_are_read_is_in_force_at_once(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        assert isinstance(house.store, Slow)
        await house.add()
        gate = house.store.gate = asyncio.Event()
        tick = asyncio.create_task(house.tick())
        while house.store.gate is not None:
            await asyncio.sleep(0)
        made = asyncio.create_task(house.add())
        for _ in range(50):  # in which it is read by whoever does not wait for the other
            await house.store.silences(house.clock.now())
        gate.set()
        await asyncio.gather(tick, made)
        assert made.result() in {one.id for one in house.desk.in_force()}

    in_house(tmp_path, work, record=Slow)


def test_what_was_muted_in_its_last_moment_is_summed_up(tmp_path: Path) -> None:
    """It was decided before the end, and is committed after it."""

    async def work(house: House) -> None:
        id_ = await house.add()
        await house.mute("a", by=id_)
        async with house.turn:
            tick = asyncio.create_task(house.tick(3600))
            await house.store.muted(id_, 10)
            await house.mute("b", by=id_)
            assert not tick.done()
        await tick
        assert {document["data"]["digest"]["count"] for document in await house.told()} == {2}

    in_house(tmp_path, work)


def test_the_gravest_of_many_stand_at_the_head_of_a_summary(tmp_path: Path) -> None:
    """A digest lists a hundred: noise that came first must not hide what mattered."""

    async def work(house: House) -> None:
        id_ = await house.add()
        await house.mute(*(f"noise{n}" for n in range(MEMBERS)), by=id_, severity=Severity.LOW)
        await house.mute("grave", by=id_, severity=Severity.CRITICAL)
        assert [one.match.severity for one in await house.store.muted(id_, 1)] == [Severity.CRITICAL]
        await house.tick(3600)
        [whole] = [document["data"]["digest"] for document in await house.told()]
        assert whole["count"] == MEMBERS + 1
        assert whole["members"][0]["severity"] == "critical"

    in_house(tmp_path, work)


def test_a_person_ends_it_before_its_time_and_the_trail_says_who(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        id_ = await house.add()
        await house.mute("a", by=id_)
        [gone] = (await house.do("expire", ids=[id_[:4]]))["silences"]
        assert (gone["state"], gone["muted"], gone["expired_by"]) == ("ended", 1, "cli:alice")
        assert house.desk.muted_by(about(seconds=1)) is None
        await house.tick()
        assert {document["type"] for document in await house.told()} == {"monitor.digest.digest"}
        trail = await house.store.trail(subject=id_)
        assert [(line["action"], line["actor"]) for line in trail] == [("silence expire", "cli:alice"), ("silence add", "cli:alice")]
        assert (await house.do("list"))["silences"] == []
        [ended] = (await house.do("list", all=True))["silences"]
        assert ended["state"] == "ended"
        with pytest.raises(UsageError, match="no silence that has not ended"):
            await house.do("expire", ids=[id_])

    in_house(tmp_path, work)


def test_of_several_with_a_wrong_one_none_is_ended(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        ids = [await house.add(), await house.add()]
        with pytest.raises(UsageError, match=r"begins with 'zzzz' \(nothing was changed, of the others neither\)"):
            await house.do("expire", ids=[ids[0], "zzzz", ids[1]])
        assert [one["state"] for one in (await house.do("list"))["silences"]] == ["active", "active"]
        gone = (await house.do("expire", ids=[ids[0], ids[0][:6], ids[1]]))["silences"]
        assert [one["id"] for one in gone] == ids

    in_house(tmp_path, work)


def test_one_that_muted_nothing_tells_nothing_at_its_end(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.add()
        await house.tick(7200)
        assert await house.told() == []
        assert (await house.do("list"))["silences"] == []

    in_house(tmp_path, work)


def test_one_that_mutes_nothing_for_a_week_is_told_of(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        id_ = await house.add(ends=(NOW + timedelta(days=30)).isoformat())
        await house.tick((IDLE - timedelta(hours=1)).total_seconds())
        assert not house.operations.open()
        await house.tick(2 * 3600)
        [operation] = house.operations.open()
        assert (operation.key, operation.severity) == (f"silence:{id_}", Severity.INFO)
        assert "has muted nothing since 2026-03-01" in operation.message
        await house.mute("a", by=id_)
        await house.tick()
        assert not house.operations.open()

    in_house(tmp_path, work)


def test_a_silence_to_come_mutes_nothing_yet(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.add(starts=later(600).isoformat())
        assert house.desk.muted_by(about()) is None
        assert house.desk.muted_by(about(seconds=601)) is not None
        [listed] = (await house.do("list"))["silences"]
        assert listed["state"] == "pending"

    in_house(tmp_path, work)


def test_the_preview_is_of_what_was_told_in_the_last_day(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        for key, source in (("a", "samples"), ("b", "wire"), ("c", "samples")):
            a = article(key, source=source)
            await house.store.ingest(batch(item(a, raised(a, found())), source=source))
        answer = await house.do("preview", matchers={"source": ["samples"]})
        assert (answer["would_have_muted"], answer["of"]) == (2, 3)
        assert {one["source"] for one in answer["muted"]} == {"samples"}
        id_ = await house.add(matchers={"term": ["صفقة"]})
        assert (await house.do("preview", id=id_[:6]))["would_have_muted"] == 3
        house.clock.advance(25 * 3600)
        assert (await house.do("preview", matchers={"source": ["samples"]}))["of"] == 0
        assert await house.told()  # nothing was changed by looking

    in_house(tmp_path, work)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"comment": ""}, "needs a comment"),
        ({"ends": ""}, "needs an end"),
        ({"ends": later(-5).isoformat()}, "over already"),
        ({"ends": (NOW + timedelta(days=91)).isoformat()}, "90 days at most"),
        ({"ends": "tomorrow"}, "is not a time"),
        ({"ends": "2026-03-02T10:00"}, "no time zone"),
        ({"matchers": {}}, "at least one matcher"),
        ({"matchers": ["arms"]}, "needs matchers"),
    ],
)
def test_a_wrong_silence_is_refused_in_words(tmp_path: Path, arguments: JsonObject, said: str) -> None:
    async def work(house: House) -> None:
        with pytest.raises(UsageError, match=said):
            await house.add(**arguments)
        assert not (await house.do("list"))["silences"]

    in_house(tmp_path, work)


def test_a_silence_of_a_newer_version_mutes_nothing_here(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        await house.store.add_silence(silence(moon=("full",)), "cli:alice", NOW)
        await house.desk.restore()
        assert house.desk.muted_by(about()) is None

    in_house(tmp_path, work)


def test_every_matcher_is_tried_above() -> None:
    assert set(MATCHERS) == {"watchlist", "story", "source", "term", "entity", "label", "language", "owner", "severity", "stance"}
