"""Keys: who signed checkpoint, presentation, binding and anchor, and whether it was his to sign."""

from functools import partial
from typing import Any

from ledger.core import canonical
from ledger.core.canonical import b64u_encode
from ledger.core.keys import Alg, Purpose
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import Bench, Record, file
from scripts.conformance_parts.keys import Key, row
from scripts.conformance_parts.reading import case
from scripts.conformance_parts.receipts import Sound

IAT = w.T + w.HOUR
"""When the fields were shown, unless a case says otherwise."""
SAID = 150
"""Block in which a compromise is told, on 19 November in Shanghai."""


def said(since: int, block: int = SAID) -> dict[str, int]:
    """What is told of a key."""
    return {"since": since, "block": block, "time": w.time_of(block)}


def stolen(since: int, block: int = SAID) -> dict[str, Any]:
    """What makes a key a stolen one."""
    return {"compromisedSince": since, "compromises": [said(since, block)]}


def moved(since: int, to: int, block: int) -> dict[str, Any]:
    """The same, and then something else was said. to: 0: that it is not stolen."""
    return {"compromisedSince": to, "compromises": [said(since), said(to, block)]}


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    _notes(b, true)
    _presents(b, true)
    _windows(b)
    _thefts(b)
    _bindings(b, true)
    _binders(b, true)
    _anchors(b)


def _notes(b: Bench, true: Sound) -> None:
    plain = true.plain

    def noted(key: Key, text: str | None = None) -> bytes:
        body = plain.log.body(b.anchor_of(plain)["size"])
        line = evidence.owner_line(text or body, key, f"credit-ledger/{plain.log.id}")
        return b.receipt(plain, checkpoint=f"{body}\n{line}")

    stranger, liar = w.STRANGER_ED, "proof-mismatch"
    b.add("note-key/of-nobody", lambda: noted(stranger), "unknown-issuer", code="note-key-unknown")
    b.add(
        "note-key/of-another-member",
        lambda: noted(w.OTHER_NOTE),
        "unknown-issuer",
        code="note-key-unknown",
    )
    b.add(
        "note-key/signature-of-something-else",
        lambda: noted(w.NOTE, "x\n1\nx\n"),
        liar,
        code="note-signature-invalid",
    )
    purpose = {"purpose": int(Purpose.WITNESS)}
    for name, verdict, changes, code in (
        ("for-something-else", "unknown-issuer", purpose, "note-key-unknown"),
        ("not-begun", "key-not-valid-at", {"notBefore": w.HEAD + 1}, "note-key-early"),
        ("begins-at-the-head", "valid", {"notBefore": w.HEAD}, ""),
        ("ended", "valid", {"notAfter": w.T - w.DAY}, ""),
        ("stolen", "valid", stolen(w.BEGIN), ""),
        ("not-final", "not-final", {"block": 191}, "key-not-final"),
        ("just-final", "valid", {"block": 190}, ""),
    ):
        keys = w.with_key(w.NOTE, **changes)
        case(b, f"note-key/{name}", verdict, code, keys=keys)


def _presents(b: Bench, true: Sound) -> None:
    plain = true.plain
    unknown = "present-key-unknown"
    for name, key in (
        ("of-nobody", w.STRANGER),
        ("of-another-member", w.OTHER_PRESENT),
        ("for-something-else", w.REQUEST),
    ):
        b.add(
            f"present-key/{name}",
            partial(b.receipt, plain, key=key),
            "unknown-issuer",
            code=unknown,
            check="presentation-signature",
            facts="wide",
        )
    wrong: dict[str, Any] = {"code": "present-signature-invalid", "check": "presentation-signature"}
    b.add(
        "present-key/forged",
        lambda: b.receipt(plain, key=w.STRANGER, header={"kid": w.PRESENT.id}),
        "proof-mismatch",
        **wrong,
    )
    b.add(
        "present-key/of-another-algorithm",
        lambda: b.receipt(plain, header={"alg": "ES256K"}),
        "proof-mismatch",
        **wrong,
    )
    b.add("present-key/high-s", lambda: _high(b.receipt(plain)), "proof-mismatch", **wrong)

    def replayed() -> bytes:
        shown = evidence.presentation(plain.payload, [plain.shown["P_CODE"]], w.PRESENT, IAT)
        before, _, rest = shown.partition(".")
        later = evidence.jcs(
            {"alg": "ES256", "iat": IAT + 1, "kid": w.PRESENT.id, "typ": "dc+sd-jwt"}
        )
        if before == b64u_encode(later):
            raise ValueError("nothing changed")
        text = f"{b64u_encode(later)}.{rest}"
        return file(b.value(plain, presentation=text))

    b.add("present-key/dated-otherwise", replayed, "proof-mismatch", **wrong)
    early: dict[str, Any] = {"code": "present-key-not-valid", "check": "presentation-signature"}
    future: dict[str, Any] = {"code": "present-in-future", "check": "presentation-signature"}
    latest = w.NOW + 60
    for name, iat, verdict, why in (
        ("a-minute-ahead", latest, "valid", {}),
        ("more-than-a-minute-ahead", latest + 1, "undetermined", future),
        ("before-its-window", 1_789_999_999, "key-not-valid-at", early),
        ("at-its-first-second", 1_790_000_000, "valid", {}),
    ):
        b.add(f"present-key/{name}", partial(b.receipt, plain, iat=iat), verdict, **why)


