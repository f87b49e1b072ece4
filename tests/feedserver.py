"""A feed server that keeps score of our manners: real HTTP on loopback, every request recorded and judged.

In a coroutine::

    async with FeedServer(clock) as server:
        feed = server.feed("/news", items=20, max_age=600)
        ...                                   # poll server.url("/news")
        server.publish("/news", 2)
        assert server.score() == Score()

``ThreadedFeedServer`` is the same on a thread of its own, beside a daemon in another process. Each feed is as polite or as
odd as its keywords say; what it asked for is what its requests are held against.
"""

from __future__ import annotations

import asyncio
import gzip as gzipping
import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

from aiohttp import web

from monitor.ports import Clock

#: What we say we honour of max-age, Expires and ttl, and of Retry-After (seconds): docs/sources.md.
LONGEST_WISH = 6 * 3600.0
LONGEST_RETRY = 24 * 3600.0
CONTACT = "ops@example.org"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. Gaps in seconds, from the end of the answer before to the beginning of this request; None for the first."""

    at: datetime
    path: str
    conditional: bool
    if_none_match: str
    if_modified_since: str
    agent: str
    status: int
    gap_to_previous_of_path: float | None
    gap_of_host: float | None
    overlapping: bool


@dataclass(frozen=True, slots=True)
class Score:
    """All zeros for perfect manners; ``requests``, ``answers`` and ``peak_per_second`` are figures, not faults."""

    unconditional_after_first: int = 0
    wrong_validators: int = 0
    early: int = 0
    overlapping: int = 0
    too_close: int = 0
    after_410: int = 0
    without_contact: int = 0
    peak_per_second: int = field(default=0, compare=False)
    requests: int = field(default=0, compare=False)
    answers: Mapping[int, int] = field(default_factory=dict, compare=False)


@dataclass(slots=True)
class Feed:
    """``etag`` and ``modified``: True for sound ones that change with the items, False for none, a text for that very text.
    Durations in seconds; ``ttl`` in minutes, as feeds write it. ``half`` sends half of the body, ``rubbish`` something else."""

    path: str
    items: list[int]
    etag: bool | str = True
    modified: bool | str = True
    max_age: float | None = None
    expires: float | None = None
    ttl: int | None = None
    skip_hours: Collection[int] = ()
    retry_after: float | None = None
    moved_to: str = ""
    moved_with: int = 301
    status: int = 200
    charset: str = "utf-8"
    gzip: bool = True
    half: bool = False
    rubbish: bool = False
    fails: list[tuple[int, float | None]] = field(default_factory=list)  # (status, Retry-After) of the next requests
    # -- what has happened
    version: int = 1
    changed: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    given: tuple[str, str] | None = None  # the validators of the last body that could be read
    not_before: float | None = None  # monotonic: a clock that is set changes no wish
    last_end: float | None = None  # monotonic
    gone: bool = False

    def validators(self) -> tuple[str, str]:
        etag = self.etag if isinstance(self.etag, str) else f'"{self.path.strip("/")}-{self.version}"' if self.etag else ""
        modified = self.modified if isinstance(self.modified, str) else format_datetime(self.changed, usegmt=True) if self.modified else ""
        return etag, modified

    def body(self) -> bytes:
        if self.rubbish:
            return f"<html><body>not a feed, version {self.version}</body></html>".encode()
        hints = "" if self.ttl is None else f"<ttl>{self.ttl}</ttl>"
        if self.skip_hours:
            hints += "<skipHours>" + "".join(f"<hour>{hour}</hour>" for hour in sorted(self.skip_hours)) + "</skipHours>"
        items = "".join(self._item(n) for n in reversed(self.items))
        text = (
            f'<?xml version="1.0" encoding="{self.charset}"?><rss version="2.0"><channel><title>{escape(self.path)}</title>'
            f"<link>http://news.example{self.path}</link>{hints}{items}</channel></rss>"
        )
        return text.encode(self.charset, "xmlcharrefreplace")

    def _item(self, n: int) -> str:
        return (
            f"<item><guid isPermaLink='false'>{self.path}#{n}</guid><link>http://news.example{self.path}/{n}</link>"
            f"<title>خبر رقم {n} من {escape(self.path)}</title>"
            f"<description>A rocket rose, said witness {n} of {escape(self.path)}.</description></item>"
        )


class FeedServer:
    """``clock`` tells the time that requests are held against; ``spacing`` is the pause asked for between two requests
    (seconds), 0 for none. ``allowance`` forgives so many seconds of earliness (a real clock's own grain)."""

    def __init__(self, clock: Clock, *, spacing: float = 0.0, allowance: float = 0.0) -> None:
        self.asked: list[Asked] = []
        self.hold = 0.0005  # real seconds that each answer takes
        self.port = 0
        self.feeds: dict[str, Feed] = {}
        self._clock = clock
        self._spacing = spacing
        self._allowance = allowance
        self.faults: list[tuple[str, str]] = []  # (fault, path), as they came
        self._in_flight = 0
        self._last_end: float | None = None
        self._runner: web.AppRunner | None = None

    # ---------------------------------------------------------------------------------------- what it serves
    def feed(self, path: str, *, items: int = 10, **habits: object) -> Feed:
        feed = Feed(path, list(range(items)), **habits)  # type: ignore[arg-type]
        feed.changed = self._clock.now()
        self.feeds[path] = feed
        return feed

    def publish(self, path: str, n: int = 1) -> None:
        feed = self.feeds[path]
        first = max(feed.items, default=-1) + 1
        feed.items = (feed.items + list(range(first, first + n)))[-30:]
        feed.version += 1
        feed.changed = self._clock.now()

    def fail(self, path: str, status: int, times: int = 1, *, retry_after: float | None = None) -> None:
        self.feeds[path].fails += [(status, retry_after)] * times

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    # ------------------------------------------------------------------------------------------- the score
    def score(self) -> Score:
        seconds = Counter(int(asked.at.timestamp()) for asked in self.asked)
        return Score(
            **Counter(fault for fault, _ in self.faults),
            peak_per_second=max(seconds.values(), default=0),
            requests=len(self.asked),
            answers=dict(sorted(Counter(asked.status for asked in self.asked).items())),
        )

    # ------------------------------------------------------------------------------------------ its life
    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    # ------------------------------------------------------------------------------------------ requests
    async def _handle(self, request: web.Request) -> web.StreamResponse:
        overlapping = self._in_flight > 0
        self._in_flight += 1
        try:
            await asyncio.sleep(self.hold)  # two that come together are seen together
            return self._answer(request, overlapping)
        finally:
            self._in_flight -= 1
            self._last_end = self._clock.monotonic()
            feed = self.feeds.get(request.path)
            if feed is not None:
                feed.last_end = self._last_end

    def _answer(self, request: web.Request, overlapping: bool) -> web.Response:
        feed = self.feeds.get(request.path)
        response = web.Response(status=404) if feed is None else self._of(feed, request)
        now, started = self._clock.now(), self._clock.monotonic()
        asked = Asked(
            at=now,
            path=request.path,
            conditional="If-None-Match" in request.headers or "If-Modified-Since" in request.headers,
            if_none_match=request.headers.get("If-None-Match", ""),
            if_modified_since=request.headers.get("If-Modified-Since", ""),
            agent=request.headers.get("User-Agent", ""),
            status=response.status,
            gap_to_previous_of_path=None if feed is None or feed.last_end is None else started - feed.last_end,
            gap_of_host=None if self._last_end is None else started - self._last_end,
            overlapping=overlapping,
        )
        self.asked.append(asked)
        self._judge(asked)
        return response

    def _judge(self, asked: Asked) -> None:
        self._note("overlapping", asked.path, when=asked.overlapping)
        self._note("without_contact", asked.path, when=CONTACT not in asked.agent)
        self._note("too_close", asked.path, when=asked.gap_of_host is not None and asked.gap_of_host < self._spacing - 1e-6)

    def _note(self, fault: str, path: str, *, when: bool) -> None:
        if when:
            self.faults.append((fault, f"{path} at {self._clock.now():%d %H:%M:%S}"))

    def _of(self, feed: Feed, request: web.Request) -> web.Response:
        now, moment = self._clock.now(), self._clock.monotonic()
        self._note("after_410", feed.path, when=feed.gone)
        too_soon = feed.not_before is not None and moment < feed.not_before - self._allowance - 1e-3  # sums of floats
        self._note("early", feed.path, when=too_soon or (feed.given is not None and now.hour in feed.skip_hours))
        sent = (request.headers.get("If-None-Match", ""), request.headers.get("If-Modified-Since", ""))
        if feed.given is not None and any(feed.given):
            self._note("unconditional_after_first", feed.path, when=not any(sent))
            self._note("wrong_validators", feed.path, when=any(sent) and sent != feed.given)
        if feed.moved_to:
            return web.Response(status=feed.moved_with, headers={"Location": feed.moved_to})
        status, retry_after = feed.fails.pop(0) if feed.fails else (feed.status, feed.retry_after)
        if status != 200:
            feed.gone = feed.gone or status == 410
            feed.not_before = None if retry_after is None else moment + min(retry_after, LONGEST_RETRY)
            return web.Response(status=status, headers=_retry(retry_after))
        return self._content(feed, sent, now)

    def _content(self, feed: Feed, sent: tuple[str, str], now: datetime) -> web.Response:
        etag, modified = feed.validators()
        headers = {"ETag": etag} if etag else {}
        if modified:
            headers["Last-Modified"] = modified
        headers |= self._freshness(feed, now) | _retry(feed.retry_after)
        feed.not_before = self._wish(feed)
        if any(sent) and sent == feed.given and feed.given[1] == modified and feed.given[0] in ("", etag):
            return web.Response(status=304, headers=headers)
        body = feed.body()
        headers["Content-Type"] = f"application/rss+xml; charset={feed.charset}"
        if feed.gzip:
            headers["Content-Encoding"] = "gzip"
            body = gzipping.compress(body, mtime=0)
        if feed.half:
            # An honest length of a file that ends early: what a broken proxy serves.
            return web.Response(headers=headers, body=body[: len(body) // 2])
        if not feed.rubbish:
            # What cannot stand in a request is not sent back: bytes that are not ASCII, or thousands of them.
            feed.given = (etag if etag.isascii() and len(etag) <= 2_000 else "", modified)
        return web.Response(headers=headers, body=body)

    def _freshness(self, feed: Feed, now: datetime) -> dict[str, str]:
        headers = {"Date": format_datetime(now.astimezone(UTC), usegmt=True)}
        if feed.max_age is not None:
            headers["Cache-Control"] = f"public, max-age={feed.max_age:.0f}"
        if feed.expires is not None:
            headers["Expires"] = format_datetime((now + timedelta(seconds=feed.expires)).astimezone(UTC), usegmt=True)
        return headers

    def _wish(self, feed: Feed) -> float | None:
        """Until when it asks to be left alone; max-age stands above Expires, as HTTP has it."""
        cached = feed.max_age if feed.max_age is not None else feed.expires
        asked = [min(seconds, LONGEST_WISH) for seconds in (cached, feed.ttl and feed.ttl * 60) if seconds]
        if feed.retry_after:
            asked.append(min(feed.retry_after, LONGEST_RETRY))
        # Headers speak in whole seconds.
        return self._clock.monotonic() + max(asked) - 1 if asked else None


def _retry(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": f"{seconds:.0f}"}


class ThreadedFeedServer(FeedServer):
    """The same on a thread of its own, for tests that are not coroutines."""

    def __init__(self, clock: Clock, *, spacing: float = 0.0, allowance: float = 0.0) -> None:
        super().__init__(clock, spacing=spacing, allowance=allowance)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="feeds", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.start(), self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
