"""Promises: one spelling, at most 72 hours, whoever signed them."""

from typing import Any

import pytest
from eth_keys.datatypes import PrivateKey

from ledger.core import eip712, merkle, promise
from ledger.core.canonical import hex0x
from ledger.core.errors import Malformed, SignatureInvalid, VersionUnknown
from tests.core.material import digests, example, refuses

NAMES = ("correction", "licence", "penalty", "penalty-null")
KEY = PrivateKey(bytes([7]) * 32)


def values(name: str) -> dict[str, Any]:
    """What the promise of a worked example says; the worked examples hold its digest."""

    given, expected = example(name)
    leaves = [*digests(given["promise"]["otherLeaves"]), bytes.fromhex(expected["leaf"])]
    return {
        "log": bytes.fromhex(expected["logId"]),
        "leaves_root": merkle.root(leaves),
        "count": len(leaves),
        "issued_at": given["promise"]["issuedAt"],
        "due": given["promise"]["due"],
    }


def place(name: str) -> dict[str, Any]:
    given, _ = example(name)
    return {
        "chain_id": given["chainId"],
        "log_anchor": given["logAnchor"],
        "member": given["member"],
    }


def signed(name: str = "penalty") -> promise.Promise:
    made = KEY.sign_msg_hash(promise.digest(**values(name), **place(name))).to_bytes()
    signature = made[:64] + bytes([27 + made[64]])
    return promise.Promise(**values(name), signature=signature)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_signed_as_the_worked_examples_say(name: str) -> None:
    _, expected = example(name)
    assert promise.digest(**values(name), **place(name)).hex() == expected["promiseDigest"]
    found = signed(name).signer(**place(name))
    assert found == (KEY.public_key.to_address(), KEY.public_key.to_bytes())
    elsewhere = signed(name).signer(**(place(name) | {"member": "999999"}))
    assert elsewhere.address != found.address


@pytest.mark.parametrize("name", ["case", "outcome", "query"])
def test_those_in_openings_are_read_as_they_are_written(name: str) -> None:
    given, _ = example(f"part-2/{name}")
    found = promise.from_json(given["promise"])
    assert found.to_json() == given["promise"]
    assert found.due - found.issued_at <= promise.MAX_PROMISE


def test_it_is_read_as_it_is_written() -> None:
    made = signed()
    assert promise.from_json(made.to_json()) == made


@pytest.mark.parametrize("after", [-1, 72 * 3600 + 1, 10**9])
def test_due_is_at_most_72_hours_after_it_was_issued(after: int) -> None:
    given = values("penalty")
    wrong = given | {"due": given["issued_at"] + after}
    assert refuses(Malformed, lambda: promise.Promise(**wrong, signature=bytes(65)))
    assert refuses(Malformed, lambda: promise.digest(**wrong, **place("penalty")))
    value = signed().to_json() | {"issuedAt": "2026-11-18T11:08:20Z", "due": "2026-11-21T11:08:21Z"}
    with pytest.raises(Malformed, match="72 hours"):
        promise.from_json(value)
    promise.from_json(value | {"due": "2026-11-21T11:08:20Z"})


@pytest.mark.parametrize(
    "change",
    [
        *({"count": 0}, {"count": 4097}, {"count": True}, {"count": "1"}, {"more": 1}),
        *({"log": 1}, {"log": "ab"}, {"leavesRoot": ""}, {"due": "2026"}, {"issuedAt": None}),
        *({"signature": "0x"}, {"signature": hex0x(bytes(64))}, {"_type": "credit-ledger/promise"}),
    ],
    ids=str,
)
def test_what_is_no_promise(change: dict[str, Any]) -> None:
    assert refuses(Malformed, promise.from_json, signed().to_json() | change)


def test_what_is_no_object_or_newer() -> None:
    for value in (None, 1, "x", {"_type": 1}):
        assert refuses(Malformed, promise.from_json, value)
    newer = {"_type": "credit-ledger/promise@2", "x": None}
    assert refuses(VersionUnknown, promise.from_json, newer)


def test_a_signature_of_nobody() -> None:
    made = promise.Promise(**values("penalty"), signature=bytes(65))
    assert refuses(SignatureInvalid, lambda: made.signer(**place("penalty")))
    assert eip712.SIGNATURE65_SIZE == len(made.signature)
