"""Stories and their articles, the life of alerts, held and gathered deliveries, silences."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _stories()
    _alerts()
    _outbox()
    _silences()
    op.create_index("ix_audit_object_id", "audit", ["object", "id"])


def _stories() -> None:
    op.add_column("story", _text("merged_into"))
    op.create_table(
        "story_article",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("joined", sa.JSON()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_story_article"),
        sa.UniqueConstraint("article", name="uq_story_article_article"),
    )
    op.create_index("ix_story_article_story_number", "story_article", ["story", "number"])
    op.create_table(
        "fingerprint",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_fingerprint"),
    )
    # Until now each article was its own story. They have no fingerprints: nothing joins them.
    op.execute(
        "INSERT INTO story_article (article, story, at, source, outlet, language, title, url) "
        "SELECT story.first_article, story.id, coalesce(article.published, story.created), coalesce(article.source, ''), "
        "coalesce(article.source, ''), coalesce(article.language, 'und'), coalesce(article.title, ''), coalesce(article.url, '') "
        "FROM story LEFT JOIN article ON article.id = story.first_article ORDER BY story.created, story.id"
    )


def _alerts() -> None:
    op.add_column("match", _text("by"))
    for column in (
        _text("disposition"),
        _text("comment"),
        _text("changed_by"),
        _text("merged_into"),
        sa.Column("outlets", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("spread_told", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("last_told", sa.BigInteger()),
    ):
        op.add_column("alert", column)
    op.execute("UPDATE alert SET last_told = updated")
    op.create_index("ix_alert_state_raised", "alert", ["state", "raised"])


def _outbox() -> None:
    op.add_column("notification", sa.Column("digest", sa.Text()))
    op.create_table(
        "notification_member",
        sa.Column("notification", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["notification"], ["notification.id"], name="fk_notification_member_notification_notification"),
        sa.ForeignKeyConstraint(["member"], ["notification.id"], name="fk_notification_member_member_notification"),
        sa.PrimaryKeyConstraint("notification", "member", name="pk_notification_member"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_notification_member_member", "notification_member", ["member"])
    for column in (
        _text("route"),
        _text("told_in"),
        sa.Column("replayed", sa.BigInteger()),
        sa.Column("progress", sa.JSON(), nullable=False, server_default="{}"),
    ):
        op.add_column("delivery", column)
    # What is held no longer stands in a lane.
    op.drop_index("ix_delivery_lane", "delivery")
    lane, held, given_up = "state IN ('inflight', 'pending')", "state = 'held'", "state IN ('dead', 'expired')"
    op.create_index("ix_delivery_lane", "delivery", ["sink", "severity", "sequence"], sqlite_where=sa.text(lane))
    op.create_index("ix_delivery_held", "delivery", ["sink", "due"], sqlite_where=sa.text(held))
    op.create_index("ix_delivery_given_up", "delivery", ["sink", "changed"], sqlite_where=sa.text(given_up))
    for column in (_text("by"), sa.Column("since", sa.BigInteger()), sa.Column("catching_up", sa.BigInteger())):
        op.add_column("sink", column)


def _silences() -> None:
    op.create_table(
        "silence",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("matchers", sa.JSON(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger()),
        _text("expired_by"),
        sa.Column("muted", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("last_muted", sa.BigInteger()),
        sa.Column("reported", sa.BigInteger()),
        sa.Column("summed", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_silence"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_silence_ends", "silence", ["ends"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def downgrade() -> None:
    raise NotImplementedError("a record is never taken back to an older version: put back your copy of the data folder")
