"""Every row of the sample files gets the right answer from `check` and the keys alone."""

from pathlib import Path

import pytest

from ledger.records.judging import Fields
from ledger.records.keys import record_key
from ledger.records.setting import Setting
from ledger.records.validate import check
from tests.records import samples
from tests.records.examples import TODAY

SAMPLES = samples.read(Path(__file__).parents[2] / "examples")


def test_all_samples_are_seen() -> None:
    assert [len(sample.rows) for sample in SAMPLES] == [155, 120, 131, 126, 30]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_row(sample: samples.Sample) -> None:
    seen: dict[bytes, Fields] = {}
    for row in sample.rows:
        checked = check(sample.schema, row.raw, Setting(today=TODAY), cell_errors=row.cell_errors)
        if row.verdict == "rejected":
            assert checked.errors, row.number
            assert checked.errors[0].field == row.field, row.number
            continue
        assert checked.errors == (), row.number
        assert checked.decided is not None
        key = record_key(sample.schema, checked.fields)
        if key not in seen:
            verdict = "accepted"
        else:
            verdict = "duplicate" if seen[key] == checked.fields else "conflict"
        assert verdict == row.verdict, row.number
        seen.setdefault(key, checked.fields)
