"""Whether a promise can be made now."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.anchoring.models import anchors
from gateway.chain.interfaces import ChainFacts
from gateway.chain.signing import note_key
from gateway.intake.errors import NotReady
from gateway.intake.rules import rules_in_force
from gateway.log.models import entries, logs, pending
from gateway.node import Node
from ledger.chain.keys.signers import DigestSigner
from ledger.core.keys import Purpose, Role

_TAKEN = sa.select(sa.func.max(entries.c.id))
_NEWEST = (
    sa.select(anchors.c.size)
    .where(anchors.c.log == logs.c.id, anchors.c.state == "final")
    .order_by(anchors.c.size.desc())
    .limit(1)
    .scalar_subquery()
)
_WAITING = (
    sa.select(sa.func.sum(pending.c.count))
    .where(pending.c.log == logs.c.id, pending.c.start.is_(None), pending.c.error.is_(None))
    .scalar_subquery()
)
_PROMISED = sa.select(logs.c.log_id, logs.c.size + sa.func.coalesce(_WAITING, 0))
_ANCHORED = sa.select(logs.c.log_id, sa.func.coalesce(_NEWEST, 0))


def ready_facts(node: Node, at: int) -> tuple[ChainFacts, bytes]:
    """The chain as last read and the log that takes entries; NotReady says what is missing.

    at: Unix seconds. A promise nobody could keep, or whose records nobody would accept, is not
    made: the log must be sound and open, the member active, rules of publicity in force that we
    hold, our ANCHOR and NOTE keys registered and valid, and the anchorer not too far behind. A
    member that is no province gets past this: each of its rows is refused by itself.
    """
    facts = node.chain.known
    if facts is None:
        raise NotReady("chain-unknown")
    if node.fault is not None:
        raise NotReady("log-fault", retry_after=60)
    if not facts.active:
        raise NotReady("member-suspended", retry_after=60)
    log_id = facts.open_log
    if log_id is None:
        raise NotReady("no-open-log", retry_after=60)
    if facts.roles & Role.PROVINCE and rules_in_force(facts, at) is None:
        raise NotReady("rules-not-in-force", retry_after=60)
    promise_key(node, facts, at)
    note_key(node)
    with node.engine.connect() as connection:
        if unanchored(connection) > node.settings.log.max_unanchored:
            raise NotReady("too-many-unanchored", retry_after=10)
    return facts, log_id


def promise_key(node: Node, facts: ChainFacts, at: int) -> DigestSigner:
    """The ANCHOR key that signs promises made at `at`: the newest that was valid then. NotReady
    where there is none."""
    valid = {key.key_id for key in facts.keys if key.purpose == Purpose.ANCHOR and key.valid_at(at)}
    keys = node.keys
    for signer in (keys.anchor, *keys.former):
        if signer.key_id.hex() in valid:
            return signer
    raise NotReady("anchor-key-not-valid", retry_after=60)


def unanchored(connection: sa.Connection) -> int:
    """Promised records not yet finally anchored: row numbers of entries have no gaps."""
    taken: int = connection.scalar(_TAKEN) or 0
    return taken - sum(size for _, size in anchored_sizes(connection))


def anchored_sizes(connection: sa.Connection) -> list[tuple[bytes, int]]:
    """(logId, size finally anchored) of every log of this member. Walks the index from its end,
    so it costs the same however many anchors there are."""
    return [(log_id, size) for log_id, size in connection.execute(_ANCHORED)]


def promised_sizes(connection: sa.Connection) -> list[tuple[bytes, int]]:
    """(logId, size once all that is promised so far stands in it) of every log. Whoever waits for a
    record waits until the anchored size has reached what this was after its promise."""
    return [(log_id, int(size)) for log_id, size in connection.execute(_PROMISED)]
