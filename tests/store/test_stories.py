"""Articles in their stories: written with the ingest or not at all, in the order of decision, an edit in place of what was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from monitor.model import Article, Decision, DecisionKind, Reason, Story
from monitor.ports import IngestArticle, Membership, Prior, Remembered, Told
from monitor.store import SqlStore
from tests.store import builders as b


def member(article: Article, story: str = "", *, joined: dict[str, object] | None = None, fingerprint: bytes = b"1") -> IngestArticle:
    place = Membership(story or article.id, b.NOW, f"{article.key}.example", joined, fingerprint)
    return replace(b.item(article), membership=place)


A, B, C = b.article("a"), b.article("b", language="en"), b.article("c")


def test_what_is_known_of_a_story(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(member(A), member(B, A.id, joined={"kind": "rewrite"}), member(C), b.item(b.article("d"))))
        assert await store.stories_of([A.id, B.id, C.id, "none", b.article("d").id]) == {A.id: A.id, B.id: A.id, C.id: C.id}
        facts = await store.story_facts([A.id, C.id, "none"])
        assert facts == {
            A.id: Story(A.id, A.id, 2, ("a.example", "b.example"), 2, ("ar", "en"), A.url),
            C.id: Story(C.id, C.id, 1, ("c.example",), 1, ("ar",), C.url),
        }

    b.with_store(tmp_path, work)


def test_a_story_that_is_asked_for_twice_is_counted_once(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(member(A), member(B, A.id, joined={"kind": "rewrite"})))
        once = await store.story_facts([A.id])
        assert once[A.id].articles == 2
        assert await store.story_facts([A.id, *(f"none {number}" for number in range(600)), A.id]) == once

    b.with_store(tmp_path, work)


def test_articles_are_remembered_newest_first_and_a_piece_at_a_time(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(member(A), member(B, A.id), member(C, fingerprint=b"")))
        assert await store.remembered(10) == [
            (2, Remembered(B.id, A.id, b.NOW, b"1")),
            (1, Remembered(A.id, A.id, b.NOW, b"1")),
        ]
        assert [number for number, _ in await store.remembered(1)] == [2]
        assert [number for number, _ in await store.remembered(10, before=2)] == [1]

    b.with_store(tmp_path, work)


def test_fingerprints_beyond_the_newest_are_forgotten_and_their_articles_are_not(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(member(A), member(B, A.id), member(C)))
        await store.forget(3)
        assert len(await store.remembered(10)) == 3
        await store.forget(2)
        assert [number for number, _ in await store.remembered(10)] == [3, 2]
        assert await store.stories_of([A.id]) == {A.id: A.id}

    b.with_store(tmp_path, work)


def test_an_edit_keeps_its_story_its_place_and_takes_a_new_fingerprint(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(member(A), member(B, A.id, joined={"kind": "rewrite"})))
        await store.ingest(b.batch(member(replace(A, language="en"), B.id, fingerprint=b"22")))
        assert await store.remembered(10) == [
            (2, Remembered(B.id, A.id, b.NOW, b"1", "rewrite")),
            (1, Remembered(A.id, A.id, b.NOW, b"22")),
        ]
        assert (await store.story_facts([A.id]))[A.id].languages == ("en",)

    b.with_store(tmp_path, work)


def test_edits_leave_no_gaps_in_the_order(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(member(A)))
        await store.ingest(b.batch(member(replace(A, title="again")), member(B), member(replace(A, title="more")), member(B, B.id)))
        await store.ingest(b.batch(member(replace(A, title="last")), member(C)))
        assert [(number, known.article) for number, known in await store.remembered(10)] == [(3, C.id), (2, B.id), (1, A.id)]
        assert (await store.stories_of([A.id, B.id, C.id])) == {id_: id_ for id_ in (A.id, B.id, C.id)}

    b.with_store(tmp_path, work)


def test_the_prior_match_is_the_one_last_told_of(tmp_path: Path) -> None:
    told = b.raised(A, b.found())

    async def work(store: SqlStore) -> None:
        assert await store.prior([A.id]) == {}
        await store.ingest(b.batch(b.item(A, told)))
        edited = replace(A, text_hash="e" * 64, title="another")
        await store.ingest(b.batch(b.item(edited, b.quiet(edited, b.found(), DecisionKind.THREAD, Reason.ALREADY_TOLD))))
        assert await store.prior([A.id, B.id]) == {("arms", A.id): Prior(told.match, A.text_hash, A.title)}

    b.with_store(tmp_path, work)


def test_what_an_alert_has_told_is_what_the_flow_says(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        first = b.raised(A, b.found())
        assert first.alert is not None
        none: frozenset[str] = frozenset()
        told = Told(first.alert, A.id, A.text_hash, frozenset({"g"}), none, none, none, frozenset({"ar"}), 1, frozenset({"a.example"}))
        await store.ingest(b.batch(b.item(A, replace(first, told=told))))
        assert await store.told([("arms", A.id)]) == {("arms", A.id): replace(told, last_told=b.NOW)}
        # A match that is only threaded may bring the alert another outlet.
        spread = replace(told, said=frozenset({7, 1 << 31}), outlets=frozenset({"a.example", "b.example"}), spread_told=True)
        threaded = replace(b.quiet(A, b.found("arms"), DecisionKind.THREAD, Reason.ALREADY_TOLD), told=spread)
        silenced = replace(threaded, decision=Decision(DecisionKind.QUIET, Reason.SILENCED, by="5a5a5a5a"))
        again = replace(B, text_hash="f" * 64)
        await store.ingest(b.batch(b.item(again, replace(silenced, story=Story(A.id, A.id)))))
        assert await store.told([("arms", A.id)]) == {("arms", A.id): replace(spread, last_told=b.NOW)}

    b.with_store(tmp_path, work)
