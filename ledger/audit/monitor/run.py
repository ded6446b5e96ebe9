"""A monitor as a whole: rounds, what is sent between them, figures, and an end in good order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.audit.monitor.figures import Figures, Known, port, write
from ledger.audit.monitor.full import FullReplay
from ledger.audit.monitor.items import Item
from ledger.audit.monitor.lines import Log
from ledger.audit.monitor.nodes import Nodes
from ledger.audit.monitor.rounds import Round, Rounds, Terms
from ledger.audit.monitor.sending import Sender, client
from ledger.audit.monitor.store import Store
from ledger.audit.monitor.telling import Teller
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.addresses import Network
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.verdict.facts import Note

__all__ = [
    "CONNECTIONS",
    "DEADLINE",
    "EXIT_CLEAN",
    "EXIT_FINDING",
    "EXIT_UNREAD",
    "Asked",
    "Monitor",
    "opened",
]

EXIT_CLEAN, EXIT_FINDING, EXIT_UNREAD = 0, 1, 4
CONNECTIONS: Final = 16
"""To all members together."""
DEADLINE: Final = 60.0
"""Seconds for reading the head, and between two steps of following the chain (`rounds`)."""
_LOOK: Final = 1.0
"""Seconds between two looks at a full replay that is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a monitor is to run. state: its folder. every: seconds between two rounds. patience:
    seconds for which a condition must last. stopped_after: as of `Terms`. news: whether to tell
    them. production: whether members' addresses must be public, or of `private`. url, secrets:
    where to send, "" for nowhere. metrics: address and port. textfile: for figures, too. replay:
    seconds between two full replays, 0 for none; command: of one."""

    state: Path
    every: float = 60.0
    patience: int = 300
    stopped_after: int = 43_200
    news: bool = True
    production: bool = False
    private: Sequence[Network] = ()
    url: str = ""
    secrets: Sequence[str] = ()
    metrics: tuple[str, int] | None = None
    textfile: Path | None = None
    replay: int = 0
    command: Sequence[str] = ()


@dataclass(slots=True, kw_only=True)
class Monitor:
    """Open with `opened`."""

    asked: Asked
    store: Store
    teller: Teller
    rounds: Rounds
    sender: Sender | None
    full: FullReplay | None
    figures: Figures
    notes: list[Note]
    stop: threading.Event
    now: Callable[[], float]
    log: Log

    def once(self) -> int:
        """One round, and the full replay if it is due. 0: nothing is wrong; 1: there is a finding
        that is new, or lasts; 4: there is none, and the chain could not be read."""
        made = self._round()
        if self.full is not None:
            self.full.look()
            self.full.wait(self.stop.wait)
        if self.sender is not None:
            self.sender.run_quickly(self.stop)
        self._show(made)
        if self.teller.fresh or self.teller.standing:
            return EXIT_FINDING
        return EXIT_UNREAD if made.problem else EXIT_CLEAN

    def run(self) -> int:
        """Round after round until it is stopped."""
        while not self.stop.is_set():
            end = time.monotonic() + self.asked.every
            made = self._round()
            self._show(made)
            self._between(end)
        return EXIT_CLEAN

    def _round(self) -> Round:
        made = self.rounds.run()
        notes, self.notes[:] = list(self.notes), []
        wrong = {one.name for one in made.nodes if one.code}  # told already, and as what it is
        with self.store.round():
            self.teller.facts(
                (_of_node(note) for note in notes if note.node not in wrong), int(self.now())
            )
        self.log(
            "round.done",
            "warning" if made.problem else "info",
            seconds=made.ended - made.began,
            block=None if made.final is None else made.final.number,
            findings=len(self.teller.standing),
            problem=made.problem or None,
        )
        return made

    def _between(self, end: float) -> None:
        """Send what waits, and look after the replay, until the next round begins."""
        while not self.stop.is_set() and (left := end - time.monotonic()) > 0:
            again = None if self.sender is None else self.sender.run(self.stop)
            if self.full is not None:
                self.full.look()
                if self.full.is_running:
                    left = min(left, _LOOK)
            self.stop.wait(left if again is None else min(left, max(again, 0.1)))

    def _show(self, made: Round) -> None:
        follower = self.rounds.follower
        self.figures.put(
            Known(
                round=made,
                counts=self.store.counts(),
                standing=tuple(self.teller.standing),
                letters=self.store.letters(),
                anchored=dict(follower.anchored),
                members={log_id: log.member for log_id, log in follower.state.logs.items()},
                replay=None if self.full is None else self.full.code,
            )
        )
        if self.asked.textfile is not None:
            try:
                write(self.asked.textfile, self.figures)
            except OSError as error:
                self.log("figures.not-written", "warning", problem=error.strerror)


@contextmanager
def opened(
    network: NetworkFile,
    asked: Asked,
    *,
    now: Callable[[], float],
    stop: threading.Event,
    log: Log,
) -> Iterator[Monitor]:
    """A monitor with all that it needs, closed at the end. Raises ConfigError."""
    with ExitStack() as stack:
        store = Store(asked.state)
        stack.callback(store.close)
        teller = Teller(
            store=store,
            network=network.reference,
            patience=asked.patience,
            sends=bool(asked.url),
            news=asked.news,
            log=log,
        )
        notes: list[Note] = []
        rounds = _rounds(network, asked, stack, teller, notes, now=now, stop=stop)
        figures = Figures()
        shown = stack.enter_context(port(asked.metrics, figures))
        if shown is not None:
            log("metrics.listening", port=shown)
        yield Monitor(
            asked=asked,
            store=store,
            teller=teller,
            rounds=rounds,
            sender=_sender(asked, teller, stack, now),
            full=_full(asked, teller, stack, now),
            figures=figures,
            notes=notes,
            stop=stop,
            now=now,
            log=log,
        )


def _rounds(
    network: NetworkFile,
    asked: Asked,
    stack: ExitStack,
    teller: Teller,
    notes: list[Note],
    *,
    now: Callable[[], float],
    stop: threading.Event,
) -> Rounds:
    """What makes rounds, with its connections. notes: takes what is found out about nodes."""
    reader = QuorumReader(network, now=now, on_note=notes.append, deadline=DEADLINE)
    stack.callback(reader.close)
    nodes = Nodes(network)
    stack.callback(nodes.close)
    http = Http(public=asked.production, private_networks=asked.private, connections=CONNECTIONS)
    stack.callback(http.close)
    return Rounds(
        reader=reader,
        nodes=nodes,
        http=http,
        store=teller.store,
        teller=teller,
        terms=Terms(stopped_after=asked.stopped_after),
        now=now,
        stop=stop,
    )


def _sender(
    asked: Asked, teller: Teller, stack: ExitStack, now: Callable[[], float]
) -> Sender | None:
    if not asked.url:
        return None
    http = client()
    stack.callback(http.close)
    return Sender(
        store=teller.store,
        http=http,
        url=asked.url,
        secrets=asked.secrets,
        now=now,
        log=teller.log,
    )


def _full(
    asked: Asked, teller: Teller, stack: ExitStack, now: Callable[[], float]
) -> FullReplay | None:
    if not asked.replay:
        return None
    full = FullReplay(
        folder=asked.state,
        every=asked.replay,
        command=asked.command,
        store=teller.store,
        teller=teller,
        now=now,
        log=teller.log,
    )
    stack.callback(full.close)
    return full


def _of_node(note: Note) -> Item:
    """What was found out about a node while something was read."""
    evidence = {"what": note.what}
    return Item(code=note.code, member="", where=f"node/{note.node}/{note.what}", evidence=evidence)
