"""The clerks' page on files that decide: its example is read, its codes are all there are."""

import re
from datetime import date
from pathlib import Path

import pytest

from gateway.casefiles.reading import judged
from gateway.casefiles.words import TEXTS
from gateway.worklists.reading import gathered, read_entries

PAGES = Path(__file__).parents[2] / "docs" / "operators"
NAMES = ("decisions-by-file.md", "decisions-by-file.zh-CN.md")


@pytest.mark.parametrize("page", NAMES)
def test_its_example_is_read(page: str) -> None:
    (block,) = re.findall(r"```csv\n(.*?)```", (PAGES / page).read_text("utf-8"), re.DOTALL)
    found = gathered(read_entries(iter([block.encode()]), 10))
    (row,) = (judged(entry, date(2026, 11, 30)) for entry in found.rows)
    assert (row.act, row.code) == ("grant", None)
    assert (row.said["class"], row.said["national"]) == ("一般", "XF20261102001")


@pytest.mark.parametrize("page", NAMES)
def test_it_has_every_code(page: str) -> None:
    rows = re.findall(r"^\| (`.*?) \|", (PAGES / page).read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"`([a-z-]+)`", " ".join(rows))) == set(TEXTS)
