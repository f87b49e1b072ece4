"""The frozen types that travel through the house, in the order an article meets them.

This room knows no clock, file or network: a value here is valid by construction and says its units. Offsets are always
Unicode code points of the article's one text; times are always aware and in UTC; durations are seconds unless said. What
an article has hundreds of (spans, sentences, hits) is a named tuple, which costs a third of a data class to make.
The words are those of DESIGN.md §2.
"""

from monitor.model.alert import (
    OUTLETS,
    Alert,
    AlertState,
    Decision,
    DecisionKind,
    Disposition,
    Notification,
    NotificationKind,
    Reason,
    Silence,
    Story,
)
from monitor.model.article import Article, Document, Facts
from monitor.model.delivery import Answer, AnswerKind, Delivery, DeliveryState, SinkState, Way
from monitor.model.matching import (
    Analysis,
    AnalysisFailed,
    Entity,
    Evidence,
    Fingerprint,
    Hit,
    Match,
    Mode,
    Severity,
    Stance,
    WatchlistFacts,
)
from monitor.model.operation import Command, JsonObject, Operation
from monitor.model.source import Move, PollResult, SourceKind, SourceSpec, SourceState
from monitor.model.text import Layout, Sentence, Span, Zone, ZoneKind, identity

__all__ = [
    "OUTLETS",
    "Alert",
    "AlertState",
    "Analysis",
    "AnalysisFailed",
    "Answer",
    "AnswerKind",
    "Article",
    "Command",
    "Decision",
    "DecisionKind",
    "Delivery",
    "DeliveryState",
    "Disposition",
    "Document",
    "Entity",
    "Evidence",
    "Facts",
    "Fingerprint",
    "Hit",
    "JsonObject",
    "Layout",
    "Match",
    "Mode",
    "Move",
    "Notification",
    "NotificationKind",
    "Operation",
    "PollResult",
    "Reason",
    "Sentence",
    "Severity",
    "Silence",
    "SinkState",
    "SourceKind",
    "SourceSpec",
    "SourceState",
    "Span",
    "Stance",
    "Story",
    "WatchlistFacts",
    "Way",
    "Zone",
    "ZoneKind",
    "identity",
]
