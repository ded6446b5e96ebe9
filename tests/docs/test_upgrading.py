"""The chapter on upgrades, and what it says of older and newer tables."""

import pytest
import sqlalchemy as sa

from gateway.base.db import open_engine
from tests.docs.test_restoring import write_records
from tests.support.guide import PAGES, Operator

REFUSED = {
    "9000": ("made by a newer version of this program", "由较新的程序建立"),
    "0004": (
        "made by a version before the first that is carried on",
        "由尚不支持升级的早期版本建立",
    ),
}


def test_the_chapter_is_followed(operator: Operator) -> None:
    for step in ("init", "serve"):
        operator.follow_page("running.md", step=step)
    write_records(operator.folder / "november.ndjson", "110000", 0)
    operator.follow_page("upgrading.md")
    assert [*(operator.folder / "backup").glob("*.db")]
    operator.close()
    for (revision, words), language in zip(REFUSED.items(), ("en", "zh"), strict=True):
        _set_revision(operator, revision)
        operator.environment["CREDIT_LEDGER_LANG"] = language
        code, told = operator.command("gateway", "serve", "--config", "110000/gateway.toml")
        assert code == 1
        assert revision in told and words[language == "zh"] in told, told


@pytest.mark.parametrize(("page", "number"), [("upgrading.md", 0), ("upgrading.zh-CN.md", 1)])
def test_the_page_quotes_what_is_said(page: str, number: int) -> None:
    text = " ".join((PAGES / page).read_text("utf-8").split())
    for words in REFUSED.values():
        assert words[number] in text


def _set_revision(operator: Operator, name: str) -> None:
    engine = open_engine(f"sqlite:///{operator.folder / '110000' / 'gateway.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :n"), {"n": name})
    engine.dispose()
