"""Manifests of products of others, handed to this member: compared with the chain, then kept, so
that it can say by itself whether what it uses is stale."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import Caller, Decision, Purpose
from gateway.products import store
from gateway.products.chain import ProductChain
from gateway.products.errors import ProductRefused
from gateway.products.manifests import Manifests
from ledger.chain.contracts.structs import Product, ProductVersion
from ledger.core.errors import CouldNotCheck, Malformed, ProofMismatch, VersionUnknown
from ledger.core.ids import ProductId
from ledger.core.manifest import Manifest, check_manifest, parse_manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A manifest that is kept. new: False: it was here."""

    product_id: ProductId
    version: int
    inputs: int
    new: bool


class Taking:
    """Takes them. Safe in threads."""

    def __init__(
        self, ctx: Context, *, chain: ProductChain, manifests: Manifests, accesses: AccessLog
    ) -> None:
        self._ctx = ctx
        self._chain = chain
        self._manifests = manifests
        self._accesses = accesses

    def take(self, caller: Caller, member: str, data: bytes) -> Taken:
        """Keep the manifest of a published version. member: whose product it is. Raises
        ProductRefused (`manifest-malformed`, `manifest-false`, `not-found`), NotReady."""
        try:
            manifest = parse_manifest(data)
        except (Malformed, VersionUnknown) as error:
            raise ProductRefused("manifest-malformed", extra={"problem": str(error)}) from error
        product, version = self._published(member, manifest)
        with begin_read(self._ctx.engine) as connection:
            prepared = self._manifests.prepare(connection, manifest)
        try:
            check_manifest(
                manifest,
                product=manifest.product,
                version=manifest.version,
                inputs=version.inputs,
                inputs_root=version.inputs_root,
            )
        except ProofMismatch as error:
            raise ProductRefused("manifest-false", extra={"problem": error.what}) from error
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            number = self._product(connection, caller, member, manifest, product)
            held = store.version_row(connection, number, manifest.version)
            if held is None:
                self._manifests.put(
                    connection,
                    number,
                    prepared,
                    content=version.content,
                    method=version.method,
                    request=self._manifests.request(
                        version.content, version.method, manifest.record_ids
                    ),
                    at=self._ctx.clock.seconds(),
                )
                line = Access(
                    token=caller.id,
                    purpose=Purpose.PRODUCT,
                    decision=Decision(None),
                    record=manifest.product,
                )
                self._accesses.put(connection, [line], self._ctx.clock.seconds())
        return Taken(
            product_id=manifest.product,
            version=manifest.version,
            inputs=len(manifest.record_ids),
            new=held is None,
        )

    def _published(self, member: str, manifest: Manifest) -> tuple[Product, ProductVersion]:
        try:
            now = self._chain.now()
            found = now.found(member, manifest.product, start=manifest.version - 1)
        except CouldNotCheck as error:
            raise NotReady("chain-unknown") from error
        version = None if found is None else found.version(manifest.version)
        if found is None or version is None:
            raise ProductRefused("not-found")
        return found.product, version

    def _product(
        self,
        connection: sa.Connection,
        caller: Caller,
        member: str,
        manifest: Manifest,
        product: Product,
    ) -> int:
        row = store.product_row(connection, member, manifest.product)
        if row is not None:
            return int(row.n)
        return store.put_product(
            connection,
            member=member,
            product=manifest.product,
            kind=product.kind,
            method=product.method,
            title="",
            department=caller.department,
            token=caller.id,
            at=self._ctx.clock.seconds(),
        )
