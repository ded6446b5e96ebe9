"""Cosignatures: check 26. Anybody can append one, so what it leaves open comes after all else."""

from functools import partial
from typing import Any

from ledger.core.canonical import b64_decode, b64_encode
from ledger.core.keys import Purpose
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import OTHER_SUBJECT, Bench, Made, Record
from scripts.conformance_parts.keyed import stolen
from scripts.conformance_parts.keys import Key
from scripts.conformance_parts.receipts import Sound, cosigned

AT = w.T + w.HOUR
LINE: dict[str, Any] = {"check": "witnesses", "code": "witness-not-verified"}


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    _lines(b, true.plain)
    _of_facts(b)
    _beside(b, true.plain)


def _signed(b: Bench, plain: Record, key: Key, member: str, time: int = AT) -> bytes:
    """A receipt with a line of this key, in the name of this member."""
    size = b.anchor_of(plain)["size"]
    line = evidence.witness_line(plain.log.body(size), key, member, time)
    return b.receipt(plain, checkpoint=plain.log.checkpoint(size, line))


def _broken(b: Bench, plain: Record) -> bytes:
    """One with a line whose last bit is another."""
    head, _, line = cosigned(b, plain, w.OTHER).rstrip("\n").rpartition(" ")
    blob = bytearray(b64_decode(line))
    blob[-1] ^= 1
    return b.receipt(plain, checkpoint=f"{head} {b64_encode(bytes(blob))}\n")


def _add(b: Bench, name: str, verdict: str, made: Made | str, **more: Any) -> None:
    b.add(f"witness/{name}", made, verdict, **{"facts": "wide", **more})


def _lines(b: Bench, plain: Record) -> None:
    add, signed = partial(_add, b), partial(partial, _signed, b, plain)
    one = signed(w.OTHER_WITNESS, w.OTHER)
    add("one", "valid", one)
    add(
        "too-few",
        "undetermined",
        "witness/one",
        ask={"witnesses": 2},
        check="witnesses",
        code="witnesses-too-few",
    )
    add(
        "none",
        "undetermined",
        "receipt/whole",
        ask={"witnesses": 1},
        check="witnesses",
        code="witnesses-too-few",
    )
    for name, made in (
        ("signature-that-does-not-hold", partial(_broken, b, plain)),
        ("of-nobody", signed(w.STRANGER_ED, "999999")),
        ("of-another-s-key", signed(w.THIRD_WITNESS, w.OTHER)),
        ("of-the-owner", signed(w.NOTE, w.OWNER)),
        ("of-a-key-for-something-else", signed(w.OTHER_NOTE, w.OTHER)),
        ("more-than-a-minute-ahead", signed(w.OTHER_WITNESS, w.OTHER, w.HEAD + 61)),
        ("before-its-key", signed(w.OTHER_WITNESS, w.OTHER, 1_789_999_999)),
    ):
        add(name, "undetermined", made, **LINE)
    add("a-minute-ahead", "valid", signed(w.OTHER_WITNESS, w.OTHER, w.HEAD + 60))


def _beside(b: Bench, plain: Record) -> None:
    add, signed = partial(_add, b), partial(partial, _signed, b, plain)
    broken = partial(_broken, b, plain)
    add("hides-no-act", "withdrawn", broken, facts="withdrawn", check="status")
    add(
        "hides-no-other-subject",
        "other-subject",
        "witness/signature-that-does-not-hold",
        ask={"subject": OTHER_SUBJECT},
        check="subject",
    )
    day = w.day(w.T)
    late = w.end_of(day)
    add(
        "behind-that-day",
        "undetermined",
        signed(w.OTHER_WITNESS, w.OTHER, late),
        ask={"asOf": day},
        now="valid",
        **LINE,
    )
    add(
        "in-the-last-second-of-that-day",
        "valid",
        signed(w.OTHER_WITNESS, w.OTHER, late - 1),
        ask={"asOf": day},
        now="valid",
    )


def _of_facts(b: Bench) -> None:
    def key(**changes: Any) -> w.Change:
        return w.with_key(w.OTHER_WITNESS, **changes)

    def status(code: int) -> w.Change:
        return w.with_row("members", lambda one: one["code"] == w.OTHER, status=code)

    for name, verdict, facts in (
        ("suspended", "undetermined", {"members": status(2)}),
        ("retired", "undetermined", {"members": status(3)}),
        ("not-final", "undetermined", {"keys": key(block=191)}),
        ("of-p-256", "undetermined", {"keys": key(alg=3)}),
        ("of-a-key-registered-for-notes", "undetermined", {"keys": key(purpose=int(Purpose.NOTE))}),
        ("stolen-by-then", "undetermined", {"keys": key(**stolen(AT))}),
        ("stolen-later", "valid", {"keys": key(**stolen(AT + 1))}),
        ("ended", "valid", {"keys": key(notAfter=AT)}),
        ("ended-before", "undetermined", {"keys": key(notAfter=AT - 1)}),
    ):
        made = b.facts(f"witness-{name}", b.reason(f"witness/{name}")["en"], "wide", **facts)
        why = LINE if verdict != "valid" else {}
        b.add(f"witness/{name}", "witness/one", verdict, facts=made, **why)
