"""Judge requests of the exchange between members."""

from typing import Any

import pytest

from tests.second import exchange
from tests.second.codec import b64url
from tests.second.curves import ED25519, P256, key_id, sha256
from tests.second.making import (
    HEAD,
    OWNER,
    Record,
    base64,
    ed25519_key,
    key,
    p256_public,
    p256_sign,
    read_world,
    world,
)

ASKER = "130000"
PRIVATE, PUBLIC = ed25519_key(b"q" * 32)
KEY_ID = key_id(ED25519, PUBLIC).hex()
BODY = b'{"recordId":"00"}'
NONCE = b64url(b"n" * 16)


def facts() -> dict[str, Any]:
    """Make a world in which the asker has two REQUEST keys."""
    found = world(Record().entry)
    found["keys"] += [key(ASKER, 7, ED25519, PUBLIC), key(ASKER, 7, P256, p256_public(9))]
    return found


def parameters(**more: Any) -> str:
    """Write the parameters of a signature."""
    values = {"created": HEAD, "expires": HEAD + 60, "nonce": NONCE, "keyid": KEY_ID}
    values |= {"alg": "ed25519", "tag": "credit-ledger/1", **more}
    return "".join(
        f";{name}={value}" if isinstance(value, int) else f';{name}="{value}"'
        for name, value in values.items()
        if value is not None
    )


def request(
    params: str | None = None,
    *,
    to: str = OWNER,
    body: bytes = BODY,
    sent: bytes | None = None,
    target: str = "/v1/exchange/record",
    fields: dict[str, str | None] | None = None,
    secret: int | None = None,
) -> bytes:
    """Sign a request, then put other fields or another body in place."""
    signed = exchange.COMPONENTS + (parameters() if params is None else params)
    digest = f"sha-256=:{base64(sha256(body))}:"
    lines = [
        '"@method": POST',
        f'"@path": {target.partition("?")[0]}',
        f'"@query": ?{target.partition("?")[2]}',
        f'"content-digest": {digest}',
        f'"credit-ledger-to": {to}',
        f'"@signature-params": {signed}',
    ]
    message = "\n".join(lines).encode()
    raw = PRIVATE.sign(message) if secret is None else p256_sign(secret, message)
    found: dict[str, str | None] = {
        "Host": "node.example",
        "Content-Type": "application/json",
        "Content-Digest": digest,
        "Credit-Ledger-To": to,
        "Signature-Input": f"sig={signed}",
        "Signature": f"sig=:{base64(raw)}:",
    }
    found |= fields or {}
    head = [f"POST {target} HTTP/1.1"]
    head += [f"{name}: {value}" for name, value in found.items() if value is not None]
    return "\r\n".join([*head, "", ""]).encode() + (body if sent is None else sent)


def verdict(data: bytes, **change: Any) -> str:
    """Judge a request in a world with some members changed."""
    return exchange.judge_request(data, read_world({**facts(), **change}))


def test_a_signed_request_is_accepted() -> None:
    """Accept a request of the one form, by either algorithm."""
    assert verdict(request()) == "accepted"
    other = key_id(P256, p256_public(9)).hex()
    params = parameters(keyid=other, alg="ecdsa-p256-sha256")
    assert verdict(request(params, secret=9)) == "accepted"
    assert verdict(request(params, secret=10)) == "signature-invalid"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Signature": None}, "signature-missing"),
        ({"Signature-Input": None}, "signature-missing"),
        ({"Signature": "a=:AA==:, b=:AA==:"}, "signature-several"),
        ({"Signature": "sig=:AA==:"}, "signature-form"),
        ({"Signature": 'sig=:A"A, b=:AA==:'}, "signature-form"),
        ({"Signature": f"other=:{base64(bytes(64))}:"}, "signature-form"),
        ({"Signature": f"sig=:{base64(bytes(64))}:"}, "signature-invalid"),
        ({"Content-Digest": None}, "signature-form"),
        ({"Content-Digest": "sha-512=:AA==:"}, "signature-invalid"),
        ({"Credit-Ledger-To": None}, "signature-form"),
        ({"Credit-Ledger-To": ASKER}, "other-member"),
        ({"Credit-Ledger-To": "no code"}, "other-member"),
    ],
)
def test_fields(fields: dict[str, str | None], code: str) -> None:
    """Refuse a request whose fields are not of the form."""
    assert verdict(request(fields=fields)) == code


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (parameters(tag="credit-ledger/2"), "signature-form"),
        (parameters(nonce="short"), "signature-form"),
        (parameters(nonce=None), "signature-form"),
        (parameters(alg="rsa-v1_5-sha256"), "signature-form"),
        (parameters(keyid="ab"), "signature-form"),
        (parameters(keyid=f"/{KEY_ID}"), "signature-form"),
        (parameters(keyid=f"{ASKER}/{KEY_ID}"), "accepted"),
        (parameters(keyid=f"{OWNER}/{KEY_ID}"), "request-key-unknown"),
        (parameters(created=str(HEAD)), "signature-form"),
        (parameters() + ";created=1", "signature-form"),
        (parameters() + ";more=1", "signature-form"),
        (parameters(created=253_402_300_800), "signature-form"),
        (parameters(created=HEAD + 61, expires=HEAD + 62), "signature-early"),
        (parameters(created=HEAD + 60, expires=HEAD + 61), "accepted"),
        (parameters(expires=HEAD - 1), "signature-lifetime"),
        (parameters(expires=HEAD + 61), "signature-lifetime"),
        (parameters(created=HEAD - 60, expires=HEAD - 1), "signature-expired"),
        (parameters(created=HEAD - 60, expires=HEAD), "accepted"),
        (parameters(keyid="ab" * 32), "request-key-unknown"),
    ],
)
def test_parameters(params: str, code: str) -> None:
    """Refuse a request whose parameters are not of the form, or not of now."""
    assert verdict(request(params)) == code


