"""A digest from the articles to its receiver, with the real program on a clock that runs fast: gathered, kept over a restart, told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema

from monitor.render.schema import digest_schema
from tests.receiver import ThreadedReceiver
from tests.service.harness import Daemon, Workspace, eventually

ROUTES = """\
routes:
  - {to: [log]}
  - {name: hourly, to: [desk], digest: 1h, zone: Asia/Tehran, group_by: [watchlist]}
"""
NOISY = """\
id: noisy
title: Noisy
severity: high
max_alerts: 1/h
groups: {deal: {any: [noisesale (exact)]}}
when: deal
"""
#: 40 minutes before a full hour in Tehran, which is half past in UTC.
BEGAN = datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
PROGRAM = "from tests.acceptance.program import main; main()"


class Fast:
    """The clock of the program, which is a file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock.json"
        self.goes(1, BEGAN.timestamp())

    def goes(self, factor: float, shown: float) -> None:
        made = self.file.with_suffix(".new")
        made.write_text(json.dumps({"real": time.time(), "shown": shown, "factor": factor}))
        made.replace(self.file)


class FastDaemon(Daemon):
    """``monitor run`` on that clock."""

    def __init__(self, workspace: Workspace, clock: Fast) -> None:
        number = len(workspace.processes)
        self.out, self.err = (workspace.folder / f"{name}-{number}.txt" for name in ("out", "err"))
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, "--clock", str(clock.file), "--", "run", "--config", str(workspace.config)],
                cwd=Path(__file__).parents[2],
                env=workspace.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
            )
        workspace.processes.append(self.process)


def documents(receiver: ThreadedReceiver) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in receiver.requests]


def digests(receiver: ThreadedReceiver) -> dict[str, dict[str, Any]]:
    """By title."""
    found = [document["data"]["digest"] for document in documents(receiver) if "digest" in document["data"]]
    return {digest["title"]: digest for digest in found}


def test_a_digest_is_gathered_kept_over_a_restart_and_told_in_time(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    """So is what is beyond the limit of a watchlist, at the end of the limit's own time, half an hour before."""
    workspace.config.write_text(workspace.config.read_text() + ROUTES)
    (workspace.lists / "noisy.yaml").write_text(NOISY)
    fast = Fast(workspace.folder)
    for name in ("first", "second", "third"):
        workspace.article(name)
        workspace.article(f"{name} noise", "noisesale")
    workspace.article("grave", "gravesale")
    daemon = FastDaemon(workspace, fast).ready()
    eventually(lambda: len(told(workspace)) == 7 and receiver.requests, "seven alerts in the log, and the critical one at the desk")
    (alert, *_) = [line["subject"] for line in told(workspace) if line["data"]["watchlist"]["id"] == "arms"]
    asked = json.loads(workspace.run("routes", "test", alert[:10], "--json").stdout)
    assert [(sink["sink"], sink["key"], sink["until"]) for sink in asked["matches"][0]["sinks"]] == [
        ("log", "", None),
        ("desk", "digest:hourly", "2026-03-01T12:30:00+00:00"),
    ]
    eventually(lambda: "watchlist:noisy:noisy" in workspace.log.read_text(), "the operation of the noisy watchlist")
    assert daemon.stop() == 0
    again = FastDaemon(workspace, fast).ready()
    assert [document["data"]["severity"] for document in documents(receiver)] == ["critical"]
    fast.goes(1200, BEGAN.timestamp() + 60)
    arms = eventually(lambda: digests(receiver).get("3 notifications: Arms"), "the digest")
    assert (arms["key"], arms["count"], arms["severity"]) == ("digest:hourly", 3, "high")
    beyond = digests(receiver)["2 notifications beyond the limit of noisy"]
    assert (beyond["key"], beyond["count"]) == ("max_alerts:noisy", 2)
    eventually(lambda: any(document["data"].get("watchlist", {}).get("id") == "noisy" for document in documents(receiver)), "the one alone")
    for document in documents(receiver):
        if "digest" in document["data"]:
            jsonschema.Draft202012Validator(digest_schema()).validate(document)
    assert again.stop() == 0
    rows = [json.loads(line) for line in workspace.run("deliveries", "list", "--sink", "desk", "--json").stdout.splitlines()]
    ids = {document["id"] for document in documents(receiver)}
    assert {row["told_in"] for row in rows if row["state"] == "cancelled"} <= ids
    assert {row["state"] for row in rows if row["severity"] == "high"} <= {"cancelled", "delivered"}


def told(workspace: Workspace) -> list[dict[str, Any]]:
    """What the log has of alerts."""
    return [line for line in workspace.lines() if "alert" in line["data"]]
