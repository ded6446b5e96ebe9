"""What a hostile reader proved (review 0005), mended."""

from datetime import timedelta
from pathlib import Path

from gateway.node import Node
from tests.gateway.statements.desk import (
    DAY,
    NIGHT,
    NOON,
    SEED,
    commitments,
    grow,
    log_entries,
    said,
    set_clock,
)
from tests.support.node import make_test_node


def test_one_look_at_a_clock_that_is_fast_stops_no_batches(node: Node) -> None:
    """For one look, which comes every 20 seconds, the clock is a month ahead. The day that is noted
    then is never reached: nothing is moved for a month, and every promise meanwhile is broken."""
    set_clock(node, NIGHT + 30 * DAY)
    node.daily_batch.step()
    set_clock(node, NIGHT + timedelta(hours=12))
    (opening,) = node.statements.issue([said(1)])
    assert opening.promised is not None
    for night in range(1, 5):
        set_clock(node, NIGHT + night * DAY)
        node.daily_batch.step()
    grow(node)
    due = opening.promised.promise.due
    assert due < (NIGHT + 4 * DAY).timestamp()
    assert opening.statement.commitment in commitments(log_entries(node))


def test_a_first_look_at_a_clock_that_is_fast_stops_no_batches(tmp_path: Path) -> None:
    """The same where nothing was ready yet: the first look notes a day, whatever the chain says of
    the time, and before it is asked whether anything can be promised."""
    node = make_test_node(tmp_path, seed=SEED, now=NOON + 30 * DAY)
    node.daily_batch.step()
    set_clock(node, NOON)
    (opening,) = node.statements.issue([said(1)])
    for night in range(5):
        set_clock(node, NIGHT + night * DAY)
        node.daily_batch.step()
    grow(node)
    moved = opening.statement.commitment in commitments(log_entries(node))
    node.close()
    assert moved
