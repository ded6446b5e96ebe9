"""Products on a test network."""

from dataclasses import replace

from ledger.chain.contracts.structs import DATASET
from ledger.chain.nodes.blocks import TxReceipt
from ledger.chain.products import (
    Publication,
    publish_calldata,
    publish_digest,
    register_calldata,
    register_digest,
    retire_calldata,
    retire_digest,
)
from ledger.core.ids import Address, Digest, ProductId, sha256
from ledger.core.keys import Purpose
from tests.support.chain import TestNetwork

METHOD = sha256(b"how it is made")


def publication(member: str, product_id: ProductId, version: int) -> Publication:
    """A version, each with content of its own."""
    return Publication(
        member=member,
        product_id=product_id,
        version=version,
        content=sha256(b"content %d" % version),
        method=METHOD,
        inputs_root=sha256(b"root %d" % version),
        inputs=100 + version,
    )


class Maker:
    """A member that makes products, with its PRODUCT key. signed_by, purpose: another key.
    contract: None: the one of the network. All is mined; what is refused raises TxRefused."""

    def __init__(
        self,
        network: TestNetwork,
        member: str,
        *,
        signed_by: str | None = None,
        purpose: Purpose = Purpose.PRODUCT,
        contract: Address | None = None,
        life: int = 3600,
    ) -> None:
        self._network = network
        self._member = member
        self._signer = network.keys[signed_by or member, purpose]
        self._place = contract or network.deployment.products
        self._life = life

    def register(
        self, product_id: ProductId, *, kind: int = DATASET, method: Digest = METHOD
    ) -> TxReceipt:
        """A product of the member."""
        until = self._until()
        digest = register_digest(
            self._network.file.chain_id,
            self._place,
            member=self._member,
            product_id=product_id,
            kind=kind,
            method=method,
            deadline=until,
        )
        return self._send(
            digest,
            register_calldata(
                member=self._member,
                product_id=product_id,
                kind=kind,
                method=method,
                deadline=until,
                signature=self._signer.sign_digest(digest),
            ),
        )

    def publish(self, product_id: ProductId, version: int, **changed: int | bytes) -> TxReceipt:
        """A version of it."""
        until = self._until()
        made = replace(publication(self._member, product_id, version), **changed)  # type: ignore[arg-type]
        digest = publish_digest(self._network.file.chain_id, self._place, made, until)
        data = publish_calldata(made, until, self._signer.sign_digest(digest))
        return self._send(digest, data)

    def retire(self, product_id: ProductId) -> TxReceipt:
        """No more versions of it."""
        until = self._until()
        digest = retire_digest(
            self._network.file.chain_id,
            self._place,
            member=self._member,
            product_id=product_id,
            deadline=until,
        )
        signature = self._signer.sign_digest(digest)
        data = retire_calldata(
            member=self._member, product_id=product_id, deadline=until, signature=signature
        )
        return self._send(digest, data)

    def _until(self) -> int:
        return self._network.anvil.head_time() + self._life

    def _send(self, digest: Digest, data: bytes) -> TxReceipt:
        sender, key = self._network.sender, f"product/{digest.hex()}"
        sender.send(key, self._place, data)
        mined = sender.wait(key)
        sender.done(key)
        return mined
