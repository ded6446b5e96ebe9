"""Values of outcomes, and what they want of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from ledger.core.canonical import hex32
from ledger.core.ids import Digest, ProductId
from ledger.core.reports import Outcome
from ledger.core.sums import PLATFORM, Cell
from ledger.core.texts import Text

MAX_MONTHS: Final = 36
"""Months of one sum: the plan of a platform is for three years."""
MAX_BACK: Final = 120
"""Months before this one about which something is reported."""
MAX_OF_MONTH: Final = 20_000
"""Outcomes of one member about one month, corrections counted: four of the largest files."""


def months_from(first: str, last: str) -> int:
    """How many months lie from one to another, both YYYY-MM and counted; 0 or less: the last comes
    first."""
    return _number(last) - _number(first) + 1


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7])


State = Literal["new", "corrected", "known", "wrong"]
"""corrected: reported before, and other now. known: reported before, and the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a row. field: the column, None: the row. message, remedy: zh and en."""

    field: str | None
    code: str
    message: Text
    remedy: Text

    def as_dict(self) -> dict[str, Any]:
        """As the answer has it."""
        return {
            "field": self.field,
            "code": self.code,
            "message": dict(self.message),
            "remedy": dict(self.remedy),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a good row says. member: whose product it names, None: it does not say. row: from 1, as
    the sender counts."""

    row: int
    cell: Cell
    households: int
    granted: str
    lent: str
    member: str | None = None

    def outcome(self, seq: int) -> Outcome:
        """The same as a statement of this number."""
        return Outcome(
            granted=self.granted,
            households=self.households,
            lent=self.lent,
            period=self.cell.period,
            product=None if self.cell.product == PLATFORM else Digest(self.cell.product),
            region=self.cell.region,
            seq=seq,
            version=self.cell.version,
        )

    @property
    def figures(self) -> tuple[int, str, str]:
        """What may change when it is reported again."""
        return self.households, self.granted, self.lent


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a row. commitment: of its statement; seq: its number."""

    row: int
    state: State
    seq: int | None = None
    commitment: bytes | None = None
    faults: Sequence[Fault] = ()

    def as_dict(self) -> dict[str, Any]:
        """As the answer has it."""
        return {
            "row": self.row,
            "state": self.state,
            "seq": self.seq,
            "commitment": None if self.commitment is None else hex32(self.commitment),
            "errors": [one.as_dict() for one in self.faults],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a file. blank: rows without anything."""

    rows: Sequence[Done] = field(default_factory=tuple)
    blank: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As the route answers it."""
        states: tuple[State, ...] = ("new", "corrected", "known", "wrong")
        return {
            "_type": "credit-ledger/outcome-report@1",
            "rows": len(self.rows),
            "counts": {state: sum(one.state == state for one in self.rows) for state in states},
            "blank": self.blank,
            "items": [one.as_dict() for one in self.rows],
        }


class Makers(Protocol):
    """Who made a product."""

    def maker(self, product_id: ProductId, version: int, member: str | None) -> str:
        """The member whose product it is. member: as the reporter says; None: that of a manifest
        held here. Raises MakerUnknown with the code of why; NotReady."""


class MakerUnknown(Exception):
    """Nobody published such a version. code: `maker-unknown`, `product-unknown` or
    `version-unknown`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Regions(Protocol):
    """The provinces of the network."""

    def provinces(self) -> Mapping[str, str]:
        """The code of the province of each region. Raises NotReady."""
