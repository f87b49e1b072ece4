"""Routes change while the real program runs: an edit is in force, a broken one changes nothing, what waits for a restart is said."""

from __future__ import annotations

import json
import signal
from typing import Any

from tests.receiver import ThreadedReceiver
from tests.service.harness import Workspace, article_keys, eventually


def operations(daemon: Any) -> dict[str, str]:
    return {each["key"]: each["message"] for each in daemon.health()[1]["operations"]}


def test_routes_are_live_and_what_waits_for_a_restart_is_said(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    plain = workspace.config.read_text()
    daemon = workspace.start().ready()
    workspace.article("one")
    eventually(lambda: article_keys(receiver) == ["one.txt"], "the desk to be told")

    workspace.config.write_text(plain + "routes:\n  - {name: all, to: [log]}\n")
    eventually(lambda: daemon.logged("routes_reloaded"), "the routes to be in force")
    workspace.article("two")
    eventually(lambda: len(workspace.lines()) == 2, "the log to be told")
    assert article_keys(receiver) == ["one.txt"]

    workspace.config.write_text(plain + "routes:\n  - {name: all, to: [lgo]}\n")
    eventually(lambda: "configuration:broken" in operations(daemon), "the fault to be told")
    said = operations(daemon)["configuration:broken"]
    assert "the sources and routes in force stay" in said
    assert "monitor.yaml:" in said
    assert "routes[0].to[0]: there is no sink of this name" in said

    new = plain.replace("sinks:\n", f"sinks:\n  chat: {{type: webhook, format: slack, url: '{receiver.url}'}}\n")
    workspace.config.write_text(new + "routes:\n  - {name: all, to: [log, chat]}\n")
    eventually(lambda: "configuration" in operations(daemon), "what waits to be told")
    assert "sinks.chat (new), routes (they lead to chat)" in operations(daemon)["configuration"]
    assert "configuration:broken" not in operations(daemon)
    listed = workspace.run("sinks", "list", "--config", str(workspace.config)).stdout
    assert "chat  webhook  not loaded\n    it stands in the configuration, and the daemon that runs does not know it: restart" in listed
    assert "desk  webhook  active\n    nothing waits" in listed
    found = [json.loads(line) for line in workspace.run("sinks", "list", "--json", "--config", str(workspace.config)).stdout.splitlines()]
    assert {sink["name"]: sink["loaded"] for sink in found} == {"chat": False, "log": True, "desk": True}

    said = workspace.run("routes", "list", "--config", str(workspace.config)).stdout
    assert said.startswith("not in force yet: they lead to chat, which the daemon that runs has not loaded; restart the monitor\nall\n")

    assert daemon.stop() == 0
    found = [json.loads(line) for line in workspace.run("sinks", "list", "--json", "--config", str(workspace.config)).stdout.splitlines()]
    assert {sink["name"]: sink["loaded"] for sink in found} == {"chat": None, "log": None, "desk": None}
    again = workspace.start().ready()
    workspace.article("three")
    eventually(lambda: len(receiver.requests) > 1, "the chat to be told")
    assert "configuration" not in operations(again)
    assert again.stop() == 0


def test_a_fault_is_told_without_a_word_of_what_stands_in_the_file(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    plain = workspace.config.read_text()
    daemon = workspace.start().ready()
    workspace.article("one")
    eventually(lambda: article_keys(receiver) == ["one.txt"], "the desk to be told")
    command = "  pager: {type: exec, command: /bin/notify --token CANARY}\n"
    mail = "  post: {type: mail, server: 'smtps://u:CANARY@mail.example', sender: a@example.org, to: [b@example.org]}\n"
    workspace.config.write_text(plain.replace("sinks:\n", f"sinks:\n{command}{mail}"))
    eventually(lambda: "configuration:broken" in operations(daemon), "the fault to be told")
    assert "sinks.pager.command: this should be a list, such as [one, two], and 1 more" in operations(daemon)["configuration:broken"]
    eventually(lambda: any(b"configuration:broken" in each.body for each in receiver.requests), "people to be told")
    checked = workspace.run("check", "--config", str(workspace.config))
    assert daemon.stop() == 0
    assert checked.returncode == 2
    told = [
        *(each.body for each in receiver.requests),
        checked.stdout.encode(),
        checked.stderr.encode(),
        daemon.err.read_bytes(),
        daemon.out.read_bytes(),
    ]
    kept = [file.read_bytes() for file in [workspace.log, *workspace.folder.glob("var/**/*")] if file.is_file()]
    assert any(b"configuration:broken" in each for each in kept)
    assert not any(b"CANARY" in each for each in [*told, *kept])


def test_a_configuration_that_is_still_being_written_is_not_in_force(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    """Without its routes every sink would be told everything."""
    routes = "routes:\n  - {name: all, to: [log]}\n"
    plain = workspace.config.read_text()
    workspace.config.write_text(plain + routes)
    daemon = workspace.start().ready()
    workspace.config.write_text(plain)
    eventually(lambda: "it has no routes any more" in operations(daemon).get("configuration", ""), "what waits to be told")
    workspace.article("one")
    eventually(lambda: len(workspace.lines()) == 1, "the log to be told")
    workspace.config.write_text(plain + routes)
    eventually(lambda: "configuration" not in operations(daemon), "the whole file to be read")
    workspace.config.write_text(plain)
    daemon.process.send_signal(signal.SIGHUP)
    eventually(lambda: daemon.logged("routes_reloaded"), "the routes to be gone")
    assert article_keys(receiver) == []
    workspace.article("two")
    eventually(lambda: article_keys(receiver) == ["two.txt"], "the desk to be told")
    assert daemon.stop() == 0
