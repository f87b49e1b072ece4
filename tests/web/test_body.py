"""Bodies under limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import Request
from starlette.types import Message

from monitor.web.body import TooLarge, TooSlow, read_body


def request(receive: Callable[[], Awaitable[Message]], **headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": named}, receive)


def test_one_that_does_not_come_is_given_up() -> None:
    parts = [b"x"]

    async def drip() -> Message:
        if not parts:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": parts.pop(), "more_body": True}

    with pytest.raises(TooSlow):
        asyncio.run(read_body(request(drip), 100, 0.05))


def test_one_whose_sender_goes_away_is_given_up() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(TooSlow):
        asyncio.run(read_body(request(gone), 100, 5.0))


@pytest.mark.parametrize("length", ["101", "9" * 4000])
def test_one_that_says_it_is_too_large_is_not_waited_for(length: str) -> None:
    async def never() -> Message:
        raise AssertionError

    with pytest.raises(TooLarge):
        asyncio.run(read_body(request(never, content_length=length), 100, 5.0))


def test_what_fits_is_whole() -> None:
    parts = [b"a" * 60, b"b" * 40]

    async def sent() -> Message:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    assert asyncio.run(read_body(request(sent), 100, 5.0)) == b"a" * 60 + b"b" * 40
