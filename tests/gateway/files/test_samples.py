"""Every row of every sample, read and judged; keys are compared by a plain dictionary here."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.files.reading import TEMPLATES, Reading
from gateway.files.stretch import Row
from ledger.records.keys import record_key
from ledger.records.schema import load
from ledger.records.setting import Setting
from ledger.records.validate import check

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples"
EXPECTED: dict[str, Any] = json.loads((EXAMPLES / "expected.json").read_text("utf-8"))
TODAY = date(2026, 11, 23)


def verdicts(rows: list[Row]) -> list[dict[str, object]]:
    seen: dict[bytes, object] = {}
    found: list[dict[str, object]] = []
    for row in rows:
        schema = load(row.input.type)
        checked = check(
            schema, row.input.fields, Setting(today=TODAY), cell_errors=row.input.cell_errors
        )
        if checked.errors:
            verdict, field = "rejected", checked.errors[0].field
        else:
            before = seen.setdefault(record_key(schema, checked.fields), checked.fields)
            if before is checked.fields:
                verdict, field = "accepted", None
            elif before == checked.fields:
                verdict, field = "duplicate", None
            else:
                verdict, field = "conflict", schema.document
        found.append({"row": row.input.row, "verdict": verdict, "field": field})
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_rows(name: str) -> None:
    expected = EXPECTED[name]
    reading = Reading((EXAMPLES / name).read_bytes(), name=name, type_=None)
    rows = list(reading.rows())
    assert verdicts(rows) == expected["verdicts"]
    assert len(rows) == expected["rows"] == reading.sheets[0].rows
    schema = reading.sheets[0].schema
    assert schema is not None
    assert schema.family == expected["type"]
    assert TEMPLATES[schema.name] == expected["template"]


def test_an_unknown_column_is_named_once() -> None:
    data = (EXAMPLES / "天津_行政处罚_手工表.xlsx").read_bytes()
    first, *others = Reading(data, name="x.xlsx", type_=None).rows()
    assert [(note.field, note.code) for note in first.input.notes] == [("备用列", "column-unknown")]
    assert not any(row.input.notes for row in others)


def test_examples_are_the_samples() -> None:
    samples = ROOT.parent / "shared" / "samples"
    copies = {path.name: path.read_bytes() for path in EXAMPLES.iterdir()}
    del copies["README.md"]
    assert set(copies) == {*EXPECTED, "expected.json"}
    if samples.is_dir():
        assert copies == {path.name: path.read_bytes() for path in samples.iterdir()}
