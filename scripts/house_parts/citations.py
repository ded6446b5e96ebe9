"""What is cited exists: sections and items of the pages in docs/design.

design 6                     a section by its number
design 3.5, style 13         an item or a row by its number
interfaces "Row answer"      a heading, or what a paragraph begins with
"""

import re
from collections.abc import Iterator
from pathlib import Path

PAGES = ("design", "design-2", "interfaces", "interfaces-2", "domain", "style", "layout")
_PAGE = "|".join(sorted(PAGES, key=len, reverse=True))
_BREAK = r"\s+(?:(?:#|//+|\*)\s*)?"
"""Between the words of a citation: a comment may go on in its next line."""
BY_NUMBER = re.compile(
    rf"(?<![\w/.-])`?({_PAGE})(?:\.md)?`?,?{_BREAK}(?:sections? )?(\d+(?:\.\d+)?[a-z]?)(?![\w%])"
)
BY_WORDS = re.compile(rf"(?<![\w/.-])`?({_PAGE})(?:\.md)?`?{_BREAK}\"([^\"\n]+)\"")
VAGUE = re.compile(
    rf"\binvariant \d|(?<![\w/.-])`?(?:{_PAGE})\.md`?(?!`?,?{_BREAK}(?:[\d\"]|sections? ))"
)
HEADING = re.compile(r"#+ (?:(\d+(?:\.\d+)?[a-z]?)\.? )?(.*)")
ITEM = re.compile(r"(?:(\d+)\. |\| (\d+) \|)")


class Page:
    """What can be cited of a page."""

    def __init__(self, text: str) -> None:
        self.numbers: set[str] = set()
        self.words: list[str] = []
        section = ""
        for line in text.splitlines():
            if found := HEADING.match(line):
                section = found[1] or ""
                self.numbers |= {section} - {""}
                self.words.append(found[2])
            elif found := ITEM.match(line):
                self.numbers.add(f"{section}.{found[1] or found[2]}".lstrip("."))
            else:
                self.words.append(line.lstrip("*- `"))

    def begins(self, words: str) -> bool:
        """Whether a heading or a paragraph begins with these."""
        return any(line.startswith(words) for line in self.words)


def load(root: Path) -> dict[str, Page]:
    """The pages by name."""
    folder = root / "docs" / "design"
    return {name: Page((folder / f"{name}.md").read_text("utf-8")) for name in PAGES}


def dangling(path: str, text: str, pages: dict[str, Page]) -> Iterator[str]:
    """Citations of what is not there."""

    def finding(found: re.Match[str], problem: str) -> str:
        return f"{path}:{text.count(chr(10), 0, found.start()) + 1}: {problem}: {found[0]}"

    for found in BY_NUMBER.finditer(text):
        if found[2] not in pages[found[1]].numbers:
            yield finding(found, f"docs/design/{found[1]}.md has no such section")
    for found in BY_WORDS.finditer(text):
        if not pages[found[1]].begins(found[2]):
            yield finding(found, f"nothing in docs/design/{found[1]}.md begins so")
    for found in VAGUE.finditer(text):
        yield finding(found, 'cite a section, as `design 8.3` or `interfaces "Row answer"`')
