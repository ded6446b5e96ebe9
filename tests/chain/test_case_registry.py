"""CaseRegistry on a real chain beside its twin in Python: the same acts taken, the same states."""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.acts import Acts
from ledger.chain.case_calls import CaseDomain, ack_calldata, ack_digest
from ledger.chain.contracts.events import Acknowledged, Acted, decode_events
from ledger.chain.errors import TxRefused
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.event_logs import LogQuery, read_logs
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, Digest, RecordId, keccak256
from ledger.core.keys import Purpose
from ledger.core.status import (
    ANY_VERSION,
    NOTHING,
    ZERO,
    Act,
    Action,
    Outcome,
    RecordedAct,
    State,
    next_head,
    next_state,
    refusal,
    undone,
)
from tests.support.cases import act, act_by_vote, make_act, refused_as, send, undo
from tests.support.chain import TestNetwork, start_network
from tests.support.proxy import lie, start_proxy
from tests.support.votes import compromise

OWNER = "120000"
SEED = 20261129
ROUNDS = 60


@pytest.fixture(scope="module")
def started() -> Iterator[TestNetwork]:
    with start_network() as network:
        yield network


@pytest.fixture
def network(started: TestNetwork) -> Iterator[TestNetwork]:
    snapshot = started.anvil.snapshot()
    yield started
    started.anvil.revert(snapshot)
    started.forget_sent()


def commitment(number: int) -> bytes:
    return keccak256(b"record %d" % number)


@contextmanager
def acts_at_head(network: TestNetwork, *registries: Address) -> Iterator[Acts]:
    """What is read at the head; of the network's own registry where none is named."""
    file = network.file
    with closing(QuorumReader(file, now=network.anvil.head_time, max_ahead=None)) as reader:
        yield Acts(reader.head(), registries or [network.case_registry.address])


def events(network: TestNetwork) -> list[Acted | Acknowledged]:
    last = int(network.anvil.call("eth_blockNumber"), 16)
    query = LogQuery(address=network.case_registry.address, topics=(), first=0, last=last)
    found = decode_events("CaseRegistry", read_logs(Reader(network.anvil.rpc), query))
    return [event for event in found if isinstance(event, Acted | Acknowledged)]


def test_random_acts_are_taken_by_both_or_by_neither(network: TestNetwork) -> None:
    """Three records of one owner, acts by the owner and by vote in any order."""
    draw = random.Random(SEED)
    log = network.log_id(OWNER)
    states: dict[RecordId, State] = {}
    taken: list[Act] = []
    refused = 0
    for _ in range(ROUNDS):
        by_vote = draw.random() < 0.15
        number, other = draw.sample(range(3), 2)
        action = Action(draw.randint(1, 11))
        one = make_act(
            network,
            action,
            log,
            commitment(number),
            other=(log, commitment(other)) if action is Action.CORRECT else None,
        )
        if draw.random() < 0.1:
            one = replace(one, expected_version=draw.choice((7, ANY_VERSION)))
        before = states.get(one.record, NOTHING)
        target = states.get(one.other, NOTHING).word if action is Action.CORRECT else NOTHING.word
        fits = target.outcome not in (Outcome.CORRECTED, Outcome.WITHDRAWN) and not target.flags & 4
        allowed = refusal(before, one, by_vote=by_vote) is None and fits
        try:
            if by_vote:
                act_by_vote(network, one)
            else:
                act(network, OWNER, one)
            done = True
        except TxRefused:
            done = False
        assert done is allowed, (one, before, by_vote)
        refused += not done
        if done:
            taken.append(one)
            event = events(network)[-1]
            assert isinstance(event, Acted)
            states[one.record] = next_state(before, _recorded(network, event))
        [stored] = network.case_registry.stored([one.record])
        assert stored == states.get(one.record, NOTHING)
    assert len(taken) > 10
    assert refused > 10
    _same_from_events(network, states)


def _recorded(network: TestNetwork, event: Acted) -> RecordedAct:
    block = Reader(network.anvil.rpc).block(event.entry.block)
    assert block is not None
    member = event.member.encode().ljust(32, b"\0") if event.member else ZERO
    return RecordedAct(
        act=event.act,
        member=member,
        signed_by=event.signed_by,
        recorded_at=block.time,
        block=block.number,
    )


def _same_from_events(network: TestNetwork, states: dict[RecordId, State]) -> None:
    """Count and head from all events, and each history walked back from its word."""
    head, count = ZERO, 0
    folded: dict[RecordId, State] = {}
    for event in events(network):
        assert isinstance(event, Acted)
        recorded = _recorded(network, event)
        assert event.prev_block == folded.get(event.record_id, NOTHING).word.block
        state = next_state(folded.get(event.record_id, NOTHING), recorded)
        folded[event.record_id] = state
        head, count = next_head(head, event.record_id, state.history), count + 1
        assert (event.head, event.count, event.version) == (head, count, state.word.version)
    assert folded == states
    latest = network.case_registry.latest()
    assert (latest.count, latest.head) == (count, head)
    with acts_at_head(network) as acts:
        assert acts.states(states) == states
        for record, state in states.items():
            assert len(acts.history(record)) == state.word.version


