"""Break all that gateways stand on, at random and under load, and see that nothing is lost.

    python scripts/chaos.py                        half an hour, with a seed of its own
    python scripts/chaos.py --seed 7 --minutes 5   the same faults in the same order, again
    python scripts/chaos.py --faults 12            so many times, however long it takes

Two gateways of one member share a PostgreSQL, a chain and a signing service, and each reaches
them over lines of its own. Processes are killed and paused, lines are cut, held and muted, two at
once now and then; after each the run waits until both gateways work again without a hand. What
clients were promised is then compared with the log, the chain and a replay. The seed comes first in
the output; the journal lies in the folder, which stays where something was wrong.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from scripts.bench_parts.report import setting
from scripts.chaos_parts.checks import Check, anchor_states, check_all
from scripts.chaos_parts.folder import NETWORK, clear, refusal
from scripts.chaos_parts.load import Load, Sender
from scripts.chaos_parts.plan import GATEWAYS, Fault, draw
from scripts.chaos_parts.report import (
    JOURNAL,
    Healing,
    Journal,
    Result,
    healed_check,
    summary,
    write,
)
from scripts.chaos_parts.site import PATIENCE, Site, site, wait

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 20.0
"""Seconds that a fault lasts at most."""
BETWEEN = 1.0
"""Seconds of peace before the next."""
POLL = 0.2
"""Seconds between two looks whether all works again."""
OUTAGES = {"database": "database", "chain": "chain", "signer": "signer"}
"""What a gateway stands on, and the doctor's code where it is away."""
WHAT = (
    "Two gateways of one member on one PostgreSQL, one chain and one signing service, under a load"
    " of single records, small streams and files; the faults come in an order that follows from the"
    " seed."
)


class Chaos:
    """One run. missed: outages that the doctor was asked about and did not name."""

    def __init__(self, place: Site, journal: Journal, longest: float, seed: int) -> None:
        self.site = place
        self.journal = journal
        self.plan = draw(seed, longest)
        self.load = Load(place.fronts, place.token)
        self.probes = {
            name: Sender({name: url}, place.token, self.load.told, self.load.abandoned)
            for name, url in place.urls.items()
        }
        self.turns = 0
        self.healings: list[Healing] = []
        self.missed: list[str] = []
        self._asked: set[str] = set()
        self._complained: dict[str, str | None] = {}

    def run(self, minutes: float, faults: int) -> str:
        """So many groups of faults, or for so long where the number is 0. What ended it early."""
        if self._wait_well() is None:
            return "the gateways did not start"
        self.load.told.calm_since = time.monotonic()
        self.load.start()
        end = time.monotonic() + 60 * minutes
        while len(self.healings) < faults if faults else time.monotonic() < end:
            time.sleep(BETWEEN)
            self.turns += 1
            healing = self._break(next(self.plan))
            self.healings.append(healing)
            if healing.seconds is None:
                return "something did not heal; see the journal"
        return "" if self.load.stop(PATIENCE) else "a client still waits for its answer"

    def close(self) -> None:
        """End the clients, also those that wait."""
        self.load.abandon()
        for probe in self.probes.values():
            probe.close()

    def _break(self, group: Sequence[Fault]) -> Healing:
        """One group, from its begin until all works again."""
        named: dict[str, str] = {}
        self.load.told.calm_since = math.inf
        begun = time.monotonic()
        turns = [(one.after, "begin", one) for one in group]
        turns += [(one.after + one.seconds, "end", one) for one in group]
        for at, turn, fault in sorted(turns, key=lambda one: one[0]):
            while (left := begun + at - time.monotonic()) > 0:
                time.sleep(min(left, 1.0))
                self.site.revive()
            self.journal.write(turn, **asdict(fault))
            if turn == "end":
                self.site.end(fault)
                continue
            say(f"{fault.kind} {', '.join(fault.targets)} for {fault.seconds:g} s")
            self.site.begin(fault)
            if len(group) == 1:
                named |= self._expect_named(fault)
        seconds = self._wait_well()
        if seconds is None:
            named |= self._ask_doctor()
        else:
            self.load.told.calm_since = time.monotonic()
        self.journal.write("healed" if seconds is not None else "not healed", s=seconds)
        return Healing(faults=group, seconds=seconds, named=named)

    def _expect_named(self, fault: Fault) -> dict[str, str]:
        """Ask the doctor, once for each kind of outage, while it lasts: if it never ended, somebody
        would have to be told what to mend."""
        code = OUTAGES.get(fault.end)
        if code is None or fault.name in self._asked:
            return {}
        self._asked.add(fault.name)
        gateway, line, _ = fault.targets[0].partition("/")
        found = self._ask_doctor(gateway if line else GATEWAYS[0])
        if code not in found:
            self.missed.append(f"{fault.name}: {', '.join(found) or 'nothing'}")
        return {code: found[code]} if code in found else {}

    def _ask_doctor(self, *names: str) -> dict[str, str]:
        """Codes of the problems, with their remedies."""
        found: dict[str, str] = {}
        for name in names or GATEWAYS:
            told = self.site.doctor(name)
            self.journal.write("doctor", gateway=name, problems=told)
            found |= {one["code"]: (one.get("remedy") or {}).get("en", "") for one in told}
        return found

    def _wait_well(self) -> float | None:
        """Seconds until both gateways work again: ready, taking records, and what is promised by
        then anchored. None: not within `PATIENCE`."""
        begun = time.monotonic()
        numbers = {name: self.load.take(1) for name in self.probes}
        target: list[int] = []

        def well() -> bool:
            self.site.revive()
            told = {name: self.site.ready(name) for name in self.site.urls}
            if any(told.values()):
                self._complain(begun, told)
                return False
            for name, number in list(numbers.items()):
                if not self.probes[name].once(number):
                    return False
                del numbers[name]
            log = self.site.log(GATEWAYS[0])
            target[:] = target or [log["promisedSize"]]
            return bool(log["anchoredSize"] >= target[0])

        if not wait(well, pause=POLL):
            return None
        seconds = round(time.monotonic() - begun, 1)
        say(f"all works again after {seconds:g} s")
        return seconds

    def _complain(self, begun: float, told: Mapping[str, str | None]) -> None:
        """Write down what keeps the gateways from working, each time it changes."""
        if told != self._complained:
            self._complained = dict(told)
            self.journal.write("waiting", s=round(time.monotonic() - begun, 1), told=told)


