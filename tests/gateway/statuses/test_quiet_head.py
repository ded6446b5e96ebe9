"""A head from which all was taken up is not read again, but for what does not hang on it alone."""

from pathlib import Path
from threading import Event

import pytest

from gateway.base.db import begin_write
from gateway.statuses import tasks
from gateway.statuses.following import Chain, Follower
from gateway.statuses.store import hold
from gateway.statuses.tasks import StatusFollower
from ledger.chain.nodes.view import View
from ledger.core.status import Action
from tests.gateway.statuses.desk import FIRST, THIRD, known, named, open_gateway
from tests.support.cases import act, make_act
from tests.support.chain import TestNetwork


def test_what_is_read_of_a_head(
    network: TestNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    look = Follower.look

    def counted(self: Follower, view: View | None = None) -> Chain | None:
        reads.append(0 if view is None else view.block.number)
        return look(self, view)

    monkeypatch.setattr(Follower, "look", counted)
    monkeypatch.setattr(tasks, "QUIET_SECONDS", float("inf"))
    node = open_gateway(network, tmp_path / "first", FIRST, keys={"case": None})
    try:
        step = StatusFollower(node.follower, node.acknowledger, node.lease)
        for _ in range(3):
            step(Event())
        assert len(reads) == 1, "the head is the same"
        commitment, record = named(network, THIRD, 0)
        act(network, THIRD, make_act(network, Action.REPAIR, network.log_id(THIRD), commitment))
        network.anvil.mine()
        step(Event())
        assert record in known(node)
        assert len(reads) == 2, "there is a newer one"
        step(Event())
        assert len(reads) == 3, "nobody has acknowledged: this member has no key to"
    finally:
        node.close()


def test_quiet_once_all_is_acknowledged(
    network: TestNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[bool] = []
    look = Follower.look

    def counted(self: Follower, view: View | None = None) -> Chain | None:
        reads.append(True)
        return look(self, view)

    monkeypatch.setattr(tasks, "QUIET_SECONDS", float("inf"))
    node = open_gateway(network, tmp_path / "first", FIRST)
    try:
        step = StatusFollower(node.follower, node.acknowledger, node.lease)
        commitment, _ = named(network, THIRD, 0)
        act(network, THIRD, make_act(network, Action.REPAIR, network.log_id(THIRD), commitment))
        network.anvil.mine()
        for _ in range(20):
            step(Event())
            network.anvil.mine()
        assert network.case_registry.acknowledged(FIRST).count == 1
        step(Event())
        monkeypatch.setattr(Follower, "look", counted)
        step(Event())
        assert reads == [], "the same head"
        with begin_write(node.ctx.engine) as connection:
            hold(connection)
        step(Event())
        assert reads == [True], "another process went back"
        monkeypatch.setattr(tasks, "QUIET_SECONDS", 0.0)
        step(Event())
        assert reads == [True] * 2, "it is old"
        monkeypatch.setattr(tasks, "QUIET_SECONDS", float("inf"))
        node.lease.release()
        monkeypatch.setattr(node.lease, "take", lambda: False)
        step(Event())
        monkeypatch.undo()
        monkeypatch.setattr(Follower, "look", counted)
        step(Event())
        assert reads == [True] * 3, "another one held the lease meanwhile"
    finally:
        node.close()


def test_a_head_that_could_not_be_taken_up_is_read_again(
    network: TestNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = open_gateway(network, tmp_path / "first", FIRST, keys={"case": None})
    try:
        step = StatusFollower(node.follower, node.acknowledger, node.lease)
        follow = Follower.follow
        tries: list[bool] = []

        def fails(self: Follower, chain: Chain, stop: Event) -> bool:
            tries.append(len(tries) > 0)
            return tries[-1] and follow(self, chain, stop)

        monkeypatch.setattr(Follower, "follow", fails)
        for _ in range(3):
            step(Event())
        assert tries == [False, True]
    finally:
        node.close()
