"""What goes between processes comes out as it went in, as far as it is asked for there."""

from __future__ import annotations

import pickle
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis import AnalysisInput
from monitor.flow.reload import stored_version
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
from monitor.ports import StoredVersion
from monitor.text.aliases import hashes
from monitor.watchlist import Term, Watchlist, load
from monitor.workers.packing import Analyses, Documents, Versions, packed, unpacked
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
def test_documents_that_were_read_bring_what_they_are_known_by(documents: list[Document]) -> None:
    assert [one.hashes for one in unpacked(packed(documents))] == [hashes(one) for one in documents]


def test_half_a_character_in_the_key_of_one_is_nothing_to_the_others() -> None:
    found = unpacked(packed([Document("wire", "\ud800", "one"), two := Document("wire", "2", "two")]))
    assert [one.hashes for one in found] == [(), hashes(two)]


@given(st.lists(DOCUMENTS, max_size=4))
def test_documents_to_analyse_have_all_that_analysing_asks(documents: list[Document]) -> None:
    asked = [AnalysisInput(one.source, one.text, one.title, one.language_hint, one.labels, one.learnt) for one in documents]
    found = pickle.loads(pickle.dumps(Documents(documents)))
    assert found == asked
    assert [(type(one), type(one.title)) for one in found] == [(AnalysisInput, type(one.title)) for one in documents]


@given(st.lists(ANALYSES, max_size=4))
def test_analyses(analyses: list[Analysis | AnalysisFailed]) -> None:
    found = pickle.loads(pickle.dumps(Analyses(analyses)))
    assert found == analyses
    assert [type(one) for one in found] == [type(one) for one in analyses]
    kinds = [zone.kind for one in found if isinstance(one, Analysis) for zone in one.zones]
    assert all(type(kind) is ZoneKind for kind in kinds)


SHARED = "vocabulary: arms\ngroups:\n  weapon: {en: [weapon, shell (exact), gunrun*], ar: [سلاح], ru: [оружие]}\n"
LIST = """
id: NAME
use: [vocabulary/arms]
groups:
  deal: {en: [arms deal, arms sale (this-form)], any: [Rotax 912]}
  customers: {from: entities/customers.csv}
mask: {en: [comrades in arms]}
when: deal OR weapon NEAR/10 "delivery" OR customers
escalate: [{to: critical, when: "title: deal"}]
tests:
  - alert: arms deal
    stance: planned
  - {alert_file: a.txt, evidence: arms}
"""
FILES = {
    "one.yaml": LIST.replace("NAME", "one"),
    "two.yaml": LIST.replace("NAME", "two"),
    "vocabulary/arms.yaml": SHARED,
    "entities/customers.csv": "id,name\nc1,Acme Arms\n",
    "seeds/a.txt": "An arms deal.",
}


def across(*versions: StoredVersion) -> tuple[StoredVersion, ...]:
    found = pickle.loads(pickle.dumps(Versions(versions)))
    assert type(found) is Versions
    return tuple(found)


def compiled_from(watchlist: Watchlist | None) -> tuple[object, ...]:
    """All of a list that compiling and testing ask of it. Lists of names are equal only where they are one."""
    assert watchlist is not None
    names = {group: [(each.file, list(each.spellings)) for each in lists] for group, lists in watchlist.names.items()}
    return replace(watchlist, files={}, names={}), names


def test_watchlists_that_were_read_have_all_that_compiling_asks() -> None:
    sent = [stored_version(load(name, FILES), FILES) for name in ("one", "two")]
    found = across(*sent)
    assert [compiled_from(one.read) for one in found] == [compiled_from(one.read) for one in sent]
    assert [replace(one, read=None) for one in found] == [
        replace(one, files={"seeds/a.txt": FILES["seeds/a.txt"]}, read=None) for one in sent
    ]
    reads = [one.read for one in found if one.read is not None]
    assert reads[0].groups["weapon"] is reads[1].groups["weapon"], "a vocabulary's terms are in memory once"
    assert reads[0].names["customers"][0] is reads[1].names["customers"][0]
    assert reads[0].tests[0].place == "one.yaml:11", "a failed test is told with its line"


def test_of_a_list_that_is_not_tested_the_tests_stay_behind() -> None:
    one = stored_version(load("one", FILES), FILES)
    (found,) = across(replace(one, tested=True))
    assert found.read is not None
    assert found.read.tests == ()
    assert found.files == {}
    assert compiled_from(replace(found.read, tests=load("one", FILES).tests)) == compiled_from(one.read)


def test_a_list_that_nobody_has_read_goes_as_its_text() -> None:
    read = stored_version(load("one", FILES), FILES)
    unread = replace(read, read=None)
    first, second = across(unread, read)
    assert first == unread
    assert first.read is None
    assert second.read is not None


def test_entities_of_terms_come_out() -> None:
    read = load("one", FILES)
    term = Term("Rock", "any", read.groups["deal"][0].mark, Entity("Q1", "Rock", "l"))
    version = replace(stored_version(read, FILES), read=replace(read, groups={**read.groups, "deal": (term, *read.groups["deal"])}))
    (found,) = across(version)
    assert compiled_from(found.read) == compiled_from(version.read)
