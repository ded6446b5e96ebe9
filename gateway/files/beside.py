"""Files with a row that goes back and stands beside a record, of which it says the same."""

from __future__ import annotations

import orjson
import sqlalchemy as sa

from gateway.base.crypto import ContentLost
from gateway.base.db import begin_read
from gateway.files.closed import leaves_of
from gateway.files.models import file_sets
from gateway.files.returned import GOES_BACK
from gateway.files.store import FileStore
from gateway.jobs.models import jobs


def beside(
    engine: sa.Engine, store: FileStore, leaves: frozenset[bytes]
) -> tuple[list[str], list[str]]:
    """The ids of files with such a row beside one of these records: those that are answered, and
    those that are being answered still."""
    query = sa.select(file_sets.c.file, file_sets.c.n, jobs.c.ended_at)
    query = query.join(jobs, jobs.c.id == file_sets.c.file)
    with begin_read(engine) as connection:
        sets = connection.execute(query.order_by(file_sets.c.file, file_sets.c.n)).all()
    ended: dict[str, bool] = {}
    for row in sets:
        if row.file not in ended and _stands_beside(store, row.file, row.n, leaves):
            ended[row.file] = row.ended_at is not None
    done = [file for file, is_done in ended.items() if is_done]
    return done, [file for file in ended if file not in done]


def _stands_beside(store: FileStore, file: str, n: int, leaves: frozenset[bytes]) -> bool:
    try:
        answers = orjson.loads(store.answers(file, n))
    except (sa.exc.NoResultFound, ContentLost):  # forgotten meanwhile
        return False
    return not leaves.isdisjoint(leaves_of([one for one in answers if one["verdict"] in GOES_BACK]))
