"""What becomes of a product when something happens to a record that went in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.base.db import begin_write
from gateway.log.located import Entries, locate
from gateway.products import store
from gateway.products.interfaces import Notice
from gateway.products.noticing import Noticing
from gateway.statuses.models import status_changes
from gateway.watching.interfaces import Notified
from ledger.core.entry import parse_entry
from ledger.core.manifest import of_records
from ledger.core.status import Action
from tests.gateway.intake.material import new_token
from tests.gateway.products.bench import events, maker, notice
from tests.gateway.products.workshop import (
    BANK,
    BEIJING,
    BUREAU,
    TIANJIN,
    act,
    ask,
    ask_status,
    follow,
    on_chain,
    published,
    send_all,
    some_records,
    status,
)
from tests.gateway.web.visitor import Visitor
from tests.support.peers import Member, Network, row


class Heard:
    """`Notices` that keeps what it is told."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def tell(self, connection: sa.Connection, notice: Notice) -> None:
        self.notices.append(notice)


def noticing(member: Member) -> tuple[Noticing, Heard]:
    """What tells of changes, which has told of all that was before."""
    heard = Heard()
    found = Noticing(member.node.ctx, member.node.products.noticing._manifests, heard)
    while found.step():
        pass
    heard.notices.clear()
    return found, heard


def told(found: tuple[Noticing, Heard]) -> list[Notice]:
    while found[0].step():
        pass
    notices = list(found[1].notices)
    found[1].notices.clear()
    return notices


def handed(member: Member, product: str, version: int, user: str) -> Any:
    path = f"/v1/products/{product}/versions/{version}/users"
    return ask(member, "POST", path, {"member": user})


