"""The same commands with a daemon running and with none: the same answers, the same lines in the trail, the same record."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from tests.cli.program import program
from tests.receiver import ThreadedReceiver
from tests.service.harness import Workspace, eventually

#: What is named by chance or by the clock: ids, times, and how long something took.
_CHANGING = re.compile(
    r"\b[0-9a-f]{8}(?:[0-9a-f]{4,24})?\b|\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00)?|\d+(?:\.\d+)? m?s\b"
)

#: Every command that changes something, as a person types it; FIRST and SECOND are alerts, STORY_1 and STORY_2 theirs.
SCRIPT: Sequence[tuple[str, ...]] = (
    ("sources", "pause", "drop", "--comment", "noisy"),
    ("sources", "resume", "drop"),
    ("alerts", "ack", "FIRST", "-m", "looking"),
    ("alerts", "ack", "FIRST"),
    ("alerts", "close", "FIRST", "--as", "false", "-m", "a drill"),
    ("alerts", "reopen", "FIRST"),
    ("alerts", "close", "ffffffff", "--as", "true"),
    ("silence", "add", "--watchlist", "grave", "--for", "2h", "-m", "exercise"),
    ("silence", "preview", "--watchlist", "arms"),
    ("silence", "list"),
    ("stories", "merge", "STORY_2", "STORY_1"),
    ("sinks", "pause", "desk", "--comment", "moving house"),
    ("sinks", "resume", "desk"),
    ("sinks", "test", "desk"),
    ("deliveries", "replay", "--sink", "desk", "--yes"),
    ("db", "prune", "--older-than", "3650d"),
)


def done(workspace: Workspace, *arguments: str) -> tuple[int, str]:
    """Status and what was said, without what changes by chance."""
    found = program(*arguments, "--config", workspace.config)
    # What is logged of it stands in the daemon's log, or on this process's standard error.
    return found.status, _CHANGING.sub("…", found.out or found.err)


def listed(workspace: Workspace, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in program(*arguments, "--json", "--config", workspace.config).out.splitlines()]


def trail(workspace: Workspace) -> list[tuple[str, str, dict[str, Any]]]:
    lines = listed(workspace, "audit", "--limit", "1000")
    return [
        (line["actor"], line["action"], json.loads(_CHANGING.sub("…", json.dumps(line["detail"]))))
        for line in reversed(lines)
        if line["actor"] != "monitor"
    ]


def played(workspace: Workspace) -> tuple[list[tuple[int, str]], list[tuple[str, str, dict[str, Any]]]]:
    """The script on two alerts that are there already."""
    first, second = sorted(listed(workspace, "alerts", "list"), key=lambda alert: alert["title"])
    names = {"FIRST": first["id"], "SECOND": second["id"], "STORY_1": first["story"], "STORY_2": second["story"]}
    return [done(workspace, *(names.get(word, word) for word in line)) for line in SCRIPT], trail(workspace)


def test_every_command_does_the_same_with_a_daemon_and_without(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory, receiver: ThreadedReceiver
) -> None:
    alone = Workspace(tmp_path_factory.mktemp("alone"), receiver.url)
    for one in (workspace, alone):
        one.article("one")
        one.article("two")
        assert program("once", "--config", one.config).status == 0
    daemon = workspace.start().ready()
    with_daemon = played(workspace)
    assert daemon.stop() == 0
    without = played(alone)
    for line, beside, by_itself in zip(SCRIPT, with_daemon[0], without[0], strict=True):
        assert beside == by_itself, " ".join(line)
        assert (beside[0] == 0) is ("ffffffff" not in line), (line, beside)
    assert with_daemon[1] == without[1]
    assert {action for _, action, _ in without[1]} >= {"alert ack", "alert close", "alert reopen", "silence add"}
    eventually(lambda: not listed(workspace, "alerts", "list", "--undelivered"), "nothing to be left")
