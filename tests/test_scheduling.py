"""Threads that stand back, asked of the kernel itself."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

import pytest

from monitor.scheduling import stand_back

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has batch threads")


def in_a_thread(work: Callable[[], int]) -> int:
    """On a thread of its own, which begins with the policy of this one."""
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def policy_after(before: int | None) -> int:
    def work() -> int:
        if before is not None:
            os.sched_setscheduler(0, before, os.sched_param(0))
        stand_back()
        return os.sched_getscheduler(0)

    return in_a_thread(work)


def test_a_thread_stands_back_and_the_others_stay_as_they_were() -> None:
    own = os.sched_getscheduler(0)
    assert policy_after(None) == (os.SCHED_BATCH if own == os.SCHED_OTHER else own)
    assert os.sched_getscheduler(0) == own


def test_a_policy_that_somebody_chose_stays() -> None:
    if os.sched_getscheduler(0) not in (os.SCHED_OTHER, os.SCHED_BATCH):
        pytest.skip("the tests themselves run under a policy that may not be left")
    assert policy_after(os.SCHED_IDLE) == os.SCHED_IDLE
