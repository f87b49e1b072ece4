"""The feed source over real HTTP: conditional requests, refusals, half bodies."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
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


# ----------------------------------------------------------------------------- what a feed asks of its readers
class Answers:
    """A fetcher that answers from a list and notes what it was asked."""

    def __init__(self, *answers: Fetched) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    async def get(self, url: str, headers: Mapping[str, str]) -> Fetched:
        self.asked.append((url, dict(headers)))
        return self.answers.pop(0)


def answer(status: int = 200, body: bytes = BODY, *, complete: bool = True, moved: str = "", **headers: str) -> Fetched:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fetched(status, "http://x.example/", named, body, complete, moved)


class Sliced(FakeWorkers):
    """Reads a feed in stretches, as a worker reads a long one; the newest items come first."""

    def __init__(self, *stretches: FeedRead) -> None:
        super().__init__()
        self.stretches = stretches
        self.skips: list[int] = []
        self.given: list[bytes] = []

    async def parse_feed(self, spec: SourceSpec, fetched: Fetched, *, known: bytes = b"", skip: int = 0) -> FeedRead:
        self.skips.append(skip)
        self.given.append(known)
        return self.stretches[len(self.skips) - 1]


SPEC = SourceSpec("f", SourceKind.FEED, "http://x.example/feed", 900)
FRESH = SourceState("f", START)


def poll(source: FeedSource, state: SourceState = FRESH) -> PollResult:
    return asyncio.run(source.poll(state, START))


def after(state: SourceState, result: PollResult) -> SourceState:
    return replace(state, validators=result.validators, known=result.known or state.known)


def test_what_a_feed_says_of_its_times_outlasts_answers_that_repeat_none_of_it() -> None:
    workers = FakeWorkers()
    workers.feed = FeedRead((DOCUMENT,), b"12345678", 1, ttl=7200.0, skip_hours=frozenset({13}), skip_days=frozenset({6}))
    fetcher = Answers(answer(etag='"1"'), answer(304), answer(etag='"2"'), answer(304, cache_control="max-age=10000"))
    source = FeedSource(SPEC, fetcher, workers)
    state = FRESH
    wishes = []
    for _ in range(4):
        result = poll(source, state)
        assert {13, 24 + 13, 6 * 24} <= result.closed
        wishes.append(result.wish)
        state = after(state, result)
    assert wishes == [7200.0, 7200.0, 7200.0, 10_000.0]
    assert len(workers.parsed) == 1, "the same bytes are read once"
    # Another body says nothing of them.
    workers.feed = FeedRead((DOCUMENT,), b"12345678", 1)
    fetcher.answers = [answer(body=b"<rss/>", etag='"3"'), answer(304)]
    result = poll(source, state)
    assert (result.wish, result.closed) == (None, frozenset())
    assert poll(source, after(state, result)).wish is None


def test_headers_of_not_modified_change_nothing_but_the_wish() -> None:
    source = FeedSource(SPEC, Answers(answer(304, etag='"other"', last_modified="x", cache_control="max-age=60")), FakeWorkers())
    result = poll(source, replace(FRESH, validators={"etag": '"mine"'}))
    assert (dict(result.validators), result.wish, result.unchanged) == ({"etag": '"mine"'}, 60.0, True)


def test_a_long_feed_is_read_in_stretches_oldest_first() -> None:
    one, two, three, four = (Document("f", str(n), "x") for n in range(4))
    workers = Sliced(
        FeedRead((three, four), b"k" * 8, 4, rest=2, items_read=2, notes=("note",)),
        FeedRead((two,), b"k" * 8, 4, rest=1, items_read=3, notes=("note",)),
        FeedRead((one,), b"k" * 8, 4, rest=0, items_read=4),
    )
    result = poll(FeedSource(SPEC, Answers(answer()), workers), replace(FRESH, known=b"known!!!"))
    assert result.documents == (one, two, three, four)
    assert (workers.skips, set(workers.given)) == ([0, 2, 3], {b"known!!!"})
    assert (result.items, result.known, result.notes) == (4, b"k" * 8, ("note",))


def test_a_reader_that_does_not_advance_is_not_asked_for_ever() -> None:
    workers = Sliced(FeedRead((DOCUMENT,), b"", 4, rest=3, items_read=0))
    assert poll(FeedSource(SPEC, Answers(answer()), workers)).documents == (DOCUMENT,)


def test_half_a_body_brings_neither_digests_nor_validators_and_its_wish_holds() -> None:
    workers = FakeWorkers()
    workers.feed = FeedRead((DOCUMENT,), b"12345678", 9)
    result = poll(FeedSource(SPEC, Answers(answer(complete=False, cache_control="max-age=60")), workers))
    assert (result.complete, result.known, dict(result.validators), result.wish) == (False, None, {}, 60.0)


@pytest.mark.parametrize("died", [False, True])
def test_a_body_that_cannot_be_read_is_told_from_an_answer_that_is_none(*, died: bool) -> None:
    workers = FakeWorkers()
    workers.feed = FetchError("no feed", died=died)
    with pytest.raises(FetchError) as caught:
        poll(FeedSource(SPEC, Answers(answer(cache_control="max-age=7200")), workers))
    assert (caught.value.unread, caught.value.died, caught.value.retry_after) == (True, died, 7200.0)
    with pytest.raises(FetchError) as caught:
        poll(FeedSource(SPEC, Answers(answer(503)), workers))
    assert not caught.value.unread


def test_a_failure_does_not_forget_the_hours_a_feed_has_closed() -> None:
    kept = {"etag": '"1"', "skip-hours": "13,14"}
    with pytest.raises(FetchError) as caught:
        poll(FeedSource(SPEC, Answers(answer(503)), FakeWorkers()), replace(FRESH, validators=kept))
    assert {13, 14, 37} <= caught.value.closed


def test_fault_31_the_learnt_address_is_asked_and_a_password_is_never_given_up_for_one() -> None:
    fetcher = Answers(answer(304, moved="https://new.example/"), answer(304, moved="https://new.example/"))
    state = replace(FRESH, validators={"etag": '"1"'}, address="https://learnt.example/feed")
    assert poll(FeedSource(SPEC, fetcher, FakeWorkers()), state).moved == "https://new.example/"
    assert fetcher.asked[0][0] == "https://learnt.example/feed"
    private = replace(SPEC, location="https://reader:secret@x.example/feed")
    assert poll(FeedSource(private, fetcher, FakeWorkers()), replace(state, address="")).moved == ""


def test_a_large_body_is_hashed_all_the_same() -> None:
    fetched = answer(body=b"x" * 1_100_000)
    assert asyncio.run(validators_of(fetched)) == {"body": hashlib.sha256(fetched.body).hexdigest()}
