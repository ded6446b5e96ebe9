"""Checking a special credit report in a PDF: who made it, whether each line is genuine, and whether
it still stands (design-2 16).

`check_content` of `ledger.core.report_content` says what is checked without the chain. Beyond that:

1. the opening proves that its member, a province then, states this report in its log, or has
   promised to; a promise past its time proves neither;
2. `block` is final and at most an hour older than `at`, and `covers` has every log of the member
   with the size that was anchored at that block;
3. each receipt is genuine, of the record listed, from the part of a log that is covered, shows what
   it is about, and that is the subject; all as of that block;
4. each record is of a family that the rules call reportable, decided within the period, and in the
   field of its authority by the list of fields that the report names.

Then each record is looked at as it stands now, and the day against `until`. Not proven: that no
record was left out (a receipt of one does that), nor what was printed: only what is attached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from ledger.core.canonical import hex32, instant
from ledger.core.errors import CouldNotCheck, EvidenceError, Malformed, VersionUnknown
from ledger.core.keys import Role
from ledger.core.opening import Opening, of_receipt
from ledger.core.receipt import Receipt
from ledger.core.report_content import Content, check_content
from ledger.core.signed import Item
from ledger.core.verdict.facts import Block, Question, date_of
from ledger.core.verdict.statement import StatementVerdict
from ledger.core.verdict.verdict import Verdict
from ledger.core.verdict.verdicts import (
    EXIT_DO_NOT_USE,
    EXIT_NOT_AUTHENTIC,
    EXIT_UNKNOWN,
    EXIT_VALID,
)
from ledger.files.answers import demand_block
from ledger.files.contradictions import UNREAD, question_at
from ledger.files.problems import MAX_TOLD, Problem, of_error
from ledger.files.report_lines import Line, line_of
from ledger.files.reports import ReportFile, parse_report
from ledger.records.report_fields import FieldList
from ledger.records.rules import Rules
from ledger.verify import Verifier

__all__ = ["LineVerdict", "ReportVerdict", "verify_report"]

Word = Literal["genuine", "changed-since", "out-of-date", "false", "undetermined"]
"""What may be said of a report."""
PAGE = 256
"""Receipts of which the chain is asked together."""
_STANDS = frozenset({"valid", "expired", "disputed", "not-in-force"})
"""Verdicts of a record that nothing was done to; one is the same then and now, or it changed."""
_EXITS = {
    "genuine": EXIT_VALID,
    "changed-since": EXIT_DO_NOT_USE,
    "out-of-date": EXIT_DO_NOT_USE,
    "false": EXIT_NOT_AUTHENTIC,
    "undetermined": EXIT_UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineVerdict:
    """A line of the report. number: counted from 1. then, now: verdicts on its receipt."""

    number: int
    field: str
    line: Line
    then: str
    now: str

    @property
    def changed(self) -> bool:
        """Whether something was done to the record since, as far as that could be seen."""
        if self.now in UNREAD:
            return False
        return self.now != self.then and not (self.now == "expired" and self.then in _STANDS)

    def as_dict(self) -> dict[str, Any]:
        """As `--json` has it."""
        told = {"line": self.number, "field": self.field, **self.line.as_dict()}
        return told | {"verdict": self.then, "now": self.now}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportVerdict:
    """What is to be said of a report. file None: it cannot be read. promised: it is not anchored
    yet. today: the day by which `until` was judged."""

    file: ReportFile | None
    problems: tuple[Problem, ...]
    lines: tuple[LineVerdict, ...] = ()
    promised: bool = False
    today: date | None = None

    @property
    def verdict(
        self,
    ) -> Literal["genuine", "changed-since", "out-of-date", "false", "undetermined"]:
        """The first of these that is so: false, undetermined as it was made, changed since,
        undetermined as it stands, out of date."""
        if any(one.wrong for one in self.problems):
            return "false"
        if self.problems or self.file is None or self.today is None:
            return "undetermined"
        if any(one.changed for one in self.lines):
            return "changed-since"
        if any(one.now in UNREAD for one in self.lines):
            return "undetermined"
        return "out-of-date" if self.today > self.file.content.until else "genuine"

    @property
    def exit(self) -> int:
        """The exit code of `credit-ledger verify`."""
        return _EXITS[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        """The document of `verify --json`. Of what is false nothing is shown."""
        told = None if self.file is None or self.verdict == "false" else self.file.content
        return {
            "_type": "credit-ledger/report-verdict@1",
            "verdict": self.verdict,
            "number": told and told.number,
            "issuer": told and told.iss,
            "subject": told and {"code": told.code, "name": told.name},
            "period": told and {"from": told.start.isoformat(), "to": told.end.isoformat()},
            "at": told and instant(told.at),
            "until": told and told.until.isoformat(),
            "anchored": None if told is None else not self.promised,
            "fields": [_field(told, one.field) for one in told.fields] if told else [],
            "lines": [one.as_dict() for one in self.lines] if told else [],
            "problems": [one.as_dict() for one in self.problems],
        }


def verify_report(
    verifier: Verifier, data: bytes, *, receipt: Receipt | None = None
) -> ReportVerdict:
    """The verdict on the bytes of a PDF. receipt: of its statement, where somebody has got it; the
    file may hold a promise only. Raises nothing that lies in the bytes."""
    try:
        file = parse_report(data)
    except (Malformed, VersionUnknown) as error:
        return ReportVerdict(file=None, problems=(of_error(error),))
    except CouldNotCheck as error:
        costly = Problem(code="report-costly", evidence={"problem": error.message})
        return ReportVerdict(file=None, problems=(costly,))
    try:
        check_content(file.content, file.opening.statement, file.receipts)
    except EvidenceError as error:
        differs = Problem(code="parts-differ", evidence={"problem": str(error)})
        return ReportVerdict(file=file, problems=(differs,))
    opening = file.opening if receipt is None else of_receipt(file.opening.statement, receipt)
    checking = _Checking(verifier, file, opening)
    problems: list[Problem] = []
    for problem in checking.problems():
        problems.append(problem)
        if len(problems) == MAX_TOLD:
            break
    return ReportVerdict(
        file=file,
        problems=tuple(problems),
        lines=tuple(checking.lines),
        promised=opening.promised is not None,
        today=date.fromisoformat(date_of(verifier.now())),
    )


class _Checking:
    """One report under check. lines: those that were looked at."""

    def __init__(self, verifier: Verifier, file: ReportFile, opening: Opening) -> None:
        self.lines: list[LineVerdict] = []
        self._verifier = verifier
        self._file = file
        self._content = file.content
        self._opening = opening
        library = verifier.schemas
        self._library = library
        self._list = library.field_list(file.content.field_list.rpartition(":")[2])
        self._rules = library.rules(file.content.rules.rpartition(":")[2])

    def problems(self) -> Iterator[Problem]:
        """Whatever is wrong, in the order of the checks."""
        content = self._content
        where = {"member": content.iss}
        if content.network != self._verifier.trust.reference:
            yield Problem(code="other-network", evidence=where)
            return
        yield from self._of_statement()
        try:
            owner = self._verifier.member(content.iss).owner
            found: list[Problem] = []
            block = demand_block(self._verifier, content, found)
        except CouldNotCheck as error:
            yield Problem(code="chain-unread", evidence=where | {"problem": error.code})
            return
        if not owner.roles_at(content.at) & Role.PROVINCE:
            yield Problem(code="report-not-a-province", evidence=where)
        yield from found
        if self._list is None or self._rules is None:
            yield Problem(code="list-unknown", evidence={"list": content.field_list})
            return
        yield from self._of_lines(block, self._list, self._rules, owner.region)

    def _of_statement(self) -> Iterator[Problem]:
        verdict = self._verifier.verify(self._opening.encode(), Question(issuer=self._content.iss))
        where = {"member": self._content.iss, "verdict": verdict.verdict}
        if verdict.exit == EXIT_NOT_AUTHENTIC:
            yield Problem(code="report-false", evidence=where)
        elif verdict.exit and not (isinstance(verdict, StatementVerdict) and verdict.is_promised):
            overdue = any(check.code == "promise-overdue" for check in verdict.checks)
            code = "report-overdue" if overdue else "report-unchecked"
            yield Problem(code=code, evidence=where)

    def _of_lines(
        self, block: Block, fields: FieldList, rules: Rules, region: str
    ) -> Iterator[Problem]:
        content = self._content
        known = {one.id for one in fields.fields}
        for one in content.fields:
            if one.field not in known:
                yield Problem(code="field-unknown", evidence={"field": one.field})
        day = date.fromisoformat(date_of(content.at))
        families = rules.tables.reported(day, region=region)
        placed = [(one.field, item) for one in content.fields for item in one.records]
        for start in range(0, len(placed), PAGE):
            texts = [text.encode() for text in self._file.receipts[start : start + PAGE]]
            self._verifier.prepare(texts)
            for at, data in enumerate(texts, start=start):
                field, item = placed[at]
                yield from self._of_line(at + 1, field, item, data, block)
                yield from self._in_place(at + 1, fields, families)

    def _of_line(
        self, number: int, field: str, item: Item, data: bytes, block: Block
    ) -> Iterator[Problem]:
        """What its receipt says, as of the block."""
        content = self._content
        verdict = self._verifier.verify(data, question_at(block, content.code, content.iss))
        where = {"line": str(number), "leaf": hex32(item.leaf)}
        code = _against(content, item, verdict)
        line = None
        if code is None and verdict.receipt is not None:
            line = line_of(verdict.receipt, self._library)
            code = "receipt-bare" if line is None else None
        if code is not None:
            yield Problem(code=code, evidence=where | {"verdict": verdict.verdict})
        elif line is not None:
            self.lines.append(
                LineVerdict(
                    number=number,
                    field=field,
                    line=line,
                    then=verdict.verdict,
                    now=verdict.now.verdict,
                )
            )

    def _in_place(
        self, number: int, fields: FieldList, families: tuple[str, ...]
    ) -> Iterator[Problem]:
        """Whether a line that was just taken belongs into the report, and into its field."""
        if not self.lines or self.lines[-1].number != number:
            return
        one, content = self.lines[-1], self._content
        where = {"line": str(number), "field": one.field}
        if one.field != fields.field_of(one.line.unit, one.line.authority):
            yield Problem(code="field-wrong", evidence=where)
        of_time = content.start <= one.line.decided <= content.end
        if one.line.family not in families or not of_time:
            yield Problem(code="not-reportable", evidence=where)


def _against(content: Content, item: Item, verdict: Verdict) -> str | None:
    """What a verdict says against a line; None: nothing."""
    receipt = verdict.receipt
    if receipt is not None and receipt.leaf != item.leaf:
        return "other-record"
    if verdict.exit == EXIT_NOT_AUTHENTIC:
        return "receipt-false"
    if verdict.verdict == "other-subject":
        return "other-subject"
    if receipt is None or verdict.verdict in UNREAD:
        return "receipt-unchecked"
    if verdict.verdict not in _STANDS:
        return "not-in-force"
    size = next((one.size for one in content.covers if one.log == receipt.log), 0)
    return None if receipt.index < size else "not-covered"


def _field(content: Content, name: str) -> dict[str, Any]:
    (found,) = [one for one in content.fields if one.field == name]
    days = sorted(one.through for one in found.sources)
    return {
        "field": name,
        "state": found.state,
        "records": len(found.records),
        "sources": len(found.sources),
        "through": {"first": days[0].isoformat(), "last": days[-1].isoformat()} if days else None,
    }
