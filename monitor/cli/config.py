"""``monitor config`` and ``schema``: what is in force, and what files and documents look like."""

from __future__ import annotations

import json
from typing import Any

import click

from monitor.cli.options import Place, config_options, json_option, print_json, print_pretty


@click.group(short_help="Show the configuration in force.")
def config() -> None:
    """Look at the configuration in force."""


@config.command("show")
@json_option
@config_options
def config_show(as_json: bool, place: Place) -> None:
    """Print every setting in force and where it came from. Secrets are never printed.

    \b
    Example:
      MONITOR_SERVER__LISTEN=127.0.0.1:9000 monitor config show --config deploy/monitor.yaml
    """
    from monitor.settings import show

    shown = show(place.load())
    if as_json:
        print_json({item.name: {"value": item.value, "from": item.where} for item in shown})
        return
    width = max(len(item.name) for item in shown)
    for item in shown:
        click.echo(f"{item.name:<{width}}  {_said(item.value)}  ({item.where})")


def _said(value: Any) -> str:
    """A value as it may stand in the file."""
    if value in (None, "", [], {}):
        return "-"
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@click.command(short_help="Print the JSON Schema of documents and files.")
@click.argument("what", type=click.Choice(["alert", "operation", "digest", "watchlist", "config"]))
def schema(what: str) -> None:
    """Print the JSON Schema of the document that tells of an alert, of an operation (an alarm about the monitor itself) or of many
    things in one (a digest), of a watchlist file, or of the configuration file.

    \b
    Example:
      monitor schema alert > alert.schema.json
    """
    if what == "alert":
        from monitor.render.schema import alert_schema

        print_pretty(alert_schema())
    elif what == "operation":
        from monitor.render.schema import operation_schema

        print_pretty(operation_schema())
    elif what == "digest":
        from monitor.render.schema import digest_schema

        print_pretty(digest_schema())
    elif what == "watchlist":
        from monitor.watchlist.schema import watchlist_schema

        print_pretty(watchlist_schema())
    else:
        from monitor.settings import settings_schema

        print_pretty({"$schema": "https://json-schema.org/draft/2020-12/schema", **settings_schema().root})
