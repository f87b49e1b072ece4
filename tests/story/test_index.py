"""The index of candidates: bounded, derived, the same whether it lived on or was rebuilt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.story.centroid import parted
from monitor.story.cluster import choose
from monitor.story.index import FOUNDERS, Member, StoryIndex
from monitor.story.refill import Row, refill
from monitor.text.fingerprint import Fingerprint, fingerprint
from monitor.text.layout import lay_out
from tests.story import articles

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@cache
def of(text: str) -> Fingerprint:
    return fingerprint(text, lay_out(text))


def numbered(number: int) -> str:
    """An article that shares nothing with another."""
    return " ".join(f"{chr(97 + number % 26)}{chr(97 + number // 26 % 26)}{chr(97 + n % 26)}{chr(97 + n // 26)}word" for n in range(30))


def contents(index: StoryIndex) -> dict[str, set[str]]:
    return {cluster.id: {index.members[number].article for number in cluster.members} for cluster in index.clusters.values()}


def test_beyond_its_capacity_the_oldest_are_forgotten() -> None:
    index = StoryIndex(10)
    for n in range(25):
        index.add(str(n), f"story {n}", NOON, of(numbered(n)))
    assert len(index) == 10
    assert set(contents(index)) == {f"story {n}" for n in range(15, 25)}
    assert choose(index, of(numbered(3)), NOON) is None
    assert choose(index, of(numbered(20)), NOON) is not None


def test_what_is_forgotten_leaves_no_counts_behind() -> None:
    index = StoryIndex(5)
    for n in range(20):
        index.add(str(n), str(n), NOON, of(numbered(n)))
    for n in range(15, 20):
        index.drop(str(n))
    index.drop("never held")
    assert len(index) == 0
    assert not index.clusters
    assert index.rarity().idf(of(numbered(3)).read().hashes).min() > 6  # type: ignore[union-attr]


def test_a_story_outlives_its_first_articles() -> None:
    index = StoryIndex(3)
    index.add("a", "a", NOON, of(articles.RADARS))
    index.add("b", "a", NOON, of(articles.RADARS_RETOLD))
    for n in range(2):
        index.add(str(n), str(n), NOON, of(numbered(n)))
    found = choose(index, of(articles.RADARS), NOON + HOUR)
    assert found is not None
    assert found.story == "a"
    assert found.joined.article == "b"


def test_an_edited_article_is_replaced_where_it_stands() -> None:
    index = StoryIndex(10)
    index.add("a", "a", NOON, of(articles.RADARS))
    index.add("b", "b", NOON, of(numbered(1)))
    index.add("a", "a", NOON, of(articles.QUAKE_RU))
    assert len(index) == 2
    assert choose(index, of(articles.RADARS_RETOLD), NOON) is None
    found = choose(index, of(articles.QUAKE_RU_RETOLD), NOON)
    assert found is not None
    assert found.story == "a"


def test_a_story_left_without_terms_is_like_nothing() -> None:
    index = StoryIndex(10)
    index.add("a", "a", NOON, of(articles.RADARS))
    index.add("b", "a", NOON, of("the of and in to"))
    index.drop("a")
    assert choose(index, of(articles.RADARS), NOON) is None


def test_a_copy_in_a_story_that_began_with_nothing_is_like_nothing() -> None:
    index = StoryIndex(10)
    index.add("a", "a", NOON, of("the of and in to"))
    index.add("b", "a", NOON, of(articles.RADARS), copy=True)
    assert choose(index, of(articles.RADARS), NOON) is None


def test_merged_and_split_by_hand() -> None:
    index = StoryIndex(10)
    index.add("a", "a", NOON, of(articles.RADARS))
    index.add("b", "b", NOON, of(articles.DRONES))
    index.move(["b", "not held"], "a")
    assert contents(index) == {"a": {"a", "b"}}
    assert choose(index, of(articles.DRONES), NOON).story == "a"  # type: ignore[union-attr]
    index.move(["b"], "b")
    assert contents(index) == {"a": {"a"}, "b": {"b"}}
    assert choose(index, of(articles.DRONES), NOON).story == "b"  # type: ignore[union-attr]
    assert choose(index, of(articles.RADARS_RETOLD), NOON).story == "a"  # type: ignore[union-attr]


class Counting(StoryIndex):
    """How often a member's words are counted into its story."""

    counted = 0

    def count_in(self, member: Member) -> None:
        self.counted += 1
        super().count_in(member)


