"""``monitor why`` through the program: told, threaded, not matched, not analysed, in shadow, silent sinks, never seen."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import ExitStatus
from tests.cli.program import Done, program

LISTS = {
    "arms": "severity: high\ngroups: {deal: {en: [arms deal]}, country: {en: [Russia]}}\nwhen: deal AND country\n"
    "tests: [{alert: Russia made an arms deal}]",
    "shadowed": "severity: low\nmode: shadow\ngroups: {port: {en: [port]}}\nwhen: port\ntests: [{alert: the port}]",
}
DEAL = (
    "Kolchuga radars sold to Russia\n\nThe ministry of Zarechny signed an arms deal with Russia for thirty Kolchuga radars on Monday, "
    "the agency of Ruritania said. The radars leave the port of Gdynia in June, and the price is 340 million crowns.\n"
)
ARTICLES = {
    "deal.txt": DEAL,
    "copy.txt": DEAL.replace("on Monday", "Monday").replace("in June", "next June"),
    "other.txt": "An arms deal\n\nMauritius signed an arms deal with Madagascar about six patrol boats on Tuesday, both said.\n",
}
CONFIGURATION = """
data_dir: ./var
watchlists: ./watchlists
sources:
  drop: {folder: ./articles}
  wire: {feed: "https://news.example.org/feed.xml"}
