"""Who may do what with which record: the one place that decides, for every read and write.

Pure, and without knowledge of any domain: whoever asks says what is known of the record beside its
sealed content. The rules are data (`RULES`) with a version, which the access log names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final, Literal, NamedTuple, get_args

from gateway.base.access_table import NO_PURPOSE, AccessTable, Extent, Standing
from gateway.base.purposes import Purpose as Purpose  # noqa: PLC0414 - part of what this gives
from ledger.chain.contracts.structs import GOVERNMENT, PUBLIC
from ledger.core.errors import LedgerError
from ledger.core.keys import Role

VERSION: Final = 9
"""Of `RULES`. Raise it with every change of theirs: the access log tells by which one it was
decided."""

Scope = Literal["submit", "read", "decide", "release", "consent", "product", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


class Status(StrEnum):
    """How a record stands."""

    IN_FORCE = "in-force"
    SUPERSEDED = "superseded"
    CLOSED = "closed"
    """By an act on the chain: repaired, corrected, withdrawn, ended, shielded or to be erased."""
    ERASED = "erased"


class Ground(StrEnum):
    """What gives a caller a right to a record."""

    MEMBER = "member"
    """The caller acts for the whole member."""
    UNBOUND = "unbound"
    """The caller's token names no authorities: it files for all."""
    AUTHORITY = "authority"
    """The record's authority is one of the caller's, or was on the day of the decision one of
    those that it took over from or whose name it had."""
    DEPARTMENT = "department"
    """The caller's department filed it."""
    PUBLIC = "public"
    """Everybody may see such records."""
    CENTRE = "centre"
    """The caller's token is bound to no department and to no authorities, whatever its scopes."""


class Days(NamedTuple):
    """From the first to the last of some days, both included."""

    first: date
    last: date

    def meet(self, other: Days) -> bool:
        """Whether they have a day in common."""
        return self.first <= other.last and other.first <= self.last


ALWAYS: Final = Days(date.min, date.max)

Marks = Mapping[bytes, Sequence[Days]]
"""Fingerprints of authorities (`gateway.base.crypto.Hmac.authority`), each with the days of
decision for which it is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The holder of a valid token.

    department: None for one that acts for the whole member. authorities: USCCs of the authorities
    that it files for; empty = the centre's, which files for all. marks: of these, of those that
    they took over from, and for templates that name an authority without a code of their names
    and of the department's.
    """

    id: int
    name: str
    scopes: frozenset[str]
    department: str | None
    authorities: frozenset[str] = frozenset()
    marks: Marks = field(default_factory=dict, hash=False)

    def may(self, scope: Scope) -> bool:
        """Whether the token has this scope; `admin` has all."""
        return scope in self.scopes or "admin" in self.scopes

    @property
    def whole_member(self) -> bool:
        """Whether it acts for the whole member."""
        bound = self.department is not None or self.authorities
        return not bound or "admin" in self.scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another member, whose request was proven. roles: as the chain says now."""

    code: str
    roles: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of a record, or of a file, without its content.

    department: of the token that filed it, None = the member itself. authority: fingerprint of
    the determining authority, None = it has none. visibility: as in the catalogue. decided: the
    day of the decision, or those among which it is as far as the entry tells; it must be said, for
    an authority is its successor's of some days only. ALWAYS: of any day, or it has none.
    """

    department: str | None
    decided: Days
    authority: bytes | None = None
    visibility: int = GOVERNMENT


@dataclass(frozen=True, slots=True)
class Decision:
    """code: of the refusal, None = allowed. scope: that the token lacks, where it is that.
    version: of the rules that gave it, for members of the access table. extent: how much of the
    record is given where it is allowed."""

    code: str | None
    scope: Scope | None = None
    version: int = VERSION
    extent: Extent = Extent.ALL

    @property
    def allowed(self) -> bool:
        """Whether the caller may."""
        return self.code is None

    def demand(self) -> None:
        """Raise NotAllowed unless allowed."""
        if self.code is not None:
            raise NotAllowed(self.code, self.scope)


OPERATOR: Final = Caller(id=0, name="operator", scopes=frozenset({"admin"}), department=None)
"""Whoever runs a command on the gateway's own host; no token has this number."""


