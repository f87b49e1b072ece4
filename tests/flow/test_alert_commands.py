"""What a person does to alerts, on the real record: the table, what is told of it, and the trail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.flow.alert_commands import TABLE, AlertCommands
from monitor.flow.commands import Commander
from monitor.flow.route import Route, asked_for
from monitor.flow.turn import Turn
from monitor.model import AlertState, Command, Disposition, JsonObject, NotificationKind, Way
from monitor.store import SqlStore
from tests.fakes import FakeClock, FakeMeter
from tests.store.builders import NOW, article, batch, digest, found, item, raised, simple

ALICE = "cli:alice"


class Desk:
    """The commands over a record with alerts of articles ``a`` and ``b``, both told to ``log`` and ``desk``."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.clock = FakeClock(NOW)
        self.woken = 0
        self.merged: list[Command] = []
        self.routes: tuple[Route, ...] = ()
        self.commander = Commander(
            AlertCommands(
                store,
                Turn(),
                clock=self.clock,
                meter=FakeMeter(),
                wake=self._wake,
                merge=self._merge,
                asked=lambda ways, kind: asked_for(self.routes, ways, kind),
            ),
        )

    def _wake(self) -> None:
        self.woken += 1

    async def _merge(self, command: Command) -> JsonObject:
        self.merged.append(command)
        return {}

    async def do(self, name: str, *ids: str, actor: str = ALICE, **arguments: Any) -> list[JsonObject]:
        self.clock.advance(60)
        answer = await self.commander.perform(Command(f"alerts.{name}", {"ids": list(ids), **arguments}, actor))
        found: list[JsonObject] = answer["alerts"]
        return found

    async def told(self, alert: str) -> list[JsonObject]:
        page = await self.store.alert(alert)
        assert page is not None
        told: list[JsonObject] = page["notifications"]
        return told


def alert_of(key: str) -> str:
    return digest("arms", article(key).id)


A, B = alert_of("a"), alert_of("b")


def at_desk(folder: Path, work: Callable[[Desk], Awaitable[None]], *keys: str) -> None:
    async def life() -> None:
        store = await SqlStore.open(folder)
        try:
            await store.sync_sinks(["log", "desk"], NOW)
            for key in keys or ("a", "b"):
                await store.ingest(simple(key))
            await work(Desk(store))
        finally:
            await store.close()

    asyncio.run(life())


