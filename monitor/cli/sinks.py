"""``monitor sinks``: how each receiver does, and what people do about it: try it, pause it, resume it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from monitor.cli.options import Place, config_options, json_option, print_json, print_pretty, short_time, wants_color
from monitor.cli.record import read_record
from monitor.errors import ExitStatus, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import JsonObject
    from monitor.settings import Settings
    from monitor.sinks import SinkSettings

_NAMES = click.argument("names", nargs=-1, required=True, metavar="NAME...")
#: What a receiver made of a sample, in a person's words: nothing is paused or tried again over it. ``--json`` keeps the deliverer's.
_TRIED = {
    "delivered": "delivered",
    "retry": "not taken now",
    "pause": "refused",
    "disable": "refused for good",
    "refused": "this message is refused",
    "poison": "not sent",
}
_COLOURS = {"active": "green", "failing": "yellow", "paused": "yellow", "not loaded": "yellow", "disabled": "red"}


@click.group(short_help="See how the sinks do; try, pause and resume them.")
def sinks() -> None:
    """Look at the sinks, try them, pause and resume them.

    A sink is active, failing (its receiver does not answer: one delivery is tried every minute), paused (by its receiver's
    answer, and tried every hour; or by a person, until resumed) or disabled (its receiver said that it is gone for good).
    Nothing is lost meanwhile: deliveries wait, for seven days at least.
    """


@sinks.command("list", short_help="List them: state, what waits, the last answer.")
@click.option("--all", "retired", is_flag=True, help="Also those that are no longer configured.")
@json_option
@config_options
def list_(retired: bool, as_json: bool, place: Place) -> None:
    """List the sinks: state and since when, what waits and since when, what was given up, the last answer.

    A sink that stands in the configuration and not in the daemon that runs is "not loaded": it is told nothing before a restart.
    The same is said of one whose settings were changed; its quiet hours and rate alone are in force without one.

    \b
    Example:
      monitor sinks list
    """
    found = [sink for sink in _known(place) if retired or sink["state"] != "retired"]
    for sink in found:
        if as_json:
            print_json(sink)
        else:
            for line in _lines(sink):
                click.echo(line)
    if not found and not as_json:
        click.echo("no sinks are configured")


@sinks.command("show", short_help="Everything about one.")
@click.argument("name")
@json_option
@config_options
def show(name: str, as_json: bool, place: Place) -> None:
    """Everything about one sink, and its latest ten deliveries.

    \b
    Example:
      monitor sinks show desk
    """
    from monitor.cli.deliveries import delivery_lines
    from monitor.ports import Selection

    sink = next((sink for sink in _known(place) if sink["name"] == name), None)
    if sink is None:
        raise UsageError(f"there is no sink named {name!r}", hint="monitor sinks list names them")
    latest: Sequence[JsonObject] = ()
    if sink["sequence"]:
        latest = read_record(place, lambda store: store.deliveries(Selection(sink=name, limit=10)))
    if as_json:
        print_pretty({**sink, "latest": list(latest)})
        return
    for line in _lines(sink):
        click.echo(line)
    for delivery in latest:
        for line in delivery_lines(delivery):
            click.echo(f"  {line}")


@sinks.command("pause", short_help="Send them nothing until they are resumed.")
@_NAMES
@click.option("-m", "--comment", metavar="TEXT", default="", help="Why; shown with the sink and kept in the trail.")
@json_option
@config_options
def pause(names: tuple[str, ...], comment: str, as_json: bool, place: Place) -> None:
    """Pause sinks: what is being sent may end, nothing more is sent, and nothing that waits is lost or expires.

    \b
    Example:
      monitor sinks pause desk -m "moving to another host"
    """
    for sink in _perform(place, "sinks.pause", names=list(names), comment=comment)["sinks"]:
        print_json(sink) if as_json else click.echo(f"{sink['name']}: paused; monitor sinks resume {sink['name']} ends it")


@sinks.command("resume", short_help="Send again what waits.")
@_NAMES
@json_option
@config_options
def resume(names: tuple[str, ...], as_json: bool, place: Place) -> None:
    """Resume sinks that are paused, disabled or failing: what waits goes out now, slowly at first, however old it became.

    \b
    Example:
      monitor sinks resume desk
    """
    for sink in _perform(place, "sinks.resume", names=list(names))["sinks"]:
        print_json(sink) if as_json else click.echo(f"{sink['name']}: active")


@sinks.command("test", short_help="Send one a marked sample and show the answer.")
@click.argument("name")
@json_option
@config_options
def test(name: str, as_json: bool, place: Place) -> int:
    """Send a sample, an alert of severity info that says it is a sample, and show what the receiver answered.

    It goes out once, beside everything that waits, with sequence 0, also to a sink that is paused; nothing of it is kept but who
    asked and what was answered (`monitor audit`), and nothing changes. Exit status 1 if it was not taken.

    A sink that stands in the configuration and not in the daemon that runs is tried by this command itself, which is said and leaves
    no line in the trail; one whose settings were changed is tried as the daemon runs it.

    \b
    Example:
      monitor sinks test desk
    """
    from monitor.cli.control import ask_daemon, command

    settings = place.load(lists=False).settings
    runs = ask_daemon(settings.data_dir, command("sinks.loaded"))
    by_daemon = runs is None or name in runs["sinks"] or name not in settings.sinks
    answer = _perform(place, "sinks.test", sink=name) if by_daemon else _try(settings, name)
    answer |= {"advice": _advice(settings.sinks.get(name), answer["answer"], answer["detail"])}
    answer |= {"loaded": None if runs is None else name in runs["sinks"], "waits": runs is not None and f"sinks.{name}" in runs["waiting"]}
    if as_json:
        print_json(answer)
    else:
        from monitor.render.plain import plain

        status = f"HTTP {answer['status']}, " if answer["status"] and str(answer["status"]) not in answer["detail"] else ""
        said = f": {plain(answer['detail'])}" if answer["detail"] else ""
        click.echo(f"{name}: {_TRIED[answer['answer']]} ({status}{answer['seconds']:.2f} s){said}")
        click.echo(f"    {answer['means']}")
        if answer["advice"]:
            click.echo(f"    what to do: {answer['advice']}")
        if answer["loaded"] is False:
            click.echo("    it was tried by this command: the daemon that runs does not know it; restart the monitor")
        elif answer["waits"]:
            click.echo("    it was tried as the daemon runs it: its settings were changed, and are in force once the monitor is restarted")
    return int(ExitStatus.DONE if answer["answer"] == "delivered" else ExitStatus.CHECK_FAILED)


# -------------------------------------------------------------------------------------------- parts
def _perform(place: Place, name: str, **arguments: Any) -> JsonObject:
    from monitor.cli.control import command, perform

    return perform(place, command(name, **arguments))


def _try(settings: Settings, name: str) -> JsonObject:
    """As the daemon would, with the sink as the configuration has it. Raises SinkError where its secret cannot be read."""
    import asyncio
    from functools import partial

    from monitor.clock import SystemClock
    from monitor.flow.sink_commands import send_sample, tried
    from monitor.net import HttpClient
    from monitor.sinks import Tools

    async def trying() -> JsonObject:
        clock = SystemClock()
        http = HttpClient(contact=settings.fetch.user_agent_contact or "", allow_private=settings.fetch.allow_private)
        try:
            built = settings.sinks[name].build(name, Tools(http, clock, public_url=settings.server.public_url or ""))
            if built.sink is not None:
                return (await tried(name, clock, partial(send_sample, built.sink, clock), sampled=True))[1]
            assert built.beating is not None  # a sink takes deliveries, or it beats
            return (await tried(name, clock, built.beating.beat, sampled=False))[1]
        finally:
            await http.close()

    return asyncio.run(trying())


def _known(place: Place) -> list[JsonObject]:
    """The record's sinks with the type that the configuration gives each; those of which there is no record yet are new."""
    from monitor.cli.control import ask_daemon, command
    from monitor.store.files import RECORD

    data_dir = place.data_dir()
    try:
        recorded: Sequence[JsonObject] = read_record(place, lambda store: store.sinks())
    except StorageError:
        if (data_dir / RECORD).exists():
            raise
        recorded = ()
    rows = {sink["name"]: sink for sink in recorded}
    runs = ask_daemon(data_dir, command("sinks.loaded"))
    if place.warned:  # which sinks are configured cannot be told: those of the record, as a daemon that runs has them
        return [_loaded({**sink, "type": "", "advice": ""}, runs) for sink in rows.values()]
    # What a sink's type takes no deliveries of (a heartbeat) has no row.
    configured = place.load(lists=False).settings.sinks
    found = [_loaded(_advised(rows.pop(name, _new(name)), sink), runs) for name, sink in configured.items()]
    return found + [_loaded({**sink, "type": None, "advice": ""}, runs) for sink in rows.values()]


