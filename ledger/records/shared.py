"""What records of a set share, so that a rule is asked once for all of them: the fields at which
rules look, and a record that refuses them the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from ledger.core.commitment import Value
from ledger.records.schema import Schema
from ledger.records.steps import Step, steps


class NotShared(LookupError):
    """Asked for a value that the records of one pattern do not share."""


class Shared(dict[str, Value]):
    """What records share of their fields. own: codes of those in which each has a value of its own;
    unknown: of those that some may not even have. Who asks for either gets NotShared."""

    def __init__(
        self, known: Mapping[str, Value], own: frozenset[str], unknown: frozenset[str] = frozenset()
    ) -> None:
        hidden = own | unknown
        # What is written out without asking us (orjson) shall not have it either.
        super().__init__({code: known[code] for code in known if code not in hidden})
        self._hidden, self._unknown = hidden, unknown

    def __getitem__(self, code: str) -> Value:
        if code in self._hidden:
            raise NotShared(code)
        return super().__getitem__(code)

    def get(self, code: str, default: Any = None) -> Any:
        """As that of a dict. Raises NotShared."""
        if code in self._hidden:
            raise NotShared(code)
        return super().get(code, default)

    def __contains__(self, code: object) -> bool:
        if code in self._unknown:
            raise NotShared(code)
        return code in self._hidden or super().__contains__(code)

    def __iter__(self) -> Iterator[str]:
        raise NotShared

    __reversed__ = __iter__

    def __len__(self) -> int:
        raise NotShared

    def __eq__(self, _: object) -> bool:
        raise NotShared

    __ne__ = __eq__
    __hash__ = None

    def keys(self, *_: object) -> Any:
        """Raise NotShared, as all that goes through every field, or takes one away."""
        raise NotShared

    items = values = copy = pop = popitem = setdefault = keys


class Plan(NamedTuple):
    """The fields at which rules look that are of others. days: the days, and what else the end of
    use follows from, in order; others: all but these. frame: the rest, and some of those too.
    dated: days that are judged by other days. sorted: the code of the subject, of which rules see
    the sort alone; None: in this schema it is more than that."""

    frame: frozenset[str]
    days: Mapping[str, Step]
    others: frozenset[str]
    dated: frozenset[str]
    sorted: str | None


@cache
def plan_of(schema: Schema) -> Plan:
    """The plan of a schema."""
    subject, authority = schema.subject, schema.authority
    made = [step for _, _, step in steps(schema)]
    dated = {step.code for step in made if step.not_before or step.is_decided}
    days = {*dated, *(step.not_before for step in made), schema.decided_year, schema.until.field}
    ends = {authority.code, authority.name}
    ends |= {each.field for each in (schema.adverse_if, schema.void_if) if each}
    seen = {subject.kind, *(step.condition for step in made)}
    seen |= {step.choices.field for step in made if step.choices}
    seen |= {code for each in schema.visibility_if for code in each.fields}
    judged = {step.code for step in made if not step.alone} - dated
    return Plan(
        frame=_some(seen - days | ends | judged),
        days={step.code: step for step in made if step.code in days | ends},
        others=frozenset(step.code for step in made if step.code not in days | ends),
        dated=frozenset(dated),
        sorted=None if subject.code in days | ends | seen else subject.code,
    )


def _some(codes: Iterable[str | None]) -> frozenset[str]:
    return frozenset(code for code in codes if code is not None)
