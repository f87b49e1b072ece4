"""Routes that change while they are in use: whoever holds them has the new ones, and whoever goes through them the old ones to the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from monitor.flow.holds import HoldDesk
from monitor.flow.moment import Quiet, Rate, Rules
from monitor.flow.route import Route, ways_for
from monitor.flow.routing import Routing
from monitor.model import Severity
from monitor.store import SqlStore
from tests.fakes import START, FakeClock, FakeMeter
from tests.flow.test_route import about


def test_whoever_holds_them_has_those_in_force() -> None:
    routing = Routing([Route(("log",), name="a")])
    assert [way.sink for way in ways_for(routing, about())] == ["log"]
    walked = iter(routing)
    routing.put([Route(("desk",), name="b"), Route(("log",), name="c")])
    assert [route.name for route in walked] == ["a"]
    assert [way.sink for way in ways_for(routing, about())] == ["desk", "log"]
    assert (len(routing), routing[1].name, [route.name for route in routing[:1]]) == (2, "c", ["b"])


def test_quiet_hours_and_a_rate_are_those_written_last(tmp_path: Path) -> None:
    async def life() -> None:
        store = await SqlStore.open(tmp_path)
        try:
            desk = HoldDesk(store, FakeClock(), FakeMeter(), rules={}, groups={})
            assert await desk.would_hold("chat", Severity.HIGH, START) is None
            always = Quiet(START.time().replace(hour=0, minute=0), None)
            desk.change({"chat": Rules(quiet=(always,)), "log": Rules(rate=Rate(1, 60))}, {"digest:a": ("watchlist",)})
            hold = await desk.would_hold("chat", Severity.HIGH, START)
            assert hold is not None
            assert hold.key == "quiet"
            desk.change({}, {})
            assert await desk.would_hold("chat", Severity.HIGH, START) is None
        finally:
            await store.close()

    asyncio.run(life())
