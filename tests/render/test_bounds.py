"""What is kept of an article's evidence: everything of sane articles, of giant ones what tells most, with true offsets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis import analyse_document
from monitor.model import Document, Entity, Evidence, Facts, Hit, Layout, Match, Severity, Stance, ZoneKind
from monitor.render.bounds import KEPT, kept


def passage(start: int, quote: str, *hits: tuple[str, int], stance: Stance = Stance.REPORTED, entity: str = "") -> Evidence:
    """``hits`` are terms and where they stand in the quote."""
    named = Entity(entity, entity, "list") if entity else None
    found = tuple(Hit("deal", term, start + at, start + at + len(term), term, named) for term, at in hits)
    return Evidence(start, start + len(quote), quote, ZoneKind.BODY, stance, "deal", found)


def match(*evidence: Evidence) -> Match:
    return Match("arms", "1", Severity.HIGH, (Stance.REPORTED,), evidence)


SENTENCE = "Arms were sold in town number 000000. "


def many(count: int) -> list[Evidence]:
    return [passage(n * len(SENTENCE), SENTENCE.replace("000000", f"{n:06}"), ("Arms", 0)) for n in range(count)]


def test_a_sane_match_is_kept_as_it_is() -> None:
    for whole in (match(*many(1)), match(*many(KEPT))):
        assert kept(whole) is whole


def test_of_thirty_thousand_passages_the_first_the_last_and_what_only_one_has_are_kept() -> None:
    found = many(30_000)
    found[15_000] = passage(found[15_000].start, found[15_000].quote, ("town", 18))
    found[16_000] = found[16_000]._replace(stance=Stance.DENIED)
    found[17_000] = passage(found[17_000].start, found[17_000].quote, ("Arms", 0), entity="rostec")
    bounded = kept(match(*found))
    assert (len(bounded.evidence), bounded.total) == (KEPT, 30_000)
    assert list(bounded.evidence) == sorted(bounded.evidence, key=lambda one: one.start)
    assert bounded.evidence[0] is found[0]
    assert bounded.evidence[-1] is found[-1], "what a text that grows says last"
    assert {found[15_000], found[16_000], found[17_000]} <= set(bounded.evidence)


def test_of_a_hundred_thousand_entities_as_many_are_kept_as_there_is_room_for() -> None:
    found = [passage(n * len(SENTENCE), SENTENCE, ("Arms", 0), entity=f"entity {n}") for n in range(2_000)]
    assert len(kept(match(*found)).evidence) == KEPT


@given(
    length=st.integers(1, 60_000),
    places=st.lists(st.integers(0, 59_990), min_size=1, max_size=400, unique=True),
    start=st.integers(0, 1_000),
)
def test_a_sentence_without_an_end_is_kept_in_pieces_with_true_offsets(length: int, places: list[int], start: int) -> None:
    quote = "".join(chr(97 + n % 26) for n in range(length))
    inside = [place for place in sorted(places) if place + 4 <= length]
    whole = passage(start, quote, *((quote[place : place + 4], place) for place in inside))
    bounded = kept(match(whole))
    text = " " * start + quote
    for piece in bounded.evidence:
        assert piece.quote == text[piece.start : piece.end]
        assert len(piece.quote) <= 6_000
        assert 0 < len(piece.hits) <= 50 or whole in bounded.evidence
        assert all(piece.start <= hit.start and hit.end <= piece.end and text[hit.start : hit.end] == hit.text for hit in piece.hits)
    assert {hit.term for piece in bounded.evidence for hit in piece.hits} == {hit.term for hit in whole.hits}


class Everywhere:
    """Finds something in each sentence."""

    def match(self, text: str, layout: Layout, facts: Facts) -> tuple[Match, ...]:
        return (match(*many(len(text) // len(SENTENCE))),)


def test_an_analysis_brings_no_more_than_is_kept() -> None:
    """What it brings is pickled, decided by in the event loop and written to the record."""
    (found,) = analyse_document(Document("one", "a", SENTENCE * 5_000), Everywhere()).matches
    assert (len(found.evidence), found.total) == (KEPT, 5_000)
