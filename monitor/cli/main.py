"""The command group and the one place where errors become messages and exit statuses."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from monitor import __version__
from monitor.cli import alerts_change, alerts_files, db_check, db_restore
from monitor.cli.alerts import alerts
from monitor.cli.audit import audit
from monitor.cli.check import check
from monitor.cli.config import config, schema
from monitor.cli.db import db
from monitor.cli.deliveries import deliveries
from monitor.cli.explain import explain
from monitor.cli.import_names import import_names
from monitor.cli.ingest import ingest
from monitor.cli.init import init
from monitor.cli.match import match
from monitor.cli.routes import routes
from monitor.cli.run import once, run
from monitor.cli.silence import silence
from monitor.cli.sinks_add import sinks
from monitor.cli.sources_edit import sources
from monitor.cli.stories import stories
from monitor.cli.terms import terms
from monitor.cli.why import why
from monitor.errors import ExitStatus, MonitorError

#: They add their commands to the groups of ``alerts`` and ``db``.
_ADDING = (alerts_change, alerts_files, db_check, db_restore)

INTERRUPTED = 130  # what a shell reports of a program ended by SIGINT; also of one broken off at a question


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="monitor", message="%(prog)s %(version)s")
def cli() -> None:
    """Read the world's news, match it against watchlists, tell people, with evidence.

    \b
    Start:    monitor init DIR      a working folder with watchlists and sample articles
              monitor run           the service (the configuration is found as ./monitor.yaml)
    Try:      monitor match FILE    what the watchlists find in a text, and where
              monitor explain FILE  why a watchlist fired, or why not
              monitor check         is everything right: configuration, watchlists, their tests
    Ask:      monitor why URL       what became of an article: told, to whom, or why not
              monitor alerts list   what was raised; ack and close say what it was

    \b
    Exit status: 0 done, 1 a check failed, 2 wrong use or configuration, 3 storage,
                 4 the data folder is in use, 130 broken off: Ctrl-C, or a question
                 answered with no.
    """


_COMMANDS = (
    *(run, once, ingest, match, explain, why, terms, check, import_names),
    *(alerts, silence, routes, audit, stories, sources, sinks, deliveries, db, config, schema, init),
)
for command in _COMMANDS:
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """The program's entry point; always ends by SystemExit."""
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result = cli.main(args=None if arguments is None else list(arguments), prog_name="monitor", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return int(ExitStatus.WRONG_USE)
    except MonitorError as error:
        return _say(error)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # The reader (head, less) has seen enough; click makes an exit of what it notices itself. What Python still wants
        # to flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        return int(ExitStatus.DONE)
    return int(result) if isinstance(result, int) else int(ExitStatus.DONE)


def _say(error: MonitorError) -> int:
    from monitor.errors import FaultsError

    text = str(error) if isinstance(error, FaultsError) else f"error: {error}"
    click.echo(text, err=True)
    return int(error.exit_status)
