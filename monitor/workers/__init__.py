"""The two pools of worker processes and what runs in them.

Reading feeds and matching articles run apart from the service's own process: a document built to exhaust the machine
costs a worker its life and its source a pause, and no other source waits. The parse pool holds no watchlists and little
memory; the match pool holds one generation of compiled watchlists.
"""

from monitor.workers.process import ProcessWorkers, WorkersError

__all__ = ["ProcessWorkers", "WorkersError"]
