"""What a record is judged by beside its schema: the day, the rules, and what a node has looked up.

Whoever judges gathers it once for many rows, so that `check` asks nobody and stays pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ledger.core.texts import Text
from ledger.records.publicity import NO_AUTHORITIES
from ledger.records.rules import Rules, newest
from ledger.records.schema_parts import Vocabulary

__all__ = ["Setting"]

_MAX_TOLD = 60  # lists that a text names


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What `check` takes beside schema and record.

    today: the day in Asia/Shanghai that no decision may be after. go_live: the first day of
    decision of which everything is asked; older records may lack what the schema says. rules:
    those that give `until`, by default the newest we package. authorities: kinds of authority by
    USCC, before what their names tell; None: of no kind with rules of its own. exceptions: lawful
    USCCs that fail their check characters. lists, measures: the severe lists (ids) and measures
    (names) that the catalogue has in force; None: not looked at.
    """

    today: date
    go_live: date = date.min
    rules: Rules = field(default_factory=newest)
    authorities: Mapping[str, str | None] = field(default_factory=lambda: NO_AUTHORITIES)
    exceptions: frozenset[str] = frozenset()
    lists: frozenset[str] | None = None
    measures: frozenset[str] | None = None

    def told(self, catalogue: Vocabulary, known: frozenset[str]) -> Text:
        """Name what may be written: lists by id, each with its title where the rules tell one;
        measures by name."""
        titles = {each.id: each.title for each in self.rules.tables.lists}
        if catalogue != "lists":
            titles = {}
        told = sorted(known)[:_MAX_TOLD]
        zh = [f"{each}（{titles[each]['zh']}）" if each in titles else each for each in told]
        en = [f"{each} ({titles[each]['en']})" if each in titles else each for each in told]
        return {"zh": "；".join(zh), "en": "; ".join(en)}
