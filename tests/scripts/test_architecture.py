"""The picture of the rooms: made of the imports, the same every time."""

import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

from scripts import architecture
from scripts.architecture_parts import placing, rooms
from scripts.house_parts import imports

ROOT = Path(__file__).resolve().parent.parent.parent
GRAPH = {
    "top": frozenset({"left", "right", "ground"}),
    "left": frozenset({"ground"}),
    "right": frozenset({"left", "ground"}),
    "ground": frozenset[str](),
}


def test_one_house_gives_one_picture() -> None:
    assert architecture.draw(ROOT) == architecture.draw(ROOT)


def test_every_room_is_drawn_and_says_what_it_is_for() -> None:
    graph = rooms.arrows(imports.imports(ROOT))
    drawn = ET.fromstring(architecture.draw(ROOT))
    texts = {element.text for element in drawn.iter() if element.tag.endswith("}text")}
    assert {"ledger/core", "gateway/base", "gateway/app.py"} <= graph.keys() <= texts
    assert [name for name in graph if not rooms.purpose(ROOT, name)] == []


def test_rooms_stand_above_what_they_import() -> None:
    assert rooms.floors(GRAPH) == {"top": 3, "right": 2, "left": 1, "ground": 0}


def test_arrows_that_a_longer_way_replaces_are_left_out() -> None:
    assert rooms.reduced(GRAPH) == {
        "top": {"right"},
        "right": {"left"},
        "left": {"ground"},
        "ground": frozenset(),
    }


def test_nothing_overlaps_and_long_arrows_pass_beside_rooms() -> None:
    storeys, ways = placing.ways(rooms.floors(GRAPH), GRAPH)
    placing.settle(storeys)
    assert max(len(way) for way in ways) == 4
    for storey in storeys:
        row = sorted(storey, key=lambda place: place.x)
        for left, right in itertools.pairwise(row):
            assert left.x + left.width / 2 < right.x - right.width / 2
