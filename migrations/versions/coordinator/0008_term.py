"""How often another coordinator began to lead; and of which case a command is, to withdraw what is wanted no longer."""

import sqlalchemy as sa
from alembic import op

from migrations import log_v1

revision = "coordinator_0008"
down_revision = "coordinator_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "term",
        sa.Column("only", sa.Boolean, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO term VALUES (true, 0)")
    op.add_column("command", sa.Column("case_id", sa.Text))
    op.create_index("command_wanted", "command", ["case_id"], postgresql_where=sa.text("status IS NULL"))
    log_v1.grant({"term": "SELECT, UPDATE"})
