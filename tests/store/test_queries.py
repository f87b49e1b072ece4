"""What commands and pages read."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from pathlib import Path

import pytest

from monitor.errors import StorageError, UsageError
from monitor.model import AlertState, Severity
from monitor.ports import Decided
from monitor.store import SqlStore
from tests.store import builders as b


def at(decided: Decided, seconds: float, **changes: object) -> Decided:
    assert decided.alert is not None
    return dataclasses.replace(decided, alert=dataclasses.replace(decided.alert, raised=b.later(seconds), **changes))


async def fill(store: SqlStore) -> None:
    for n, watchlist in enumerate(["arms", "sanctions", "arms"]):
        a = b.article(str(n))
        state = AlertState.CLOSED if n == 2 else AlertState.OPEN
        await store.ingest(b.batch(b.item(a, at(b.raised(a, b.found(watchlist)), n * 60, state=state))))


def test_alerts_are_listed_newest_first_and_filtered(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store)
        listed = await store.alerts()
        assert [one["raised"] for one in listed] == ["2026-03-01T12:02:00Z", "2026-03-01T12:01:00Z", "2026-03-01T12:00:00Z"]
        assert listed[1] == {
            "id": b.digest("sanctions", b.article("1").id),
            "watchlist": "sanctions",
            "severity": "high",
            "state": "open",
            "raised": "2026-03-01T12:01:00Z",
            "updated": "2026-03-01T12:00:00Z",
            "title": b.TITLE,
            "url": "https://example.org/1",
            "source": "samples",
            "language": "ar",
            "article": b.article("1").id,
            "story": b.article("1").id,
            "corrected": False,
            "corrected_at": None,
            "disposition": "",
            "comment": "",
            "outlets": 0,
            "stances": ["planned"],
            "notifications": 1,
            "deliveries": {"pending": 2},
        }
        assert [one["url"][-1] for one in await store.alerts(limit=2)] == ["2", "1"]
        assert [one["url"][-1] for one in await store.alerts(watchlist="arms")] == ["2", "0"]
        assert [one["url"][-1] for one in await store.alerts(state="open")] == ["1", "0"]
        assert [one["url"][-1] for one in await store.alerts(since=b.later(60))] == ["2", "1"]
        assert await store.alerts(watchlist="none") == ()
        assert [one["url"][-1] for one in await store.alerts(severity="high")] == ["2", "1", "0"]
        assert [one["url"][-1] for one in await store.alerts(undelivered=True)] == [one["url"][-1] for one in listed if one["deliveries"]]
        assert [one["url"][-1] for one in await store.alerts(until=b.later(60))] == ["0"]
        oldest, *others = await store.alerts(after=())
        assert [one["url"][-1] for one in (oldest, *others)] == ["0", "1", "2"]
        rest = await store.alerts(after=(datetime.fromisoformat(oldest["raised"]), oldest["id"]))
        assert [one["id"] for one in rest] == [one["id"] for one in others]
        json.dumps(listed)

    b.with_store(tmp_path, work)


def test_one_alert_tells_its_whole_story(tmp_path: Path) -> None:
    a = b.article()
    decided = b.raised(a, b.found(severity=Severity.CRITICAL))

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(b.item(a, decided)))
        (one,) = await store.claim("desk", b.NOW, 1)
        await store.settle([b.again(one, b.later(5))], None, b.later(1))
        shown = await store.alert(one.alert[:8].upper())
        assert shown is not None
        json.dumps(shown)
        assert shown["id"] == one.alert
        assert shown["labels"] == {"topic": "proliferation"}
        (told,) = shown["notifications"]
        assert (told["kind"], told["reason"], told["document"]["title"]) == ("raised", "first_match", b.TITLE)
        assert [(d["sink"], d["state"], d["attempts"], d["sequence"]) for d in told["deliveries"]] == [
            ("desk", "pending", 1, 1),
            ("log", "pending", 0, 1),
        ]
        assert told["deliveries"][0]["last_answer"]["detail"] == "connection refused"
        assert told["deliveries"][1]["last_answer"] is None
        (decision,) = shown["decisions"]
        assert (decision["kind"], decision["reason"], decision["notification"]) == ("raise", "first_match", told["id"])
        (passage,) = decision["evidence"]
        assert shown["text"][passage["start"] : passage["end"]] == passage["quote"]
        assert passage["hits"][0]["entity"] == {"id": "ru", "name": "موسكو", "list": "customers"}
        assert await store.alert("0" * 32) is None

    b.with_store(tmp_path, work)


def test_a_prefix_of_several_alerts_names_them(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        articles = [b.article(str(n)) for n in range(200)]
        await store.ingest(b.batch(*(b.item(a, b.raised(a, b.found())) for a in articles)))
        ids = sorted(one["id"] for one in await store.alerts(limit=200))
        with pytest.raises(UsageError) as caught:
            await store.alert("a")
        named = [one for one in ids if one.startswith("a")]
        assert str(caught.value) == (
            "several alerts begin with a:"
            + "".join(f"\n  {one}  arms  {b.TITLE}" for one in named[:5])
            + "\n  …\n  hint: give more letters of the one you mean"
        )
        with pytest.raises(UsageError, match="no alert named"):
            await store.alert("")
        for odd in ("%", "_", "zz", "'"):
            assert await store.alert(odd) is None
        for one in ids[:20]:
            shown = await store.alert(one)
            assert shown is not None
            assert shown["id"] == one

    b.with_store(tmp_path, work)


def test_reading_beside_a_running_daemon(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.simple("a"))
        beside = await SqlStore.open(tmp_path, read_only=True)
        try:
            assert len(await beside.alerts()) == 1
            await store.ingest(b.simple("b"))
            assert len(await beside.alerts()) == 2
            with pytest.raises(StorageError, match="opened for reading only"):
                await beside.ingest(b.simple("c"))
        finally:
            await beside.close()

    b.with_store(tmp_path, work)


def test_reading_where_nothing_was_ever_written(tmp_path: Path) -> None:
    async def nothing(store: SqlStore) -> None:
        raise AssertionError("it opened")

    where = tmp_path / "var"
    for _ in range(2):
        with pytest.raises(StorageError) as caught:
            b.with_store(where, nothing, read_only=True)
        assert str(caught.value) == f"no record yet at {where}/monitor.db: run `monitor run` or `monitor once`"
        where.mkdir(exist_ok=True)
        (where / "monitor.db").touch()  # the second time: an empty file


def test_stats_name_every_state(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store)
        stats = await store.stats()
        assert {name: stats[name] for name in ("articles", "texts", "alerts", "notifications", "deliveries", "matches")} == {
            "articles": 3,
            "texts": 1,
            "alerts": 3,
            "notifications": 3,
            "deliveries": 6,
            "matches": 3,
        }
        assert stats["deliveries_pending"] == 6
        assert stats["deliveries_dead"] == 0

    b.with_store(tmp_path, work)


def test_a_glance_at_an_alert_reads_few_documents_however_many_were_told(tmp_path: Path) -> None:
    """The page behind a link may be asked for by anybody who has the link, as often as he likes."""

    async def work(store: SqlStore) -> None:
        a = b.article("a")
        for ordinal in range(6):
            await store.ingest(b.batch(b.item(a, b.raised(a, b.found(), ordinal=ordinal))))
        id_ = b.digest("arms", a.id)
        glance, whole = await store.alert_glance(id_), await store.alert(id_)
        assert glance is not None
        assert whole is not None
        told = [{"document": one["document"]} for one in whole["notifications"]]
        assert len(told) == 6
        assert glance["notifications"] == [told[0], *told[3:]]
        assert glance["left_out"] == 2
        assert not {"decisions", "text"} & glance.keys()
        shared = glance.keys() & whole.keys() - {"notifications", "deliveries", "left_out"}
        assert {name: glance[name] for name in shared} == {name: whole[name] for name in shared}
        assert await store.alert_glance("0000") is None

    b.with_store(tmp_path, work)


def test_of_an_alert_told_of_often_the_first_and_the_newest_are_shown(tmp_path: Path) -> None:
    """A story that goes on for months has thousands of notifications, each with a document."""

    async def work(store: SqlStore) -> None:
        a = b.article("a")
        for ordinal in range(9):
            found = dataclasses.replace(b.found(), version=f"version {ordinal}")
            await store.ingest(b.batch(b.item(a, b.raised(a, found, ordinal=ordinal))))
        id_ = b.digest("arms", a.id)
        shown = await store.alert(id_, 3)
        assert shown is not None
        assert [one["ordinal"] for one in shown["notifications"]] == [0, 7, 8]
        assert [one["version"] for one in shown["decisions"]] == ["version 0", "version 7", "version 8"]
        assert shown["left_out"] == {"notifications": 6, "decisions": 6}
        none, whole = await store.alert(id_, 0), await store.alert(id_)
        assert none is not None
        assert whole is not None
        assert (none["notifications"], none["decisions"]) == ([], [])
        assert whole["left_out"] == {"notifications": 0, "decisions": 0}
        paged = [*await store.alert_told(id_, -1, 5), *await store.alert_told(id_, 4, 5)]
        assert paged == whole["notifications"]
        decided = await store.alert_decided(whole["story"], "arms", 0, 5)
        assert [*decided, *await store.alert_decided(whole["story"], "arms", decided[-1]["number"], 5)] == whole["decisions"]
        assert await store.alert_told(id_, 8, 5) == []

    b.with_store(tmp_path, work)
