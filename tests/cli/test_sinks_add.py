"""``monitor sinks add``: every block loads as it is printed, and is put into a configuration without touching anything else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from monitor.settings import Surroundings, load
from monitor.sinks import SINK_TYPES, SinkSection
from tests.cli.program import program

WORDS = [(type_, example.word) for type_, kind in SINK_TYPES.items() for example in kind.examples]
HEAD = "data_dir: var\nwatchlists: lists\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "lists").mkdir()
    (tmp_path / "secret").write_text("https://hooks.example/services/canary\n")
    (tmp_path / "secret").chmod(0o600)
    return tmp_path / "monitor.yaml"


# -------------------------------------------------------------------------------------------- printed
@pytest.mark.parametrize("type_", SINK_TYPES)
def test_every_type_has_a_block_of_its_own_name(type_: str) -> None:
    assert type_ in {example.word for example in SINK_TYPES[type_].examples}


@pytest.mark.parametrize(("type_", "word"), WORDS)
def test_a_printed_block_loads(type_: str, word: str, config: Path) -> None:
    done = program("sinks", "add", word)
    assert done.status == 0, done.err
    config.write_text(HEAD + done.out)
    loaded = load(config, around=Surroundings(environ={}, cwd=config.parent))
    assert [sink.type for sink in loaded.settings.sinks.values()] == [type_]


@pytest.mark.parametrize(("type_", "word"), WORDS)
def test_a_printed_block_has_every_setting_and_says_what_it_is_for(type_: str, word: str) -> None:
    kind = SINK_TYPES[type_]
    lines = program("sinks", "add", word).out.splitlines()
    named = {match[1]: line for line in lines[3:] if (match := re.match(r"    (?:# )?(\w+): ", line))}
    unused = set() if kind.disturbs and kind.takes else set(SinkSection.model_fields)
    assert set(named) == {info.alias or key for key, info in kind.model_fields.items()} - unused - {"type"}
    assert [key for key, line in named.items() if "  # " not in line.removeprefix("    # ")] == []
    live = yaml.safe_load("\n".join(re.sub(r"^    # ", "    ", line) for line in lines))
    assert set(next(iter(live["sinks"].values()))) == {"type", *named}


def test_words_are_listed_and_wrong_ones_corrected() -> None:
    listed = program("sinks", "add")
    assert (listed.status, [line.split()[0] for line in listed.out.splitlines()]) == (0, [word for _, word in WORDS])
    wrong = program("sinks", "add", "slak")
    assert (wrong.status, "did you mean 'slack'?" in wrong.err) == (2, True)
    assert "there are: alert_log" in program("sinks", "add", "carrier").err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "colour=red"), "webhook has no setting 'colour'"),
        (("--set", "url"), "--set needs KEY=VALUE"),
        (("--set", "url=[a"), "the value is not YAML"),
        (("--name", "Desk 1"), "'Desk 1' is not a name"),
    ],
)
def test_wrong_use_is_said(arguments: tuple[str, ...], said: str) -> None:
    done = program("sinks", "add", "webhook", *arguments)
    assert (done.status, said in done.err) == (2, True), done.err


def test_values_take_the_place_of_those_that_stand_in() -> None:
    out = program("sinks", "add", "slack", "--set", "url=https://hooks.example/x", "--set", "format=discord", "--name", "room").out
    (sink,) = yaml.safe_load(out)["sinks"].items()
    assert sink == ("room", {"type": "webhook", "format": "discord", "url": "https://hooks.example/x"})


def test_a_value_of_nothing_leaves_the_setting_out() -> None:
    login = ("--set", "user=", "--set", "password_file=")
    done = program("sinks", "add", "mail", *login, "--set", "to=[a@b.example, Night <n@b.example>]")
    (sink,) = yaml.safe_load(done.out)["sinks"].values()
    assert sink["to"] == ["a@b.example", "Night <n@b.example>"]
    assert {"user", "password_file"} & set(sink) == set()
    assert "    # password_file: FILE" in done.out
    needed = program("sinks", "add", "mail", "--set", "server=")
    assert (needed.status, "--set server=: mail cannot do without it" in needed.err) == (2, True)
    assert "'to=[desk@example.org]'" in " ".join(program("sinks", "add", "--help").out.split())


# -------------------------------------------------------------------------------------------- written
LAYOUTS = {
    "block": "sinks:\n  log: {type: alert_log, path: a.jsonl}  # the log\n\n# routes come next\nroutes:\n  - {to: [log]}\n",
    "deep": "sinks:\n    log:\n        type: alert_log\n        path: a.jsonl\n    # more: {}\n# end\n",
    "four lines": "sinks:\n  log: {type: alert_log,\n        path: a.jsonl}\n",
    "no end of line": "sinks:\n  log: {type: alert_log, path: a.jsonl}",
    "missing": "routes: []\n",
    "braces": "sinks: {}  # none yet\nroutes: []\n",
    "dos": "sinks:\r\n  log: {type: alert_log, path: a.jsonl}\r\nroutes: []\r\n",
    "arabic": "# مصبات\nsinks:\n  log: {type: alert_log, path: تنبيهات.jsonl}  # سجل\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_block_is_put_into_a_configuration_and_nothing_else_is_touched(layout: str, config: Path) -> None:
    before = "# Ours.\n" + HEAD + LAYOUTS[layout]
    config.write_bytes(before.encode())
    config.chmod(0o640)
    done = program("sinks", "add", "slack", "--set", f"url_file={config.parent / 'secret'}", "--write", "--config", config)
    assert done.status == 0, done.err
    after = config.read_bytes().decode()
    added = [line.rstrip() for line in after.splitlines() if line.strip() == "slack:"]
    assert len(added) == 1
    kept = iter(after.splitlines())
    for line in before.replace("{}", "").splitlines():
        assert any(line.split("#")[0].rstrip() == one.split("#")[0].rstrip() for one in kept), line
    assert all(comment in after for comment in re.findall(r"#.*", before.replace("\r", "")))
    assert ("\r\n" in before) == ("\r\n" in after)
    loaded = load(config, around=Surroundings(environ={}, cwd=config.parent))
    assert [*loaded.settings.sinks][-1] == "slack"
    assert config.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in config.parent.iterdir() if path.name.startswith(".")] == []


def test_after_writing_it_says_what_to_mend_and_what_to_know(config: Path) -> None:
    config.write_text(HEAD + LAYOUTS["block"])
    done = program("sinks", "add", "webhook", "--name", "desk", "--set", f"secret_file={_signing(config)}", "--write", "--config", config)
    assert done.status == 0, done.err
    assert done.out.splitlines() == [
        f"desk was added to {config}",
        "  mend first what only stands in: url",
        "  note: no route leads to the sink 'desk': it will get nothing",
        "  try it: monitor sinks test desk; a running service takes it up when it is started again",
    ]
    # What the word itself says, the format, stands in for nothing.
    done = program("sinks", "add", "slack", "--set", f"url_file={config.parent / 'secret'}", "--write", "--config", config)
    assert "mend first" not in done.out
    again = program("sinks", "add", "webhook", "--name", "desk", "--write", "--config", config)
    assert (again.status, "there is a sink named 'desk' already" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("slack",), 2, "the secret file /run/secrets/slack cannot be read"),
        (("slack", "--set", "url_file=secret", "--set", "bearer_file=secret", "--set", "basic_file=secret"), 2, "not both"),
        (("webhook", "--set", "secret_file=secret"), 1, "the signing secret is not whsec_"),
        (("alertmanager", "--set", "refresh=1s"), 2, "1s is not between 10s and 1h"),
    ],
)
def test_what_would_not_work_is_not_written(arguments: tuple[str, ...], status: int, said: str, config: Path) -> None:
    before = HEAD + LAYOUTS["block"]
    config.write_text(before)
    done = program("sinks", "add", *arguments, "--write", "--config", config)
    assert (done.status, said in done.err) == (status, True), done.err
    assert config.read_text() == before
    assert "monitor.yaml" not in done.err  # no line of it holds the fault
    assert sorted(path.name for path in config.parent.iterdir()) == ["lists", "monitor.yaml", "secret"]


def test_a_mail_sink_without_login_is_written(config: Path) -> None:
    config.write_text(HEAD)
    done = program("sinks", "add", "mail", "--set", "user=", "--set", "password_file=", "--write", "--config", config)
    assert (done.status, "  mend first what only stands in: server, sender, to" in done.out.splitlines()) == (0, True), done.err


def test_a_fault_of_the_block_is_shown_in_its_line_and_named_without_a_number(config: Path) -> None:
    config.write_text(HEAD)
    done = program("sinks", "add", "alertmanager", "--name", "pager", "--set", "refresh=1s", "--write", "--config", config)
    first, shown, caret = done.err.splitlines()[:3]
    assert first == "sinks.pager: error: 1s is not between 10s and 1h"
    assert shown[len(caret) - 2 :].startswith("1s")


@pytest.mark.parametrize("text", ["sinks: {log: {type: alert_log, path: a.jsonl}}\n", "{sinks: {}, routes: []}\n"])
def test_sinks_in_braces_are_left_to_their_owner(text: str, config: Path) -> None:
    before = HEAD + text if text.startswith("sinks") else "{data_dir: var, watchlists: lists, " + text.removeprefix("{")
    config.write_text(before)
    done = program("sinks", "add", "alert_log", "--write", "--config", config)
    assert (done.status, "nothing was written" in done.err, config.read_text()) == (2, True, before)


def test_a_configuration_that_is_wrong_already_is_not_made_worse(config: Path) -> None:
    config.write_text(HEAD + "sinks:\n  log: {type: alert_lgo, path: a.jsonl}\n")
    done = program("sinks", "add", "alert_log", "--write", "--config", config)
    assert (done.status, "did you mean 'alert_log'?" in done.err) == (2, True)


def _signing(config: Path) -> Path:
    file = config.parent / "signing"
    file.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    file.chmod(0o600)
    return file
