"""The coordinator's own tables: what it read, how far, and what it concluded.

Below `command` stands what is the coordinator's own record; all above follows from the logs.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.tables import add_digests

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
    Column("sha256", LargeBinary, nullable=False),
    Index("ledger_feed", "service", "feed_seq"),
)

#: Between which cases persons went, both ways: a case is concluded from the rows of its kin, too.
kin = Table(
    "kin",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("kin_id", Text, primary_key=True),
)

#: How far each log was read, and when it was last known to hold nothing more.
position = Table(
    "position",
    metadata,
    Column("service", Text, primary_key=True),
    Column("feed_seq", BigInteger, nullable=False),
    Column("read_until", DateTime(timezone=True)),
)

#: What a case says of something that others may claim, too: a cell, an account, a number.
shared = Table(
    "shared",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("case_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("body", JSONB, nullable=False),
    Index("shared_case", "case_id"),
)

#: Cases of which something was read that is not concluded yet.
changed = Table("changed", metadata, Column("case_id", Text, primary_key=True))

#: What was concluded about each case with what had been read, and when to look again though nothing happens.
conclusion = Table(
    "conclusion",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("look_at", DateTime(timezone=True)),
    Column("organs", JSONB, nullable=False),
    Column("duties", JSONB, nullable=False),
    Column("rights", JSONB, nullable=False),
    Column("reading", JSONB, nullable=False),
    Index("conclusion_look_at", "look_at"),
    Index("conclusion_overdue", "case_id", postgresql_where=text("""duties @> '[{"status": "overdue"}]'""")),
)

#: What proofs name: the terms of a limit by their id, a calendar by its version. Nothing here is ever changed.
basis = Table(
    "basis",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", JSONB, nullable=False),
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

#: The supervision matters of each case, as last concluded.
chain = Table(
    "chain",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Index("chain_case", "case_id"),
    Index("chain_kind", "kind", "id"),
)

#: The clocks whose end another calendar moved or made certain: what it was and is, and by which calendars.
recomputed = Table(
    "recomputed",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("trigger", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("calendar", Text, primary_key=True),
    Column("body", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

#: What was commanded, and what came of it. `finding_id` (of a finding, or made from a duty) is the key: once and no more.
command = Table(
    "command",
    metadata,
    Column("finding_id", Text, primary_key=True),
    Column("case_id", Text),
    Column("target", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("status", Integer),
    Column("answer", JSONB),
    Index("command_wanted", "case_id", postgresql_where=text("status IS NULL")),
)

#: One row: how often a coordinator began to lead. Whoever leads writes only while the number is the one it began with.
term = Table(
    "term",
    metadata,
    Column("only", Boolean, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

#: A log that is no longer the one that was read: until `ended_at` nothing of it is read. `decision` is somebody's.
halt = Table(
    "halt",
    metadata,
    Column("id", Text, primary_key=True),
    Column("service", Text, nullable=False),
    Column("read", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("found_at", DateTime(timezone=True), nullable=False),
    Column("decision", JSONB),
    Column("ended_at", DateTime(timezone=True)),
    Index("halt_standing", "service", unique=True, postgresql_where=text("ended_at IS NULL")),
)

#: Rows that a log once told and no longer has, put here by a decision. Append-only.
set_aside = Table(
    "set_aside",
    metadata,
    Column("halt_id", Text, primary_key=True),
    Column("case_id", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("feed_seq", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("sm3", LargeBinary, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
)

#: Certificates of agreement: asked for (with a key), or made by a sweep (without). `statement` is what was signed.
agreement = Table(
    "agreement",
    metadata,
    Column("id", Text, primary_key=True),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("organ_id", Text, nullable=False),
    Column("client_id", Text),
    Column("key", Text),
    Column("fingerprint", Text),
    Column("case_ids", JSONB, nullable=False),
    Column("deep", Boolean, nullable=False),
    Column("made_at", DateTime(timezone=True)),
    Column("statement", JSONB),
    Column("certificate", Text),
    Index("agreement_command", "key", "client_id", unique=True),
    Index("agreement_asked", "id", postgresql_where=text("made_at IS NULL")),
)

#: Differences that somebody accepted as known, each with the facts it was accepted for. Append-only.
mismatch = Table(
    "mismatch",
    metadata,
    Column("id", Text, primary_key=True),
    Column("finding_id", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Index("mismatch_finding", "finding_id", "id"),
    Index("mismatch_command", "key", "client_id", unique=True),
)

#: Alerts that a duty comes due or is overdue, each written once when its moment came; `closed_at` is when nothing was
#: owed under it any more. Below stand who acknowledged one. Append-only.
alert = Table(
    "alert",
    metadata,
    Column("id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("duty_id", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("rung", SmallInteger, nullable=False),
    Column("organ_id", Text, nullable=False),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("body", JSONB, nullable=False),
    Index("alert_case", "case_id"),
    Index("alert_standing", "organ_id", "id", postgresql_where=text("closed_at IS NULL")),
)
acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Index("acknowledgement_case", "case_id"),
    Index("acknowledgement_command", "key", "client_id", unique=True),
)

#: What happened to the task that a finding gave, from `number` 1 on; `state` and `due_on` are how it then stands. Append-only.
task_event = Table(
    "task_event",
    metadata,
    Column("task_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("round", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("finding_id", Text, nullable=False),
    Column("organ_id", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("client_id", Text),
    Column("key", Text),
    Column("fingerprint", Text),
    Column("body", JSONB, nullable=False),
    Index("task_event_case", "case_id"),
    Index("task_event_command", "key", "client_id", unique=True),
)

add_digests(metadata)
