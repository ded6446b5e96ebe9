"""Who founds a network: its first members with their keys and logs."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.chain.governing.requests import FOREVER
from ledger.core.ids import SUITES, LogId
from ledger.core.keys import Alg, Purpose, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class FounderKey:
    """A key to be registered; `not_before` and `not_after` (Unix seconds) both belong to it."""

    purpose: Purpose
    alg: Alg
    public_key: bytes
    not_before: int
    not_after: int = FOREVER


@dataclass(frozen=True, slots=True, kw_only=True)
class FounderLog:
    """A log that is open from the founding on. log_id None: minted; a given one survives a move."""

    seq: int = 0
    suite: int = SUITES["sha256"]
    log_id: LogId | None = None


FIRST_LOG = FounderLog()
"""Of who had none before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Founder:
    """A founding member with its logs, in the order of `seq`.

    `region` is required of a province.
    """

    code: str
    roles: Role
    region: str = ""
    endpoint: str = ""
    keys: tuple[FounderKey, ...]
    logs: tuple[FounderLog, ...] = (FIRST_LOG,)
