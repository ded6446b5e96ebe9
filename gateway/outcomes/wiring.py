"""The parts of outcomes, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.accesses.services import AccessLog
from gateway.base.context import Context
from gateway.chain.view import ChainView
from gateway.outcomes.makers import ChainMakers, DirectoryRegions
from gateway.outcomes.routes import OutcomeParts
from gateway.outcomes.services import OutcomeInbox, Outcomes
from gateway.peers.parts import PeerParts
from gateway.products.chain import ProductChain
from gateway.statements.services import Statements


class Parts(Protocol):
    """What they are made of."""

    ctx: Context
    chain: ChainView
    accesses: AccessLog
    statements: Statements
    peers: PeerParts


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomesHere:
    """What reports, and what takes reports of others."""

    routes: OutcomeParts
    inbox: OutcomeInbox


def make_outcomes(parts: Parts, products: ProductChain) -> OutcomesHere:
    """All that answers for outcomes."""
    ctx, peers = parts.ctx, parts.peers
    outcomes = Outcomes(
        ctx,
        chain=parts.chain,
        statements=parts.statements,
        outbox=peers.outbox,
        makers=ChainMakers(ctx, products),
        regions=DirectoryRegions(peers.directory),
        accesses=parts.accesses,
    )
    return OutcomesHere(
        routes=OutcomeParts(outcomes=outcomes), inbox=OutcomeInbox(ctx, peers.directory)
    )
