"""What any run came to: a journal while it lasts, figures and words at its end."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.bench_parts.report import Setting
from scripts.chaos_parts.checks import Check

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
class Outcome(ABC):
    """A whole run. counts: of answers to clients. anchors: by the state in which they ended; lost
    are those that the chain had no more when it came back. restarts: of processes that ended or
    stood by themselves and were started again, as an init system with a watchdog does. stopped:
    what ended it early."""

    seed: int
    checks: Sequence[Check]
    counts: Mapping[str, int]
    anchors: Mapping[str, int]
    restarts: Mapping[str, int]
    seconds: float
    stopped: str = ""

    @property
    @abstractmethod
    def unhealed(self) -> Sequence[str]:
        """Each fault that did not heal, in words."""

    @property
    @abstractmethod
    def figures(self) -> Mapping[str, Any]:
        """What programs are told beside the fields, by name."""

    @abstractmethod
    def told(self) -> list[str]:
        """What was broken and how it healed, by paragraph of Markdown."""

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
        found += self.unhealed
        return [*found, self.stopped] if self.stopped else found


def summary(outcome: Outcome) -> str:
    """For people, as a page in Markdown without its head."""
    parts = [
        *outcome.told(),
        f"What clients were told: {listed(outcome.counts)}.",
        f"Anchors: {listed(outcome.anchors)}.",
    ]
    if outcome.restarts:
        told = listed(outcome.restarts)
        parts.append(f"Ended or stood by themselves, and were started again: {told}.")
    parts.append("\n".join(f"- {one.name}: {_looked(one)}" for one in outcome.checks))
    parts += [f"FAILED: {problem}" for problem in outcome.problems]
    return "\n\n".join(parts) + "\n"


def listed(counts: Mapping[str, int]) -> str:
    """Each name with its number."""
    return ", ".join(f"{what} {count:,}" for what, count in sorted(counts.items()))


def _looked(check: Check) -> str:
    return f"NOT SO {len(check.wrong)} of {check.times:,}" if check.wrong else f"{check.times:,}"


def write(folder: Path, at: Setting, title: str, outcome: Outcome) -> None:
    """`results.json` and `README.md`. outcome: a dataclass of JSON values."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": at.machine,
        "commit": at.commit,
        "date": at.date,
        "load": round(at.load, 2),
        "problems": outcome.problems,
        **outcome.figures,
        **asdict(outcome),
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n", "utf-8")
    head = f"# {title}\n\n{at.date}, commit {at.commit}. {at.machine}; load before {at.load:.2f}."
    (folder / "README.md").write_text(f"{head}\n\n{at.what}\n\n{summary(outcome)}", "utf-8")
