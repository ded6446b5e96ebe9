"""The measurement of tables that are cut, in small."""

import pytest

from scripts.bench_partitions import TOLD, measured, page
from scripts.bench_parts.partitions import Measured


def test_the_page_tells_all_that_was_measured() -> None:
    values = {name: 1234.5 for name, _ in TOLD}
    found = [
        Measured(2_000_000, 60, values, {"records": 150.0, "contents": 100.0}),
        Measured(1_000_000, 1, {"leaf_ms": 0.125}, {"records": 150.0}),
    ]
    text = page(found, "Here.")
    assert all(f"| {title} | 1,23" in text for _, title in TOLD)
    assert "| one entry by its leaf, ms | 1,234 | 0.125 |" in text
    assert "| `contents` | 100 | – |" in text
    assert "of 788 bytes 974, which" in text and "487 GB" in text


@pytest.mark.nightly
@pytest.mark.parametrize(("rows", "parts"), [(3000, 3), (3000, 1)])
def test_in_small(rows: int, parts: int) -> None:
    found = measured(rows, parts, lambda _text: None)
    archived = {"detach_s", "attach_s", "drop_s"}
    wanted = {name for name, _ in TOLD} - (archived if parts == 1 else {"delete_s"})
    assert wanted <= found.values.keys()
    assert all(value > 0 for value in found.values.values())
    assert found.sizes["entries"] > 60
