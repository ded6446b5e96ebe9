"""Lists of a day held against a replay: whether each entry was in force, whether a province counted
as many entries as its log shows, and whether it left out one of which somebody has the receipt.

Only what no honest province can say is a finding: an entry may be left out for reasons that nobody
outside can look at (an exit, content that is not public), so receipts prove that one was left out
where there are more of them than of these reasons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ledger.audit.findings import Findings
from ledger.audit.listed import Replayed
from ledger.core import receipt as receipts
from ledger.core.canonical import hex32
from ledger.core.day_list import ListFile, Part, is_list
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import LogId
from ledger.core.promise import MAX_PROMISE
from ledger.core.verdict.facts import Question, date_of
from ledger.core.verdict.verdicts import EXIT_VALID
from ledger.files.lists import ListVerdict, end_for, verify_list
from ledger.files.problems import Problem
from ledger.records.lists import ACTED, EXPIRED, LISTS, NOT_YET
from ledger.verify import Verifier

__all__ = ["ListAudit", "NotLists"]

_CLOSED: Final = "closed"
_ON_CHAIN: Final = frozenset({_CLOSED, ACTED})
"""Reasons for which an act must stand on the chain."""
_REFUTED: Final = _ON_CHAIN | {NOT_YET, EXPIRED}
"""Reasons that a receipt refutes which is valid on the day and when the part was made."""
_OF_A_MEMBER: Final = frozenset({"other-record", "receipt-false", "receipt-bare", "not-in-force"})
"""Problems of a list for which the province stands that signed the part."""


class NotLists(ValueError):
    """A file is neither a list nor a receipt. name: of the file."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: neither a list of a day nor a receipt")
        self.name = name


@dataclass(frozen=True, slots=True)
class _Receipt:
    """A receipt that was handed in beside the lists."""

    data: bytes
    leaf: str
    log: LogId
    type: str


class ListAudit:
    """Judges lists and receipts of entries that were handed in (`ledger.audit.listed.Beside`)."""

    def __init__(self, verifier: Verifier, files: Mapping[str, bytes]) -> None:
        """files: bytes by the name to tell. Raises NotLists."""
        self._verifier = verifier
        self._files = files
        self._receipts = [_receipt(name, data) for name, data in files.items() if not is_list(data)]

    @property
    def names(self) -> frozenset[str]:
        """See `Beside`."""
        return frozenset(kind.entry for kind in LISTS)

    def _verdicts(self) -> list[ListVerdict]:
        return [verify_list(self._verifier, data) for data in self._files.values() if is_list(data)]

    def run(self, replayed: Replayed) -> None:
        """See `Beside`."""
        for verdict in self._verdicts():
            for problem in verdict.problems:
                _tell(replayed.findings, verdict.file, problem)
            if verdict.file is None or _is_false(verdict):
                continue
            for member, parts in _by_member(verdict.file).items():
                judge = _Province(replayed, self._verifier, member, parts)
                judge.counts()
                judge.left_out(self._receipts)


