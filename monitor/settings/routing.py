"""What is wrong, or probably not meant, in how routes and sinks fit together. It must not know where a value was written."""

from __future__ import annotations

from monitor.model import Severity
from monitor.settings.faults import Finding
from monitor.settings.model import MatchSettings, RouteSettings, Settings
from monitor.settings.rhythms import speaks
from monitor.sinks import AlertmanagerSettings


def wrong_routes(settings: Settings) -> list[Finding]:
    found: list[Finding] = []
    seen: set[str] = set()
    for index, route in enumerate(settings.routes):
        if route.name is not None and route.name in seen:
            message = f"two routes are called {route.name!r}"
            place = ("routes", index, "name")
            found.append(Finding(place, message, "names tell what a digest is of", sort="another route has this name"))
        seen.add(route.name or "")
    for name, sink in settings.sinks.items():
        if sink.quiet and not speaks(sink):
            message = f"the quiet hours of the sink {name!r} never end: it would be told nothing but what is critical"
            hint = "route only what is critical there: match: {severity: [critical]}"
            found.append(Finding(("sinks", name, "quiet"), message, hint, sort="the quiet hours never end"))
    return found


def doubtful_routes(settings: Settings) -> list[Finding]:
    """What is allowed and yet probably not meant."""
    found: list[Finding] = []
    above = ""
    for index, route in enumerate(settings.routes):
        place = ("routes", index)
        if above:
            found.append(Finding(place, f"this route is never read: {above} takes everything and stops", "put it above", key=True))
        if route.digest is not None:
            found += [Finding((*place, "digest"), message, hint) for message, hint in _digests(route, settings)]
        for name in route.to if route.tell and "closed" not in route.tell else ():
            if isinstance(settings.sinks.get(name), AlertmanagerSettings):
                message = f"the sink {name!r} shows an alert until it is told that it is closed, which this route leaves out"
                found.append(Finding((*place, "tell"), message, "add closed and reopened"))
        if route.stop and _takes_all(route):
            above = above or route.name or f"routes[{index}]"
    telling = {name: sink for name, sink in settings.sinks.items() if sink.tells and sink.takes}
    if telling and all(sink.quiet for sink in telling.values()):
        names = ", ".join(telling)
        message = f"every sink that tells somebody has quiet hours ({names}): where they overlap nobody hears of what is not critical"
        found.append(Finding(("sinks", next(iter(telling)), "quiet"), message, "leave one without, if somebody watches at night"))
    return found


def _digests(route: RouteSettings, settings: Settings) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if set(route.match.severity) == {Severity.CRITICAL}:
        found.append(("this route takes only what is critical, which no digest waits for", "leave digest out"))
    for name in route.to:
        sink = settings.sinks.get(name)
        if sink is not None and not sink.tells:
            found.append(
                (f"the sink {name!r} is a file: with a digest the alerts themselves do not stand in it", "give it a route of its own")
            )
    return found


def _takes_all(route: RouteSettings) -> bool:
    nothing = MatchSettings()
    return route.match == nothing and (route.not_ is None or route.not_ == nothing)
