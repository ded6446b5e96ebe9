"""Whether a promise can be made now."""

from __future__ import annotations

from gateway.anchoring.progress import unanchored
from gateway.base.context import Context
from gateway.base.errors import NotReady
from gateway.chain.interfaces import MemberFacts
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.chain.watched import demand_signer
from gateway.intake.rules import rules_in_force
from gateway.log.store import is_unproven
from ledger.core.keys import Role


def ready_facts(
    ctx: Context, chain: ChainView, signing: Signing, at: int
) -> tuple[MemberFacts, bytes]:
    """The chain as last read and the log that takes entries; NotReady says what is missing.

    at: Unix seconds. A promise nobody could keep, or whose records nobody would accept, is not
    made: the log must be sound, open and compared with the chain since it was restored, the member
    active, rules of publicity in force that we hold, our ANCHOR and NOTE keys registered and valid,
    and the anchorer not too far behind. A member that is no province gets past this: each of its
    rows is refused by itself.
    """
    facts, log_id = promising(ctx, chain, signing, at)
    demand_room(ctx, log_id)
    return facts, log_id


def ready_log(
    ctx: Context, chain: ChainView, signing: Signing, at: int
) -> tuple[MemberFacts, bytes]:
    """The same for entries that are no records: rules of publicity are not asked for."""
    facts, log_id = _growing(ctx, chain, signing, at)
    demand_room(ctx, log_id)
    return facts, log_id


def promising(
    ctx: Context, chain: ChainView, signing: Signing, at: int
) -> tuple[MemberFacts, bytes]:
    """The same without a look into the database: for a set that was begun, which must not be
    promised after what happened meanwhile."""
    facts, log_id = _growing(ctx, chain, signing, at)
    if facts.roles & Role.PROVINCE and rules_in_force(facts, at, ctx.schemas) is None:
        raise NotReady("rules-not-in-force", retry_after=60)
    return facts, log_id


def demand_room(ctx: Context, log_id: bytes) -> int:
    """How many more may be promised, at least 0, as the database says. Raises NotReady where the
    log may lack what the chain has of it, or too many wait."""
    with ctx.engine.connect() as connection:
        if is_unproven(connection, log_id):
            raise NotReady("log-unproven")
        left = ctx.settings.log.max_unanchored - unanchored(connection)
    if left < 0:
        raise NotReady("too-many-unanchored", retry_after=10)
    return left


def _growing(
    ctx: Context, chain: ChainView, signing: Signing, at: int
) -> tuple[MemberFacts, bytes]:
    """The chain as last read, and the log that takes entries whose promises we can sign."""
    facts = chain.known
    if facts is None:
        raise NotReady("chain-unknown")
    if not facts.active:
        raise NotReady("member-suspended", retry_after=60)
    log_id = facts.open_log
    if log_id is None:
        raise NotReady("no-open-log", retry_after=60)
    health = ctx.health.of(log_id)  # of this log alone: closed ones hinder nobody
    if health is not None and health.fault is not None:
        raise NotReady("log-fault", retry_after=60, more=health.explain())
    for signer in (signing.promise_key(facts, at), signing.note_key()):
        demand_signer(ctx.health, signer.key_id)
    return facts, log_id
