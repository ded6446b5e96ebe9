"""The parts of reports, put together."""

from __future__ import annotations

from typing import Protocol

from gateway.accesses.services import AccessLog
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.cases.routes import CaseParts
from gateway.chain.view import ChainView
from gateway.intake.pool import Workers
from gateway.peers.parts import PeerParts
from gateway.queries.records import SubjectRecords
from gateway.receipts.services import Receipts
from gateway.reports.collecting import Collecting
from gateway.reports.counter import Counter
from gateway.reports.counting import Tries
from gateway.reports.elsewhere import Elsewhere
from gateway.reports.firm import FirmViews
from gateway.reports.routes import ReportParts
from gateway.reports.services import Reports
from gateway.reports.shares import Shares
from gateway.statements.services import Statements
from gateway.statuses.services import Statuses
from ledger.chain.nodes.quorum import QuorumReader


class Parts(Protocol):
    """What they are made of."""

    ctx: Context
    chain: ChainView
    reader: QuorumReader
    vault: Vault
    hmac: Hmac
    accesses: AccessLog
    receipts: Receipts
    statements: Statements
    statuses: Statuses
    peers: PeerParts
    workers: Workers
    case_parts: CaseParts


def make_reports(parts: Parts) -> ReportParts:
    """All that makes reports and answers for them."""
    ctx, vault, hmac = parts.ctx, parts.vault, parts.hmac
    reports = Reports(
        ctx,
        collecting=Collecting(
            ctx,
            chain=parts.chain,
            found=SubjectRecords(ctx, parts.reader, hmac=hmac, statuses=parts.statuses),
            receipts=parts.receipts,
            who=parts.workers.who,
        ),
        statements=parts.statements,
        vault=vault,
        hmac=hmac,
        accesses=parts.accesses,
    )
    tries = Tries(ctx, hmac)
    counter = Counter(ctx, reports=reports, tries=tries, hmac=hmac)
    shares = Shares(
        ctx,
        reports=reports,
        counter=counter,
        tries=tries,
        vault=vault,
        hmac=hmac,
        accesses=parts.accesses,
    )
    return ReportParts(
        reports=reports,
        counter=counter,
        shares=shares,
        firm=FirmViews(
            ctx,
            shares=shares,
            counter=counter,
            tries=tries,
            desk=parts.case_parts,
            statements=parts.statements,
            chain=parts.chain,
            vault=vault,
            hmac=hmac,
            accesses=parts.accesses,
        ),
        elsewhere=Elsewhere(
            parts.peers.directory,
            ctx.settings.node.code,
            production=ctx.settings.env == "production",
        ),
    )
