"""The book of frauds."""

from __future__ import annotations

from typing import Final

from tests.audit.frauds import (
    cases,
    chain,
    clocks,
    entries,
    finance,
    governance,
    keys,
    promises,
    reports,
    statements,
    tables,
    tiles,
    watching,
)
from tests.audit.frauds.fraud import Audit, Fraud

BOOK: Final[tuple[Fraud, ...]] = (
    *chain.FRAUDS,
    *keys.FRAUDS,
    *governance.FRAUDS,
    *tiles.FRAUDS,
    *entries.FRAUDS,
    *statements.FRAUDS,
    *cases.FRAUDS,
    *finance.FRAUDS,
    *tables.FRAUDS,
    *clocks.FRAUDS,
    *promises.FRAUDS,
    *reports.FRAUDS,
    *watching.FRAUDS,
)
AUDITS: Final[tuple[Audit, ...]] = tuple({id(fraud.by): fraud.by for fraud in BOOK}.values())
"""All that look."""
