"""What a code of a finding means."""

from dataclasses import dataclass
from typing import Literal

from ledger.core.texts import Text

__all__ = ["FindingCode", "Severity"]

Severity = Literal["error", "warning", "note"]
"""`note`: nothing is wrong with what is seen, but something is to be asked for that is not; a
report with nothing else is clean."""


@dataclass(frozen=True, slots=True)
class FindingCode:
    """What a code means for whoever reads the report: what is so, and what to do."""

    severity: Severity
    message: Text
    remedy: Text
