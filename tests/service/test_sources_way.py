"""The way of articles from servers that break, flood or only announce, and from hostile files, with the real program."""

from __future__ import annotations

import gzip
import json
import os
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.cli.control import command, performing
from monitor.cli.options import Place
from tests.receiver import ThreadedReceiver
from tests.service.harness import Daemon, Workspace, article_keys, eventually
from tests.service.site import Answer, Item, Page, Site, kept, rss

NOW = datetime.now(UTC).replace(microsecond=0)
#: Items of the flood (FAULTS.md row 44 speaks of 50,000, which take a minute: NEWS_TEST_FLOOD=50000).
FLOOD = int(os.environ.get("NEWS_TEST_FLOOD", "3000"))


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def subscribe(workspace: Workspace, site: Site, path: str, **options: Any) -> None:
    """The feed at ``path`` as source ``news``, in place of the folder."""
    settings = json.dumps({"feed": site.url(path), "every": "1h", **options})
    text = workspace.config.read_text().replace("  drop: {folder: ./articles, every: 300ms}\n", f"  news: {settings}\n")
    workspace.config.write_text(text + f"fetch: {{allow_private: ['127.0.0.1:{site.port}'], spacing: 0s, starts_a_second: 1000}}\n")


def rows(workspace: Workspace, query: str) -> list[tuple[Any, ...]]:
    path = workspace.folder / "var" / "monitor.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


def stored(workspace: Workspace) -> int:
    return int(rows(workspace, "SELECT count(*) FROM article")[0][0])


def polled(workspace: Workspace) -> dict[str, Any]:
    """One poll at a person's wish, by the daemon that runs."""
    with performing(Place(workspace.config), "sources.poll") as does:
        (answer,) = does(command("sources.poll", names=["news"]))["sources"]
        return dict(answer)


def sales(number: int, published: Callable[[int], datetime | None] = lambda n: None) -> list[Item]:
    """Each of words of its own: no two are one story, and half of the bytes is half of the items, however they are compressed."""
    chance = random.Random(4)

    def words(many: int) -> str:
        return " ".join("".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=8)) for _ in range(many))

    return [
        Item(f"sale-{n}", words(4), f"A rocketsale was made, {words(18)}.", published(n), f"http://news.example/{n}") for n in range(number)
    ]


