"""The first record: sources, articles, watchlist versions, matches, alerts and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "article",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("published", sa.BigInteger()),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("failed", sa.Text(), nullable=False),
        # Without a rowid in records that an earlier version made, which stay so: no statement sees the difference (see ``schema``).
        sa.PrimaryKeyConstraint("id", name="pk_article"),
    )
    op.create_table(
        "article_text",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_article_text"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_table(
        "seen",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name="pk_seen"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sink",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("probe_due", sa.BigInteger()),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("retired", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", name="pk_sink"),
    )
    op.create_table(
        "source",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("next_due", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("validators", sa.JSON(), nullable=False),
        sa.Column("last_poll", sa.BigInteger()),
        sa.Column("last_success", sa.BigInteger()),
        sa.Column("last_new", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("retired", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", name="pk_source"),
    )
    op.create_index("ix_source_retired_next_due", "source", ["retired", "next_due"])
    op.create_table(
        "story",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("first_article", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_story"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watchlist",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("saved", sa.BigInteger(), nullable=False),
        sa.Column("retired", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_watchlist"),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("watchlist", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("notifications", sa.Integer(), nullable=False),
        sa.Column("raised", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_alert_story_story"),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
        sa.UniqueConstraint("story", "watchlist", name="uq_alert_story_watchlist"),
    )
    op.create_index("ix_alert_raised", "alert", ["raised"])
    op.create_index("ix_alert_watchlist_raised", "alert", ["watchlist", "raised"])
    op.create_table(
        "article_version",
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["article.id"], name="fk_article_version_article_article", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article", "text_hash", name="pk_article_version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "match",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("watchlist", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("stances", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("notification", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_match_story_story"),
        sa.PrimaryKeyConstraint("id", name="pk_match"),
        sa.UniqueConstraint("article", "watchlist", "text_hash", "version", name="uq_match_article_watchlist_text_hash_version"),
    )
    op.create_index("ix_match_story_watchlist", "match", ["story", "watchlist"])
    op.create_table(
        "watchlist_version",
        sa.Column("watchlist", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("first_saved", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["watchlist"], ["watchlist.id"], name="fk_watchlist_version_watchlist_watchlist"),
        sa.PrimaryKeyConstraint("watchlist", "version", name="pk_watchlist_version"),
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name="fk_notification_alert_alert"),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
        sa.UniqueConstraint("alert", "ordinal", name="uq_notification_alert_ordinal"),
    )
    op.create_table(
        "delivery",
        sa.Column("notification", sa.Text(), nullable=False),
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("claimed", sa.BigInteger()),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["notification"], ["notification.id"], name="fk_delivery_notification_notification"),
        sa.ForeignKeyConstraint(["sink"], ["sink.name"], name="fk_delivery_sink_sink"),
        sa.PrimaryKeyConstraint("notification", "sink", name="pk_delivery"),
        sa.UniqueConstraint("sink", "sequence", name="uq_delivery_sink_sequence"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_delivery_inflight", "delivery", ["sink", "severity"], sqlite_where=sa.text("state = 'inflight'"))
    op.create_index(
        "ix_delivery_lane", "delivery", ["sink", "severity", "sequence"], sqlite_where=sa.text("state IN ('held', 'inflight', 'pending')")
    )
    op.create_table(
        "attempt",
        sa.Column("notification", sa.Text(), nullable=False),
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notification", "sink"], ["delivery.notification", "delivery.sink"], name="fk_attempt_notification_sink_delivery"
        ),
        sa.PrimaryKeyConstraint("notification", "sink", "number", name="pk_attempt"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("a record is never taken back to an older version: put back your copy of the data folder")
