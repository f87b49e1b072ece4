"""The ingest transaction: whole or not at all, and the same twice is the same once."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from monitor.errors import StorageContradiction
from monitor.model import AlertState, DecisionKind, Reason, Severity, Stance
from monitor.ports import DecideAgain
from monitor.store import SqlStore, schema
from tests.store import builders as b


async def counts(store: SqlStore) -> dict[str, int]:
    return {name: count for name, count in (await store.stats()).items() if count}


def test_everything_of_one_article_is_written_together(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.sync_sources([], b.NOW)
        a = b.article()
        await store.ingest(b.batch(b.item(a, b.raised(a, b.found())), state=b.polled()))
        assert await counts(store) == {
            "sources": 1,
            "articles": 1,
            "texts": 1,
            "stories": 1,
            "alerts": 1,
            "matches": 1,
            "notifications": 1,
            "deliveries": 2,
            "deliveries_pending": 2,
        }
        assert await b.seen(store, "samples", ["a", "b"]) == {"a": b.item(a).content_hash}
        (state,) = await store.source_states()
        assert state == b.polled()

    b.with_store(tmp_path, work)


def test_the_same_ingest_twice_changes_nothing(tmp_path: Path) -> None:
    a = b.article()
    once = b.batch(b.item(a, b.raised(a, b.found()), b.raised(a, b.found("sanctions"))), state=b.polled())

    async def work(store: SqlStore) -> tuple[dict[str, int], object, object]:
        await store.ingest(once)
        return await counts(store), await store.alerts(), await store.told([("arms", a.id)])

    first = b.with_store(tmp_path, work)
    assert b.with_store(tmp_path, work) == first
    assert first[0]["deliveries"] == 4


def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    good, bad = b.article("good"), b.article("bad")
    elsewhere = dataclasses.replace(b.raised(bad, b.found()), alert=None)  # a notification of an alert that is nowhere
    broken = b.batch(b.item(good, b.raised(good, b.found())), b.item(bad, elsewhere), state=b.polled())

    async def work(store: SqlStore) -> None:
        with pytest.raises(DecideAgain, match="decided against an older state"):
            await store.ingest(broken)
        assert await counts(store) == {}
        assert await b.seen(store, "samples", ["good", "bad"]) == {}
        assert await store.source_states() == ()

    b.with_store(tmp_path, work)


def test_a_failing_request_does_not_take_those_beside_it_down(tmp_path: Path) -> None:
    bad = b.article("bad")
    elsewhere = dataclasses.replace(b.raised(bad, b.found()), alert=None)

    async def work(store: SqlStore) -> None:
        requests = [b.simple(f"good-{n}") for n in range(20)]
        requests.insert(7, b.batch(b.item(bad, elsewhere)))
        answers = await asyncio.gather(*(store.ingest(one) for one in requests), return_exceptions=True)
        assert [type(answer) for answer in answers if answer is not None] == [DecideAgain]
        assert (await store.stats())["alerts"] == 20

    b.with_store(tmp_path, work)


def test_what_relies_on_a_batch_that_did_not_get_there_is_refused(tmp_path: Path) -> None:
    """Both were decided before either was committed: an article that joined the other's story would stand in a story of nothing."""
    bad = b.article("bad")
    lost = b.batch(b.item(bad, dataclasses.replace(b.raised(bad, b.found()), alert=None)))
    there = b.simple("there")

    async def work(store: SqlStore) -> None:
        relying = [
            dataclasses.replace(b.simple(f"on-{n}"), relies_on=receipts) for n, receipts in enumerate([(lost.receipt,), (there.receipt,)])
        ]
        behind = dataclasses.replace(b.simple("behind"), relies_on=(relying[0].receipt, there.receipt))
        answers = await asyncio.gather(*(store.ingest(one) for one in (lost, there, *relying, behind)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [DecideAgain, type(None), DecideAgain, type(None), DecideAgain]
        assert (await store.stats())["alerts"] == 2
        again = dataclasses.replace(relying[0], relies_on=(there.receipt,))
        await store.ingest(again)
        await store.ingest(behind)  # what it relies on has come meanwhile

    b.with_store(tmp_path, work)


def test_a_second_alert_for_the_same_watchlist_and_story_is_refused(tmp_path: Path) -> None:
    a = b.article()
    first = b.raised(a, b.found())
    assert first.alert is not None
    assert first.notification is not None
    other = dataclasses.replace(
        first,
        alert=dataclasses.replace(first.alert, id=b.digest("other")),
        notification=dataclasses.replace(first.notification, id=b.digest("n"), alert=b.digest("other")),
    )

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(b.item(a, first)))
        with pytest.raises(DecideAgain, match="decided against an older state"):
            await store.ingest(b.batch(b.item(a, other)))
        assert (await store.stats())["alerts"] == 1

    b.with_store(tmp_path, work)


def test_what_is_told_under_a_number_that_is_taken_is_refused_by_name(tmp_path: Path) -> None:
    """Two writers that held different states for true: the later would be said to be told, and nobody was."""
    a, edited = b.article(), b.article(body="وقد أبرمت الصفقة.")

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(b.item(a, b.raised(a, b.found()))))
        with pytest.raises(DecideAgain, match="tells of something else") as refused:
            await store.ingest(b.batch(b.item(edited, b.raised(edited, b.found(body="وقد أبرمت الصفقة.")), body="وقد أبرمت الصفقة.")))
        assert refused.value.article == a.id
        assert (await counts(store))["matches"] == 1

    b.with_store(tmp_path, work)


