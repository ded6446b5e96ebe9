"""Receipts of records taken in for real; anchors are put by hand (tests/gateway/anchoring has a
chain)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.base.crypto import ContentLost, Sealed, Wrapped
from gateway.base.db import begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import NotAllowed
from gateway.log.models import bundles, entries, logs
from gateway.node import Node
from gateway.receipts.interfaces import Disclose, FieldUnknown, Pending
from gateway.records.errors import NotARecord
from gateway.records.models import contents, records
from gateway.records.store import WITH_KEYS
from gateway.sealing.models import content_keys
from ledger.core import note
from ledger.core.errors import Malformed
from ledger.core.jws import verify as verify_jws
from ledger.core.keys import Purpose
from ledger.core.receipt import Receipt, internal_checks, parse
from ledger.records.schema import load
from tests.gateway.intake.material import bearer, new_token, row
from tests.support.anchors import put_anchor
from tests.support.asgi import Client
from tests.support.callers import CENTRE, of
from tests.support.erasing import erase
from tests.support.log import make_entries, promise_entries
from tests.support.node import LOG_ID, MEMBER, make_facts, make_test_node, without

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FIELDS = {**row(1).fields, "CF_CFLB": ["警告"]}
"""Of record 1 as stored: list fields are lists."""


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW)
    yield node
    node.close()


def submit(node: Node, *numbers: int, **changes: object) -> list[bytes]:
    rows = [row(n, at=n, **changes) for n in numbers]
    answer = node.intake.submit_set(caller=of("市监局"), rows=rows)
    assert [found.verdict for found in answer.rows] == ["accepted"] * len(numbers)
    return [bytes.fromhex(str(found.leaf)) for found in answer.rows]


def built(found: bytes | Pending | None) -> Receipt:
    """The parsed receipt, in which everything agrees and its signatures hold."""
    assert isinstance(found, bytes)
    parsed = parse(found)
    slots = load("penalty").slots
    assert [check for check in internal_checks(parsed, slots) if check.error] == []
    return parsed


@pytest.mark.parametrize(
    "change",
    [
        {"compromised_since": NOW.timestamp()},
        {"compromised_since": 1_600_000_000},
        {"compromised_since": NOW.timestamp() + 50},
        {"not_after": NOW.timestamp() - 1},
        {"not_before": NOW.timestamp() + 1},
        {"key_id": "00" * 32},
    ],
)
def test_no_presentation_by_a_key_that_is_not_valid(node: Node, change: dict[str, Any]) -> None:
    """By our clock, and by the chain's where that is ahead."""
    (leaf,) = submit(node, 1)
    node.logs.step()
    put_anchor(node, 0, 1)
    facts = make_facts(node.signing.keys, block_time=int(NOW.timestamp()) + 60)
    node.chain.put(without(facts, Purpose.PRESENT, **change))
    with pytest.raises(NotReady, match="present-key-not-valid"):
        node.receipts.receipt(leaf, disclose=Disclose(CENTRE))
    client = Client(create_app(node))
    token = bearer(new_token(node, "read"))
    response = client.request("GET", f"/v1/records/{leaf.hex()}/receipt", headers=token)
    problem = response.json()
    assert (response.status_code, problem["reason"]) == (503, "present-key-not-valid")
    assert "PRESENT" in problem["text"]["zh"]
    assert built(node.receipts.receipt(leaf)).presentation is None


def test_from_promise_to_receipt(node: Node) -> None:
    leaf, other = submit(node, 1, 2)
    assert isinstance(node.receipts.receipt(leaf), Pending)
    node.logs.step()
    assert isinstance(node.receipts.receipt(leaf), Pending)
    put_anchor(node, 0, 2, state="mined")
    assert isinstance(node.receipts.receipt(leaf), Pending)
    put_anchor(node, 0, 2)
    parsed = built(node.receipts.receipt(leaf))
    assert parsed.leaf == leaf
    assert parsed.presentation is None
    assert parsed.network == node.ctx.network.reference
    assert (parsed.size, parsed.anchor.block, parsed.anchor.time) == (2, 102, 1_800_000_002)
    note.verify(parsed.checkpoint, node.signing.keys.note.public_key)
    assert built(node.receipts.receipt(other)).index != parsed.index
    assert node.receipts.receipt(bytes(32)) is None


