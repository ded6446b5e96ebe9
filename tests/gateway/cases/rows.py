"""Acts put straight into the table of a gateway of a network, and what becomes of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.cases import store
from gateway.cases.models import acts, cases
from gateway.node import Node
from ledger.core.ids import Digest, RecordId
from ledger.core.keys import Purpose
from ledger.core.status import ZERO, Act, Action, Basis, Word
from tests.gateway.statuses.desk import FIRST, named, open_gateway
from tests.support.cases import midnight
from tests.support.chain import TestNetwork

BASES = {Action.DISPUTE: Basis.SUBJECT_REQUEST, Action.SHIELD: Basis.COURT}


@contextmanager
def gateway(network: TestNetwork, folder: Path, **keys: Any) -> Iterator[Node]:
    """Of the first member, which holds its CASE and its DECIDE key."""
    held = {"decide": network.keys[FIRST, Purpose.DECIDE]} | keys
    node = open_gateway(network, folder, FIRST, keys=held)
    try:
        yield node
    finally:
        node.close()


def act(network: TestNetwork, action: Action, number: int, **changes: Any) -> Act:
    """An act on a record of the first member; of each action with a document of its own."""
    commitment, _ = named(network, FIRST, number)
    values: dict[str, Any] = {
        "log": network.log_id(FIRST),
        "commitment": Digest(commitment),
        "action": action,
        "expected_version": 0,
        "basis": BASES.get(action, Basis.DECISION_CHANGED),
        "doc": Digest(bytes([action, number % 256]) * 16),
        "effective_at": midnight(network.anvil.head_time()),
    }
    return Act(**(values | changes))


def put(node: Node, *wanted: Act, after: int | None = None) -> list[int]:
    """Have acts sent; their numbers."""
    found = []
    with begin_write(node.ctx.engine, store.LOCK) as connection:
        for each in wanted:
            case = Digest(each.doc)
            if store.case_row(connection, case) is None:
                connection.execute(sa.insert(cases).values(_case(case, each.record)))
            found.append(store.put_act(connection, case, each, after))
    return found


def _case(case: Digest, record: RecordId) -> dict[str, Any]:
    return {
        "id": case,
        "record": record,
        "leaf": ZERO,
        "kind": "own",
        "owner": FIRST,
        "filer": FIRST,
        "state": "decided",
        "accepted": True,
        "steps": 1,
        "last": ZERO,
        "opened": 0,
    }


def told(node: Node, number: int) -> tuple[str, str | None]:
    """State and code of an act."""
    row = row_of(node, number)
    return row.state, row.code


def row_of(node: Node, number: int) -> Any:
    with node.ctx.engine.connect() as connection:
        row = store.act_row(connection, number)
    assert row is not None
    return row


def hurry(node: Node) -> None:
    """As if all back-off had passed."""
    with begin_write(node.ctx.engine, store.LOCK) as connection:
        connection.execute(sa.update(acts).values(not_before=None))


def go(node: Node, network: TestNetwork, steps: int = 12) -> None:
    """Step and mine."""
    for _ in range(steps):
        node.case_parts.sending.step()
        network.anvil.mine()


def word_of(network: TestNetwork, number: int) -> Word:
    """The status on the chain."""
    return network.case_registry.stored([named(network, FIRST, number)[1]])[0].word
