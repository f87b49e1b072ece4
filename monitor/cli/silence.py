"""``monitor silence``: mute for a while what nobody needs to be told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.options import Place, config_options, counted, json_option, print_json, short_time, time_option
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.model import JsonObject


@click.group(short_help="Mute for a while what nobody needs to be told of.")
def silence() -> None:
    """Mute for a while what nobody needs to be told of: a story, a source, a term, by matchers that must all hold.

    What a silence mutes is still matched, kept and counted, and summed up in one message when it ends. The commands go to the daemon
    where one runs.
    """


_MATCHERS = (
    ("--watchlist", "ID", "Of this watchlist."),
    ("--story", "ID", "Of this story (monitor stories list)."),
    ("--source", "NAME", "From this source."),
    ("--term", "TERM", "With a hit of this term, as the watchlist writes it."),
    ("--entity", "ID|NAME", "Naming this entity."),
    ("--label", "KEY=VALUE", "With this label, of the watchlist or of the source."),
    ("--language", "CODE", "In this language."),
    ("--severity", "SEVERITY", "Of this severity."),
    ("--stance", "STANCE", "Said so."),
    ("--owner", "NAME", "Of watchlists of this owner."),
)


def matcher_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Every matcher, each more than once for any of several values."""
    for flag, metavar, text in reversed(_MATCHERS):
        command = click.option(flag, multiple=True, metavar=metavar, help=text)(command)
    return command


def _matchers(given: dict[str, Any]) -> dict[str, list[str]]:
    return {name: list(values) for name, values in given.items() if values}


@silence.command(short_help="Begin a silence.")
@matcher_options
@click.option("--for", "lasting", metavar="DURATION", help="How long: 4h, 7d.")
@time_option("--until", "Until when, in place of --for: a day, or a time with its zone.")
@time_option("--from", "From when on; now unless said.")
@click.option("-m", "--comment", metavar="TEXT", required=True, help="Why, for whoever wonders later.")
@json_option
@config_options
def add(as_json: bool, place: Place, lasting: str | None, until: datetime | None, comment: str, **given: Any) -> None:
    """Begin a silence: what all its matchers hold of is not told until it ends. Of one matcher given twice, either will do.

    What is in the outbox already still goes. The answer says how many of the last day's alerts it would have muted.

    \b
    Example:
      monitor silence add --watchlist arms-transfer --source example-ar --for 4h -m "repeats one report every hour"
    """
    from monitor.cli.control import command, perform

    starts: datetime | None = given.pop("from")
    ends = _end(lasting, until, starts)
    wanted = _matchers(given)
    asked = {"matchers": wanted, "comment": comment, "ends": ends.isoformat()}
    if starts is not None:
        asked["starts"] = starts.isoformat()
    answer = perform(place, command("silences.add", **asked))
    _note_unknown(place, wanted)
    if as_json:
        print_json(answer)
        return
    found = answer["silence"]
    click.echo(f"silence {found['id']}: {_line(found)}")
    click.echo(_would(answer))


def _note_unknown(place: Place, matchers: dict[str, list[str]]) -> None:
    """A silence of what is not there yet is no fault, but most often a slip."""
    from monitor.cli.known import note_unknown

    note_unknown(place, watchlist=matchers.get("watchlist", ()), source=matchers.get("source", ()), recorded=False)


def _end(lasting: str | None, until: datetime | None, starts: datetime | None) -> datetime:
    from datetime import timedelta

    from monitor.clock import SystemClock
    from monitor.settings import parse_duration

    if (lasting is None) == (until is None):
        raise UsageError("a silence needs an end", hint="either --for 4h or --until 2026-03-01T12:00Z")
    if until is not None:
        return until
    try:
        return (starts or SystemClock().now()) + timedelta(seconds=parse_duration(lasting or ""))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--for: {error}") from None


@silence.command("list", short_help="List silences.")
@click.option("--all", "every", is_flag=True, help="Also those that ended in the last thirty days.")
@json_option
@config_options
def list_(every: bool, as_json: bool, place: Place) -> None:
    """List the silences in force and to come: what each mutes, whose it is, and how much it has muted.

    \b
    Example:
      monitor silence list --all
    """
    from monitor.cli.record import read_record
    from monitor.clock import SystemClock
    from monitor.flow.silence_commands import listed

    found = read_record(place, lambda store: listed(store, SystemClock(), every=every))
    if not found and not as_json:
        click.echo("no silences")
    for one in found:
        if as_json:
            print_json(one)
        else:
            click.echo(f"{one['id']}  {one['state']:<8}{_line(one)}")


@silence.command(short_help="End silences now.")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@json_option
@config_options
def expire(ids: tuple[str, ...], as_json: bool, place: Place) -> None:
    """End silences before their time. What each muted is summed up in one message to the sinks it would have gone to.

    \b
    Example:
      monitor silence expire 3f2a90c1
    """
    from monitor.cli.control import command, perform

    for one in perform(place, command("silences.expire", ids=list(ids)))["silences"]:
        if as_json:
            print_json(one)
        else:
            click.echo(f"silence {one['id']} has ended; it muted {one['muted']}")


@silence.command(short_help="Show what a silence would have muted in the last day.")
@click.argument("id", required=False, metavar="ID")
@matcher_options
@json_option
@config_options
def preview(as_json: bool, place: Place, id: str | None, **given: Any) -> None:  # noqa: A002 - as the user calls it
    """Show what matchers, or a silence that stands, would have muted of what was told in the last day. Nothing is changed.

    \b
    Example:
      monitor silence preview --source example-ar --term "arms deal"
    """
    from monitor.cli.control import command, perform

    answer = perform(place, command("silences.preview", **({"id": id} if id else {"matchers": _matchers(given)})))
    _note_unknown(place, {} if id else _matchers(given))
    if as_json:
        print_json(answer)
        return
    from monitor.render.plain import plain, shortened

    click.echo(_would(answer))
    for one in answer["muted"]:
        click.echo(f"  {short_time(one['at'])}  {one['watchlist']}  {shortened(one['title'], 90)}  [{plain(one['source'])}]")
    if answer["would_have_muted"] > len(answer["muted"]):
        click.echo(f"  … and {answer['would_have_muted'] - len(answer['muted'])} more")


def _would(answer: JsonObject) -> str:
    return f"of {counted(answer['of'], 'notification')} in the last day it would have muted {answer['would_have_muted']}"


def _line(one: JsonObject) -> str:
    from monitor.render.plain import plain

    ends = f"{short_time(one['starts'])} to {short_time(one['ends'])}" if one["state"] == "pending" else f"until {short_time(one['ends'])}"
    if one["state"] == "ended":
        ends = f"ended {short_time(one['ends'])}" + (f" by {plain(one['expired_by'])}" if one["expired_by"] else "")
    return f"{plain(one['about'])}; {ends}; {plain(one['author'])}: {plain(one['comment'])} (muted {one['muted']})"
