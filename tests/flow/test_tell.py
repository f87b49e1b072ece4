"""Operations go to people: each change once, across restarts and a record that fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import StorageError, StorageFull
from monitor.flow.route import Conditions, Route
from monitor.flow.tell import Teller
from monitor.model import JsonObject, Severity
from monitor.operations import OperationsBoard
from tests.fakes import FakeClock, FakeMeter, FakeOperationsRecord

ROUTES = (Route(("log",)), Route(("pager",), Conditions(severity=(Severity.HIGH, Severity.CRITICAL))))


class House:
    def __init__(self, record: FakeOperationsRecord | None = None, routes: Sequence[Route] = ROUTES) -> None:
        self.clock = FakeClock()
        self.meter = FakeMeter()
        self.record = record or FakeOperationsRecord()
        self.board = OperationsBoard(self.clock, self.meter)
        self.shown: list[JsonObject] = []
        self.woken = 0
        self.teller = Teller(self.board, self.record, routes, self.clock, self.meter, announce=self.shown.append, wake=self._woken)

    def _woken(self) -> None:
        self.woken += 1

    def tick(self) -> None:
        self.clock.advance(1)
        asyncio.run(self.teller.tick())

    def restart(self) -> House:
        house = House(self.record)
        asyncio.run(house.teller.restore())
        return house


def test_raised_updated_and_closed_are_told_once_each() -> None:
    house = House()
    house.board.raise_("source:wire", "it fails")
    house.tick()
    assert house.record.told == []  # on the board only
    house.board.raise_("source:wire", "it fails 5 times", tell=True, subject="wire")
    house.tick()
    house.tick()
    house.board.raise_("source:wire", "it fails 6 times")
    house.tick()
    house.board.raise_("source:wire", "it fails for a week", tell=True, severity=Severity.HIGH)
    house.tick()
    house.board.close("source:wire")
    house.tick()
    house.tick()
    assert house.record.told == [
        ("source:wire", "raised", ("log",)),
        ("source:wire", "updated", ("log", "pager")),
        ("source:wire", "closed", ("log", "pager")),
    ]
    assert house.record.standing == {}
    assert house.woken == 3
    assert [json.loads(payload)["type"] for payload in house.record.payloads.values()] == [
        "monitor.operation.raised",
        "monitor.operation.updated",
        "monitor.operation.closed",
    ]
    assert [document["data"]["operation"]["message"] for document in house.shown] == [
        "it fails 5 times",
        "it fails for a week",
        "it fails for a week",
    ]
    assert len({document["data"]["operation"]["id"] for document in house.shown}) == 1
    assert house.meter.counted("operations_told_total", kind="closed") == 1


def test_what_comes_and_goes_between_two_ticks_is_no_news_and_what_comes_again_is_another() -> None:
    house = House()
    house.board.raise_("network", "no answer", tell=True)
    house.board.close("network")
    house.tick()
    assert house.record.told == []
    house.board.raise_("network", "no answer", tell=True)
    house.tick()
    house.board.close("network")
    house.clock.advance(1)
    house.board.raise_("network", "no answer", tell=True)
    house.tick()
    assert [kind for _, kind, _ in house.record.told] == ["raised", "closed", "raised"]
    assert len({document["data"]["operation"]["id"] for document in house.shown}) == 2


def test_a_restart_tells_nothing_twice() -> None:
    house = House()
    house.board.raise_("source:wire", "it fails", tell=True, subject="wire", severity=Severity.HIGH)
    house.tick()
    again = house.restart()
    again.tick()
    again.board.raise_("source:wire", "it still fails", severity=Severity.HIGH)
    again.tick()
    assert [(operation.key, operation.subject, operation.told) for operation in again.board.open()] == [("source:wire", "wire", True)]
    assert len(house.record.told) == 1
    again.board.close("source:wire")
    again.tick()
    assert [kind for _, kind, _ in house.record.told] == ["raised", "closed"]
    assert House.restart(again).board.open() == []


def test_a_record_that_fails_is_tried_again_and_nothing_is_told_twice() -> None:
    house = House()
    house.record.failing = StorageFull("no space")
    house.board.raise_("network", "no answer", tell=True)
    house.tick()
    house.tick()
    assert house.record.told == []
    house.record.failing, house.record.lost = None, True
    house.tick()  # committed, but nobody heard
    house.tick()
    house.tick()
    assert house.record.told == [("network", "raised", ("log",))]


def test_what_heals_after_a_raise_that_nobody_heard_of_is_closed() -> None:
    house = House()
    house.board.raise_("network", "no answer", tell=True)
    house.record.lost = True
    house.tick()  # committed, but nobody heard
    house.board.close("network")
    house.tick()
    assert [told[:2] for told in house.record.told] == [("network", "raised"), ("network", "closed")]
    assert not house.record.standing


def test_what_healed_before_it_could_be_told_is_no_news() -> None:
    house = House()
    house.board.raise_("network", "no answer", tell=True)
    house.record.failing = StorageError("the disk is full")
    house.tick()
    house.board.close("network")
    house.record.failing = None
    house.tick()
    assert house.record.told == []


def test_a_terminal_that_went_away_stops_nothing() -> None:
    house = House()

    def gone(document: JsonObject) -> None:
        raise BrokenPipeError

    house.teller = Teller(house.board, house.record, ROUTES, house.clock, house.meter, announce=gone)
    house.board.raise_("network", "no answer", tell=True)
    house.tick()
    assert house.record.told == [("network", "raised", ("log",))]


KEYS = ("network", "source:a", "source:b", "language:ar")


STEPS = ("raise", "say", "close", "tick", "restart", "fail", "mend", "lose")


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(KEYS), st.integers(0, 2))))
def test_what_people_were_told_is_what_stands(steps: list[tuple[str, str, int]]) -> None:
    """Whatever happens in between: for each key the told kinds are raised (updated)* closed, over and over, and in the end they
    say what the board says."""
    house = House()
    for what, key, number in steps:
        house.clock.advance(0.01)
        if what == "raise":
            house.board.raise_(key, f"message {number}", tell=True)
        elif what == "say":
            house.board.raise_(key, f"message {number}")
        elif what == "close":
            house.board.close(key)
        elif what == "tick":
            house.tick()
        elif what == "restart" and house.record.failing is None:
            house = house.restart()
        elif what in ("fail", "mend"):
            house.record.failing = StorageError("the disk is full") if what == "fail" else None
        elif what == "lose":
            house.record.lost = True
    house.record.failing = None
    house.tick()
    house.tick()
    for key in KEYS:
        standing = False
        for told, kind, _ in house.record.told:
            if told == key:
                assert (kind != "raised") == standing
                standing = kind != "closed"
        assert standing == (key in {operation.key for operation in house.board.told()})
    messages = {operation.key: operation.message for operation in house.board.told()}
    assert {key: operation.message for key, operation in house.record.standing.items()} == messages
