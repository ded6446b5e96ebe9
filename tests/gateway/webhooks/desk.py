"""A node without a chain, programs that take its events, and what it takes to have one delivered
now."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller
from gateway.node import Node
from gateway.statuses.store import LOCK, put_states
from gateway.tokens.services import add_token
from gateway.watching.interfaces import Answered, Listed, SubjectRefused, Wanted
from gateway.watching.subjects import Subject
from gateway.webhooks import store
from gateway.webhooks.models import webhook_endpoints, webhook_letters
from gateway.webhooks.services import Named
from gateway.webhooks.store import Row
from ledger.core.ids import Digest, LogId, RecordId
from ledger.core.status import Act, Action, Outcome
from tests.gateway.watching.test_changes import state
from tests.support.receiver import Receiver

NEVER = threading.Event()
SUBJECT, OTHER_SUBJECT = "91110000600037341L", "91110108551385082Q"
AUTHORISATION = hashlib.sha256(b"authorisation").digest()


def record(n: int) -> RecordId:
    """An id of a record, whosever."""
    return RecordId(Digest(hashlib.sha256(f"record {n}".encode()).digest()))


def act(action: Action = Action.REPAIR, basis: int = 2) -> Act:
    zero = Digest(bytes(32))
    return Act(
        log=LogId(zero),
        commitment=zero,
        action=action,
        expected_version=0,
        basis=basis,
        doc=zero,
        effective_at=0,
    )


def change(node: Node, *numbers: int, version: int = 1) -> None:
    """An act on each of these records, noted as the follower does."""
    for n in numbers:
        found = state(version, Outcome.REPAIRED)
        with begin_write(node.ctx.engine, LOCK) as connection:
            put_states(connection, {record(n): found}, acts={record(n): act()})


def holder(node: Node, name: str = "bank", **options: Any) -> Caller:
    """Whoever holds a new token that reads."""
    values: dict[str, Any] = {"department": "信贷部", "scopes": ("read",)}
    _, token = add_token(node.ctx.engine, name=name, now=node.ctx.clock.now(), **(values | options))
    found = node.holders.find(token)
    assert found is not None
    return found


def point(
    node: Node,
    caller: Caller,
    receiver: Receiver,
    *numbers: int,
    subject: Subject | None = None,
) -> str:
    """An endpoint at the receiver, which knows its secret, for these records."""
    named = Named(records=[record(n) for n in numbers], subject=subject)
    told = node.webhooks.webhooks.add(caller, receiver.url, named)
    receiver.keys = [*receiver.keys, told["secret"]]
    return str(told["id"])


def turn(node: Node, endpoint: str) -> None:
    """As the thread of a pool does it."""
    node.webhooks.delivering.turn(endpoint, NEVER)


def row(node: Node, endpoint: str) -> Row:
    with begin_read(node.ctx.engine) as connection:
        found = store.find(connection, endpoint)
    assert found is not None
    return found


def due_now(node: Node, *, ago: int = 0) -> None:
    """As after a pause; and as if it had failed for `ago` seconds already."""
    with begin_write(node.ctx.engine) as connection:
        failing = webhook_endpoints.c.failing_since
        values: dict[str, Any] = {"due": store.now(), "failing_since": failing - ago}
        connection.execute(sa.update(webhook_endpoints).values(**values))
        since = webhook_letters.c.since
        letters: dict[str, Any] = {"due": store.now(), "since": since - ago}
        connection.execute(sa.update(webhook_letters).values(**letters))


def told(receiver: Receiver) -> list[str]:
    """The records of what it took, each by the number that `record` gives it."""
    known = {record(n).hex(): str(n) for n in range(200)}
    return [known[value["data"]["record"]] for value in receiver.values()]


@dataclass
class Members:
    """Stands for the members that are asked: what they list of each subject, and faults."""

    listed: dict[str, list[Listed]] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    fails: Exception | None = None
    asked: list[Wanted] = field(default_factory=list)

    def __call__(self, wanted: Wanted) -> Answered:
        self.asked.append(wanted)
        if self.fails is not None:
            raise self.fails
        found = [one for one in self.listed.get(wanted.code, ()) if one.member not in self.missing]
        return Answered(records=found, missing=self.missing)

    def list(self, code: str, *numbers: int, member: str = "120000") -> None:
        """A member lists these records of a subject, and no others."""
        others = [one for one in self.listed.get(code, ()) if one.member != member]
        self.listed[code] = others + [listed(n, member) for n in numbers]

    def refuse(self, code: str | None) -> None:
        self.fails = None if code is None else SubjectRefused(code)


def listed(n: int, member: str = "120000") -> Listed:
    digest = hashlib.sha256(f"leaf {n}".encode()).digest()
    return Listed(record=record(n), leaf=digest, member=member, receipt=digest)


def members(node: Node) -> Members:
    """Have a node ask these."""
    made = Members()
    node.webhooks.asking.ask(made)
    return made


def subject(code: str = SUBJECT, types: Sequence[str] = ()) -> Subject:
    return Subject(code=code, types=tuple(types), purpose="post-loan", authorisation=AUTHORISATION)
