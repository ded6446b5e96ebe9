"""Files that hold many records, put together: lists of a day and histories of subjects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.accesses.services import AccessLog
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.cases.giving import StepOpenings
from gateway.chain.signing import Signing
from gateway.history.services import Histories
from gateway.lists.merging import Merging
from gateway.lists.own import OwnParts
from gateway.lists.services import Lists
from gateway.peers.parts import PeerParts
from gateway.receipts.services import Receipts
from gateway.statements.services import Statements
from gateway.statuses.acts import ChainActs
from gateway.statuses.services import Statuses
from ledger.chain.nodes.quorum import QuorumReader


class Parts(Protocol):
    """What they are made of."""

    ctx: Context
    reader: QuorumReader
    vault: Vault
    hmac: Hmac
    accesses: AccessLog
    signing: Signing
    receipts: Receipts
    statements: Statements
    statuses: Statuses
    peers: PeerParts


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """What makes them."""

    lists: Lists
    histories: Histories


def make_giving(parts: Parts) -> Giving:
    """All that makes such files."""
    ctx, signing, peers = parts.ctx, parts.signing, parts.peers
    acts = ChainActs(ctx, parts.reader)
    own = OwnParts(
        ctx,
        vault=parts.vault,
        receipts=parts.receipts,
        signing=signing,
        statuses=parts.statuses,
        acts=acts,
    )
    merging = Merging(
        ctx,
        signing=signing,
        peers=peers.asking,
        directory=peers.directory,
        verifiers=peers.verifiers,
    )
    return Giving(
        lists=Lists(ctx, own=own, merging=merging, accesses=parts.accesses),
        histories=Histories(
            ctx,
            hmac=parts.hmac,
            receipts=parts.receipts,
            signing=signing,
            statuses=parts.statuses,
            accesses=parts.accesses,
            directory=peers.directory,
            acts=acts,
            steps_of=StepOpenings(ctx, parts.statements),
        ),
    )
