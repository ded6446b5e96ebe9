"""Decisions of the consortium that tests need, encoded as the contract reads them."""

from dataclasses import replace
from typing import Any

from ledger.chain.contracts.contract_abi import Param, encode
from ledger.chain.contracts.structs import PUBLIC, Code, item_values
from ledger.chain.governing import requests
from ledger.chain.governing.actions import (
    compromise_key,
    open_successor,
    put_national,
    register_contract,
)
from ledger.chain.governing.actions import suspend as suspension
from ledger.chain.governing.requests import Domain, Request
from ledger.chain.keys.signers import LocalSigner
from ledger.core import eip712
from ledger.core.ids import Address, address_bytes, bytes32_ascii, keccak256
from ledger.core.keys import Alg, Purpose
from tests.support.chain import TestNetwork, council

_ADDRESS = Param("address", "", False, ())
_DEADLINE = 3600  # seconds


def compromise(
    network: TestNetwork, key_id: bytes, since: int, *, owner: str | None = None
) -> None:
    """A key is held to be stolen from `since` on. owner: needed for a key added later."""
    if owner is None:
        holders = {who for (who, _), signer in network.keys.items() if signer.key_id == key_id}
        [owner] = holders
    network.decide(compromise_key(owner, key_id, since))


def close_log(network: TestNetwork, log_id: bytes, trusted_size: int) -> None:
    """A log is closed and a successor opened."""
    network.decide(open_successor(log_id, trusted_size))


def suspend(network: TestNetwork, member: str) -> None:
    """A member writes no more."""
    network.decide(suspension(member))


def register(network: TestNetwork, role: str, account: Address) -> None:
    """A contract takes over a role."""
    network.decide(register_contract(role, account))


def put_item(
    network: TestNetwork, name: str, *, since: int, like: str = "penalty", **changes: Any
) -> None:
    """A national item, in force from `since` on. changes: what differs from the item `like`."""
    [model, *_] = network.catalogue.item(like)
    item = replace(model.item, item_id=Code(name), since=since, **changes)
    function = network.catalogue.abi.functions["putNational"]
    values = [item_values(item)]
    council(network, network.voters()).decide(
        put_national(network.catalogue.address, [item]),
        lambda proposer, salt: function.encode(values, proposer, salt),
    )


def put_supplement(
    network: TestNetwork, member: str, name: str, *, signed_by: str | None = None, **changes: Any
) -> None:
    """A type of a province's own, in force from now on. signed_by: whose key signs. changes: of
    what it signs."""
    supplement = supplement_of(network, member, name, **changes)
    signer = network.keys[signed_by or member, Purpose.GOVERN]
    data = supplement_calldata(network, supplement, signer)
    key = f"supplement/{name}/{network.anvil.head_time()}"
    network.sender.send(key, network.catalogue.address, data)
    network.sender.wait(key)
    network.sender.done(key)


def supplement_of(
    network: TestNetwork, member: str, name: str, **changes: Any
) -> dict[str, int | bytes | str]:
    """What a province signs of a type of its own, by the names of the contract."""
    now = network.anvil.head_time()
    return {
        "member": bytes32_ascii(member),
        "itemId": bytes32_ascii(name),
        "version": 1,
        "contentHash": keccak256(name.encode()),
        "from": now,
        "until": 0,
        "visibility": PUBLIC,
        "region": bytes32_ascii(member),
        "deadline": now + _DEADLINE,
        **changes,
    }


def supplement_calldata(
    network: TestNetwork, supplement: dict[str, int | bytes | str], signer: LocalSigner
) -> bytes:
    """What is sent, signed by somebody."""
    chain, catalogue = network.file.chain_id, network.catalogue
    domain = eip712.domain("Catalogue", chain, catalogue.address)
    digest = eip712.digest(domain, "PutSupplement", supplement)
    signature = signer.sign_digest(digest)
    return catalogue.abi.functions["putSupplement"].encode(supplement, signature)


def create(network: TestNetwork, code: bytes, *arguments: Address) -> Address:
    """A new contract whose constructor takes addresses."""
    data = code + encode((_ADDRESS,) * len(arguments), arguments)
    key = f"create/{network.anvil.head_time()}"
    network.sender.send(key, None, data)
    made = network.sender.wait(key).contract
    assert made is not None
    return made


def revoke(network: TestNetwork, member: str, key_id: bytes) -> None:
    """A member ends one of its keys without suspicion."""
    request = requests.revoke_key(
        member=member, key_id=key_id, seq=_seq(network, member), deadline=_deadline(network)
    )
    send(network, request, request.signed(_domain(network), _govern(network, member)))


def add_key(network: TestNetwork, member: str, purpose: Purpose, signer: LocalSigner) -> None:
    """A member adds a key, valid from now on."""
    key = requests.key_input(
        member=member,
        purpose=purpose,
        alg=signer.alg,
        public_key=signer.public_key,
        not_before=network.anvil.head_time(),
    )
    request = requests.add_key(key=key, seq=_seq(network, member), deadline=_deadline(network))
    own = signer if signer.alg is Alg.SECP256K1 else None
    data = requests.signed_add_key(request, _domain(network), _govern(network, member), own)
    send(network, request, data)


def set_endpoint(network: TestNetwork, member: str, endpoint: str) -> None:
    """A member says where it is reached now."""
    request = requests.set_endpoint(
        member=member,
        endpoint=endpoint,
        seq=_seq(network, member),
        deadline=_deadline(network),
    )
    send(network, request, request.signed(_domain(network), _govern(network, member)))


def send(network: TestNetwork, request: Request, data: bytes) -> None:
    """Sent by the payer, who means nothing."""
    key = f"{request.function}/{network.anvil.head_time()}"
    network.sender.send(key, network.deployment.consortium, data)
    network.sender.wait(key)
    network.sender.done(key)


def _domain(network: TestNetwork) -> Domain:
    return Domain(network.file.chain_id, network.deployment.consortium)


def _govern(network: TestNetwork, member: str) -> LocalSigner:
    return network.keys[member, Purpose.GOVERN]


def _seq(network: TestNetwork, member: str) -> int:
    found = network.consortium.member(member)
    assert found is not None
    return found.seq


def _deadline(network: TestNetwork) -> int:
    return network.anvil.head_time() + _DEADLINE


def stand_in(network: TestNetwork, role: str) -> Address:
    """Code that answers as a contract of this role and consortium does when it is registered, and
    knows nothing else."""
    address = Address("0x" + keccak256(role.encode())[:20].hex())

    def give(word: bytes) -> bytes:  # PUSH32 word, MSTORE at 0, RETURN 32 bytes
        return b"\x7f" + word + bytes.fromhex("60005260206000f3")

    consortium = give(address_bytes(network.deployment.consortium).rjust(32, b"\0"))
    head = bytes.fromhex("60003560e01c63") + keccak256(b"role()")[:4] + b"\x14\x60"
    jump = len(head) + 2 + len(consortium)  # EQ, PUSH1 jump, JUMPI
    code = head + bytes([jump]) + b"\x57" + consortium + b"\x5b" + give(bytes32_ascii(role))
    network.anvil.call("anvil_setCode", address, "0x" + code.hex())
    return address
