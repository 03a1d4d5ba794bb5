"""The digest tree of a log: one node for each prefix, one leaf for each case, and the position they speak of.

Frozen: what has been migrated is not rewritten. `services/kernel/tables.py` says what the tables mean.
"""

import sqlalchemy as sa
from alembic import op

from migrations import log_v1

_ALL = "SELECT, INSERT, UPDATE, DELETE"


def create() -> None:
    """Make the tables of the tree, and the grants of the runtime role."""
    op.create_table(
        "digest_head",
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "digest_leaf",
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("bucket", sa.Text(collation="C"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("sm3", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.Column("sound", sa.Boolean, nullable=False),
    )
    op.create_index("digest_leaf_bucket", "digest_leaf", ["service", "bucket"])
    op.create_table(
        "digest_node",
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("prefix", sa.Text(collation="C"), primary_key=True),
        sa.Column("cases", sa.BigInteger, nullable=False),
        sa.Column("unsound", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    )
    log_v1.grant(dict.fromkeys(("digest_head", "digest_leaf", "digest_node"), _ALL))