def _high(data: bytes) -> bytes:
    """The receipt with the other s."""
    value = canonical.parse(data[:-1])
    jws, _, rest = value["presentation"].partition("~")
    signed, _, signature = jws.rpartition(".")
    raw = evidence.unb64u(signature)
    order = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
    high = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    return file({**value, "presentation": f"{signed}.{b64u_encode(high)}~{rest}"})


def _windows(b: Bench) -> None:
    def present(**changes: Any) -> w.Change:
        return w.with_key(w.PRESENT, **changes)

    for name, verdict, code, keys in (
        ("at-its-last-second", "valid", "", present(notAfter=IAT)),
        (
            "behind-its-window",
            "key-not-valid-at",
            "present-key-not-valid",
            present(notAfter=IAT - 1),
        ),
        ("not-final", "not-final", "key-not-final", present(block=191)),
        (
            "registered-by-two",
            "valid",
            "",
            lambda world: [row(w.PRESENT, w.OTHER, Purpose.REQUEST), *world["keys"]],
        ),
    ):
        case(b, f"present-key/{name}", verdict, code, keys=keys)


def _thefts(b: Bench) -> None:
    disputed = "present-key-disputed"
    for name, verdict, changes in (
        ("stolen-by-then", "key-disputed", stolen(IAT)),
        ("stolen-later", "valid", stolen(IAT + 1)),
        ("stolen-and-not-final", "key-disputed", stolen(IAT, block=199)),
        ("not-stolen-after-all", "valid", moved(IAT, 0, 160)),
        ("taken-back-and-not-final", "key-disputed", moved(IAT, 0, 191)),
        ("stolen-without-its-event", "key-disputed", {"compromisedSince": IAT, "compromises": []}),
        ("moved-later-and-not-final", "key-disputed", moved(IAT, IAT + 1, 195)),
        ("moved-later", "valid", moved(IAT, IAT + 1, 160)),
        (
            "stolen-earlier-by-the-state",
            "key-disputed",
            {**stolen(IAT + 1), "compromisedSince": IAT},
        ),
        ("stolen-later-by-the-state", "key-disputed", {**stolen(IAT), "compromisedSince": IAT + 1}),
        ("stolen-by-its-event-alone", "key-disputed", {**stolen(IAT), "compromisedSince": 0}),
    ):
        code = disputed if verdict != "valid" else ""
        case(b, f"present-key/{name}", verdict, code, keys=w.with_key(w.PRESENT, **changes))
    day = w.day(w.T + w.HOUR)
    b.add(
        "present-key/theft-told-after-that-day",
        "chain/everything-is-well",
        "valid",
        facts="present-key-stolen-by-then",
        ask={"asOf": day},
        now="key-disputed",
    )
    b.add(
        "present-key/theft-told-on-that-day",
        "chain/everything-is-well",
        "key-disputed",
        facts="present-key-stolen-by-then",
        ask={"asOf": w.day(w.time_of(SAID))},
        now="key-disputed",
    )
    b.add(
        "present-key/theft-without-its-event-on-any-day",
        "chain/everything-is-well",
        "key-disputed",
        facts="present-key-stolen-without-its-event",
        ask={"asOf": day},
        now="key-disputed",
    )


def _binding(b: Bench, plain: Record, name: str, verdict: str, code: str, **more: Any) -> None:
    """A case of a binding. more: ask, facts, made (what makes its file), or as of a receipt."""
    ask = more.pop("ask", {"audience": w.BANK, "nonce": "n-1"})
    facts = more.pop("facts", "world")
    made = more.pop("made", lambda: b.receipt(plain, **{"bound": {}, **more}))
    b.add(f"binding/{name}", made, verdict, ask=ask, facts=facts, code=code, check="binding")


