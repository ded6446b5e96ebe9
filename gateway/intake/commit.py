"""Making records out of good rows: secret, commitment, entry, leaf, sealed content."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gateway.anchoring.interfaces import YEAR
from gateway.crypto import Sealed, Vault
from gateway.intake.content import SECRET_BYTES, Content
from gateway.intake.judge import Good
from ledger.core.commitment import Header, commit
from ledger.core.entry import period, record_entry
from ledger.core.ids import LogId
from ledger.core.merkle import leaf_hash
from ledger.records.calendar import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A record ready to be stored. timely: yes, no or unknown, as in its entry."""

    good: Good
    entry: bytes
    leaf: bytes
    sealed: Sealed
    timely: str


class Maker:
    """Makes the records of one set. promised: the day of the promise in China."""

    def __init__(
        self, vault: Vault, calendar: Calendar, *, issuer: str, log_id: bytes, promised: date
    ) -> None:
        self._vault = vault
        self._calendar = calendar
        self._issuer = issuer
        self._log_id = LogId(log_id)
        self._promised = promised
        self._timely: dict[date, str] = {}

    def make(self, goods: Sequence[Good]) -> list[Made]:
        """One record per row, in order."""
        secrets = os.urandom(SECRET_BYTES * len(goods))
        parts = [
            self._commit(good, secrets[SECRET_BYTES * n : SECRET_BYTES * (n + 1)])
            for n, good in enumerate(goods)
        ]
        leaves = [leaf_hash(entry) for entry, *_ in parts]
        sealed = self._vault.seal_many([content for _, content, _ in parts], leaves)
        return [
            Made(good=good, entry=entry, leaf=leaf, sealed=seal, timely=timely)
            for good, (entry, _, timely), leaf, seal in zip(
                goods, parts, leaves, sealed, strict=True
            )
        ]

    def _commit(self, good: Good, secret: bytes) -> tuple[bytes, bytes, str]:
        """(entry, content to seal, timely)."""
        schema, checked = good.schema, good.checked
        decided, until = checked.decided, checked.until
        if decided is None:  # `Checked` has it wherever there is no error
            raise ValueError("a good record without the day it was decided")
        header = Header(
            class_=checked.class_,
            decided=decided,
            iss=self._issuer,
            log=self._log_id,
            schema=f"{schema.id}:{schema.sha256}",
            until=until,
        )
        timely = self._timely_of(decided)
        entry = record_entry(
            commitment=commit(schema.slots, checked.fields, secret, header).digest,
            log=self._log_id,
            period=period(decided, yearly=good.item.granularity == YEAR),
            schema=schema.id,
            timely=timely,
        )
        content = Content(
            secret=secret,
            schema=schema.id,
            class_=checked.class_,
            decided=decided.isoformat(),
            until=until.isoformat() if until else None,
            fields=checked.fields,
        )
        return entry, content.encode(), timely

    def _timely_of(self, decided: date) -> str:
        found = self._timely.get(decided)
        if found is None:
            found = self._timely[decided] = self._calendar.timely(decided, self._promised)
        return found
