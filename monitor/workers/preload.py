"""Imported once by the fork server, and by nothing else: the workers it forks start with these modules in memory.

The service manager's SIGTERM and a terminal's Ctrl-C reach every process of the group. Only the service may decide what
follows from them, so the fork server ignores both; it ends when the service's end of its pipe closes, however that
happens. (No numpy here: it starts threads, and a process with threads should not fork.)
"""

import signal

import monitor.sources.feedread
import monitor.watchlist  # noqa: F401

signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