def test_many_acts_of_one_block_and_of_one_record(network: TestNetwork) -> None:
    log = network.log_id(OWNER)
    in_order = (Action.SHIELD, Action.REPAIR, Action.LIFT, Action.RESCIND)
    first = [
        make_act(network, action, log, commitment(1), expected_version=version)
        for version, action in enumerate(in_order)
    ]
    act(network, OWNER, *first)
    act(network, OWNER, make_act(network, Action.DISPUTE, log, commitment(1)))
    with acts_at_head(network) as acts:
        history = acts.history(first[0].record)
        assert [one.act.action for one in history] == [3, 5, 4, 6, 1]
        assert acts.history(RecordId(bytes(32))) == ()


def test_a_thief_is_undone(network: TestNetwork) -> None:
    log = network.log_id(OWNER)
    key = network.keys[OWNER, Purpose.DECIDE]
    stolen = [
        make_act(network, Action.WITHDRAW, log, commitment(number)) for number in range(1, 65)
    ]
    act(network, OWNER, *stolen)
    with acts_at_head(network) as acts:
        steps = [(ZERO, acts.history(one.record)[0]) for one in stolen]
    with refused_as("KeyNotStolen"):
        undo(network, steps[0])
    compromise(network, key.key_id, steps[0][1].recorded_at)
    with refused_as("HistoryMismatch"):
        undo(network, (Digest(b"\1" * 32), steps[0][1]))
    undo(network, *steps)
    with acts_at_head(network) as acts:
        for one in stolen:
            withdrawn, annulled = acts.history(one.record)
            before = next_state(NOTHING, withdrawn)
            assert annulled == undone(before, withdrawn, annulled.recorded_at, annulled.block)
            state = acts.states([one.record])[one.record]
            assert (state.word.outcome, int(state.word.flags)) == (Outcome.NONE, 1)
    with refused_as("HistoryMismatch"):  # nothing of the thief's is left to be undone
        undo(network, steps[0])


def test_acknowledgements(network: TestNetwork) -> None:
    log = network.log_id(OWNER)
    act(network, OWNER, make_act(network, Action.DISPUTE, log, commitment(1)))
    latest = network.case_registry.latest()
    assert network.case_registry.acknowledged("110000").count == 0
    domain = CaseDomain(network.file.chain_id, network.case_registry.address)
    deadline = network.anvil.head_time() + 3600

    def acknowledge(count: int) -> None:
        digest = ack_digest(domain, "110000", count, latest.head, deadline)
        signature = network.keys["110000", Purpose.CASE].sign_digest(digest)
        send(network, ack_calldata("110000", count, latest.head, deadline, signature))

    with refused_as("AcknowledgementInvalid"):
        acknowledge(2)
    acknowledge(1)
    found = network.case_registry.acknowledged("110000")
    assert (found.count, found.head_start) == (1, latest.head[:24])
    with refused_as("AcknowledgementInvalid"):
        acknowledge(1)
    event = events(network)[-1]
    assert isinstance(event, Acknowledged)
    assert (event.member, event.count, event.head) == ("110000", 1, latest.head)


def test_more_than_a_page(network: TestNetwork) -> None:
    log = network.log_id(OWNER)
    one = make_act(network, Action.WITHDRAW, log, commitment(300))
    act(network, OWNER, one)
    records = [
        make_act(network, Action.DISPUTE, log, commitment(n), expected_version=0).record
        for n in range(600)
    ]
    states = network.case_registry.stored(records)
    assert len(states) == 600
    assert [number for number, state in enumerate(states) if state] == [300]
    assert network.case_registry.stored([]) == ()


def test_an_account_that_is_no_registry(network: TestNetwork) -> None:
    for account in (network.deployment.log_anchor, network.payer.address):
        with acts_at_head(network, account) as acts, pytest.raises(CouldNotCheck):
            acts.states([RecordId(commitment(1))])


def test_where_nothing_is_registered_there_are_no_acts(network: TestNetwork) -> None:
    file = network.file
    with closing(QuorumReader(file, now=network.anvil.head_time, max_ahead=None)) as reader:
        acts = Acts(reader.head(), [])
    record = RecordId(commitment(1))
    assert acts.states([record]) == {record: NOTHING}
    assert acts.history(record) == ()


def test_an_action_that_nobody_knows(network: TestNetwork) -> None:
    """No code of ours records it; a node that tells one is not believed, and stops nothing."""
    one = make_act(network, Action.DISPUTE, network.log_id(OWNER), commitment(0))
    act(network, OWNER, one)

    def rename(params: Sequence[Any], result: Any) -> Any:
        words = bytearray.fromhex(result[0]["data"][2:])
        words[3 * 32 - 1] = 77
        return [result[0] | {"data": "0x" + words.hex()}]

    with start_proxy(network.anvil.url) as proxy:
        file = network.with_rpc([proxy.url], 1)
        with closing(QuorumReader(file, now=network.anvil.head_time, max_ahead=None)) as reader:
            found = Acts(reader.head(), [network.case_registry.address])
            proxy.on("eth_getLogs", lie(rename))
            with pytest.raises(CouldNotCheck) as caught:
                found.history(one.record)
    assert caught.value.code == "status-unreadable"
    assert "nobody knows" in caught.value.message
