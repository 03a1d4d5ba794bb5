"""What every end was computed from: rights beside duties, what had been read, and the terms and calendars named."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import log_v1

revision = "coordinator_0002"
down_revision = "coordinator_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "basis",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("body", JSONB, nullable=False),
    )
    for name in ("rights", "reading"):
        op.add_column("conclusion", sa.Column(name, JSONB))
    # What was concluded before names nothing that it could be computed from: every case is read again.
    op.execute("UPDATE conclusion SET duties = '[]', rights = '[]', reading = '{}', look_at = now()")
    for name in ("rights", "reading"):
        op.alter_column("conclusion", name, nullable=False)
    log_v1.grant({"basis": "SELECT, INSERT"})
