"""What is told of given-up deliveries, while others are given up or sent again beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import pytest

from monitor.errors import StorageError
from monitor.flow.desk import Desk
from monitor.flow.reports import Reports
from monitor.flow.retry import ORDINARY
from monitor.ports import SinkStatus
from tests.fakes import FakeClock, FakeMeter, FakeOperations, FakeOutbox, FakeSink


class Answering(FakeOutbox):
    """Has that many given up, and lets something happen while it is asked."""

    def __init__(self, number: int, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self.number = number
        self.meanwhile = meanwhile

    async def given_up(self, sink: str, since: datetime | None = None) -> int:
        answer = self.number
        self.meanwhile()
        return answer


def test_what_is_sent_again_while_the_rest_is_counted_is_counted_anew() -> None:
    clock = FakeClock()
    operations = FakeOperations(clock)
    desk = Desk(FakeSink("desk", clock), ORDINARY, SinkStatus("desk"))

    def sent_again() -> None:
        outbox.number, outbox.meanwhile, desk.recount = 0, lambda: None, True

    outbox = Answering(1, sent_again)
    reports = Reports(outbox, FakeMeter(), operations)
    asyncio.run(reports.given_up(desk, clock.now()))
    assert desk.recount
    asyncio.run(reports.given_up(desk, clock.now()))
    assert (desk.recount, operations.open()) == (False, [])


def test_what_could_not_be_counted_is_to_be_counted_still() -> None:
    clock = FakeClock()
    desk = Desk(FakeSink("desk", clock), ORDINARY, SinkStatus("desk"))

    def full() -> None:
        raise StorageError("no space")

    with pytest.raises(StorageError):
        asyncio.run(Reports(Answering(1, full), FakeMeter(), FakeOperations(clock)).given_up(desk, clock.now()))
    assert desk.recount
