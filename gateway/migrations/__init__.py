"""Alembic migrations of the gateway's tables; `gateway.base.db.migrate` runs them at the start."""
