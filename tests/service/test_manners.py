"""The real program's manners, across processes that are killed: the same score as in ``tests/flow/test_politeness.py``."""

from __future__ import annotations

import json
from typing import Any

from monitor.clock import SystemClock
from tests.feedserver import CONTACT, Score, ThreadedFeedServer
from tests.service.harness import Workspace, eventually

FEEDS = 10


def subscribe(workspace: Workspace, server: ThreadedFeedServer) -> None:
    """Ten feeds of one host in place of the folder; half of them ask to be left alone for an hour."""
    sources = ""
    for n in range(FEEDS):
        server.feed(f"/feed{n}", max_age=3_600 if n % 2 else None, charset="windows-1256" if n % 3 == 0 else "utf-8")
        sources += f"  feed{n}: {{feed: '{server.url(f'/feed{n}')}', every: 1h}}\n"
    text = workspace.config.read_text().replace("  drop: {folder: ./articles, every: 300ms}\n", sources)
    fetch = f"fetch: {{user_agent_contact: {CONTACT}, allow_private: ['127.0.0.1:{server.port}'], spacing: 0s, starts_a_second: 1000}}\n"
    workspace.config.write_text(text + fetch)


def states(workspace: Workspace) -> list[dict[str, Any]]:
    listed = workspace.run("sources", "list", "--json", "--config", str(workspace.config))
    return [json.loads(line) for line in listed.stdout.splitlines()]


def test_fault_33_the_program_killed_twice_asks_nobody_early_or_without_validators(workspace: Workspace) -> None:
    with ThreadedFeedServer(SystemClock(), allowance=1.0) as server:
        subscribe(workspace, server)
        daemon = workspace.start().ready()
        eventually(lambda: all(state["last_success"] for state in states(workspace)), "every feed to be read")
        daemon.kill()
        assert (server.score(), server.score().requests) == (Score(), FEEDS)
        # Nothing is due: the second life begins, ticks, and ends by another kill without a request.
        daemon = workspace.start().ready()
        eventually(lambda: daemon.health()[1]["last_tick_seconds"] < 1, "a tick")
        daemon.kill()
        assert server.score().requests == FEEDS
        # A person's own poll is excepted from wishes, and from nothing else.
        for path, feed in server.feeds.items():
            feed.not_before = None
            if path in ("/feed1", "/feed2"):
                server.publish(path, 2)
        once = workspace.run("once", "--config", str(workspace.config))
        assert once.returncode == 0, once.stderr
        score = server.score()
        print(score)
        assert (score, server.faults) == (Score(), [])
        assert score.answers == {200: FEEDS + 2, 304: FEEDS - 2}
