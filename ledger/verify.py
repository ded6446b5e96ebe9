"""Verifying receipts: the pure verdict of `ledger.core`, with what schemas and chain say put in.

    verifier = Verifier(NetworkFile.load(path))
    verdict = verifier.verify(data, Question(subject="91110000600037341L"))

No error leaves `verify`: what could not be checked, whatever the reason, is `undetermined`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar

from ledger.chain.acts import Histories
from ledger.chain.covered import AtBlock
from ledger.chain.network import NetworkFile, demand_majority
from ledger.chain.nodes.quorum import QuorumReader
from ledger.chain.snapshot import MemberFacts, Snapshot
from ledger.chain.statuses import Act
from ledger.core import receipt as receipts
from ledger.core.errors import CouldNotCheck, Malformed, VersionUnknown
from ledger.core.ids import Digest, RecordId, sha256
from ledger.core.opening import is_opening, parse_opening
from ledger.core.receipt import Receipt
from ledger.core.statement import Statement, parse_statement
from ledger.core.status import RecordedAct
from ledger.core.verdict.facts import (
    ChainFacts,
    Note,
    PromiseFacts,
    Question,
    Trust,
    Unread,
    end_of,
)
from ledger.core.verdict.judge import broken, examine, judge, malformed, newer
from ledger.core.verdict.statement import (
    StatementVerdict,
    examine_promised,
    examine_statement,
    judge_promised,
    judge_statement,
    unreadable,
)
from ledger.core.verdict.verdict import Verdict
from ledger.records import uscc
from ledger.records.facts import record_facts, schema_of
from ledger.records.schema import Schema
from ledger.records.store import Library

__all__ = [
    "DEADLINE_SECONDS",
    "FAILED_SECONDS",
    "HEAD_READS",
    "LOOKS",
    "LOOK_SECONDS",
    "WAIT_SECONDS",
    "Verifier",
    "ask",
    "trust_of",
]

_Facts = TypeVar("_Facts", ChainFacts, PromiseFacts)

HEAD_READS = 4
"""A head is read anew so many times within `maxHeadAge`, so that it is never too old for that."""
FAILED_SECONDS = 5.0
"""For so long it is not tried again to read a head that could not be read."""
WAIT_SECONDS = 6.0
"""For so long a quorum is given to reach what a single node shows against a record."""
LOOK_SECONDS = 0.5
"""Between two looks whether it has."""
LOOKS = 2
"""That are taken for one block: the first may be another thread's, begun before it was there."""
DEADLINE_SECONDS = 120.0
"""For all that is asked of the nodes about one receipt."""


