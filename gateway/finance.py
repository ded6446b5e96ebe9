"""What banks, bureaus and provinces ask of each other, and what is made of it, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.accesses.services import AccessLog
from gateway.authorisations.wiring import AuthorisationParts, make_authorisations
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.cases.routes import CaseParts
from gateway.chain.outbox import Outbox
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.checks.services import Checks
from gateway.intake.pool import Workers
from gateway.outcomes.wiring import OutcomesHere, make_outcomes
from gateway.peers.interfaces import Inbox
from gateway.peers.parts import PeerParts
from gateway.products.telling import FeedNotices
from gateway.products.wiring import ProductsHere, make_products
from gateway.queries.following import Following
from gateway.queries.wiring import Queries, make_queries
from gateway.receipts.services import Receipts
from gateway.reports.routes import ReportParts
from gateway.reports.wiring import make_reports
from gateway.statements.services import Statements
from gateway.statuses.services import Statuses
from gateway.tokens.services import Holders
from gateway.watching.notices import ProductNotices
from gateway.webhooks.wiring import WebhookParts, make_webhooks
from ledger.chain.nodes.quorum import QuorumReader


class Parts(Protocol):
    """What they are made of."""

    ctx: Context
    chain: ChainView
    reader: QuorumReader
    outbox: Outbox
    signing: Signing
    vault: Vault
    hmac: Hmac
    holders: Holders
    accesses: AccessLog
    receipts: Receipts
    statements: Statements
    statuses: Statuses
    peers: PeerParts
    workers: Workers
    notices: ProductNotices
    case_parts: CaseParts


@dataclass(frozen=True, slots=True, kw_only=True)
class Finance:
    """All of it."""

    authorisations: AuthorisationParts
    queries: Queries
    checks: Checks
    products: ProductsHere
    outcomes: OutcomesHere
    webhooks: WebhookParts
    reports: ReportParts

    @property
    def inboxes(self) -> Mapping[str, Inbox]:
        """Who takes the statements of other members, by sort."""
        return {
            "authorisation": self.authorisations.held,
            "use": self.queries.inbox,
            "feedback": self.queries.feedback,
            "outcome": self.outcomes.inbox,
        }

    def close(self) -> None:
        """Drop connections and processes."""
        self.checks.close()
        self.webhooks.close()


def make_finance(parts: Parts) -> Finance:
    """Put them together, and tell the exchange who judges what others show."""
    ctx, peers = parts.ctx, parts.peers
    papers = make_authorisations(
        ctx,
        statements=parts.statements,
        chain=parts.chain,
        reader=parts.reader,
        outbox=parts.outbox,
        signing=parts.signing,
        vault=parts.vault,
        hmac=parts.hmac,
        accesses=parts.accesses,
        peers=peers,
        who=parts.workers.who,
    )
    peers.exchange.ask_papers(papers.papers)
    queries = make_queries(parts, papers.papers, papers.held, papers.views)
    uses = queries.routes.uses
    webhooks = make_webhooks(
        ctx,
        vault=parts.vault,
        hmac=parts.hmac,
        holders=parts.holders,
        accesses=parts.accesses,
        notices=parts.notices,
    )
    following = Following(uses)
    webhooks.asking.ask(following)
    webhooks.subjects.judge_by(following.refusal)
    own = ctx.settings.node.code
    products = make_products(parts, FeedNotices(own, parts.hmac, parts.notices))
    return Finance(
        authorisations=papers,
        queries=queries,
        checks=Checks(
            ctx,
            uses=uses,
            chain=parts.chain,
            statements=parts.statements,
            outbox=peers.outbox,
        ),
        products=products,
        outcomes=make_outcomes(parts, products.chain),
        webhooks=webhooks,
        reports=make_reports(parts),
    )
