"""Content in the archive, on either database: as `gateway partitions` detaches and drops it."""

import sqlalchemy as sa

from gateway.log.located import locate
from gateway.partitions.models import partitions
from gateway.records.models import contents


def archive(connection: sa.Connection, *leaves: bytes) -> None:
    """Take the content of the records with these leaves away, each with a part of its own."""
    for leaf in leaves:
        found = locate(connection, leaf)
        assert found is not None
        row = {"first_id": found.id, "end_id": found.id + 1, "month": 100_000, "n": found.id}
        values = row | {"archived_at": 1, "dropped_at": 1}
        connection.execute(sa.insert(partitions).values(**values))
        connection.execute(sa.delete(contents).where(contents.c.id == found.id))
