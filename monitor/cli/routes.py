"""``monitor routes``: what goes where, and why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.options import Place, config_options, counted, json_option, print_json, short_time
from monitor.cli.waiting import held_for
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.model import JsonObject
    from monitor.settings import RouteSettings, Settings

_ALERT = re.compile(r"[0-9a-f]{4,32}")


@click.group(short_help="See what goes where, and why.")
def routes() -> None:
    """See which notifications go to which sinks, and try it on an alert or on a text.

    Routes are read first to last; each that matches adds its sinks, until one that says stop.
    """


@routes.command("list", short_help="List the routes in force, and when their sinks are told.")
@json_option
@config_options
def list_(as_json: bool, place: Place) -> None:
    """List the routes of the configuration in their order: what each takes and leaves out, where it goes, its digest and
    when that is due next, and quiet hours and rates of the sinks. An edit is in force within four seconds; where a route leads to a
    sink that the running daemon has not loaded, all of them wait for a restart, and that is said first; the sink is marked.

    \b
    Example:
      monitor routes list
    """
    from monitor.cli.control import ask_daemon, command

    settings = place.load(lists=False).settings
    runs = ask_daemon(settings.data_dir, command("sinks.loaded"))
    waits = next((what for what in runs["waiting"] if what.startswith("routes")), "") if runs else ""
    if waits and not as_json:
        click.echo(
            f"not in force yet: {waits.partition('(')[2].rstrip(')')}, which the daemon that runs has not loaded; restart the monitor"
        )
    for found in _routes(settings):
        found["in_force"] = not waits
        found["to"] = [{**sink, "loaded": None if runs is None else sink["sink"] in runs["sinks"]} for sink in found["to"]]
        if as_json:
            print_json(found)
        else:
            for line in _listed(found):
                click.echo(line)


@routes.command("test", short_help="Say where an alert or a text would go now, and why.")
@click.argument("what", metavar="ALERT|FILE")
@click.option("--source", metavar="NAME", default="", help="As though this source had brought the file: its labels and language.")
@json_option
@config_options
def test(what: str, source: str, as_json: bool, place: Place) -> None:
    """Say where an alert, or what the watchlists find in a file, would go now: each route that matched, or the first condition
    that did not hold; each sink, and until when it would be held; the silence that mutes it.

    Nothing is stored and nothing is sent. FILE may be - for standard input; of a file named like an alert write ./FILE.

    \b
    Example:
      monitor routes test 495d0a4c
      monitor routes test --source example-ar article.txt
    """
    from monitor.cli.control import command, perform

    if _is_alert(what):
        if source:
            raise UsageError("--source is for files; an alert has one")
        answer = perform(place, command("routes.test", alert=what))
    else:
        from monitor.cli.match import read_file

        document, _ = read_file(what)
        answer = perform(place, command("routes.test", text=document.text, key=Path(what).name, source=source))
    if as_json:
        print_json(answer)
        return
    if not answer["matches"]:
        click.echo("no watchlist matches it: nothing would be told")
    for number, found in enumerate(answer["matches"]):
        if number:
            click.echo("")
        for line in _tested(found):
            click.echo(line)


def _is_alert(what: str) -> bool:
    return _ALERT.fullmatch(what) is not None and not Path(what).exists()


# ----------------------------------------------------------------------------------------------- list
def _routes(settings: Settings) -> Iterable[JsonObject]:
    from monitor.clock import SystemClock

    if not settings.routes:
        to = [name for name, sink in settings.sinks.items() if sink.takes]
        yield {
            "route": "",
            "to": [_sink(name, settings) for name in to],
            "match": {},
            "not": {},
            "stop": False,
            "tell": [],
            "digest": None,
            "next": None,
        }
    for number, route in enumerate(settings.routes):
        rhythm = route.rhythm
        yield {
            "route": route.name or f"routes[{number}]",
            "to": [_sink(name, settings) for name in route.to],
            "match": _conditions(route, "match"),
            "not": _conditions(route, "not"),
            "stop": route.stop,
            "tell": list(route.tell),
            "digest": route.digest,
            "zone": route.zone,
            "group_by": list(route.group_by),
            "next": rhythm.next(SystemClock().now()).isoformat() if rhythm else None,
        }


def _conditions(route: RouteSettings, key: str) -> JsonObject:
    found: JsonObject = route.model_dump(mode="json", by_alias=True, exclude_defaults=True).get(key) or {}
    return found


def _sink(name: str, settings: Settings) -> JsonObject:
    sink = settings.sinks[name]
    quiet = [{"from": one.from_, "to": one.to, "zone": one.zone, "days": list(one.days)} for one in sink.quiet]
    return {"sink": name, "type": sink.type, "quiet": quiet, "rate": sink.rate}


def _listed(found: JsonObject) -> list[str]:
    lines = [f"{found['route'] or 'no routes are configured'}"]
    if found["match"]:
        lines.append(f"    takes       {_said(found['match'])}")
    else:
        lines.append("    takes       everything")
    if found["not"]:
        lines.append(f"    leaves out  {_said(found['not'])}")
    for sink in found["to"]:
        lines.append(f"    to          {sink['sink']} ({', '.join(_of_sink(sink))})")
    if found["tell"]:
        lines.append(f"    told        when an alert is {' or '.join(found['tell'])}, and nothing else")
    if found["digest"]:
        grouped = f", one for each {' and '.join(found['group_by'])}" if found["group_by"] else ""
        zone = f" {found['zone']}" if found["zone"] else ""
        lines.append(f"    digest      {found['digest']}{zone}{grouped}; next {short_time(found['next'])} UTC")
    if found["stop"]:
        lines.append("    stop        where it matches, no later route is read")
    return lines


def _said(conditions: Mapping[str, Any]) -> str:
    flat: dict[str, list[str]] = {}
    for key, values in conditions.items():
        if isinstance(values, dict):
            flat |= {f"{key}.{name}": some for name, some in values.items()}
        else:
            flat[key] = values
    return "; ".join(f"{key} {' or '.join(map(str, values))}" for key, values in flat.items())


def _of_sink(sink: JsonObject) -> Iterable[str]:
    yield sink["type"]
    if sink["loaded"] is False:
        yield "not loaded"
    for one in sink["quiet"]:
        days = "" if len(one["days"]) == 7 else f" on {', '.join(one['days'])}"
        yield f"quiet {one['from']}-{one['to']} {one['zone']}{days}"
    if sink["rate"]:
        yield f"at most {sink['rate']}"


# ----------------------------------------------------------------------------------------------- test
def _tested(found: JsonObject) -> list[str]:
    from monitor.render.plain import plain, shortened

    lines = [f"{found['watchlist']}, {found['severity']}: {shortened(found['title'], 100)}"]
    lines += [f"    {one['route'] or 'every sink':<14} {_outcome(one)}" for one in found["routes"]]
    if found["mode"] != "live":
        return [*lines, f"  nobody would be told: the watchlist is in mode {found['mode']}"]
    if found["silence"] is not None:
        silence = found["silence"]
        return [*lines, f"  nobody would be told: silence {silence['id']} mutes {plain(silence['about'])} ({plain(silence['comment'])})"]
    if not found["sinks"]:
        return [*lines, "  nobody would be told: no route takes it"]
    lines.append(f"  {counted(len(found['sinks']), 'sink')} would be told:")
    return lines + [f"    {sink['sink']:<14} {_when(sink)}" for sink in found["sinks"]]


def _outcome(one: JsonObject) -> str:
    from monitor.render.plain import plain

    if one["outcome"] == "missed":
        found = plain(", ".join(one["found"])) or "nothing"
        return f"does not match: {one['condition']} is to be {' or '.join(map(plain, one['wanted']))}, and is {found}"
    return {
        "matched": f"matches: to {', '.join(one['to'])}",
        "excluded": "leaves it out (not)",
        "unasked": f"matches, and tells only what is {' or '.join(one['wanted'])} (tell); this would be {', '.join(one['found'])}",
        "unread": "is not read: a route above stops",
    }[str(one["outcome"])]


def _when(sink: JsonObject) -> str:
    if not sink["key"]:
        return "now" + (f" (by {sink['route']})" if sink["route"] else "")
    return f"held until {short_time(sink['until'])} UTC: {held_for(sink['key'])}"
