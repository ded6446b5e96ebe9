"""Statements and openings: that it is this member's, anchored or promised. Checks 27 and 28."""

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ledger.core import canonical, eip712, merkle
from ledger.core.canonical import b64u_encode
from ledger.core.ids import Digest, bytes32_ascii
from ledger.core.status import Action
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.acted import Step, acts
from scripts.conformance_parts.bench import SUBJECT, Bench, Record, file
from scripts.conformance_parts.evidence import jcs
from scripts.conformance_parts.keyed import stolen
from scripts.conformance_parts.keys import Key, seed
from scripts.conformance_parts.receipts import Sound

ISSUED = w.HEAD - w.HOUR
"""When a promise was given."""
DUE = ISSUED + 30 * w.HOUR
OPEN, MISMATCH = "undetermined", "proof-mismatch"


def dummy(b: Bench, label: str, **changes: Any) -> dict[str, Any]:
    """A statement that says nothing. changes: None: left out."""
    said = {
        "_type": "credit-ledger/dummy@1",
        "at": w.instant(w.T - w.HOUR),
        "iss": w.OWNER,
        "log": b.many.id,
        "salt": b64u_encode(seed(label)),
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def step(b: Bench, record: Record, **changes: Any) -> dict[str, Any]:
    """The first step of a case: an objection."""
    case = {
        **{
            "act": "file-objection",
            "authority": SUBJECT,
            "basis": None,
            "case": seed("case").hex(),
        },
        **{"channel": "desk", "class": None, "day": None, "docs": [], "nationalNo": None},
        **{"note": "合成样例", "prev": None, "pushed": None, "received": "2026-11-17"},
        **{"record": record.id, "role": "unit:officer-1", "step": 1},
    }
    return {**dummy(b, "case", _type="credit-ledger/case@1"), **case, **changes}


def build(b: Bench, true: Sound) -> None:
    """All cases of the groups."""
    _statements(b, true)
    _asked(b)
    _statement_forms(b)
    _openings(b, true)
    _promises(b)
    _promisers(b)
    _promise_forms(b)


def _statements(b: Bench, true: Sound) -> None:
    said = dummy(b, "statement")
    sent = b.statement(said)
    other = dummy(b, "another statement")

    def add(name: str, beside: Callable[[], bytes], verdict: str, **more: Any) -> None:
        receipt = more.pop("receipt", lambda: file(b.value(sent)))
        b.add(f"statement/{name}", receipt, verdict, kind="statement", statement=beside, **more)

    def good() -> bytes:
        return jcs(said)

    add("anchored", good, "valid")
    add("another", lambda: jcs(other), MISMATCH, check="statement")
    add(
        "beside-a-record",
        good,
        MISMATCH,
        receipt=lambda: file(b.value(true.plain)),
        check="statement",
    )
    foreign = dummy(b, "of another log", log=b.second.id)
    logged = b.statement(foreign)
    add(
        "of-another-log",
        lambda: jcs(foreign),
        MISMATCH,
        receipt=lambda: file(b.value(logged)),
        check="statement",
    )
    claimed = dummy(b, "of another member", iss=w.OTHER)
    theirs = b.statement(claimed)
    add(
        "of-another-member",
        lambda: jcs(claimed),
        MISMATCH,
        receipt=lambda: file(b.value(theirs)),
        code="issuer-differs",
    )
    add(
        "of-a-receipt-that-is-none",
        good,
        "malformed",
        receipt=lambda: file(b.value(sent))[:-1],
        check="format",
    )
    add(
        "of-a-stolen-anchor",
        good,
        "key-disputed",
        facts="anchor-key-stolen-at-the-anchor",
        check="anchor-key",
    )
    _alone(b, sent)


def _alone(b: Bench, sent: Record) -> None:
    """The receipt of a statement, judged as if it were a record's."""
    b.add(
        "statement/judged-as-a-record-of-a-type",
        lambda: file(b.value(sent)),
        "other-subject",
        ask={"type": "sample-penalty"},
        code="type-differs",
    )
    note = "Its owner acted on the statement as if it were a record."
    closed = b.facts("statement-acted-on", note, "wide", **acts(sent, Step(Action.WITHDRAW)))
    for kind, name, verdict in (
        ("receipt", "judged-as-a-record-that-was-withdrawn", "withdrawn"),
        ("statement", "that-its-owner-acted-on", "valid"),
    ):
        beside = (lambda: jcs(dummy(b, "statement"))) if kind == "statement" else None
        b.add(
            f"statement/{name}",
            lambda: file(b.value(sent)),
            verdict,
            kind=kind,
            statement=beside,
            facts=closed,
            check="status" if kind == "receipt" else None,
        )
    b.add(
        "statement/judged-as-a-record", lambda: file(b.value(sent)), "anchored", code="not-a-record"
    )


def _asked(b: Bench) -> None:
    """What can be asked of a statement."""

    def add(name: str, receipt: str, verdict: str, **more: Any) -> None:
        beside = partial(jcs, dummy(b, "statement"))
        b.add(f"statement/{name}", receipt, verdict, kind="statement", statement=beside, **more)

    add("of-the-member-asked-for", "statement/anchored", "valid", ask={"issuer": w.OWNER})
    add(
        "of-another-member-than-asked-for",
        "statement/anchored",
        "other-subject",
        ask={"issuer": w.OTHER},
        code="statement-issuer-not-asked",
    )
    for name, ask in (
        ("subject", {"subject": SUBJECT}),
        ("type", {"type": "sample-penalty"}),
        ("audience", {"audience": w.BANK}),
        ("day", {"asOf": w.day(w.HEAD)}),
        ("witnesses", {"witnesses": 1}),
    ):
        add(
            f"asked-for-{name}",
            "statement/anchored",
            "other-subject",
            ask=ask,
            now="other-subject" if name == "day" else None,
            code="only-of-records",
        )


def _statement_forms(b: Bench) -> None:
    """Beside a receipt that is good."""
    said = dummy(b, "statement")

    def good() -> bytes:
        return jcs(said)

    changes: tuple[tuple[str, Callable[[], bytes], str], ...] = (
        ("with-a-newline", lambda: good() + b"\n", "malformed"),
        ("with-white-space", lambda: good().replace(b",", b", "), "malformed"),
        ("with-more", lambda: jcs({**said, "note": ""}), "malformed"),
        ("without-its-salt", lambda: jcs(dummy(b, "statement", salt=None)), "malformed"),
        ("with-a-short-salt", lambda: jcs({**said, "salt": "AAAA"}), "malformed"),
        ("of-no-sort", lambda: jcs({**said, "_type": "credit-ledger/rumour@1"}), "malformed"),
        ("of-version-2", lambda: jcs({**said, "_type": "credit-ledger/dummy@2"}), OPEN),
        ("of-version-2-without-its-salt", lambda: jcs({"_type": "credit-ledger/dummy@2"}), OPEN),
        ("of-version-2-and-no-sort-of-now", lambda: jcs({"_type": "credit-ledger/news@2"}), OPEN),
    )
    for name, change, verdict in changes:
        b.add(
            f"statement/{name}",
            "statement/anchored",
            verdict,
            kind="statement",
            statement=change,
            check="format",
        )


def opening(said: Mapping[str, Any], receipt: dict[str, Any]) -> bytes:
    """An opening with a receipt."""
    value = {"_type": "credit-ledger/opening@1", "receipt": receipt, "statement": dict(said)}
    return jcs(value)


def _openings(b: Bench, true: Sound) -> None:
    said = step(b, true.plain)
    sent = b.statement(said)

    def add(name: str, make: Callable[[], bytes], verdict: str, **m: Any) -> None:
        b.add(f"opening/{name}", make, verdict, kind="opening", **m)

    def changed(**changes: Any) -> Callable[[], bytes]:
        """Of a step that has these members in place of its own, and was logged so."""
        other = step(b, true.plain, **changes)
        logged = b.statement(other)
        return lambda: opening(other, b.value(logged))

    def good() -> bytes:
        return opening(said, b.value(sent))

    add("anchored", good, "valid")
    add(
        "put-together-of-two",
        lambda: opening(dummy(b, "statement"), b.value(sent)),
        MISMATCH,
        check="statement",
    )
    add(
        "with-a-presentation",
        lambda: opening(said, _with_presentation(b, true.plain)),
        "malformed",
        check="format",
    )
    add("with-a-newline", lambda: good() + b"\n", "malformed", check="format")
    line = evidence.signature_line("somebody.example/log", seed("line", 76))

    def noted(**changes: Any) -> bytes:
        """With a line that is not known. changes: of the step."""
        held = b.value(sent)
        return opening({**said, **changes}, {**held, "checkpoint": held["checkpoint"] + line})

    add("with-a-line-of-another-name", noted, OPEN, code="version-unknown")
    broken = partial(noted, note=None)
    add("malformed-beside-a-line-of-another-name", broken, "malformed", check="format")
    later = {"_type": "credit-ledger/case@2"}
    for name, inner in (
        ("of-a-statement-of-version-2", {"statement": later}),
        ("of-a-receipt-of-version-2-alone", {"receipt": {"_type": "credit-ledger/receipt@2"}}),
    ):
        made = partial(lambda inner: jcs({**_parsed(good()), **inner}), inner)
        add(name, made, OPEN, code="version-unknown")
    add(
        "with-both-proofs",
        lambda: jcs({**_parsed(good()), "entry": sent.entry}),
        "malformed",
        check="format",
    )
    add(
        "of-version-2",
        lambda: good().replace(b"opening@1", b"opening@2"),
        OPEN,
        code="version-unknown",
    )
    add(
        "of-a-receipt-of-version-2",
        lambda: good().replace(b"receipt@1", b"receipt@2"),
        OPEN,
        code="version-unknown",
    )
    for name, changes in (
        ("step-1-with-a-prev", {"prev": "00" * 32}),
        ("step-2-without-a-prev", {"step": 2}),
        ("null-where-it-may-not-be", {"note": None}),
        ("note-too-long", {"note": "长" * 2001}),
        ("authority-in-small-letters", {"authority": SUBJECT.lower()}),
    ):
        add(name, changed(**changes), "malformed", check="format")


def _parsed(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = canonical.parse(data, allow_null=True)
    return found


def _with_presentation(b: Bench, record: Record) -> dict[str, Any]:
    shown = evidence.presentation(record.payload, [record.shown["P_CODE"]], w.PRESENT, ISSUED)
    return b.value(record, presentation=shown)


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
