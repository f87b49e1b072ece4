"""What a person asks about routes: where would this go, and why.

    command        arguments                                  answer
    routes.test    alert: ID, or text: TEXT with key: KEY     matches: [{watchlist, severity, title, told, routes: [{route, outcome,
                   and source: NAME                           condition, wanted, found}, …], sinks: [{sink, route, key, until}, …],
                                                              silence, limited}, …]

An alert is asked about as it was told last, a text as though a source brought it now; either as of now: with the silences in
force, the quiet hours and rates of this moment, and what the watchlist has raised so far. Nothing is stored and nothing is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from monitor.errors import DocumentError, UsageError
from monitor.flow.asked import Handler, text
from monitor.flow.decision import alert_id
from monitor.flow.holds import HoldDesk
from monitor.flow.limits import LimitDesk
from monitor.flow.route import About, Explained, Route, explained, ways_for
from monitor.flow.silence_rules import described
from monitor.flow.silences import SilenceDesk
from monitor.model import (
    Alert,
    AlertState,
    AnalysisFailed,
    Article,
    Command,
    DecisionKind,
    Document,
    JsonObject,
    Mode,
    NotificationKind,
    SourceSpec,
    Story,
    WatchlistFacts,
    Way,
)
from monitor.ports import Clock, ToldRecord, Workers

#: Characters of a text that is tested; an article has no more.
LONGEST: Final = 2 * 1024 * 1024


class RouteCommands:
    """``routes`` are those in force; ``facts`` gives the watchlists, ``specs`` the sources by name."""

    def __init__(
        self,
        record: ToldRecord,
        routes: Sequence[Route],
        *,
        holds: HoldDesk,
        silences: SilenceDesk,
        limits: LimitDesk,
        workers: Workers,
        facts: Callable[[], Mapping[str, WatchlistFacts]],
        specs: Callable[[], Mapping[str, SourceSpec]],
        clock: Clock,
    ) -> None:
        self._record = record
        self._routes = routes
        self._holds = holds
        self._silences = silences
        self._limits = limits
        self._workers = workers
        self._facts = facts
        self._specs = specs
        self._clock = clock

    def handlers(self) -> Mapping[str, Handler]:
        return {"routes.test": self._test}

    async def _test(self, command: Command) -> JsonObject:
        asked, content = text(command, "alert"), text(command, "text")
        if bool(asked) == bool(content):
            raise UsageError("routes.test needs either an alert or a text", hint="monitor routes test ALERT, or monitor routes test FILE")
        now = self._clock.now()
        found = await self._of_alert(asked, now) if asked else await self._of_text(command, content, now)
        return {"matches": [await self._explained(about, told, now) for about, told in found]}

    # ------------------------------------------------------------------------------------ what is asked about
    async def _of_alert(self, asked: str, now: datetime) -> list[tuple[About, bool]]:
        one = await self._record.last_told(asked)
        if one is None:
            raise UsageError(f"no alert begins with {asked!r}", hint="monitor alerts list shows them; of a file give its path: ./FILE")
        return [(replace(self._silences.about(one), now=now), True)]

    async def _of_text(self, command: Command, content: str, now: datetime) -> list[tuple[About, bool]]:
        if len(content) > LONGEST:
            raise UsageError(f"the text is longer than {LONGEST:,} characters")
        name, source = text(command, "key") or "text", text(command, "source")
        spec = self._specs().get(source) if source else None
        if source and spec is None:
            raise UsageError(f"there is no source named {source!r}", hint="monitor sources list names them")
        labels = dict(spec.labels) if spec else {}
        document = Document(source, name, content, language_hint=spec.language if spec else "", labels=labels)
        (analysis,) = await self._workers.analyse([document])
        if isinstance(analysis, AnalysisFailed):
            raise DocumentError(f"{name}: could not be analysed: {analysis.reason}")
        hash_ = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()
        article = Article(hash_[:32], source, name, "", analysis.title, analysis.language, None, now, hash_, labels=labels)
        facts, found = self._facts(), []
        for match in analysis.matches:
            if (list_ := facts.get(match.watchlist)) is not None and list_.mode is not Mode.OFF:
                id_ = alert_id(match.watchlist, article.id)
                alert = Alert(id_, match.watchlist, article.id, match.severity, AlertState.OPEN, list_.labels, now, now)
                found.append((About(list_, match.severity, article, match, alert, Story(article.id, article.id), now), False))
        return found

    # ------------------------------------------------------------------------------------------ where it goes
    async def _explained(self, about: About, told: bool, now: datetime) -> JsonObject:
        """``told``: of an alert that is raised already, a notification more is an update."""
        kind = DecisionKind.UPDATE if told else DecisionKind.RAISE
        about = replace(about, kind=NotificationKind.UPDATED if told else NotificationKind.RAISED)
        silence = self._silences.muted_by(about)
        ways = ways_for(self._routes, about)
        limits = await self._limits.limits([about.facts], now)
        limited = limits.limited(ways, about.facts, kind, about.severity, now)
        return {
            "watchlist": about.facts.id,
            "severity": about.severity.value,
            "title": about.article.title,
            "mode": about.facts.mode.value,
            "told": about.facts.mode is Mode.LIVE and silence is None and bool(ways),
            "routes": [_outcome(one) for one in explained(self._routes, about)],
            "sinks": [await self._way(way, about, now) for way in limited],
            "silence": None if silence is None else {"id": silence.id, "about": described(silence), "comment": silence.comment},
            "limited": limited != ways,
        }

    async def _way(self, way: Way, about: About, now: datetime) -> JsonObject:
        """What is held at its decision, or would be when it is sent."""
        key, until = way.hold, way.until
        if not key and (hold := await self._holds.would_hold(way.sink, about.severity, now)) is not None:
            key, until = hold.key, hold.until
        return {"sink": way.sink, "route": way.route, "key": key, "until": until.isoformat() if until is not None else None}


def _outcome(one: Explained) -> JsonObject:
    missed = one.missed
    return {
        "route": one.route.name,
        "to": list(one.route.to),
        "outcome": one.outcome.value,
        "condition": missed.condition if missed else "",
        "wanted": list(missed.wanted) if missed else [],
        "found": list(missed.found) if missed else [],
    }