class _Province:
    """What one province says in a list that is genuine."""

    def __init__(
        self, replayed: Replayed, verifier: Verifier, member: str, parts: Sequence[Part]
    ) -> None:
        self._replayed = replayed
        self._verifier = verifier
        self._member = member
        self._parts = parts
        logs = [log for log in replayed.state.logs.values() if log.member == member]
        self._logs = frozenset(log.log_id for log in logs)
        self._moved = any(log.closed is not None for log in logs)
        self._left = Counter[str]()
        for part in parts:
            self._left.update({one.reason: one.count for one in part.left})

    def counts(self) -> None:
        """As many entries as its logs showed; and no more ended than acts ended. Of a member whose
        log was cut some stand twice, and some in no anchor: then only too few are told."""
        said, last = self._parts[-1].until, self._parts[-1]
        anchored = self._replayed.entries.until
        least = anchored(self._logs, last.list, self._parts[0].known)
        if said < least:
            self._differs(said=said, logged=least)
            return
        if self._moved or self._logs & self._replayed.unread:
            return
        most = anchored(self._logs, last.list, last.at + MAX_PROMISE)
        if said > most and last.at + MAX_PROMISE < self._replayed.now:
            self._differs(said=said, logged=most)
        ended = sum(self._left[reason] for reason in _ON_CHAIN)
        acted = sum(
            acts[0].acted.act.log in self._logs for acts in self._replayed.cases.acts.values()
        )
        if ended > acted:
            self._differs(ended=ended, acted=acted)

    def left_out(self, held: Sequence[_Receipt]) -> None:
        """Entries that had to be there: more of them than reasons that nobody can look at."""
        listed = {hex32(item.leaf) for part in self._parts for item in part.items}
        missing = sorted(
            one.leaf
            for one in {one.leaf: one for one in held}.values()
            if one.leaf not in listed and one.log in self._logs and self._was_on(one)
        )
        doubtful = sum(n for reason, n in self._left.items() if reason not in _REFUTED)
        if len(missing) > doubtful:
            for leaf in missing:
                self._add("list-left-out", leaf=leaf, unproven=doubtful)

    def _was_on(self, held: _Receipt) -> bool:
        """Whether a receipt was valid on the day, and when the part was made."""
        first = self._parts[0]
        if held.type != first.list:
            return False
        on_the_day = Question(
            type=first.list,
            issuer=self._member,
            as_of=first.day.isoformat(),
            end_of_as_of=end_for(first.day, first.known),
        )
        # Of what was closed since nothing is listed, so it must stand when the part was made, too.
        when_made = replace(
            on_the_day, as_of=date_of(self._parts[-1].at), end_of_as_of=self._parts[-1].at + 1
        )
        return all(
            self._verifier.verify(held.data, question).exit == EXIT_VALID
            for question in (on_the_day, when_made)
        )

    def _differs(self, **evidence: int) -> None:
        self._add("list-count-differs", **evidence)

    def _add(self, code: str, **evidence: str | int) -> None:
        where = _where(self._parts[0].list, self._parts[0].day.isoformat())
        self._replayed.findings.add(code, log=b"", member=self._member, where=where, **evidence)


def _where(name: str, day: str) -> str:
    return f"list/{name}/{day}"


def _by_member(file: ListFile) -> Mapping[str, Sequence[Part]]:
    found: dict[str, list[Part]] = {}
    for one in file.parts:
        found.setdefault(one.part.iss, []).append(one.part)
    return found


def _is_false(verdict: ListVerdict) -> bool:
    """Whether nothing in it can be held against anybody: it is not what its signers signed."""
    return any(one.wrong and one.code not in _OF_A_MEMBER for one in verdict.problems)


def _tell(findings: Findings, file: ListFile | None, problem: Problem) -> None:
    """A problem that verifying found. That a province is missing is told in the list itself."""
    if problem.code == "missing":
        return
    where = "list" if file is None else _where(file.list.list, file.list.day.isoformat())
    about = {key: problem.evidence.get(key, "") for key in ("leaf", "verdict", "problem")}
    evidence: dict[str, str | int] = {"why": problem.code}
    evidence |= {key: text for key, text in about.items() if text}
    if not problem.wrong:
        findings.unchecked("list-unchecked", where, **evidence)
        return
    of_member = problem.code in _OF_A_MEMBER
    member = problem.evidence["member"] if of_member else ""
    code = "list-differs" if of_member else "list-false"
    findings.add(code, log=b"", member=member, where=where, **evidence)


def _receipt(name: str, data: bytes) -> _Receipt:
    try:
        found = receipts.parse(data)
    except (Malformed, VersionUnknown) as error:
        raise NotLists(name) from error
    kind = (found.entry.schema or "").partition("@")[0]
    return _Receipt(data, hex32(found.leaf), LogId(found.entry.log), kind)
