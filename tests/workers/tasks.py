"""Tasks for the pool's tests; they must be importable in the worker process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys


def begin_nothing() -> None:
    pass


def begin_badly() -> None:
    raise RuntimeError("no start")


def double(number: int) -> int:
    return 2 * number


def process_id() -> int:
    return os.getpid()


def loop_for_ever() -> None:
    while True:
        pass


def compute_long(path: str) -> None:
    """Says that it runs, then runs in compiled code that lets no Python run beside it."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(str(os.getpid()))
    re.search(r"(a+)+$", "a" * 60 + "b")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise ValueError("as it should")


def eat_memory(size: int) -> int:
    return len(bytearray(size))


def signals() -> list[bool]:
    return [signal.getsignal(number) is signal.SIG_IGN for number in (signal.SIGTERM, signal.SIGINT)]


def start_child() -> int:
    return subprocess.run([sys.executable, "-c", "pass"], check=False).returncode
