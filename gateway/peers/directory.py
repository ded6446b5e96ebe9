"""The other members and their REQUEST keys, as the chain says now.

A request names a key and no member, and the chain is asked for keys by member: so all members are
listed now and then, which says whose a key may be. Whether it is valid and its member active is
then asked at the latest head, for each request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
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
        self._owners: Mapping[KeyId, str] = {}
        self._listed_at = float("-inf")
        self._pause = UNKNOWN_SECONDS
        self._view: View | None = None
        self._view_at = float("-inf")
        self._failed_at = float("-inf")

    def close(self) -> None:
        """Drop the connections."""
        self._reader.close()

    def expire(self) -> None:
        """Have the chain read again at the next opportunity."""
        with self._lock:
            self._listed_at = self._view_at = self._failed_at = float("-inf")

    def find(self, id_: KeyId) -> Registered | None:
        """The REQUEST key of this id, valid or not; None where no member has one of an algorithm
        that signs requests."""
        with self._lock:
            owner = self._owner(id_)
            return None if owner is None else self._registered(owner, id_)

    def key_of(self, code: str, id_: KeyId) -> Registered | None:
        """The same of a member that is known."""
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

    def log_owner(self, log: bytes) -> str | None:
        """Whose a log is; None: there is none of that id."""
        with self._lock:
            consortium = self._consortium()
            found = self._read(lambda: consortium.log(log))
            return None if found is None else found.member

    def may_promise(self, code: str, public_key: bytes, at: int) -> bool:
        """Whether this is an ANCHOR key of the member that was valid at that Unix second."""
        id_ = key_id(Alg.SECP256K1, public_key)
        with self._lock:
            consortium = self._consortium()
            key = self._read(lambda: consortium.key(code, id_))
            return key is not None and key.purpose == Purpose.ANCHOR and key.valid_at(at)

    def is_anchored(self, contracts: Sequence[Address], log: bytes, size: int, root: bytes) -> bool:
        """Whether one of these LogAnchor contracts holds this root of a log at that size."""
        with self._lock:
            view = self._head()
            for contract in contracts:
                anchor = LogAnchor(contract, view.call, view.calls)
                if self._read(partial(anchor.root_at, log, size)) == root:
                    return True
            return False

    # ---- with the lock held

    def _owner(self, id_: KeyId) -> str | None:
        age = time.monotonic() - self._listed_at
        if age > LIST_SECONDS or (id_ not in self._owners and age > self._pause):
            started = time.monotonic()
            self._owners = self._list()
            self._listed_at = time.monotonic()
            self._pause = max(UNKNOWN_SECONDS, SHARE * (self._listed_at - started))
        return self._owners.get(id_)

    def _list(self) -> Mapping[KeyId, str]:
        """Whose each REQUEST key is: of several members that registered one, the first, for anybody
        can register what another has made public, and sign nothing with it."""
        consortium = self._consortium()
        found: dict[KeyId, tuple[int, str]] = {}

        def read() -> None:
            codes = consortium.member_codes()
            consortium.fetch(codes)
            for code in codes:
                for key in consortium.keys(code):
                    if key.purpose == Purpose.REQUEST and key.alg in TAKEN:
                        first = found.get(key.key_id, (key.added_at, code))
                        found[key.key_id] = min(first, (key.added_at, code))

        self._read(read)
        return {key: code for key, (_, code) in found.items()}

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
