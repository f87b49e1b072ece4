"""Turns at a host: one request in flight, a pause between two, nobody forgotten and nothing remembered for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import pairwise

import pytest

from monitor.errors import FetchError
from monitor.net import HttpClient, Limits, PoliteFetcher
from monitor.net.client import Turn
from monitor.ports import Fetched
from tests.fakes import FakeClock
from tests.receiver import Habit, Receiver, Reply


class Servers:
    """Answers after ``takes`` seconds of the fake clock; ``log`` lists (host, beginning, end)."""

    def __init__(self, clock: FakeClock, takes: float = 1.0) -> None:
        self.clock = clock
        self.takes = takes
        self.log: list[tuple[str, float, float]] = []
        self.flying: dict[str, int] = {}
        self.fails = False

    async def get(self, url: str, headers: Mapping[str, str], *, turn: Turn) -> Fetched:
        host = url.split("/")[2]
        async with turn(host):
            self.flying[host] = self.flying.get(host, 0) + 1
            assert self.flying[host] == 1
            began = self.clock.monotonic()
            for _ in range(3):
                await asyncio.sleep(0)
            self.clock.advance(self.takes)
            self.flying[host] -= 1
            self.log.append((host, began, self.clock.monotonic()))
            if self.fails:
                raise FetchError("down")
        return Fetched(200, url, {}, b"", complete=True)


class House:
    def __init__(self, *, spacing: float = 1.0, random: float = 0.0) -> None:
        self.clock = FakeClock()
        self.servers = Servers(self.clock)
        self.slept: list[float] = []
        self.polite = PoliteFetcher(self.servers, self.clock, spacing=spacing, random=lambda: random, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self.clock.advance(seconds)

    def gaps(self, host: str) -> list[float]:
        visits = [(began, ended) for its, began, ended in self.servers.log if its == host]
        return [began - ended for (_, ended), (began, _) in pairwise(visits)]


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await work()

    asyncio.run(main())


@pytest.mark.parametrize(("random", "pause"), [(0.0, 2.0), (0.5, 2.2), (0.999999, 2.4)])
def test_the_pause_is_never_shorter_than_asked_for(random: float, pause: float) -> None:
    house = House(spacing=2.0, random=random)

    async def work() -> None:
        await asyncio.gather(*(house.polite.get("http://a.example/", {}) for _ in range(3)))

    run(work)
    assert house.gaps("a.example") == pytest.approx([pause, pause], abs=0.001)


def test_hosts_do_not_wait_for_each_other_and_each_keeps_its_order() -> None:
    house = House(spacing=0.0)

    async def work() -> None:
        await asyncio.gather(*(house.polite.get(f"http://{host}.example/{n}", {}) for n in range(3) for host in "abc"))

    run(work)
    assert len(house.servers.log) == 9
    assert house.slept == []


def test_a_failure_pauses_like_an_answer_and_the_next_has_its_turn() -> None:
    house = House(spacing=5.0)
    house.servers.fails = True

    async def work() -> None:
        found = await asyncio.gather(*(house.polite.get("http://a.example/", {}) for _ in range(2)), return_exceptions=True)
        assert [type(each) for each in found] == [FetchError, FetchError]

    run(work)
    assert house.gaps("a.example") == [5.0]


def test_who_gives_up_waiting_leaves_the_line() -> None:
    house = House()

    async def work() -> None:
        first, second, third = (asyncio.create_task(house.polite.get(f"http://a.example/{n}", {})) for n in range(3))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(first, third)
        assert second.cancelled() or await asyncio.gather(second, return_exceptions=True)

    run(work)
    assert len(house.servers.log) == 2


def test_hosts_are_forgotten_when_their_pause_has_passed() -> None:
    house = House(spacing=1.0)

    async def work() -> None:
        for n in range(1000):
            await house.polite.get(f"http://h{n}.example/", {})
            assert house.polite.hosts <= 3
        house.clock.advance(10)
        await house.polite.get("http://last.example/", {})
        assert house.polite.hosts == 1

    run(work)


# --------------------------------------------------------------------------------- with the real client
async def no_sleep(seconds: float) -> None:
    return None


def test_every_hop_of_a_redirect_takes_its_turn_at_the_host_it_leads_to() -> None:
    async def main() -> None:
        async with Receiver() as first, Receiver() as second:
            client = HttpClient(allow_private=[f"127.0.0.1:{server.port}" for server in (first, second)])
            polite = PoliteFetcher(client, FakeClock(), spacing=1.0, random=lambda: 0.0, sleep=no_sleep)
            first.script = [Reply(302, {"Location": second.url}), Reply(302, {"Location": "/again"}), Reply(200)]
            second.script = [Reply(302, {"Location": first.url}), Reply(200)]
            async with polite.turn(f"127.0.0.1:{second.port}"):
                waiting = asyncio.create_task(polite.get(first.url, {}))
                while not first.requests:
                    await asyncio.sleep(0.001)
                await asyncio.sleep(0.02)
                assert second.requests == [], "somebody else has the turn there"
            assert (await waiting).status == 200
            assert [len(first.requests), len(second.requests)] == [3, 1]
            await client.close()

    asyncio.run(main())


def test_waiting_for_a_turn_is_not_held_against_the_deadline() -> None:
    async def main() -> None:
        async with Receiver() as server:
            client = HttpClient(allow_private=[f"127.0.0.1:{server.port}"], limits=Limits(fetch_seconds=0.15))
            polite = PoliteFetcher(client, FakeClock(), spacing=0.0, random=lambda: 0.0, sleep=no_sleep)
            server.script = [Reply(habit=Habit.HANG), Reply(habit=Habit.HANG), Reply(200)]
            found = await asyncio.gather(*(polite.get(server.url, {}) for _ in range(3)), return_exceptions=True)
            assert [str(each) for each in found[:2]] == ["no complete answer within 0.15 s"] * 2
            assert isinstance(found[2], Fetched)
            assert found[2].status == 200
            await client.close()

    asyncio.run(main())