def _loaded(sink: JsonObject, runs: JsonObject | None) -> JsonObject:
    """``loaded``: whether the daemon that runs has it, None where none runs. ``waits``: its settings changed since."""
    if runs is None:
        return {**sink, "loaded": None, "waits": False}
    loaded = sink["name"] in runs["sinks"]
    # What the record last knew of it was said by a daemon that had it.
    state = sink["state"] if loaded or sink["type"] is None else "not loaded"
    return {**sink, "state": state, "loaded": loaded, "waits": f"sinks.{sink['name']}" in runs["waiting"]}


def _advised(sink: JsonObject, section: SinkSettings) -> JsonObject:
    last = sink["last_answer"] or {"kind": "delivered", "detail": ""}
    return {**sink, "type": section.type, "advice": _advice(section, last["kind"], last["detail"])}


def _advice(section: SinkSettings | None, kind: str, detail: str) -> str:
    """What to do about an answer; "" where it is well, or nothing is known."""
    return section.advise(detail) if section is not None and kind != "delivered" else ""


def _new(name: str) -> JsonObject:
    empty = dict.fromkeys(("since", "probe_due", "catching_up", "oldest_waiting", "last_delivered", "last_answer"))
    return {"name": name, "state": "active", "reason": "", "by": "", "failures": 0, "sequence": 0, "deliveries": {}, **empty}


