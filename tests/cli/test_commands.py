"""The other commands: what they say, and the status they end with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import jsonschema
import pytest
import yaml

from monitor import __version__
from monitor.cli.main import cli
from tests.cli.program import program

ROOT = Path(__file__).parent.parent.parent
GOOD = "id: good\ngroups:\n  a: {any: [rocketsale (exact)]}\nwhen: a\ntests:\n  - alert: a rocketsale\n  - quiet: a boatsale\n"


@pytest.fixture
def space(tmp_path: Path) -> Path:
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "watchlists" / "good.yaml").write_text(GOOD)
    (tmp_path / "articles").mkdir()
    (tmp_path / "monitor.yaml").write_text(
        "data_dir: ./var\nwatchlists: ./watchlists\n"
        "sources: {drop: {folder: ./articles}}\nsinks: {log: {type: alert_log, path: ./a.jsonl}}\n"
    )
    return tmp_path


def commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, command in cli.commands.items():
        if isinstance(command, click.Group):
            found += [(name, inner) for inner in command.commands]
        else:
            found.append((name,))
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(command: tuple[str, ...]) -> None:
    done = program(*command, "--help")
    assert done.status == 0
    assert "Example:" in done.out


def test_the_version() -> None:
    assert program("--version").out == f"monitor {__version__}\n"


def test_help_waits_for_no_library_it_does_not_need() -> None:
    """What start-up time is made of; the time itself would measure the machine."""
    heavy = ["pydantic", "yaml", "sqlalchemy", "aiohttp", "fastapi", "numpy", "trafilatura", "structlog", "apscheduler", "asyncio"]
    code = f"import sys, monitor.cli.main; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("arguments", [("nonsense",), ("run", "--nonsense"), ("schema", "nonsense"), ("alerts", "list", "--limit", "x")])
def test_wrong_use_is_status_2(arguments: tuple[str, ...]) -> None:
    done = program(*arguments)
    assert done.status == 2
    assert "Usage:" in done.err


@pytest.mark.parametrize("command", [("run",), ("once",), ("check",), ("routes", "list"), ("config", "show")], ids=" ".join)
def test_a_bad_configuration_is_status_2_and_no_traceback(command: tuple[str, ...], tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("data_dir: ./var\nwatchlist: ./watchlists\n")
    done = program(*command, "--config", bad)
    assert done.status == 2
    assert done.out == ""
    assert f"{bad}:2:1: error: unknown key 'watchlist'" in done.err
    assert program(*command, "--config", tmp_path / "none.yaml").status == 2


def test_a_bad_configuration_keeps_nobody_from_the_record(tmp_path: Path) -> None:
    """Only where the data is must be sure; the fault is told all the same."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("data_dir: ./var\nwatchlist: ./watchlists\n")
    for command, status in ((("alerts", "list"), 3), (("sources", "list"), 0)):  # there is no record yet
        done = program(*command, "--config", bad)
        assert done.status == status
        assert f"{bad}:2:1: error: unknown key 'watchlist'" in done.err
        assert "Traceback" not in done.err
        assert program(*command, "--config", tmp_path / "none.yaml").status == 2


# ------------------------------------------------------------------------------------------- check
def test_check_runs_the_tests_and_says_so(space: Path) -> None:
    done = program("check", "--config", space / "monitor.yaml")
    assert done.status == 0
    assert "good: 2 of 2 tests passed" in done.out
    assert "warning: the only sink is the alert log" in done.out


def test_check_shows_every_fault_and_fails(space: Path) -> None:
    (space / "watchlists" / "bad.yaml").write_text("id: bad\ngroups:\n  a: {any: [x y]}\nwhen: a AND\nseverty: high\n")
    (space / "watchlists" / "wrong.yaml").write_text(GOOD.replace("id: good", "id: wrong").replace("quiet: a boat", "quiet: a rocket"))
    done = program("check", "--config", space / "monitor.yaml")
    assert done.status == 1
    assert "bad.yaml:4:" in done.out
    assert "bad.yaml:5:1: error:" in done.out
    assert "^" in done.out
    assert "wrong: test failed: wrong.yaml:7" in done.out
    assert "wrong: 1 of 2 tests passed" in done.out
    assert done.out.endswith("failed\n")


def test_check_of_one_file_and_of_a_folder(space: Path) -> None:
    (space / "watchlists" / "bad.yaml").write_text("id: bad\n")
    assert program("check", space / "watchlists" / "good.yaml").status == 0
    assert program("check", space / "watchlists" / "bad.yaml").status == 1
    assert program("check", space / "watchlists").status == 1
    assert program("check", space / "nothing").status == 2


def test_check_of_a_configuration_by_its_name(space: Path) -> None:
    done = program("check", space / "monitor.yaml")
    assert (done.status, f"{space / 'monitor.yaml'}: read" in done.out) == (0, True), done.err
    (space / "monitor.yaml").write_text("data_dir: var\nsinkss: {}\n")
    done = program("check", space / "monitor.yaml")
    assert (done.status, "unknown key 'sinkss'" in done.err) == (2, True)


