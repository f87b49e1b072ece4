"""Reasons survive being stored, and read like sentences."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.story.joined import Joined, JoinKind

TEXTS = st.lists(st.text(max_size=10), max_size=3).map(tuple)


@given(
    st.builds(
        Joined,
        kind=st.sampled_from(JoinKind),
        article=st.text(max_size=32),
        score=st.floats(0, 1),
        share=st.integers(0, 100),
        words=TEXTS,
        numbers=TEXTS,
        hours=st.floats(0, 9999),
    )
)
def test_round_trip(joined: Joined) -> None:
    assert Joined.from_json(json.loads(json.dumps(joined.to_json()))) == joined
    assert joined.explain()
    assert joined.explain("A title")


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert Joined.from_json({"kind": "merged", "article": "a", "colour": "red"}) == Joined(JoinKind.MERGED, "a")


@pytest.mark.parametrize(
    ("joined", "said"),
    [
        (Joined(JoinKind.SAME_TEXT, "a", 1, 100), "same text as “T”; published within the hour"),
        (Joined(JoinKind.NEAR_COPY, "a", 0.7, 87, hours=3.2), "near copy of “T” (87 % of its words); published 3 h apart"),
        (
            Joined(JoinKind.REWRITE, "a", 0.4, 40, ("Kolchuga", "Zarechny"), ("34",), 3.0),
            "shares with “T” rare words: Kolchuga, Zarechny; numbers: 34; published 3 h apart",
        ),
        (Joined(JoinKind.REWRITE, "a", 0.4, 40, hours=240), "shares with “T” 40 % of the words; published 10 days apart"),
        (
            Joined(JoinKind.TRANSLATION, "a", 0.9, 9, (), ("34", "912"), 5.0),
            "in another language, shares with “T” numbers: 34, 912; published 5 h apart",
        ),
        (Joined(JoinKind.MERGED, "a"), "merged by hand"),
        (Joined(JoinKind.SPLIT, "a"), "split off by hand"),
    ],
)
def test_reasons_are_sentences(joined: Joined, said: str) -> None:
    assert joined.explain("T") == said
