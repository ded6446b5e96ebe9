"""Openings that other members hand over: kept once, and given to the domain of their sort."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from enum import Enum
from typing import Final

import sqlalchemy as sa
import structlog

from gateway.base.context import Context
from gateway.base.crypto import Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.chain.view import ChainView
from gateway.http.problems import retry_later
from gateway.peers.directory import Directory
from gateway.peers.errors import Refused
from gateway.peers.interfaces import Asker, Inbox, Message, Reply
from gateway.peers.models import REFUSED, UNTAKEN, peer_inbox
from gateway.peers.proofs import proves_more
from gateway.sealing.services import Boxes, Kind
from ledger.core.canonical import encode, instant
from ledger.core.errors import EvidenceError, LedgerError, SignatureInvalid
from ledger.core.ids import Address
from ledger.core.opening import Opening, check, parse_opening
from ledger.core.promise import Promise
from ledger.core.receipt import Receipt
from ledger.core.statement import SORTS

MAX_A_DAY: Final = 10_000
"""New openings of one member within a day; a busy province has a few hundred cases."""
MAX_WAITING: Final = 1000
"""Openings of one member that their domains cannot take yet, as steps of cases that came too early:
each is looked at again every minute."""
DAY: Final = 86_400
LATER: Final = 3600
"""Seconds after which one that sent too many may try again."""
LOCK: Final = "peer-inbox"
HANDED_ON: Final = 100
"""Messages that are looked up at once to be given to their domain."""

_log = structlog.get_logger(__name__)


class _State(Enum):
    """What was known of an opening before. KEPT: its domain has not taken it."""

    NEW = "new"
    KEPT = "kept"
    TAKEN = "taken"


class Messages:
    """Takes openings. Safe to share between threads.

    Raises Malformed; Refused `not-the-issuer`, `opening-false`, or what its domain refuses; Problem
    429; NotReady.
    """

    def __init__(
        self,
        ctx: Context,
        *,
        vault: Vault,
        chain: ChainView,
        directory: Directory,
        inboxes: Mapping[str, Inbox] | None = None,
    ) -> None:
        """inboxes: by sort of statement; without one an opening is kept and nothing else."""
        self._ctx = ctx
        self._boxes = Boxes(vault)
        self._chain = chain
        self._directory = directory
        self.give(inboxes or {})

    def give(self, inboxes: Mapping[str, Inbox]) -> None:
        """Give what comes from now on to these domains, by sort. Raises ValueError where there is
        no such sort: a word that is misspelt would be kept for nobody."""
        if unknown := inboxes.keys() - SORTS:
            raise ValueError(f"no sort of statement: {', '.join(sorted(unknown))}")
        self._inboxes = dict(inboxes)

    def take(self, asker: Asker, body: bytes) -> Reply:
        """Keep an opening, and have its domain take it: 202, or 200 where that was done before. The
        answer says when it was first received."""
        opening = parse_opening(body)
        self._demand_true(asker, opening)
        message, state = self._keep(asker, opening, body)
        inbox = self._inboxes.get(message.sort)
        if inbox is not None and state is not _State.TAKEN:
            self._give(inbox, message)
        return Reply(
            status=202 if state is _State.NEW else 200,
            body=encode({"receivedAt": instant(message.received_at)}),
        )

    def _demand_true(self, asker: Asker, opening: Opening) -> None:
        """Refuse what another member said, and what does not hold by itself: it would be kept as
        evidence and be none. What a newer head may make true is NotReady: a refusal is final."""
        statement = opening.statement
        if statement.iss != asker.code:
            raise Refused("not-the-issuer")
        try:
            check(opening)
            if self._directory.log_owner(statement.log, _made_at(opening)) != statement.iss:
                raise SignatureInvalid("opening", "its log is another member's")
            if opening.promised is not None:
                self._demand_promised(statement.iss, opening.promised.promise)
            if opening.receipt is not None:
                self._demand_anchored(opening.receipt)
        except EvidenceError as error:
            raise Refused("opening-false") from error

    def _demand_promised(self, member: str, promise: Promise) -> None:
        facts, behind = self._chain.facts, None
        for contract in reversed(facts.log_anchors):
            signer = promise.signer(chain_id=facts.chain_id, log_anchor=contract, member=member)
            try:
                if self._directory.may_promise(member, signer.public_key, promise.issued_at):
                    return
            except NotReady as error:  # by another contract it may be a key that is known
                behind = error
        if behind is not None:
            raise behind
        if facts.block_time < promise.issued_at:  # it may be for a contract that is newer
            raise NotReady("head-behind")
        raise SignatureInvalid("promise", "not by an ANCHOR key of its member")

    def _demand_anchored(self, receipt: Receipt) -> None:
        """Its path leads to the root of its checkpoint: that must be one on the chain."""
        contracts = [Address(contract) for contract in reversed(self._chain.facts.log_anchors)]
        root = receipt.checkpoint.root
        if not self._directory.is_anchored(contracts, receipt.log, receipt.size, root):
            raise SignatureInvalid("receipt", "no anchor has this root")

    def _keep(self, asker: Asker, opening: Opening, body: bytes) -> tuple[Message, _State]:
        """The message as it was first received."""
        statement = opening.statement
        with begin_write(self._ctx.engine, LOCK) as connection:
            row = connection.execute(
                sa.select(peer_inbox).where(peer_inbox.c.commitment == statement.commitment)
            ).one_or_none()
            now = self._ctx.clock.seconds()
            if row is None:
                self._demand_room(connection, asker, now)
                hex_id = secrets.token_bytes(16).hex()
                box = self._boxes.make(connection, Kind.RECEIVED, hex_id)
                values = {
                    "id": hex_id,
                    "commitment": statement.commitment,
                    "member": asker.code,
                    "sort": statement.sort,
                    "received_at": now,
                    "opening": box.seal(body, b"opening"),
                }
                connection.execute(sa.insert(peer_inbox).values(values))
            elif opening.receipt is not None:
                body = self._keep_better(connection, row, opening, body)
        message = Message(
            member=asker.code,
            commitment=statement.commitment,
            sort=statement.sort,
            opening=body,
            received_at=now if row is None else row.received_at,
        )
        if row is None:
            return message, _State.NEW
        return message, _State.KEPT if row.taken_at is None else _State.TAKEN

    def _keep_better(
        self,
        connection: sa.Connection,
        row: sa.Row[tuple[object, ...]],
        opening: Opening,
        body: bytes,
    ) -> bytes:
        """Keep it in place of one that proves less; what is kept then. When it was first received
        stays."""
        box = self._boxes.open(connection, Kind.RECEIVED, row.id)
        held = box.open(row.opening, b"opening")
        if not proves_more(opening, than=parse_opening(held)):
            return held
        change = sa.update(peer_inbox).where(peer_inbox.c.id == row.id)
        connection.execute(change.values(opening=box.seal(body, b"opening")))
        return body

    def _demand_room(self, connection: sa.Connection, asker: Asker, now: int) -> None:
        recent = sa.select(sa.func.count()).where(
            peer_inbox.c.member == asker.code, peer_inbox.c.received_at > now - DAY
        )
        waiting = sa.select(sa.func.count()).where(
            peer_inbox.c.member == asker.code,
            UNTAKEN,
            ~REFUSED,
            peer_inbox.c.sort.in_(sorted(self._inboxes)),
        )
        enough = connection.execute(recent).scalar_one() >= MAX_A_DAY
        if enough or connection.execute(waiting).scalar_one() >= MAX_WAITING:
            raise retry_later("too-many-requests", LATER)

    def _give(self, inbox: Inbox, message: Message) -> None:
        """Have a domain take it, and note that it did, or refuses it. Raises as the domain."""
        try:
            inbox.take(message)
        except Refused as error:
            self._note(message, refused=error.code)
            raise
        self._note(message, taken_at=self._ctx.clock.seconds(), refused=None)

    def _note(self, message: Message, **values: object) -> None:
        change = sa.update(peer_inbox).where(peer_inbox.c.commitment == message.commitment)
        with begin_write(self._ctx.engine) as connection:
            connection.execute(change.values(**values))

    def hand_on(self, stop: threading.Event) -> int:
        """Give what was kept to domains that came later, or could not take it and were not asked
        again; how many were taken. One that fails keeps no other back."""
        taken, last = 0, ""
        while not stop.is_set() and (some := self._untaken(last)):
            taken += sum(self._hand_on(commitment) for _, commitment in some)
            last, _ = some[-1]
        return taken

    def _untaken(self, after: str) -> list[tuple[str, bytes]]:
        """Ids and commitments of those that no domain took or refused, beyond an id."""
        query = sa.select(peer_inbox.c.id, peer_inbox.c.commitment).where(
            UNTAKEN, ~REFUSED, peer_inbox.c.sort.in_(sorted(self._inboxes)), peer_inbox.c.id > after
        )
        with begin_read(self._ctx.engine) as connection:
            found = connection.execute(query.order_by(peer_inbox.c.id).limit(HANDED_ON))
            return [(row.id, row.commitment) for row in found]

    def _hand_on(self, commitment: bytes) -> bool:
        try:
            message = self.kept(commitment)
            if message is None:
                return False
            self._give(self._inboxes[message.sort], message)
        except LedgerError as error:
            code = getattr(error, "code", None)
            _log.warning("message.not-taken", statement=commitment.hex(), code=code)
            return False
        return True

    def kept(self, commitment: bytes, connection: sa.Connection | None = None) -> Message | None:
        """An opening that was handed over, by its commitment. connection: within its transaction.
        Raises ContentKeyMissing."""
        if connection is not None:
            return self._kept(connection, commitment)
        with begin_read(self._ctx.engine) as own:
            return self._kept(own, commitment)

    def _kept(self, connection: sa.Connection, commitment: bytes) -> Message | None:
        query = sa.select(peer_inbox).where(peer_inbox.c.commitment == commitment)
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        box = self._boxes.open(connection, Kind.RECEIVED, row.id)
        return Message(
            member=row.member,
            commitment=row.commitment,
            sort=row.sort,
            opening=box.open(row.opening, b"opening"),
            received_at=row.received_at,
        )


def _made_at(opening: Opening) -> int:
    """When it was made at the latest, in Unix seconds: its log was there by then."""
    promised = opening.promised
    return opening.statement.at if promised is None else promised.promise.issued_at
