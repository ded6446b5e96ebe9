"""`kill -9` around every stage: an erasure is done once, and to the end with the next try."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.erasures.models import erasures
from gateway.erasures.services import NotErased
from gateway.node import Node
from tests.gateway.cases.desk import of_authority
from tests.gateway.erasures.desk import has_key, order_and_record, with_a_case
from tests.gateway.erasures.killed import erase
from tests.support import child
from tests.support.anvil import Anvil
from tests.support.member import Member

POINTS = {
    "record.erased:before": (1, 0),
    "record.erased:after": (0, 1),
    "record.swept:before": (0, 1),
    "record.swept:after": (0, 1),
}


@pytest.fixture
def fresh(anvil: Anvil, member: Member, tmp_path: Path) -> Iterator[Node]:
    before = anvil.snapshot()
    node = member.node(tmp_path / "node")
    yield node
    node.close()
    anvil.revert(before)


@pytest.mark.parametrize("point", POINTS)
def test_killed_while_erasing(fresh: Node, anvil: Anvil, tmp_path: Path, point: str) -> None:
    leaf = with_a_case(fresh, anvil, 1)
    order_and_record(fresh, anvil, leaf)
    folder = str(tmp_path / "node")
    assert child.fork(erase, folder, crash_at=point) == child.KILLED
    assert (has_key(fresh), _count(fresh)) == POINTS[point]
    certified = fresh.erasures.certificate(of_authority(fresh, 3), leaf)
    assert isinstance(certified, NotErased) is (point != "record.swept:after")
    assert child.fork(erase, folder) == 0
    assert (has_key(fresh), _count(fresh)) == (0, 1)
    assert isinstance(fresh.erasures.certificate(of_authority(fresh, 3), leaf), str)


def _count(node: Node) -> int:
    with node.ctx.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(erasures)) or 0