@pytest.mark.parametrize("state", ["signed", "sent", "mined", "lost", "failed"])
def test_only_final_anchors_count(node: Node, state: str) -> None:
    (leaf,) = submit(node, 1)
    node.logs.step()
    put_anchor(node, 0, 1, state=state)
    assert isinstance(node.receipts.receipt(leaf), Pending)


def test_the_first_anchor_that_covers_the_leaf(node: Node) -> None:
    leaves = []
    for n in range(1, 5):
        leaves += submit(node, n)
        node.logs.step()
    put_anchor(node, 0, 2)
    put_anchor(node, 0, 3, state="lost")  # what an earlier chain had
    put_anchor(node, 2, 3)
    put_anchor(node, 3, 4)
    found = [built(node.receipts.receipt(leaf)) for leaf in leaves]
    assert [(r.index, r.size) for r in found] == [(0, 2), (1, 2), (2, 3), (3, 4)]


def test_receipts_of_a_larger_log(node: Node) -> None:
    """Sizes at which paths cross tiles; the anchor is older than the log is now."""
    leaves = submit(node, *range(1, 4))
    node.logs.step()
    promise_entries(node, make_entries(600))
    node.logs.step()
    put_anchor(node, 0, 3)
    put_anchor(node, 3, 603)
    promise_entries(node, make_entries(300, "later"))
    node.logs.step()
    assert {built(node.receipts.receipt(leaf)).size for leaf in leaves} == {3}
    leaves = submit(node, 9)
    node.logs.step()
    put_anchor(node, 603, 904)
    assert built(node.receipts.receipt(leaves[0])).size == 904


def test_presentation_of_chosen_fields(node: Node) -> None:
    (leaf,) = submit(node, 1)
    node.logs.step()
    put_anchor(node, 0, 1)
    full = built(node.receipts.receipt(leaf, disclose=Disclose(CENTRE)))
    assert full.presentation is not None
    fields = full.presentation.fields(load("penalty").slots)
    assert fields == FIELDS
    slots = load("penalty").slots
    assert list(fields) == [code for code in slots if code in fields]
    key = node.signing.keys.present
    verify_jws(full.presentation.jws, key.alg, key.public_key)
    assert full.presentation.jws.iat == int(NOW.timestamp())
    header = full.presentation.payload.header
    assert (header.iss, header.log) == (MEMBER, LOG_ID)

    two = built(node.receipts.receipt(leaf, disclose=Disclose(CENTRE, ["CF_WSH", "CF_XDR_MC"])))
    assert two.presentation is not None
    assert list(two.presentation.fields(load("penalty").slots)) == ["CF_XDR_MC", "CF_WSH"]
    assert two.presentation.payload == full.presentation.payload

    part = built(
        node.receipts.receipt(leaf, disclose=Disclose(CENTRE, ["CF_WSH", "BZ"]))
    )  # BZ is empty
    assert part.presentation is not None
    assert list(part.presentation.fields(load("penalty").slots)) == ["CF_WSH"]


def test_a_person_s_number_is_shown_only_to_who_asks_for_its_field(node: Node) -> None:
    """Computed when a presentation is made, so that records stored before are covered too."""
    told = replace(row(1), fields={**row(1).fields, "CF_SY": "经查，张三（11010519491231002X）"})
    answer = node.intake.submit_set(caller=of("市监局"), rows=[told]).rows[0]
    assert ("CF_SY", "person-id-in-text") in [(note.field, note.code) for note in answer.notes]
    leaf = bytes.fromhex(str(answer.leaf))
    node.logs.step()
    put_anchor(node, 0, 1)
    slots = load("penalty").slots
    all_ = built(node.receipts.receipt(leaf, disclose=Disclose(CENTRE))).presentation
    assert all_ is not None
    assert list(all_.fields(slots)) == [code for code in FIELDS if code != "CF_SY"]
    named = built(node.receipts.receipt(leaf, disclose=Disclose(CENTRE, ["CF_SY"]))).presentation
    assert named is not None
    assert named.fields(slots) == {"CF_SY": "经查，张三（11010519491231002X）"}


