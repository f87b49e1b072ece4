"""What one match is worth telling: raise, update, correct, reopen, thread silently or stay quiet, always with the reason.

Pure: it is given what the alert has told so far and what the article says now, and returns a Decision; the flow carries
it out. It must not know the store, the sinks or the time of day.

The rules, first to last (DESIGN.md §7):

1. a watchlist in shadow mode tells nobody anything;
2. an item that was already old when its feed was first read is kept and not told;
3. the first match of a story raises its alert;
4. a later match updates the alert for what has not been told yet, the gravest reason given: a higher severity; a new
   stance; new evidence (an entity, a group, a clause by itself, or a passage that says something else); a new language; the k-th
   outlet;
5. an edit that takes back what its article told corrects the alert;
6. everything else joins silently.

An alert that a person closed is reopened by severity, stance, evidence and correction; languages and outlets are no news of
what was closed.

Passages are what keeps a wrong join from hiding news (a second event in the first one's story): its groups, clauses and
stances may be the same, its words are not. How much of a passage must have been told for it to be old depends on how the
article joined (``_is_news``). The passages of a copy stand there word for word, so what differs is news. A rewrite says the same in
other words, and within three days only what shares less than a third of them is taken for something else, or what gives another
number (how many died, how much it cost) with another word: it may be the next bomb in the same town, and where it is the same
one, the new count is news. The later it comes, the likelier it tells of the next fire, in the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, Protocol

from monitor.model import Alert, AlertState, Decision, DecisionKind, Disposition, Match, Mode, Reason, WatchlistFacts
from monitor.story.said import NUMBER, clauses_of, passage_terms, passage_words

#: Of the words of a passage of a rewrite, the share that must have been told for it to be old, by the hours between the article
#: and the one that it is most like.
OLD_REWRITE: Final = ((72.0, 0.33), (168.0, 0.6), (float("inf"), 0.9))
#: The same where the text is the same, or an edit of it.
OLD: Final = 0.6
#: And so many new words, a number among them, are another place and another count in the same sentence, whoever writes it.
REFILLED: Final = 2
#: A passage of fewer words than this says too little to be judged by them.
FEWEST: Final = 3
#: Of one name changed in two thousand words a fingerprint may see nothing: what looks like the same text is read as a copy is.
_COPIES: Final = frozenset({"near_copy", "same_text"})
_RETOLD: Final = frozenset({"rewrite", "translation"})

_REOPENING: Final = frozenset({Reason.SEVERITY_RAISED, Reason.STANCE_CHANGED, Reason.NEW_EVIDENCE, Reason.CORRECTION})


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
    @property
    def outlets(self) -> AbstractSet[str]: ...
    @property
    def spread_told(self) -> bool: ...
    @property
    def said(self) -> AbstractSet[int]: ...


@dataclass(frozen=True, slots=True)
class Saying:
    """What an article says now. ``joined`` is how it joined its story, "" for one that began it or was edited; ``hours`` lie between
    it and the article it is most like. ``taken_back``:
    it told something before it was edited that it does not say any more; ``said_again``: that was told, and now it says so."""

    match: Match
    language: str
    outlet: str = ""
    joined: str = ""
    hours: float = 0.0
    taken_back: bool = False
    said_again: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """What a match says that its alert has not told yet. ``passages`` count from 0 into its evidence."""

    graver: bool = False
    stances: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    passages: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()


def decide(told: Told | None, saying: Saying, facts: WatchlistFacts, *, stale: bool = False, spread: int = 0) -> Decision:
    """All rules. ``stale`` says that the article was older than the freshness window at its feed's first poll; the ``spread``-th
    outlet is told (0: none)."""
    return kept_quiet(facts, stale=stale) or worth_telling(told, saying, spread=spread)


def kept_quiet(facts: WatchlistFacts, *, stale: bool) -> Decision | None:
    """Rules 1 and 2: what is told to nobody whatever it says."""
    if facts.mode is not Mode.LIVE:
        return Decision(DecisionKind.QUIET, Reason.SHADOW)
    if stale:
        return Decision(DecisionKind.QUIET, Reason.STALE)
    return None


def worth_telling(told: Told | None, saying: Saying, *, spread: int = 0) -> Decision:
    """Rules 3 to 6."""
    if told is None:
        return Decision(DecisionKind.RAISE, Reason.FIRST_MATCH)
    closed = told.alert.state is AlertState.CLOSED
    reason = _reason(told, saying, news(told, saying), spread, closed=closed)
    if reason is None or (closed and reason not in _REOPENING):
        return Decision(DecisionKind.THREAD, Reason.ALREADY_TOLD)
    if closed:
        return Decision(DecisionKind.REOPEN, reason)
    return Decision(DecisionKind.CORRECT if reason is Reason.CORRECTION else DecisionKind.UPDATE, reason)


def _reason(told: Told, saying: Saying, new: News, spread: int, *, closed: bool) -> Reason | None:
    """Why people should be told again, the gravest; None where everything has been told."""
    if not saying.match.evidence:
        return Reason.CORRECTION if saying.taken_back else None
    if new.graver:
        return Reason.SEVERITY_RAISED
    if new.stances:
        return Reason.STANCE_CHANGED
    # In a language nobody was told in, all words are new: that it is the language says more, as long as it is told.
    if saying.said_again or new.entities or new.groups or new.clauses or (new.passages and (closed or not new.languages)):
        return Reason.NEW_EVIDENCE
    if new.languages:
        return Reason.NEW_LANGUAGE
    if spread and not told.spread_told and len(told.outlets | {saying.outlet}) >= spread:
        return Reason.NEW_SOURCES
    return Reason.CORRECTION if saying.taken_back else None


def news(told: Told, saying: Saying) -> News:
    match = saying.match
    if not match.evidence:
        return News()
    # "und" is what a text too short to identify gets: it says nothing new.
    new_language = saying.language not in told.languages and saying.language != "und"
    return News(
        graver=match.severity.rank > told.alert.severity.rank,
        stances=_new((str(stance) for stance in match.stances), told.stances),
        groups=_new((hit.group for passage in match.evidence for hit in passage.hits), told.groups),
        clauses=_new(_each_clause(passage.clause for passage in match.evidence), frozenset(_each_clause(told.clauses))),
        entities=_new((hit.entity.id for passage in match.evidence for hit in passage.hits if hit.entity is not None), told.entities),
        passages=_new_passages(told.said, saying, contested=told.alert.disposition is Disposition.FALSE),
        languages=(saying.language,) if new_language else (),
        outlets=(saying.outlet,) if saying.outlet and saying.outlet not in told.outlets else (),
    )


def _new_passages(said: AbstractSet[int], saying: Saying, *, contested: bool) -> tuple[int, ...]:
    """Of what an alert told before ``said`` was kept nothing is known: an edit of its article is judged by the rest."""
    if not said and not saying.joined:
        return ()
    found = enumerate((passage_words(passage), passage_terms(passage)) for passage in saying.match.evidence)
    retold = saying.joined in _RETOLD and not contested
    return tuple(number for number, (words, terms) in found if _is_news(words, terms - said, said, saying, retold=retold))


def _is_news(words: AbstractSet[int], terms: AbstractSet[int], said: AbstractSet[int], saying: Saying, *, retold: bool) -> bool:
    """``terms`` are those found here that were not told. Those that were speak for no passage: each event of a watchlist has them.
    ``retold`` passages are expected to say the same in other words; those of an alert that was closed as false are not: who
    insists, with another term, another count, or mostly in words of his own, is heard."""
    new = (words - said) | terms
    if not new:
        return False
    if saying.joined in _COPIES or (terms and not retold):
        return True
    if len(words) < FEWEST:
        return False
    if len(new) >= REFILLED and any(word & NUMBER for word in new):
        return True
    told = 1 - len(new) / len(words | terms)
    return told < (next(share for hours, share in OLD_REWRITE if saying.hours <= hours) if retold else OLD)


def _each_clause(written: Iterable[str]) -> Iterator[str]:
    """Records of before hold the texts of several clauses as one."""
    return (clause for text in written for clause in clauses_of(text))


def _new(now: Iterable[str], told: AbstractSet[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in now if value not in told))


def groups(match: Match) -> frozenset[str]:
    return frozenset(hit.group for evidence in match.evidence for hit in evidence.hits)


def clauses(match: Match) -> frozenset[str]:
    """One by one: of those that fired in one sentence each has been told."""
    return frozenset(_each_clause(evidence.clause for evidence in match.evidence))


def entities(match: Match) -> frozenset[str]:
    return frozenset(hit.entity.id for evidence in match.evidence for hit in evidence.hits if hit.entity is not None)
