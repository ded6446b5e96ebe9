"""What policy says of the rows of a set: whose they may be, and which earlier records may be told
of. Pure; counts what it refused, which is logged with the set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gateway.accesses.services import Access
from gateway.base.policy import Caller, Days, Decision, Purpose, Record, Status, decide
from gateway.intake.drafts import Draft
from gateway.intake.interfaces import RowAnswer
from gateway.intake.lookup import Known
from gateway.intake.texts import remark
from ledger.records import schema as schemas


class Admission:
    """The callers of one set, row by row; `callers` in the order of the rows."""

    def __init__(self, callers: Sequence[Caller]) -> None:
        self._callers = callers
        self._filed: dict[tuple[int, bytes, Days], Decision] = {}
        self._refused: Counter[tuple[int, Purpose, Decision]] = Counter()
        self._compared: dict[int, list[bytes | None]] = {}

    def admit(self, drafted: Sequence[Draft | RowAnswer]) -> list[Draft | RowAnswer]:
        """The rows, with a rejection in place of every record that is not its caller's to file."""
        return [self._admit(row) if isinstance(row, Draft) else row for row in drafted]

    def may_see(self, draft: Draft, earlier: Known | Draft, *, same: bool = False) -> bool:
        """Whether the caller of a row may be told what an earlier one of its key is. same: whether
        both say the same: then a closed record is told to whom it could be told before, for that
        tells nothing of it, and what is sent twice gets the same leaf."""
        caller = self._callers[draft.at]
        filer = (
            self._callers[earlier.at].department
            if isinstance(earlier, Draft)
            else earlier.department
        )
        record = Record(
            department=filer,
            authority=earlier.authority,
            visibility=earlier.visibility,
            decided=earlier.decided,
        )
        closed = isinstance(earlier, Known) and earlier.closed and not same
        status = Status.CLOSED if closed else Status.IN_FORCE
        decision = decide(caller, Purpose.COMPARE, record, status)
        if not decision.allowed:
            self._refused[caller.id, Purpose.COMPARE, decision] += 1
        return decision.allowed

    def may_correct(self, draft: Draft, old: Known) -> bool:
        """Whether the caller of a row may file for the authority of the record that it corrects."""
        caller = self._callers[draft.at]
        record = Record(
            department=old.department,
            authority=old.authority,
            visibility=old.visibility,
            decided=old.decided,
        )
        decision = decide(caller, Purpose.SUBMIT, record)
        if not decision.allowed:
            self._refused[caller.id, Purpose.SUBMIT, decision] += 1
        return decision.allowed

    def tell(self, draft: Draft, leaf: bytes | None) -> None:
        """Note that the caller of a row learns something of an earlier record. leaf: None where
        only of its number."""
        self._compared.setdefault(self._callers[draft.at].id, []).append(leaf)

    def lines(self, stored: Sequence[Draft], promise: bytes | None) -> list[Access]:
        """For the access log: what is stored, under the leavesRoot of its promise, what was
        compared with what is there, and what was refused; a line for each caller."""
        kept = Counter(self._callers[draft.at].id for draft in stored)
        purpose, allowed = Purpose.SUBMIT, Decision(None)
        lines = [
            Access(token=token, purpose=purpose, decision=allowed, record=promise, count=count)
            for token, count in kept.items()
        ]
        for token, leaves in self._compared.items():
            one = leaves[0] if len(set(leaves)) == 1 else None
            decided = Access(
                token=token,
                purpose=Purpose.COMPARE,
                decision=allowed,
                record=one,
                count=len(leaves),
            )
            lines.append(decided)
        return lines + [
            Access(token=token, purpose=refused, decision=decision, count=count)
            for (token, refused, decision), count in self._refused.items()
        ]

    def _admit(self, draft: Draft) -> Draft | RowAnswer:
        decision = self._decided(draft)
        if decision.allowed:
            return draft
        self._refused[self._callers[draft.at].id, Purpose.SUBMIT, decision] += 1
        return _not_yours(draft)

    def _decided(self, draft: Draft) -> Decision:
        """Asked once for each caller, authority and day of the set: rows come by the thousand."""
        caller = self._callers[draft.at]
        key = (caller.id, draft.authority, draft.decided)
        found = self._filed.get(key)
        if found is None:
            record = Record(
                department=caller.department, authority=draft.authority, decided=draft.decided
            )
            found = self._filed[key] = decide(caller, Purpose.SUBMIT, record)
        return found


def _not_yours(draft: Draft) -> RowAnswer:
    name, _, version = draft.schema.partition("@")
    schema = schemas.load(name, int(version))
    field = schema.authority.code or schema.authority.name
    return RowAnswer(
        row=draft.row,
        sheet=draft.sheet,
        verdict="rejected",
        kind=schema.name,
        errors=(remark("authority-not-yours", schema, field),),
        notes=draft.notes,
    )
