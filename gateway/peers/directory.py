"""The other members and their REQUEST keys, as the chain says now.

A request names a member and one of its keys. All members are listed now and then, in a thread of
its own; by that list a signature is checked, from memory. Only for one that holds the latest head
is asked whether the key is valid and its member active: a stranger, who signs nothing, has the
chain asked for nothing.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog

from gateway.base.clock import Clock
from gateway.base.errors import NotReady
from ledger.chain.contracts.bindings import Consortium, LogAnchor
from ledger.chain.contracts.structs import ACTIVE, Key, Member
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, KeyId, key_id
from ledger.core.keys import Alg, Purpose, Role

LIST_SECONDS = 300.0
"""How old the list of keys may get where every request names one that is on it."""
UNKNOWN_SECONDS = 5.0
"""Between two lists, at least, that keys ask for which are on none: strangers must not have us read
the chain without end."""
SHARE = 20
"""So many times what a list takes lies between two of them: of thousands of members it takes a
while."""
HEAD_SECONDS = 1.0
"""How old the head may be that is called the latest: one request each would cost two more calls."""
FIRST_SECONDS = 5.0
"""For so long the first list is waited for."""
FAILED_SECONDS = 2.0
"""For so long the chain is not asked again after it could not be read."""
TAKEN = (Alg.ED25519, Alg.P256)
"""Algorithms of keys that may sign requests."""

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A REQUEST key with its member, as of one block. at: Unix seconds of that block."""

    member: Member
    key: Key
    at: int

    @property
    def active(self) -> bool:
        """Whether its member is."""
        return self.member.status == ACTIVE

    @property
    def roles(self) -> Role:
        """Of its member."""
        return Role(self.member.roles)

    def valid_at(self, now: int) -> bool:
        """Whether it may sign at that Unix second of our clock, and by that of the chain where it
        is ahead."""
        return self.key.valid_at(now) and self.key.valid_at(max(now, self.at))


