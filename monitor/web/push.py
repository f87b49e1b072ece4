"""``POST /v1/articles``: documents that others hand in, for the pushed source that their token names.

    200  taken and committed: received, new, changed, unchanged, sighted, alerts
    400  what is no article, each with its index; nothing of the body is taken
    401  no token, or one that names no source      403  not from this machine, or from a web page
    408  the body came too slowly                   413  the body is too large
    415  neither JSON nor JSON Lines                429  too many at a time
    503  not now: starting, stopping, paused, the record or the workers fail; the same body may be sent again

Only this machine may push, whatever address the server listens on, and nothing is taken of what comes through a proxy or
from a browser. What becomes of articles is the door's business; this module knows headers, sizes and statuses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from monitor.errors import DocumentError, MonitorError, UsageError
from monitor.model import JsonObject
from monitor.ports import PushDoor, PushReport
from monitor.web.body import TooLarge, TooSlow, read_body

PATH: Final = "/v1/articles"
#: Pushes under way at a time; each holds its body in memory.
AT_A_TIME: Final = 4
#: Seconds in which a body must have come.
DEADLINE: Final = 20.0
#: What a sender is told to wait (seconds).
SOON: Final = 1
LATER: Final = 10
#: Faults told of one body.
SHOWN: Final = 100
#: True: JSON Lines.
_TYPES: Final = {"application/json": False, "application/x-ndjson": True, "application/jsonl": True}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Push:
    """``most`` bytes are taken at once; ``taking`` is False until everything runs, and from the first signal to stop."""

    door: PushDoor
    most: int
    taking: Callable[[], bool]


class _Refused(Exception):
    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


def add_push(app: FastAPI, push: Push) -> None:
    under_way = 0

    @app.post(PATH)
    async def articles(request: Request) -> Response:
        nonlocal under_way
        try:
            source, lines = _admitted(request, push)
            if under_way >= AT_A_TIME:
                raise _Refused(429, f"more than {AT_A_TIME} pushes at a time", **{"Retry-After": str(SOON)})
            under_way += 1
            try:
                body = await _body(request, push.most)
                return _answer(await _pushed(push, source, body, lines=lines))
            finally:
                under_way -= 1
        except _Refused as refused:
            return _json({"error": refused.message}, refused.status, refused.headers)


def _admitted(request: Request, push: Push) -> tuple[str, bool]:
    """The source, and whether its articles come as JSON Lines; raises _Refused."""
    _from_here(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    source = push.door.source_of(token.strip()) if scheme.lower() == "bearer" and token.strip() else None
    if source is None:
        raise _Refused(401, "the token names no pushed source: Authorization: Bearer TOKEN", **{"WWW-Authenticate": "Bearer"})
    if not push.taking():
        raise _Refused(503, "the daemon is starting or stopping", **{"Retry-After": str(LATER)})
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise _Refused(415, f"Content-Type is one of {', '.join(_TYPES)}")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _Refused(415, "the body must not be compressed")
    return source, _TYPES[kind]


def _from_here(request: Request) -> None:
    client = request.client.host if request.client else ""
    if not _loopback(client):
        raise _Refused(403, "articles are taken from this machine only")
    if "origin" in request.headers:
        raise _Refused(403, "articles are not taken from web pages")
    if "forwarded" in request.headers or "x-forwarded-for" in request.headers:
        raise _Refused(403, "articles are not taken through a proxy")


def _loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


async def _body(request: Request, most: int) -> bytes:
    try:
        return await read_body(request, most, DEADLINE)
    except TooLarge:
        # What is still coming is not read: the connection ends.
        raise _Refused(413, f"the body is larger than {most:,} bytes: send it in parts", Connection="close") from None
    except TooSlow:
        raise _Refused(408, f"the body did not come within {DEADLINE:g} s", Connection="close") from None


async def _pushed(push: Push, source: str, body: bytes, *, lines: bool) -> PushReport:
    try:
        return await push.door.push(source, body, lines=lines)
    except (UsageError, DocumentError) as error:
        raise _Refused(400, _said(error)) from None
    except MonitorError as error:
        log.warning("push_refused", source=source, error=error.message)
        raise _Refused(503, error.message, **{"Retry-After": str(LATER)}) from None
    except Exception:  # a fault of ours: said in the log; whoever pushes keeps what was not taken
        log.exception("push_failed", source=source)
        raise _Refused(503, "the daemon failed at this; its log says why", **{"Retry-After": str(LATER)}) from None


def _said(error: MonitorError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _answer(report: PushReport) -> Response:
    if not report.faults:
        counts = {name: count for name, count in asdict(report).items() if name != "faults"}
        return _json(counts, 200, {})
    count = len(report.faults)
    message = f"{count} of {report.received} articles cannot be taken, so none was"
    faults = [asdict(fault) for fault in report.faults[:SHOWN]]
    return _json({"error": message, "articles": faults}, 400, {})


def _json(document: JsonObject, status: int, headers: dict[str, str]) -> Response:
    return JSONResponse(document, status_code=status, headers={"Cache-Control": "no-store", **headers})
