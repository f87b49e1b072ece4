"""``monitor db check``: the record looked through, and the alert logs held against it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.db import db, quiet_despite, record_of
from monitor.cli.options import Place, config_options, counted, json_option, print_json
from monitor.errors import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.settings import Loaded
    from monitor.store.check import Checked, Finding


@db.command(short_help="Look through the whole record.")
@json_option
@config_options
def check(as_json: bool, place: Place) -> int:
    """Look through the whole record: the structure of the file, every text against its hash, every id against what it is made of,
    every quote against its text, sequences without gaps, everything that points at something else, and the alert logs against what
    was delivered to them. Exit status 1 where something is wrong.

    It reads only, and may run beside a daemon. A large record takes a minute for each gigabyte or so.

    \b
    Example:
      monitor db check
    """
    from dataclasses import asdict

    from monitor.store.check import check as checked

    loaded = quiet_despite(place)
    record = record_of(place)
    with _saying("looking at") as said:
        found = checked(record, said=said)
        found = _with_logs(found, loaded, record)
    if as_json:
        print_json({"sound": not found.findings, "findings": [asdict(finding) for finding in found.findings], "looked_at": found.looked_at})
    else:
        for finding in found.findings:
            click.echo(f"{finding.what}\n  hint: {finding.hint}")
        seen = ", ".join(f"{number:,} {_PLURALS.get(name, name)}" for name, number in found.looked_at.items())
        click.echo(f"{counted(len(found.findings), 'finding')}" if found.findings else f"the record is sound: {seen}")
    return int(ExitStatus.CHECK_FAILED if found.findings else ExitStatus.DONE)


_PLURALS = {"article": "articles", "alert": "alerts", "notification": "notifications", "delivery": "deliveries"}


def _with_logs(found: Checked, loaded: Loaded | None, record: Path) -> Checked:
    """The alert logs too, where the file can be read at all."""
    from dataclasses import replace

    if any(finding.damage for finding in found.findings):
        return found
    return replace(found, findings=(*found.findings, *(finding for _, finding in wrong_logs(loaded, record))))


def wrong_logs(loaded: Loaded | None, record: Path) -> Iterator[tuple[str, Finding]]:
    """Those that are not what the record says. Where no configuration says which there are, none is looked at."""
    from monitor.store.check import delivered, log_finding

    if loaded is None:
        return
    logs = {name: sink.path for name, sink in loaded.settings.sinks.items() if sink.type == "alert_log"}
    for name, path in logs.items():
        if path.is_file() and (finding := log_finding(name, delivered(record, name), _logged(path))) is not None:
            yield name, finding


def _logged(path: Path) -> dict[str, int]:
    """Notification -> sequence, of the whole lines of an alert log. A line that is none is passed over: the last may be torn."""
    import json

    from monitor.sinks.log_file import id_of

    found = {}
    with path.open("rb") as file:
        for line in file:
            try:
                document = json.loads(line)
                if document["sequence"] and (id_ := id_of(document)):  # 0 is a sample that was sent to try the sink
                    found[id_] = int(document["sequence"])
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
    return found


@contextmanager
def _saying(doing: str) -> Iterator[Callable[[str], None]]:
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    try:
        yield lambda step: click.echo(f"\r{doing} {step}\033[K", nl=False, err=True)
    finally:
        click.echo("\r\033[K", nl=False, err=True)
