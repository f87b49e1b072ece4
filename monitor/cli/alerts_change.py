"""``monitor alerts ack``, ``close`` and ``reopen``: what people do to alerts, through the daemon where one runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.alerts import alerts
from monitor.cli.options import Place, config_options, json_option, print_json

if TYPE_CHECKING:
    from monitor.model import JsonObject

_IDS = click.argument("ids", nargs=-1, required=True, metavar="ID...")
_MESSAGE = click.option("-m", "--comment", metavar="TEXT", default="", help="Why; kept in the trail and shown with the alert.")

#: As it is typed, and as it is kept.
DISPOSITIONS = ("true", "false", "duplicate", "not-relevant")


@alerts.command("ack", short_help="Say that somebody is looking at an alert.")
@_IDS
@_MESSAGE
@json_option
@config_options
def ack(ids: tuple[str, ...], comment: str, as_json: bool, place: Place) -> None:
    """Acknowledge alerts: somebody is looking at them. Nobody is told; the trail keeps who and when.

    The beginning of an ID is enough. With one that is not found, nothing is done.

    \b
    Example:
      monitor alerts ack 3f2a90c1 -m "calling the port authority"
    """
    _perform(place, "alerts.ack", as_json, ids=list(ids), comment=comment)


@alerts.command("close", short_help="Close alerts, saying what they were.")
@_IDS
@click.option("--as", "disposition", type=click.Choice(DISPOSITIONS), required=True, help="What it was found to be.")
@click.option("--into", metavar="ID", default="", help="With --as duplicate: the alert that stays; their stories become one.")
@_MESSAGE
@json_option
@config_options
def close(ids: tuple[str, ...], disposition: str, as_json: bool, place: Place, **said: str) -> None:
    """Close alerts with what they were found to be. The sinks that were told of an alert are told that it is closed.

    News of the same story that says something not told yet reopens it. Closing a closed alert corrects its disposition.

    \b
    Example:
      monitor alerts close 3f2a90c1 --as true
      monitor alerts close 3f2a 77b0 --as not-relevant -m "a film review"
      monitor alerts close 3f2a --as duplicate --into 77b0
    """
    _perform(place, "alerts.close", as_json, ids=list(ids), disposition=disposition.replace("-", "_"), **said)


@alerts.command("reopen", short_help="Open closed alerts again.")
@_IDS
@_MESSAGE
@json_option
@config_options
def reopen(ids: tuple[str, ...], comment: str, as_json: bool, place: Place) -> None:
    """Open closed alerts again, and say so where their closing was told. An acknowledged one becomes open again in silence.

    \b
    Example:
      monitor alerts reopen 3f2a90c1 -m "confirmed by a second source"
    """
    _perform(place, "alerts.reopen", as_json, ids=list(ids), comment=comment)


def _perform(place: Place, name: str, as_json: bool, **arguments: Any) -> None:
    from monitor.cli.control import command, perform

    for alert in perform(place, command(name, **arguments))["alerts"]:
        if as_json:
            print_json(alert)
            continue
        state = alert["state"] + (f" ({alert['disposition'].replace('_', ' ')})" if alert.get("disposition") else "")
        into = f", part of {alert['merged_into'][:12]}" if alert.get("merged_into") else ""
        already = "already " if alert["unchanged"] else ""
        click.echo(f"{alert['id'][:12]}  {alert['watchlist']}: {already}{state}{into}")
        for line in part_of_closed(alert):
            click.echo(f"    {line}")


def part_of_closed(alert: JsonObject) -> Iterator[str]:
    """Of an alert that was open and became part of one that is closed: what that one is, and how to have it open again."""
    if alert.get("hint"):
        stays = alert["part_of"]
        found = f" as {stays['disposition'].replace('_', ' ')}" if stays["disposition"] else ""
        yield f"{stays['id'][:12]} is closed{found}, so this is not open any more; to open it: {alert['hint']}"
