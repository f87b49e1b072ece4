"""Imported once by the fork server, and by nothing else: the workers it forks start with these modules in memory.

Importing them takes most of a second, forking a hundredth of one; an edited watchlist must be in force within two. What is there
by then is none of the collector's business in any of them: a collection would copy each page that it walks.

The service manager's SIGTERM and a terminal's Ctrl-C reach every process of the group. Only the service may decide what
follows from them, so the fork server ignores both; it ends when the last process that knows its pipe has ended.
"""

import contextlib
import gc
import os
import signal

# Before numpy is imported: its linear algebra, which nobody here uses, would start threads, and a process with threads
# should not fork.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

from monitor.workers.inside import make_ready

signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)

# Whatever is wrong, the worker that needs it will say so where it is heard; the fork server has nobody to tell.
with contextlib.suppress(Exception):
    make_ready()
gc.collect()
gc.freeze()
