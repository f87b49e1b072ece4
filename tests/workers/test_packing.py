"""What goes between processes comes out as it went in, as far as it is asked for there."""

from __future__ import annotations

import pickle
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.model import (
    Analysis,
    AnalysisFailed,
    Document,
    Entity,
    Evidence,
    Fingerprint,
    Hit,
    Match,
    Severity,
    Span,
    Stance,
    Zone,
    ZoneKind,
)
from monitor.workers.packing import Analyses, Documents, packed, unpacked
from tests.fakes import START

TEXTS = st.text(max_size=30)
SPANS = st.builds(Span, st.integers(0, 9), st.integers(0, 99))
DOCUMENTS = st.builds(
    Document,
    source=TEXTS,
    key=TEXTS,
    text=TEXTS,
    title=st.none() | SPANS,
    url=TEXTS,
    published=st.sampled_from([None, START]),
    language_hint=TEXTS,
    labels=st.dictionaries(TEXTS, TEXTS, max_size=2),
    notes=st.tuples(TEXTS),
    learnt=st.just(()) | st.tuples(TEXTS, TEXTS),
    link=TEXTS,
)
MATCH = Match(
    "w",
    "v",
    Severity.HIGH,
    (Stance.DENIED,),
    (Evidence(0, 4, "rock", ZoneKind.BODY, Stance.DENIED, "a", (Hit("g", "t", 0, 4, "rock", Entity("Q1", "Rock", "l")),)),),
)
ANALYSES = st.builds(AnalysisFailed, TEXTS) | st.builds(
    Analysis,
    TEXTS,
    TEXTS,
    TEXTS,
    st.lists(st.builds(Zone, st.sampled_from(ZoneKind), st.integers(0, 9), st.integers(0, 99)), max_size=4).map(tuple),
    st.sampled_from([(), (MATCH,)]),
    TEXTS,
    st.none() | st.builds(Fingerprint, st.binary(max_size=9), st.just(()) | st.tuples(TEXTS)),
)


@given(st.lists(DOCUMENTS, max_size=4))
def test_documents_that_were_read(documents: list[Document]) -> None:
    assert unpacked(pickle.loads(pickle.dumps(packed(documents)))) == tuple(documents)


@given(st.lists(DOCUMENTS, max_size=4))
def test_documents_to_analyse_have_all_that_analysing_asks(documents: list[Document]) -> None:
    asked = [replace(one, key="", url="", published=None, notes=(), link="") for one in documents]
    assert pickle.loads(pickle.dumps(Documents(documents))) == asked


@given(st.lists(ANALYSES, max_size=4))
def test_analyses(analyses: list[Analysis | AnalysisFailed]) -> None:
    found = pickle.loads(pickle.dumps(Analyses(analyses)))
    assert found == analyses
    assert [type(one) for one in found] == [type(one) for one in analyses]
    kinds = [zone.kind for one in found if isinstance(one, Analysis) for zone in one.zones]
    assert all(type(kind) is ZoneKind for kind in kinds)
