"""``monitor once --catch-up``: what a feed's first poll kept to itself, from a real feed over loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from monitor.cli.catch_up import SHOWN, catch_up_lines
from monitor.model import JsonObject
from tests.service.harness import Workspace


def feed() -> bytes:
    """A fresh item and three old ones, two of which match and are copies of one report."""
    now = datetime.now(UTC)
    report = "The ministry of Zarechny paid thirty million crowns for forty radars, which leave the port of Gdynia in June, it added"
    items = [("Fresh", "rocketsale", 1), ("Old", "rocketsale", 50), ("Copied", "rocketsale", 49), ("Older", "regatta", 60)]
    listed = "".join(
        f"<item><guid>{title}</guid><title>{title} news</title><link>http://127.0.0.1/{title}</link>"
        f"<pubDate>{format_datetime(now - timedelta(hours=hours))}</pubDate>"
        f"<description>It was said that a {word} took place there. {report} {title}.</description></item>"
        for title, word, hours in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{listed}</channel></rss>'.encode()


class Answers(BaseHTTPRequestHandler):
    body = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def feed_server() -> Iterator[str]:
    answers = type("Fixed", (Answers,), {"body": feed()})
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_fault_44_what_a_first_poll_kept_quiet_is_said(tmp_path: Path, feed_server: str) -> None:
    space = Workspace(tmp_path)
    config = space.config.read_text().replace("sources:\n", f"sources:\n  wire: {{feed: 'http://{feed_server}/'}}\n")
    space.config.write_text(config + f"fetch: {{allow_private: ['{feed_server}']}}\n")
    done = space.run("once", "--catch-up")
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert "4 new or changed articles, 3 matches, 1 notifications" in said
    at = said.index("Kept quiet about what was there before: 2 matches in 1 story:")
    assert said[at + 1].startswith("  high      20")
    assert said[at + 1].endswith("arms  wire  Old news")
    assert said[at + 2].strip() == "It was said that a rocketsale took place there."
    assert [line["data"]["article"]["title"] for line in space.lines()] == ["Fresh news"], "nothing of it is sent"
    done = space.run("once", "--catch-up", "--json")
    assert json.loads(done.stdout)["catch_up"] == [], "a second round keeps nothing quiet"
    assert "catch_up" not in json.loads(space.run("once", "--json").stdout)


def row(n: int, **changes: object) -> JsonObject:
    return {
        "severity": "high",
        "published": None,
        "watchlist": "arms",
        "source": "wire",
        "title": f"T{n}",
        "quote": "Q",
        "article": f"a{n}",
        "story": "",
    } | changes


def test_copies_of_one_article_are_counted_as_one_story() -> None:
    rows = [row(1, story="s"), row(2, story="s"), row(3, story="t"), row(3, story="t", watchlist="ports"), row(4)]
    assert next(catch_up_lines(rows, "")) == "Kept quiet about what was there before: 5 matches in 3 stories:"


def test_long_lists_are_cut_and_what_strangers_write_is_tamed() -> None:
    lines = list(catch_up_lines([row(n) for n in range(SHOWN + 3)], "nothing"))
    assert len(lines) == 1 + 2 * SHOWN + 1
    assert lines[-1] == "  … and 3 more; --json lists all"
    assert list(catch_up_lines([], "nothing")) == ["nothing"]
    (_, headline, quote) = catch_up_lines([row(1, title="a\x1b[31mb\u202ec", quote="")], "nothing")
    assert "\x1b" not in headline
    assert "\u202e" not in headline
    assert quote.strip() == ""
