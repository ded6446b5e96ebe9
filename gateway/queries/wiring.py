"""The parts of queries, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.accesses.services import AccessLog
from gateway.authorisations.views import Views
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.chain.signing import Signing
from gateway.intake.pool import Workers
from gateway.peers.parts import PeerParts
from gateway.queries.answering import Answering
from gateway.queries.asking import Asking
from gateway.queries.inboxes import ReportInbox, keep_feedback, keep_use
from gateway.queries.interfaces import Held, Papers
from gateway.queries.records import SubjectRecords
from gateway.queries.routes import QueryParts
from gateway.queries.services import Uses
from gateway.queries.under import AskedUnder
from gateway.receipts.services import Receipts
from gateway.statements.services import Statements
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
    workers: Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """What answers and asks."""

    routes: QueryParts
    inbox: ReportInbox
    feedback: ReportInbox


def make_queries(parts: Parts, papers: Papers, held: Held, views: Views) -> Queries:
    """All that answers and asks about subjects. papers: judges what others show; held: what we hold
    ourselves; views: who may see which authorisation."""
    ctx = parts.ctx
    answering = Answering(
        ctx,
        found=SubjectRecords(ctx, parts.reader, hmac=parts.hmac, statuses=parts.statuses),
        papers=papers,
        receipts=parts.receipts,
        statements=parts.statements,
        signing=parts.signing,
        accesses=parts.accesses,
    )
    asking = Asking(
        ctx,
        peers=parts.peers.asking,
        directory=parts.peers.directory,
        papers=papers,
        held=held,
        answering=answering,
        verifiers=parts.peers.verifiers,
        who=parts.workers.who,
    )
    uses = Uses(
        ctx,
        asking=asking,
        statements=parts.statements,
        outbox=parts.peers.outbox,
        vault=parts.vault,
        hmac=parts.hmac,
        accesses=parts.accesses,
    )
    return Queries(
        routes=QueryParts(uses=uses, answering=answering, under=AskedUnder(ctx, views)),
        inbox=ReportInbox(ctx, keep_use),
        feedback=ReportInbox(ctx, keep_feedback),
    )
