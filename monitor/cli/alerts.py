"""``monitor alerts``: what was raised, read from the record, whether or not a daemon is running beside it.

What changes alerts stands in ``alerts_change``, what writes them to files in ``alerts_files``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import click

from monitor.cli.options import (
    Place,
    config_options,
    json_option,
    print_json,
    print_pretty,
    short_time,
    since_option,
    terminal_width,
    wants_color,
)
from monitor.cli.record import read_record
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.model import JsonObject
    from monitor.store import SqlStore

#: Seconds between two looks at the record while following it.
FOLLOW = 0.5
#: How many notifications are read at a time.
PAGE = 500


class Followed(Protocol):
    """What following asks of the record."""

    async def latest_told(self) -> int: ...

    async def follow(self, after: int, limit: int) -> Sequence[JsonObject]: ...


@click.group(short_help="List, show and follow alerts.")
def alerts() -> None:
    """List, show and follow alerts.

    The record is read as it is: a running daemon is not disturbed, and none is needed.
    """


@alerts.command("list", short_help="List alerts, newest first.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many, newest first.")
@click.option("--watchlist", metavar="ID", help="Only those of this watchlist.")
@click.option("--state", type=click.Choice(["open", "acknowledged", "closed"]), help="Only those in this state.")
@click.option("--severity", type=click.Choice(["info", "low", "medium", "high", "critical"]), help="Only those of this severity.")
@click.option("--source", metavar="NAME", help="Only those whose first article came from this source.")
@click.option("--undelivered", is_flag=True, help="Only those with a delivery that has not arrived.")
@since_option()
@json_option
@config_options
def list_(as_json: bool, place: Place, **conditions: Any) -> None:
    """List alerts, newest first.

    \b
    Example:
      monitor alerts list --watchlist arms-transfer --limit 10
      monitor alerts list --state open --severity critical --since 24h
      monitor alerts list --undelivered
    """
    found = read_record(place, lambda queries: queries.alerts(**conditions))
    if not found:
        from monitor.cli.known import note_unknown

        watchlist, source = ([name] if (name := conditions[kind]) else [] for kind in ("watchlist", "source"))
        note_unknown(place, watchlist=watchlist, source=source)
    if as_json:
        for alert in found:
            print_json(alert)
        return
    if not found:
        click.echo("no alerts")
    for alert in found:
        click.echo(_line(alert))


def _line(alert: JsonObject) -> str:
    from monitor.render.plain import plain

    told = ", ".join(f"{count} {state}" for state, count in sorted(alert["deliveries"].items()))
    state = alert["state"] + (f" ({alert['disposition'].replace('_', ' ')})" if alert["disposition"] else "")
    state += ", corrected" if alert["corrected"] else ""
    head = f"{alert['id'][:12]}  {short_time(alert['raised'])}  {alert['severity']:<8}  {state:<12}  {alert['watchlist']}"
    outlets = f", {alert['outlets']} outlets" if alert["outlets"] > 1 else ""
    where = f"[{plain(alert['source'])}{outlets}]"
    return f"{head}\n    {plain(alert['title']) or '(no title)'}  {where}" + (f"  ({told})" if told else "")


@alerts.command()
@click.argument("alert_id", metavar="ID")
@click.option(
    "--limit", type=click.IntRange(2, 10_000), default=20, show_default=True, help="Of more notifications the first and the newest."
)
@click.option("--all", "everything", is_flag=True, help="All notifications and decisions, however many.")
@json_option
@config_options
def show(alert_id: str, limit: int, everything: bool, as_json: bool, place: Place) -> None:
    """Show one alert with its evidence and what became of its deliveries. The beginning of its ID is enough.

    Of an alert that was told of more often than --limit the first notification and the newest are shown, and how many are left out;
    with --json `left_out` counts them, and the decisions that are left out too.

    \b
    Example:
      monitor alerts show 3f2a90c1
      monitor alerts show 3f2a90c1 --all --json > alert.json
    """
    found = read_record(place, lambda store: _show(store, alert_id, limit, everything=everything, as_json=as_json))
    if not found:
        raise UsageError(f"there is no alert whose id begins with {alert_id!r}", hint="see: monitor alerts list")


async def _show(store: SqlStore, alert_id: str, limit: int, *, everything: bool, as_json: bool) -> bool:
    import sys

    from monitor.cli.alerts_whole import told_of, write_whole

    found = await store.alert(alert_id, 0 if everything else limit)
    if found is None:
        return False
    trail = await store.trail(subject=found["id"])
    if as_json and everything:
        return await write_whole(store, found["id"], sys.stdout.write, trail=list(trail))
    if as_json:
        print_pretty(found | {"trail": list(trail)})
        return True
    _show_head(found)
    if everything:
        async for notification in told_of(store, found):
            _show_told(notification)
    for place, notification in enumerate(found["notifications"]):
        if place == 1 and (missing := found["left_out"]["notifications"]):
            click.echo(f"\n  … {missing:,} more in between; monitor alerts show {found['id'][:12]} --all shows them …\n")
        _show_told(notification)
    _show_trail(trail)
    return True


def _show_head(found: JsonObject) -> None:
    click.echo(_line(found))
    if found["merged_into"]:
        click.echo(f"  it became part of {found['merged_into'][:12]}")


def _show_told(notification: JsonObject) -> None:
    from monitor.cli.waiting import state_of
    from monitor.clock import SystemClock
    from monitor.render.plain import plain
    from monitor.render.terminal import alert_text

    click.echo(alert_text(notification["document"], color=wants_color(), width=terminal_width()), nl=False)
    for delivery in notification["deliveries"]:
        attempts = f"{delivery['attempts']} attempt{'' if delivery['attempts'] == 1 else 's'}"
        answer = delivery["last_answer"]
        detail = f": {plain(answer['detail'])}" if answer and answer["detail"] else ""
        told_in = delivery["told_in"] if delivery["state"] == "cancelled" else ""
        state = f"told in digest {told_in[:12]}" if told_in else f"{state_of(delivery, SystemClock().now())} ({attempts}){detail}"
        click.echo(f"  to {delivery['sink']}: {state}")


def _show_trail(trail: Sequence[JsonObject]) -> None:
    from monitor.render.plain import plain

    for line in reversed(trail):
        comment = f": {plain(line['detail']['comment'])}" if line["detail"].get("comment") else ""
        click.echo(f"  {short_time(line['at'])}  {plain(line['actor'])}  {line['action']}{comment}")


@alerts.command()
@click.option("-n", "--lines", type=click.IntRange(0, 1000), default=5, show_default=True, help="Begin with the latest so many.")
@click.option("--no-follow", is_flag=True, help="Print those and end.")
@json_option
@config_options
def tail(lines: int, no_follow: bool, as_json: bool, place: Place) -> None:
    """Print alerts as they are raised, until Ctrl-C.

    \b
    Example:
      monitor alerts tail --json | jq .data.article.title
    """

    def tell(document: JsonObject) -> None:
        from monitor.render.terminal import alert_text

        if as_json:
            print_json(document)
        else:
            click.echo(alert_text(document, color=wants_color(), width=terminal_width()))

    read_record(place, lambda queries: follow_alerts(queries, lines, tell, follow=not no_follow))


async def follow_alerts(
    store: Followed, lines: int, tell: Callable[[JsonObject], None], *, follow: bool = True, pause: float = FOLLOW
) -> None:
    """What is told of alerts, in the order it was committed, beginning with the latest ``lines``."""
    import asyncio

    after = max(await store.latest_told() - lines, 0)
    while True:
        while told := await store.follow(after, PAGE):
            for one in told:
                after = one["number"]
                if one["alert"]:
                    tell(one["document"])
        if not follow:
            return
        await asyncio.sleep(pause)
