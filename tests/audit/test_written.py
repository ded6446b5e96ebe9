"""Revocations and products as a replay reads them: real transactions, each fault planted beside
what is right."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ledger.chain.contracts.contract_abi import Name, encode, load
from ledger.chain.products import (
    publish_calldata,
    publish_digest,
    register_calldata,
    register_digest,
    retire_calldata,
    retire_digest,
)
from ledger.chain.revocations import revoke_calldata, revoke_digest
from ledger.core.ids import Address, Digest, ProductId, bytes32_ascii, sha256, word
from ledger.core.keys import Purpose
from tests.audit.conftest import Ledger
from tests.audit.test_foreign_registry import log_code
from tests.audit.test_replay import codes
from tests.support.products import METHOD, Maker, publication
from tests.support.revocations import take_back
from tests.support.votes import compromise, create, register, suspend

BEIJING, BUREAU, BANK = "110000", "demo-bureau", "demo-bank"
MODEL = ProductId(sha256(b"a model"))
PAPER = sha256(b"an authorisation")


def found(ledger: Ledger) -> list[str]:
    ledger.network.anvil.mine()
    return codes(ledger.replay().document)


def test_what_ours_takes_is_in_order(ledger: Ledger) -> None:
    maker = Maker(ledger.network, BEIJING)
    maker.register(MODEL)
    maker.publish(MODEL, 1)
    maker.publish(MODEL, 2)
    maker.retire(MODEL)
    take_back(ledger.network, BEIJING, PAPER)
    ledger.network.anvil.mine()
    report = ledger.replay()
    assert (codes(report.document), report.exit) == ([], 0)


@pytest.mark.parametrize("contract", ["Products", "Revocations"])
def test_a_successor_goes_on(ledger: Ledger, contract: str) -> None:
    """Of products it knows what was there; of revocations nothing, so the first one counts."""
    network = ledger.network
    Maker(network, BEIJING).register(MODEL)
    take_back(network, BEIJING, PAPER)
    name: Name = "Products" if contract == "Products" else "Revocations"
    new = create(network, load(name).bytecode, network.deployment.consortium)
    register(network, contract, new)
    if contract == "Products":
        Maker(network, BEIJING, contract=new).publish(MODEL, 1)
    else:
        take_back(network, BEIJING, PAPER, contract=new)
    assert found(ledger) == ["contract-replaced"]


@pytest.mark.parametrize(
    ("purpose", "code"),
    [
        (Purpose.PRODUCT, "product-key-disputed"),
        (Purpose.CONSENT, "revocation-key-disputed"),
    ],
)
def test_a_key_in_other_hands(ledger: Ledger, purpose: Purpose, code: str) -> None:
    network = ledger.network
    since = network.anvil.head_time()
    Maker(network, BEIJING).register(MODEL)
    take_back(network, BEIJING, PAPER)
    assert found(ledger) == []
    compromise(network, network.keys[BEIJING, purpose].key_id, since)
    assert found(ledger) == [code]


# ---- other code


@dataclass
class House:
    """Other code at the address of a contract: it records what a test says, really signed."""

    ledger: Ledger
    role: Name

    @property
    def address(self) -> Address:
        deployed = self.ledger.network.deployment
        return deployed.products if self.role == "Products" else deployed.revocations

    def register(self, member: str = BEIJING, **changes: Any) -> None:
        """A product."""
        told = {"kind": 1, "method": METHOD} | changes
        until = self._until()
        terms: dict[str, Any] = {"member": member, "product_id": MODEL, "deadline": until, **told}
        digest = register_digest(self._chain, self.address, **terms)
        call = register_calldata(**terms, signature=self._sign(member, digest))
        topics = [bytes32_ascii(member), MODEL]
        values = [told["kind"], told["method"], self._key(member)]
        self._emit("ProductRegistered", topics, values, call)

    def publish(self, version: int, member: str = BEIJING, **changes: Any) -> None:
        """A version of it. changes: `signer`, `bare` (without the call), and what is published."""
        signer, bare = changes.pop("signer", None), changes.pop("bare", False)
        made = replace(publication(member, MODEL, version), **changes)
        until = self._until()
        digest = publish_digest(self._chain, self.address, made, until)
        call = publish_calldata(made, until, self._sign(signer or member, digest))
        topics = [bytes32_ascii(member), MODEL, word(version, 32)]
        values = [made.content, made.method, made.inputs_root, made.inputs, self._key(member)]
        self._emit("VersionPublished", topics, values, b"" if bare else call)

    def retire(self, member: str = BEIJING) -> None:
        """No more versions of it."""
        until = self._until()
        terms: dict[str, Any] = {"member": member, "product_id": MODEL, "deadline": until}
        digest = retire_digest(self._chain, self.address, **terms)
        call = retire_calldata(**terms, signature=self._sign(member, digest))
        self._emit("ProductRetired", [bytes32_ascii(member), MODEL], [self._key(member)], call)

    def revoke(
        self, custodian: str = BEIJING, *, signer: str | None = None, bare: bool = False
    ) -> None:
        """An authorisation is taken back."""
        until = self._until()
        digest = revoke_digest(self._chain, self.address, custodian, PAPER, until)
        call = revoke_calldata(custodian, PAPER, until, self._sign(signer or custodian, digest))
        topics = [bytes32_ascii(custodian), PAPER]
        self._emit("Revoked", topics, [self._key(custodian)], b"" if bare else call)

    @property
    def _chain(self) -> int:
        return self.ledger.network.file.chain_id

    @property
    def _purpose(self) -> Purpose:
        return Purpose.PRODUCT if self.role == "Products" else Purpose.CONSENT

    def _until(self) -> int:
        return self.ledger.network.anvil.head_time() + 3600

    def _sign(self, member: str, digest: Digest) -> bytes:
        return self.ledger.network.keys[member, self._purpose].sign_digest(digest)

    def _key(self, member: str) -> bytes:
        return self.ledger.network.keys[member, self._purpose].key_id

    def _emit(self, name: str, topics: list[bytes], values: list[Any], call: bytes) -> None:
        event, network = load(self.role).event(name), self.ledger.network
        data = encode([param for param in event.inputs if not param.indexed], values)
        words = [event.topic, *topics]
        network.anvil.call("anvil_setCode", self.address, "0x" + log_code(len(words)))
        payload = b"".join(words) + word(len(data), 64) + data + call
        key = f"write/{sha256(payload).hex()}/{network.anvil.head_time()}"
        network.sender.send(key, self.address, payload)
        assert network.sender.wait(key).success
        network.sender.done(key)


@pytest.fixture
def house(ledger: Ledger) -> House:
    return House(ledger, "Products")


def told(house: House) -> list[tuple[str, str]]:
    """What is found but that the code is not ours, and in a word why."""
    house.ledger.network.anvil.mine()
    document = house.ledger.replay().document
    assert {gap["code"] for gap in document["incomplete"]} <= {"status-differs"}
    assert codes(document).count("contract-not-ours") == 1
    return [
        (one["code"], one["evidence"].get("why", ""))
        for one in document["findings"]
        if one["code"] != "contract-not-ours"
    ]


def test_other_code_that_does_all_as_ours(house: House) -> None:
    house.register()
    house.publish(1)
    house.publish(2)
    house.retire()
    assert told(house) == []


def test_a_version_that_lacks(house: House) -> None:
    house.register()
    house.publish(1)
    house.publish(3)
    assert told(house) == [("product-version-gap", "")]


@pytest.mark.parametrize("member", [BANK, "demo-auditor"])
def test_a_member_that_makes_no_products(house: House, member: str) -> None:
    """Nor has it a key for them."""
    house.register(member)
    house.publish(1, member)
    assert set(told(house)) == {("product-not-a-maker", ""), ("product-key-not-valid", "")}


def test_a_maker_that_was_suspended(house: House) -> None:
    house.register()
    house.publish(1)
    suspend(house.ledger.network, BEIJING)
    assert told(house) == []
    house.publish(2)
    assert told(house) == [("product-not-a-maker", "")]


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda house: house.publish(1), "not-registered"),
        (lambda house: house.retire(), "not-registered"),
        (lambda house: house.register(kind=9), "form"),
        (lambda house: [house.register(), house.register()], "twice"),
        (lambda house: [house.register(), house.publish(1, inputs=0)], "form"),
        (lambda house: [house.register(), house.retire(), house.publish(1)], "retired"),
        (lambda house: [house.register(), house.retire(), house.retire()], "retired"),
    ],
)
def test_what_ours_would_refuse(house: House, write: Callable[[House], Any], why: str) -> None:
    write(house)
    assert told(house) == [("product-not-allowed", why)]


def test_a_signature_of_another(house: House) -> None:
    house.register()
    house.publish(1, signer="120000")
    assert told(house) == [("product-signature-invalid", "")]


def test_a_signature_that_is_not_there(house: House) -> None:
    house.register()
    house.publish(1, bare=True)
    assert told(house) == [("product-signature-not-seen", "")]


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda house: house.revoke(), []),
        (lambda house: [house.revoke(), house.revoke()], [("revocation-not-allowed", "twice")]),
        (lambda house: house.revoke(signer="120000"), [("revocation-signature-invalid", "")]),
        (lambda house: house.revoke(bare=True), [("revocation-signature-not-seen", "")]),
        (
            lambda house: house.revoke(BANK),
            [("revocation-key-not-valid", ""), ("revocation-not-allowed", "custodian")],
        ),
    ],
)
def test_revocations_of_other_code(
    ledger: Ledger, write: Callable[[House], Any], expected: list[tuple[str, str]]
) -> None:
    house = House(ledger, "Revocations")
    write(house)
    assert told(house) == expected


@pytest.mark.parametrize(
    ("role", "code"),
    [("Products", "product-not-allowed"), ("Revocations", "revocation-not-allowed")],
)
def test_a_contract_that_had_its_turn(ledger: Ledger, role: Name, code: str) -> None:
    house = House(ledger, role)
    network = ledger.network
    new = create(network, load(role).bytecode, network.deployment.consortium)
    register(network, role, new)
    house.register() if role == "Products" else house.revoke()
    assert told(house) == [("contract-replaced", ""), (code, "out-of-turn")]
