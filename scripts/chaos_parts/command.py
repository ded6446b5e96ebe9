"""The command line of a run: what was asked for, an end by signal, what is told and kept."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from scripts.bench_parts.report import setting
from scripts.chaos_parts.folder import clear, refusal
from scripts.chaos_parts.outcome import JOURNAL, Outcome, summary, write

ROOT = Path(__file__).resolve().parent.parent.parent


class Interrupted(BaseException):
    """Somebody wants it to end; once is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """minutes: for so long, or `faults` times where that is not 0. longest: seconds that a fault
    lasts at most. folder: of what runs. out: of what is told at the end."""

    seed: int
    minutes: float
    faults: int
    longest: float
    folder: Path
    out: Path
    more: argparse.Namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A kind of run. name: of its folders, and before each line that it says. what: was measured.
    about: for --help. minutes, longest: unless asked otherwise. refusals: errors that say in their
    text what is missing here."""

    name: str
    title: str
    what: str
    about: str
    minutes: float
    longest: float
    refusals: tuple[type[Exception], ...] = ()

    def say(self, text: str) -> None:
        """Tell progress."""
        print(f"{self.name}: {text}", flush=True)

    def options(self) -> argparse.ArgumentParser:
        """What every kind of run can be asked for."""
        parser = argparse.ArgumentParser(
            description=self.about, formatter_class=argparse.RawTextHelpFormatter
        )
        parser.add_argument("--minutes", type=float, default=self.minutes, metavar="N")
        parser.add_argument(
            "--faults",
            type=int,
            default=0,
            help="so many times, in place of --minutes",
            metavar="N",
        )
        parser.add_argument(
            "--longest", type=float, default=self.longest, help="of a fault, in seconds"
        )
        parser.add_argument("--seed", type=int, default=None, metavar="N")
        parser.add_argument(
            "--folder", type=Path, default=ROOT / "build" / self.name, metavar="DIR"
        )
        parser.add_argument(
            "--out", type=Path, default=ROOT / "docs" / "benchmarks" / self.name, metavar="DIR"
        )
        return parser

    def main(self, parser: argparse.ArgumentParser, run: Callable[[Asked], Outcome]) -> int:
        """Run it, tell and keep what came of it; the exit code. The folder goes where all is well,
        and stays otherwise."""
        asked = _asked(parser)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _interrupt)
        for name in [name for name in os.environ if name.startswith("CREDIT_LEDGER_")]:
            del os.environ[name]  # they would win over the settings of these gateways
        self.say(f"seed {asked.seed}")
        at = setting(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), self.what)
        try:
            outcome = run(asked)
        except self.refusals as error:
            self.say(str(error))
            return 1
        except Interrupted as error:
            self.say(f"interrupted by {error}; the folder stays: {asked.folder}")
            return 1
        write(asked.out, at, self.title, outcome)
        print(summary(outcome))
        if outcome.problems:
            self.say(f"FAILED with seed {asked.seed}; everything stays in {asked.folder}")
            return 1
        shutil.copy(asked.folder / JOURNAL, asked.out / JOURNAL)
        clear(asked.folder)
        return 0


def _asked(parser: argparse.ArgumentParser) -> Asked:
    args = parser.parse_args()
    if refused := refusal(args.folder):
        parser.error(refused)
    return Asked(
        seed=random.SystemRandom().randrange(1 << 32) if args.seed is None else args.seed,
        minutes=args.minutes,
        faults=args.faults,
        longest=args.longest,
        folder=args.folder,
        out=args.out,
        more=args,
    )


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    raise Interrupted(signal.Signals(number).name)
