"""Every way of getting the configuration wrong that we know of, with the very words it is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import ConfigError, ExitStatus
from monitor.settings import Surroundings, load
from tests.golden_files import assert_golden

BAD = Path(__file__).parent.parent / "bad" / "config"


@pytest.mark.parametrize("file", sorted(BAD.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_bad_file_is_answered_with_every_fault_in_it(file: Path, tmp_path: Path) -> None:
    around = Surroundings(environ={}, cwd=BAD, system=tmp_path / "none.yaml")
    with pytest.raises(ConfigError) as caught:
        load(Path(file.name), around=around)
    assert caught.value.exit_status is ExitStatus.WRONG_USE
    assert "CANARY" not in str(caught.value).replace("CANARY_file_name", "")
    assert_golden(f"config/{file.stem}.txt", f"{caught.value}\n")


@pytest.mark.parametrize(
    ("name", "environ"),
    [
        ("env_unknown", {"MONITOR_DATA_DIRR": "x", "MONITOR_SERVER__LISTN": "x", "MONITOR_CONFIG": "monitor.yaml", "MONITOR_XYZZY": "1"}),
        ("env_wrong_type", {"MONITOR_WORKERS__MATCH": "two", "MONITOR_SOURCES": "./seeds", "MONITOR_LOG__FORMAT": "jsn"}),
        ("env_bad_list", {"MONITOR_ROUTES": "[{to: [log]"}),
        ("env_unknown_sink", {"MONITOR_ROUTES": "[{to: [desk]}]"}),
        ("env_value_and_group", {"MONITOR_SERVER": "x", "MONITOR_SERVER__LISTEN": "127.0.0.1:1"}),
    ],
)
def test_a_bad_variable_is_named(name: str, environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "monitor.yaml").write_text("data_dir: ./var\nwatchlists: ./watchlists\nsinks: {log: {type: alert_log, path: ./a.jsonl}}\n")
    with pytest.raises(ConfigError) as caught:
        load(Path("monitor.yaml"), around=Surroundings(environ=environ, cwd=tmp_path))
    assert_golden(f"config/{name}.txt", f"{caught.value}\n")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(Path("nowhere.yaml"), around=Surroundings(environ={}, cwd=tmp_path))
    assert_golden("config/missing_file.txt", f"{caught.value}\n")


def test_no_file_at_all_says_where_it_looked(tmp_path: Path) -> None:
    around = Surroundings(environ={"HOME": str(tmp_path / "home")}, cwd=tmp_path, system=tmp_path / "etc/monitor.yaml")
    with pytest.raises(ConfigError) as caught:
        load(None, around=around)
    assert_golden("config/no_file.txt", f"{caught.value}\n".replace(str(tmp_path), "TMP"))


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "monitor.yaml").write_bytes(b"# " + b"x" * (1 << 20))
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load(None, around=Surroundings(environ={}, cwd=tmp_path))


def test_a_hundred_thousand_brackets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "monitor.yaml").write_text("[" * 100_000)
    with pytest.raises(ConfigError, match="nested more than 20 deep"):
        load(None, around=Surroundings(environ={}, cwd=tmp_path))


def test_bad_secrets_are_named_and_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "monitor.yaml").write_text("data_dir: ./var\nwatchlists: ./watchlists\n")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "sinks__desk__secre").write_text("CANARY")
    (secrets / "sinks__desk__secret").write_bytes(b"CANARY\xff")
    (secrets / ".hidden").write_text("CANARY")
    with pytest.raises(ConfigError) as caught:
        load(None, secrets=secrets, around=Surroundings(environ={}, cwd=tmp_path))
    assert_golden("config/bad_secrets.txt", f"{caught.value}\n".replace(str(tmp_path), "TMP"))
