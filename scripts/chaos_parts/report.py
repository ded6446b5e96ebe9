"""What came of chaos: how each group of faults healed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from scripts.chaos_parts.checks import Check
from scripts.chaos_parts.outcome import Outcome
from scripts.chaos_parts.plan import Fault
from scripts.chaos_parts.site import PATIENCE


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
class Result(Outcome):
    """A whole run of chaos."""

    healings: Sequence[Healing]

    @property
    def unhealed(self) -> Sequence[str]:
        """Each group that did not heal, with what the doctor said."""
        found = []
        for healing in self.healings:
            if healing.seconds is None:
                words = " and ".join(fault.name for fault in healing.faults)
                told = ", ".join(f"{code} ({text})" for code, text in healing.named.items())
                why = f"the doctor says {told}" if told else "the doctor does not say why"
                found.append(f"{words} did not heal; {why}")
        return found

    @property
    def figures(self) -> Mapping[str, Any]:
        """Times by kind of fault, and what the doctor named."""
        return {"figures": figures(self), "named": named(self)}

    def told(self) -> list[str]:
        """How often all healed, by kind of fault, and what the doctor named."""
        healed = [one.seconds for one in self.healings if one.seconds is not None]
        faults = sum(len(one.faults) for one in self.healings)
        first = (
            f"Seed {self.seed}: {faults} faults in {self.seconds / 60:.0f} minutes;"
            f" {len(healed)} of {len(self.healings)} times all healed without a hand"
        )
        first += f", after {max(healed):.1f} s at most." if healed else "."
        return [first, _table(self), *_said(self)]


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


def _table(result: Result) -> str:
    lines = ["| fault | times | healed after, median s | longest s |", "|---|---|---|---|"]
    for name, one in figures(result).items():
        row = " | ".join("-" if value is None else f"{value:g}" for value in one.values())
        lines.append(f"| {name} | {row} |")
    return "\n".join(lines)


def _said(result: Result) -> list[str]:
    said = named(result)
    if not said:
        return []
    lines = [f"- `{code}` ({one['of']}): {one['remedy']}" for code, one in said.items()]
    return ["Named by `gateway doctor` while it lasted:", "\n".join(lines)]
