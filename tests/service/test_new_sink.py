"""A sink that was just written into the configuration of a daemon that runs: it is tried before the daemon knows it, and shown so."""

from __future__ import annotations

import json

from tests.cli.program import Done, program
from tests.receiver import Reply, ThreadedReceiver
from tests.service.harness import Workspace


def test_a_sink_that_the_daemon_has_not_loaded_is_tried_and_marked(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    def call(*arguments: str) -> Done:
        return program(*arguments, "--config", workspace.config)

    daemon = workspace.start().ready()
    written = workspace.config.read_text() + "routes: [{to: [log]}, {to: [chat, beat]}]\n"
    new = f"  chat: {{type: webhook, format: slack, url: '{receiver.url}'}}\n  beat: {{type: heartbeat, url: '{receiver.url}'}}\n"
    workspace.config.write_text(written.replace("sinks:\n", f"sinks:\n{new}").replace(", beat]", "]"))

    tried = call("sinks", "test", "chat")
    said = "    it was tried by this command: the daemon that runs does not know it; restart the monitor"
    assert (tried.status, tried.out.splitlines()[1:]) == (0, ["    it was taken", said]), tried.err
    assert b"SAMPLE" in receiver.requests[-1].body
    assert call("sinks", "test", "beat").status == 0
    receiver.default = Reply(404, body=b"no_service")
    refused = call("sinks", "test", "chat")
    assert (refused.status, "what to do: Slack does not take this" in refused.out) == (1, True)

    by_daemon = json.loads(call("sinks", "test", "desk", "--json").out)
    assert (by_daemon["loaded"], by_daemon["waits"]) == (True, False)
    assert "there is no sink 'chta'" in call("sinks", "test", "chta").err

    listed = call("routes", "list").out
    assert "    to          chat (webhook, not loaded)\n" in listed
    assert "    to          log (alert_log)\n" in listed
    rows = [json.loads(line) for line in call("routes", "list", "--json").out.splitlines()]
    assert [[sink["loaded"] for sink in row["to"]] for row in rows] == [[True], [False]]

    assert daemon.stop() == 0
    assert json.loads(call("sinks", "test", "chat", "--json").out)["loaded"] is None
