"""Sources with their due times and leases, and the last good version of each watchlist."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from monitor.model import Move, SourceKind, SourceSpec, SourceState, identity
from monitor.ports import LanguagePulse, StoredVersion
from monitor.store import SqlStore, schema
from tests.store import builders as b

FEED = SourceSpec(name="feed", kind=SourceKind.FEED, location="https://example.org/rss.xml", every=900)
FOLDER = SourceSpec(name="samples", kind=SourceKind.FOLDER, location="/srv/seeds", every=60)


def version(text: str, name: str = "arms") -> StoredVersion:
    return StoredVersion(
        watchlist=name, version=b.digest(text, length=64), files={f"{name}.yaml": text, "vocabulary/arms.yaml": "سلاح"}, engine="1"
    )


def test_new_sources_are_due_now_and_claimed_oldest_first(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.sync_sources([FEED], b.NOW)
        await store.sync_sources([FEED, FOLDER], b.later(1))
        assert await store.claim_sources(b.NOW, 60, 10) == (SourceState("feed", b.NOW),)
        assert [state.name for state in await store.claim_sources(b.later(1), 60, 10)] == ["samples"]
        assert [state.name for state in await store.source_states()] == ["feed", "samples"]
        assert (await store.source_states())[0].never_succeeded

    b.with_store(tmp_path, work)


def test_a_leased_source_is_not_claimed_again_until_the_lease_ends(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.sync_sources([FEED], b.NOW)
        assert len(await store.claim_sources(b.NOW, 60, 10)) == 1
        assert await store.claim_sources(b.later(59), 60, 10) == ()
        assert len(await store.claim_sources(b.later(60), 60, 10)) == 1
        await store.save_source(SourceState("feed", b.later(900), failures=1, error="timed out"))
        assert await store.claim_sources(b.later(899), 60, 10) == ()
        (claimed,) = await store.claim_sources(b.later(900), 60, 10)
        assert (claimed.failures, claimed.error) == (1, "timed out")

    b.with_store(tmp_path, work)


def test_an_ingest_saves_the_state_and_ends_the_lease(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.sync_sources([FOLDER], b.NOW)
        await store.claim_sources(b.NOW, 10_000, 10)
        await store.ingest(b.batch(b.item(b.article()), state=b.polled(due=b.later(60))))
        (claimed,) = await store.claim_sources(b.later(60), 60, 10)
        assert claimed == b.polled(due=b.later(60))

    b.with_store(tmp_path, work)


def test_a_limit_is_kept(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.sync_sources([dataclasses.replace(FEED, name=f"f{n:03}") for n in range(20)], b.NOW)
        assert [state.name for state in await store.claim_sources(b.NOW, 60, 3)] == ["f000", "f001", "f002"]
        assert len(await store.claim_sources(b.NOW, 60, 100, per_host=17)) == 17

    b.with_store(tmp_path, work)


def test_a_slow_host_holds_few_claims_and_a_busy_one_none(tmp_path: Path) -> None:
    def feed(n: int, host: str) -> SourceSpec:
        return dataclasses.replace(FEED, name=f"{host}{n}", location=f"https://{host}.example/{n}")

    async def work(store: SqlStore) -> None:
        folders = [dataclasses.replace(FEED, name=f"folder{n}", kind=SourceKind.FOLDER, location=f"/{n}") for n in range(6)]
        await store.sync_sources([*folders, *(feed(n, host) for host in "abc" for n in range(6))], b.NOW)
        claimed = await store.claim_sources(b.NOW, 60, 100, busy={"c.example"}, per_host=2)
        assert [state.name for state in claimed] == [*(f"folder{n}" for n in range(6)), "a0", "a1", "b0", "b1"]

    b.with_store(tmp_path, work)


def test_paused_gone_and_pushed_sources_are_never_due(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        names = ("paused", "gone", "pushed", "well")
        specs = [dataclasses.replace(FEED, name=name, kind=SourceKind.PUSH if name == "pushed" else SourceKind.FEED) for name in names]
        await store.sync_sources(specs, b.NOW)
        assert await store.pause_source("paused", b.NOW, "cli:alice")
        assert not await store.pause_source("nobody", b.NOW, "cli:alice")
        states = {state.name: state for state in await store.source_states()}
        await store.save_source(dataclasses.replace(states["gone"], gone=b.NOW))
        # A poll that ran while it was paused does not end the pause.
        await store.save_source(dataclasses.replace(states["paused"], paused=None))
        assert [state.name for state in await store.claim_sources(b.NOW, 60, 10)] == ["well"]
        assert await store.resume_source("paused", b.NOW, "cli:alice")
        assert await store.resume_source("gone", b.NOW, "cli:alice")
        assert [state.name for state in await store.claim_sources(b.NOW, 60, 10)] == ["gone", "paused"]

    b.with_store(tmp_path, work)


def test_new_feeds_are_spread_and_an_operator_may_ask_early(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.sync_sources([dataclasses.replace(FEED, name=f"f{n}") for n in range(4)], b.NOW, spread=40)
        assert sorted((state.next_due - b.NOW).total_seconds() for state in await store.source_states()) == [0, 10, 20, 30]
        later = dataclasses.replace((await store.source_states())[0], next_due=b.later(50), not_before=b.later(3600))
        await store.save_source(later)
        # A restart asks no earlier than the server wished, an operator does.
        await store.sync_sources([dataclasses.replace(FEED, name="f0", every=1.0)], b.NOW)
        assert [state.next_due for state in await store.source_states()] == [b.later(3600)]
        assert await store.due_now("f0", b.NOW)
        assert [state.not_before for state in await store.claim_sources(b.NOW, 60, 10)] == [None]
        assert not await store.due_now("nobody", b.NOW)

    b.with_store(tmp_path, work)


ADAPTIVE = dataclasses.replace(FEED, adaptive=True, every=900, least=300, most=21_600)
HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize(
    ("spec", "before", "due"),
    [
        # as it stood                                                    -> as a start leaves it
        (FEED, {"next_due": b.later(600)}, 600),
        (FEED, {"next_due": b.later(-50)}, -50),
        (dataclasses.replace(FEED, every=60), {"next_due": b.later(600)}, 60),
        (FEED, {"next_due": b.later(90 * DAY)}, 900),  # the clock was set back
        (ADAPTIVE, {"next_due": b.later(5 * HOUR)}, 5 * HOUR),  # a learnt interval
        (ADAPTIVE, {"next_due": b.later(90 * DAY)}, 6 * HOUR),
        (FEED, {"next_due": b.later(8 * HOUR), "failures": 6}, 8 * HOUR),  # a restart is no way around a pause
        (FEED, {"next_due": b.later(90 * DAY), "failures": 6}, DAY),
        (dataclasses.replace(FEED, every=60), {"next_due": b.later(2 * HOUR), "not_before": b.later(2 * HOUR)}, 2 * HOUR),
        (FEED, {"next_due": b.later(90 * DAY), "not_before": b.later(90 * DAY)}, DAY),
        (dataclasses.replace(FEED, location="https://new.example/"), {"next_due": b.later(600), "not_before": b.later(600)}, 0),
        (dataclasses.replace(FEED, location="https://new.example/"), {"next_due": b.later(600), "failures": 9}, 0),
    ],
)
def test_fault_32_when_a_source_is_due_after_a_start(tmp_path: Path, spec: SourceSpec, before: dict[str, Any], due: float) -> None:
    async def work(store: SqlStore) -> None:
        await store.sync_sources([FEED], b.NOW)
        await store.save_source(dataclasses.replace(b.polled("feed"), **before))
        await store.sync_sources([spec], b.NOW)
        (state,) = await store.source_states()
        assert (state.next_due - b.NOW).total_seconds() == due
        if spec.location != FEED.location:
            assert (state.failures, state.error, state.broken) == (0, "", False)

    b.with_store(tmp_path, work)


def test_bounds_go_with_the_address_that_is_asked(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        feeds = [dataclasses.replace(FEED, name=name, location=f"https://old.example:8443/{name}") for name in "ab"]
        await store.sync_sources(feeds, b.NOW)
        states = {state.name: state for state in await store.source_states()}
        await store.save_source(dataclasses.replace(states["a"], address="https://user@New.example/a"))
        for _ in range(2):  # the same after a start
            assert await store.claim_sources(b.NOW, 0, 10, busy={"old.example:8443", "new.example"}) == ()
            assert [state.name for state in await store.claim_sources(b.NOW, 0, 10, busy={"old.example:8443"})] == ["a"]
            assert [state.name for state in await store.claim_sources(b.NOW, 0, 10, busy={"new.example"})] == ["b"]
            await store.sync_sources(feeds, b.NOW)
        await store.save_source(states["a"])
        assert await store.claim_sources(b.NOW, 0, 10, busy={"old.example:8443"}) == ()

    b.with_store(tmp_path, work)


def test_what_comes_back_into_the_configuration_is_tried_again(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.sync_sources([FEED], b.NOW)
        await store.save_source(dataclasses.replace(b.polled("feed"), gone=b.NOW, deaths=3, failing_since=b.NOW))
        await store.sync_sources([FEED], b.NOW)
        assert (await store.source_states())[0].gone == b.NOW, "a restart is no reason to ask again"
        await store.sync_sources([], b.NOW)
        await store.sync_sources([FEED], b.NOW)
        (state,) = await store.source_states()
        assert (state.gone, state.deaths, state.failing_since, state.next_due) == (None, 0, None, b.NOW)

    b.with_store(tmp_path, work)


def test_one_source_as_commands_show_it(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.sync_sources([FEED], b.NOW)
        for n in range(12):
            article = b.article(str(n), source="feed", body=f"body {n}")
            article = dataclasses.replace(article, id=identity("feed", str(n)), title=f"T{n}")
            state = dataclasses.replace(b.polled("feed"), known=bytes(24), move=Move("https://a.example/", b.NOW, 2), gaps=(60.0,))
            await store.ingest(b.batch(b.item(article, body=f"body {n}"), source="feed", state=state, now=b.later(n)))
        await store.pause_source("feed", b.NOW, "cli:alice: maintenance")
        shown = await store.source("feed")
        assert shown is not None
        json.dumps(shown)
        latest = shown.pop("latest")
        assert [one["title"] for one in latest] == [f"T{n}" for n in range(11, 1, -1)]
        assert latest[0]["url"] == "https://example.org/11"
        assert shown == {
            "name": "feed",
            "kind": "feed",
            "location": "https://example.org/rss.xml",
            "address": "",
            "failures": 0,
            "error": "",
            "paused": "2026-03-01T12:00:00Z",
            "paused_by": "cli:alice: maintenance",
            "empty": 0,
            "deaths": 0,
            "broken": False,
            "failing_since": None,
            "gone": None,
            "retired": None,
            "lease_until": None,
            "next_due": "2026-03-01T12:15:00Z",
            "not_before": None,
            "last_poll": "2026-03-01T12:00:00Z",
            "last_success": "2026-03-01T12:00:00Z",
            "last_new": "2026-03-01T12:00:00Z",
            "validators": {"etag": "e1"},
            "gaps": [60.0],
            "move": {"to": "https://a.example/", "since": "2026-03-01T12:00:00Z", "times": 2},
            "items_known": 3,
            "articles": 12,
            "sighted": 0,
        }
        assert await store.source("nobody") is None

    b.with_store(tmp_path, work)


def test_languages_count_their_articles_once(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.simple("a"))
        await store.ingest(b.batch(b.item(b.article("b", language="en")), now=b.later(5)))
        await store.ingest(b.batch(b.item(b.article("a", body="edited"), body="edited"), now=b.later(9)))
        assert await store.languages() == {"ar": LanguagePulse(b.NOW, 1), "en": LanguagePulse(b.later(5), 1)}

    b.with_store(tmp_path, work)


def test_all_that_is_learnt_of_a_source_comes_back(tmp_path: Path) -> None:
    learnt = dataclasses.replace(
        b.polled("feed"),
        address="https://a.example/new",
        move=Move("https://a.example/newer", b.NOW, 2),
        not_before=b.later(5),
        gone=b.NOW,
        gaps=(1.5, 60.0),
        known=bytes(range(16)),
        empty=1,
        deaths=2,
        broken=True,
        failing_since=b.NOW,
    )

    async def work(store: SqlStore) -> None:
        await store.sync_sources([FEED], b.NOW)
        await store.save_source(learnt)
        assert await store.source_states() == (learnt,)
        # Under another address none of it holds.
        await store.sync_sources([dataclasses.replace(FEED, location="https://elsewhere.example/")], b.NOW)
        (state,) = await store.source_states()
        assert (state.address, state.move, state.not_before, state.gone, state.known, state.validators) == ("", None, None, None, b"", {})
        assert (state.failures, state.broken, state.failing_since) == (0, False, None)

    b.with_store(tmp_path, work)


def test_a_start_ends_the_leases_of_the_one_before(tmp_path: Path) -> None:
    async def before(store: SqlStore) -> None:
        await store.sync_sources([FEED], b.NOW)
        await store.claim_sources(b.NOW, 10_000, 10)

    async def after(store: SqlStore) -> None:
        await store.sync_sources([FEED], b.later(5))
        assert len(await store.claim_sources(b.later(5), 60, 10)) == 1

    b.with_store(tmp_path, before)
    b.with_store(tmp_path, after)


def test_a_changed_address_forgets_the_validators_and_a_shorter_interval_counts_from_now(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.sync_sources([FEED], b.NOW)
        await store.save_source(b.polled("feed", due=b.later(900)))
        await store.sync_sources([FEED], b.later(10))
        assert await store.source_states() == (b.polled("feed", due=b.later(900)),)
        await store.sync_sources([dataclasses.replace(FEED, every=60)], b.later(10))
        assert (await store.source_states())[0].next_due == b.later(70)
        await store.sync_sources([dataclasses.replace(FEED, location="https://example.org/new.xml")], b.later(20))
        (state,) = await store.source_states()
        assert (state.validators, state.next_due, state.last_success) == ({}, b.later(20), b.NOW)

    b.with_store(tmp_path, work)


def test_a_source_no_longer_configured_is_retired_and_may_come_back(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.sync_sources([FEED, FOLDER], b.NOW)
        await store.save_source(b.polled("feed", due=b.later(900)))
        await store.sync_sources([FOLDER], b.NOW)
        assert [state.name for state in await store.source_states()] == ["samples"]
        assert [state.name for state in await store.claim_sources(b.later(9_999), 60, 10)] == ["samples"]
        assert (await store.stats())["sources"] == 2
        await store.sync_sources([FEED, FOLDER], b.later(5))
        (back,) = [state for state in await store.source_states() if state.name == "feed"]
        assert (back.next_due, back.validators) == (b.later(5), {"etag": "e1"})

    b.with_store(tmp_path, work)


def test_an_address_that_is_learnt_or_given_up_stands_in_the_audit(tmp_path: Path) -> None:
    new, newer = "https://new.example.org/rss.xml", "https://newer.example.org/rss.xml"

    async def work(store: SqlStore) -> None:
        await store.sync_sources([FEED, FOLDER], b.NOW)
        for minute, address in enumerate(("", new, new, newer, "", "")):
            polled = dataclasses.replace(b.polled("feed", due=b.later(900)), address=address, last_poll=b.later(60 * minute))
            await store.save_source(polled)

        def audit(connection: Connection) -> list[tuple[Any, ...]]:
            rows = connection.execute(select(schema.audit).order_by("id"))
            return [(row.at, row.action, row.object, row.detail) for row in rows]

        assert await store._database.read(audit) == [
            (b.later(60), "learn address", "feed", {"before": FEED.location, "address": new}),
            (b.later(180), "learn address", "feed", {"before": new, "address": newer}),
            (b.later(240), "give up learnt address", "feed", {"before": newer, "address": FEED.location}),
        ]

    b.with_store(tmp_path, work)


def test_the_last_good_version_survives_a_restart(tmp_path: Path) -> None:
    async def before(store: SqlStore) -> None:
        assert await store.good_versions() == ()
        await store.save_version(version("one"), b.NOW)
        await store.save_version(version("two"), b.NOW)
        await store.save_version(version("x", "sanctions"), b.NOW)

    async def after(store: SqlStore) -> None:
        assert await store.good_versions() == (version("two"), version("x", "sanctions"))
        await store.save_version(version("one"), b.NOW)  # an edit taken back, even within the same microsecond
        await store.retire_watchlist("sanctions", b.NOW)
        await store.retire_watchlist("sanctions", b.NOW)
        await store.retire_watchlist("unknown", b.NOW)
        assert await store.good_versions() == (version("one"),)
        await store.save_version(version("x", "sanctions"), b.later(9))
        assert await store.good_versions() == (version("one"), version("x", "sanctions"))

        def audit(connection: Connection) -> list[tuple[str, str]]:
            return [(row.action, row.object) for row in connection.execute(select(schema.audit).order_by("id"))]

        assert await store._database.read(audit) == [
            ("accept watchlist", "arms"),
            ("accept watchlist", "arms"),
            ("accept watchlist", "sanctions"),
            ("accept watchlist", "arms"),
            ("retire watchlist", "sanctions"),
            ("accept watchlist", "sanctions"),
        ]

    b.with_store(tmp_path, before)
    b.with_store(tmp_path, after)


def test_a_large_file_stands_in_the_record_once_and_survives_a_restart(tmp_path: Path) -> None:
    names = "id,name\n" + "".join(f"{number},الاسم {number}\n" for number in range(30_000))

    def using(text: str, name: str) -> StoredVersion:
        used = version(text, name)
        return dataclasses.replace(used, files={**used.files, "entities/names.csv": names})

    async def first(store: SqlStore) -> None:
        for one in (using("one", "arms"), using("two", "arms"), using("x", "sanctions")):
            await store.save_version(one, b.NOW)

    async def second(store: SqlStore) -> None:
        assert await store.good_versions() == (using("two", "arms"), using("x", "sanctions"))

    b.with_store(tmp_path, first)
    b.with_store(tmp_path, second)
    assert (tmp_path / "monitor.db").stat().st_size < len(names.encode())


def test_the_same_version_again_keeps_its_new_engine_and_adds_no_line_to_the_audit(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.save_version(version("one"), b.NOW)
        await store.save_version(dataclasses.replace(version("one"), engine="2"), b.later(1))
        assert [one.engine for one in await store.good_versions()] == ["2"]

    b.with_store(tmp_path, work)
