"""The access table: as a twin reads it, as members agreed on it, and in no other form."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.access_table import (
    PURPOSES,
    VISIBILITIES,
    AccessTable,
    Compared,
    Extent,
    Standing,
    load,
    parse,
)
from gateway.base.policy import (
    ALWAYS,
    NOT_GRANTED,
    Peer,
    Purpose,
    Record,
    decide_for_member,
)
from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.core.keys import Role

SHA256 = "91e418e7131ffa1edd37b19f16baed64402120ea16903d8cef11a868874a32f4"
ENDED = (Standing.OUTCOME, Standing.SHIELDED, Standing.SUPERSEDED, Standing.ERASED)
roles = st.integers(1, 15).map(Role)
purposes = st.sampled_from(sorted(PURPOSES))
visibilities = st.sampled_from(sorted(VISIBILITIES.values()))
standings = st.sampled_from(Standing)


def document() -> dict[str, Any]:
    """The file as JSON."""
    place = resources.files("gateway.base").joinpath("access_tables")
    found: dict[str, Any] = json.loads(place.joinpath("exchange@1.json").read_bytes())
    return found


def twin(role: Role, purpose: str, visibility: int, standing: Standing) -> str:
    """From the file, row by row."""
    (name,) = (name for name, number in VISIBILITIES.items() if number == visibility)
    for row in document()["rows"]:
        if (
            {str(each.name) for each in Role if each in role} & set(row["roles"])
            and purpose in row["purposes"]
            and name in row["visibility"]
            and standing.value in row["status"]
        ):
            return str(row["give"])
    return "nothing"


def test_a_published_table_never_changes() -> None:
    """Its hash stands in an agreement of the members; a change is a new version."""
    assert load().sha256 == SHA256
    assert load().version == 1
    assert load().match == frozenset(Compared)


@given(roles, purposes, visibilities, standings)
def test_as_the_twin_reads_it(
    role: Role, purpose: str, visibility: int, standing: Standing
) -> None:
    assert load().extent(role, purpose, visibility, standing) == twin(
        role, purpose, visibility, standing
    )


@given(roles, purposes, visibilities, st.sampled_from(ENDED))
def test_nothing_is_given_of_what_ended(
    role: Role, purpose: str, visibility: int, standing: Standing
) -> None:
    assert load().extent(role, purpose, visibility, standing) is Extent.NOTHING


@given(roles, visibilities, standings, st.sampled_from(Purpose))
def test_decided_for_members(
    role: Role, visibility: int, standing: Standing, purpose: Purpose
) -> None:
    """Without a purpose what is public is given, and nothing else; openings to auditors."""
    if not purpose.value.startswith("exchange-"):
        return
    record = Record(department=None, decided=ALWAYS, visibility=visibility)
    peer = Peer(code="120000", roles=role)
    decision = decide_for_member(peer, purpose, load(), record=record, standing=standing)
    if purpose is Purpose.EXCHANGE_OPENINGS:
        assert decision.allowed is (Role.AUDITOR in role)
    else:
        assert decision.allowed is (visibility == 1 and standing not in ENDED)
    assert decision.code in (None, NOT_GRANTED)
    assert decision.version == 1


@given(roles, st.sampled_from([Purpose.EXCHANGE_RECORD, Purpose.EXCHANGE_CHECK]))
def test_of_no_record_nothing(role: Role, purpose: Purpose) -> None:
    assert not decide_for_member(Peer(code="x", roles=role), purpose, load()).allowed


def test_match_is_enough_for_a_check_only() -> None:
    value = document()
    value["rows"] = [value["rows"][0] | {"give": "match"}]
    table = parse(canonical.encode(value, max_depth=4))
    record = Record(department=None, decided=ALWAYS, visibility=1)
    peer = Peer(code="x", roles=Role.INSTITUTION)
    found = [
        decide_for_member(peer, purpose, table, record=record).allowed
        for purpose in (Purpose.EXCHANGE_RECORD, Purpose.EXCHANGE_CHECK)
    ]
    assert found == [False, True]


CHANGES: list[dict[str, Any]] = [
    {"version": 0},
    {"version": "1"},
    {"_type": "credit-ledger/access-table@2"},
    {"more": 1},
    {"match": []},
    {"match": ["salary"]},
    {"match": "document"},
    {"rows": {}},
    {"rows": [1]},
    {"rows": [{}]},
    {"rows": [document()["rows"][0] | {"roles": []}]},
    {"rows": [document()["rows"][0] | {"roles": ["KING"]}]},
    {"rows": [document()["rows"][0] | {"purposes": ["curiosity"]}]},
    {"rows": [document()["rows"][0] | {"visibility": [1]}]},
    {"rows": [document()["rows"][0] | {"status": ["unknown"]}]},
    {"rows": [document()["rows"][0] | {"give": "much"}]},
    {"rows": [document()["rows"][0] | {"give": ["all"]}]},
    {"rows": [document()["rows"][0] | {"more": 1}]},
]


@pytest.mark.parametrize("changed", CHANGES)
def test_other_tables_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse(canonical.encode(document() | changed, max_depth=5))


def test_one_spelling() -> None:
    data = canonical.encode(document(), max_depth=4)
    assert isinstance(parse(data), AccessTable)
    with pytest.raises(Malformed):
        parse(data + b"\n")
