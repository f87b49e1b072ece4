"""Tasks for the pool's tests; they must be importable in the worker process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

from monitor.workers.beside import both


def begin_nothing() -> None:
    pass


def begin_badly() -> None:
    raise RuntimeError("no start")


def double(number: int) -> int:
    return 2 * number


def process_id() -> int:
    return os.getpid()


def scheduling_policy() -> int:
    return os.sched_getscheduler(0)


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


def both_halves() -> tuple[tuple[int, str], tuple[int, str]]:
    """Who did each, and what it had."""
    text = "held by the worker"
    return both(lambda: (os.getpid(), text), lambda: (os.getpid(), text))


def halves_of_which_one_is_large(size: int) -> tuple[int, int]:
    one, other = both(lambda: b"", lambda: b"x" * size)
    return len(one), len(other)


def both_where_the_copy_dies() -> tuple[int, int]:
    worker = os.getpid()

    def die_but_in_the_worker() -> int:
        if os.getpid() != worker:
            die()
        return os.getpid()

    return both(os.getpid, die_but_in_the_worker)


def both_where_this_half_fails() -> None:
    both(fail, loop_for_ever)


def both_where_the_other_half_fails() -> None:
    both(lambda: None, fail)


def both_without_end(path: str) -> None:
    def write_and_loop() -> None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(str(os.getpid()))
        loop_for_ever()

    both(loop_for_ever, write_and_loop)


def children() -> int:
    """Of this process, also those that have ended and that nobody has asked after."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0
    return 1
