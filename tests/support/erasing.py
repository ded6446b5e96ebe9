"""Erasing, as a case will do it: the key of a record is destroyed."""

import sqlalchemy as sa

from gateway.log.located import locate
from gateway.records.models import records
from gateway.sealing.services import Kind, drop


def erase(connection: sa.Connection, *leaves: bytes) -> None:
    """Erase the records with these leaves; all where none is named."""
    ids = list(connection.scalars(sa.select(records.c.id)))
    if leaves:
        found = [locate(connection, leaf) for leaf in leaves]
        ids = [at.id for at in found if at is not None]
    drop(connection, Kind.RECORD, ids)
