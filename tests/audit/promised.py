"""Promises that members sign in tests, and the answers in which people keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from ledger.chain.keys.signers import LocalSigner
from ledger.core import merkle, promise
from ledger.core.ids import Digest
from ledger.core.keys import Purpose
from ledger.core.promise import Promise
from tests.support.ledger import MemberLog

HOUR = 3600


def promise_of(
    log: MemberLog,
    leaves: Sequence[Digest],
    *,
    issued: int | None = None,
    due_in: int = HOUR,
    signer: LocalSigner | None = None,
    **changes: Any,
) -> Promise:
    """A promise over these leaves. changes: of what is signed."""
    network = log.network
    at = network.anvil.head_time() if issued is None else issued
    terms: dict[str, Any] = {
        **{"log": log.log_id, "leaves_root": merkle.root(leaves), "count": len(leaves)},
        **{"issued_at": at, "due": at + due_in},
    }
    signed = promise.digest(
        chain_id=network.file.chain_id,
        log_anchor=network.deployment.log_anchor,
        member=log.member,
        **terms | changes,
    )
    key = signer or log.key(Purpose.ANCHOR)
    return Promise(signature=key.sign_digest(signed), **terms)


def rows(leaves: Sequence[Digest], place: int = 0) -> list[dict[str, Any]]:
    """Answers to accepted rows, and one to a row that was not."""
    taken = [
        {"row": at, "verdict": "accepted", "leaf": leaf.hex(), "promise": place}
        for at, leaf in enumerate(leaves)
    ]
    return [*taken, {"row": 99, "verdict": "rejected", "leaf": None, "promise": None}]


def of_file(made: Promise, leaves: Sequence[Digest]) -> bytes:
    """The answer to a file."""
    return orjson.dumps(
        {
            "_type": "credit-ledger/file-answer@1",
            "promises": [made.to_json()],
            "verdicts": rows(leaves),
        }
    )


def of_lines(made: Promise, leaves: Sequence[Digest]) -> bytes:
    """The answer to lines of records."""
    lines = [*rows(leaves), {"promise": made.to_json()}, {"counts": {"accepted": len(leaves)}}]
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def of_one(made: Promise, leaves: Sequence[Digest], at: int = 0, **more: Any) -> bytes:
    """The answer to one record. more: members that are other, None: not there."""
    path = [step.hex() for step in merkle.inclusion_path(leaves, at)]
    value = {
        **{"verdict": "accepted", "leaf": leaves[at].hex(), "promise": made.to_json()},
        **{"index": at, "path": path},
        **more,
    }
    return orjson.dumps({name: one for name, one in value.items() if one is not None})
