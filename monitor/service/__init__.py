"""The daemon: what runs when, what signals mean, how it ends.

It drives what wiring.py built and knows no source, sink or table. APScheduler lives here and nowhere else.
"""

from monitor.service.daemon import Daemon
from monitor.service.schedule import Schedule

__all__ = ["Daemon", "Schedule"]
