"""What a person asks, done or refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from monitor.errors import FetchError, UsageError
from monitor.flow.commands import Commander
from monitor.flow.ingest import Ingester
from monitor.flow.poll import Poller
from monitor.flow.source_commands import SourceCommands
from monitor.model import Command, Document, JsonObject, PollResult, SourceKind, SourceSpec
from monitor.ports import PushFault, PushReport
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeSource, FakeStore, FakeWatch, FakeWorkers

GOOD = SourceSpec("good", SourceKind.FOLDER, "/good", 10.0)
BAD = SourceSpec("bad", SourceKind.FEED, "https://example.org/feed", 900.0)
WIRE = SourceSpec("wire", SourceKind.PUSH, "", 900.0)


class Door:
    """Takes every line that is not "bad"."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def source_of(self, token: str) -> str | None:
        return None

    async def push(self, source: str, body: bytes, *, lines: bool, partial: bool = False) -> PushReport:
        assert lines
        assert partial
        self.bodies.append(body)
        found = body.split(b"\n")
        faults = tuple(PushFault(index, "bad") for index, line in enumerate(found) if line == b"bad")
        return PushReport(len(found), len(found) - len(faults), faults=faults)


class House:
    def __init__(self) -> None:
        clock, meter = FakeClock(), FakeMeter()
        operations = FakeOperations(clock)
        self.store = FakeStore()
        self.door = Door()
        ingester = Ingester(self.store, FakeWorkers(), route=lambda _: (), facts=dict, clock=clock, meter=meter, operations=operations)
        documents = tuple(Document("good", key, f"text of {key}") for key in ("a", "b"))
        sources = [FakeSource(GOOD, [PollResult(documents, {})]), FakeSource(BAD, [FetchError("no answer")])]
        poller = Poller(
            self.store, sources, ingester, clock=clock, meter=meter, operations=operations, random=lambda: 0.5, watch=FakeWatch()
        )
        specs = {spec.name: spec for spec in (GOOD, BAD, WIRE)}
        self.commander = Commander(SourceCommands(self.store, poller, self.door, specs=lambda: specs, clock=clock))

    async def perform(self, name: str, **arguments: Any) -> JsonObject:
        if not self.store.sources:
            await self.store.sync_sources([GOOD, BAD, WIRE], START)
        return await self.commander.perform(Command(name, arguments, "cli:alice"))


def performed(name: str, **arguments: Any) -> JsonObject:
    return asyncio.run(House().perform(name, **arguments))


def test_a_poll_says_what_came_of_each_source() -> None:
    async def main() -> tuple[JsonObject, JsonObject]:
        house = House()
        return await house.perform("sources.poll", names=["good", "bad", "good"]), await house.perform("sources.poll", names=["good"])

    first, again = asyncio.run(main())
    good, bad = first["sources"]
    assert good == {"name": "good", "new": 2, "edited": 0, "known": 0, "matches": 0, "alerts": 0, "error": "", "paused_by": ""}
    assert (bad["name"], bad["error"]) == ("bad", "no answer")
    assert [(its["new"], its["known"]) for its in again["sources"]] == [(0, 2)]


def test_a_poll_of_what_is_paused_says_so() -> None:
    async def main() -> JsonObject:
        house = House()
        await house.perform("sources.pause", names=["good"], comment="too noisy")
        return await house.perform("sources.poll", names=["good", "bad"])

    good, bad = asyncio.run(main())["sources"]
    assert (good["new"], good["paused_by"], bad["paused_by"]) == (2, "cli:alice: too noisy", "")


def test_a_poll_of_all_leaves_out_what_is_paused_and_what_is_pushed() -> None:
    async def main() -> JsonObject:
        house = House()
        await house.perform("sources.pause", names=["bad"])
        return await house.perform("sources.poll", all=True)

    assert [its["name"] for its in asyncio.run(main())["sources"]] == ["good"]


def test_a_pause_keeps_who_and_why_until_it_is_ended() -> None:
    async def main() -> None:
        house = House()
        answer = await house.perform("sources.pause", names=["good"], comment=" too\nnoisy\x1b[2J ")
        assert answer == {"sources": [{"name": "good", "paused_by": "cli:alice: too noisy [2J"}]}
        assert house.store.sources["good"].paused == START
        assert await house.perform("sources.resume", names=["good"]) == {"sources": [{"name": "good"}]}
        assert house.store.sources["good"].paused is None

    asyncio.run(main())


def test_with_one_wrong_name_nothing_is_done() -> None:
    async def main() -> None:
        house = House()
        with pytest.raises(UsageError, match="no source 'nope', 'neither'"):
            await house.perform("sources.pause", names=["good", "nope", "neither"])
        assert house.store.sources["good"].paused is None

    asyncio.run(main())


def test_lines_that_cannot_be_taken_are_numbered_as_they_were_given() -> None:
    async def main() -> None:
        house = House()
        answer = await house.perform("ingest", source="wire", lines=["one", "bad", "with a\nline end", "bad"])
        assert (answer["received"], answer["new"]) == (4, 2)
        assert answer["faults"] == [{"line": 2, "message": "bad"}, {"line": 4, "message": "bad"}]
        assert house.door.bodies == [b"one\nbad\nwith a line end\nbad"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("sources.explode", {}, "there is no command"),
        ("sources.poll", {}, "needs the names"),
        ("sources.poll", {"names": []}, "needs the names"),
        ("sources.poll", {"names": "good"}, "needs the names"),
        ("sources.poll", {"names": [1]}, "needs the names"),
        ("sources.poll", {"all": "yes"}, "needs the names"),
        ("sources.poll", {"names": ["wire"]}, "pushed, not polled"),
        ("sources.pause", {"names": ["good"], "comment": 3}, "comment is not text"),
        ("ingest", {"source": "wire"}, "ingest needs"),
        ("ingest", {"source": "wire", "lines": [{}]}, "ingest needs"),
        ("ingest", {"lines": []}, "ingest needs"),
    ],
)
def test_what_cannot_be_done_is_said(name: str, arguments: JsonObject, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        performed(name, **arguments)
