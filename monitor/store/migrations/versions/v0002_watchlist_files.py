"""Large files of watchlists (lists of names) once each, compressed, however many versions use them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watchlist_file",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_watchlist_file"),
    )


def downgrade() -> None:
    raise NotImplementedError("a record is never taken back to an older version: put back your copy of the data folder")
