"""The parts of products, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.accesses.services import AccessLog
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.chain.outbox import Outbox
from gateway.chain.signing import Signing
from gateway.mirrors.leaves import Leaves
from gateway.products.chain import ProductChain
from gateway.products.interfaces import Notices
from gateway.products.looking import Looking
from gateway.products.manifests import Manifests
from gateway.products.noticing import Noticing
from gateway.products.routes import ProductParts
from gateway.products.sending import Sending
from gateway.products.services import Products
from gateway.products.taking import Taking
from ledger.chain.nodes.quorum import QuorumReader


class Parts(Protocol):
    """What they are made of."""

    ctx: Context
    reader: QuorumReader
    outbox: Outbox
    vault: Vault
    hmac: Hmac
    accesses: AccessLog
    signing: Signing


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductsHere:
    """What answers, sends and tells."""

    routes: ProductParts
    chain: ProductChain
    sending: Sending
    noticing: Noticing


def make_products(parts: Parts, notices: Notices) -> ProductsHere:
    """All that answers for products. notices: tells their users."""
    ctx = parts.ctx
    chain = ProductChain(ctx.network, parts.reader)
    manifests, leaves = Manifests(parts.vault, parts.hmac), Leaves(ctx.engine)
    return ProductsHere(
        routes=ProductParts(
            own=ctx.settings.node.code,
            products=Products(
                ctx,
                chain=chain,
                signing=parts.signing,
                manifests=manifests,
                accesses=parts.accesses,
                leaves=leaves,
            ),
            looking=Looking(
                ctx, chain=chain, manifests=manifests, accesses=parts.accesses, leaves=leaves
            ),
            taking=Taking(ctx, chain=chain, manifests=manifests, accesses=parts.accesses),
        ),
        chain=chain,
        sending=Sending(
            ctx, chain=chain, outbox=parts.outbox, signing=parts.signing, manifests=manifests
        ),
        noticing=Noticing(ctx, manifests, notices),
    )
