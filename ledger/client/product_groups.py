"""What a client offers who makes or uses data products, and who reports outcomes; see `groups`.

`async_product_groups` has the same without blocking, method for method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.client import outcomes, products
from ledger.client.group import Group
from ledger.client.inputs import Content, ProductKind, Source
from ledger.client.product_results import (
    InputPage,
    Lineage,
    ManifestTaken,
    OutcomeReport,
    Product,
    ProductList,
    ProductStatus,
    VersionMade,
)
from ledger.client.product_results import Outcomes as OutcomePage

__all__ = ["CHAIN_SECONDS", "Outcomes", "Products"]

CHAIN_SECONDS = 600.0
"""For which the chain is waited for where nothing else is said."""


class Products(Group):
    """Data products and their lineage: what was made of which records, who uses it, and whether it
    is stale. `member`: whose product it is, by default that of the gateway."""

    def register(
        self,
        kind: ProductKind,
        method: Content,
        *,
        product: str | None = None,
        title: str | None = None,
    ) -> str:
        """Have a product registered; its id. method: how it is made, of which the chain holds the
        SHA-256. product: an id of your own, 64 hex digits; by default one is drawn."""
        return self._transport.drive(products.register(kind, method, product, title, self._terms))

    def publish(
        self,
        product: str,
        content: Content,
        records: Sequence[str],
        *,
        method: Content | None = None,
    ) -> VersionMade:
        """Have the next version published. records: what it was made of, by record id, one's own
        by leaf as well, at most 200,000. The same as the newest version is that one."""
        return self._transport.drive(
            products.publish(product, content, records, method, self._terms)
        )

    def wait(self, product: str, *, within: float = CHAIN_SECONDS) -> Product:
        """A product of one's own once nothing about it is on its way to the chain; its `acts` tell
        what became of each. Raises NotReady where that takes longer; nothing is lost."""
        return self._transport.drive(products.wait(product, within, self._terms))

    def retire(self, product: str) -> None:
        """Have a product retired for good."""
        self._transport.drive(products.retire(product, self._terms))

    def show(self, product: str, *, member: str | None = None, after: int = 0) -> Product:
        """A product as the chain has it. after: how many of its versions to leave out."""
        return self._transport.drive(products.show(product, member, after, self._terms))

    def listed(self, *, after: int = 0) -> ProductList:
        """The products that are known here, with those of others whose manifests were taken."""
        return self._transport.drive(products.listed(after, self._terms))

    def status(
        self, product: str, *, member: str | None = None, version: int | None = None
    ) -> ProductStatus:
        """Whether a version is stale, and why. version: by default the newest whose manifest is
        here."""
        return self._transport.drive(products.status(product, member, version, self._terms))

    def manifest(self, product: str, version: int, *, member: str | None = None) -> bytes:
        """The manifest of a version, for its users, byte for byte."""
        return self._transport.drive(products.manifest(product, version, member, self._terms))

    def inputs(
        self,
        product: str,
        version: int,
        *,
        member: str | None = None,
        after: int = 0,
        limit: int = 200,
    ) -> InputPage:
        """What went into a version, each with how it stands. limit: 1,000 at most."""
        flow = products.inputs(
            product, version, self._terms, member=member, after=after, limit=limit
        )
        return self._transport.drive(flow)

    def prove(self, product: str, version: int, record: str, *, member: str | None = None) -> bytes:
        """One record of a version with its place in the tree, to be shown without the others."""
        flow = products.prove(product, version, record, member, self._terms)
        return self._transport.drive(flow)

    def hand(self, product: str, version: int, member: str) -> None:
        """Note whom a version is handed to, whom notices of it name from now on."""
        self._transport.drive(products.hand(product, version, member, self._terms))

    def take(self, manifest: bytes, member: str) -> ManifestTaken:
        """Keep the manifest of a version of another member, so that this gateway tells whether it
        is stale. Raises Refused where it is not the one on the chain."""
        return self._transport.drive(products.take(manifest, member, self._terms))

    def lineage(self, record: str) -> Lineage:
        """Which versions of which products a record went into, and who uses them."""
        return self._transport.drive(products.lineage(record, self._terms))


class Outcomes(Group):
    """What an institution granted and lent, by month."""

    def report(self, source: Source) -> OutcomeReport:
        """Report a CSV file; what became of each row. A row that was reported before is known,
        one that says otherwise takes its place, so sending again does no harm."""
        return self._transport.drive(outcomes.report(source, self._terms))

    def listed(self, month: str, *, after: int = 0) -> OutcomePage:
        """What this member reported of a month (YYYY-MM), as it counts."""
        return self._transport.drive(outcomes.listed(month, after, self._terms))

    def sums(
        self, first: str, last: str, *, by: Sequence[str] = ("period", "region", "product")
    ) -> list[Mapping[str, Any]]:
        """Sums of some months (YYYY-MM), both included, over all that was reported here. by: of
        period, region, product and version. Cells under five households are in none."""
        return self._transport.drive(outcomes.sums(first, last, by, self._terms))
