"""Which of two openings of one statement is worth more."""

from __future__ import annotations

from ledger.core.opening import Opening


def proves_more(opening: Opening, than: Opening) -> bool:
    """Whether it stands in place of the other: a receipt proves more than a promise, and that of a
    later anchor more than that of one which may have stood on a network that was left."""
    if opening.receipt is None:
        return False
    return than.receipt is None or opening.receipt.anchor.time > than.receipt.anchor.time
