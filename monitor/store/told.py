"""The match that an alert was told for last, as the record has it. This module must not know what is asked of it."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection, select

from monitor.ports import Matched
from monitor.store import queries, silences
from monitor.store.schema import match
from monitor.store.side import Side


class ToldSide(Side):
    """The ToldRecord port."""

    async def last_told(self, alert: str) -> Matched | None:
        return await self._database.read(partial(last_told, prefix=alert))


def last_told(connection: Connection, prefix: str) -> Matched | None:
    """Raises UsageError where several alerts begin so."""
    row = queries.alert_row(connection, prefix)
    if row is None:
        return None
    of_it = (match.c.story == row.story, match.c.watchlist == row.watchlist, match.c.notification.is_not(None))
    found = silences.matched(connection, select(match).where(*of_it).order_by(match.c.at.desc(), match.c.id.desc()).limit(1))
    return found[0] if found else None