def say(text: str) -> None:
    """Progress."""
    print(f"chaos: {text}", flush=True)


class Interrupted(BaseException):
    """Somebody wants it to end; once is enough."""


def interrupt(number: int, _frame: FrameType | None) -> None:
    """Hear of a signal. Raises Interrupted."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    raise Interrupted(signal.Signals(number).name)


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0, metavar="N")
    parser.add_argument(
        "--faults", type=int, default=0, help="so many times, in place of --minutes", metavar="N"
    )
    parser.add_argument("--longest", type=float, default=LONGEST, help="of a fault, in seconds")
    parser.add_argument("--seed", type=int, default=None, metavar="N")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "chaos", metavar="DIR")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs" / "benchmarks" / "chaos", metavar="DIR"
    )
    args = parser.parse_args()
    if refused := refusal(args.folder):
        parser.error(refused)
    return args


def run(args: argparse.Namespace, seed: int) -> Result:
    """Break, then look at what is left."""
    begun = time.monotonic()
    journal = Journal(args.folder / JOURNAL)
    with (
        site(args.folder / NETWORK) as place,
        closing(Chaos(place, journal, args.longest, seed)) as chaos,
    ):
        stopped = chaos.run(args.minutes, args.faults)
        seconds = time.monotonic() - begun
        say("comparing what was promised with what is there")
        checks = list(check_all(place, chaos.load.told))
        return Result(
            seed=seed,
            healings=chaos.healings,
            checks=[*checks, named_check(chaos), healed_check(chaos.healings, chaos.turns)],
            counts=dict(chaos.load.told.counts),
            anchors=anchor_states(place),
            restarts=place.started,
            seconds=seconds,
            stopped=stopped,
        )


def named_check(chaos: Chaos) -> Check:
    """Whether the doctor named each outage that it was asked about."""
    name = "the doctor names an outage while it lasts"
    alone = [one.faults[0].end for one in chaos.healings if len(one.faults) == 1]
    due = any(end in OUTAGES for end in alone)
    return Check(name=name, times=len(chaos._asked), wrong=chaos.missed, due=due)


def main() -> int:
    """Command line entry."""
    args = options()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    for name in [name for name in os.environ if name.startswith("CREDIT_LEDGER_")]:
        del os.environ[name]  # they would win over the settings of these gateways
    seed = random.SystemRandom().randrange(1 << 32) if args.seed is None else args.seed
    say(f"seed {seed}")
    at = setting(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), WHAT)
    try:
        result = run(args, seed)
    except Interrupted as error:
        say(f"interrupted by {error}; the folder stays: {args.folder}")
        return 1
    write(args.out, at, result)
    print(summary(result))
    if result.problems:
        say(f"FAILED with seed {seed}; everything stays in {args.folder}")
        return 1
    shutil.copy(args.folder / JOURNAL, args.out / JOURNAL)
    clear(args.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