def lineage(member: Member, record: bytes) -> dict[str, Any]:
    answer = ask(member, "GET", f"/v1/lineage/{record.hex()}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def words(found: dict[str, Any]) -> list[tuple[str, Sequence[str]]]:
    return [(cause["record"], cause["causes"]) for cause in found["causes"]]


STALE = [
    (Action.DISPUTE, ["disputed"]),
    (Action.SHIELD, ["shielded"]),
    (Action.ERASE, ["erased"]),
    (Action.REPAIR, ["repaired"]),
    (Action.WITHDRAW, ["withdrawn"]),
    (Action.END, ["ended"]),
]


@pytest.mark.parametrize(
    ("number", "action", "expected"),
    [(number, *one) for number, one in enumerate(STALE, start=100)],
)
def test_is_stale_once_an_input_is(
    network: Network, number: int, action: Action, expected: list[str]
) -> None:
    bureau = network[BUREAU]
    [record] = network[BEIJING].file(row(number))
    product = on_chain(bureau, [record.hex(), *some_records(3)])
    fresh = status(bureau, product)
    assert (fresh["stale"], fresh["causes"], fresh["staleInputs"]) == (False, [], 0)
    act(network, BEIJING, record, action)
    # Nobody wrote it anywhere: it is so once this node knows of the act.
    assert status(bureau, product)["stale"] is False
    follow(bureau)
    found = status(bureau, product)
    assert (found["stale"], found["staleInputs"], words(found)) == (
        *(True, 1, [(record.hex(), expected)]),
    )
    assert found["causes"][0]["recordedAt"] is not None
    assert found["followedAt"] > fresh["followedAt"]


def test_its_page(network: Network) -> None:
    """Fresh, then stale with the record and the cause, and who is to be told; what it went into."""
    bureau = network[BUREAU]
    [record] = network[BEIJING].file(row(115))
    product = on_chain(bureau, [record.hex(), *some_records(3, "page")], title="评分")
    handed(bureau, product, 1, BANK)
    person = new_token(bureau.node, "product", department=None)
    visitor = Visitor(create_app(bureau.node)).sign_in(person)
    path = f"/bank/products/{BUREAU}/{product}"
    fresh = visitor.get(path)
    assert fresh.status_code == 200 and "评分" in fresh.text and "Fresh" in fresh.text
    assert BANK in fresh.text and "Records: 4" in fresh.text
    act(network, BEIJING, record, Action.WITHDRAW)
    follow(bureau)
    stale = visitor.get(path, params={"version": 1})
    assert "Stale" in stale.text and "withdrawn" in stale.text and record.hex() in stale.text
    other = visitor.get(path, params={"version": 9}).text
    assert "Fresh" not in other and "Stale" not in other, "there is no such version"
    reached = visitor.get("/bank/products", params={"record": record.hex()})
    assert f"{path}?version=1" in reached.text and BANK in reached.text


def test_is_none_any_more_once_that_is_taken_back(network: Network) -> None:
    bureau = network[BUREAU]
    [record] = network[BEIJING].file(row(120))
    product = on_chain(bureau, [record.hex()])
    act(network, BEIJING, record, Action.DISPUTE)
    follow(bureau)
    assert status(bureau, product)["stale"] is True
    act(network, BEIJING, record, Action.SETTLE)
    follow(bureau)
    assert status(bureau, product)["stale"] is False


def test_a_record_beside_it_changes_nothing(network: Network) -> None:
    bureau = network[BUREAU]
    [one, other] = network[BEIJING].file(row(130), row(131))
    product = on_chain(bureau, [one.hex()])
    act(network, BEIJING, other, Action.WITHDRAW)
    follow(bureau)
    assert status(bureau, product)["stale"] is False
    assert lineage(bureau, other)["products"] == []
    assert lineage(bureau, other)["stale"] is True


def test_what_corrects_it_is_named(network: Network) -> None:
    bureau = network[BUREAU]
    [one, other] = network[BEIJING].file(row(140), row(141))
    product = on_chain(bureau, [one.hex()])
    beijing = network[BEIJING]
    log, commitment = network.chain.log_id(BEIJING), _commitment(beijing, other)
    act(network, BEIJING, one, Action.CORRECT, other=(log, commitment))
    follow(bureau)
    [cause] = status(bureau, product)["causes"]
    assert (cause["causes"], cause["correctedBy"]) == (["corrected"], other.hex())


def _commitment(member: Member, record: bytes) -> bytes:
    with member.node.ctx.engine.connect() as connection:
        at = locate(connection, record)
        data = None if at is None else Entries(connection).get(at)
    assert data is not None
    return parse_entry(data).commitment


def test_each_version_by_what_went_into_it(network: Network) -> None:
    bureau = network[BUREAU]
    [bad] = network[BEIJING].file(row(150))
    good = some_records(3, "good")
    product = on_chain(bureau, [bad.hex(), *good])
    published(bureau, product, good)
    send_all(bureau)
    act(network, BEIJING, bad, Action.WITHDRAW)
    follow(bureau)
    assert status(bureau, product)["version"] == 2
    assert status(bureau, product)["stale"] is False
    assert status(bureau, product, version=1)["stale"] is True
    missing = ask_status(bureau, product, version=3)
    assert (missing.status_code, missing.json()["code"]) == (409, "manifest-missing")


def test_inputs_and_how_each_stands(network: Network) -> None:
    bureau = network[BUREAU]
    records = network[BEIJING].file(*[row(number) for number in range(160, 165)])
    product = on_chain(bureau, [record.hex() for record in records])
    act(network, BEIJING, records[2], Action.WITHDRAW)
    follow(bureau)
    path = f"/v1/products/{product}/versions/1/inputs"
    first = ask(bureau, "GET", f"{path}?limit=3").json()
    rest = ask(bureau, "GET", f"{path}?limit=3&after={first['next']}").json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 2, None)
    found = {one["record"]: one["causes"] for one in first["items"] + rest["items"]}
    assert list(found) == sorted(record.hex() for record in records)
    assert {record for record, causes in found.items() if causes} == {records[2].hex()}


# ---- from a record to what it went into


def test_lineage_and_impact_of_a_record(network: Network) -> None:
    bureau = network[BUREAU]
    [record] = network[BEIJING].file(row(170))
    first = on_chain(bureau, [record.hex(), *some_records(2)], kind="model", title="评分")
    published(bureau, first, [record.hex()])
    send_all(bureau)
    second = on_chain(bureau, [record.hex()], kind="portrait")
    on_chain(bureau, some_records(5))
    assert handed(bureau, first, 2, BANK).status_code == 200
    found = lineage(bureau, record)
    assert found["stale"] is False
    assert [(one["product"], one["version"], one["users"]) for one in found["products"]] == [
        (first, 1, []),
        (first, 2, [BANK]),
        (second, 1, []),
    ]
    assert [one["kind"] for one in found["products"]] == ["model", "model", "portrait"]
    assert (found["products"][0]["title"], found["more"]) == ("评分", False)
    act(network, BEIJING, record, Action.SHIELD)
    follow(bureau)
    found = lineage(bureau, record)
    assert (found["stale"], found["causes"][0]["causes"]) == (True, ["shielded"])


