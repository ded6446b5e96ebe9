"""The parts of the authorisations, put together."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.accesses.services import AccessLog
from gateway.authorisations.demands import Demands
from gateway.authorisations.handover import Handover
from gateway.authorisations.held import Held
from gateway.authorisations.judging import Papers
from gateway.authorisations.keeping import Keeping
from gateway.authorisations.revoking import Revoking
from gateway.authorisations.sending import Sending
from gateway.authorisations.services import Admission, Grants
from gateway.authorisations.views import Views
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.base.who import WhoFiles
from gateway.chain.outbox import Outbox
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.peers.parts import PeerParts
from gateway.statements.services import Statements
from ledger.chain.nodes.quorum import QuorumReader


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationParts:
    """grants: makes them. papers: judges them. held: those made for this member. revoking, sending,
    keeping: take them back. handover: what grantees are handed again. views: shows them."""

    grants: Grants
    papers: Papers
    held: Held
    revoking: Revoking
    sending: Sending
    keeping: Keeping
    handover: Handover
    views: Views


def make_authorisations(
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
    peers: PeerParts,
    who: WhoFiles,
) -> AuthorisationParts:
    """All that answers for the authorisations of this member. reader: for what is sent; what is
    judged is read through that of the peers, which refuses heads that are too old."""
    papers = Papers(ctx, chain=chain, reader=peers.reader, judge=peers.judge)
    admission = Admission(ctx, accesses)
    held = Held(
        ctx, vault=vault, hmac=hmac, papers=papers, received=peers.messages, admission=admission
    )
    revoking = Revoking(ctx, statements=statements, admission=admission)
    sending = Sending(ctx, reader=reader, outbox=outbox, signing=signing, revoking=revoking)
    return AuthorisationParts(
        grants=Grants(
            ctx,
            statements=statements,
            vault=vault,
            hmac=hmac,
            accesses=accesses,
            demands=Demands(ctx, chain, peers.directory, who),
            handing=peers.outbox,
        ),
        papers=papers,
        held=held,
        revoking=revoking,
        sending=sending,
        keeping=Keeping(ctx, sending),
        handover=Handover(ctx, statements=statements, handing=peers.outbox),
        views=Views(
            ctx,
            statements=statements,
            held=held,
            admission=admission,
            vault=vault,
            hmac=hmac,
            reader=peers.reader,
        ),
    )