class Verifier:
    """Judges receipts by one network file. May live for long, and be shared between threads.

    Receipts are judged by the head that was read last, which is read again when a quarter of
    `maxHeadAge` has gone by, and for a receipt that says it was anchored beyond it.
    """

    def __init__(
        self,
        network: NetworkFile,
        *,
        schemas: Path | Library | None = None,
        now: Callable[[], float] = time.time,
        reader: QuorumReader | None = None,
        development: bool | None = None,
        elapsed: Callable[[], float] = time.monotonic,
        wait: float = WAIT_SECONDS,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        """schemas: a folder with schema and rules files beside those that we package, or what was
        read of it. now: Unix seconds of the local clock. reader: by default one of the network's
        nodes. development: whether half of the nodes may be a quorum; None: as CREDIT_LEDGER_ENV
        says. elapsed: seconds of a clock that is never set. wait: seconds that a quorum is given
        to reach what a single node shows. deadline: seconds for what is asked about one receipt.
        Raises ConfigError."""
        demand_majority(network, development)
        self.trust = trust_of(network)
        self._library = schemas if isinstance(schemas, Library) else Library.load(schemas)
        self._now = now
        self._reader = reader or QuorumReader(network, now=now, development=development)
        self._elapsed = elapsed
        self._wait = wait
        self._deadline = deadline
        self._fresh = network.max_head_age / HEAD_READS
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._histories = Histories()
        self._failed: CouldNotCheck | None = None
        self._read_at = 0.0

    def close(self) -> None:
        """Drop the connections."""
        self._reader.close()

    def verify(self, data: bytes, question: Question, *, statement: bytes | None = None) -> Verdict:
        """The verdict on the bytes of a file: a receipt, or an opening of a statement, which is
        told by its `_type`. statement: the bytes of the statement that a receipt is of; then, as of
        an opening, the verdict is a `StatementVerdict`."""
        digest = sha256(data)
        try:
            if is_opening(data) and statement is None:
                return self._opening(digest, data, question)
            if statement is not None:
                return self._statement(digest, data, statement, question)
            try:
                receipt = receipts.parse(data)
            except Malformed as error:
                return malformed(digest, error, question, self.trust)
            except VersionUnknown as error:
                return newer(digest, error, question, self.trust)
            return self._judge(digest, receipt, question)
        except Exception as error:  # a bug of ours must never read "not authentic"
            return broken(digest, f"{type(error).__name__}: {error}", question, self.trust)

    @property
    def schemas(self) -> Library:
        """The schemas, rules and lists of fields that it judges by."""
        return self._library

    def renew(self, older: float) -> None:
        """Have the chain read anew for what is judged next, where it was read more than so many
        seconds ago."""
        with self._lock:
            if self._elapsed() - self._read_at >= older:
                self._snapshot = None

    def now(self) -> int:
        """Unix seconds of the local clock."""
        return int(self._now())

    def member(self, code: str) -> MemberFacts:
        """A member and its keys, by the head that was read last. Raises CouldNotCheck."""
        return self._readable().member(code)

    def provinces_at(self, time: int) -> Sequence[str]:
        """Codes of the provinces that are ACTIVE at that head, and were provinces at that Unix
        second. Raises CouldNotCheck."""
        return self._readable().provinces_at(time)

    def at_block(self, member: str, number: int) -> AtBlock:
        """What of the logs of a member was anchored at a block, by that head, or where the block is
        not final there by one that is read anew. Raises CouldNotCheck."""
        return self._readable(number).at_block(member, number)

    def visibility_of(self, type_: str, member: str) -> int:
        """The strictest that a type of records ever had in the catalogue of the region of a member,
        as the chain writes it; 0: it never had one. Raises CouldNotCheck."""
        snapshot = self._readable()
        return snapshot.visibility_of(type_, snapshot.member(member).owner.region)

    def schema(self, receipt: Receipt) -> Schema | None:
        """The schema that the payload of a receipt names; of a bare one that of its entry's name.
        None: it is of no record, or we do not hold the schema."""
        return schema_of(receipt, self._library)

    def revoked_at(self, custodian: str, commitment: bytes) -> int | None:
        """Since when an authorisation of a member is taken back, by that head; None: it is not.
        Raises CouldNotCheck."""
        return self._readable().revoked_at(custodian, commitment)

    def acts(self, record: RecordId) -> Sequence[RecordedAct]:
        """All acts on a record, in their order, by that head. Raises CouldNotCheck."""
        return self._readable().acts_on(record)

    def prepare(self, files: Iterable[bytes]) -> None:
        """Read together what the chain is asked about each of many receipts, so that `verify`
        finds it read. What cannot be read now is read, and told, there."""
        found = []
        for data in files:
            with contextlib.suppress(Malformed, VersionUnknown):
                found.append(receipts.parse(data))
        with contextlib.suppress(CouldNotCheck):
            self._readable().prepare(found)

    def reach(self, block: int | None = None) -> None:
        """Look at the chain again before what was made a moment ago is judged: where this block is
        not final by the head that was read last; None: in any case. What cannot be read now is
        read, and told, there."""
        with contextlib.suppress(CouldNotCheck):
            for _ in range(LOOKS):
                snapshot = self._current()
                if block is not None and block <= snapshot.final:
                    return
                self._look_again(snapshot)

    def _opening(self, digest: Digest, data: bytes, question: Question) -> StatementVerdict:
        try:
            opening = parse_opening(data)
        except (Malformed, VersionUnknown) as error:
            return unreadable(digest, error, question, self.trust)
        if isinstance(opening.proof, Receipt):
            return self._anchored(digest, opening.statement, opening.proof, question)
        examined = examine_promised(
            digest=digest,
            opening=opening,
            held=opening.proof,
            question=question,
            trust=self.trust,
        )
        facts: PromiseFacts | Unread = Unread(code="chain-unreadable", problem="not asked")
        notes: tuple[Note, ...] = ()
        if not examined.refuted:
            log = opening.proof.promise.log
            facts, notes = self._ask(lambda of: of.promise_facts(log), lambda of: of.acts_of(log))
        return replace(judge_promised(examined, facts=facts, now=int(self._now())), notes=notes)

    def _statement(
        self, digest: Digest, data: bytes, statement: bytes, question: Question
    ) -> Verdict:
        try:
            receipt = receipts.parse(data)
        except Malformed as error:
            return malformed(digest, error, question, self.trust)
        except VersionUnknown as error:
            return newer(digest, error, question, self.trust)
        try:
            said = parse_statement(statement)
        except (Malformed, VersionUnknown) as error:
            return unreadable(digest, error, question, self.trust)
        return self._anchored(digest, said, receipt, question)

    def _anchored(
        self, digest: Digest, statement: Statement, receipt: Receipt, question: Question
    ) -> StatementVerdict:
        examined = examine_statement(
            digest=digest,
            statement=statement,
            receipt=receipt,
            question=question,
            trust=self.trust,
        )
        facts: ChainFacts | Unread = Unread(code="chain-unreadable", problem="not asked")
        notes: tuple[Note, ...] = ()
        if not examined.refuted:
            facts, notes = self._facts(receipt, status=False)
        return replace(judge_statement(examined, facts=facts, now=int(self._now())), notes=notes)

    def _judge(self, digest: Digest, receipt: Receipt, question: Question) -> Verdict:
        record = record_facts(receipt, self._library)
        examined = examine(
            digest=digest, receipt=receipt, record=record, question=question, trust=self.trust
        )
        facts: ChainFacts | Unread = Unread(code="chain-unreadable", problem="not asked")
        notes: tuple[Note, ...] = ()
        if not examined.refuted:
            facts, notes = self._facts(receipt, question.end_of_as_of)
        return judge(examined, facts=facts, now=int(self._now()), notes=notes)

    def _facts(
        self, receipt: Receipt, end: int | None = None, *, status: bool = True
    ) -> tuple[ChainFacts | Unread, tuple[Note, ...]]:
        """What the chain says, and what is to be said of its nodes. status: as of `facts`."""
        return self._ask(
            lambda of: of.facts(receipt, end, status=status),
            lambda of: of.acts(receipt, status=status),
            receipt.anchor.block,
        )

    def _ask(
        self,
        read: Callable[[Snapshot], _Facts],
        look: Callable[[Snapshot], Sequence[Act]],
        block: int = 0,
    ) -> tuple[_Facts | Unread, tuple[Note, ...]]:
        """What `read` gives once single nodes show nothing more by `look`. block: up to which the
        chain must be known, if it goes so far."""
        snapshot: Snapshot | None = None
        try:
            snapshot = self._current()
            if snapshot.number < block and self._may_look():
                snapshot = self._look_again(snapshot)
            snapshot.extend(self._deadline)
            facts = read(snapshot)
            until = time.monotonic() + self._wait
            while acts := look(snapshot):
                # Neither believed nor passed over: a quorum may soon have seen as much.
                snapshot = self._look_again(snapshot)
                facts = read(snapshot)
                if acts := look(snapshot):
                    if time.monotonic() > until:
                        raise CouldNotCheck("act-unconfirmed", "; ".join(map(str, acts)))
                    time.sleep(LOOK_SECONDS)
        except CouldNotCheck as error:
            notes = () if snapshot is None else snapshot.run.notes
            return Unread(code=error.code, problem=error.message), notes
        return facts, snapshot.run.notes

    def _readable(self, block: int = 0) -> Snapshot:
        """The chain for what is asked of it beside a receipt, by the head that was read last, or
        where this block is not final there by one that is read anew. Raises CouldNotCheck wherever
        check 8 of a receipt would not pass."""
        snapshot = self._current()
        if snapshot.final < block and self._may_look():
            snapshot = self._look_again(snapshot)
        snapshot.extend(self._deadline)
        snapshot.demand_readable(self.now())
        return snapshot

    def _may_look(self) -> bool:
        return self._elapsed() - self._read_at >= LOOK_SECONDS

    def _current(self) -> Snapshot:
        """The chain as it was a short while ago at most. Raises CouldNotCheck."""
        with self._lock:
            age = self._elapsed() - self._read_at
            if self._snapshot is not None and age < self._fresh:
                return self._snapshot
            if self._failed is not None and age < min(self._fresh, FAILED_SECONDS):
                raise self._failed
            self._snapshot, self._failed = None, None
            try:
                self._snapshot = Snapshot.take(self._reader, histories=self._histories)
            except CouldNotCheck as error:
                self._failed = error
                raise
            finally:
                self._read_at = self._elapsed()
            return self._snapshot

    def _look_again(self, seen: Snapshot) -> Snapshot:
        """The chain now, or as another thread has just found it. Raises CouldNotCheck."""
        with self._lock:
            if self._snapshot is not None and self._snapshot is not seen:
                return self._snapshot
            self._snapshot = seen.again(self._reader)
            self._read_at = self._elapsed()
            return self._snapshot


def trust_of(network: NetworkFile) -> Trust:
    """What of the network file a verdict is judged by and names."""
    return Trust(
        name=network.name,
        digest=network.digest,
        reference=network.reference,
        max_head_age=network.max_head_age,
        formerly=network.formerly,
    )


def ask(
    *,
    subject: str | None = None,
    type_: str | None = None,
    issuer: str | None = None,
    as_of: date | None = None,
    audience: str | None = None,
    nonce: str | None = None,
    witnesses: int = 0,
) -> Question:
    """A question as a person puts it. subject: in any spelling of its letters and spaces."""
    return Question(
        subject=None if subject is None else uscc.normalise(subject),
        type=type_,
        issuer=issuer,
        as_of=None if as_of is None else as_of.isoformat(),
        end_of_as_of=None if as_of is None else end_of(as_of),
        audience=audience,
        nonce=nonce,
        witnesses=witnesses,
    )