def crowded(articles_of_it: int, *, copy: bool) -> Counting:
    """All of them in one story."""
    index = Counting()
    for n in range(articles_of_it):
        index.add(str(n), "0", NOON + n * HOUR / 60, of(articles.RADARS), copy=copy)
    index.counted = 0
    return index


@pytest.mark.parametrize("copy", [True, False])
def test_edits_in_a_crowded_story_cost_no_more_for_the_crowd(copy: bool) -> None:
    """A feed that fills one story and then edits each of its articles must not stop the daemon."""
    index = crowded(1_000, copy=copy)
    for n in range(100):
        index.add(str(n), "0", NOON, of(articles.RADARS_RETOLD), copy=False)
    for n in range(900, 1_000):
        index.drop(str(n))
    assert index.counted < 100 + FOUNDERS * 300
    assert len(contents(index)["0"]) == 900


def test_a_crowded_story_is_merged_and_split_at_the_price_of_its_articles() -> None:
    index = crowded(1_000, copy=False)
    index.add("other", "other", NOON, of(articles.DRONES))
    index.move(map(str, range(1_000)), "other")
    assert index.counted < 1_100
    assert contents(index) == {"other": {"other", *map(str, range(1_000))}}
    index.counted = 0
    index.move(map(str, range(500)), "0")
    assert index.counted < 1_000
    assert {story: len(members) for story, members in contents(index).items()} == {"0": 500, "other": 501}


def test_a_founder_that_is_edited_stays_one() -> None:
    """Its old words stand for the story no longer, and its new ones do."""
    index = StoryIndex()
    for n in range(3 * FOUNDERS):
        index.add(str(n), "0", NOON, of(articles.RADARS))
    for n in range(FOUNDERS):
        index.add(str(n), "0", NOON, of(articles.DRONES))
    assert choose(index, of(articles.DRONES), NOON) is not None
    [cluster] = index.clusters.values()
    rebuilt = StoryIndex()
    for n in range(3 * FOUNDERS):
        rebuilt.add(str(n), "0", NOON, of(articles.DRONES if n < FOUNDERS else articles.RADARS))
    [other] = rebuilt.clusters.values()
    one, two = parted(cluster.centroid), parted(other.centroid)
    assert one.hashes.tolist() == two.hashes.tolist()
    assert one.weights.tolist() == two.weights.tolist()


def test_a_fingerprint_of_another_version_is_not_held() -> None:
    index = StoryIndex(10)
    index.add("a", "a", NOON, Fingerprint(b"\xfe\x00\x00"))
    assert len(index) == 0
    assert choose(index, Fingerprint(b"\xfe\x00\x00"), NOON) is None


def test_many_copies_do_not_push_out_other_stories() -> None:
    """A band has few slots; copies of one article share one."""
    index = StoryIndex(1_000)
    index.add("first", "first", NOON, of(articles.RADARS))
    for n in range(300):
        index.add(str(n), "flood", NOON, of(articles.RADARS + f"\nCopy {n} of it."), copy=n > 0)
    look = index.look(of(articles.RADARS).data)
    assert look is not None
    assert "first" in {index.members[number].article for _, number in index.alike(look, 1_000, 0.0)}


def test_an_article_edited_into_nothing_is_a_copy_of_nothing() -> None:
    """Its number still stands in the bands of what it said before."""
    index = StoryIndex(10)
    index.add("a", "a", NOON, of(articles.RADARS))
    index.add("a", "a", NOON, of("Radars"))
    assert choose(index, of(articles.RADARS), NOON) is None


def test_what_is_taken_back_again_and_again_pushes_nothing_out() -> None:
    """A full disk: the same articles are added and taken back every few seconds, for hours."""
    index, calm = StoryIndex(100), StoryIndex(100)
    for one in (index, calm):
        one.add("first", "first", NOON, of(articles.RADARS))
    for _ in range(50):
        for n in range(5):
            index.add(str(n), str(n), NOON, of(articles.RADARS + f"\nEdition {n} of it."))
        for n in range(5):
            index.drop(str(n))
    for n in range(3):
        for one in (index, calm):
            one.add(str(n), str(n), NOON, of(numbered(n)))
    assert contents(index) == contents(calm)
    for text in (articles.RADARS, articles.RADARS_RETOLD):
        assert choose(index, of(text), NOON) == choose(calm, of(text), NOON)