def test_components_in_another_order() -> None:
    """Refuse components in any other order."""
    swapped = exchange.COMPONENTS.replace('"@method" "@path"', '"@path" "@method"')
    fields: dict[str, str | None] = {"Signature-Input": f"sig={swapped}{parameters()}"}
    assert verdict(request(fields=fields)) == "signature-form"


def test_parameters_in_another_order() -> None:
    """Take parameters in any order, once each."""
    first, *rest = parameters().split(";")[1:]
    assert verdict(request("".join(f";{part}" for part in (*rest, first)))) == "accepted"


def test_key_and_member() -> None:
    """Ask for a key that is valid now, of an active member."""
    found = facts()
    keys = found["keys"]
    late = [{**one, "notAfter": HEAD - 1} if one["keyId"] == KEY_ID else one for one in keys]
    assert verdict(request(), keys=late) == "request-key-not-valid"
    said = [{"since": HEAD, "block": 10, "time": HEAD}]
    theft = {"compromisedSince": HEAD, "compromises": said}
    lost = [{**one, **theft} if one["keyId"] == KEY_ID else one for one in keys]
    assert verdict(request(), keys=lost) == "request-key-not-valid"
    other = [{**one, "purpose": 6} if one["keyId"] == KEY_ID else one for one in keys]
    assert verdict(request(), keys=other) == "request-key-unknown"
    idle = [{**one, "status": 2} if one["code"] == ASKER else one for one in found["members"]]
    assert verdict(request(), members=idle) == "member-not-active"


def test_a_key_that_two_members_registered() -> None:
    """Take a request for that of the member that it names, whoever else has the key."""
    found = facts()
    copied = {**key(OWNER, 7, ED25519, PUBLIC), "notAfter": HEAD - 1}
    named = request(parameters(keyid=f"{ASKER}/{KEY_ID}"))
    other = request(parameters(keyid=f"{OWNER}/{KEY_ID}"))
    for keys in ([copied, *found["keys"]], [*found["keys"], copied]):
        assert verdict(named, keys=keys) == "accepted"
        assert verdict(other, keys=keys) == "request-key-not-valid"
        assert verdict(request(), keys=keys) == "request-key-unknown"


def test_a_digest_that_is_none_is_one_that_differs() -> None:
    """Look at the digest where it is used."""
    params = exchange.COMPONENTS + parameters()
    lines = [
        '"@method": POST',
        '"@path": /v1/exchange/record',
        '"@query": ?',
        '"content-digest": none',
        f'"credit-ledger-to": {OWNER}',
        f'"@signature-params": {params}',
    ]
    signature = f"sig=:{base64(PRIVATE.sign(chr(10).join(lines).encode()))}:"
    sent = request(fields={"Content-Digest": "none", "Signature": signature})
    assert verdict(sent) == "digest-differs"


def test_methods_are_any_token() -> None:
    """Read any method, which the signature covers."""
    sent = request().replace(b"POST", b"post", 1)
    assert verdict(sent) == "signature-invalid"


def test_body_and_nonce() -> None:
    """Refuse another body, and the same request once more."""
    assert verdict(request(sent=BODY + b" ")) == "digest-differs"
    taken = [{"keyId": KEY_ID, "nonce": NONCE}]
    assert verdict(request(), nonces=taken) == "signature-replayed"
    assert verdict(request(sent=b""), nonces=taken) == "digest-differs"
    assert verdict(request(), nonces=[{"keyId": "ab" * 32, "nonce": NONCE}]) == "accepted"
