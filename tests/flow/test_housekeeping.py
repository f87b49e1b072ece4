"""The record is watched, and what stands long enough is told: once, and closed when it heals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from monitor.errors import StorageError
from monitor.flow.housekeeping import EVERY, LONG_LOG, SETTLED, Housekeeping
from monitor.flow.reload import Reloader
from monitor.flow.route import Route
from monitor.flow.tell import Teller
from monitor.operations import OperationsBoard
from tests.fakes import FakeClock, FakeMeter, FakeOperationsRecord, FakeStore, FakeWatchlists, FakeWorkers

GOOD = "id: arms\ngroups:\n  a: {any: [rocket (exact)]}\nwhen: a\n"
BROKEN = "id: arms\ngroups:\n  a: {any: [rocket (exact)]}\nwhen: b\n"


class FakeRecord:
    def __init__(self) -> None:
        self.tight = self.broken = self.finding = ""
        self.looked_through = True
        self.looks = self.shortened = self.log = self.ended = 0
        self.failing = False

    async def look_through(self) -> str:
        self.looks += 1
        self.looked_through = True
        self.broken = self.finding
        return self.finding

    async def end_leases(self) -> None:
        self.ended += 1

    async def shorten_log(self) -> None:
        self.shortened += 1
        self.log = 0

    def sizes(self) -> tuple[int, int]:
        return 1_000_000 + self.log, self.log

    async def pending_counts(self) -> Mapping[str, int]:
        if self.failing:
            raise StorageError("cannot be read")
        return {"desk": 3}


class House:
    """A daemon's life; ``restart`` is the next one, over the same record of what was told."""

    def __init__(self, told: FakeOperationsRecord | None = None, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.meter = FakeMeter()
        self.board = OperationsBoard(self.clock, self.meter)
        self.record = FakeRecord()
        self.told = told or FakeOperationsRecord()
        self.teller = Teller(self.board, self.told, (Route(("log",)),), self.clock, self.meter)
        self.keeping = Housekeeping(self.record, self.board, self.clock, self.meter)

    def pass_(self, seconds: float = 1.0, step: float = 1.0) -> None:
        async def ticks() -> None:
            for _ in range(int(seconds / step)):
                self.clock.advance(step)
                await self.keeping.tick()
                await self.teller.tick()
                await asyncio.sleep(0)

        asyncio.run(ticks())

    def restart(self) -> House:
        house = House(self.told, self.clock)
        asyncio.run(house.teller.restore())
        return house

    def said(self) -> list[tuple[str, str, str]]:
        """(key, kind, severity) of all that was told."""
        severities = [json.loads(payload)["data"]["operation"]["severity"] for payload in self.told.payloads.values()]
        return [(key, kind, severity) for (key, kind, _), severity in zip(self.told.told, severities, strict=True)]


def test_a_full_disk_is_told_after_a_minute_and_closed_when_there_is_room() -> None:
    house = House()
    house.record.tight = "no space to write the record"
    house.pass_(50)
    assert house.said() == []
    assert [operation.key for operation in house.board.open()] == ["storage"]
    # The ingester says so too, each time it tries.
    house.board.raise_("storage", "the record cannot be written, and polling waits")
    house.pass_(600, step=10)
    house.record.tight = ""
    house.pass_(5)
    assert house.said() == [("storage", "raised", "critical"), ("storage", "closed", "critical")]
    assert (house.board.open(), house.record.ended) == ([], 1)


def test_a_hiccup_is_no_news() -> None:
    house = House()
    for _ in range(5):
        house.record.tight = "no space"
        house.pass_(30)
        house.record.tight = ""
        house.pass_(5)
    assert house.said() == []


def test_what_was_told_of_a_full_disk_is_closed_by_the_next_start() -> None:
    house = House()
    house.record.tight = "no space"
    house.pass_(70)
    after = house.restart()
    after.pass_(3)
    assert house.said() == [("storage", "raised", "critical"), ("storage", "closed", "critical")]


def test_workers_that_stay_in_trouble_are_told_and_a_restart_tells_nothing_twice() -> None:
    house = House()
    house.board.raise_("workers", "the reading process does not start")
    house.pass_(100)
    after = house.restart()
    after.board.raise_("workers", "the reading process does not start")
    after.pass_(100)
    after.board.close("workers")
    after.pass_(2)
    assert house.said() == [("workers", "raised", "high"), ("workers", "closed", "high")]


def test_fault_46_a_refused_list_is_told_once_and_closed() -> None:
    """Through an edit that breaks it, another that leaves it broken, a restart, and the one that mends it."""
    house = House()
    files, store = FakeWatchlists({"arms.yaml": GOOD}), FakeStore()

    def reloader(of: House) -> Reloader:
        return Reloader(files, store, FakeWorkers(), clock=of.clock, meter=of.meter, operations=of.board)

    asyncio.run(reloader(house).start())
    house.pass_(3)
    for broken in (BROKEN, BROKEN.replace("when: b", "when: c")):
        files.files["arms.yaml"] = broken
        asyncio.run(reloader(house).start())
        house.pass_(3)
    after = house.restart()
    asyncio.run(reloader(after).start())
    after.pass_(3)
    files.files["arms.yaml"] = GOOD
    last = after.restart()
    asyncio.run(reloader(last).start())
    last.pass_(3)
    assert house.said() == [("watchlist:arms", "raised", "high"), ("watchlist:arms", "closed", "high")]
    assert last.board.open() == []


def test_articles_that_could_not_be_analysed_are_one_operation_told_once_a_day_and_closed_after_one() -> None:
    house = House()
    for n in range(40):
        house.board.raise_(f"article:{n}", "an article of wire could not be analysed and is stored unmatched: too deep")
        house.pass_(EVERY, step=EVERY)
    assert house.said() == [("articles:failed", "raised", "medium")]
    house.pass_(43_200, step=600)
    house.board.raise_("article:new", "an article of agency could not be analysed and is stored unmatched: too long")
    house.pass_(60)
    house.pass_(3 * 86_400, step=600)
    assert [kind for _, kind, _ in house.said()] == ["raised", "updated", "closed"]
    assert house.board.open() == []


def test_a_large_record_is_looked_through_when_the_start_is_over() -> None:
    house = House()
    house.record.looked_through = False
    house.pass_(SETTLED - 2)
    assert house.record.looks == 0
    house.pass_(10)
    assert (house.record.looks, house.board.open()) == (1, [])


def test_damage_found_then_is_critical_and_stays() -> None:
    house = House()
    house.record.looked_through, house.record.finding = False, "row 7 missing from index"
    house.pass_(SETTLED + 100)
    (operation,) = house.board.open()
    assert (operation.key, operation.severity.value, "nothing is written any more" in operation.message) == ("storage", "critical", True)
    assert house.record.looks == 1


def test_a_long_log_is_cut_off_and_sizes_are_shown() -> None:
    house = House()
    house.record.log = LONG_LOG + 1
    house.pass_(2)
    assert house.record.shortened == 1
    assert house.meter.gauges["record_log_bytes", ()] == LONG_LOG + 1
    assert house.meter.gauges["deliveries_waiting", (("sink", "desk"),)] == 3
    house.record.failing = True
    house.pass_(EVERY + 1)
    assert house.meter.gauges["record_log_bytes", ()] == 0
