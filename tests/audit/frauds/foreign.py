"""Contracts whose code is not what ships: they record what a test says, by real transactions, and
are else as they were."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from ledger.chain.case_calls import CaseDomain, act_calldata, acts_digest
from ledger.chain.contracts.contract_abi import Name, encode, load
from ledger.chain.keys.signers import LocalSigner
from ledger.core import merkle
from ledger.core.ids import Address, Digest, bytes32_ascii, keccak256, word
from ledger.core.keys import Purpose
from ledger.core.status import ZERO, Act, Action, RecordedAct, undone
from tests.audit.banker import TIANJIN
from tests.audit.frauds.scene import Scene
from tests.audit.test_foreign_registry import Registry, log_code
from tests.audit.test_written import House
from tests.support.cases import acknowledge
from tests.support.chain import TestNetwork
from tests.support.ledger import MemberLog
from tests.support.votes import create, register, suspend


def write(
    network: TestNetwork,
    role: Name,
    name: str,
    topics: list[bytes],
    values: list[Any],
    *,
    call: bytes,
) -> None:
    """An event of a contract, which has other code for it, and from then on its own with a byte
    more behind it."""
    event, address = load(role).event(name), _address(network, role)
    data = encode([param for param in event.inputs if not param.indexed], values)
    words = [event.topic, *topics]
    payload = b"".join(words) + word(len(data), 64) + data + call
    code = bytes.fromhex(network.anvil.call("eth_getCode", address, "latest")[2:])
    network.anvil.call("anvil_setCode", address, "0x" + log_code(len(words)))
    key = f"foreign/{keccak256(payload).hex()}/{network.anvil.head_time()}"
    network.sender.send(key, address, payload)
    assert network.sender.wait(key).success
    network.sender.done(key)
    network.anvil.call("anvil_setCode", address, "0x" + code.hex())
    not_ours(network, role)


def not_ours(network: TestNetwork, role: Name) -> None:
    """The contract has other code, which does the same."""
    address = _address(network, role)
    code = bytes.fromhex(network.anvil.call("eth_getCode", address, "latest")[2:])
    if load(role).is_deployed_as(code):
        network.anvil.call("anvil_setCode", address, "0x" + code.hex() + "00")


def _address(network: TestNetwork, role: Name) -> Address:
    deployed = network.deployment
    places: dict[Name, Address] = {
        "LogAnchor": deployed.log_anchor,
        "Catalogue": deployed.catalogue,
        "CaseRegistry": deployed.case_registry,
        "Revocations": deployed.revocations,
        "Products": deployed.products,
    }
    return places[role]


@dataclass
class ForeignRegistry(Registry):
    """A CaseRegistry of other code that goes on from what is there."""

    def _emit(self, name: str, topics: list[bytes], values: list[Any], call: bytes) -> None:
        write(self.ledger.network, "CaseRegistry", name, topics, values, call=call)


def registry(scene: Scene) -> ForeignRegistry:
    latest = scene.network.case_registry.latest()
    return ForeignRegistry(scene.ledger, latest.count, latest.head)


@dataclass
class ForeignHouse(House):
    """Products or Revocations of other code. signed_with: with keys of another purpose."""

    signed_with: Purpose | None = field(default=None)

    @property
    def _purpose(self) -> Purpose:
        return self.signed_with or super()._purpose

    def _emit(self, name: str, topics: list[bytes], values: list[Any], call: bytes) -> None:
        write(self.ledger.network, self.role, name, topics, values, call=call)


def products(scene: Scene, **changes: Any) -> ForeignHouse:
    return ForeignHouse(scene.ledger, "Products", **changes)


def revocations(scene: Scene, **changes: Any) -> ForeignHouse:
    return ForeignHouse(scene.ledger, "Revocations", **changes)


def anchor(
    log: MemberLog,
    *,
    name: bytes | None = None,
    prev: int | None = None,
    signer: str | None = None,
    purpose: Purpose = Purpose.ANCHOR,
    bare: bool = False,
) -> None:
    """An anchor of all entries of a log, by a LogAnchor of other code. name: of another log. prev:
    from which size it is said to go on. signer: whose key signs, though the owner's is named. bare:
    without what was signed."""
    network, size = log.network, len(log.entries)
    before = prev if prev is not None else log.anchors[-1].size if log.anchors else 0
    call = network.anchor_calldata(
        log.member,
        prev_size=before,
        size=size,
        root=log.root(),
        signer=network.keys[signer or log.member, purpose],
        log=name or log.log_id,
    )
    key = network.keys[log.member, purpose].key_id
    topics = [name or log.log_id, word(size, 64)]
    values = [before, log.root(), key]
    write(network, "LogAnchor", "Anchored", topics, values, call=b"" if bare else call)


def member_word(member: str) -> bytes:
    return bytes32_ascii(member)


def act_call(registry: Registry, act: Act, signer: LocalSigner, member: str = TIANJIN) -> bytes:
    """What a member sends to have an act recorded, signed by somebody."""
    network = registry.ledger.network
    deadline = network.anvil.head_time() + 3600
    domain = CaseDomain(network.file.chain_id, registry.address)
    digest = acts_digest(domain, member, [act], deadline)
    return act_calldata(member, [act], deadline, signer.sign_digest(digest))


def acknowledge_old(scene: Scene) -> None:
    """Hebei had not yet acknowledged what is there: it says that it is something else."""
    scene.act(Action.DISPUTE)
    count = scene.network.case_registry.latest().count
    scene.act(Action.SETTLE)
    acknowledge(scene.network, "130000", count=count, head=keccak256(b"another chain"))


def replace_contract(network: TestNetwork, role: Name) -> None:
    """A new one takes over the role, by vote."""
    new = create(network, load(role).bytecode, network.deployment.consortium)
    register(network, role, new)


def suspended_maker(scene: Scene) -> None:
    suspend(scene.network, "110000")
    products(scene).publish(2)


def proof(log: MemberLog) -> list[Digest]:
    """That the log goes on from its last anchor."""
    return list(merkle.consistency_path(log.leaves(), log.anchors[-1].size))


NOBODY: Final = ZERO
"""The member of an act by vote, or of one that anybody undid."""


def gone(registry: Registry, last: RecordedAct) -> Act:
    """The act that undoes the last one."""
    return undone(registry.states[last.act.record], last, 0, 0).act


def more_acts(scene: Scene) -> ForeignRegistry:
    """With one more that ours takes."""
    scene.act(Action.DISPUTE)
    scene.desk.acknowledged = scene.network.case_registry.latest().count
    return registry(scene)
