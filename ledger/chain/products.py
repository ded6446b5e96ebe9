"""Products made of records: what is signed and sent to `Products`, and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.chain.contracts.bindings import PAGE_OF_VERSIONS, PRODUCTS, Consortium, Products
from ledger.chain.contracts.contract_abi import load
from ledger.chain.contracts.structs import Product, ProductVersion
from ledger.chain.nodes.quorum import View
from ledger.core import eip712
from ledger.core.ids import Address, Digest, KeyId, ProductId, bytes32_ascii


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a member publishes. version: one more than there are. content: SHA-256 of what users
    are handed, method: of the text that says how it was made. inputs: how many records went in."""

    member: str
    product_id: ProductId
    version: int
    content: Digest
    method: Digest
    inputs_root: Digest
    inputs: int

    def values(self, deadline: int) -> dict[str, int | bytes]:
        """The members of `Publish`, by the names of Solidity."""
        return {
            "member": bytes32_ascii(self.member),
            "productId": self.product_id,
            "version": self.version,
            "content": self.content,
            "method": self.method,
            "inputsRoot": self.inputs_root,
            "inputs": self.inputs,
            "deadline": deadline,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A product as the chain has it, and a page of its versions: the first one listed is version
    `start` + 1. stolen: which of the keys that signed are in other hands, as the Consortium knows
    now, and since when."""

    member: str
    product_id: ProductId
    product: Product
    start: int
    versions: tuple[ProductVersion, ...]
    stolen: Mapping[KeyId, int]

    def in_doubt(self, signed_by: KeyId | None, time: int) -> bool:
        """Whether what a key signed may be a thief's: the key was in other hands at `time`, when a
        block took it."""
        since = None if signed_by is None else self.stolen.get(signed_by)
        return since is not None and since <= time

    def version(self, number: int) -> ProductVersion | None:
        """One version; None where it is not on this page."""
        at = number - 1 - self.start
        return self.versions[at] if 0 <= at < len(self.versions) else None


def register_digest(
    chain_id: int,
    contract: Address,
    *,
    member: str,
    product_id: bytes,
    kind: int,
    method: bytes,
    deadline: int,
) -> Digest:
    """What a PRODUCT key of the member signs to register a product. deadline: Unix seconds, the
    last at which a block may take it."""
    return _digest(
        chain_id,
        contract,
        "Register",
        {
            "member": bytes32_ascii(member),
            "productId": product_id,
            "kind": kind,
            "method": method,
            "deadline": deadline,
        },
    )


def register_calldata(
    *,
    member: str,
    product_id: bytes,
    kind: int,
    method: bytes,
    deadline: int,
    signature: bytes,
) -> bytes:
    """The same, to be sent by anybody."""
    function = load("Products").functions["register"]
    return function.encode(bytes32_ascii(member), product_id, kind, method, deadline, signature)


def publish_digest(
    chain_id: int, contract: Address, publication: Publication, deadline: int
) -> Digest:
    """What a PRODUCT key of the member signs to publish a version."""
    return _digest(chain_id, contract, "Publish", publication.values(deadline))


def publish_calldata(publication: Publication, deadline: int, signature: bytes) -> bytes:
    """The same, to be sent by anybody."""
    function = load("Products").functions["publish"]
    return function.encode(publication.values(deadline), signature)


def retire_digest(
    chain_id: int, contract: Address, *, member: str, product_id: bytes, deadline: int
) -> Digest:
    """What a PRODUCT key of the member signs to retire a product."""
    return _digest(
        chain_id,
        contract,
        "Retire",
        {"member": bytes32_ascii(member), "productId": product_id, "deadline": deadline},
    )


def retire_calldata(*, member: str, product_id: bytes, deadline: int, signature: bytes) -> bytes:
    """The same, to be sent by anybody."""
    function = load("Products").functions["retire"]
    return function.encode(bytes32_ascii(member), product_id, deadline, signature)


def read_product(
    view: View,
    consortium: Address,
    member: str,
    product_id: bytes,
    *,
    start: int = 0,
    count: int = PAGE_OF_VERSIONS,
) -> Found | None:
    """A product of a member with up to `count` versions behind the first `start`; None: the member
    has registered none of this id. Raises CouldNotCheck.

    The last contract of the role is asked: whoever takes the role over goes on where the one before
    stood, and reads of it what was written there.
    """
    house = Consortium(consortium, view.call, view.calls)
    history = house.contract_history(PRODUCTS)
    if not history:
        return None
    contract = Products(history[-1].account, view.call, view.calls)
    product = contract.product(member, product_id)
    if product is None:
        return None
    versions: list[ProductVersion] = []
    while len(versions) < count and start + len(versions) < product.versions:
        size = min(count - len(versions), PAGE_OF_VERSIONS)
        page = contract.versions(member, product_id, start + len(versions), size)
        versions += page
        if len(page) < size:
            break
    return Found(
        member=member,
        product_id=ProductId(product_id),
        product=product,
        start=start,
        versions=tuple(versions),
        stolen=_stolen(house, member, _signers(product, versions)),
    )


def _digest(
    chain_id: int, contract: Address, struct: str, values: Mapping[str, eip712.Value]
) -> Digest:
    return eip712.digest(eip712.domain(PRODUCTS, chain_id, contract), struct, values)


def _signers(product: Product, versions: Iterable[ProductVersion]) -> set[KeyId]:
    found = {product.registered_by, product.retired_by}
    found.update(version.published_by for version in versions)
    return {key_id for key_id in found if key_id is not None}


def _stolen(house: Consortium, member: str, signers: Iterable[KeyId]) -> dict[KeyId, int]:
    found = {key_id: house.key(member, key_id) for key_id in sorted(signers)}
    return {
        key_id: key.compromised_since
        for key_id, key in found.items()
        if key is not None and key.compromised_since
    }
