"""Files that are no receipts: one spelling, and nothing else. And those of a later version."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ledger.core.canonical import b64u_encode
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import Bench, Made, file
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.receipts import Sound, cosigned

Edit = Callable[[bytes], bytes]


def swap(old: bytes, new: bytes) -> Edit:
    """Bytes that stand once, replaced."""

    def change(data: bytes) -> bytes:
        if data.count(old) < 1 or old == new:
            raise ValueError(f"nothing to change: {old!r}")
        return data.replace(old, new, 1)

    return change


def _moved(data: bytes) -> bytes:
    """The same object with its members in another order."""
    value = json.loads(data)
    turned = dict(reversed(list(value.items())))
    return json.dumps(turned, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


_BYTES: tuple[tuple[str, Edit], ...] = (
    ("empty", lambda data: b""),
    ("no-newline", lambda data: data[:-1]),
    ("two-newlines", lambda data: data + b"\n"),
    ("carriage-return", lambda data: data[:-1] + b"\r\n"),
    ("byte-order-mark", lambda data: b"\xef\xbb\xbf" + data),
    (
        "pretty",
        lambda data: json.dumps(json.loads(data), ensure_ascii=False, indent=1).encode() + b"\n",
    ),
    ("members-in-another-order", _moved),
    ("cut-short", lambda data: data[: len(data) // 2]),
    ("garbage-behind", lambda data: data[:-1] + b"{}\n"),
    ("duplicate-key", swap(b'"index":', b'"index":0,"index":')),
    ("duplicate-key-inside", swap(b'"kind":"record"', b'"kind":"statement","kind":"record"')),
    ("escaped-letter", swap(b'"kind":"record"', b'"kind":"\\u0072ecord"')),
    ("escaped-slash", swap(b"credit-ledger/entry@1", b"credit-ledger\\/entry@1")),
    ("escaped-key", swap(b'"size":', b'"\\u0073ize":')),
    ("float", swap(b'"index":', b'"index":1.5,"x":')),
    ("float-of-an-integer", lambda data: _number(data, "{0}.0")),
    ("exponent", lambda data: _number(data, "{0}e0")),
    ("leading-zero", lambda data: _number(data, "0{0}")),
    ("negative", lambda data: _number(data, "-{0}")),
    ("negative-zero", lambda data: _number(data, "-0")),
    ("huge-number", lambda data: _number(data, "9007199254740992")),
    ("number-of-a-thousand-digits", lambda data: _number(data, "1" * 1000)),
    ("true-for-a-number", lambda data: _number(data, "true")),
    ("text-for-a-number", lambda data: _number(data, '"{0}"')),
    ("null", swap(b'"timely":"yes"', b'"timely":null')),
    ("nan", lambda data: _number(data, "NaN")),
    ("comment", swap(b'"index":', b'/**/"index":')),
    ("trailing-comma", lambda data: data[:-2] + b",}\n"),
    ("single-quotes", swap(b'"index":', b"'index':")),
    ("list-around-it", lambda data: b"[" + data[:-1] + b"]\n"),
    ("text-around-it", lambda data: json.dumps(data.decode()).encode() + b"\n"),
    ("nul-byte", swap(b'"yes"', b'"yes\x00"')),
    ("nul-escape", swap(b'"yes"', b'"yes\\u0000"')),
    ("lone-surrogate", swap(b'"yes"', b'"\\ud800"')),
    ("lone-surrogate-in-utf-8", swap(b'"yes"', b'"\xed\xa0\x80"')),
    ("overlong-utf-8", swap(b'"yes"', b'"\xc1\xb9es"')),
    ("latin-1", swap("—".encode(), b"\x97")),
    ("key-not-ascii", swap(b'"index":', '"ｉ":1,"index":'.encode())),
    ("deep", lambda data: b"[" * 3_000 + b"\n"),
    ("deep-inside", swap(b'"yes"', b"[" * 1_000 + b"]" * 1_000)),
    ("too-deep-by-one", swap(b'"yes"', b'[["yes"]]')),
    ("utf-16", lambda data: data.decode().encode("utf-16")),
)


def _number(data: bytes, like: str) -> bytes:
    """The index, spelled otherwise."""
    index = json.loads(data)["index"]
    return swap(f'"index":{index},'.encode(), f'"index":{like.format(index)},'.encode())(data)


_MEMBERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("member-missing", {"anchor": None}),
    ("member-too-many", {"status": "valid"}),
    ("binding-of-nothing", {"binding": "e30.e30.AA"}),
    ("digest-in-capitals", {"log": "A" * 64}),
    ("digest-too-short", {"log": "a" * 63}),
    ("digest-with-0x", {"log": "0x" + "a" * 64}),
    ("path-of-54", {"path": ["00" * 32] * 54}),
    ("path-as-text", {"path": "00" * 32}),
    ("path-of-numbers", {"path": [1]}),
    ("network-with-a-zero", {"network": w.NETWORK.replace("155:3", "155:03")}),
    ("network-in-capitals", {"network": w.NETWORK[:-40] + w.NETWORK[-40:].upper()}),
    ("network-number-too-large", {"network": w.NETWORK.replace("31337", "9007199254740992")}),
    ("checkpoint-as-object", {"checkpoint": {}}),
    ("entry-as-text", {"entry": "entry"}),
)

_ANCHOR: tuple[tuple[str, dict[str, Any]], ...] = (
    ("time-with-a-fraction", {"time": "2026-11-18T11:06:40.0Z"}),
    ("time-with-an-offset", {"time": "2026-11-18T19:06:40+08:00"}),
    ("time-that-is-none", {"time": "2026-02-30T11:06:40Z"}),
    ("leap-second", {"time": "2026-11-18T11:06:60Z"}),
    ("time-in-small-letters", {"time": "2026-11-18t11:06:40z"}),
    ("block-hash-without-0x", {"blockHash": "00" * 32}),
    ("transaction-in-capitals", {"tx": "0x" + "AB" * 32}),
    ("block-as-text", {"block": "120"}),
    ("anchor-with-more", {"contract": "0x" + "00" * 20}),
)

_ENTRY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("kind-that-is-none", {"kind": "note"}),
    ("timely-maybe", {"timely": "maybe"}),
    ("record-without-period", {"period": None}),
    ("period-of-a-day", {"period": "2026-10-12"}),
    ("period-of-month-13", {"period": "2026-13"}),
    ("schema-without-version", {"schema": "sample-penalty"}),
    ("schema-of-version-0", {"schema": "sample-penalty@0"}),
    ("entry-with-more", {"subject": "x"}),
    ("statement-with-a-period", {"kind": "statement"}),
    ("suite-that-is-no-name", {"suite": "sm 3"}),
)


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    plain = true.early

    def edited(edit: Edit) -> Made:
        return lambda: edit(file(b.value(plain)))

    def with_members(changes: Mapping[str, Any]) -> Made:
        return lambda: file(b.value(plain, **changes))

    def with_inner(name: str, changes: Mapping[str, Any]) -> Made:
        return lambda: file(_with(b.value(plain), name, changes))

    for name, edit in _BYTES:
        add(b, name, edited(edit))
    for name, changes in _MEMBERS:
        add(b, name, with_members(changes))
    for name, changes in _ANCHOR:
        add(b, name, with_inner("anchor", changes))
    for name, changes in _ENTRY:
        add(b, name, with_inner("entry", changes))
    _checkpoints(b, true)
    _cosigned(b, true)
    _jws(b, true)


def add(b: Bench, name: str, make: Made, **more: Any) -> None:
    """A case of a file that is malformed."""
    b.add(f"form/{name}", make, "malformed", check="format", **more)


def _with(value: dict[str, Any], name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """An inner object with members in place of its own."""
    inner = {key: one for key, one in {**value[name], **changes}.items() if one is not None}
    return {**value, name: inner}


def _checkpoints(b: Bench, true: Sound) -> None:
    """Notes that are no checkpoints of ours."""
    plain = true.early

    def text() -> str:
        return plain.log.body(b.anchor_of(plain)["size"])

    def good() -> str:
        return plain.log.checkpoint(b.anchor_of(plain)["size"])

    def size() -> int:
        return int(b.anchor_of(plain)["size"])

    line = evidence.signature_line
    cases: tuple[tuple[str, Callable[[], str]], ...] = (
        ("note-with-an-extension", lambda: good().replace("\n\n", "\nextension\n\n", 1)),
        ("note-without-a-signature", lambda: text() + "\n"),
        ("note-not-ended", lambda: good()[:-1]),
        ("note-with-a-hyphen", lambda: good().replace("— ", "- ")),
        (
            "note-signed-in-another-name",
            lambda: (
                f"{text()}\n{evidence.owner_line(text(), w.NOTE, f'credit-ledger/{b.second.id}')}"
            ),
        ),
        ("note-size-with-a-zero", lambda: good().replace(f"\n{size()}\n", f"\n0{size()}\n")),
        (
            "note-of-an-empty-log",
            lambda: evidence.checkpoint(evidence.body(plain.log.id, 0, seed("root")), w.NOTE),
        ),
        (
            "note-with-a-short-root",
            lambda: evidence.checkpoint(
                evidence.body(plain.log.id, size(), seed("root", 31)), w.NOTE
            ),
        ),
        ("note-with-loose-base64", lambda: _loose(good())),
        (
            "note-signed-too-short",
            lambda: f"{text()}\n{line(f'credit-ledger/{plain.log.id}', bytes(67))}",
        ),
        ("origin-in-capitals", lambda: good().replace(plain.log.id, plain.log.id.upper())),
    )

    def noted(make: Callable[[], str]) -> Made:
        return lambda: file(b.value(plain, checkpoint=make()))

    for name, make in cases:
        add(b, name, noted(make))


def _cosigned(b: Bench, true: Sound) -> None:
    """Notes with lines that are no cosignatures."""
    plain = true.early
    line, witness = evidence.signature_line, "credit-ledger/witness/" + w.OTHER

    def many() -> str:
        names = (f"credit-ledger/witness/w{n}" for n in range(17))
        return "".join(line(name, seed(name, 4) + bytes(72)) for name in names)

    def behind(*lines: Callable[[], str]) -> Made:
        def make() -> bytes:
            good = plain.log.checkpoint(b.anchor_of(plain)["size"])
            return file(b.value(plain, checkpoint=good + "".join(one() for one in lines)))

        return make

    def twice() -> bytes:
        return file(b.value(plain, checkpoint=cosigned(b, plain, w.OTHER, w.OTHER)))

    add(b, "cosigned-twice-with-one-key", twice)
    add(b, "cosigned-by-17", behind(many))
    add(b, "cosignature-too-short", behind(lambda: line(witness, bytes(75))))
    add(b, "cosignature-beyond-9999", behind(lambda: line(witness, b"\xff" * 12 + bytes(64))))
    add(b, "line-of-nothing", behind(lambda: line("somebody", bytes(4))))


def _loose(note: str) -> str:
    """The same root, with a last letter whose unused bits are not zero."""
    root = note.split("\n")[2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return note.replace(root, root[:-2] + alphabet[alphabet.index(root[-2]) | 1] + "=")


def _jws(b: Bench, true: Sound) -> None:
    """Presentations and bindings that have not their form."""
    plain = true.early
    iat = w.T + w.HOUR

    def shown() -> list[str]:
        return [plain.shown["P_CODE"]]

    def plainly(**header: Any) -> str:
        return evidence.presentation(plain.payload, shown(), w.PRESENT, iat, header)

    def spelled(old: str, new: str) -> str:
        header = evidence.jcs(
            {"alg": "ES256", "iat": iat, "kid": w.PRESENT.id, "typ": "dc+sd-jwt"}
        ).replace(old.encode(), new.encode())
        return "~".join([evidence.jws(header, plain.payload, w.PRESENT), *shown(), ""])

    cases: tuple[tuple[str, Callable[[], str]], ...] = (
        ("presentation-of-nothing", lambda: plainly().split("~")[0] + "~"),
        ("presentation-without-its-tilde", lambda: plainly()[:-1]),
        ("alg-none", lambda: plainly(alg="none")),
        ("header-with-more", lambda: plainly(jwk={})),
        ("header-critical", lambda: plainly(crit=["x"])),
        ("header-without-iat", lambda: plainly(iat=None)),
        ("header-of-another-typ", lambda: plainly(typ="JWT")),
        ("header-with-iat-as-text", lambda: plainly(iat=str(iat))),
        ("header-with-iat-beyond-9999", lambda: plainly(iat=253402300800)),
        ("header-kid-in-capitals", lambda: plainly(kid=w.PRESENT.id.upper())),
        ("header-too-long", lambda: plainly(typ="x" * 600)),
        ("header-with-white-space", lambda: spelled(",", ", ")),
        ("header-with-a-key-twice", lambda: spelled('{"alg"', '{"alg":"EdDSA","alg"')),
        ("jws-padded", lambda: plainly().replace("~", "=~", 1)),
        ("jws-in-standard-base64", lambda: _standard(plainly())),
        ("jws-of-four-parts", lambda: plainly().replace("~", ".AA~", 1)),
        ("signature-of-63-bytes", lambda: _cut(plainly())),
        ("signature-as-der", lambda: _der(plainly())),
    )

    def presented(make: Callable[[], str]) -> Made:
        return lambda: file(b.value(plain, presentation=make()))

    for name, make in cases:
        add(b, name, presented(make))
    bindings: tuple[tuple[str, dict[str, Any]], ...] = (
        ("binding-without-authorisation", {"authorisation": ...}),
        ("binding-with-more", {"exp": 1}),
        ("binding-for-two", {"aud": ["demo-bank", "other"]}),
        ("binding-for-nobody", {"aud": ""}),
        ("binding-for-a-space", {"aud": "demo bank"}),
        ("binding-aud-too-long", {"aud": "x" * 257}),
        ("binding-nonce-of-control", {"nonce": "a\u0007"}),
        ("binding-short-hash", {"sd_hash": "AAAA"}),
        ("binding-too-long", {"nonce": "x" * 2800}),
    )
    asked = {"audience": w.BANK, "nonce": "n-1"}
    for name, claims in bindings:
        add(b, name, partial(_bound, b, true, claims), ask=asked)


def _bound(b: Bench, true: Sound, claims: Mapping[str, Any]) -> bytes:
    """A receipt with such a binding; `...` leaves a claim out."""
    shown = evidence.presentation(
        true.early.payload, [true.early.shown["P_CODE"]], w.PRESENT, w.T + w.HOUR
    )
    said = {
        **{"aud": w.BANK, "authorisation": None, "iat": w.T + w.HOUR, "nonce": "n-1"},
        **{"sd_hash": evidence.digest(shown.encode()), **claims},
    }
    said = {name: value for name, value in said.items() if value is not ...}
    head = {"alg": "ES256", "kid": w.PRESENT.id, "typ": "kb+jwt"}
    bound = evidence.jws(head, evidence.jcs(said), w.PRESENT)
    return file(b.value(true.early, presentation=shown, binding=bound))


def _parts(text: str) -> tuple[str, str, str]:
    """What stands before the signature of a presentation, the signature, and what follows."""
    jws, _, rest = text.partition("~")
    signed, _, signature = jws.rpartition(".")
    return signed, signature, rest


def _cut(text: str) -> str:
    signed, signature, rest = _parts(text)
    return f"{signed}.{b64u_encode(evidence.unb64u(signature)[:-1])}~{rest}"


def _der(text: str) -> str:
    signed, signature, rest = _parts(text)
    raw = evidence.unb64u(signature)
    halves = [b"\x02\x21\x00" + raw[:32], b"\x02\x20" + raw[32:]]
    return f"{signed}.{b64u_encode(bytes([0x30, 67]) + b''.join(halves))}~{rest}"


def _standard(text: str) -> str:
    signed, signature, rest = _parts(text)
    return f"{signed}.+/{signature[2:]}~{rest}"
