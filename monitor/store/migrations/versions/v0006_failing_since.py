"""Since when a source fails. Of those that fail now nobody noted it: they begin with their next failure."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("source", sa.Column("failing_since", sa.BigInteger()))


def downgrade() -> None:
    raise NotImplementedError("a record is never taken back to an older version: put back your copy of the data folder")
