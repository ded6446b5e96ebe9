"""Alembic migrations of the gateway's tables; `gateway.db.migrate` runs them at the start."""
