"""Signatures between members, verified by another implementation of RFC 9421: the npm package
http-message-signatures."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.keys.signers import LocalSigner
from ledger.core.keys import Alg
from ledger.exchange.signatures import Answer, Request
from tests.gateway.peers.test_signatures import ALGS, BY, CREATED, SIGNERS, answered, signed

HERE = Path(__file__).parent
URL = "https://jinan.example"
"""Any: the host is covered by nothing."""


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwk(signer: LocalSigner) -> dict[str, str]:
    key = signer.public_key
    if signer.alg is Alg.ED25519:
        return {"kty": "OKP", "crv": "Ed25519", "x": b64u(key)}
    return {"kty": "EC", "crv": "P-256", "x": b64u(key[:32]), "y": b64u(key[32:])}


def request_of(request: Request) -> dict[str, Any]:
    # "?" is the query of a request without one (RFC 9421 2.2.7).
    return {"method": "POST", "url": URL + request.path, "headers": dict(request.headers.items())}


def response_of(answer: Answer) -> dict[str, Any]:
    return {"status": answer.status_code, "headers": dict(answer.headers.items())}


def case(
    signer: LocalSigner, request: Mapping[str, Any], response: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    alg = "ed25519" if signer.alg is Alg.ED25519 else "ecdsa-p256-sha256"
    id_ = signer.key_id.hex() if response else f"{BY}/{signer.key_id.hex()}"
    key = {"jwk": jwk(signer), "id": id_, "alg": alg, "at": CREATED + 1}
    return {"request": request, "response": response, "key": key}


def judged(cases: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What the other implementation says of each: True, False, or the text of its error."""
    node = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    assert node is not None, "make setup-dev brings a node"
    lines = "".join(json.dumps(one) + "\n" for one in cases)
    done = subprocess.run(
        [node, str(HERE / "rfc9421.mjs")],
        input=lines,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(cases)
    return [one.get("verified", one.get("error")) for one in found]


@ALGS
def test_requests_and_answers_verify_elsewhere(signer: LocalSigner) -> None:
    request = signed(signer)
    answer = answered(signer, request, 202)
    sent, told = request_of(request), response_of(answer)
    assert judged([case(signer, sent), case(signer, sent, told)]) == [True, True]


@ALGS
def test_what_was_changed_does_not(signer: LocalSigner) -> None:
    request = signed(signer)
    answer = answered(signer, request, 202)
    sent, told = request_of(request), response_of(answer)
    other = request_of(signed(signer, to="120000"))
    digest = {"content-digest": "sha-256=:" + base64.b64encode(bytes(32)).decode() + ":"}
    changed = [
        case(signer, sent | {"method": "PUT"}),
        case(signer, sent | {"url": URL + "/v1/exchange/check"}),
        case(signer, sent | {"url": URL + request.path + "?all=1"}),
        case(signer, sent | {"headers": sent["headers"] | {"credit-ledger-to": "120000"}}),
        case(signer, sent | {"headers": sent["headers"] | digest}),
        case(signer, sent, told | {"status": 200}),
        case(signer, sent, told | {"headers": told["headers"] | digest}),
        case(signer, other, told),
    ]
    assert judged(changed) == [False] * len(changed)


def test_another_key_does_not_verify() -> None:
    one, other = SIGNERS[Alg.ED25519], LocalSigner(Alg.ED25519, bytes([8]) * 32)
    sent = case(one, request_of(signed(one)))
    swapped = {**sent, "key": {**sent["key"], "jwk": jwk(other)}}
    unknown = {**sent, "key": {**sent["key"], "id": other.key_id.hex()}}
    assert judged([swapped, unknown]) == [False, "Unknown key"]


@pytest.mark.parametrize("alg", [Alg.ED25519])
def test_what_is_over_is_refused_there_too(alg: Alg) -> None:
    sent = case(SIGNERS[alg], request_of(signed(SIGNERS[alg])))
    late = {**sent, "key": {**sent["key"], "at": CREATED + 3600}}
    assert judged([late]) == ["Signature has expired"]
