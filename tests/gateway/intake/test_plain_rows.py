"""Rows that lie together by column, and what becomes of them where they are judged."""

import pickle

import pytest

from gateway.intake.interfaces import RowInput
from gateway.intake.plain_rows import SEPARATOR, PlainRows, split_list
from gateway.intake.worker import Pickled

COLUMNS = {"A": "甲", "L": "乙", "N": "丙"}


def column(*texts: str) -> str:
    return SEPARATOR.join(texts)


def plain(**changes: object) -> PlainRows:
    """Three rows: the second has nothing but an error, the third a list without a value."""
    values = {
        "sheet": "S",
        "type": "penalty",
        "columns": COLUMNS,
        "rows": [3, 4, 9],
        "texts": {
            "A": column("a", "", "c"),
            "L": column("x；y", "", "；"),
            "N": column("", "", "n"),
        },
        "lists": frozenset("L"),
        "errors": {1: {"A": "date-cell"}},
    }
    return PlainRows(**(values | changes))  # type: ignore[arg-type]


def row(number: int, fields: dict[str, object], **others: object) -> RowInput:
    values = {"row": number, "sheet": "S", "type": "penalty", "columns": COLUMNS}
    return RowInput(fields=fields, **(values | others))  # type: ignore[arg-type]


ROWS = [
    row(3, {"A": "a", "L": ["x", "y"]}),
    row(4, {}, cell_errors={"A": "date-cell"}),
    row(9, {"A": "c", "L": [], "N": "n"}),
]


def test_rows() -> None:
    assert plain().read() == ROWS
    assert [list(one.fields) for one in plain().read()] == [["A", "L"], [], ["A", "L", "N"]]
    whole = plain(texts={"A": column("a", "b", "c")}, errors={})
    assert [one.fields for one in whole.read()] == [{"A": "a"}, {"A": "b"}, {"A": "c"}]


def test_columns_of_our_own() -> None:
    own = plain(class_=column("", "minor", "?"), corrects=column("ab", "", ""))
    assert [(one.class_, one.corrects) for one in own.read()] == [
        (None, "ab"),
        ("minor", None),
        ("?", None),
    ]
    assert [(one.class_, one.corrects) for one in own.part(1, 3).read()] == [
        ("minor", None),
        ("?", None),
    ]


@pytest.mark.parametrize(("start", "stop"), [(0, 3), (0, 1), (1, 2), (1, 3), (2, 3)])
def test_some_of_them(start: int, stop: int) -> None:
    assert plain().part(start, stop).read() == ROWS[start:stop]
    assert len(plain().part(start, stop)) == stop - start


def test_among_others_in_a_set() -> None:
    first = row(1, {"A": "0"})
    data = pickle.dumps([first, plain(), first])
    assert list(Pickled(data, 5).read()) == [first, *ROWS, first]


def test_lists() -> None:
    assert split_list("警告；罚款;通报批评\n 其他 ;;\r\n") == ["警告", "罚款", "通报批评", "其他"]
    assert split_list("没收违法所得、没收非法财物") == ["没收违法所得、没收非法财物"]
    assert split_list(" ; ；\n") == []
