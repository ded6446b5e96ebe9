"""Copies of the chain's state: whole or not at all, the last good one found."""

import gzip
import json
from pathlib import Path

import pytest

from gateway.devnet import state
from ledger.core.errors import CouldNotCheck

GOOD = json.dumps({"best_block_number": 7}).encode()
OTHER = json.dumps({"best_block_number": 8}).encode()


def test_dump_decodes() -> None:
    assert state.decode_dump("0x" + gzip.compress(GOOD, mtime=0).hex()) == GOOD


@pytest.mark.parametrize(
    "blob",
    [
        None,
        "",
        "0x",
        "0xzz",
        "0x00",
        "0x" + gzip.compress(GOOD, mtime=0).hex()[:-20],
        "0x" + gzip.compress(b"{}", mtime=0).hex(),
    ],
)
def test_dump_that_is_none(blob: object) -> None:
    with pytest.raises(CouldNotCheck):
        state.decode_dump(blob)


def test_nothing_left(tmp_path: Path) -> None:
    assert state.last_good(tmp_path) is None


def test_newest_wins(tmp_path: Path) -> None:
    state.store(tmp_path, GOOD)
    state.store(tmp_path, OTHER)
    found = state.last_good(tmp_path)
    assert found is not None and found.read_bytes() == OTHER
    assert (tmp_path / "state.1.json").read_bytes() == GOOD


@pytest.mark.parametrize("damage", [b"", OTHER[:5], b"[]", b"null"])
def test_damaged_newest_falls_back(tmp_path: Path, damage: bytes) -> None:
    state.store(tmp_path, GOOD)
    state.store(tmp_path, OTHER)
    (tmp_path / "state.json").write_bytes(damage)
    found = state.last_good(tmp_path)
    assert found is not None and found.read_bytes() == GOOD


def test_both_damaged(tmp_path: Path) -> None:
    for name in state.NAMES:
        (tmp_path / name).write_bytes(b"")
    assert state.last_good(tmp_path) is None
