"""From rows to records: readable, of a type in force, valid, committed, sealed.

Pure but for randomness, so it can run in any process: it needs the member's keys for content, and
the terms of the moment. The database is asked later, once for the whole set.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from gateway.base.crypto import Hmac, Vault
from gateway.base.schema_folder import SchemaFolder
from gateway.base.who import WhoFiles
from gateway.intake.alike import FEW, good_alike
from gateway.intake.calendar_file import CalendarFile
from gateway.intake.drafts import Draft, Terms
from gateway.intake.interfaces import RowAnswer, RowInput
from gateway.intake.judging import Good, Judge, corrected
from gateway.records.content import SECRET_BYTES
from ledger.core.merkle import leaf_hash


class Drafter:
    """Makes records of one member with its content and index keys."""

    def __init__(
        self,
        vault: Vault,
        hmac: Hmac,
        calendar: CalendarFile,
        library: SchemaFolder,
        who: WhoFiles,
        *,
        few: int = FEW,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """few: rows of one type in a set that are judged one after the other. random: gives so many
        bytes, the secrets of records."""
        self._few, self._random = few, random
        self._vault = vault
        self._hmac = hmac
        self._library = library
        self.calendar = calendar
        self.who = who

    def draft(self, rows: Sequence[RowInput], terms: Terms) -> list[Draft | RowAnswer]:
        """For every row its record or its rejection, in order."""
        calendar, who = self.calendar.current(), self.who.current()
        judge = Judge(terms, self._hmac, calendar, self._library, who)
        drawn = self._random(SECRET_BYTES * len(rows))
        secrets = [drawn[at : at + SECRET_BYTES] for at in range(0, len(drawn), SECRET_BYTES)]
        alike = good_alike(judge, rows, secrets, self._few)
        judged = [alike.get(at) or judge.judge(at, row, secrets[at]) for at, row in enumerate(rows)]
        sealed = self._sealed([row for row in judged if isinstance(row, Good)])
        return [next(sealed) if isinstance(row, Good) else row for row in judged]

    def _sealed(self, goods: Sequence[Good]) -> Iterator[Draft]:
        leaves = [leaf_hash(good.entry) for good in goods]
        sealed = self._vault.seal_many([good.plain for good in goods], leaves)
        for good, leaf, ((by, wrapped_key), content) in zip(goods, leaves, sealed, strict=True):
            whose, when, row = good.whose, good.when, good.row
            yield Draft(
                good.at,
                row.row,
                row.sheet,
                whose.schema.id,
                whose.mark,
                whose.visibility,
                when.header.decided,
                when.month,
                good.subject,
                good.document,
                good.record,
                good.mac,
                good.entry,
                leaf,
                good.record_id,
                by,
                wrapped_key,
                content,
                good.notes,
                whose.unit,
                when.timely if when.bound else None,
                corrected(row) or b"",
            )
