"""The parts of the cases, put together."""

from __future__ import annotations

from gateway.accesses.services import AccessLog
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.base.who import WhoFiles
from gateway.cases.abroad import Filer
from gateway.cases.drafts import Drafts
from gateway.cases.due import Due
from gateway.cases.figures import CaseCounts
from gateway.cases.inbox import CaseInbox
from gateway.cases.interfaces import Acknowledged, Tokens
from gateway.cases.judging import Judging
from gateway.cases.listing import Listing
from gateway.cases.possible import Possible
from gateway.cases.reach import Reach
from gateway.cases.registry import Registry
from gateway.cases.releasing import Decisions
from gateway.cases.routes import CaseParts
from gateway.cases.sending import Sending
from gateway.cases.sending_back import SendingBack
from gateway.cases.services import Cases
from gateway.cases.stepping import Stepper
from gateway.cases.views import Views
from gateway.cases.waiting import Waiting
from gateway.cases.whose import Search
from gateway.chain.outbox import Outbox
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.intake.calendar_file import CalendarFile
from gateway.mirrors.finding import MirroredRecords
from gateway.peers.parts import PeerParts
from gateway.statements.services import Statements
from ledger.chain.nodes.quorum import QuorumReader


def make_cases(
    ctx: Context,
    *,
    statements: Statements,
    chain: ChainView,
    reader: QuorumReader,
    outbox: Outbox,
    signing: Signing,
    vault: Vault,
    hmac: Hmac,
    accesses: AccessLog,
    who: WhoFiles,
    calendar: CalendarFile,
    peers: PeerParts,
    tokens: Tokens,
    acknowledged: Acknowledged,
) -> CaseParts:
    """All that answers for the cases of this member."""
    registry = Registry(ctx.network, reader)
    stepper = Stepper(ctx, statements, vault, hmac, handing=peers.outbox, received=peers.messages)
    sending = Sending(ctx, chain=chain, registry=registry, outbox=outbox, signing=signing)
    cases = Cases(
        ctx,
        stepper=stepper,
        vault=vault,
        accesses=accesses,
        who=who,
        filer=Filer(ctx, stepper=stepper, accesses=accesses, whose=_search(ctx, peers)),
    )
    inbox = CaseInbox(ctx, vault=vault, members=peers.directory, stepper=stepper, kinds=cases)
    waiting = Waiting(ctx, vault, tokens)
    sending_back = SendingBack(cases, waiting)
    views = Views(
        cases,
        registry,
        sending,
        chain=chain,
        calendar=calendar,
        waiting=waiting,
        reach=Reach(registry, acknowledged),
        possible=Possible(cases, waiting),
        sending_back=sending_back,
    )
    return CaseParts(
        cases=cases,
        inbox=inbox,
        decisions=Decisions(cases, Judging(cases, registry), sending, waiting),
        sending=sending,
        views=views,
        due=Due(cases, accesses),
        listing=Listing(cases, views, waiting),
        waiting=waiting,
        sending_back=sending_back,
        drafts=Drafts(ctx, vault),
        figures=CaseCounts(views, waiting),
    )


def _search(ctx: Context, peers: PeerParts) -> Search:
    """Make what finds out whose a record is."""
    return Search(
        own=ctx.settings.node.code,
        mirrors=MirroredRecords(ctx.engine),
        members=peers.directory,
        asking=peers.asking,
    )
