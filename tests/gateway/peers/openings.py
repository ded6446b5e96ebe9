"""Openings that a member of a test network made: a promise that its ANCHOR key signed."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from ledger.chain.keys.signers import LocalSigner
from ledger.core.keys import Purpose
from ledger.core.opening import Opening, Promised
from ledger.core.promise import digest
from tests.core import statements
from tests.support.peers import Network


def opening(
    network: Network, member: str, *, signer: LocalSigner | None = None, **changes: Any
) -> Opening:
    """A new one each time. signer: in place of the member's key."""
    chain = network.chain
    now = network[member].node.ctx.clock.seconds()
    values: dict[str, Any] = {
        "at": now,
        "iss": member,
        "log": chain.log_id(member),
        "salt": os.urandom(32),
    }
    unsigned = statements.promised(statements.statement(**values | changes))
    assert unsigned.promised is not None
    promise = unsigned.promised.promise
    signed = digest(
        chain_id=chain.file.chain_id,
        log_anchor=chain.deployment.log_anchor,
        member=member,
        log=promise.log,
        leaves_root=promise.leaves_root,
        count=promise.count,
        issued_at=promise.issued_at,
        due=promise.due,
    )
    key = signer or chain.keys[member, Purpose.ANCHOR]
    promise = replace(promise, signature=key.sign_digest(signed))
    found = unsigned.promised
    proof = Promised(index=found.index, path=found.path, promise=promise)
    return replace(unsigned, proof=proof)
