"""Acts as the table keeps them: which goes next, what it says, and whether it is one on the
chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.cases.store import Row
from ledger.chain.acts import Acts
from ledger.core.ids import Digest, LogId, RecordId, bytes32_ascii
from ledger.core.keys import Purpose
from ledger.core.status import Act, Action, RecordedAct

NEEDLESS: Final = (Action.DISPUTE, Action.SETTLE)
"""Acts of which it does no harm that it was so already."""


def act_of(row: Row, version: int) -> Act:
    """The act of a row, with the version that it is to expect."""
    return Act(
        log=LogId(row.log),
        commitment=Digest(row.commitment),
        action=row.action,
        expected_version=version,
        basis=row.basis,
        doc=Digest(row.doc),
        effective_at=row.effective_at,
        other_log=LogId(row.other_log),
        other_commitment=Digest(row.other_commitment),
        refiled_from=row.refiled_from,
    )


def same_act(found: Act, row: Row) -> bool:
    """Whether an act on the chain says all that a row says. When it was filed first, and on what,
    tells nothing: where nodes forgot it for a while it is still this one."""
    plain = ("basis", "doc", "effective_at", "other_log", "other_commitment", "log", "commitment")
    return found.action == row.action and all(
        getattr(found, name) == getattr(row, name) for name in plain
    )


def find_act(acts: Acts, row: Row, member: str) -> RecordedAct | None:
    """The act of a row in the history of its record, as the member itself did it. Raises
    CouldNotCheck."""
    for found in acts.history(RecordId(row.record)):
        if found.member == bytes32_ascii(member) and same_act(found.act, row):
            return found
    return None


def purpose_of(row: Row) -> Purpose:
    """Whose key signs an act."""
    return Purpose.CASE if row.action == Action.DISPUTE else Purpose.DECIDE


def turns(rows: Sequence[Row], now: int) -> list[Row]:
    """Those of the acts in flight whose turn it is: the first of each record, and a mark that must
    not wait with a decision. now: Unix seconds, before which none is tried that failed.

    A mark goes past what waits for a key or a signature. Not past a SETTLE: while that waits the
    record is marked, and behind it the mark would be needless and then be taken away. Nor does what
    is filed again, which keeps its order.
    """
    found: list[Row] = []
    held: dict[bytes, bool] = {}
    for row in rows:
        passes = held.get(row.record, True)
        if row.record in held:
            passes &= row.action == Action.DISPUTE and row.place is None and row.after is None
        if passes and (row.not_before or 0) <= now:
            found.append(row)
        waits = row.state == "waiting" and row.code is not None
        stays = row.action in (Action.DISPUTE, Action.SETTLE)
        held[row.record] = held.get(row.record, True) and waits and not stays
    return sorted(found, key=lambda row: row.id)
