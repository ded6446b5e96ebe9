"""A node without a chain that holds manifests, and what became of records in them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller
from gateway.node import Node
from gateway.products import store
from gateway.products.manifests import Manifests
from gateway.statuses.changes import Place
from gateway.tokens.services import add_token
from gateway.watching.interfaces import Event, Notified
from ledger.core.ids import ProductId, RecordId, sha256
from ledger.core.manifest import of_records
from tests.support.node import MEMBER

START = Place(number=0)


@dataclass(frozen=True)
class Made:
    """A version 1 that is here."""

    member: str
    product: ProductId
    number: int


def hold(
    node: Node, *records: RecordId, member: str = MEMBER, department: str | None = None
) -> Made:
    """A manifest of a product of this member, or of another one's that was taken."""
    manifests, product = Manifests(node.vault, node.hmac), ProductId(os.urandom(32))
    manifest = of_records(product=product, version=1, record_ids=records, salt=os.urandom(32))
    with begin_read(node.ctx.engine) as connection:
        prepared = manifests.prepare(connection, manifest)
    common = {"method": sha256(b"method"), "at": 1}
    who = {"member": member, "department": department, "title": "", "token": 1}
    with begin_write(node.ctx.engine, store.LOCK) as connection:
        number = store.put_product(connection, product=product, kind=1, **who, **common)
        manifests.put(
            connection, number, prepared, content=sha256(b"c"), request=b"r" * 16, **common
        )
        row = store.version_row(connection, number)
    assert row is not None
    return Made(member, product, row.n)


def hand(node: Node, made: Made, *users: str) -> None:
    """Note whom a version is handed to."""
    with begin_write(node.ctx.engine, store.LOCK) as connection:
        for user in users:
            store.put_user(connection, made.number, user, token=1, at=1)


def notice(node: Node) -> None:
    """As the thread does it, until there is nothing more."""
    while node.products.noticing.step():
        pass


def maker(node: Node, *scopes: str, **more: Any) -> Caller:
    """Whoever holds a new token; without scopes one that reads and handles products."""
    values: dict[str, Any] = {"name": "maker", "department": None} | more
    wanted = scopes or ("read", "product")
    _, token = add_token(node.ctx.engine, scopes=wanted, now=node.ctx.clock.now(), **values)
    found = node.holders.find(token)
    assert found is not None
    return found


def events(node: Node, caller: Caller, *records: RecordId, place: Place = START) -> list[Event]:
    """All that a stream tells of, page by page."""
    found: list[Event] = []
    while True:
        page = node.watching.page(caller, place, frozenset(records))
        found += page.events
        if not page.full:
            return found
        place = page.place


def notices(node: Node, caller: Caller, *records: RecordId) -> list[dict[str, Any]]:
    """Those of them that are about products."""
    found = events(node, caller, *records)
    return [one.as_dict() for one in found if isinstance(one, Notified)]
