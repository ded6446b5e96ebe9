"""What is stated of a record: its receipt, with what it says unless that is closed by now."""

from __future__ import annotations

from typing import Final

from gateway.base.access_table import Standing
from gateway.base.crypto import ContentLost
from gateway.base.errors import NotReady
from gateway.queries.records import Found
from gateway.receipts.interfaces import FieldUnknown, Stranded
from gateway.receipts.services import Receipts
from ledger.core.receipt import Receipt
from ledger.records import publicity
from ledger.records.check_record import decision_of
from ledger.records.store import Library

OPEN: Final = frozenset({Standing.IN_FORCE, Standing.DISPUTED})
"""How a record stands of which the content is shown."""


def stated_receipt(receipts: Receipts, found: Found) -> bytes:
    """The receipt of a record: with what it says, unless that is closed or replaced by now. Raises
    NotReady."""
    try:
        made = None
        if found.standing in OPEN:
            made = receipts.shown(found.leaf)
    except (FieldUnknown, ContentLost):
        made = None
    except Stranded as error:  # a log was closed under our hands
        raise NotReady("statuses-old", retry_after=2) from error
    made = made or receipts.receipt(found.leaf)
    if not isinstance(made, bytes):  # the chain has its anchor, our database not yet
        raise NotReady("statuses-old", retry_after=2)
    return made


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
