"""Presentations: accepted by another library, and no character of them free."""

import json
from datetime import date
from typing import Any

import pytest
from jwcrypto.jwk import JWK  # type: ignore[import-untyped]
from jwcrypto.jws import InvalidJWSSignature  # type: ignore[import-untyped]
from sd_jwt.verifier import SDJWTVerifier  # type: ignore[import-untyped]

from ledger.core import canonical, commitment, keys, presentation
from ledger.core.commitment import Header
from ledger.core.errors import EvidenceError, Malformed, SignatureInvalid
from ledger.core.ids import LogId, key_id
from ledger.core.jws import verify as verify_jws
from ledger.core.keys import Alg
from tests.core.material import REFUSED, example, refuses
from tests.core.test_keys import ALGS, Key, high_s

IAT = 1795000200
SCHEMA = "penalty@1:" + "ab" * 32
HEADER = Header(
    class_=None,
    decided=date(2024, 4, 10),
    iss="120000",
    log=LogId(bytes(32)),
    rules="publicity@1:" + "cd" * 32,
    schema=SCHEMA,
    until=None,
)
SLOTS = ("A", "B", "C")
MADE = commitment.commit(SLOTS, {"A": "x", "C": ["y"]}, bytes(32), HEADER)
SHOWN = list(MADE.disclosures.values())


def shown(alg: Alg = Alg.P256, **changes: Any) -> str:
    key = Key(alg)
    arguments = {"sign": key.sign, "kid": key_id(alg, key.public), "alg": alg, "iat": IAT}
    return presentation.present(MADE.payload, SHOWN, **{**arguments, **changes})


def bound(text: str, **changes: Any) -> str:
    key = Key(Alg.P256)
    arguments: dict[str, Any] = {
        "audience": "demo-bank",
        "nonce": "n-1",
        "authorisation": bytes(32),
        "sign": key.sign,
        "kid": key_id(Alg.P256, key.public),
        "alg": Alg.P256,
        "iat": IAT,
    }
    return presentation.bind(text, **{**arguments, **changes})


@pytest.mark.parametrize("alg", ALGS)
@pytest.mark.parametrize("name", ["penalty", "licence", "correction", "penalty-null"])
def test_another_library_accepts_it(alg: Alg, name: str) -> None:
    """The PyPI package sd-jwt reads the same fields under the key's JWK."""
    given, expected = example(name)
    key = Key(alg)
    text = presentation.present(
        expected["payload"].encode(),
        list(expected["disclosures"].values()),
        sign=key.sign,
        kid=key_id(alg, key.public),
        alg=alg,
        iat=IAT,
    )
    jwk = JWK(**keys.to_jwk(alg, key.public))
    seen = SDJWTVerifier(text, lambda issuer, header: jwk).get_verified_payload()
    opened = canonical.parse(expected["payload"].encode(), allow_null=True)
    assert seen == given["fields"] | {k: v for k, v in opened.items() if not k.startswith("_sd")}
    assert presentation.parse_presentation(text).fields(given["slots"]) == given["fields"]


@pytest.mark.parametrize("alg", ALGS)
def test_another_library_refuses_what_another_key_signed(alg: Alg) -> None:
    jwk = JWK(**keys.to_jwk(alg, Key(alg, b"\x08" * 32).public))
    with pytest.raises(InvalidJWSSignature):
        SDJWTVerifier(shown(alg), lambda issuer, header: jwk)


@pytest.mark.parametrize("alg", ALGS)
def test_round_trip(alg: Alg) -> None:
    key = Key(alg)
    for _ in range(6):  # whichever s comes back from the key
        text = shown(alg)
        parsed = presentation.parse_presentation(text)
        assert parsed.text == text
        assert parsed.commitment == MADE.digest
        assert parsed.fields(SLOTS) == {"A": "x", "C": ["y"]}
        assert (parsed.jws.alg, parsed.jws.iat) == (alg, IAT)
        assert parsed.jws.payload == MADE.payload
        verify_jws(parsed.jws, alg, key.public)
    header = canonical.b64u_decode(shown(alg).split(".")[0])
    kid = key_id(alg, key.public).hex()
    name = {Alg.P256: "ES256", Alg.ED25519: "EdDSA", Alg.SECP256K1: "ES256K"}[alg]
    assert json.loads(header) == {"alg": name, "iat": IAT, "kid": kid, "typ": "dc+sd-jwt"}


def test_no_changed_character_passes() -> None:
    text, key = shown(), Key(Alg.P256)

    def accept(changed: str) -> None:
        parsed = presentation.parse_presentation(changed)
        verify_jws(parsed.jws, Alg.P256, key.public)
        parsed.fields(SLOTS)

    accept(text)
    for at in range(len(text)):
        for other in "AQ._~ ":
            changed = text[:at] + other + text[at + 1 :]
            if changed != text:
                assert refuses(REFUSED, accept, changed), (at, other)
        assert refuses(REFUSED, accept, text[:at] + text[at + 1 :]) or text[at] == text[at - 1]


