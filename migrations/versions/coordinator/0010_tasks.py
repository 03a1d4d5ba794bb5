"""What happened to the task that a finding gave: ordered, reported, re-ordered, done, confirmed. Append-only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import log_v1

revision = "coordinator_0010"
down_revision = "coordinator_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task_event",
        sa.Column("task_id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("finding_id", sa.Text, nullable=False),
        sa.Column("organ_id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("fingerprint", sa.Text),
        sa.Column("body", JSONB, nullable=False),
    )
    op.create_index("task_event_case", "task_event", ["case_id"])
    op.create_index("task_event_command", "task_event", ["key", "client_id"], unique=True)
    op.execute(
        "CREATE TRIGGER task_event_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON task_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE task_event ENABLE ALWAYS TRIGGER task_event_refuses_change")
    log_v1.grant({"task_event": "SELECT, INSERT"})