def test_what_contradicts_the_record_is_said_to(tmp_path: Path) -> None:
    a = b.article()
    nameless = dataclasses.replace(b.found(), watchlist=None)  # type: ignore[arg-type]

    async def work(store: SqlStore) -> None:
        with pytest.raises(StorageContradiction, match="nothing of it was"):
            await store.ingest(b.batch(b.item(a, b.quiet(a, nameless))))
        assert await counts(store) == {}

    b.with_store(tmp_path, work)


def test_an_edited_article_is_a_new_text_version_and_an_updated_alert(tmp_path: Path) -> None:
    before, body = b.article(), "نفى الكرملين صفقة السلاح."
    after = b.article(body=body)
    denied = b.found(body=body, group="denial", stance=Stance.DENIED)

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(b.item(before, b.raised(before, b.found()))))
        await store.ingest(b.batch(b.item(after, b.raised(after, denied, ordinal=1), body=body), now=b.later(60)))
        stats = await store.stats()
        assert (stats["articles"], stats["texts"], stats["alerts"], stats["notifications"]) == (1, 2, 1, 2)
        told = (await store.told([("arms", before.id)]))["arms", before.id]
        assert told.text_hash == after.text_hash
        assert told.notifications == 2
        assert told.groups == {"deal", "denial"}
        assert told.stances == {"planned", "denied"}
        assert told.entities == {"ru"}
        assert told.languages == {"ar"}
        assert told.alert.updated == b.later(60)
        shown = await store.alert(told.alert.id)
        assert shown is not None
        assert shown["text_hash"] == after.text_hash
        assert [one["text_hash"] for one in shown["decisions"]] == [before.text_hash, after.text_hash]
        assert [one["document"]["ordinal"] for one in shown["notifications"]] == [0, 1]

    b.with_store(tmp_path, work)


def test_a_thread_remembers_the_text_but_tells_nothing_new(tmp_path: Path) -> None:
    before, body = b.article(), QUIETER
    after = b.article(body=body)
    threaded = b.quiet(after, b.found(body=body, group="other"), DecisionKind.THREAD, Reason.ALREADY_TOLD)

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(b.item(before, b.raised(before, b.found()))))
        await store.ingest(b.batch(b.item(after, threaded, body=body)))
        told = (await store.told([("arms", before.id)]))["arms", before.id]
        assert (told.text_hash, told.groups, told.notifications) == (after.text_hash, {"deal"}, 1)

    b.with_store(tmp_path, work)


QUIETER = "صفقة محتملة."


def test_an_update_does_not_undo_what_a_person_did_meanwhile(tmp_path: Path) -> None:
    a = b.article()

    def acknowledge(connection: Connection) -> None:
        connection.execute(schema.alert.update().values(state=AlertState.ACKNOWLEDGED.value))

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(b.item(a, b.raised(a, b.found()))))
        await store._database.write(acknowledge)
        await store.ingest(b.batch(b.item(a, b.raised(a, b.found(severity=Severity.CRITICAL), ordinal=1))))
        (shown,) = await store.alerts()
        assert (shown["state"], shown["severity"], shown["notifications"]) == ("acknowledged", "critical", 2)

    b.with_store(tmp_path, work)


