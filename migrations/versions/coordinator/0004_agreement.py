"""Digest trees over the ledger, certificates of agreement, logs that were found cut back, and differences accepted.

The ledger gains the second link of every row. What it holds is read again from the logs: it follows from them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import log_v1, log_v2

revision = "coordinator_0004"
down_revision = "coordinator_0003"
branch_labels = None
depends_on = None

_REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '记录只能追加，不得更改或删除（% on "%": this is only ever appended to）', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    op.execute("TRUNCATE ledger, position")
    op.add_column("ledger", sa.Column("sha256", sa.LargeBinary, nullable=False))
    op.create_index("ledger_feed", "ledger", ["service", "feed_seq"])
    log_v2.create()
    op.create_table(
        "set_aside",
        sa.Column("halt_id", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("feed_seq", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("sm3", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "halt",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("read", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", JSONB),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index("halt_standing", "halt", ["service"], unique=True, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "agreement",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organ_id", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("fingerprint", sa.Text),
        sa.Column("case_ids", JSONB, nullable=False),
        sa.Column("deep", sa.Boolean, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True)),
        sa.Column("statement", JSONB),
        sa.Column("certificate", sa.Text),
    )
    op.create_index("agreement_command", "agreement", ["key", "client_id"], unique=True)
    op.create_index("agreement_asked", "agreement", ["id"], postgresql_where=sa.text("made_at IS NULL"))
    op.create_table(
        "mismatch",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("finding_id", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("expires_on", sa.Date, nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("body", JSONB, nullable=False),
    )
    op.create_index("mismatch_finding", "mismatch", ["finding_id", "id"])
    op.create_index("mismatch_command", "mismatch", ["key", "client_id"], unique=True)
    op.execute(_REFUSE)
    for table in ("mismatch", "set_aside"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_refuses_change")
    log_v1.grant(
        {
            # What a log no longer has is set aside: a copy goes to `set_aside` by the same statement.
            "ledger": "SELECT, INSERT, DELETE",
            "set_aside": "SELECT, INSERT",
            "halt": "SELECT, INSERT, UPDATE",
            "agreement": "SELECT, INSERT, UPDATE",
            "mismatch": "SELECT, INSERT",
        }
    )