def test_a_record_by_its_leaf(network: Network) -> None:
    beijing = network[BEIJING]
    [record] = beijing.file(row(180))
    product = on_chain(beijing, [record.hex()])
    found = lineage(beijing, beijing.leaf(record))
    assert found["record"] == record.hex()
    assert [one["product"] for one in found["products"]] == [product]


def test_nobody_reads_inputs_off_the_database(network: Network) -> None:
    bureau = network[BUREAU]
    records = some_records(4, "secret")
    product = on_chain(bureau, records)
    with bureau.node.ctx.engine.connect() as connection:
        row_ = store.product_row(connection, BUREAU, bytes.fromhex(product))
        assert row_ is not None
        version = store.version_row(connection, row_.n)
        assert version is not None
        inputs = connection.execute(sa.text("SELECT mark FROM product_inputs")).all()
    stored = [bytes(version.manifest), bytes(version.firsts), *(bytes(one.mark) for one in inputs)]
    for record in map(bytes.fromhex, records):
        for text in (record, record.hex().encode(), record[:16]):
            assert not any(text in one for one in stored)


# ---- users


def test_users_are_told_of_what_they_use(network: Network) -> None:
    bureau = network[BUREAU]
    [record, other] = network[TIANJIN].file(row(190), row(191))
    product = on_chain(bureau, [record.hex()])
    handed(bureau, product, 1, BANK)
    handed(bureau, product, 1, BANK)
    follow(bureau)
    found = noticing(bureau)
    act(network, TIANJIN, other, Action.DISPUTE)
    act(network, TIANJIN, record, Action.DISPUTE)
    follow(bureau)
    [notice] = told(found)
    assert (notice.member, notice.product_id.hex(), notice.version) == (BUREAU, product, 1)
    assert (notice.users, notice.causes, notice.record) == ((BANK,), ("disputed",), record)
    assert told(found) == []
    act(network, TIANJIN, record, Action.SETTLE)
    follow(bureau)
    [settled] = told(found)
    assert settled.causes == ()
    assert settled.id != notice.id
    assert notice.as_dict()["_type"] == "credit-ledger/product-notice@1"


def test_nothing_is_lost_where_telling_fails(network: Network) -> None:
    """The place moves with the notices or not at all."""
    bureau = network[BUREAU]
    [record] = network[TIANJIN].file(row(195))
    product = on_chain(bureau, [record.hex()])
    follow(bureau)
    found, heard = noticing(bureau)
    act(network, TIANJIN, record, Action.DISPUTE)
    follow(bureau)

    class Broken(Heard):
        def tell(self, connection: sa.Connection, notice: Notice) -> None:
            raise RuntimeError("no room")

    broken = Noticing(bureau.node.ctx, found._manifests, Broken())
    with pytest.raises(RuntimeError):
        broken.step()
    assert [one.product_id.hex() for one in told((found, heard))] == [product]


def test_what_was_missed_is_told_anew(network: Network) -> None:
    """The changes behind the place are not kept any more: all that is stale now is told of."""
    bureau = network[BUREAU]
    [record] = network[TIANJIN].file(row(196))
    product = on_chain(bureau, [record.hex(), *some_records(2)])
    handed(bureau, product, 1, BANK)
    found = noticing(bureau)
    act(network, TIANJIN, record, Action.WITHDRAW)
    follow(bureau)
    with begin_write(bureau.node.ctx.engine) as connection:
        newest = sa.select(sa.func.max(status_changes.c.id)).scalar_subquery()
        connection.execute(sa.delete(status_changes).where(status_changes.c.id < newest))
    mine = [one for one in told(found) if one.product_id.hex() == product]
    assert [(one.record, one.causes, one.users) for one in mine] == [
        (record, ("withdrawn",), (BANK,)),
    ]
    assert told(found) == []


def test_only_members_are_users(network: Network) -> None:
    bureau = network[BUREAU]
    product = on_chain(bureau, some_records(1))
    stranger = handed(bureau, product, 1, "nobody")
    assert (stranger.status_code, stranger.json()["code"]) == (422, "user-unknown")
    assert handed(bureau, product, 2, BANK).status_code == 404
    assert handed(bureau, product, 1, "x" * 33).status_code == 422


