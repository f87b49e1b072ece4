"""The feed source over real HTTP: conditional requests, refusals, half bodies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from monitor.errors import FetchError
from monitor.model import Document, PollResult, SourceKind, SourceSpec, SourceState
from monitor.net import HttpClient
from monitor.ports import FeedRead, Fetched
from monitor.sources.feed import FeedSource, validators_of
from tests.fakes import START, FakeWorkers
from tests.receiver import Receiver, Reply

BODY = b"<rss><channel><item><title>x</title></item></channel></rss>"
DOCUMENT = Document("f", "1", "x")


class Feed:
    """A feed on a loopback server, its source, and the state a record would keep."""

    def __init__(self, server: Receiver, client: HttpClient) -> None:
        self.server = server
        self.workers = FakeWorkers()
        self.workers.feed = FeedRead((DOCUMENT,), b"digest01", 1)
        self.source = FeedSource(SourceSpec("f", SourceKind.FEED, server.url, 900), client, self.workers)
        self.state = SourceState("f", START)

    async def poll(self, reply: Reply) -> PollResult:
        self.server.script = [reply]
        result = await self.source.poll(self.state, START)
        self.state = replace(self.state, validators=result.validators)
        return result

    def sent(self) -> dict[str, str]:
        """The conditional headers of the last request."""
        headers = self.server.requests[-1].headers
        return {name: headers[name] for name in ("if-none-match", "if-modified-since") if name in headers}


def with_feed(work: Callable[[Feed], Awaitable[None]]) -> None:
    async def run() -> None:
        async with Receiver() as server:
            client = HttpClient(contact="ops@example.org", allow_private=[f"127.0.0.1:{server.port}"])
            try:
                await work(Feed(server, client))
            finally:
                await client.close()

    asyncio.run(run())


def test_fault_33_validators_go_back_byte_for_byte_and_together() -> None:
    async def work(feed: Feed) -> None:
        modified = "Thu, 01 May 2025 10:00:00 GMT"
        first = await feed.poll(Reply(200, {"ETag": 'W/"a b--gzip"', "Last-Modified": modified}, BODY))
        assert first.documents == (DOCUMENT,)
        assert feed.sent() == {}
        second = await feed.poll(Reply(304))
        assert feed.sent() == {"if-none-match": 'W/"a b--gzip"', "if-modified-since": modified}
        assert second.unchanged
        assert len(feed.workers.parsed) == 1
        await feed.poll(Reply(200, {"ETag": '"new"'}, BODY + b"\n"))
        await feed.poll(Reply(304))
        assert feed.sent() == {"if-none-match": '"new"'}, "the date of the body before is not kept beside the new tag"

    with_feed(work)


def test_the_same_bytes_are_not_read_again() -> None:
    async def work(feed: Feed) -> None:
        await feed.poll(Reply(200, {}, BODY))
        again = await feed.poll(Reply(200, {"ETag": '"t"'}, BODY))
        assert again.unchanged
        assert len(feed.workers.parsed) == 1
        await feed.poll(Reply(304))
        assert feed.sent() == {"if-none-match": '"t"'}

    with_feed(work)


def test_fault_34_half_a_body_brings_its_items_but_no_validators() -> None:
    class Half:
        async def get(self, url: str, headers: object) -> Fetched:
            return Fetched(200, url, {"etag": '"half"'}, BODY, complete=False)

    workers = FakeWorkers()
    workers.feed = FeedRead((DOCUMENT,), b"digest01", 1)
    source = FeedSource(SourceSpec("f", SourceKind.FEED, "http://x.example/", 900), Half(), workers)
    before = SourceState("f", START, {"etag": '"old"'})
    result = asyncio.run(source.poll(before, START))
    assert (result.documents, result.complete, result.validators) == ((DOCUMENT,), False, {"etag": '"old"'})


def test_what_cannot_be_read_leaves_no_validators() -> None:
    async def work(feed: Feed) -> None:
        feed.workers.feed = FetchError("the answer is an HTML page, not a feed")
        with pytest.raises(FetchError, match="HTML page"):
            await feed.poll(Reply(200, {"ETag": '"page"'}, b"<html>"))
        assert feed.state.validators == {}

    with_feed(work)


@pytest.mark.parametrize(
    ("reply", "message", "wait"),
    [
        (Reply(404), "HTTP 404: there is no feed at this address", None),
        (Reply(410), "HTTP 410: the feed is gone for good: remove the source, or give it another address", None),
        (Reply(304), "HTTP 304: the server calls a feed unchanged that it was never asked about before", None),
        (Reply(429, {"Retry-After": "120"}), "HTTP 429: we were asked to poll less often", 120.0),
        (Reply(503, {"Retry-After": "soon"}), "HTTP 503: the server has a fault", None),
        (Reply(204), "HTTP 204: an answer that is no feed", None),
    ],
)
def test_refusals_say_what_they_mean(reply: Reply, message: str, wait: float | None) -> None:
    async def work(feed: Feed) -> None:
        with pytest.raises(FetchError) as caught:
            await feed.poll(reply)
        assert (caught.value.message, caught.value.status, caught.value.retry_after) == (message, reply.status, wait)

    with_feed(work)


def test_validators_that_cannot_be_sent_back_are_not_kept() -> None:
    fetched = Fetched(200, "http://x.example/", {"etag": '"a\r\nX: y"', "last-modified": "x" * 2_001}, BODY, complete=True)
    assert set(asyncio.run(validators_of(fetched))) == {"body"}
