"""The API reference: made of the docstrings, and `__all__` is what a module defines."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import reference
from scripts.reference_parts import pages, reading

ROOT = Path(__file__).resolve().parent.parent.parent
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


@pytest.fixture(scope="module")
def promised() -> list[reading.Module]:
    """Every module with an `__all__`."""
    return [
        module
        for _, places in reference.PAGES.values()
        for module in reference.modules(ROOT, places)
        if module.promised is not None
    ]


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


def faults(module: reading.Module) -> Iterator[str]:
    names = {entry.name for entry in module.entries}
    yield from names ^ {*(module.promised or ())}
    loaded = importlib.import_module(module.name)
    yield from (name for name in module.promised or () if not hasattr(loaded, name))


def test_what_is_promised_is_what_is_defined(promised: list[reading.Module]) -> None:
    assert len(promised) > 20
    assert {one.name: found for one in promised if (found := [*faults(one)])} == {}


def test_what_is_not_there_is_found() -> None:
    module = reading.Module("json", "", ("loads", "nothing"), ())
    assert sorted(faults(module)) == ["loads", "nothing", "nothing"]


def test_what_outsiders_need_is_promised(promised: list[reading.Module]) -> None:
    """`interfaces`: verify, pin a network, build and check evidence, validate records, replay."""
    names = {f"{module.name}.{name}" for module in promised for name in module.promised or ()}
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


def test_everything_promised_says_what_it_is(promised: list[reading.Module]) -> None:
    silent = [
        f"{module.name}.{entry.name}"
        for module in promised
        for entry in module.entries
        if not entry.value and not entry.doc
    ]
    assert silent == []
