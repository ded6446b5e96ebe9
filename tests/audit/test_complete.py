"""A node that leaves out events: the state of the chain tells, and nothing is concluded."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from ledger.audit.consortium import ChainReader, Codes
from ledger.audit.findings import Findings
from ledger.audit.replay import Report
from ledger.audit.state import State
from ledger.chain.governing import actions, requests
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.blocks import LogEntry
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address
from ledger.core.keys import Alg, Purpose, Role
from ledger.core.status import Act, Action, fold
from tests.audit.conftest import Ledger
from tests.audit.test_acts import recorded
from tests.support.cases import acknowledge, act, act_by_vote, make_act, undo
from tests.support.proxy import lie, start_proxy
from tests.support.votes import add_key, compromise, register, revoke, stand_in, suspend

Change = Callable[[list[Any]], list[Any]]


@contextmanager
def heard(ledger: Ledger, contract: str, change: Change) -> Iterator[Report]:
    """The report where the only node tells events of a contract otherwise."""
    address = getattr(ledger.network.deployment, contract)

    def rewrite(params: Sequence[Any], result: Any) -> Any:
        return change(result) if params[0]["address"] == address else result

    with start_proxy(ledger.network.anvil.url) as proxy:
        proxy.on("eth_getLogs", lie(rewrite))
        file = ledger.network.with_rpc([proxy.url], 1)
        yield replace(ledger, network=replace(ledger.network, file=file)).replay()


CAPS: dict[str, Change] = {
    "the first ones": lambda events: events[:1],
    "the last ones": lambda events: events[-1:],
    "none": lambda events: [],
    "all but one in the middle": lambda events: [
        *events[: len(events) // 2], *events[len(events) // 2 + 1 :]
    ],
}  # fmt: skip


@pytest.mark.parametrize("contract", ["consortium", "catalogue", "log_anchor"])
@pytest.mark.parametrize("cap", CAPS)
def test_a_node_that_caps_or_drops_events_proves_nothing(
    ledger: Ledger, contract: str, cap: str
) -> None:
    if (contract, cap) == ("consortium", "none"):  # as a node does that has thrown them away
        with (
            pytest.raises(CouldNotCheck, match="node-pruned"),
            heard(ledger, contract, CAPS[cap]),
        ):
            pass
        return
    with heard(ledger, contract, CAPS[cap]) as report:
        assert report.exit == 4
        assert {item["code"] for item in report.document["incomplete"]} == {"events-missing"}
        assert report.document["findings"] == []
        assert all(log["entriesRead"] == 0 for log in report.document["logs"])


def test_the_tail_beyond_the_last_final_block_is_missed_too(ledger: Ledger) -> None:
    """The state is read at the head; so the events must reach it."""
    ledger.tianjin.put_raw(ledger.tianjin.entries[0])
    ledger.tianjin.anchor()
    with heard(ledger, "log_anchor", lambda events: events[:-1]) as report:
        assert report.exit == 4
    assert ledger.replay().exit == 0


class Leaky:
    """A view that leaves out one event of all."""

    def __init__(self, view: View) -> None:
        self.block = view.block
        self.call, self.calls = view.call, view.calls
        self.code, self.block_at = view.code, view.block_at
        self.skip: tuple[int, int] | None = None
        self._view = view
        self._kept: dict[Any, tuple[LogEntry, ...]] = {}

    def logs(
        self, address: Address, topics: Sequence[bytes], *, first: int, last: int
    ) -> list[LogEntry]:
        asked = (address, *topics, first, last)
        if asked not in self._kept:
            self._kept[asked] = self._view.logs(address, topics, first=first, last=last)
        return [entry for entry in self._kept[asked] if entry.place != self.skip]

    @property
    def seen(self) -> set[tuple[int, int]]:
        """Places of all events."""
        return {entry.place for entries in self._kept.values() for entry in entries}


def new_key(ledger: Ledger, member: str, signer: LocalSigner) -> dict[str, Any]:
    """A GOVERN key that a vote gives."""
    return requests.key_input(
        member=member,
        purpose=Purpose.GOVERN,
        alg=signer.alg,
        public_key=signer.public_key,
        not_before=ledger.network.anvil.head_time(),
    )


@pytest.fixture
def busy(ledger: Ledger) -> Ledger:
    """A ledger with events of every sort."""
    network = ledger.network
    key = LocalSigner(Alg.ED25519, bytes([9]) * 32)
    add_key(network, "140000", Purpose.NOTE, key)
    revoke(network, "140000", key.key_id)
    compromise(network, ledger.tianjin.key(Purpose.CASE).key_id, network.anvil.head_time() - 10)
    suspend(network, "demo-bank")
    register(network, "Products", stand_in(network, "Products"))
    govern = LocalSigner(Alg.SECP256K1, new_secret())
    keys = [new_key(ledger, "newcomer", govern)]
    founder = {"code": "newcomer", "region": "", "roles": int(Role.BUREAU), "endpoint": ""}
    for action in (
        actions.reinstate("demo-bank"),
        actions.set_chair("120000"),
        actions.set_threshold(4),
        actions.set_threshold(3),
        actions.open_log("140000"),
        actions.admit(founder, keys),
        actions.set_roles("newcomer", int(Role.AUDITOR)),
        actions.retire("newcomer"),
        actions.compromise_all("140000", Purpose.GOVERN, network.anvil.head_time() - 20),
        actions.recover_key(new_key(ledger, "140000", LocalSigner(Alg.SECP256K1, new_secret()))),
    ):
        network.decide(action)
    do_acts(ledger)
    network.anvil.mine(2)
    return ledger


def do_acts(ledger: Ledger) -> None:
    """On two records, by their owner, by vote, and by nobody in a thief's place."""
    network, log = ledger.network, ledger.beijing

    def on(index: int, action: Action) -> Act:
        return make_act(network, action, log.log_id, log.records[index].commitment.digest)

    act(network, "110000", on(0, Action.REPAIR), on(1, Action.SHIELD))
    act_by_vote(network, on(0, Action.RESCIND), on(1, Action.LIFT))
    done = act(network, "110000", on(0, Action.END))
    acknowledge(network, "110000", "130000")
    key = log.key(Purpose.DECIDE).key_id
    steps = recorded(network)
    before = fold(one for one in steps[:-1] if one.act.record == steps[-1].act.record)
    assert (done.block, len(steps)) == (steps[-1].block, 5)
    compromise(network, key, steps[-1].recorded_at)
    undo(network, (before.history, steps[-1]))


def test_no_event_can_be_left_out_unseen(busy: Ledger) -> None:
    file = busy.network.file
    reader = QuorumReader(file, now=busy.network.anvil.head_time)
    view = reader.head()
    leaky: Any = Leaky(view)

    def run() -> tuple[State, list[str]]:
        findings = Findings()
        chain = ChainReader(leaky, file, view.block.number, Codes(leaky), findings)
        chain.run()
        return chain.state, [item.where for item in findings.incomplete()]

    whole, nothing = run()
    assert nothing == []
    assert len(whole.proposals) >= 18
    places = sorted(leaky.seen)
    assert len(places) > 150
    for place in places:
        leaky.skip = place
        _, missing = run()
        assert missing, place
    reader.close()
