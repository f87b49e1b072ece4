"""Commands of sinks and deliveries over the real record: with a deliverer that runs, and without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from monitor.errors import SinkError, UsageError
from monitor.flow.commands import Commander
from monitor.flow.deliver import Deliverer
from monitor.flow.delivery_commands import DeliveryCommands
from monitor.flow.sink_commands import MEANS, SinkCommands
from monitor.model import Answer, AnswerKind, Command, Delivery, Severity, SinkState
from monitor.ports import Selection
from monitor.render.message import read
from monitor.render.sample import render_sample, sample_id
from monitor.render.schema import alert_schema
from monitor.store import SqlStore, schema
from tests.fakes import FakeClock, FakeMeter, FakeOperations, FakeSink
from tests.store import builders as b

WEEK = 7 * 86400


class House:
    def __init__(self, store: SqlStore, *, runs: bool) -> None:
        self.store = store
        self.clock = FakeClock(b.NOW)
        self.operations = FakeOperations(self.clock)
        self.desk = Kept("desk", self.clock)
        self.log = Kept("log", self.clock, never_pauses=True, batch=500)
        self.deliverer = Deliverer(store, [self.log, self.desk], self.clock, FakeMeter(), self.operations, lambda: 0.5)
        self.commander = Commander(
            SinkCommands(store, self.deliverer, [self.log, self.desk], [], clock=self.clock),
            DeliveryCommands(store, self.deliverer, self.clock),
        )
        self.runs = runs

    async def start(self) -> None:
        if self.runs:
            await self.deliverer.start()
        else:
            await self.store.sync_sinks(["log", "desk"], self.clock.now())

    async def ask(self, asked: str, /, **arguments: Any) -> dict[str, Any]:
        return await self.commander.perform(Command(asked, arguments, "cli:alice"))

    async def pass_time(self, seconds: float, step: float = 1.0) -> None:
        for _ in range(int(seconds / step)):
            self.clock.advance(step)
            await self.deliverer.tick()
            await self.deliverer.idle()

    async def state(self, name: str = "desk") -> dict[str, Any]:
        return next(sink for sink in await self.store.sinks() if sink["name"] == name)


class Kept(FakeSink):
    """Keeps what it was sent, and how often it was opened."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.got: list[Delivery] = []
        self.opened = 0
        self.broken = ""

    async def start(self, recent: Any) -> Sequence[Delivery]:
        self.opened += 1
        if self.broken:
            raise SinkError(self.broken)
        return await super().start(recent)

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        self.got += deliveries
        return await super().send(deliveries)


def both(test: Callable[[House], Awaitable[None]]) -> Callable[[Path, bool], None]:
    @pytest.mark.parametrize("runs", [True, False], ids=["running", "stopped"])
    def plain(tmp_path: Path, runs: bool) -> None:
        async def work(store: SqlStore) -> None:
            house = House(store, runs=runs)
            await house.start()
            await test(house)

        b.with_store(tmp_path, work)

    plain.__name__ = test.__name__
    plain.__doc__ = test.__doc__
    return plain


@both
async def test_a_pause_by_a_person_stands_and_keeps_everything_until_it_is_resumed(house: House) -> None:
    answer = await house.ask("sinks.pause", names=["desk"], comment="moving\nhouse")
    assert answer == {"sinks": [{"name": "desk", "state": "paused", "by": "cli:alice", "reason": "moving house"}]}
    await house.store.ingest(b.simple("a", sinks=("desk",)))
    await house.pass_time(9 * 86400, 3600)
    assert house.desk.sent == []
    shown = await house.state()
    assert (shown["state"], shown["by"], shown["since"], shown["deliveries"]) == (
        "paused",
        "cli:alice",
        b.NOW.isoformat().replace("+00:00", "Z"),
        {"pending": 1},
    )
    assert await house.ask("sinks.resume", names=["desk"]) == {"sinks": [{"name": "desk", "state": "active"}]}
    trail = [(row["action"], row["actor"], row["detail"]) for row in await house.store.trail(subject="desk")]
    assert trail == [
        ("resume sink", "cli:alice", {"was": "paused", "deliveries_kept": 1}),
        ("pause sink", "cli:alice", {"was": "active", "comment": "moving house"}),
    ]
    if house.runs:  # nine days old, and still sent
        await house.pass_time(5)
        assert len(house.desk.sent) == 1
        assert (await house.state())["deliveries"] == {}
        assert house.operations.open() == []


@both
async def test_what_was_given_up_is_sent_again(house: House) -> None:
    house.desk.script = [Answer(AnswerKind.POISON, "no")] * 2
    for key in "ab":
        await house.store.ingest(b.simple(key, sinks=("desk",)))
    if not house.runs:
        deliverer = Deliverer(house.store, [house.desk], house.clock, FakeMeter(), house.operations, lambda: 0.5)
        await deliverer.start()
        await deliverer.tick()
        await deliverer.idle()
        await deliverer.drain()
    await house.pass_time(2)
    assert (await house.state())["deliveries"] == {"dead": 2}
    assert "2 notification(s)" in house.operations.message("sink:desk:undelivered")
    assert await house.ask("deliveries.replay", sink="desk", states=["expired"]) == {"replayed": 0}
    assert await house.ask("deliveries.replay", sink="desk", limit=1) == {"replayed": 1}
    assert await house.ask("deliveries.replay") == {"replayed": 1}
    if house.runs:
        await house.pass_time(2)
        assert [one.sequence for one in house.desk.got] == [1, 2, 1, 2]
        assert {one.notification for one in house.desk.got[2:]} == {one.notification for one in house.desk.got[:2]}
        assert house.operations.open() == []


