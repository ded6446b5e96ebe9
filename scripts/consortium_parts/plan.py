"""What befalls a chain of four, in an order that follows from the seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

PROVINCES = ("110000", "120000", "130000", "140000")
SPARE = 1
"""Of four validators so many may be away, and blocks come."""
SHORTEST = 10.0
"""Seconds of a fault: several blocks, so that it shows whether they come."""
KILL, PAUSE, CUT = "kill", "pause", "cut"
"""kill: SIGKILL, started again at the end. pause: SIGSTOP. cut: no byte between those and the
others, on the lines of validators and of gateways to their nodes."""
GETH, BEACOND, GATEWAY, VALIDATOR, SITE = "geth", "beacond", "gateway", "validator", "site"
"""validator: geth and beacond. site: these and the gateway, as when a machine loses its power."""
DECK: tuple[tuple[str, str, int], ...] = (
    (KILL, GETH, 1),
    (KILL, BEACOND, 1),
    (KILL, GATEWAY, 1),
    (KILL, SITE, 1),
    (KILL, VALIDATOR, 2),
    (KILL, SITE, 4),
    (PAUSE, GETH, 1),
    (PAUSE, VALIDATOR, 1),
    (PAUSE, VALIDATOR, 2),
    (PAUSE, GATEWAY, 1),
    (CUT, SITE, 1),
    (CUT, SITE, 2),
)
"""Kind, what it befalls, in how many provinces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong. where: codes of the provinces that it befalls. seconds: until it
    ends."""

    kind: str
    what: str
    where: tuple[str, ...]
    seconds: float

    @property
    def name(self) -> str:
        """Of what kind it is, wherever it was: `cut off two provinces`."""
        count = {1: "one", 2: "two", 4: "four"}[len(self.where)]
        many = "" if len(self.where) == 1 else "s"
        if self.kind == CUT:
            return f"cut off {count} province{many}"
        return f"{self.kind} {count} {self.what}{many}"

    @property
    def stands(self) -> bool:
        """Whether no block can come while it lasts: a validator without its geth, or cut off from
        half of the others, is away too."""
        return self.what != GATEWAY and len(self.where) > SPARE

    @property
    def parts(self) -> tuple[str, ...]:
        """Processes of a province that it befalls, in the order in which they start again; none
        where lines are cut."""
        if self.kind == CUT:
            return ()
        return {VALIDATOR: (GETH, BEACOND), SITE: (GETH, BEACOND, GATEWAY)}.get(
            self.what, (self.what,)
        )

    @property
    def away(self) -> tuple[str, ...]:
        """Provinces whose own node is away while gateway and chain go on: it must ask the others'
        nodes."""
        one = GETH in self.parts and GATEWAY not in self.parts and not self.stands
        return self.where if one else ()

    def cuts(self, first: str, second: str) -> bool:
        """Whether nothing passes between these two provinces."""
        return self.kind == CUT and (first in self.where) != (second in self.where)


def draw(seed: int, longest: float) -> Iterator[Fault]:
    """Faults without end. Every kind comes once before any comes again. longest: seconds of one at
    most."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
    while True:
        for kind, what, count in chance.sample(DECK, len(DECK)):
            where = tuple(sorted(chance.sample(PROVINCES, count)))
            seconds = round(chance.uniform(SHORTEST, max(SHORTEST, longest)), 1)
            yield Fault(kind=kind, what=what, where=where, seconds=seconds)
