"""The exchange of one gateway, put together."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.accesses.services import AccessLog
from gateway.base.context import Context
from gateway.base.crypto import Vault
from gateway.base.metrics import TIMEOUTS
from gateway.chain.notes import tell
from gateway.chain.signing import Signing
from gateway.chain.verifiers import Verifiers
from gateway.chain.view import ChainView
from gateway.peers.admission import Admission
from gateway.peers.client import Peers
from gateway.peers.directory import Directory
from gateway.peers.judging import Judge
from gateway.peers.messages import Messages
from gateway.peers.outbox import MessageOutbox
from gateway.peers.services import Exchange
from gateway.receipts.services import Receipts
from ledger.chain.nodes.order import HURRY_SECONDS
from ledger.chain.nodes.quorum import QuorumReader

PATIENCE_SECONDS = 5.0
"""For so long a call is asked again that a chain node refuses for the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerParts:
    """reader: the chain as it is now, and no older head. directory: the other members. judge: what
    receipts and openings are worth. verifiers: what whole files of others are worth. admission:
    whose a request is. exchange, messages: what they are answered. asking: them, by us. outbox:
    what waits to be sent to them."""

    reader: QuorumReader
    directory: Directory
    judge: Judge
    verifiers: Verifiers
    admission: Admission
    exchange: Exchange
    messages: Messages
    asking: Peers
    outbox: MessageOutbox

    def close(self) -> None:
        """Drop the connections."""
        self.directory.close()
        self.asking.close()
        self.verifiers.close()


def make_parts(
    ctx: Context,
    chain: ChainView,
    signing: Signing,
    *,
    vault: Vault,
    receipts: Receipts,
    accesses: AccessLog,
) -> PeerParts:
    """Put them together."""
    reader, judge = _reader(ctx), Judge(ctx)
    directory = Directory(reader, ctx.clock)
    code = ctx.settings.node.code
    return PeerParts(
        reader=reader,
        directory=directory,
        judge=judge,
        verifiers=Verifiers(ctx),
        admission=Admission(code=code, engine=ctx.engine, directory=directory, clock=ctx.clock),
        exchange=Exchange(ctx, vault=vault, receipts=receipts, accesses=accesses),
        messages=Messages(ctx, vault=vault, chain=chain, directory=directory),
        asking=Peers(
            code=code,
            clock=ctx.clock,
            signing=signing,
            directory=directory,
            judge=judge,
            production=ctx.settings.env == "production",
            private_networks=ctx.settings.exchange.networks,
        ),
        outbox=MessageOutbox(ctx.engine, vault),
    )


def _reader(ctx: Context) -> QuorumReader:
    """Make what reads who may ask now: an old head would let keys that were revoked go on."""
    return QuorumReader(
        ctx.network,
        now=ctx.clock.of_chain,
        patience=PATIENCE_SECONDS,
        on_note=tell,
        on_timeout=TIMEOUTS.labels("chain").inc,
        hurry=HURRY_SECONDS,
        development=ctx.settings.env == "development",
    )
