"""Who read what is sealed, under a permit.

Frozen: what has been migrated is not rewritten. `services/kernel/tables.py` says what the table means.
"""

import sqlalchemy as sa
from alembic import op

from migrations import log_v1


def create() -> None:
    """Make the table, its trigger, and the grant of the runtime role: rows are only ever added."""
    op.create_table(
        "access",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("subjects", sa.Text, nullable=False),
        sa.Column("organ_id", sa.Text, nullable=False),
        sa.Column("officer", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("access_case", "access", ["case_id", "id"])
    op.execute(
        "CREATE TRIGGER access_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON access "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE access ENABLE ALWAYS TRIGGER access_refuses_change")
    log_v1.grant({"access": "SELECT, INSERT"})
