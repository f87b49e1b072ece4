"""The real program as a process, beside a real receiver: what the tests of the whole way stand on.

Waiting is always for something that can be seen from outside (a file, a request, an answer of /healthz), with a limit.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.acceptance.corpus import event
from tests.receiver import ThreadedReceiver

#: Plenty for a busy machine; a test that works waits a fraction of it.
PATIENCE = 30.0

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the example of the Standard Webhooks specification

ARMS = """\
id: arms
title: Arms
severity: high
groups:
  deal: {any: [rocketsale (exact)]}
when: deal
tests:
  - alert: a rocketsale was made
"""
GRAVE = """\
id: grave
title: Grave
severity: critical
groups:
  deal: {any: [gravesale (exact)]}
when: deal
"""


def eventually(check: Callable[[], Any], what: str = "", limit: float = PATIENCE) -> Any:
    """The first true answer of ``check``; fails the test where none comes in time."""
    end = time.monotonic() + limit
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < end, f"waited {limit:g} s for {what or check}"
        time.sleep(0.02)


class Workspace:
    """A configuration, a folder of articles, watchlists, and the program to run on them."""

    def __init__(self, folder: Path, hook: str = "", *, secret: str = "") -> None:
        self.folder = folder
        self.articles = folder / "articles"
        self.lists = folder / "watchlists"
        self.log = folder / "alerts.jsonl"
        self.config = folder / "monitor.yaml"
        self.processes: list[subprocess.Popen[str]] = []
        for made in (self.articles, self.lists):
            made.mkdir(parents=True)
        (self.lists / "arms.yaml").write_text(ARMS)
        (self.lists / "grave.yaml").write_text(GRAVE)
        sinks = f"  log: {{type: alert_log, path: {self.log}}}\n"
        if hook:
            sinks += f"  desk: {{type: webhook, url: '{hook}'{f', secret: {secret}' if secret else ''}}}\n"
        self.config.write_text(
            "data_dir: ./var\nwatchlists: ./watchlists\n"
            "sources:\n  drop: {folder: ./articles, every: 300ms}\n"
            f"sinks:\n{sinks}"
            "server: {listen: 127.0.0.1:0}\n"
        )

    def article(self, name: str, word: str = "rocketsale") -> str:
        """A new article that ``arms`` (or ``grave``) matches, a story of its own; returns its key. It appears whole, as a rename."""
        text = event(name, [word])
        hidden = self.articles / f".{name}"
        hidden.write_text(text)
        hidden.rename(self.articles / f"{name}.txt")
        return f"{name}.txt"

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
        return kept | {"PYTHONUNBUFFERED": "1"}

    def run(self, *arguments: str, limit: float = 60.0, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "monitor", *arguments],
            cwd=self.folder,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )

    def start(self) -> Daemon:
        daemon = Daemon(self)
        self.processes.append(daemon.process)
        return daemon

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    def lines(self) -> list[dict[str, Any]]:
        """The alert log's whole lines."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_bytes().split(b"\n")[:-1]]


class Daemon:
    """``monitor run`` as a process; what it prints goes to files, so that no pipe can fill."""

    def __init__(self, workspace: Workspace) -> None:
        number = len(workspace.processes)
        self.out = workspace.folder / f"out-{number}.txt"
        self.err = workspace.folder / f"err-{number}.txt"
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "monitor", "run", "--config", str(workspace.config)],
                cwd=workspace.folder,
                env=workspace.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
            )

    @property
    def address(self) -> str:
        """Where health answers, once everything runs."""

        def said() -> str:
            assert self.process.poll() is None, self.err.read_text()
            return next((line.split()[1] for line in self.out.read_text().splitlines() if line.startswith("Health:")), "")

        return str(eventually(said, "the daemon to be ready"))

    def ready(self) -> Daemon:
        assert self.address
        return self

    def health(self) -> tuple[int, dict[str, Any]]:
        status, body = self.get(self.address)
        return status, json.loads(body)

    def get(self, url: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self, limit: float = PATIENCE) -> int:
        self.signal(signal.SIGTERM)
        return self.process.wait(limit)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.err.read_text().splitlines() if line.startswith("{")]

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.log() if line.get("event") == event]


def article_keys(receiver: ThreadedReceiver) -> list[str]:
    return [json.loads(request.body)["data"]["article"]["key"] for request in receiver.requests if request.accepted]
