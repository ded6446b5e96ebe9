"""Statements of members for audits: made at the time of the chain, batched, anchored, opened."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from ledger.audit.opening_files import Asked, OpeningFiles, piece_name
from ledger.audit.replay import Report
from ledger.chain.keys.signers import LocalSigner
from ledger.core import merkle, receipt
from ledger.core.case import Step
from ledger.core.docs import Doc
from ledger.core.entry import parse_entry
from ledger.core.ids import LogId, RecordId, record_id, sha256
from ledger.core.keys import Purpose
from ledger.core.opening import Opening, Promised, of_receipt
from ledger.core.promise import MAX_PROMISE, Promise, digest
from ledger.core.statement import Statement, dummy
from ledger.core.status import Action, Basis
from ledger.core.verdict.facts import date_of
from ledger.records.calendar import Calendar, Year
from tests.audit.conftest import Ledger
from tests.support.cases import acknowledge, act, make_act
from tests.support.chain import PROVINCES
from tests.support.ledger import MemberLog, Record

AUTHORITY = "11120000000000001X"
HOUR, DAY = 3600, 86_400
# Every day from Monday to Friday is worked, whatever year the machine is in.
WEEKDAYS = Calendar({year: Year(frozenset(), frozenset()) for year in range(2000, 2200)})


@dataclass
class Desk:
    """Officers of every member; what they say waits for `batch`."""

    ledger: Ledger
    folder: Path
    made: list[Statement] = field(default_factory=list)
    waiting: dict[str, list[Statement]] = field(default_factory=dict)
    unanswered: set[bytes] = field(default_factory=set)  # commitments that nobody opens
    count: int = 0
    acknowledged: int = 0
    more: dict[str, MemberLog] = field(default_factory=dict)  # logs of those that are no provinces

    @property
    def now(self) -> int:
        return self.ledger.network.anvil.head_time()

    @property
    def today(self) -> str:
        return date_of(self.now)

    def log(self, member: str) -> MemberLog:
        if member not in self.logs():
            self.more[member] = MemberLog(self.ledger.network, member)
        return self.logs()[member]

    def logs(self) -> dict[str, MemberLog]:
        own = {log.member: log for log in (self.ledger.beijing, self.ledger.tianjin)}
        return own | self.more

    def salt(self) -> bytes:
        self.count += 1
        return hashlib.sha256(b"salt %d" % self.count).digest()

    def doc(self) -> Doc:
        return Doc(name="决定书.pdf", salt=self.salt(), sha256=self.salt(), size=7)

    def say(self, member: str, log: LogId | None = None, at: int | None = None, **said: Any) -> Any:
        """A statement of a member, which waits for the batch of the log."""
        made = Statement(
            at=self.now if at is None else at,
            iss=member,
            log=log or self.log(member).log_id,
            salt=self.salt(),
            **said,
        )
        self.made.append(made)
        owner = next(log.member for log in self.logs().values() if log.log_id == made.log)
        self.waiting.setdefault(owner, []).append(made)
        return made

    def step(
        self,
        member: str,
        act: str,
        of: bytes | Statement,
        *,
        case: bytes | None = None,
        log: LogId | None = None,
        at: int | None = None,
        **changes: Any,
    ) -> Statement:
        """A step on a record, or behind another step."""
        values: dict[str, Any] = {
            "act": act,
            "authority": AUTHORITY,
            "channel": "desk",
            "role": f"unit-1:{act}",
            "day": self.today,
        }
        if isinstance(of, Statement):
            before = of.step()
            values |= {
                "case": before.case,
                "record": before.record,
                "step": before.step + 1,
                "prev": of.commitment,
            }
        else:
            values |= {"case": case or self.salt(), "record": RecordId(of)}
        members = Step(**values | changes).members()
        made: Statement = self.say(member, log, at, sort="case", members=members)
        return made

    def batch(self, member: str, *, fill: bool = True, anchor: bool = True) -> None:
        """Move what waits to the log, filled up, and anchor it."""
        log, waiting = self.log(member), self.waiting.pop(member, [])
        while fill and (not waiting or len(waiting) % 16):
            one = dummy(at=self.now, iss=member, log=log.log_id, salt=self.salt())
            self.made.append(one)
            waiting.append(one)
        log.put_raw(*[one.entry() for one in waiting])
        if anchor:
            log.anchor()

    def put(self, member: str, record: Record) -> int:
        """A record of a member, anchored; its index."""
        log = self.log(member)
        index = log.put(record)
        log.anchor()
        return index

    def act(self, action: Action, made: Statement, index: int, **changes: Any) -> None:
        """The act of Tianjin's that goes with a step on its record."""
        log = self.ledger.tianjin
        values: dict[str, Any] = {"doc": made.doc(), "basis": made.step().basis or Basis.COURT}
        commitment = log.records[index].commitment.digest
        done = make_act(log.network, action, log.log_id, commitment, **values | changes)
        act(log.network, log.member, done)

    # ---- openings

    def promised(
        self,
        made: Statement,
        *,
        issued: int | None = None,
        due: int | None = None,
        signer: LocalSigner | None = None,
    ) -> Opening:
        """An opening by a promise that the member signed."""
        network, member = self.ledger.network, made.iss
        issued = made.at if issued is None else issued
        entry = parse_entry(made.entry())
        terms: dict[str, Any] = {
            "leaves_root": merkle.leaf_hash(made.entry()),
            "count": 1,
            "issued_at": issued,
            "due": issued + MAX_PROMISE if due is None else due,
        }
        signed = digest(
            chain_id=network.file.chain_id,
            log_anchor=network.deployment.log_anchor,
            member=member,
            log=made.log,
            **terms,
        )
        key = signer or network.keys[member, Purpose.ANCHOR]
        promise = Promise(log=made.log, signature=key.sign_digest(signed), **terms)
        return Opening(
            statement=made, entry=entry, proof=Promised(index=0, path=(), promise=promise)
        )

    def anchored(self, made: Statement, checkpoint: str | None = None) -> Opening:
        """An opening by a receipt."""
        log = self.log(made.iss)
        index = log.entries.index(made.entry())
        return of_receipt(made, receipt.parse(log.receipt(index, bare=True, checkpoint=checkpoint)))

    def keep(self, *openings: Opening) -> list[Path]:
        """Files of single openings."""
        paths = []
        for number, opening in enumerate(openings):
            path = self.folder / f"opening-{number}.json"
            path.write_bytes(opening.encode())
            paths.append(path)
        return paths

    def answers(self) -> Path:
        """What members answer who open all that they said."""
        folder = self.folder / "answers"
        for log in self.logs().values():
            opened = [
                orjson.loads(self.promised(one).encode())
                for one in self.made
                if one.log == log.log_id
                and one.iss == log.member
                and one.commitment not in self.unanswered
            ]
            path = folder / piece_name(Asked(log.log_id, 0, len(log.entries)))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(orjson.dumps({"next": None, "openings": opened}))
        return folder

    # ---- time and the report

    def wait(self, seconds: int) -> None:
        """The next block comes that much later."""
        anvil = self.ledger.network.anvil
        anvil.call("evm_increaseTime", seconds)
        anvil.mine()

    def report(self, *paths: Path, after: int = 0, calendar: Calendar = WEEKDAYS) -> Report:
        """The report, everything acknowledged, and that much later."""
        if (count := self.ledger.network.case_registry.latest().count) > self.acknowledged:
            self.acknowledged = count
            acknowledge(self.ledger.network, *PROVINCES)
        self.wait(after)
        self.ledger.network.anvil.mine()
        files = OpeningFiles(paths or [self.answers()])
        logs = list(self.logs().values())
        return self.ledger.replay(openings=files, calendar=calendar, logs=logs)


