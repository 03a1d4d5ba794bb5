"""What cases say of things that they may share: a cell, an account, a number. Follows from the logs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import log_v1

revision = "coordinator_0007"
down_revision = "coordinator_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shared",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("body", JSONB, nullable=False),
    )
    op.create_index("shared_case", "shared", ["case_id"])
    log_v1.grant({"shared": "SELECT, INSERT, UPDATE, DELETE"})
