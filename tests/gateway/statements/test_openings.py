"""Openings for auditors: every statement at its place in the log, and nothing else."""

from gateway.node import Node
from gateway.statements.openings import LoggedOpenings
from ledger.core.canonical import encode
from ledger.core.entry import STATEMENT, parse_entry
from ledger.core.opening import parse_opening
from tests.gateway.intake.material import row
from tests.gateway.statements.desk import NIGHT, grow, log_entries, said, set_clock
from tests.gateway.statements.test_keeping import erase
from tests.support.callers import CENTRE
from tests.support.node import LOG_ID


def test_every_statement_at_its_place_and_no_record(node: Node) -> None:
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(300)])
    grow(node)
    issued = node.statements.issue([said(n) for n in range(20)])
    source = LoggedOpenings(node.ctx, node.statements)
    assert list(source.openings(LOG_ID, 0, 1024)) == []  # those that wait are nobody's business
    set_clock(node, NIGHT)
    node.daily_batch.step()
    assert grow(node) == 332
    entries = [parse_entry(data) for data in log_entries(node)]
    wanted = {at: one.commitment for at, one in enumerate(entries) if one.kind == STATEMENT}
    assert len(wanted) == 32
    found = dict(source.openings(LOG_ID, 0, 1024))
    told = {
        at: parse_opening(encode(dict(opening), allow_null=True)).statement.commitment
        for at, opening in found.items()
    }
    assert told == wanted
    assert {one.statement.commitment for one in issued} <= set(told.values())
    assert [at for at, _ in source.openings(LOG_ID, 305, 310)] == list(range(305, 310))
    assert list(source.openings(LOG_ID, 0, 300)) == []
    assert list(source.openings(b"\7" * 32, 0, 1024)) == []


def test_what_was_erased_is_left_out(node: Node) -> None:
    [issued] = node.statements.issue([said(1)])
    set_clock(node, NIGHT)
    node.daily_batch.step()
    grow(node)
    source = LoggedOpenings(node.ctx, node.statements)
    assert len(list(source.openings(LOG_ID, 0, 16))) == 16
    erase(node, issued.statement.commitment)
    assert len(list(source.openings(LOG_ID, 0, 16))) == 15
