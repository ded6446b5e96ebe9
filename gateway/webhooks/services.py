"""Endpoints as their holders handle them: made, listed, tried, turned on again, taken away."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.crypto import ContentLost
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Decision, Purpose
from gateway.log.located import Entries, locate
from gateway.mirrors.leaves import Leaves
from gateway.tokens.services import Holders
from gateway.watching import feed
from gateway.watching.subjects import LOCK, Subject, Subjects
from gateway.webhooks import signing, store
from gateway.webhooks.errors import NotDelivered, WebhookRefused
from gateway.webhooks.schedule import DAY
from gateway.webhooks.sealed import Keys, SealedParts
from gateway.webhooks.sending import Outward
from gateway.webhooks.signing import Message
from gateway.webhooks.store import Letter, Row
from ledger.core.canonical import hex32, instant

MAX_OF_HOLDER: Final = 10
"""Endpoints of one holder: a program each for a few departments, and some that are tried out."""
MAX_ENDPOINTS: Final = 1000
"""Of one gateway; each is looked at with every event."""
MAX_RECORDS: Final = 1000
"""That one endpoint names."""
MAX_SUBJECTS: Final = 1000
"""That one endpoint names. One that names nothing is told of all that its holder follows."""
OVERLAP: Final = DAY
"""Seconds for which the former secret signs besides the new one."""
TEST_PAUSE: Final = 5.0
"""Seconds between two tests of one endpoint: whoever it points at has not asked for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What an endpoint is to be told of. records: ids, or leaves of ours. subject: to be followed,
    None: no further one."""

    records: Sequence[bytes] = ()
    subject: Subject | None = None

    @property
    def nothing(self) -> bool:
        """Whether nothing is named, which means all."""
        return not self.records and self.subject is None


class Webhooks:
    """Endpoints of all holders; each sees its own. Raises WebhookRefused."""

    def __init__(
        self,
        ctx: Context,
        *,
        parts: SealedParts,
        outward: Outward,
        subjects: Subjects,
        accesses: AccessLog,
    ) -> None:
        self._ctx = ctx
        self._parts = parts
        self._outward = outward
        self._subjects = subjects
        self._accesses = accesses
        self._leaves = Leaves(ctx.engine)
        self._tested: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, caller: Caller, url: str, named: Named) -> dict[str, Any]:
        """Make one that begins with what comes from now on; with its secret, never shown again. A
        subject is followed. Raises InputError too (a record is known to be the leaf of another's),
        NotReady."""
        self._demand_known(caller, named)
        try:
            self._outward.demand_reachable(url)
        except NotDelivered as error:
            raise WebhookRefused("webhook-target", extra={"reason": error.code}) from error
        endpoint, secret = secrets.token_bytes(16).hex(), signing.new_secret()
        with begin_write(self._ctx.engine, LOCK) as connection:
            self._demand_room(connection, caller)
            place = feed.newest(connection)
            sealed = self._parts.seal(connection, endpoint, Keys(url, [secret]))
            of = {"token": caller.id, "own": named.nothing}
            store.make(connection, endpoint, place, **of, **sealed)
            told = self._name(connection, caller, endpoint, named)
        self._log(caller)
        return {"id": endpoint, "secret": secret, **told}

    def follow(self, caller: Caller, endpoint: str, named: Named) -> dict[str, Any]:
        """Have an endpoint told of more. Raises as `add`."""
        self._demand_known(caller, named)
        with begin_write(self._ctx.engine, LOCK) as connection:
            row = self._of(connection, caller, endpoint)
            told = self._name(connection, caller, row.id, named)
        self._log(caller)
        return {"id": endpoint, **told}

    def listed(self, caller: Caller) -> list[dict[str, Any]]:
        """The holder's own, the oldest first."""
        with begin_read(self._ctx.engine) as connection:
            newest = feed.newest(connection).number
            rows = store.of_tokens(connection, Holders.tokens_of(connection, caller))
            return [self._shown(connection, row, newest) for row in rows]

    def remove(self, caller: Caller, endpoint: str) -> None:
        """Take one away; subjects that are followed for it alone are followed no longer."""
        with begin_write(self._ctx.engine, LOCK) as connection:
            store.remove(connection, self._of(connection, caller, endpoint).id)

    def rotate(self, caller: Caller, endpoint: str, *, end_old: bool) -> dict[str, Any]:
        """Give one a new secret; the old one signs besides for a day. end_old: it ends at once."""
        secret = signing.new_secret()
        until = None if end_old else store.now() + OVERLAP
        with begin_write(self._ctx.engine, LOCK) as connection:
            row = self._of(connection, caller, endpoint)
            try:
                values = self._parts.rotate(connection, row, secret, until)
            except ContentLost as error:
                raise WebhookRefused("webhook-lost") from error
            store.put(connection, row.id, **values)
        told = None if until is None else instant(until)
        return {"id": endpoint, "secret": secret, "formerUntil": told}

    def retry(self, caller: Caller, endpoint: str) -> dict[str, Any]:
        """Go on with one, whyever it was disabled, and send its dead letters again."""
        with begin_write(self._ctx.engine, LOCK) as connection:
            row = self._of(connection, caller, endpoint)
            return {"id": row.id, "letters": store.enable(connection, row.id, caller.id)}

    def on_their_way(self, caller: Caller) -> dict[str, int]:
        """By endpoint of the holder, how many letters are sent again and not there yet."""
        with begin_read(self._ctx.engine) as connection:
            rows = store.of_tokens(connection, Holders.tokens_of(connection, caller))
            return {row.id: store.count_letters(connection, row.id, state="again") for row in rows}

    def letters(self, caller: Caller, endpoint: str) -> list[dict[str, Any]]:
        """What could not be delivered, in the order of the events."""
        with begin_read(self._ctx.engine) as connection:
            row = self._of(connection, caller, endpoint)
            try:
                return [
                    _shown_letter(one, self._parts.taken_up(connection, row, one.message))
                    for one in store.letters(connection, row.id)
                ]
            except ContentLost as error:
                raise WebhookRefused("webhook-lost") from error

    def test(self, caller: Caller, endpoint: str) -> dict[str, Any]:
        """Send a message that says nothing, now and once; what came of it."""
        with begin_read(self._ctx.engine) as connection:
            row = self._of(connection, caller, endpoint)
            try:
                keys = self._parts.open(connection, row, store.now())
            except ContentLost as error:
                raise WebhookRefused("webhook-lost") from error
        self._demand_pause(row.id)
        message = signing.test(store.now())
        told = {"id": endpoint, "message": message.id}
        try:
            self._outward.send(keys.url, message, store.now(), keys.secrets)
        except NotDelivered as error:
            return told | {"delivered": False, "code": error.code}
        return told | {"delivered": True, "code": None}

    # ---- parts

    def _demand_known(self, caller: Caller, named: Named) -> None:
        """Refuse what is known here to be followed in vain."""
        if named.subject is not None:
            self._subjects.demand_covered(caller, named.subject)
        self._leaves.demand_ids({one: f"records[{at}]" for at, one in enumerate(named.records)})

    def _demand_room(self, connection: sa.Connection, caller: Caller) -> None:
        theirs = store.of_tokens(connection, Holders.tokens_of(connection, caller))
        if len(theirs) >= MAX_OF_HOLDER:
            raise WebhookRefused("too-many-webhooks", extra={"most": MAX_OF_HOLDER})
        if store.count(connection) >= MAX_ENDPOINTS:
            raise WebhookRefused("too-many-webhooks")

    def _name(
        self, connection: sa.Connection, caller: Caller, endpoint: str, named: Named
    ) -> dict[str, Any]:
        ids = {_record_id(connection, record) for record in named.records}
        if len(store.records_of(connection, endpoint) | ids) > MAX_RECORDS:
            raise WebhookRefused("too-many-followed", extra={"most": MAX_RECORDS})
        store.name_records(connection, endpoint, sorted(ids))
        if named.subject is None:
            return {"subject": None}
        watched = self._subjects.follow(connection, caller, named.subject, standing=False)
        store.name_subject(connection, endpoint, watched)
        if len(connection.scalars(store.subjects_of(endpoint)).all()) > MAX_SUBJECTS:
            raise WebhookRefused("too-many-subjects", extra={"most": MAX_SUBJECTS})
        return {"subject": watched}

    def _of(self, connection: sa.Connection, caller: Caller, endpoint: str) -> Row:
        row = store.find(connection, endpoint)
        if row is None or row.token not in Holders.tokens_of(connection, caller):
            raise WebhookRefused("not-found")
        return row

    def _shown(self, connection: sa.Connection, row: Row, newest: int) -> dict[str, Any]:
        try:
            url = self._parts.open(connection, row, store.now()).url
        except ContentLost:
            url = None
        fails = row.failing_since is not None
        return {
            "id": row.id,
            "url": url,
            "all": bool(row.own),
            "records": sorted(map(hex32, store.records_of(connection, row.id))),
            "subjects": sorted(connection.scalars(store.subjects_of(row.id))),
            "state": row.state,
            "reason": row.reason,
            "created": instant(row.created_at),
            "delivered": None if row.delivered_at is None else instant(row.delivered_at),
            "failing": {
                "since": instant(row.failing_since),
                "code": row.code,
                "tries": row.tries,
                "next": instant(row.due),
            }
            if fails
            else None,
            "behind": max(0, newest - row.offset_number),
            "deadLetters": store.count_letters(connection, row.id),
            "dropped": row.dropped,
            "formerUntil": None if row.former_until is None else instant(row.former_until),
        }

    def _demand_pause(self, endpoint: str) -> None:
        now = time.monotonic()
        with self._lock:
            self._tested = {k: at for k, at in self._tested.items() if now - at < TEST_PAUSE}
            if endpoint in self._tested:
                raise WebhookRefused("too-many-requests")
            self._tested[endpoint] = now

    def _log(self, caller: Caller) -> None:
        """That a holder follows something, and not what."""
        decision = Decision(None)
        self._accesses.write(Access(token=caller.id, purpose=Purpose.FOLLOW, decision=decision))


def _record_id(connection: sa.Connection, name: bytes) -> bytes:
    """The record that a leaf of ours or a record id names."""
    found = locate(connection, name)
    record = None if found is None else Entries(connection).record_id(found)
    return name if record is None else record


def _shown_letter(letter: Letter, message: Message) -> dict[str, Any]:
    return {
        "message": message.id,
        "type": message.type,
        "body": message.body.decode(),
        "state": letter.state,
        "tries": letter.tries,
        "code": letter.code,
        "since": instant(letter.since),
        "ended": None if letter.ended_at is None else instant(letter.ended_at),
    }