sinks: {log: {type: alert_log, path: ./a.jsonl}}
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of three articles, read once for all tests of this module."""
    folder = tmp_path_factory.mktemp("why")
    (folder / "watchlists").mkdir()
    for name, text in LISTS.items():
        (folder / "watchlists" / f"{name}.yaml").write_text(f"id: {name}\ntitle: {name}\n{text}\n")
    (folder / "articles").mkdir()
    for name, text in ARTICLES.items():
        (folder / "articles" / name).write_text(text)
    (folder / "monitor.yaml").write_text(CONFIGURATION.replace("  wire:", "  # wire:"))
    assert program("once", "--config", folder / "monitor.yaml").status == 0
    (folder / "monitor.yaml").write_text(CONFIGURATION)
    return folder


@pytest.fixture
def space(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written, tmp_path / "space")
    return tmp_path / "space"


def why(space: Path, *arguments: object) -> Done:
    return program("why", *arguments, "--config", space / "monitor.yaml")


def tree(space: Path, *arguments: object) -> Any:
    return json.loads(why(space, *arguments, "--json").out)


def test_what_was_told_says_to_whom_and_which_clause_held(written: Path) -> None:
    found = [tree(written, name) for name in ("deal.txt", "copy.txt")]
    first = next(one for one in found if one["watchlists"][0]["decisions"][0]["kind"] == "raise")
    done = why(written, first["article"]["id"][:10])
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("arms: raised: the first match of its story; told to log ")
    for part in ("held     deal AND country", "sent     to log", "attempt 1: delivered", "source     drop, read", "zones      title"):
        assert part in done.out


def test_a_copy_says_which_story_it_joined_and_why(written: Path) -> None:
    found = [tree(written, name) for name in ("deal.txt", "copy.txt")]
    second = next(one for one in found if one["watchlists"][0]["decisions"][0]["kind"] != "raise")
    assert second["story"]["because"].startswith(("near copy of", "same text as"))
    assert len(second["story"]["members"]) == 2
    done = why(written, second["article"]["key"])
    assert done.out.splitlines()[0] == "arms: matched, not told: all it says had been told; shadowed: matched, not told: " + (
        "the watchlist is in shadow: recorded, not sent"
    )


def test_an_alert_is_asked_for_by_its_id(written: Path) -> None:
    alert = tree(written, "deal.txt")["watchlists"][0]["alert"]["id"]
    found = tree(written, alert[:9])
    assert (found["found"], found["watchlist"]) == ("alert", "arms")
    assert [one["watchlist"] for one in found["watchlists"]] == ["arms"]


def test_what_did_not_match_names_the_clause_that_failed(written: Path) -> None:
    done = why(written, "other.txt", "arms")
    assert done.status == 0
    assert done.out.splitlines()[0] == "not told: it did not match watchlist arms"
    assert "~ deal AND country" in done.out
    assert "- country" in done.out
    assert "+ deal" in done.out
    found = tree(written, "other.txt", "arms")
    assert found["explained"]["matched"] is False
    assert found["explained"]["version"] == found["explained"]["now"]


def test_without_a_watchlist_those_in_force_are_named(written: Path) -> None:
    done = why(written, "other.txt")
    assert "not told: it did not match any watchlist" in done.out
    assert "watchlists in force: arms, shadowed" in done.out


def test_a_watchlist_that_never_was_is_wrong_use(written: Path) -> None:
    done = why(written, "other.txt", "armz")
    assert done.status == ExitStatus.WRONG_USE
    assert "there is arms, shadowed" in done.err


def test_an_address_never_seen_names_who_would_have_covered_it(space: Path) -> None:
    assert program("sources", "pause", "wire", "--comment", "moved", "--config", space / "monitor.yaml").status == 0
    done = why(space, "https://www.example.org/news/17")
    assert done.status == ExitStatus.CHECK_FAILED
    assert done.out.splitlines()[0] == "never seen, though wire covers www.example.org"
    assert "paused" in done.out
    assert ": moved" in done.out
    assert "brought" not in done.out
    nobody = why(space, "https://elsewhere.example/17")
    assert nobody.out.splitlines()[0] == "never seen, and no source covers elsewhere.example"
    assert "monitor sources add" in nobody.out


def test_of_a_site_with_many_feeds_a_few_are_named(space: Path) -> None:
    feeds = "".join(f'  f{n:03}: {{feed: "https://news.example.org/{n}.xml"}}\n' for n in range(158))
    (space / "monitor.yaml").write_text(CONFIGURATION.replace("  wire:", feeds + "  wire:"))
    assert program("sources", "pause", "wire", "--config", space / "monitor.yaml").status == 0  # it makes them known to the record
    lines = why(space, "https://www.example.org/news/17").out.splitlines()
    assert lines[0] == "never seen, though f000, f001, f002, f003, f004 and 154 more cover www.example.org"
    assert len(lines) == 22
    assert lines[-1] == "  … and 139 more; --json lists all"
    assert len(tree(space, "https://www.example.org/news/17")["covering"]) == 159


def test_an_address_never_seen_names_who_brought_others_of_its_site_from_elsewhere(space: Path) -> None:
    configuration = space / "monitor.yaml"
    with_agency = CONFIGURATION.replace("  wire:", "  agency: {push: true, secret: 0123456789abcdef0123}\n  wire:")
    configuration.write_text(with_agency)
    urls = ["https://news.elsewhere.example/a/1", "http://www.elsewhere.example?a=2", "https://notelsewhere.example/a/elsewhere.example/3"]
    lines = "".join(
        json.dumps({"id": str(n), "url": url, "text": f"Town council number {n} met about roads, schools and its budget."}) + "\n"
        for n, url in enumerate(urls)
    )
    done = program("ingest", "-", "--source", "agency", "--config", configuration, stdin=lines.encode())
    assert done.status == 0, done.err
    asked = "https://news.elsewhere.example/?p=99"
    done = why(space, asked)
    assert done.status == ExitStatus.CHECK_FAILED
    assert done.out.splitlines()[0] == "never seen, though agency brought other articles of news.elsewhere.example"
    assert "2 articles of this site" in done.out
    assert "monitor sources add" not in done.out
    (other,) = tree(space, "https://notelsewhere.example/")["brought"]
    assert (other["name"], other["articles"]) == ("agency", 1)
    configuration.write_text(CONFIGURATION)
    assert program("once", "--config", configuration).status in (ExitStatus.DONE, ExitStatus.CHECK_FAILED)
    assert "no longer configured since" in why(space, asked).out


def test_what_nobody_knows_is_said(written: Path) -> None:
    done = why(written, "ffffffff")
    assert (done.status, done.out) == (ExitStatus.CHECK_FAILED, "nothing in the record is called ffffffff\n")
    assert why(written, " ").status == ExitStatus.WRONG_USE


def test_what_was_closed_says_what_it_was(space: Path) -> None:
    alert = tree(space, "deal.txt")["watchlists"][0]["alert"]["id"]
    assert program("alerts", "close", alert, "--as", "not-relevant", "-m", "a\x1b[31mtest", "--config", space / "monitor.yaml").status == 0
    out = why(space, alert).out
    assert "closed as not relevant: a" in out
    assert "\x1b" not in out
    trail = program("audit", "--object", alert[:8], "--config", space / "monitor.yaml").out
    assert "alert close" in trail
    assert "disposition: not_relevant" in trail


def test_an_article_that_could_not_be_analysed_says_so(space: Path) -> None:
    with closing(sqlite3.connect(space / "var" / "monitor.db")) as record, record:
        record.execute("UPDATE article SET failed = 'ValueError: no' WHERE key = 'other.txt'")
    assert why(space, "other.txt").out.splitlines()[0] == "not matched: the article could not be analysed (ValueError: no)"


def test_an_article_that_retention_dropped_still_says_what_was_decided(space: Path) -> None:
    first = next(one for one in (tree(space, name) for name in ("deal.txt", "copy.txt")) if one["story"]["joined"] is None)
    with closing(sqlite3.connect(space / "var" / "monitor.db")) as record, record:
        record.execute("DELETE FROM article WHERE id = ?", (first["article"]["id"],))
    done = why(space, first["watchlists"][0]["alert"]["id"])
    assert done.status == 0, done.err
    assert done.out.startswith("arms: raised: the first match of its story; told to log")


def test_the_version_then_and_now_are_told_apart(space: Path) -> None:
    edited = space / "watchlists" / "arms.yaml"
    edited.write_text(edited.read_text().replace("country: {en: [Russia]}", "country: {en: [Russia, Mauritius]}"))
    assert program("once", "--config", space / "monitor.yaml").status in (0, 1)  # nobody answers for the feed
    found = tree(space, "other.txt", "arms")
    assert found["explained"]["version"] != found["explained"]["now"]
    assert found["explained"]["matched"] is False
    assert "is in force now" in why(space, "other.txt", "arms").out


def test_of_many_decisions_the_newest_are_shown_and_what_was_told_last(space: Path) -> None:
    """An article that is edited every minute for months."""
    first = next(one for one in (tree(space, name) for name in ("deal.txt", "copy.txt")) if one["story"]["joined"] is None)
    id_ = first["article"]["id"]
    with closing(sqlite3.connect(space / "var" / "monitor.db")) as record, record:
        names = [
            row[1] for row in record.execute("PRAGMA table_info(match)") if row[1] not in {"id", "version", "decision", "notification"}
        ]
        columns = ", ".join(names)
        for number in range(30):
            record.execute(
                f"INSERT INTO match ({columns}, version, decision, notification) SELECT {columns}, ?, 'thread', NULL FROM match "
                "WHERE article = ? AND watchlist = 'arms' AND decision = 'raise'",
                (f"version {number}", id_),
            )
    found = next(one for one in tree(space, id_)["watchlists"] if one["watchlist"] == "arms")
    assert [one["kind"] for one in found["decisions"]] == ["raise", *["thread"] * 20]
    assert (found["decisions"][-1]["version"], found["left_out"]) == ("version 29", 10)
    done = why(space, id_)
    assert done.out.startswith("arms: raised: the first match of its story; told to log")
    assert "10 earlier decisions (--all shows them)" in done.out
    whole = next(one for one in tree(space, id_, "--all")["watchlists"] if one["watchlist"] == "arms")
    assert (len(whole["decisions"]), whole["left_out"]) == (31, 0)
