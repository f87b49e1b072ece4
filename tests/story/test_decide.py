"""What a match is worth telling, as one table: what was told, what is said now, and what follows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import (
    Alert,
    AlertState,
    Decision,
    DecisionKind,
    Disposition,
    Entity,
    Evidence,
    Hit,
    Match,
    Mode,
    Reason,
    Severity,
    Stance,
    ZoneKind,
)
from monitor.ports import Told
from monitor.story.decide import Saying, clauses, decide, news
from monitor.story.said import clauses_of, words_of
from monitor.watchlist.query import Node, Or
from tests.fakes import START, watchlist_facts
from tests.watchlist.test_grammar import queries

FIRST = "Minister Orlov signed a contract in Lutsk on Tuesday for the delivery of 34 radar stations worth 210 million euros."
RETOLD = "For 210 million euros, 34 radar stations will go from Lutsk after Orlov put his name to a contract."
OTHER = "Workers at the harbour of Mersin began to unload crates of rifles that a Libyan freighter had brought overnight."
REFILLED = "Minister Orlov signed a contract in Odesa on Tuesday for the delivery of 52 radar stations worth 210 million euros."


def a_match(
    *,
    group: str = "deal",
    clause: str = "deal",
    stance: Stance = Stance.REPORTED,
    severity: Severity = Severity.HIGH,
    entity: str = "",
    quote: str = FIRST,
) -> Match:
    hit = Hit(group, "contract", 0, 8, "contract", Entity(entity, entity, "list") if entity else None)
    return Match("arms", "1", severity, (stance,), (Evidence(0, len(quote), quote, ZoneKind.BODY, stance, clause, (hit,)),))


def what_was_told(match: Match, *, languages: frozenset[str] = frozenset({"ar"})) -> Told:
    alert = Alert("a" * 32, "arms", "story", match.severity, AlertState.OPEN, {}, START, START)
    hits = [hit for evidence in match.evidence for hit in evidence.hits]
    return Told(
        alert=alert,
        article="first",
        text_hash="0",
        groups=frozenset(hit.group for hit in hits),
        clauses=frozenset(evidence.clause for evidence in match.evidence),
        entities=frozenset(hit.entity.id for hit in hits if hit.entity),
        stances=frozenset(map(str, match.stances)),
        languages=languages,
        notifications=1,
        outlets=frozenset({"one.example"}),
        said=words_of(match.evidence),
    )


def decided(told: Told | None, match: Match, *, mode: Mode = Mode.LIVE, stale: bool = False, spread: int = 0, **saying: object) -> Decision:
    said = Saying(match, **({"language": "ar", "outlet": "one.example"} | saying))  # type: ignore[arg-type]
    return decide(told, said, watchlist_facts("arms", mode=mode), stale=stale, spread=spread)


TOLD = what_was_told(a_match())

ROWS = [
    ("first match", None, a_match(), DecisionKind.RAISE, Reason.FIRST_MATCH),
    ("the same again", TOLD, a_match(), DecisionKind.THREAD, Reason.ALREADY_TOLD),
    ("another group", TOLD, a_match(group="weapon"), DecisionKind.UPDATE, Reason.NEW_EVIDENCE),
    ("another clause", TOLD, a_match(clause="weapon NEAR/10 transfer"), DecisionKind.UPDATE, Reason.NEW_EVIDENCE),
    ("an entity", TOLD, a_match(entity="rostec"), DecisionKind.UPDATE, Reason.NEW_EVIDENCE),
    ("now denied", TOLD, a_match(stance=Stance.DENIED), DecisionKind.UPDATE, Reason.STANCE_CHANGED),
    ("graver", TOLD, a_match(severity=Severity.CRITICAL), DecisionKind.UPDATE, Reason.SEVERITY_RAISED),
    ("less grave", TOLD, a_match(severity=Severity.LOW), DecisionKind.THREAD, Reason.ALREADY_TOLD),
    ("graver goes before new evidence", TOLD, a_match(severity=Severity.CRITICAL, group="x"), DecisionKind.UPDATE, Reason.SEVERITY_RAISED),
]


@pytest.mark.parametrize(("name", "told", "match", "kind", "reason"), ROWS, ids=[row[0] for row in ROWS])
def test_what_follows(name: str, told: Told | None, match: Match, kind: DecisionKind, reason: Reason) -> None:
    decision = decided(told, match)
    assert (decision.kind, decision.reason) == (kind, reason)


#: What was said, how the article joined, whether that is news.
PASSAGES = [
    ("the same sentence in a copy", FIRST, "near_copy", False),
    ("the same sentence after an edit", FIRST, "", False),
    ("a rewrite in other words", RETOLD, "rewrite", False),
    ("another event, joined as a rewrite", OTHER, "rewrite", True),
    ("another event, joined as a copy", OTHER, "near_copy", True),
    ("the same sentence with another place and number, joined as a copy", REFILLED, "near_copy", True),
    ("the same after an edit", REFILLED, "", True),
    ("a copy with one name in the place of another", FIRST.replace("Orlov", "Bondar"), "near_copy", True),
    ("the same after an edit", FIRST.replace("Orlov", "Bondar"), "", False),
    ("a count in a rewrite, and nothing else that is new", FIRST.replace("34", "36"), "rewrite", False),
    ("too short to say anything else", "contract signed", "rewrite", False),
    ("a short one in a copy", "contract for Syria", "near_copy", True),
    ("one name in the place of another, and the fingerprint did not see it", FIRST.replace("Orlov", "Bondar"), "same_text", True),
    ("the same text", FIRST, "same_text", False),
]


@pytest.mark.parametrize(("name", "quote", "joined", "is_news"), PASSAGES, ids=[row[0] for row in PASSAGES])
def test_a_passage_that_says_something_else_is_news(name: str, quote: str, joined: str, is_news: bool) -> None:
    """A wrong join: group, clause, stance and severity are those of the first event."""
    decision = decided(TOLD, a_match(quote=quote), joined=joined)
    expected = (DecisionKind.UPDATE, Reason.NEW_EVIDENCE) if is_news else (DecisionKind.THREAD, Reason.ALREADY_TOLD)
    assert (decision.kind, decision.reason) == expected


@pytest.mark.parametrize("hours", [1.0, 24.0, 60.0])
def test_the_next_bomb_in_the_same_town_is_told_though_it_joined_as_a_rewrite_of_the_first(hours: float) -> None:
    """Two thirds of its words were told: the town, the police chief, what exploded."""
    told = what_was_told(a_match(quote="An explosion killed 34 people at the market of Kabul on Tuesday, police chief Omar Sadat said."))
    other = a_match(quote="Explosion in Kabul kills 12 people at a mosque on Wednesday, police chief Omar Sadat said.")
    retold = a_match(quote="Police chief Omar Sadat: 34 people dead in explosion at Kabul market")
    assert decided(told, other, joined="rewrite", hours=hours) == Decision(DecisionKind.UPDATE, Reason.NEW_EVIDENCE)
    assert decided(told, retold, joined="rewrite", hours=hours).kind is DecisionKind.THREAD


def of_terms(quote: str, *terms: str) -> Match:
    """All of one group."""
    hits = tuple(Hit("country", term, quote.index(term), quote.index(term) + len(term), term) for term in terms)
    passage = Evidence(0, len(quote), quote, ZoneKind.BODY, Stance.REPORTED, "country", hits)
    return replace(a_match(), evidence=(passage,))


@pytest.mark.parametrize("joined", ["near_copy", "same_text", "", "merged"])
def test_another_term_of_a_told_group_is_news(joined: str) -> None:
    """The same form filled for another country that is watched: the name is a hit in both, and no other word differs."""
    quote = "A freighter left Odesa on Monday with missiles for {} after months of talks in Vienna."
    told = what_was_told(of_terms(quote.format("Iran"), "Iran", "missiles"))
    same, other = of_terms(quote.format("Iran"), "Iran", "missiles"), of_terms(quote.format("Syria"), "Syria", "missiles")
    assert decided(told, same, joined=joined) == Decision(DecisionKind.THREAD, Reason.ALREADY_TOLD)
    assert decided(told, other, joined=joined) == Decision(DecisionKind.UPDATE, Reason.NEW_EVIDENCE)


def test_terms_that_were_told_make_no_passage_old() -> None:
    """A short passage of two terms that every event of the list has, and three words that nobody was told."""
    told = what_was_told(of_terms(FIRST, "contract", "radar"))
    other = of_terms("Rotterdam: contract, radar, customs, bribes", "contract", "radar")
    assert decided(told, other, joined="rewrite").kind is DecisionKind.UPDATE


def test_one_digit_more_is_news_in_a_copy() -> None:
    told = what_was_told(a_match(quote="A contract killer shot 3 people dead in the market of Mersin on Sunday."))
    assert decided(
        told, a_match(quote="A contract killer shot 7 people dead in the market of Mersin on Sunday."), joined="near_copy"
    ).kind is (DecisionKind.UPDATE)


def test_the_later_a_rewrite_comes_the_more_of_it_must_have_been_told() -> None:
    """The next fire in the same town is told in the same words."""
    match = a_match(quote=RETOLD)
    kinds = [decided(TOLD, match, joined="rewrite", hours=hours).kind for hours in (1, 72, 100, 1_000)]
    assert kinds == [DecisionKind.THREAD, DecisionKind.THREAD, DecisionKind.THREAD, DecisionKind.UPDATE]
    assert decided(TOLD, a_match(quote=FIRST), joined="rewrite", hours=1_000).kind is DecisionKind.THREAD


def test_news_name_what_is_new_and_where() -> None:
    match = a_match(group="weapon", stance=Stance.DENIED, quote=OTHER)
    found = news(TOLD, Saying(match, "ru", "two.example", "rewrite"))
    assert (found.groups, found.clauses, found.stances, found.languages, found.outlets, found.passages) == (
        ("weapon",),
        (),
        ("denied",),
        ("ru",),
        ("two.example",),
        (0,),
    )


@given(queries)
def test_what_is_written_as_one_is_taken_apart_into_the_clauses_of_the_query(query: Node) -> None:
    """Phrases with OR, quotes and parentheses in them, and ORs deeper inside, end no clause."""
    assert clauses_of(str(query)) == tuple(map(str, query.items if isinstance(query, Or) else (query,)))


#: A clause each; what fires in one sentence is written as one text.
CLAUSES = (
    "deal",
    "sentence(arms_deal, NOT game)",
    "give THEN/5 (weapon OR platform)",
    '"now OR never) OR \\" x" (exact)',
    "count(a OR b) >= 2",
)
sentences = st.lists(st.sampled_from(CLAUSES), min_size=1, unique=True)


@given(told=st.lists(sentences, min_size=1, max_size=4), said=st.lists(sentences, min_size=1, max_size=4), as_before=st.booleans())
def test_a_clause_is_news_unless_it_was_told_alone_or_with_others(told: list[list[str]], said: list[list[str]], as_before: bool) -> None:
    """Nothing that was never told is hidden, and nothing is told again for being written with others; ``as_before``: records of
    before hold what fired in one sentence as one text."""
    before, now = (replace(a_match(), evidence=tuple(a_match(clause=" OR ".join(s)).evidence[0] for s in of)) for of in (told, said))
    kept = replace(what_was_told(before), clauses=frozenset(map(" OR ".join, told)) if as_before else clauses(before))
    new = {clause for sentence in said for clause in sentence} - {clause for sentence in told for clause in sentence}
    assert set(news(kept, Saying(now, "ar", "one.example")).clauses) == new
    assert decided(kept, now).reason is (Reason.NEW_EVIDENCE if new else Reason.ALREADY_TOLD)


def test_a_new_language_is_news_but_an_unknown_one_is_not() -> None:
    assert decided(TOLD, a_match(), language="ru").reason is Reason.NEW_LANGUAGE
    assert decided(TOLD, a_match(quote=OTHER), language="ru", joined="translation").reason is Reason.NEW_LANGUAGE
    assert decided(TOLD, a_match(), language="und").reason is Reason.ALREADY_TOLD


@pytest.mark.parametrize(
    ("spread", "outlets", "told_before", "reason"),
    [
        (3, {"one.example", "two.example"}, False, Reason.NEW_SOURCES),
        (3, {"one.example", "two.example"}, True, Reason.ALREADY_TOLD),
        (3, {"one.example"}, False, Reason.ALREADY_TOLD),
        (3, {"one.example", "three.example"}, False, Reason.NEW_SOURCES),
        (0, {"one.example", "two.example"}, False, Reason.ALREADY_TOLD),
    ],
)
def test_the_kth_outlet_is_told_once(spread: int, outlets: set[str], told_before: bool, reason: Reason) -> None:
    told = replace(TOLD, outlets=frozenset(outlets), spread_told=told_before)
    assert (
        decided(told, a_match(), outlet="three.example" if "three.example" not in outlets else "two.example", spread=spread).reason
        is reason
    )


def test_an_edit_that_takes_back_what_it_told_corrects_and_says_so_again_when_it_does() -> None:
    nothing_left = replace(a_match(), evidence=(), stances=())
    decision = decided(TOLD, nothing_left, taken_back=True, spread=1)
    assert (decision.kind, decision.reason) == (DecisionKind.CORRECT, Reason.CORRECTION)
    assert decided(TOLD, nothing_left, spread=1).kind is DecisionKind.THREAD
    again = decided(TOLD, a_match(), said_again=True)
    assert (again.kind, again.reason) == (DecisionKind.UPDATE, Reason.NEW_EVIDENCE)


@pytest.mark.parametrize(
    ("name", "match", "saying", "kind"),
    [
        ("graver", a_match(severity=Severity.CRITICAL), {}, DecisionKind.REOPEN),
        ("now denied", a_match(stance=Stance.DENIED), {}, DecisionKind.REOPEN),
        ("a passage", a_match(quote=OTHER), {"joined": "rewrite"}, DecisionKind.REOPEN),
        ("a passage in a new language", a_match(quote=OTHER), {"joined": "translation", "language": "ru"}, DecisionKind.REOPEN),
        ("taken back", replace(a_match(), evidence=()), {"taken_back": True}, DecisionKind.REOPEN),
        ("a language", a_match(), {"language": "ru"}, DecisionKind.THREAD),
        ("an outlet", a_match(), {"outlet": "two.example", "spread": 2}, DecisionKind.THREAD),
    ],
)
def test_news_reopens_what_was_closed(name: str, match: Match, saying: dict[str, object], kind: DecisionKind) -> None:
    closed = replace(TOLD, alert=replace(TOLD.alert, state=AlertState.CLOSED))
    assert decided(closed, match, **saying).kind is kind  # type: ignore[arg-type]


@pytest.mark.parametrize("told", [None, TOLD], ids=["first", "told"])
def test_a_watchlist_in_shadow_mode_tells_nothing(told: Told | None) -> None:
    decision = decided(told, a_match(group="new"), mode=Mode.SHADOW, stale=True)
    assert (decision.kind, decision.reason) == (DecisionKind.QUIET, Reason.SHADOW)


def test_what_was_old_at_the_first_poll_is_kept_and_not_told() -> None:
    decision = decided(None, a_match(), stale=True)
    assert (decision.kind, decision.reason) == (DecisionKind.QUIET, Reason.STALE)


def test_a_second_entity_of_a_told_group_is_news() -> None:
    told = what_was_told(a_match(entity="rostec"))
    assert decided(told, a_match(entity="rostec")).kind is DecisionKind.THREAD
    assert decided(told, a_match(entity="almaz")).reason is Reason.NEW_EVIDENCE


def test_an_alert_raised_again_in_severity_is_told_once() -> None:
    raised = replace(TOLD, alert=replace(TOLD.alert, severity=Severity.CRITICAL))
    assert decided(raised, a_match(severity=Severity.CRITICAL)).kind is DecisionKind.THREAD


#: Somebody insists: a rewrite with more new words than told ones.
INSISTING = "Orlov insists on television that the contract of Lutsk stands, whatever is denied, and 34 radar stations follow soon."


@pytest.mark.parametrize(
    ("disposition", "kind"),
    [(Disposition.FALSE, DecisionKind.REOPEN), (Disposition.TRUE, DecisionKind.THREAD), (Disposition.NOT_RELEVANT, DecisionKind.THREAD)],
)
def test_who_insists_reopens_what_was_closed_as_false(disposition: Disposition, kind: DecisionKind) -> None:
    closed = replace(TOLD, alert=replace(TOLD.alert, state=AlertState.CLOSED, disposition=disposition))
    assert decided(closed, a_match(quote=INSISTING), joined="rewrite", hours=24.0).kind is kind
    assert decided(closed, a_match(quote=FIRST), joined="rewrite", hours=24.0).kind is DecisionKind.THREAD
