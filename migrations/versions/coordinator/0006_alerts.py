"""Alerts that a duty is coming due or is overdue, and who acknowledged them.

An alert is written once, when its moment came, and never changed but for `closed_at`; an acknowledgement never at all.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import log_v1

revision = "coordinator_0006"
down_revision = "coordinator_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("duty_id", sa.Text, nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("rung", sa.SmallInteger, nullable=False),
        sa.Column("organ_id", sa.Text, nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("body", JSONB, nullable=False),
    )
    op.create_index("alert_case", "alert", ["case_id"])
    op.create_index("alert_standing", "alert", ["organ_id", "id"], postgresql_where=sa.text("closed_at IS NULL"))
    op.create_table(
        "acknowledgement",
        sa.Column("alert_id", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("body", JSONB, nullable=False),
    )
    op.create_index("acknowledgement_case", "acknowledgement", ["case_id"])
    op.create_index("acknowledgement_command", "acknowledgement", ["key", "client_id"], unique=True)
    overdue = sa.text("""duties @> '[{"status": "overdue"}]'""")
    op.create_index("conclusion_overdue", "conclusion", ["case_id"], postgresql_where=overdue)
    for table, changes in (("alert", "DELETE OR TRUNCATE"), ("acknowledgement", "UPDATE OR DELETE OR TRUNCATE")):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE {changes} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_refuses_change")
    # What was concluded before says neither who owes a duty nor what is to be told of it.
    op.execute("UPDATE conclusion SET look_at = now()")
    log_v1.grant({"alert": "SELECT, INSERT, UPDATE (closed_at)", "acknowledgement": "SELECT, INSERT"})
