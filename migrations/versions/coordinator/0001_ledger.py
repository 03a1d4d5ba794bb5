"""The coordinator's ledger, its positions, and what it concluded."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import log_v1

revision = "coordinator_0001"
down_revision = None
branch_labels = None
depends_on = None

_ALL = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("feed_seq", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("sm3", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "position",
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("feed_seq", sa.BigInteger, nullable=False),
        sa.Column("read_until", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "conclusion",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("look_at", sa.DateTime(timezone=True)),
        sa.Column("organs", JSONB, nullable=False),
        sa.Column("duties", JSONB, nullable=False),
    )
    op.create_index("conclusion_look_at", "conclusion", ["look_at"])
    op.create_table(
        "finding",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
    )
    op.create_index("finding_case", "finding", ["case_id"])
    op.create_index("finding_kind", "finding", ["kind", "id"])
    op.create_table(
        "command",
        sa.Column("finding_id", sa.Text, primary_key=True),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("answer", JSONB),
    )
    log_v1.grant(
        {
            "ledger": "SELECT, INSERT",
            "position": _ALL,
            "conclusion": _ALL,
            "finding": _ALL,
            "command": _ALL,
        }
    )
