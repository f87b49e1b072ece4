"""Stories merged and split through the real program, with the daemon running and with it stopped: the same either way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.acceptance.corpus import event
from tests.receiver import ThreadedReceiver
from tests.service.harness import Workspace, eventually


def told(receiver: ThreadedReceiver) -> list[str]:
    return [json.loads(request.body)["type"].rpartition(".")[2] for request in receiver.requests]


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_merge_and_split_do_the_same_with_a_daemon_and_without(workspace: Workspace, receiver: ThreadedReceiver, *, running: bool) -> None:
    for name in "ab":
        (workspace.articles / f"{name}.txt").write_text(event(name, ["rocketsale"]))
    done = workspace.run("once")
    assert done.returncode == 0, done.stderr
    assert told(receiver) == ["raised", "raised"]
    daemon = workspace.start().ready() if running else None

    def stories(*arguments: str) -> Any:
        done = workspace.run("stories", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    later, first = (story["id"] for story in stories("list"))
    (merged,) = stories("merge", later, first, "-m", "one sale")
    assert (merged["story"], merged["articles"], merged["alerts"][0]["state"]) == (first, 1, "closed")
    assert [story["articles"] for story in stories("list")] == [2]
    (split,) = stories("split", first, later)
    assert (split["story"], split["alerts"][0]["state"]) == (later, "open")
    # What comes now joins what was split off: a daemon that runs has moved it in its memory too.
    (workspace.articles / "c.txt").write_text("Latest news: " + event("b", ["rocketsale"]))
    if daemon is None:
        assert told(receiver) == ["raised", "raised"], "what it made waits for the next run"
        assert workspace.run("once").returncode == 0
    eventually(lambda: sorted(story["articles"] for story in stories("list")) == [1, 2], "the third article's story")
    eventually(lambda: sorted(told(receiver)) == ["closed", "raised", "raised", "reopened"], "what was told")
    assert {story["id"]: story["articles"] for story in stories("list")} == {first: 1, later: 2}
    if daemon is not None:
        assert daemon.stop() == 0
