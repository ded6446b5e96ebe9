"""Deciding what is new, and telling it once: to the log, the figures, and who is to be sent it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from ledger.audit.finding_code import Severity
from ledger.audit.monitor.items import Condition, Item, Kind, Name, about, item_id
from ledger.audit.monitor.lines import Level, Log
from ledger.audit.monitor.store import Store, Stored
from ledger.core.canonical import instant
from ledger.hooks.messages import Message

__all__ = ["TYPES", "Teller"]

TYPES: Final = {"finding": "audit.finding", "news": "audit.news", "over": "audit.over"}
"""Types of messages."""
_LEVELS: Final[dict[Severity, Level]] = {"error": "error", "warning": "warning", "note": "info"}


@dataclass(slots=True, kw_only=True)
class Teller:
    """Tells within a round of the store. network: reference. patience: seconds for which a
    condition must last that says nothing else. sends: whether anybody is to be sent anything. news:
    whether news are told, too; counted they are in any case. fresh: findings told in this run."""

    store: Store
    network: str
    patience: int
    sends: bool
    news: bool
    log: Log
    fresh: int = 0

    def facts(self, items: Iterable[Item], now: int) -> None:
        """What happened once. now: Unix seconds."""
        for item in items:
            if self.store.item(item.name) is not None:
                continue
            made = Stored(
                name=item.name,
                id=item_id(self.network, item.name, 0),
                source="",
                since=now,
                told=True,
            )
            self.store.keep(made)
            self._tell(item.kind, item, made, now)

    def conditions(self, source: str, found: Iterable[Condition], now: int) -> None:
        """All that is so now, of what one source looks at; the rest of what it knew is over."""
        here = {one.name: one for one in found}
        for name, condition in here.items():
            self._stands(source, condition, self.store.item(name), now)
        for known in self.store.items(source):
            if known.name not in here:
                self._over(known, now)

    def _stands(self, source: str, condition: Condition, known: Stored | None, now: int) -> None:
        if known is not None and (known.told or known.source != source):
            return  # told, or somebody else's
        if known is None:
            known = Stored(
                name=condition.name,
                id=item_id(self.network, condition.name, now),
                source=source,
                since=now,
                told=False,
            )
        wait = self.patience if condition.patience is None else condition.patience
        told = now - known.since >= wait
        self.store.keep(replace(known, told=told))
        if told:
            self._tell(condition.kind, condition, known, now)

    def _over(self, known: Stored, now: int) -> None:
        self.store.forget(known.name)
        if known.told:
            code, member, where = known.name
            item = Item(code=code, member=member, where=where, evidence={"since": known.since})
            self._tell("over", item, replace(known, id=f"{known.id}_over"), now)

    def _tell(self, kind: Kind, item: Item, known: Stored, now: int) -> None:
        means = about(item.code)
        self.store.count(f"{kind}/{item.code}")
        self.fresh += kind == "finding"
        if not self.news and means.severity == "note":
            return
        told: dict[str, Any] = {
            **{"code": item.code, "severity": means.severity, "member": item.member},
            **{"where": item.where, "evidence": dict(item.evidence)},
        }
        level = "info" if kind == "over" else _LEVELS[means.severity]
        self.log(f"monitor.{kind}", level, id=known.id, **told)
        if self.sends:
            told |= {"message": means.message, "remedy": means.remedy}
            told |= {"network": self.network, "since": instant(known.since)}
            body = {"type": TYPES[kind], "timestamp": instant(now), "data": told}
            message = Message(id=known.id, type=TYPES[kind], body=orjson.dumps(body))
            self.store.post(message, now)

    @property
    def standing(self) -> list[Name]:
        """Findings that last: conditions that were told and are not over."""
        return [one.name for one in self.store.told() if about(one.name.code).severity != "note"]
