"""What the gateway knows of the chain: one snapshot, read together, kept in the database."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import orjson

MONTH, YEAR = 1, 2
"""Granularity of an entry's `period`, as in the catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """One version of a record type in the catalogue (`Catalogue`, kind 1).

    name: itemId ("penalty"). content_hash: SHA-256 of the schema file, 64 hex. since, until: Unix
    seconds, until exclusive, 0 = open. region: "" = national.
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

    def in_force(self, at: int) -> bool:
        """At that Unix second."""
        return self.since <= at and (self.until == 0 or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFact:
    """A key of this member as registered. Times in Unix seconds; 0 = none.

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
        """Whether it may sign at that Unix second."""
        started = self.not_before <= at and (self.not_after == 0 or at < self.not_after)
        return started and not (self.compromised_since and at >= self.compromised_since)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFact:
    """A log of this member. log_id: 64 hex."""

    log_id: str
    seq: int
    open: bool
    trusted_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFacts:
    """All of the chain that intake and receipts need, as of one block.

    Addresses: 0x and lower-case hex. block_hash: 0x. region: "" = none.
    """

    chain_id: int
    consortium: str
    deploy_block_hash: str
    member: str
    region: str
    roles: int
    active: bool
    logs: tuple[LogFact, ...]
    keys: tuple[KeyFact, ...]
    record_types: tuple[RecordType, ...]
    log_anchor: str
    catalogue: str
    block: int
    block_hash: str
    block_time: int

    @property
    def network(self) -> str:
        """As receipts name it: eip155:<chainId>:<consortium>."""
        return f"eip155:{self.chain_id}:{self.consortium}"

    @property
    def open_log(self) -> bytes | None:
        """The log that takes entries, 32 bytes; None where this member has none."""
        found = [log for log in self.logs if log.open]
        return bytes.fromhex(max(found, key=lambda log: log.seq).log_id) if found else None

    def record_type(self, name: str, at: int) -> RecordType | None:
        """The newest version in force at that Unix second, for the whole country or our region."""
        found = [
            item
            for item in self.record_types
            if item.name == name and item.in_force(at) and item.region in ("", self.region)
        ]
        return max(found, key=lambda item: item.version) if found else None

    def encode(self) -> bytes:
        """For `chain_cache`."""
        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The inverse of `encode`; TypeError or KeyError on another shape."""
        values: dict[str, Any] = orjson.loads(data)
        for name, kind in (("logs", LogFact), ("keys", KeyFact), ("record_types", RecordType)):
            values[name] = tuple(kind(**item) for item in values[name])
        return cls(**{field.name: values[field.name] for field in fields(cls)})