def test_a_key_is_named_and_must_be_that_one() -> None:
    key = Key(Alg.P256)
    good = presentation.parse_presentation(shown()).jws
    verify_jws(good, Alg.P256, key.public)
    other = Key(Alg.P256, b"\x08" * 32)
    unnamed = presentation.parse_presentation(shown(kid=bytes(32))).jws
    for jws, alg, public in (
        (good, Alg.P256, other.public),
        (unnamed, Alg.P256, key.public),
        (good, Alg.SECP256K1, key.public),
    ):
        assert refuses(SignatureInvalid, verify_jws, jws, alg, public)


def test_a_high_s_is_turned_round() -> None:
    key = Key(Alg.P256)
    text = shown(sign=lambda message: high_s(Alg.P256, key.sign(message)))
    verify_jws(presentation.parse_presentation(text).jws, Alg.P256, key.public)


def test_what_is_never_presented() -> None:
    for payload, disclosures in (
        (b"{}", SHOWN),
        (MADE.payload, []),
        (MADE.payload, [*SHOWN, SHOWN[0]]),
        (MADE.payload, ["AAAA"]),
    ):
        with pytest.raises(EvidenceError):
            presentation.present(
                payload, disclosures, sign=Key(Alg.P256).sign, kid=bytes(32), alg=3, iat=IAT
            )
    for change in ({"iat": -1}, {"iat": 2**60}, {"kid": b""}, {"sign": lambda message: b"short"}):
        with pytest.raises(Malformed):
            shown(**change)


def test_bounds() -> None:
    assert refuses(Malformed, presentation.parse_presentation, "A" * 10**6 + "~")
    with pytest.raises(Malformed, match="longer than"):
        presentation.parse_binding("A" * (presentation.MAX_BINDING + 1))
    last = presentation.parse_presentation(shown(iat=canonical.MAX_INSTANT))
    assert last.jws.iat == canonical.MAX_INSTANT
    assert refuses(Malformed, presentation.parse_presentation, shown() + "\ud800~")
    many = shown() + "A~" * 100_000
    assert refuses(Malformed, lambda: presentation.parse_presentation(many).fields(SLOTS))


def test_bindings() -> None:
    text, key = shown(), Key(Alg.P256)
    for authorisation in (None, bytes(range(32))):
        parsed = presentation.parse_binding(bound(text, authorisation=authorisation))
        assert (parsed.audience, parsed.nonce) == ("demo-bank", "n-1")
        assert parsed.authorisation == authorisation
        assert parsed.jws.iat == IAT
        header, payload, _ = parsed.jws.text.split(".")
        assert json.loads(canonical.b64u_decode(header)).keys() == {"alg", "kid", "typ"}
        assert json.loads(canonical.b64u_decode(payload)) == {
            "aud": "demo-bank",
            "authorisation": None if authorisation is None else authorisation.hex(),
            "iat": IAT,
            "nonce": "n-1",
            "sd_hash": parsed.sd_hash,
        }
        assert parsed.sd_hash == presentation.parse_presentation(text).sd_hash
        verify_jws(parsed.jws, Alg.P256, key.public)
    for change in (
        {"kid": b""},
        {"audience": ""},
        {"audience": "a b"},
        {"nonce": "x" * 257},
        {"nonce": "号"},
    ):
        with pytest.raises(Malformed):
            bound(text, **change)
    assert refuses(Malformed, presentation.parse_binding, text)
    assert refuses(Malformed, presentation.parse_binding, text.split("~")[0])


@pytest.mark.parametrize(
    "claims",
    [
        *([], {}, "x", {"aud": "a", "nonce": "n"}),
        {"aud": "a", "authorisation": None, "nonce": "n", "sd_hash": "A" * 43},
        {"aud": "a", "iat": 1, "nonce": "n", "sd_hash": "A" * 43},
        {"aud": "a", "authorisation": None, "iat": -1, "nonce": "n", "sd_hash": "A" * 43},
        {"aud": "a", "authorisation": None, "iat": None, "nonce": "n", "sd_hash": "A" * 43},
        {"aud": None, "authorisation": None, "iat": 1, "nonce": "n", "sd_hash": "A" * 43},
        {"aud": "a", "authorisation": "00", "iat": 1, "nonce": "n", "sd_hash": "A" * 43},
        {"aud": "a", "authorisation": 1, "iat": 1, "nonce": "n", "sd_hash": "A" * 43},
        {"aud": "a", "authorisation": None, "iat": 1, "nonce": "n", "sd_hash": "A" * 42},
    ],
)
def test_bindings_that_say_something_else(claims: Any) -> None:
    header, _, signature = bound(shown()).split(".")
    payload = canonical.b64u_encode(json.dumps(claims, separators=(",", ":")).encode())
    with pytest.raises(Malformed):
        presentation.parse_binding(f"{header}.{payload}.{signature}")


def test_a_disclosure_that_is_no_ascii_is_one_that_does_not_hold() -> None:
    """What stands between two tildes is a disclosure, whatever it is."""
    text = shown()
    wrong = f"{text}号~"
    parsed = presentation.parse_presentation(wrong)
    assert (parsed.text, parsed.disclosures[-1]) == (wrong, "号")
    assert presentation.parse_presentation(text).sd_hash != parsed.sd_hash
    with pytest.raises(Malformed):
        parsed.fields(SLOTS)
    jws, rest = text.split("~", 1)
    assert refuses(Malformed, presentation.parse_presentation, f"{jws}号~{rest}")
