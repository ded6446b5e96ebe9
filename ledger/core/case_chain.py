"""A case: its steps in their order, and how it stands (design-2 12).

Pure: whoever holds the openings of a case gets the same state out of them. That a step is genuine
and anchored is for `verify`; what it needs of the record, its documents and the days is for the
domain that takes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ledger.core.case import ACTS_OF_FILER, Step
from ledger.core.entry import Entry
from ledger.core.errors import EvidenceError
from ledger.core.ids import Digest, LogId, RecordId, record_id
from ledger.core.statement import Statement
from ledger.core.status import Action, Basis

__all__ = [
    "ACTIONS",
    "FIRST",
    "OPEN",
    "Case",
    "CaseBroken",
    "CaseState",
    "Kind",
    "chain_of",
    "first_of",
    "fold",
    "may_follow",
]


class Kind(StrEnum):
    """How a case came about."""

    REPAIR = "repair"
    OBJECTION = "objection"
    OWN = "own"
    """The owner's own decision, without a filing; its one step ends it."""


class CaseState(StrEnum):
    """How a case stands."""

    FILED = "filed"
    ACCEPTED = "accepted"
    AWAITING_SUPPLEMENT = "awaiting-supplement"
    DECLINED = "declined"
    GRANTED = "granted"
    REFUSED = "refused"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    UNCONFIRMED = "unconfirmed"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"
    """Of the owner's own decisions."""


OPEN = (CaseState.FILED, CaseState.ACCEPTED, CaseState.AWAITING_SUPPLEMENT)
"""States in which something may still follow."""

FIRST: Mapping[str, Kind] = {
    "file-repair": Kind.REPAIR,
    "file-objection": Kind.OBJECTION,
    **dict.fromkeys(
        ("grant", "shield", "lift", "rescind", "correct", "withdraw", "end", "erase"), Kind.OWN
    ),
}
"""What a case may begin with. A `grant` that nobody filed for records a national result."""

ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "file-objection": (Action.DISPUTE,),
    "grant": (Action.REPAIR,),
    "uphold": (Action.CORRECT, Action.WITHDRAW),
    "shield": (Action.SHIELD,),
    "lift": (Action.LIFT,),
    "rescind": (Action.RESCIND,),
    "correct": (Action.CORRECT,),
    "withdraw": (Action.WITHDRAW,),
    "end": (Action.END,),
    "erase": (Action.ERASE,),
}
"""Acts on the chain of which one goes with a step. SETTLE follows on the last open objection's
end."""

_BOTH = frozenset({Kind.REPAIR, Kind.OBJECTION})
_REPAIR, _OBJECTION = frozenset({Kind.REPAIR}), frozenset({Kind.OBJECTION})
_UNDECIDED = (CaseState.FILED, CaseState.ACCEPTED)

_STEPS: Mapping[str, tuple[frozenset[Kind], tuple[CaseState, ...], CaseState | None]] = {
    "supplement": (_BOTH, (CaseState.AWAITING_SUPPLEMENT,), None),
    "withdraw-filing": (_BOTH, OPEN, CaseState.WITHDRAWN),
    "national-result": (_BOTH, OPEN, None),
    "accept": (_BOTH, (CaseState.FILED,), CaseState.ACCEPTED),
    "decline": (_BOTH, (CaseState.FILED, CaseState.AWAITING_SUPPLEMENT), CaseState.DECLINED),
    "ask-supplement": (_BOTH, _UNDECIDED, CaseState.AWAITING_SUPPLEMENT),
    "grant": (_REPAIR, (CaseState.ACCEPTED,), CaseState.GRANTED),
    "refuse": (_REPAIR, (CaseState.ACCEPTED,), CaseState.REFUSED),
    "uphold": (_OBJECTION, _UNDECIDED, CaseState.UPHELD),
    "dismiss": (_OBJECTION, _UNDECIDED, CaseState.DISMISSED),
    "unconfirmed": (_OBJECTION, OPEN, CaseState.UNCONFIRMED),
}
"""Steps behind the first: in which cases, from which states, to which. None: as it was before it
was asked for more (`supplement`), or as it is (`national-result`)."""


