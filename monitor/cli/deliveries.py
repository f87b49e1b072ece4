"""``monitor deliveries``: what became of each notification at each sink, and what was given up, sent again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from monitor.cli.options import Place, config_options, counted, json_option, print_json, print_pretty, short_time, since_option
from monitor.cli.record import read_record
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.model import JsonObject
    from monitor.ports import Selection
    from monitor.store import SqlStore

#: As it is typed -> the states it stands for.
_STATES: Final = {
    "waiting": ("held", "pending", "inflight"),
    "held": ("held",),
    "pending": ("pending",),
    "inflight": ("inflight",),
    "delivered": ("delivered",),
    "dead": ("dead",),
    "expired": ("expired",),
    "given-up": ("dead", "expired"),
    "cancelled": ("cancelled",),
}
#: Deliveries read at a time by ``export``.
_PAGE: Final = 1000


@click.group(short_help="List deliveries with their answers; send again what was given up.")
def deliveries() -> None:
    """A delivery is one notification to one sink: held, pending, inflight, and at the end delivered, dead (its receiver does not
    want it), expired (not taken within seven days) or cancelled (its sink left, or a digest tells of it).

    Dead and expired ones are kept, and are sent again by replay.
    """


@deliveries.command("list", short_help="List them, newest first.")
@click.option("--sink", metavar="NAME", default="", help="Only those to this sink.")
@click.option("--state", type=click.Choice(list(_STATES)), help="Only those in this state.")
@click.option("--alert", metavar="ID", default="", help="Only those that tell of this alert.")
@since_option("Only those made since: 2h or 7d (ago), a day, or a time with its zone.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many, newest first.")
@json_option
@config_options
def list_(as_json: bool, place: Place, **asked: Any) -> None:
    """List deliveries, newest first, each with its last answer.

    \b
    Example:
      monitor deliveries list --sink desk --state waiting
      monitor deliveries list --state given-up --since 7d
    """

    from monitor.cli.known import note_sink

    async def listed(store: SqlStore) -> list[JsonObject]:
        return list(await store.deliveries(await _selection(store, **asked)))

    found = read_record(place, listed)
    if not found and asked["sink"]:
        note_sink(place, asked["sink"])
    for delivery in found:
        if as_json:
            print_json(delivery)
        else:
            for line in delivery_lines(delivery):
                click.echo(line)
    if not found and not as_json:
        click.echo("no deliveries are like that" if any(asked[key] for key in ("sink", "state", "alert", "since")) else "no deliveries")


@deliveries.command("show", short_help="One notification at its sinks, with every attempt's answer.")
@click.argument("notification", metavar="ID")
@click.argument("sink", required=False)
@json_option
@config_options
def show(notification: str, sink: str | None, as_json: bool, place: Place) -> None:
    """Show the deliveries of one notification, with every attempt and what was answered. The beginning of its ID is enough; a
    webhook-id (msg_…) will do.

    \b
    Example:
      monitor deliveries show 3f2a90c1 desk
    """
    found = read_record(place, lambda store: store.delivery(notification, sink))
    if not found:
        where = f" to sink {sink}" if sink else ""
        raise UsageError(
            f"there is no delivery{where} of a notification whose id begins with {notification!r}",
            hint=f"those of an alert: monitor deliveries list --alert {notification}",
        )
    if as_json:
        print_pretty(list(found))
        return
    from monitor.render.plain import plain

    for delivery in found:
        for line in delivery_lines(delivery):
            click.echo(line)
        for answer in delivery["answers"]:
            status = f" HTTP {answer['status']}" if answer["status"] and f"HTTP {answer['status']}" not in answer["detail"] else ""
            detail = f": {plain(answer['detail'])}" if answer["detail"] else ""
            click.echo(f"    {answer['number']:>3}  {answer['started']}  {answer['kind']}{status}{detail}")


@deliveries.command("replay", short_help="Send again what was given up.")
@click.argument("notifications", nargs=-1, metavar="[ID]...")
@click.option("--sink", metavar="NAME", default="", help="Only those to this sink.")
@click.option("--state", type=click.Choice(["dead", "expired"]), help="Only those in this state.")
@click.option("--alert", metavar="ID", default="", help="Only those that tell of this alert.")
@since_option("Only those made since: 2h or 7d (ago), a day, or a time with its zone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@config_options
def replay(yes: bool, as_json: bool, place: Place, **asked: Any) -> None:
    """Send again deliveries that are dead or expired, under their old ids: a receiver that has one after all can drop it.

    Says how many there are and asks first; without --yes nothing is sent again unless the answer is yes.

    \b
    Example:
      monitor deliveries replay --sink desk --state expired
    """
    from monitor.cli.control import command, perform
    from monitor.cli.known import note_sink
    from monitor.cli.sure import make_sure

    if not any((asked["notifications"], asked["sink"], asked["state"], asked["alert"], asked["since"])):
        raise UsageError("say what is to be sent again: --sink, --state, --alert, --since or ids of notifications")
    asked["state"] = asked["state"] or "given-up"

    async def chosen(store: SqlStore) -> tuple[Selection, int]:
        wanted = await _selection(store, **asked)
        return wanted, await store.count_deliveries(wanted)

    wanted, count = read_record(place, chosen)
    if not count:
        if asked["sink"]:
            note_sink(place, asked["sink"])
        print_json({"replayed": 0}) if as_json else click.echo("nothing of that was given up")
        return
    if not yes:
        make_sure(f"{_many(count)} to send again?", "nothing was sent again")
    since = wanted.since.isoformat() if wanted.since else None
    arguments: dict[str, Any] = {"sink": wanted.sink, "states": [*wanted.states], "since": since, "alert": wanted.alert}
    answer = perform(place, command("deliveries.replay", **arguments, notifications=list(wanted.notifications) or None))
    print_json(answer) if as_json else click.echo(f"{_many(answer['replayed'])} will be sent again")


@deliveries.command("export", short_help="A sink's deliveries as JSON Lines, to compare with what its receiver has.")
@click.option("--sink", metavar="NAME", required=True, help="The sink.")
@since_option("Only those made since: 2h or 7d (ago), a day, or a time with its zone.")
@click.option("--payload", is_flag=True, help="With the document that was sent.")
@config_options
def export(sink: str, since: datetime | None, payload: bool, place: Place) -> None:
    """Print all deliveries of a sink as JSON Lines, newest first: webhook_id, sequence, state, when it was made and delivered, the
    SHA-256 of its document. Its numbers have no gap; what was told in a digest names it in told_in.

    \b
    Example:
      monitor deliveries export --sink desk --since 24h | jq -r 'select(.state == "delivered") | .webhook_id'
    """

    async def write(store: SqlStore) -> None:
        below: int | None = None
        while found := await store.sent(sink, since, below, _PAGE, payload=payload):
            for delivery in found:
                if since is None or datetime.fromisoformat(delivery["created"]) >= since:
                    print_json(delivery)
            below = found[-1]["sequence"]

    if not any(known["name"] == sink for known in read_record(place, lambda store: store.sinks())):
        raise UsageError(f"there is no sink named {sink!r} in the record", hint="monitor sinks list --all names them")
    read_record(place, write)


# -------------------------------------------------------------------------------------------- parts
async def _selection(store: SqlStore, **asked: Any) -> Selection:
    """What the options ask; ids may be given by their beginnings."""
    from monitor.flow.asked import nothing_changed
    from monitor.model import DeliveryState
    from monitor.ports import Selection

    alert = ""
    if asked["alert"]:
        found = await store.alert(asked["alert"], 0)
        if found is None:
            raise UsageError(f"there is no alert whose id begins with {asked['alert']!r}", hint="see: monitor alerts list")
        alert = found["id"]
    notifications = []
    with nothing_changed(asked.get("notifications", ())):
        for prefix in asked.get("notifications", ()):
            rows = await store.delivery(prefix, None)
            if not rows:
                raise UsageError(f"there is no notification whose id begins with {prefix!r}", hint="see: monitor deliveries list")
            notifications.append(rows[0]["notification"])
    return Selection(
        sink=asked["sink"],
        states=tuple(DeliveryState(state) for state in _STATES[asked["state"]]) if asked["state"] else (),
        since=asked["since"],
        notifications=tuple(notifications),
        alert=alert,
        limit=asked.get("limit", 0),
    )


def delivery_lines(delivery: JsonObject) -> list[str]:
    """As ``list`` shows it."""
    from monitor.cli.waiting import state_of
    from monitor.clock import SystemClock
    from monitor.render.plain import plain

    about = f"alert {delivery['alert'][:12]} {delivery['kind']}" if delivery["alert"] else delivery["kind"]
    if delivery["operation"]:
        about = f"operation {delivery['kind']}"
    state = state_of(delivery, SystemClock().now())
    why = f" ({plain(delivery['reason'])})" if delivery["reason"] and delivery["state"] != "held" else ""
    told_in = f", told in {delivery['told_in'][:12]}" if delivery["told_in"] else ""
    head = f"{delivery['notification'][:12]}  {short_time(delivery['created'])}  to {delivery['sink']} #{delivery['sequence']}"
    lines = [f"{head}  {delivery['severity']}  {about}  {state}{why}{told_in}"]
    answer = delivery.get("last_answer")
    if answer and answer["kind"] != "delivered":
        lines.append(f"    {counted(delivery['attempts'], 'attempt')}, the last: {plain(answer['detail']) or answer['kind']}")
    return lines


def _many(count: int) -> str:
    return "1 delivery" if count == 1 else f"{count:,} deliveries"
