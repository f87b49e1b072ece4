"""The furniture lines learnt of each source. This module must not know how a line is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from monitor.store.schema import learnt_line
from monitor.store.statements import add_rows, insert_new

_NEW_LINE = insert_new(learnt_line)


def learnt(connection: Connection) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in connection.execute(select(learnt_line.c.source, learnt_line.c.line)):
        found.setdefault(row.source, set()).add(row.line)
    return {name: frozenset(lines) for name, lines in found.items()}


def put(connection: Connection, source: str, lines: Sequence[str], now: datetime) -> None:
    """Within the transaction of the articles that they were learnt from."""
    add_rows(connection, _NEW_LINE, [{"source": source, "line": line, "at": now} for line in lines])
