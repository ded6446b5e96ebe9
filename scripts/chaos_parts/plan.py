"""Which faults come, in which order and for how long: all of it follows from the seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

GATEWAYS = ("gateway-1", "gateway-2")
PROCESSES = (*GATEWAYS, "database", "chain", "signer")
BEHIND = ("clients", "database", "chain", "signer")
"""What lies at the other end of a gateway's lines."""
ON_PROCESSES = ("kill", "pause")
ON_LINES = ("cut", "hold", "mute")
"""kill: SIGKILL, and started again. pause: SIGSTOP. cut: connections are reset, new ones too. hold:
bytes are taken and handed on when it is over, as a network does that loses packets for a while.
mute: requests go through, and what was answered is lost with its connection. Gateways are asked to
`stop` as well, as where they are updated."""
SHORTEST = 1.0
LONGEST_MUTE = 3.0
"""Seconds: each request is carried out and none is answered meanwhile."""
LONG, LONGER = 0.1, 4
"""Share of the others that may last so many times as long: beyond the patience of most waits."""
PAIRS = 0.25
"""Share of the times that a second fault comes while the first one lasts."""
BOTH = 1 / 3
"""Share of the faults of lines that befall those of both gateways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong. targets: processes, or lines as GATEWAY/END. after: seconds behind
    the first one of its group."""

    kind: str
    targets: tuple[str, ...]
    seconds: float
    after: float = 0.0

    @property
    def end(self) -> str:
        """What it befalls, or keeps from being reached."""
        return self.targets[0].rpartition("/")[2]

    @property
    def name(self) -> str:
        """Of what kind it is and what it befalls, whichever gateway it was: `cut database`."""
        return f"{self.kind} {'gateway' if self.end in GATEWAYS else self.end}"

    def meets(self, other: Fault) -> bool:
        """Whether both befall the same thing."""
        return bool(set(self.targets) & set(other.targets))


def draw(seed: int, longest: float) -> Iterator[Sequence[Fault]]:
    """Groups of faults that come together, without end. Every combination comes once before any
    comes again. longest: seconds that a fault lasts at most."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
    faults = _without_end(chance, longest)
    while True:
        first = next(faults)
        if chance.random() >= PAIRS:
            yield [first]
            continue
        second = replace(next(faults), after=round(chance.uniform(0, first.seconds), 1))
        yield [first] if first.meets(second) else [first, second]


def _without_end(chance: random.Random, longest: float) -> Iterator[Fault]:
    deck = [(kind, (name,)) for kind in ON_PROCESSES for name in PROCESSES]
    deck += [("stop", (name,)) for name in GATEWAYS]
    while True:
        cards = deck + [(kind, _lines(chance, end)) for kind in ON_LINES for end in BEHIND]
        chance.shuffle(cards)
        for kind, targets in cards:
            most = longest * (LONGER if chance.random() < LONG else 1)
            most = min(longest, LONGEST_MUTE) if kind == "mute" else most
            seconds = round(chance.uniform(SHORTEST, most), 1)
            yield Fault(kind=kind, targets=targets, seconds=seconds)


def _lines(chance: random.Random, end: str) -> tuple[str, ...]:
    both = chance.random() < BOTH
    return tuple(f"{name}/{end}" for name in (GATEWAYS if both else [chance.choice(GATEWAYS)]))
