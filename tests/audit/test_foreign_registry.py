"""A CaseRegistry of other code, which may record anything: real transactions, each thing that ours
refuses, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ledger.chain.case_calls import CaseDomain, ack_calldata, ack_digest, act_calldata, acts_digest
from ledger.chain.contracts.contract_abi import encode, load
from ledger.chain.governing import actions
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.blocks import Reader
from ledger.core.ids import Address, Digest, KeyId, LogId, keccak256, word
from ledger.core.keys import Alg, Purpose, Role
from ledger.core.status import (
    ANY_VERSION,
    NOTHING,
    ZERO,
    Act,
    Action,
    Basis,
    RecordedAct,
    State,
    act_values,
    next_head,
    next_state,
    undone,
)
from tests.audit.conftest import Ledger
from tests.audit.test_acts import record, settled
from tests.audit.test_replay import codes
from tests.support.cases import make_act, midnight
from tests.support.chain import council
from tests.support.votes import compromise, create, register, revoke

TIANJIN = "120000"


@dataclass
class Registry:
    """Other code at the address of the registry. It records what a test says, chained as ours
    does, so that nothing is wrong but what the test wants."""

    ledger: Ledger
    count: int = 0
    head: Digest = ZERO
    states: dict[bytes, State] = field(default_factory=dict)
    last: RecordedAct | None = None

    @property
    def address(self) -> Address:
        return self.ledger.network.deployment.case_registry

    def act(self, act: Act, *, member: str = TIANJIN, **changes: Any) -> None:
        """An act of a member, really signed. changes: what the event says otherwise; `signer`: by
        whom."""
        network = self.ledger.network
        purpose = Purpose.CASE if act.action == Action.DISPUTE else Purpose.DECIDE
        signer = changes.pop("signer", None) or network.keys[member, purpose]
        deadline = network.anvil.head_time() + 3600
        digest = acts_digest(
            CaseDomain(network.file.chain_id, self.address), member, [act], deadline
        )
        call = act_calldata(member, [act], deadline, signer.sign_digest(digest))
        self.write(act, member.encode().ljust(32, b"\0"), signer.key_id, call, **changes)

    def write(
        self, act: Act, member: bytes, signed_by: bytes, call: bytes = b"", **changes: Any
    ) -> None:
        """The event of an act, in a block of its own."""
        at = self._next_time()
        block = int(self.ledger.network.anvil.call("eth_blockNumber"), 16) + 1
        if act.action == Action.ANNUL_STOLEN and member == ZERO:
            act = replace(act, effective_at=at)
        before = self.states.get(act.record, NOTHING)
        if act.action > max(Action):  # nobody can say what it does
            self._emit("Acted", [act.record, word(1, 64), member],
                       [act_values(act), signed_by, 1, 0, ZERO], call)  # fmt: skip
            return
        acted = RecordedAct(
            act=act, member=member, signed_by=KeyId(signed_by), recorded_at=at, block=block
        )
        after = next_state(before, acted)
        self.count, self.head = self.count + 1, next_head(self.head, act.record, after.history)
        self.states[act.record], self.last = after, acted
        told: dict[str, Any] = {
            "recordId": act.record,
            "count": self.count,
            "version": after.word.version,
            "prevBlock": before.word.block,
            "head": self.head,
        } | changes
        values = [act_values(act), signed_by, told["version"], told["prevBlock"], told["head"]]
        topics = [told["recordId"], word(told["count"], 64), member]
        self._emit("Acted", topics, values, call)
        self.count, self.head = told["count"], told["head"]
        made = Reader(self.ledger.network.anvil.rpc).block(block)
        assert made is not None
        assert made.time == at

    def acknowledge(
        self,
        member: str,
        count: int,
        *,
        head: Digest | None = None,
        signer: LocalSigner | None = None,
    ) -> None:
        """A member carried out so many acts, it says."""
        network, head = self.ledger.network, head or self.head
        key = signer or network.keys[member, Purpose.CASE]
        deadline = network.anvil.head_time() + 3600
        domain = CaseDomain(network.file.chain_id, self.address)
        signature = key.sign_digest(ack_digest(domain, member, count, head, deadline))
        call = ack_calldata(member, count, head, deadline, signature)
        topics = [member.encode().ljust(32, b"\0"), word(count, 64)]
        self._emit("Acknowledged", topics, [head, key.key_id], call)

    def _next_time(self) -> int:
        """Time of the next block, which is set."""
        anvil = self.ledger.network.anvil
        at = anvil.head_time() + 5
        anvil.call("evm_setNextBlockTimestamp", at)
        return at

    def _emit(self, name: str, topics: list[bytes], values: list[Any], call: bytes) -> None:
        event = load("CaseRegistry").event(name)
        data = encode([param for param in event.inputs if not param.indexed], values)
        words = [event.topic, *topics]
        code = "0x" + log_code(len(words))
        network = self.ledger.network
        network.anvil.call("anvil_setCode", self.address, code)
        payload = b"".join(words) + word(len(data), 64) + data + call
        key = f"record/{keccak256(payload).hex()}"
        network.sender.send(key, self.address, payload)
        assert network.sender.wait(key).success
        network.sender.done(key)


def log_code(topics: int) -> str:
    """Code that writes the event in its calldata: topics, length of the data, data."""
    at = 32 * topics
    copy = f"60{at:02x}3560{at + 32:02x}600037"  # CALLDATACOPY(0, at + 32, length)
    pushed = "".join(f"60{32 * n:02x}35" for n in reversed(range(topics)))
    return f"{copy}{pushed}60{at:02x}356000{0xA0 + topics:02x}00"


@pytest.fixture
def registry(ledger: Ledger) -> Iterator[Registry]:
    yield Registry(ledger)


def found(registry: Registry) -> list[str]:
    """Codes of what is found, but that the code is not ours; that its state, which it has none of,
    is another is nobody's fault."""
    report = settled(registry.ledger)
    assert report.exit == 1
    assert {gap["code"] for gap in report.document["incomplete"]} <= {"status-differs"}
    names = codes(report.document)
    names.remove("contract-not-ours")
    return names