# ---- at the user's own node


def manifest(member: Member, product: str) -> bytes:
    answer = ask(member, "GET", f"/v1/products/{product}/versions/1/manifest")
    assert answer.status_code == 200
    data: bytes = answer.content
    return data


def taken(member: Member, maker: str, data: bytes) -> Any:
    return ask(member, "POST", f"/v1/product-manifests?member={maker}", data)


def test_a_user_sees_by_itself(network: Network) -> None:
    bureau, bank = network[BUREAU], network[BANK]
    [record] = network[BEIJING].file(row(200))
    product = on_chain(bureau, [record.hex(), *some_records(3)])
    before = ask_status(bank, product, of=BUREAU)
    assert (before.status_code, before.json()["code"]) == (409, "manifest-missing")
    data = manifest(bureau, product)
    answer = taken(bank, BUREAU, data)
    assert answer.json() == {
        **{"member": BUREAU, "product": product, "version": 1, "inputs": 4, "new": True},
    }
    assert taken(bank, BUREAU, data).json()["new"] is False
    assert status(bank, product, of=BUREAU)["stale"] is False
    act(network, BEIJING, record, Action.REPAIR)
    follow(bank)
    assert words(status(bank, product, of=BUREAU)) == [(record.hex(), ["repaired"])]
    assert [one["member"] for one in lineage(bank, record)["products"]] == [BUREAU]
    assert manifest_of(bank, product) == data


def manifest_of(member: Member, product: str) -> bytes:
    path = f"/v1/products/{product}/versions/1/manifest?member={BUREAU}"
    data: bytes = ask(member, "GET", path).content
    return data


def test_what_is_not_that_of_the_chain_is_not_taken(network: Network) -> None:
    bureau, bank = network[BUREAU], network[BANK]
    product = on_chain(bureau, some_records(3))
    data = manifest(bureau, product)
    forged = of_records(
        product=bytes.fromhex(product),
        version=1,
        record_ids=[bytes.fromhex(one) for one in some_records(3)],
        salt=b"s" * 32,
    ).encode()
    shorter = of_records(
        product=bytes.fromhex(product),
        version=1,
        record_ids=[bytes.fromhex(one) for one in some_records(2)],
        salt=b"s" * 32,
    ).encode()
    later = data.replace(b'"version":1', b'"version":2')
    for wrong, status_, code in (
        (forged, 422, "manifest-false"),
        (shorter, 422, "manifest-false"),
        (later, 404, "not-found"),
        (data + b"\n", 422, "manifest-malformed"),
        (data.replace(b"@1", b"@2"), 422, "manifest-malformed"),
        (b"", 422, "manifest-malformed"),
    ):
        answer = taken(bank, BUREAU, wrong)
        assert (answer.status_code, answer.json()["code"]) == (status_, code)
    assert taken(bank, BEIJING, data).json()["code"] == "not-found"
    assert taken(bank, BUREAU, data).status_code == 200


def test_maker_and_user_are_told_each_by_its_own_node(network: Network) -> None:
    """From the act on the chain to the feed of either; the province that holds the record is told
    of no product, and nothing goes between them."""
    bureau, bank, beijing = network[BUREAU], network[BANK], network[BEIJING]
    [record] = beijing.file(row(210))
    product = on_chain(bureau, [record.hex(), *some_records(2)])
    assert handed(bureau, product, 1, BANK).status_code == 200
    assert taken(bank, BUREAU, manifest(bureau, product)).status_code == 200
    members = (bureau, bank, beijing)
    follow(*members)
    for member in members:
        notice(member.node)
    places = {one.code: one.node.watching.newest() for one in members}
    act(network, BEIJING, record, Action.DISPUTE)
    follow(*members)
    for member in members:
        notice(member.node)
    found = {
        one.code: [
            told.as_dict()
            for told in events(one.node, maker(one.node), place=places[one.code])
            if isinstance(told, Notified)
        ]
        for one in members
    }
    assert found[BEIJING] == []
    ([by_maker], [by_user]) = (found[BUREAU], found[BANK])
    assert (by_maker.pop("users"), by_maker.pop("more")) == ([BANK], False)
    for told in (by_maker, by_user):
        assert told.pop("notice") and told.pop("at")
    assert by_maker == by_user
    assert (by_user["product"], by_user["record"]) == (product, record.hex())
    assert by_user["causes"] == ["disputed"]
