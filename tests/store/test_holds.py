"""Held deliveries: under their key until it ends, then sent by themselves or told together, each once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from monitor.model import DeliveryState, Notification, NotificationKind, Reason, Severity, Way
from monitor.ports import DecideAgain, Held, Selection
from monitor.store import SqlStore
from monitor.store.holds import read_first
from monitor.store.schema import HELD
from tests.store import builders as b


async def held(store: SqlStore, key: str, *, until: float = 3600, hold: str = "quiet", severity: Severity = Severity.HIGH) -> str:
    a = b.article(key)
    told = replace(b.raised(a, b.found(severity=severity)), ways=(Way("desk", "night", b.later(until), hold),))
    await store.ingest(b.batch(b.item(a, told)))
    assert told.notification is not None
    return told.notification.id


async def states(store: SqlStore) -> list[tuple[int, str, str]]:
    return sorted((one["sequence"], one["state"], one["reason"]) for one in await store.deliveries(Selection()))


def digest_of(members: tuple[str, ...]) -> Notification:
    return Notification(
        b.digest("digest"), "", NotificationKind.DIGEST, Reason.DIGEST, Severity.CRITICAL, b.later(3600), b'{"id":"d"}', members=members
    )


def test_a_claimed_run_may_be_held_instead_of_sent_and_was_no_attempt(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        for key in "abc":
            await store.ingest(b.simple(key, sinks=("desk",)))
        first, second, third = await store.claim("desk", b.NOW, 3)
        await store.settle([b.again(third, b.later(5))], None, b.NOW)
        await store.hold([first, second, third], "rate", b.later(60), b.NOW)
        assert await states(store) == [(1, "held", "rate"), (2, "held", "rate"), (3, "held", "rate")]
        assert await store.holds_due(b.later(59)) == ()
        assert await store.holds_due(b.later(60)) == (Held("desk", "rate", 3, b.later(60), b.NOW),)
        assert [one.attempts for one in await store.held("desk", "rate", 9)] == [0, 0, 1]
        await store.hold([first], "quiet", b.later(90), b.later(1))
        assert [one.reason for one in await store.held("desk", "quiet", 9)] == ["quiet"]

    b.with_store(tmp_path, work)


def test_what_is_let_go_goes_before_what_came_later_and_does_not_expire_for_its_wait(tmp_path: Path) -> None:
    week = 8 * 86400

    async def work(store: SqlStore) -> None:
        early = await held(store, "a", until=week)
        await store.ingest(b.simple("b", sinks=("desk",), now=b.later(week)))
        assert await store.expire("desk", b.later(week - 1), b.later(week), "too old") != (early,)
        assert await store.let_go("desk", "rate", b.later(week)) == 0
        assert await store.let_go("desk", "quiet", b.later(week)) == 1
        assert await store.expire("desk", b.later(7 * 86400), b.later(week), "too old") == ()
        (first, *_) = await store.claim("desk", b.later(week), 9)
        assert (first.sequence, first.notification, first.route, first.reason) == (1, early, "night", "")

    b.with_store(tmp_path, work)


def test_a_hold_may_end_earlier_or_later(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await held(store, "a")
        await held(store, "b", hold="digest:night")
        assert await store.postpone("quiet", b.later(10), b.NOW) == 1
        assert [one.key for one in await store.holds_due(b.later(10))] == ["quiet"]
        assert [one.key for one in await store.holds_due(b.later(3600))] == ["quiet", "digest:night"]

    b.with_store(tmp_path, work)


def test_a_digest_tells_of_its_members_once_and_each_knows_it(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        ids = tuple([await held(store, key, hold="digest:night") for key in "abc"])
        members = await store.held("desk", "digest:night", 9)
        told = digest_of(ids)
        await store.digest(told, "digest:night", "desk", members, b.later(3600))
        assert await states(store) == [
            (1, "cancelled", "digest"),
            (2, "cancelled", "digest"),
            (3, "cancelled", "digest"),
            (4, "pending", ""),
        ]
        (one,) = await store.claim("desk", b.later(3600), 9)
        assert (one.notification, one.severity, one.route, one.alert) == (told.id, Severity.CRITICAL, "night", "")
        for member in ids:
            (shown,) = await store.delivery(member, "desk")
            assert (shown["told_in"], shown["digest"]) == (told.id, None)
        assert [one["deliveries"] for one in await store.alerts()] == [{"digested": 1}] * 3  # "cancelled" would sound like a loss
        (shown,) = await store.delivery(told.id[:12], None)
        assert shown["digest"] == "digest:night"
        assert await store.holds_due(b.later(10**7)) == ()

    b.with_store(tmp_path, work)


def test_a_digest_of_what_is_held_no_more_is_not_written(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        ids = tuple([await held(store, key, hold="digest:night") for key in "ab"])
        members = await store.held("desk", "digest:night", 9)
        await store.let_go("desk", "digest:night", b.later(1))
        with pytest.raises(DecideAgain):
            await store.digest(digest_of(ids), "digest:night", "desk", members, b.later(3600))
        assert await states(store) == [(1, "pending", ""), (2, "pending", "")]
        assert (await store.stats())["notifications"] == 2

    b.with_store(tmp_path, work)


def test_what_waits_and_what_went_out_can_be_counted(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        for n in range(5):
            await store.ingest(b.simple(f"{n}", sinks=("desk",), now=b.later(n)))
        claimed = await store.claim("desk", b.later(9), 3)
        await store.settle([b.delivered(claimed[0])], None, b.later(10))
        await store.settle([b.delivered(claimed[1])], None, b.later(20))
        assert len(await store.sent_since("desk", b.NOW)) == 2
        assert list((await store.sent_since("desk", b.later(15))).values()) == [b.later(20)]
        assert await store.sent_since("desk", b.later(21)) == {}
        assert await store.behind(claimed[2]) == 2
        waiting = await store.waiting("desk", b.later(10**6), 9)
        assert [one.sequence for one in waiting] == [4, 5]
        assert {one.state for one in waiting} == {DeliveryState.PENDING}
        assert await store.waiting("desk", b.NOW, 9) == ()

    b.with_store(tmp_path, work)


def test_documents_are_read_until_they_are_many_bytes(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        for key in "abcde":
            await held(store, key)
        one = len((await store.held("desk", "quiet", 1))[0].payload)
        for most, many in ((0, 2), (3 * one + 100, 3), (100 * one, 5)):
            found = await store._database.read(partial(read_first, chosen=(HELD,), limit=9, most=most))
            assert [delivery.sequence for delivery in found] == list(range(1, many + 1))

    b.with_store(tmp_path, work)
