"""Checking a list of a day: who signed what, and how each receipt stood on that day.

`check_file` of `ledger.core.day_list` says what is checked without the chain. Beyond that:

1. each part and the list are signed by a PRESENT key of their member, valid then; parts are said by
   provinces, and every province has a part or is named as missing;
2. each part was made on that day or later, and goes by a block at most an hour older;
3. each receipt is genuine, of the record listed, of the type of the list, from the log of the
   member that lists it, shows its content, and was in force at the end of that day, as far as the
   part could know: `valid` or `disputed`.

An entry that a province leaves out of its own part can be found by whoever holds its receipt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.core import receipt as receipts
from ledger.core.canonical import hex32, instant
from ledger.core.day_list import (
    ListFile,
    Part,
    Signed,
    check_file,
    check_parts,
    parse_file,
)
from ledger.core.errors import CouldNotCheck, EvidenceError, Malformed, VersionUnknown
from ledger.core.signed import MAX_BEHIND, Item, demand_receipts
from ledger.core.verdict.facts import Question, date_of, end_of
from ledger.core.verdict.verdict import Verdict
from ledger.core.verdict.verdicts import EXIT_NOT_AUTHENTIC, EXIT_UNKNOWN, EXIT_VALID
from ledger.files.problems import MAX_TOLD, Problem, exit_of, of_error, verdict_of
from ledger.files.signer import Said, check_said
from ledger.records.lists import find
from ledger.records.schema import find as find_schema
from ledger.verify import Verifier

__all__ = ["ListVerdict", "Row", "end_for", "pages_problems", "rows", "verify_list"]

PAGE = 256
"""Receipts of which the chain is asked together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry, as its receipt shows it; None for what it does not."""

    member: str
    leaf: str
    code: str | None = None
    name: str | None = None
    called: str | None = None
    document: str | None = None
    decided: str | None = None
    until: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As `--json` has it."""
        return {
            "member": self.member,
            "leaf": self.leaf,
            "code": self.code,
            "name": self.name,
            "list": self.called,
            "document": self.document,
            "decided": self.decided,
            "until": self.until,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ListVerdict:
    """What is said of a list. file None: it cannot be read."""

    file: ListFile | None
    problems: tuple[Problem, ...]

    @property
    def verdict(self) -> str:
        """`valid`, `incomplete`, `undetermined` or `false`."""
        return verdict_of(self.problems)

    @property
    def exit(self) -> int:
        """The exit code of `credit-ledger verify`."""
        return exit_of(self.problems)

    def as_dict(self) -> dict[str, Any]:
        """The document of `verify --json`. Of what is false no entry is shown."""
        told = None if self.file is None else self.file.list
        shown = self.file is not None and self.verdict != "false"
        return {
            "_type": "credit-ledger/list-verdict@1",
            "verdict": self.verdict,
            "list": told and told.list,
            "day": told and told.day.isoformat(),
            "issuer": told and told.iss,
            "at": told and instant(told.at),
            "members": _members(self.file.parts) if self.file else [],
            "missing": [one.to_json() for one in told.missing] if told else [],
            "entries": [row.as_dict() for row in rows(self.file)] if shown and self.file else [],
            "problems": [one.as_dict() for one in self.problems],
        }


def verify_list(verifier: Verifier, data: bytes) -> ListVerdict:
    """The verdict on the bytes of a file. Raises nothing that lies in them."""
    try:
        file = parse_file(data)
    except (Malformed, VersionUnknown) as error:
        return ListVerdict(file=None, problems=(of_error(error),))
    except EvidenceError as error:
        differs = Problem(code="parts-differ", evidence={"problem": str(error)})
        return ListVerdict(file=None, problems=(differs,))
    found: list[Problem] = []
    for problem in _problems(verifier, file):
        found.append(problem)
        if len(found) == MAX_TOLD:
            break
    return ListVerdict(file=file, problems=tuple(found))


def pages_problems(
    verifier: Verifier, pages: Sequence[Signed], texts: Sequence[str]
) -> Iterator[Problem]:
    """What is wrong with all parts of one member and their receipts."""
    try:
        check_parts([one.part for one in pages])
        demand_receipts([item for one in pages for item in one.part.items], texts)
    except EvidenceError as error:
        yield Problem(code="parts-differ", evidence={"problem": str(error)})
        return
    for one in pages:
        yield from _of_part(verifier, one)
    items = [(one.part, item) for one in pages for item in one.part.items]
    yield from _of_entries(
        verifier, [(*pair, text) for pair, text in zip(items, texts, strict=True)]
    )


def end_for(day: date, known: int) -> int:
    """The instant before which counts what the chain has: the end of the day, or what was known
    when the day was not over."""
    return min(end_of(day), known + 1)


def rows(file: ListFile) -> list[Row]:
    """The entries as their receipts show them, of a file whose receipts are those of its items;
    nothing is verified."""
    return [_row(part, item, text) for part, item, text in file.entries()]


def _problems(verifier: Verifier, file: ListFile) -> Iterator[Problem]:
    try:
        check_file(file)
    except EvidenceError as error:
        yield Problem(code="parts-differ", evidence={"problem": str(error)})
        return
    told = file.list
    yield from check_said(
        verifier, Said(iss=told.iss, network=told.network, at=told.at, jws=file.jws)
    )
    for one in file.parts:
        yield from _of_part(verifier, one)
        if one.part.at > told.at:
            yield Problem(code="time-wrong", evidence={"member": one.part.iss})
    yield from _of_entries(verifier, list(file.entries()))
    yield from _unspoken(verifier, file)
    for missing in told.missing:
        yield Problem(code="missing", evidence=missing.to_json())


def _of_part(verifier: Verifier, one: Signed) -> Iterator[Problem]:
    part = one.part
    said = Said(iss=part.iss, network=part.network, at=part.at, jws=one.jws, province=True)
    yield from check_said(verifier, said)
    ahead = part.day.isoformat() > date_of(part.at)
    if ahead or not part.at - MAX_BEHIND <= part.known <= part.at:
        yield Problem(code="time-wrong", evidence={"member": part.iss})


def _of_entries(verifier: Verifier, entries: Sequence[tuple[Part, Item, str]]) -> Iterator[Problem]:
    for start in range(0, len(entries), PAGE):
        page = entries[start : start + PAGE]
        verifier.prepare(text.encode() for _, _, text in page)
        for part, item, text in page:
            problem = _of_entry(verifier, part, item, text)
            if problem is not None:
                yield problem


def _of_entry(verifier: Verifier, part: Part, item: Item, text: str) -> Problem | None:
    where = {"member": part.iss, "leaf": hex32(item.leaf)}
    question = Question(
        type=part.list,
        issuer=part.iss,
        as_of=part.day.isoformat(),
        end_of_as_of=end_for(part.day, part.known),
    )
    verdict = verifier.verify(text.encode(), question)
    if verdict.receipt is not None and verdict.receipt.leaf != item.leaf:
        return Problem(code="other-record", evidence=where)
    code = _code_of(verdict)
    return (
        None if code is None else Problem(code=code, evidence=where | {"verdict": verdict.verdict})
    )


def _code_of(verdict: Verdict) -> str | None:
    """What a verdict on the day says against the entry; None: nothing."""
    name = verdict.verdict
    if verdict.exit == EXIT_VALID or name == "disputed":
        return None
    # `other-subject`: of another member, or of another type.
    told = {"anchored": "receipt-bare", "other-subject": "other-record"}
    unread = {EXIT_NOT_AUTHENTIC: "receipt-false", EXIT_UNKNOWN: "receipt-unchecked"}
    return told.get(name) or unread.get(verdict.exit, "not-in-force")


def _unspoken(verifier: Verifier, file: ListFile) -> Iterator[Problem]:
    spoken = {one.part.iss for one in file.parts} | {one.member for one in file.list.missing}
    try:
        silent = sorted(set(verifier.provinces_at(file.list.at)) - spoken)
    except CouldNotCheck as error:
        yield Problem(code="chain-unread", evidence={"problem": error.code})
        return
    for code in silent:
        yield Problem(code="province-unspoken", evidence={"member": code})


def _members(parts: Sequence[Signed]) -> list[dict[str, Any]]:
    """What each member says, its parts together."""
    found: dict[str, dict[str, Any]] = {}
    for part in (one.part for one in parts):
        told = found.setdefault(
            part.iss,
            {"member": part.iss, "entries": 0, "left": {}, "known": instant(part.known)},
        )
        told["entries"] += len(part.items)
        told["known"] = min(told["known"], instant(part.known))
        for left in part.left:
            told["left"][left.reason] = told["left"].get(left.reason, 0) + left.count
    return list(found.values())


def _row(part: Part, item: Item, text: str) -> Row:
    bare = Row(member=part.iss, leaf=hex32(item.leaf))
    try:
        receipt = receipts.parse(text.encode())
        shown = receipt.presentation
        name, _, version = (receipt.entry.schema or "").partition("@")
        schema = find_schema(name, int(version)) if version else None
        if shown is None or schema is None:
            return bare
        fields = shown.fields(schema.slots)
    except (EvidenceError, VersionUnknown):
        return bare
    header, kind = shown.payload.header, find(part.list)

    def told(code: str | None) -> str | None:
        value = fields.get(code) if code else None
        return value if isinstance(value, str) else None

    return Row(
        member=part.iss,
        leaf=hex32(item.leaf),
        code=told(schema.subject.code),
        name=told(schema.subject.name),
        called=told(kind.called if kind else None),
        document=told(schema.document),
        decided=header.decided.isoformat(),
        until=header.until.isoformat() if header.until else None,
    )
