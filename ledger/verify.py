"""Verifying receipts: the pure verdict of `ledger.core`, with what schemas and chain say put in.

    verifier = Verifier(NetworkFile.load(path))
    verdict = verifier.verify(data, Question(subject="91110000600037341L"))

No error leaves `verify`: what could not be checked, whatever the reason, is `undetermined`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from ledger.chain.facts import Snapshot
from ledger.chain.network import NetworkFile
from ledger.chain.quorum import QuorumReader
from ledger.core import receipt as receipts
from ledger.core.commitment import Header, Value
from ledger.core.errors import CouldNotCheck, EvidenceError, Malformed, VersionUnknown
from ledger.core.facts import (
    ChainFacts,
    Question,
    RecordFacts,
    RecordProblem,
    Trust,
    Unread,
    end_of,
)
from ledger.core.ids import Digest, sha256
from ledger.core.receipt import Receipt
from ledger.core.verdict import Verdict, broken, examine, judge, malformed, newer
from ledger.records import publicity, schema, uscc
from ledger.records import rules as rules_files
from ledger.records.check_record import check_record, decision_of
from ledger.records.schema import Schema


class Verifier:
    """Judges receipts by one network file.

    All receipts of one verifier are judged by the same head, read at the first one that needs it.
    """

    def __init__(
        self,
        network: NetworkFile,
        *,
        now: Callable[[], float] = time.time,
        reader: QuorumReader | None = None,
    ) -> None:
        """now: Unix seconds of the local clock. reader: by default one of the network's nodes."""
        self.trust = trust_of(network)
        self._now = now
        self._reader = reader or QuorumReader(network, now=now)
        self._snapshot: Snapshot | Unread | None = None

    def close(self) -> None:
        """Drops the connections."""
        self._reader.close()

    def verify(self, data: bytes, question: Question) -> Verdict:
        """The verdict on the bytes of a receipt file."""
        digest = sha256(data)
        try:
            try:
                receipt = receipts.parse(data)
            except Malformed as error:
                return malformed(digest, error, question, self.trust)
            except VersionUnknown as error:
                return newer(digest, error, question, self.trust)
            return self._judge(digest, receipt, question)
        except Exception as error:  # a bug of ours must never read "not authentic"
            return broken(digest, f"{type(error).__name__}: {error}", question, self.trust)

    def _judge(self, digest: Digest, receipt: Receipt, question: Question) -> Verdict:
        record = record_facts(receipt)
        examined = examine(
            digest=digest, receipt=receipt, record=record, question=question, trust=self.trust
        )
        facts: ChainFacts | Unread = Unread(code="chain-unreadable", problem="not asked")
        if not examined.refuted:
            facts = self._facts(receipt)
        return judge(examined, facts=facts, now=int(self._now()))

    def _facts(self, receipt: Receipt) -> ChainFacts | Unread:
        try:
            if self._snapshot is None:
                self._snapshot = Snapshot.take(self._reader)
            if isinstance(self._snapshot, Unread):
                return self._snapshot
            return self._snapshot.facts(receipt)
        except CouldNotCheck as error:
            unread = Unread(code=error.code, problem=error.message)
            # No head now is no head for the next receipt either, without waiting for it again.
            self._snapshot = self._snapshot or unread
            return unread


def trust_of(network: NetworkFile) -> Trust:
    """What of the network file a verdict is judged by and names."""
    return Trust(
        name=network.name,
        digest=network.digest,
        reference=network.reference,
        max_head_age=network.max_head_age,
    )


def ask(
    *,
    subject: str | None = None,
    type_: str | None = None,
    issuer: str | None = None,
    as_of: date | None = None,
) -> Question:
    """A question as a person puts it. subject: in any spelling of its letters and spaces."""
    return Question(
        subject=None if subject is None else uscc.normalise(subject),
        type=type_,
        issuer=issuer,
        as_of=None if as_of is None else as_of.isoformat(),
        end_of_as_of=None if as_of is None else end_of(as_of),
    )


def record_facts(receipt: Receipt) -> RecordFacts | None:
    """What its schema says of a record; None: no record, or we do not hold the schema.

    The schema is the one whose digest the payload names. A bare receipt names none; then the name
    in the entry serves to list what was not disclosed.
    """
    header = None if receipt.presentation is None else receipt.presentation.payload.header
    found = _schema(receipt, header)
    if found is None:
        return None
    fields = _disclosed(receipt, found)
    window, problem = publicity.UseWindow(None, None), None
    if header is not None:
        rules = rules_files.newest()
        decision = decision_of(found, rules, header, fields)
        window = publicity.use_window(rules, decision, header.until)
        problem = _until_problem(check_record(found, rules, header, fields))
    return RecordFacts(
        schema=found.id,
        slots=found.slots,
        code_field=found.subject.code,
        registration_field=found.subject.registration,
        filler=uscc.FILLER,
        decided_field=found.decided,
        until_problem=problem,
        usable_to=_iso(window.usable_to),
        expired_from=_iso(window.expired_from),
    )


def _schema(receipt: Receipt, header: Header | None) -> Schema | None:
    if header is not None:
        return schema.by_hash(header.schema_sha256.hex())
    name, _, version = (receipt.entry.schema or "").partition("@")
    return schema.find(name, int(version)) if version else None


def _disclosed(receipt: Receipt, found: Schema) -> Mapping[str, Value]:
    """The fields shown; none where they do not hold, which `internal_checks` reports."""
    try:
        return {} if receipt.presentation is None else receipt.presentation.fields(found.slots)
    except EvidenceError:
        return {}


def _until_problem(problems: Sequence[RecordProblem]) -> str | None:
    """How `until` contradicts the rules or the field it is made from; None: it does not."""
    found = (problem for problem in problems if problem.code.startswith("until-"))
    return next((f"until, {problem.field or problem.code}" for problem in found), None)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
