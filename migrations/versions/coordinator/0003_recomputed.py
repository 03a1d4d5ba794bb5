"""What another calendar moved: one row for each clock whose end was computed again and is another day, or certain now."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import log_v1

revision = "coordinator_0003"
down_revision = "coordinator_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recomputed",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("trigger", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("calendar", sa.Text, primary_key=True),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    log_v1.grant({"recomputed": "SELECT, INSERT"})
