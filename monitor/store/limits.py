"""How much each watchlist has raised since, and of what. This module must not know what is done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, func, select

from monitor.store import codec
from monitor.store.schema import alert, match
from monitor.store.side import Side

#: Matches that are looked at for the term found most: those of a flood are much alike.
_LOOKED_AT = 500


class LimitsSide(Side):
    """The LimitRecord port."""

    async def raised_since(self, since: Mapping[str, datetime]) -> Mapping[str, int]:
        return await self._database.read(partial(raised_since, since=since))

    async def noisiest(self, watchlist: str, since: datetime) -> str:
        return await self._database.read(partial(noisiest, watchlist=watchlist, since=since))


def raised_since(connection: Connection, since: Mapping[str, datetime]) -> dict[str, int]:
    found: dict[str, int] = {}
    for watchlist, start in since.items():
        told = (alert.c.watchlist == watchlist, alert.c.raised >= start, alert.c.notifications > 0)
        found[watchlist] = connection.execute(select(func.count()).select_from(alert).where(*told)).scalar_one()
    return found


def noisiest(connection: Connection, watchlist: str, since: datetime) -> str:
    of_alert = (match.c.story == alert.c.story) & (match.c.watchlist == alert.c.watchlist)
    chosen = select(match).join(alert, of_alert).where(alert.c.watchlist == watchlist, alert.c.raised >= since)
    terms: Counter[str] = Counter()
    for row in connection.execute(chosen.order_by(alert.c.raised.desc()).limit(_LOOKED_AT)):
        terms.update({hit.term for passage in codec.match(row).evidence for hit in passage.hits})
    return min(terms, key=lambda term: (-terms[term], term), default="")
