"""What came of it: a journal while it runs; figures for programs and for people at the end."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from scripts.bench_parts.report import Setting
from scripts.chaos_parts.checks import Check
from scripts.chaos_parts.plan import Fault
from scripts.chaos_parts.site import PATIENCE

JOURNAL = "journal.jsonl"
SHOWN = 5
"""Of what is wrong, so much is told to people."""


class Journal:
    """One line of JSON for each thing that happens, written at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begun = time.monotonic()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", "utf-8")

    def write(self, what: str, **more: Any) -> None:
        """what: begin, end, healed, doctor …"""
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        second = round(time.monotonic() - self._begun, 1)
        line = json.dumps({"time": at, "second": second, "what": what, **more}, ensure_ascii=False)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@dataclass(kw_only=True)
class Healing:
    """How a group of faults ended. seconds: from the end of the last until all worked again; None:
    it did not, which none of these faults may do: each passes by itself. named: codes of problems
    that the doctor told while it lasted, or where it did not heal, each with its remedy."""

    faults: Sequence[Fault]
    seconds: float | None
    named: Mapping[str, str] = field(default_factory=dict)


def healed_check(healings: Sequence[Healing], turns: int) -> Check:
    """Whether each turn healed, within what any machine needs."""
    healed = sum(one.seconds is not None and one.seconds <= PATIENCE for one in healings)
    wrong = [] if healed == turns else [f"{turns} turns, {healed} healed"]
    return Check(name="whatever broke healed by itself", times=turns, wrong=wrong)


@dataclass(kw_only=True)
class Result:
    """A whole run. counts: of answers to clients. anchors: by the state in which they ended; lost
    are those that the chain had no more when it came back. restarts: of processes that ended by
    themselves and were started again, as an init system does. stopped: what ended it early."""

    seed: int
    healings: Sequence[Healing]
    checks: Sequence[Check]
    counts: Mapping[str, int]
    anchors: Mapping[str, int]
    restarts: Mapping[str, int]
    seconds: float
    stopped: str = ""

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
        for healing in self.healings:
            if healing.seconds is None:
                words = " and ".join(fault.name for fault in healing.faults)
                told = ", ".join(f"{code} ({text})" for code, text in healing.named.items())
                why = f"the doctor says {told}" if told else "the doctor does not say why"
                found.append(f"{words} did not heal; {why}")
        return [*found, self.stopped] if self.stopped else found


def figures(result: Result) -> dict[str, dict[str, float | None]]:
    """By kind of fault: how many, and the median and longest time until all worked again; None
    where it never did."""
    times: dict[str, list[float]] = defaultdict(list)
    counts: Counter[str] = Counter()
    for healing in result.healings:
        for fault in healing.faults:
            counts[fault.name] += 1
            if healing.seconds is not None:
                times[fault.name].append(healing.seconds)
    found: dict[str, dict[str, float | None]] = {}
    for name in sorted(counts):
        here = times[name]
        middle, longest = (round(median(here), 1), max(here)) if here else (None, None)
        found[name] = {"count": counts[name], "median_s": middle, "longest_s": longest}
    return found


def named(result: Result) -> dict[str, dict[str, str]]:
    """What the doctor said, by code: the faults it was said of, and the remedy."""
    found: dict[str, dict[str, str]] = {}
    for healing in result.healings:
        for code, remedy in healing.named.items():
            words = found.setdefault(code, {"of": "", "remedy": remedy})
            of = {*filter(None, words["of"].split(", ")), *(fault.name for fault in healing.faults)}
            words["of"] = ", ".join(sorted(of))
    return found


def summary(result: Result) -> str:
    """For people, as a page in Markdown without its head."""
    healed = [one.seconds for one in result.healings if one.seconds is not None]
    faults = sum(len(one.faults) for one in result.healings)
    lines = [
        f"Seed {result.seed}: {faults} faults in {result.seconds / 60:.0f} minutes;"
        f" {len(healed)} of {len(result.healings)} times all healed without a hand"
        + (f", after {max(healed):.1f} s at most." if healed else "."),
        "",
        "| fault | times | healed after, median s | longest s |",
        "|---|---|---|---|",
    ]
    for name, one in figures(result).items():
        row = " | ".join("-" if value is None else f"{value:g}" for value in one.values())
        lines.append(f"| {name} | {row} |")
    counts = ", ".join(f"{what} {count:,}" for what, count in sorted(result.counts.items()))
    lines += ["", f"What clients were told: {counts}.", ""]
    states = ", ".join(f"{state} {count:,}" for state, count in sorted(result.anchors.items()))
    lines += [f"Anchors: {states}.", ""]
    if result.restarts:
        told = ", ".join(f"{name} {count}" for name, count in sorted(result.restarts.items()))
        lines += [f"Ended by themselves and were started again, as by an init system: {told}.", ""]
    lines += [f"- {one.name}: {_outcome(one)}" for one in result.checks]
    if said := named(result):
        lines += ["", "Named by `gateway doctor` while it lasted:", ""]
        lines += [f"- `{code}` ({one['of']}): {one['remedy']}" for code, one in said.items()]
    lines += ["", *(f"FAILED: {problem}" for problem in result.problems)]
    return "\n".join(lines).rstrip() + "\n"


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
        "figures": figures(result),
        "named": named(result),
        **asdict(result),
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n", "utf-8")
    head = f"# Chaos\n\n{at.date}, commit {at.commit}. {at.machine}; load before {at.load:.2f}.\n\n"
    (folder / "README.md").write_text(head + at.what + "\n\n" + summary(result), "utf-8")
