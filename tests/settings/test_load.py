"""Which value wins, where it came from, and what relative paths are relative to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.settings import (
    Loaded,
    Surroundings,
    format_duration,
    format_size,
    load,
    mask_url,
    parse_duration,
    parse_size,
    secret_file_faults,
    show,
    split_address,
)
from monitor.settings.model import FolderSettings
from monitor.sinks.webhook import WebhookSettings

WHOLE = """\
data_dir: ../var
watchlists: ~/lists
sources:
  samples: {folder: seeds}
  example-ar: {feed: "https://user:pass@example.org/rss.xml?key=CANARY", language: ar, labels: {country: NO, year: 2022}, every: 1h30m}
sinks:
  log: {type: alert_log, path: ../var/alerts.jsonl}
  desk: {type: webhook, url: "https://desk.example.org/hook/CANARY", secret: CANARY}
routes:
  - {to: [log]}
  - {match: {severity: [high, critical]}, not: {stance: [denied]}, to: [desk], stop: true}
"""


def write(folder: Path, text: str = WHOLE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "monitor.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def around(cwd: Path, **environ: str) -> Surroundings:
    return Surroundings(environ={"HOME": str(cwd), **environ}, cwd=cwd, system=cwd / "etc" / "monitor.yaml")


def shown(loaded: Loaded) -> dict[str, tuple[object, str]]:
    return {item.name: (item.value, item.where) for item in show(loaded)}


def test_the_file_is_read_as_written(tmp_path: Path) -> None:
    write(tmp_path / "conf")
    settings = load(Path("conf/monitor.yaml"), around=around(tmp_path)).settings
    feed = settings.sources["example-ar"]
    assert feed.every == 5400.0
    assert feed.labels == {"country": "NO", "year": "2022"}
    assert settings.routes[1].stop
    assert settings.routes[1].not_ is not None


def test_relative_paths_belong_to_the_file_and_home_is_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    write(tmp_path / "conf")
    loaded = load(Path("conf/monitor.yaml"), around=around(tmp_path, MONITOR_SOURCES__SAMPLES__FOLDER="other"))
    assert loaded.settings.data_dir == tmp_path / "var"
    assert loaded.settings.watchlists == Path("/home/somebody/lists")
    assert loaded.settings.sinks["log"].path == tmp_path / "var" / "alerts.jsonl"  # type: ignore[union-attr]
    assert loaded.settings.sources["samples"].folder == tmp_path / "other"  # type: ignore[union-attr]


def test_options_beat_variables_beat_secrets_beat_the_file(tmp_path: Path) -> None:
    write(tmp_path)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "sinks__desk__secret").write_text("from-the-folder\n")
    (secrets / "server__listen").write_text("127.0.0.1:1\n")
    (secrets / "log__level").write_text("error")
    loaded = load(
        None,
        options={("log", "format"): ("--log-format", "json")},
        secrets=secrets,
        around=around(
            tmp_path, MONITOR_LOG__FORMAT="console", MONITOR_SERVER__LISTEN="127.0.0.1:2", MONITOR_SOURCES__EXAMPLE_AR__EVERY="2m"
        ),
    )
    values = shown(loaded)
    assert values["log.format"] == ("json", "--log-format")
    assert values["server.listen"] == ("127.0.0.1:2", "MONITOR_SERVER__LISTEN")
    assert values["log.level"] == ("error", str(secrets / "log__level"))
    assert values["sources.example-ar.every"] == ("2m", "MONITOR_SOURCES__EXAMPLE_AR__EVERY")
    assert values["sources.example-ar.language"] == ("ar", f"{tmp_path}/monitor.yaml:5")
    assert values["workers.match"][1] == "default"
    desk = loaded.settings.sinks["desk"]
    assert isinstance(desk, WebhookSettings)
    assert desk.secret is not None
    assert desk.secret.get_secret_value() == "from-the-folder"


def test_a_whole_sink_may_come_from_variables(tmp_path: Path) -> None:
    write(tmp_path, "data_dir: var\nwatchlists: lists\n")
    environ = {
        "MONITOR_SINKS__CHAT__TYPE": "webhook",
        "MONITOR_SINKS__CHAT__URL": "https://example.org/x",
        "MONITOR_ROUTES": "[{to: [chat]}]",
    }
    settings = load(None, around=around(tmp_path, **environ)).settings
    assert settings.sinks["chat"].type == "webhook"
    assert settings.routes[0].to == ("chat",)


def test_of_an_address_that_is_all_secret_the_service_is_shown(tmp_path: Path) -> None:
    write(tmp_path, "data_dir: var\nwatchlists: lists\nsinks: {phone: {type: apprise, url: 'ntfy://CANARY/CANARY?x=CANARY'}}\n")
    loaded = load(None, around=around(tmp_path))
    assert shown(loaded)["sinks.phone.url"][0] == "ntfy://(secret)"
    assert "CANARY" not in repr(loaded.settings) + repr(show(loaded))


def test_nothing_shown_holds_a_secret(tmp_path: Path) -> None:
    write(tmp_path)
    loaded = load(None, around=around(tmp_path))
    values = shown(loaded)
    assert values["sinks.desk.secret"][0] == "(secret)"
    assert values["sinks.desk.url"][0] == "https://desk.example.org/(secret)"
    assert values["sources.example-ar.feed"][0] == "https://(secret)@example.org/rss.xml?(secret)"
    assert "CANARY" not in repr(show(loaded)) + repr(loaded.warnings)
    assert "pass" not in repr(show(loaded))
    assert values["routes"][0] == [
        {"to": ["log"]},
        {"match": {"severity": ["high", "critical"]}, "not": {"stance": ["denied"]}, "to": ["desk"], "stop": True},
    ]


def test_the_file_is_looked_for_here_then_at_home_then_in_the_system(tmp_path: Path) -> None:
    place = around(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "xdg"))
    expected = [tmp_path / "monitor.yaml", tmp_path / "xdg" / "monitor" / "monitor.yaml", tmp_path / "etc" / "monitor.yaml"]
    for file in reversed(expected):
        write(file.parent, "data_dir: var\nwatchlists: lists\n").rename(file)
        assert load(None, around=place).file == file


def test_credentials_of_systemd_are_found_by_themselves(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "sinks__desk__secret").write_text("x")
    loaded = load(None, around=around(tmp_path, CREDENTIALS_DIRECTORY=str(tmp_path / "credentials")))
    assert shown(loaded)["sinks.desk.secret"] == ("(secret)", str(tmp_path / "credentials" / "sinks__desk__secret"))


def test_what_is_probably_not_meant_is_a_warning(tmp_path: Path) -> None:
    write(
        tmp_path,
        "data_dir: v\nwatchlists: w\nroutes: [{to: [a]}]\nsinks:\n  a: {type: alert_log, path: a}\n  b: {type: alert_log, path: b}\n",
    )
    messages = [fault.message for fault in load(None, around=around(tmp_path)).warnings]
    assert messages == [
        "no source is configured: nothing will be read",
        "the only sink is the alert log: nobody is told of an alert",
        "no route leads to the sink 'b': it will get nothing",
    ]


def test_a_secret_file_open_to_all_is_a_fault(tmp_path: Path) -> None:
    write(
        tmp_path,
        "data_dir: v\nwatchlists: w\nsinks:\n  a: {type: webhook, url: 'https://a.org', secret_file: secret}\n",
    )
    loaded = load(None, around=around(tmp_path))
    assert "cannot be read: No such file" in secret_file_faults(loaded)[0].message
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o644)
    assert [str(f) for f in secret_file_faults(loaded)] == [
        f"{tmp_path}/monitor.yaml:4: error: every user of this machine can read the secret file {secret}\n  hint: chmod 600 {secret}"
    ]
    assert secret_file_faults(loaded, trusted=(tmp_path,)) == ()
    secret.chmod(0o640)
    assert secret_file_faults(loaded) == ()


def test_a_secret_in_a_file_open_to_all_is_a_warning(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.chmod(0o644)
    for source in load(None, around=around(tmp_path)).settings.sources.values():
        if isinstance(source, FolderSettings):
            source.folder.mkdir(parents=True)
    (warning,) = (doubt for doubt in load(None, around=around(tmp_path)).warnings if "contact" not in doubt.message)
    assert (warning.line, warning.message) == (8, "this secret stands in a file that every user of this machine can read")
    assert "CANARY" not in str(warning)
    file.chmod(0o600)
    assert [doubt for doubt in load(None, around=around(tmp_path)).warnings if "contact" not in doubt.message] == []


def test_a_folder_that_is_not_there_and_a_source_nobody_configured_are_doubted(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.chmod(0o600)
    with file.open("a") as more:
        more.write("  - {match: {source: [nowhere]}, to: [log]}\n")
    told = [warning.message for warning in load(None, around=around(tmp_path)).warnings]
    assert any(message.startswith("there is no folder ") for message in told)
    assert "there is no source named 'nowhere'" in told


def test_settings_without_layers_read_nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(os.environ, "MONITOR_DATA_DIR", "elsewhere")
    write(tmp_path)
    assert load(None, around=around(tmp_path)).settings.data_dir != Path("elsewhere")


@given(st.integers(min_value=1, max_value=10**7))
def test_durations_and_sizes_come_back_as_written(number: int) -> None:
    assert parse_duration(format_duration(float(number))) == number
    assert parse_size(format_size(number)) == number


@pytest.mark.parametrize(("text", "seconds"), [("15m", 900), ("48h", 172800), ("7d", 604800), ("1h 30m", 5400), ("250ms", 0.25)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "15 parsecs", "-5m", "1h-2m", "١٥"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["", "5", "5 XB", "MiB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


def test_addresses() -> None:
    assert split_address("127.0.0.1:8080") == ("127.0.0.1", 8080)
    assert split_address("[::1]:0") == ("::1", 0)
    for bad in ("8080", ":8080", "host", "host:99999", "host:٨"):
        with pytest.raises(ValueError, match="is not an address"):
            split_address(bad)


def test_addresses_are_masked() -> None:
    assert mask_url("https://example.org/a/b") == "https://example.org/a/b"
    assert mask_url("https://example.org/a/b", whole_path=True) == "https://example.org/(secret)"


def test_config_error_can_cross_processes() -> None:
    import pickle

    with pytest.raises(ConfigError) as caught:
        load(Path("/nowhere.yaml"), around=Surroundings(environ={}))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
