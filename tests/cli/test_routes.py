"""``monitor routes`` through the program: what is configured, and where an alert or a text would go."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import ExitStatus
from tests.cli.program import Done, program
from tests.cli.test_alerts import ARTICLES, LIST, listed

_NOW = datetime.now(UTC)
_QUIET = f'{{from: "{_NOW - timedelta(hours=2):%H:%M}", to: "{_NOW + timedelta(hours=2):%H:%M}"}}'
ROUTES = f"""
data_dir: ./var
watchlists: ./watchlists
sources: {{drop: {{folder: ./articles, labels: {{country: EG}}}}}}
sinks:
  log: {{type: alert_log, path: ./a.jsonl}}
  chat: {{type: webhook, url: "https://example.org/hook", quiet: {_QUIET}, rate: 30/h}}
  desk: {{type: webhook, url: "https://example.org/desk"}}
routes:
  - {{name: farsi, match: {{language: [fa, ar], watchlist: [arms]}}, to: [desk]}}
  - {{match: {{labels: {{country: EG}}}}, not: {{severity: [low]}}, to: [log]}}
  - {{name: daily, match: {{term: [Arms Deal]}}, to: [desk], digest: 1d, zone: Europe/Berlin, group_by: [watchlist]}}
  - {{name: closings, to: [log], tell: [closed, reopened]}}
  - {{to: [chat], stop: true}}
  - {{name: rest, match: {{severity: [info]}}, to: [log]}}
"""


PLAIN = """
data_dir: ./var
watchlists: ./watchlists
sources: {drop: {folder: ./articles}}
sinks: {log: {type: alert_log, path: ./a.jsonl}}
"""


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two alerts were raised. Beside it, in ``plain.yaml``, the same without routes."""
    folder = tmp_path_factory.mktemp("routed")
    for name in ("watchlists", "articles"):
        (folder / name).mkdir()
    (folder / "watchlists" / "arms.yaml").write_text(LIST)
    for name, text in ARTICLES.items():
        (folder / "articles" / name).write_text(text)
    (folder / "monitor.yaml").write_text(ROUTES)
    (folder / "plain.yaml").write_text(PLAIN)
    done = program("once", "--no-send", "--config", folder / "plain.yaml")
    assert done.status == 0, done.err
    return folder


def routes(folder: Path, *arguments: object, config: str = "monitor.yaml") -> Done:
    return program("routes", *arguments, "--config", folder / config)


def test_the_routes_are_listed(routed: Path) -> None:
    lines = routes(routed, "list").out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == ["farsi", "routes[1]", "daily", "closings", "routes[4]", "rest"]
    assert "    told        when an alert is closed or reopened, and nothing else" in lines
    assert "    takes       watchlist arms; language fa or ar" in lines
    assert "    leaves out  severity low" in lines
    assert any(line.startswith("    digest      1d Europe/Berlin, one for each watchlist; next 20") for line in lines)
    assert any(line.startswith("    to          chat (webhook, quiet ") and line.endswith("UTC, at most 30/h)") for line in lines)
    found = [json.loads(line) for line in routes(routed, "list", "--json").out.splitlines()]
    assert found[2]["digest"] == "1d"
    assert datetime.fromisoformat(found[2]["next"]) > _NOW


def test_without_routes_every_sink_is_told(routed: Path) -> None:
    shown = routes(routed, "list", config="plain.yaml").out
    assert shown == "no routes are configured\n    takes       everything\n    to          log (alert_log)\n"
    alert = listed(routed)[0]["id"]
    lines = routes(routed, "test", alert[:8], config="plain.yaml").out.splitlines()
    assert lines[-2:] == ["  1 sink would be told:", "    log            now"]


def test_an_alert_is_followed_through_the_routes(routed: Path) -> None:
    alert = listed(routed)[0]["id"]
    lines = routes(routed, "test", alert[:8]).out.splitlines()
    assert lines[0].startswith("arms, high: ")
    assert lines[1:7] == [
        "    farsi          does not match: language is to be fa or ar, and is en",
        "    routes[1]      does not match: labels.country is to be EG, and is nothing",
        "    daily          matches: to desk",
        "    closings       matches, and tells only what is closed or reopened (tell); this would be updated",
        "    routes[4]      matches: to chat",
        "    rest           is not read: a route above stops",
    ]
    assert lines[7] == "  2 sinks would be told:"
    assert lines[8].startswith("    desk           held until 20")
    assert lines[8].endswith("UTC: the digest of daily")
    assert lines[9].endswith("UTC: quiet hours")


def test_a_file_is_asked_about_as_though_a_source_brought_it(routed: Path) -> None:
    file = routed / "articles" / "one.txt"
    answer = json.loads(routes(routed, "test", file, "--source", "drop", "--json").out)
    (found,) = answer["matches"]
    assert (found["watchlist"], found["told"], found["limited"], found["silence"]) == ("arms", True, False, None)
    assert [one["outcome"] for one in found["routes"]] == ["missed", "matched", "matched", "unasked", "matched", "unread"]
    assert [(sink["sink"], sink["key"]) for sink in found["sinks"]] == [("log", ""), ("desk", "digest:daily"), ("chat", "quiet")]
    file.with_name("nothing.md").write_text("Rain\n\nIt rained all day.\n")
    assert routes(routed, "test", file.with_name("nothing.md")).out == "no watchlist matches it: nothing would be told\n"


def test_a_silence_and_a_limit_are_seen(routed: Path, tmp_path: Path) -> None:
    routed = Path(shutil.copytree(routed, tmp_path / "copy"))
    text = (routed / "watchlists" / "arms.yaml").read_text()
    (routed / "watchlists" / "arms.yaml").write_text(text.replace("severity: high", f"severity: high\nmax_alerts: {len(ARTICLES)}/d"))
    file = routed / "articles" / "one.txt"
    (found,) = json.loads(routes(routed, "test", file, "--json").out)["matches"]
    assert found["limited"] is True
    assert {sink["key"] for sink in found["sinks"]} == {"max_alerts:arms"}
    assert "arms is beyond its max_alerts" in routes(routed, "test", file).out
    done = program("silence", "add", "--watchlist", "arms", "--for", "1h", "-m", "exercise", "--config", routed / "monitor.yaml")
    assert done.status == 0, done.err
    assert "mutes watchlist arms (exercise)" in routes(routed, "test", file).out.splitlines()[-1]


def test_what_cannot_be_asked_about_says_so(routed: Path) -> None:
    for arguments, said in (
        (("test", "ffffffff"), "no alert begins with 'ffffffff'"),
        (("test", "nowhere.txt"), "cannot be read"),
        (("test", routed / "articles" / "one.txt", "--source", "wire"), "there is no source named 'wire'"),
        (("test", "ffffffff", "--source", "drop"), "--source is for files"),
    ):
        done = routes(routed, *arguments)
        assert done.status == ExitStatus.WRONG_USE, done
        assert said in done.err
