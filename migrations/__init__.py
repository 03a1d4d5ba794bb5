"""The tables of every service, step by step: one Alembic branch and one database per service."""
