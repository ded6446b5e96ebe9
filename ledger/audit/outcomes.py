"""Outcomes that institutions stated, as openings show them: of each cell of a member the highest
number counts (design-2 17)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from ledger.audit.findings import Findings
from ledger.audit.opened import Opened, Said
from ledger.audit.standing import Standing
from ledger.audit.state import State
from ledger.audit.written import Written
from ledger.core.ids import Digest, ProductId
from ledger.core.keys import Role
from ledger.core.reports import outcome_from_members
from ledger.core.sums import PLATFORM

__all__ = ["Outcomes", "Row"]

_TABLES = """
CREATE TABLE outcome (member TEXT, period TEXT, region TEXT, product BLOB, version INTEGER,
  seq INTEGER, at INTEGER, commitment BLOB, households INTEGER, granted TEXT, lent TEXT);
"""
_INDEX = """
CREATE INDEX outcome_cell ON outcome (member, period, region, product, version, seq);
"""
_CELL = "member, period, region, product, version"


class Row(NamedTuple):
    """What counts of a cell of a member (`ledger.core.sums.Reported`)."""

    member: str
    period: str
    region: str
    product: bytes
    version: int
    households: int
    granted: str
    lent: str


class Outcomes:
    """The table of them, beside those of the openings."""

    def __init__(
        self,
        opened: Opened,
        state: State,
        written: Written,
        standing: Standing,
        findings: Findings,
    ) -> None:
        self._opened = opened
        self._db = opened.database
        self._db.executescript(_TABLES)
        self._state = state
        self._written = written
        self._standing = standing
        self._findings = findings

    def run(self) -> None:
        """Take what was accepted, and judge it. Raises CouldNotCheck."""
        for said in self._opened.said("outcome"):
            self._take(said)
        self._db.executescript(_INDEX)
        self._twice()

    def _take(self, said: Said) -> None:
        made = said.statement
        if not self._standing.roles(made.iss, made.at) & Role.INSTITUTION:
            self._add("outcome-not-an-institution", made.iss, made.commitment)
            return
        outcome = outcome_from_members(made.members)
        values = (
            *(made.iss, outcome.period, outcome.region, outcome.product or PLATFORM),
            *(outcome.version, outcome.seq, made.at, made.commitment),
            *(outcome.households, outcome.granted, outcome.lent),
        )
        self._db.execute("INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def _twice(self) -> None:
        """Two that say different things under one number: nobody can tell which counts."""
        rows = self._db.execute(
            f"SELECT member, min(commitment), seq FROM outcome GROUP BY {_CELL}, seq"  # noqa: S608
            " HAVING count(DISTINCT households || '/' || granted || '/' || lent) > 1"
            f" ORDER BY {_CELL}, seq"
        )
        for member, commitment, seq in rows.fetchall():
            self._add("outcome-seq-twice", member, Digest(commitment), seq=seq)

    def rows(self, first: str, last: str, *, until: int, of: str = "") -> Iterator[Row]:
        """What counts of some months, both included. until: Unix seconds after which nothing was
        stated yet. of: a member: only what was reported to it; "": all."""
        found = self._db.execute(
            f"SELECT {_CELL}, households, granted, lent FROM outcome"  # noqa: S608
            f" WHERE period BETWEEN ? AND ? AND at <= ? ORDER BY {_CELL},"
            " seq DESC, at DESC, commitment",
            (first, last, until),
        )
        for _, same in groupby(map(Row._make, found), key=lambda row: row[:5]):
            row = next(same)
            if not of or self._reported_to(of, row):
                yield row

    def _reported_to(self, member: str, row: Row) -> bool:
        """Whether a member is handed it: the province of its region, and the maker of its
        product."""
        known = self._state.members.get(member)
        own = known is not None and known.region == row.region
        return own or (member, ProductId(row.product)) in self._written.products

    def _add(self, code: str, member: str, commitment: Digest, **evidence: int) -> None:
        where = f"opening/{commitment.hex()}"
        self._findings.add(code, log=b"", member=member, where=where, **evidence)
