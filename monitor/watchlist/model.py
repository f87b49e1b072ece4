"""What a watchlist file becomes once it is read: frozen, picklable, complete. What runs is compiled from it in the match room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.errors import Fault
from monitor.model import Entity, Mode, Severity, Stance, WatchlistFacts
from monitor.text.forms import Mark
from monitor.watchlist.names import NameList
from monitor.watchlist.query import Node


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase with a way of matching. ``language`` is ISO 639-1 or ``any``; ``place`` is for messages only."""

    text: str
    language: str
    mark: Mark = Mark.ANY_FORM
    entity: Entity | None = None
    place: str = field(default="", compare=False)


class TestKind(StrEnum):
    ALERT = "alert"
    QUIET = "quiet"

    # pytest collects what is called Test*.
    __test__ = False


@dataclass(frozen=True, slots=True)
class InlineTest:
    """One test of a watchlist: a text (or a file's name) and what it must yield. ``place`` names file and line."""

    kind: TestKind
    text: str = ""
    file: str = ""
    evidence: tuple[str, ...] = ()
    stance: Stance | None = None
    severity: Severity | None = None
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Escalation:
    to: Severity
    when: Node


@dataclass(frozen=True, slots=True)
class Watchlist:
    """One watchlist, everything it uses resolved.

    ``version`` is the hash of ``files``, the file and all it uses, by name. A group is its terms in ``groups`` and the lists
    of names it takes ``from:`` files, in ``names``. ``cues`` are the stance cues in force.
    ``max_alerts`` is (how many, in how many seconds).
    """

    id: str
    version: str
    files: Mapping[str, str]
    groups: Mapping[str, tuple[Term, ...]]
    when: Node
    names: Mapping[str, tuple[NameList, ...]] = field(default_factory=dict)
    title: str = ""
    description: str = ""
    owner: str = ""
    severity: Severity = Severity.MEDIUM
    labels: Mapping[str, str] = field(default_factory=dict)
    mode: Mode = Mode.LIVE
    max_alerts: tuple[int, float] | None = None
    masks: tuple[Term, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    cues: Mapping[Stance, tuple[Term, ...]] = field(default_factory=dict)
    tests: tuple[InlineTest, ...] = ()

    @property
    def facts(self) -> WatchlistFacts:
        title = self.title or self.id
        return WatchlistFacts(
            self.id, self.version, title, self.description, self.owner, self.severity, self.labels, self.mode, self.max_alerts
        )


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A file of groups and stance cues shared by watchlists. ``name`` is how ``use:`` names it."""

    name: str
    groups: Mapping[str, tuple[Term, ...]]
    cues: Mapping[Stance, tuple[Term, ...]]
    names: Mapping[str, tuple[NameList, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A folder read: what loaded, and what is wrong with the rest, by id (a watchlist with faults did not load)."""

    watchlists: tuple[Watchlist, ...]
    faults: Mapping[str, tuple[Fault, ...]]
    warnings: Mapping[str, tuple[Fault, ...]]
