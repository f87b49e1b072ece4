"""POST /v1/articles over a real socket: every status, and that nothing is taken with any but 200."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from fastapi import FastAPI
from starlette.types import Message

from monitor.errors import DocumentError, MonitorError, StorageFull, UsageError
from monitor.metrics import PrometheusMeter
from monitor.ports import PushFault, PushReport
from monitor.web import Health, Push, Server, bind, create_app
from monitor.web.push import AT_A_TIME, PATH

TOKEN = "token-of-the-wire"
GOOD: Mapping[str, str] = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


class Door:
    """Answers with what it is given; ``holding`` keeps pushes under way."""

    def __init__(self, answer: PushReport | Exception | None = None) -> None:
        self.answer = answer or PushReport(received=2, new=1, unchanged=1, alerts=1)
        self.bodies: list[tuple[str, bytes, bool]] = []
        self.holding: asyncio.Event | None = None

    def source_of(self, token: str) -> str | None:
        return "wire" if token == TOKEN else None

    async def push(self, source: str, body: bytes, *, lines: bool, partial: bool = False) -> PushReport:
        assert not partial
        self.bodies.append((source, body, lines))
        if self.holding is not None:
            await self.holding.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def app_of(door: Door, *, most: int = 1000, taking: bool = True) -> FastAPI:
    return create_app(health=lambda: Health(True, {}), metrics=PrometheusMeter().page, push=Push(door, most, lambda: taking))


def posted(
    door: Door, body: Any = b"{}", headers: Mapping[str, str] = GOOD, *, most: int = 1000, taking: bool = True
) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    async def main() -> tuple[int, dict[str, Any], Mapping[str, str]]:
        server = Server(app_of(door, most=most, taking=taking), bind("127.0.0.1", 0))
        server.start()
        try:
            async with (
                aiohttp.ClientSession() as client,
                client.post(server.address + PATH, data=body, headers=headers, skip_auto_headers=["Content-Type"]) as answer,
            ):
                return answer.status, await answer.json(), dict(answer.headers)
        finally:
            await server.stop()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("kind", "lines"),
    [("application/json", False), ("application/json; charset=utf-8", False), ("application/x-ndjson", True), ("application/jsonl", True)],
)
def test_what_is_taken_is_counted(kind: str, lines: bool) -> None:
    door = Door()
    status, document, headers = posted(door, b'{"id": "a"}', {**GOOD, "Content-Type": kind})
    assert (status, document) == (200, {"received": 2, "new": 1, "changed": 0, "unchanged": 1, "sighted": 0, "alerts": 1})
    assert door.bodies == [("wire", b'{"id": "a"}', lines)]
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 401),
        ({**GOOD, "Authorization": "Bearer wrong"}, 401),
        ({**GOOD, "Authorization": f"Basic {TOKEN}"}, 401),
        ({**GOOD, "Authorization": "Bearer "}, 401),
        ({**GOOD, "Origin": "https://example.org"}, 403),
        ({**GOOD, "Origin": "null"}, 403),
        ({**GOOD, "X-Forwarded-For": "127.0.0.1"}, 403),
        ({**GOOD, "Forwarded": "for=127.0.0.1"}, 403),
        ({"Authorization": GOOD["Authorization"]}, 415),
        ({**GOOD, "Content-Type": "text/plain"}, 415),
        ({**GOOD, "Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({**GOOD, "Content-Encoding": "gzip"}, 415),
    ],
)
def test_who_may_not_push_hears_why_and_nothing_is_taken(headers: dict[str, str], status: int) -> None:
    door = Door()
    found, document, answered = posted(door, b"{}", headers)
    assert found == status
    assert document["error"]
    assert door.bodies == []
    assert ("WWW-Authenticate" in answered) is (status == 401)


def test_other_machines_are_refused_whatever_the_server_listens_on() -> None:
    """The socket of a test is always this machine's: so the app is asked directly."""

    async def status_of(client: str) -> int:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(name.lower().encode(), value.encode()) for name, value in GOOD.items()]
        scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": PATH,
            "raw_path": PATH.encode(),
            "query_string": b"",
            "headers": headers,
        }
        scope |= {"http_version": "1.1", "scheme": "http", "client": (client, 1), "server": ("127.0.0.1", 80), "asgi": {"version": "3.0"}}
        await app_of(Door())(scope, receive, send)
        return int(sent[0]["status"])

    hosts = [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "127.9.9.9",
        "10.0.0.1",
        "192.0.2.1",
        "::ffff:10.0.0.1",
        "2001:db8::1",
        "",
        "localhost.x",
    ]
    found = {host: asyncio.run(status_of(host)) for host in hosts}
    assert {host for host, status in found.items() if status == 200} == {"127.0.0.1", "::1", "::ffff:127.0.0.1", "127.9.9.9"}
    assert set(found.values()) == {200, 403}


def test_a_body_that_is_too_large_is_not_read() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    for body in (b"x" * 1001, chunks()):
        door = Door()
        status, document, _ = posted(door, body)
        assert status == 413
        assert "1,000 bytes" in document["error"]
        assert door.bodies == []
    assert posted(Door(), b"x" * 1000)[0] == 200


def test_a_fault_takes_nothing_and_names_every_article() -> None:
    status, document, _ = posted(Door(PushReport(received=5, faults=(PushFault(1, "id is missing"), PushFault(3, "text is not text")))))
    assert status == 400
    assert document == {
        "error": "2 of 5 articles cannot be taken, so none was",
        "articles": [{"index": 1, "message": "id is missing"}, {"index": 3, "message": "text is not text"}],
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DocumentError("this is not JSON", hint="look"), 400),
        (UsageError("no such source"), 400),
        (StorageFull("no space left"), 503),
        (MonitorError("source 'wire' is paused"), 503),
        (RuntimeError("a fault of ours"), 503),
    ],
)
def test_what_may_work_later_is_503_and_says_when(error: Exception, status: int) -> None:
    found, document, headers = posted(Door(error))
    assert found == status
    assert "ours" not in document["error"]
    assert ("Retry-After" in headers) is (status == 503)


def test_nothing_is_taken_before_everything_runs() -> None:
    door = Door()
    status, document, headers = posted(door, taking=False)
    assert (status, headers["Retry-After"], door.bodies) == (503, "10", [])
    assert "starting" in document["error"]


def test_a_few_pushes_at_a_time() -> None:
    async def main() -> list[int]:
        door = Door()
        door.holding = asyncio.Event()
        server = Server(app_of(door), bind("127.0.0.1", 0))
        server.start()

        async def push(client: aiohttp.ClientSession) -> int:
            async with client.post(server.address + PATH, data=b"{}", headers=GOOD) as answer:
                return answer.status

        try:
            async with aiohttp.ClientSession() as client:
                held = [asyncio.create_task(push(client)) for _ in range(AT_A_TIME)]
                while len(door.bodies) < AT_A_TIME:
                    await asyncio.sleep(0)
                over = await push(client)
                door.holding.set()
                return [*await asyncio.gather(*held), over, await push(client)]
        finally:
            await server.stop()

    assert asyncio.run(main()) == [200] * AT_A_TIME + [429, 200]


def test_without_a_door_there_is_no_page() -> None:
    async def main() -> int:
        server = Server(create_app(health=lambda: Health(True, {}), metrics=PrometheusMeter().page), bind("127.0.0.1", 0))
        server.start()
        try:
            async with aiohttp.ClientSession() as client, client.post(server.address + PATH, data=json.dumps({})) as answer:
                return answer.status
        finally:
            await server.stop()

    assert asyncio.run(main()) == 404
