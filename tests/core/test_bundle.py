"""Bundles: what is one."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.core import canonical
from ledger.core.bundle import is_bundle, parse_bundle
from ledger.core.day_list import Missing
from ledger.core.errors import Malformed, ProofMismatch, VersionUnknown
from tests.core.answers import AT, SUBJECT, bundle, given, jws_of


def changed(**changes: Any) -> bytes:
    value = canonical.parse(bundle().encode(), allow_null=True, max_depth=12) | changes
    kept = {name: one for name, one in value.items() if one != "gone"}
    return canonical.encode(kept, allow_null=True, max_depth=12)


def test_one_is_read_as_it_was_written() -> None:
    made = bundle()
    data = made.encode()
    assert is_bundle(data)
    assert not is_bundle(b'{"_type":"credit-ledger/answer@1"}')
    found = parse_bundle(data)
    assert found == made
    assert (found.subject, found.at) == (SUBJECT, AT + 5)
    assert found.encode() == data


def test_one_of_nothing() -> None:
    made = bundle(answers=(), missing=(), completeness=(), verdicts=())
    assert parse_bundle(made.encode()) == made


@pytest.mark.parametrize(
    "changes",
    [
        {"at": "gone"},
        {"more": 1},
        {"subject": "x"},
        {"at": "yesterday"},
        {"answers": {}},
        {"answers": [1]},
        {"missing": [{"member": "110000"}]},
        {"missing": [{"member": "110000", "reason": "Not spelled so"}]},
        {"completeness": [{"family": "penalty", "member": "110000", "state": "unsure"}]},
        {"completeness": [{"family": "P", "member": "110000", "state": "stated"}]},
        {"completeness": [{"family": "penalty", "member": "110000"}]},
        {"verdicts": [1]},
        {"verdicts": [{}] * 16_001},
        {"overall": "fine"},
    ],
)
def test_what_is_no_bundle(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_bundle(changed(**changes))


def test_members_ascend_and_stand_in_one_place() -> None:
    twice = (given(), given())
    with pytest.raises(Malformed):
        parse_bundle(bundle(answers=twice).encode())
    out_of_order = tuple(Missing(member=one, reason="unreachable") for one in ("140000", "110000"))
    with pytest.raises(Malformed):
        parse_bundle(bundle(missing=out_of_order).encode())
    both = (Missing(member="120000", reason="unreachable"),)
    with pytest.raises(Malformed):
        parse_bundle(bundle(missing=both).encode())


def test_one_spelling() -> None:
    data = bundle().encode()
    for other in (data + b"\n", data.replace(b'":', b'": ', 1), b"[]", b"", data[:-1]):
        with pytest.raises(Malformed):
            parse_bundle(other)


def test_what_is_newer_and_what_contradicts_itself() -> None:
    newer = bundle().encode().replace(b"credit-ledger/bundle@1", b"credit-ledger/bundle@2")
    with pytest.raises(VersionUnknown):
        parse_bundle(newer)
    value = given().to_json() | {"answer": jws_of(at=AT + 1)}
    with pytest.raises(ProofMismatch):
        parse_bundle(changed(answers=[value]))