class CaseBroken(EvidenceError):
    """Steps that are no case. code: why; at: number of the step that does not fit."""

    def __init__(self, code: str, at: int) -> None:
        super().__init__(f"step {at}: {code}")
        self.code = code
        self.at = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as far as its steps are known. filer: member that filed it, the owner's code in a case
    of its own. accepted: whether it was. steps: with their statements. first: as of `fold`."""

    id: bytes
    record: RecordId
    kind: Kind
    owner: str
    filer: str
    state: CaseState
    accepted: bool
    steps: tuple[tuple[Statement, Step], ...]
    first: Mapping[Digest, Digest] = field(default_factory=dict)

    @property
    def last(self) -> Digest:
        """Commitment of the last step: `prev` of the next."""
        return _name(self.steps[-1][0], self.first)

    @property
    def is_open(self) -> bool:
        """Whether something may still follow."""
        return self.state in OPEN

    def author(self, act: str) -> str:
        """The member whose step this would be."""
        return self.filer if act in ACTS_OF_FILER else self.owner


def may_follow(case: Case, act: str) -> CaseState | None:
    """The state behind a step of this kind; None where it cannot follow."""
    kinds, states, behind = _STEPS.get(act, (frozenset(), (), None))
    if case.kind not in kinds or case.state not in states:
        return None
    if behind is not None:
        return behind
    if act == "supplement":
        return CaseState.ACCEPTED if case.accepted else CaseState.FILED
    return case.state


_ONE_LOG: Mapping[Digest, Digest] = {}


def fold(
    statements: Sequence[Statement], *, owner: str, first: Mapping[Digest, Digest] = _ONE_LOG
) -> Case:
    """The case that these steps, in their order, make. owner: of the record's log. first: of those
    that were logged again after a log was closed the commitment that they had first, by which the
    next step names them (`first_of`).

    Raises CaseBroken: `empty`, `not-first`, `other-case`, `other-record`, `out-of-order` (number or
    `prev`), `not-the-author`, `cannot-follow`, `basis-missing` (a grant that nobody filed for
    without a national result). Malformed where a statement is no step.
    """
    if not statements:
        raise CaseBroken("empty", 0)
    case = replace(_first(statements[0], owner), first=first)
    for number, statement in enumerate(statements[1:], start=2):
        case = _next(case, statement, number)
    return case


def _first(statement: Statement, owner: str) -> Case:
    step = statement.step()
    kind = FIRST.get(step.act)
    if kind is None or step.step != 1:
        raise CaseBroken("not-first", 1)
    if kind is Kind.OWN and statement.iss != owner:
        raise CaseBroken("not-the-author", 1)
    if step.act == "grant" and step.basis != Basis.NATIONAL_RESULT:
        raise CaseBroken("basis-missing", 1)
    return Case(
        id=step.case,
        record=step.record,
        kind=kind,
        owner=owner,
        filer=statement.iss,
        state=CaseState.DECIDED if kind is Kind.OWN else CaseState.FILED,
        accepted=False,
        steps=((statement, step),),
    )


def _next(case: Case, statement: Statement, number: int) -> Case:
    step = statement.step()
    if step.case != case.id:
        raise CaseBroken("other-case", number)
    if step.record != case.record:
        raise CaseBroken("other-record", number)
    if step.step != number or step.prev != case.last:
        raise CaseBroken("out-of-order", number)
    if statement.iss != case.author(step.act):
        raise CaseBroken("not-the-author", number)
    state = may_follow(case, step.act)
    if state is None:
        raise CaseBroken("cannot-follow", number)
    return replace(
        case,
        state=state,
        accepted=case.accepted or state is CaseState.ACCEPTED,
        steps=(*case.steps, (statement, step)),
    )


def chain_of(
    statements: Iterable[Statement], *, owner: str, first: Mapping[Digest, Digest] = _ONE_LOG
) -> tuple[list[Statement], set[Digest]]:
    """Take the steps of one case that count, in their order; and the commitments of the others.

    Of two with one `prev` the owner's counts, else the one that was made first (by `at`, then by
    commitment); what stood behind the other goes with it, and is to be filed anew. At the beginning
    a filing counts, and one that another member made before the owner's: no owner takes away what
    was filed. first: as of `fold`; of one step that is here twice the first counts.
    """
    behind: dict[Digest | None, list[Statement]] = {}
    every = {statement.commitment: statement for statement in statements}
    for statement in every.values():
        behind.setdefault(statement.step().prev, []).append(statement)
    chain: list[Statement] = []
    prev: Digest | None = None
    while found := behind.get(prev):
        weigh = _as_first if prev is None else _as_next
        chosen = min(
            found,
            key=lambda one: (weigh(one, owner), one.at, one.commitment in first, one.commitment),
        )
        chain.append(chosen)
        prev = _name(chosen, first)
    return chain, every.keys() - {one.commitment for one in chain}


def first_of(entry: Entry, commitments: Iterable[Digest], logs: Iterable[LogId]) -> Digest | None:
    """Which of these commitments, in one of these logs, is the statement that an entry replaces;
    None: none of them, or it replaces none. commitments: that steps name as `prev`."""
    named = list(commitments)
    for log in logs:
        for one in named:
            if record_id(log, one) == entry.replaces:
                return one
    return None


# ---- private


def _name(statement: Statement, first: Mapping[Digest, Digest]) -> Digest:
    """The commitment by which the next step names this one."""
    return first.get(statement.commitment, statement.commitment)


def _as_first(statement: Statement, owner: str) -> int:
    """The less the better: filings of others, of the owner, and its own decisions."""
    if FIRST.get(statement.step().act) in (Kind.REPAIR, Kind.OBJECTION):
        return int(statement.iss == owner)
    return 2


def _as_next(statement: Statement, owner: str) -> int:
    return int(statement.iss != owner)
