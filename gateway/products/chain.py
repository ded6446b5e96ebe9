"""Products on the chain, as this node needs them."""

from __future__ import annotations

from typing import NamedTuple

from ledger.chain.contracts.bindings import PRODUCTS, Consortium
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.products import Found, read_product
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address


class ProductsNow(NamedTuple):
    """The contract at one head. time: of that block, Unix seconds. final: time of the newest final
    block, -1: none is. address: of the one that takes products now; None: none does."""

    consortium: Address
    address: Address | None
    time: int
    final: int
    view: View

    def found(
        self, member: str, product_id: bytes, *, start: int = 0, count: int = 1
    ) -> Found | None:
        """A product with some of its versions; None: there is none. Raises CouldNotCheck."""
        return read_product(
            self.view, self.consortium, member, product_id, start=start, count=count
        )


class ProductChain:
    """Reads it; safe in threads, as the reader is."""

    def __init__(self, network: NetworkFile, reader: QuorumReader) -> None:
        self._network = network
        self._reader = reader

    def now(self) -> ProductsNow:
        """At the quorum head. Raises CouldNotCheck."""
        view = self._reader.head()
        consortium = Consortium(self._network.consortium, view.call, view.calls)
        history = consortium.contract_history(PRODUCTS)
        final = self._reader.final_block(view)
        return ProductsNow(
            consortium=self._network.consortium,
            address=history[-1].account if history else None,
            time=view.block.time,
            final=-1 if final is None else final.time,
            view=view,
        )

    def taking(self) -> ProductsNow:
        """The same where there is a contract that takes products. Raises CouldNotCheck, also where
        the network has none."""
        now = self.now()
        if now.address is None:
            raise CouldNotCheck("no-products", "no contract `Products` is registered")
        return now
