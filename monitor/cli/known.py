"""Names that a filter was given and nothing has: most often a slip, which an empty answer alone would hide.

What is not there may still come, so it is a note on standard error and no fault.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from monitor.cli.options import Place
from monitor.cli.record import read_record
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from monitor.store import SqlStore

#: Names that a note lists; a configuration may have thousands of sources.
_LISTED: Final = 8


def note_unknown(place: Place, *, watchlist: Sequence[str] = (), source: Sequence[str] = (), recorded: bool = True) -> None:
    """``recorded``: what is not configured any more, but has alerts in the record, is known too. Sinks: see ``note_sink``."""
    try:
        for kind, asked in (("watchlist", watchlist), ("source", source)):
            known = _configured(place, kind) if asked else ()
            for name in asked:
                if name not in known and not (recorded and read_record(place, partial(_has_alerts, kind=kind, name=name))):
                    click.echo(f"note: {_unknown(kind, name, known)}", err=True)
    except ConfigError:  # said already, and what there is cannot be told
        return


def note_sink(place: Place, name: str) -> None:
    """Those that left stand in the record, with what they were sent."""
    known = [sink["name"] for sink in read_record(place, lambda store: store.sinks())]
    with suppress(ConfigError):  # said already
        known += [sink for sink in place.load(lists=False).settings.sinks if sink not in known]
    if name not in known:
        click.echo(f"note: {_unknown('sink', name, known)}", err=True)


async def _has_alerts(store: SqlStore, kind: str, name: str) -> bool:
    return bool(await (store.alerts(limit=1, watchlist=name) if kind == "watchlist" else store.alerts(limit=1, source=name)))


def _configured(place: Place, kind: str) -> Collection[str]:
    if kind == "source":
        return list(place.load().settings.sources)
    folder = place.load(lists=False).settings.watchlists
    return sorted(file.stem for file in folder.iterdir() if file.suffix in {".yaml", ".yml"}) if folder.is_dir() else ()


def _unknown(kind: str, name: str, known: Collection[str]) -> str:
    return f"there is no {kind} {name!r}; {''.join(_instead(kind, name, known))}"


def _instead(kind: str, name: str, known: Collection[str]) -> Iterator[str]:
    if near := difflib.get_close_matches(name, known, n=1):
        yield f"did you mean {near[0]!r}?"
    elif not known:
        yield f"no {kind} is configured"
    else:
        yield ("there is " if len(known) == 1 else "there are ") + ", ".join(list(known)[:_LISTED])
        if len(known) > _LISTED:
            yield f" and {len(known) - _LISTED:,} more"