@pytest.mark.parametrize("fields", [["CF_XDR_NONE"], ["CF_WSH", ""], ["BZ"], []])
def test_a_field_that_is_not_there(node: Node, fields: list[str]) -> None:
    (leaf,) = submit(node, 1)
    node.logs.step()
    put_anchor(node, 0, 1)
    with pytest.raises(FieldUnknown):
        node.receipts.receipt(leaf, disclose=Disclose(CENTRE, fields))


def test_nothing_of_the_content_is_told_before_the_anchor(node: Node) -> None:
    """Which fields are filled would be, and no line of the access log would say to whom."""
    (leaf,) = submit(node, 1)
    path = f"/v1/records/{leaf.hex()}/receipt?fields="
    answers = [get(node, path + field, "read") for field in ("CF_WSH", "BZ", "CF_XDR_NONE")]
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (202, b'{"state":"promised"}')
    }


def test_an_entry_that_is_no_record(node: Node) -> None:
    promise_entries(node, make_entries(1))
    node.logs.step()
    put_anchor(node, 0, 1)
    with node.ctx.engine.connect() as connection:
        leaf = connection.scalar(sa.text("SELECT leaf FROM entries"))
    assert isinstance(leaf, bytes)
    with pytest.raises(NotARecord):
        node.receipts.receipt(leaf, disclose=Disclose(CENTRE))
    with pytest.raises(NotARecord):
        node.receipts.record(leaf, CENTRE)


def test_erased_content_is_gone_and_the_anchor_stays(node: Node) -> None:
    (leaf,) = submit(node, 1)
    node.logs.step()
    put_anchor(node, 0, 1)
    with begin_write(node.ctx.engine) as connection:
        erase(connection)
    built(node.receipts.receipt(leaf))
    with pytest.raises(NotAllowed, match="content-erased"):
        node.receipts.receipt(leaf, disclose=Disclose(CENTRE))
    with pytest.raises(NotAllowed, match="content-erased"):
        node.receipts.record(leaf, CENTRE)


def test_content_of_another_record_never_passes(node: Node) -> None:
    one, _ = submit(node, 1, 2)
    node.logs.step()
    put_anchor(node, 0, 2)
    with begin_write(node.ctx.engine) as connection:
        rows = connection.execute(WITH_KEYS.order_by(records.c.id)).all()
        moved = sa.update(contents).where(contents.c.id == rows[0].id)
        connection.execute(moved.values(content=rows[1].content))
        key = sa.update(content_keys).where(content_keys.c.id == rows[0].id)
        connection.execute(key.values(wrapped_key=rows[1].wrapped_key))
    with pytest.raises(ContentLost):
        node.receipts.receipt(one, disclose=Disclose(CENTRE))


def test_content_sealed_anew_with_other_fields_never_passes(node: Node) -> None:
    """Whoever has the content key still cannot make the log say something else."""
    (leaf,) = submit(node, 1)
    node.logs.step()
    put_anchor(node, 0, 1)
    with begin_write(node.ctx.engine) as connection:
        found = connection.execute(WITH_KEYS).one()
        key = Wrapped(found.wrapped_by, found.wrapped_key)
        data = node.vault.open(Sealed(key, found.content), leaf)
        sealed = node.vault.seal(data.replace("警告".encode(), "罚款".encode()), leaf)
        connection.execute(sa.update(contents).values(content=sealed.content))
        connection.execute(sa.update(content_keys).values(wrapped_key=sealed.wrapped.key))
    with pytest.raises(ContentLost):
        node.receipts.receipt(leaf, disclose=Disclose(CENTRE))


def test_a_damaged_bundle_gives_no_receipt(node: Node) -> None:
    (leaf,) = submit(node, 1)
    node.logs.step()
    put_anchor(node, 0, 1)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(bundles).values(data=b"x"))
    with pytest.raises(Malformed, match="bundle"):
        node.receipts.receipt(leaf)


# ---- over HTTP


def get(node: Node, path: str, *scopes: str) -> Any:
    headers = bearer(new_token(node, *scopes)) if scopes else {}
    return Client(create_app(node)).get(path, headers=headers)


