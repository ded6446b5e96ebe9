"""Statements and openings: that it is this member's, anchored or promised. Checks 27 and 28."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ledger.core import canonical
from ledger.core.canonical import b64u_encode
from ledger.core.status import Action
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.acted import Step, acts
from scripts.conformance_parts.bench import SUBJECT, Bench, Record, file
from scripts.conformance_parts.evidence import jcs
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.receipts import Sound

ISSUED = w.HEAD - w.HOUR
"""When a promise was given, or something shown."""
OPEN, MISMATCH = "undetermined", "proof-mismatch"
NEWER: Mapping[str, Any] = {"check": "format", "code": "version-unknown"}


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
    _newer_openings(b, said, sent, true.plain)
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


def _newer_openings(b: Bench, said: dict[str, Any], sent: Record, record: Record) -> None:
    """With something in them that is not known. said, sent: of one that is good. record: any."""

    def add(name: str, make: Callable[[], bytes], verdict: str, **m: Any) -> None:
        b.add(f"opening/{name}", make, verdict, kind="opening", **m)

    line = evidence.signature_line("somebody.example/log", seed("line", 76))

    def noted(**changes: Any) -> bytes:
        """With a line that is not known. changes: of the step."""
        held = b.value(sent)
        return opening({**said, **changes}, {**held, "checkpoint": held["checkpoint"] + line})

    add("with-a-line-of-another-name", noted, OPEN, code="version-unknown")
    broken = partial(noted, note=None)
    add("malformed-beside-a-line-of-another-name", broken, "malformed", check="format")

    def by_a_later_type() -> bytes:
        """Malformed, and the owner's own line of a type that is not known."""
        held = b.value(sent)
        own = evidence.signature_line(f"credit-ledger/{sent.log.id}", seed("long", 4 + 65))
        note = f"{sent.log.body(held['size'])}\n{own}"
        return opening({**said, "note": None}, {**held, "checkpoint": note})

    add("malformed-beside-an-owner-s-line-of-a-later-type", by_a_later_type, OPEN, **NEWER)
    for alg, verdict in (("SM2", OPEN), ("ES256", "malformed")):
        shown = partial(_with_presentation, b, record, alg=alg)
        made = partial(lambda shown: opening(said, shown()), shown)
        add(f"with-a-presentation-by-{alg.lower()}", made, verdict, check="format")
    later = {"_type": "credit-ledger/case@2"}
    for name, inner in (
        ("of-a-statement-of-version-2", {"statement": later}),
        ("of-a-receipt-of-version-2-alone", {"receipt": {"_type": "credit-ledger/receipt@2"}}),
    ):
        made = partial(lambda inner: jcs({**_parsed(opening(said, b.value(sent))), **inner}), inner)
        add(name, made, OPEN, code="version-unknown")


def _parsed(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = canonical.parse(data, allow_null=True)
    return found


def _with_presentation(b: Bench, record: Record, **header: Any) -> dict[str, Any]:
    fields = [record.shown["P_CODE"]]
    shown = evidence.presentation(record.payload, fields, w.PRESENT, ISSUED, header)
    return b.value(record, presentation=shown)
