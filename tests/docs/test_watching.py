"""The chapter on watching: a real gateway shows every figure that an alert, the dashboard or the
page names; its table is that of the rules."""

import json
import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from scripts.alerts import PAGES, page_with_table
from tests.support.guide import ROOT, Operator, blocks, write_records

PAGE = "watching.md"
NAME = re.compile(r"\bcredit_ledger_\w+")
SHOWN = re.compile(r"^# TYPE (\w+) ", re.MULTILINE)


def named(folder: Path) -> set[str]:
    """Figures that the files of a folder and the page name."""
    rules = yaml.safe_load((folder / "alerts.yml").read_text("utf-8"))
    board = json.loads((folder / "dashboard.json").read_text("utf-8"))
    texts = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    texts += [t["expr"] for panel in board["panels"] for t in panel.get("targets", ())]
    texts.append((ROOT / "docs/operators" / PAGE).read_text("utf-8"))
    return {name.removesuffix("_bucket") for text in texts for name in NAME.findall(text)}


def test_the_chapter_is_followed(operator: Operator) -> None:
    for step in ("init", "serve"):
        operator.follow_page("running.md", step=step)
    write_records(operator.folder / "records.ndjson", "110000", 0)
    operator.submit("records.ndjson", "110000", "receipts")
    operator.follow_page(PAGE)
    shown = set(SHOWN.findall(operator.figures()))
    wanted = named(operator.folder / "watching")
    assert len(wanted) > 30
    assert wanted - shown == set()
    assert any("chain" in block.words for block in blocks(PAGE))


@pytest.mark.parametrize("page", PAGES)
def test_its_table_is_that_of_the_rules(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert text == page_with_table(page), "run `python scripts/alerts.py`"
