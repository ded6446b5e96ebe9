"""What was read of a log, held against the chain and all other logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from ledger.audit.catalogue import Catalogue
from ledger.audit.commitments import NEVER, Commitments, References, Seat
from ledger.audit.entries import Group
from ledger.audit.findings import Findings
from ledger.audit.held import ActedOn, Corrections
from ledger.audit.incomplete_codes import INCOMPLETE
from ledger.audit.listed import ListEntries
from ledger.audit.log_account import LogAccount
from ledger.audit.noted import Noted, Wants
from ledger.audit.opened import ANEW, Opened
from ledger.audit.state import Anchor, Log, State, is_anew
from ledger.audit.stretches import Stretches, epochs_of
from ledger.audit.timely import LogTimely
from ledger.audit.times import BlockTimes
from ledger.audit.unproven import Unproven
from ledger.chain.contracts.structs import MONTH
from ledger.chain.network import Rebuilt
from ledger.core.ids import Digest, record_id
from ledger.core.keys import Role
from ledger.core.verdict.facts import SHANGHAI_OFFSET, end_of
from ledger.records.calendar import Calendar

__all__ = ["Against", "LogJudge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What logs are held against, the same for all of them; it takes up what stands in them.
    rebuilt: when a lost chain was filled anew."""

    state: State
    times: BlockTimes
    catalogue: Catalogue
    findings: Findings
    commitments: Commitments
    references: References
    corrections: Corrections
    acted_on: ActedOn
    calendar: Calendar
    rebuilt: Rebuilt | None = None
    opened: Opened | None = None
    listed: ListEntries | None = None

    @property
    def wants(self) -> Wants:
        """What has to be noted beside commitments."""
        records = None if self.opened is None else self.opened.wanted
        return Wants(records, frozenset() if self.listed is None else self.listed.names)

    def close(self) -> None:
        """Drop the temporary files."""
        self.commitments.close()
        self.references.close()


@dataclass(slots=True, kw_only=True)
class LogJudge:
    """Judges one log. number: its place among the logs; ranks: of its anchors among all."""

    log: Log
    number: int
    ranks: Sequence[int]
    against: Against
    epochs: Sequence[int] = field(init=False)
    timely: LogTimely = field(init=False)
    _stretches: Stretches = field(init=False)
    _waiting: Unproven = field(default_factory=Unproven)
    _records: Counter[Group] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        against = self.against
        owner = against.state.members.get(self.log.member)
        self.epochs = epochs_of(self.log, owner, against.catalogue, against.times)
        self._stretches = Stretches(self.log.anchors, self.epochs, self.log.end)
        self.timely = LogTimely(
            log=self.log,
            times=against.times,
            calendar=against.calendar,
            rebuilt=against.rebuilt,
        )

    # ---- what was read, piece by piece

    def take(self, noted: Noted) -> None:
        """Some more of its entries, which count once an anchor behind them is right. Raises
        CouldNotCheck."""
        self._waiting.add(noted)
        for one in self._waiting.until(noted.proven):
            self._judge(one)

    def _judge(self, noted: Noted) -> None:
        against, log = self.against, self.log.log_id
        _, epoch, number = self._stretches.at(noted.first)
        rank = NEVER if number is None else self.ranks[number]
        anchor = None if number is None else self.log.anchors[number]
        time = self._time(noted, anchor)
        if anchor is not None:
            for said in (noted.said, noted.again):
                self._records.update({(epoch, about): count for about, count in said.items()})
            self._tell(noted)
            self._name(noted, rank, anchor)
            self.timely.take(noted.said, noted.first, anchor)
            if against.listed is not None:
                against.listed.seen(log, noted.listed, time)
        against.acted_on.found(self.number, noted.commitments)
        if against.opened is not None:
            against.opened.seen(log, noted, ANEW if is_anew(against.state, time) else time)
        against.commitments.add(self.number, noted.first, rank, noted.commitments, noted.flags)

    def _tell(self, noted: Noted) -> None:
        """What is wrong with entries, and what cannot be read."""
        for item in noted.bad:
            where = f"entry/{item.index}"
            if item.code in INCOMPLETE:
                path = f"log/{self.log.log_id.hex()}/{where}"
                self.against.findings.unchecked(item.code, path, why=item.why)
            else:
                self._add(item.code, where, why=item.why)

    def _time(self, noted: Noted, anchor: Anchor | None) -> int:
        """Of its anchor, where somebody asks for it; each is a question to the chain."""
        if anchor is None or (self.against.opened is None and not noted.listed):
            return 0
        return self.against.times.at(anchor.place[0])

    def _name(self, noted: Noted, rank: int, anchor: Anchor) -> None:
        """What entries name."""
        against = self.against
        for named in noted.names:
            seat = Seat(rank, self.number, named.index, named.flags)
            against.references.add(seat, named.target, replaces=named.replaces)
            if named.replaces:
                continue
            commitment = bytes.fromhex(noted.commitments[named.index - noted.first].decode())
            by = record_id(self.log.log_id, Digest(commitment))
            anchored = against.times.at(anchor.place[0])
            if against.corrections.is_late(named.target, by, anchored):
                where, target = f"entry/{named.index}", named.target.hex()
                self._add("correction-without-act", where, target=target, record=by.hex())

    # ---- all of it

    def end(self, account: LogAccount) -> None:
        """Everything was read that could be; what stands in another log than was anchored counts
        for nothing. Raises CouldNotCheck."""
        for noted in self._waiting.until(account.proven):
            self._judge(noted)
        self._waiting.close()
        self.against.findings.absorb(account.findings)
        for group, index in sorted(account.tally.firsts.items()):
            if account.proven is None or index < account.proven:
                self._group(group, index, self._records[group])
        for code, index, evidence in self.timely.findings():
            self._add(code, f"entry/{index}", **evidence)

    def _group(self, group: Group, index: int, count: int) -> None:
        """The first of the records that say the same and were anchored while the same was allowed:
        owner a province, type in the catalogue, period as exact as it should be, not of the
        future."""
        _, (period_, schema_, _) = group
        period, schema = period_.decode(), schema_.decode()
        number, against = self._stretches.at(index).anchor, self.against
        owner = against.state.members.get(self.log.member)
        if number is None or owner is None:
            return
        anchor = self.log.anchors[number]
        time, where = against.times.at(anchor.place[0]), f"entry/{index}"
        if not owner.roles_at(anchor.place) & Role.PROVINCE:
            roles = owner.roles_at(anchor.place)
            self._add("issuer-not-a-province", where, roles=roles, records=count, tx=anchor.tx)
        item = against.catalogue.find(schema, owner.region, time)
        if item is None:
            self._add("type-not-in-catalogue", where, schema=schema, records=count)
        elif len(period) != (7 if item.granularity == MONTH else 4):
            self._add("period-granularity", where, schema=schema, period=period)
        if _start_of(period) > time:
            self._add("period-in-future", where, period=period, anchored=anchor.tx)

    def _add(self, code: str, where: str, **evidence: str | int) -> None:
        log = self.log
        path = f"log/{log.log_id.hex()}/{where}"
        self.against.findings.add(code, log=log.log_id, member=log.member, where=path, **evidence)


def _start_of(period: str) -> int:
    """The first instant of a month or year in Asia/Shanghai."""
    year, _, month = period.partition("-")
    if not 1 <= int(year):
        return -SHANGHAI_OFFSET
    return end_of(date(int(year), int(month or 1), 1)) - 86_400
