"""What apprise is handed, as services that read markup or mentions would take it."""

from __future__ import annotations

import re

from monitor.render.message import read
from monitor.sinks.apprise import parts
from tests.sinks.payloads import Seen, channel

_OBEYED = re.compile(r"(?<![\w/:])[@#]\w+|<[!@#][^>]*>|</?[A-Za-z][^>]*>|\]\([^)]*\)|(?<![\w/:])/\w+")


@channel("apprise")
def _apprise(payload: bytes) -> Seen:
    title, body = parts(read(payload))
    links = tuple(re.findall(r"^(?:Read: |  )(\S+)$", body, re.MULTILINE))
    without = body
    for link in links:
        without = without.replace(link, "")
    obeyed = [found for found in _OBEYED.findall(f"{title}\n{without}") if "://" not in found]
    said = f"{title}\n{body}".replace("\u2060", "")
    return Seen(said, links, lines=len(said.splitlines()), obeyed=tuple(obeyed))
