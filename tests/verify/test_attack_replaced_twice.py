"""ATTACK: this test fails, and shows an act that nobody finds who is handed the newest receipt."""

from ledger.core.entry import record_entry
from ledger.core.ids import RecordId, record_id
from ledger.core.status import Action
from tests.support.ledger import Record, make_record
from tests.verify.conftest import Ledger
from tests.verify.test_status import commitment, do, settle
from tests.verify.test_verify import verify


def test_what_was_done_to_the_second_of_three_counts(ledger: Ledger) -> None:
    """Filed, filed again after its log was closed, withdrawn, and filed again after that log was
    closed too. `replaces` is always that of the FIRST (design-2 10), so the verifier looks at the
    first and the third, and the act is on the second."""
    log = ledger.beijing
    first = RecordId(record_id(log.log_id, commitment(log, 0)))
    indexes = []
    for name in ("重录1号", "重录2号"):
        made = make_record(log, CF_WSH=name)
        entry = record_entry(
            commitment=made.commitment.digest,
            log=log.log_id,
            period="2026-10",
            schema="penalty@1",
            timely="yes",
            replaces=first,
        )
        indexes.append(log.put(Record(entry=entry, commitment=made.commitment)))
    log.anchor()
    do(ledger, Action.WITHDRAW, index=indexes[0])
    settle(ledger)
    assert verify(ledger, log.receipt(indexes[0])).verdict == "withdrawn"
    assert verify(ledger, log.receipt(indexes[1])).verdict == "withdrawn"
