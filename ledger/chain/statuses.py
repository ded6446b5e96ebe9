"""How records stand, as one snapshot of the chain shows it, and what single nodes show beyond."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ledger.chain.acts import MAX_CORRECTIONS, Acts, Histories
from ledger.chain.contracts.bindings import CASE_REGISTRY
from ledger.chain.contracts.structs import code_text
from ledger.chain.errors import NoContract, Reverted
from ledger.chain.holders import Holders, Kept
from ledger.chain.nodes.quorum import View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import RecordId, record_id
from ledger.core.receipt import Receipt
from ledger.core.status import SHOWN, Outcome, RecordedAct, State
from ledger.core.verdict.acts import Doubt, status_facts
from ledger.core.verdict.facts import KeyFact, StatusFacts, Unread

UNREADABLE = "status-unreadable"
"""Code where the acts cannot be made out, though the nodes answer."""


class Act(NamedTuple):
    """What a single node shows beyond the head, against a record."""

    node: str
    block: int
    what: str

    def __str__(self) -> str:
        return f"{self.node}, block {self.block}: {self.what}"


class Statuses:
    """How records stand at one head. Each is read once."""

    def __init__(self, head: View, final: int, holders: Holders, histories: Histories) -> None:
        """final: number of the newest final block, -1 where none is. histories: acts that were read
        at other heads."""
        self._head = head
        self._final = final
        self._holders = holders
        self._histories = histories
        self._keep = Kept()

    def prepare(self, receipts: Iterable[Receipt], views: Iterable[View]) -> None:
        """Read together what is asked of each, in all these views. Raises CouldNotCheck."""
        records = [record for receipt in receipts for record in _records(receipt)]
        for view in views:
            self._acts(view).states(records)

    def history(self, record: RecordId) -> Sequence[RecordedAct]:
        """All acts on a record, in their order. Raises CouldNotCheck."""
        return self._acts(self._head).history(record)

    def of(self, receipt: Receipt, end: int | None) -> StatusFacts | Unread:
        """No registry, no acts. A registry must be readable."""
        try:
            facts = self._status_facts(_records(receipt), end)
            if not (facts.now.corrected_by or facts.as_of.corrected_by):
                return facts
            newest = [
                replace(status, corrected_by=self._newest(status.corrected_by, end))
                if status.corrected_by
                else status
                for status in (facts.now, facts.as_of)
            ]
        except (NoContract, Reverted) as error:
            return Unread(code="status-unreadable", problem=str(error))
        except CouldNotCheck as error:
            if error.code != UNREADABLE:
                raise
            return Unread(code=error.code, problem=error.message)
        return replace(facts, now=newest[0], as_of=newest[1])

    def _status_facts(self, records: Sequence[RecordId], end: int | None) -> StatusFacts:
        acts = self._acts(self._head)
        return status_facts(
            [acts.history(record) for record in records],
            final=self._final,
            end=end,
            doubts=self._doubts,
        )

    def _newest(self, record: RecordId, end: int | None) -> RecordId:
        """The record at the end of the chain of corrections, as far as these are believed, and
        within 64 steps."""
        for _ in range(MAX_CORRECTIONS - 1):
            following = self._status_facts([record], end).as_of.corrected_by
            if following is None:
                break
            record = following
        return record

    def _acts(self, view: View) -> Acts:
        """The acts as a view has them. What single nodes show is read once for each height."""

        def read() -> Acts:
            history = self._holders.consortium.contract_history(CASE_REGISTRY)
            shared = self._histories if view is self._head else None
            return Acts(view, [contract.account for contract in history], shared)

        ahead = None if view is self._head else (view.sources, view.block)
        found: Acts = self._keep(("acts at", ahead), read)
        return found

    def _doubts(self, end: int | None) -> tuple[Doubt, Doubt]:
        """Whether an act was a thief's, by what was recorded before `end`: as it is known at the
        head, and as it is known for good."""

        def by(since: Callable[[KeyFact], int | None]) -> Doubt:
            return lambda acted: self._is_thiefs(acted, since)

        return by(lambda key: key.stolen_since(end)), by(lambda key: key.stolen_finally(end))

    def _is_thiefs(self, acted: RecordedAct, since: Callable[[KeyFact], int | None]) -> bool:
        if not any(acted.member):  # by vote, or a thief's act undone
            return False
        key = self._holders.keys(code_text(acted.member)).get(acted.signed_by)
        stolen = 0 if key is None else since(key)
        return stolen is not None and stolen <= acted.recorded_at

    def beyond(self, view: View, receipt: Receipt) -> list[Act]:
        """What a node shows beyond the head that speaks against the record and is not there yet."""
        records = _records(receipt)
        here = self._acts(self._head).states(records)
        there = self._acts(view).states(records)
        return [
            Act(view.sources[0], view.block.number, f"record {record.hex()} is acted on")
            for record in records
            if _is_worse(here[record], there[record])
        ]


def _records(receipt: Receipt) -> list[RecordId]:
    """The record of a receipt, and the first one that it replaces."""
    own = record_id(receipt.log, receipt.entry.commitment)
    first = receipt.entry.replaces
    return [own] if first is None else [own, first]


def _is_worse(here: State, there: State) -> bool:
    """Whether something is told there that is not told here."""
    new = there.word.flags & ~here.word.flags & SHOWN
    outcome = there.word.outcome
    return bool(new) or outcome not in (Outcome.NONE, here.word.outcome)