def repaired(desk: Desk, index: int = 0, **changes: Any) -> Sequence[Statement]:
    """A repair, filed, accepted and granted by Tianjin, and done. changes: of the grant."""
    log = desk.ledger.tianjin
    record = record_of(log, index)
    filed = desk.step(log.member, "file-repair", record, received=desk.today)
    accepted = desk.step(log.member, "accept", filed)
    values: dict[str, Any] = {"basis": 1, "class_": "general", "docs": (desk.doc(),)}
    granted = desk.step(log.member, "grant", accepted, **values | changes)
    desk.act(Action.REPAIR, granted, index)
    return filed, accepted, granted


def objected(desk: Desk, index: int = 0, *, by: str = "120000", **changes: Any) -> Statement:
    """An objection to a record of Tianjin."""
    record = record_of(desk.ledger.tianjin, index)
    return desk.step(by, "file-objection", record, note="有误", **changes)


def record_of(log: MemberLog, index: int) -> RecordId:
    """The record id of a record in a log."""
    return record_id(log.log_id, log.records[index].commitment.digest)


def this_month(desk: Desk) -> date:
    """The first day of the month in which the chain is."""
    return date.fromisoformat(desk.today).replace(day=1)


def forged(opening: Opening) -> Opening:
    """The same with another salt."""
    other = replace(opening.statement, salt=sha256(opening.statement.salt))
    return replace(opening, statement=other)
