"""Who is who, as the operator's files say it: authorities, excepted codes, subjects with several.

The three are read together and taken together, so that nobody is judged by half of a change.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.base.reread import LOOK_SECONDS, Reread, Telling
from ledger.records import uscc
from ledger.records.authorities import NOBODY, Authorities, read_authorities
from ledger.records.lawful import NO_SUBJECTS, Subjects, read_exceptions, read_subjects
from ledger.records.rules import all_rules

if TYPE_CHECKING:  # processes that only draft need no settings
    from gateway.base.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """exceptions: lawful USCCs that fail their check characters."""

    authorities: Authorities = NOBODY
    exceptions: frozenset[str] = frozenset()
    subjects: Subjects = NO_SUBJECTS

    def wrong(self, code: str) -> str | None:
        """The row code of what is wrong with a subject's normalised code; None where nothing is,
        or where the operator knows it to be lawful. Who asks about a mistyped code would be told
        that nothing is known of it."""
        return None if code in self.exceptions else uscc.check(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoPaths:
    """Where the files are; None: the operator keeps none."""

    authorities: Path | None = None
    exceptions: Path | None = None
    subjects: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> WhoPaths:
        """Those of the settings."""
        return cls(
            authorities=settings.authorities_file,
            exceptions=settings.uscc_exceptions_file,
            subjects=settings.subjects_file,
        )

    def read(self) -> Who:
        """What the files say. Raises ConfigError."""
        return Who(
            authorities=read_authorities(self.authorities),
            exceptions=read_exceptions(self.exceptions),
            subjects=read_subjects(self.subjects),
        )


@dataclass(frozen=True, slots=True)
class Doubts:
    """What of the table of authorities has no effect and is likely a slip. codes: that fail their
    check characters and are not excepted. kinds: that no rules know."""

    codes: tuple[str, ...]
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, who: Who) -> Doubts:
        """Those about these files."""
        known = {kind for rules in all_rules() for kind in rules.kinds}
        codes = (entry.code for entry in who.authorities if uscc.check(entry.code) is not None)
        kinds = {kind for kind in who.authorities.kinds.values() if kind not in known}
        return cls(
            tuple(code for code in codes if code not in who.exceptions),
            tuple(sorted(map(str, kinds))),
        )


class WhoFiles(Reread[Who]):
    """What the files say now."""

    def __init__(self, paths: WhoPaths) -> None:
        """Read them. Raises ConfigError where one cannot be used."""
        super().__init__((paths.authorities, paths.exceptions, paths.subjects), paths.read)


class WhoWatch:
    """One step of the thread that looks after the files; see `gateway.base.threads`."""

    def __init__(self, files: WhoFiles) -> None:
        self._telling = Telling("who", files)

    def __call__(self, _stop: threading.Event) -> float:
        self._telling.tell()
        return LOOK_SECONDS
