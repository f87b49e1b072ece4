"""A request's body under a limit of bytes and one of time: nothing of a larger or slower one is kept."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request


class TooLarge(Exception):
    pass


class TooSlow(Exception):
    pass


async def read_body(request: Request, most: int, deadline: float) -> bytes:
    """At most ``most`` bytes within ``deadline`` seconds; raises TooLarge and TooSlow."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise TooLarge
    parts, size = [], 0
    try:
        async with asyncio.timeout(deadline):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise TooLarge
                parts.append(part)
    except TimeoutError:
        raise TooSlow from None
    except ClientDisconnect:
        raise TooSlow from None  # nobody is left to be answered
    return b"".join(parts)
