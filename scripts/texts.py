"""The texts of pages: what templates and code say in English, and the Chinese of it; and words.

    python scripts/texts.py            tell what has no Chinese text, or a Chinese text without use
    python scripts/texts.py --check    the same, and fail where there is any

`gateway/web/locale/*.po` have the Chinese texts, one file for each area; one that several areas
need has the same Chinese in each. And no text of ours, of pages, commands, documents or the
conformance suite, has a word for which `docs/glossary.md` has another one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

INSTEAD = {
    "\u951a\u5b9a": "存证",
    "\u67e5\u8be2\u5305": "证据包",
    "\u6570\u636e\u5757": "瓦片",
}
"""Words that are not the glossary's, with those that are."""
OURS = ("contracts", "docs", "gateway", "ledger", "scripts")
HISTORY = ("docs/decisions/", "docs/reviews/")
"""What was written at its time stays as it was."""
READ = frozenset({".css", ".html", ".js", ".json", ".md", ".po", ".py", ".sol", ".toml"})
ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "gateway" / "web"
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"extensions": "jinja2.ext.do", "trimmed": "true"}}


def said() -> dict[str, str]:
    """Each English text, with where it is said."""
    found: dict[str, str] = {}
    for name, line, message, _, _ in extract_from_dir(str(WEB), METHODS, OPTIONS):
        texts = message if isinstance(message, tuple) else (message,)
        for text in texts:
            found.setdefault(text, f"{name}:{line}")
    return found


def there() -> dict[str, dict[str, str]]:
    """Each text that has a Chinese one: that, by the catalogue in which it stands. Chinese has no
    plural, so no text has several."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((WEB / "locale").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh"):
                texts = (message.id,) if isinstance(message.id, str) else message.id
                given = message.string if isinstance(message.string, str) else ""
                if message.id and given and not message.fuzzy:
                    for text in texts:
                        found.setdefault(text, {})[path.name] = given
    return found


def other_words(root: Path = ROOT) -> list[str]:
    """Where a text has a word that is not the glossary's, a line each."""
    lines: list[str] = []
    for folder in OURS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix not in READ or name.startswith(HISTORY) or not path.is_file():
                continue
            text = path.read_text("utf-8", "replace")
            lines += [
                f"{name}: {other} is called {ours} (docs/glossary.md)"
                for other, ours in INSTEAD.items()
                if other in text
            ]
    return lines


def faults() -> list[str]:
    """What is wrong, a line each."""
    use, have = said(), there()
    lines = [f"{use[text]}: no Chinese text of {text!r}" for text in use.keys() - have.keys()]
    for text, by_file in have.items():
        names = " and ".join(by_file)
        if text not in use:
            lines.append(f"{names}: nowhere said: {text!r}")
        if len(set(by_file.values())) > 1:
            lines.append(f"{names}: two Chinese texts of {text!r}")
    return sorted(lines)


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    found = faults() + other_words()
    for line in found:
        print(line, file=sys.stderr)
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
