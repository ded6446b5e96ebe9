"""Whose a record is that none of our logs holds: by our mirrors, then by asking the provinces.

Whoever is asked learns that somebody is interested, so mirrors come first; and a member that is
down keeps nobody waiting for longer than a call takes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Final, Protocol

import structlog

from gateway.base.errors import NotReady
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Abroad
from ledger.chain.contracts.structs import ACTIVE, Member
from ledger.core.errors import InputError, LedgerError
from ledger.core.ids import RecordId
from ledger.core.keys import Role
from ledger.core.texts import Text
from ledger.core.verdict.verdict import Verdict
from ledger.records import schema as schemas

AT_ONCE: Final = 16
"""Members that are asked at once for one record."""
SEARCHES: Final = 4
"""Searches at once: each may read all mirrors, and ask every province."""
LONGEST: Final = 32.0
"""Seconds until the answers that came must do: the length of one call. With the search of mirrors
before, whoever waits for it has its answer within a minute."""

SILENT_LATER: Final = 30
"""Seconds after which members that gave no answer may give one."""

_log = structlog.get_logger(__name__)


class Mirrors(Protocol):
    """Copies of the logs of others."""

    def find(self, name: bytes, member: str | None = None) -> tuple[str, RecordId] | None:
        """Whose a record is, by its id or leaf. Raises NotReady."""


class Taken(Protocol):
    """A record that a member gave."""

    @property
    def verdict(self) -> Verdict:
        """On its receipt."""


class Asking(Protocol):
    """The other members, as we ask them."""

    def record(self, member: str, record_id: bytes) -> Taken:
        """A record of theirs. Raises LedgerError, each with its code."""


class Members(Protocol):
    """The members, as the chain says."""

    def member(self, code: str) -> Member | None:
        """One of them. Raises NotReady."""

    def members(self) -> Sequence[Member]:
        """All of them. Raises NotReady."""


class Search:
    """Tells whose a record is. Safe to share between threads."""

    def __init__(self, *, own: str, mirrors: Mirrors, members: Members, asking: Asking) -> None:
        """own: our own code."""
        self._own = own
        self._mirrors = mirrors
        self._members = members
        self._asking = asking
        self._places = threading.BoundedSemaphore(SEARCHES)

    def find(self, name: bytes, owner: str | None, *, authority: bool = True) -> Abroad:
        """See `gateway.cases.interfaces.Whose`."""
        with self._place():
            return self._find(name, owner, authority=authority)

    def _find(self, name: bytes, owner: str | None, *, authority: bool) -> Abroad:
        if owner is not None:
            self._demand_province(owner)
        mirrored = self._mirrors.find(name, owner)
        if mirrored is not None:
            owner, name = mirrored
        if owner is None:
            return self._asked(name)
        told = self._told(owner, name) if authority else None
        return Abroad(record=RecordId(name), owner=owner, authority=told)

    def _demand_province(self, owner: str) -> None:
        found = self._members.member(owner)
        if found is None or found.status != ACTIVE or not found.roles & Role.PROVINCE:
            raise InputError("owner", "member-unknown", _NO_MEMBER)

    def _told(self, owner: str, record: bytes) -> str | None:
        """The authority of a record as its owner tells it, who learns of the case in any event;
        None where it does not, or not now."""
        try:
            return authority_in(self._asking.record(owner, record).verdict)
        except LedgerError as error:
            _log.info("record.not-told", member=owner, code=getattr(error, "code", None))
            return None

    def _asked(self, record: bytes) -> Abroad:
        provinces = [
            one.code
            for one in self._members.members()
            if one.status == ACTIVE and one.roles & Role.PROVINCE and one.code != self._own
        ]
        found, silent = self._ask_all(provinces, record)
        if found is not None:
            return found
        if silent:
            names = {"zh": "、".join(silent), "en": ", ".join(silent)}
            raise NotReady("owner-not-found", SILENT_LATER, more=names)
        raise CaseRefused("record-unknown", _NOWHERE)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise NotReady("busy", retry_after=10)
        try:
            yield
        finally:
            self._places.release()

    def _ask_all(self, members: Sequence[str], record: bytes) -> tuple[Abroad | None, list[str]]:
        """The record, where one of these gives it; and who gave no answer."""
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="whose")
        try:
            waiting = {pool.submit(self._asking.record, one, record): one for one in members}
            return self._first(waiting, record)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _first(
        self, waiting: dict[Future[Taken], str], record: bytes
    ) -> tuple[Abroad | None, list[str]]:
        silent: list[str] = []
        end = time.monotonic() + LONGEST
        while waiting:
            done, _ = wait(waiting, max(0.0, end - time.monotonic()), FIRST_COMPLETED)
            if not done:
                break
            for future in done:
                member = waiting.pop(future)
                found, answered = _answer(future, member, record)
                if found is not None:
                    return found, silent
                if not answered:
                    silent.append(member)
        return None, sorted([*silent, *waiting.values()])


def _answer(future: Future[Taken], member: str, record: bytes) -> tuple[Abroad | None, bool]:
    """What a member said of a record, and whether it said anything."""
    try:
        authority = authority_in(future.result().verdict)
    except LedgerError as error:
        code = getattr(error, "code", "")
        if code == "not-anchored":
            raise CaseRefused("not-anchored") from error
        return None, code == "not-granted"
    return Abroad(record=RecordId(record), owner=member, authority=authority), True


def authority_in(verdict: Verdict) -> str | None:
    """USCC of the determining authority, where the presentation shows it."""
    receipt = verdict.receipt
    if receipt is None or verdict.record is None or receipt.entry.schema is None:
        return None
    type_, _, version = receipt.entry.schema.partition("@")
    schema = schemas.find(type_, int(version))
    if schema is None or schema.authority.code is None:
        return None
    found = verdict.record.get(schema.authority.code)
    return found if isinstance(found, str) else None


_NO_MEMBER = {
    "zh": "没有此省级成员，请核对 owner",
    "en": "There is no such province; check `owner`",
}


_NOWHERE: Final[Text] = {
    "zh": "本成员的日志与镜像中没有此记录，其他成员也未告知；请核对编号，或用 owner 指明所属成员",
    "en": "Neither our logs nor our mirrors hold this record, and no member told of it; check its"
    " id, or name its owner (`owner`)",
}
