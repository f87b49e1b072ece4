"""``alerts tail`` over a record that grows: everything once, in order, bursts and updates included."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from monitor.cli.alerts import WINDOW, follow_alerts
from monitor.model import JsonObject

START = datetime(2026, 3, 1, tzinfo=UTC)


class Record:
    """The Queries port over a list of alerts, each with its notifications."""

    def __init__(self) -> None:
        self.raised: list[tuple[str, datetime, datetime, list[str]]] = []

    def add(self, name: str, seconds: float) -> None:
        moment = START + timedelta(seconds=seconds)
        self.raised.append((name, moment, moment, [f"{name}-raised"]))

    def update(self, index: int, seconds: float) -> None:
        name, raised, _, told = self.raised[index]
        self.raised[index] = (name, raised, START + timedelta(seconds=seconds), [*told, f"{name}-updated"])

    async def alerts(
        self, *, limit: int = 50, watchlist: str | None = None, state: str | None = None, since: datetime | None = None
    ) -> Sequence[JsonObject]:
        newest = sorted((row for row in self.raised if since is None or row[1] >= since), key=lambda row: row[1], reverse=True)
        return [{"id": name, "raised": raised.isoformat(), "updated": updated.isoformat()} for name, raised, updated, _ in newest[:limit]]

    async def alert(self, alert_id: str) -> JsonObject | None:
        told = next(row[3] for row in self.raised if row[0] == alert_id)
        return {"notifications": [{"document": {"text": text}} for text in told]}

    async def stats(self) -> Mapping[str, int]:
        return {}


def test_everything_is_told_once_and_in_order() -> None:
    record, told = Record(), []
    for number in range(4):
        record.add(f"old{number}", number)

    async def main() -> None:
        following = asyncio.create_task(follow_alerts(record, 2, lambda document: told.append(document["text"]), pause=0))

        async def settle() -> None:
            for _ in range(4 * 2 * WINDOW):
                await asyncio.sleep(0)

        await settle()
        assert told == ["old2-raised", "old3-raised"]
        for number in range(2 * WINDOW):
            record.add(f"burst{number}", 10 + number / 1000)
        await settle()
        assert told[2:] == [f"burst{number}-raised" for number in range(2 * WINDOW)]
        record.update(-1, 60)
        await settle()
        assert told[-1] == f"burst{2 * WINDOW - 1}-updated"
        assert len(told) == len(set(told))
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    asyncio.run(main())


def test_without_following_it_ends_with_the_latest() -> None:
    record, told = Record(), []
    asyncio.run(follow_alerts(record, 5, told.append, follow=False))
    assert told == []
    for number in range(9):
        record.add(str(number), number)
    asyncio.run(follow_alerts(record, 3, lambda document: told.append(document["text"]), follow=False))
    assert told == ["6-raised", "7-raised", "8-raised"]
