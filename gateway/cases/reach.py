"""How far the acts of a case have got: which provinces say that they carried them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.cases import store
from gateway.cases.interfaces import Acknowledged
from gateway.cases.registry import Registry
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import RecordId

_REMEMBERED = 4096


class Reach:
    """Tells it, by the numbers that the acts have among all acts on the chain. Safe in threads."""

    def __init__(self, registry: Registry, acknowledged: Acknowledged) -> None:
        self._registry = registry
        self._acknowledged = acknowledged
        self._numbers: dict[tuple[int, int], int] = {}

    def told(self, acts: Sequence[store.Row]) -> dict[str, Any]:
        """`acknowledged`: the ACTIVE provinces that have acknowledged since the first act of a
        case, with how many acts they lack up to its last; `awaited`: those that have not come to
        its last yet. Both are empty before an act is on the chain, and where its number cannot be
        read now."""
        done = [act for act in acts if act.state == "recorded"]
        try:
            numbers = [number for act in done if (number := self._number(act)) is not None]
        except CouldNotCheck:
            numbers = []
        if not numbers:
            return {"acknowledged": [], "awaited": []}
        first, last = min(numbers), max(numbers)
        every = self._acknowledged()
        return {
            "acknowledged": [
                {"member": one.member, "count": one.count, "behind": max(0, last - one.count)}
                for one in every
                if one.count >= first
            ],
            "awaited": [one.member for one in every if one.count < last],
        }

    def _number(self, act: store.Row) -> int | None:
        """Of a final act, which therefore never has another one. Raises CouldNotCheck."""
        key = (act.id, act.block)
        if key not in self._numbers:
            record = RecordId(act.record)
            for found, number in self._registry.now().acts.numbers(record, act.block):
                if (found.action, found.doc) == (act.action, act.doc):
                    if len(self._numbers) >= _REMEMBERED:
                        self._numbers.clear()
                    self._numbers[key] = number
        return self._numbers.get(key)
