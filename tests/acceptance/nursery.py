"""Where lives of the program begin without each importing it anew: a process that has imported everything and forks.

    python -m tests.acceptance.nursery

Commands are JSON lines on standard input, each answered with a line. The end of standard input ends every life.

    {"start": [ARGUMENTS of tests.acceptance.program], "folder": …, "out": …, "err": …}     -> {"pid": …}
    {"poll": PID}                                                   -> {"status": null while it lives, then as in subprocess}
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from tests.acceptance import program

ROOT = Path(__file__).parents[2]


def main() -> None:
    alive: set[int] = set()
    ended: dict[int, int] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        if "start" in asked:
            pid = os.fork()
            if pid == 0:
                _live(**asked)
            alive.add(pid)
            _say(pid=pid)
        else:
            pid = asked["poll"]
            if pid in alive and (found := os.waitpid(pid, os.WNOHANG))[0]:
                alive.discard(pid)
                ended[pid] = os.waitstatus_to_exitcode(found[1])
            _say(status=ended.get(pid))
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _live(start: list[str], folder: str, out: str, err: str) -> NoReturn:
    """The child: nothing of the nursery's is left but what it has imported."""
    files = (("/dev/null", os.O_RDONLY), (out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), (err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
    for number, (path, flags) in enumerate(files):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(folder)
    sys.argv = ["monitor", *start]
    status = 0
    try:
        program.main()
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 1
    except BaseException:
        traceback.print_exc()
        status = 1
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def _say(**words: object) -> None:
    print(json.dumps(words), flush=True)


# ---------------------------------------------------------------------------------------------- the other end
class Nursery:
    """One for a whole test run; it ends with the process that made it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from tests.acceptance.nursery import main; main()"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, arguments: list[str], folder: Path, out: Path, err: Path) -> Born:
        return Born(self, int(self.tell(start=arguments, folder=str(folder), out=str(out), err=str(err))["pid"]))

    def tell(self, **words: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


class Born:
    """A process of the nursery, as ``subprocess.Popen`` would show it."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._status is None:
            self._status = self._nursery.tell(poll=self.pid)["status"]
        return self._status

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, limit: float) -> int:
        end = time.monotonic() + limit
        while (status := self.poll()) is None:
            if time.monotonic() > end:
                raise TimeoutError(f"process {self.pid} has not ended within {limit:g} s")
            time.sleep(0.005)
        return status


if __name__ == "__main__":
    main()
