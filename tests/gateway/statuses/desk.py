"""Gateways of members of one network, which follow each other's acts."""

import hashlib
from pathlib import Path
from threading import Event
from typing import Any

import sqlalchemy as sa

from gateway.base.keyring import Keyring
from gateway.node import Node, make_node
from gateway.records.models import closings
from gateway.statuses.models import statuses
from gateway.statuses.store import Position, read_position
from gateway.statuses.tasks import StatusFollower
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.network import NetworkFile
from ledger.core.ids import Digest, RecordId, record_id
from ledger.core.keys import Alg, Purpose
from tests.support.chain import TestNetwork
from tests.support.node import make_keys, make_settings

FIRST, SECOND, THIRD = "110000", "120000", "130000"


def keys_of(network: TestNetwork, member: str, **changes: Any) -> Keyring:
    """What a gateway of the member holds; its payer has money."""
    payer = LocalSigner(Alg.SECP256K1, hashlib.sha256(f"payer/{member}".encode()).digest())
    network.anvil.fund(payer.address)
    made = make_keys(member)
    values: dict[str, Any] = {
        "anchor": network.keys[member, Purpose.ANCHOR],
        "note": network.keys[member, Purpose.NOTE],
        "present": network.keys[member, Purpose.PRESENT],
        "case": network.keys[member, Purpose.CASE],
        "payer": payer,
        "content": made.content,
        "index": made.index,
    }
    return Keyring(**(values | changes))


def open_gateway(
    network: TestNetwork,
    folder: Path,
    member: str,
    *,
    file: NetworkFile | None = None,
    keys: dict[str, Any] | None = None,
    **settings: Any,
) -> Node:
    """A gateway of the member, with the chain read once. file: another network file than the
    network's own. The same folder gives the same database."""
    folder.mkdir(exist_ok=True)
    made = make_settings(folder, node={"code": member, "name": member}, **settings)
    node = make_node(made, file or network.file, keys_of(network, member, **(keys or {})))
    try:
        node.anchoring.step()
    except BaseException:
        node.close()
        raise
    return node


def look(node: Node) -> None:
    """One step of the follower."""
    StatusFollower(node.follower, node.acknowledger, node.lease)(Event())


def position(node: Node) -> Position:
    """How far it has followed."""
    with node.ctx.engine.connect() as connection:
        return read_position(connection)


def closed(node: Node) -> set[RecordId]:
    """The records that are closed here, whosever they are."""
    with node.ctx.engine.connect() as connection:
        query = sa.select(statuses.c.record).where(statuses.c.closed)
        return {RecordId(Digest(found)) for found in connection.scalars(query)}


def known(node: Node) -> dict[RecordId, tuple[int, int, int]]:
    """Flags, outcome and version of every record with an act."""
    with node.ctx.engine.connect() as connection:
        rows = connection.execute(sa.select(statuses).where(statuses.c.version > 0)).all()
    return {RecordId(Digest(r.record)): (r.flags, r.outcome, r.version) for r in rows}


def closed_rows(node: Node) -> list[int]:
    """Row numbers of our own records that are closed."""
    with node.ctx.engine.connect() as connection:
        return sorted(connection.scalars(sa.select(closings.c.entry).distinct()))


def named(network: TestNetwork, member: str, number: int) -> tuple[bytes, RecordId]:
    """A commitment of the member's log, and its record id."""
    commitment = hashlib.sha256(f"{member}/{number}".encode()).digest()
    return commitment, record_id(network.log_id(member), Digest(commitment))
