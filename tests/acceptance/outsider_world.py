"""Four provinces and a thousand cases: what is public of them, and beside it what is true.

The statements are made, kept and moved by the parts of real gateways (`statements.issue`, the daily
batch, the acknowledger) on databases of their own under a clock that is told. Only the chain is
played: what the registry would publish of each act.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from gateway.base.db import begin_write
from gateway.chain.interfaces import OwnKey, OwnLog
from gateway.node import Node, make_node
from gateway.statements.interfaces import Said
from gateway.statuses import store as status_store
from gateway.statuses.acknowledging import Acknowledger
from gateway.statuses.store import LOCK, Position
from ledger.core.commitment import Header, commit
from ledger.core.docs import Doc
from ledger.core.entry import parse_entry
from ledger.core.ids import Digest, LogId, RecordId, doc, keccak256, log_id, record_id, sha256
from ledger.core.keys import Purpose
from ledger.core.status import Action, Basis
from ledger.records.publicity import rules_id
from ledger.records.schema import load
from tests.acceptance.independent import uscc
from tests.core.statements import step
from tests.gateway.statements.desk import grow, log_entries, said, set_clock
from tests.support.node import (
    CHAIN_ID,
    CONSORTIUM,
    make_facts,
    make_keys,
    make_network,
    make_settings,
)

STARTS = {"110000": "91110108MA", "120000": "91120118MA", "130000": "91130100MA"}
STARTS |= {"140000": "91140100MA"}
PROVINCES = tuple(STARTS)
FIRST_DAY = date(2026, 11, 24)
OPENS, CLOSES = 34_200, 63_000
"""Seconds of the day between which offices work: 9:30 to 17:30."""
HOUR = 3600
REGISTRY = "0x" + "ce" * 20


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is true. opened, more, decided: days of filing, of a supplement (None: there is none)
    and of the decision. at: second of the day at which it was filed."""

    firm: str
    home: str
    owner: str
    objection: bool
    opened: int
    more: int | None
    decided: int
    at: int
    decided_at: int


@dataclass(frozen=True, kw_only=True)
class SeenAct:
    """An act as the chain shows it. day, second: of its block, both in China."""

    owner: str
    record: RecordId
    commitment: Digest
    action: Action
    basis: Basis
    doc: Digest
    day: int
    second: int


@dataclass(frozen=True, kw_only=True)
class SeenAck:
    """An acknowledgement as the chain shows it, those of a day in their order."""

    member: str
    day: int
    count: int
    head: bytes
    deadline: int


@dataclass(kw_only=True)
class Public:
    """All that an outsider has. firms: every firm with its province. entries: commitments of the
    batch of a province and day, in the order of the log."""

    firms: Sequence[tuple[str, str]]
    acts: list[SeenAct] = field(default_factory=list)
    entries: dict[tuple[str, int], list[Digest]] = field(default_factory=dict)
    acks: list[SeenAck] = field(default_factory=list)

    def size(self, province: str, day: int) -> int:
        """Entries of a batch; 0 where there was none."""
        return len(self.entries.get((province, day), ()))


