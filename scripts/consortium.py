"""Four provinces on a chain of four validators, broken under load; whether each promise is kept.

    python scripts/consortium.py                        about ten minutes of faults
    python scripts/consortium.py --seed 7 --minutes 5   the same faults in the same order, again

Builds beacond and geth from Go modules (once, some ten minutes; needs Go and a C compiler), begins
a chain of four validators on 127.0.0.1, founds a network on it with our own commands, and starts a
gateway for each province, on its own node with the other three behind it. While clients send to all
four, geths, beaconds and gateways are killed and paused, one at a time, two, all, and provinces are
cut off from each other; after each the run waits until all works again without a hand. What clients
were promised is then compared with the logs, the chain and a replay. No root is needed. The seed
comes first in the output; the folder stays where something was wrong.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from scripts.chaos import BETWEEN, POLL
from scripts.chaos_parts.checks import (
    Check,
    anchor_states,
    check_member,
    check_orphans,
    check_replay,
)
from scripts.chaos_parts.command import ROOT, Asked, Recipe
from scripts.chaos_parts.folder import NETWORK
from scripts.chaos_parts.load import Load, Sender
from scripts.chaos_parts.outcome import JOURNAL, Journal
from scripts.chaos_parts.site import PATIENCE, wait
from scripts.consortium_parts.engine import MODULES, CannotBuild, build
from scripts.consortium_parts.material import lines_of
from scripts.consortium_parts.plan import Fault, draw
from scripts.consortium_parts.report import (
    Result,
    Turn,
    failover_check,
    merge,
    stood_check,
    taken_check,
)
from scripts.consortium_parts.site import Site, level, site
from scripts.consortium_parts.validators import height

ENGINE = ROOT / "build" / "engine"
PERIOD_SECONDS = 20.0
"""With nothing broken, for which blocks are counted."""
RECIPE = Recipe(
    name="consortium",
    title="A chain of four validators",
    what=(
        "Four validators (geth and beacond) and four gateways with SQLite on this machine, all on"
        " 127.0.0.1, under a load of single records, small streams and files at each province; the"
        " faults come in an order that follows from the seed."
    ),
    about=__doc__ or "",
    minutes=10.0,
    longest=24.0,
    refusals=(CannotBuild,),
)


class Consortium:
    """One run."""

    def __init__(self, place: Site, journal: Journal, longest: float, seed: int) -> None:
        self.site = place
        self.journal = journal
        self.plan = draw(seed, longest)
        self.turns: list[Turn] = []
        self.finality: Counter[int] = Counter()
        self.period = 0.0
        self._told: dict[str, object] = {}
        self.loads = {
            code: Load(one.urls, one.token, lines_of(code)) for code, one in place.provinces.items()
        }
        self._probes = {
            code: Sender(
                one.urls,
                one.token,
                self.loads[code].told,
                self.loads[code].abandoned,
                lines_of(code),
            )
            for code, one in place.provinces.items()
        }

    def run(self, minutes: float, faults: int) -> str:
        """So many faults, or for so long where the number is 0. What ended it early."""
        begun = time.monotonic()
        if self._wait_well(self._newest()) is None:
            return "the network did not begin to work; see the journal"
        self._calm(since=time.monotonic())
        for load in self.loads.values():
            load.start()
        self._measure_period()
        end = begun + 60 * minutes
        while len(self.turns) < faults if faults else time.monotonic() < end:
            time.sleep(BETWEEN)
            self.turns.append(self._break(next(self.plan)))
            if self.turns[-1].healed is None:
                return "something did not heal; see the journal"
        answered = [load.stop(PATIENCE) for load in self.loads.values()]
        return "" if all(answered) else "a client still waits for its answer"

    def close(self) -> None:
        """End the clients, also those that wait."""
        for load in self.loads.values():
            load.abandon()
        for probe in self._probes.values():
            probe.close()

    def promised(self) -> int:
        """Records promised so far, at all provinces."""
        return sum(load.told.counts["accepted"] for load in self.loads.values())

    def _break(self, fault: Fault) -> Turn:
        """One fault, from its begin until all works again."""
        self._calm(since=float("inf"))
        RECIPE.say(f"{fault.name} ({', '.join(fault.where)}) for {fault.seconds:g} s")
        self.journal.write("begin", name=fault.name, fault=asdict(fault))
        before = self._newest()
        self.site.begin(fault)
        promised, anchored = self.promised(), self._anchored(fault)
        end = time.monotonic() + fault.seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 1.0))
            self.site.revive()
        after, promised = max(before, self._newest()), self.promised() - promised
        anchored = self._anchored(fault) - anchored
        self.journal.write("end", blocks=after - before, promised=promised, anchored=anchored)
        self.site.end(fault)
        first, healed = self._heal(after)
        self.journal.write("healed" if healed is not None else "not healed", s=healed, block=first)
        if healed is not None:
            RECIPE.say(
                f"{after - before} blocks, {promised} promised; all works after {healed:g} s"
            )
        return Turn(
            fault=fault,
            blocks=after - before,
            promised=promised,
            anchored=anchored,
            first_block=first,
            healed=healed,
        )

    def _anchored(self, fault: Fault) -> int:
        """Records that are anchored by those whose own node is away."""
        provinces = [self.site.provinces[code] for code in fault.away]
        return sum(int(one.log(one.code)["anchoredSize"]) for one in provinces)

    def _heal(self, newest: int) -> tuple[float | None, float | None]:
        """Seconds to the next block, and until all works again."""
        begun = time.monotonic()
        first = self._timed(begun, lambda: self._newest() > newest)
        if first is None or self._wait_well(newest) is None:
            return first, None
        self._calm(since=time.monotonic())
        return first, round(time.monotonic() - begun, 1)

    def _wait_well(self, newest: int) -> float | None:
        """Until all nodes have blocks beyond that one, all gateways work, take a record, and have
        anchored what they had promised by then. None: not within `PATIENCE`."""
        numbers = {code: load.take(1) for code, load in self.loads.items()}
        target: dict[str, int] = {}

        def well() -> bool:
            heights, waits = self.site.heights(), self.site.waits_for()
            self._tell(heights, waits)
            if not level(heights, newest) or any(waits.values()):
                return False
            for code, number in list(numbers.items()):
                if not self._probes[code].once(number):
                    return False
                del numbers[code]
            logs = {code: one.log(code) for code, one in self.site.provinces.items()}
            for code, log in logs.items():
                target.setdefault(code, log["promisedSize"])
            return all(log["anchoredSize"] >= target[code] for code, log in logs.items())

        return self._timed(time.monotonic(), well)

    def _timed(self, begun: float, condition: Callable[[], bool]) -> float | None:
        """Seconds from `begun` until it is so, while what ended is started again."""

        def so() -> bool:
            self.site.revive()
            return condition()

        return round(time.monotonic() - begun, 1) if wait(so, pause=POLL) else None

    def _tell(self, heights: Mapping[str, int | None], waits: Mapping[str, str | None]) -> None:
        """Write down what keeps it from working, each time it changes."""
        told = {"heights": dict(heights), "gateways": dict(waits)}
        if told != self._told:
            self._told = told
            self.journal.write("waiting", **told)

    def _measure_period(self) -> None:
        """How often blocks come, and how far `finalized` is behind them."""
        url = next(iter(self.site.chain.validators.values())).ports.url
        begun, first = time.monotonic(), self._newest()
        while (passed := time.monotonic() - begun) < PERIOD_SECONDS:
            latest, final, again = (height(url, tag) for tag in ("latest", "finalized", "latest"))
            if final is not None and latest is not None and latest == again:
                self.finality[latest - final] += 1
            time.sleep(POLL)
        self.period = round(passed / max(1, self._newest() - first), 2)

    def _newest(self) -> int:
        return max(one or 0 for one in self.site.heights().values())

    def _calm(self, *, since: float) -> None:
        for load in self.loads.values():
            load.told.calm_since = since


def check_all(run: Consortium) -> Iterator[Check]:
    """All checks, once nothing is under way any more."""
    place = run.site
    yield from merge(
        {code: check_member(one, run.loads[code].told) for code, one in place.provinces.items()}
    )
    yield check_replay(place.file, place.folder / "audit.json")
    yield check_orphans(place.left_behind())
    yield from stood_check(run.turns)
    yield taken_check(run.turns)
    yield failover_check(run.turns)


def run(asked: Asked) -> Result:
    """Build, found, break, then look at what is left. Raises CannotBuild."""
    engine = build(asked.more.engine.resolve(), RECIPE.say)
    begun = time.monotonic()
    journal = Journal(asked.folder / JOURNAL)
    with (
        site((asked.folder / NETWORK).resolve(), engine, RECIPE.say) as place,
        closing(Consortium(place, journal, asked.longest, asked.seed)) as made,
    ):
        stopped = made.run(asked.minutes, asked.faults)
        seconds = time.monotonic() - begun
        RECIPE.say("comparing what was promised with what is there")
        checks = list(check_all(made))
        counts: Counter[str] = Counter()
        anchors: Counter[str] = Counter()
        for code, one in place.provinces.items():
            counts.update(made.loads[code].told.counts)
            anchors.update(anchor_states(one))
        return Result(
            seed=asked.seed,
            turns=made.turns,
            checks=checks,
            counts=dict(counts),
            anchors=dict(anchors),
            restarts=place.started,
            finality={str(blocks): times for blocks, times in sorted(made.finality.items())},
            period=made.period,
            versions=[f"{one.name} {one.version}" for one in MODULES],
            seconds=seconds,
            stopped=stopped,
        )


def main() -> int:
    """Command line entry."""
    parser = RECIPE.options()
    parser.add_argument("--engine", type=Path, default=ENGINE, metavar="DIR")
    return RECIPE.main(parser, run)


if __name__ == "__main__":
    sys.exit(main())
