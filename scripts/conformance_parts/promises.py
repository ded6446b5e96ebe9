"""Openings that have a promise alone: check 28."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from ledger.core import eip712, merkle
from ledger.core.ids import Digest, bytes32_ascii
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import SUBJECT, Bench
from scripts.conformance_parts.evidence import jcs
from scripts.conformance_parts.keyed import stolen
from scripts.conformance_parts.keys import Key, seed
from scripts.conformance_parts.said import ISSUED, MISMATCH, OPEN, dummy

DUE = ISSUED + 30 * w.HOUR


def build(b: Bench) -> None:
    """All cases of the group."""
    _promises(b)
    _promisers(b)
    _promise_forms(b)


def promise(
    b: Bench,
    leaves: list[bytes],
    *,
    key: Key = w.ANCHOR,
    member: str = w.OWNER,
    contract: str = w.ANCHORS,
    issued: int = ISSUED,
    due: int = DUE,
    log: str | None = None,
) -> dict[str, Any]:
    """A promise of these leaves."""
    root, of = merkle.root([Digest(leaf) for leaf in leaves]), log or b.many.id
    values: dict[str, eip712.Value] = {
        "member": bytes32_ascii(member),
        "logId": bytes.fromhex(of),
        "leavesRoot": root,
        "count": len(leaves),
        "issuedAt": issued,
        "due": due,
    }
    domain = eip712.domain("LogAnchor", w.CHAIN_ID, contract)
    signature = key.sign_digest(eip712.digest(domain, "Promise", values))
    return {
        "_type": "credit-ledger/promise@1",
        "count": len(leaves),
        "due": w.instant(due),
        "issuedAt": w.instant(issued),
        "leavesRoot": root.hex(),
        "log": of,
        "signature": "0x" + signature.hex(),
    }


def promised(b: Bench, **changes: Any) -> dict[str, Any]:
    """An opening with a promise, as an object. changes: as of `promise`; said: the statement;
    and of `index`, `path`, `held`: members in place of their own."""
    said = changes.pop("said", None) or dummy(b, "promised", at=w.instant(ISSUED))
    inner = {name: changes.pop(name) for name in ("index", "path") if name in changes}
    held = changes.pop("held", {})
    entry = {
        "_type": "credit-ledger/entry@1",
        "commitment": hashlib.sha256(jcs(said)).hexdigest(),
        "kind": "statement",
        "log": said["log"],
        "suite": "sha256",
    }
    leaves = [seed(f"leaf {n}") for n in range(4)]
    leaves.insert(2, merkle.leaf_hash(jcs(entry)))
    path = merkle.inclusion_path([Digest(leaf) for leaf in leaves], 2)
    made = {**promise(b, leaves, **changes), **held}
    return {
        "_type": "credit-ledger/opening@1",
        "entry": entry,
        "promise": {"index": 2, "path": [p.hex() for p in path], "promise": made, **inner},
        "statement": said,
    }


def _promise(b: Bench, name: str, verdict: str, code: str, **changes: Any) -> None:
    """A case of a promise. changes: facts, ask, or as of `promised`."""
    facts, ask = changes.pop("facts", "world"), changes.pop("ask", None)
    b.add(
        f"promise/{name}",
        lambda: jcs(promised(b, **changes)),
        verdict,
        kind="opening",
        facts=facts,
        ask=ask,
        code=code,
    )


def _promises(b: Bench) -> None:
    add = partial(_promise, b)
    add("that-counts", OPEN, "promised-only")
    add("due-now", OPEN, "promised-only", due=w.NOW)
    add("overdue", OPEN, "promise-overdue", due=w.NOW - 1)
    add("of-somebody-s-key", MISMATCH, "promise-not-signed", key=w.STRANGER_K)
    add("of-a-key-for-something-else", MISMATCH, "promise-not-signed", key=w.CASE, facts="wide")
    add("in-the-name-of-another", MISMATCH, "promise-not-signed", member=w.OTHER)
    add("for-another-contract", MISMATCH, "promise-not-signed", contract="0x" + "ab" * 20)
    both = b.facts(
        "promise-two-contracts",
        "Two contracts were LogAnchor, one behind the other.",
        contracts=lambda world: {
            **world["contracts"],
            "LogAnchor": [w.held(w.OLD_ANCHORS), w.held(w.ANCHORS, w.T - w.DAY)],
        },
    )
    add("for-the-contract-before", OPEN, "promised-only", contract=w.OLD_ANCHORS, facts=both)
    add("from-the-future", OPEN, "promise-in-future", issued=w.NOW + 61, due=w.NOW + w.HOUR)
    note = "The ANCHOR key is not registered."
    newer = b.facts("promise-key-unknown", note, keys=w.without_key(w.ANCHOR))
    add(
        "newer-than-the-head",
        OPEN,
        "promise-newer-than-head",
        issued=w.HEAD + 10,
        due=w.HEAD + w.HOUR,
        facts=newer,
    )
    add("of-a-key-that-is-not-there", MISMATCH, "promise-not-signed", facts=newer)


def _promisers(b: Bench) -> None:
    """Whose key it was, and how far the log goes."""
    add = partial(_promise, b)
    for name, verdict, code, changes in (
        ("before-its-key", "key-not-valid-at", "promise-key-not-valid", {"notBefore": ISSUED + 1}),
        ("behind-its-key", "key-not-valid-at", "promise-key-not-valid", {"notAfter": ISSUED - 1}),
        ("of-a-stolen-key", "key-disputed", "promise-key-disputed", stolen(ISSUED, 199)),
        ("of-a-key-stolen-later", OPEN, "promised-only", stolen(ISSUED + 1, 199)),
        ("of-a-key-not-final", "not-final", "key-not-final", {"block": 191}),
    ):
        keys, note = w.with_key(w.ANCHOR, **changes), b.reason(f"promise/{name}")["en"]
        add(name, verdict, code, facts=b.facts(f"promise-{name}", note, keys=keys))
    closed = b.facts(
        "promise-log-closed",
        "The log is closed.",
        logs=w.with_row(
            "logs",
            lambda log: log["owner"] == w.OWNER,
            status=2,
            trustedSize=10**6,
            closedAt=w.HEAD - 60,
        ),
    )
    add("of-a-closed-log", OPEN, "promise-log-closed", facts=closed)
    add("of-an-unknown-log", "unknown-issuer", "log-unknown", facts="issuer-log-unknown")
    add("unread", OPEN, "no-node", facts="chain-unread-no-node")
    add("asked-for-a-subject", "other-subject", "only-of-records", ask={"subject": SUBJECT})
    add(
        "of-another-member-s-statement",
        MISMATCH,
        "issuer-differs",
        said=dummy(b, "promised", iss=w.OTHER),
    )


def _promise_forms(b: Bench) -> None:
    add = partial(_promise, b)
    wrong = "promise-mismatch"
    add("path-of-another-leaf", MISMATCH, wrong, index=3)
    add("path-too-short", MISMATCH, wrong, path=[])
    add("root-changed", MISMATCH, wrong, held={"leavesRoot": seed("x").hex()})
    add("of-another-log", MISMATCH, wrong, log=b.second.id)
    add("put-off", MISMATCH, "promise-not-signed", held={"due": w.instant(DUE + w.HOUR)})
    for name, held in (
        ("of-more-than-72-hours", {"due": w.instant(ISSUED + 72 * w.HOUR + 1)}),
        ("due-before-it-was-given", {"due": w.instant(ISSUED - 1)}),
        ("of-nothing", {"count": 0}),
        ("of-too-many", {"count": 4097}),
        ("signed-in-64-bytes", {"signature": "0x" + "11" * 64}),
        ("with-more", {"index": 2}),
    ):
        add(name, "malformed", "statement-malformed", held=held)
    b.add(
        "promise/in-a-part-of-version-2",
        lambda: jcs({**promised(b), "promise": {"_type": "credit-ledger/promise@2"}}),
        OPEN,
        kind="opening",
        code="version-unknown",
    )
    for name, held in (("of-version-2", {"_type": "credit-ledger/promise@2"}),):
        add(name, OPEN, "version-unknown", held=held)
    for name, turn in (
        ("with-v-of-0", lambda raw: raw[:64] + bytes([raw[64] - 27])),
        ("with-the-higher-s", _high),
    ):

        def make(turn: Callable[[bytes], bytes] = turn) -> bytes:
            value = promised(b)
            made = value["promise"]["promise"]
            raw = bytes.fromhex(made["signature"][2:])
            made["signature"] = "0x" + turn(raw).hex()
            return jcs(value)

        b.add(f"promise/{name}", make, MISMATCH, kind="opening", code="promise-not-signed")


def _high(raw: bytes) -> bytes:
    """The same signature with the other s."""
    order = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
    s = order - int.from_bytes(raw[32:64], "big")
    return raw[:32] + s.to_bytes(32, "big") + bytes([55 - raw[64]])
