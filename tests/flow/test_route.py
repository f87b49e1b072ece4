"""Routes: which conditions match what, and that the first ``stop`` ends the reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.flow.digests import Every
from monitor.flow.route import About, Conditions, Explained, Missed, Outcome, Route, asked_for, explained, ways_for, ways_for_operation
from monitor.model import (
    Alert,
    AlertState,
    Article,
    Evidence,
    Match,
    Mode,
    NotificationKind,
    Operation,
    Severity,
    Stance,
    Story,
    WatchlistFacts,
    Way,
    ZoneKind,
)
from tests.fakes import START

FACTS = WatchlistFacts("arms-transfer", "v1", "Arms transfer", "", "desk", Severity.HIGH, {"topic": "proliferation"}, Mode.LIVE)
ARTICLE = Article("a", "example-ar", "k", "", "t", "ar", None, START, "h", labels={"country": "EG"})


def match(*stances: Stance) -> Match:
    evidence = tuple(Evidence(0, 1, "x", ZoneKind.BODY, stance, "c", ()) for stance in stances)
    return Match("arms-transfer", "v1", Severity.HIGH, stances, evidence)


def about(severity: Severity = Severity.HIGH, stances: tuple[Stance, ...] = (Stance.REPORTED,)) -> About:
    alert = Alert("al", FACTS.id, ARTICLE.id, severity, AlertState.OPEN, FACTS.labels, START, START)
    return About(FACTS, severity, ARTICLE, match(*stances), alert, Story(ARTICLE.id, ARTICLE.id), START)


def told(*routes: Route, severity: Severity = Severity.HIGH, stances: tuple[Stance, ...] = (Stance.REPORTED,)) -> tuple[str, ...]:
    return names(ways_for(routes, about(severity, stances)))


def names(ways: Sequence[Way]) -> tuple[str, ...]:
    return tuple(way.sink for way in ways)


def told_of(routes: Sequence[Route], operation: Operation) -> tuple[str, ...]:
    return names(ways_for_operation(routes, operation, START))


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        (Conditions(), True),
        (Conditions(watchlist=("arms-transfer",)), True),
        (Conditions(watchlist=("sanctions", "arms-transfer")), True),
        (Conditions(watchlist=("sanctions",)), False),
        (Conditions(severity=(Severity.HIGH, Severity.CRITICAL)), True),
        (Conditions(severity=(Severity.LOW,)), False),
        (Conditions(stance=(Stance.ALLEGED, Stance.REPORTED)), True),
        (Conditions(stance=(Stance.DENIED,)), False),
        (Conditions(language=("ar", "fa")), True),
        (Conditions(language=("en",)), False),
        (Conditions(source=("example-ar",)), True),
        (Conditions(source=("other",)), False),
        (Conditions(owner=("desk",)), True),
        (Conditions(owner=("nobody",)), False),
        (Conditions(labels={"topic": ("proliferation", "trade")}), True),
        (Conditions(labels={"country": ("EG",)}), True),
        (Conditions(labels={"country": ("EG",), "topic": ("trade",)}), False),
        (Conditions(labels={"absent": ("",)}), False),
        (Conditions(watchlist=("arms-transfer",), language=("en",)), False),
    ],
)
def test_conditions(conditions: Conditions, holds: bool) -> None:
    assert told(Route(("desk",), conditions)) == (("desk",) if holds else ())
    if not conditions.empty:
        assert told(Route(("desk",), unless=conditions)) == (() if holds else ("desk",))


def test_the_severity_is_the_alerts_not_the_watchlists() -> None:
    route = Route(("pager",), Conditions(severity=(Severity.CRITICAL,)))
    assert told(route) == ()
    assert told(route, severity=Severity.CRITICAL) == ("pager",)


def test_stance_is_that_of_any_evidence() -> None:
    route = Route(("desk",), Conditions(stance=(Stance.DENIED,)))
    assert told(route, stances=(Stance.REPORTED, Stance.DENIED)) == ("desk",)


def test_every_route_that_matches_is_used_until_one_says_stop() -> None:
    no = Conditions(language=("en",))
    assert told(Route(("log",)), Route(("desk", "log")), Route(("late",))) == ("log", "desk", "late")
    assert told(Route(("log",)), Route(("desk",), stop=True), Route(("late",))) == ("log", "desk")
    assert told(Route(("log",)), Route(("desk",), no, stop=True), Route(("late",))) == ("log", "late")
    assert told() == ()


def test_a_way_names_the_first_route_that_chose_its_sink() -> None:
    routes = [Route(("log",), name="routes[0]"), Route(("desk", "log"), name="desk at night")]
    assert ways_for_operation(routes, operation(), START) == (Way("log", "routes[0]"), Way("desk", "desk at night"))


# --------------------------------------------------------------------------------------------- digests
NIGHT = Route(("mail", "chat"), name="night", digest=Every(3600))
DUE = Every(3600).next(START)


def test_a_digest_has_its_notifications_wait_but_not_the_critical() -> None:
    assert ways_for([NIGHT], about()) == (Way("mail", "night", DUE, "digest:night"), Way("chat", "night", DUE, "digest:night"))
    assert ways_for([NIGHT], about(Severity.CRITICAL)) == (Way("mail", "night"), Way("chat", "night"))
    assert ways_for_operation([NIGHT], operation(), START)[0] == Way("mail", "night", DUE, "digest:night")
    assert ways_for_operation([NIGHT], operation(severity=Severity.CRITICAL), START)[0] == Way("mail", "night")


def test_a_sink_that_another_route_tells_at_once_is_told_at_once() -> None:
    now = Route(("chat",), name="now")
    assert ways_for([NIGHT, now], about()) == (Way("mail", "night", DUE, "digest:night"), Way("chat", "now"))
    assert ways_for([now, NIGHT], about()) == (Way("chat", "now"), Way("mail", "night", DUE, "digest:night"))
    later = Route(("mail",), name="later", digest=Every(86400))
    assert ways_for([NIGHT, later], about())[0].hold == "digest:night"  # of two digests the first


def test_what_each_route_makes_of_it_is_told_with_the_first_condition_that_missed() -> None:
    routes = [
        Route(("log",), Conditions(watchlist=("arms-transfer",), language=("en", "fr"))),
        Route(("log",), unless=Conditions(source=("example-ar",))),
        Route(("desk",), stop=True),
        Route(("late",)),
    ]
    assert explained(routes, about()) == (
        Explained(routes[0], Outcome.MISSED, Missed("language", ("en", "fr"), ("ar",))),
        Explained(routes[1], Outcome.EXCLUDED),
        Explained(routes[2], Outcome.MATCHED),
        Explained(routes[3], Outcome.UNREAD),
    )


def test_a_route_may_ask_for_some_kinds_only_and_matches_all_the_same() -> None:
    only = Route(("chat",), name="chat", tell=(NotificationKind.RAISED, NotificationKind.CLOSED), stop=True)
    routes = [only, Route(("log",), name="rest")]
    assert names(ways_for(routes, about())) == ("chat",)
    update = replace(about(), kind=NotificationKind.UPDATED)
    assert ways_for(routes, update) == ()  # it stops, for it matched: what a chat does not want is not for everybody else
    assert explained(routes, update)[0] == Explained(only, Outcome.UNASKED, Missed("tell", ("raised", "closed"), ("updated",)))
    assert names(ways_for_operation(routes, operation(), START, NotificationKind.CLOSED)) == ("chat",)
    assert ways_for_operation(routes, operation(), START, NotificationKind.UPDATED) == ()


def test_of_the_ways_an_alert_has_gone_those_that_ask() -> None:
    quiet = Route(("chat", "mail"), name="quiet", tell=(NotificationKind.RAISED,))
    gone = (Way("chat", "quiet"), Way("log", "quiet"), Way("mail", "other"))
    # Of a route that does not lead to the sink any more, or is there no more, nothing is known: people are told.
    assert asked_for([quiet], gone, NotificationKind.CLOSED) == (Way("log", "quiet"), Way("mail", "other"))
    assert asked_for([quiet], gone, NotificationKind.RAISED) == gone
    assert asked_for([], gone, NotificationKind.CLOSED) == gone


# ------------------------------------------------------------------------------------------ operations
def operation(key: str = "source:wire", *, severity: Severity = Severity.MEDIUM, subject: str = "wire") -> Operation:
    return Operation(key, "it fails", START, severity, told=True, subject=subject)


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        (Conditions(), True),
        (Conditions(severity=(Severity.MEDIUM,)), True),
        (Conditions(severity=(Severity.HIGH,)), False),
        (Conditions(source=("wire", "other")), True),
        (Conditions(source=("other",)), False),
        (Conditions(severity=(Severity.MEDIUM,), source=("wire",)), True),
        # What asks for more than an operation has is about alerts.
        (Conditions(watchlist=("arms-transfer",)), False),
        (Conditions(stance=(Stance.REPORTED,)), False),
        (Conditions(language=("ar",)), False),
        (Conditions(owner=("desk",)), False),
        (Conditions(labels={"country": ("EG",)}), False),
        (Conditions(source=("wire",), language=("ar",)), False),
    ],
)
def test_conditions_of_an_operation(conditions: Conditions, holds: bool) -> None:
    assert told_of([Route(("desk",), conditions)], operation()) == (("desk",) if holds else ())
    if not conditions.empty:
        assert told_of([Route(("desk",), unless=conditions)], operation()) == (() if holds else ("desk",))


def test_a_stop_ends_the_reading_for_operations_too() -> None:
    routes = [
        Route(("arms",), Conditions(watchlist=("arms-transfer",)), stop=True),
        Route(("ops", "log"), Conditions(source=("wire",)), stop=True),
        Route(("log", "rest")),
    ]
    assert told_of(routes, operation()) == ("ops", "log")
    assert told_of(routes, operation("network", subject="")) == ("log", "rest")


def test_a_sink_is_not_told_of_its_own_trouble() -> None:
    routes = [Route(("desk", "log"))]
    assert told_of(routes, operation("sink:desk", subject="desk")) == ("log",)
    assert told_of(routes, operation("sink:desk", subject="")) == ("log",)
    # A source may have the name of a sink.
    assert told_of(routes, operation("source:desk", subject="desk")) == ("desk", "log")
    assert told_of([Route(("desk",), Conditions(source=("desk",)))], operation("sink:desk", subject="desk")) == ()
