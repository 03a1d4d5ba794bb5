"""Cases of which something was read that is not concluded yet."""

import sqlalchemy as sa
from alembic import op

from migrations import log_v1

revision = "coordinator_0009"
down_revision = "coordinator_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("changed", sa.Column("case_id", sa.Text, primary_key=True))
    log_v1.grant({"changed": "SELECT, INSERT, DELETE"})
