"""What one match is worth telling: raise, update, thread silently or stay quiet, always with the reason.

Pure: it is given what the alert has told so far and what the article says now, and returns a Decision; the flow carries
it out. It must not know the store, the sinks or the time of day. Until stories are built an article is its own story, so
``told`` is set only where an article is matched again after an edit.

The rules, first to last (DESIGN.md §7):

1. a watchlist in shadow mode tells nobody anything;
2. an item that was already old when its feed was first read is kept and not told;
3. the first match of a story raises its alert;
4. a later match updates the alert for what has not been told yet: a higher severity, a new stance, new evidence (an
   entity, group or clause), a new language. The gravest reason is the one given;
5. everything else joins silently: an edited article never raises a second alert.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Protocol

from monitor.model import Alert, Decision, DecisionKind, Match, Mode, Reason, WatchlistFacts


class Told(Protocol):
    """What an alert has told so far, as the record remembers it (``ports.Told`` is one)."""

    @property
    def alert(self) -> Alert: ...
    @property
    def groups(self) -> AbstractSet[str]: ...
    @property
    def clauses(self) -> AbstractSet[str]: ...
    @property
    def entities(self) -> AbstractSet[str]: ...
    @property
    def stances(self) -> AbstractSet[str]: ...
    @property
    def languages(self) -> AbstractSet[str]: ...


def decide(told: Told | None, match: Match, facts: WatchlistFacts, *, language: str, stale: bool) -> Decision:
    """``language`` is the article's; ``stale`` says that it was older than the freshness window at its feed's first poll."""
    if facts.mode is not Mode.LIVE:
        return Decision(DecisionKind.QUIET, Reason.SHADOW)
    if stale:
        return Decision(DecisionKind.QUIET, Reason.STALE)
    if told is None:
        return Decision(DecisionKind.RAISE, Reason.FIRST_MATCH)
    reason = _news(told, match, language)
    if reason is None:
        return Decision(DecisionKind.THREAD, Reason.ALREADY_TOLD)
    return Decision(DecisionKind.UPDATE, reason)


def _news(told: Told, match: Match, language: str) -> Reason | None:
    """Why people should be told again; None where everything has been told."""
    if match.severity.rank > told.alert.severity.rank:
        return Reason.SEVERITY_RAISED
    if not told.stances >= {str(stance) for stance in match.stances}:
        return Reason.STANCE_CHANGED
    if not (told.groups >= groups(match) and told.clauses >= clauses(match) and told.entities >= entities(match)):
        return Reason.NEW_EVIDENCE
    # "und" is what a text too short to identify gets: it says nothing new.
    if language not in told.languages and language != "und":
        return Reason.NEW_LANGUAGE
    return None


def groups(match: Match) -> frozenset[str]:
    return frozenset(hit.group for evidence in match.evidence for hit in evidence.hits)


def clauses(match: Match) -> frozenset[str]:
    return frozenset(evidence.clause for evidence in match.evidence)


def entities(match: Match) -> frozenset[str]:
    return frozenset(hit.entity.id for evidence in match.evidence for hit in evidence.hits if hit.entity is not None)
