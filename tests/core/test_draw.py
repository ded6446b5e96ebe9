"""Draws: places that nobody chose, and the one spelling of the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.draw import Draw, Drawn, DrawnLog, parse_draw, places
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import Digest, LogId, RecordId, sha256
from tests.core.material import fuzz

BLOCK, LOG = sha256(b"block"), LogId(sha256(b"log"))
LEAF = Drawn(index=7, leaf=sha256(b"leaf"), record=RecordId(sha256(b"record")))
DRAW = Draw(
    auditor="demo-auditor",
    network="eip155:31337:0x0000000000000000000000000000000000000001",
    day=date(2026, 11, 30),
    number=1234,
    hash=BLOCK,
    time=1_796_000_000,
    count=2,
    logs=(
        DrawnLog(
            member="120000",
            log=LOG,
            size=300,
            leaves=(
                replace(LEAF, given=sha256(b"receipt")),
                replace(LEAF, index=8, refused="not-granted"),
                replace(LEAF, index=9),
            ),
        ),
    ),
)


def plain_places(block: bytes, log: bytes, size: int) -> list[int]:
    """The twin, from the definition."""
    found: list[int] = []
    number = 0
    while len(found) < size:
        text = b"credit-ledger/draw/1\0" + block + log
        text += size.to_bytes(8, "big") + number.to_bytes(8, "big")
        place = int.from_bytes(sha256(text), "big") % size
        found += [place] if place not in found else []
        number += 1
    return found


@fuzz
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.integers(0, 40))
def test_every_place_once_in_the_order_of_the_definition(
    block: bytes, log: bytes, size: int
) -> None:
    found = list(places(block, log, size))
    assert found == plain_places(block, log, size)
    assert sorted(found) == list(range(size))


@pytest.mark.parametrize(
    "other",
    [
        lambda: places(sha256(b"another"), LOG, 300),
        lambda: places(BLOCK, sha256(b"another"), 300),
        lambda: places(BLOCK, LOG, 301),
    ],
)
def test_another_block_log_or_size_draws_others(other: Callable[[], Any]) -> None:
    first = [place for place, _ in zip(places(BLOCK, LOG, 300), range(20), strict=False)]
    assert first != [place for place, _ in zip(other(), range(20), strict=False)]


def test_the_file_is_read_as_it_is_written() -> None:
    assert parse_draw(DRAW.encode()) == DRAW
    assert DRAW.encode().startswith(b'{"_type":"credit-ledger/draw@1","auditor"')


def _log(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["logs"][0].update(changes)


def _leaf(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["logs"][0]["leaves"][0].update(changes)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.update(_type="credit-ledger/other@1"),
        lambda value: value.update(more=1),
        lambda value: value.update(count=0),
        lambda value: value.update(count=65),
        lambda value: value.update(day="2026-13-01"),
        lambda value: value.update(network=""),
        lambda value: value.update(auditor="no code!"),
        lambda value: value["block"].update(number=-1),
        lambda value: value["block"].update(hash="00"),
        lambda value: value["block"].pop("time"),
        lambda value: value.update(logs=value["logs"] * 2),
        _log(size=-1),
        _log(member="no code!"),
        _log(leaves=7),
        _leaf(index=-1),
        _leaf(refused="Not so"),
        _leaf(refused="not-granted"),
        _leaf(given="00"),
        _leaf(more=1),
    ],
)
def test_what_is_no_draw(change: Callable[[dict[str, Any]], None]) -> None:
    value = canonical.parse(DRAW.encode(), allow_null=True, max_depth=5)
    change(value)
    with pytest.raises(Malformed):
        parse_draw(canonical.encode(value, allow_null=True, max_depth=5))


def test_a_draw_of_a_later_version() -> None:
    with pytest.raises(VersionUnknown):
        parse_draw(DRAW.encode().replace(b"draw@1", b"draw@2"))


def test_logs_ascend() -> None:
    other = replace(DRAW.logs[0], log=LogId(Digest(bytes(32))))
    assert parse_draw(replace(DRAW, logs=(other, *DRAW.logs)).encode()).logs[0] == other
    with pytest.raises(Malformed):
        parse_draw(replace(DRAW, logs=(*DRAW.logs, other)).encode())