def test_check_as_json(space: Path) -> None:
    (space / "watchlists" / "bad.yaml").write_text("id: bad\nwhen: a\n")
    done = program("check", "--json", "--config", space / "monitor.yaml")
    found = json.loads(done.out)
    assert done.status == 1
    assert not found["ok"]
    assert {fault["file"].rpartition("/")[2] for fault in found["faults"]} == {"bad.yaml"}
    assert {"watchlist": "good", "tests_passed": 2, "tests_failed": []} in found["watchlists"]


def test_check_refuses_a_secret_that_all_can_read(space: Path) -> None:
    (space / "secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    (space / "secret").chmod(0o644)
    config = space / "monitor.yaml"
    config.write_text(
        config.read_text().replace("sinks: {", "sinks: {desk: {type: webhook, url: 'https://a.org', secret_file: ./secret}, ")
    )
    done = program("check", "--config", config)
    assert done.status == 1
    assert "every user of this machine can read the secret file" in done.out
    done = program("once", "--config", config)
    assert done.status == 2
    assert f"hint: chmod 600 {space}/secret" in done.err
    assert "Traceback" not in done.err


# ----------------------------------------------------------------------------------- the record
def test_commands_before_anything_was_recorded(space: Path) -> None:
    done = program("alerts", "list", "--config", space / "monitor.yaml")
    assert done.status == 3
    assert "no record yet" in done.err
    done = program("sources", "list", "--config", space / "monitor.yaml")
    assert done.status == 0
    assert "last read -" in done.out


def test_a_damaged_record_is_status_3(space: Path) -> None:
    (space / "var").mkdir()
    (space / "var" / "monitor.db").write_bytes(b"this is no database" * 1000)
    done = program("alerts", "list", "--config", space / "monitor.yaml")
    assert done.status == 3
    assert "Traceback" not in done.err


def test_config_show_says_where_values_come_from(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_LOG__LEVEL", "debug")
    config = space / "monitor.yaml"
    config.write_text(
        config.read_text().replace("sinks: {", "sinks: {desk: {type: webhook, url: 'https://a.org/CANARY', secret: CANARY}, ")
    )
    done = program("config", "show", "--config", config)
    assert done.status == 0
    assert "debug  (MONITOR_LOG__LEVEL)" in done.out
    assert f"(secret)  ({config}:4)" in done.out
    assert "CANARY" not in done.out
    found = json.loads(program("config", "show", "--json", "--config", config).out)
    assert found["workers.match"] == {"value": 1, "from": "default"}


# ------------------------------------------------------------------------------------- schema, init
@pytest.mark.parametrize("what", ["alert", "operation", "watchlist", "config"])
def test_schemas_are_schemas(what: str) -> None:
    schema = json.loads(program("schema", what).out)
    jsonschema.Draft202012Validator.check_schema(schema)


def test_the_shipped_files_satisfy_their_schemas() -> None:
    watchlist = json.loads(program("schema", "watchlist").out)
    for file in (ROOT / "watchlists").glob("*.yaml"):
        jsonschema.validate(yaml.safe_load(file.read_text(encoding="utf-8")), watchlist)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"id": "a", "groups": {}, "when": "a", "severty": "high"}, watchlist)
    config = json.loads(program("schema", "config").out)
    jsonschema.validate(yaml.safe_load((ROOT / "deploy" / "monitor.yaml").read_text(encoding="utf-8")), config)


def test_init_here_does_not_say_to_go_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my news").mkdir()
    monkeypatch.chdir(tmp_path / "my news")
    assert program("init", ".").out.endswith("\nNext: monitor check && monitor run\n")
    monkeypatch.chdir(tmp_path)
    assert program("init", "my other").out.endswith("\nNext: cd 'my other' && monitor check && monitor run\n")


def test_init_writes_a_folder_that_works_and_overwrites_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    done = program("init", folder)
    assert done.status == 0, done.err
    assert done.out.endswith(f"\nNext: cd {folder} && monitor check && monitor run\n")
    assert {entry.name for entry in folder.iterdir()} == {"monitor.yaml", "watchlists", "seeds", "sources"}
    assert (folder / "seeds" / "001_f8682f4e741b8caa.txt").read_bytes() == (ROOT / "seeds" / "001_f8682f4e741b8caa.txt").read_bytes()
    checked = program("check", "--config", folder / "monitor.yaml")
    assert checked.status == 0, checked.out + checked.err
    assert checked.err == ""
    before = (folder / "monitor.yaml").read_text()
    again = program("init", folder)
    assert again.status == 2
    assert "already holds monitor.yaml, watchlists, seeds, sources: nothing was written" in again.err
    assert (folder / "monitor.yaml").read_text() == before
    assert "../" not in before


def test_a_starter_folder_has_a_list_that_feeds_are_written_into(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    assert program("init", folder).status == 0
    theirs = tmp_path / "theirs.opml"
    theirs.write_text('<opml version="2.0"><body><outline text="Port News" xmlUrl="https://example.org/rss"/></body></opml>')
    done = program("sources", "import-opml", theirs, "--config", folder / "monitor.yaml")
    assert (done.status, done.out, done.err) == (0, f"1 added to {folder}/sources/own.opml, 0 were there already\n", "")
    assert "port-news  feed  https://example.org/rss" in program("sources", "list", "--config", folder / "monitor.yaml").out
