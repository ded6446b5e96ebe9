"""Checking the history of a subject: who gave it, and how each record stands on a day.

`check_file` of `ledger.core.history` says what is checked without the chain. Beyond that:

1. the history is signed by a PRESENT key of its member, valid then, and goes by a block at most an
   hour older;
2. each receipt is genuine, of the record named, from the log of the member, and about this subject;
   one without content is allowed only of a record that had been closed by an act when it was given;
3. the acts of each record are exactly those of the chain up to `known`: none lacks, none is older
   than it should be, none was changed;
4. each opening is genuine, of the member's, and a step of a case about one of the records.

Whether the member gave all it had is its own word: what it left out it counts, by reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.core import receipt as receipts
from ledger.core.canonical import hex32, instant
from ledger.core.errors import CouldNotCheck, EvidenceError, Malformed, VersionUnknown
from ledger.core.history import Given, History, HistoryFile, act_json, check_file, parse_file
from ledger.core.ids import RecordId, record_id
from ledger.core.opening import parse_opening
from ledger.core.signed import MAX_BEHIND
from ledger.core.status import Action
from ledger.core.verdict.facts import Question, date_of, end_of
from ledger.core.verdict.verdict import Verdict
from ledger.core.verdict.verdicts import EXIT_NOT_AUTHENTIC
from ledger.files.lists import end_for
from ledger.files.problems import MAX_TOLD, Problem, exit_of, of_error, verdict_of
from ledger.files.signer import Said, check_said
from ledger.records.schema import find as find_schema
from ledger.verify import Verifier

__all__ = ["HistoryVerdict", "Standing", "verify_history"]

PAGE = 256
"""Receipts of which the chain is asked together."""
BARE = "anchored"
"""Verdict on a receipt that shows no content and of which nothing else is to be said."""
_CLOSED = frozenset({"repaired", "corrected", "withdrawn", "ended", "shielded", "erased"})
_UNREAD = frozenset({"undetermined", "not-final", "anchor-moved"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A record as it stood on the day asked about, and as it stands now: verdicts of receipts; of
    one without content `anchored` where nothing else is to be said. None: what is not shown."""

    leaf: str
    record: str
    type: str | None
    document: str | None
    decided: str | None
    until: str | None
    then: str
    now: str
    acts: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """As `--json` has it."""
        return {
            "leaf": self.leaf,
            "recordId": self.record,
            "type": self.type,
            "document": self.document,
            "decided": self.decided,
            "until": self.until,
            "verdict": self.then,
            "now": self.now,
            "acts": [dict(act) for act in self.acts],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryVerdict:
    """What is said of a history. file None: it cannot be read. as_of: the day asked about."""

    file: HistoryFile | None
    problems: tuple[Problem, ...]
    as_of: date | None = None
    records: tuple[Standing, ...] = ()

    @property
    def verdict(self) -> str:
        """`valid`, `undetermined` or `false`."""
        return verdict_of(self.problems)

    @property
    def exit(self) -> int:
        """The exit code of `credit-ledger verify`."""
        return exit_of(self.problems)

    def as_dict(self) -> dict[str, Any]:
        """The document of `verify --json`. Of what is false no record is shown."""
        told = None if self.file is None else self.file.history
        shown = () if self.verdict == "false" else self.records
        return {
            "_type": "credit-ledger/history-verdict@1",
            "verdict": self.verdict,
            "subject": told and told.subject,
            "issuer": told and told.iss,
            "purpose": told and told.purpose,
            "to": told and (told.to or None),
            "given": told and told.as_of.isoformat(),
            "at": told and instant(told.at),
            "known": told and instant(told.known),
            "asOf": self.as_of and self.as_of.isoformat(),
            "records": [one.as_dict() for one in shown],
            "openings": 0 if self.file is None else len(self.file.openings),
            "left": {one.reason: one.count for one in told.left} if told else {},
            "problems": [one.as_dict() for one in self.problems],
        }


def verify_history(verifier: Verifier, data: bytes, as_of: date | None = None) -> HistoryVerdict:
    """The verdict on the bytes of a file. as_of: the day by whose end records are to be told; None:
    the one of which it was given. Raises nothing that lies in the bytes."""
    try:
        file = parse_file(data)
    except (Malformed, VersionUnknown) as error:
        return HistoryVerdict(file=None, problems=(of_error(error),))
    except EvidenceError as error:
        return HistoryVerdict(file=None, problems=(_differs(error),))
    try:
        check_file(file)
    except EvidenceError as error:
        return HistoryVerdict(file=file, problems=(_differs(error),))
    checking = _Checking(verifier, file, as_of or file.history.as_of)
    problems: list[Problem] = []
    for problem in checking.problems(end_for(checking.day, file.history.known), as_of):
        problems.append(problem)
        if len(problems) == MAX_TOLD:
            break
    return HistoryVerdict(
        file=file,
        problems=tuple(problems),
        as_of=checking.day,
        records=tuple(checking.standings),
    )


class _Checking:
    """One file under check. standings: of the records that were looked at."""

    def __init__(self, verifier: Verifier, file: HistoryFile, day: date) -> None:
        self.verifier = verifier
        self.file = file
        self.day = day
        self.standings: list[Standing] = []
        self._ours = {one for text in file.receipts for one in _ids(text)}

    def problems(self, end: int, as_of: date | None) -> Iterator[Problem]:
        """Whatever is wrong, in the order of the file. end: instant before which counts what was
        recorded; for a day that somebody asks about its own end."""
        told = self.file.history
        said = Said(iss=told.iss, network=told.network, at=told.at, jws=self.file.jws)
        yield from check_said(self.verifier, said)
        ahead = told.as_of.isoformat() > date_of(told.at)
        if ahead or not told.at - MAX_BEHIND <= told.known <= told.at:
            yield Problem(code="time-wrong", evidence={"member": told.iss})
        question = Question(
            issuer=told.iss,
            as_of=self.day.isoformat(),
            end_of_as_of=end if as_of is None else end_of(as_of),
        )
        entries = list(self.file.entries())
        for start in range(0, len(entries), PAGE):
            page = entries[start : start + PAGE]
            self.verifier.prepare(text.encode() for _, text in page)
            for given, text in page:
                yield from self._of_record(given, text, question)
        for opening in self.file.openings:
            yield from self._of_opening(opening)

    def _of_record(self, given: Given, text: str, question: Question) -> Iterator[Problem]:
        where = {"leaf": hex32(given.item.leaf)}
        verdict = self.verifier.verify(text.encode(), question)
        code = _code_of(verdict, given, self.file.history)
        if code is not None:
            yield Problem(code=code, evidence=where | {"verdict": verdict.verdict})
        if verdict.receipt is None or code in ("receipt-false", "other-record"):
            return
        ids = [verdict.receipt.record_id, verdict.receipt.entry.replaces]
        try:
            held = self._acts([one for one in ids if one is not None])
        except CouldNotCheck as error:
            yield Problem(code="chain-unread", evidence=where | {"problem": error.code})
            return
        if [dict(act) for act in given.acts] != held:
            yield Problem(code="acts-differ", evidence=where)
        self.standings.append(_standing(verdict, held))

    def _acts(self, ids: Sequence[RecordId]) -> list[dict[str, Any]]:
        """Those on the chain up to `known`, on one record after the other."""
        known = self.file.history.known
        return [
            act_json(acted)
            for one in ids
            for acted in self.verifier.acts(one)
            if acted.recorded_at <= known
        ]

    def _of_opening(self, data: bytes) -> Iterator[Problem]:
        try:
            opening = parse_opening(data)
            step = opening.statement.step()
        except Malformed as error:
            yield Problem(code="opening-false", evidence={"problem": str(error)})
            return
        except VersionUnknown as error:
            yield Problem(code="opening-unchecked", evidence={"problem": error.message})
            return
        where = {"step": hex32(opening.statement.commitment)}
        if step.record not in self._ours or opening.statement.iss != self.file.history.iss:
            yield Problem(code="opening-false", evidence=where | {"problem": "another record"})
            return
        verdict = self.verifier.verify(data, Question(issuer=self.file.history.iss))
        if verdict.exit == EXIT_NOT_AUTHENTIC:
            yield Problem(code="opening-false", evidence=where)
        # A promise that is not due yet proves what can be proven.
        elif verdict.exit and not (opening.promised and verdict.standing.authentic is not False):
            yield Problem(code="opening-unchecked", evidence=where | {"verdict": verdict.verdict})


def _code_of(verdict: Verdict, given: Given, told: History) -> str | None:
    """What a verdict says against the record in the history; None: nothing."""
    if verdict.receipt is not None and verdict.receipt.leaf != given.item.leaf:
        return "other-record"
    if verdict.exit == EXIT_NOT_AUTHENTIC:
        return "receipt-false"
    if verdict.verdict == "other-subject":  # of another member's log
        return "other-record"
    if verdict.verdict in _UNREAD:
        return "receipt-unchecked"
    code = _subject(verdict)
    if code is None:
        closed = given.acts and verdict.now.verdict in _CLOSED
        return None if closed else "receipt-bare"
    return None if code == told.subject else "other-subject"


def _subject(verdict: Verdict) -> str | None:
    """Whom the receipt shows the record to be about; None: it does not."""
    if verdict.record is None or verdict.record_facts is None:
        return None
    code = verdict.record.get(verdict.record_facts.code_field)
    return code if isinstance(code, str) else None


def _standing(verdict: Verdict, acts: Sequence[dict[str, Any]]) -> Standing:
    receipt = verdict.receipt
    assert receipt is not None  # noqa: S101 - asked before
    value = verdict.as_dict()
    name, _, version = (receipt.entry.schema or "").partition("@")
    schema = find_schema(name, int(version)) if version else None
    document = (verdict.record or {}).get(schema.document) if schema else None
    told = [
        {
            "act": Action(act["action"]).name.lower(),
            "basis": act["basis"],
            "block": act["block"],
            "effectiveAt": act["effectiveAt"],
            "recordedAt": act["recordedAt"],
            "member": act["member"] or None,
        }
        for act in acts
    ]
    return Standing(
        leaf=hex32(receipt.leaf),
        record=hex32(receipt.record_id),
        type=receipt.entry.schema,
        document=document if isinstance(document, str) else None,
        decided=value["decided"],
        until=value["until"],
        then=verdict.verdict,
        now=verdict.now.verdict,
        acts=tuple(told),
    )


def _ids(text: str) -> Iterator[RecordId]:
    """The record of a receipt, and the first that it was logged again for."""
    try:
        receipt = receipts.parse(text.encode())
    except (Malformed, VersionUnknown):
        return
    yield record_id(receipt.log, receipt.entry.commitment)
    if receipt.entry.replaces is not None:
        yield receipt.entry.replaces


def _differs(error: EvidenceError) -> Problem:
    return Problem(code="parts-differ", evidence={"problem": str(error)})
