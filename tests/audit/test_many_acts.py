"""Two thousand acts on a real chain beside a plain twin, which knows dictionaries only."""

import random
from dataclasses import dataclass, field
from typing import Any

from ledger.chain.nodes.blocks import Reader
from ledger.core.ids import Digest, LogId, keccak256
from ledger.core.keys import Purpose
from ledger.core.status import NO_LOG, ZERO, Act, Action, Basis
from tests.audit.conftest import Ledger
from tests.audit.test_acts import settled
from tests.audit.test_replay import codes
from tests.support.cases import DOC, acknowledge, act, midnight
from tests.support.chain import PROVINCES

SEED, ACTS, LIST, RECORDS = 20261129, 2000, 64, 90
OUTCOME = {"REPAIR": "REPAIRED", "WITHDRAW": "WITHDRAWN", "END": "ENDED", "CORRECT": "CORRECTED"}


@dataclass
class Twin:
    """One record as a table on paper has it."""

    log: LogId
    commitment: bytes
    disputed: bool = False
    shielded: bool = False
    erased: bool = False
    outcome: str = "NONE"
    other: bytes = bytes(32)
    history: bytes = bytes(32)
    acts: list[str] = field(default_factory=list)

    @property
    def name(self) -> bytes:
        return keccak256(self.log + self.commitment)

    def can(self) -> list[str]:
        """What may be done to it now, but DISPUTE."""
        able = ["SETTLE" if self.disputed else "", "LIFT" if self.shielded else "SHIELD"]
        able.append("" if self.erased else "ERASE")
        if self.outcome == "NONE":
            able += ["REPAIR", "END"]
        if self.outcome in ("NONE", "REPAIRED", "ENDED"):
            able += ["WITHDRAW", "CORRECT"]
        if self.outcome in ("REPAIRED", "WITHDRAWN", "ENDED"):
            able.append("RESCIND")
        return [one for one in able if one]

    def do(self, what: str, other: bytes) -> None:
        """Change it."""
        self.acts.append(what)
        self.disputed = what == "DISPUTE" or (self.disputed and what != "SETTLE")
        self.shielded = what == "SHIELD" or (self.shielded and what != "LIFT")
        self.erased = self.erased or what == "ERASE"
        if what == "RESCIND":
            self.outcome, self.other = "NONE", bytes(32)
        self.outcome = OUTCOME.get(what, self.outcome)
        self.other = other if what == "CORRECT" else self.other

    def chain(self, one: Act, member: bytes, time: int, signed_by: bytes) -> None:
        """Its history behind an act that was recorded: the words of design-2 11, one by one."""
        numbers = [one.action, one.expected_version, one.basis]
        words = [self.history, member, one.log, one.commitment]
        words += [n.to_bytes(32, "big") for n in numbers]
        words += [one.doc, one.other_log, one.other_commitment]
        words += [n.to_bytes(32, "big") for n in (one.effective_at, one.refiled_from, time)]
        self.history = keccak256(b"".join([*words, signed_by]))

    def shown(self) -> dict[str, Any]:
        flags = ("DISPUTED", self.disputed), ("SHIELDED", self.shielded), ("ERASED", self.erased)
        return {
            "flags": [name for name, is_set in flags if is_set],
            "outcome": self.outcome,
            "version": len(self.acts),
            "history": self.history.hex(),
            "other": "" if self.other == bytes(32) else self.other.hex(),
            "acts": self.acts,
        }


@dataclass
class Plan:
    """Draws acts that can be taken, and keeps the twins."""

    ledger: Ledger
    draw: random.Random
    twins: dict[str, list[Twin]]
    day: int

    def next(self, member: str, *, dispute: bool) -> tuple[Twin, Act] | None:
        """An act on some record of a member; None: the one that was drawn takes none."""
        twin = self.draw.choice(self.twins[member])
        if dispute:
            return None if twin.disputed else self._made(twin, "DISPUTE", None)
        what, other = self.draw.choice(twin.can()), None
        if what == "CORRECT":
            other = self.draw.choice(self.twins[member])
            if other is twin or other.erased or other.outcome in ("CORRECTED", "WITHDRAWN"):
                return None
        return self._made(twin, what, other)

    def _made(self, twin: Twin, what: str, other: Twin | None) -> tuple[Twin, Act]:
        one = Act(
            log=twin.log,
            commitment=Digest(twin.commitment),
            action=Action[what],
            expected_version=len(twin.acts),
            basis=Basis.COURT,
            doc=DOC,
            effective_at=self.day - 86_400 * self.draw.randint(0, 20),
            other_log=NO_LOG if other is None else other.log,
            other_commitment=ZERO if other is None else Digest(other.commitment),
        )
        twin.do(what, bytes(32) if other is None else other.name)
        return twin, one


def test_two_thousand_acts_fold_to_what_a_plain_table_says(ledger: Ledger) -> None:
    network, draw = ledger.network, random.Random(SEED)
    logs = {log.member: log.log_id for log in (ledger.beijing, ledger.tianjin)}
    twins = {
        member: [Twin(log, keccak256(b"%d" % n + log)) for n in range(RECORDS)]
        for member, log in logs.items()
    }
    plan = Plan(ledger, draw, twins, midnight(network.anvil.head_time()))
    reader, done, head = Reader(network.anvil.rpc), 0, bytes(32)
    counts: dict[tuple[str, str], int] = {}
    while done < ACTS:
        member, dispute = draw.choice(list(logs)), draw.random() < 0.25
        drawn = [plan.next(member, dispute=dispute) for _ in range(min(LIST, ACTS - done))]
        steps = [one for one in drawn if one is not None]
        if not steps:
            continue
        mined = act(network, member, *(one for _, one in steps))
        block = reader.block(mined.block)
        assert block is not None
        done += len(steps)
        for twin, one in steps:
            key = network.keys[member, Purpose.CASE if dispute else Purpose.DECIDE].key_id
            twin.chain(one, member.encode().ljust(32, b"\0"), block.time, key)
            head = keccak256(head + twin.name + twin.history)
            name = (member, Action(one.action).name)
            counts[name] = counts.get(name, 0) + 1
    acknowledge(network, *PROVINCES)
    report = settled(ledger)
    assert (codes(report.document), report.exit) == ([], 0)
    status = report.document["status"]
    every = [twin for of in twins.values() for twin in of if twin.acts]
    expected = {twin.name.hex(): twin.shown() for twin in every}
    told = {one.pop("recordId"): one for one in status["records"]}
    for one in told.values():
        one["acts"] = [act["action"] for act in one["acts"]]
    assert told == expected
    assert {(one["member"], one["action"]): one["count"] for one in status["acts"]} == counts
    assert (status["count"], status["head"]) == (ACTS, head.hex())
    shown = report.document["counts"]["outcomes"]
    assert shown == {name: sum(t.outcome == name for t in every) for name in shown}
