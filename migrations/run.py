"""Bring a service's database up to date, from Python."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alembic import command
from alembic.config import Config

INI = Path(__file__).parent / "alembic.ini"
# Alembic keeps the migration that is running in a module of its own.
_ONE = threading.Lock()


def config(service: str, owner_url: str, runtime_role: str | None) -> Config:
    """Alembic's configuration for one service, for its other commands (`current`, `check`)."""
    found = Config(str(INI), ini_section=service)
    if service not in found.file_config.sections():
        raise ValueError(f"{service} is not a service; they are {', '.join(found.file_config.sections())}")
    found.attributes.update(url=owner_url, runtime_role=runtime_role)
    return found


def upgrade(service: str, owner_url: str, runtime_role: str | None) -> None:
    """Run all migrations that the database does not have yet. Blocks; may be repeated, also by several at once.

    `runtime_role` is who will serve from these tables and gets no more than it needs; None or the owner: no grants.
    Raises: ValueError for an unknown service; what SQLAlchemy and asyncpg raise.
    """
    with _ONE, ThreadPoolExecutor(1) as thread:  # a thread of its own: callers may have a running loop
        thread.submit(command.upgrade, config(service, owner_url, runtime_role), "head").result()
