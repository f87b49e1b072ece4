"""The server that worker processes are forked from, begun before anything heavy is imported.

Importing what the workers need takes it a second, and the service takes longer to import its own rooms: side by side, on two
cores, a start is a second shorter. This module imports nothing but the standard library's part, and must not know what runs in
the processes.
"""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing import forkserver
from typing import Final

CONTEXT: Final = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["monitor.workers.preload"])
# The server is started with ``python -c``, which looks for modules in the current folder first: whatever happens to lie there
# (a json.py, another monitor) would be run in place of the real one.
os.environ["PYTHONSAFEPATH"] = "1"


def begin() -> None:
    """Returns at once; it ends when the last process that knows its pipe has ended."""
    forkserver.ensure_running()
