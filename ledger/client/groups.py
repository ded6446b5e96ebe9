"""What a client offers, by domain; each method runs one flow and waits for its result.

`async_groups` has the same without blocking, method for method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from ledger.client import cases, files, receipt_batches, receipts, records, signed
from ledger.client.case_results import CaseFiled, CaseList, CaseShown
from ledger.client.group import Group
from ledger.client.inputs import Act, Kind, Progress, Record, Source
from ledger.client.results import (
    BareReceipt,
    FileAnswer,
    FileListed,
    ListName,
    Named,
    RecordStatus,
    RowAnswer,
    Submitted,
)

__all__ = [
    "ANCHOR_SECONDS",
    "FILE_SECONDS",
    "Cases",
    "Files",
    "Histories",
    "Lists",
    "Receipts",
    "Records",
]

FILE_SECONDS = 600.0
"""For which a file is waited for where nothing else is said: others may be read before it."""
ANCHOR_SECONDS = 600.0
"""The same of anchors."""


class Records(Group):
    """Records as JSON. A record sent twice is a `duplicate` of the one that is there, so what was
    lost on the way is sent again; one that had been taken then comes back as that."""

    def submit(self, record: Record) -> RowAnswer:
        """Hand in one record; what became of it, whether it was taken or not."""
        return self._transport.drive(records.submit(record, self._terms))

    def submit_many(
        self, many: Iterable[Record], *, progress: Callable[[int], None] | None = None
    ) -> Submitted:
        """Hand in many, a few thousand at a time; what became of each, in order. progress: told how
        many were answered so far."""
        return self._transport.drive(records.submit_many(many, self._terms, progress))

    def each(self, many: Iterable[Record]) -> Iterator[RowAnswer]:
        """The same row by row, for more than memory holds."""
        return self._transport.iterate(records.each(many, self._terms))

    def find(self, document: str, authority: str) -> list[Named]:
        """Records in force by document number and USCC of the authority."""
        return self._transport.drive(records.find(document, authority, self._terms))

    def show(self, name: str) -> Mapping[str, Any]:
        """A record by leaf or record id, and what the gateway knows of it."""
        return self._transport.drive(records.show(name, self._terms))

    def status(self, name: str) -> RecordStatus:
        """How a record stands by the word of the gateway, by leaf or record id."""
        return self._transport.drive(records.status(name, self._terms))


class Files(Group):
    """Files as departments have them: workbooks, text tables, JSON."""

    def submit(
        self,
        source: Source,
        *,
        type_: str | None = None,
        within: float = FILE_SECONDS,
        progress: Progress | None = None,
    ) -> FileAnswer:
        """Hand in a file and wait for the answer to every row. type_: of its records, where the
        table does not tell. progress: told of how far it is, again and again. Raises NotReady after
        `within` seconds; the file stays, and `wait` goes on."""
        flow = files.submit(source, type_, within, self._terms, progress)
        return self._transport.drive(flow)

    def upload(self, source: Source, *, type_: str | None = None) -> str:
        """Hand in a file; its id. Raises AnswerLost where it may have come all the same: `listed`
        tells, and sending it twice does no harm."""
        return self._transport.drive(files.upload(source, type_, self._terms))

    def wait(
        self, file: str, *, within: float = FILE_SECONDS, progress: Progress | None = None
    ) -> FileAnswer:
        """The answer to every row of a file, once it is there."""
        return self._transport.drive(files.wait(file, within, self._terms, progress))

    def answer(self, file: str) -> FileAnswer:
        """How far a file is now."""
        return self._transport.drive(files.answer(file, self._terms))

    def report(self, file: str, *, within: float = FILE_SECONDS) -> bytes:
        """The workbook to correct and send again."""
        return self._transport.drive(files.report(file, within, self._terms))

    def listed(self, *, limit: int = 100) -> list[FileListed]:
        """The files handed in last, the newest first."""
        return self._transport.drive(files.listed(limit, self._terms))


class Receipts(Group):
    """Receipts, byte for byte as they are to be kept and handed on. What they are worth
    `ledger.Verifier` says, without this gateway."""

    def get(self, leaf: str, *, fields: Sequence[str] | None = None, within: float = 0.0) -> bytes:
        """A receipt by leaf or record id that shows these fields, or all but texts that hold the
        identity number of a person. within: seconds to wait until it is anchored. Raises NotReady
        where it is not by then."""
        return self._transport.drive(receipts.get(leaf, fields, within, self._terms))

    def bare(self, leaf: str, *, within: float = 0.0) -> bytes:
        """A receipt that shows nothing, which needs no token: it proves that the entry is
        anchored."""
        return self._transport.drive(receipts.bare(leaf, within, self._terms))

    def each(
        self,
        leaves: Iterable[str],
        *,
        fields: Sequence[str] | None = None,
        within: float = ANCHOR_SECONDS,
    ) -> Iterator[tuple[str, bytes]]:
        """Leaf and receipt of many, one after the other."""
        return self._transport.iterate(receipts.each(leaves, fields, within, self._terms))

    def bare_each(self, leaves: Iterable[str], *, within: float = 0.0) -> Iterator[BareReceipt]:
        """Of each of many, in their order, the receipt that shows nothing, or why there is none:
        one that cannot be had stops no other. A thousand are asked for at once. within: seconds for
        all of them, until they are anchored."""
        return self._transport.iterate(receipt_batches.each(leaves, within, self._terms))

    def wait(
        self, answer: FileAnswer | Submitted | RowAnswer, *, within: float = ANCHOR_SECONDS
    ) -> None:
        """Wait until all that is in by an answer is anchored. Raises NotReady where it is not by
        then; nothing is lost."""
        self._transport.drive(receipts.anchored(answer, within, self._terms))


class Cases(Group):
    """Repairs and objections. What is filed or made here is never sent twice by itself: where it
    may have been taken though no answer came, AnswerLost is raised, and `listed` or `show` tell."""

    def file(
        self,
        record: str,
        kind: Kind,
        reason: str,
        *,
        docs: Sequence[Source] = (),
        owner: str | None = None,
        authority: str | None = None,
        channel: str | None = None,
        national_no: str | None = None,
        received: date | None = None,
    ) -> CaseFiled:
        """File a repair of a record or an objection to it, by record id or leaf. docs: PDF or JPG.
        owner: whose record it is, where that is known. Further members as `case file` has them."""
        said = cases.filing(owner, authority, channel, national_no, received)
        flow = cases.file(record, kind, reason, self._terms, docs=docs, said=said)
        return self._transport.drive(flow)

    def step(
        self,
        case: str,
        act: Act,
        *,
        note: str | None = None,
        day: date | None = None,
        national_no: str | None = None,
        docs: Sequence[Source] = (),
    ) -> Mapping[str, Any]:
        """Make a step that one person makes; what the gateway says of it."""
        said = cases.of_step(note, day, national_no)
        return self._transport.drive(cases.step(case, act, self._terms, docs=docs, said=said))

    def show(self, case: str) -> CaseShown:
        """A case with its steps, and which provinces have carried it out."""
        return self._transport.drive(cases.show(case, self._terms))

    def listed(
        self, *, state: str | None = None, overdue: bool = False, mine: bool = False
    ) -> CaseList:
        """The cases that the token may see, the newest first."""
        flow = cases.listed(state, overdue=overdue, mine=mine, terms=self._terms)
        return self._transport.drive(flow)


class Lists(Group):
    """Lists of a day, of all provinces, as signed files with a receipt of each entry."""

    def names(self) -> list[ListName]:
        """The lists that there are."""
        return self._transport.drive(signed.names(self._terms))

    def day(self, name: str, *, on: date | None = None) -> bytes:
        """The list of a day, today by default. name: of the list, or its Chinese title. What it is
        worth `ledger.judge_file` says."""
        return self._transport.drive(signed.day(name, on, self._terms))


class Histories(Group):
    """All that may be given of a subject, as a signed file with proofs: the centre's to ask for."""

    def of_subject(self, code: str, *, to: str | None = None, as_of: date | None = None) -> bytes:
        """The history of a subject. to: the province that it moves to; None: it is for the subject
        itself. as_of: by whose end its records were anchored, today by default. What it is worth
        `ledger.judge_file` says."""
        return self._transport.drive(signed.history(code, to, as_of, self._terms))
