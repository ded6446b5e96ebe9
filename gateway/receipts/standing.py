"""Receipts of many records with how each stands now: a page of them in as many statements to the
database as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.base.access_table import Standing
from gateway.receipts.interfaces import Pending, Stranded, Unshown
from gateway.receipts.services import Receipts
from gateway.records.errors import ContentErased
from gateway.statuses.interfaces import Logged
from gateway.statuses.services import Statuses
from ledger.core import receipt as receipts
from ledger.core.ids import RecordId
from ledger.core.receipt import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """A receipt, bare where its record is closed or erased, and how the record stands. acts: how
    many are known on the record, and on the first of its chain where it was logged again."""

    text: bytes
    receipt: Receipt
    standing: Standing
    acts: Mapping[RecordId, int]


def with_standing(
    receipts_of: Receipts, statuses: Statuses, rows: Sequence[int]
) -> dict[int, Stood | Unshown | Pending | Stranded]:
    """Records of ours by row number, at most `gateway.log.many.PAGE`, or why there is no receipt
    that shows them. How they stand is looked at last. Whoever calls does as for `Receipts.shown`.
    Raises NotReady."""
    made = {row: _unless_erased(one) for row, one in receipts_of.many(rows).items()}
    read = {row: receipts.parse(one) for row, one in made.items() if isinstance(one, bytes)}
    logged = [
        Logged(record=one.record_id, first=one.entry.replaces or one.record_id, entry=row)
        for row, one in read.items()
    ]
    standings = statuses.of(logged)
    acts = statuses.acts({named for one in logged for named in (one.record, one.first)})
    found: dict[int, Stood | Unshown | Pending | Stranded] = {}
    for row, one in made.items():
        if isinstance(one, bytes):
            receipt = read[row]
            found[row] = Stood(
                text=one,
                receipt=receipt,
                standing=Standing(standings[receipt.record_id].value),
                acts={named: acts[named] for named in chain_of(receipt)},
            )
        else:
            found[row] = one
    return found


def chain_of(receipt: Receipt) -> list[RecordId]:
    """The record, and the first of its chain where it was logged again: cases and acts are on
    either."""
    ids = (receipt.record_id, receipt.entry.replaces)
    return [one for one in ids if one is not None]


def _unless_erased(
    made: bytes | Unshown | Pending | Stranded,
) -> bytes | Unshown | Pending | Stranded:
    """What was erased since its row was read is bare, as what is closed."""
    if isinstance(made, Unshown) and isinstance(made.reason, ContentErased):
        return made.bare
    return made
