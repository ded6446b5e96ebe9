"""Full replays of a monitor that do not end, and those that died with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ledger.audit.monitor.full import AGAIN_SECONDS, FullReplay
from ledger.audit.monitor.store import Store
from ledger.audit.monitor.telling import Teller

DAY = 86_400
BEGAN = 1_700_000_000


@dataclass
class Watch:
    """A monitor whose replays never end: what they read is a pipe into which nobody writes."""

    folder: Path
    store: Store
    at: int = BEGAN
    told: list[dict[str, Any]] = field(default_factory=list)

    def log(self, event: str, level: str = "info", **more: Any) -> None:
        self.told.append({"event": event, **more})

    def full(self) -> FullReplay:
        """Of a process of its own, so to speak."""
        teller = Teller(
            store=self.store, network="n", patience=0, sends=False, news=True, log=self.log
        )
        return FullReplay(
            folder=self.folder,
            every=DAY,
            command=["audit", "replay", "--network", str(self.folder / "pipe")],
            store=self.store,
            teller=teller,
            now=lambda: self.at,
            log=self.log,
        )

    def events(self) -> list[str]:
        """What was told since this was asked last."""
        found, self.told[:] = [one["event"] for one in self.told], []
        return found


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    os.mkfifo(tmp_path / "pipe")
    store = Store(tmp_path / "state")
    yield Watch(tmp_path, store)
    store.close()


def test_one_that_is_not_finished_when_the_next_is_due(watch: Watch) -> None:
    """A member may serve a log without an end; nobody takes that for silence."""
    full = watch.full()
    try:
        full.look()
        watch.at += DAY - 1
        full.look()
        assert watch.events() == ["replay.began"]
        watch.at += 1
        full.look()
        [found] = watch.told
        assert (found["event"], found["code"]) == ("monitor.finding", "replay-failed")
        assert found["evidence"] == {"began": BEGAN}
        watch.events()
        full.look()
        assert (watch.events(), full.is_running) == ([], True)
    finally:
        full.close()


def test_one_that_died_with_its_monitor(watch: Watch) -> None:
    """It is made again, but not at once: the monitor may have died of it."""
    died = watch.full()
    died.look()
    assert died._running is not None
    died._running.kill()
    died._running.wait()
    full = watch.full()
    try:
        watch.at += AGAIN_SECONDS - 1
        full.look()
        assert watch.events() == ["replay.began"]
        watch.at += 1
        full.look()
        assert watch.events() == ["replay.began"]
    finally:
        full.close()
