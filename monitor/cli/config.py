"""``monitor config``, ``sources`` and ``schema``: what is in force, what is read, and what files and documents look like."""

from __future__ import annotations

import click

from monitor.cli.alerts import read_record
from monitor.cli.options import Place, config_options, json_option, print_json, print_pretty, short_time


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
        value = "-" if item.value in (None, "", [], {}) else str(item.value).lower() if isinstance(item.value, bool) else item.value
        click.echo(f"{item.name:<{width}}  {value}  ({item.where})")


@click.group(short_help="List the sources and how they do.")
def sources() -> None:
    """Look at the sources."""


@sources.command("list")
@json_option
@config_options
def sources_list(as_json: bool, place: Place) -> None:
    """List the configured sources with what the record knows of them: last poll, next poll, what went wrong.

    \b
    Example:
      monitor sources list --config deploy/monitor.yaml
    """
    from monitor.errors import StorageError
    from monitor.render.terminal import plain
    from monitor.settings import FeedSettings, FolderSettings, format_duration, mask_url
    from monitor.store.database import FILE_NAME

    loaded = place.load()
    try:
        states = {state.name: state for state in read_record(place, lambda store: store.source_states())}
    except StorageError:
        # Nothing was polled yet: there is no record to read.
        if (loaded.settings.data_dir / FILE_NAME).exists():
            raise
        states = {}
    for name, source in loaded.settings.sources.items():
        state = states.get(name)
        every = None
        if isinstance(source, FeedSettings):
            kind, where, every = "feed", mask_url(source.feed), source.every
        elif isinstance(source, FolderSettings):
            kind, where, every = "folder", str(source.folder), source.every
        else:
            kind, where = "push", ""
        found = {
            "name": name,
            "kind": kind,
            "location": where,
            "every": None if every is None else format_duration(every),
            "language": source.language or None,
            "labels": dict(source.labels),
            "last_poll": state.last_poll.isoformat() if state and state.last_poll else None,
            "last_success": state.last_success.isoformat() if state and state.last_success else None,
            "next_due": state.next_due.isoformat() if state else None,
            "failures": state.failures if state else 0,
            "error": state.error if state else "",
        }
        if as_json:
            print_json(found)
            continue
        often = f"every {found['every']}" if every is not None else "at its own rhythm" if kind == "feed" else ""
        click.echo("  ".join(part for part in (name, kind, plain(where), often) if part))
        last, due = (state.last_success, state.next_due) if state else (None, None)
        click.echo(f"    last read {short_time(last)}, next {short_time(due)}")
        if state and state.error:
            click.echo(f"    failed {state.failures} time{'' if state.failures == 1 else 's'} in a row: {plain(state.error)}")
    if not loaded.settings.sources and not as_json:
        click.echo("no sources are configured")


@click.command(short_help="Print the JSON Schema of documents and files.")
@click.argument("what", type=click.Choice(["alert", "operation", "watchlist", "config"]))
def schema(what: str) -> None:
    """Print the JSON Schema of the document that tells of an alert or of an operation (an alarm about the monitor itself), of
    a watchlist file, or of the configuration file.

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
    elif what == "watchlist":
        from monitor.watchlist.schema import watchlist_schema

        print_pretty(watchlist_schema())
    else:
        from monitor.settings import settings_schema

        print_pretty({"$schema": "https://json-schema.org/draft/2020-12/schema", **settings_schema().root})
