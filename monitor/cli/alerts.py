"""``monitor alerts``: what was raised, read from the record, whether or not a daemon is running beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from monitor.cli.options import (
    Place,
    config_options,
    json_option,
    print_json,
    print_pretty,
    short_time,
    terminal_width,
    wants_color,
)
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.model import JsonObject
    from monitor.ports import Queries
    from monitor.store import SqlStore

T = TypeVar("T")

#: Seconds between two looks at the record while following it.
FOLLOW = 0.5
#: How many of the newest alerts are looked at for changes each time.
WINDOW = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@click.group(short_help="List, show and follow alerts.")
def alerts() -> None:
    """List, show and follow alerts.

    The record is read as it is: a running daemon is not disturbed, and none is needed.
    """


def read_record(place: Place, work: Callable[[SqlStore], Awaitable[T]]) -> T:
    """``work`` over the record, opened for reading only."""
    import asyncio

    from monitor.store import SqlStore

    data_dir = place.load(lists=False).settings.data_dir  # where it is hangs on no list of sources

    async def reading() -> T:
        store = await SqlStore.open(data_dir, read_only=True)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(reading())


@alerts.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many, newest first.")
@click.option("--watchlist", metavar="ID", help="Only those of this watchlist.")
@click.option("--state", type=click.Choice(["open", "acknowledged", "closed"]), help="Only those in this state.")
@json_option
@config_options
def list_(limit: int, watchlist: str | None, state: str | None, as_json: bool, place: Place) -> None:
    """List alerts, newest first.

    \b
    Example:
      monitor alerts list --watchlist arms-transfer --limit 10
    """
    found = read_record(place, lambda queries: queries.alerts(limit=limit, watchlist=watchlist, state=state))
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
    head = f"{alert['id'][:12]}  {short_time(alert['raised'])}  {alert['severity']:<8}  {alert['state']:<12}  {alert['watchlist']}"
    return f"{head}\n    {plain(alert['title']) or '(no title)'}  [{plain(alert['source'])}]" + (f"  ({told})" if told else "")


@alerts.command()
@click.argument("alert_id", metavar="ID")
@json_option
@config_options
def show(alert_id: str, as_json: bool, place: Place) -> None:
    """Show one alert with its evidence and what became of its deliveries. The beginning of its ID is enough.

    \b
    Example:
      monitor alerts show 3f2a90c1
    """
    found = read_record(place, lambda queries: queries.alert(alert_id))
    if found is None:
        raise UsageError(f"there is no alert whose id begins with {alert_id!r}", hint="see: monitor alerts list")
    if as_json:
        print_pretty(found)
        return
    from monitor.render.plain import plain
    from monitor.render.terminal import alert_text

    for notification in found["notifications"]:
        click.echo(alert_text(notification["document"], color=wants_color(), width=terminal_width()), nl=False)
        for delivery in notification["deliveries"]:
            attempts = f"{delivery['attempts']} attempt{'' if delivery['attempts'] == 1 else 's'}"
            answer = delivery["last_answer"]
            detail = f": {plain(answer['detail'])}" if answer and answer["detail"] else ""
            click.echo(f"  to {delivery['sink']}: {delivery['state']} ({attempts}){detail}")


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
    queries: Queries, lines: int, tell: Callable[[JsonObject], None], *, follow: bool = True, pause: float = FOLLOW
) -> None:
    """Notifications in the order they were made. An alert is looked into again when its ``updated`` time moves on."""
    import asyncio

    known: dict[str, tuple[str, int]] = {}
    latest: datetime | None = None
    while True:
        recent = await _recent(queries, max(lines, WINDOW), latest)
        changed = [alert for alert in reversed(recent) if known.get(alert["id"], ("", 0))[0] != alert["updated"]]
        skipped = 0 if latest else len(changed) - lines
        for position, alert in enumerate(changed):
            whole = await queries.alert(alert["id"])
            notifications = whole["notifications"] if whole else []
            if position >= skipped:
                for notification in notifications[known.get(alert["id"], ("", 0))[1] :]:
                    tell(notification["document"])
            known[alert["id"]] = (alert["updated"], len(notifications))
        if not follow:
            return
        latest = max((_raised(alert) for alert in recent), default=latest or EPOCH)
        await asyncio.sleep(pause)


async def _recent(queries: Queries, window: int, latest: datetime | None) -> Sequence[JsonObject]:
    """The newest alerts, for what changed about them; all since ``latest`` where a burst brought more than the window holds."""
    recent = await queries.alerts(limit=window)
    if latest is not None and len(recent) == window and _raised(recent[-1]) > latest:
        recent = await queries.alerts(limit=1_000_000, since=latest)
    return recent


def _raised(alert: JsonObject) -> datetime:
    return datetime.fromisoformat(alert["raised"])
