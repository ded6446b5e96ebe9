"""The API reference: made of the docstrings, and `__all__` is what a module defines."""

import importlib
from pathlib import Path

import pytest

from scripts import reference
from scripts.reference_parts import pages, reading

ROOT = Path(__file__).resolve().parent.parent.parent
PROMISED = [
    module
    for _, places in reference.PAGES.values()
    for module in reference.modules(ROOT, places)
    if module.promised is not None
]
SOURCE = '''"""A module.

In columns:

    one     1
    two     2
"""

from collections.abc import Callable

__all__ = ["LIMIT", "Tree", "cut"]

LIMIT = 7
"""Leaves; more are too many."""
# Seconds between two.
_PAUSE = 1


@dataclass(frozen=True)
class Tree(Base):
    """A tree."""

    size: int  # in leaves
    name: str = "x"

    @property
    def root(self) -> bytes:
        """Its root."""
        return self._root()

    def _root(self) -> bytes: ...


def cut(
    tree: Tree,
    *,
    at: int = LIMIT,
) -> Tree:  # noqa: X
    """Cut it."""
'''


def made(tmp_path: Path, text: str) -> reading.Module:
    (tmp_path / "m.py").write_text(text, "utf-8")
    return reading.read(tmp_path, tmp_path / "m.py")


def test_a_module_is_read_as_it_was_written(tmp_path: Path) -> None:
    module = made(tmp_path, SOURCE)
    assert module.promised == ("LIMIT", "Tree", "cut")
    limit, tree, cut = module.entries
    assert (limit.signature, limit.doc) == ("LIMIT = 7", "Leaves; more are too many.")
    assert tree.signature == "@dataclass(frozen=True)\nclass Tree(Base)"
    assert [one.name for one in tree.inside] == ["size", "name", "root"]
    assert tree.inside[2].signature == "@property\ndef root(self) -> bytes"
    assert cut.signature == "def cut(\n    tree: Tree,\n    *,\n    at: int = LIMIT,\n) -> Tree"


def test_a_page_keeps_columns_and_shows_fields_in_their_class(tmp_path: Path) -> None:
    page = pages.page("Title", [made(tmp_path, SOURCE)])
    assert "```text\none     1\ntwo     2\n```" in page
    assert "# Leaves; more are too many.\nLIMIT = 7" in page
    assert 'class Tree(Base)\n    size: int\n    name: str = "x"\n```' in page
    assert "#### Tree.root" in page
    assert "_root" not in page


@pytest.mark.parametrize("module", PROMISED, ids=lambda module: module.name)
def test_what_is_promised_is_what_is_defined(module: reading.Module) -> None:
    assert module.promised is not None
    assert sorted(module.promised) == sorted(entry.name for entry in module.entries)
    loaded = importlib.import_module(module.name)
    assert [name for name in module.promised if not hasattr(loaded, name)] == []


def test_what_outsiders_need_is_promised() -> None:
    """`interfaces`: verify, pin a network, build and check evidence, validate records, replay."""
    names = {f"{module.name}.{name}" for module in PROMISED for name in module.promised or ()}
    assert {
        "ledger.verify.Verifier",
        "ledger.chain.network.NetworkFile",
        "ledger.core.errors.LedgerError",
        "ledger.core.receipt.parse",
        "ledger.core.verdict.facts.Question",
        "ledger.core.verdict.verdict.Verdict",
        "ledger.records.validate.check",
        "ledger.audit.replay.replay",
    } <= names


def test_everything_promised_says_what_it_is() -> None:
    silent = [
        f"{module.name}.{entry.name}"
        for module in PROMISED
        for entry in module.entries
        if not entry.value and not entry.doc
    ]
    assert silent == []
