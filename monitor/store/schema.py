"""The tables, as this version of the program knows them.

What each column means stands here; how an older record becomes this one stands in ``migrations/``. A test holds that both
agree. This module must not know any statement.

* Times are integers, microseconds since 1970 in UTC, always bound from Python: they sort, they compare, they lose nothing,
  and no clock of the database is ever asked.
* What is only carried and never searched (labels, evidence, validators) is JSON.
* ``article`` and ``alias`` get rows all the time, under ids that lie anywhere. With a rowid their rows follow each other and only
  the small index of ids is written all over the place. Records made by earlier versions have them without one, and work the same.
* Foreign keys stand only where a dangling row would be a lost delivery. Articles may go by retention while matches,
  decisions and alerts stay, so nothing points at an article but its own versions.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TextClause,
    TypeDecorator,
    UniqueConstraint,
    text,
)

#: The migration this module describes; ``migrate`` brings older records up to it.
REVISION = "0006"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(value: datetime | None) -> int | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
    return (value - _EPOCH) // _MICROSECOND


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored as microseconds since 1970 UTC. A naive one is refused: it would be a guess."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:
        # Not process_bind_param: an alert binds seventeen times, and the layer between costs more than the conversion.
        return microseconds

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# ------------------------------------------------------------------------------------------- sources
source = Table(
    "source",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("next_due", UtcTime, nullable=False),
    Column("lease_until", UtcTime),  # set while a poll is under way
    Column("validators", JSON, nullable=False),
    Column("last_poll", UtcTime),
    Column("last_success", UtcTime),
    Column("last_new", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("retired", UtcTime),  # no longer configured
    Column("host", Text, nullable=False, server_default=""),  # of a feed's address, for bounds per host
    Column("address", Text, nullable=False, server_default=""),  # learnt in place of ``location``
    Column("move", JSON, nullable=False, server_default="{}"),  # {to, since, times}: a permanent redirect being watched
    Column("not_before", UtcTime),  # the server's wish
    Column("paused", UtcTime),
    Column("paused_by", Text, nullable=False, server_default=""),
    Column("gone", UtcTime),  # 410
    Column("gaps", JSON, nullable=False, server_default="[]"),  # seconds between its last arrivals
    Column("known", LargeBinary, nullable=False, server_default=text("x''")),  # digests of items read before
    Column("empty", Integer, nullable=False, server_default=text("0")),
    Column("deaths", Integer, nullable=False, server_default=text("0")),
    Column("broken", Integer, nullable=False, server_default=text("0")),
    Column("failing_since", UtcTime),
    Index(None, "retired", "next_due"),
)

seen = Table(
    "seen",
    metadata,
    Column("source", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("content_hash", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("article", Text, nullable=False, server_default=""),  # what the key stands for; '' is the article made of source and key
    Index(None, "source", "article"),
    sqlite_with_rowid=False,
)

alias = Table(
    "alias",
    metadata,
    Column("hash", Text, primary_key=True),  # of a canonical link, or of a source and a content
    Column("article", Text, nullable=False),
    Column("source", Text, nullable=False),  # the article's
    Column("key", Text, nullable=False),  # the article's
    Column("at", UtcTime, nullable=False),
)

learnt_line = Table(
    "learnt_line",
    metadata,
    Column("source", Text, primary_key=True),
    Column("line", Text, primary_key=True),  # a key of text.phrases
    Column("at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)

language = Table(
    "language",
    metadata,
    Column("language", Text, primary_key=True),
    Column("last_new", UtcTime, nullable=False),
    Column("articles", Integer, nullable=False),
    sqlite_with_rowid=False,
)


# ------------------------------------------------------------------------------------------ articles
article_text = Table(
    "article_text",
    metadata,
    Column("hash", Text, primary_key=True),  # SHA-256 hex of the text in UTF-8
    Column("text", Text, nullable=False),
)

article = Table(
    "article",
    metadata,
    Column("id", Text, primary_key=True),  # made of source and key, so these need no constraint of their own
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("published", UtcTime),
    Column("fetched", UtcTime, nullable=False),  # of the version now in force
    Column("text_hash", Text, nullable=False),  # the version now in force
    Column("labels", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("failed", Text, nullable=False),  # why it could not be analysed; empty where it was
    # Of its version, as long as it has been written once only, as most are: empty from when all its versions have rows of their own.
    Column("zones", JSON(none_as_null=True)),
    Column("engine", Text),
)

#: Of articles that were written more than once, in order to be edited; ``versions_of`` in ``articles`` reads either.
article_version = Table(
    "article_version",
    metadata,
    Column("article", Text, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("text_hash", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("zones", JSON, nullable=False),  # [[kind, start, end], …]: of the article, for one text may have two titles
    Column("engine", Text, nullable=False),
    Column("fetched", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)


# ---------------------------------------------------------------------------------------- watchlists
watchlist = Table(
    "watchlist",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Text, nullable=False),  # the last good one
    Column("engine", Text, nullable=False),
    Column("saved", UtcTime, nullable=False),
    Column("retired", UtcTime),
)

watchlist_version = Table(
    "watchlist_version",
    metadata,
    Column("watchlist", Text, ForeignKey("watchlist.id"), primary_key=True),
    Column("version", Text, primary_key=True),
    Column("files", JSON, nullable=False),  # {name: text}, all it uses; of a large file {"sha256": …} in place of the text
    Column("first_saved", UtcTime, nullable=False),
)

watchlist_file = Table(
    "watchlist_file",
    metadata,
    Column("sha256", Text, primary_key=True),  # hex, of the text in UTF-8
    Column("packed", LargeBinary, nullable=False),  # that, compressed (zlib)
)


# ----------------------------------------------------------------------------- matches and decisions
story = Table(
    "story",
    metadata,
    Column("id", Text, primary_key=True),
    Column("first_article", Text, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("merged_into", Text, nullable=False, server_default=""),  # the story it became part of, by hand
    sqlite_with_rowid=False,
)

# Every analysed article, matched or not; ``story`` has rows only where something matched. What is said of the article here
# outlives it.
story_article = Table(
    "story_article",
    metadata,
    Column("number", Integer, primary_key=True),  # the order of decision
    Column("article", Text, nullable=False),
    Column("story", Text, nullable=False),
    Column("joined", JSON(none_as_null=True)),  # why; empty where it is its story's first
    Column("at", UtcTime, nullable=False),  # when it counts: published, else fetched
    Column("source", Text, nullable=False),
    Column("outlet", Text, nullable=False),  # whose news it is
    Column("language", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    UniqueConstraint("article"),
    Index(None, "story", "number"),
)

fingerprint = Table(
    "fingerprint",
    metadata,
    Column("number", Integer, primary_key=True),  # of story_article; an edit replaces the data and keeps the number
    Column("data", LargeBinary, nullable=False),
)

match = Table(
    "match",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article", Text, nullable=False),
    Column("text_hash", Text, nullable=False),
    Column("watchlist", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("stances", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    # What was decided of it stands with it: the two are written together and asked for together.
    Column("story", Text, ForeignKey("story.id"), nullable=False),
    Column("decision", Text, nullable=False),  # a DecisionKind
    Column("reason", Text, nullable=False),
    Column("notification", Text),  # what was told, where something was
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False, server_default=""),  # who or what is behind the decision: a silence's id
    UniqueConstraint("article", "watchlist", "text_hash", "version"),
    Index(None, "story", "watchlist"),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Text, primary_key=True),
    Column("watchlist", Text, nullable=False),
    Column("story", Text, ForeignKey("story.id"), nullable=False),
    Column("article", Text, nullable=False),  # the first one
    Column("text_hash", Text, nullable=False),  # of that article, as last matched
    Column("severity", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("told", JSON, nullable=False),  # {groups, clauses, entities, stances, languages}: of all evidence told so far
    Column("notifications", Integer, nullable=False),  # how many exist
    Column("raised", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
    Column("disposition", Text, nullable=False, server_default=""),  # of a closed one
    Column("comment", Text, nullable=False, server_default=""),  # by whoever closed it
    Column("changed_by", Text, nullable=False, server_default=""),  # who changed its state last
    Column("merged_into", Text, nullable=False, server_default=""),  # the alert that stands for it
    Column("outlets", JSON, nullable=False, server_default="[]"),  # of all its matching articles
    Column("spread_told", Integer, nullable=False, server_default=text("0")),  # whether the number of outlets was told
    Column("last_told", UtcTime),
    UniqueConstraint("story", "watchlist"),
    Index(None, "raised"),
    Index(None, "watchlist", "raised"),
    Index(None, "state", "raised"),
)


# ------------------------------------------------------------------------------------------ outbox
notification = Table(
    "notification",
    metadata,
    Column("id", Text, primary_key=True),
    Column("alert", Text, ForeignKey("alert.id")),  # empty where an operation is told
    Column("ordinal", Integer, nullable=False),  # 0 for the first of its alert
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # rendered once; every sink and attempt sends these bytes
    Column("operation", Text),  # set where an operation is told
    Column("digest", Text),  # set where it is a digest: the key of the hold that its members were under
    UniqueConstraint("alert", "ordinal"),
)

notification_member = Table(
    "notification_member",
    metadata,
    Column("notification", Text, ForeignKey("notification.id"), primary_key=True),  # the digest
    Column("member", Text, ForeignKey("notification.id"), primary_key=True),
    Index(None, "member"),
    sqlite_with_rowid=False,
)

sink = Table(
    "sink",
    metadata,
    Column("name", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("probe_due", UtcTime),
    Column("last_sequence", Integer, nullable=False),
    Column("retired", UtcTime),  # no longer configured
    Column("by", Text, nullable=False, server_default=""),  # who paused it; empty where it did so itself
    Column("since", UtcTime),  # of its state
    Column("catching_up", UtcTime),  # when it answered again, until its backlog is gone
)

# Texts of conditions, written out (not bound), so that SQLite can prove that a query with one may use the partial index with
# it: a lane's head is found without reading the years of delivered rows. OPEN has no index of its own: it is for rows that
# are found by their key.
OPEN: TextClause = text("delivery.state IN ('held', 'inflight', 'pending')")  # all that is not final
LANE: TextClause = text("delivery.state IN ('inflight', 'pending')")  # what stands in a lane: the held do not
HELD: TextClause = text("delivery.state = 'held'")
INFLIGHT: TextClause = text("delivery.state = 'inflight'")
GIVEN_UP: TextClause = text("delivery.state IN ('dead', 'expired')")

delivery = Table(
    "delivery",
    metadata,
    Column("notification", Text, ForeignKey("notification.id"), primary_key=True),
    Column("sink", Text, ForeignKey("sink.name"), primary_key=True),
    Column("severity", Text, nullable=False),
    Column("sequence", Integer, nullable=False),  # from 1 in each sink, without a gap
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),  # why held (the hold's key), dead, expired or cancelled
    Column("attempts", Integer, nullable=False),
    Column("due", UtcTime, nullable=False),
    Column("claimed", UtcTime),  # when the attempt under way began
    Column("created", UtcTime, nullable=False),
    Column("changed", UtcTime, nullable=False),
    Column("route", Text, nullable=False, server_default=""),  # that sent it here
    Column("told_in", Text, nullable=False, server_default=""),  # the digest that tells of it
    Column("replayed", UtcTime),  # when a person last had it sent again
    Column("progress", JSON, nullable=False, server_default="{}"),  # its sink's own
    UniqueConstraint("sink", "sequence"),
    Index("ix_delivery_lane", "sink", "severity", "sequence", sqlite_where=text("state IN ('inflight', 'pending')")),
    Index("ix_delivery_held", "sink", "due", sqlite_where=text("state = 'held'")),
    Index("ix_delivery_given_up", "sink", "changed", sqlite_where=text("state IN ('dead', 'expired')")),
    Index("ix_delivery_inflight", "sink", "severity", sqlite_where=text("state = 'inflight'")),
    sqlite_with_rowid=False,
)

attempt = Table(
    "attempt",
    metadata,
    Column("notification", Text, primary_key=True),
    Column("sink", Text, primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1
    Column("started", UtcTime, nullable=False),
    Column("finished", UtcTime, nullable=False),
    Column("kind", Text, nullable=False),  # an AnswerKind, or ``released`` or ``interrupted`` where there was no answer
    Column("status", Integer),
    Column("detail", Text, nullable=False),
    ForeignKeyConstraint(["notification", "sink"], ["delivery.notification", "delivery.sink"]),
    sqlite_with_rowid=False,
)


# --------------------------------------------------------------------------------------- operations
operation = Table(
    "operation",
    metadata,
    Column("id", Text, primary_key=True),  # made of its key and when it was raised
    Column("key", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("raised", UtcTime, nullable=False),
    Column("changed", UtcTime, nullable=False),
    Column("closed", UtcTime),
    Column("notifications", Integer, nullable=False),  # how many exist
    Index("ix_operation_closed_key", "closed", "key"),
    sqlite_with_rowid=False,
)


# ----------------------------------------------------------------------------------------- silences
silence = Table(
    "silence",
    metadata,
    Column("id", Text, primary_key=True),
    Column("matchers", JSON, nullable=False),  # {field: [values]}
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("starts", UtcTime, nullable=False),
    Column("ends", UtcTime, nullable=False),
    Column("expired", UtcTime),  # ended by a person before its time
    Column("expired_by", Text, nullable=False, server_default=""),
    Column("muted", Integer, nullable=False, server_default=text("0")),
    Column("last_muted", UtcTime),
    Column("reported", UtcTime),  # when it was told that it mutes nothing
    Column("summed", UtcTime),  # when its summary was told
    Index(None, "ends"),
    sqlite_with_rowid=False,
)


# ------------------------------------------------------------------------------------------- audit
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),  # ``monitor`` for what the configuration made it do
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Index(None, "object", "id"),
)
