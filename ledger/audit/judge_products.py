"""What versions of products were made of, by their manifests: records that were never anchored, and
records that were closed when the version was published (design-2 17). The latter may be published,
for it is a fact what something was made of; its users are to know that it was stale from the start.

An act that was recorded minutes before may not have been known to the maker: a record counts as
closed where it was so minutes before the publication, and still at it. Whether a version became
stale afterwards is for its users to ask, and no fault of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.audit.cases import Cases
from ledger.audit.done import Done
from ledger.audit.findings import Findings
from ledger.audit.judge_cases import is_disputed
from ledger.audit.opened import Opened
from ledger.audit.opened_manifests import HeldManifest, Manifests
from ledger.audit.standing import SLACK
from ledger.audit.state import State, is_anew, is_overdue
from ledger.core.ids import RecordId
from ledger.core.status import fold, words_of

__all__ = ["ProductJudge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductJudge:
    """What they are held against. now: Unix seconds of the last block. whole: every log was
    read."""

    state: State
    cases: Cases
    opened: Opened
    manifests: Manifests
    findings: Findings
    now: int
    whole: bool

    def run(self) -> None:
        """Judge every record of every manifest."""
        for held in self.manifests.each():
            for record in self.manifests.inputs(held):
                self._input(held, record)

    def _input(self, held: HeldManifest, record: RecordId) -> None:
        place = self.opened.place(record)
        late = is_overdue(self.state, held.version.writing.time, self.now)
        if place is None and self.whole and late:
            self._add("product-input-not-anchored", held, record)
        closed = self._closed(held, record)
        if not closed and place is not None and place.first is not None:
            # The maker knows what it logged again itself, and need not know it of others.
            own = self.state.logs[place.log].member == held.made.member
            closed = self._closed(held, place.first) if own else ""
        if closed:
            self._add("product-over-closed", held, record, causes=closed)

    def _closed(self, held: HeldManifest, record: RecordId) -> str:
        """Why a record was not to be used when the version was published, and somewhat before;
        "": it was."""
        writing = held.version.writing
        if is_anew(self.state, writing.time):
            return ""  # it was published before that, when nobody knows
        before = [done for done in self.cases.acts.get(record, ()) if done.place < writing.place]
        if any(is_disputed(self.state, done) for done in before):
            return ""  # what a thief did the maker may have been right not to believe
        known = [done for done in before if done.acted.recorded_at + SLACK < writing.time]
        words = _words(known)
        return ", ".join(words) if words and _words(before) else ""

    def _add(self, code: str, held: HeldManifest, record: RecordId, **evidence: str) -> None:
        self.findings.add(
            code,
            log=held.made.product_id,
            member=held.made.member,
            where=held.version.writing.where,
            record=record.hex(),
            **evidence,
        )


def _words(acts: list[Done]) -> list[str]:
    return words_of(fold([done.acted for done in acts]))
