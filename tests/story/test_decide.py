"""What a match is worth telling, as one table: what was told, what is said now, and what follows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.model import (
    Alert,
    AlertState,
    DecisionKind,
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
from monitor.story.decide import decide
from tests.fakes import START, watchlist_facts


def a_match(
    *, group: str = "deal", clause: str = "deal", stance: Stance = Stance.REPORTED, severity: Severity = Severity.HIGH, entity: str = ""
) -> Match:
    hit = Hit(group, "term", 0, 4, "term", Entity(entity, entity, "list") if entity else None)
    return Match("arms", "1", severity, (stance,), (Evidence(0, 4, "term", ZoneKind.BODY, stance, clause, (hit,)),))


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
    )


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
    decision = decide(told, match, watchlist_facts("arms"), language="ar", stale=False)
    assert (decision.kind, decision.reason) == (kind, reason)


def test_a_new_language_is_news_but_an_unknown_one_is_not() -> None:
    facts = watchlist_facts("arms")
    assert decide(TOLD, a_match(), facts, language="ru", stale=False).reason is Reason.NEW_LANGUAGE
    assert decide(TOLD, a_match(), facts, language="und", stale=False).reason is Reason.ALREADY_TOLD


@pytest.mark.parametrize("told", [None, TOLD], ids=["first", "told"])
def test_a_watchlist_in_shadow_mode_tells_nothing(told: Told | None) -> None:
    decision = decide(told, a_match(group="new"), watchlist_facts("arms", mode=Mode.SHADOW), language="ar", stale=True)
    assert (decision.kind, decision.reason) == (DecisionKind.QUIET, Reason.SHADOW)


def test_what_was_old_at_the_first_poll_is_kept_and_not_told() -> None:
    decision = decide(None, a_match(), watchlist_facts("arms"), language="ar", stale=True)
    assert (decision.kind, decision.reason) == (DecisionKind.QUIET, Reason.STALE)


def test_a_second_entity_of_a_told_group_is_news() -> None:
    told = what_was_told(a_match(entity="rostec"))
    assert decide(told, a_match(entity="rostec"), watchlist_facts("arms"), language="ar", stale=False).kind is DecisionKind.THREAD
    assert decide(told, a_match(entity="almaz"), watchlist_facts("arms"), language="ar", stale=False).reason is Reason.NEW_EVIDENCE


def test_an_alert_raised_again_in_severity_is_told_once() -> None:
    raised = replace(TOLD, alert=replace(TOLD.alert, severity=Severity.CRITICAL))
    assert (
        decide(raised, a_match(severity=Severity.CRITICAL), watchlist_facts("arms"), language="ar", stale=False).kind is DecisionKind.THREAD
    )
