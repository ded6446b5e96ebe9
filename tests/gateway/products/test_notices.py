"""Who made or uses a product is told by the one feed of events: once, in order, and nobody else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_read, begin_write
from gateway.node import Node
from gateway.products import store, telling
from gateway.products.manifests import Manifests
from gateway.sealing.services import Kind, drop, number
from gateway.statuses.models import status_changes
from gateway.watching import feed, services
from gateway.watching.feed import KEPT
from gateway.watching.models import product_notices
from ledger.core.status import Outcome
from tests.gateway.intake.material import count
from tests.gateway.products.bench import (
    Made,
    events,
    hand,
    hold,
    maker,
    notice,
    notices,
)
from tests.gateway.watching.test_changes import A, B, put, state
from tests.support.node import MEMBER, make_test_node

BUREAU, BANK = "demo-bureau", "demo-bank"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = make_test_node(tmp_path, seed="notices")
    notice(made)
    yield made
    made.close()


def repair(node: Node, version: int = 1, **more: Any) -> None:
    put(node, **{"a": state(version, Outcome.REPAIRED), **more})


def products(told: list[dict[str, Any]]) -> list[str]:
    return [one["product"] for one in told]


# ---- what is told


def test_the_maker_is_told_with_its_users(node: Node) -> None:
    made = hold(node, A)
    hand(node, made, BANK, BUREAU)
    repair(node)
    notice(node)
    (told,) = notices(node, maker(node))
    assert told.pop("notice").startswith(f"{MEMBER}/{made.product.hex()}/1/{A.hex()}/1.")
    assert told.pop("at").endswith("Z")
    assert told == {
        "_type": "credit-ledger/product-notice@1",
        **{"member": MEMBER, "product": made.product.hex(), "version": 1},
        **{"record": A.hex(), "causes": ["repaired"]},
        **{"users": [BANK, BUREAU], "more": False},
    }


def test_a_user_is_told_by_its_own_node(node: Node) -> None:
    """Whom else it was handed to is for its maker to know."""
    made = hold(node, A, member=BUREAU)
    repair(node)
    notice(node)
    (told,) = notices(node, maker(node))
    assert (told["member"], told["product"]) == (BUREAU, made.product.hex())
    assert "users" not in told and "more" not in told


def test_no_more_users_than_a_message_holds(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MAX_USERS", 2)
    hand(node, hold(node, A), "b", "a", "c")
    repair(node)
    notice(node)
    (told,) = notices(node, maker(node))
    assert (told["users"], told["more"]) == (["a", "b"], True)


def test_a_record_beside_it_is_told_of_to_nobody(node: Node) -> None:
    hold(node, B)
    repair(node)
    notice(node)
    assert notices(node, maker(node)) == []
    put(node, b=state(1, Outcome.WITHDRAWN))
    notice(node)
    assert len(notices(node, maker(node))) == 1


def test_each_change_once_and_in_order(node: Node) -> None:
    first, second = hold(node, A, B), hold(node, A)
    for version in (1, 2):
        repair(node, version)
        repair(node, version)  # nothing new
        for _ in range(2):
            notice(node)
    told = notices(node, maker(node))
    assert products(told) == [one.product.hex() for one in (first, second)] * 2
    assert len({one["notice"] for one in told}) == 4
    assert count(node, product_notices) == 4


def test_one_numbering_with_all_else(node: Node) -> None:
    """Behind the change that it tells of; a stream goes on from any of them."""
    hold(node, A)
    repair(node)
    notice(node)
    put(node, a=state(2))
    caller = maker(node)
    found = events(node, caller)
    assert [one.place.number for one in found] == [2]
    with begin_read(node.ctx.engine) as connection:
        assert feed.stands(connection, found[0].place)
        assert feed.newest(connection).number == 3
        wrong = type(found[0].place)(number=2, mark="0" * 7 + "1")
        assert not feed.stands(connection, wrong)
    assert events(node, caller, place=found[0].place) == []
    named = events(node, caller, A)
    assert [one.place.number for one in named] == [1, 3]


def test_page_by_page(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where most of a page is not for the caller."""
    monkeypatch.setattr(services, "PAGE", 2)
    made = [hold(node, A, department=name) for name in ("x", "x", "x", "y", "x", "x", "y")]
    repair(node)
    notice(node)
    clerk = maker(node, department="y", name="clerk")
    assert products(notices(node, clerk)) == [made[3].product.hex(), made[6].product.hex()]
    assert len(notices(node, maker(node))) == 7


# ---- who is told


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        (("read",), 0),
        (("read", "submit", "decide", "release", "consent"), 0),
        (("read", "product"), 1),
        (("admin",), 1),
    ],
)
def test_by_scope(node: Node, scopes: tuple[str, ...], told: int) -> None:
    hold(node, A)
    repair(node)
    notice(node)
    assert len(notices(node, maker(node, *scopes))) == told


def test_not_with_records_named(node: Node) -> None:
    hold(node, A)
    repair(node)
    notice(node)
    assert notices(node, maker(node), A) == []
    assert len(events(node, maker(node), A)) == 1


