"""What came of breaking a chain of four validators, and what must hold of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from scripts.chaos_parts.checks import Check
from scripts.chaos_parts.outcome import Outcome
from scripts.consortium_parts.plan import Fault

ENOUGH = 5
"""Blocks in which an anchor is sent, mined and final, however it fell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One fault. blocks: made while it lasted, as far as any node tells. promised: records while it
    lasted. anchored: records meanwhile by those whose own node was away. first_block: seconds from
    its end to the next block; healed: until all worked again and what was promised by then was
    anchored. None: not in time."""

    fault: Fault
    blocks: int
    promised: int
    anchored: int
    first_block: float | None
    healed: float | None


@dataclass(kw_only=True)
class Result(Outcome):
    """A whole run. finality: how far `finalized` was behind `latest`, as often as it was seen.
    period: seconds from block to block with nothing broken. versions: of the engine."""

    turns: Sequence[Turn]
    finality: Mapping[str, int]
    period: float
    versions: Sequence[str]

    @property
    def promises(self) -> int:
        """Records that were promised, each once."""
        return self.counts.get("accepted", 0)

    @property
    def unhealed(self) -> Sequence[str]:
        """Each fault after which not all worked again in time."""
        return [f"{turn.fault.name}: not healed" for turn in self.turns if turn.healed is None]

    @property
    def figures(self) -> Mapping[str, Any]:
        """Promises, and blocks and times by kind of fault."""
        return {"promises": self.promises, "figures": figures(self.turns)}

    def told(self) -> list[str]:
        """How often all worked again, the engine, and the figures as a table."""
        healed = [turn.healed for turn in self.turns if turn.healed is not None]
        first = (
            f"Seed {self.seed}: {len(self.turns)} faults in {self.seconds / 60:.0f} minutes,"
            f" {self.promises:,} records promised; all worked again {len(healed)} times"
        )
        if healed:
            first += f", half of them within {median(healed):.0f} s, all within {max(healed):.0f} s"
        behind = ", ".join(f"{blocks} ({times:,} times)" for blocks, times in self.finality.items())
        engine = (
            f"Engine: {', '.join(self.versions)}. A block every {self.period:.1f} s with nothing"
            f" broken; `finalized` is behind `latest` by so many blocks: {behind}."
        )
        return [f"{first}.", engine, table(self.turns)]


def merge(by_member: Mapping[str, Iterable[Check]]) -> list[Check]:
    """The same checks of several members as one each. by_member: by code, which is named before
    what is wrong."""
    found: dict[str, Check] = {}
    for code, checks in by_member.items():
        for one in checks:
            wrong = [f"{code}: {text}" for text in one.wrong]
            before = found.get(one.name, replace(one, times=0, wrong=[]))
            found[one.name] = replace(
                before, times=before.times + one.times, wrong=[*before.wrong, *wrong]
            )
    return list(found.values())


def stood_check(turns: Sequence[Turn]) -> list[Check]:
    """Whether blocks came exactly while three of four validators agreed. One that was on its way
    when the fault began may still come."""
    stood = [turn for turn in turns if turn.fault.stands]
    went = [turn for turn in turns if not turn.fault.stands]
    wrong = [f"{turn.fault.name}: {turn.blocks} blocks" for turn in stood if turn.blocks > 1]
    none = [f"{turn.fault.name}: no block" for turn in went if turn.blocks < 1]
    return [
        Check(name="with two validators away the chain stands", times=len(stood), wrong=wrong),
        Check(name="with one validator away it goes on", times=len(went), wrong=none),
    ]


def taken_check(turns: Sequence[Turn]) -> Check:
    """Whether records were promised while the chain stood."""
    stood = [turn for turn in turns if turn.fault.stands and "gateway" not in turn.fault.parts]
    wrong = [turn.fault.name for turn in stood if not turn.promised]
    return Check(name="records are promised while the chain stands", times=len(stood), wrong=wrong)


def failover_check(turns: Sequence[Turn]) -> Check:
    """Whether who had no node of its own went on anchoring over those of the others, where there
    was time to."""
    away = [turn for turn in turns if turn.fault.away]
    looked = [turn for turn in away if turn.blocks >= ENOUGH]
    wrong = [turn.fault.name for turn in looked if not turn.anchored]
    name = "a province whose own node is away goes on anchoring"
    return Check(name=name, times=len(looked), wrong=wrong, due=bool(away))


def figures(turns: Sequence[Turn]) -> dict[str, dict[str, float | None]]:
    """By kind of fault: how often, blocks and promises while it lasted, seconds until a block and
    until all worked again, the longest."""
    by_name: dict[str, list[Turn]] = defaultdict(list)
    for turn in turns:
        by_name[turn.fault.name].append(turn)
    return {
        name: {
            "count": len(ones),
            "lasted_s": round(sum(one.fault.seconds for one in ones), 1),
            "blocks": sum(one.blocks for one in ones),
            "promised": sum(one.promised for one in ones),
            "first_block_s": _longest(one.first_block for one in ones),
            "healed_s": _longest(one.healed for one in ones),
        }
        for name, ones in sorted(by_name.items())
    }


def _longest(seconds: Iterable[float | None]) -> float | None:
    """None where one is: it did not come."""
    known: list[float] = []
    for one in seconds:
        if one is None:
            return None
        known.append(one)
    return max(known)


def table(turns: Sequence[Turn]) -> str:
    """The figures as a table in Markdown."""
    head = (
        "| fault | times | lasted, s | blocks meanwhile | promised meanwhile | next block after, s"
        " | all works after, s |\n|---|---|---|---|---|---|---|"
    )
    rows = []
    for name, one in figures(turns).items():
        cells = " | ".join("–" if value is None else f"{value:,g}" for value in one.values())
        rows.append(f"| {name} | {cells} |")
    return "\n".join([head, *rows])
