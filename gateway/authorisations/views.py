"""Authorisations as they are shown: those that this member made, and those made for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
import structlog

from gateway.authorisations import store
from gateway.authorisations.errors import AuthorisationRefused
from gateway.authorisations.fates import remedy_of
from gateway.authorisations.held import Held
from gateway.authorisations.interfaces import Answer
from gateway.authorisations.services import Admission, fingerprint_of
from gateway.base.context import Context
from gateway.base.crypto import ContentLost, Hmac, Vault
from gateway.base.db import begin_read
from gateway.base.policy import Caller, Purpose
from gateway.cases import materials as documents
from gateway.peers.outbox import Outgoing, sent_of
from gateway.records.errors import ContentErased
from gateway.statements.services import Statements
from ledger.chain.nodes.quorum import QuorumReader
from ledger.chain.revocations import revoked_at
from ledger.core.authorisation import Authorisation, from_members
from ledger.core.canonical import instant
from ledger.core.errors import CouldNotCheck
from ledger.core.opening import Opening
from ledger.core.texts import Text

MOST: Final = 100
"""Authorisations of one answer: each is unsealed."""
LOOKED_AT: Final = 2000
"""Rows that are looked at for one answer, of which most may be others'."""
GRANTED, HELD = "granted", "held"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """One of them, unsealed. commitments: all of its chain that are known here. revocations: of
    ours. sent: how the newest opening of ours is on its way."""

    row: store.Row
    opening: Opening
    commitments: Sequence[bytes]
    revocations: Sequence[store.Row] = ()
    sent: Outgoing | None = None

    @property
    def given(self) -> Authorisation:
        return from_members(self.opening.statement.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An authorisation by what is kept of it unsealed. commitment: by which it is called.
    commitments: all of its chain that are known here."""

    commitment: bytes
    custodian: str
    grantee: str
    commitments: Sequence[bytes]


class Views:
    """Shows them. Safe in threads.

    Raises AuthorisationRefused, NotAllowed. A state that cannot be read from the chain now is null.
    """

    def __init__(
        self,
        ctx: Context,
        *,
        statements: Statements,
        held: Held,
        admission: Admission,
        vault: Vault,
        hmac: Hmac,
        reader: QuorumReader,
    ) -> None:
        """reader: one that refuses heads that are too old."""
        self._ctx = ctx
        self._statements = statements
        self._held = held
        self._admission = admission
        self._vault = vault
        self._hmac = hmac
        self._reader = reader

    def page(
        self,
        caller: Caller,
        *,
        before: int | None = None,
        limit: int = MOST,
        subject: str | None = None,
    ) -> Answer:
        """Those that the caller may see, the newest first; `next`: where to ask on, or null;
        `unreadable`: how many of them open no more. subject: of this code alone."""
        mark = None if subject is None else fingerprint_of(self._hmac, subject)
        with begin_read(self._ctx.engine) as connection:
            rows, following = self._rows(connection, caller, before, limit, mark)
            seen = self._readable(connection, rows)
        self._admission.note(caller, Purpose.SEE_AUTHORISATION, count=max(1, len(seen)))
        taken_back = self._taken_back(seen)
        return {
            "items": [self._summary(one, taken_back) for one in seen],
            "next": following,
            "unreadable": len(rows) - len(seen),
        }

    def show(self, caller: Caller, commitment: bytes) -> Answer:
        """One of them, with its documents by name and what became of its revocation."""
        row = self._admitted(caller, Purpose.SEE_AUTHORISATION, commitment)
        with begin_read(self._ctx.engine) as connection:
            one = self._demand_seen(connection, row)
        docs = [
            {"name": doc.name, "size": doc.size, "sha256": doc.sha256.hex()}
            for doc in one.given.docs
        ]
        return {
            **self._summary(one, self._taken_back([one])),
            "docs": docs,
            "commitments": [commitment.hex() for commitment in one.commitments],
            "sent": _sent(one.sent),
            "revocation": _revocation(one),
        }

    def opening(self, caller: Caller, commitment: bytes) -> bytes:
        """The opening as it is handed out now, or is shown to whoever is asked."""
        row = self._admitted(caller, Purpose.SEE_AUTHORISATION, commitment)
        with begin_read(self._ctx.engine) as connection:
            return self._demand_seen(connection, row).opening.encode()

    def document(self, caller: Caller, commitment: bytes, n: int) -> bytes:
        """A document that the subject has signed, from 0: its custodian has it, and nobody else."""
        row = self._admitted(caller, Purpose.READ_AUTHORISATION, commitment)
        data = None
        if row.materials is not None:
            with begin_read(self._ctx.engine) as connection:
                data = documents.read(connection, self._vault, row.materials, n)
        if data is None:
            raise AuthorisationRefused("not-found", _NO_DOCUMENT)
        return data

    def named(self, caller: Caller, commitment: bytes) -> Named:
        """One that the caller may see, without opening it."""
        row = self._admitted(caller, Purpose.SEE_AUTHORISATION, commitment)
        with begin_read(self._ctx.engine) as connection:
            return Named(
                commitment=bytes(row.commitment),
                custodian=row.custodian,
                grantee=row.grantee,
                commitments=self._commitments(connection, row),
            )

    # ---- looking

    def _admitted(self, caller: Caller, purpose: Purpose, commitment: bytes) -> store.Row:
        with begin_read(self._ctx.engine) as connection:
            row = store.row_of(connection, commitment)
        if row is None:
            raise AuthorisationRefused("not-found")
        self._admission.admit(caller, purpose, row)
        return row

    def _rows(
        self,
        connection: sa.Connection,
        caller: Caller,
        before: int | None,
        limit: int,
        mark: bytes | None,
    ) -> tuple[list[store.Row], int | None]:
        found: list[store.Row] = []
        for _ in range(0, LOOKED_AT, MOST):
            rows = store.listed(connection, below=before, limit=MOST, subject=mark)
            for row in rows:
                before = row.id
                if self._admission.may_see(caller, row):
                    found.append(row)
                if len(found) == limit:
                    return found, before
            if len(rows) < MOST:
                return found, None
        return found, before

    def _readable(self, connection: sa.Connection, rows: Sequence[store.Row]) -> list[_Seen]:
        """Those that open: one whose key was lost must not hide all the others."""
        found = []
        for row in rows:
            try:
                one = self._seen(connection, row)
            except (ContentErased, ContentLost) as error:
                _log.warning("authorisation.unreadable", authorisation=row.id, reason=str(error))
                continue
            if one is not None:
                found.append(one)
        return found

    def _demand_seen(self, connection: sa.Connection, row: store.Row) -> _Seen:
        found = self._seen(connection, row)
        if found is None:
            raise AuthorisationRefused("not-found")
        return found

    def _seen(self, connection: sa.Connection, row: store.Row) -> _Seen | None:
        """None: nothing of it is here any more."""
        known = self._commitments(connection, row)
        if row.custodian != self._ctx.settings.node.code:
            opening = self._held.newest(connection, row)
            return None if opening is None else _Seen(row=row, opening=opening, commitments=known)
        return _Seen(
            row=row,
            opening=self._statements.opening(row.commitment, connection),
            commitments=known,
            revocations=store.revocations_of(connection, [row.id]),
            sent=sent_of(connection, [row.handed]).get(row.handed) if row.handed else None,
        )

    def _commitments(self, connection: sa.Connection, row: store.Row) -> Sequence[bytes]:
        """All of its chain that are known here, the first of them first."""
        if row.custodian == self._ctx.settings.node.code:
            return self._statements.chain(row.commitment, connection)
        return [bytes(one.commitment) for one in store.held_of(connection, row.id)][::-1]

    def _taken_back(self, seen: Sequence[_Seen]) -> Mapping[bytes, bool] | None:
        """Of each commitment whether the chain has it taken back, at the latest head; None: it
        cannot be read now."""
        of: dict[str, list[bytes]] = defaultdict(list)
        for one in seen:
            of[one.row.custodian] += one.commitments
        found: dict[bytes, bool] = {}
        if not of:
            return found
        try:
            view = self._reader.head()
            for custodian, commitments in of.items():
                times = revoked_at(view, self._ctx.network.consortium, custodian, commitments)
                since = zip(commitments, times, strict=True)
                found |= {commitment: time is not None for commitment, time in since}
        except CouldNotCheck as error:
            _log.warning("authorisations.chain-unread", code=error.code)
            return None
        return found

    # ---- telling

    def _summary(self, one: _Seen, taken_back: Mapping[bytes, bool] | None) -> dict[str, Any]:
        given, row = one.given, one.row
        own = row.custodian == self._ctx.settings.node.code
        return {
            "authorisation": row.commitment.hex(),
            "role": GRANTED if own else HELD,
            "custodian": row.custodian,
            "grantee": given.grantee,
            "subject": given.subject,
            "types": list(given.types),
            "regions": list(given.regions),
            "purpose": given.purpose,
            "from": given.start.isoformat(),
            "until": given.until.isoformat(),
            "at": instant(one.opening.statement.at),
            "proven": one.opening.receipt is not None,
            "state": self._state(one, taken_back),
        }

    def _state(self, one: _Seen, taken_back: Mapping[bytes, bool] | None) -> str | None:
        asked = one.row.revoked_at is not None
        if asked and any(each.state != "recorded" for each in one.revocations):
            return "revoking"
        if asked or (taken_back and any(taken_back[each] for each in one.commitments)):
            return "revoked"
        if taken_back is None:
            return None
        return _on(one.given, self._ctx.clock.today())


def _on(given: Authorisation, day: date) -> str:
    if day > given.until:
        return "expired"
    return "not-yet" if day < given.start else "in-force"


def _sent(message: Outgoing | None) -> dict[str, Any] | None:
    """How the newest opening of ours is on its way to the grantee."""
    if message is None:
        return None
    received = None if message.received_at is None else instant(message.received_at)
    return {
        "to": message.member,
        "state": message.state,
        "code": message.code,
        "receivedAt": received,
    }


def _revocation(one: _Seen) -> dict[str, Any] | None:
    """What became of it; None: it was not asked for here."""
    if one.row.revoked_at is None:
        return None
    return {
        "requested": instant(one.row.revoked_at),
        "commitments": [_told(each) for each in one.revocations],
    }


def _told(row: store.Row) -> dict[str, Any]:
    told: dict[str, Any] = {
        "commitment": row.commitment.hex(),
        "state": row.state,
        "code": row.code,
        "recordedAt": None if row.recorded_at is None else instant(row.recorded_at),
    }
    if (remedy := remedy_of(row.code)) is not None:
        told["remedy"] = dict(remedy)
    return told


_NO_DOCUMENT: Final[Text] = {
    "zh": "没有这份文件：主体签署的文件只在保管者的节点，从 0 起编号",
    "en": "There is no such document: what the subject has signed is at the node of its custodian"
    " alone, numbered from 0",
}
