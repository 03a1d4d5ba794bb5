"""The supervision matters of each case as chains. Follows from the logs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import log_v1

revision = "coordinator_0011"
down_revision = "coordinator_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chain",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("body", JSONB, nullable=False),
    )
    op.create_index("chain_case", "chain", ["case_id"])
    op.create_index("chain_kind", "chain", ["kind", "id"])
    log_v1.grant({"chain": "SELECT, INSERT, DELETE"})
    # Cases that were concluded before chains were kept are looked at once more.
    op.execute("UPDATE conclusion SET look_at = now()")
