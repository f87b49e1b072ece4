"""A typo in the configuration of a daemon that runs: people go on looking at alerts and acting on them, and are told of the typo."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.program import Done, program
from tests.receiver import ThreadedReceiver
from tests.service.harness import Workspace, article_keys, eventually


def call(workspace: Workspace, *arguments: str) -> Done:
    return program(*arguments, "--config", workspace.config)


def test_what_needs_only_the_record_and_the_daemon_works_despite_a_typo(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    daemon = workspace.start().ready()
    workspace.article("one")
    eventually(lambda: article_keys(receiver) == ["one.txt"], "the desk to be told")
    sound = workspace.config.read_text()
    workspace.config.write_text(sound + "routes:\n  - {to: [log], tell: [raised, clsd]}\n")

    listed = call(workspace, "alerts", "list", "--json")
    alert = json.loads(listed.out)["id"]
    assert listed.status == 0
    assert "did you mean 'closed'?" in listed.err
    assert listed.err.endswith(
        f"warning: the configuration cannot be used as it is; only its data_dir was read: {workspace.folder / 'var'}\n"
    )
    for arguments in (
        ("alerts", "show", alert),
        ("alerts", "ack", alert, "-m", "looking"),
        ("alerts", "close", alert, "--as", "true"),
        ("alerts", "reopen", alert),
        ("alerts", "tail", "--no-follow"),
        ("why", alert),
        ("audit",),
        ("db", "stats"),
        ("db", "check"),
        ("sinks", "list"),
        ("sinks", "show", "desk"),
        ("silence", "add", "--source", "drop", "--for", "1h", "-m", "loud"),
        ("silence", "list"),
        ("deliveries", "list"),
        ("stories", "list"),
        ("sources", "list"),
        ("sources", "show", "drop"),
        ("sources", "pause", "drop"),
        ("sources", "resume", "drop"),
        ("sinks", "pause", "desk"),
        ("sinks", "resume", "desk"),
    ):
        done = call(workspace, *arguments)
        assert (done.status, done.err.count("cannot be used as it is")) == (0, 1), (arguments, done.err)
        assert done.out, arguments
    health = call(workspace, "sources", "health")
    assert (health.status, health.out.splitlines()[0]) == (1, "1 source polled: 1 ok")

    workspace.config.write_text(sound + "sinks: [\n")  # no YAML at all
    assert call(workspace, "alerts", "ack", alert).status == 0
    assert call(workspace, "run").status == 2
    assert daemon.stop() == 0
    alone = call(workspace, "alerts", "close", alert, "--as", "true")
    assert alone.status == 2
    assert f"error: no daemon runs on {workspace.folder / 'var'} that could do this" in alone.err
    assert call(workspace, "alerts", "show", alert).status == 0
    assert "source drop" in call(workspace, "silence", "list").out
    assert call(workspace, "sinks", "list").out.startswith("desk  active\n")
    checked = call(workspace, "db", "check")
    assert (checked.status, checked.out.startswith("the record is sound: ")) == (0, True)
    assert checked.err.endswith("note: the alert logs are not looked at: the configuration has to say which there are\n")
    assert call(workspace, "db", "backup", str(workspace.folder / "copy.db")).status == 0
    restored = call(workspace, "db", "restore", str(workspace.folder / "copy.db"), "--yes")
    assert (restored.status, " are the record now\n" in restored.out) == (0, True), restored.err


def test_no_other_folder_is_taken_for_the_one_meant(workspace: Workspace) -> None:
    workspace.config.write_text(workspace.config.read_text().replace("data_dir:", "datadir:"))
    for arguments in (("alerts", "list"), ("alerts", "ack", "1234"), ("db", "stats"), ("sources", "list"), ("silence", "list")):
        done = call(workspace, *arguments)
        assert (done.status, "did you mean 'data_dir'?" in done.err, done.out) == (2, True, "")
    assert [each.name for each in Path(workspace.folder).iterdir() if each.name == "var"] == []
