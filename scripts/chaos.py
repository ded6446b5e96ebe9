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

import math
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict

from scripts.chaos_parts.checks import Check, anchor_states, check_all
from scripts.chaos_parts.command import Asked, Recipe
from scripts.chaos_parts.folder import NETWORK
from scripts.chaos_parts.load import Load, Sender
from scripts.chaos_parts.outcome import JOURNAL, Journal
from scripts.chaos_parts.plan import GATEWAYS, Fault, draw
from scripts.chaos_parts.report import Healing, Result, healed_check
from scripts.chaos_parts.site import PATIENCE, Site, site, wait

BETWEEN = 1.0
"""Seconds of peace before the next."""
POLL = 0.2
"""Seconds between two looks whether all works again."""
OUTAGES = {"database": "database", "chain": "chain", "signer": "signer"}
"""What a gateway stands on, and the doctor's code where it is away."""
RECIPE = Recipe(
    name="chaos",
    title="Chaos",
    what=(
        "Two gateways of one member on one PostgreSQL, one chain and one signing service, under a"
        " load of single records, small streams and files; the faults come in an order that follows"
        " from the seed."
    ),
    about=__doc__ or "",
    minutes=30.0,
    longest=20.0,
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
            RECIPE.say(f"{fault.kind} {', '.join(fault.targets)} for {fault.seconds:g} s")
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
        RECIPE.say(f"all works again after {seconds:g} s")
        return seconds

    def _complain(self, begun: float, told: Mapping[str, str | None]) -> None:
        """Write down what keeps the gateways from working, each time it changes."""
        if told != self._complained:
            self._complained = dict(told)
            self.journal.write("waiting", s=round(time.monotonic() - begun, 1), told=told)


def run(asked: Asked) -> Result:
    """Break, then look at what is left."""
    begun = time.monotonic()
    journal = Journal(asked.folder / JOURNAL)
    with (
        site(asked.folder / NETWORK) as place,
        closing(Chaos(place, journal, asked.longest, asked.seed)) as chaos,
    ):
        stopped = chaos.run(asked.minutes, asked.faults)
        seconds = time.monotonic() - begun
        RECIPE.say("comparing what was promised with what is there")
        checks = list(check_all(place, chaos.load.told))
        return Result(
            seed=asked.seed,
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
    return RECIPE.main(RECIPE.options(), run)


if __name__ == "__main__":
    sys.exit(main())
