"""Coverage: every operation is raised once, told when it should be, and closed when it heals."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import FetchError, StorageError
from monitor.flow import pace, silence
from monitor.flow.silence import Longest, Network, lasting, patience, silent_languages
from monitor.flow.watch import Coverage
from monitor.model import Severity, SourceKind, SourceSpec, SourceState
from monitor.operations import OperationsBoard
from monitor.ports import LanguagePulse
from tests.fakes import START, FakeClock, FakeMeter

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
DOWN = FetchError("HTTP 503: the server has a fault", status=503)
NO_ANSWER = FetchError("not connected: Network is unreachable", transport=True)


def spec(name: str = "wire", *, important: bool = False, kind: SourceKind = SourceKind.FEED, language: str = "") -> SourceSpec:
    return SourceSpec(name, kind, f"https://{name}.example/rss", 900, important=important, language=language)


class World:
    """Coverage over a board and a record, and the sources as the poller would leave them."""

    def __init__(self, *specs: SourceSpec, clock: FakeClock | None = None, daily: str = "13:00") -> None:
        self.clock = clock or FakeClock()
        self.meter = FakeMeter()
        self.board = OperationsBoard(self.clock, self.meter)
        self.specs = {one.name: one for one in specs}
        self.states = {one.name: SourceState(one.name, self.clock.now()) for one in specs}
        self.pulses: dict[str, LanguagePulse] = {}
        self.failing: StorageError | None = None
        self.daily = daily
        self.watch = self._watch()

    def _watch(self) -> Coverage:
        return Coverage(self.board, self.clock, self.meter, language_silence=DAY, daily=self.daily, factor=3.0)

    def restart(self, *, after: float = 0.0) -> None:
        """A new process over the same record: told operations stand again, the others are forgotten."""
        told = self.board.told()
        self.clock.advance(after)
        self.board = OperationsBoard(self.clock, self.meter)
        self.board.restore(told)
        self.watch = self._watch()

    # what the record is asked
    async def coverage(self) -> list[tuple[SourceKind, SourceState]]:
        if self.failing:
            raise self.failing
        return [(self.specs[name].kind, state) for name, state in sorted(self.states.items())]

    async def languages(self) -> dict[str, LanguagePulse]:
        return self.pulses

    # what happens
    def poll(self, name: str = "wire", *, new: int = 0, **changes: Any) -> None:
        now, state = self.clock.now(), self.states[name]
        if new and state.last_new is not None:
            changes["gaps"] = (*state.gaps, (now - state.last_new).total_seconds())[-32:]
        healed = {
            "last_poll": now,
            "last_success": now,
            "failures": 0,
            "error": "",
            "deaths": 0,
            "empty": 0,
            "gone": None,
            "failing_since": None,
        }
        self.states[name] = replace(state, **{**healed, **({"last_new": now} if new else {}), **changes})
        self.watch.succeeded(self.specs[name], self.states[name], new=new)

    def fail(self, name: str = "wire", error: FetchError = DOWN, times: int = 1, **changes: Any) -> None:
        for _ in range(times):
            state = self.states[name]
            failures = state.failures + (not self.watch.network_down)
            self.states[name] = replace(state, last_poll=self.clock.now(), **self._failed(state, error.message, failures, changes))
            self.watch.failed(self.specs[name], self.states[name], error)

    def _failed(self, state: SourceState, error: str, failures: int, changes: dict[str, Any]) -> dict[str, Any]:
        return {"failures": failures, "error": error, "failing_since": state.failing_since or self.clock.now(), **changes}

    def look(self, after: float = 61.0) -> None:
        self.clock.advance(after)
        asyncio.run(self.watch.tick(self))

    def rhythm(self, name: str = "wire", *, gap: float = 10 * MINUTE, times: int = 12) -> None:
        for _ in range(times):
            self.clock.advance(gap)
            self.poll(name, new=1)

    @property
    def open(self) -> list[str]:
        return sorted(operation.key for operation in self.board.open())

    @property
    def told(self) -> list[str]:
        return sorted(operation.key for operation in self.board.told())

    def message(self, key: str) -> str:
        return next(operation.message for operation in self.board.told() if operation.key == key)


# ------------------------------------------------------------------------------------------- failing
@pytest.mark.parametrize(("important", "after"), [(False, 5), (True, 2)])
def test_a_failing_source_is_told_after_some_failures_once(important: bool, after: int) -> None:
    world = World(spec(important=important))
    world.fail(times=after - 1)
    assert (world.open, world.told) == (["source:wire"], [])
    world.fail()
    assert world.told == ["source:wire"]
    said = world.message("source:wire")
    assert "HTTP 503" in said
    assert f"{after} times in a row; it has never been read" in said
    # It fails on: the board counts, people have been told.
    world.fail(times=3)
    assert world.message("source:wire") == said
    assert f"{after + 3} times in a row" in world.board.open()[0].message
    (operation,) = world.board.told()
    assert (operation.severity, operation.subject) == (Severity.HIGH if important else Severity.MEDIUM, "wire")
    world.poll()
    assert (world.open, world.told) == ([], [])


def test_a_day_without_success_is_too_long_whatever_the_failures() -> None:
    world = World(spec())
    world.poll()
    world.clock.advance(DAY - 60)
    world.fail()
    assert world.told == []
    world.clock.advance(61)
    world.fail()
    assert world.told == ["source:wire"]
    assert "last read 2025-05-01 12:00 UTC" in world.message("source:wire")


def test_a_304_after_a_failure_does_not_make_a_failing_source_healthy() -> None:
    world = World(spec())
    world.fail(times=5)
    world.poll(failures=5, error=DOWN.message, last_success=None)
    assert world.told == ["source:wire"]
    world.poll(new=1)
    assert world.open == []


def test_a_304_about_a_body_that_could_not_be_read_is_no_comfort() -> None:
    world = World(spec(), spec("well"))
    for name in world.specs:
        world.poll(name)
    unread = FetchError("the answer is an HTML page, not a feed", unread=True)
    world.fail(error=unread, broken=True, empty=1)
    world.fail("well")
    for _ in range(30):
        world.clock.advance(HOUR)
        for name in world.specs:
            state = world.states[name]
            world.poll(name, failures=1, error=state.error, empty=state.empty, last_success=state.last_success)
    # The other was once away and says ever since that nothing has changed: that is silence, where its rhythm says so.
    assert world.told == ["source:wire"]
    assert world.open == ["source:well", "source:wire"]
    world.poll(broken=False)
    assert world.open == ["source:well"]


def test_a_source_that_says_not_modified_ever_since_a_failure_falls_silent() -> None:
    world = World(spec(important=True))
    world.rhythm()
    world.fail()
    world.clock.advance(2 * HOUR)
    state = world.states["wire"]
    world.poll(failures=1, error=state.error, last_success=state.last_success)
    world.look()
    assert world.told == ["source:wire:silent"]


def test_what_was_told_before_a_restart_is_not_told_again_and_closes() -> None:
    world = World(spec())
    world.fail(times=5)
    (before,) = world.board.told()
    world.restart(after=HOUR)
    assert world.board.told() == [before]
    world.fail(times=5)
    assert world.board.told() == [before]
    assert world.board.open()[0].raised == before.raised
    world.restart()
    world.poll()
    assert world.open == []


def test_what_was_told_of_a_source_that_is_configured_no_longer_closes_at_the_first_look() -> None:
    world = World(spec(), spec("other"))
    world.fail(times=5)
    world.fail("other", times=5)
    del world.states["wire"]
    world.restart()
    world.look()
    assert world.open == ["source:other"]
    world.watch.forgotten("other")
    assert world.open == []


def test_what_failed_before_a_restart_and_was_not_told_yet_has_failed_since_then() -> None:
    world = World(spec(), spec("other"))
    began = world.clock.now()
    world.fail(times=2)
    for poll_first in (False, True, False):
        world.restart(after=HOUR)
        if poll_first:  # its poll may end before the first look around
            world.fail()
        world.look()
        (operation,) = world.board.open()
        assert (operation.key, operation.raised, operation.told) == ("source:wire", began, False)
    world.fail(times=2)
    assert [(operation.key, operation.raised) for operation in world.board.told()] == [("source:wire", began)]
    # What fails for the first time in this life fails since now, and what healed meanwhile begins anew.
    world.poll()
    world.fail("other")
    world.clock.advance(HOUR)
    world.fail()
    assert {operation.key: operation.raised for operation in world.board.open()} == {
        "source:other": world.clock.now() - timedelta(hours=1),
        "source:wire": world.clock.now(),
    }


def test_a_source_never_read_is_told_after_a_day_of_failures_whatever_restarts() -> None:
    world = World(spec())
    world.fail()
    world.restart(after=DAY)
    assert world.told == []
    world.fail()
    assert world.told == ["source:wire"]


def test_a_body_that_nobody_can_read_to_its_end_is_put_aside_and_not_called_empty() -> None:
    """Through the real table of states: what dies over it says nothing of what it holds."""
    world = World(spec())
    bomb = FetchError("the feed took longer than 5 s to read and was given up", died=True, unread=True)
    for times in range(1, 5):
        state = pace.after_failure(spec(), world.states["wire"], bomb, world.clock.now(), lambda: 0.0)
        world.states["wire"] = state
        world.watch.failed(spec(), state, bomb)
        world.look()
        assert world.open == (["source:wire"] if times < 3 else ["source:wire:quarantine"])
    # One that was empty before is now put aside, and that alone stands.
    world.poll(empty=2)
    assert world.told == ["source:wire:empty"]
    world.fail(error=bomb, deaths=3, empty=2)
    assert world.told == world.open == ["source:wire:quarantine"]


def test_gone_quarantined_and_empty_sources_are_told_at_once() -> None:
    world = World(spec(), spec("bomb"), spec("hollow"))
    world.fail(error=FetchError("HTTP 410: the feed is gone for good", status=410), gone=world.clock.now())
    assert world.told == ["source:wire:gone"]
    assert world.open == ["source:wire:gone"]
    world.fail("bomb", FetchError("the feed took longer than 5 s to read", died=True), deaths=2)
    assert world.told == ["source:wire:gone"]
    world.fail("bomb", FetchError("the feed took longer than 5 s to read", died=True), deaths=3)
    world.poll("hollow", empty=1)
    assert world.told == ["source:bomb:quarantine", "source:wire:gone"]
    world.poll("hollow", empty=2)
    assert world.told == ["source:bomb:quarantine", "source:hollow:empty", "source:wire:gone"]
    assert "lists no item" in world.message("source:hollow:empty")
    # Told already what is wrong with it: the failures that go on are no second alarm.
    world.fail("hollow", FetchError("the answer is an HTML page, not a feed", unread=True), times=6, empty=3)
    assert "source:hollow" not in world.told
    # And of one source there is one operation.
    assert world.open == ["source:bomb:quarantine", "source:hollow:empty", "source:wire:gone"]
    world.restart()
    world.look()
    assert world.open == ["source:bomb:quarantine", "source:hollow:empty", "source:wire:gone"]
    world.fail("hollow", FetchError("HTTP 500"), times=7, empty=0)
    assert world.told == ["source:bomb:quarantine", "source:hollow", "source:wire:gone"]
    world.fail("hollow", FetchError("the answer is an HTML page, not a feed", unread=True), times=8, empty=2)
    assert {"source:hollow", "source:hollow:empty"} <= set(world.told)
    for name in world.specs:
        world.poll(name, new=1)
    assert world.open == []


def test_a_resumed_source_is_gone_no_longer_and_a_paused_one_has_no_alarms() -> None:
    world = World(spec(), spec("loud", important=True))
    world.fail(gone=world.clock.now(), error=FetchError("HTTP 410", status=410))
    world.fail("loud", times=3)
    world.states["wire"] = replace(world.states["wire"], gone=None)
    world.states["loud"] = replace(world.states["loud"], paused=world.clock.now(), paused_by="cli:alice")
    world.look()
    assert world.open == []


# -------------------------------------------------------------------------------------------- silence
@pytest.mark.parametrize(
    ("gaps", "longest", "important", "expected"),
    [
        ((600.0,) * 7, 0.0, True, None),
        ((600.0,) * 8, 0.0, True, HOUR),
        ((600.0,) * 8, 0.0, False, 6 * HOUR),
        ((DAY,) * 8, 0.0, False, 3 * DAY),
        ((DAY,) * 8, 0.0, True, 1.5 * DAY),
        # One gap of twenty is no rhythm; but what happened once in the last days may happen again.
        ((HOUR,) * 31 + (10 * HOUR,), 0.0, True, 12.5 * HOUR),
        ((600.0,) * 32, 8 * HOUR, True, 10 * HOUR),
    ],
)
def test_patience(gaps: tuple[float, ...], longest: float, important: bool, expected: float | None) -> None:
    assert patience(gaps, longest, factor=3.0, important=important) == expected


@given(st.lists(st.tuples(st.floats(0, 3 * DAY), st.floats(1, 10 * DAY)), max_size=30))
def test_the_longest_gap_of_the_last_days(steps: list[tuple[float, float]]) -> None:
    longest, now, all_ = Longest(), START, []
    for later, gap in steps:
        now += timedelta(seconds=later)
        longest.add(now, gap)
        all_.append((now, gap))
        assert longest.at(now) == max(gap for at, gap in all_ if now - at <= silence.LONGEST_KEPT)
    assert longest.at(now + timedelta(days=9)) == 0.0


def test_an_important_source_that_is_silent_is_told_at_once_and_heals_with_the_next_item() -> None:
    world = World(spec(important=True))
    world.rhythm()
    world.look()
    world.clock.advance(50 * MINUTE)
    world.poll()
    world.look()
    assert world.open == []
    world.clock.advance(10 * MINUTE)
    world.poll()
    world.look()
    assert world.told == ["source:wire:silent"]
    assert "nothing new since 2025-05-01 14:00 UTC, where something usually comes within 10 minutes" in world.message("source:wire:silent")
    assert world.meter.gauges["sources_silent", ()] == 1
    said = world.message("source:wire:silent")
    for _ in range(3):
        world.look()
    assert world.message("source:wire:silent") == said
    world.poll(new=1)
    assert world.open == []
    world.look()
    assert world.meter.gauges["sources_silent", ()] == 0


def test_a_night_is_learnt() -> None:
    """A source that is silent every night, its kept gaps all of daytime: an alarm the first night, none the second."""
    world = World(spec(important=True))
    told = []
    for _ in range(3):
        world.rhythm(gap=10 * MINUTE, times=90)  # 15 hours
        for _ in range(9 * 6):
            world.clock.advance(10 * MINUTE)
            world.poll()
            world.look(0)
        told.append(world.told)
        world.poll(new=1)
    assert told == [["source:wire:silent"], [], []]


def test_ordinary_silence_is_told_once_a_day_in_one_message() -> None:
    names = [f"s{n:02}" for n in range(25)]
    world = World(*(spec(name) for name in names), daily="08:00")

    def go_on(hours: float, *, speaking: tuple[str, ...] = ()) -> None:
        for _ in range(int(hours * 6)):
            world.clock.advance(10 * MINUTE)
            for name in names:
                world.poll(name, new=name in speaking)
            world.look(0)

    for name in names:
        world.states[name] = replace(world.states[name], gaps=(600.0,) * 12, last_new=world.clock.now())
    go_on(10)  # 22:00: silent for long, and nobody is told in the evening
    assert world.told == []
    assert len(world.open) == 25
    go_on(10)  # 08:00
    assert world.told == ["sources:silent"]
    said = world.message("sources:silent")
    assert said.startswith("25 sources are silent far beyond their rhythm: s00, s01, ")
    assert "and 5 more" in said
    go_on(23, speaking=("s00",))
    assert world.message("sources:silent") == said
    go_on(2, speaking=("s00",))
    assert world.message("sources:silent").startswith("24 sources are silent far beyond their rhythm: s01, ")
    go_on(1, speaking=tuple(names))
    assert world.open == []


def test_time_spent_stopped_is_no_silence() -> None:
    world = World(spec(important=True))
    world.rhythm()
    world.restart(after=3 * DAY)
    world.look()
    world.look()
    assert world.open == []
    # Read again, and something had come: nothing to tell. Read again, and nothing had: then it was silent indeed.
    world.poll(new=1)
    world.look()
    assert world.open == []
    world.restart(after=5 * DAY)
    world.poll()
    world.look()
    assert world.told == ["source:wire:silent"]


def test_silence_told_before_a_restart_stands_until_something_comes() -> None:
    world = World(spec(important=True), spec("plain"), daily="14:00")
    for name in ("wire", "plain"):
        world.states[name] = replace(world.states[name], gaps=(600.0,) * 12, last_new=START - timedelta(days=2))
    world.clock.advance(2 * HOUR)
    world.poll()
    world.poll("plain")
    world.look()
    assert world.told == ["source:wire:silent", "sources:silent"]
    world.restart(after=HOUR)
    world.look()
    world.look()
    assert world.told == ["source:wire:silent", "sources:silent"]
    world.poll(new=1)
    world.poll("plain", new=1)
    world.look()
    assert world.open == []


@pytest.mark.parametrize("step", [8 * HOUR, -8 * HOUR])
def test_fault_52_53_a_set_clock_and_a_machine_that_slept_are_no_silence(step: float) -> None:
    world = World(spec(important=True))
    world.rhythm()
    world.poll()
    world.look(1)
    world.clock.step(step)
    world.look()
    world.look()
    assert world.open == []
    world.poll(new=1)
    world.look()
    assert world.open == []


def test_a_paused_source_is_not_silent_and_is_listened_to_anew() -> None:
    world = World(spec(important=True))
    world.rhythm()
    world.states["wire"] = replace(world.states["wire"], paused=world.clock.now())
    world.look(5 * HOUR)
    assert world.open == []
    world.states["wire"] = replace(world.states["wire"], paused=None)
    world.look()
    assert world.open == []
    world.poll()
    world.look()
    assert world.told == ["source:wire:silent"]


def test_pushed_documents_are_missed_only_while_somebody_listened() -> None:
    world = World(spec(kind=SourceKind.PUSH, important=True))
    world.rhythm()
    world.restart(after=3 * DAY)
    world.poll(new=1)
    world.look(50 * MINUTE)
    assert world.open == []


def test_a_record_that_cannot_be_read_is_looked_at_again() -> None:
    world = World(spec(important=True))
    world.rhythm()
    world.clock.advance(2 * HOUR)
    world.poll()
    world.failing = StorageError("the disk is full")
    world.look()
    assert world.open == []
    world.failing = None
    world.look(1)
    assert world.told == ["source:wire:silent"]


# ------------------------------------------------------------------------------------------- languages
def test_a_language_without_an_article_is_told_until_one_comes() -> None:
    world = World(spec(language="he"))
    world.pulses = {
        "ar": LanguagePulse(START, 5000),
        "he": LanguagePulse(START, 25),  # few, but a source names it
        "nl": LanguagePulse(START, 40),  # misread now and then
        "fr": LanguagePulse(START, 19),
        "und": LanguagePulse(START, 500),
        "el": LanguagePulse(START - timedelta(days=400), 5000),  # its sources were given up long ago
    }
    world.look(DAY + 60)
    assert world.open == []  # nothing was read since the start: it may all be waiting
    world.poll()
    world.look()
    assert world.told == ["language:ar", "language:he"]
    assert "no article in ar since 2025-05-01 12:00 UTC" in world.message("language:ar")
    world.pulses["ar"] = LanguagePulse(world.clock.now(), 5001)
    world.look()
    assert world.told == ["language:he"]
    world.restart()
    world.pulses["he"] = LanguagePulse(world.clock.now(), 26)
    world.poll()
    world.look()
    assert world.open == []


def test_languages_at_their_bounds() -> None:
    pulses = {"ar": LanguagePulse(START, 99), "fa": LanguagePulse(START, 20)}
    after = START + timedelta(seconds=DAY)
    assert silent_languages(pulses, frozenset(), after, DAY) == {}
    assert set(silent_languages(pulses, frozenset(), after + timedelta(seconds=1), DAY)) == {"ar", "fa"}


# --------------------------------------------------------------------------------------------- network
def test_many_hosts_without_an_answer_are_one_operation_about_the_network() -> None:
    names = [f"h{n}" for n in range(8)]
    world = World(*(spec(name, important=True) for name in names))
    for name in names:
        world.poll(name)
    for name in names[:4]:
        world.fail(name, NO_ANSWER)
    assert not world.watch.network_down
    world.fail("h4", NO_ANSWER)
    assert world.watch.network_down
    assert world.told == ["network"]
    assert "5 of 8 hosts" in world.message("network")
    for _ in range(4):
        for name in names:
            world.fail(name, NO_ANSWER)
    assert world.told == ["network"]
    # Half of the tries succeed again.
    world.poll("h0")
    world.poll("h1")
    assert world.watch.network_down
    for name in names[2:]:
        world.poll(name)
    assert not world.watch.network_down
    assert world.told == []


def test_hosts_that_answer_with_an_error_are_no_fault_of_the_network_nor_are_old_failures() -> None:
    world = World(*(spec(f"h{n}") for n in range(8)), spec("files", kind=SourceKind.FOLDER))
    for n in range(8):
        world.fail(f"h{n}", DOWN)
    world.fail("files", NO_ANSWER, times=9)
    for n in range(8):
        world.clock.advance(silence.WINDOW / 3)
        world.fail(f"h{n}", NO_ANSWER)
    assert not world.watch.network_down


def test_a_network_that_was_down_before_the_restart_comes_back() -> None:
    world = World(*(spec(f"h{n}") for n in range(5)))
    for n in range(5):
        world.fail(f"h{n}", NO_ANSWER)
    world.restart()
    assert world.watch.network_down
    world.poll("h0")
    assert (world.watch.network_down, world.open) == (False, [])


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=200))
def test_the_network_is_down_only_while_nobody_much_answers(tries: list[tuple[int, bool]]) -> None:
    network = Network()
    for n, (host, answered) in enumerate(tries):
        was = network.down
        network.tried(f"h{host}", float(n), answered=answered)
        if answered:
            assert was or not network.down
        else:
            assert network.down or not was
        if network.down and not was:
            assert network.failing >= silence.HOSTS
            assert 2 * network.failing >= network.hosts
    for n in range(20):
        network.tried(f"h{n % 5}", 1000.0 + n, answered=True)
    assert not network.down


# ---------------------------------------------------------------------------------------- small parts
@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 seconds"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (2 * DAY, "2 days"),
        (47.9 * HOUR, "47 hours"),
    ],
)
def test_lengths_of_time_as_people_say_them(seconds: float, said: str) -> None:
    assert lasting(seconds) == said


def test_five_thousand_sources_are_looked_at_in_slices() -> None:
    """Others run in between: a task that only yields gets its turns while one look goes on."""
    world = World(*(spec(f"s{n}") for n in range(5000)))
    turns = 0

    async def life() -> None:
        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await world.watch.tick(world)
        task.cancel()

    asyncio.run(life())
    assert turns >= 20
    assert world.meter.gauges["sources_failing", ()] == 0


def test_what_failed_before_a_restart_stands_before_it_is_polled_again() -> None:
    world = World(spec("wire"), spec("paused"), spec("gone"), spec("well"), spec("told"))
    for name in ("wire", "paused", "gone"):
        world.fail(name, times=2)
    world.fail("told", times=5)
    world.poll("well", new=1)
    world.states["paused"] = replace(world.states["paused"], paused=START)
    world.states["gone"] = replace(world.states["gone"], gone=START)
    told = [operation.key for operation in world.board.told()]
    world.restart(after=HOUR)
    world.look()
    assert [operation.key for operation in world.board.open()] == ["source:told", "source:wire"]
    assert "wire cannot be read: HTTP 503: the server has a fault (2 times in a row" in world.board.open()[1].message
    assert [operation.key for operation in world.board.told()] == told
    world.look()
    world.poll("wire")
    assert [operation.key for operation in world.board.open()] == ["source:told"]
