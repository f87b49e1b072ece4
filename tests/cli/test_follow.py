"""``alerts tail`` over a record that grows: everything once, in order, bursts and updates included; operations left out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from monitor.cli.alerts import PAGE, follow_alerts
from monitor.model import JsonObject


class Record:
    """What following asks of the record, over a list."""

    def __init__(self) -> None:
        self.told: list[JsonObject] = []

    def tell(self, text: str, alert: str = "a") -> None:
        self.told.append({"number": len(self.told) + 1, "alert": alert, "document": {"text": text}})

    async def latest_told(self) -> int:
        return len(self.told)

    async def follow(self, after: int, limit: int) -> Sequence[JsonObject]:
        return self.told[after : after + limit]


def test_everything_is_told_once_and_in_order() -> None:
    record, told = Record(), []
    for number in range(4):
        record.tell(f"old{number}")

    async def main() -> None:
        following = asyncio.create_task(follow_alerts(record, 2, lambda document: told.append(document["text"]), pause=0))

        async def settle() -> None:
            for _ in range(20):
                await asyncio.sleep(0)

        await settle()
        assert told == ["old2", "old3"]
        for number in range(2 * PAGE):
            record.tell(f"burst{number}")
        record.tell("a sink is paused", alert="")
        record.tell("an update")
        await settle()
        assert told[2:] == [*(f"burst{number}" for number in range(2 * PAGE)), "an update"]
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    asyncio.run(main())


def test_without_following_it_ends_with_the_latest() -> None:
    record, told = Record(), []
    asyncio.run(follow_alerts(record, 5, told.append, follow=False))
    assert told == []
    for number in range(9):
        record.tell(str(number))
    asyncio.run(follow_alerts(record, 3, lambda document: told.append(document["text"]), follow=False))
    assert told == ["6", "7", "8"]
