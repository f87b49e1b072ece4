"""Pages of teasers, over real HTTP on loopback: what is taken, what keeps its teaser, and whom we leave alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from monitor.model import Document, SourceKind, SourceSpec, Span
from monitor.net import HttpClient
from monitor.net.limits import Limits
from monitor.ports import Fetched, PageRead
from monitor.sources.pages import FAILED, READ, PageReader, is_teaser
from monitor.workers.inside import read_page_task
from tests.fakes import FakeClock, FakeWorkers
from tests.net.test_guard import LOCAL_FORMS
from tests.receiver import Habit, Receiver, Reply

SPEC = SourceSpec("wire", SourceKind.FEED, "http://127.0.0.1/feed", 900, full_text=True)
TITLE = "Ministry signs an agreement on deliveries of rockets"
TEASER = "The ministry has signed an agreement."
SENTENCES = [f"Paragraph {n} says that the ministry signed an agreement on deliveries of rockets, officials told us." for n in range(9)]
HTML = {"content-type": "text/html; charset=utf-8"}


def page_of(title: str = TITLE, paragraphs: list[str] = SENTENCES, head: str = "") -> bytes:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<!doctype html><html><head><title>{title} - The Wire</title>{head}</head><body><nav><a href='/'>Home</a></nav>"
        f"<main><article><h1>{title}</h1>{body}</article></main><footer>All rights reserved</footer></body></html>"
    ).encode()


class Readers(FakeWorkers):
    """Reads pages as a worker process does, in this one."""

    async def parse_page(self, spec: SourceSpec, fetched: Fetched, title: str) -> PageRead:
        return read_page_task(fetched, title)


class Site:
    def __init__(self, server: Receiver, client: HttpClient, clock: FakeClock) -> None:
        self.server = server
        self.clock = clock
        self.reader = PageReader(client, Readers(), clock, concurrency=1)

    def item(self, number: int = 1, *, title: str = TITLE, body: str = TEASER, url: str | None = None) -> Document:
        text = f"{title}\n\n{body}"
        address = self.server.url + f"/{number}" if url is None else url
        return Document("wire", str(number), text, Span(0, len(title)) if title else None, address)

    async def read(self, *replies: Reply, item: Document | None = None) -> Document:
        self.server.script = list(replies)
        (found,) = await self.reader.complete(SPEC, [item or self.item()])
        return found


def with_site(work: Callable[[Site], Awaitable[None]], *, limits: Limits | None = None) -> None:
    async def run() -> None:
        async with Receiver() as server:
            client = HttpClient(contact="ops@example.org", allow_private=[f"127.0.0.1:{server.port}"], limits=limits)
            try:
                await work(Site(server, client, FakeClock()))
            finally:
                await client.close()

    asyncio.run(run())


def test_the_article_of_the_page_under_the_title_of_the_feed() -> None:
    async def work(site: Site) -> None:
        found = await site.read(Reply(200, HTML, page_of()))
        assert found.title is not None
        assert found.text[found.title.start : found.title.end] == TITLE
        assert found.text == "\n\n".join([TITLE, *SENTENCES])
        assert READ in found.notes
        assert (found.key, found.url) == ("1", site.server.url + "/1")

    with_site(work)


def test_documents_keep_their_order_and_only_teasers_are_asked_for() -> None:
    async def work(site: Site) -> None:
        long = site.item(2, body=" ".join(SENTENCES))
        nowhere = site.item(3, url="")
        site.server.script = [Reply(200, HTML, page_of()), Reply(200, HTML, page_of())]
        found = await site.reader.complete(SPEC, [site.item(1), long, nowhere, site.item(4)])
        assert [document.key for document in found] == ["1", "2", "3", "4"]
        assert found[1:3] == [long, nowhere]
        assert sorted(request.path.rsplit("/", 1)[-1] for request in site.server.requests) == ["1", "4"]

    with_site(work)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(404, HTML, page_of()), id="not found"),
        pytest.param(Reply(200, {"content-type": "application/pdf"}, b"%PDF-1.7 " + page_of()), id="not html"),
        pytest.param(Reply(200, HTML, b""), id="empty"),
        pytest.param(Reply(200, HTML, b"<html><body><p>short</p></body></html>"), id="no article"),
        pytest.param(
            Reply(200, HTML, page_of("Sign in", ["Please sign in or make an account to go on to this page of ours. "] * 9)), id="login"
        ),
        pytest.param(Reply(200, HTML, page_of(paragraphs=["Signed."])), id="shorter than the teaser"),
        pytest.param(Reply(200, HTML, page_of() * 2000), id="larger than the limit"),
        pytest.param(Reply(habit=Habit.RESET), id="connection lost"),
        pytest.param(Reply(302, {"location": "http://127.0.0.1:1/inner"}), id="redirected inside"),
    ],
)
def test_else_the_teaser_stays_and_says_so(reply: Reply) -> None:
    async def work(site: Site) -> None:
        item = site.item()
        assert await site.read(*[reply] * 2, item=item) == replace(item, notes=(FAILED,))

    with_site(work, limits=Limits(body_out=300_000))


def test_fault_45_the_page_of_an_item_reaches_no_private_address() -> None:
    """The third way in: the links that a feed gives its items."""

    async def work(site: Site) -> None:
        inner = Receiver()
        async with inner:
            hosts = [*LOCAL_FORMS]
            items = [site.item(n, url=f"http://{host}:{inner.port}/inner") for n, host in enumerate(hosts)]
            found = await site.reader.complete(SPEC, items)
            assert [document.text for document in found] == [item.text for item in items]
            assert all(FAILED in document.notes for document in found)
            assert inner.requests == []
            print(f"reached 0 of {len(hosts)}")

    with_site(work)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "ftp://news.example/x", "data:text/html,x", "//host/path", "x"]
)
def test_no_other_scheme_is_tried(url: str) -> None:
    async def work(site: Site) -> None:
        item = site.item(url=url)
        assert await site.read(item=item) == item

    with_site(work)


def test_a_host_that_asks_for_rest_gets_it() -> None:
    async def work(site: Site) -> None:
        await site.read(Reply(429, {"retry-after": "120"}))
        assert FAILED in (await site.read(Reply(200, HTML, page_of()))).notes
        assert len(site.server.requests) == 1
        site.clock.advance(121)
        assert READ in (await site.read(Reply(200, HTML, page_of()))).notes

    with_site(work)


def test_a_host_that_does_not_answer_is_left_alone_for_a_while() -> None:
    async def work(site: Site) -> None:
        site.server.script = [Reply(habit=Habit.HANG)] * 20
        await site.reader.complete(SPEC, [site.item(n) for n in range(10)])
        assert len(site.server.requests) == 3
        site.clock.advance(301)
        assert READ in (await site.read(Reply(200, HTML, page_of()))).notes

    with_site(work, limits=Limits(fetch_seconds=0.2))


def test_an_item_without_a_title_takes_the_page_s_own() -> None:
    async def work(site: Site) -> None:
        item = Document("wire", "1", SENTENCES[0], None, site.server.url + "/1")
        found = await site.read(Reply(200, HTML, page_of()), item=item)
        assert found.title == Span(0, len(TITLE))

    with_site(work)


@pytest.mark.parametrize(
    ("teaser", "expected"),
    [
        ("", True),
        ("Short.", True),
        ("A whole sentence of the article. " * 30, False),
        ("A whole sentence of the article. " * 30 + "And then […]", True),
        ("A whole sentence of the article. " * 30 + "And then...", True),
        ("A whole sentence of the article. " * 30 + "\nContinue reading →", True),
        ("جملة كاملة من المقال عن الوزارة. " * 30 + "\nاقرأ المزيد", True),
        ("جملة كاملة من المقال عن الوزارة. " * 30, False),
        ("この記事の全文はここにあります。" * 15, False),
        ("この記事の全文はここにあります。" * 5, True),
        ("An excerpt of it. " * 40 + "[…]\nThe post A title appeared first on The Wire.", True),
    ],
)
def test_what_a_teaser_is(teaser: str, expected: bool) -> None:
    assert is_teaser(teaser) is expected
