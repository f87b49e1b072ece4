"""Sources: what is learnt of each, under what else an article is known, learnt furniture, languages, operations told."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("host", sa.Text(), nullable=False, server_default=""),
        sa.Column("address", sa.Text(), nullable=False, server_default=""),
        sa.Column("move", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("not_before", sa.BigInteger()),
        sa.Column("paused", sa.BigInteger()),
        sa.Column("paused_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("gone", sa.BigInteger()),
        sa.Column("gaps", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("known", sa.LargeBinary(), nullable=False, server_default=sa.text("x''")),
        sa.Column("empty", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("deaths", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("broken", sa.Integer(), nullable=False, server_default=sa.text("0")),
    ):
        op.add_column("source", column)
    op.add_column("seen", sa.Column("article", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_seen_source_article", "seen", ["source", "article"])
    op.create_table(
        "alias",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        # As with articles: without a rowid where an earlier version made it.
        sa.PrimaryKeyConstraint("hash", name="pk_alias"),
    )
    op.create_table(
        "learnt_line",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "line", name="pk_learnt_line"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "language",
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("last_new", sa.BigInteger(), nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("language", name="pk_language"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "operation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("raised", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.BigInteger()),
        sa.Column("notifications", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operation"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_operation_closed_key", "operation", ["closed", "key"])
    op.add_column("notification", sa.Column("operation", sa.Text()))
    _alert_may_be_empty()


def _alert_may_be_empty() -> None:
    """SQLite cannot rebuild a table that deliveries point at while it keeps foreign keys; its manual's way to take a constraint
    away is to edit the stored definition (lang_altertable.html §7). The schema version tells other connections to read it anew."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.alter_column("notification", "alert", nullable=True)
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema=ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, 'alert TEXT NOT NULL', 'alert TEXT') WHERE type = 'table' AND name = 'notification'"
    )
    bind.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema=OFF")


def downgrade() -> None:
    raise NotImplementedError("a record is never taken back to an older version: put back your copy of the data folder")
