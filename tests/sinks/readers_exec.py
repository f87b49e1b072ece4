"""What a command finds in its environment. Its standard input is the stored document, which is for programs."""

from __future__ import annotations

from monitor.render.message import read
from monitor.sinks.exec import variables
from tests.sinks.payloads import Seen, channel


@channel("exec")
def _exec(payload: bytes) -> Seen:
    told = variables(read(payload), 7)
    known = {"alert", "operation", "digest", "high", "medium", "arms-transfer", "7", ""}
    obeyed = [value for name, value in told.items() if name != "MONITOR_ID" and value not in known]
    return Seen("", shape=frozenset(told), obeyed=tuple(obeyed))
