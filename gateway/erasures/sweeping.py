"""Nothing of what was destroyed is left behind in the database's own files.

SQLite overwrites what is deleted (`secure_delete`), but what was written ahead stays in the `-wal`
file until that is written over: it is moved into the database and cut to nothing. PostgreSQL keeps
dead rows until they are vacuumed.
"""

from __future__ import annotations

from contextlib import closing

import sqlalchemy as sa

from gateway.partitions.models import CONTENTS
from gateway.partitions.store import detached

BUSY_MS = 1000
"""For so long writers may be held up while what readers still use is waited for."""
_TABLES = ("content_keys", "contents", "records", "case_materials", "case_proposals",
           "case_file_rows", "file_parts", "file_sets", "file_reports",
           "credit_reports")  # fmt: skip


def sweep(engine: sa.Engine) -> bool:
    """Whether nothing is left; False where somebody reads what was there, so try again."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            out = [part.table(CONTENTS) for part in detached(connection)]
            for table in (*_TABLES, *out):
                connection.exec_driver_sql(f"VACUUM {table}")
        return True
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        (before,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        try:
            cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}").fetchone()
            busy, _pages, _moved = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout={before}").fetchone()
            cursor.close()
    return not busy