def why(registry: Registry) -> str:
    """What the only other finding says of it."""
    document = settled(registry.ledger).document
    [one] = [item for item in document["findings"] if item["code"] != "contract-not-ours"]
    return str(one["evidence"]["why"])


def first(ledger: Ledger, action: Action = Action.REPAIR, **changes: Any) -> Act:
    """An act on the first record of Tianjin."""
    log = ledger.tianjin
    commitment = log.records[0].commitment.digest
    changes.setdefault("expected_version", 0)
    return make_act(log.network, action, log.log_id, commitment, **changes)


def test_other_code_that_does_all_as_ours(registry: Registry) -> None:
    """Only that nobody knows the code is found, and that its state says nothing."""
    registry.act(first(registry.ledger))
    registry.act(first(registry.ledger, Action.RESCIND, expected_version=1))
    registry.acknowledge("110000", 2)
    assert found(registry) == []
    [gap] = settled(registry.ledger).document["incomplete"]
    assert gap["code"] == "status-differs"
    status = settled(registry.ledger).document["status"]
    assert (status["count"], status["head"]) == (2, registry.head.hex())


# ---- what does not go on


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("recordId", keccak256(b"another")),
        ("count", 3),
        ("version", 3),
        ("prevBlock", 1),
        ("head", keccak256(b"another")),
    ],
)
def test_an_act_that_does_not_go_on_from_the_one_before(
    registry: Registry, what: str, told: Any
) -> None:
    registry.act(first(registry.ledger))
    registry.act(first(registry.ledger, Action.RESCIND, expected_version=1), **{what: told})
    assert found(registry) == ["act-discontinuous"]
    findings = settled(registry.ledger).document["findings"]
    [one] = [item for item in findings if item["code"] == "act-discontinuous"]
    assert one["evidence"]["what"] == what
    assert one["member"] == TIANJIN
    assert f"record/{record(registry.ledger.tianjin, 0).hex()}/act/" in one["where"]


