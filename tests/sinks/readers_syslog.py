"""A record as the syslog sink frames it, read by the grammar of RFC 5424."""

from __future__ import annotations

from monitor.render.message import read
from monitor.sinks.syslog.record import FACILITIES, Head, record
from tests.sinks.payloads import Seen, channel
from tests.sinks.test_syslog import parsed

_HEAD = Head(FACILITIES["local0"], "mon1", "news-monitor", 8192)


@channel("syslog")
def _syslog(payload: bytes) -> Seen:
    length, _, whole = record(read(payload), payload, 7, _HEAD).partition(b" ")
    text = whole.decode()
    parts, parameters = parsed(text)
    obeyed = [] if int(length) == len(whole) and parts["sd"] == "monitor@32473" else ["another frame"]
    obeyed += [] if parts["message"].startswith("[") else ["the line begins otherwise"]
    links = (parameters["url"],) if "url" in parameters else ()
    shown = "\n".join([parts["message"], *(value for name, value in parameters.items() if name != "url")])
    shape = frozenset({f"parameter {name}" for name in parameters})
    return Seen(shown, links, shape, len(text.splitlines()), tuple(obeyed))
