"""Routes: which notifications go to which sinks. Pure: what is known of a notification in, the ways it goes out.

Routes are read first to last. Every route that matches adds its sinks, until one that says ``stop``. It must not know what
a sink is or whether it works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
class Conditions:
    """Each condition that is given must hold; a list holds when one of its values does; an empty one is not asked.

    ``stance`` is that of any evidence. ``labels`` ask the watchlist's labels and the article's (its source's): either will do.
    """

    watchlist: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    stance: tuple[Stance, ...] = ()
    language: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.watchlist or self.severity or self.stance or self.language or self.source or self.owner or self.labels)

    def hold(self, about: About) -> bool:
        facts, article = about.facts, about.article
        return (
            (not self.watchlist or facts.id in self.watchlist)
            and (not self.severity or about.severity in self.severity)
            and (not self.stance or any(evidence.stance in self.stance for evidence in about.match.evidence))
            and (not self.language or article.language in self.language)
            and (not self.source or article.source in self.source)
            and (not self.owner or facts.owner in self.owner)
            and all(facts.labels.get(key) in wanted or article.labels.get(key) in wanted for key, wanted in self.labels.items())
        )

    def hold_of(self, operation: Operation) -> bool:
        """An operation has a severity and a source it is about; conditions that ask for anything else do not hold of it."""
        others = self.watchlist or self.stance or self.language or self.owner or self.labels
        return (
            not others
            and (not self.severity or operation.severity in self.severity)
            and (not self.source or (operation.subject in self.source and not operation.key.startswith(SINK)))
        )


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
