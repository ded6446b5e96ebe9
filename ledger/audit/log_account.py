"""What a replay knows of one log while it reads it: what was counted, what is wrong, what could not
be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.audit.entries import Tally
from ledger.audit.findings import Findings
from ledger.audit.state import Log

__all__ = ["LogAccount"]


@dataclass(slots=True)
class LogAccount:
    """complete: what is named elsewhere stands here or nowhere; whole: every entry was read, too.
    proven: up to this size it is the anchored log, and another one behind it; None: nothing says
    that it is another one."""

    log: Log
    tally: Tally = field(default_factory=Tally)
    findings: Findings = field(default_factory=Findings)
    complete: bool = True
    whole: bool = True
    proven: int | None = None

    @property
    def left(self) -> int:
        """Entries that were not read."""
        return self.log.end - self.tally.entries

    def add(self, code: str, where: str, **evidence: str | int) -> None:
        """A finding about the log. where: below it."""
        log = self.log
        path = f"log/{log.log_id.hex()}/{where}"
        self.findings.add(code, log=log.log_id, member=log.member, where=path, **evidence)

    def unchecked(self, code: str, where: str, **evidence: str | int) -> None:
        """Something of it that could not be looked at."""
        self.findings.unchecked(code, f"log/{self.log.log_id.hex()}/{where}", **evidence)

    def lose(self) -> None:
        """Some of it is not known: nothing can be concluded from what does not stand in it."""
        self.complete = self.whole = False

    def as_dict(self) -> dict[str, Any]:
        """In plain values, for a reading that is to go on later."""
        return {
            **{"tally": self.tally.as_dict(), "findings": self.findings.as_dict()},
            **{"complete": self.complete, "whole": self.whole, "proven": self.proven},
        }

    @classmethod
    def of(cls, log: Log, told: Mapping[str, Any]) -> LogAccount:
        """The inverse."""
        tally, findings = Tally.of(told["tally"]), Findings.of(told["findings"])
        return cls(log, tally, findings, told["complete"], told["whole"], told["proven"])
