"""``monitor sinks test`` as a person uses it, on a sink of every type: a marked sample arrives, or it is said what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.sinks import SINK_TYPES
from tests.cli.program import program
from tests.judges import free_port
from tests.receiver import Reply, ThreadedReceiver


@pytest.fixture
def receiver() -> Iterator[ThreadedReceiver]:
    with ThreadedReceiver() as up:
        yield up


def secret(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.write_text(text + "\n")
    file.chmod(0o600)
    return str(file)


def script(folder: Path, name: str, body: str) -> str:
    file = folder / name
    file.write_text(f"#!{sys.executable}\n{body}\n")
    file.chmod(0o755)
    return str(file)


def configured(folder: Path, sinks: Mapping[str, Mapping[str, Any]]) -> Path:
    (folder / "lists").mkdir()
    config = folder / "monitor.yaml"
    config.write_text(yaml.safe_dump({"data_dir": "var", "watchlists": "lists", "sinks": {key: dict(sink) for key, sink in sinks.items()}}))
    return config


def test_a_marked_sample_arrives(tmp_path: Path, receiver: ThreadedReceiver) -> None:
    out = tmp_path / "taken.json"
    run = script(tmp_path, "run", f"import sys; open({str(out)!r}, 'wb').write(sys.stdin.buffer.read())")
    sinks: dict[str, dict[str, Any]] = {
        "ecs": {"type": "alert_log", "path": "ecs.jsonl", "format": "ecs"},
        "chat": {"type": "webhook", "format": "slack", "url_file": secret(tmp_path, "chat", receiver.url)},
        "pager": {"type": "alertmanager", "url": receiver.url},
        "run": {"type": "exec", "command": [run]},
        "feed": {"type": "atom", "path": "feed.xml"},
        "any": {"type": "apprise", "url_file": secret(tmp_path, "any", receiver.url.replace("http:", "json:"))},
    }
    sinks = {name: sink for name, sink in sinks.items() if sink["type"] in SINK_TYPES}
    config = configured(tmp_path, sinks)
    for name in sinks:
        done = program("sinks", "test", name, "--config", config)
        assert (done.status, done.out.splitlines()[1:]) == (0, ["    it was taken"]), (name, done.out, done.err)
    assert json.loads(out.read_bytes())["data"]["sample"] is True
    for file in ("ecs.jsonl", "feed.xml"):
        assert b"[SAMPLE] [INFO] News monitor" in (tmp_path / file).read_bytes(), file
    assert len(receiver.requests) == sum(sink["type"] in {"webhook", "alertmanager", "apprise"} for sink in sinks.values())
    assert all(b"sample" in request.body.lower() for request in receiver.requests)


def test_what_to_do_is_said(tmp_path: Path, receiver: ThreadedReceiver) -> None:
    receiver.default = Reply(404, body=b"no_service")
    nobody = f"127.0.0.1:{free_port()}"
    sinks: dict[str, tuple[dict[str, Any], str]] = {
        "chat": ({"type": "webhook", "format": "slack", "url_file": secret(tmp_path, "chat", receiver.url)}, "Slack does not take this"),
        "hook": ({"type": "webhook", "url": f"http://{nobody}/"}, "nothing listens there"),
        "mail": ({"type": "mail", "server": nobody, "tls": "none", "sender": "a@b.example", "to": ["c@b.example"]}, "no mail server"),
        "syslog": ({"type": "syslog", "address": nobody, "tls": False}, "no log server listens there"),
        "run": ({"type": "exec", "command": [script(tmp_path, "run", "raise SystemExit(78)")]}, "its own set-up is wrong"),
        "beat": ({"type": "heartbeat", "url": receiver.url}, "the service does not know this check any more"),
    }
    config = configured(tmp_path, {name: sink for name, (sink, _) in sinks.items()})
    for name, (_, advised) in sinks.items():
        done = program("sinks", "test", name, "--config", config)
        assert (done.status, f"    what to do: {advised}" in done.out) == (1, True), (name, done.out, done.err)
    first = {name: program("sinks", "test", name, "--config", config).out.splitlines()[0] for name in ("chat", "hook")}
    assert first["chat"].startswith("chat: refused ("), "nothing is paused over a sample"
    assert first["hook"].startswith("hook: not taken now (")
    said = program("sinks", "test", "chat", "--json", "--config", config)
    assert json.loads(said.out)["answer"] == "pause"
    assert json.loads(said.out)["advice"].startswith("Slack does not take this")
