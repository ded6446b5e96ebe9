"""Records that were drawn, held against the answers that their members gave about the same
subjects (design-2 15): whether each was disclosed, and whether an answer left it out.

1. The draw is what chain and tiles give: block, sizes, leaves. 2. Every record that was not closed
since was disclosed with a genuine receipt that shows whom it is about. 3. No answer about that code
contradicts it (`contradictions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.audit.ask_drawn import UNANSWERED
from ledger.audit.findings import Findings
from ledger.core.answer import Answer
from ledger.core.canonical import hex32
from ledger.core.draw import Draw, Drawn, DrawnLog
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Digest, sha256
from ledger.core.jws import Jws
from ledger.core.status import fold, words_of
from ledger.core.verdict.facts import Question
from ledger.core.verdict.verdicts import EXIT_NOT_AUTHENTIC
from ledger.files.contradictions import UNREAD, contradict, schema_of
from ledger.verify import Verifier

__all__ = ["DrawJudge", "differs", "is_closed"]

_DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class _Disclosed:
    """A record that was drawn, and whom it is about."""

    member: str
    drawn: Drawn
    code: str
    receipt: bytes


@dataclass(slots=True, kw_only=True)
class DrawJudge:
    """Judges draws. compared: answers that were held against a record; unseen: queries about a code
    of which nobody has the answer."""

    verifier: Verifier
    findings: Findings
    compared: int = 0
    unseen: int = 0
    _about: dict[tuple[str, str], list[_Disclosed]] = field(init=False, default_factory=dict)
    _answered: set[Digest] = field(init=False, default_factory=set)

    def draw(self, draw: Draw, receipts: Mapping[Digest, bytes]) -> None:
        """Judge what was given. receipts: by their SHA-256."""
        for log in draw.logs:
            for drawn in log.leaves:
                self._leaf(log, drawn, receipts)

    def answers(self, answers: Iterable[tuple[Answer, Jws]]) -> None:
        """Hold answers against what was disclosed; others are passed over."""
        for answer, jws in answers:
            digest = sha256(jws.text.encode())
            about = self._about.get((answer.iss, answer.question.code), ())
            if about and digest not in self._answered:
                self._answered.add(digest)
                self.compared += 1
                for disclosed in about:
                    self._compare(answer, jws, digest, disclosed)

    def queries(self, stated: Iterable[tuple[str, str, Digest]]) -> None:
        """Count queries whose answers are not here. stated: who answered, the code asked about,
        and the answer of each. Call it behind `answers`."""
        self.unseen += sum(
            (member, code) in self._about and answer not in self._answered
            for member, code, answer in stated
        )

    # ---- one leaf

    def _leaf(self, log: DrawnLog, drawn: Drawn, receipts: Mapping[Digest, bytes]) -> None:
        data = None if drawn.given is None else receipts.get(drawn.given)
        if data is not None:
            self._given(log, drawn, data)
            return
        if drawn.refused in UNANSWERED:
            self._unchecked(log, drawn, str(drawn.refused))
            return
        try:
            closed = is_closed(self.verifier, drawn)
        except CouldNotCheck as error:
            self._unchecked(log, drawn, error.code)
            return
        if not closed:
            lost = "receipt-not-here" if drawn.given is not None else "nothing-given"
            self._add(log, drawn, drawn.refused or lost)

    def _given(self, log: DrawnLog, drawn: Drawn, data: bytes) -> None:
        verdict = self.verifier.verify(data, Question(issuer=log.member))
        receipt = verdict.receipt
        if receipt is None or verdict.exit == EXIT_NOT_AUTHENTIC:
            self._add(log, drawn, "receipt-false")
        elif receipt.leaf != drawn.leaf:
            self._add(log, drawn, "other-record")
        elif verdict.verdict in UNREAD:
            self._unchecked(log, drawn, verdict.verdict)
        else:
            schema = schema_of(self.verifier, verdict)
            code = None if schema is None else (verdict.fields or {}).get(schema.subject.code)
            if isinstance(code, str):
                found = _Disclosed(log.member, drawn, code, data)
                self._about.setdefault((log.member, code), []).append(found)
            else:
                self._add(log, drawn, "no-code")

    def _compare(self, answer: Answer, jws: Jws, digest: Digest, disclosed: _Disclosed) -> None:
        found = contradict(self.verifier, answer, jws, disclosed.receipt)
        where = f"answer/{digest.hex()}"
        if found.proven:
            self.findings.add(
                "record-left-out",
                log=b"",
                member=answer.iss,
                where=where,
                leaf=hex32(disclosed.drawn.leaf),
                family=str(found.family),
            )
        elif found.reason == "unread":
            leaf = hex32(disclosed.drawn.leaf)
            self.findings.unchecked("draw-unchecked", where, why=found.reason, leaf=leaf)

    def _add(self, log: DrawnLog, drawn: Drawn, why: str) -> None:
        self.findings.add(
            "drawn-not-disclosed", log=log.log, member=log.member, where=_where(log, drawn), why=why
        )

    def _unchecked(self, log: DrawnLog, drawn: Drawn, why: str) -> None:
        self.findings.unchecked("draw-unchecked", _where(log, drawn), member=log.member, why=why)


def is_closed(verifier: Verifier, drawn: Drawn) -> bool:
    """Whether acts have closed a record, so that its member need not disclose it any more. Raises
    CouldNotCheck."""
    return any(word != _DISPUTED for word in words_of(fold(list(verifier.acts(drawn.record)))))


def differs(draw: Draw, again: Draw) -> str | None:
    """In a word what of a draw is not what chain and tiles give; None: nothing is."""
    if (draw.network, draw.number, draw.hash, draw.time) != (
        again.network, again.number, again.hash, again.time,
    ):  # fmt: skip
        return "block"
    told, found = (list(_leaves(one.logs)) for one in (draw, again))
    return None if told == found else "leaves"


def _leaves(logs: Sequence[DrawnLog]) -> Iterator[tuple[Any, ...]]:
    for log in logs:
        for one in log.leaves:
            yield (log.member, log.log, log.size, one.index, one.leaf, one.record)


def _where(log: DrawnLog, drawn: Drawn) -> str:
    return f"log/{log.log.hex()}/entry/{drawn.index}"
