"""How many of several receipts are genuine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ledger.cli.language import say
from ledger.core.verdict.verdict import Verdict


def summed_up(found: Sequence[Verdict]) -> str:
    """A line on all of them: how many there are, are genuine, and have each verdict."""
    genuine = sum(verdict.authentic is True for verdict in found)
    of_each = Counter(verdict.verdict for verdict in found).most_common()
    counts = say(zh="，", en=", ").join(f"{count} {name}" for name, count in of_each)
    return say(
        zh=f"共 {len(found)} 份，真实 {genuine} 份；按结论：{counts}",
        en=f"{genuine} of {len(found)} are genuine; by verdict: {counts}",
    )