@both
async def test_a_sample_goes_out_beside_the_outbox_and_changes_nothing(house: House) -> None:
    for kind in AnswerKind:
        house.desk.script = [Answer(kind, "said", 418, 3.0)]
        answer = await house.ask("sinks.test", sink="desk")
        assert (answer["answer"], answer["status"], answer["detail"], answer["means"]) == (kind.value, 418, "said", MEANS[kind])
    assert [(one.sequence, one.notification) for one in house.desk.got] == [(0, answer["notification"])] * len(AnswerKind)
    assert (await house.store.stats())["notifications"] == 0
    assert (await house.state())["failures"] == 0
    assert house.desk.closed is not house.runs
    house.log.broken = "the folder is missing"
    if not house.runs:
        assert (await house.ask("sinks.test", sink="log"))["detail"] == "it cannot start: the folder is missing"


@both
async def test_wrong_names_and_selections_do_nothing(house: House) -> None:
    for name, arguments, said in (
        ("sinks.pause", {"names": ["desk", "dsk"]}, "there is no sink 'dsk' (did you mean 'desk'?)"),
        ("sinks.resume", {}, "sinks.resume needs the names of sinks"),
        ("sinks.test", {"sink": "nobody"}, "there is no sink 'nobody'"),
        ("deliveries.replay", {"states": ["delivered"]}, "dead or expired"),
        ("deliveries.replay", {"limit": -1}, "limit is a number"),
        ("deliveries.replay", {"since": "yesterday"}, "is not a time"),
    ):
        with pytest.raises(UsageError) as caught:
            await house.ask(name, **arguments)
        assert said in str(caught.value) or said.partition(" (")[0] in str(caught.value)
    assert (await house.state())["state"] == "active"


def test_fault_17_what_expires_is_exact_and_arrives_when_it_is_replayed(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        house = House(store, runs=True)
        house.desk.script = [Answer(AnswerKind.RETRY, "down", 503)] * 100_000
        await house.start()
        for n in range(30):
            await store.ingest(b.simple(f"old{n}", sinks=("desk",)))
        await house.pass_time(6 * 86400, 14_400)
        made = schema.delivery.c.sequence > 30
        for n in range(5):
            await store.ingest(b.simple(f"young{n}", sinks=("desk",), now=house.clock.now()))
        young = schema.delivery.update().where(made).values(created=house.clock.now())
        await store._database.write(lambda connection: connection.execute(young))
        await house.pass_time(2 * 86400, 14_400)
        assert (await house.state())["deliveries"] == {"pending": 5, "expired": 30}
        assert "30 notification(s) for sink desk" in house.operations.message("sink:desk:undelivered")
        house.desk.script = []
        await house.pass_time(120)
        assert sorted(one.sequence for one in house.desk.got[-5:]) == [31, 32, 33, 34, 35]
        assert await house.ask("deliveries.replay", sink="desk") == {"replayed": 30}
        await house.pass_time(5)
        assert [one.sequence for one in house.desk.got[-30:]] == list(range(1, 31))
        assert (await house.state())["deliveries"] == {}
        assert house.operations.open() == []

    b.with_store(tmp_path, work)


def test_the_sample_is_an_alert_that_says_what_it_is() -> None:
    document = json.loads(render_sample("desk", b.NOW))
    jsonschema.Draft202012Validator(alert_schema()).validate(document)
    assert document["data"]["sample"] is True
    assert document["id"] == sample_id("desk", b.NOW) != sample_id("desk", b.later(1))
    message = read(render_sample("desk", b.NOW))
    assert message.sample
    assert message.severity is Severity.INFO
    assert message.passages[0].text.startswith("This is a sample")


def test_fault_5_a_pause_that_cannot_be_written_is_no_pause(tmp_path: Path) -> None:
    async def work() -> None:
        store = await SqlStore.open(tmp_path)
        house = House(store, runs=True)
        await house.start()
        await store.close()
        with pytest.raises(Exception, match="closed"):
            await house.ask("sinks.pause", names=["desk"])
        assert house.deliverer.statuses()[1].state is SinkState.ACTIVE

    asyncio.run(work())


def test_a_status_made_of_answers_does_not_replace_what_a_person_ordered(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        (before,) = await store.sync_sinks(["desk"], b.NOW)
        paused = await store.pause_sink("desk", "by hand", "cli:alice", b.NOW)
        await store.settle((), before, b.later(1))
        assert await store.sync_sinks(["desk"], b.later(2)) == (paused,)
        assert await store.replay(Selection(), b.NOW, "cli:alice") == 0
        resumed = await store.resume_sink("desk", "cli:alice", b.later(3), age_limit=WEEK)
        assert await store.sync_sinks(["desk"], b.later(4)) == (resumed,)

    b.with_store(tmp_path, work)
