"""The parts of the cases, put together."""

from __future__ import annotations

from gateway.accesses.services import AccessLog
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.base.who import WhoFiles
from gateway.cases.due import Due
from gateway.cases.figures import CaseCounts
from gateway.cases.interfaces import Acknowledged, Tokens
from gateway.cases.judging import Judging
from gateway.cases.listing import Listing
from gateway.cases.reach import Reach
from gateway.cases.registry import Registry
from gateway.cases.releasing import Decisions
from gateway.cases.routes import CaseParts
from gateway.cases.sending import Sending
from gateway.cases.services import Cases
from gateway.cases.stepping import Stepper
from gateway.cases.views import Views
from gateway.cases.waiting import Waiting
from gateway.chain.outbox import Outbox
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.intake.calendar_file import CalendarFile
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
    tokens: Tokens,
    acknowledged: Acknowledged,
) -> CaseParts:
    """All that answers for the cases of this member."""
    registry = Registry(ctx.network, reader)
    sending = Sending(ctx, chain=chain, registry=registry, outbox=outbox, signing=signing)
    stepper = Stepper(ctx, statements, vault, hmac)
    cases = Cases(
        ctx,
        stepper=stepper,
        vault=vault,
        hmac=hmac,
        accesses=accesses,
        who=who,
    )
    waiting = Waiting(ctx, vault, tokens)
    views = Views(
        cases,
        registry,
        sending,
        chain=chain,
        calendar=calendar,
        waiting=waiting,
        reach=Reach(registry, acknowledged),
    )
    return CaseParts(
        cases=cases,
        decisions=Decisions(cases, Judging(cases, registry), sending, waiting),
        sending=sending,
        views=views,
        due=Due(cases, accesses),
        listing=Listing(cases, views, waiting),
        waiting=waiting,
        figures=CaseCounts(views, waiting),
    )
