"""Every fraud of the book is found, with its own code and nothing else; a clean run has none; and
no code of an audit is left that no test plants."""

import ast
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from tests.audit.frauds.book import AUDITS, BOOK
from tests.audit.frauds.elsewhere import ALL_IS_WELL, ELSEWHERE
from tests.audit.frauds.fraud import FAMILIES, Audit, Family, Fraud
from tests.audit.frauds.page import PAGES, render
from tests.audit.frauds.scene import Scene, Told

ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.mark.parametrize("audit", AUDITS, ids=lambda audit: audit.command)
def test_nothing_is_found_in_a_clean_run(scene: Scene, audit: Audit) -> None:
    with audit.of(scene) as judge:
        assert judge.told() == Told(Counter())


@pytest.mark.parametrize("fraud", BOOK, ids=lambda fraud: fraud.name)
def test_a_fraud_is_found_and_nothing_else(scene: Scene, fraud: Fraud) -> None:
    with fraud.by.of(scene) as judge:
        fraud.plant(judge)
        assert judge.told() == fraud.expected


# ---- the book itself


def test_the_book_is_long_enough() -> None:
    """At least forty codes, in all families that are told apart."""
    assert len({fraud.code for fraud in BOOK}) >= 40
    assert {fraud.family for fraud in BOOK} == {*FAMILIES} == {*get_args(Family)}
    assert {"chain", "tiles", "statements", "reports", "tables", "clocks", "keys"} <= {*FAMILIES}
    assert "governance" in FAMILIES


def test_each_is_told_apart_and_in_words() -> None:
    names = Counter(fraud.name for fraud in BOOK)
    assert [name for name, count in names.items() if count > 1] == []
    for fraud in BOOK:
        assert fraud.code in fraud.by.codes, fraud.name
        assert fraud.code not in fraud.follows, fraud.name
        assert all(fraud.follows.values()), fraud.name
        assert fraud.en.endswith((".", ").")) and fraud.zh.endswith(("。", "）。")), fraud.name


@pytest.mark.parametrize("audit", AUDITS, ids=lambda audit: audit.command)
def test_every_code_is_planted_somewhere(audit: Audit) -> None:
    """And where it is planted both here and elsewhere, it is here."""
    mine = [fraud for fraud in BOOK if fraud.by is audit]
    planted = {fraud.code for fraud in mine} | {gap for fraud in mine for gap in fraud.gaps}
    elsewhere = {*ELSEWHERE.get(audit.command, {})}
    assert planted & elsewhere == set()
    assert {*audit.codes} - ALL_IS_WELL == planted | elsewhere


@pytest.mark.parametrize(
    ("code", "test"),
    [(code, test) for tests in ELSEWHERE.values() for code, test in tests.items()],
)
def test_a_test_that_plants_a_code_elsewhere_is_there(code: str, test: str) -> None:
    path, _, name = test.partition("::")
    source = (ROOT / path).read_text("utf-8")
    there = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    assert name in there
    assert f'"{code}"' in source or f"[{code}]" in source


@pytest.mark.parametrize("language", PAGES)
def test_the_page_says_what_is_planted(language: str) -> None:
    """Else run `python -m tests.audit.frauds.page`."""
    assert (ROOT / PAGES[language]).read_text("utf-8") == render(language)
