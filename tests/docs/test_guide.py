"""The operators' guide as a whole: both languages, its index, its links."""

import re

import pytest

from tests.support.guide import PAGES, ROOT, blocks

CHINESE = ".zh-CN.md"
ENGLISH = sorted(path.name for path in PAGES.glob("*.md") if not path.name.endswith(CHINESE))
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
FOLLOWED = re.compile(r'(?:follow_page\(|^PAGE = )"([\w-]+\.md)"\)?$', re.MULTILINE)


def chinese(page: str) -> str:
    return page.replace(".md", CHINESE)


@pytest.mark.parametrize("page", ENGLISH)
def test_both_languages_show_the_same_commands(page: str) -> None:
    ours, theirs = ([one for one in blocks(name) if one.language == "sh"] for name in
                    (page, chinese(page)))  # fmt: skip
    assert ours == theirs


@pytest.mark.parametrize("page", [*ENGLISH, *map(chinese, ENGLISH)])
def test_links_lead_somewhere(page: str) -> None:
    """And stay in the language."""
    found = LINK.findall((PAGES / page).read_text("utf-8"))
    assert [link for link in found if not (PAGES / link).exists()] == []
    others = {link for link in found if link in (*ENGLISH, *map(chinese, ENGLISH))}
    twin = page.replace(CHINESE, ".md") if page.endswith(CHINESE) else chinese(page)
    strangers = {link for link in others if link.endswith(CHINESE) != page.endswith(CHINESE)}
    assert strangers <= {twin}


def test_the_index_has_every_page() -> None:
    for name in ("README.md", chinese("README.md")):
        linked = set(LINK.findall((PAGES / name).read_text("utf-8")))
        pages = {chinese(page) for page in ENGLISH} if name.endswith(CHINESE) else {*ENGLISH}
        assert pages - {name} <= linked


def test_every_page_with_commands_is_followed() -> None:
    """By a test, word for word: what is marked `sh` was run."""
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests/docs").glob("test_*.py"))
    shown = {page for page in ENGLISH if any(one.language == "sh" for one in blocks(page))}
    assert shown - {"auditing.md"} <= set(FOLLOWED.findall(tests))
