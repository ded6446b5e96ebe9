"""Openings judged by what the chain and the logs say: whose they are, what was promised of them,
who is said to have witnessed them, and when they went into the log.

A statement whose digest stands in the log of its member is that member's, whatever else the opening
holds. One that no log has counts for as long as its promise does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from ledger.audit.findings import Findings
from ledger.audit.judge_mirrors import witnessed
from ledger.audit.opened import ANEW, Held, Opened
from ledger.audit.opening_files import OpeningFiles
from ledger.audit.service import KeptPromises
from ledger.audit.state import Key, Log, State, is_anew
from ledger.chain.contracts.bindings import LOG_ANCHOR
from ledger.core import eip712
from ledger.core.canonical import instant, parse_instant, unhex0x, unhex32
from ledger.core.eip712 import SIGNATURE65_SIZE
from ledger.core.entry import from_json as entry_from_json
from ledger.core.errors import EvidenceError, Malformed, VersionUnknown
from ledger.core.ids import Digest, LogId, bytes32_ascii, sha256
from ledger.core.keys import Purpose
from ledger.core.merkle import leaf_hash, verify_inclusion
from ledger.core.opening import Opening, Promised, internal_checks, parse_opening
from ledger.core.promise import MAX_LEAVES, MAX_PROMISE, Promise
from ledger.core.verdict.facts import DAY, SHANGHAI_OFFSET

__all__ = ["MULTIPLE", "Judge", "next_batch", "take"]

MULTIPLE = 16
"""Of so many statements is every batch (design-2 10)."""
_BATCH = 23 * 3600
"""Seconds of a day in Asia/Shanghai at which its batch is due."""


def next_batch(at: int) -> int:
    """Unix seconds at which the first batch after a time is due."""
    return (_batch_day(at) + 1) * DAY + _BATCH - SHANGHAI_OFFSET


def take(files: OpeningFiles, opened: Opened, judge: Judge) -> None:
    """Read all openings. Raises NotOpenings."""
    for data in files:
        try:
            opening = parse_opening(data)
        except VersionUnknown as error:
            judge.unread(data, error.message)
            continue
        except EvidenceError as error:
            judge.malformed(data, error)
            continue
        problem = next((one.error for one in internal_checks(opening) if one.error), None)
        if problem is None:
            opened.add(opening)
        else:
            judge.false(opening, str(problem))
    opened.answered(files.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What openings are held against. now: Unix seconds of the last block. kept: by member, what
    became of the promises among them."""

    state: State
    findings: Findings
    chain_id: int
    now: int
    kept: dict[str, KeptPromises] = field(default_factory=dict)
    _signers: dict[Promise, bool] = field(default_factory=dict)

    # ---- before the logs are read

    def unread(self, data: bytes, why: str) -> None:
        """Of a later version."""
        self.findings.unchecked("opening-version-unknown", f"opening/{sha256(data).hex()}", why=why)

    def malformed(self, data: bytes, error: EvidenceError) -> None:
        """No opening of ours. Where only the term of its promise is too long, and the member signed
        it, that is what is wrong."""
        term = _long_promise(data)
        log = None if term is None else self.state.logs.get(term.log)
        if term is not None and log is not None and self._signed(log, term):
            self._too_long(log, sha256(data), term.issued, term.due)
            return
        self.findings.add(
            "opening-false", member="", where=f"opening/{sha256(data).hex()}", why=str(error)
        )

    def false(self, opening: Opening, why: str) -> None:
        """Its parts do not belong together; anybody may have put them there."""
        where = f"opening/{opening.statement.commitment.hex()}"
        self.findings.add("opening-false", member="", where=where, why=why)

    # ---- behind the logs

    def opening(self, held: Held, opened: Opened, unread: frozenset[LogId]) -> None:
        """Judge one. unread: logs that could not be read whole."""
        made = held.opening.statement
        log = self.state.logs.get(made.log)
        if log is None or made.iss != log.member:
            self._not_the_owner(held, log)
            return
        if held.opening.receipt is not None:
            self._witnesses(held.opening, log)
        promised = held.opening.promised
        if promised is not None:
            self._keep(log, promised, held.anchored, whole=made.log not in unread)
        if promised is not None and promised.promise.due > made.at + MAX_PROMISE:
            if self._promised(log, promised):
                term = promised.promise
                self._too_long(log, made.commitment, made.at, term.due)
        if held.anchored is not None:
            opened.accept(made.commitment)
            if held.anchored > made.at + MAX_PROMISE:
                self._add("statement-late", log, made.commitment, anchored=instant(held.anchored))
            if made.sort == "query" and promised is not None:
                self._after_promise(log, made.commitment, promised, held.anchored)
            return
        self._not_there(held.opening, log, opened, whole=made.log not in unread)

    def _keep(self, log: Log, promised: Promised, anchored: int | None, *, whole: bool) -> None:
        """Count it for the service record, if it can be told what became of it."""
        told = anchored is not None or (whole and log.closed is None and not self._fills())
        if told and self._promised(log, promised):
            kept = self.kept.setdefault(log.member, KeptPromises())
            kept.take(promised.promise.due, anchored, self.now)

    def _after_promise(self, log: Log, name: Digest, promised: Promised, anchored: int) -> None:
        """An answer is given on the promise that its query will be in the log by then."""
        due = promised.promise.due
        if anchored > due and self._promised(log, promised):
            evidence = {"due": instant(due), "anchored": instant(anchored)}
            self._add("query-after-promise", log, name, **evidence)

    def _not_the_owner(self, held: Held, log: Log | None) -> None:
        """Who signs for another is a finding where it was anchored, else it is a piece of paper."""
        made = held.opening.statement
        if log is not None and held.anchored is not None:
            self._add("statement-not-the-owner", log, made.commitment, iss=made.iss)
        else:
            self.false(held.opening, "its log is another's")

    def _not_there(self, opening: Opening, log: Log, opened: Opened, *, whole: bool) -> None:
        """Of a statement that no log has: it is promised, or nobody's."""
        made, promised = opening.statement, opening.promised
        if promised is None or not self._promised(log, promised):
            if whole:
                self._add("opening-unproven", log, made.commitment)
            return
        opened.accept(made.commitment)
        due = promised.promise.due
        if whole and log.closed is None and due < self.now and not self._fills():
            self._add("promise-broken", log, made.commitment, due=instant(due))

    def _fills(self) -> bool:
        """Whether a lost chain is being filled anew still: what is not there may be on its way."""
        return is_anew(self.state, self.now)

    def _add(self, code: str, log: Log, commitment: Digest, **evidence: str | int) -> None:
        self.findings.add(
            code,
            log=log.log_id,
            member="" if code == "opening-unproven" else log.member,
            where=f"opening/{commitment.hex()}",
            **evidence,
        )

    def _too_long(self, log: Log, name: Digest, since: int, due: int) -> None:
        self._add("promise-too-long", log, name, since=instant(since), due=instant(due))

    # ---- promises

    def contracts(self) -> Iterator[str]:
        """Every LogAnchor that there was: a promise is made to one of them."""
        for _, address in self.state.contracts.get(LOG_ANCHOR, ()):
            yield address

    def _promised(self, log: Log, promised: Promised) -> bool:
        """Whether the owner of the log signed a promise with an ANCHOR key that it had then, and
        nobody is held to have stolen before."""
        promise = promised.promise
        if promise not in self._signers:
            term = _Term(
                log=promise.log,
                root=promise.leaves_root,
                count=promise.count,
                issued=promise.issued_at,
                due=promise.due,
                signature=promise.signature,
            )
            self._signers[promise] = self._signed(log, term)
        return self._signers[promise]

    def _signed(self, log: Log, term: _Term) -> bool:
        return any(
            _is_by(key, term.digest(self.chain_id, address, log.member), term.signature)
            for address in self.contracts()
            for key in self._keys(log.member, Purpose.ANCHOR)
            if key.not_before <= term.issued <= key.not_after
            and not 0 < key.compromised_since <= term.issued
        )

    def _keys(self, member: str, purpose: Purpose) -> Iterator[Key]:
        for key in self.state.keys.values():
            if key.member == member and key.purpose == purpose:
                yield key

    # ---- witnesses

    def _witnesses(self, opening: Opening, log: Log) -> None:
        """Each line of a receipt's checkpoint must be of a key that its witness had then."""
        receipt = opening.receipt
        for line in () if receipt is None else receipt.checkpoint.witnesses:
            if receipt is not None and not witnessed(self.state, receipt.checkpoint, line):
                commitment = opening.statement.commitment
                self._add("witness-line-false", log, commitment, witness=line.member)

    # ---- batches

    def batches(self, opened: Opened, unread: frozenset[LogId]) -> None:
        """Statements stand in multiples of 16, and one batch is moved a day. unread: logs that
        could not be read whole, of which nobody knows where a batch ends."""
        moved: dict[LogId, int] = {}  # day of the batch before
        for run in (run for run in opened.runs() if run.log not in unread):
            log = self.state.logs[run.log]
            where = f"log/{run.log.hex()}/entry/{run.first}"
            count = run.last + 1 - run.first
            # The end of the log may lie within a batch, for as long as an anchor may take.
            recent = run.anchored + MAX_PROMISE >= self.now or run.anchored == ANEW
            at_end = run.last + 1 >= log.size and recent
            if count % MULTIPLE and not at_end:
                self._batch("batch-not-filled", log, where, count=count)
            before = None if run.anchored == ANEW else moved.get(run.log)
            if before is not None and before >= _batch_day(run.anchored):
                self._batch("batch-out-of-time", log, where, anchored=instant(run.anchored))
            if run.latest is not None:
                moved[run.log] = _batch_day(run.latest)

    def _batch(self, code: str, log: Log, where: str, **evidence: str | int) -> None:
        self.findings.add(code, log=log.log_id, member=log.member, where=where, **evidence)

    # ---- what was asked for and not opened

    def unopened(self, opened: Opened) -> None:
        """An auditor may have every statement opened: one that cannot be is a finding."""
        for placed in opened.unopened():
            log = self.state.logs[placed.log]
            where = f"log/{placed.log.hex()}/entry/{placed.index}"
            self._batch("statement-unopened", log, where)


