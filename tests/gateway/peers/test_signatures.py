"""Signatures between members: made and checked by the library, held against RFC 9421 by hand."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.chain.keys.signers import LocalSigner
from ledger.core.errors import SignatureInvalid
from ledger.core.keys import Alg
from ledger.exchange.signatures import (
    Answer,
    Fields,
    Request,
    SignatureForm,
    digest_of,
    read_answer,
    read_request,
    sign_answer,
    sign_request,
    verify,
)

CREATED, EXPIRES = 1_795_000_000, 1_795_000_060
NONCE = "AAECAwQFBgcICQoLDA0ODw"
BODY = b'{"recordId":"00"}'
PATH = "/v1/exchange/record"
BY = "demo-bank"
SIGNERS = {alg: LocalSigner(alg, bytes([7]) * 32) for alg in (Alg.ED25519, Alg.P256)}
ALGS = pytest.mark.parametrize("signer", SIGNERS.values(), ids=[alg.name for alg in SIGNERS])


def signed(signer: LocalSigner, *, path: str = PATH, to: str = "110000") -> Request:
    request = Request(path=path, headers=Fields([("Content-Type", "application/json")]))
    times = {"created": CREATED, "expires": EXPIRES}
    sign_request(request, BODY, signer, by=BY, to=to, nonce=NONCE, **times)
    return request


def answered(signer: LocalSigner, request: Request, status: int = 200) -> Answer:
    answer = Answer(status_code=status, headers=Fields(), request=request)
    sign_answer(answer, b"{}", signer, created=CREATED, nonce=NONCE)
    return answer


def check(message: Request | Answer, signer: LocalSigner) -> None:
    read = read_request if isinstance(message, Request) else read_answer
    verify(message, read(message.headers), signer)


def check_by_hand(signer: LocalSigner, base: str, signature: bytes) -> None:
    """With `cryptography` alone."""
    if signer.alg is Alg.ED25519:
        Ed25519PublicKey.from_public_bytes(signer.public_key).verify(signature, base.encode())
        return
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(signer.public_key[:32], "big"),
        int.from_bytes(signer.public_key[32:], "big"),
        ec.SECP256R1(),
    )
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key = numbers.public_key()
    key.verify(encode_dss_signature(r, s), base.encode(), ec.ECDSA(SHA256()))


@ALGS
def test_request_is_signed_as_rfc_9421_says(signer: LocalSigner) -> None:
    """The signature base of section 2.5, written down by hand."""
    headers = dict(signed(signer).headers.items())
    match = re.fullmatch(r"sig=(\(.*\);(.*))", headers["signature-input"])
    assert match is not None
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    base = (
        '"@method": POST\n'
        f'"@path": {PATH}\n'
        '"@query": ?\n'
        f'"content-digest": sha-256=:{digest}:\n'
        '"credit-ledger-to": 110000\n'
        f'"@signature-params": {match[1]}'
    )
    value = re.fullmatch(r"sig=:([A-Za-z0-9+/=]+):", headers["signature"])
    assert value is not None
    check_by_hand(signer, base, base64.b64decode(value[1]))
    with pytest.raises(InvalidSignature):
        check_by_hand(signer, base.replace("POST", "PUT"), base64.b64decode(value[1]))
    alg = "ed25519" if signer.alg is Alg.ED25519 else "ecdsa-p256-sha256"
    assert sorted(match[2].split(";")) == sorted(
        [
            f"created={CREATED}",
            f"expires={EXPIRES}",
            f'nonce="{NONCE}"',
            f'keyid="{BY}/{signer.key_id.hex()}"',
            f'alg="{alg}"',
            'tag="credit-ledger/1"',
        ]
    )
    assert match[1].startswith('("@method" "@path" "@query" "content-digest" "credit-ledger-to");')


@ALGS
def test_answer_is_signed_over_its_request(signer: LocalSigner) -> None:
    request = signed(signer)
    headers = dict(answered(signer, request, 202).headers.items())
    match = re.fullmatch(r"sig=(.*)", headers["signature-input"])
    assert match is not None
    assert match[1].startswith('("@status" "content-digest" "signature";req;key="sig");')
    asked = dict(request.headers.items())["signature"].removeprefix("sig=")
    base = (
        '"@status": 202\n'
        f'"content-digest": {digest_of(b"{}")}\n'
        f'"signature";req;key="sig": {asked}\n'
        f'"@signature-params": {match[1]}'
    )
    value = headers["signature"].removeprefix("sig=:").removesuffix(":")
    check_by_hand(signer, base, base64.b64decode(value))


@ALGS
def test_what_was_signed_verifies(signer: LocalSigner) -> None:
    request = signed(signer)
    check(request, signer)
    check(answered(signer, request), signer)
    claim = read_request(request.headers)
    assert (claim.member, claim.key_id, claim.nonce) == (BY, signer.key_id, NONCE)
    assert (claim.created, claim.expires) == (CREATED, EXPIRES)
    assert read_answer(answered(signer, request).headers).member == ""


@ALGS
def test_answer_to_another_request_does_not_verify(signer: LocalSigner) -> None:
    """The components of both answers are the same but for the request's signature."""
    answer = answered(signer, signed(signer))
    other = signed(signer, to="120000")
    moved = Answer(status_code=200, headers=answer.headers, request=other)
    with pytest.raises(SignatureInvalid):
        check(moved, signer)


