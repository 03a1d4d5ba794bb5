"""The coordinator's own tables: what it read, how far, and what it concluded. All but `command` follow from the logs."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

#: The rows of the other services as their feeds gave them.
ledger = Table(
    "ledger",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("feed_seq", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("sm3", LargeBinary, nullable=False),
)

#: How far each log was read, and when it was last known to hold nothing more.
position = Table(
    "position",
    metadata,
    Column("service", Text, primary_key=True),
    Column("feed_seq", BigInteger, nullable=False),
    Column("read_until", DateTime(timezone=True)),
)

#: What was concluded about each case, and when to look again though nothing happens.
conclusion = Table(
    "conclusion",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("look_at", DateTime(timezone=True)),
    Column("organs", JSONB, nullable=False),
    Column("duties", JSONB, nullable=False),
    Index("conclusion_look_at", "look_at"),
)

#: The findings of each case as last concluded; `closed_at` is when a conclusion no longer held one.
finding = Table(
    "finding",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("found_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Index("finding_case", "case_id"),
    Index("finding_kind", "kind", "id"),
)

#: What was commanded, for which finding, and what came of it. The finding's id is the key, so nothing is commanded twice.
command = Table(
    "command",
    metadata,
    Column("finding_id", Text, primary_key=True),
    Column("target", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("status", Integer),
    Column("answer", JSONB),
)