TEXTS = [articles.RADARS, articles.RADARS_RETOLD, articles.DRONES, articles.QUAKE_RU, articles.QUAKE_RU_RETOLD, articles.SEIZED_AR]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, len(TEXTS) - 1), st.integers(0, 200)), max_size=25))
def test_rebuilt_from_the_newest_rows_it_answers_the_same(stream: list[tuple[int, int]]) -> None:
    capacity = 8
    index = StoryIndex(capacity)
    rows: list[tuple[str, str, datetime, Fingerprint]] = []
    for place, (which, hours) in enumerate(stream):
        row = (str(place), f"story {which}", NOON + hours * HOUR, of(TEXTS[which]))
        index.add(*row)
        rows.append(row)
    again = StoryIndex(capacity)
    for row in rows[-capacity:]:
        again.add(*row)
    assert contents(again) == contents(index)
    for text in TEXTS:
        before, after = choose(index, of(text), NOON), choose(again, of(text), NOON)
        assert (before and before.story) == (after and after.story)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, len(TEXTS) + 3), st.integers(0, 4), st.integers(0, 200), st.booleans()), max_size=60))
def test_filled_at_once_it_is_as_if_each_had_been_added(stream: list[tuple[int, int, int, bool]]) -> None:
    one, all_ = StoryIndex(50), StoryIndex(50)
    rows = []
    for place, (which, story, hours, copy) in enumerate(stream):
        found = of(TEXTS[which] if which < len(TEXTS) else numbered(which) if which > len(TEXTS) else "")
        rows.append(Row(str(place), f"story {story}", NOON + hours * HOUR, found.data, copy))
    rows.insert(len(rows) // 2, Row("of another version", "story 1", NOON, b"\xfe\x00\x00", False))
    sound = [row for row in rows if row.article != "of another version"][-50:]
    for row in sound:
        one.add(row.article, row.story, row.at, Fingerprint(row.data), copy=row.copy)
    for _ in refill(all_, rows):
        pass
    assert contents(all_) == contents(one)
    assert [(member, member.founder) for member in all_.members.values()] == [(member, member.founder) for member in one.members.values()]
    assert (all_.counts == one.counts).all()
    for number, cluster in one.clusters.items():
        other = all_.clusters[number]
        assert (cluster.first, cluster.last, cluster.founders, cluster.pauses) == (other.first, other.last, other.founders, other.pauses)
        assert cluster.centroid == other.centroid
    assert (all_.by_band == one.by_band).all()
    for text in TEXTS:
        before, after = choose(one, of(text), NOON), choose(all_, of(text), NOON)
        assert (before and before.story) == (after and after.story)


def test_of_many_the_newest_stories_stand_in_the_slots() -> None:
    one, all_ = StoryIndex(500), StoryIndex(500)
    texts = [articles.RADARS + f"\nEdition {chr(97 + n % 26)}{chr(97 + n // 26)}edition of it. {numbered(n % 7)}" for n in range(400)]
    rows = [Row(str(n), str(n % 37), NOON, of(text).data, n % 3 == 1) for n, text in enumerate(texts)]
    for row in rows:
        one.add(row.article, row.story, row.at, Fingerprint(row.data), copy=row.copy)
    list(refill(all_, rows))
    assert (all_.by_band == one.by_band).mean() > 0.9999
    for text in texts[::20]:
        assert choose(one, of(text), NOON).story == choose(all_, of(text), NOON).story  # type: ignore[union-attr]


def test_a_crowd_is_moved_a_few_at_a_time_and_comes_to_the_same() -> None:
    at_once, in_pieces = crowded(1_000, copy=True), crowded(1_000, copy=True)
    at_once.move(map(str, range(300, 1_000)), "other")
    pauses = sum(1 for _ in in_pieces.moving(map(str, range(300, 1_000)), "other"))
    assert pauses > 20, "others have their moments"
    assert contents(in_pieces) == contents(at_once)
    for one, other in zip(in_pieces.clusters.values(), at_once.clusters.values(), strict=True):
        assert (one.first, one.last, one.pauses, one.founders) == (other.first, other.last, other.pauses, other.founders)
        assert one.centroid == other.centroid
    ends = [in_pieces.members[number].at for number in in_pieces.clusters[1].members]
    assert (in_pieces.clusters[1].first, in_pieces.clusters[1].last) == (min(ends), max(ends)), "what is left is dated anew"
    assert np.array_equal(in_pieces.by_term, at_once.by_term)
    assert np.array_equal(in_pieces.by_band, at_once.by_band)
