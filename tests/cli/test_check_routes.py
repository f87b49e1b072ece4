"""``monitor check`` on routes that name watchlists: one that nobody wrote is shown where it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import program
from tests.cli.test_alerts import LIST

CONFIG = """\
data_dir: ./var
watchlists: ./watchlists
sources: {drop: {folder: ./watchlists}}
sinks: {log: {type: alert_log, path: ./a.jsonl}}
"""
ROUTES = """\
routes:
  - {to: [log], match: {watchlist: [arms]}}
  - {to: [log], match: {watchlist: [arms, amrs]}, not: {watchlist: [budget]}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "watchlists" / "arms.yaml").write_text(LIST)
    file = tmp_path / "monitor.yaml"
    file.write_text(CONFIG + ROUTES)
    return file


def test_an_unknown_watchlist_of_a_route_is_shown_with_line_column_and_caret(config: Path) -> None:
    done = program("check", "--config", config)
    assert done.status == 0
    line = ROUTES.splitlines()[2]
    for wrong, hint in (("amrs", "did you mean 'arms'?"), ("budget", "there are: arms")):
        column = line.index(wrong)
        caret = f"{' ' * column}^{'~' * (len(wrong) - 1)}"
        said = f"{config}:7:{column + 1}: warning: there is no watchlist named {wrong!r}\n  {line}\n  {caret}\n"
        assert f"{said}  hint: {hint}\n" in done.out
    assert done.out.count("there is no watchlist") == 2
    found = [
        each for each in json.loads(program("check", "--json", "--config", config).out)["warnings"] if "no watchlist" in each["message"]
    ]
    assert [(each["line"], each["column"]) for each in found] == [(7, line.index("amrs") + 1), (7, line.index("budget") + 1)]


def test_one_that_a_variable_names_is_shown_with_the_variable(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text(CONFIG)
    monkeypatch.setenv("MONITOR_ROUTES", "[{to: [log], match: {watchlist: [amrs]}}]")
    assert "MONITOR_ROUTES: warning: there is no watchlist named 'amrs'" in program("check", "--config", config).out