def test_routes(node: Node) -> None:
    (leaf,) = submit(node, 1)
    path = f"/v1/receipts/{leaf.hex()}"
    early = get(node, path)
    assert early.status_code == 202
    assert int(early.headers["retry-after"]) > 0
    node.logs.step()
    put_anchor(node, 0, 1)
    bare = get(node, path)
    assert bare.status_code == 200
    assert bare.headers["content-type"] == "application/json"
    assert bare.content == node.receipts.receipt(leaf)
    assert get(node, "/v1/receipts/" + "00" * 32).status_code == 404
    for wrong in (leaf.hex().upper(), leaf.hex()[:-1], "x", "0x" + leaf.hex()):
        assert get(node, f"/v1/receipts/{wrong}").status_code == 404


def test_routes_for_readers(node: Node) -> None:
    (leaf,) = submit(node, 1)
    node.logs.step()
    put_anchor(node, 0, 1)
    path = f"/v1/records/{leaf.hex()}"
    for route in (path, f"{path}/receipt"):
        assert get(node, route).status_code == 401
        assert get(node, route, "submit").status_code == 403
        assert get(node, route, "read").status_code == 200
        missing = route.replace(leaf.hex(), "00" * 32)
        assert get(node, missing, "read").status_code == 404
    shown = built(get(node, f"{path}/receipt?fields=CF_WSH,CF_JDRQ", "read").content)
    assert shown.presentation is not None
    assert list(shown.presentation.fields(load("penalty").slots)) == ["CF_WSH", "CF_JDRQ"]
    wrong = get(node, f"{path}/receipt?fields=CF_WSH,NAME", "read")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "field-unknown")
    assert wrong.json()["field"] == "NAME"
    with begin_write(node.ctx.engine) as connection:
        erase(connection)
    for route in (path, f"{path}/receipt"):
        gone = get(node, route, "read")
        assert (gone.status_code, gone.json()["code"]) == (410, "content-erased")


def test_a_public_record_that_was_logged_again(node: Node) -> None:
    """Another department is told where it stands now, as long as it may read it there."""
    old, new = submit(node, 1, 2, CF_CFLB="罚款", CF_NR_FK="0.2")  # a mere warning is not public
    with begin_write(node.ctx.engine) as connection:
        move_to_successor(connection, old, new)
    other = bearer(new_token(node, "read", department="乙局"))
    client = Client(create_app(node))
    for path in (f"/v1/records/{old.hex()}", f"/v1/records/{old.hex()}/receipt"):
        gone = client.get(path, headers=other)
        assert (gone.status_code, gone.json()["code"]) == (410, "replaced")
        assert gone.json()["replacedBy"] == new.hex()
    assert client.get(f"/v1/records/{new.hex()}", headers=other).status_code == 200
    with begin_write(node.ctx.engine) as connection:
        erase(connection, new)
    for leaf in (old, new):
        assert client.get(f"/v1/records/{leaf.hex()}", headers=other).status_code == 404


def move_to_successor(connection: sa.Connection, old: bytes, new: bytes) -> None:
    """As if the log were closed before the first entry, and `old` logged again as `new`."""
    connection.execute(sa.update(logs).values(closed=0))
    log = dict(connection.execute(sa.select(logs)).one()._mapping)
    del log["id"]
    log |= {"log_id": b"s" * 32, "closed": None}
    made = connection.execute(sa.insert(logs).values(**log).returning(logs.c.id)).scalar_one()
    connection.execute(sa.update(entries).where(entries.c.leaf == new).values(log=made))
    located = sa.select(entries.c.id).where(entries.c.leaf == old).scalar_subquery()
    connection.execute(sa.update(records).where(records.c.id == located).values(superseded_by=new))


def test_the_record_and_what_is_known_of_it(node: Node) -> None:
    (leaf,) = submit(node, 1)
    path = f"/v1/records/{leaf.hex()}"
    first = get(node, path, "read").json()
    assert (first["state"], first["index"], first["anchor"]) == ("promised", None, None)
    assert first["fields"] == FIELDS
    assert (first["type"], first["schema"], first["department"]) == ("penalty", "1", "市监局")
    node.logs.step()
    assert get(node, path, "read").json()["state"] == "integrated"
    put_anchor(node, 0, 1)
    last = get(node, path, "read").json()
    assert (last["state"], last["index"]) == ("anchored", 0)
    assert last["anchor"]["block"] == 101
    bare = json.loads(get(node, f"/v1/receipts/{leaf.hex()}").content)
    assert bare["anchor"]["tx"] == last["anchor"]["tx"]
