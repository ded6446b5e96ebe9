"""A restored database: it promises, grows and signs nothing before the chain was looked at."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.anchoring.errors import LogFault
from gateway.base.db import open_engine
from gateway.base.errors import NotReady
from gateway.log.models import logs
from gateway.node import Node
from gateway.operations.backup import backup, restore
from ledger.core.errors import CouldNotCheck
from tests.gateway.anchoring.test_log_states import finish, submit
from tests.gateway.intake.material import row
from tests.support.anvil import Anvil, start_anvil
from tests.support.callers import CENTRE
from tests.support.member import Member, found_member
from tests.support.node import MEMBER, make_anchorer
from tests.support.postgres import database_url

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    with start_anvil() as anvil:
        yield anvil


@pytest.fixture
def member(anvil: Anvil) -> Member:
    return found_member(anvil)


@pytest.fixture
def node(member: Member, tmp_path: Path) -> Iterator[Node]:
    node = member.node(tmp_path / "node")
    yield node
    node.close()


def kept(node: Node, folder: Path) -> Path:
    backup(node.ctx.engine, folder, member=MEMBER, clock=node.ctx.clock)
    return folder


def restored(source: Path, folder: Path) -> Path:
    folder.mkdir()
    engine = open_engine(database_url(folder))
    restore(engine, source, member=MEMBER)
    engine.dispose()
    return folder


def without_chain(member: Member) -> Member:
    return replace(member, network=member.network.with_rpc((NOWHERE,)))


def state(node: Node) -> tuple[int, int | None, bool]:
    with node.ctx.engine.connect() as connection:
        found = connection.execute(sa.select(logs)).one()
    return found.size, found.published, found.unproven


def test_an_older_one_signs_no_second_tree(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    """Neither while the chain is away nor, what was found out once, after a restart."""
    submit(node, 0, 3)
    finish(node, anvil)
    submit(node, 3, 4)
    source = kept(node, tmp_path / "backup")
    submit(node, 4, 6)
    finish(node, anvil)

    folder = restored(source, tmp_path / "restored")
    for reachable in (False, True, False):
        old = (member if reachable else without_chain(member)).node(folder)
        if reachable:
            with pytest.raises(LogFault, match="log-behind-chain"):
                old.anchoring.step()
        old.start()
        with pytest.raises(NotReady):
            old.intake.ready()
        with pytest.raises(NotReady):
            old.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(6, 8)])
        assert old.logs.step() == 0
        old.stop()
        assert state(old) == (3, 3, True)
        old.close()


def test_a_look_is_one_with_an_answer(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    """Whatever it says; a start waits for it, so that a database that was copied back is found out
    before it promises."""
    source = kept(node, tmp_path / "backup")
    submit(node, 0, 3)
    finish(node, anvil)
    folder = restored(source, tmp_path / "restored")
    for one, error, looked in (
        (without_chain(member), CouldNotCheck, False),
        (member, LogFault, True),
    ):
        old = one.node(folder)
        with pytest.raises(error):
            make_anchorer(old)(threading.Event())
        assert old.ctx.signals.looked.is_set() is looked
        old.lease.release()
        old.close()


def test_facts_without_a_look_at_the_log_are_not_enough(
    node: Node, member: Member, tmp_path: Path
) -> None:
    submit(node, 0, 3)
    old = member.node(restored(kept(node, tmp_path / "backup"), tmp_path / "restored"))
    old.chain.put(node.chain.facts)
    with pytest.raises(NotReady, match="log-unproven"):
        old.intake.ready()
    old.close()


def test_one_as_new_as_the_chain_goes_on(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    """Once it was looked at, for good: what was proven promises without a chain too."""
    submit(node, 0, 3)
    finish(node, anvil)
    submit(node, 3, 4)
    folder = restored(kept(node, tmp_path / "backup"), tmp_path / "restored")
    new = member.node(folder)
    assert state(new) == (3, 3, True)
    assert new.logs.step() == 0
    new.anchoring.look()
    assert new.ctx.signals.promised.is_set(), "what waits is integrated now"
    assert new.logs.step() == 1
    assert state(new) == (4, 4, False)
    new.close()
    alone = without_chain(member).node(folder)
    answer = alone.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(5)])
    assert [one.verdict for one in answer.rows] == [*["duplicate"] * 4, "accepted"]
    assert alone.logs.step() == 1
    alone.close()