def _batch_day(time: int) -> int:
    """Number of the day, from 23:00 in Asia/Shanghai on, in which a moment lies."""
    return (time + SHANGHAI_OFFSET - _BATCH) // DAY


def _is_by(key: Key, digest: Digest, signature: bytes) -> bool:
    try:
        return eip712.recover(digest, signature).public_key == key.public_key
    except EvidenceError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """What a promise says, however long its term is: `Promise` takes none of more than 72 hours.
    issued, due: Unix seconds."""

    log: LogId
    root: bytes
    count: int
    issued: int
    due: int
    signature: bytes

    def digest(self, chain_id: int, address: str, member: str) -> Digest:
        """What is signed."""
        values: dict[str, eip712.Value] = {
            "member": bytes32_ascii(member),
            "logId": self.log,
            "leavesRoot": self.root,
            "count": self.count,
            "issuedAt": self.issued,
            "due": self.due,
        }
        return eip712.digest(eip712.domain("LogAnchor", chain_id, address), "Promise", values)


def _long_promise(data: bytes) -> _Term | None:
    """The promise of an opening whose term is too long; None: something else is wrong with it."""
    try:
        value = orjson.loads(data)
        held = value["promise"]
        found, index = _read(held["promise"]), held["index"]
        path = [Digest(unhex32(item)) for item in held["path"]]
        leaf = leaf_hash(entry_from_json(value["entry"]).encode())
        if type(index) is not int or found.due - found.issued <= MAX_PROMISE:
            return None
        verify_inclusion(
            leaf=leaf, index=index, size=found.count, path=path, root=Digest(found.root)
        )
    except (ValueError, KeyError, TypeError, AttributeError, EvidenceError):
        return None
    return found


def _read(value: Any) -> _Term:
    if type(value["count"]) is not int or not 1 <= value["count"] <= MAX_LEAVES:
        raise Malformed("promise", "count")
    return _Term(
        log=LogId(unhex32(value["log"])),
        root=unhex32(value["leavesRoot"]),
        count=value["count"],
        issued=parse_instant(value["issuedAt"]),
        due=parse_instant(value["due"]),
        signature=unhex0x(value["signature"], SIGNATURE65_SIZE),
    )
