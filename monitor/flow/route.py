"""Routes: which notifications go to which sinks. Pure: what is known of a notification in, the ways it goes out.

Routes are read first to last. Every route that matches adds its sinks, until one that says ``stop``. It must not know what
a sink is or whether it works.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model import Alert, Article, Match, Operation, Severity, Stance, Story, WatchlistFacts, Way

#: How the keys of operations about a sink begin.
SINK = "sink:"


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a notification of an alert before it is sent anywhere. Where it has no match of its own (the alert was
    closed), ``article`` and ``match`` are the alert's first."""

    facts: WatchlistFacts
    severity: Severity
    article: Article
    match: Match
    alert: Alert
    story: Story
    now: datetime


@dataclass(frozen=True, slots=True)
class Missed:
    """The first condition that did not hold: its name as it is written, what it asks for, what was found instead."""

    condition: str
    wanted: tuple[str, ...]
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """Each condition that is given must hold; a list holds when one of its values does; an empty one is not asked.

    ``stance`` is that of any evidence, ``entity`` the id or the name of any that is named, ``term`` any that was found, as it is
    written in the watchlist. ``labels`` ask the watchlist's labels and the article's (its source's): either will do. Routes and
    silences ask with the same.
    """

    watchlist: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    stance: tuple[Stance, ...] = ()
    language: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entity: tuple[str, ...] = ()
    story: tuple[str, ...] = ()
    term: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.severity or self.source or self._only_of_alerts)

    @property
    def _only_of_alerts(self) -> bool:
        """Whether something is asked that operations do not have."""
        return bool(self.watchlist or self.stance or self.language or self.owner or self.labels or self.entity or self.story or self.term)

    def hold(self, about: About) -> bool:
        return self.missed(about) is None

    def missed(self, about: About) -> Missed | None:
        """The first that does not hold; None where all do."""
        for name, wanted, found in self._asked(about):
            if not set(wanted) & set(found):
                return Missed(name, tuple(map(str, wanted)), tuple(dict.fromkeys(map(str, found))))
        return None

    def _asked(self, about: About) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
        facts, article, evidence = about.facts, about.article, about.match.evidence
        if self.watchlist:
            yield "watchlist", self.watchlist, (facts.id,)
        if self.severity:
            yield "severity", self.severity, (about.severity,)
        if self.stance:
            yield "stance", self.stance, [passage.stance for passage in evidence]
        if self.language:
            yield "language", self.language, (article.language,)
        if self.source:
            yield "source", self.source, (article.source,)
        if self.owner:
            yield "owner", self.owner, (facts.owner,)
        if self.story:
            yield "story", self.story, (about.story.id,)
        if self.term:
            yield "term", _alike(self.term), _alike(hit.term for passage in evidence for hit in passage.hits)
        if self.entity:
            named = [hit.entity for passage in evidence for hit in passage.hits if hit.entity is not None]
            yield "entity", _alike(self.entity), _alike(name for entity in named for name in (entity.id, entity.name))
        for key, wanted in self.labels.items():
            yield f"labels.{key}", wanted, [labels[key] for labels in (facts.labels, article.labels) if key in labels]

    def hold_of(self, operation: Operation) -> bool:
        """An operation has a severity and a source it is about; conditions that ask for anything else do not hold of it."""
        return (
            not self._only_of_alerts
            and (not self.severity or operation.severity in self.severity)
            and (not self.source or (operation.subject in self.source and not operation.key.startswith(SINK)))
        )


def _alike(names: Iterable[str]) -> list[str]:
    """Names and terms are compared without regard to case and blanks: people type them."""
    return [" ".join(name.casefold().split()) for name in names]


@dataclass(frozen=True, slots=True)
class Route:
    """``unless`` leaves out of what ``match`` chose; without conditions it leaves out nothing. ``name`` is for people."""

    to: tuple[str, ...]
    match: Conditions = field(default_factory=Conditions)
    unless: Conditions = field(default_factory=Conditions)
    stop: bool = False
    name: str = ""


def ways_for(routes: Sequence[Route], about: About) -> tuple[Way, ...]:
    """Each sink once, by the first route that names it, in the order of the routes."""
    chosen: dict[str, Way] = {}
    for route in routes:
        if not route.match.hold(about) or (not route.unless.empty and route.unless.hold(about)):
            continue
        _choose(chosen, route)
        if route.stop:
            break
    return tuple(chosen.values())


def ways_for_operation(routes: Sequence[Route], operation: Operation) -> tuple[Way, ...]:
    """Each sink once, as above; a sink is never told of its own trouble."""
    chosen: dict[str, Way] = {}
    for route in routes:
        if not route.match.hold_of(operation) or (not route.unless.empty and route.unless.hold_of(operation)):
            continue
        _choose(chosen, route)
        if route.stop:
            break
    if operation.key.startswith(SINK):
        chosen.pop(operation.subject or operation.key.removeprefix(SINK), None)
    return tuple(chosen.values())


def _choose(chosen: dict[str, Way], route: Route) -> None:
    for sink in route.to:
        chosen.setdefault(sink, Way(sink, route.name))
