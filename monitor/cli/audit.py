"""``monitor audit``: who did what, when, and through which door."""

from __future__ import annotations

import json
from datetime import datetime

import click

from monitor.cli.options import Place, config_options, json_option, print_json, short_time, since_option
from monitor.cli.record import read_record


@click.command(short_help="Show who changed what, when, and through which door.")
@click.option("--object", "subject", metavar="ID", default="", help="Only what was done to this: the beginning of an id, or a name.")
@since_option("Only what was done since: 2h or 7d (ago), a day, or a time with its zone.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many, newest first.")
@json_option
@config_options
def audit(subject: str, since: datetime | None, limit: int, as_json: bool, place: Place) -> None:
    """Show the audit trail, newest first: what people did to alerts, stories, sources, sinks and deliveries, and what the
    configuration made the monitor do (its own lines are by ``monitor``).

    Whoever acts is written DOOR:WHO: cli:alice is the user alice at the command line, token:wire the holder of a push token.

    \b
    Example:
      monitor audit --since 7d
    """
    from monitor.render.plain import plain

    found = read_record(place, lambda store: store.trail(subject=subject, since=since, limit=limit))
    if not found and not as_json:
        click.echo("nothing was done")
    for line in found:
        if as_json:
            print_json(line)
            continue
        detail = ", ".join(f"{name}: {plain(_shown(value))}" for name, value in line["detail"].items() if value not in ("", None))
        what = f"{short_time(line['at'])}  {plain(line['actor'])}  {line['action']}  {plain(line['object'])[:40]}"
        click.echo(what + (f"  ({detail})" if detail else ""))


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
