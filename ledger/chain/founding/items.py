"""Items of the catalogue, put there by vote: those that a founding begins with, and those that a
new catalogue takes over from the one before."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

from ledger.chain.contracts.bindings import Catalogue
from ledger.chain.contracts.structs import NATIONAL, CatalogueItem, CatalogueVersion, item_values
from ledger.chain.governing.actions import put_national
from ledger.chain.governing.govern import CarryOut, Council
from ledger.chain.governing.tosign import ToSign

# Items of one vote, as the Catalogue bounds them.
_MAX_ITEMS = 64
# Seconds between two votes that put items: blocks that share a second are one moment.
_APART = 1.1


def put_items(
    voting: Council,
    catalogue: Catalogue,
    items: Sequence[CatalogueItem],
    others: Sequence[str],
    *,
    hold: bool = False,
) -> list[ToSign]:
    """Those that the catalogue does not have, in as few votes as it takes; what is to be signed by
    `others`. hold: they are passed and not put yet, for the catalogue is not one yet."""
    votes = [
        (put_national(catalogue.address, part), _putting(catalogue, part))
        for part in _votes(items, missing(catalogue, items))
    ]
    to_sign = [
        one
        for action, putting in votes
        for one in voting.advance(action, putting, others, hold=True)
    ]
    if not (to_sign or hold):
        for number, (action, putting) in enumerate(votes):
            if number:
                time.sleep(_APART)
            voting.advance(action, putting, others)
    return to_sign


def in_force_or_to_come(series: Sequence[CatalogueVersion], now: int) -> tuple[CatalogueItem, ...]:
    """Of the versions of one series that one which counts now, unless it has ended, and those that
    are to begin."""
    begun = [one.item for one in series if max(one.item.since, one.put_at) <= now]
    later = [one.item for one in series if max(one.item.since, one.put_at) > now]
    last = max(begun, key=lambda item: item.version, default=None)
    kept = [] if last is None or 0 < last.until <= now else [last]
    return (*kept, *sorted(later, key=lambda item: item.version))


def missing(catalogue: Catalogue, items: Sequence[CatalogueItem]) -> list[CatalogueItem]:
    """Those that the catalogue does not have."""
    names = dict.fromkeys(item.item_id for item in items)
    there = {version.item for version in catalogue.series((name, NATIONAL) for name in names)}
    return [item for item in items if item not in there]


def _votes(
    items: Sequence[CatalogueItem], wanted: Sequence[CatalogueItem]
) -> Iterator[Sequence[CatalogueItem]]:
    """Items of one vote each: the first versions of all series, then the second ones, and so on.
    Of two versions that are put in one block the lower one never counts, and nothing that was
    made by it could be anchored any more.

    wanted: those that are not there yet. A vote holds the same whenever it is asked for, until it
    was carried out: it may have been voted on already.
    """
    seen: Counter[str] = Counter()
    rounds: dict[int, list[CatalogueItem]] = {}
    for item in items:
        rounds.setdefault(seen[item.item_id], []).append(item)
        seen[item.item_id] += 1
    for some in rounds.values():
        for start in range(0, len(some), _MAX_ITEMS):
            part = some[start : start + _MAX_ITEMS]
            if left := [item for item in part if item in wanted]:
                yield left


def _putting(catalogue: Catalogue, items: Sequence[CatalogueItem]) -> CarryOut:
    """Calldata that carries out the vote on these items."""
    function = catalogue.abi.functions["putNational"]
    values = [item_values(item) for item in items]
    return lambda proposer, salt: function.encode(values, proposer, salt)