def test_by_department(node: Node) -> None:
    """As whoever may read the product."""
    mine = hold(node, A, department="credit")
    hold(node, A, department="other")
    repair(node)
    notice(node)
    clerk = maker(node, department="credit", name="clerk")
    assert products(notices(node, clerk)) == [mine.product.hex()]
    assert len(notices(node, maker(node, name="centre"))) == 2


def test_nobody_reads_inputs_off_the_database(node: Node) -> None:
    made = hold(node, A)
    hand(node, made, BANK)
    repair(node)
    notice(node)
    with node.ctx.engine.connect() as connection:
        (row,) = connection.execute(sa.select(product_notices)).all()
    held = b"".join(one if isinstance(one, bytes) else str(one).encode() for one in row)
    for text in (A, A.hex().encode(), made.product, made.product.hex().encode(), BANK.encode()):
        assert text not in held


# ---- what is not there any more


def test_where_the_manifest_was_destroyed(node: Node) -> None:
    """Its notices do not open, the others do; and what became of it since keeps nothing waiting."""
    gone, stays = hold(node, A), hold(node, A)
    repair(node)
    notice(node)
    with begin_write(node.ctx.engine, store.LOCK) as connection:
        boxes = connection.scalars(sa.select(product_notices.c.box)).all()
        drop(connection, Kind.MANIFEST, [number(boxes[0])])
    caller = maker(node)
    assert products(notices(node, caller)) == [stays.product.hex()]
    put(node, a=state(2))
    notice(node)
    assert products(notices(node, caller)) == [stays.product.hex()] * 2
    assert gone.product != stays.product


def test_of_a_version_that_the_chain_did_not_take(node: Node) -> None:
    made = hold(node, A)
    with begin_write(node.ctx.engine, store.LOCK) as connection:
        row = store.product_row(connection, made.member, made.product)
        assert row is not None
        version = store.version_row(connection, row.n)
        assert version is not None
        Manifests(node.vault, node.hmac).drop(connection, version)
    repair(node)
    notice(node)
    assert notices(node, maker(node)) == []


def test_after_seven_days_it_is_forgotten_but_for_the_newest(node: Node) -> None:
    hold(node, A)
    for version in (1, 2):
        repair(node, version)
        notice(node)
    with begin_write(node.ctx.engine) as connection:
        feed.prune(connection, int(time.time()) + KEPT - 10, None)
    assert count(node, product_notices) == 2
    with begin_write(node.ctx.engine) as connection:
        feed.prune(connection, int(time.time()) + KEPT + 10, None)
        assert feed.stands(connection, feed.newest(connection))
        assert feed.before_first(connection).number == 3
    assert (count(node, product_notices), count(node, status_changes)) == (1, 0)
    assert len(notices(node, maker(node))) == 1


def lose_changes(node: Node) -> None:
    """As after more than a week in which nothing was told."""
    with begin_write(node.ctx.engine) as connection:
        feed.prune(connection, int(time.time()) + KEPT + 10, None)


def test_what_was_missed_is_told_anew_and_once(node: Node) -> None:
    stale, fresh = hold(node, A), hold(node, B)
    put(node, b=state(1))
    repair(node)
    put(node, b=state(2))
    lose_changes(node)
    for _ in range(2):
        notice(node)
    caller = maker(node)
    (told,) = notices(node, caller)
    assert (told["product"], told["causes"]) == (stale.product.hex(), ["repaired"])
    with begin_write(node.ctx.engine) as connection:  # as if it had never come to the end
        connection.execute(sa.text("DELETE FROM product_watch"))
    notice(node)
    assert notices(node, caller) == [told], "the same is told once"
    repair(node, 3)
    notice(node)
    assert products(notices(node, caller)) == [stale.product.hex()] * 2
    assert fresh.product.hex() not in products(notices(node, caller))


def test_after_a_quiet_week_the_next_change_is_told_by_itself(node: Node) -> None:
    """The change at the place is forgotten, and none behind it."""
    hold(node, A)
    repair(node)
    notice(node)
    put(node, a=state(2, Outcome.WITHDRAWN))
    lose_changes(node)
    notice(node)
    (told,) = notices(node, maker(node))
    assert told["causes"] == ["withdrawn"]
    assert told["notice"].split("/")[-1].startswith("3.")


def test_a_manifest_that_is_lost_keeps_none_from_being_told_anew(node: Node) -> None:
    lost, stays = hold(node, A), hold(node, A)
    repair(node)
    put(node, b=state(1))
    put(node, b=state(2))
    _destroy(node, lost)
    lose_changes(node)
    notice(node)
    assert products(notices(node, maker(node))) == [stays.product.hex()]


def _destroy(node: Node, made: Made) -> None:
    with begin_write(node.ctx.engine, store.LOCK) as connection:
        kept = store.kept_under(connection, made.member, made.product, 1)
        assert kept is not None
        drop(connection, Kind.MANIFEST, [number(kept.box)])
