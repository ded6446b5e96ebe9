"""Openings that a member of a test network made: a promise that its ANCHOR key signed."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from ledger.chain.keys.signers import DigestSigner
from ledger.core.ids import RecordId
from ledger.core.keys import Purpose
from ledger.core.opening import Opening, Promised
from ledger.core.promise import digest
from ledger.core.statement import Statement
from tests.core import statements
from tests.support.peers import Network


def opening(
    network: Network,
    member: str,
    *,
    signer: DigestSigner | None = None,
    replaces: RecordId | None = None,
    **changes: Any,
) -> Opening:
    """A new one each time. signer: in place of the member's key. replaces: of its entry."""
    chain = network.chain
    values: dict[str, Any] = {
        "at": network[member].node.ctx.clock.seconds(),
        "iss": member,
        "log": chain.log_id(member),
        "salt": os.urandom(32),
    }
    return signed_by(
        signer or chain.keys[member, Purpose.ANCHOR],
        statements.statement(**values | changes),
        member=member,
        chain_id=chain.file.chain_id,
        log_anchor=chain.deployment.log_anchor,
        replaces=replaces,
    )


def signed_by(
    signer: DigestSigner,
    made: Statement,
    *,
    member: str,
    chain_id: int,
    log_anchor: str,
    replaces: RecordId | None = None,
) -> Opening:
    """The opening of a statement, promised with this key."""
    unsigned = statements.promised(made, replaces=replaces)
    found = unsigned.promised
    assert found is not None
    signed = digest(
        chain_id=chain_id,
        log_anchor=log_anchor,
        member=member,
        log=found.promise.log,
        leaves_root=found.promise.leaves_root,
        count=found.promise.count,
        issued_at=found.promise.issued_at,
        due=found.promise.due,
    )
    promise = replace(found.promise, signature=signer.sign_digest(signed))
    proof = Promised(index=found.index, path=found.path, promise=promise)
    return replace(unsigned, proof=proof)


def later(shown: Opening, seconds: int) -> Opening:
    """The same with a receipt as of an anchor that was set so much later."""
    held = shown.receipt
    assert held is not None
    anchor = replace(held.anchor, time=held.anchor.time + seconds)
    return replace(shown, proof=replace(held, anchor=anchor))
