"""A full replay from time to time, in a process of its own: it takes long, much memory, and ends
with the monitor."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ledger.audit.monitor.items import Condition
from ledger.audit.monitor.lines import Log
from ledger.audit.monitor.memory import Memory
from ledger.audit.monitor.store import Store
from ledger.audit.monitor.telling import Teller
from ledger.audit.report_file import MAX_REPORT, NotAReport, read_report

__all__ = ["AGAIN_SECONDS", "REPORT", "FullReplay"]

REPORT: Final = "replay.json"
"""The newest report, in the folder of the monitor."""
_PART: Final = "replay.json.part"
AGAIN_SECONDS: Final = 3_600
"""From the beginning of a replay that died with its monitor to the next: not sooner, for it may be
what the monitor died of."""
_END_SECONDS: Final = 10.0
"""Seconds that a replay gets to end by itself."""
_SOURCE: Final = "replay"
_CODES: Final = (0, 1, 4)  # of a replay that wrote a report


@dataclass(slots=True, kw_only=True)
class FullReplay:
    """every: seconds from one beginning to the next. command: of a replay, without `--out`."""

    folder: Path
    every: int
    command: Sequence[str]
    store: Store
    teller: Teller
    now: Callable[[], float]
    log: Log
    code: int | None = None
    _running: subprocess.Popen[bytes] | None = field(default=None)
    _late: bool = field(default=False)

    @property
    def is_running(self) -> bool:
        """Whether one is under way."""
        return self._running is not None

    def look(self) -> None:
        """Take what is finished, begin what is due. One that is not finished when the next is due
        is told; one that died with its monitor is made again soon."""
        memory, now = Memory(self.store), self.now()
        if self._running is not None and (code := self._running.poll()) is not None:
            self._running = None
            self.code = code
            self._take(code)
            memory.keep_replayed(memory.replayed(), under_way=False)
        since = memory.replayed()
        if self._running is not None:
            if now >= since + self.every and not self._late:
                self._late = True
                self._failed({"began": since}, int(now))
            return
        pause = min(self.every, AGAIN_SECONDS) if memory.is_replaying() else self.every
        if now >= since + pause:
            memory.keep_replayed(int(now), under_way=True)
            self._late = False
            self._begin()

    def wait(self, wait: Callable[[float], bool]) -> None:
        """Until the one under way is finished. wait: so many seconds; whether it was stopped."""
        while self._running is not None and not wait(0.2):
            if self._running.poll() is not None:
                self.look()

    def close(self) -> None:
        """End what is under way: the next start makes it anew."""
        if self._running is None:
            return
        self._running.terminate()
        try:
            self._running.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()
        self._running = None
        Memory(self.store).keep_replayed(0, under_way=False)

    def _begin(self) -> None:
        out = ["--out", str(self.folder / _PART)]
        self._running = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "ledger.cli.main", *self.command, *out],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.log("replay.began")

    def _take(self, code: int) -> None:
        part, now = self.folder / _PART, int(self.now())
        try:
            with part.open("rb") as file:
                report = read_report(file.read(MAX_REPORT + 1))
            if code not in _CODES:
                raise NotAReport("report", f"the replay ended with {code}")
            part.replace(self.folder / REPORT)
        except (OSError, NotAReport) as error:
            with suppress(OSError):
                part.unlink()
            self.log("replay.failed", "warning", code=code, problem=str(error)[:200])
            self._failed({"exit": code}, now)
            return
        document = report.document
        found = [_condition(one) for part_ in ("findings", "incomplete") for one in document[part_]]
        if document["incomplete"]:  # what was found before may only not have been looked at
            known = (one.name for one in self.store.items(_SOURCE))
            found = [
                *(Condition(code=one.code, member=one.member, where=one.where) for one in known),
                *found,
            ]
        with self.store.round():
            self.teller.conditions(f"{_SOURCE}-made", [], now)
            self.teller.conditions(_SOURCE, found, now)
        self.log("replay.done", exit=code, block=report.block[0], sha256=report.digest)

    def _failed(self, evidence: Mapping[str, int], now: int) -> None:
        """There is no report, or none yet."""
        failed = Condition(
            code="replay-failed", member="", where="replay", evidence=evidence, patience=0
        )
        with self.store.round():
            self.teller.conditions(f"{_SOURCE}-made", [failed], now)


def _condition(one: dict[str, object]) -> Condition:
    evidence = one["evidence"]
    return Condition(
        code=str(one["code"]),
        member=str(one.get("member", "")),
        where=str(one["where"]),
        evidence=evidence if isinstance(evidence, dict) else {},
        patience=0,
    )
