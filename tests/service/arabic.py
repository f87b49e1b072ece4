"""Ten thousand Arabic news items as three hundred feeds on a loopback server: for the test of the whole way, and for measuring it.

The items of the test data, 34 a feed in their order. Every third feed is in windows-1256 (what it cannot say as character
references), and every other one of those calls itself UTF-8. What is to become of them is worked out from the items
themselves by ``Expected``.
"""

from __future__ import annotations

import gzip
import html
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from monitor.text.links import own

ITEMS: Final = 34
_FILE: Final = "arabic-news/articles.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    url: str
    title: str
    text: str
    published: str  # as its site wrote it

    def xml(self) -> str:
        body = "".join(f"<p>{html.escape(line)}</p>" for line in self.text.splitlines() if line.strip())
        return (
            f"<item><guid isPermaLink='false'>{html.escape(self.id)}</guid><link>{html.escape(self.url)}</link>"
            f"<title>{html.escape(self.title)}</title><pubDate>{html.escape(self.published)}</pubDate>"
            f"<description>{html.escape(body)}</description></item>\n"
        )

    def words(self) -> str:
        """Title and text, as they are compared with what was stored."""
        return " ".join(f"{self.title} {self.text}".split())


@dataclass(frozen=True, slots=True)
class ArabicFeed:
    name: str
    items: tuple[Item, ...]
    encoding: str
    declared: str

    def body(self) -> bytes:
        items = "".join(item.xml() for item in self.items)
        text = (
            f'<?xml version="1.0" encoding="{self.declared}"?>\n<rss version="2.0"><channel><title>{self.name}</title>'
            f"<link>http://news.example/{self.name}</link><description>أخبار</description><language>ar</language>\n{items}</channel></rss>"
        )
        return text.encode(self.encoding, "xmlcharrefreplace")


def feeds(data: Path, number: int | None = None) -> list[ArabicFeed]:
    """The first ``number`` feeds; all of them without one."""
    with gzip.open(data / _FILE, "rt", encoding="utf-8") as file:
        items = [_item(json.loads(line)) for line in file]
    chunks = [tuple(items[start : start + ITEMS]) for start in range(0, len(items), ITEMS)][:number]
    found = []
    for n, chunk in enumerate(chunks):
        encoding = "windows-1256" if n % 3 == 2 else "utf-8"
        found.append(ArabicFeed(f"feed{n:03}", chunk, encoding, "utf-8" if n % 6 == 5 else encoding))
    return found


def _item(entry: dict[str, Any]) -> Item:
    return Item(entry["id"], entry["url"], entry["title"], entry["text"], entry["published"])


@dataclass(frozen=True, slots=True)
class Expected:
    """``keys`` are (feed, id); ``articles`` counts what is stored, an article that stands under two ids once; ``words`` are the
    texts by key."""

    keys: frozenset[tuple[str, str]]
    articles: int
    words: dict[tuple[str, str], str]


def expected(all_feeds: Sequence[ArabicFeed]) -> Expected:
    links: set[str] = set()
    without = 0
    for feed in all_feeds:
        texts: dict[str, set[str]] = {}
        for item in feed.items:
            texts.setdefault(own(item.url), set()).add(item.words())
        for item in feed.items:
            link = own(item.url)
            if link and len(texts[link]) == 1:
                links.add(link)
            else:  # it has none, or shares it with another text of its feed: it is nobody's own
                without += 1
    words = {(feed.name, item.id): item.words() for feed in all_feeds for item in feed.items}
    return Expected(frozenset(words), len(links) + without, words)


class ArabicServer:
    """Serves feeds until the block ends; unchanged ones are answered with 304. ``asked`` counts (path, status)."""

    def __init__(self, all_feeds: Sequence[ArabicFeed]) -> None:
        bodies = {f"/{feed.name}": feed.body() for feed in all_feeds}
        self.size = sum(map(len, bodies.values()))
        self.asked: list[tuple[str, int]] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self) -> None:
                body = bodies.get(self.path, b"")
                etag = f'"{self.path[1:]}-{len(body)}"'
                status = 404 if not body else 304 if self.headers.get("If-None-Match") == etag else 200
                asked.append((self.path, status))
                self.send_response(status)
                self.send_header("ETag", etag)
                self.send_header("Content-Type", "application/rss+xml")
                self.send_header("Content-Length", str(len(body) if status == 200 else 0))
                self.end_headers()
                if status == 200:
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.port = self._server.server_address[1]

    def url(self, feed: ArabicFeed) -> str:
        return f"http://127.0.0.1:{self.port}/{feed.name}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def configuration(server: ArabicServer, all_feeds: Sequence[ArabicFeed]) -> tuple[str, str]:
    """The sources of a configuration, and its sections that let them be polled all at once."""
    sources = "".join(f"  {feed.name}: {{feed: '{server.url(feed)}', every: 1h, language: ar}}\n" for feed in all_feeds)
    fetch = (
        f"fetch: {{user_agent_contact: ops@example.org, allow_private: ['127.0.0.1:{server.port}'], spacing: 0s, starts_a_second: 10000}}\n"
    )
    return sources, fetch + "workers: {parse: 1, match: 1}\n"
