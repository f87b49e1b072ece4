"""``monitor run`` as it is, with two things more: it can end itself (SIGKILL) at a named point, and its clock can run fast.

    python -c "from tests.acceptance.program import main; main()" [--at POINT:N] [--sink NAME] [--clock FILE] -- run --config FILE

(Not as ``python -m``: worker processes would read this module, and with it the whole program, once more.)

The N-th time a point is passed is the last thing the process does:

    before_commit   an alert and its deliveries are written and not yet committed
    after_commit    they are committed and nobody has been told of it, the ingester neither
    before_send     a delivery to --sink is claimed, committed, and not yet sent
    after_send      the receiver has answered 2xx and nothing of that is written yet
    after_settle    that is committed, and nothing else has happened since
    statement       before the N-th statement of all, of which the first few hundred open the record or bring it up to date

The points are seen from outside, as SQL that SQLite is about to run, whoever gave it: no line of the program knows of them.

FILE of --clock holds {"real": …, "shown": …, "factor": …} (seconds since 1970): at ``real`` it was ``shown``, and time
passes ``factor`` times as fast. It may be exchanged at any time. The schedule keeps the real clock, or it would wait for
the other one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from monitor import logs
from monitor.cli import main as monitor
from monitor.clock import SystemClock
from monitor.service import Daemon
from monitor.settings import ConfiguredSources, load, split_address
from monitor.store import DataFolderLock
from monitor.wiring import House, build

#: Seconds between two looks at the fast clock and at the outbox: at 600 times the pace that is 6 seconds shown.
STEP = 0.01


# ------------------------------------------------------------------------------------------------ points
def end_at(point: str, count: int, sink: str) -> None:
    """Listen to every statement and commit; the process is gone at the ``count``-th passing."""
    passed = _Passed(count)
    if point == "statement":
        event.listen(Engine, "before_cursor_execute", lambda *_: passed.once_more())
        return
    marks, kind, commits = _POINTS[point]
    seen: set[int] = set()

    def watch(driver: sqlite3.Connection, _record: Any) -> None:
        def statement(text: str) -> None:
            if marks(text, sink):
                if kind == "statement":
                    passed.once_more()
                seen.add(id(driver))

        driver.set_trace_callback(statement)

    def commit(connection: Connection) -> None:
        if id(connection.connection.dbapi_connection) not in seen:
            return
        forget(connection)
        if commits and passed.is_last:
            # What SQLAlchemy is about to do is done here, so that nothing at all comes between it and the end.
            connection.connection.commit()
        passed.once_more()

    def forget(connection: Connection) -> None:
        seen.discard(id(connection.connection.dbapi_connection))

    event.listen(Engine, "connect", watch)
    if kind == "commit":
        event.listen(Engine, "commit", commit)
        event.listen(Engine, "rollback", forget)


class _Passed:
    def __init__(self, count: int) -> None:
        self._left = count

    @property
    def is_last(self) -> bool:
        return self._left == 1

    def once_more(self) -> None:
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _enqueues(text: str, sink: str) -> bool:
    return text.startswith("INSERT INTO delivery") and f"'{sink}'" in text


def _claims(text: str, sink: str) -> bool:
    return text.startswith("UPDATE delivery") and "'inflight'" in text and f"'{sink}'" in text


def _answers(text: str, sink: str) -> bool:
    return text.startswith("INSERT INTO attempt") and "'delivered'" in text and f"'{sink}'" in text


#: Point -> (the statement that marks it, whether it is at the statement or at its commit, whether after the commit).
_POINTS: dict[str, tuple[Callable[[str, str], bool], str, bool]] = {
    "before_commit": (_enqueues, "commit", False),
    "after_commit": (_enqueues, "commit", True),
    "before_send": (_claims, "commit", True),
    "after_send": (_answers, "statement", False),
    "after_settle": (_answers, "commit", True),
}
POINTS = tuple(_POINTS)


# ------------------------------------------------------------------------------------------------- clock
class Compressed:
    """Implements the port Clock. Time goes on between steps only, so that two looks in one breath see the same moment."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_at = 0
        self._real, self._shown, self._factor = 0.0, 0.0, 1.0
        self._moment = 0.0
        self.step()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._moment, UTC)

    def monotonic(self) -> float:
        return self._moment

    def step(self) -> None:
        written = self._file.stat().st_mtime_ns
        if written != self._read_at:
            self._read_at = written
            said = json.loads(self._file.read_text())
            self._real, self._shown, self._factor = said["real"], said["shown"], said["factor"]
        self._moment = max(self._moment, self._shown + (time.time() - self._real) * self._factor)


async def serve(config: Path, clock: Compressed) -> None:
    """As ``monitor run`` does it, on a clock of our own."""
    loaded = load(config)
    logs.configure(loaded.settings.log.format, loaded.settings.log.level)
    lock = DataFolderLock(loaded.settings.data_dir)
    lock.acquire()
    house = await build(ConfiguredSources(loaded, lambda: load(config)), lock, clock=clock)
    house.clock = SystemClock()
    ready = asyncio.Event()

    def say(address: str) -> None:
        print(f"Health:    {address}/healthz", flush=True)
        ready.set()

    passing = asyncio.create_task(_pass_time(clock, house, ready))
    try:
        await Daemon(house, split_address(loaded.settings.server.listen), ready=say).run()
    finally:
        passing.cancel()
        await asyncio.gather(passing, return_exceptions=True)
        await house.close()


async def _pass_time(clock: Compressed, house: House, ready: asyncio.Event) -> None:
    """A second of the fast clock is shorter than the schedule's: what waits for a time is woken more often."""
    while True:
        clock.step()
        if ready.is_set():
            house.deliverer.wake()
        await asyncio.sleep(STEP)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", default="")
    parser.add_argument("--sink", default="desk")
    parser.add_argument("--clock", type=Path)
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    if given.at:
        point, _, count = given.at.partition(":")
        end_at(point, int(count or 1), given.sink)
    if given.clock is None:
        monitor(given.command)
    else:
        asyncio.run(serve(Path(given.command[given.command.index("--config") + 1]), Compressed(given.clock)))
