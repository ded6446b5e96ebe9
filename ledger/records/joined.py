"""Several values of a vocabulary written as one: `警告、罚款`, `警告并处罚款`. They are never
parted for the sender, since some values have such signs within; it is only told what to write."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ledger.records.fold import fold

__all__ = ["joined"]

_MOST = 255
"""Characters that are looked at: no list of values in a cell of the standard is longer."""
_JOINTS = (
    "、",
    ",",
    "。",
    ".",
    "/",
    "\\",
    "|",
    "+",
    "&",
    ";",
    "并处",
    "以及",
    "并",
    "和",
    "及",
    "与",
    "",
)


def joined(vocabulary: tuple[str, ...], text: str) -> tuple[str, ...]:
    """The values of the vocabulary that the text is made of, two or more; empty: of none."""
    form = fold(text[:_MOST])
    # The values up to each place that they reach; longer ones come first, for some begin others.
    found: dict[int, tuple[str, ...]] = {0: ()}
    for at in range(len(form)):
        before = found.get(at)
        if before is None:
            continue
        joints = _JOINTS if before else ("",)
        for start in [at + len(joint) for joint in joints if form.startswith(joint, at)]:
            for folded, value in _longest_first(vocabulary):
                if form.startswith(folded, start):
                    found.setdefault(start + len(folded), (*before, value))
    values = found.get(len(form), ())
    return values if len(values) > 1 else ()


@cache
def _longest_first(vocabulary: tuple[str, ...]) -> Sequence[tuple[str, str]]:
    pairs = [(fold(value), value) for value in vocabulary]
    return sorted(pairs, key=lambda pair: -len(pair[0]))