def test_key_of_another_algorithm_is_refused() -> None:
    request = signed(SIGNERS[Alg.P256])
    with pytest.raises(SignatureInvalid):
        verify(request, read_request(request.headers), SIGNERS[Alg.ED25519])


def test_signer_of_ethereum_signs_no_request() -> None:
    with pytest.raises(SignatureInvalid):
        signed(LocalSigner(Alg.SECP256K1, bytes([7]) * 32))


texts = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@ALGS
@given(data=st.data())
@settings(max_examples=150)
def test_any_changed_component_is_refused(signer: LocalSigner, data: st.DataObject) -> None:
    """Whatever is covered, and the signature itself: one change of any of it and it is refused."""
    request = signed(signer)
    where = data.draw(st.sampled_from(["method", "path", "digest", "to", "signature", "params"]))
    fields = Fields(request.headers.items())
    method, path = request.method, request.path
    if where == "method":
        method = data.draw(st.sampled_from(["GET", "PUT", "PATCH", "DELETE", "POSTS"]))
    elif where == "path":
        path += data.draw(
            st.from_regex(r"[a-z/]{1,9}(\?[a-z=]{0,9})?|\?[a-z=]{1,9}", fullmatch=True)
        )
    elif where == "digest":
        fields["Content-Digest"] = digest_of(data.draw(st.binary()) + b"!")
    elif where == "to":
        fields["Credit-Ledger-To"] = data.draw(texts.filter(lambda t: t != "110000"))
    elif where == "signature":
        raw = bytearray(base64.b64decode(fields.one("signature")[5:-1]))
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        fields["Signature"] = f"sig=:{base64.b64encode(raw).decode()}:"
    else:
        value = fields.one("signature-input")
        digits = [at for at, char in enumerate(value) if char.isdigit()]
        at = data.draw(st.sampled_from(digits))
        other = data.draw(st.sampled_from("0123456789").filter(lambda char: char != value[at]))
        fields["Signature-Input"] = value[:at] + other + value[at + 1 :]
    changed = Request(path=path, headers=fields, method=method)
    with pytest.raises((SignatureInvalid, SignatureForm)):
        check(changed, signer)


def edit(name: str, change: Callable[[str], str]) -> Fields:
    """The fields of a good request with one value changed."""
    fields = Fields(signed(SIGNERS[Alg.ED25519]).headers.items())
    fields[name] = change(fields.one(name.lower()))
    return fields


def twice(name: str) -> Fields:
    lines = signed(SIGNERS[Alg.ED25519]).headers.items()
    return Fields([*lines, *(line for line in lines if line[0] == name)])


def without(name: str) -> Fields:
    lines = signed(SIGNERS[Alg.ED25519]).headers.items()
    return Fields([line for line in lines if line[0] != name])