def _lines(sink: JsonObject) -> list[str]:
    from monitor.render.plain import plain

    state = click.style(sink["state"], fg=_COLOURS.get(sink["state"])) if wants_color() else sink["state"]
    since = f" since {short_time(sink['since'])}" if sink["state"] not in {"active", "retired", "not loaded"} else ""
    who = f" by {plain(sink['by'])}" if sink["by"] else ""
    why = f" ({plain(sink['reason'])})" if sink["reason"] else ""
    lines = ["  ".join(part for part in (sink["name"], sink["type"] or "", f"{state}{since}{who}{why}") if part)]
    if sink["state"] == "not loaded":
        lines.append("    it stands in the configuration, and the daemon that runs does not know it: restart the monitor")
    elif sink["waits"]:
        lines.append("    its settings were changed, and are in force once the monitor is restarted")
    elif sink["loaded"] and sink["type"] is None:
        lines.append("    it was taken out of the configuration, and is gone once the monitor is restarted")
    counts = sink["deliveries"]
    waits = counts.get("pending", 0) + counts.get("inflight", 0)
    many = "1 delivery" if waits == 1 else f"{waits:,} deliveries"
    parts = [f"{many} waiting since {short_time(sink['oldest_waiting'])}" if waits else "nothing waits"]
    parts += [f"{counts['held']:,} held"] if counts.get("held") else []
    parts += [f"{counts[state]:,} {state}" for state in ("dead", "expired") if counts.get(state)]
    parts += ["catching up"] if sink["catching_up"] and sink["state"] == "active" else []
    parts += [f"tried next {short_time(sink['probe_due'])}"] if sink["probe_due"] else []
    lines.append(f"    {', '.join(parts)}; last delivered {short_time(sink['last_delivered'])}")
    answer = sink["last_answer"]
    if answer and answer["kind"] != "delivered":
        lines.append(f"    last answer {short_time(answer['finished'])}: {plain(answer['detail']) or answer['kind']}")
        lines += [f"    what to do: {sink['advice']}"] if sink["advice"] else []
    return lines
