"""What Alertmanager is told: labels that its own grammar takes, annotations that its pages show as text, one address."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from monitor.render.message import read
from monitor.sinks.alertmanager import OURS, standing_of
from tests.render.samples import NOW
from tests.sinks.payloads import Seen, channel

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
#: What RFC 3986 knows, and nothing that ends an attribute or a line.
_URI = re.compile(r"https?://[\w.~:/?#\[\]@!$&'()*+,;=%-]+", re.ASCII)


@channel("alertmanager")
def _alertmanager(payload: bytes) -> Seen:
    made = standing_of(read(payload), payload, labels={"team": "desk"}, open_for=timedelta(days=1), now=NOW).as_json()
    told = json.loads(json.dumps(made))
    labels, annotations = told["labels"], told["annotations"]
    obeyed = [name for name in labels if not _NAME.fullmatch(name)]
    obeyed += [f"{name}={labels[name]}" for name in ("team", "source") if labels[name] not in {"desk", "news-monitor"}]
    obeyed += [f"a label of two lines: {value[:40]}" for value in labels.values() if len(value.splitlines()) > 1]
    obeyed += ["a summary of two lines"] if len(annotations["summary"].splitlines()) > 1 else []
    links = tuple(url for url in (annotations.get("url"),) if url)
    if told.get("generatorURL") and not _URI.fullmatch(told["generatorURL"]):
        obeyed.append(f"no URI: {told['generatorURL'][:80]}")
    shape = {*told, *(f"annotation {name}" for name in annotations), *(f"label {name}" for name in labels if name in OURS)}
    said = "\n".join([annotations["summary"], annotations["description"]])
    return Seen(said, links, frozenset(shape), len(said.splitlines()), tuple(obeyed))
