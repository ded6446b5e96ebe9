"""Proofs inside a receipt that do not hold: checks 2 to 7."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ledger.core.canonical import b64u_encode
from scripts.conformance_parts import evidence, library
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import OTHER_SUBJECT, SHOWN, Bench, Record, file
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.receipts import Sound

MISMATCH = "proof-mismatch"


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    _networks(b, true)
    _paths(b, true)
    _trees(b, true)
    _disclosures(b, true)
    _slots(b)
    _agreement(b, true)


def flip(text: str, at: int = 0) -> str:
    """Hex with one digit changed."""
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def _networks(b: Bench, true: Sound) -> None:
    plain = true.plain
    other = w.NETWORK[:-1] + ("0" if w.NETWORK[-1] != "0" else "1")
    cases = (
        ("another-consortium", {"network": other}, "other-network", "other-network"),
        (
            "another-chain",
            {"network": w.NETWORK.replace("31337", "31338")},
            "other-network",
            "other-network",
        ),
        ("moved", {"network": w.FORMERLY}, "anchor-moved", "network-moved"),
        ("moved-and-wrong", {"network": w.FORMERLY, "index": 0}, MISMATCH, "inclusion-mismatch"),
    )
    for name, changes, verdict, code in cases:
        b.add(
            f"network/{name}",
            partial(b.receipt, plain, **changes),
            verdict,
            check="inclusion" if code.startswith("inclusion") else "network",
            code=code,
        )


def _paths(b: Bench, true: Sound) -> None:
    plain = true.plain

    def path(change: Callable[[list[str]], list[str]]) -> Callable[[], bytes]:
        def make() -> bytes:
            size = b.anchor_of(plain)["size"]
            return b.receipt(plain, path=change(plain.log.path(plain.index, size)))

        return make

    paths = {
        "path-flipped": path(lambda p: [flip(p[0]), *p[1:]]),
        "path-swapped": path(lambda p: [p[1], p[0], *p[2:]]),
        "path-short": path(lambda p: p[:-1]),
        "path-long": path(lambda p: [*p, "00" * 32]),
        "path-empty": path(lambda p: []),
    }
    for name, make in paths.items():
        b.add(f"proof/{name}", make, MISMATCH, check="inclusion", code="inclusion-mismatch")


def _trees(b: Bench, true: Sound) -> None:
    plain = true.plain

    def value(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[], bytes]:
        return lambda: file(change(b.value(plain)))

    def size() -> int:
        return int(b.anchor_of(plain)["size"])

    def of(log: evidence.Log) -> str:
        return log.checkpoint(len(log.entries))

    def entry(**changes: Any) -> Callable[[], bytes]:
        return value(lambda v: {**v, "entry": {**plain.entry, **changes}})

    cases: tuple[tuple[str, Callable[[], bytes], str], ...] = (
        ("index-of-its-neighbour", value(lambda v: {**v, "index": v["index"] ^ 1}), "inclusion"),
        ("index-at-size", value(lambda v: {**v, "index": v["size"]}), "inclusion"),
        ("size-0", value(lambda v: {**v, "size": 0, "index": 0, "path": []}), "inclusion"),
        ("size-other-than-its-checkpoint", lambda: b.receipt(plain, size=size() - 1), "checkpoint"),
        (
            "checkpoint-of-another-log",
            lambda: b.receipt(plain, checkpoint=of(b.second)),
            "checkpoint",
        ),
        ("entry-changed", entry(timely="no"), "inclusion"),
        ("entry-of-another-log", entry(log=b.second.id), "entry"),
        ("receipt-of-another-log", lambda: b.receipt(plain, log=b.second.id), "entry"),
        ("entry-of-another-record", value(lambda v: {**v, "entry": true.other.entry}), "inclusion"),
    )
    for name, make, check in cases:
        b.add(f"proof/{name}", make, MISMATCH, check=check, code=f"{check}-mismatch")


def _disclosures(b: Bench, true: Sound) -> None:
    plain, other = true.plain, true.other

    def shown(change: Callable[[list[str]], list[str]]) -> Callable[[], bytes]:
        def make() -> bytes:
            said = change([plain.shown[name] for name in SHOWN])
            text = evidence.presentation(plain.payload, said, w.PRESENT, w.T + w.HOUR)
            return file(b.value(plain, presentation=text))

        return make

    def edited(at: int, field: str, value: str) -> Callable[[list[str]], list[str]]:
        def change(said: list[str]) -> list[str]:
            salt = evidence.unb64u(said[at])[2:26].decode()
            salted = evidence.unb64u(salt)
            return [*said[:at], evidence.disclosure(salted, field, value), *said[at + 1 :]]

        return change

    def of_other() -> bytes:
        text = evidence.presentation(
            other.payload, [other.shown["P_CODE"]], w.PRESENT, w.T + w.HOUR
        )
        return file(b.value(plain, presentation=text))

    cases: tuple[tuple[str, Callable[[], bytes]], ...] = (
        ("payload-of-another-record", of_other),
        ("value-changed", shown(edited(2, "P_CODE", OTHER_SUBJECT))),
        ("field-renamed", shown(edited(0, "P_AUTH", "合成样例一号有限公司"))),
        ("disclosure-of-another-record", shown(lambda s: [*s, other.shown["P_AUTH"]])),
        ("disclosures-swapped", shown(lambda s: [s[1], s[0], *s[2:]])),
        ("disclosure-twice", shown(lambda s: [s[0], *s])),
        (
            "disclosure-made-up",
            shown(lambda s: [*s, evidence.disclosure(seed("salt", 18), "P_NOTE", "已缴清")]),
        ),
        ("more-disclosures-than-digests", shown(lambda s: s * 4)),
        ("disclosure-of-nothing", shown(lambda s: [*s, ""])),
        ("disclosure-that-is-no-ascii", shown(lambda s: [*s, "号"])),
        ("disclosure-with-a-letter-that-is-no-ascii", shown(lambda s: [s[0] + "ｅ", *s[1:]])),
    )
    for name, make in cases:
        b.add(f"disclosure/{name}", make, MISMATCH, check="presentation")
    for name, raw in _SPELLINGS:
        made = _committed(b, raw)
        b.add(
            f"disclosure/{name}",
            partial(b.receipt, made, show=["P_CODE", "P_NOTE"]),
            MISMATCH,
            check="presentation",
        )


_SALT = evidence.digest(b"salt")[:24]
_SPELLINGS: tuple[tuple[str, str], ...] = (
    ("with-white-space", f'["{_SALT}", "P_NOTE", "x"]'),
    ("of-two-items", f'["{_SALT}","P_NOTE"]'),
    ("of-an-object", f'["{_SALT}","P_NOTE",{{"a":"b"}}]'),
    ("of-a-number", f'["{_SALT}","P_NOTE",1]'),
    ("of-an-empty-text", f'["{_SALT}","P_NOTE",""]'),
    ("of-an-empty-list", f'["{_SALT}","P_NOTE",[]]'),
    ("with-a-short-salt", f'["{_SALT[:20]}","P_NOTE","x"]'),
)


def _committed(b: Bench, raw: str) -> Record:
    """A record whose issuer committed to these bytes in the slot of the remarks."""
    text = b64u_encode(raw.encode())
    place = library.slots("sample-penalty@1").index("P_NOTE")

    def put(digests: list[str]) -> list[str]:
        return [*digests[:place], evidence.digest(text.encode()), *digests[place + 1 :]]

    made = b.record(digests=put)
    return Record(made.log, made.index, made.entry, made.payload, {**made.shown, "P_NOTE": text})


def _slots(b: Bench) -> None:
    slots = library.slots("sample-penalty@1")

    def hidden(field: str, slot: str, value: str) -> Record:
        """A record with a disclosure of `field` in the slot of another."""
        text = evidence.disclosure(seed(f"salt of {field}", 18), field, value)
        place = slots.index(slot)

        def put(digests: list[str]) -> list[str]:
            return [*digests[:place], evidence.digest(text.encode()), *digests[place + 1 :]]

        made = b.record({"P_CODE": None} if field == "P_CODE" else None, digests=put)
        return Record(made.log, made.index, made.entry, made.payload, {**made.shown, field: text})

    second = hidden("P_CODE", "P_NOTE", OTHER_SUBJECT)
    unknown = hidden("P_SECRET", "P_NOTE", "x")
    dropped = hidden("P_ID", "P_NOTE", "x")
    fewer = b.record(digests=lambda digests: digests[:-1])
    more = b.record(digests=lambda digests: [*digests, evidence.digest(b"one more")])
    shown: Sequence[str] = ("P_NAME", "P_CODE")
    cases: tuple[tuple[str, Record, Sequence[str]], ...] = (
        ("subject-in-another-slot", second, ("P_NAME", "P_CODE")),
        ("field-that-is-no-slot", unknown, ("P_NAME", "P_CODE", "P_SECRET")),
        ("field-that-is-never-shown", dropped, ("P_NAME", "P_CODE", "P_ID")),
        ("digest-too-few", fewer, shown),
        ("digest-too-many", more, shown),
    )
    for name, record, show in cases:
        b.add(
            f"slot/{name}",
            partial(b.receipt, record, show=show),
            MISMATCH,
            check="presentation",
            code="slot-mismatch",
        )


def _agreement(b: Bench, true: Sound) -> None:
    sent = b.statement({"made": "up"})
    bad: tuple[tuple[str, Record], ...] = (
        ("entry-of-another-type", b.record(entry={"schema": "sample-permit@1"})),
        ("entry-of-another-version", b.record(entry={"schema": "sample-penalty@2"})),
        ("period-of-another-month", b.record(entry={"period": "2026-11"})),
        ("period-of-another-year", b.record(entry={"period": "2025"})),
        ("payload-of-another-log", b.record(log_=b.second.id)),
        (
            "digest-of-another-schema",
            b.record(schema_="sample-penalty@1:" + library.sha256("sample-permit@1")),
        ),
        ("day-of-another-decision", b.record(decided="2026-10-11")),
        ("end-of-another-day", b.record({"P_END": "2027-06-01"}, until="2027-06-02")),
    )
    for name, record in bad:
        b.add(
            f"agreement/{name}",
            partial(b.receipt, record, show=list(record.shown)),
            MISMATCH,
            check="agreement" if "schema" not in name else None,
            code="values-disagree" if "digest" not in name else None,
        )
    stated = b.record({"P_END": "2027-06-01"}, until="2027-06-01")
    b.add(
        "agreement/end-that-is-stated", lambda: b.receipt(stated, show=list(stated.shown)), "valid"
    )
    longer = b.record({"P_END": "2029-06-01"})
    b.add(
        "agreement/end-beyond-the-longest",
        lambda: b.receipt(longer, show=list(longer.shown)),
        "valid",
    )
    hidden = b.record({"P_END": "2027-06-01"}, until="2027-06-02")
    b.add("agreement/end-that-is-hidden", lambda: b.receipt(hidden), "valid")
    b.add(
        "agreement/statement-with-a-presentation",
        lambda: file(_shown_statement(b, sent, true.plain)),
        MISMATCH,
        check="presentation",
    )


def _shown_statement(b: Bench, sent: Record, plain: Record) -> dict[str, Any]:
    shown = evidence.presentation(plain.payload, [plain.shown["P_CODE"]], w.PRESENT, w.T + w.HOUR)
    return b.value(sent, presentation=shown)
