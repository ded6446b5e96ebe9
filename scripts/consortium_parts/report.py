"""What came of it, for programs and for people."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

from scripts.bench_parts.report import Setting
from scripts.chaos_parts.checks import Check
from scripts.chaos_parts.report import SHOWN
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
class Result:
    """A whole run. counts: of answers to clients. anchors: by the state in which they ended.
    restarts: of processes that ended or stood by themselves, as by an init system with a watchdog.
    finality: how far `finalized` was behind `latest`, as often as it was seen. period: seconds
    from block to block with nothing broken. versions: of the engine. stopped: what ended it
    early."""

    seed: int
    turns: Sequence[Turn]
    checks: Sequence[Check]
    counts: Mapping[str, int]
    anchors: Mapping[str, int]
    restarts: Mapping[str, int]
    finality: Mapping[str, int]
    period: float
    versions: Sequence[str]
    seconds: float
    stopped: str = ""

    @property
    def promises(self) -> int:
        """Records that were promised, each once."""
        return self.counts.get("accepted", 0)

    @property
    def problems(self) -> list[str]:
        """What must not be."""
        found = [
            f"{check.name}: {len(check.wrong)} not so, {'; '.join(check.wrong[:SHOWN])}"
            for check in self.checks
            if check.wrong
        ]
        found += [
            f"{check.name}: there was nothing to look at"
            for check in self.checks
            if check.due and not check.times
        ]
        found += [f"{turn.fault.name}: not healed" for turn in self.turns if turn.healed is None]
        return [*found, self.stopped] if self.stopped else found


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
    due = [turn for turn in turns if turn.fault.away and turn.blocks >= ENOUGH]
    wrong = [turn.fault.name for turn in due if not turn.anchored]
    name = "a province whose own node is away goes on anchoring"
    return Check(name=name, times=len(due), wrong=wrong)


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


def summary(result: Result) -> str:
    """For people, as a page in Markdown without its head."""
    healed = [turn.healed for turn in result.turns if turn.healed is not None]
    first = (
        f"Seed {result.seed}: {len(result.turns)} faults in {result.seconds / 60:.0f} minutes,"
        f" {result.promises:,} records promised; all worked again {len(healed)} times"
    )
    if healed:
        first += f", half of them within {median(healed):.0f} s, all within {max(healed):.0f} s"
    behind = ", ".join(f"{blocks} ({times:,} times)" for blocks, times in result.finality.items())
    parts = [
        f"{first}.",
        f"Engine: {', '.join(result.versions)}. A block every {result.period:.1f} s with nothing"
        f" broken; `finalized` is behind `latest` by so many blocks: {behind}.",
        table(result.turns),
        f"What clients were told: {_listed(result.counts)}.",
        f"Anchors: {_listed(result.anchors)}.",
    ]
    if result.restarts:
        told = _listed(result.restarts)
        parts.append(f"Ended or stood by themselves, and were started again: {told}.")
    parts.append("\n".join(f"- {one.name}: {_outcome(one)}" for one in result.checks))
    parts += [f"FAILED: {problem}" for problem in result.problems]
    return "\n\n".join(parts) + "\n"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{what} {count:,}" for what, count in sorted(counts.items()))


def _outcome(check: Check) -> str:
    return f"NOT SO {len(check.wrong)} of {check.times:,}" if check.wrong else f"{check.times:,}"


def write(folder: Path, at: Setting, result: Result) -> None:
    """`results.json` and `README.md`."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": at.machine,
        "commit": at.commit,
        "date": at.date,
        "load": round(at.load, 2),
        "problems": result.problems,
        "promises": result.promises,
        "figures": figures(result.turns),
        **asdict(result),
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n", "utf-8")
    head = f"# A chain of four validators\n\n{at.date}, commit {at.commit}. {at.machine}; load"
    head += f" before {at.load:.2f}.\n\n{at.what}\n\n"
    (folder / "README.md").write_text(head + summary(result), "utf-8")
