"""Logs read in this process, one when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.audit.kept import Kept, KeptLog
from ledger.audit.log_account import LogAccount
from ledger.audit.log_judge import LogJudge
from ledger.audit.log_reading import LogReading, Progress
from ledger.audit.noted import Noted
from ledger.audit.sources import LogPlace, Source

__all__ = ["ReadHere"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHere:
    """source: how a log is read. kept: where what is read is kept for a later run; None:
    nowhere."""

    place: Callable[[LogJudge], LogPlace]
    source: Callable[[LogPlace], Source]
    kept: Kept | None
    progress: Progress

    def begin(self, judges: Sequence[LogJudge]) -> None:
        """Nothing is read before it is asked for."""

    def __call__(self, judge: LogJudge) -> LogAccount:
        """Read a log and have it judged on the way. Raises CouldNotCheck, CannotResume."""
        place = self.place(judge)
        source, log = self.source(place), place.log
        reading = LogReading(
            log=log,
            signed=place.signed,
            sound=place.sound,
            fetch=source.fetch,
            copies=source.copies,
            epochs=judge.epochs,
            wants=judge.against.wants,
            take=judge.take,
            progress=self.progress,
        )
        if self.kept is None or not (log.anchors or log.closed):
            return reading.run()
        with self.kept.log(log.log_id, place.named) as kept:
            for noted in kept.notes():
                judge.take(noted)
            reading.take = _Both(judge, kept).take
            reading.keep = kept.keep
            return reading.run(kept.position)


@dataclass(frozen=True, slots=True)
class _Both:
    """What is read is judged, and kept."""

    judge: LogJudge
    kept: KeptLog

    def take(self, noted: Noted) -> None:
        self.judge.take(noted)
        self.kept.take(noted)
