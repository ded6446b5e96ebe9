"""A record of each visibility asked for by every scope: a table written by hand, over HTTP and of
the policy itself.

Visibilities: public, on authorisation, government, and minor (public by its type, shared only).
States: in force, superseded, erased. Callers: every scope alone and all together, of the whole
member, of the department that filed it or another, of its authority or another, and nobody.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.policy import ALWAYS, SCOPES, Caller, Purpose, Record, Status, decide
from gateway.node import Node
from gateway.records.models import closings, records
from gateway.records.store import known_of, record_row
from ledger.chain.contracts.structs import GOVERNMENT, ON_AUTHORISATION, PUBLIC
from ledger.records.schema import load
from tests.gateway.intake.material import OF_BEIJING, record
from tests.gateway.policy.desk import Desk
from tests.records.examples import AUTHORITY, good
from tests.support.anchors import put_anchor
from tests.support.erasing import erase
from tests.support.node import make_facts, make_test_node

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OURS, THEIRS = "甲局", "乙局"

# Who asks, with which scopes, department and authorities; then what is answered for a record in
# force that is public, on authorisation, for government, minor; and for each of these superseded
# closed and erased: 200 shown, 404 as if not there, 410 erased, 403 the scope is missing, CLOSED
# 403 because the content is, 401 no token.
CLOSED = -403
EVERY = (200, 200, 200, 200)
NONE = (404, 404, 404, 404)
GONE = (410, 410, 410, 410)
LACKS = (403, 403, 403, 403)
PUBLIC_ONLY = (200, 404, 404, 404)
SHUT = (CLOSED,) * 4
PUBLIC_SHUT = (CLOSED, 404, 404, 404)

CALLERS: dict[str, tuple[tuple[str, ...], str | None, tuple[str, ...]]] = {
    "centre read": (("read",), None, ()),
    "centre submit": (("submit",), None, ()),
    "centre decide": (("decide",), None, ()),
    "centre release": (("release",), None, ()),
    "centre consent": (("consent",), None, ()),
    "centre product": (("product",), None, ()),
    "centre admin": (("admin",), None, ()),
    "own read": (("read",), OURS, ()),
    "own submit": (("submit",), OURS, ()),
    "own admin": (("admin",), OURS, ()),
    "own all": (("submit", "read", "admin"), OURS, ()),
    "other read": (("read",), THEIRS, ()),
    "other submit": (("submit",), THEIRS, ()),
    "other submit read": (("submit", "read"), THEIRS, ()),
    "other admin": (("admin",), THEIRS, ()),
    "authority read": (("read",), THEIRS, (AUTHORITY,)),
    "authority submit": (("submit",), THEIRS, (AUTHORITY,)),
    "authority admin": (("admin",), THEIRS, (AUTHORITY,)),
    "other authority read": (("read",), THEIRS, (OF_BEIJING,)),
    "other authority submit": (("submit",), THEIRS, (OF_BEIJING,)),
    "own department, other authority read": (("read",), OURS, (OF_BEIJING,)),
}
TABLE: dict[str, tuple[tuple[int, ...], ...]] = {
    "centre read": (EVERY, EVERY, SHUT, GONE),
    "centre submit": (LACKS, LACKS, LACKS, LACKS),
    "centre decide": (LACKS, LACKS, LACKS, LACKS),
    "centre release": (LACKS, LACKS, LACKS, LACKS),
    "centre consent": (LACKS, LACKS, LACKS, LACKS),
    "centre product": (LACKS, LACKS, LACKS, LACKS),
    "centre admin": (EVERY, EVERY, SHUT, GONE),
    "own read": (EVERY, EVERY, SHUT, GONE),
    "own submit": (LACKS, LACKS, LACKS, LACKS),
    "own admin": (EVERY, EVERY, SHUT, GONE),
    "own all": (EVERY, EVERY, SHUT, GONE),
    "other read": (PUBLIC_ONLY, NONE, PUBLIC_SHUT, NONE),
    "other submit": (LACKS, LACKS, LACKS, LACKS),
    "other submit read": (PUBLIC_ONLY, NONE, PUBLIC_SHUT, NONE),
    "other admin": (EVERY, EVERY, SHUT, GONE),
    "authority read": (EVERY, EVERY, EVERY, GONE),
    "authority submit": (LACKS, LACKS, LACKS, LACKS),
    "authority admin": (EVERY, EVERY, EVERY, GONE),
    "other authority read": (PUBLIC_ONLY, NONE, PUBLIC_SHUT, NONE),
    "other authority submit": (LACKS, LACKS, LACKS, LACKS),
    "own department, other authority read": (EVERY, EVERY, SHUT, GONE),
}
KINDS = ("public", "authorisation", "government", "minor")
STATES = ("in force", "superseded", "closed", "erased")


def sent(kind: str) -> dict[str, Any]:
    """A record of that visibility, of AUTHORITY."""
    if kind == "public":
        return record(1, CF_CFLB="罚款", CF_NR_FK="0.2")
    if kind == "minor":
        return record(2) | {"class": "minor"}
    type_ = {"authorisation": "voluntary", "government": "honour"}[kind]
    schema = load(type_)
    return {"type": type_, "fields": good(schema)}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    node = make_test_node(tmp_path_factory.mktemp("visibility"), now=NOW)
    facts = make_facts(node.signing.keys)
    # No type of the catalogue is for government alone and about firms, so one is made so.
    types = [
        item if item.name != "honour" else type(item)(**{**_values(item), "visibility": GOVERNMENT})
        for item in facts.record_types
    ]
    node.chain.put(make_facts(node.signing.keys, record_types=tuple(types)))
    yield node
    node.close()


def _values(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


@pytest.fixture(scope="module")
def filed(node: Node) -> dict[str, str]:
    """Leaf of each kind, anchored so that receipts with a presentation are made."""
    own = Desk(node, "submit", department=OURS)
    leaves = {}
    for kind in KINDS:
        answer = own.file(sent(kind)).json()
        assert answer["verdict"] == "accepted", answer
        leaves[kind] = answer["leaf"]
    node.logs.step()
    put_anchor(node, 0, len(KINDS))
    return leaves


@pytest.fixture(scope="module")
def desks(node: Node) -> dict[str, Desk]:
    return {
        name: Desk(node, *scopes, department=department, authorities=authorities)
        for name, (scopes, department, authorities) in CALLERS.items()
    }


def put_into(node: Node, state: str) -> None:
    """All records into a state; none comes back from erasure, so that is the last."""
    with node.ctx.engine.begin() as connection:
        superseded = b"x" * 32 if state == "superseded" else b""
        connection.execute(sa.update(records).values(superseded_by=superseded))
        if state == "closed":
            every = sa.select(records.c.id, sa.literal(bytes(32)), sa.literal(0))
            connection.execute(sa.insert(closings).from_select(["entry", "record", "since"], every))
        if state == "erased":
            erase(connection)


@pytest.mark.parametrize("state", STATES)
def test_over_http(node: Node, filed: dict[str, str], desks: dict[str, Desk], state: str) -> None:
    """The record and its receipt with a presentation are answered alike."""
    put_into(node, state)
    at = STATES.index(state)
    for name, desk in desks.items():
        for path in ("/v1/records/{}", "/v1/records/{}/receipt"):
            answers = tuple(desk.get(path.format(filed[kind])).status_code for kind in KINDS)
            assert answers == tuple(map(abs, TABLE[name][at])), (name, path)
    some = next(iter(desks.values()))
    for kind in KINDS:
        assert some.client.get(f"/v1/records/{filed[kind]}").status_code == 401
        # Bare, it holds nothing and is anybody's.
        assert some.client.get(f"/v1/receipts/{filed[kind]}").status_code == 200


def test_the_table_asks_by_every_scope() -> None:
    assert TABLE.keys() == CALLERS.keys()
    assert {scope for scopes, _, _ in CALLERS.values() for scope in scopes} == set(SCOPES)
    assert {scopes for scopes, _, _ in CALLERS.values()} >= {(scope,) for scope in SCOPES}


VISIBILITIES = {
    "public": PUBLIC,
    "authorisation": ON_AUTHORISATION,
    "government": GOVERNMENT,
    "minor": ON_AUTHORISATION,
}
CODES = {
    200: None,
    404: "not-found",
    410: "content-erased",
    403: "scope-missing",
    CLOSED: "content-closed",
}


@pytest.mark.parametrize("name", CALLERS)
@pytest.mark.parametrize("purpose", [Purpose.SHOW, Purpose.DISCLOSE, Purpose.CHECK])
def test_the_policy_itself(name: str, purpose: Purpose) -> None:
    scopes, department, authorities = CALLERS[name]
    marks = {code.encode(): [ALWAYS] for code in authorities}
    caller = Caller(
        id=1,
        name="x",
        scopes=frozenset(scopes),
        department=department,
        authorities=frozenset(authorities),
        marks=marks,
    )
    for status, expected in zip(Status, TABLE[name], strict=True):
        for kind, answer in zip(KINDS, expected, strict=True):
            asked = Record(
                department=OURS,
                authority=AUTHORITY.encode(),
                visibility=VISIBILITIES[kind],
                decided=ALWAYS,
            )
            assert decide(caller, purpose, asked, status).code == CODES[answer], (kind, status)


def test_visibility_is_stored_as_it_was_at_intake(node: Node, filed: dict[str, str]) -> None:
    with node.ctx.engine.connect() as connection:
        rows = connection.execute(sa.select(records.c.id).order_by(records.c.id)).scalars().all()
        found = [known_of(record_row(connection, row))[0].visibility for row in rows]
    assert found == [VISIBILITIES[kind] for kind in KINDS]
    assert len(filed) == len(KINDS)
