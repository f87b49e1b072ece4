"""Who waits for whom where there are fewer cores than work.

The event loop answers servers, receivers and people; workers do what nobody watches. On Linux a process that wakes up may take
the core away from the one that computes there, and with every batch of articles handed on both lose their caches. A *batch*
process takes none: it has the same share of the processor, a few milliseconds later. The record's writer is none: every alert
waits for several of its commits, one after the other. This module must not know what is done.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def stand_back() -> None:
    """The calling thread, and whatever it forks, interrupts no other when it wakes up. Nothing happens where the system knows no
    such thing or forbids it, nor to a policy that somebody chose for the service."""
    if sys.platform == "linux":
        with suppress(OSError):
            if os.sched_getscheduler(0) == os.SCHED_OTHER:
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
