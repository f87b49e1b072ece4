"""``monitor sources``: lists shown and changed, feeds found and tried, over a real server on loopback."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from monitor.sources.opml import read
from tests.cli.program import Done, program

ITEM = "<item><guid>{0}</guid><title>News {0}</title><link>http://example.org/{0}</link><description>{1}</description></item>"
FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour &amp;amp; Port News</title><language>ar</language>'
    + "".join(ITEM.format(number, "Something happened there today.") for number in range(3))
    + "</channel></rss>"
)
DECLARES = '<html><head><link rel="alternate" type="application/rss+xml" title="Example News" href="{}"></head><body>x</body></html>'
PAGES = {
    "/rss": ("application/rss+xml", FEED),
    "/declares": ("text/html", DECLARES.format("/rss")),
    "/two": ("text/html", DECLARES.format("/rss") + DECLARES.format("/other.xml")),
    "/other.xml": ("application/rss+xml", FEED.replace("Harbour &amp;amp; Port News", "")),
    "/links": ("text/html", "<html><body><a href='/about'>about</a> <a href='/other.xml'>RSS feed of all news</a></body></html>"),
    "/plain": ("text/html", "<html><body>nothing here</body></html>"),
    "/broken": ("application/rss+xml", "this is no feed"),
}


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind, body = PAGES.get(self.path, ("text/plain", ""))
        raw = body.encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Space:
    def __init__(self, folder: Path, site: str) -> None:
        (folder / "watchlists").mkdir()
        (folder / "inbox").mkdir()
        self.config, self.list = folder / "monitor.yaml", folder / "list.opml"
        self.site = site
        self.config.write_text(
            "data_dir: var\nwatchlists: watchlists\nsources_from: [list.opml]\nsources: {drop: {folder: inbox}}\n"
            f"fetch: {{allow_private: ['{site}'], spacing: 0s}}\n"
        )

    def __call__(self, *arguments: str) -> Done:
        return program("sources", *arguments, "--config", self.config)

    def feeds(self) -> dict[str, str]:
        return {outline.name: outline.url for outline in read(self.list.read_bytes(), "list")[0]}


@pytest.fixture
def space(tmp_path: Path, site: str) -> Space:
    return Space(tmp_path, site)


@pytest.mark.parametrize(
    ("path", "name", "feed"),
    [
        ("/rss", "harbour-port-news", "/rss"),
        ("/declares", "harbour-port-news", "/rss"),
        ("/links", "rss-feed-of-all-news", "/other.xml"),
        ("/plain", "harbour-port-news", "/rss"),
    ],
)
def test_the_feed_of_a_site_is_found_and_added(space: Space, path: str, name: str, feed: str) -> None:
    """Where nothing is declared or linked, the usual places are tried: /rss is one."""
    done = space("add", f"http://{space.site}{path}", "--label", "region=gulf", "--every", "20m")
    assert done.status == 0, done.err
    assert space.feeds() == {name: f"http://{space.site}{feed}"}
    shown = next(row for row in map(json.loads, space("list", "--json").out.splitlines()) if row["name"] == name)
    assert (shown["name"], shown["language"], shown["labels"], shown["every"], shown["state"]) == (
        name,
        "ar",
        {"region": "gulf"},
        "20m",
        "new",
    )


def test_several_declared_feeds_are_listed_and_none_is_added(space: Space) -> None:
    done = space("add", f"http://{space.site}/two")
    assert done.status == 2
    assert f"http://{space.site}/other.xml" in done.err
    assert not space.list.exists()


def test_adding_says_what_is_wrong(space: Space) -> None:
    assert space("add", f"http://{space.site}/rss", "--dry-run").status == 0
    assert not space.list.exists()
    assert space("add", f"http://{space.site}/rss", "--name", "drop").status == 2
    assert space("add", f"http://{space.site}/rss", "--label", "x").status == 2
    assert space("add", f"http://{space.site}/rss", "--every", "20").status == 2
    assert space("add", f"http://{space.site}/gone").status == 2
    private = space("add", "http://127.0.0.1:9/x")
    assert private.status == 2
    assert "allow_private: ['127.0.0.1:9']" in private.err
    assert space("add", f"http://{space.site}/rss").out.startswith(
        f"harbour-port-news: http://{space.site}/rss (3 items, Harbour & Port News)\nadded to "
    )
    again = space("add", f"http://{space.site}/rss")
    assert again.status == 2
    assert "configured already, as 'harbour-port-news'" in again.err


def test_without_a_list_the_lines_to_write_are_said(space: Space) -> None:
    space.config.write_text(space.config.read_text().replace("sources_from: [list.opml]\n", ""))
    done = space("add", f"http://{space.site}/declares")
    assert done.status == 1
    assert f'harbour-port-news:\n    feed: "http://{space.site}/rss"' in done.err
    done = space(
        "add", f"http://{space.site}/rss", "--name", "n", "--language", "ar", "--label", "region=gulf", "--every", "20m", "--full-text"
    )
    lines = done.err.split("configuration:\n", 1)[1]
    assert yaml.safe_load(lines) == {
        "n": {"feed": f"http://{space.site}/rss", "language": "ar", "labels": {"region": "gulf"}, "every": "20m", "full_text": True}
    }


def test_opml_goes_in_and_out(space: Space, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.opml"
    theirs.write_text(
        "<opml><outline text='A B' xmlUrl='http://a.example/x?utm_source=1'/><outline text='C D' xmlUrl='http://c.example'/></opml>"
    )
    assert space("import-opml", str(theirs)).out.startswith("2 added")
    assert space("import-opml", str(theirs)).out.startswith("0 added")
    assert space.feeds() == {"a-b": "http://a.example/x?utm_source=1", "c-d": "http://c.example"}
    exported, faults = read(space("export-opml").out.encode(), "exported")
    assert not faults
    assert [outline.name for outline in exported] == ["a-b", "c-d"]
    space.config.write_text(
        space.config.read_text().replace("{drop:", "{own: {feed: 'http://d.example', every: 20m, fresh: 7d, full_text: true}, drop:")
    )
    exported, _ = read(space("export-opml").out.encode(), "exported")
    assert exported[0].settings | exported[-1].settings == {"every": "20m", "fresh": "7d", "full_text": "true"}
    theirs.write_text("<opml>")
    assert space("import-opml", str(theirs)).status == 2


def test_feeds_are_tried_without_recording(space: Space, tmp_path: Path) -> None:
    lines = "".join(
        f"  {name}: {{feed: 'http://{space.site}{path}'}}\n" for name, path in (("good", "/rss"), ("bad", "/broken"), ("none", "/gone"))
    )
    space.config.write_text(space.config.read_text().replace("sources: {drop: {folder: inbox}}\n", f"sources:\n{lines}"))
    done = space("check")
    assert done.status == 1
    said = dict(line.split(": ", 1) for line in done.out.splitlines() if ": " in line)
    assert said["good"].startswith("ok, 3 items")
    assert "full_text" in said["good"]
    assert said["none"] == "HTTP 404"
    assert done.out.splitlines()[-1] == "1 of 3 can be read"
    assert not (tmp_path / "var" / "monitor.db").exists()
    assert space("check", "nothing").status == 2
    assert json.loads(space("check", "good", "--json").out)["items"] == 3


def test_health_and_show_before_anything_was_polled(space: Space) -> None:
    assert space("health").out.startswith("1 source polled: 0 ok, 1 new")
    shown = space("show", "drop")
    assert shown.status == 0
    assert "state          new" in shown.out
    assert space("show", "dorp").err.endswith("did you mean 'drop'?\n")
    assert space("list", "--failing").out == "no source is like that\n"


def test_health_shows_what_is_wrong_first_and_counts_what_was_never_read(space: Space, tmp_path: Path) -> None:
    space.list.write_text("<opml version='2.0'><body/></opml>")
    feeds = (
        "".join(f", s{n}: {{feed: 'http://{space.site}/broken?{n}'}}" for n in range(12)) + f", wire: {{feed: 'http://{space.site}/rss'}}"
    )
    space.config.write_text(space.config.read_text().replace("{folder: inbox}", "{folder: inbox}" + feeds))
    assert space("poll", "wire", "s1", "s2").status == 1
    due = "1900000000000000"  # 2030-03-17 17:46
    with closing(sqlite3.connect(tmp_path / "var" / "monitor.db")) as record:
        record.execute(f"UPDATE source SET deaths = 3, failures = 3, error = 'took longer than 5 s', next_due = {due} WHERE name = 's1'")
        record.execute("UPDATE source SET error = 'HTTP 500', next_due = 1 WHERE name = 's2'")
        record.commit()
    done = space("health")
    assert done.status == 1
    lines = done.out.splitlines()
    assert lines[0] == "14 sources polled: 1 ok, 1 failing, 1 quarantined, 11 new"
    assert [line.split()[:2] for line in lines[2:4]] == [["s2", "failing"], ["s1", "quarantined"]]
    assert lines[2].endswith("waits its turn    HTTP 500"), "what is due is not said to be polled in the past"
    left = "left alone until 2030-03-17 17:46, because it ended 3 worker processes in a row"
    assert lines[3].endswith(f"{left}: took longer than 5 s")
    assert lines[4] == "11 new: not read yet; --all lists them"
    # Nothing is left out where all is asked for.
    assert [line.split()[1] for line in space("health", "--all").out.splitlines()[2:16]] == (
        ["failing", "quarantined"] + ["new"] * 11 + ["ok"]
    )
    rows = {row["name"]: row for row in map(json.loads, space("health", "--json").out.splitlines())}
    assert len(rows) == 14
    assert (rows["s1"]["state"], rows["s1"]["quarantined_until"]) == ("quarantined", "2030-03-17T17:46:40+00:00")
    assert (rows["s2"]["state"], rows["s2"]["quarantined_until"]) == ("failing", None)
    said = space("list", "--failing").out
    assert f"    {left} (monitor sources resume s1)\n    failed 3 times in a row: took longer than 5 s\n" in said
    assert "next waits its turn\n" in said
    assert "next           2030-03-17 17:46" in space("show", "s1").out


def test_health_is_shown_while_a_list_is_broken_and_names_it(space: Space) -> None:
    space("add", f"http://{space.site}/rss", "--name", "wire")
    space("poll", "wire")
    good = space.list.read_text()
    space.list.write_text(good.replace("</opml>", "") + "<outline text='x' xmlUrl='gopher://x'/>")
    done = space("health", "--all")
    assert done.status == 1
    assert done.err.startswith("broken list: ")
    assert str(space.list) in done.err
    assert "Traceback" not in done.err
    # What the record knows is polled on by a daemon until the list is mended.
    assert done.out.startswith("2 sources polled: 1 ok, 1 new")
    assert [line.split()[:2] for line in done.out.splitlines()[2:4]] == [["drop", "new"], ["wire", "ok"]]
    rows = {row["name"]: row for row in map(json.loads, space("health", "--json").out.splitlines())}
    assert (rows["wire"]["state"], rows["wire"]["kind"], rows["drop"]["kind"]) == ("ok", "feed", "folder")
    assert program("alerts", "list", "--config", space.config).status == 0
    space.list.unlink()
    space.config.write_text(space.config.read_text() + "nonsense: 1\n")
    done = space("health")  # a fault of the configuration itself: what the record knows is shown all the same
    assert (done.status, "2 sources polled" in done.out, "unknown key 'nonsense'" in done.err) == (1, True, True)
    space.list.write_text(good)


def test_sources_are_polled_paused_and_resumed_without_a_daemon(space: Space) -> None:
    space.config.write_text(
        space.config.read_text().replace("sources: {drop: {folder: inbox}}\n", f"sources: {{wire: {{feed: 'http://{space.site}/rss'}}}}\n")
    )
    assert space("poll").status == 2
    assert space("poll", "nothing").status == 2
    assert space("poll", "wire").out == "wire: 3 new, 0 edited, 0 known\n"
    assert space("poll", "wire").out == "wire: nothing has changed\n"
    assert json.loads(space("poll", "--all", "--json").out)["new"] == 0
    assert space("health").out.startswith("1 source polled: 1 ok")
    assert space("pause", "wire", "-m", "too loud").out.endswith(": too loud)\n")
    assert json.loads(space("list", "--json").out)["state"] == "paused"
    assert space("poll", "--all").out == ""
    polled = space("poll", "wire").out.splitlines()
    assert polled[0] == "wire: nothing has changed"
    assert polled[1].startswith("    it is paused by ")
    assert polled[1].endswith(": too loud, and stays so: monitor sources resume wire")
    assert json.loads(space("poll", "wire", "--json").out)["paused_by"].endswith(": too loud")
    assert space("resume", "wire").out == "resumed: wire; it is due now\n"
    assert json.loads(space("list", "--json").out)["state"] == "ok"
    shown = space("show", "wire").out
    assert "News 2" in shown
    assert "articles       3\n" in shown


def test_what_is_pushed_has_no_next_poll(space: Space) -> None:
    token = space.config.parent / "token"
    token.write_text("0123456789abcdef0123456789abcdef")
    token.chmod(0o600)
    space.config.write_text(space.config.read_text().replace("{drop:", "{wire: {push: true, secret_file: token}, drop:"))
    space("pause", "wire")
    assert space("resume", "wire").out == "resumed: wire\n"
    shown = [line.split("  ")[0] for line in space("show", "wire").out.splitlines()]
    assert {"configured at", "kind", "state"} <= set(shown)
    assert not {"location", "next", "validators"} & set(shown)


def test_the_help_of_the_group_is_whole_sentences() -> None:
    listed = program("sources", "--help").out.split("Commands:")[1]
    assert "..." not in listed
