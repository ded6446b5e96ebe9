"""Files of a later version: never judged by the rules of this one, and never called malformed."""

from collections.abc import Callable, Mapping
from typing import Any

from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import Bench, Record, file
from scripts.conformance_parts.form import swap
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.receipts import Sound

UNKNOWN: Mapping[str, Any] = {"check": "format", "code": "version-unknown"}

FORM: Mapping[str, Any] = {"check": "format"}


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    plain = true.plain

    def add(name: str, make: Callable[[], bytes], **more: Any) -> None:
        verdict = more.pop("verdict", "undetermined")
        code = "version-unknown" if verdict == "undetermined" else None
        b.add(f"version/{name}", make, verdict, check="format", code=code, **more)

    def edited(old: str, new: str) -> Callable[[], bytes]:
        return lambda: swap(old.encode(), new.encode())(b.receipt(plain, show=["P_CODE"]))

    def inner(**entry: Any) -> Callable[[], bytes]:
        return lambda: file({**b.value(plain), "entry": {**plain.entry, **entry}})

    two = edited("credit-ledger/receipt@1", "credit-ledger/receipt@2")
    add("receipt-2", two)
    add("receipt-2-cut-short", lambda: _start_with_type(two())[:200])
    add("receipt-2-with-a-byte-order-mark", lambda: b"\xef\xbb\xbf " + _start_with_type(two()))
    add(
        "receipt-2-with-other-members",
        lambda: b'{"what":[[[[1.5]]]],"_type":"credit-ledger/receipt@2"}',
    )
    add(
        "receipt-0",
        edited("credit-ledger/receipt@1", "credit-ledger/receipt@0"),
        verdict="malformed",
    )
    add(
        "receipt-01",
        edited("credit-ledger/receipt@1", "credit-ledger/receipt@01"),
        verdict="malformed",
    )
    add(
        "receipt-of-somebody-else",
        edited("credit-ledger/receipt@1", "other-ledger/receipt@2"),
        verdict="malformed",
    )
    add("entry-2", inner(_type="credit-ledger/entry@2"))
    add(
        "entry-2-without-its-members",
        lambda: file({**b.value(plain), "entry": {"_type": "credit-ledger/entry@2"}}),
    )
    add("suite-sm3", inner(suite="sm3"))
    add(
        "entry-2-in-a-broken-receipt",
        lambda: file({**b.value(plain, path=None), "entry": {"_type": "credit-ledger/entry@2"}}),
    )
    add(
        "broken-without-anything-newer",
        lambda: b.receipt(plain, show=["P_CODE"], path=None),
        verdict="malformed",
    )
    _payloads(b, plain, add)
    _lines(b, true)


def _start_with_type(data: bytes) -> bytes:
    """A canonical receipt begins with its type: `_` comes before all letters."""
    if not data.startswith(b'{"_type":"credit-ledger/receipt@'):
        raise ValueError("does not begin with its type")
    return data


def _payloads(b: Bench, plain: Record, add: Callable[..., None]) -> None:
    iat = w.T + w.HOUR

    def payload(**changes: Any) -> Callable[[], bytes]:
        made = b.record(**changes)
        return lambda: b.receipt(made)

    def header(**changes: Any) -> Callable[[], bytes]:
        return lambda: b.receipt(plain, header=changes)

    def bound(**changes: Any) -> Callable[[], bytes]:
        def make() -> bytes:
            shown = evidence.presentation(plain.payload, [plain.shown["P_CODE"]], w.PRESENT, iat)
            claims = {"aud": w.BANK, "iat": iat, "nonce": "n-1"}
            said = evidence.binding(shown, w.PRESENT, claims, **changes)
            return file(b.value(plain, presentation=shown, binding=said))

        return make

    add("payload-2", payload(vct="urn:credit-ledger:record:2"))
    add("payload-0", payload(vct="urn:credit-ledger:record:0"), verdict="malformed")
    add(
        "payload-with-a-digest-twice",
        payload(digests=lambda digests: [*digests[:-1], digests[0]]),
        verdict="malformed",
    )
    add("payload-sm3", payload(_sd_alg="sm3"))
    add("payload-of-no-name", payload(_sd_alg="sm 3"), verdict="malformed")
    add("alg-sm2", header(alg="SM2"))
    add("alg-sm2-with-a-longer-header", header(alg="SM2", x5c="..."))
    add("binding-sm2", bound(alg="SM2"))


