"""Statements: what a member says that is no record (design-2 10).

    statement  = JCS {_type:"credit-ledger/<sort>@1", at, iss, log, salt, …}, no newline
    commitment = SHA-256(statement), which an entry of kind "statement" holds

The sort stands in the statement alone. What a sort has beside the common members is checked by the
function that `CHECKS` names: `case`, `authorisation`, `query` and `reports` hold them. Openings:
`opening`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

from ledger.core import authorisation, canonical, case, query, reports
from ledger.core.canonical import MAX_INSTANT, b64u_encode, hex32, instant, parse_instant
from ledger.core.case import Step
from ledger.core.entry import statement_entry
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, LogId, RecordId, bytes32_ascii, record_id, sha256
from ledger.core.read import digest, salt, text
from ledger.core.versions import loose, refuse_other

__all__ = [
    "CHECKS",
    "COMMON",
    "MAX_DEPTH",
    "MAX_STATEMENT",
    "SALT_SIZE",
    "SORTS",
    "Sort",
    "Statement",
    "dummy",
    "from_json",
    "parse_statement",
]

Sort = Literal["case", "authorisation", "query", "use", "report", "outcome", "feedback", "dummy"]
SORTS = frozenset(get_args(Sort))
# Bytes. What is larger is named by its SHA-256; a case with everything at its longest has 35 KiB.
MAX_STATEMENT = 1 << 16
MAX_DEPTH = 3  # the object, a list in it, and an object in that
SALT_SIZE = 32

COMMON = frozenset({"_type", "at", "iss", "log", "salt"})

_Members = Mapping[str, Any]


def _nothing(members: _Members) -> None:
    if members:
        raise Malformed("dummy", "members unknown")


CHECKS: dict[str, Callable[[_Members], None]] = {
    "case": case.check,
    "authorisation": authorisation.check,
    "query": query.check_query,
    "use": query.check_use,
    "report": reports.check_report,
    "outcome": reports.check_outcome,
    "feedback": reports.check_feedback,
    "dummy": _nothing,
}
"""By sort: raises Malformed unless these are its members beside the common ones."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement. at: Unix seconds at which it was made. iss: the member's code. log: that of
    its entry. salt: 32 random bytes. members: all but the common ones, as in JSON.

    Raises Malformed where the members are not those of the sort. Each sort bounds its own, so that
    none comes near MAX_STATEMENT.
    """

    sort: str
    at: int
    iss: str
    log: LogId
    salt: bytes
    members: _Members = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            raise Malformed("statement", "sort that is none")
        if len(self.salt) != SALT_SIZE:
            raise Malformed("statement", f"salt is not {SALT_SIZE} bytes")
        if not 0 <= self.at <= MAX_INSTANT:
            raise Malformed("statement", "made outside 1970 … 9999")
        bytes32_ascii(self.iss)
        hex32(self.log)
        if not COMMON.isdisjoint(self.members):
            raise Malformed("statement", "common member said twice")
        CHECKS[self.sort](self.members)
        self.encode()  # what has no canonical spelling is found now, not when it is kept

    def to_json(self) -> dict[str, Any]:
        """The object that stands in an opening."""
        return {
            "_type": f"credit-ledger/{self.sort}@1",
            "at": instant(self.at),
            "iss": self.iss,
            "log": hex32(self.log),
            "salt": b64u_encode(self.salt),
            **self.members,
        }

    def encode(self) -> bytes:
        """The bytes that are committed to."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        return canonical.encode(self.to_json(), allow_null=True, max_depth=MAX_DEPTH)

    @cached_property
    def commitment(self) -> Digest:
        """SHA-256 of the statement."""
        return sha256(self.encode())

    @property
    def record_id(self) -> RecordId:
        """What names its entry, as of a record; `replaces` of a later one is this."""
        return record_id(self.log, self.commitment)

    def step(self) -> Step:
        """The step of a case that it tells; Malformed where it is of another sort."""
        if self.sort != "case":
            raise Malformed("case", "a statement of another sort")
        return case.from_members(self.members)

    def doc(self) -> Digest:
        """What the act on the chain names that goes with this step of a case (design-2 12)."""
        return case.doc_of(self.commitment, self.salt, self.step().docs)

    def entry(self, replaces: bytes | None = None) -> bytes:
        """The entry of it. replaces: record id of the first one that a closed log has stranded."""
        return statement_entry(commitment=self.commitment, log=self.log, replaces=replaces)


def dummy(*, at: int, iss: str, log: LogId, salt: bytes) -> Statement:
    """A statement that says nothing and fills up a batch."""
    return Statement(sort="dummy", at=at, iss=iss, log=log, salt=salt)


def parse_statement(data: bytes) -> Statement:
    """The statement in canonical bytes; Malformed otherwise, VersionUnknown where it is newer."""
    try:
        value = canonical.parse(data, allow_null=True, max_bytes=MAX_STATEMENT, max_depth=MAX_DEPTH)
    except Malformed:
        loose(data)
        raise
    return from_json(value)


def from_json(value: Any) -> Statement:
    """The statement in a parsed canonical object (the `statement` of an opening)."""
    if not isinstance(value, Mapping):
        raise Malformed("statement", "not an object")
    refuse_other(value.get("_type"))
    if not COMMON <= value.keys():
        raise Malformed("statement", "without one of the common members")
    type_ = text(value, "_type")
    sort = type_.removeprefix("credit-ledger/").removesuffix("@1")
    if type_ != f"credit-ledger/{sort}@1":
        raise Malformed("statement", "not a statement of version 1")
    return Statement(
        sort=sort,
        at=parse_instant(text(value, "at")),
        iss=text(value, "iss"),
        log=LogId(digest(value, "log")),
        salt=salt(value, "salt"),
        members={name: item for name, item in value.items() if name not in COMMON},
    )
