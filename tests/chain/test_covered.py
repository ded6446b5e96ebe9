"""Sizes at a block, of the code that ships and of a contract that lets a log shrink."""

from typing import Any

import pytest

from ledger.chain import covered
from ledger.chain.contracts.structs import ContractRegistration
from ledger.chain.covered import FIRST_WINDOW, size_at
from ledger.conformance.chain import WorldView
from ledger.conformance.suite import packaged
from ledger.conformance.world import World, read
from ledger.core.ids import Address, Digest, LogId

SUITE = packaged()
FAR = 5 * FIRST_WINDOW
"""A block from which the first window does not reach back to the anchors of the suite."""


def shrunk() -> tuple[World, dict[str, Any]]:
    """A world in which a log shrinks long after its last anchor, and that anchor."""
    world = read(SUITE.folder / "facts" / "world.json", SUITE.folder)
    last = max(world.rows("anchors"), key=lambda row: (row["block"], row["size"]))
    less = {"prevSize": 0, "size": 1, "block": FAR, "blockHash": "0x" + "ab" * 32}
    later = {**last, **less, "time": world.values["head"]["time"], "tx": "0x" + "cd" * 32}
    head = {**world.values["head"], "number": FAR + 1}
    values = {**world.values, "head": head, "anchors": [*world.rows("anchors"), later]}
    return World(values), dict(last)


def size(world: World, anchor: dict[str, Any], block: int) -> int:
    log = LogId(Digest(bytes.fromhex(anchor["log"])))
    one = ContractRegistration(account=Address(anchor["contract"]), since=0)
    return size_at(WorldView(world), [one], log, block, deployed=0)


def test_of_a_contract_that_nobody_knows_the_largest_counts() -> None:
    world, last = shrunk()
    assert last["size"] > 1
    assert size(world, last, FAR) == size(world, last, FAR - 1) == last["size"]
    assert size(world, last, last["block"] - 1) < last["size"]
    assert size(world, last, 1) == 0


def test_of_the_code_that_ships_the_last_is_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    """No log of it ever shrinks, so nothing is read behind the last event."""
    monkeypatch.setattr(covered, "is_ours", lambda view, address: True)
    world, last = shrunk()
    assert size(world, last, FAR) == 1
    assert size(world, last, FAR - 1) == last["size"]