def test_two_things_told_of_one_alert_in_one_transaction(tmp_path: Path) -> None:
    first = b.article("a")
    second = dataclasses.replace(b.raised(first, b.found(group="more"), ordinal=1), alert=b.raised(first, b.found()).alert)

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(b.item(first, b.raised(first, b.found())), b.item(b.article("b"), second)))
        told = (await store.told([("arms", first.id)]))["arms", first.id]
        assert (told.notifications, told.groups, told.article) == (2, {"deal", "more"}, first.id)
        (shown,) = await store.alerts()
        assert shown["deliveries"] == {"pending": 4}

    b.with_store(tmp_path, work)


def test_shadow_raises_an_alert_without_deliveries(tmp_path: Path) -> None:
    a = b.article()

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(b.item(a, b.raised(a, b.found(), sinks=()))))
        stats = await store.stats()
        assert (stats["alerts"], stats["notifications"], stats["deliveries"]) == (1, 1, 0)

    b.with_store(tmp_path, work)


def test_quiet_and_unanalysable_articles_are_kept(tmp_path: Path) -> None:
    stale, failed = b.article("stale"), b.article("failed", body="x")

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(b.item(stale, b.quiet(stale, b.found())), b.item(failed, body="x", failed="took longer than 5 s")))
        stats = await store.stats()
        assert (stats["articles"], stats["alerts"], stats["matches"], stats["notifications"]) == (2, 0, 1, 0)
        assert set(await b.seen(store, "samples", ["stale", "failed"])) == {"stale", "failed"}
        assert await store.told([("arms", stale.id)]) == {}

    b.with_store(tmp_path, work)


def test_sequences_count_per_sink_without_a_gap_over_failures_and_restarts(tmp_path: Path) -> None:
    bad = b.article("bad")
    elsewhere = dataclasses.replace(b.raised(bad, b.found()), alert=None)

    async def first(store: SqlStore) -> None:
        await store.ingest(b.simple("1", sinks=["log"]))
        await store.ingest(b.simple("2", sinks=["log", "desk"]))
        with pytest.raises(DecideAgain):
            await store.ingest(b.batch(b.item(b.article("3"), b.raised(b.article("3"), b.found())), b.item(bad, elsewhere)))

    async def second(store: SqlStore) -> None:
        await store.ingest(b.simple("4", sinks=["desk", "log", "log"]))

        def sequences(connection: Connection) -> list[tuple[str, int]]:
            rows = connection.execute(select(schema.delivery.c.sink, schema.delivery.c.sequence).order_by("sink", "sequence"))
            return [(row.sink, row.sequence) for row in rows]

        assert await store._database.read(sequences) == [("desk", 1), ("desk", 2), ("log", 1), ("log", 2), ("log", 3)]

    b.with_store(tmp_path, first)
    b.with_store(tmp_path, second)


def test_more_keys_and_pairs_than_one_statement_takes(tmp_path: Path) -> None:
    articles = [b.article(str(n)) for n in range(1_200)]

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(*(b.item(a, b.raised(a, b.found())) for a in articles)))
        assert len(await b.seen(store, "samples", [a.key for a in articles] + ["unknown"])) == 1_200
        assert len(await store.told([("arms", a.id) for a in articles] + [("other", articles[0].id)])) == 1_200
        assert await b.seen(store, "samples", []) == {}
        assert await store.told([]) == {}

    b.with_store(tmp_path, work)


def test_characters_that_break_lesser_stores_survive(tmp_path: Path) -> None:
    body = "tatweel ـــ, emoji 👩‍👩‍👧, RLM \u200f, NUL gone, 'quotes' \"too\"; %s :name ? \\"
    a = dataclasses.replace(b.article(body=body), title="\u200fعنوان 👩‍👩‍👧", url="https://example.org/%D8%A7?q='\"")

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(b.item(a, b.raised(a, b.found(body=body)), body=body)))
        (listed,) = await store.alerts()
        assert (listed["title"], listed["url"]) == (a.title, a.url)
        shown = await store.alert(listed["id"])
        assert shown is not None
        evidence = shown["decisions"][0]["evidence"][0]
        assert shown["text"][evidence["start"] : evidence["end"]] == evidence["quote"] == body

    b.with_store(tmp_path, work)
