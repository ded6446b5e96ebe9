"""The house rules over texts: what is cited exists, and nothing names a machine or a registry."""

import ast
from pathlib import Path

import pytest

from scripts.house_parts import citations, mood, texts

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = """# Title

## 1. First

1. **Item**: one
2. Two

### 1.1 Below

| # | what |
|---|---|
| 7 | row |

## Words of a heading (and more)

Paragraph: text
"""
PAGES = dict.fromkeys(citations.PAGES, citations.Page(PAGE))
# Put together here, for this file is read by the rules too.
NAMES = ["design", "design-2", "domain", "interfaces", "`style" + ".md`"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", ["1", "1.1", "1.2", '"Words of"', '"Paragraph"', "section 1"])
def test_what_exists_may_be_cited(name: str, what: str) -> None:
    assert list(citations.dangling("x.py", f"# So it is ({name} {what}).", PAGES)) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", ["2", "1.3", "10", "1a", '"Of a heading"', "section 4", "\n# 2"])
def test_what_does_not_exist_is_found(name: str, what: str) -> None:
    (found,) = citations.dangling("x.py", f"text\n# as {name} {what} says", PAGES)
    assert found.startswith("x.py:2: ")


@pytest.mark.parametrize("name", ["interfaces" + ".md", "`design" + ".md`", "invariant " + "3"])
def test_a_whole_page_is_no_citation(name: str) -> None:
    assert len(list(citations.dangling("x.py", f"as {name} says", PAGES))) == 1


@pytest.mark.parametrize(
    "text", ["subdomain 9", "redesign 9", "the domain of 9", "lib/design 9", "docs/design/README"]
)
def test_other_words_are_no_citations(text: str) -> None:
    assert list(citations.dangling("x.py", text, PAGES)) == []


def test_the_pages_have_the_sections_that_everybody_knows() -> None:
    pages = citations.load(ROOT)
    assert {"1", "4", "9", "3.8", "8.14"} <= pages["design"].numbers
    assert {"10", "22"} <= pages["design-2"].numbers
    assert {"3.3a", "8", "12"} <= pages["domain"].numbers
    assert {"1", "30"} <= pages["style"].numbers
    assert pages["interfaces"].begins("Row answer")
    assert "23" not in pages["design-2"].numbers


@pytest.mark.parametrize(
    "text",
    [
        "https://registry." + "npmjs.org/x",
        "https://files." + "pythonhosted.org/x",
        "see pypi" + ".org",
        "http://deb." + "debian.org/debian",
        "https://proxy." + "golang.org",
        "at /" + "work/shared/x",
        "in /" + "root/x",
        '"/' + 'home/somebody/x"',
        "TO" + "DO: later",
    ],
)
def test_what_no_text_may_hold(text: str) -> None:
    (found,) = texts.forbidden("a.md", f"first\n{text}")
    assert found.startswith("a.md:2: ")


@pytest.mark.parametrize(
    "text", ["tile/root/1", "the /roots of", "PyPI", "network/work", "/tmp/demo"]
)
def test_what_any_text_may_hold(text: str) -> None:
    assert list(texts.forbidden("a.md", text)) == []


def test_all_texts_of_ours_are_read_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("build/\n*.pyc\n")
    for name in ("a.md", "build/b.md", "c.pyc", "d/e.sol", ".git/f", "g.bin"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\xff" if name == "g.bin" else b"x")
    assert [name for name, _ in texts.texts(tmp_path)] == [".gitignore", "a.md", "d/e.sol"]
    ours = {name for name, _ in texts.texts(ROOT)}
    assert {"README.md", "Makefile", "contracts/Consortium.sol", "package-lock.json"} <= ours
    assert not any(name.startswith((".venv", "node_modules", "build/")) for name in ours)


@pytest.mark.parametrize(
    ("docstring", "count"),
    [
        ("Reads a file.", 1),
        ("Adds, or replaces it.", 1),
        ("Read a file.", 0),
        ("The records. Raises Malformed.", 0),
        ("Records that nobody took.", 0),
    ],
)
def test_a_function_is_told_what_to_do(docstring: str, count: int) -> None:
    tree = ast.parse(f'def read() -> None:\n    """{docstring}"""')
    assert len(list(mood.descriptive("x.py", tree))) == count
