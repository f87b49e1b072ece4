"""A site on loopback whose every answer a test writes itself, byte by byte where it must: what broken servers send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class Answer:
    """``claimed`` is the length that is said, where it is not that of the body."""

    body: bytes = field(default=b"", repr=False)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    claimed: int | None = None


#: What is answered to a request with these headers (names in lower case).
Page = Callable[[Mapping[str, str]], Answer]


class Site:
    """``pages`` is path -> page; ``asked`` holds (path, headers) of every request."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.asked.append((self.path, headers))
                page = outer.pages.get(self.path)
                answer = page(headers) if page is not None else Answer(status=404)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body) if answer.claimed is None else answer.claimed))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def asked_of(self, path: str) -> list[Mapping[str, str]]:
        return [headers for one, headers in self.asked if one == path]

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    title: str
    text: str
    published: datetime | None = None
    link: str = ""

    def xml(self) -> str:
        date = f"<pubDate>{format_datetime(self.published)}</pubDate>" if self.published else ""
        link = f"<link>{escape(self.link)}</link>" if self.link else ""
        words = f"<title>{escape(self.title)}</title><description>{escape(self.text)}</description>"
        return f"<item><guid isPermaLink='false'>{self.id}</guid>{words}{link}{date}</item>"


def rss(items: list[Item]) -> bytes:
    return f"<rss version='2.0'><channel><title>News</title>{''.join(item.xml() for item in items)}</channel></rss>".encode()


def kept(answer: Answer, etag: str) -> Page:
    """``answer`` under ``etag``, and 304 to whoever has it already."""
    whole = Answer(answer.body, answer.status, {**answer.headers, "ETag": etag}, answer.claimed)
    return lambda headers: Answer(status=304, headers={"ETag": etag}) if headers.get("if-none-match") == etag else whole
