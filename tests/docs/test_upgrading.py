"""The page about upgrades is followed word for word on a chain of its own, behind the chapters of
the guide that found a network and run a node; what it says of older and newer tables holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.db import open_engine
from tests.docs.guide import Operator, follow_beginning, serving
from tests.docs.test_operators import blocks, tools

__all__ = ["tools"]

PAGES = ("upgrading.md", "upgrading.zh-CN.md")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def operator(tmp_path: Path, tools: Path) -> Iterator[Operator]:
    with serving(tmp_path, tools) as found:
        yield found


def text(page: str) -> str:
    return " ".join((ROOT / "docs" / "operators" / page).read_text("utf-8").split())


def test_both_languages_show_the_same_commands() -> None:
    assert blocks(PAGES[0]) == blocks(PAGES[1])


def test_the_page_is_followed(operator: Operator) -> None:
    follow_beginning(operator)
    for block in blocks(PAGES[0]):
        operator.follow(block)
    for number, (page, language) in enumerate(zip(PAGES, ("en", "zh"), strict=True)):
        refused(operator, str(9000 + number), page, language)
        refused(operator, f"000{number + 3}", page, language)


def refused(operator: Operator, revision: str, page: str, language: str) -> None:
    """On tables of this revision nothing starts, and the words are those of the page."""
    operator.close()
    engine = open_engine(f"sqlite:///{operator.folder / '110000' / 'gateway.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :n"), {"n": revision})
    engine.dispose()
    operator.environment["CREDIT_LEDGER_LANG"] = language
    said = operator.run("credit-ledger gateway serve --config 110000/gateway.toml", 1)
    assert revision in said
    words = " ".join(said.replace(revision, "…").split())
    quoted = [part for part in text(page).split("`") if part and part in words]
    assert max(map(len, quoted), default=0) > 15, said