class Directory:
    """Safe to share between threads. Raises NotReady (`members-unknown`) where the chain cannot be
    read."""

    def __init__(self, reader: QuorumReader, clock: Clock) -> None:
        """reader: that refuses heads that are too old, or a revoked key would go on."""
        self._reader = reader
        self._clock = clock
        self._lock = threading.Lock()
        # Of the list: read without a lock, changed by the one thread of `_lister`.
        self._listing = threading.Lock()
        self._lister = ThreadPoolExecutor(1, thread_name_prefix="members")
        self._under_way: Future[bool] | None = None
        self._listed: Mapping[tuple[str, KeyId], Key] | None = None
        self._sole: Mapping[KeyId, str] = {}
        self._members: Mapping[str, Member] = {}
        self._listed_at = self._tried_at = float("-inf")
        self._pause = 0.0
        self._view: View | None = None
        self._view_at = float("-inf")
        self._failed_at = float("-inf")

    def close(self) -> None:
        """Drop the connections."""
        self._lister.shutdown(wait=True, cancel_futures=True)
        self._reader.close()

    def expire(self) -> None:
        """Have the chain read again at the next opportunity."""
        with self._lock, self._listing:
            self._view_at = self._failed_at = float("-inf")
            self._listed_at = self._tried_at = float("-inf")

    def listed(self, code: str, id_: KeyId) -> Key | None:
        """The REQUEST key of a member as it was listed last, valid or not; None: it was on no list.
        code: "" for the only member that registered it; None too where two did. From memory:
        whoever asks may be anybody."""
        found = (self._listed or {}).get((self._whose(code, id_), id_))
        if found is not None and time.monotonic() - self._listed_at > LIST_SECONDS:
            self.list_anew()
        return found

    def list_anew(self) -> Future[bool] | None:
        """Have the list read, or wait with those who had it read before: whether that went well.
        None: it was read a moment ago, and is not again. Never waits, and raises nothing."""
        with self._listing:
            if self._under_way is not None and not self._under_way.done():
                return self._under_way
            if time.monotonic() - self._tried_at < self._pause:
                return None
            self._under_way = self._lister.submit(self._read_list)
            return self._under_way

    @property
    def was_listed(self) -> bool:
        """Whether members were ever listed: before that nobody is known, and nobody unknown."""
        return self._listed is not None

    def known(self, code: str) -> Member | None:
        """A member as it was listed last; None: it was on no list. From memory: whoever asks may be
        anybody. Only for the first list is waited."""
        if self._listed is None:
            self._demand_list()
        elif time.monotonic() - self._listed_at > LIST_SECONDS:
            self.list_anew()
        return self._members.get(code)

    def _demand_list(self) -> None:
        """Raise NotReady unless members are listed within some seconds."""
        under_way = self.list_anew()
        try:
            if under_way is not None and under_way.result(FIRST_SECONDS):
                return
        except TimeoutError as error:
            raise NotReady("members-unknown") from error
        if self._listed is None:
            raise NotReady("members-unknown")

    def find(self, code: str, id_: KeyId) -> Registered | None:
        """The REQUEST key of a member at the latest head, valid or not; None where it was on no
        list, or the member has it no more. code: as in `listed`."""
        named = self._whose(code, id_)
        return self.key_of(named, id_) if (named, id_) in (self._listed or {}) else None

    def _whose(self, code: str, id_: KeyId) -> str:
        """Who is named, where "" names the only member that registered the key; "" for two."""
        return code or self._sole.get(id_, "")

    def key_of(self, code: str, id_: KeyId) -> Registered | None:
        """The same, of a member that nobody but ourselves has named: the chain is asked."""
        with self._lock:
            return self._registered(code, id_)

    def member(self, code: str) -> Member | None:
        """A member at the latest head; None: there is none of that code."""
        with self._lock:
            consortium = self._consortium()
            return self._read(lambda: consortium.member(code))

    def provinces(self) -> list[str]:
        """Codes of the ACTIVE provinces at the latest head, in order."""
        with self._lock:
            consortium = self._consortium()

            def read() -> list[str]:
                codes = consortium.provinces()
                consortium.fetch(codes)
                members = [consortium.member(code) for code in codes]
                return sorted(one.code for one in members if one and one.status == ACTIVE)

            return self._read(read)

    def members(self) -> Sequence[Member]:
        """All members at the latest head."""
        with self._lock:
            return self._read(self._consortium().members)

    def log_owner(self, log: bytes, at: int) -> str | None:
        """Whose a log is that was there at that Unix second; None: there is none of that id.
        Raises NotReady `head-behind` where a newer head may say otherwise."""
        with self._lock:
            consortium = self._consortium()
            found = self._read(lambda: consortium.log(log))
            if found is None:
                self._demand_reaches(at)
            return None if found is None else found.member

    def may_promise(self, code: str, public_key: bytes, at: int) -> bool:
        """Whether this is an ANCHOR key of the member that was valid at that Unix second. Raises
        NotReady as `log_owner`."""
        id_ = key_id(Alg.SECP256K1, public_key)
        with self._lock:
            consortium = self._consortium()
            key = self._read(lambda: consortium.key(code, id_))
            if key is None:
                self._demand_reaches(at)
            return key is not None and key.purpose == Purpose.ANCHOR and key.valid_at(at)

    def is_anchored(self, contracts: Sequence[Address], log: bytes, size: int, root: bytes) -> bool:
        """Whether one of these LogAnchor contracts holds this root of a log at that size. Raises
        NotReady `head-behind` where the log has not come to that size yet."""
        with self._lock:
            view = self._head()
            newest = 0
            for contract in contracts:
                anchor = LogAnchor(contract, view.call, view.calls)
                if self._read(partial(anchor.root_at, log, size)) == root:
                    return True
                newest = max(newest, self._read(partial(anchor.latest, log)).size)
            if newest < size:
                raise NotReady("head-behind")
            return False

    # ---- in the thread that lists

    def _read_list(self) -> bool:
        started, pause = time.monotonic(), UNKNOWN_SECONDS
        try:
            self._members, listed = self._list()
            self._listed, self._sole = listed, _sole(listed)
            self._listed_at = time.monotonic()
            pause = max(pause, SHARE * (self._listed_at - started))
        except CouldNotCheck as error:
            _log.warning("peers.chain-unread", code=error.code)
            return False
        finally:
            with self._listing:
                self._tried_at, self._pause = time.monotonic(), pause
        return True

    def _list(self) -> tuple[Mapping[str, Member], Mapping[tuple[str, KeyId], Key]]:
        """All members, and the REQUEST keys of each, by its code: anybody can register what another
        has made public, and sign nothing with it."""
        view = self._reader.head()
        consortium = Consortium(self._reader.network.consortium, view.call, view.calls)
        codes = consortium.member_codes()
        consortium.fetch(codes)
        found = {code: consortium.member(code) for code in codes}
        members: dict[str, Member] = {code: one for code, one in found.items() if one is not None}
        return members, {
            (code, key.key_id): key
            for code in codes
            for key in consortium.keys(code)
            if key.purpose == Purpose.REQUEST and key.alg in TAKEN
        }

    # ---- with the lock held

    def _registered(self, code: str, id_: KeyId) -> Registered | None:
        consortium = self._consortium()
        member = self._read(lambda: consortium.member(code))
        key = self._read(lambda: consortium.key(code, id_))
        if member is None or key is None or key.purpose != Purpose.REQUEST or key.alg not in TAKEN:
            return None
        return Registered(member=member, key=key, at=self._head().block.time)

    def _consortium(self) -> Consortium:
        """The contract at the latest head; the view keeps what it was asked."""
        view = self._head()
        return Consortium(self._reader.network.consortium, view.call, view.calls)

    def _head(self) -> View:
        """The latest head."""
        now = time.monotonic()
        if self._view is None or now - self._view_at >= HEAD_SECONDS:
            self._view = self._read(self._reader.head)
            self._view_at = time.monotonic()
        return self._view

    def _demand_reaches(self, at: int) -> None:
        """What was there at that second is there at a head of that second or later: only of an
        earlier one nothing follows."""
        if self._head().block.time < at:
            self._view = None
            raise NotReady("head-behind")

    def _read(self, read: Callable[[], _T]) -> _T:
        if time.monotonic() - self._failed_at < FAILED_SECONDS:
            raise NotReady("members-unknown")
        try:
            return read()
        except CouldNotCheck as error:
            self._failed_at = time.monotonic()
            self._view = None
            _log.warning("peers.chain-unread", code=error.code)
            raise NotReady("members-unknown") from error


def _sole(listed: Iterable[tuple[str, KeyId]]) -> Mapping[KeyId, str]:
    """Whose a key is that one member alone registered."""
    pairs = list(listed)
    count = Counter(id_ for _, id_ in pairs)
    return {id_: code for code, id_ in pairs if count[id_] == 1}