OTHER = "sig2=()"
FORMS: list[tuple[str, Callable[[], Fields], str]] = [
    ("no signature", lambda: without("signature"), "signature-missing"),
    ("no input", lambda: without("signature-input"), "signature-missing"),
    ("no digest", lambda: without("content-digest"), "signature-form"),
    ("two digests", lambda: twice("content-digest"), "signature-form"),
    ("two lines", lambda: twice("signature-input"), "signature-several"),
    ("two lines of signatures", lambda: twice("signature"), "signature-several"),
    ("two inputs", lambda: edit("Signature-Input", lambda v: f"{v}, {OTHER}"), "signature-several"),
    ("two values", lambda: edit("Signature", lambda v: f"{v}, x=:AA==:"), "signature-several"),
    ("one label twice", lambda: edit("Signature", lambda v: f"{v}, {v}"), "signature-several"),
    ("another label", lambda: edit("Signature-Input", lambda v: "a" + v[3:]), "signature-form"),
    ("no structure", lambda: edit("Signature-Input", lambda v: "(" + v), "signature-form"),
    ("no bytes", lambda: edit("Signature", lambda v: "sig=1"), "signature-form"),
    ("bytes with more", lambda: edit("Signature", lambda v: f"{v};a=1"), "signature-form"),
    (
        "a space more",
        lambda: edit("Signature-Input", lambda v: v.replace(";", "; ", 1)),
        "signature-form",
    ),
    (
        "other order",
        lambda: edit(
            "Signature-Input", lambda v: v.replace('"@method" "@path"', '"@path" "@method"')
        ),
        "signature-form",
    ),
    (
        "one less",
        lambda: edit("Signature-Input", lambda v: v.replace(' "@query"', "")),
        "signature-form",
    ),
    (
        "one more",
        lambda: edit("Signature-Input", lambda v: v.replace(' "@query"', ' "@query" "@authority"')),
        "signature-form",
    ),
    (
        "component of the request",
        lambda: edit("Signature-Input", lambda v: v.replace('"@path"', '"@path";req')),
        "signature-form",
    ),
    (
        "created twice",
        lambda: edit("Signature-Input", lambda v: f"{v};created=1"),
        "signature-form",
    ),
    ("a parameter more", lambda: edit("Signature-Input", lambda v: f"{v};more"), "signature-form"),
    (
        "no nonce",
        lambda: edit("Signature-Input", lambda v: v.replace(f';nonce="{NONCE}"', "")),
        "signature-form",
    ),
    (
        "a short nonce",
        lambda: edit("Signature-Input", lambda v: v.replace(NONCE, "AAAA")),
        "signature-form",
    ),
    (
        "nonce not base64",
        lambda: edit("Signature-Input", lambda v: v.replace(NONCE, NONCE[:-1] + "!")),
        "signature-form",
    ),
    (
        "created no number",
        lambda: edit("Signature-Input", lambda v: v.replace(f"created={CREATED}", "created=1.0")),
        "signature-form",
    ),
    (
        "created a flag",
        lambda: edit("Signature-Input", lambda v: v.replace(f"created={CREATED}", "created")),
        "signature-form",
    ),
    (
        "created negative",
        lambda: edit("Signature-Input", lambda v: v.replace(f"created={CREATED}", "created=-1")),
        "signature-form",
    ),
    (
        "expires far",
        lambda: edit(
            "Signature-Input", lambda v: v.replace(f"expires={EXPIRES}", "expires=999999999999999")
        ),
        "signature-form",
    ),
    (
        "tag of answers",
        lambda: edit(
            "Signature-Input", lambda v: v.replace('"credit-ledger/1"', '"credit-ledger/1-answer"')
        ),
        "signature-form",
    ),
    (
        "unknown algorithm",
        lambda: edit("Signature-Input", lambda v: v.replace('"ed25519"', '"hmac-sha256"')),
        "signature-form",
    ),
    (
        "algorithm a token",
        lambda: edit("Signature-Input", lambda v: v.replace('"ed25519"', "ed25519")),
        "signature-form",
    ),
    (
        "keyid in capitals",
        lambda: edit(
            "Signature-Input",
            lambda v: re.sub(
                "(?<=/)[0-9a-f]{64}",
                lambda m: m[0].upper(),
                v,
            ),
        ),
        "signature-form",
    ),
    (
        "keyid short",
        lambda: edit("Signature-Input", lambda v: re.sub('keyid="(.*?/)..', r'keyid="\1', v)),
        "signature-form",
    ),
    (
        "keyid of a member without a code",
        lambda: edit("Signature-Input", lambda v: v.replace(BY, "")),
        "signature-form",
    ),
]


@pytest.mark.parametrize(("make", "code"), [form[1:] for form in FORMS], ids=[f[0] for f in FORMS])
def test_form_is_exact(make: Callable[[], Fields], code: str) -> None:
    """One signature, one label, the components in their order, each parameter once."""
    with pytest.raises(SignatureForm) as caught:
        read_request(make())
    assert caught.value.code == code


@given(value=st.text(max_size=200), name=st.sampled_from(["Signature", "Signature-Input"]))
def test_nothing_foreign_is_raised(value: str, name: str) -> None:
    """Whatever a stranger sends as a signature."""
    with pytest.raises(SignatureForm):
        read_request(edit(name, lambda _: value))
