"""Which anchor covers an entry of a log, and what was allowed when it was made."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from ledger.audit.catalogue import Catalogue
from ledger.audit.state import Anchor, Log, Member
from ledger.audit.times import BlockTimes

__all__ = ["Stretch", "Stretches", "epochs_of"]


class Stretch(NamedTuple):
    """Entries of one anchor, up to `end`. anchor: its number in the log, None: of none. epoch:
    counts anew where something else was allowed."""

    end: int
    epoch: int
    anchor: int | None


class Stretches:
    """The stretches of a log of `end` entries."""

    def __init__(self, anchors: Sequence[Anchor], epochs: Sequence[int], end: int) -> None:
        """epochs: as of `epochs_of`."""
        self._anchors = anchors
        self._epochs = epochs
        self._end = end

    def at(self, index: int) -> Stretch:
        """That of an entry: of the first anchor that covers it. (Anchors out of order cover what
        they can.)"""
        anchors = self._anchors
        number = bisect_right(anchors, index, key=lambda anchor: anchor.size)
        if number == len(anchors) or anchors[number].size <= index:
            covering = [n for n, anchor in enumerate(anchors) if anchor.size > index]
            if not covering:
                return Stretch(self._end, len(self._epochs), None)
            number = covering[0]
        return Stretch(anchors[number].size, bisect_right(self._epochs, number), number)


def epochs_of(
    log: Log, owner: Member | None, catalogue: Catalogue, times: BlockTimes
) -> Sequence[int]:
    """Numbers of the anchors from which on something else was allowed: the catalogue had changed,
    or what the owner was. Raises CouldNotCheck."""
    anchors = log.anchors
    begin = {times.from_on(anchors, time) for time in catalogue.changes()}
    for place, _ in () if owner is None else owner.was:
        begin.add(bisect_left(anchors, place, key=lambda anchor: anchor.place))
    return sorted(begin - {0, len(anchors)})
