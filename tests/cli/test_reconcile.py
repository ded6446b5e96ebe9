"""`audit reconcile`: what it shows, and that no answer of a node is believed to have its form."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli import quality
from ledger.cli import reconcile as module
from tests.cli.conftest import Cli
from tests.cli.stub import Stub, stub, told

ASK = "POST /v1/reconcile"
UNIT = {
    "unit": "11110105MA0000001X",
    "rows": 2,
    "held": 1,
    "keptBack": 1,
    "late": 0,
    "different": 0,
    "unlisted": 0,
    "unreadable": 0,
    "complete": True,
}
ITEM = {
    "state": "kept-back",
    "unit": UNIT["unit"],
    "row": 3,
    "sheet": None,
    "leaf": None,
    "recordId": None,
    "fields": [],
}


def answer(**changes: Any) -> dict[str, Any]:
    return {"member": "110000", "units": [UNIT], "items": [ITEM], **changes}


@pytest.fixture
def asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cli: Cli
) -> Iterator[tuple[Stub, list[Any]]]:
    (tmp_path / "network.json").write_text("{}")
    (tmp_path / "table.csv").write_text("x")
    with stub() as made:
        monkeypatch.setattr(module, "_endpoint", lambda *_: made.url)
        words = ["audit", "reconcile", tmp_path / "table.csv", "--member", "110000"]
        yield made, [*words, "--network", tmp_path / "network.json", "--token", "t"]


@pytest.mark.parametrize(
    "said",
    [
        {"member": "110000"},
        [],
        None,
        5,
        answer(units=5),
        answer(items=5),
        answer(units={}),
        answer(items={}),
        answer(units=["x"]),
        answer(items=[None]),
        answer(units=[{"unit": "x"}]),
        answer(units=[UNIT | {"unit": ["x"]}]),
        answer(units=[UNIT | {"rows": "2"}]),
        answer(units=[UNIT | {"rows": -1}]),
        answer(units=[UNIT | {"rows": True}]),
        answer(units=[UNIT | {"notYours": {}}]),
        answer(items=[ITEM | {"state": ["a"]}]),
        answer(items=[ITEM | {"row": 1e30}]),
        answer(items=[ITEM | {"fields": [1]}]),
        answer(items=[ITEM | {"sheet": 1}]),
        answer(skipped=[1]),
        answer(skipped=5),
    ],
)
def test_an_answer_without_its_form(asked: tuple[Stub, list[Any]], cli: Cli, said: Any) -> None:
    """It is none: exit 4, not 1, which would be a difference."""
    node, words = asked
    node.on(ASK, told(said))
    assert cli(*words).exit == 4


@pytest.mark.parametrize("body", [b"nope", b"[" * 100_000, b'{"member":1e999}', b"\xff"])
def test_an_answer_that_is_no_json(asked: tuple[Stub, list[Any]], cli: Cli, body: bytes) -> None:
    node, words = asked
    node.on(ASK, (200, body, {}))
    assert cli(*words).exit == 4


def test_what_is_shown(asked: tuple[Stub, list[Any]], cli: Cli, tmp_path: Path) -> None:
    node, words = asked
    skipped = [{"sheet": "\x1b[31m二", "rows": None}, {"sheet": None, "rows": 2}]
    node.on(ASK, told(answer(skipped=skipped)))
    done = cli(*words, "-o", tmp_path / "out.xlsx")
    assert done.exit == 1
    assert "\x1b" not in done.out + done.err
    assert "no header was found" in done.err and "2 rows" in done.err
    assert json.loads(cli(*words, "--json").out)["items"] == [ITEM]
    waiting = ITEM | {"state": "not-due"}
    for items, code in (([], 0), ([waiting], 0), ([waiting, ITEM], 1)):
        node.on(ASK, told(answer(items=items)))
        done = cli(*words)
        assert done.exit == code
        assert ("not due yet" in done.out) and (
            (waiting in items) == (done.out.count("not due") > 1)
        )


def test_a_share_is_of_rows_that_were_compared(tmp_path: Path) -> None:
    """With what a node of before says, which has fewer counts."""
    path = tmp_path / "told.json"
    for more, rows in (
        ({}, 6),
        ({"repeated": 2, "notYours": 1, "unnumbered": 4}, 3),
        ({"notDue": 2}, 4),
    ):
        path.write_text(json.dumps(answer(units=[UNIT | {"rows": 6} | more])))
        assert quality._kept_back(path) == [(("110000", UNIT["unit"]), (1, rows))]
