"""What goes to the chain about a product: digest, calldata, and whether the chain has it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gateway.products import fates
from gateway.products.interfaces import ProductAction
from gateway.products.store import Row
from ledger.chain.contracts.structs import ProductVersion
from ledger.chain.products import (
    Found,
    Publication,
    publish_calldata,
    publish_digest,
    register_calldata,
    register_digest,
    retire_calldata,
    retire_digest,
)
from ledger.core.ids import Address, Digest, ProductId


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An act with what it is about. product: its row; version: the row of what is published, None
    where nothing is."""

    action: ProductAction
    product: Row
    version: Row | None = None

    @property
    def publication(self) -> Publication:
        """What is published."""
        assert self.version is not None  # noqa: S101 - `Sending` reads it for every publication
        return Publication(
            member=self.product.member,
            product_id=ProductId(self.product.product),
            version=self.version.version,
            content=Digest(self.version.content),
            method=Digest(self.version.method),
            inputs_root=Digest(self.version.inputs_root),
            inputs=self.version.inputs,
        )

    def digest(self, chain_id: int, contract: Address, deadline: int) -> Digest:
        """What a PRODUCT key signs."""
        row = self.product
        if self.action is ProductAction.PUBLISH:
            return publish_digest(chain_id, contract, self.publication, deadline)
        if self.action is ProductAction.RETIRE:
            return retire_digest(
                chain_id, contract, member=row.member, product_id=row.product, deadline=deadline
            )
        return register_digest(
            chain_id,
            contract,
            member=row.member,
            product_id=row.product,
            kind=row.kind,
            method=row.method,
            deadline=deadline,
        )

    def calldata(self, deadline: int, signature: bytes) -> bytes:
        """The same, as it is sent."""
        row = self.product
        if self.action is ProductAction.PUBLISH:
            return publish_calldata(self.publication, deadline, signature)
        if self.action is ProductAction.RETIRE:
            return retire_calldata(
                member=row.member,
                product_id=row.product,
                deadline=deadline,
                signature=signature,
            )
        return register_calldata(
            member=row.member,
            product_id=row.product,
            kind=row.kind,
            method=row.method,
            deadline=deadline,
            signature=signature,
        )


class There(Enum):
    """MISSING: the chain does not have it, and may take it. BEFORE: nor what goes before it."""

    MISSING = "missing"
    BEFORE = "before"


def standing(told: Told, found: Found | None) -> int | There | str:
    """When a block took it, in Unix seconds; or that none has; or the code of why none will. found:
    the product as the chain has it, with the version that is published."""
    if told.action is ProductAction.REGISTER:
        return _registered(told, found)
    if found is None:
        return There.BEFORE
    if told.action is ProductAction.RETIRE:
        return found.product.retired_at or There.MISSING
    publication = told.publication
    version = found.version(publication.version)
    if version is not None:
        same = _same(publication, version)
        return version.published_at if same else fates.VERSION_TAKEN
    if found.product.retired_at:
        return fates.RETIRED
    before = found.product.versions == publication.version - 1
    return There.MISSING if before else There.BEFORE


def _registered(told: Told, found: Found | None) -> int | There | str:
    if found is None:
        return There.MISSING
    product = found.product
    same = (product.kind, product.method) == (told.product.kind, told.product.method)
    return product.registered_at if same else fates.TAKEN


def _same(publication: Publication, version: ProductVersion) -> bool:
    """Whether a version on the chain is what is published, whoever's key signed it."""
    return (
        version.content == publication.content
        and version.method == publication.method
        and version.inputs_root == publication.inputs_root
        and version.inputs == publication.inputs
    )
