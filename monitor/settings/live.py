"""What of a changed configuration is put into force while the monitor runs, and what waits for a restart. Pure.

    sources, sources_from            at once (``sources.py``)
    routes                           at once, where every sink they lead to runs
    quiet and rate of a sink         at once
    a new sink, another address …    at the next start; a sink that was taken out is told nothing more where no route leads to it
    all else                         at the next start

The routes of one reading are put into force whole or not at all: half of them would send things where nobody meant them to go.
A file of which the beginning alone has been written may be a good configuration with less in it: where all routes, all sources or
all sinks are gone, nothing of it is taken until somebody says so (``gone``).
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.settings.model import Settings
from monitor.sinks import SinkSettings

_LIVE = frozenset({"sources", "sources_from"})
_LISTS = ("sources", "sinks", "routes")
#: Of a sink, what says when it is told.
_WHEN = ("quiet", "rate")


@dataclass(frozen=True, slots=True)
class Live:
    """``routing`` has the routes to put into force, and the sinks that run with their times; ``waiting`` says what only a restart
    puts into force."""

    routing: Settings
    waiting: tuple[str, ...]


def gone(before: Settings, latest: Settings) -> tuple[str, ...]:
    """What had entries and has none any more."""
    return tuple(name for name in _LISTS if getattr(before, name) and not getattr(latest, name))


def live(running: Settings, before: Settings, latest: Settings) -> Live:
    """``running`` is what the monitor was started with, ``before`` has the routes in force, ``latest`` is what was read now."""
    missing = sorted({name for route in latest.routes for name in route.to if name not in running.sinks})
    # Without routes every sink is told everything: but for those that were taken out.
    kept = running.sinks if latest.routes else {name: sink for name, sink in running.sinks.items() if name in latest.sinks}
    sinks = {name: _timed(sink, latest.sinks.get(name)) for name, sink in kept.items()}
    routing = running.model_copy(update={"routes": before.routes if missing else latest.routes, "sinks": sinks})
    waiting = [*_changed(running, latest), *_changed_sinks(running, latest)]
    if missing:
        waiting.append(f"routes (they lead to {', '.join(missing)})")
    return Live(routing, tuple(waiting))


def _timed(runs: SinkSettings, written: SinkSettings | None) -> SinkSettings:
    if type(written) is not type(runs):
        return runs
    return runs.model_copy(update={name: getattr(written, name) for name in _WHEN})


def _changed(running: Settings, latest: Settings) -> list[str]:
    named = [name for name in Settings.model_fields if name not in _LIVE | {"routes", "sinks"}]
    return [name for name in named if getattr(running, name) != getattr(latest, name)]


def _changed_sinks(running: Settings, latest: Settings) -> list[str]:
    found = [f"sinks.{name} (taken out)" for name in running.sinks if name not in latest.sinks]
    for name, written in latest.sinks.items():
        runs = running.sinks.get(name)
        if runs is None:
            found.append(f"sinks.{name} (new)")
        elif _timed(runs, written) != written:
            found.append(f"sinks.{name}")
    return found
