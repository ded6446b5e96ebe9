"""The verdicts of an archive, and the histories behind them, from one view of the chain.

Whoever makes an archive and whoever checks it run this, the one on what nodes prove, the other on
what the archive holds: so both come to the same, or the archive does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from ledger.chain.network import MAX_AGE, NetworkFile
from ledger.core import canonical
from ledger.core.canonical import hex32
from ledger.core.verdict.verdict import Verdict
from ledger.evidence.histories import histories_of
from ledger.evidence.view import ProvenReader, ProvenView
from ledger.records.store import Library
from ledger.verify import Verifier, ask

VERDICTS, HISTORIES = "verdicts.json", "histories.json"
SHOWN_LATE: Final = MAX_AGE
"""Seconds by which fields may have been shown, and signed for, after the header: no head that
anybody judges by is older. One number for all, whatever a network file says of heads: whoever
checks an archive must come to what its maker came to."""
VERDICTS_TYPE: Final = "credit-ledger/evidence-verdicts@1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """verdicts: of each receipt by its member's name, first as of the header, then of each day that
    was asked about. histories: the member that tells keys, votes and acts."""

    verdicts: tuple[tuple[str, Verdict], ...]
    histories: bytes

    def encode(self) -> bytes:
        """The member that tells the verdicts: what keeps its meaning in later versions of this
        program, so no texts and no single checks."""
        told = [_told(name, verdict) for name, verdict in self.verdicts]
        return canonical.encode({"_type": VERDICTS_TYPE, "verdicts": told}, allow_null=True)


def judge(
    view: ProvenView,
    network: NetworkFile,
    library: Library,
    receipts: Mapping[str, bytes],
    days: Sequence[date],
) -> Judged:
    """Judge each receipt, as of the header of the view and of each day. Raises CouldNotCheck and
    EvidenceError: the first thing that the view was asked for and could not give."""
    now = view.block.time + SHOWN_LATE
    reader = ProvenReader(replace(network, max_head_age=SHOWN_LATE), view)
    with closing(
        Verifier(network, schemas=library, now=lambda: now, reader=reader, wait=0.0)
    ) as verifier:
        verifier.trust = replace(verifier.trust, max_head_age=SHOWN_LATE)
        verdicts = tuple(
            (name, verifier.verify(data, ask(as_of=day)))
            for name, data in receipts.items()
            for day in (None, *days)
        )
        if view.failure is not None:
            raise view.failure
        found = [one.receipt for _, one in verdicts if one.receipt is not None]
        histories = histories_of(view, network, verifier, found)
    return Judged(verdicts=verdicts, histories=histories)


def _told(name: str, verdict: Verdict) -> dict[str, Any]:
    status = verdict.status
    corrected = None if status is None else status.corrected_by
    return {
        "asOf": verdict.question.as_of,
        "correctedBy": None if corrected is None else hex32(corrected),
        "flags": [] if status is None else list(status.flags),
        "outcome": None if status is None else status.outcome,
        "receipt": name,
        "usable": verdict.usable,
        "verdict": verdict.verdict,
    }
