"""Members and their keys, and their logs, at one head: what a verdict asks of the holders of keys.

Each is read once, with all that was ever said of it, whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple, TypeVar, cast

from ledger.chain.contracts.bindings import Consortium
from ledger.chain.contracts.events import (
    ChainEvent,
    KeyAdded,
    KeyCompromised,
    LogClosed,
    MemberAdded,
    decode_event,
    topic,
)
from ledger.chain.contracts.structs import ACTIVE, CLOSED, Key, Log, Member
from ledger.chain.errors import BlockGone
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block, LogEntry
from ledger.chain.nodes.quorum import View, keep
from ledger.core.errors import VersionUnknown
from ledger.core.ids import SUITES, KeyId, LogId, bytes32_ascii
from ledger.core.verdict.facts import Compromise, KeyFact, LogFact, OwnerFact, Roles, WitnessFact

T = TypeVar("T")
E = TypeVar("E", bound=ChainEvent)


class Kept:
    """Values that are read once."""

    def __init__(self) -> None:
        self._values: dict[Hashable, Any] = {}

    def __call__(self, name: Hashable, read: Callable[[], T]) -> T:
        """What `read` gives, and gave before under this name, which says all that it depends on."""
        if name in self._values:
            return cast(T, self._values[name])
        value = read()
        keep(self._values, name, value)
        return value


class Holder(NamedTuple):
    """A member, None where nobody registered it, and its keys."""

    member: Member | None
    keys: tuple[Key, ...]


class Holders:
    """Members, keys and logs at one head. consortium: whatever else is asked of it."""

    def __init__(self, network: NetworkFile, head: View, final: Block | None) -> None:
        """final: the newest final block, None where none is yet."""
        self.consortium = Consortium(network.consortium, head.call, head.calls)
        self._network = network
        self._head = head
        self._final = final
        self._keep = Kept()

    def log(self, log_id: LogId) -> Log | None:
        """A log; None where the consortium has no such log. Raises VersionUnknown where its suite
        is newer than we are."""
        log: Log | None = self._keep(("log", log_id), lambda: self.consortium.log(log_id))
        if log is not None and log.suite not in SUITES.values():
            raise VersionUnknown("suite of the log", str(log.suite))
        return log

    def holder(self, code: str) -> Holder:
        """A member and its keys, in one read."""
        found: Holder = self._keep(("holder", code), lambda: read_holder(self.consortium, code))
        return found

    def log_fact(self, log: Log) -> LogFact:
        """The same, as a verdict is judged by."""
        if log.status != CLOSED:
            return LogFact(member=log.member)
        closed = self._events(LogClosed, [topic(LogClosed), log.log_id])
        return LogFact(
            member=log.member,
            trusted_size=log.trusted_size,
            closed_recorded=min((self.time(event) for event in closed), default=0),
        )

    def owner(self, code: str) -> OwnerFact:
        """What a member is and was."""
        member = self.holder(code).member
        history = self.consortium.role_history(code)
        return OwnerFact(
            region="" if member is None else member.region,
            history=tuple(Roles(span.since, span.roles) for span in history),
        )

    def keys(self, code: str) -> dict[KeyId, KeyFact]:
        """All that a member ever had."""
        found: dict[KeyId, KeyFact] = self._keep(("keys", code), lambda: self._read_keys(code))
        return found

    def _read_keys(self, code: str) -> dict[KeyId, KeyFact]:
        holder = self.holder(code)
        said = self._compromises(code, holder.keys)
        final = self._final_keys(code, holder.keys)
        recovered = self._recovered(holder.member)
        return {
            key.key_id: KeyFact(
                key_id=key.key_id,
                member=key.member,
                purpose=key.purpose,
                alg=key.alg,
                public_key=key.public_key,
                not_before=key.not_before,
                not_after=key.not_after,
                compromises=tuple(said.get(key.key_id, ())),
                final=key.key_id in final,
                recovered=key.key_id in recovered,
            )
            for key in holder.keys
        }

    def witnesses(self, codes: Sequence[str]) -> dict[str, WitnessFact]:
        """Members of these codes, but those that nobody registered."""
        if not codes:
            return {}
        self.consortium.fetch(codes)
        holders = {code: self.holder(code) for code in codes}
        return {
            code: WitnessFact(
                active=holder.member.status == ACTIVE,
                keys=tuple(self.keys(code).values()),
            )
            for code, holder in holders.items()
            if holder.member is not None
        }

    def time(self, event: ChainEvent) -> int:
        """When it happened."""
        return self.block(event.entry).time

    def block(self, entry: LogEntry) -> Block:
        """The block of an event."""
        block = self._head.block_at(entry.block)
        if block.hash != entry.block_hash:
            raise BlockGone("events", entry.block_hash)
        return block

    # ---- from events

    def _recovered(self, member: Member | None) -> set[KeyId]:
        """GOVERN keys that votes gave a member, and what was added with these. Keys that came with
        the member itself came in its own transaction."""
        if member is None or not member.recovered_from:
            return set()
        word = bytes32_ascii(member.code)
        came = {event.entry.tx for event in self._events(MemberAdded, [topic(MemberAdded), word])}
        found: set[KeyId] = set()
        for event in self._events(KeyAdded, [topic(KeyAdded), word]):
            voted = event.signed_by is None and event.entry.tx not in came
            if voted or event.signed_by in found:
                found.add(event.key_id)
        return found

    def _final_keys(self, member: str, keys: Sequence[Key]) -> set[KeyId]:
        """Those whose registration is. Several blocks may share a second: where the final one's
        second is that of the registration, the event tells the block."""
        final = self._final
        if final is None:
            return set()
        found = {key.key_id for key in keys if key.added_at < final.time}
        if any(key.added_at == final.time for key in keys):
            added = self._events(KeyAdded, [topic(KeyAdded), bytes32_ascii(member)])
            found |= {event.key_id for event in added if event.entry.block <= final.number}
        return found

    def _compromises(self, member: str, keys: Sequence[Key]) -> dict[KeyId, list[Compromise]]:
        """All that was said of the keys of a member, in that order.

        Most members never say anything: where no key is held to be stolen and none was taken back
        since the final block, there is nothing that counts.
        """
        topics = [topic(KeyCompromised), bytes32_ascii(member)]
        deployed = self._network.deploy_block
        final = deployed - 1 if self._final is None else max(deployed - 1, self._final.number)
        stolen = [key for key in keys if key.compromised_since]
        if not stolen and not self._events(KeyCompromised, topics, first=final + 1):
            return {}
        found: dict[KeyId, list[Compromise]] = {}
        for event in self._events(KeyCompromised, topics):
            said = Compromise(event.since, self.time(event), event.entry.block <= final)
            found.setdefault(event.key_id, []).append(said)
        for key in stolen:
            told = found.setdefault(key.key_id, [])
            if not told or told[-1].since != key.compromised_since:
                # The event is missing: what the state says counts on any day, and eases nothing.
                told.append(Compromise(key.compromised_since, 0, final=False))
        return found

    def _events(
        self, kind: type[E], topics: Sequence[bytes], *, first: int | None = None
    ) -> list[E]:
        """Events of Consortium with these topics, from block `first`, None: its deployment."""
        start = self._network.deploy_block if first is None else first
        if start > self._head.block.number:
            return []
        entries = self._head.logs(self._network.consortium, topics, first=start)
        events = [decode_event("Consortium", entry) for entry in entries]
        return [event for event in events if isinstance(event, kind)]


def read_holder(consortium: Consortium, code: str) -> Holder:
    """A member and its keys, as one node or a quorum has them."""
    return Holder(consortium.member(code), consortium.keys(code))


def against(here: Holder, there: Holder) -> list[str]:
    """What is worse there than here."""
    found: list[str] = []
    known = {key.key_id: key for key in here.keys}
    for key in there.keys:
        before = known.get(key.key_id)
        if before is None:
            continue
        if key.not_after < before.not_after:
            found.append(f"key {key.key_id.hex()} has ended")
        since, was = key.compromised_since, before.compromised_since
        if since and (not was or since < was):
            found.append(f"key {key.key_id.hex()} is held to be stolen")
    return found
