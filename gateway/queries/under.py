"""Who asked under an authorisation, for whoever keeps it to tell its subject.

What is told is what this node answered: other provinces answer by themselves, and keep their own.
A firm hears who asked, when, for what and about which families, and what the asker reported that it
did with the answer; not what stood in it, which it may have by other ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from gateway.authorisations.views import Views
from gateway.base.clock import CHINA
from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.policy import Caller
from gateway.queries import store
from ledger.core.canonical import hex32, instant

MOST: Final = 100
"""Queries of one page."""


class AskedUnder:
    """Tells of them. Safe in threads."""

    def __init__(self, ctx: Context, views: Views) -> None:
        self._ctx = ctx
        self._views = views

    def page(
        self, caller: Caller, commitment: bytes, *, before: int | None = None, limit: int = MOST
    ) -> Mapping[str, Any]:
        """Queries under an authorisation that the caller may see, the newest first, under whichever
        of its commitments; `next`: where to ask on, or null. Raises AuthorisationRefused,
        NotAllowed."""
        named = self._views.named(caller, commitment)
        with begin_read(self._ctx.engine) as connection:
            rows = store.answered_under(
                connection, named.commitments, below=before, limit=limit + 1
            )
            page = rows[:limit]
            uses = store.uses_of(connection, [row.answer for row in page])
        return {
            "authorisation": named.commitment.hex(),
            "custodian": named.custodian,
            "grantee": named.grantee,
            "items": [item_of(row, uses.get((row.member, bytes(row.answer)))) for row in page],
            "next": page[-1].n if len(rows) > limit else None,
        }


def item_of(row: sa.Row[Any], use: sa.Row[Any] | None) -> Mapping[str, Any]:
    """A query as it is told. use: that was reported of it."""
    types: Sequence[str] = row.types.split()
    reported = None if use is None else {"at": instant(use.at), "decision": use.decision}
    return {
        "query": hex32(row.commitment),
        "member": row.member,
        "at": instant(row.at),
        "day": datetime.fromtimestamp(row.at, CHINA).date().isoformat(),
        "purpose": row.purpose,
        "types": types,
        "records": row.items,
        "use": reported,
    }
