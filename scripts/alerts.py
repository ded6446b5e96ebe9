"""The table of alerts in the operators' chapter on watching, of the rules that ship.

python scripts/alerts.py
"""

import re
import sys
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "gateway" / "deploy" / "prometheus" / "alerts.yml"
PAGES = {
    "docs/operators/watching.md": ("", ("alert", "level", "means", "do")),
    "docs/operators/watching.zh-CN.md": ("_zh", ("告警", "级别", "含义", "处理")),
}
"""Page: what its language is called in the rules, and the head of the table."""
_BETWEEN = re.compile(r"(<!-- alerts -->\n).*?(<!-- /alerts -->)", re.DOTALL)
_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
_VALUE = re.compile(r"\{\{ \$value[^}]*\}\}")


def table(language: str, head: tuple[str, ...]) -> str:
    """A row for each rule, in their order."""
    rules = yaml.safe_load(RULES.read_text("utf-8"))
    lines = [_row(head), _row(["---"] * len(head))]
    for group in rules["groups"]:
        lines += [_row(_cells(rule, language)) for rule in group["rules"]]
    return "".join(lines)


def page_with_table(page: str) -> str:
    """The page as it should be."""
    made = table(*PAGES[page])
    text = (ROOT / page).read_text("utf-8")
    return _BETWEEN.sub(lambda found: f"{found[1]}\n{made}\n{found[2]}", text)


def _cells(rule: dict[str, Any], language: str) -> list[str]:
    told = rule["annotations"]
    texts = [_plain(told[f"{name}{language}"]) for name in ("summary", "remedy")]
    return [f"`{rule['alert']}`", rule["labels"]["severity"], *texts]


def _plain(text: str) -> str:
    """What Prometheus fills in is named in italics."""
    return _VALUE.sub("*N*", _LABEL.sub(r"*\1*", text)).replace("|", "\\|")


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |\n"


def main() -> int:
    """Write both pages."""
    for page in PAGES:
        (ROOT / page).write_text(page_with_table(page), "utf-8")
        print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
