"""What is stated of a record: its receipt, with what it says unless that is closed by now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gateway.base.access_table import Standing
from gateway.base.errors import NotReady
from gateway.log.many import PAGE
from gateway.queries.records import Found
from gateway.receipts.interfaces import Unshown
from gateway.receipts.services import Receipts
from ledger.core.receipt import Receipt
from ledger.records import publicity
from ledger.records.check_record import decision_of
from ledger.records.store import Library

OPEN: Final = frozenset({Standing.IN_FORCE, Standing.DISPUTED})
"""How a record stands of which the content is shown."""


def stated_receipts(receipts: Receipts, found: Sequence[Found]) -> Iterator[tuple[Found, bytes]]:
    """Records with their receipts: with what each says, unless that is closed or replaced by now.
    Made a page at a time, so whoever has enough need not wait for the rest. Raises NotReady."""
    for start in range(0, len(found), PAGE):
        page = found[start : start + PAGE]
        made = receipts.many(
            [one.row for one in page], bare={one.row for one in page if one.standing not in OPEN}
        )
        for one in page:
            data = made.get(one.row)
            if isinstance(data, Unshown):
                data = data.bare
            # The chain has its anchor, our database not yet; or a log was closed under our hands.
            if not isinstance(data, bytes):
                raise NotReady("statuses-old", retry_after=2)
            yield one, data


def is_expired(receipt: Receipt, library: Library, day: str) -> bool:
    """Whether it is certain, whatever fields somebody is shown, that the record may not be used any
    more; of what shows nothing it is not."""
    if receipt.presentation is None:
        return False
    header = receipt.presentation.payload.header
    schema = library.schema(header.schema_sha256.hex())
    rules = library.rules(header.rules_sha256.hex())
    if schema is None or rules is None:
        return False
    window = publicity.use_window(rules, decision_of(schema, rules, header, {}), header.until)
    return window.expired_from is not None and window.expired_from.isoformat() <= day
