"""The tables that every service has: its log, and the views of it that a step needs to be quick.

`log` is the truth, the audit trail and the outbox; rows are only ever inserted (by grant and by trigger). The others are
derived from it and can be dropped and refolded. Text is the row as encoded once; cast it to `jsonb` to look inside.
"""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

#: One row per step taken. `feed_seq` counts the rows of the service without a hole, in the order of commit.
log = Table(
    "log",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("feed_seq", BigInteger, nullable=False, unique=True),
    Column("client_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("body", Text, nullable=False),
    Column("private", Text),
    Column("sm3", LargeBinary, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Index("log_command", "key", "client_id", unique=True),
)

#: Where each case stands: the fold of its rows.
stream = Table(
    "stream",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("sm3", LargeBinary, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
)

#: One row: the last `feed_seq` given out. Its lock orders the commits of a service.
feed_head = Table(
    "feed_head", metadata, Column("only", Integer, primary_key=True), Column("last", BigInteger, nullable=False)
)

#: Which case a custody, an item or a package belongs to; and which custody the number of a certificate.
thing = Table(
    "thing",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
)

#: Which organs may see which cases.
relation = Table(
    "relation",
    metadata,
    Column("organ_id", Text, primary_key=True),
    Column("case_id", Text, primary_key=True),
)


#: Who read what is sealed, under a permit. Append-only; no part of any case's chain, since reading changes nothing.
access = Table(
    "access",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("subjects", Text, nullable=False),
    Column("organ_id", Text, nullable=False),
    Column("officer", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("access_case", "case_id", "id"),
)


def add_digests(to: MetaData) -> None:
    """The digest tree of a log, or of each log that is followed: `services/kernel/digests.py`."""
    # Up to which position of its log each tree was made.
    Table("digest_head", to, Column("service", Text, primary_key=True), Column("position", BigInteger, nullable=False))
    # Where each case stands, and whether its rows follow from each other.
    Table(
        "digest_leaf",
        to,
        Column("service", Text, primary_key=True),
        Column("case_id", Text, primary_key=True),
        Column("bucket", Text(collation="C"), nullable=False),
        Column("seq", Integer, nullable=False),
        Column("sm3", LargeBinary, nullable=False),
        Column("sha256", LargeBinary, nullable=False),
        Column("sound", Boolean, nullable=False),
        Index("digest_leaf_bucket", "service", "bucket"),
    )
    # The buckets and the nodes above them, by the digits that lead there.
    Table(
        "digest_node",
        to,
        Column("service", Text, primary_key=True),
        Column("prefix", Text(collation="C"), primary_key=True),
        Column("cases", BigInteger, nullable=False),
        Column("unsound", BigInteger, nullable=False),
        Column("digest", LargeBinary, nullable=False),
    )


add_digests(metadata)
