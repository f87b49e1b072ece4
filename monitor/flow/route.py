"""Routes: which notifications go to which sinks. Pure: what is known of a notification in, the ways it goes out.

Routes are read first to last. Every route that matches adds its sinks, until one that says ``stop``. A route with a digest has
its notifications wait for it, unless they are critical; a sink that one route tells at once and another in a digest is told at
once. A route may ask for some kinds of notification only (``tell``); it matches all the same. It must not know what a sink is or
whether it works.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.flow.digests import DIGEST, Rhythm
from monitor.model import Alert, Article, Match, NotificationKind, Operation, Severity, Stance, Story, WatchlistFacts, Way

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
    kind: NotificationKind = NotificationKind.RAISED


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
    """``unless`` leaves out of what ``match`` chose; without conditions it leaves out nothing. ``name`` is for people. What waits
    for a ``digest`` is told in one, or in one for each group of what has the same values of ``group_by``. ``tell`` are the kinds
    of notification it asks for, all where it names none."""

    to: tuple[str, ...]
    match: Conditions = field(default_factory=Conditions)
    unless: Conditions = field(default_factory=Conditions)
    stop: bool = False
    name: str = ""
    digest: Rhythm | None = None
    group_by: tuple[str, ...] = ()
    tell: tuple[NotificationKind, ...] = ()

    def tells(self, kind: NotificationKind) -> bool:
        return not self.tell or kind in self.tell

    @property
    def hold(self) -> str:
        """The key of what waits for its digest."""
        return DIGEST + self.name

    def ways(self, severity: Severity, now: datetime) -> tuple[Way, ...]:
        if self.digest is None or severity is Severity.CRITICAL:
            return tuple(Way(sink, self.name) for sink in self.to)
        until = self.digest.next(now)
        return tuple(Way(sink, self.name, until, self.hold) for sink in self.to)


class Outcome(StrEnum):
    """What a route makes of a notification."""

    MATCHED = "matched"
    MISSED = "missed"  # a condition of ``match`` does not hold
    EXCLUDED = "excluded"  # ``not`` holds
    UNASKED = "unasked"  # it matches, and does not ask for this kind of notification
    UNREAD = "unread"  # one above it matched and said stop


@dataclass(frozen=True, slots=True)
class Explained:
    route: Route
    outcome: Outcome
    missed: Missed | None = None


def explained(routes: Sequence[Route], about: About) -> tuple[Explained, ...]:
    """What each route makes of it, in order; `ways_for` follows from those that matched."""
    found: list[Explained] = []
    stopped = False
    for route in routes:
        one = Explained(route, Outcome.UNREAD) if stopped else _explained(route, about)
        stopped = stopped or (one.outcome in {Outcome.MATCHED, Outcome.UNASKED} and route.stop)
        found.append(one)
    return tuple(found)


def _explained(route: Route, about: About) -> Explained:
    if (missed := route.match.missed(about)) is not None:
        return Explained(route, Outcome.MISSED, missed)
    if not route.unless.empty and route.unless.hold(about):
        return Explained(route, Outcome.EXCLUDED)
    if not route.tells(about.kind):
        return Explained(route, Outcome.UNASKED, Missed("tell", tuple(map(str, route.tell)), (about.kind.value,)))
    return Explained(route, Outcome.MATCHED)


def ways_for(routes: Sequence[Route], about: About) -> tuple[Way, ...]:
    """Each sink once, by the first route that tells it at once, else by the first that names it; in the order of the routes."""
    matched = [one.route for one in explained(routes, about) if one.outcome is Outcome.MATCHED]
    return _ways(matched, about.severity, about.now)


def asked_for(routes: Iterable[Route], ways: Sequence[Way], kind: NotificationKind) -> tuple[Way, ...]:
    """Of the ways that an alert has gone, those of what a person did to it now: all but those of routes in force that do not ask
    for this kind."""
    unasked = {(route.name, sink) for route in routes if not route.tells(kind) for sink in route.to}
    return tuple(way for way in ways if (way.route, way.sink) not in unasked)


def ways_for_operation(
    routes: Sequence[Route], operation: Operation, now: datetime, kind: NotificationKind = NotificationKind.RAISED
) -> tuple[Way, ...]:
    """As above; a sink is never told of its own trouble."""
    matched: list[Route] = []
    for route in routes:
        if not route.match.hold_of(operation) or (not route.unless.empty and route.unless.hold_of(operation)):
            continue
        if route.tells(kind):
            matched.append(route)
        if route.stop:
            break
    own = (operation.subject or operation.key.removeprefix(SINK)) if operation.key.startswith(SINK) else None
    return tuple(way for way in _ways(matched, operation.severity, now) if way.sink != own)


def _ways(matched: Iterable[Route], severity: Severity, now: datetime) -> tuple[Way, ...]:
    chosen: dict[str, Way] = {}
    for route in matched:
        for way in route.ways(severity, now):
            before = chosen.setdefault(way.sink, way)
            if before.hold and not way.hold:
                chosen[way.sink] = way
    return tuple(chosen.values())
