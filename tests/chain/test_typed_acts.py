"""Typed data of acts: all that is signed, read back to exactly what is signed."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from eth_account.messages import encode_typed_data

from ledger.chain.case_calls import CaseDomain
from ledger.chain.typed_acts import TypedActs
from ledger.core.errors import Malformed
from ledger.core.ids import Address, Digest, LogId, keccak256
from ledger.core.status import Act, Action

DOMAIN = CaseDomain(31337, Address("0x" + "a1" * 20))


def make(**changes: Any) -> TypedActs:
    values: dict[str, Any] = {
        "log": LogId(b"\1" * 32),
        "commitment": Digest(b"\2" * 32),
        "action": Action.CORRECT,
        "expected_version": 3,
        "basis": 8,
        "doc": Digest(b"\3" * 32),
        "effective_at": 1_700_000_000,
        "other_log": LogId(b"\4" * 32),
        "other_commitment": Digest(b"\5" * 32),
        "refiled_from": 1_600_000_000,
    }
    act = Act(**(values | changes))
    return TypedActs(domain=DOMAIN, member="110000", acts=(act,), deadline=1_800_000_000)


def test_read_back() -> None:
    typed = make()
    value = typed.as_dict()
    assert TypedActs.parse(copy.deepcopy(value)) == typed
    assert set(value) == {"types", "primaryType", "domain", "message"}
    assert value["types"]["Act"][2] == {"name": "action", "type": "uint8"}
    assert value["types"]["Acts"][1] == {"name": "acts", "type": "Act[]"}


def test_the_digest_is_that_of_the_words() -> None:
    """As any wallet computes it from the JSON."""
    assert _hash_typed(make()) == make().digest
    assert _hash_typed(make(basis=9)) != make().digest


def _hash_typed(typed: TypedActs) -> bytes:
    made = encode_typed_data(full_message=typed.as_dict())
    return keccak256(b"\x19" + made.version + made.header + made.body)


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    *names, last, item = path

    def change(value: Any) -> None:
        for name in names:
            value = value[name]
        value[last] = item

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("types", "Act", []),
        _set("primaryType", "Act"),
        _set("domain", "name", "CreditLedger LogAnchor"),
        _set("domain", "version", "2"),
        _set("domain", "salt", "0x00"),
        _set("domain", "verifyingContract", "0x12"),
        _set("domain", "verifyingContract", None),
        _set("domain", "chainId", True),
        _set("message", "acts", []),
        _set("message", "acts", None),
        _set("message", "deadline", -1),
        _set("message", "deadline", 2**64),
        _set("message", "note", "repair"),
        _set("message", "member", "110000"),
        _set("message", "acts", 0, "action", 99),
        _set("message", "acts", 0, "doc", "0x00"),
        _set("message", "acts", 0, "basis", "8"),
        _set("message", "acts", 0, "words", "grant"),
    ],
)
def test_anything_else_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    value = copy.deepcopy(make().as_dict())
    change(value)
    with pytest.raises(Malformed):
        TypedActs.parse(value)


@pytest.mark.parametrize("value", [None, [], "x", {}, {"domain": 1, "message": 2}])
def test_no_object_of_this_kind(value: Any) -> None:
    with pytest.raises(Malformed):
        TypedActs.parse(value)


def test_too_many_acts() -> None:
    value = make().as_dict()
    value["message"]["acts"] *= 65
    with pytest.raises(Malformed):
        TypedActs.parse(value)
