"""The analysis of many documents is that of each one alone, and one that fails takes nobody with it."""

from __future__ import annotations

from monitor.analysis import analyse_document, analyse_documents
from monitor.model import AnalysisFailed, Document, Facts, Layout, Match


class Fussy:
    """An engine that matches nothing and trips over one word."""

    def match(self, text: str, layout: Layout, facts: Facts) -> tuple[Match, ...]:
        if "trip" in text:
            raise ValueError("a word too many")
        return ()


def document(number: int, text: str) -> Document:
    return Document("feed", f"item {number}", text)


TEXTS = (
    "Radar sold to Iran\n\nFour Kolchuga radars were sold.",
    "قال وزير الدفاع إن القوات تقدمت نحو المدينة.",
    "",
    "数控机床出口",
    "one two",
)


def test_many_are_analysed_as_each_one_alone() -> None:
    documents = [document(number, text) for number, text in enumerate(TEXTS)]
    assert analyse_documents(documents, Fussy()) == [analyse_document(one, Fussy()) for one in documents]


def test_a_document_that_trips_the_analysis_fails_alone() -> None:
    documents = [document(number, text) for number, text in enumerate((TEXTS[0], "trip", TEXTS[1]))]
    first, failed, last = analyse_documents(documents, Fussy())
    assert failed == AnalysisFailed("ValueError: a word too many")
    assert (first, last) == (analyse_document(documents[0], Fussy()), analyse_document(documents[2], Fussy()))
