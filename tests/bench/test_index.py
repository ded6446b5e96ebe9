"""The measurement of indexes, in small."""

import json
from pathlib import Path

import pytest

from scripts import bench_index
from scripts.bench_parts import indexes

ROWS = 2 * indexes.SET


@pytest.mark.nightly
def test_in_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both kinds of entries find what is there; what was measured before is kept beside."""
    monkeypatch.setattr(indexes, "SETS", 1)
    for only in ("entries", "mixed"):
        words = ["bench_index", "--records", str(ROWS), "--only", only, "--out", str(tmp_path)]
        monkeypatch.setattr("sys.argv", words)
        assert bench_index.main() == 0
    told = json.loads((tmp_path / "results.json").read_bytes())
    entries = [title for title in told if title.startswith("entries")]
    assert (len(entries), len(told)) == (2, 4)
    for title, kind in told.items():
        [point] = kind["points"]
        assert point["records"] == ROWS
        assert point["wall_us"] > 0 < point["ahead"]
        assert (point["found_us"] is not None) == (title in entries)
    text = (tmp_path / "README.md").read_text("utf-8")
    assert text.count(f"| {ROWS:,} |") == 4


def test_sizes() -> None:
    assert bench_index.sizes_until(10_000_000) == [10_000, 1_000_000, 5_000_000, 10_000_000]
    assert bench_index.sizes_until(9000) == [9000]
