"""JSON files: one record, an array of them, one a line."""

import json

import pytest

from gateway.files.errors import FileFault
from gateway.files.reading import Reading
from tests.support.sheets import GOOD, read

FIELDS = {**GOOD, "CF_CFLB": ["罚款"]}
RECORD = {"type": "penalty", "schema": "1", "class": "general", "fields": FIELDS}
TEXT = json.dumps(RECORD, ensure_ascii=False)


def rows(text: str, name: str) -> list[tuple[int | None, str | None]]:
    found = read(text.encode(), name)
    return [(r.input.row, r.input.fault.code if r.input.fault else None) for r in found]


@pytest.mark.parametrize("name", ["a.json", "a", "a.txt"])
def test_one_record(name: str) -> None:
    found = read(TEXT.encode(), name)[0].input
    assert (found.row, found.type, found.class_, found.fields) == (
        None,
        "penalty",
        "general",
        FIELDS,
    )
    pretty = json.dumps(RECORD, ensure_ascii=False, indent=2)
    assert rows(pretty, name) == [(None, None)]
    assert rows("\ufeff" + pretty, name) == [(None, None)]


@pytest.mark.parametrize("name", ["a.ndjson", "a.JSONL", "a.json", "a"])
def test_lines(name: str) -> None:
    text = f"{TEXT}\n\n{TEXT}\r\n  \n{{broken\n{TEXT}"
    assert rows(text, name) == [(1, None), (3, None), (5, "schema-invalid"), (6, None)]


def test_one_line_is_line_one() -> None:
    assert rows(TEXT, "a.ndjson") == [(1, None)]
    assert rows(TEXT + "\n", "a.ndjson") == [(1, None)]


def test_array() -> None:
    text = f"[ {TEXT} ,\n{TEXT},{{}}, 5 ]\n"
    assert rows(text, "a.json") == [
        (1, None),
        (2, None),
        (3, "schema-invalid"),
        (4, "schema-invalid"),
    ]


@pytest.mark.parametrize(
    "text", ["[1 2]", "[", "[1,]", "[1] x", "[,1]", '["a', "[" * 10_000, "[\ud7ff" + "x]"]
)
def test_broken_arrays(text: str) -> None:
    with pytest.raises(FileFault) as caught:
        rows(text, "a.json")
    assert caught.value.code == "schema-invalid"


@pytest.mark.parametrize("text", ["[]", " [ ]\n"])
def test_nothing_is_a_fault(text: str) -> None:
    with pytest.raises(FileFault) as caught:
        rows(text, "a.json")
    assert caught.value.name == "no-rows"


@pytest.mark.parametrize("text", ["", "  \n", "\ufeff"])
def test_empty_files(text: str) -> None:
    for name in ("a.json", "a.csv", "a.ndjson"):
        with pytest.raises(FileFault) as caught:
            rows(text, name)
        assert caught.value.name in ("empty", "no-rows")


def test_a_key_twice_is_refused_in_every_form() -> None:
    twice = TEXT.replace('"CF_WSH"', '"CF_WSH":"x","CF_WSH"')
    assert rows(twice, "a.json") == [(None, "schema-invalid")]
    assert rows(twice, "a.ndjson") == [(1, "schema-invalid")]
    assert rows(f"[{TEXT},{twice}]", "a.json") == [(1, None), (2, "schema-invalid")]


def test_a_deep_record_leaves_the_others_alone() -> None:
    deep = '{"type":"t","fields":{"A":' + "[" * 300 + "]" * 300 + "}}"
    assert rows(f"{TEXT}\n{deep}\n{TEXT}", "a.ndjson") == [
        (1, None),
        (2, "schema-invalid"),
        (3, None),
    ]
    assert rows(f"[{TEXT},{deep},{TEXT}]", "a.json")[1:] == [(2, "schema-invalid"), (3, None)]
    assert rows(deep, "a.json") == [(None, "schema-invalid")]


def test_too_long_records() -> None:
    long = TEXT.replace("经查", "经" * 100_000)
    assert rows(long, "a.json") == [(None, "too-large")]
    assert rows(f"{long}\n{TEXT}", "a.ndjson") == [(1, "too-large"), (2, None)]
    assert rows(f"[{long},{TEXT}]", "a.json") == [(1, "too-large"), (2, None)]


def test_too_many_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read before the bound stands."""
    monkeypatch.setattr("gateway.files.reading.MAX_ROWS", 3)
    assert rows("[1,2,3]", "a.json") == [(at, "schema-invalid") for at in (1, 2, 3)]
    for text, name in (("[1,2,3,4]", "a.json"), ("{}\n" * 4, "a.ndjson")):
        with pytest.raises(FileFault) as caught:
            rows(text, name)
        assert caught.value.code == "too-large"


def test_types_are_counted_apart() -> None:
    other = json.dumps({"type": "licence", "fields": {}})
    reading = Reading(f"{TEXT}\n{other}\n{TEXT}\n{{".encode(), name="a.ndjson", type_=None)
    assert len(list(reading.rows())) == 4
    assert [(s.schema.id if s.schema else None, s.rows) for s in reading.sheets] == [
        ("penalty@1", 2),
        ("licence@1", 1),
    ]


def test_header_alone_is_a_fault() -> None:
    with pytest.raises(FileFault) as caught:
        read(",".join(GOOD).encode(), "a.csv")
    assert caught.value.name == "no-rows"
    with pytest.raises(FileFault) as caught:
        read("甲,乙,丙\n1,2,3\n".encode(), "a.csv")
    assert caught.value.name == "header-missing"
