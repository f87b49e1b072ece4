"""A digest from the articles to its receiver, with the real program on a clock that runs fast: gathered, kept over a restart, told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import jsonschema

from monitor.render.schema import digest_schema
from tests.receiver import ThreadedReceiver
from tests.service.harness import Daemon, Workspace, eventually

ROUTES = """\
routes:
  - {to: [log]}
  - {name: hourly, to: [desk], digest: 1h, zone: Asia/Tehran, group_by: [watchlist]}
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


def test_a_digest_is_gathered_kept_over_a_restart_and_told_in_time(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    workspace.config.write_text(workspace.config.read_text() + ROUTES)
    fast = Fast(workspace.folder)
    for name in ("first", "second", "third"):
        workspace.article(name)
    workspace.article("grave", "gravesale")
    daemon = FastDaemon(workspace, fast).ready()
    eventually(lambda: len(workspace.lines()) == 4 and receiver.requests, "four alerts in the log, and the critical one at the desk")
    (alert, *_) = [line["subject"] for line in workspace.lines() if line["data"]["watchlist"]["id"] == "arms"]
    asked = json.loads(workspace.run("routes", "test", alert[:10], "--json").stdout)
    assert [(sink["sink"], sink["key"], sink["until"]) for sink in asked["matches"][0]["sinks"]] == [
        ("log", "", None),
        ("desk", "digest:hourly", "2026-03-01T12:30:00+00:00"),
    ]
    assert daemon.stop() == 0
    again = FastDaemon(workspace, fast).ready()
    assert len(receiver.requests) == 1  # only what is critical
    fast.goes(1200, BEGAN.timestamp() + 60)
    eventually(lambda: len(receiver.requests) == 2, "the digest")
    critical, gathered = receiver.requests
    assert json.loads(critical.body)["data"]["severity"] == "critical"
    document = json.loads(gathered.body)
    jsonschema.Draft202012Validator(digest_schema()).validate(document)
    digest = document["data"]["digest"]
    assert (digest["key"], digest["title"], digest["count"], digest["severity"]) == ("digest:hourly", "3 notifications: Arms", 3, "high")
    assert {member["severity"] for member in digest["members"]} == {"high"}
    assert again.stop() == 0
    rows = [json.loads(line) for line in workspace.run("deliveries", "list", "--sink", "desk", "--json").stdout.splitlines()]
    told_in = {row["told_in"] for row in rows if row["state"] == "cancelled"}
    assert told_in == {document["id"]}
    assert sorted(row["state"] for row in rows) == ["cancelled", "cancelled", "cancelled", "delivered", "delivered"]
