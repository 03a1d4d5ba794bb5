"""The first shape of a service's log and of its views. Frozen: what has been migrated is not rewritten.

`services/kernel/tables.py` says what the tables mean; a later shape is a later migration.
"""

import sqlalchemy as sa
from alembic import context, op

_FUNCTIONS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '记录只能追加，不得更改或删除（% on "%": a log is only ever appended to）', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', HINT = 'Correct a step by taking another step that has a legal ground.';
END $$;
CREATE FUNCTION ring_bell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('log', '');
  RETURN NULL;
END $$;
"""

# ALWAYS: also where session_replication_role switches ordinary triggers off.
_TRIGGERS = """
CREATE TRIGGER log_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log ENABLE ALWAYS TRIGGER log_refuses_change;
CREATE TRIGGER log_rings_bell AFTER INSERT ON log FOR EACH STATEMENT EXECUTE FUNCTION ring_bell();
"""

_GRANTS = {
    "log": "SELECT, INSERT",
    "stream": "SELECT, INSERT, UPDATE",
    "thing": "SELECT, INSERT, UPDATE",
    "relation": "SELECT, INSERT, UPDATE",
    "feed_head": "SELECT, UPDATE",
}


def create() -> None:
    """Make the tables, the triggers of the log, and the grants of the runtime role."""
    op.create_table(
        "log",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("feed_seq", sa.BigInteger, nullable=False, unique=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("private", sa.Text),
        sa.Column("sm3", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
    )
    op.create_index("log_command", "log", ["key", "client_id"], unique=True)
    op.create_table(
        "stream",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sm3", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        postgresql_with={"fillfactor": 70},
    )
    feed_head = op.create_table(
        "feed_head",
        sa.Column("only", sa.Integer, primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
        postgresql_with={"fillfactor": 10},
    )
    op.bulk_insert(feed_head, [{"only": 1, "last": 0}])
    op.create_table(
        "thing",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
    )
    op.create_table(
        "relation",
        sa.Column("organ_id", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Text, primary_key=True),
    )
    for statement in (*_statements(_FUNCTIONS, "$$;"), *_statements(_TRIGGERS, ";")):
        op.execute(sa.text(statement))
    grant(_GRANTS)


def grant(rights: dict[str, str]) -> None:
    """Give the runtime role its rights, table by table. Does nothing where the owner itself serves."""
    role = context.config.attributes.get("runtime_role") or context.get_x_argument(as_dictionary=True).get(
        "runtime_role"
    )
    bind = op.get_bind()
    if not role or role == bind.scalar(sa.text("SELECT current_user")):
        return
    quote = bind.dialect.identifier_preparer.quote
    for table, granted in rights.items():
        op.execute(sa.text(f"GRANT {granted} ON {quote(table)} TO {quote(role)}"))


def _statements(script: str, end: str) -> list[str]:
    # asyncpg prepares what it runs, and a prepared statement is one statement.
    return [f"{part.strip()}{end}" for part in script.split(f"{end}\n") if part.strip()]
