"""An article that was never edited holds its one version itself. Those that are there keep the rows of theirs: nothing is rewritten."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("article", sa.Column("zones", sa.JSON()))
    op.add_column("article", sa.Column("engine", sa.Text()))


def downgrade() -> None:
    raise NotImplementedError("a record is never taken back to an older version: put back your copy of the data folder")
