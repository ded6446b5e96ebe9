"""Whether an authorisation that a member shows lets it ask: for whoever answers.

An authorisation is genuine where its opening is, and its custodian may make one. What is told of
several faults is always the first of these:

`judge`   unknown · other-subject · other-purpose · not-granted (types, or our region) · expired ·
          revoked: whoever holds the wrong paper is told so first (`ledger.core.authorisation`)
`admit`   unknown · expired · revoked: what is wrong with the paper whatever it is shown for

`authorisation-unknown` is all that makes it none: it is malformed, or no authorisation; it is made
for another member than the one that asks, or by the one that it is made for; neither promised and
not yet due, nor anchored, by the chain; or its custodian was no ACTIVE province or bureau when it
was made. Where the chain cannot be asked nothing is accepted: NotReady. Whether it was taken back
is read at the latest head each time; of our own also what was asked for and is not there yet.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import structlog

from gateway.authorisations import store
from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.base.policy import NOT_GRANTED
from gateway.chain.view import ChainView
from gateway.peers.errors import Refused
from gateway.peers.interfaces import Granted
from gateway.peers.judging import UNDETERMINED, Judge
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.contracts.structs import RETIRED
from ledger.chain.nodes.quorum import QuorumReader
from ledger.chain.revocations import revoked_at
from ledger.chain.standing import Standings
from ledger.core.authorisation import Fault, fault_of, from_members
from ledger.core.canonical import encode
from ledger.core.errors import CouldNotCheck, EvidenceError, Malformed, VersionUnknown
from ledger.core.ids import RecordId
from ledger.core.keys import Role
from ledger.core.opening import MAX_DEPTH, Opening, parse_opening
from ledger.core.verdict.facts import Question
from ledger.core.verdict.statement import StatementVerdict
from ledger.core.verdict.verdict import Verdict

__all__ = ["Granted", "Papers", "first_of_chain"]

UNKNOWN: Final = "authorisation-unknown"
EXPIRED: Final = "authorisation-expired"
REVOKED: Final = "authorisation-revoked"
UNREAD: Final = "authorisation-unread"

MAX_KEPT: Final = 512
"""Authorisations that are known to be genuine; each takes 10 KiB at most, 64 KiB if its custodian
wrote as much as it can."""
KEPT_SECONDS: Final = 60.0
"""For so long: a log may be closed, a key be called stolen. Whether one was taken back is asked
every time."""
FAILED_SECONDS: Final = 2.0
"""For so long the chain is not asked again after it could not be read: it holds a thread up."""
_CUSTODIAN: Final = Role.PROVINCE | Role.BUREAU
_NEVER: Final = frozenset({"promise-overdue", "promise-log-closed"})
"""Why an opening is undetermined that no waiting makes better."""
_CODES: Final[Mapping[Fault, str]] = {
    "other-grantee": UNKNOWN,
    "other-subject": "authorisation-other-subject",
    "other-purpose": "authorisation-other-purpose",
    "out-of-scope": NOT_GRANTED,
    "expired": EXPIRED,
}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Genuine:
    """What was found to be so. due: Unix seconds until which its promise counts; None: anchored.
    at: by the monotonic clock."""

    granted: Granted
    due: int | None
    at: float


class Papers:
    """Judges them. Safe to share between threads.

    All raise Refused with one of the codes above, and NotReady.
    """

    def __init__(
        self, ctx: Context, *, chain: ChainView, reader: QuorumReader, judge: Judge
    ) -> None:
        """reader: one that refuses heads that are too old. judge: of openings."""
        self._ctx = ctx
        self._chain = chain
        self._reader = reader
        self._judge = judge
        self._standings = Standings(ctx.network)
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, _Genuine] = OrderedDict()
        self._failed_at = float("-inf")

    def judge(
        self,
        opening: Mapping[str, Any],
        *,
        asker: str,
        subject: str,
        types: Sequence[str],
        purpose: str | None,
        on: date,
    ) -> Granted:
        """The authorisation in an opening, where it lets that member ask about this subject, these
        families of types (at least one) and on this day, China's. purpose: None: its own."""
        granted = self.genuine(opening)
        given = granted.authorisation
        fault = fault_of(
            given,
            grantee=asker,
            subject=subject,
            purpose=given.purpose if purpose is None else purpose,
            region=self._region(),
            types=types,
            on=on,
        )
        if fault is not None:
            raise Refused(_CODES[fault])
        if not types:
            raise Refused(NOT_GRANTED)
        self._demand_not_revoked(granted)
        return granted

    def admit(self, opening: Mapping[str, Any], *, asker: str, on: date) -> Granted:
        """The authorisation in an opening, where nothing is wrong with it by itself. Whom, what and
        what for it covers the caller MUST compare."""
        granted = self.genuine(opening)
        given = granted.authorisation
        if given.grantee != asker:
            raise Refused(UNKNOWN)
        if not given.start <= on <= given.until:
            raise Refused(EXPIRED)
        self._demand_not_revoked(granted)
        return granted

    def covers(self, granted: Granted, types: Sequence[str]) -> bool:
        """Whether it is for these families of types, and for our region."""
        given = granted.authorisation
        return self._region() in given.regions and set(types) <= set(given.types)

    def still_valid(self, granted: Granted) -> bool:
        """Whether it was not taken back since it was judged: to be asked right before an answer
        leaves."""
        return not self._is_revoked(granted)

    def genuine(self, opening: Mapping[str, Any]) -> Granted:
        """The authorisation in an opening, whomever it is for and whenever it counts."""
        data = _bytes_of(opening)
        digest = hashlib.sha256(data).digest()
        with self._lock:
            kept = self._kept.get(digest)
        if kept is not None and self._counts(kept):
            return kept.granted
        found = self._verify(data)
        with self._lock:
            self._kept[digest] = found
            self._kept.move_to_end(digest)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return found.granted

    # ---- genuine

    def _counts(self, kept: _Genuine) -> bool:
        fresh = time.monotonic() - kept.at < KEPT_SECONDS
        return fresh and (kept.due is None or self._ctx.clock.of_chain() <= kept.due)

    def _verify(self, data: bytes) -> _Genuine:
        parsed = _parsed(data)
        statement = parsed.statement
        if statement.sort != "authorisation":
            raise Refused(UNKNOWN)
        given = from_members(statement.members)
        if statement.iss == given.grantee:
            raise Refused(UNKNOWN)
        at = time.monotonic()
        made = self._made_at(data)
        self._demand_custodian(statement.iss, made)
        granted = Granted(
            commitment=statement.commitment,
            record=first_of_chain(parsed),
            authorisation=given,
            custodian=statement.iss,
        )
        promised = parsed.promised
        return _Genuine(granted, None if promised is None else promised.promise.due, at)

    def _made_at(self, data: bytes) -> int:
        """When it was made, in Unix seconds, of an opening that is that member's by the chain."""
        verdict = self._judge.verify(data, Question())
        if _is_open(verdict):  # of this paper perhaps, so it holds up no other
            raise NotReady(UNREAD)
        statement = verdict.statement if isinstance(verdict, StatementVerdict) else None
        if not isinstance(verdict, StatementVerdict) or statement is None:
            raise Refused(UNKNOWN)
        if verdict.verdict != "valid" and not verdict.is_promised:
            raise Refused(UNKNOWN)
        return verdict.counts_from(statement)

    def _demand_custodian(self, code: str, made: int) -> None:
        with self._asking():
            head = self._reader.head()
            final = self._reader.final_block(head)
            number = -1 if final is None else final.number
            fit = bool(self._standings.roles_at(head, code, made) & _CUSTODIAN)
            fit = fit and self._standings.active_at(head, number, code, made)
        if not fit:
            raise Refused(UNKNOWN)

    # ---- revoked

    def _demand_not_revoked(self, granted: Granted) -> None:
        if self._is_revoked(granted):
            raise Refused(REVOKED)

    def _is_revoked(self, granted: Granted) -> bool:
        if granted.custodian == self._ctx.settings.node.code:
            with begin_read(self._ctx.engine) as connection:
                row = store.row_of_record(connection, granted.record)
            if row is not None and row.revoked_at is not None:
                return True
        consortium, commitments = self._ctx.network.consortium, [granted.commitment]
        with self._asking():
            view = self._reader.head()
            [since] = revoked_at(view, consortium, granted.custodian, commitments)
            member = Consortium(consortium, view.call, view.calls).member(granted.custodian)
        # Of a member that retired nobody can take a paper back any more, so it counts no more.
        return since is not None or member is None or member.status == RETIRED

    # ---- the chain

    def _region(self) -> str:
        return self._chain.facts.region

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Ask the chain. Raises NotReady where it cannot be asked."""
        if time.monotonic() - self._failed_at < FAILED_SECONDS:
            raise NotReady(UNREAD)
        try:
            yield
        except CouldNotCheck as error:
            self._failed_at = time.monotonic()
            _log.warning("authorisations.chain-unread", code=error.code)
            raise NotReady(UNREAD) from error


def first_of_chain(opening: Opening) -> RecordId:
    """The record id of the first of its chain: what names it in every log."""
    return opening.entry.replaces or opening.statement.record_id


def _is_open(verdict: Verdict) -> bool:
    """Whether it may still become one or the other."""
    wrong = {check.code for check in verdict.standing.checks if check.verdict}
    if isinstance(verdict, StatementVerdict) and verdict.is_promised:
        return False
    return verdict.verdict in (UNDETERMINED, "not-final") and not wrong & _NEVER


def _bytes_of(opening: Mapping[str, Any]) -> bytes:
    try:
        return encode(dict(opening), allow_null=True, max_depth=MAX_DEPTH)
    except Malformed as error:
        raise Refused(UNKNOWN) from error


def _parsed(data: bytes) -> Opening:
    """What another version than ours says we do not know either."""
    try:
        return parse_opening(data)
    except (EvidenceError, VersionUnknown) as error:
        raise Refused(UNKNOWN) from error
