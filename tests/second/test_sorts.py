"""Demand the members of every sort of statement, and their forms."""

from typing import Any

import pytest

from tests.second import sorts
from tests.second.codec import Malformed, b64url

DIGEST = "ab" * 32
DOC = {"name": "a", "salt": b64url(bytes(32)), "sha256": DIGEST, "size": 0}
GOOD: dict[str, dict[str, Any]] = {
    "dummy": {},
    "case": {
        "act": "grant",
        "authority": "0" * 18,
        "basis": None,
        "case": DIGEST,
        "channel": "desk",
        "class": None,
        "day": None,
        "docs": [],
        "nationalNo": None,
        "note": "",
        "prev": None,
        "pushed": "2026-11-18",
        "received": None,
        "record": DIGEST,
        "role": "a:b",
        "step": 1,
    },
    "authorisation": {
        "docs": [DOC, DOC],
        "from": "2026-11-18",
        "grantee": "demo-bank",
        "purpose": "own",
        "regions": ["120000", "130000"],
        "subject": "A" * 18,
        "types": ["licence", "penalty"],
        "until": "2026-11-18",
    },
    "query": {
        "answer": DIGEST,
        "asker": "demo-bank",
        "authorisation": None,
        "items": 0,
        "purpose": "relocation",
        "subject": "A" * 18,
    },
    "use": {"answer": DIGEST, "decision": "none", "product": None, "purpose": "pre-loan"},
    "report": {
        "content": DIGEST,
        "period": {"from": "2025-01-01", "to": "2025-01-01"},
        "subject": "A" * 18,
        "until": "2026-01-01",
    },
    "outcome": {
        "granted": "0",
        "households": 0,
        "lent": "1.5",
        "period": "2026-11",
        "product": DIGEST,
        "region": "120000",
        "seq": 1,
        "version": 4_294_967_295,
    },
    "feedback": {
        "day": "2026-11-18",
        "matter": "a" * 200,
        "measure": "a",
        "query": DIGEST,
        "result": "",
    },
}


def demanded(sort: str, **more: Any) -> bool:
    """Tell whether a statement of a sort is taken, with some members changed."""
    try:
        sorts.demand(sort, {**GOOD[sort], **more})
    except Malformed:
        return False
    return True


@pytest.mark.parametrize("sort", GOOD)
def test_each_sort(sort: str) -> None:
    """Take each sort, and refuse it with a member too few or too many, and null out of place."""
    assert demanded(sort)
    assert not demanded(sort, more=None)
    for name in GOOD[sort]:
        rest = {key: value for key, value in GOOD[sort].items() if key != name}
        with pytest.raises(Malformed):
            sorts.demand(sort, rest)
        null = "basis class day nationalNo prev pushed received" if sort == "case" else ""
        null = {"query": "authorisation", "use": "product", "outcome": "product"}.get(sort, null)
        assert demanded(sort, **{name: None}) == (name in null.split())


@pytest.mark.parametrize(
    ("sort", "change"),
    [
        ("case", {"basis": 0}),
        ("case", {"basis": 65_536}),
        ("case", {"step": 2}),
        ("case", {"prev": DIGEST}),
        ("case", {"nationalNo": ""}),
        ("case", {"note": "a" * 2001}),
        ("case", {"docs": [DOC] * 17}),
        ("case", {"docs": [{**DOC, "name": ""}]}),
        ("case", {"docs": [{**DOC, "salt": b64url(bytes(31))}]}),
        ("authorisation", {"docs": []}),
        ("authorisation", {"until": "2026-11-17"}),
        ("authorisation", {"types": []}),
        ("authorisation", {"types": ["penalty", "licence"]}),
        ("authorisation", {"types": ["penalty", "penalty"]}),
        ("authorisation", {"types": [f"a{n:03}" for n in range(65)]}),
        ("authorisation", {"regions": ["12000"]}),
        ("authorisation", {"purpose": "loan"}),
        ("query", {"items": True}),
        ("query", {"items": "0"}),
        ("report", {"period": {"from": "2025-01-02", "to": "2025-01-01"}}),
        ("outcome", {"granted": "1.50"}),
        ("outcome", {"period": "2026-13"}),
        ("outcome", {"seq": 0}),
        ("outcome", {"version": 4_294_967_296}),
        ("feedback", {"matter": ""}),
        ("feedback", {"day": "2026-02-30"}),
    ],
)
def test_out_of_bounds(sort: str, change: dict[str, Any]) -> None:
    """Refuse what is not of its form."""
    assert not demanded(sort, **change)


def test_bounds() -> None:
    """Take what is just within its bounds, and documents in any order."""
    assert demanded("case", basis=65_535, nationalNo="a" * 64, note="好" * 2000, docs=[DOC] * 16)
    assert demanded("case", step=2, prev=DIGEST)
    assert demanded("authorisation", types=[f"a{n:03}" for n in range(64)])
    assert demanded("outcome", lent="999999999999.0001")
    assert not demanded("outcome", lent="1000000000000")
