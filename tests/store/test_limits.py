"""How much a watchlist has raised, and of what."""

from __future__ import annotations

from pathlib import Path

from monitor.store import SqlStore
from tests.store import builders as b


def test_alerts_are_counted_from_a_time_on_and_their_term_is_found(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        assert await store.noisiest("arms-transfer", b.NOW) == ""
        for key in "abc":
            await store.ingest(b.simple(key))
        (name,) = {alert["watchlist"] for alert in await store.alerts()}
        since = {name: b.later(-1), "other": b.later(-1)}
        assert await store.raised_since(since) == {name: 3, "other": 0}
        assert await store.raised_since({name: b.later(1)}) == {name: 0}
        assert await store.noisiest(name, b.later(-1)) == "صفقة"

    b.with_store(tmp_path, work)
