"""Which story an article joins, and why: copies, rewrites, other languages, and events that only look alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.story.cluster import Chosen, choose, fading
from monitor.story.index import StoryIndex
from monitor.story.joined import JoinKind
from monitor.text.fingerprint import Fingerprint, fingerprint
from monitor.text.layout import lay_out
from tests.story import articles

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@cache
def of(text: str) -> Fingerprint:
    return fingerprint(text, lay_out(text))


def holding(*texts: str, at: datetime = NOON) -> StoryIndex:
    """An index in which each text is a story of its own, named a, b, c …"""
    index = StoryIndex(1_000)
    for name, text in zip("abcdefghijklmnopqrstuvwxyz", texts, strict=False):
        index.add(name, name, at, of(text))
    return index


def joins(first: str, second: str, hours: float = 3) -> Chosen | None:
    return choose(holding(first), of(second), NOON + hours * HOUR)


# ------------------------------------------------------------------------------------------------ joining
def test_the_same_text_and_a_copy_say_what_they_are() -> None:
    same = joins(articles.RADARS, articles.RADARS)
    assert same is not None
    assert same.joined.kind is JoinKind.SAME_TEXT
    copy = joins(
        articles.RADARS, articles.RADARS.replace("Deliveries are to begin in March", "They begin").replace("told reporters", "noted")
    )
    assert copy is not None
    assert (copy.story, copy.joined.kind, copy.joined.article) == ("a", JoinKind.NEAR_COPY, "a")
    assert 80 <= copy.joined.share < 100
    assert (
        copy.joined.explain("Ukraine signs deal")
        == f"near copy of “Ukraine signs deal” ({copy.joined.share} % of its words); published 3 h apart"
    )


@pytest.mark.parametrize(
    ("first", "second", "words", "numbers"),
    [
        (articles.RADARS, articles.RADARS_RETOLD, {"Kolchuga", "Zarechny"}, {"34"}),
        (articles.QUAKE_RU, articles.QUAKE_RU_RETOLD, {"Шивелуч"}, {"47", "130"}),
        (articles.SEIZED_AR, articles.SEIZED_AR_RETOLD, {"Rotax"}, {"34"}),
        (articles.SANCTIONS_ZH, articles.SANCTIONS_ZH_RETOLD, {"机床"}, set()),
        (
            "Ukraine signs deal for 34 Kolchuga radars with Zarechny plant",
            "Zarechny plant to build 34 Kolchuga radars for Ukraine",
            set(),
            {"34"},
        ),
    ],
    ids=["en", "ru", "ar", "zh", "titles only"],
)
def test_a_rewrite_joins_and_names_what_is_rare(first: str, second: str, words: set[str], numbers: set[str]) -> None:
    for one, other in ((first, second), (second, first)):
        found = joins(one, other)
        assert found is not None
        assert found.joined.kind is JoinKind.REWRITE
        assert words <= set(found.joined.words)
        assert numbers <= set(found.joined.numbers)
        assert "rare words: " in found.joined.explain()


def test_one_story_in_two_languages_by_codes_and_figures() -> None:
    for one, other in ((articles.SEIZED_AR, articles.SEIZED_EN), (articles.SEIZED_EN, articles.SEIZED_AR)):
        found = joins(one, other)
        assert found is not None
        assert found.joined.kind is JoinKind.TRANSLATION
        assert "7731045" in found.joined.numbers
        assert "in another language" in found.joined.explain()
        assert joins(one, other, hours=100) is None


# -------------------------------------------------------------------------------------------- not joining
@pytest.mark.parametrize(
    ("first", "second", "hours"),
    [
        (articles.RADARS, articles.DRONES, 2),
        (articles.DRONES, articles.RADARS, 2),
        (*articles.MARKETS, 168),
        (*articles.MARKETS, 24),
        (articles.SANCTIONS_ZH, articles.FLOOD_ZH, 1),
        (articles.RADARS, articles.QUAKE_RU, 1),
        ("Ukraine signs deal for 34 Kolchuga radars with Zarechny plant", "Ukraine signs deal for 120 drone engines with Baykar", 2),
        ("Putin visits China", "Xi meets Putin", 1),
        ("Breaking news", "Breaking news", 1),
        ("", "", 0),
    ],
)
def test_different_events_stay_apart(first: str, second: str, hours: float) -> None:
    found = joins(first, second, hours)
    assert found is None or found.joined.kind is JoinKind.SAME_TEXT


def test_pages_that_are_boilerplate_but_for_a_line_stay_apart() -> None:
    boilerplate = " ".join(f"{chr(97 + n // 26)}{chr(97 + n % 26)}clause applies" for n in range(120))
    pages = [
        f"{boilerplate}\n\nCustoms in {place} seized {number} crates of {goods} on pier {pier}."
        for place, number, goods, pier in [
            ("Varna", 311, "detonators", 12),
            ("Aktau", 57, "gyroscopes", 44),
            ("Jebel Ali", 803, "fuses", 19),
        ]
    ]
    assert choose(holding(pages[0]), of(pages[1]), NOON) is None
    assert choose(holding(*pages[:2]), of(pages[2]), NOON) is None


def test_a_quoted_statement_does_not_make_two_events_one() -> None:
    quote = "“We will not tolerate any breach of the embargo, whoever commits it and wherever it happens,” the minister said. "
    one = (
        quote + "Two trawlers with mortar shells had been stopped off Benghazi; the crews, eleven Sudanese, were taken to Augusta. "
        "The frigate Carabiniere had followed them since Crete. A judge in Catania opened an inquiry against the shipowner, "
        "a firm from Valletta, and divers searched the hulls for further hiding places until nightfall."
    )
    other = (
        quote + "He spoke of night-vision scopes that a dealer in Graz had mailed to Yerevan, labelled as hunting gear, since spring. "
        "Investigators found invoices for sixty parcels in the cellar of a gun shop. The dealer's lawyer called the scopes toys "
        "and said that collectors buy them at every fair in Styria."
    )
    assert joins(one, other) is None


def test_a_topic_that_everybody_writes_about_is_no_event() -> None:
    """Weather every day: the words are shared, and known to be."""
    days = [
        f"Forecast for day {n}: clouds over the northern coast, rain at intervals, wind from the west, {n + 3} to {n + 9} degrees."
        for n in range(30)
    ]
    index = holding()
    joined = 0
    for n, text in enumerate(days):
        found = choose(index, of(text), NOON + n * 96 * HOUR)
        joined += found is not None
        index.add(f"day{n}", found.story if found else f"day{n}", NOON + n * 96 * HOUR, of(text), copy=False)
    assert max(len(cluster.members) for cluster in index.clusters.values()) <= 10


# ------------------------------------------------------------------------------------------- time and drift
def test_time_fades_slowly_and_only_after_three_days() -> None:
    assert fading(0) == fading(72) == 1
    assert fading(73) > fading(720) > fading(8760) > 0.4


def test_a_late_article_joins_as_an_early_one_would() -> None:
    found = joins(articles.RADARS, articles.RADARS_RETOLD, hours=-20)
    assert found is not None
    assert found.joined.hours == 20


def test_a_story_does_not_drift() -> None:
    """A chain in which each article is like the last: the end of it is far from the beginning and does not join it."""
    names = [f"{chr(97 + n // 26)}{chr(97 + n % 26)}name" for n in range(240)]
    index = StoryIndex(1_000)
    stories = []
    for n in range(0, 200, 4):
        text = " ".join(names[n : n + 30])
        at = NOON + n * HOUR
        found = choose(index, of(text), at)
        stories.append(found.story if found else str(n))
        index.add(str(n), stories[-1], at, of(text))
    assert len(set(stories)) > 1
    assert stories[0] != stories[-1]


def test_an_article_that_names_everything_swallows_nothing() -> None:
    texts = [articles.RADARS, articles.DRONES, articles.QUAKE_RU, articles.SEIZED_AR, articles.SANCTIONS_ZH, articles.SEIZED_EN]
    index = holding(*texts)
    everything = "\n".join(texts)
    found = choose(index, of(everything), NOON + HOUR)
    index.add("spam", found.story if found else "spam", NOON + HOUR, of(everything))
    again = {choose(index, of(text), NOON + 2 * HOUR).story for text in texts[:5]}  # type: ignore[union-attr]
    assert again == {"a", "b", "c", "d", "e"}


# -------------------------------------------------------------------------------------------- laws
BODY = articles.RADARS.split()


@given(st.sets(st.integers(0, len(BODY) - 1), max_size=len(BODY) // 12))
def test_a_copy_with_few_words_cut_is_a_copy(cut: set[int]) -> None:
    text = " ".join(word for place, word in enumerate(BODY) if place not in cut)
    found = joins(" ".join(BODY), text)
    assert found is not None
    assert found.story == "a"
    assert found.joined.kind is not JoinKind.TRANSLATION


EVERY = [
    articles.RADARS,
    articles.RADARS_RETOLD,
    articles.DRONES,
    *articles.MARKETS,
    articles.QUAKE_RU,
    articles.QUAKE_RU_RETOLD,
    articles.SEIZED_AR,
    articles.SEIZED_AR_RETOLD,
    articles.SEIZED_EN,
    articles.SANCTIONS_ZH,
    articles.SANCTIONS_ZH_RETOLD,
    articles.FLOOD_ZH,
]


@settings(max_examples=25)
@given(st.permutations(range(len(EVERY))))
def test_in_whatever_order_they_come_the_stories_are_the_same(order: list[int]) -> None:
    index = StoryIndex(1_000)
    stories: dict[int, str] = {}
    for place in order:
        found = choose(index, of(EVERY[place]), NOON + place * HOUR)
        stories[place] = found.story if found else str(place)
        index.add(str(place), stories[place], NOON + place * HOUR, of(EVERY[place]))
    apart = {frozenset(place for place in stories if stories[place] == story) for story in stories.values()}
    assert apart == {frozenset(group) for group in ({0, 1}, {2}, {3}, {4}, {5, 6}, {7, 8, 9}, {10, 11}, {12})}


def test_choosing_changes_nothing() -> None:
    index = holding(*EVERY)
    first = [choose(index, of(text), NOON) for text in EVERY]
    assert [choose(index, of(text), NOON) for text in EVERY] == first