class NotAllowed(LedgerError):
    """The policy refuses. code: what the caller is told. scope: that the token lacks."""

    def __init__(self, code: str, scope: Scope | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.scope = scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table. scope: that the token needs. grounds: by status of the record, of which
    one must hold. refusal: the code where none does. erased: the code that is told of an erased
    record even to whom one holds; None where that makes no difference. closed: those of the grounds
    that open a closed record; any other is told that it is closed. None: makes no difference."""

    scope: Scope
    grounds: Mapping[Status, frozenset[Ground]]
    refusal: str
    erased: str | None = None
    closed: frozenset[Ground] | None = None


CONTENT_CLOSED: Final = "content-closed"
"""What is told of a closed record to whom only its own determining authority could open it."""

_OWN = frozenset({Ground.MEMBER, Ground.AUTHORITY, Ground.DEPARTMENT})
_SEEN = _OWN | {Ground.PUBLIC}
_FILED = frozenset({Ground.UNBOUND, Ground.AUTHORITY})
_DETERMINED = frozenset({Ground.MEMBER, Ground.AUTHORITY})
_DECIDED = frozenset({Ground.AUTHORITY})
_HANDED_IN = frozenset({Ground.MEMBER, Ground.DEPARTMENT})


def _always(grounds: frozenset[Ground]) -> Mapping[Status, frozenset[Ground]]:
    return dict.fromkeys(Status, grounds)


_SEE: Final = Rule(
    scope="read",
    # What was replaced or erased is no longer public; its own department still asks after it.
    grounds={
        Status.IN_FORCE: _SEEN,
        Status.SUPERSEDED: _OWN,
        # The chain says of it what it says to everybody, so nobody is told less than before.
        Status.CLOSED: _SEEN,
        Status.ERASED: _OWN,
    },
    # As for what was never there, so that trying teaches nothing.
    refusal="not-found",
    erased="content-erased",
    closed=_DECIDED,
)
_OPERATE: Final = Rule(
    scope="admin",
    grounds=_always(frozenset({Ground.MEMBER})),
    refusal="not-found",
    erased="content-erased",
)
_FILE: Final = Rule(scope="submit", grounds=_always(_HANDED_IN), refusal="not-found")
_REPORT: Final = Rule(
    scope="read", grounds=_always(frozenset({Ground.MEMBER})), refusal="centre-only"
)
_CONSENT: Final = Rule(scope="consent", grounds=_always(_HANDED_IN), refusal="not-found")

_ISSUE: Final = Rule(
    scope="admin",
    grounds=_always(frozenset({Ground.CENTRE, Ground.DEPARTMENT})),
    refusal="not-found",
)

RULES: Final[Mapping[Purpose, Rule]] = {
    Purpose.SUBMIT: Rule(scope="submit", grounds=_always(_FILED), refusal="authority-not-yours"),
    Purpose.COMPARE: Rule(
        scope="submit", grounds=_always(_OWN), refusal="not-found", closed=_DECIDED
    ),
    Purpose.SHOW: _SEE,
    Purpose.DISCLOSE: _SEE,
    Purpose.CHECK: _SEE,
    Purpose.FILES: _FILE,
    Purpose.ANSWER: _FILE,
    Purpose.REPORT: _FILE,
    Purpose.RETURNED: Rule(
        scope="submit", grounds=_always(_OWN), refusal="not-found", closed=_DECIDED
    ),
    Purpose.RECONCILE: Rule(
        # What others may not see would read as kept back, so it is all or nothing.
        scope="read",
        grounds=_always(frozenset({Ground.MEMBER, Ground.AUTHORITY})),
        refusal="authority-not-yours",
        closed=_DECIDED,
    ),
    Purpose.DUE: Rule(scope="read", grounds=_always(_OWN), refusal="not-found", closed=_DECIDED),
    # Any desk of the member takes filings about any of its records.
    Purpose.FILE_CASE: Rule(
        scope="submit", grounds=_always(_OWN | {Ground.UNBOUND}), refusal="record-unknown"
    ),
    Purpose.SEE_CASE: Rule(scope="read", grounds=_always(_OWN), refusal="not-found"),
    # What was said about a record tells what stands in it.
    Purpose.READ_CASE: Rule(
        scope="read",
        grounds={**_always(_OWN), Status.ERASED: _DECIDED},
        refusal="not-found",
        closed=_DECIDED,
    ),
    # Who determined it: that authority, or the centre on its written result. A department without
    # authorities files for all, and decides for none.
    Purpose.HANDLE_CASE: Rule(
        scope="submit", grounds=_always(_DETERMINED), refusal="authority-not-yours"
    ),
    Purpose.DECIDE: Rule(
        scope="decide", grounds=_always(_DETERMINED), refusal="authority-not-yours"
    ),
    Purpose.RELEASE: Rule(
        scope="release", grounds=_always(_DETERMINED), refusal="authority-not-yours"
    ),
    Purpose.FILE_ABROAD: _FILE,
    Purpose.SEE_ABROAD: Rule(scope="read", grounds=_always(_HANDED_IN), refusal="not-found"),
    Purpose.SEE_CASE_FILE: Rule(scope="read", grounds=_always(_HANDED_IN), refusal="not-found"),
    Purpose.RELEASE_CASE_FILE: Rule(
        scope="release", grounds=_always(_HANDED_IN), refusal="not-found"
    ),
    # The file is signed and handed on, so it holds the same whoever asks: what is public.
    Purpose.LIST: Rule(
        scope="read",
        grounds=_always(frozenset({Ground.PUBLIC})),
        refusal="not-found",
        erased="content-erased",
        closed=frozenset(),
    ),
    # What of each record is in it the access table says, by who gets it.
    Purpose.HISTORY: Rule(
        scope="read", grounds=_always(frozenset({Ground.MEMBER})), refusal="centre-only"
    ),
    # What is given is for the other members to say, by what the member is and what it shows them.
    Purpose.USE: Rule(scope="read", grounds=_always(_HANDED_IN), refusal="not-found"),
    Purpose.QUERIES: Rule(
        scope="read", grounds=_always(frozenset({Ground.MEMBER})), refusal="centre-only"
    ),
    Purpose.PRODUCT: Rule(scope="product", grounds=_always(_HANDED_IN), refusal="not-found"),
    Purpose.SEE_PRODUCT: Rule(scope="product", grounds=_always(_HANDED_IN), refusal="not-found"),
    # Neither names a borrower, nor a record.
    Purpose.OUTCOMES: Rule(scope="product", grounds=_always(_HANDED_IN), refusal="not-found"),
    Purpose.SUMS: Rule(scope="product", grounds=_always(_HANDED_IN), refusal="not-found"),
    # A report shows what all departments hold, what was never published too.
    Purpose.CREDIT_REPORT: _REPORT,
    Purpose.SEE_CREDIT_REPORT: _REPORT,
    Purpose.SHARE_CREDIT_REPORT: _REPORT,
    # Nobody's token: whoever has the code reads what its giver let it show.
    Purpose.OPEN_CREDIT_REPORT: _REPORT,
    # Those that another member made are asked for without a record: they are the member's own.
    Purpose.GRANT_AUTHORISATION: _CONSENT,
    Purpose.HOLD_AUTHORISATION: _CONSENT,
    Purpose.SEE_AUTHORISATION: _CONSENT,
    Purpose.READ_AUTHORISATION: _CONSENT,
    Purpose.REVOKE_AUTHORISATION: _CONSENT,
    # Of whoever follows, and nobody else's: who watches what tells whom a bank lends to.
    Purpose.FOLLOW: Rule(scope="read", grounds=_always(_HANDED_IN), refusal="not-found"),
    # Of a token, which stands here as a record of its department.
    Purpose.SEE_TOKENS: _ISSUE,
    Purpose.ISSUE_TOKENS: replace(_ISSUE, refusal="department-not-yours"),
    Purpose.REVOKE_TOKENS: _ISSUE,
    Purpose.RELOG: _OPERATE,
    Purpose.REQUEUE: _OPERATE,
}
"""What each purpose of a token needs. Append-only in its words: old lines of the access log name
them."""


OF_MEMBERS: Final = frozenset(
    {
        Purpose.EXCHANGE_RECORD,
        Purpose.EXCHANGE_CHECK,
        Purpose.EXCHANGE_OPENINGS,
        Purpose.EXCHANGE_LIST,
        Purpose.EXCHANGE_SUBJECT,
    }
)
"""Purposes of other members, for which the access table stands in place of `RULES`."""


def decide(
    caller: Caller,
    purpose: Purpose,
    record: Record | None = None,
    status: Status = Status.IN_FORCE,
) -> Decision:
    """Whether the caller may. record: None asks only whether it may at all, before any is known."""
    rule = RULES[purpose]
    if not caller.may(rule.scope):
        return Decision("scope-missing", rule.scope)
    if record is None:
        return _ALLOWED
    if not any(_holds(ground, caller, record) for ground in rule.grounds[status]):
        return Decision(rule.refusal)
    if status is Status.CLOSED and rule.closed is not None:
        opened = any(_holds(ground, caller, record) for ground in rule.closed)
        return _ALLOWED if opened else Decision(CONTENT_CLOSED)
    return Decision(rule.erased) if status is Status.ERASED else _ALLOWED


NOT_GRANTED: Final = "not-granted"
"""What a member is told that gets nothing, whatever the reason lies in: a record that is not there,
whom it is about, how it stands. So asking teaches nothing."""

_ENOUGH: Final[Mapping[Purpose, frozenset[Extent]]] = {
    Purpose.EXCHANGE_RECORD: frozenset({Extent.ALL}),
    Purpose.EXCHANGE_CHECK: frozenset({Extent.ALL, Extent.MATCH}),
    Purpose.EXCHANGE_LIST: frozenset({Extent.ALL}),
    Purpose.EXCHANGE_SUBJECT: frozenset({Extent.ALL}),
}
"""What the access table must give for each, where no authorisation says more."""
_DISCLOSED: Final = frozenset({Standing.IN_FORCE, Standing.DISPUTED})
"""How a record stands whose code is disclosed to an auditor that has drawn it."""


def decide_for_member(
    peer: Peer,
    purpose: Purpose,
    table: AccessTable,
    *,
    record: Record | None = None,
    standing: Standing = Standing.IN_FORCE,
    use: str = NO_PURPOSE,
    covered: bool = False,
    drawn: bool = False,
) -> Decision:
    """Whether another member may. record: None: there is none, or the purpose is about none. use:
    what for, as in the access table. covered: an authorisation for that use covers the record; then
    what it covers is given where the table says so, and what is given without any. drawn: its code
    is asked for, as of a record that was drawn: an AUDITOR is given that of every one that is
    open."""
    if purpose is Purpose.EXCHANGE_OPENINGS:
        allowed = Role.AUDITOR in peer.roles
        return Decision(None if allowed else NOT_GRANTED, version=table.version)
    if drawn:
        allowed = Role.AUDITOR in peer.roles and record is not None and standing in _DISCLOSED
        return Decision(None if allowed else NOT_GRANTED, version=table.version)
    extent = Extent.NOTHING
    if record is not None:
        extent = table.extent(peer.roles, use, record.visibility, standing)
    if covered and record is not None and extent is not Extent.SCOPE:
        # A paper gives no more than itself: nobody gets by it what its purpose alone would give.
        extent = table.extent(peer.roles, NO_PURPOSE, record.visibility, standing)
    allowed = extent in _ENOUGH[purpose] or (covered and extent is Extent.SCOPE)
    return Decision(None if allowed else NOT_GRANTED, version=table.version, extent=extent)


def determined_by(caller: Caller, record: Record) -> bool:
    """Whether a caller is of the authority that determined a record."""
    return _holds(Ground.AUTHORITY, caller, record)


def _holds(ground: Ground, caller: Caller, record: Record) -> bool:
    match ground:
        case Ground.MEMBER:
            return caller.whole_member
        case Ground.UNBOUND:
            return not caller.authorities
        case Ground.AUTHORITY:
            return _decided_by(caller, record)
        case Ground.DEPARTMENT:
            return caller.department is not None and caller.department == record.department
        case Ground.CENTRE:
            return caller.department is None and not caller.authorities
        case Ground.PUBLIC:
            return record.visibility == PUBLIC


def _decided_by(caller: Caller, record: Record) -> bool:
    if record.authority is None:
        return False
    return any(days.meet(record.decided) for days in caller.marks.get(record.authority, ()))


_ALLOWED: Final = Decision(None)
