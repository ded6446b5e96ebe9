"""Killed around the one transaction of a batch: all of it is there, or nothing, and then once."""

from pathlib import Path

import pytest

from gateway.base.clock import Clock
from tests.gateway.statements.desk import (
    NIGHT,
    NOON,
    SEED,
    batches,
    commitments,
    grow,
    log_entries,
    said,
    sorts,
)
from tests.support import child
from tests.support.node import make_test_node

BATCH = """
import sys
from pathlib import Path
from tests.gateway.statements.desk import NIGHT, SEED
from tests.support.node import make_test_node
node = make_test_node(Path(sys.argv[1]), seed=SEED, now=NIGHT)
node.daily_batch.step()
"""


@pytest.mark.parametrize(("when", "there"), [("before", 0), ("after", 1)])
def test_killed_while_moving(tmp_path: Path, when: str, there: int) -> None:
    node = make_test_node(tmp_path, seed=SEED, now=NOON)
    node.daily_batch.step()
    issued = node.statements.issue([said(n) for n in range(3)])
    crashed = child.run(BATCH, str(tmp_path), crash_at=f"statement.batched:{when}")
    assert crashed == child.KILLED
    assert len(batches(node)) == 1 + there
    node.close()
    again = make_test_node(tmp_path, seed=SEED, now=NIGHT)
    assert (again.daily_batch.step() is None) == bool(there)
    assert again.daily_batch.step() is None
    assert grow(again) == 16
    assert {one.statement.commitment for one in issued} <= commitments(log_entries(again))
    assert sorts(again) == ["case"] * 3 + ["dummy"] * 13
    assert again.ctx.clock == Clock(NIGHT)
    again.close()