def _lines(b: Bench, true: Sound) -> None:
    """Signature lines of a type that is not known: anybody can append one."""
    plain = true.plain

    def noted(
        record: Record = plain, name: str = "somebody.example/log", more: int = 5, **changes: Any
    ) -> Callable[[], bytes]:
        def make() -> bytes:
            size = b.anchor_of(record)["size"]
            line = evidence.signature_line(name, seed("line", more))
            note = record.log.checkpoint(size, line)
            return b.receipt(record, checkpoint=note, **changes)

        return make

    def add(name: str, make: Callable[[], bytes], verdict: str, **m: Any) -> None:
        b.add(f"line/{name}", make, verdict, **m)

    add("of-another-name", noted(), "undetermined", **UNKNOWN)
    add(
        "of-a-witness-longer-than-ours",
        noted(name=f"credit-ledger/witness/{w.OTHER}", more=77),
        "undetermined",
        **UNKNOWN,
    )

    def longer() -> bytes:
        text = plain.log.body(b.anchor_of(plain)["size"])
        line = evidence.signature_line(f"credit-ledger/{plain.log.id}", seed("long", 4 + 65))
        return b.receipt(plain, checkpoint=f"{text}\n{line}")

    add("of-the-owner-longer-than-ours", longer, "undetermined", code="version-unknown")

    def many() -> bytes:
        size = b.anchor_of(plain)["size"]
        lines = (evidence.signature_line(f"w{n}.example/log", seed(f"{n}", 5)) for n in range(17))
        return b.receipt(plain, checkpoint=plain.log.checkpoint(size, *lines))

    add("seventeen-of-other-names", many, "undetermined", **UNKNOWN)
    for name, called, good in (
        ("of-a-name-with-a-byte-order-mark", "a\ufeffb", True),
        ("of-a-name-with-a-next-line", "a\x85b", False),
        ("of-a-name-with-an-ideographic-space", "a\u3000b", False),
        ("of-a-name-with-a-plus", "a+b", False),
    ):
        make = noted(name=called)
        add(name, make, "undetermined" if good else "malformed", **(UNKNOWN if good else FORM))
    add("hides-nothing-malformed", noted(index=True), "malformed", **FORM)
    short = evidence.signature_line(f"credit-ledger/witness/{w.OTHER}", seed("short", 70))

    def beside() -> bytes:
        size = b.anchor_of(plain)["size"]
        line = evidence.signature_line("somebody.example/log", seed("line", 76))
        return b.receipt(plain, checkpoint=plain.log.checkpoint(size, short, line))

    add("hides-no-line-that-is-too-short", beside, "malformed", **FORM)
    add(
        "of-the-owner-in-a-broken-receipt",
        lambda: longer().replace(b'"index":', b'"inbox":'),
        "undetermined",
        **UNKNOWN,
    )
    _hidden(b, noted)


def _hidden(b: Bench, noted: Callable[..., Callable[[], bytes]]) -> None:
    """What no such line may hide."""

    def add(name: str, make: Callable[[], bytes], verdict: str, **m: Any) -> None:
        b.add(f"line/{name}", make, verdict, **m)

    add("hides-no-wrong-path", noted(index=0), "proof-mismatch", check="inclusion")
    add(
        "hides-no-other-subject",
        noted(),
        "other-subject",
        ask={"subject": "91910001MAYCNFMR2P"},
        check="subject",
    )
    add("hides-no-act", noted(), "withdrawn", facts="withdrawn", check="status")
    add(
        "hides-no-key-that-was-not-valid",
        noted(iat=1_700_000_000),
        "key-not-valid-at",
        check="presentation-signature",
    )
    add(
        "and-an-anchor-that-is-not-final",
        noted(),
        "undetermined",
        facts="anchor-not-final",
        **UNKNOWN,
    )
