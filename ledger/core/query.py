"""Statements of the sorts `query` and `use`: who asked about whom, and what came of it
(design-2 15).

    query {_type:"credit-ledger/query@1", answer, asker, at, authorisation, iss, items, log,
           purpose, salt, subject}                        by who answered, promised at once
    use   {_type:"credit-ledger/use@1", answer, at, decision, iss, log, product, purpose, salt}
                                                          by who asked

`answer` is the SHA-256 of the answer's ASCII characters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ledger.core.authorisation import PURPOSES, SUBJECT
from ledger.core.canonical import MAX_INTEGER, hex32
from ledger.core.ids import CODE, Digest
from ledger.core.read import demand_members, digest, matching, one_of, optional, within

__all__ = [
    "DECISIONS",
    "Decision",
    "Query",
    "Use",
    "check_query",
    "check_use",
    "query_from_members",
    "use_from_members",
]

Decision = Literal["approved", "declined", "none"]
DECISIONS: frozenset[str] = frozenset(get_args(Decision))

_QUERY = frozenset({"answer", "asker", "authorisation", "items", "purpose", "subject"})
_USE = frozenset({"answer", "decision", "product", "purpose"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question that was answered. asker: code of the member. authorisation: commitment of its
    statement; None: none was needed. items: how many records the answer states."""

    answer: Digest
    asker: str
    authorisation: Digest | None
    items: int
    purpose: str
    subject: str

    def members(self) -> dict[str, Any]:
        """The members of its statement beside the common ones."""
        return {
            "answer": hex32(self.answer),
            "asker": self.asker,
            "authorisation": None if self.authorisation is None else hex32(self.authorisation),
            "items": self.items,
            "purpose": self.purpose,
            "subject": self.subject,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What an answer led to. product: id of the data product that it went into; None: none."""

    answer: Digest
    decision: str
    product: Digest | None
    purpose: str

    def members(self) -> dict[str, Any]:
        """The members of its statement beside the common ones."""
        return {
            "answer": hex32(self.answer),
            "decision": self.decision,
            "product": None if self.product is None else hex32(self.product),
            "purpose": self.purpose,
        }


def check_query(members: Mapping[str, Any]) -> None:
    """Malformed unless these are the members of a query beside the common ones."""
    query_from_members(members)


def check_use(members: Mapping[str, Any]) -> None:
    """Malformed unless these are the members of a use beside the common ones."""
    use_from_members(members)


def query_from_members(members: Mapping[str, Any]) -> Query:
    """The query that the members of a statement tell; Malformed otherwise."""
    demand_members("query", members, _QUERY)
    return Query(
        answer=digest(members, "answer"),
        asker=matching(members, "asker", CODE),
        authorisation=optional(members, "authorisation", digest),
        items=within(members, "items", 0, MAX_INTEGER),
        purpose=one_of(members, "purpose", PURPOSES),
        subject=matching(members, "subject", SUBJECT),
    )


def use_from_members(members: Mapping[str, Any]) -> Use:
    """The use that the members of a statement tell; Malformed otherwise."""
    demand_members("use", members, _USE)
    return Use(
        answer=digest(members, "answer"),
        decision=one_of(members, "decision", DECISIONS),
        product=optional(members, "product", digest),
        purpose=one_of(members, "purpose", PURPOSES),
    )
