"""Killed around the one transaction of a set: all of it is there, or nothing."""

from pathlib import Path

import pytest

from gateway.log.models import entries, promises
from gateway.node import Node
from gateway.records.models import records
from tests.gateway.intake.material import count, row
from tests.support import child
from tests.support.callers import CENTRE
from tests.support.log import pending_count, stored_indexes
from tests.support.node import make_test_node

SUBMIT = """
import sys
from pathlib import Path
from tests.support.callers import CENTRE
from tests.gateway.intake.material import row
from tests.support.node import make_test_node
node = make_test_node(Path(sys.argv[1]), seed="crash")
node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(50)])
"""


def tables(node: Node) -> list[int]:
    found = [count(node, table) for table in (records, entries, promises)]
    return [*found, pending_count(node)]


@pytest.mark.parametrize(("when", "there"), [("before", [0, 0, 0, 0]), ("after", [50, 50, 1, 50])])
def test_killed_while_storing(tmp_path: Path, when: str, there: list[int]) -> None:
    crashed = child.run(SUBMIT, str(tmp_path), crash_at=f"intake.stored:{when}")
    assert crashed == child.KILLED
    node = make_test_node(tmp_path, seed="crash")
    assert tables(node) == there
    again = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(60)])
    verdicts = [item.verdict for item in again.rows]
    assert verdicts == ["duplicate" if there[0] else "accepted"] * 50 + ["accepted"] * 10
    while node.logs.step():
        pass
    leaves = {bytes.fromhex(item.leaf or "") for item in again.rows}
    indexes = stored_indexes(node)
    assert set(indexes) == leaves
    assert sorted(index for index in indexes.values() if index is not None) == list(range(60))
    node.close()
