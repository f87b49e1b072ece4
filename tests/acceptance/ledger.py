"""The ledger: what had to arrive, what did, how often, in which order, and whether the alert log tells the same.

    lost         wanted, and no request of it was ever taken
    unexpected   taken, told of an alert, and not wanted
    duplicated   taken again after it had been taken
    ack-lost     taken, and the sender could not know: the connection was cut before the answer
    changed      one notification under two webhook-ids, or with two bodies
    disordered   first taken after one of a later place in its lane (one sink, one severity)

A request is taken where the receiver answered 2xx, or would have. Operations of the daemon itself are counted apart.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance.corpus import Wanted

ALERT = "monitor.alert."


@dataclass(frozen=True, slots=True)
class Request:
    """A line of the receiver's file. ``at`` is monotonic, in seconds."""

    at: float
    path: str
    webhook_id: str
    sequence: int
    sha256: str
    status: int
    habit: str
    id: str
    type: str
    subject: str
    severity: str

    @property
    def cut(self) -> bool:
        """Taken, but the sender did not hear so."""
        return self.habit == "reset"

    @property
    def taken(self) -> bool:
        return self.cut or (self.habit == "answer" and 200 <= self.status < 300)

    @property
    def alert(self) -> bool:
        return self.type.startswith(ALERT)


@dataclass(slots=True)
class Verdict:
    """Of one sink."""

    wanted: int = 0
    lost: set[str] = field(default_factory=set)
    unexpected: set[str] = field(default_factory=set)
    duplicated: int = 0
    ack_lost: int = 0
    changed: set[str] = field(default_factory=set)
    disordered: list[str] = field(default_factory=list)
    operations: int = 0
    requests: int = 0
    attempts: Counter[int] = field(default_factory=Counter)  # requests an alert -> alerts
    peak: int = 0  # most requests within one second

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing made up, one id for one thing. Duplicates are judged by who knows of the kills."""
        return not (self.lost or self.unexpected or self.changed or self.disordered)

    def __str__(self) -> str:
        tried = " ".join(f"{count}×{alerts}" for count, alerts in sorted(self.attempts.items()))
        return (
            f"wanted {self.wanted}, lost {len(self.lost)}, duplicated {self.duplicated}, unexpected {len(self.unexpected)}, "
            f"ack-lost {self.ack_lost}, changed {len(self.changed)}, disordered {len(self.disordered)}, "
            f"operations {self.operations}, requests {self.requests} (attempts an alert: {tried}), peak {self.peak} a second"
        )


def judge(wanted: Mapping[str, Wanted], requests: Iterable[Request], sink: str) -> Verdict:
    """What one sink's receiver got, against what it had to get."""
    found = list(requests)
    told = [request for request in found if request.alert]
    taken = [request for request in told if request.taken]
    distinct = {request.id for request in taken}
    verdict = Verdict(wanted=len(wanted), requests=len(found))
    verdict.lost = set(wanted) - distinct
    verdict.unexpected = distinct - set(wanted)
    verdict.duplicated = len(taken) - len(distinct)
    verdict.ack_lost = sum(request.cut for request in taken)
    verdict.changed = _changed(found, sink)
    verdict.disordered = _disordered(taken)
    verdict.operations = len({request.id for request in found if not request.alert and request.taken})
    verdict.attempts = Counter(Counter(request.id for request in told).values())
    verdict.peak = peak([request.at for request in found])
    return verdict


def _changed(requests: Sequence[Request], sink: str) -> set[str]:
    faces: dict[str, set[tuple[str, str, int]]] = defaultdict(set)
    for request in requests:
        faces[request.id].add((request.webhook_id, request.sha256, request.sequence))
    return {name for name, seen in faces.items() if len(seen) > 1 or next(iter(seen))[0] != f"msg_{name}_{sink}"}


def _disordered(taken: Sequence[Request]) -> list[str]:
    last: dict[str, int] = {}
    seen: set[str] = set()
    found = []
    for request in taken:
        if request.id in seen:
            continue
        seen.add(request.id)
        if request.sequence < last.get(request.severity, 0):
            found.append(request.id)
        last[request.severity] = max(request.sequence, last.get(request.severity, 0))
    return found


def peak(times: Sequence[float], window: float = 1.0) -> int:
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - window:
            first += 1
        most = max(most, last - first + 1)
    return most


# ------------------------------------------------------------------------------------------- the alert log
@dataclass(frozen=True, slots=True)
class LogVerdict:
    """``torn`` lines are no JSON; ``gaps`` are places of the sequence that no line has."""

    lines: int
    lost: frozenset[str]
    unexpected: frozenset[str]
    doubled: int
    torn: int
    gaps: int

    @property
    def clean(self) -> bool:
        return not (self.lost or self.unexpected or self.doubled or self.torn or self.gaps)

    def __str__(self) -> str:
        return (
            f"lines {self.lines}, lost {len(self.lost)}, doubled {self.doubled}, unexpected {len(self.unexpected)}, "
            f"torn {self.torn}, gaps {self.gaps}"
        )


def judge_log(wanted: Mapping[str, Wanted], file: Path) -> LogVerdict:
    documents: list[dict[str, Any]] = []
    torn = 0
    for line in file.read_bytes().split(b"\n")[:-1] if file.exists() else []:
        try:
            documents.append(json.loads(line))
        except ValueError:
            torn += 1
    ids = Counter(document["id"] for document in documents)
    told = {document["id"] for document in documents if document["type"].startswith(ALERT)}
    places = {document["sequence"] for document in documents}
    return LogVerdict(
        lines=len(documents),
        lost=frozenset(set(wanted) - told),
        unexpected=frozenset(told - set(wanted)),
        doubled=sum(count - 1 for count in ids.values()),
        torn=torn,
        gaps=max(places, default=0) - len(places),
    )
