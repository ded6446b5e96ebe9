"""`use`, `checks`, `queries` and `feedback` as whoever types them sees them; the node is a stub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from ledger.cli.record_words import (
    authorisation_of,
    family_words,
    field_words,
    standing_words,
    type_words,
)
from tests.cli.conftest import Cli
from tests.cli.stub import Stub, lines, stub, told
from tests.core.answers import bundle

CODE = "91110000600037341L"
ID = "ab" * 16
MADE = bundle(verdicts=())
QUERY = MADE.answers[0].opening.statement.commitment.hex()
MEMBER = MADE.answers[0].answer.iss


@pytest.fixture
def node() -> Iterator[Stub]:
    with stub() as found:
        reply = (200, MADE.encode(), {"Credit-Ledger-Use": ID})
        found.on("POST /v1/uses", reply)
        found.on(f"GET /v1/uses/{ID}", reply)
        yield found


def use(cli: Cli, node: Stub, *words: Any) -> Any:
    return cli("use", CODE, "--purpose", "pre-loan", "--to", node.url, "--token", "t", *words)


def test_whoever_asks_sees_the_query_that_feedback_names(cli: Cli, node: Stub) -> None:
    assert QUERY in use(cli, node).out
    assert use(cli, node, "--json").json()["queries"] == {MEMBER: QUERY}


@pytest.mark.parametrize(
    ("language", "word"), [("en", "without an authorisation"), ("zh", "未持授权")]
)
def test_an_answer_without_an_authorisation_says_what_it_cannot_hold(
    cli: Cli, node: Stub, monkeypatch: pytest.MonkeyPatch, language: str, word: str
) -> None:
    """Nobody is to take it for all that there is."""
    monkeypatch.setenv("CREDIT_LEDGER_LANG", language)
    said = "".join(use(cli, node).out.split())
    assert ("".join(word.split()) in said) is (authorisation_of(MADE) is None)


def test_an_older_bundle_stays_and_nothing_is_asked(cli: Cli, node: Stub, tmp_path: Path) -> None:
    """A question is stated in logs: whoever cannot keep the answer is told before."""
    out = tmp_path / "bundle.json"
    out.write_bytes(b"older evidence")
    for bad in (out, tmp_path / "no folder" / "bundle.json"):
        assert use(cli, node, "-o", bad).exit == 2
    assert out.read_bytes() == b"older evidence"
    assert not node.asked
    assert use(cli, node, "-o", tmp_path / "new.json").exit in (0, 3, 4)
    assert (tmp_path / "new.json").read_bytes() == MADE.encode()


def test_a_kept_bundle_comes_again(cli: Cli, node: Stub, tmp_path: Path) -> None:
    out = tmp_path / "again.json"
    done = cli("queries", "show", ID, "-o", out, "--to", node.url, "--token", "t")
    assert (done.exit, out.read_bytes()) == (0, MADE.encode()), done.err + done.out
    assert ID in done.out
    assert cli("queries", "show", "ab" * 32, "--to", node.url).exit == 2
    assert cli("queries", "show", "cd" * 16, "--to", node.url, "--token", "t").exit == 1


def test_what_came_of_it_is_stated_later(cli: Cli, node: Stub) -> None:
    node.on(f"POST /v1/uses/{ID}/decision", told({"use": ID, "decision": "approved"}))
    words = ("queries", "decide", ID, "approved", "--to", node.url, "--token", "t")
    assert cli(*words).exit == 0
    assert json.loads(node.asked[-1].body) == {"decision": "approved"}
    assert cli("queries", "decide", ID, "perhaps", "--to", node.url).exit == 2


def test_the_field_that_is_wrong_is_named(cli: Cli, node: Stub) -> None:
    text = {"zh": "必须是 64 位小写十六进制", "en": "must be 64 lower-case hex digits"}
    problem = {
        "code": "schema-invalid",
        "field": "authorisation",
        "rule": "body-form",
        "text": text,
    }
    node.on("POST /v1/uses", told(problem, 422))
    assert "authorisation: must be 64 lower-case" in use(cli, node).err


@pytest.fixture(params=["en", "zh"])
def language(cli: Cli, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """Of whoever types; `cli` has set one already."""
    monkeypatch.setenv("CREDIT_LEDGER_LANG", request.param)
    return str(request.param)


def test_families_and_standings_are_words(language: str) -> None:
    """Of those that this program knows; what is unknown stays as it is."""
    chinese = language == "zh"
    assert family_words(["penalty", "newer"]) == (
        "行政处罚、newer" if chinese else "penalty, newer"
    )
    assert type_words("penalty@1") == ("行政处罚" if chinese else "administrative penalty")
    assert type_words("newer@1") == "newer@1"
    assert standing_words("disputed") == ("异议处理中" if chinese else "disputed")
    assert standing_words("proof-mismatch") == "proof-mismatch"
    assert field_words("tax") == ("税务 tax" if chinese else "tax")


def test_checks_write_the_queries_and_name_the_rows_that_failed(
    cli: Cli, node: Stub, tmp_path: Path, language: str
) -> None:
    head = "查询登记编号" if language == "zh" else "queries"
    node.on(
        "POST /v1/checks/table", told({"rows": [{"row": 2, "code": CODE}, {"row": 7, "code": "9"}]})
    )
    record = {
        **{"issuer": MEMBER, "type": "penalty@1", "decided": "2026-01-01", "until": "2027-01-01"},
        **{"verdict": "valid", "adverse": True, "leaf": "11" * 32},
    }
    good = {
        **{"n": 0, "code": CODE, "use": ID, "overall": "adverse", "missing": [], "problem": None},
        **{"queries": {MEMBER: QUERY}, "records": [record]},
    }
    wrong = {"code": "subject-invalid", "message": {"zh": "有误", "en": "wrong"}}
    bad = {"n": 1, "code": "9", "use": None, "problem": wrong}
    node.on("POST /v1/checks/subjects", lines(good, bad))
    file, out = tmp_path / "codes.csv", tmp_path / "answers.xlsx"
    file.write_text("x")
    words = (
        "checks",
        file,
        "--purpose",
        "bidding",
        "--matter",
        "m",
        "--to",
        node.url,
        "--token",
        "t",
    )
    assert cli(*words, "-o", tmp_path / "no folder" / "a.xlsx").exit == 2
    assert not node.asked, "nothing is asked where nothing could be written"
    done = cli(*words, "-o", out)
    assert done.exit == 1, done.err
    assert ("第 7 行 9" if language == "zh" else "row 7 9") in done.err
    answers, records = load_workbook(out).worksheets
    rows = list(answers.iter_rows(values_only=True))
    assert rows[1][rows[0].index(head)] == f"{MEMBER}: {QUERY}"
    assert QUERY in next(records.iter_rows(min_row=2, values_only=True))
