"""Runs the migrations of one service, in one transaction, one migrator at a time.

Alembic loads this file. The section of the ini names the service; the owner's URL is the attribute `url`
(migrations.run) or SINGLETRACK_<SERVICE>_MIGRATION_URL; the runtime role is the attribute or the `-x` argument
`runtime_role`.
"""

import asyncio
import importlib
import importlib.util
import os

from alembic import context
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.kernel import tables

_SERVICE = context.config.config_ini_section


def _metadata() -> list[MetaData]:
    """What `alembic check` compares with: the kernel's tables, if the service keeps a log, and its own."""
    keeps_log = context.config.get_main_option("keeps_log") == "yes"
    found = [tables.metadata] if keeps_log else []
    package = f"services.{_SERVICE}"
    if importlib.util.find_spec(package) and importlib.util.find_spec(f"{package}.tables"):
        own: MetaData = importlib.import_module(f"{package}.tables").metadata
        found += [own] if own is not tables.metadata else []
    return found


def _migrate(connection: Connection) -> None:
    # Before anything else, or two migrators that start together both make the version table.
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('singletrack.migrations'))"))
    connection.execute(text("SET LOCAL lock_timeout = '10s'"))
    context.configure(connection=connection, target_metadata=_metadata(), compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()


async def _run() -> None:
    url = context.config.attributes.get("url") or os.environ.get(f"SINGLETRACK_{_SERVICE.upper()}_MIGRATION_URL", "")
    if not url:
        raise SystemExit(f"Set SINGLETRACK_{_SERVICE.upper()}_MIGRATION_URL to the owner's URL of its database.")
    parsed = make_url(url)
    query = {name: value for name, value in parsed.query.items() if name != "sslmode"}
    connect_args = {"ssl": False} if parsed.query.get("sslmode") == "disable" else {}
    engine = create_async_engine(
        parsed.set(drivername="postgresql+asyncpg", query=query), poolclass=NullPool, connect_args=connect_args
    )
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate)
    finally:
        await engine.dispose()


asyncio.run(_run())
