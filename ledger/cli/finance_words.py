"""What an audit found of finance, as a person reads it in the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.cli.language import say

__all__ = ["finance_figures"]


def finance_figures(document: Mapping[str, Any]) -> list[tuple[str, object]]:
    """How much there was of each, and of how much it could not be told; nothing without
    openings."""
    if "finance" not in document:
        return []
    found = document["finance"]
    versions = sum(made["versions"] for made in found["products"])
    unseen = ", ".join(f"{_SORTS[name]()} {count}" for name, count in found["unseen"].items())
    return [
        (
            say(zh="授权（已撤回）", en="Authorisations (taken back)"),
            f"{found['authorisations']} ({found['revocations']})",
        ),
        (
            say(zh="查询／使用／交来的答复", en="Queries, uses, answers at hand"),
            f"{found['queries']}, {found['uses']}, {found['answers']}",
        ),
        (
            say(zh="产品／版本／交来的清单", en="Products, versions, manifests at hand"),
            f"{len(found['products'])}, {versions}, {found['manifests']}",
        ),
        (
            say(zh="成效／公布的汇总", en="Outcomes, published sums"),
            f"{found['outcomes']}, {found['sums']}",
        ),
        *([(say(zh="未能判断", en="Could not be told, for want of"), unseen)] if unseen else []),
    ]


_SORTS = {
    "answers": lambda: say(zh="答复", en="answers"),
    "authorisations": lambda: say(zh="授权", en="authorisations"),
    "outcomes": lambda: say(zh="成效", en="outcomes"),
    "queries": lambda: say(zh="查询", en="queries"),
}
