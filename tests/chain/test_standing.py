"""What a member was at some time, read of a real chain: roles, suspensions, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from ledger.chain import revocations
from ledger.chain.errors import BlockGone
from ledger.chain.governing.actions import reinstate, set_roles
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.standing import Standings
from ledger.core.errors import CouldNotCheck
from ledger.core.keys import Role
from tests.support.chain import TestNetwork
from tests.support.votes import suspend

BUREAU, BANK, PROVINCE = "demo-bureau", "demo-bank", "120000"


@contextmanager
def head(network: TestNetwork) -> Iterator[tuple[View, int]]:
    """The head, and the number of the final block."""
    with closing(QuorumReader(network.file, now=network.anvil.head_time, max_ahead=None)) as reader:
        view = reader.head()
        final = reader.final_block(view)
        yield view, -1 if final is None else final.number


def later(network: TestNetwork) -> int:
    """A second of its own: no other block has it."""
    network.anvil.call("evm_increaseTime", 2)
    network.anvil.mine()
    network.anvil.call("evm_increaseTime", 2)
    return network.anvil.head_time()


def test_suspended_and_reinstated(network: TestNetwork) -> None:
    """By the time asked for, whenever it is asked; what is final is read once."""
    standings, times = Standings(network.file), [later(network)]
    suspend(network, BUREAU)
    times.append(later(network))
    network.decide(reinstate(BUREAU))
    times.append(later(network))
    for _ in range(2):
        with head(network) as (view, final):
            found = [standings.active_at(view, final, BUREAU, time) for time in times]
            assert found == [True, False, True]
            assert standings.active_at(view, final, PROVINCE, times[1])
    suspend(network, BUREAU)
    times.append(later(network))
    with head(network) as (view, final):
        found = [standings.active_at(view, final, BUREAU, time) for time in times]
        assert found == [True, False, True, False]
        plain = Standings(network.file)
        assert [plain.active_at(view, -1, BUREAU, time) for time in times] == found
    network.decide(reinstate(BUREAU))


def test_what_is_kept_is_not_read_again(
    network: TestNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    standings, read = Standings(network.file), list[tuple[int, int | None]]()
    logs = View.logs

    def counting(self: View, *arguments: Any, first: int, last: int | None = None) -> Any:
        read.append((first, last))
        return logs(self, *arguments, first=first, last=last)

    monkeypatch.setattr(View, "logs", counting)
    later(network)
    with head(network) as (view, final):
        assert standings.active_at(view, final, BANK, network.anvil.head_time())
        assert (network.file.deploy_block, final) in read
        read.clear()
        assert standings.active_at(view, final, BANK, network.anvil.head_time())
        assert read == [(final + 1, view.block.number)]
    monkeypatch.setattr("ledger.chain.standing.MAX_KEPT", 1)
    with head(network) as (view, final):
        standings.active_at(view, final, BUREAU, 0)
        assert set(standings._kept) == {BUREAU}


def test_roles_of_then(network: TestNetwork) -> None:
    standings, before = Standings(network.file), later(network)
    network.decide(set_roles(BANK, int(Role.INSTITUTION | Role.BUREAU)))
    after = later(network)
    with head(network) as (view, _):
        assert standings.roles_at(view, BANK, before) == Role.INSTITUTION
        assert standings.roles_at(view, BANK, after) == Role.INSTITUTION | Role.BUREAU
        assert standings.roles_at(view, BANK, 0) == Role(0), "there was no such member yet"
        assert standings.roles_at(view, "nobody", after) == Role(0)


def test_an_event_of_a_block_that_is_gone(
    network: TestNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspend(network, BUREAU)
    later(network)
    logs = View.logs

    def elsewhere(self: View, *arguments: Any, **bounds: Any) -> Any:
        found = logs(self, *arguments, **bounds)
        return tuple(replace(entry, block_hash="0x" + "11" * 32) for entry in found)

    monkeypatch.setattr(View, "logs", elsewhere)
    with head(network) as (view, final), pytest.raises(BlockGone):
        Standings(network.file).active_at(view, final, BUREAU, 0)
    monkeypatch.undo()
    network.decide(reinstate(BUREAU))


def test_without_a_contract_nothing_is_known(
    network: TestNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    with head(network) as (view, _):
        consortium = network.deployment.consortium
        assert revocations.contracts(view, consortium) == (network.deployment.revocations,)
        monkeypatch.setattr(revocations, "REVOCATIONS", "NoSuchRole")
        with pytest.raises(CouldNotCheck, match="Revocations"):
            revocations.contracts(view, consortium)
        with pytest.raises(CouldNotCheck):
            revocations.revoked_at(view, consortium, BUREAU, [bytes(32)])
