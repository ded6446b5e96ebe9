"""What the gateway knows of the chain: one snapshot, read together, kept in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import orjson

from ledger.records.rules import MEASURES_ITEM

MONTH, YEAR = 1, 2
"""Granularity of an entry's `period`, as in the catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """One version of a record type in the catalogue (`Catalogue`, kind 1), of a severe list (2), of
    the vocabulary of measures (3) or of rules (5).

    name: itemId ("penalty"). content_hash: SHA-256 of the schema or rules file, 64 hex.
    since, until: Unix seconds, until exclusive, 0 = open. region: "" = national.
    """

    name: str
    version: int
    content_hash: str
    since: int
    until: int
    visibility: int
    region: str
    data_class: int
    granularity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A key of this member as registered. Times in Unix seconds, both ends of the window
    included; compromised_since 0 = never.

    key_id: 64 hex. public_key: hex, as on the chain.
    """

    key_id: str
    purpose: int
    alg: int
    public_key: str
    not_before: int
    not_after: int
    compromised_since: int

    def valid_at(self, at: int) -> bool:
        """Whether it may sign at that Unix second; as `Consortium.keyValidAt`."""
        trusted = self.compromised_since == 0 or at < self.compromised_since
        return trusted and self.not_before <= at <= self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLog:
    """A log of this member. log_id: 64 hex."""

    log_id: str
    seq: int
    open: bool
    trusted_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts:
    """All of the chain that intake and receipts need, as of one block.

    Addresses: 0x and lower-case hex. Block hashes: 0x. log_anchors: every contract that ever held
    the role, the current one last.
    """

    chain_id: int
    consortium: str
    deploy_block_hash: str
    member: str
    region: str
    roles: int
    active: bool
    logs: tuple[OwnLog, ...]
    keys: tuple[OwnKey, ...]
    record_types: tuple[RecordType, ...]
    rules: tuple[RecordType, ...]
    lists: tuple[RecordType, ...] = ()
    measures: tuple[RecordType, ...] = ()
    log_anchors: tuple[str, ...]
    catalogue: str
    block: int
    block_hash: str
    block_time: int

    @property
    def network(self) -> str:
        """As receipts name it: eip155:<chainId>:<consortium>."""
        return f"eip155:{self.chain_id}:{self.consortium}"

    @property
    def log_anchor(self) -> str:
        """The contract that takes anchors now."""
        return self.log_anchors[-1]

    @property
    def open_log(self) -> bytes | None:
        """The log that takes entries, 32 bytes; None where this member has none."""
        found = [log for log in self.logs if log.open]
        return bytes.fromhex(max(found, key=lambda log: log.seq).log_id) if found else None

    def may_sign(self, purpose: int, key_id: bytes, at: int) -> bool:
        """Whether this key of ours is valid at that Unix second of our clock, and by that of the
        chain where it is ahead."""
        return any(
            key.purpose == purpose
            and key.key_id == key_id.hex()
            and key.valid_at(at)
            and key.valid_at(max(at, self.block_time))
            for key in self.keys
        )

    def record_type(self, name: str, at: int) -> RecordType | None:
        """The version in force at that Unix second; as `Catalogue.itemAt` for our region: a
        national one stands before a supplement."""
        return self._current(self.record_types, name, at)

    def rules_item(self, name: str, at: int) -> RecordType | None:
        """The same for rules."""
        return self._current(self.rules, name, at)

    def lists_in_force(self, at: int) -> frozenset[str]:
        """Ids of the severe lists in force at that Unix second."""
        names = {item.name for item in self.lists}
        return frozenset(name for name in names if self._current(self.lists, name, at))

    def measures_item(self, at: int) -> RecordType | None:
        """The vocabulary of measures in force at that Unix second."""
        return self._current(self.measures, MEASURES_ITEM, at)

    def _current(self, items: Sequence[RecordType], name: str, at: int) -> RecordType | None:
        return _in_force(items, name, "", at) or _in_force(items, name, self.region, at)

    def encode(self) -> bytes:
        """For `chain_cache`."""
        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The inverse of `encode`; TypeError or KeyError on another shape."""
        values: dict[str, Any] = orjson.loads(data)
        for name, kind in _LISTS.items():
            values[name] = tuple(kind(**item) for item in values[name])
        values["log_anchors"] = tuple(values["log_anchors"])
        return cls(**{field.name: values[field.name] for field in fields(cls)})


_LISTS: Mapping[str, Any] = {
    "logs": OwnLog,
    "keys": OwnKey,
    "record_types": RecordType,
    "rules": RecordType,
    "lists": RecordType,
    "measures": RecordType,
}


def _in_force(items: Sequence[RecordType], name: str, region: str, at: int) -> RecordType | None:
    series = [
        item for item in items if item.name == name and item.region == region and item.since <= at
    ]
    if not series:
        return None
    last = max(series, key=lambda item: item.version)
    return last if last.until == 0 or at < last.until else None
