"""Lists of the fields of a report: which authority is of which."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.records.report_fields import FieldList, by_hash, packaged, parse
from ledger.records.store import Library

LIST: dict[str, Any] = {
    "_type": "credit-ledger/report-fields@1",
    "name": "report-fields",
    "version": 2,
    "date": "2026-06-01",
    "title": {"zh": "领域", "en": "fields"},
    "source": "样例",
    "fields": [
        {"id": "tax", "title": {"zh": "税务", "en": "tax"}, "named": ["税务"]},
        {
            "id": "market",
            "title": {"zh": "市场", "en": "market"},
            "named": ["市场监督"],
            "codes": ["11110000000013338W"],
        },
        {"id": "other", "title": {"zh": "其他", "en": "others"}},
    ],
}


def made(**changes: Any) -> bytes:
    return canonical.encode(LIST | changes)


@pytest.mark.parametrize(
    ("code", "name", "field"),
    [
        (None, "国家税务总局北京市税务局", "tax"),
        (None, "北京市 市场监督管理局", "market"),
        ("11110000000013338W", "国家税务总局北京市税务局", "market"),
        ("11110000000020000X", None, "other"),
        (None, "北京市某局", "other"),
    ],
)
def test_the_first_that_fits(code: str | None, name: str | None, field: str) -> None:
    assert parse(made()).field_of(code, name) == field


def test_of_ours_every_field_has_a_name_of_its_own() -> None:
    (ours,) = packaged()
    assert by_hash(ours.sha256) is ours
    assert by_hash("00" * 32) is None
    assert len(ours.fields) == 47
    for name, field in {
        "北京市市场监督管理局": "market",
        "天津市生态环境局": "environment",
        "国家税务总局石家庄市税务局": "tax",
        "山西省太原市中级人民法院": "courts",
        "北京市药品监督管理局": "drugs",
        "北京市住房和城乡建设委员会": "housing",
        "北京市消防救援总队": "fire",
    }.items():
        assert ours.field_of(None, name) == field, name


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.update(more=1),
        lambda value: value.update(_type="credit-ledger/rules@1"),
        lambda value: value.update(version=0),
        lambda value: value.update(date="2026"),
        lambda value: value.update(region="11"),
        lambda value: value.update(fields=[]),
        lambda value: value.update(fields=value["fields"][:2]),
        lambda value: value.update(fields=[*value["fields"], value["fields"][0]]),
        lambda value: value.update(fields=[value["fields"][2], *value["fields"]]),
        lambda value: value["fields"][0].update(id="Tax"),
        lambda value: value["fields"][0].update(more=1),
        lambda value: value["fields"][0].update(named=["税务", "税务"]),
        lambda value: value["fields"][0].update(named=[]),
    ],
)
def test_nothing_else_is_a_list(change: Change) -> None:
    value = canonical.parse(made())
    change(value)
    with pytest.raises(Malformed):
        parse(canonical.encode(value))


def test_one_of_the_region_goes_before(tmp_path: Path) -> None:
    def ids(library: Library, region: str, day: date) -> str:
        found: FieldList = library.fields_of(region, day)
        return found.source

    (tmp_path / "own.json").write_bytes(made(region="110000", source="北京"))
    (tmp_path / "all.json").write_bytes(made(source="各地"))
    library = Library.load(tmp_path)
    assert not library.unreadable
    assert ids(library, "110000", date(2026, 6, 1)) == "北京"
    assert ids(library, "120000", date(2026, 6, 1)) == "各地"
    (ours,) = packaged()
    assert ids(library, "110000", date(2026, 5, 31)) == ours.source
    assert ids(library, "110000", date(2020, 1, 1)) == ours.source
    (tmp_path / "twin.json").write_bytes(made(date="2026-01-01", source="后来"))
    assert ids(Library.load(tmp_path), "120000", date(2026, 5, 31)) == "后来"
    brought = parse(made(source="各地"))
    found = library.field_list(brought.sha256)
    assert found is not None
    assert found.id == brought.id
    assert library.field_list("00" * 32) is None