def _bindings(b: Bench, true: Sound) -> None:
    plain = true.plain
    add = partial(_binding, b, plain)
    other = "other-subject"
    add("for-another-audience", other, "audience-differs", bound={"aud": "other-bank"})
    add("of-another-nonce", other, "nonce-differs", bound={"nonce": "n-2"})
    add("with-nothing-to-compare", "undetermined", "audience-not-given", ask=None)
    add("with-no-nonce-to-compare", "undetermined", "audience-not-given", ask={"audience": w.BANK})
    add("with-no-audience-to-compare", "undetermined", "audience-not-given", ask={"nonce": "n-1"})
    add("missing", other, "binding-missing", bound=None)
    b.add("binding/missing-and-no-audience", "receipt/whole", "valid", ask={"nonce": "n-1"})
    add(
        "of-another-presentation",
        "proof-mismatch",
        "binding-mismatch",
        bound={"sd_hash": evidence.digest(b"another")},
    )

    def without_tilde() -> bytes:
        shown = evidence.presentation(plain.payload, [plain.shown["P_CODE"]], w.PRESENT, IAT)
        claims = {"aud": w.BANK, "iat": IAT, "nonce": "n-1"}
        claims["sd_hash"] = evidence.digest(shown[:-1].encode())
        bound = evidence.binding(shown, w.PRESENT, claims)
        return file(b.value(plain, presentation=shown, binding=bound))

    add("without-the-last-tilde", "proof-mismatch", "binding-mismatch", made=without_tilde)


def _binders(b: Bench, true: Sound) -> None:
    plain = true.plain
    add = partial(_binding, b, plain)
    add("by-nobody", "unknown-issuer", "present-key-unknown", bound_key=w.STRANGER)
    add(
        "by-another-member",
        "unknown-issuer",
        "present-key-unknown",
        bound_key=w.OTHER_PRESENT,
        facts="wide",
    )
    add(
        "by-nobody-and-for-another",
        "unknown-issuer",
        "present-key-unknown",
        bound={"aud": "other-bank"},
        bound_key=w.STRANGER,
    )
    add("from-the-future", "undetermined", "present-in-future", bound_iat=w.NOW + 61)
    add("from-before-its-key", "key-not-valid-at", "present-key-not-valid", bound_iat=1_789_999_999)
    theft = b.facts(
        "binding-stolen",
        "The PRESENT key is stolen right after the fields were shown.",
        keys=w.with_key(w.PRESENT, **stolen(IAT + 1)),
    )
    add("of-a-key-stolen-by-then", "key-disputed", "present-key-disputed", facts=theft)
    b.add(
        "binding/for-another-audience-unread",
        lambda: b.receipt(plain, bound={}),
        "other-subject",
        facts="chain-unread-no-node",
        ask={"audience": "other-bank", "nonce": "n-1"},
        code="audience-differs",
    )


def _anchors(b: Bench) -> None:
    def anchor(**changes: Any) -> w.Change:
        return w.with_key(w.ANCHOR, **changes)

    wrong, disputed = "anchor-key-not-valid", "anchor-key-disputed"
    k1 = Key(Alg.SECP256K1, "an ANCHOR key of another member")
    for name, verdict, code, keys in (
        ("unknown", "key-not-valid-at", wrong, w.without_key(w.ANCHOR)),
        ("of-another-member", "key-not-valid-at", wrong, anchor(member=w.OTHER)),
        ("for-something-else", "key-not-valid-at", wrong, anchor(purpose=int(Purpose.CASE))),
        ("ends-at-the-anchor", "valid", "", anchor(notAfter=w.T)),
        ("ended-before-the-anchor", "key-not-valid-at", wrong, anchor(notAfter=w.T - 1)),
        ("begins-at-the-anchor", "valid", "", anchor(notBefore=w.T)),
        ("begins-after-the-anchor", "key-not-valid-at", wrong, anchor(notBefore=w.T + 1)),
        ("stolen-at-the-anchor", "key-disputed", disputed, anchor(**stolen(w.T))),
        ("stolen-after-the-anchor", "valid", "", anchor(**stolen(w.T + 1))),
        ("not-final", "not-final", "key-not-final", anchor(block=191)),
        (
            "beside-another",
            "valid",
            "",
            lambda world: [row(k1, w.OTHER, Purpose.ANCHOR), *world["keys"]],
        ),
    ):
        case(b, f"anchor-key/{name}", verdict, code, keys=keys)
