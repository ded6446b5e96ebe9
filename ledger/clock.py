"""What CREDIT_LEDGER_NOW says of the clock: held at an instant, or so many seconds ahead.

For development only. An offset lets days pass at once: gateways, `verify` and `audit` that are
given the same one agree with a chain that was moved ahead by it (`network up` does so).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from ledger.core.canonical import parse_instant
from ledger.core.errors import ConfigError, Malformed

VARIABLE = "CREDIT_LEDGER_NOW"
MAX_OFFSET = 100 * 366 * 86_400
"""Seconds. A century ahead is further than any period of a record, and fits every clock."""
_OFFSET = re.compile(r"\+(0|[1-9][0-9]{0,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """held: Unix seconds at which the clock stands, None where it runs. offset: seconds that it
    runs ahead of the machine's."""

    held: int | None = None
    offset: int = 0

    def clock(self) -> Callable[[], float]:
        """Unix seconds as this setting has them."""
        held, offset = self.held, self.offset
        if held is not None:
            return lambda: held
        return time.time if not offset else lambda: time.time() + offset


def parse(text: str) -> Setting:
    """`+SECONDS` or an RFC 3339 instant in UTC with Z. Raises ConfigError."""
    if text.startswith("+"):
        found = _OFFSET.fullmatch(text)
        if found is None or int(found[1]) > MAX_OFFSET:
            raise ConfigError(VARIABLE, f"is no number of seconds between +0 and +{MAX_OFFSET}")
        return Setting(offset=int(found[1]))
    try:
        return Setting(held=parse_instant(text))
    except Malformed as error:
        problem = "is neither +SECONDS nor an instant such as 2026-11-20T08:00:00Z"
        raise ConfigError(VARIABLE, problem) from error
