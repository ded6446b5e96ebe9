"""Ordering an erasure, and carrying it out."""

from threading import Event

import sqlalchemy as sa

from gateway.cases.materials import Material
from gateway.node import Node
from gateway.sealing.models import content_keys
from gateway.sealing.services import Kind
from gateway.statuses.tasks import StatusFollower
from tests.gateway.cases.desk import filing, of_authority, send_all, take_in, wanted
from tests.support.anvil import Anvil

SECRET_DOC = b"%PDF-1.7\nhanded in, to be erased\n"


def follow(node: Node) -> None:
    """Take up all acts of the chain."""
    StatusFollower(node.follower, node.acknowledger, node.lease)(Event())


def with_a_case(node: Node, anvil: Anvil, number: int) -> bytes:
    """The leaf of a record about which a repair was filed with a document."""
    (leaf,) = take_in(node, anvil, number)
    docs = (Material(name="材料.pdf", data=SECRET_DOC),)
    node.case_parts.cases.file(of_authority(node, 1), filing(leaf, docs=docs))
    return leaf


def order(node: Node, leaf: bytes) -> None:
    """Propose and release its erasure; nothing is on the chain yet."""
    decisions = node.case_parts.decisions
    decisions.propose_own(of_authority(node, 1), leaf, wanted("erase", basis=12))
    decisions.release_own(of_authority(node, 2), leaf)


def order_and_record(node: Node, anvil: Anvil, leaf: bytes) -> None:
    """The order is final on the chain, and obeyed here."""
    order(node, leaf)
    send_all(node, anvil)
    follow(node)


def has_key(node: Node, kind: Kind = Kind.RECORD) -> int:
    """How many keys of a kind there are."""
    query = sa.select(sa.func.count()).where(content_keys.c.kind == int(kind))
    with node.ctx.engine.connect() as connection:
        return connection.scalar(query) or 0
