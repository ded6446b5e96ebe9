"""Where rooms stand in the picture, and where arrows run between them.

A long arrow gets a narrow place on every floor that it passes, so that it runs beside the rooms
and not behind them. Everything is sorted, so the same house gives the same picture.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

ROOM_WIDTH, PASSAGE_WIDTH, GAP = 188.0, 8.0, 14.0
SWEEPS = 40
"""Up and down through the house; the order of rooms has settled long before."""


@dataclass
class Place:
    """A room, or where an arrow passes a floor (`room` empty)."""

    name: str
    room: str
    floor: int
    x: float = 0.0
    beside: list["Place"] = field(default_factory=list)
    """Places one floor up or down with which an arrow joins it."""

    @property
    def width(self) -> float:
        """How much of its floor it takes."""
        return ROOM_WIDTH if self.room else PASSAGE_WIDTH


Way = list[Place]
"""An arrow: from the importer down to the imported."""


def ways(
    floors: Mapping[str, int], graph: Mapping[str, frozenset[str]]
) -> tuple[list[list[Place]], list[Way]]:
    """Places by floor, and the way of every arrow."""
    rooms = {name: Place(name, name, floor) for name, floor in floors.items()}
    storeys: list[list[Place]] = [[] for _ in range(max(floors.values()) + 1)]
    for place in rooms.values():
        storeys[place.floor].append(place)
    found = []
    for name in graph:
        for other in sorted(graph[name]):
            between = range(floors[name] - 1, floors[other], -1)
            passages = [Place(f"{name} {other}", "", floor) for floor in between]
            for passage in passages:
                storeys[passage.floor].append(passage)
            way = [rooms[name], *passages, rooms[other]]
            for above, under in itertools.pairwise(way):
                above.beside.append(under)
                under.beside.append(above)
            found.append(way)
    return storeys, found


def settle(storeys: list[list[Place]]) -> None:
    """Give each place an x near those that it is joined with."""
    for storey in storeys:
        _spread(storey, {place.name: 0.0 for place in storey})
    for sweep in range(SWEEPS):
        last = sweep == SWEEPS - 1
        for storey in storeys if sweep % 2 else reversed(storeys):
            towards = -1 if sweep % 2 else 1
            _spread(storey, {place.name: _wish(place, 0 if last else towards) for place in storey})
    leftmost = min(place.x - place.width / 2 for storey in storeys for place in storey)
    for storey in storeys:
        for place in storey:
            place.x = round(place.x - leftmost, 1)


def _wish(place: Place, towards: int) -> float:
    """The middle of what it is joined with, on one side (above 1, below -1) or on both (0)."""
    others = [other.x for other in place.beside if (other.floor - place.floor) * towards >= 0]
    return sum(others) / len(others) if others else place.x


def _spread(storey: list[Place], wishes: dict[str, float]) -> None:
    """Stand side by side in the order of the wishes, and as near to them as the widths allow:
    neighbours that would overlap become one block at the mean of what they wish."""
    storey.sort(key=lambda place: (round(wishes[place.name], 3), place.name))
    blocks: list[tuple[float, list[Place]]] = []
    for place in storey:
        blocks.append((wishes[place.name] - place.width / 2, [place]))
        while len(blocks) > 1 and blocks[-2][0] + _length(blocks[-2][1]) > blocks[-1][0]:
            (left, first), (right, second) = blocks[-2:]
            start = left * len(first) + (right - _length(first)) * len(second)
            blocks[-2:] = [(start / (len(first) + len(second)), first + second)]
    for start, places in blocks:
        for place in places:
            place.x = start + place.width / 2
            start += place.width + GAP  # noqa: PLW2901


def _length(places: list[Place]) -> float:
    return sum(place.width + GAP for place in places)
