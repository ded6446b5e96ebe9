"""The pages about the house name only what is there."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = (
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/glossary.md",
    "docs/release.md",
)
TREES = ("contracts", "docs", "examples", "gateway", "ledger", "requirements", "scripts", "tests")
PATH = re.compile(rf"`((?:{'|'.join(TREES)})/[\w./@-]*)`")
NAME = re.compile(r"`((?:ledger|gateway)(?:\.\w+)+)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
SHORT = re.compile(r"`([\w@-]+\.(?:py|sol|json))`")
TABLE = re.compile(r"^\| (.+?) \| (.+?) \|", re.MULTILINE)


def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return bool(module) and hasattr(importlib.import_module(module), attribute)
    return True


@pytest.mark.parametrize("page", PAGES)
def test_paths_and_links_lead_somewhere(page: str) -> None:
    found = PATH.findall(text(page))
    dead = [path for path in found if not (ROOT / path).exists()]
    links = [
        link
        for link in LINK.findall(text(page))
        if not (ROOT / page).parent.joinpath(link).exists()
    ]
    assert (dead, links) == ([], [])
    assert found


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_short_are_there(page: str) -> None:
    names = {path.name for tree in TREES for path in (ROOT / tree).rglob("*.*")}
    generic = {"interfaces.py", "models.py", "errors.py", "services.py", "store.py", "routes.py"}
    assert generic <= names
    assert set(SHORT.findall(text(page))) - names == set()


@pytest.mark.parametrize("page", PAGES)
def test_recipes_that_are_named_are_there(page: str) -> None:
    makefile = text("Makefile")
    for target in re.findall(r"^make ([\w-]+)|`make ([\w-]+)`", text(page), re.MULTILINE):
        assert re.search(rf"^{''.join(target)}:", makefile, re.MULTILINE)


def test_names_of_the_glossary_are_names_of_the_code() -> None:
    found = NAME.findall(text("docs/glossary.md"))
    assert len(found) > 50
    assert [name for name in found if not exists(name)] == []


def test_a_name_that_is_not_there_is_seen() -> None:
    assert exists("ledger.core.merkle")
    assert exists("ledger.core.merkle.leaf_hash")
    assert not exists("ledger.core.merkle.leaf_hush")


def test_every_term_stands_in_the_glossary_once() -> None:
    rows = [
        row
        for row in TABLE.findall(text("docs/glossary.md"))
        if not row[0].startswith(("中文", "--"))
    ]
    assert len(rows) > 60
    for column in (0, 1):
        terms = [row[column] for row in rows]
        assert sorted(terms) == sorted(set(terms))


def test_sections_of_the_protocol_that_are_cited_exist() -> None:
    numbers = set(re.findall(r"^## (\d+)\. ", text("docs/protocol.md"), re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"\bprotocol (\d+)\b", text(page))) <= numbers
