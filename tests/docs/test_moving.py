"""The page about moving is followed word for word on a chain of its own, behind the chapters of the
guide that found a network and run a node."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.chain.network import NetworkFile
from tests.docs.guide import Operator, follow_beginning, serving
from tests.docs.test_operators import blocks, tools

__all__ = ["tools"]

PAGES = ("moving.md", "moving.zh-CN.md")


@pytest.fixture
def operator(tmp_path: Path, tools: Path) -> Iterator[Operator]:
    with serving(tmp_path, tools) as found:
        yield found


def test_both_languages_show_the_same_commands() -> None:
    assert blocks(PAGES[0]) == blocks(PAGES[1])


def test_the_page_is_followed(operator: Operator) -> None:
    follow_beginning(operator)
    before = NetworkFile.load(operator.folder / "network.json", development=True)
    for block in blocks(PAGES[0]):
        operator.follow(block)
    after = NetworkFile.load(operator.folder / "network.json", development=True)
    assert after.formerly == (before.reference,)
    assert after.chain_id == before.chain_id
