"""Half of what a worker has to do, done by a copy of it on another core.

A copy has all that the worker holds without anything being sent to it, and most of that memory stays one for both, for the
moment that it lives. It is only for work that changes nothing which anybody needs later. This module must not know what is done.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Final, TypeVar

T = TypeVar("T")

# <linux/prctl.h>
_PR_SET_PDEATHSIG: Final = 1


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the process that this one was forked from ends. Linux only."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def possible() -> bool:
    """Whether there is another core, and a kernel that lets no copy outlive its worker, which may be killed at any moment."""
    return sys.platform.startswith("linux") and len(os.sched_getaffinity(0)) > 1


def both(here: Callable[[], T], there: Callable[[], T]) -> tuple[T, T]:
    """What the two return, ``there`` in a copy of this process. A copy that ends without an answer, whatever the reason, costs
    time only: its half is done here then. For processes with one thread."""
    try:
        answer, question = Pipe(duplex=False)
    except OSError:  # too many files
        return here(), there()
    with answer:
        with question:
            worker = os.getpid()
            try:
                copy = os.fork()
            except OSError:  # no memory, or too many processes
                return here(), there()
            if copy == 0:
                _answer(there, question, worker)
        try:
            mine = here()
            try:
                return mine, answer.recv()
            except (EOFError, OSError):
                return mine, there()
        finally:
            os.kill(copy, signal.SIGKILL)  # it has answered, or nobody waits for it any more
            os.waitpid(copy, 0)


def _answer(there: Callable[[], T], question: Connection, worker: int) -> None:
    """In the copy. It never returns: what would follow is the worker's own."""
    try:
        die_with_parent()
        if os.getppid() == worker:
            question.send(there())
    finally:
        os._exit(0)
