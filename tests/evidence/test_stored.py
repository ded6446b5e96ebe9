"""What is computed from proven storage is what the contracts answer, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.contracts.bindings import CASE_REGISTRY, CATALOGUE, LOG_ANCHOR
from ledger.chain.contracts.contract_abi import Name, load
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, bytes32_ascii, record_id
from ledger.core.keys import Purpose
from ledger.core.status import Action, Basis
from ledger.evidence import places, stored
from ledger.evidence.live import Live
from ledger.evidence.view import ProvenView
from scripts.protocol_parts.numbers import SLOTS, libraries
from tests.evidence.conftest import Ledger
from tests.support.cases import act, act_by_vote, make_act
from tests.support.chain import MEMBERS, TestNetwork
from tests.support.ledger import make_record
from tests.support.votes import (
    close_log,
    compromise,
    create,
    put_item,
    register,
    set_endpoint,
    suspend,
)

Asked = tuple[Address, Name, str, tuple[Any, ...]]


def questions(ledger: Ledger) -> Iterator[Asked]:
    """Everything that can be asked, of what is there and of what is not."""
    network, log = ledger.network, ledger.beijing
    consortium = network.deployment.consortium
    for code in (*MEMBERS, "nobody"):
        word = bytes32_ascii(code)
        yield consortium, "Consortium", "member", (word,)
        yield consortium, "Consortium", "roleHistory", (word,)
        for page in ((0, 128), (1, 2), (500, 1)):
            yield consortium, "Consortium", "keys", (word, *page)
    logs = (log.log_id, ledger.tianjin.log_id, bytes(32))
    for log_id in (*logs, *network.consortium.log_ids("110000")):
        yield consortium, "Consortium", "log", (log_id,)
    for role in (LOG_ANCHOR, CATALOGUE, CASE_REGISTRY, "Nothing"):
        yield consortium, "Consortium", "contractHistory", (bytes32_ascii(role),)
    for anchor in network.consortium.contract_history(LOG_ANCHOR):
        for log_id in logs:
            yield anchor.account, "LogAnchor", "latest", (log_id,)
            for size in (0, 1, 2, 3, 9):
                yield anchor.account, "LogAnchor", "rootAt", (log_id, size)
    for item in ("penalty", "publicity", "nothing"):
        for region in (bytes(32), bytes32_ascii("110000")):
            arguments = (bytes32_ascii(item), region)
            yield network.deployment.catalogue, "Catalogue", "item", arguments
    records = [record_id(log.log_id, made.commitment.digest) for made in log.records.values()]
    for registry in network.consortium.contract_history(CASE_REGISTRY):
        for several in ([*records, bytes(32)], [bytes(32)], []):
            yield registry.account, "CaseRegistry", "stored", (several,)


def both(ledger: Ledger, asked: list[Asked]) -> Iterator[tuple[str, bytes, bytes]]:
    """What proofs show and what a node answers, at the head."""
    network = ledger.network
    clock = network.anvil.head_time()
    with closing(QuorumReader(network.file, now=lambda: clock)) as reader:
        head = reader.head()
        proven = ProvenView(Live(head), network.file.consortium)
        for address, name, function, arguments in asked:
            data = load(name).functions[function].encode(*arguments)
            yield function, proven.call(address, data), head.call(address, data)


def successor(network: TestNetwork, role: Name) -> Address:
    """Another contract takes over a role."""
    network.anvil.mine()
    account = create(network, load(role).bytecode, network.deployment.consortium)
    register(network, role, account)
    return account


def ballots(network: TestNetwork) -> Iterator[Asked]:
    """Of every proposal that there ever was."""
    consortium = network.deployment.consortium
    topic = "0x" + load("Consortium").event("Proposed").topic.hex()
    wanted = {"address": consortium, "topics": [topic], "fromBlock": "0x0"}
    for entry in network.anvil.call("eth_getLogs", wanted):
        proposal = bytes.fromhex(entry["topics"][1][2:])
        for code in ("110000", "140000", "demo-bank"):
            yield consortium, "Consortium", "ballot", (proposal, bytes32_ascii(code))


def test_as_the_contracts_answer(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A founding, and whatever changes a member, a log, a contract, an item or a status."""
    network, log = ledger.network, ledger.beijing
    commitments = [made.commitment.digest for made in log.records.values()]
    act(network, "110000", make_act(network, Action.DISPUTE, log.log_id, commitments[0]))
    act_by_vote(
        network,
        make_act(network, Action.REPAIR, log.log_id, commitments[1], basis=Basis.NATIONAL_RESULT),
    )
    asked = [*questions(ledger), *ballots(network)]
    found = list(both(ledger, asked))
    assert {function for function, _, _ in found} == {name for _, name in stored.ANSWERS}
    for function, ours, theirs in found:
        assert ours == theirs, function

    log.put(make_record(log))
    log.anchor()
    set_endpoint(network, "120000", "https://" + "a" * 200 + ".example")
    set_endpoint(network, "130000", "")
    compromise(network, network.keys["120000", Purpose.CASE].key_id, network.anvil.head_time())
    suspend(network, "140000")
    put_item(network, "penalty", since=5, version=7)
    newer = [successor(network, role) for role in ("LogAnchor", "CaseRegistry")]
    close_log(network, log.log_id, 2)
    # The new registry goes on with what stands in the old one.
    monkeypatch.setattr(network, "deployment", replace(network.deployment, case_registry=newer[1]))
    act(network, "110000", make_act(network, Action.SETTLE, log.log_id, commitments[0]))
    for function, ours, theirs in both(ledger, [*questions(ledger), *ballots(network)]):
        assert ours == theirs, function


def test_the_places_are_the_frozen_ones() -> None:
    """Those of Slots.sol; all are used but none besides."""
    told = {
        name: number
        for constants in libraries(SLOTS).values()
        for name, (number, _) in constants.items()
    }
    ours = {name: value for name, value in vars(places).items() if name.isupper()}
    ours = {name: value for name, value in ours.items() if isinstance(value, int)}
    assert {name: ours[name] for name in told} == told
    assert ours.keys() - told.keys() == {"WORD"}


@pytest.fixture
def head(ledger: Ledger) -> Iterator[tuple[View, ProvenView]]:
    network = ledger.network
    clock = network.anvil.head_time()
    with closing(QuorumReader(network.file, now=lambda: clock)) as reader:
        found = reader.head()
        yield found, ProvenView(Live(found), network.file.consortium)


def test_of_other_code_nothing_is_said(ledger: Ledger, head: tuple[View, ProvenView]) -> None:
    """Nobody knows what its storage means."""
    network = ledger.network
    ask = load("Consortium").functions["member"].encode(bytes32_ascii("110000"))
    for address in (network.payer.address, Address("0x" + "12" * 20)):
        with pytest.raises(CouldNotCheck, match="contract-not-ours"):
            head[1].call(address, ask)
    assert head[1].failure is not None


def test_what_is_not_computed_is_not_said(ledger: Ledger, head: tuple[View, ProvenView]) -> None:
    ask = load("Consortium").functions["threshold"].encode()
    with pytest.raises(CouldNotCheck, match="not-proven"):
        head[1].call(ledger.network.deployment.consortium, ask)