# ---- what is not allowed


def other_of(ledger: Ledger, log: str, index: int) -> dict[str, Any]:
    """A record that is to take the place of another."""
    there = {"110000": ledger.beijing, TIANJIN: ledger.tianjin}[log]
    return {"other": (there.log_id, there.records[index].commitment.digest)}


REFUSED: dict[str, tuple[str, Callable[[Ledger], Act]]] = {
    "another version": ("stale-version", lambda of: first(of, expected_version=1)),
    "what already is not": ("already-so", lambda of: first(of, Action.RESCIND)),
    "what only a vote may do": ("by-vote-only", lambda of: first(of, Action.ANNUL)),
    "without a ground": ("basis", lambda of: first(of, basis=0)),
    "on a ground that nobody knows": ("basis", lambda of: first(of, basis=13)),
    "shielding without a court": ("basis", lambda of: first(of, Action.SHIELD, basis=1)),
    "without a document": ("doc", lambda of: first(of, doc=ZERO)),
    "in effect tomorrow": (
        "effective-at",
        lambda of: first(of, effective_at=midnight(of.network.anvil.head_time(), days=1)),
    ),
    "in effect at noon": (
        "effective-at",
        lambda of: first(of, effective_at=midnight(of.network.anvil.head_time(), -1) + 43_200),
    ),
    "naming another record for nothing": (
        "other", lambda of: first(of, **other_of(of, TIANJIN, 1)),
    ),
    "corrected by itself": (
        "other", lambda of: first(of, Action.CORRECT, **other_of(of, TIANJIN, 0)),
    ),
    "corrected by another's record": (
        "other", lambda of: first(of, Action.CORRECT, **other_of(of, "110000", 0)),
    ),
    "corrected by no record": (
        "other", lambda of: first(of, Action.CORRECT, other=(of.tianjin.log_id, ZERO)),
    ),
    "of an action that only annulStolen writes": (
        "author", lambda of: first(of, Action.ANNUL_STOLEN),
    ),
    "of a log that nobody opened": (
        "log", lambda of: replace(first(of), log=LogId(keccak256(b"no log"))),
    ),
    "of an action that nobody knows": ("action", lambda of: replace(first(of), action=77)),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_an_act_that_the_rules_refuse(registry: Registry, name: str) -> None:
    expected, make = REFUSED[name]
    registry.act(make(registry.ledger))
    assert found(registry) == ["act-not-allowed"]
    assert why(registry) == expected


def test_an_act_on_the_record_of_another_member(registry: Registry) -> None:
    registry.act(first(registry.ledger), member="110000")
    assert found(registry) == ["act-not-allowed"]
    assert why(registry) == "owner"


@pytest.mark.parametrize(
    "change", [actions.suspend(TIANJIN), actions.set_roles(TIANJIN, int(Role.BUREAU))]
)
def test_an_act_of_a_member_that_is_suspended_or_no_province(
    registry: Registry, change: actions.Action
) -> None:
    registry.act(first(registry.ledger))
    registry.ledger.network.decide(change)
    assert found(registry) == []
    registry.act(first(registry.ledger, Action.RESCIND, expected_version=1))
    assert (found(registry), why(registry)) == (["act-not-allowed"], "not-active")


def test_an_act_of_nobody(registry: Registry) -> None:
    registry.write(first(registry.ledger), ZERO, ZERO)
    assert (found(registry), why(registry)) == (["act-not-allowed"], "author")


def test_corrections_in_a_circle(registry: Registry) -> None:
    """The last step of it is refused: what is corrected takes nobody's place."""
    of = registry.ledger
    registry.act(first(of, Action.CORRECT, **other_of(of, TIANJIN, 1)))
    log = of.tianjin
    back = make_act(
        of.network,
        Action.CORRECT,
        log.log_id,
        log.records[1].commitment.digest,
        expected_version=0,
        **other_of(of, TIANJIN, 0),
    )
    assert found(registry) == []
    registry.act(back)
    assert (found(registry), why(registry)) == (["act-not-allowed"], "other")


# ---- keys


@pytest.mark.parametrize("purpose", [Purpose.CASE, Purpose.ANCHOR])
def test_an_act_by_a_key_for_something_else(registry: Registry, purpose: Purpose) -> None:
    signer = registry.ledger.network.keys[TIANJIN, purpose]
    registry.act(first(registry.ledger), signer=signer)
    assert found(registry) == ["act-key-not-valid"]


def test_an_act_by_a_key_of_nobody(registry: Registry) -> None:
    signer = LocalSigner(Alg.SECP256K1, new_secret())
    registry.act(first(registry.ledger, Action.DISPUTE), signer=signer)
    assert found(registry) == ["act-key-not-valid"]


def test_an_act_by_a_key_that_had_ended(registry: Registry) -> None:
    network = registry.ledger.network
    registry.act(first(registry.ledger))
    revoke(network, TIANJIN, network.keys[TIANJIN, Purpose.DECIDE].key_id)
    assert found(registry) == []
    registry.act(first(registry.ledger, Action.RESCIND, expected_version=1))
    assert found(registry) == ["act-key-not-valid"]


# ---- votes


def passed(registry: Registry, action: actions.Action, *, voters: int = 3) -> Digest:
    """Id of a proposal that so many voted for."""
    network, used = registry.ledger.network, []

    def carry_out(proposer: bytes, salt: bytes) -> bytes:
        used.append((proposer.rstrip(b"\0").decode(), salt))
        return b""

    network.anvil.call("anvil_setCode", registry.address, "0x" + log_code(3))
    council(network, network.voters()[:voters]).decide(action, carry_out)
    proposer, salt = used[0]
    consortium = network.deployment.consortium
    return actions.proposal_id(network.file.chain_id, consortium, proposer, action, salt)


def test_an_act_that_was_passed(registry: Registry) -> None:
    act = first(registry.ledger)
    registry.write(act, ZERO, passed(registry, actions.act(registry.address, [act])))
    assert found(registry) == []


def test_an_act_by_a_vote_that_nobody_held(registry: Registry) -> None:
    registry.write(first(registry.ledger), ZERO, keccak256(b"no proposal"))
    assert (found(registry), why(registry)) == (["act-without-vote"], "proposal")


def test_an_act_by_a_vote_on_something_else(registry: Registry) -> None:
    [vote, *_] = settled(registry.ledger).document["votes"]
    registry.write(first(registry.ledger), ZERO, bytes.fromhex(vote["proposal"]))
    assert (found(registry), why(registry)) == (["act-without-vote"], "kind")


def test_another_act_than_was_passed(registry: Registry) -> None:
    name = passed(registry, actions.act(registry.address, [first(registry.ledger)]))
    registry.write(first(registry.ledger, Action.WITHDRAW), ZERO, name)
    assert (found(registry), why(registry)) == (["act-without-vote"], "data")


def test_a_vote_that_is_used_twice(registry: Registry) -> None:
    act = first(registry.ledger, expected_version=ANY_VERSION)
    name = passed(registry, actions.act(registry.address, [act]))
    registry.write(act, ZERO, name)
    registry.write(act, ZERO, name)
    assert (found(registry), why(registry)) == (["act-without-vote"], "used")


def test_a_vote_that_did_not_pass(registry: Registry) -> None:
    act = first(registry.ledger)
    name = passed(registry, actions.act(registry.address, [act]), voters=2)
    registry.write(act, ZERO, name)
    assert (found(registry), why(registry)) == (["act-without-vote"], "votes")


@pytest.mark.parametrize(
    ("basis", "action", "allowed"),
    [
        (Basis.COURT, Action.REPAIR, True),
        (Basis.ORDER_58, Action.REPAIR, False),
        (Basis.OBJECTION_UPHELD, Action.DISPUTE, True),
        (Basis.OBJECTION_UPHELD, Action.WITHDRAW, False),
    ],
)
def test_grounds_of_votes(registry: Registry, basis: Basis, action: Action, allowed: bool) -> None:
    act = first(registry.ledger, action, basis=basis)
    registry.write(act, ZERO, passed(registry, actions.act(registry.address, [act])))
    assert found(registry) == ([] if allowed else ["act-not-allowed"])


# ---- what is undone


@pytest.mark.parametrize("held", [True, False])
def test_an_act_that_is_undone_needs_a_thief(registry: Registry, held: bool) -> None:
    """And that was known before."""
    network = registry.ledger.network
    registry.act(first(registry.ledger))
    last, key = registry.last, network.keys[TIANJIN, Purpose.DECIDE].key_id
    assert last is not None
    since = last.recorded_at
    if held:
        compromise(network, key, since)
    registry.write(gone(registry, last), ZERO, ZERO)
    if not held:
        compromise(network, key, since)
    assert found(registry) == ([] if held else ["undone-without-theft"])
    if not held:
        assert why(registry) == "key"


def gone(registry: Registry, last: RecordedAct) -> Act:
    """The act that undoes the last one, at whatever time it comes."""
    return undone(registry.states[last.act.record], last, 0, 0).act


def test_an_act_that_was_done_after_the_theft_ended_nothing(registry: Registry) -> None:
    network = registry.ledger.network
    registry.act(first(registry.ledger))
    last = registry.last
    assert last is not None
    key = network.keys[TIANJIN, Purpose.DECIDE].key_id
    network.anvil.mine(2, seconds=10)
    compromise(network, key, network.anvil.head_time())
    registry.write(gone(registry, last), ZERO, ZERO)
    assert (found(registry), why(registry)) == (["undone-without-theft"], "key")


def test_what_is_undone_is_the_last_act(registry: Registry) -> None:
    network = registry.ledger.network
    registry.act(first(registry.ledger))
    last = registry.last
    assert last is not None
    compromise(network, network.keys[TIANJIN, Purpose.DECIDE].key_id, last.recorded_at)
    step = replace(gone(registry, last), doc=Digest(keccak256(b"another history")))
    registry.write(step, ZERO, ZERO)
    assert (found(registry), why(registry)) == (["undone-without-theft"], "history")


# ---- acknowledgements


def test_acknowledgements_that_ours_refuses(registry: Registry) -> None:
    registry.act(first(registry.ledger))
    registry.acknowledge("110000", 2)
    assert (found(registry), why(registry)) == (["ack-not-allowed"], "count")


def test_an_acknowledgement_of_less_than_before(registry: Registry) -> None:
    registry.act(first(registry.ledger))
    registry.acknowledge("110000", 1)
    assert found(registry) == []
    registry.acknowledge("110000", 1)
    assert (found(registry), why(registry)) == (["ack-not-allowed"], "count")


def test_an_acknowledgement_of_a_member_that_is_suspended(registry: Registry) -> None:
    registry.act(first(registry.ledger))
    registry.ledger.network.decide(actions.suspend("110000"))
    registry.acknowledge("110000", 1)
    assert (found(registry), why(registry)) == (["ack-not-allowed"], "not-active")


def test_an_acknowledgement_by_a_key_for_something_else(registry: Registry) -> None:
    registry.act(first(registry.ledger))
    signer = registry.ledger.network.keys["110000", Purpose.DECIDE]
    registry.acknowledge("110000", 1, signer=signer)
    assert found(registry) == ["ack-key-not-valid"]


# ---- turns


def test_a_registry_that_goes_on_after_its_turn(registry: Registry) -> None:
    network = registry.ledger.network
    registry.act(first(registry.ledger))
    code = load("CaseRegistry").bytecode
    new = create(network, code, network.deployment.consortium)
    register(network, "CaseRegistry", new)
    registry.act(first(registry.ledger, Action.RESCIND, expected_version=1))
    assert sorted(found(registry)) == ["act-out-of-turn", "contract-replaced"]
    [one] = settled(registry.ledger).document["status"]["records"]
    assert one["version"] == 1
