"""Authorisations that other members made for this one: taken in, and found again when it asks.

They come as messages, or as a file where this node could not be reached. What is taken is verified
first, as whoever is asked will. Where the log of a custodian was closed it comes again as another
commitment, whose entry names the first: all of these are one authorisation.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from gateway.authorisations import store
from gateway.authorisations.errors import AuthorisationRefused
from gateway.authorisations.interfaces import Received
from gateway.authorisations.judging import Papers
from gateway.authorisations.services import Admission, fingerprint_of
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import Hmac, Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Purpose
from gateway.cases import materials as documents
from gateway.cases.materials import Material
from gateway.peers.errors import Refused
from gateway.peers.interfaces import Granted, Message
from gateway.peers.proofs import proves_more
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.opening import Opening, parse_opening
from ledger.core.texts import Text

NOT_THE_GRANTEE: Final = "not-the-grantee"
_UNKNOWN: Final = "authorisation-unknown"


class Held:
    """The authorisations of this member. Safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        vault: Vault,
        hmac: Hmac,
        papers: Papers,
        received: Received,
        admission: Admission,
    ) -> None:
        """received: what came as messages."""
        self._ctx = ctx
        self._vault = vault
        self._hmac = hmac
        self._papers = papers
        self._received = received
        self._admission = admission

    def opening(self, commitment: bytes, connection: sa.Connection | None = None) -> Opening | None:
        """The opening to be shown now of an authorisation that was made for this member, by any
        commitment that it ever had; None: there is none. Raises ContentLost, ContentKeyMissing."""
        if connection is not None:
            return self._opening(connection, commitment)
        with begin_read(self._ctx.engine) as own:
            return self._opening(own, commitment)

    def take_file(self, caller: Caller, data: bytes) -> bytes:
        """Take one from a file; the commitment by which it is called here. Raises
        AuthorisationRefused, NotReady."""
        self._admission.note(caller, Purpose.HOLD_AUTHORISATION)
        try:
            opening = parse_opening(data)
        except (EvidenceError, VersionUnknown) as error:
            raise AuthorisationRefused(_UNKNOWN, _NOT_TAKEN) from error
        try:
            return self._take(opening, data)
        except Refused as error:
            detail = _NOT_OURS if error.code == NOT_THE_GRANTEE else _NOT_TAKEN
            raise AuthorisationRefused(error.code, detail) from error

    def take(self, message: Message) -> None:
        """`gateway.peers.interfaces.Inbox` for the sort `authorisation`: the sender is its issuer.
        Raises Refused `not-the-grantee`, `authorisation-unknown`; NotReady."""
        self._take(parse_opening(message.opening), None)

    def _take(self, opening: Opening, file: bytes | None) -> bytes:
        """file: to be kept; None: it lies with the messages."""
        granted = self._papers.genuine(opening.to_json())
        if granted.authorisation.grantee != self._ctx.settings.node.code:
            raise Refused(NOT_THE_GRANTEE)
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            called = self._keep(connection, granted, opening, file)
            crash_point("authorisation.taken", "before")
        crash_point("authorisation.taken", "after")
        return called

    def _keep(
        self, connection: sa.Connection, granted: Granted, opening: Opening, file: bytes | None
    ) -> bytes:
        there = store.held_row(connection, granted.commitment)
        if there is not None:
            self._keep_better(connection, there, opening, file)
            row = store.row_of(connection, granted.commitment)
            assert row is not None  # noqa: S101 - a row that is held has one
            return bytes(row.commitment)
        row = store.row_of_record(connection, granted.record)
        if row is None:
            number, called = self._put(connection, granted), granted.commitment
        else:
            self._demand_same(connection, row, granted, opening)
            number, called = row.id, row.commitment
        store.put_held(
            connection,
            commitment=granted.commitment,
            authorisation=number,
            at=self._ctx.clock.seconds(),
            kept=None if file is None else self._seal(connection, file),
        )
        return bytes(called)

    def _put(self, connection: sa.Connection, granted: Granted) -> int:
        return store.put(
            connection,
            record=granted.record,
            commitment=granted.commitment,
            custodian=granted.custodian,
            grantee=granted.authorisation.grantee,
            subject=fingerprint_of(self._hmac, granted.authorisation.subject),
            since=self._ctx.clock.seconds(),
            proven=False,
        )

    def _demand_same(
        self, connection: sa.Connection, row: store.Row, granted: Granted, opening: Opening
    ) -> None:
        """Refuse what calls itself another's successor, or says something else than it did."""
        known = self._openings(connection, row)
        same = all(one.statement.members == opening.statement.members for one in known)
        if row.custodian != granted.custodian or not known or not same:
            raise Refused(_UNKNOWN)

    def _keep_better(
        self, connection: sa.Connection, there: store.Row, opening: Opening, file: bytes | None
    ) -> None:
        """Keep a file where all that is held of the statement proves less."""
        if file is None:
            return
        if not all(proves_more(opening, held) for held in self._kept(connection, there)):
            return
        store.keep_held(connection, there.commitment, self._seal(connection, file))
        if there.materials is not None:
            documents.forget(connection, [there.materials])

    def _seal(self, connection: sa.Connection, file: bytes) -> str:
        kept = os.urandom(16).hex()
        documents.keep(connection, self._vault, [Material(name="-", data=file)], kept)
        return kept

    # ---- opening

    def _opening(self, connection: sa.Connection, commitment: bytes) -> Opening | None:
        row = store.row_of(connection, commitment)
        if row is None or row.grantee != self._ctx.settings.node.code:
            return None
        return self.newest(connection, row)

    def newest(self, connection: sa.Connection, row: store.Row) -> Opening | None:
        """That of the last of a chain that came here; of one statement the one that proves more."""
        return max(self._openings(connection, row), key=_rank, default=None)

    def _openings(self, connection: sa.Connection, row: store.Row) -> Sequence[Opening]:
        held = store.held_of(connection, row.id)
        return [opening for one in held for opening in self._kept(connection, one)]

    def _kept(self, connection: sa.Connection, held: store.Row) -> Sequence[Opening]:
        """One statement as it came: as a file, as a message."""
        found = []
        if held.materials is not None:
            found.append(documents.read(connection, self._vault, held.materials, 0))
        message = self._received.kept(held.commitment, connection)
        found.append(None if message is None else message.opening)
        return [parse_opening(data) for data in found if data is not None]


def _rank(opening: Opening) -> tuple[int, bool]:
    """When it was made of the one before it: what a later log holds was promised after the end of
    the one before, whenever it came here."""
    promised, receipt = opening.promised, opening.receipt
    if promised is not None:
        return promised.promise.issued_at, False
    return (0 if receipt is None else receipt.anchor.time), True


_NOT_TAKEN: Final[Text] = {
    "zh": "文件不是成立的授权：请向保管授权的成员重新索取开启件（已过承诺期限的，须带回执）",
    "en": "The file is no authorisation that holds: ask its custodian for the opening anew, with a"
    " receipt where its promise is overdue",
}
_NOT_OURS: Final[Text] = {
    "zh": "该授权是给其他成员的，请由其接收",
    "en": "It was made for another member, which is to take it",
}