@dataclass(kw_only=True)
class World:
    """public: what is seen. cases: what is true, by number. case_of: of which case each act is, by
    its place among the acts. filed, taken, done: the statements of filing, of its acceptance and of
    the decision. real: how many statements of a province and day were no dummies."""

    cases: Sequence[Case]
    public: Public
    case_of: list[int] = field(default_factory=list)
    filed: dict[int, Digest] = field(default_factory=dict)
    taken: dict[int, Digest] = field(default_factory=dict)
    done: dict[int, Digest] = field(default_factory=dict)
    real: dict[tuple[str, int], int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Law:
    """How a world is made. background: statements of loans, queries and the like of a province and
    day, as many as 0 … this, each number as likely. careless: the documents of acts have no salt,
    and members acknowledge only acts on cases that are theirs."""

    seed: int
    cases: int
    days: int
    background: int
    careless: bool = False


def plan(law: Law) -> tuple[list[Case], dict[tuple[str, int], list[int]]]:
    """Draw the cases, and the seconds at which background is stated, by province and day."""
    rng = Random(law.seed)
    codes = [(uscc(n, start=STARTS[p]), p) for n in range(60) for p in PROVINCES]
    cases = []
    for _ in range(law.cases):
        firm, home = rng.choice(codes)
        opened = rng.randrange(law.days - 10)
        decided = opened + rng.randint(2, 9)
        cases.append(
            Case(
                firm=firm,
                home=home,
                owner=rng.choice([p for p in PROVINCES if p != home]),
                objection=rng.random() < 0.5,
                opened=opened,
                more=rng.randrange(opened + 1, decided) if rng.random() < 0.5 else None,
                decided=decided,
                at=rng.randrange(OPENS, CLOSES - HOUR),
                decided_at=rng.randrange(OPENS, CLOSES),
            )
        )
    others = {
        (p, day): [rng.randrange(OPENS, CLOSES) for _ in range(rng.randint(0, law.background))]
        for p in PROVINCES
        for day in range(law.days)
    }
    return cases, others


# ---- what happens on a day

_ACTS = {
    ("taken", True): Action.DISPUTE,
    ("done", True): Action.WITHDRAW,
    ("done", False): Action.REPAIR,
}
"""Which step sends which act, by whether the case is an objection."""


@dataclass(frozen=True, order=True)
class _Event:
    """A statement of a province. case: None: background."""

    second: int
    case: int = -1
    name: str = ""


def _events(
    cases: Sequence[Case], others: Mapping[tuple[str, int], list[int]]
) -> dict[tuple[str, int], list[_Event]]:
    found: dict[tuple[str, int], list[_Event]] = defaultdict(list)
    for number, one in enumerate(cases):
        found[one.home, one.opened].append(_Event(one.at, number, "filed"))
        found[one.owner, one.opened].append(_Event(one.at + HOUR // 2, number, "taken"))
        if one.more is not None:
            found[one.home, one.more].append(_Event(one.decided_at, number, "more"))
        found[one.owner, one.decided].append(_Event(one.decided_at, number, "done"))
    for where, seconds in others.items():
        found[where] += [_Event(second) for second in seconds]
    return {where: sorted(events) for where, events in found.items()}


def _instant(day: int, second: int) -> datetime:
    midnight = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
    return midnight + timedelta(days=day, seconds=second - 8 * HOUR)


class _Province:
    """One member: its node, its key, what it has acknowledged."""

    def __init__(self, code: str, folder: Path) -> None:
        self.code = code
        keys = make_keys(f"outsider/{code}")
        folder.mkdir()
        settings = make_settings(folder, node={"code": code, "name": code})
        self.node: Node = make_node(settings, make_network(), keys)
        self.log: LogId = log_id(CHAIN_ID, CONSORTIUM, code, 0, 1)
        facts = make_facts(keys, member=code, region=code)
        assert keys.case is not None
        case_key = OwnKey(
            key_id=keys.case.key_id.hex(),
            purpose=Purpose.CASE,
            alg=keys.case.alg,
            public_key=keys.case.public_key.hex(),
            not_before=0,
            not_after=2**64 - 1,
            compromised_since=0,
        )
        own = OwnLog(log_id=self.log.hex(), seq=0, open=True, trusted_size=0)
        self.node.chain.put(replace(facts, logs=(own,), keys=(*facts.keys, case_key)))
        self.size = 0
        self.told = 0
        self.heard: list[bytes] = []
        outbox: Any = SimpleNamespace(send=self._send, done=lambda key: None)
        self._acknowledger = _Acknowledger(
            self.node.ctx, self.node.chain, outbox, self.node.signing
        )
        self._acknowledger.province = self

    def _send(self, _key: str, _to: str, data: bytes) -> None:
        self.heard.append(data)

    def acknowledge(self, day: int, second: int, count: int, head: Digest) -> Iterator[SeenAck]:
        """Tell that the follower came so far; what the acknowledger then says to the chain."""
        at = _instant(day, second)
        set_clock(self.node, at)
        with begin_write(self.node.ctx.engine, LOCK) as connection:
            status_store.put_position(
                connection, Position(block=day, block_hash=bytes(32), count=count, head=head)
            )
        block = SimpleNamespace(time=int(at.timestamp()))
        chain: Any = SimpleNamespace(
            registries=[REGISTRY], view=SimpleNamespace(block=block, call=None)
        )
        self._acknowledger.step(chain)
        for data in self.heard:
            _, said_count, said_head, deadline, _ = words_of(data)
            self.told = int.from_bytes(said_count, "big")
            yield SeenAck(
                member=self.code,
                day=day,
                count=self.told,
                head=said_head,
                deadline=int.from_bytes(deadline, "big"),
            )
        self.heard.clear()


def words_of(data: bytes) -> list[bytes]:
    """The first five words of a call: member, count, head, deadline, and where the signature is."""
    return [data[at : at + 32] for at in range(4, 4 + 5 * 32, 32)]


class _Acknowledger(Acknowledger):
    """The gateway's own, but that the chain is asked here how far the member has come."""

    province: _Province

    def _registry(self, chain: Any) -> Any:  # type: ignore[override]
        return SimpleNamespace(acknowledged=lambda code: SimpleNamespace(count=self.province.told))


class Happening:
    """Lets a world happen, day by day."""

    def __init__(self, law: Law, folder: Path, stack: ExitStack) -> None:
        self.law = law
        self.rng = Random(law.seed + 1)
        self.cases, self.others = plan(law)
        self.events = _events(self.cases, self.others)
        firms = sorted({(one.firm, one.home) for one in self.cases})
        self.world = World(cases=self.cases, public=Public(firms=firms))
        self.provinces = {code: _Province(code, folder / code) for code in PROVINCES}
        for one in self.provinces.values():
            stack.callback(one.node.close)
            set_clock(one.node, _instant(-1, 0))
            assert one.node.daily_batch.step() is None
        self.records = [self._record(number) for number in range(law.cases)]
        self.sizes: dict[str, list[int]] = {code: [] for code in PROVINCES}
        self.count, self.head = 0, Digest(bytes(32))

    def run(self) -> World:
        """The whole of it."""
        for day in range(self.law.days):
            acts = [act for one in self.provinces.values() for act in self._work(one, day)]
            self._acknowledge(day, acts)
            for one in self.provinces.values():
                set_clock(one.node, _instant(day, 23 * HOUR))
                done = one.node.daily_batch.step()
                assert done is not None
                assert grow(one.node) == one.size + done.count
                one.size += done.count
                self.sizes[one.code].append(done.count)
        for one in self.provinces.values():
            self._read(one)
        return self.world

    def _record(self, number: int) -> tuple[Digest, RecordId]:
        """A real commitment to fields that hold the firm's code."""
        case, schema = self.cases[number], load("penalty")
        log = self.provinces[case.owner].log
        header = Header(
            class_="general",
            decided=FIRST_DAY,
            iss=case.owner,
            log=log,
            rules=rules_id(),
            schema=f"{schema.id}:{schema.sha256}",
            until=None,
        )
        fields = {"CF_XDR_SHXYM": case.firm, "CF_WSH": f"样市监罚〔2026〕{number}号"}
        made = commit(schema.slots, fields, self.rng.randbytes(32), header)
        return made.digest, record_id(log, made.digest)

    def _work(self, one: _Province, day: int) -> Iterator[tuple[int, SeenAct]]:
        """All that a province states on a day; the acts that go with it."""
        events = self.events[one.code, day]
        self.world.real[one.code, day] = len(events)
        others = [said(event.second) for event in events if event.case < 0]
        set_clock(one.node, _instant(day, OPENS))
        if others:  # together, which costs less; the log sorts its entries anyway
            one.node.statements.issue(others)
        yield from self._steps(one, day, [event for event in events if event.case >= 0])

    def _steps(
        self, one: _Province, day: int, events: Sequence[_Event]
    ) -> Iterator[tuple[int, SeenAct]]:
        for event in events:
            set_clock(one.node, _instant(day, event.second))
            statement = self._state(one, event)
            self._true(event, statement.commitment)
            action = _ACTS.get((event.name, self.cases[event.case].objection))
            if action is None:
                continue
            commitment, record = self.records[event.case]
            seen = SeenAct(
                owner=one.code,
                record=record,
                commitment=commitment,
                action=action,
                basis=Basis.ORDER_58,
                doc=self._doc(event.case, statement),
                day=day,
                second=event.second + self.rng.randint(5, 60),
            )
            yield event.case, seen

    def _true(self, event: _Event, commitment: Digest) -> None:
        world = self.world
        kept = {"filed": world.filed, "taken": world.taken, "done": world.done}.get(event.name)
        if kept is not None:
            kept[event.case] = commitment

    def _state(self, one: _Province, event: _Event) -> Any:
        name = {"filed": "file-objection", "taken": "accept", "more": "supplement"}
        number, record = event.case, self.records[event.case][1]
        paper = sha256(self.cases[number].firm.encode())
        doc_ = Doc(name="决定书.pdf", salt=self.rng.randbytes(32), sha256=paper, size=9)
        members = step(
            act=name.get(event.name, "grant"),
            case=hashlib.sha256(f"case {number}".encode()).digest(),
            record=record,
            docs=(doc_,),
        ).members()
        return one.node.statements.issue([Said(sort="case", members=members)])[0].statement

    def _doc(self, number: int, statement: Any) -> Digest:
        if self.law.careless:
            return doc(bytes(32), sha256(self.cases[number].firm.encode()))
        found: Digest = statement.doc()
        return found

    def _acknowledge(self, day: int, acts: Sequence[tuple[int, SeenAct]]) -> None:
        """Each follows all acts of the day, polling in an order of its own."""
        for number, act in sorted(acts, key=lambda one: one[1].second):
            self.world.public.acts.append(act)
            self.world.case_of.append(number)
            self.count += 1
            self.head = Digest(keccak256(self.head + act.record + act.doc))
        concerned = {self.cases[number].home for number, _ in acts}
        polling = [one for one in self.provinces.values() if acts]
        self.rng.shuffle(polling)
        for one in polling:
            if self.law.careless and one.code not in concerned:
                continue
            at = CLOSES + self.rng.randint(60, 70)
            self.world.public.acks += one.acknowledge(day, at, self.count, self.head)

    def _read(self, one: _Province) -> None:
        found = iter(log_entries(one.node))
        for day, count in enumerate(self.sizes[one.code]):
            taken = [parse_entry(next(found)).commitment for _ in range(count)]
            self.world.public.entries[one.code, day] = taken
        assert next(found, None) is None


def make_world(law: Law, folder: Path) -> World:
    """A world of this law, its databases in a folder."""
    with ExitStack() as stack:
        return Happening(law, folder, stack).run()
