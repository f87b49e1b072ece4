"""What answers over HTTP, over a real socket."""

from __future__ import annotations

import asyncio
import signal

import aiohttp
import pytest

from monitor.errors import ConfigError, ExitStatus
from monitor.metrics import PrometheusMeter
from monitor.web import Health, Server, bind, create_app
from monitor.web.server import CONNECTIONS, Protocol


async def answers(health: Health, *paths: str, headers: dict[str, str] | None = None) -> list[tuple[int, str, str]]:
    meter = PrometheusMeter()
    meter.count("polls_total", source="a", outcome="read")
    server = Server(create_app(health=lambda: health, metrics=meter.page), bind("127.0.0.1", 0))
    server.start()
    try:
        async with aiohttp.ClientSession(headers=headers) as client:
            found = []
            for path in paths:
                async with client.get(server.address + path) as answer:
                    found.append((answer.status, answer.headers["content-type"], await answer.text()))
            return found
    finally:
        await server.stop()


def test_health_is_200_or_503() -> None:
    well = asyncio.run(answers(Health(True, {"status": "ok"}), "/healthz"))
    assert well == [(200, "application/json", '{"status":"ok"}')]
    failing = asyncio.run(answers(Health(False, {"status": "failing"}), "/healthz"))
    assert failing[0][0] == 503


def test_metrics_come_in_the_format_that_was_asked_for() -> None:
    ((status, kind, page),) = asyncio.run(answers(Health(True, {}), "/metrics"))
    assert status == 200
    assert kind.startswith("text/plain; version=0.0.4")
    assert 'monitor_polls_total{outcome="read",source="a"} 1.0' in page
    ((_, kind, page),) = asyncio.run(answers(Health(True, {}), "/metrics", headers={"Accept": "application/openmetrics-text"}))
    assert kind.startswith("application/openmetrics-text")
    assert page.endswith("# EOF\n")


def test_nothing_else_is_there() -> None:
    found = asyncio.run(answers(Health(True, {}), "/", "/docs", "/openapi.json", "/../etc/passwd"))
    assert [status for status, _, _ in found] == [404] * 4


def test_the_server_leaves_signals_alone() -> None:
    async def main() -> None:
        before = signal.getsignal(signal.SIGTERM)
        server = Server(create_app(health=lambda: Health(True, {}), metrics=PrometheusMeter().page), bind("127.0.0.1", 0))
        server.start()
        async with aiohttp.ClientSession() as client, client.get(server.address + "/healthz"):
            assert signal.getsignal(signal.SIGTERM) is before
        await server.stop()

    asyncio.run(main())


def test_an_address_that_cannot_be_had_is_a_configuration_error() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match="another program listens there") as caught:
            bind("127.0.0.1", port)
    assert caught.value.exit_status is ExitStatus.WRONG_USE
    with pytest.raises(ConfigError, match="cannot be used"):
        bind("203.0.113.7", 8080)
    with pytest.raises(ConfigError, match="no address of this machine"):
        bind("no.such.host.invalid", 8080)


class Hasty(Protocol):
    asked_within = 0.05


def test_who_asks_nothing_takes_nobodys_place() -> None:
    """More connections than there are places, none of which ever ends its head."""

    async def main() -> None:
        server = Server(create_app(health=lambda: Health(True, {}), metrics=PrometheusMeter().page), bind("127.0.0.1", 0), protocol=Hasty)
        server.start()
        host, port = server.address.removeprefix("http://").split(":")
        idle = [await asyncio.open_connection(host, int(port)) for _ in range(CONNECTIONS + 5)]
        for number, (_, writer) in enumerate(idle):
            if number % 2:
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: here\r\n")
        assert [await reader.read() for reader, _ in idle] == [b""] * len(idle)
        async with aiohttp.ClientSession() as client, client.get(server.address + "/healthz") as answer:
            assert answer.status == 200
        for _, writer in idle:
            writer.close()
        await server.stop()

    asyncio.run(main())


def test_who_is_being_answered_is_not_hung_up_on() -> None:
    async def main() -> None:
        app = create_app(health=lambda: Health(True, {}), metrics=PrometheusMeter().page)

        @app.get("/slow")
        async def slow() -> str:
            await asyncio.sleep(0.3)
            return "at last"

        server = Server(app, bind("127.0.0.1", 0), protocol=Hasty)
        server.start()
        async with aiohttp.ClientSession() as client, client.get(server.address + "/slow") as answer:
            assert await answer.json() == "at last"
        await server.stop()

    asyncio.run(main())
