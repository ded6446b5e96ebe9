"""Who made a product, by the chain; and the provinces of the network."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.outcomes.interfaces import MakerUnknown
from gateway.peers.directory import Directory
from gateway.products.chain import ProductChain
from gateway.products.store import members_of
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import ProductId


class ChainMakers:
    """`gateway.outcomes.interfaces.Makers`: the product must be on the chain."""

    def __init__(self, ctx: Context, chain: ProductChain) -> None:
        self._ctx = ctx
        self._chain = chain

    def maker(self, product_id: ProductId, version: int, member: str | None) -> str:
        """See Makers."""
        maker = member or self._known(product_id)
        try:
            found = self._chain.now().found(maker, product_id, start=version - 1)
        except CouldNotCheck as error:
            raise NotReady("chain-unknown") from error
        if found is None:
            raise MakerUnknown("product-unknown")
        if found.version(version) is None:
            raise MakerUnknown("version-unknown")
        return maker

    def _known(self, product_id: ProductId) -> str:
        """The one member whose product of this id is known here."""
        with begin_read(self._ctx.engine) as connection:
            known = members_of(connection, product_id)
        if len(known) != 1:
            raise MakerUnknown("maker-unknown")
        return known[0]


class DirectoryRegions:
    """`gateway.outcomes.interfaces.Regions` by the members of the chain."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def provinces(self) -> Mapping[str, str]:
        """See Regions."""
        found = {code: self._directory.member(code) for code in self._directory.provinces()}
        return {member.region: code for code, member in found.items() if member is not None}