def test_acknowledged_tells_nobody_and_leaves_a_line(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        [answer] = await desk.do("ack", A[:10], comment="mine")
        assert answer == {"id": A, "watchlist": "arms", "state": "acknowledged", "unchanged": False}
        assert len(await desk.told(A)) == 1
        [line] = await desk.store.trail(subject=A)
        assert (line["actor"], line["action"], line["object"]) == (ALICE, "alert ack", A)
        assert line["detail"] == {"watchlist": "arms", "from": "open", "to": "acknowledged", "comment": "mine"}
        for said in ("", "mine"):
            [again] = await desk.do("ack", A, comment=said)
            assert again["unchanged"]
        assert len(await desk.store.trail(subject=A)) == 1
        assert desk.woken == 0

    at_desk(tmp_path, work)


@pytest.mark.parametrize(("before", "again"), [(["ack"], "ack"), ([], "reopen"), (["ack", "reopen"], "reopen")])
def test_what_is_said_of_an_alert_that_is_so_already_is_kept(tmp_path: Path, before: list[str], again: str) -> None:
    async def work(desk: Desk) -> None:
        for verb in before:
            await desk.do(verb, A, comment="mine")
        [answer] = await desk.do(again, A, actor="cli:bob", comment="I have it now")
        assert (answer["state"], answer["unchanged"]) == ("acknowledged" if again == "ack" else "open", False)
        line = (await desk.store.trail(subject=A))[0]
        assert (line["actor"], line["detail"]["comment"], line["detail"]["from"]) == ("cli:bob", "I have it now", line["detail"]["to"])
        page = await desk.store.alert(A)
        assert page is not None
        assert (page["comment"], page["changed_by"], len(page["notifications"])) == ("I have it now", "cli:bob", 1)
        assert desk.woken == 0

    at_desk(tmp_path, work)


def test_closed_is_told_where_the_alert_was_told_with_its_evidence(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        [answer] = await desk.do("close", A, disposition="not_relevant", comment="an idiom")
        assert (answer["state"], answer["disposition"]) == ("closed", "not_relevant")
        first, closed = await desk.told(A)
        assert (closed["kind"], closed["reason"]) == ("closed", "by_hand")
        assert sorted(delivery["sink"] for delivery in closed["deliveries"]) == ["desk", "log"]
        document = closed["document"]
        assert document["type"] == "monitor.alert.closed"
        assert document["title"] == first["document"]["title"]
        assert document["data"]["change"] == {
            "at": "2026-03-01T12:01:00.000Z",
            "by": "alice",
            "door": "cli",
            "comment": "an idiom",
            "disposition": "not_relevant",
        }
        assert document["data"]["alert"]["state"] == "closed"
        assert document["id"] == closed["id"] != first["id"]
        assert desk.woken == 1

    at_desk(tmp_path, work)


def test_reopened_is_told_and_forgets_the_disposition(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.do("close", A, disposition="false")
        [answer] = await desk.do("reopen", A, comment="it was right")
        assert answer == {"id": A, "watchlist": "arms", "state": "open", "unchanged": False}
        kinds = [told["kind"] for told in await desk.told(A)]
        assert kinds == ["raised", "closed", "reopened"]
        lines = [(line["action"], line["detail"]["from"], line["detail"]["to"]) for line in await desk.store.trail()]
        assert lines == [("alert reopen", "closed", "open"), ("alert close", "open", "closed")]

    at_desk(tmp_path, work)


def test_another_disposition_is_told_where_the_alert_was_told(tmp_path: Path) -> None:
    """Who acted on an alert that was closed as true must hear that it was false after all."""

    async def work(desk: Desk) -> None:
        await desk.do("close", A, disposition="true")
        [answer] = await desk.do("close", A, disposition="false", comment="a hoax")
        assert (answer["disposition"], answer["unchanged"]) == ("false", False)
        *_, again = await desk.told(A)
        assert (again["kind"], again["reason"]) == ("closed", "by_hand")
        assert sorted(delivery["sink"] for delivery in again["deliveries"]) == ["desk", "log"]
        change = again["document"]["data"]["change"]
        assert (change["disposition"], change["disposition_before"], change["comment"]) == ("false", "true", "a hoax")
        assert desk.woken == 2

    at_desk(tmp_path, work)


def test_the_same_disposition_with_another_comment_is_told_to_nobody(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.do("close", A, disposition="true")
        [commented] = await desk.do("close", A, disposition="true", comment="it was real")
        assert not commented["unchanged"]
        [wordless] = await desk.do("close", A, disposition="true")
        assert wordless["unchanged"] is True, "the comment stays"
        [same] = await desk.do("close", A, disposition="true", comment="it was real")
        assert same["unchanged"]
        assert len(await desk.told(A)) == 2

    at_desk(tmp_path, work)


def test_a_route_that_does_not_ask_for_closings_hears_of_none(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        desk.routes = (Route(("desk",), name="desk", tell=(NotificationKind.RAISED,)), Route(("log",), name="all"))
        a = article("c")
        told = replace(raised(a, found()), ways=(Way("desk", "desk"), Way("log", "all")))
        await desk.store.ingest(batch(item(a, told)))
        alert = alert_of("c")
        await desk.do("close", alert, disposition="false")
        await desk.do("reopen", alert)
        desk.routes = (Route(("desk",), name="desk"),)  # it asks for everything from here on; "all" is there no more
        await desk.do("close", alert, disposition="true")
        sinks = [sorted(delivery["sink"] for delivery in one["deliveries"]) for one in await desk.told(alert)]
        assert sinks == [["desk", "log"], ["log"], ["log"], ["desk", "log"]]

    at_desk(tmp_path, work)


def test_a_closed_alert_is_not_acknowledged(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.do("close", A, disposition="true")
        with pytest.raises(UsageError, match=r"reopen it first \(nothing was changed"):
            await desk.do("ack", B, A)
        page = await desk.store.alert(B)
        assert page is not None
        assert page["state"] == "open"  # with one that cannot be, nothing is done

    at_desk(tmp_path, work)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"ids": []}, "needs the ids of alerts"),
        ({"ids": ["ffff"]}, "no alert whose id begins with 'ffff'\n"),
        ({"ids": [A, "ffff", B]}, r"no alert whose id begins with 'ffff' \(nothing was changed, of the others neither\)\n"),
        ({"ids": [""]}, "needs the ids"),
        ({"ids": [A], "comment": 3}, "comment is not text"),
        ({"ids": "abc"}, "needs the ids"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_done(tmp_path: Path, arguments: JsonObject, said: str) -> None:
    async def work(desk: Desk) -> None:
        with pytest.raises(UsageError, match=said):
            await desk.commander.perform(Command("alerts.ack", arguments, ALICE))
        assert not await desk.store.trail()

    at_desk(tmp_path, work)


@pytest.mark.parametrize("disposition", ["", "maybe", None, 3])
def test_a_close_needs_a_disposition(tmp_path: Path, disposition: object) -> None:
    async def work(desk: Desk) -> None:
        with pytest.raises(UsageError, match="disposition"):
            await desk.do("close", A, disposition=disposition)

    at_desk(tmp_path, work)


def test_an_unknown_command_names_the_nearest(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        with pytest.raises(UsageError) as caught:
            await desk.do("acknowlege", A)
        assert "alerts.ack" in caught.value.hint

    at_desk(tmp_path, work)


def test_a_duplicate_is_closed_into_another_by_joining_their_stories(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.do("close", B, disposition="duplicate", into=A, comment="the same deal")
        [merge] = desk.merged
        assert (merge.name, merge.actor) == ("stories.merge", ALICE)
        assert merge.arguments == {"story": article("b").id, "into": article("a").id, "comment": "the same deal"}
        with pytest.raises(UsageError, match="duplicate of itself"):
            await desk.do("close", A, disposition="duplicate", into=A)
        with pytest.raises(UsageError, match="only a duplicate"):
            await desk.do("close", A, disposition="true", into=B)

    at_desk(tmp_path, work)


def test_a_duplicate_of_another_watchlist_is_refused(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        other = article("c")
        await desk.store.ingest(batch(item(other, raised(other, found("sanctions")))))
        with pytest.raises(UsageError, match="is of watchlist sanctions"):
            await desk.do("close", digest("sanctions", other.id), disposition="duplicate", into=A)

    at_desk(tmp_path, work)


def test_a_sink_that_is_gone_is_not_told_of_a_closing(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.store.sync_sinks(["log"], NOW)
        await desk.do("close", A, disposition="true")
        assert [delivery["sink"] for delivery in (await desk.told(A))[-1]["deliveries"]] == ["log"]

    at_desk(tmp_path, work)


def test_control_characters_of_a_comment_are_gone(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.do("ack", A, comment="one\ntwo\x1b[31m \u202ethree")
        [line] = await desk.store.trail(subject=A)
        assert line["detail"]["comment"] == "one two [31m three"

    at_desk(tmp_path, work)


def test_two_at_once_are_one_after_the_other(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await asyncio.gather(*(desk.do("close", A, disposition="true", actor=f"cli:{name}") for name in ("ann", "bob", "eve")))
        assert len(await desk.told(A)) == 2
        assert len(await desk.store.trail(subject=A)) == 1

    at_desk(tmp_path, work)


_COMMANDS = st.lists(
    st.tuples(st.sampled_from(["ack", "close", "reopen"]), st.sampled_from(list(Disposition)), st.sampled_from(["", "a", "b"])), max_size=8
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_COMMANDS)
def test_any_order_of_commands_keeps_to_the_table(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str, Disposition, str]]
) -> None:
    async def work(desk: Desk) -> None:
        state, told, lines = AlertState.OPEN, 1, 0
        now_found = None
        for verb, disposition, said in asked:
            rule = TABLE[state, verb]
            arguments = {"comment": said} | ({"disposition": disposition.value} if verb == "close" else {})
            if isinstance(rule, str):
                with pytest.raises(UsageError):
                    await desk.do(verb, A, **arguments)
                continue
            [answer] = await desk.do(verb, A, **arguments)
            lines += not answer["unchanged"]
            told += rule.told is not None and (rule.to is not state or disposition is not now_found)
            state = rule.to
            now_found = disposition if state is AlertState.CLOSED else None
            assert answer["state"] == state.value
            if said:
                page = await desk.store.alert(A)
                assert page is not None
                assert page["comment"] == said
        notifications = await desk.told(A)
        assert len(notifications) == told
        assert len({told["id"] for told in notifications}) == told
        assert len(await desk.store.trail(subject=A)) == lines
        assert all(json.dumps(one["document"]) for one in notifications)

    at_desk(tmp_path_factory.mktemp("desk"), work, "a")