# -------------------------------------------------------------------------------------------- broken bodies
@pytest.mark.parametrize("how", ["fault_34_gzip_that_ends_early", "fault_35_fewer_bytes_than_were_said"])
def test_of_half_a_body_items_are_taken_and_its_validators_are_not(
    how: str, workspace: Workspace, receiver: ThreadedReceiver, site: Site
) -> None:
    items = sales(20)
    packed = gzip.compress(rss(items), mtime=0)
    coded = {"Content-Encoding": "gzip"}
    half = packed[: len(packed) // 2]
    # The one is a whole answer with half a file in it; the other says so many bytes and sends half of them.
    site.pages["/feed"] = kept(Answer(half, headers=coded, claimed=None if "34" in how else len(packed)), '"v1"')
    subscribe(workspace, site, "/feed")
    daemon = workspace.start().ready()
    eventually(lambda: len(site.asked) == 1 and stored(workspace), "the first half")
    before = stored(workspace)
    assert 0 < before < 20
    # Mended under the same ETag: had that been kept, the other half would never be asked for.
    site.pages["/feed"] = kept(Answer(packed, headers=coded), '"v1"')
    answer = polled(workspace)
    assert (answer["new"], answer["error"]) == (20 - before, "")
    assert polled(workspace)["new"] == 0
    assert ["if-none-match" in headers for headers in site.asked_of("/feed")] == [False, False, True]
    eventually(lambda: len(receiver.accepted_ids()) == 20, "an alert of each")
    assert daemon.stop() == 0
    assert Counter(article_keys(receiver)) == Counter(item.id for item in items)


# --------------------------------------------------------------------------------------------------- floods
def flood() -> list[Item]:
    """Newest first, as feeds are: three of today, and the rest of the months before."""
    return sales(FLOOD, lambda n: NOW - (timedelta(hours=n) if n < 3 else timedelta(days=2, minutes=n)))


def test_fault_44_a_flood_is_stored_five_hundred_at_a_time_and_tells_what_is_new(
    workspace: Workspace, receiver: ThreadedReceiver, site: Site
) -> None:
    site.pages["/feed"] = kept(Answer(gzip.compress(rss(flood()), 1), headers={"Content-Encoding": "gzip"}), '"flood"')
    subscribe(workspace, site, "/feed")
    killed = workspace.start().ready()
    eventually(lambda: stored(workspace) >= 500, "the first part")
    killed.kill()
    partly = stored(workspace)
    assert 500 <= partly < FLOOD
    daemon = workspace.start().ready()
    answer = polled(workspace)  # after the poll that the daemon begins by itself
    assert (answer["new"], answer["error"]) == (0, "")
    assert stored(workspace) == FLOOD
    eventually(lambda: len(receiver.accepted_ids()) == 3 and len(workspace.lines()) == 3, "what is fresh")
    status, health = daemon.health()
    assert (status, health["storage"]) == (200, "ok")
    assert daemon.stop() == 0
    # No transaction of more than 500: all articles of one are taken at one moment.
    together = [int(many) for (many,) in rows(workspace, "SELECT count(*) FROM article GROUP BY fetched")]
    assert max(together) <= 500
    # The validators came with the last part: the second life asked without them, the next poll with them.
    assert ["if-none-match" in headers for headers in site.asked_of("/feed")] == [False, False, True]
    assert sorted(article_keys(receiver)) == ["sale-0", "sale-1", "sale-2"]
    assert len(workspace.lines()) == 3


# ---------------------------------------------------------------------------------------------------- pages
ARTICLE = """<html><head><title>{title}</title></head><body><nav><a href="/">Home</a> <a href="/world">World</a></nav>
<article><h1>{title}</h1><p>The ministry said on Thursday that talks with three companies had come to an end after two years of waiting.</p>
<p>{said} The contract is to be signed before the end of the year, and deliveries are to begin in the spring after that.</p>
<p>Neither side would say how much was paid, and the companies did not answer questions that were sent to them.</p></article>
<footer>All rights reserved</footer></body></html>"""


def page(title: str, said: str) -> Page:
    body = ARTICLE.format(title=title, said=said).encode()
    return lambda headers: Answer(body, headers={"Content-Type": "text/html; charset=utf-8"})


def test_full_text_is_fetched_matched_and_told(workspace: Workspace, receiver: ThreadedReceiver, site: Site) -> None:
    titles = {"one": "Ministry ends talks with companies", "two": "Harbour opens again after storm", "gone": "Ministry sells old ships"}
    items = [Item(name, title, "What this is about, in short.", NOW, site.url(f"/{name}.html")) for name, title in titles.items()]
    site.pages["/feed"] = kept(Answer(rss(items)), '"v1"')
    site.pages["/one.html"] = page(titles["one"], "It is the first rocketsale to the country since the embargo was lifted.")
    site.pages["/two.html"] = page(titles["two"], "Ships had waited outside for eleven days.")
    subscribe(workspace, site, "/feed", full_text=True)
    daemon = workspace.start().ready()
    (request,) = eventually(lambda: receiver.requests, "the alert")
    told = json.loads(request.body)["data"]
    assert told["article"]["key"] == "one"
    assert "first rocketsale to the country" in told["evidence"][0]["quote"]
    texts = dict(rows(workspace, "SELECT article.key, text FROM article JOIN article_text ON hash = text_hash"))
    assert "deliveries are to begin" in texts["two"]
    assert "All rights reserved" not in texts["two"]
    # Whose page cannot be had keeps what its feed says.
    assert texts["gone"] == f"{titles['gone']}\n\nWhat this is about, in short."
    notes = {key: json.loads(found) for key, found in rows(workspace, "SELECT key, notes FROM article")}
    assert ("page:read" in notes["one"], "page:failed" in notes["gone"]) == (True, True)
    polled(workspace)
    assert Counter(path for path, _ in site.asked) == {"/feed": 2, "/one.html": 1, "/two.html": 1, "/gone.html": 1}
    assert daemon.stop() == 0


# --------------------------------------------------------------------------------------------------- health
def test_health_lists_after_a_restart_what_failed_before_it(workspace: Workspace, site: Site) -> None:
    subscribe(workspace, site, "/feed")

    def failing(daemon: Daemon) -> list[str]:
        return [one["message"] for one in daemon.health()[1]["operations"] if one["key"] == "source:news"]

    daemon = workspace.start().ready()
    before = eventually(lambda: failing(daemon), "the failure")
    assert daemon.stop() == 0
    daemon = workspace.start().ready()
    assert eventually(lambda: failing(daemon), "the same failure, without another poll") == before
    assert daemon.health()[0] == 200
    assert len(site.asked) == 1
    assert daemon.stop() == 0


# ---------------------------------------------------------------------------------------------------- files
#: A minute's work for whoever looks for the article in it: as many places where it may stand as paragraphs.
KNOT = "<html><title>T</title><body>" + "<div class=article><p>some text here</p></div>" * 80_000


def test_fault_38_a_hostile_file_holds_up_nothing(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    (workspace.articles / "knot.html").write_text(KNOT)
    workspace.article("a-first")
    daemon = workspace.start().ready()
    noted = eventually(lambda: [line for line in daemon.log() if "knot.html" in json.dumps(line)], "the file to be given up")
    assert "the file took longer than 5 s to read and was given up" in json.dumps(noted[0])
    eventually(lambda: len(receiver.requests) == 1, "the file beside it")
    workspace.article("second")
    eventually(lambda: len(receiver.requests) == 2, "the next file")
    assert len([line for line in daemon.log() if "knot.html" in json.dumps(line)]) == 1
    assert daemon.stop() == 0
