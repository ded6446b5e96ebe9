"""ES256K: presentations and bindings signed over secp256k1, and what only looks like it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ledger.core import canonical
from ledger.core.canonical import b64u_encode
from ledger.core.ids import keccak256
from ledger.core.keys import ORDERS, Alg
from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import Bench, Record, file
from scripts.conformance_parts.keyed import IAT
from scripts.conformance_parts.receipts import Sound

ORDER = ORDERS[Alg.SECP256K1]
Change = Callable[[bytes], bytes]
"""A signature of 64 bytes into what stands in its place."""


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    _signatures(b, true.plain)
    _bindings(b, true.plain)
    _changes(b, true.plain)


def _signatures(b: Bench, plain: Record) -> None:
    wrong: dict[str, Any] = {"code": "present-signature-invalid", "check": "presentation-signature"}
    shown = partial(b.receipt, plain, key=w.PRESENT_K)
    b.add("es256k/shown", shown, "valid", facts="wide")
    for name, made in (
        ("high-s", lambda: _changed(shown(), "presentation", _high)),
        ("nothing-as-r", lambda: _changed(shown(), "presentation", lambda s: bytes(32) + s[32:])),
        ("nothing-as-s", lambda: _changed(shown(), "presentation", lambda s: s[:32] + bytes(32))),
        ("r-beyond-the-group", lambda: _changed(shown(), "presentation", _beyond)),
        ("as-ethereum-signs", lambda: _as_ethereum(b, plain)),
        ("forged", partial(shown, key=w.STRANGER_K, header={"kid": w.PRESENT_K.id})),
        ("said-to-be-es256", partial(shown, header={"alg": "ES256"})),
        ("said-to-be-eddsa", partial(shown, header={"alg": "EdDSA"})),
    ):
        b.add(f"es256k/{name}", made, "proof-mismatch", facts="wide", **wrong)
    for name, change in (
        ("cut-short", lambda signature: signature[:63]),
        ("with-v", lambda signature: signature + b"\x1b"),
        ("as-der", _der),
    ):
        made = partial(lambda change: _changed(shown(), "presentation", change), change)
        b.add(f"es256k/{name}", made, "malformed", facts="wide", check="format")


def _bindings(b: Bench, plain: Record) -> None:
    asked = {"audience": w.BANK, "nonce": "n-1"}
    bound = partial(b.receipt, plain, bound={}, bound_key=w.PRESENT_K)
    b.add("es256k/bound", bound, "valid", facts="wide", ask=asked)
    b.add(
        "es256k/bound-with-high-s",
        lambda: _changed(bound(), "binding", _high),
        "proof-mismatch",
        facts="wide",
        ask=asked,
        code="present-signature-invalid",
        check="binding",
    )


def _changes(b: Bench, plain: Record) -> None:
    """A member goes over from one algorithm to the other."""
    for name, first, then in (
        ("from-p-256", w.PRESENT, w.PRESENT_K),
        ("back-to-p-256", w.PRESENT_K, w.PRESENT),
    ):
        facts = b.facts(
            f"es256k-{name}",
            "A PRESENT key has ended, and one of another algorithm goes on.",
            base="wide",
            keys=partial(_changed_keys, {first.id: {"notAfter": IAT}, then.id: {"notBefore": IAT}}),
        )
        for which, key, iat, verdict in (
            ("the-old-one", first, IAT, "valid"),
            ("the-new-one", then, IAT, "valid"),
            ("the-old-one-late", first, IAT + 1, "key-not-valid-at"),
            ("the-new-one-early", then, IAT - 1, "key-not-valid-at"),
        ):
            b.add(
                f"es256k/{name}-{which}",
                partial(b.receipt, plain, key=key, iat=iat),
                verdict,
                facts=facts,
                code=None if verdict == "valid" else "present-key-not-valid",
            )


def _changed_keys(changes: Mapping[str, Mapping[str, int]], world: w.World) -> w.Rows:
    return [{**one, **changes.get(one["keyId"], {})} for one in world["keys"]]


def _changed(data: bytes, name: str, change: Change) -> bytes:
    """The receipt with another signature of its presentation, or binding."""
    value = canonical.parse(data[:-1])
    jws, tilde, rest = value[name].partition("~")
    signed, _, signature = jws.rpartition(".")
    other = b64u_encode(change(evidence.unb64u(signature)))
    if other == signature:
        raise ValueError("nothing changed")
    return file({**value, name: f"{signed}.{other}{tilde}{rest}"})


def _high(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:], "big")
    return signature[:32] + s.to_bytes(32, "big")


def _beyond(signature: bytes) -> bytes:
    return ORDER.to_bytes(32, "big") + signature[32:]


def _der(signature: bytes) -> bytes:
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    return encode_dss_signature(r, s)


def _as_ethereum(b: Bench, plain: Record) -> bytes:
    """Signed over Keccak-256, which is no ES256K."""
    data = b.receipt(plain, key=w.PRESENT_K)
    signed = canonical.parse(data[:-1])["presentation"].partition("~")[0].rpartition(".")[0]
    made = w.PRESENT_K.sign_digest(keccak256(signed.encode()))[:64]
    return _changed(data, "presentation", lambda _: made)
