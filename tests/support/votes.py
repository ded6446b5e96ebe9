"""Decisions of the consortium that tests need, encoded as the contract reads them."""

from dataclasses import replace
from typing import Any

from ledger.chain.contract_abi import Param, encode
from ledger.chain.deploy import FOREVER
from ledger.chain.govern import Action, Council, put_national, register_contract
from ledger.chain.signers import LocalSigner
from ledger.chain.structs import COMPROMISE_KEY, OPEN_SUCCESSOR, SUSPEND, Code, item_values
from ledger.core import eip712
from ledger.core.ids import Address, address_bytes, bytes32_ascii, keccak256
from ledger.core.keys import Purpose
from tests.support.chain import TestNetwork

_WORD, _NUMBER, _SMALL, _ADDRESS = (
    Param(kind, "", False, ()) for kind in ("bytes32", "uint64", "uint16", "address")
)


def compromise(network: TestNetwork, key_id: bytes, since: int) -> None:
    """A key is held to be stolen from `since` on."""
    network.decide(Action(COMPROMISE_KEY, encode((_WORD, _NUMBER), (key_id, since))))


def close_log(network: TestNetwork, log_id: bytes, trusted_size: int) -> None:
    """A log is closed and a successor opened."""
    data = encode((_WORD, _NUMBER, _SMALL), (log_id, trusted_size, 1))
    network.decide(Action(OPEN_SUCCESSOR, data))


def suspend(network: TestNetwork, member: str) -> None:
    """A member writes no more."""
    network.decide(Action(SUSPEND, encode((_WORD,), (bytes32_ascii(member),))))


def register(network: TestNetwork, role: str, account: Address) -> None:
    """A contract takes over a role."""
    network.decide(register_contract(role, account))


def put_item(network: TestNetwork, name: str, *, since: int) -> None:
    """A national record type, in force from `since` on."""
    [model, *_] = network.catalogue.item("penalty")
    item = replace(model, item_id=Code(name), since=since)
    function = network.catalogue.abi.functions["putNational"]
    values = [item_values(item)]
    Council(
        network.sender,
        network.anvil.rpc,
        chain_id=network.file.chain_id,
        consortium=network.deployment.consortium,
        voters=network.voters(),
    ).decide(
        put_national(network.catalogue.address, [item]),
        lambda salt: function.encode(values, salt),
    )


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
    values = {
        "member": bytes32_ascii(member),
        "keyId": key_id,
        "compromisedSince": 0,
        **_once(network, member),
    }
    _send(network, "revokeKey", [*values.values(), _sign(network, member, "RevokeKey", values)])


def set_endpoint(network: TestNetwork, member: str, endpoint: str) -> None:
    """A member changes its endpoint."""
    values = {"member": bytes32_ascii(member), "endpoint": endpoint, **_once(network, member)}
    signature = _sign(network, member, "SetEndpoint", values)
    _send(network, "setEndpoint", [*values.values(), signature])


def add_key(network: TestNetwork, member: str, purpose: Purpose, signer: LocalSigner) -> None:
    """A member adds a key that is not secp256k1, valid from now on."""
    key = {
        "member": bytes32_ascii(member),
        "purpose": int(purpose),
        "alg": int(signer.alg),
        "publicKey": signer.public_key,
        "notBefore": network.anvil.head_time(),
        "notAfter": FOREVER,
    }
    once = _once(network, member)
    signature = _sign(network, member, "AddKey", key | once)
    _send(network, "addKey", [key, *once.values(), signature, b""])


def _once(network: TestNetwork, member: str) -> dict[str, Any]:
    found = network.consortium.member(member)
    assert found is not None
    return {"seq": found.seq, "deadline": network.anvil.head_time() + 3600}


def _sign(network: TestNetwork, member: str, struct: str, values: dict[str, Any]) -> bytes:
    domain = eip712.domain("Consortium", network.file.chain_id, network.deployment.consortium)
    signer = network.keys[member, Purpose.GOVERN]
    return signer.sign_digest(eip712.digest(domain, struct, values))


def _send(network: TestNetwork, function: str, arguments: list[Any]) -> None:
    data = network.consortium.abi.functions[function].encode(*arguments)
    key = f"{function}/{network.anvil.head_time()}"
    network.sender.send(key, network.deployment.consortium, data)
    network.sender.wait(key)
    network.sender.done(key)


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
