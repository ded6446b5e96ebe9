"""Documents of a form that was not taken yet: kept sealed for some hours, for whoever sent them.

So nobody uploads them again because another field was wrong.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import orjson
import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.crypto import Box, Vault
from gateway.base.db import begin_read, begin_write
from gateway.cases import materials as documents
from gateway.cases.materials import Material
from gateway.cases.models import drafts
from gateway.sealing.services import Boxes, Kind

LIFE: Final = 12 * 3600
"""Seconds for which a draft is kept: a working day."""
OF_ONE: Final = 4
"""Of one token; with more of them the oldest goes."""
LOCK: Final = "case-drafts"
_NAMES: Final = b"credit-ledger/draft/1\0names"


class Drafts:
    """Keeps them; safe in threads."""

    def __init__(self, ctx: Context, vault: Vault) -> None:
        self._ctx = ctx
        self._vault = vault

    def keep(self, token: int, docs: Sequence[Material]) -> str:
        """Keep documents for the holder of a token; the id by which it finds them."""
        set_id = os.urandom(16).hex()
        names = orjson.dumps([one.name for one in docs])
        with begin_write(self._ctx.engine, LOCK) as connection:
            self._make_room(connection, token)
            box = documents.keep(connection, self._vault, docs, set_id)
            values = {"id": set_id, "token": token, "at": self._ctx.clock.seconds()}
            values |= {"names": box.seal(names, _NAMES)}
            connection.execute(sa.insert(drafts).values(values))
        return set_id

    def read(self, token: int, draft: str) -> tuple[Material, ...]:
        """What the holder of a token has there; nothing where it is another's, or gone."""
        with begin_read(self._ctx.engine) as connection:
            query = sa.select(drafts).where(drafts.c.id == draft, drafts.c.token == token)
            row = connection.execute(query).one_or_none()
            if row is None or row.at + LIFE <= self._ctx.clock.seconds():
                return ()
            box: Box = Boxes(self._vault).open(connection, Kind.MATERIAL, draft)
            names: list[str] = orjson.loads(box.open(row.names, _NAMES))
            found = [documents.read(connection, self._vault, draft, n) for n in range(len(names))]
        return tuple(
            Material(name=name, data=data)
            for name, data in zip(names, found, strict=True)
            if data is not None
        )

    def drop(self, token: int, draft: str) -> None:
        """Forget what the holder of a token has there."""
        with begin_write(self._ctx.engine, LOCK) as connection:
            query = sa.select(drafts.c.id).where(drafts.c.id == draft, drafts.c.token == token)
            self._end(connection, connection.scalars(query).all())

    def tidy(self) -> int:
        """Forget what is too old; how many."""
        with begin_write(self._ctx.engine, LOCK) as connection:
            old = drafts.c.at <= self._ctx.clock.seconds() - LIFE
            found = connection.scalars(sa.select(drafts.c.id).where(old)).all()
            self._end(connection, found)
        return len(found)

    def _make_room(self, connection: sa.Connection, token: int) -> None:
        query = sa.select(drafts.c.id).where(drafts.c.token == token)
        newest = query.order_by(drafts.c.at.desc(), drafts.c.id).offset(OF_ONE - 1)
        self._end(connection, connection.scalars(newest).all())

    @staticmethod
    def _end(connection: sa.Connection, ids: Sequence[str]) -> None:
        documents.forget(connection, ids)
        connection.execute(sa.delete(drafts).where(drafts.c.id.in_(ids)))
