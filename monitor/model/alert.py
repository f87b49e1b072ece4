"""Stories, decisions, alerts, what is told of them, and what keeps them quiet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.model.matching import Severity


class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Disposition(StrEnum):
    """What a person who closed an alert found it to be."""

    TRUE = "true"
    FALSE = "false"
    DUPLICATE = "duplicate"
    NOT_RELEVANT = "not_relevant"


class DecisionKind(StrEnum):
    RAISE = "raise"
    UPDATE = "update"
    CORRECT = "correct"  # an edit took back what was told
    REOPEN = "reopen"  # a closed alert has news
    THREAD = "thread"  # joins its story silently
    QUIET = "quiet"

    @property
    def tells(self) -> bool:
        """Whether people are told something by it."""
        return self not in {DecisionKind.THREAD, DecisionKind.QUIET}


class Reason(StrEnum):
    """Why a match was told or not told."""

    FIRST_MATCH = "first_match"
    NEW_EVIDENCE = "new_evidence"
    STANCE_CHANGED = "stance_changed"
    SEVERITY_RAISED = "severity_raised"
    NEW_LANGUAGE = "new_language"
    NEW_SOURCES = "new_sources"
    CORRECTION = "correction"
    ALREADY_TOLD = "already_told"
    SHADOW = "shadow"
    STALE = "stale"  # a feed's first poll, older than the freshness window
    SILENCED = "silenced"
    HELD_BACK = "held_back"
    BY_HAND = "by_hand"  # closed or reopened by a person
    MERGED = "merged"  # its story became part of another
    DIGEST = "digest"  # told together with others
    SILENCE_ENDED = "silence_ended"


@dataclass(frozen=True, slots=True)
class Decision:
    """``by`` is who or what is behind it (a silence's id, the limit that held it back), "" where the reason says all."""

    kind: DecisionKind
    reason: Reason
    by: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Articles that tell the same event; ``id`` is the id of the article that began it. What is known of its articles so far, for
    messages: how many (0: not known), the outlets in order of arrival (at most ``OUTLETS``) and how many there are, the
    languages, and the address of the first article."""

    id: str
    first_article: str
    articles: int = 0
    outlets: tuple[str, ...] = ()
    outlet_count: int = 0
    languages: tuple[str, ...] = ()
    first_url: str = ""


#: Outlets of a story that are named; the others are only counted.
OUTLETS = 50


@dataclass(frozen=True, slots=True)
class Alert:
    """One watchlist × one story. ``id``: 32 hex digits of SHA-256 over (watchlist, first article id), minted once. ``disposition``
    and ``comment`` are those of the person who closed it, ``changed_by`` is who changed its state last ("": nobody has).
    ``merged_into`` is the alert that stands for it since their stories were merged."""

    id: str
    watchlist: str
    story: str
    severity: Severity
    state: AlertState
    labels: Mapping[str, str]
    raised: datetime
    updated: datetime
    disposition: Disposition | None = None
    comment: str = ""
    changed_by: str = ""
    merged_into: str = ""


class NotificationKind(StrEnum):
    RAISED = "raised"
    UPDATED = "updated"
    CORRECTED = "corrected"
    CLOSED = "closed"
    REOPENED = "reopened"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing worth telling about an alert, or about an operation (``alert`` is "" then). ``id``: 32 hex digits of
    SHA-256 over (alert id, ordinal). ``members`` are the notifications that a digest tells of.
    ``payload`` is the CloudEvents document as UTF-8 JSON, rendered once; every sink and attempt sends these bytes."""

    id: str
    alert: str
    kind: NotificationKind
    reason: Reason
    severity: Severity
    created: datetime
    payload: bytes
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Silence:
    """What people asked not to be told of for a while. ``matchers`` are conditions as a route's, every one of which must hold:
    ``{"watchlist": ("arms",), "source": ("wire", "radio")}``. ``expired`` is when a person ended it before its time.
    ``muted`` counts the notifications it has held; ``reported`` is when its idleness was told, ``summed`` when its summary was."""

    id: str  # 8 hex digits
    matchers: Mapping[str, tuple[str, ...]]
    author: str
    comment: str
    created: datetime
    starts: datetime
    ends: datetime
    expired: datetime | None = None
    expired_by: str = ""
    muted: int = 0
    last_muted: datetime | None = None
    reported: datetime | None = None
    summed: datetime | None = None
