"""What gateways answer about authorisations, as values; see `results`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.client.reading import Members

__all__ = ["Authorisation", "AuthorisationList", "QueriesUnder", "QueryUnder"]


def _raw() -> Any:
    return field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """An authorisation. authorisation: its name, the commitment of its statement. role: `granted`
    here, or `held` by this member. from_, until: its days. proven: whether it is anchored. state:
    in-force, not-yet, expired, revoking or revoked; None: the chain could not be asked. More stands
    in `raw` of one by itself: docs, commitments, sent, revocation."""

    authorisation: str
    role: str
    custodian: str
    grantee: str
    subject: str
    types: tuple[str, ...]
    regions: tuple[str, ...]
    purpose: str
    from_: str
    until: str
    proven: bool
    state: str | None
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> Authorisation:
        """Read it."""
        return cls(
            authorisation=told.text("authorisation"),
            role=told.text("role"),
            custodian=told.text("custodian"),
            grantee=told.text("grantee"),
            subject=told.text("subject"),
            types=told.texts("types"),
            regions=told.texts("regions"),
            purpose=told.text("purpose"),
            from_=told.text("from"),
            until=told.text("until"),
            proven=told.flag("proven"),
            state=told.text_or_none("state"),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationList:
    """Authorisations, the newest first. next: what to ask on with as `before`; None: that is all.
    unreadable: how many of them open no more."""

    authorisations: tuple[Authorisation, ...]
    next: int | None
    unreadable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryUnder:
    """A query at this gateway under an authorisation. records: how many it was given. decision:
    what it led to, None: nothing was reported yet."""

    query: str
    member: str
    at: str
    day: str
    purpose: str
    types: tuple[str, ...]
    records: int
    decision: str | None

    @classmethod
    def of(cls, told: Members) -> QueryUnder:
        """Read it."""
        use = None if told.raw.get("use") is None else told.object("use")
        return cls(
            query=told.text("query"),
            member=told.text("member"),
            at=told.text("at"),
            day=told.text("day"),
            purpose=told.text("purpose"),
            types=told.texts("types"),
            records=told.integer("records"),
            decision=None if use is None else use.text("decision"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueriesUnder:
    """Queries, the newest first. next: as of `AuthorisationList`."""

    queries: tuple[QueryUnder, ...]
    next: int | None
