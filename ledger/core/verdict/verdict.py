"""The verdict on a receipt, as a value: may this record be used today? `judge` reaches it.

The verdict is the worst that any check leads to (`ranking.VERDICTS`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import hex32, instant
from ledger.core.commitment import Value
from ledger.core.ids import Digest
from ledger.core.receipt import Receipt
from ledger.core.texts import Text
from ledger.core.verdict import admission, judging
from ledger.core.verdict.checks import BESIDE_AUTHENTICITY, Check, info_of
from ledger.core.verdict.facts import (
    Block,
    ChainFacts,
    KeyFact,
    Later,
    LogFact,
    Note,
    Question,
    RecordFacts,
    Status,
    Trust,
    Unread,
)
from ledger.core.verdict.reasons import NOTES
from ledger.core.verdict.verdicts import (
    EXIT_NOT_AUTHENTIC,
    EXIT_ORDER,
    EXIT_UNKNOWN,
    VERDICTS,
)

__all__ = ["TYPE", "Standing", "Verdict", "note_text", "worst_exit"]

TYPE = "credit-ledger/verdict@1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a receipt stands at one time: the verdict and the checks that led to it."""

    verdict: str
    checks: tuple[Check, ...]

    @property
    def usable(self) -> bool | None:
        """True for `valid` alone, None where that is open, else False."""
        return VERDICTS[self.verdict].usable

    @property
    def usable_reason(self) -> Text | None:
        """Why that is open; None: it is not."""
        meaning = VERDICTS[self.verdict]
        return dict(meaning.text) if meaning.usable is None else None

    @property
    def authentic(self) -> bool | None:
        """Whether it is genuine, whatever may be done with it; None: that is open."""
        if self.verdict == "valid":  # every check passed that there was anything to look at for
            return True
        bearing = [
            (info, check)
            for info, check in ((info_of(check), check) for check in self.checks)
            if info.authenticity and check.code not in BESIDE_AUTHENTICITY
        ]
        verdicts = {check.verdict for _, check in bearing if check.verdict}
        if any(VERDICTS[verdict].exit == EXIT_NOT_AUTHENTIC for verdict in verdicts):
            return False
        skipped = any(check.result == "not-run" and not info.optional for info, check in bearing)
        # An anchor that moved is there all the same.
        return None if skipped or verdicts - {"anchor-moved"} else True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All that is said of one receipt. `standing` is that of the day asked about, `now` that of
    the chain's head; they are the same where no day was asked about.

    receipt None: malformed. record: the fields that are disclosed, None where there are none to be
    shown. record_facts: what its schema says of them. facts None: the chain was not asked or could
    not be read. notes: what there is to say of single nodes.
    """

    digest: Digest
    standing: Standing
    now: Standing
    question: Question
    trust: Trust
    receipt: Receipt | None = None
    record: Mapping[str, Value] | None = None
    record_facts: RecordFacts | None = None
    facts: ChainFacts | None = None
    notes: tuple[Note, ...] = ()

    @property
    def verdict(self) -> str:
        """Of the day asked about."""
        return self.standing.verdict

    @property
    def usable(self) -> bool | None:
        """Of that day: whether the record may be used; None where that is open."""
        return self.standing.usable

    @property
    def authentic(self) -> bool | None:
        """Of that day: whether it is genuine, whatever may be done with it; None: that is open."""
        return self.standing.authentic

    @property
    def checks(self) -> tuple[Check, ...]:
        """Of that day: every check, whether it was made or not."""
        return self.standing.checks

    @property
    def fields(self) -> Mapping[str, Value] | None:
        """The former name of `record`, for what was written against it."""
        return self.record

    @property
    def exit(self) -> int:
        """The exit code of `credit-ledger verify`."""
        return VERDICTS[self.verdict].exit

    @property
    def issuer(self) -> str | None:
        """The owner of the log, as the chain has it."""
        log = self._log()
        return None if log is None else log.member

    def _log(self) -> LogFact | None:
        return None if self.facts is None else self.facts.log

    @property
    def status(self) -> Status | None:
        """What acts amount to; None: not known."""
        if self.facts is None or isinstance(self.facts.status, Unread):
            return None
        asked = self.question.end_of_as_of is not None
        return self.facts.status.as_of if asked else self.facts.status.now

    @property
    def undisclosed(self) -> list[str]:
        """Slots of the schema that were not shown; whether they are filled is never proven."""
        slots = () if self.record_facts is None else self.record_facts.slots
        return [slot for slot in slots if slot not in (self.record or {})]

    def later(self) -> list[Later]:
        """What was recorded after the day asked about, though effective by then."""
        end = self.question.end_of_as_of
        if end is None or self.facts is None:
            return []
        found = [] if isinstance(self.facts.status, Unread) else [*self.facts.status.later]
        found += [
            Later(fact="key-compromised", recorded=said.recorded, effective=said.since)
            for key in self._keys(self.facts)
            for said in key.compromises
            if 0 < said.since < end <= said.recorded
        ]
        log = self.facts.log
        if log is not None and log.trusted_size is not None and log.closed_recorded >= end:
            closed = log.closed_recorded
            found.append(Later(fact="log-closed", recorded=closed, effective=closed))
        return sorted(found, key=lambda item: (item.recorded, item.effective, item.fact))

    @property
    def witnesses(self) -> list[str]:
        """Members whose cosignature holds."""
        facts, receipt = self.facts, self.receipt
        if facts is None or facts.log is None or receipt is None:
            return []
        end = self.question.end_of_as_of
        lines = admission.verified(receipt.checkpoint, facts, facts.log.member, end)
        return list(dict.fromkeys(line.member for line in lines))

    @property
    def issuer_recovered(self) -> bool | None:
        """Whether a key that it stands on goes back to one that a vote gave the issuer, who had
        lost all; None: not known."""
        facts, receipt = self.facts, self.receipt
        if facts is None or facts.log is None or receipt is None:
            return None
        notes = judging.note_keys(receipt.checkpoint, facts, facts.log.member)
        return any(key.recovered for key in (*self._keys(facts), *notes))

    def _keys(self, facts: ChainFacts) -> list[KeyFact]:
        """The keys that signed anchor, presentation and binding."""
        ids = set() if facts.anchor is None else {facts.anchor.key_id}
        receipt = self.receipt
        signed = () if receipt is None else (receipt.presentation, receipt.binding)
        ids |= {one.jws.kid for one in signed if one is not None}
        return [key for id_, key in facts.keys.items() if id_ in ids]

    def as_dict(self) -> dict[str, Any]:
        """The document of `verify --json`."""
        receipt, header = self.receipt, None
        if receipt is not None and receipt.presentation is not None and self.record is not None:
            header = receipt.presentation.payload.header
        status, anchor = self.status, None if self.facts is None else self.facts.anchor
        corrected = None if status is None else status.corrected_by
        until = None if header is None else header.until
        return {
            "_type": TYPE,
            "verdict": self.verdict,
            "authentic": self.standing.authentic,
            "usable": self.standing.usable,
            "usableReason": self.standing.usable_reason,
            "asOf": self.question.as_of,
            "leaf": None if receipt is None else hex32(receipt.leaf),
            "recordId": None if receipt is None else hex32(receipt.record_id),
            "issuer": self.issuer,
            "issuerRecovered": self.issuer_recovered,
            "witnesses": self.witnesses,
            "type": None if receipt is None else receipt.entry.schema,
            "class": None if header is None else header.class_,
            "decided": None if header is None else header.decided.isoformat(),
            "until": None if until is None else until.isoformat(),
            "anchoredAt": None if anchor is None else instant(anchor.block.time),
            "record": None if self.record is None else dict(self.record),
            "undisclosed": self.undisclosed,
            "status": {
                "flags": [] if status is None else list(status.flags),
                "outcome": None if status is None else status.outcome,
                "version": None if status is None else status.version,
            },
            "correctedBy": None if corrected is None else hex32(corrected),
            "later": [
                {
                    "fact": item.fact,
                    "recordedAt": instant(item.recorded),
                    "effectiveAt": instant(item.effective),
                }
                for item in self.later()
            ],
            "now": {"verdict": self.now.verdict, "usable": self.now.usable},
            "network": {"name": self.trust.name, "digest": hex32(self.trust.digest)},
            "head": None if self.facts is None else _block(self.facts.head),
            "receiptDigest": hex32(self.digest),
            "checks": [check.as_dict() for check in self.standing.checks],
            "notes": [
                {"code": note.code, "message": note_text(note), "node": note.node}
                for note in self.notes
            ],
        }


def note_text(note: Note) -> dict[str, str]:
    """A note in zh and en."""
    return {
        language: text.format(node=note.node, what=note.what)
        for language, text in NOTES[note.code].items()
    }


def worst_exit(exits: Sequence[int]) -> int:
    """The exit code of several receipts: the worst of theirs; of none at all, "unknown"."""
    return min(exits, key=EXIT_ORDER.index, default=EXIT_UNKNOWN)


def _block(block: Block) -> dict[str, Any]:
    return {"number": block.number, "hash": block.hash, "time": instant(block.time)}
