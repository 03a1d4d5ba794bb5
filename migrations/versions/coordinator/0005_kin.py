"""Between which cases persons went. Follows from the logs."""

import sqlalchemy as sa
from alembic import op

from migrations import log_v1

revision = "coordinator_0005"
down_revision = "coordinator_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kin",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("kin_id", sa.Text, primary_key=True),
    )
    log_v1.grant({"kin": "SELECT, INSERT"})
