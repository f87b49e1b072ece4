"""Digests, quiet hours and rates as they are written, and what is probably not meant by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.flow.digests import Cron, Every
from monitor.flow.moment import Rate
from monitor.settings import Loaded, Surroundings, load, rules_of
from monitor.sinks.when import parse_rate

HEAD = """
data_dir: ./var
watchlists: ./watchlists
sources: {s: {push: true, secret: 0123456789abcdef}}
"""


def loaded(folder: Path, text: str) -> Loaded:
    (folder / "monitor.yaml").write_text(HEAD + text)
    return load(None, around=Surroundings(environ={}, cwd=folder, system=folder / "none.yaml"))


SINKS = """
sinks:
  log: {type: alert_log, path: ./a.jsonl}
  chat:
    type: webhook
    format: slack
    url_file: ./url
    rate: 5/10m
    quiet:
      - {from: 22:00, to: 07:00, zone: Europe/Berlin}
      - {from: "00:00", to: "24:00", zone: Europe/Berlin, days: [sat, sun]}
  desk: {type: webhook, url: "https://example.org/hook"}
"""


def test_a_route_that_leaves_closings_out_is_doubted_where_they_end_something(tmp_path: Path) -> None:
    sinks = "sinks:\n  am: {type: alertmanager, url: 'https://example.org/am'}\n  desk: {type: webhook, url: 'https://example.org/h'}\n"
    doubts = loaded(tmp_path, sinks + "routes:\n  - {to: [am, desk], tell: [raised, updated]}\n").warnings
    [doubt] = [doubt for doubt in doubts if "until it is told that it is closed" in doubt.message]
    assert "the sink 'am'" in doubt.message
    assert doubt.line
    settings = loaded(tmp_path, sinks + "routes:\n  - {to: [am, desk], tell: [raised, closed]}\n")
    assert not [doubt for doubt in settings.warnings if "until it is told" in doubt.message]
    with pytest.raises(ConfigError, match="did you mean 'closed'"):
        loaded(tmp_path, sinks + "routes:\n  - {to: [am], tell: [close]}\n")


def test_a_sink_has_quiet_hours_and_a_rate(tmp_path: Path) -> None:
    settings = loaded(tmp_path, SINKS).settings
    chat, desk = rules_of(settings.sinks["chat"]), rules_of(settings.sinks["desk"])
    assert (chat.rate, chat.sums_up) == (Rate(5, 600), True)
    friday = datetime(2026, 3, 6, 22, 30, tzinfo=UTC)
    assert [quiet.until(friday) for quiet in chat.quiet] == [datetime(2026, 3, 7, 6, 0, tzinfo=UTC), None]
    assert chat.quiet[1].until(friday + timedelta(days=1)) == datetime(2026, 3, 7, 23, 0, tzinfo=UTC)
    assert desk.none


def test_a_route_has_a_digest(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        SINKS
        + """
routes:
  - {name: night, match: {entity: [Rotax], term: [arms deal], story: [ab]}, to: [chat], digest: 1h, group_by: [watchlist, severity]}
  - {to: [desk], digest: "0 8 * * 1-5", zone: Asia/Tehran}
  - {to: [log, desk]}
""",
    ).settings
    assert [route.rhythm for route in settings.routes] == [Every(3600.0), Cron("0 8 * * 1-5", "Asia/Tehran"), None]
    assert settings.routes[0].match.entity == ("Rotax",)
    assert settings.routes[0].group_by == ("watchlist", "severity")


@pytest.mark.parametrize(
    ("routes", "message"),
    [
        ("- {to: [chat], match: {severity: [critical]}, digest: 1h}", "which no digest waits for"),
        ("- {to: [log], digest: 1h}", "the sink 'log' is a file: with a digest"),
        ("- {to: [chat, log, desk], stop: true}\n  - {to: [desk]}", "this route is never read: routes[0] takes everything"),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(tmp_path: Path, routes: str, message: str) -> None:
    warnings = loaded(tmp_path, f"{SINKS}\nroutes:\n  {routes}\n").warnings
    assert any(message in warning.message for warning in warnings), warnings


def test_sinks_that_are_all_quiet_at_times_are_a_warning(tmp_path: Path) -> None:
    text = 'sinks: {desk: {type: webhook, url: "https://example.org/h", quiet: {from: "22:00", to: "07:00"}}}'
    assert any("has quiet hours (desk)" in warning.message for warning in loaded(tmp_path, text).warnings)
    assert not any("has quiet hours" in warning.message for warning in loaded(tmp_path, SINKS).warnings)


@pytest.mark.parametrize(
    ("text", "rate"), [("30/h", (30, 3600.0)), ("5/10m", (5, 600.0)), (" 1 / d ", (1, 86400.0)), ("7/7d", (7, 604800.0))]
)
def test_a_rate(text: str, rate: tuple[int, float]) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "30", "0/h", "3/0h", "3/8d", "3/w", "-3/h", "1/2/h"])
def test_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="rate"):
        parse_rate(text)
