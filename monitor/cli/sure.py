"""The question before what cannot be taken back: without a yes nothing is done, whoever is not there to give it.

This module must not know what is asked about.
"""

from __future__ import annotations

import sys

import click

from monitor.errors import UsageError


def make_sure(question: str, otherwise: str) -> None:
    """Returns where the answer is yes. Answered with no it says ``otherwise`` and ends with status 130, as Ctrl-C at the question does;
    where nobody is there to answer (standard input at its end, in a script) raises UsageError."""
    try:
        yes = click.confirm(question, err=True)
    except click.Abort:
        if not sys.stdin.isatty():
            raise UsageError(f"nobody answered: {otherwise}", hint="--yes does it without asking") from None
        click.echo(f"\n{otherwise}", err=True)
        raise
    if not yes:
        click.echo(otherwise, err=True)
        raise click.Abort
