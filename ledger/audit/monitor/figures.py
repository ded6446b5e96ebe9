"""The figures of a monitor for Prometheus: on a port of this machine, or in a file."""

from __future__ import annotations

import ipaddress
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, start_http_server, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ledger.audit.monitor.chain import Anchors
from ledger.audit.monitor.items import Name, about
from ledger.audit.monitor.rounds import Round
from ledger.core.errors import ConfigError
from ledger.core.ids import LogId

__all__ = ["Figures", "Known", "address", "port", "write"]

_PREFIX: Final = "credit_ledger_monitor"
_MAX_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is shown. counts: of the store; letters: that wait, and that were given up; members: of
    logs. replay: exit code of the last full replay, None: there was none."""

    round: Round
    counts: Mapping[str, int] = field(default_factory=dict)
    standing: tuple[Name, ...] = ()
    letters: tuple[int, int] = (0, 0)
    anchored: Mapping[LogId, Anchors] = field(default_factory=dict)
    members: Mapping[LogId, str] = field(default_factory=dict)
    replay: int | None = None


class Figures(Collector):
    """What was known when the last round ended. Safe to share between threads."""

    def __init__(self) -> None:
        self._known: Known | None = None
        self._lock = threading.Lock()

    def put(self, known: Known) -> None:
        """From now on it is this."""
        with self._lock:
            self._known = known

    def collect(self) -> Iterator[Metric]:
        """All of them; nothing before the first round."""
        with self._lock:
            known = self._known
        if known is None:
            return
        yield from _of_round(known.round)
        yield from _of_findings(known)
        yield from _of_logs(known)
        yield from _of_letters(known)
        if known.replay is not None:
            yield _gauge("replay_exit", "Exit code of the last full replay", known.replay)


def address(text: str) -> tuple[str, int]:
    """Host and port of an address of this machine. Raises ConfigError where it is none: figures are
    for whoever is on it, and the server bounds no stranger."""
    host, _, number = text.rpartition(":")
    bare = host.strip("[]")
    try:
        here = bare == "localhost" or ipaddress.ip_address(bare).is_loopback
    except ValueError:
        here = False
    if not here or not number.isascii() or not number.isdigit() or int(number) > _MAX_PORT:
        raise ConfigError("--metrics", f"{text}: not an address of this machine and a port")
    return bare, int(number)


@contextmanager
def port(where: tuple[str, int] | None, figures: Figures) -> Iterator[int | None]:
    """Serve them within the block; yields the port, None where none is wanted. Raises ConfigError
    where it cannot listen."""
    if where is None:
        yield None
        return
    host, number = where
    try:
        server, thread = start_http_server(number, host, _registry(figures))
    except OSError as error:
        raise ConfigError("--metrics", f"{host}:{number}: {error.strerror}") from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write(path: Path, figures: Figures) -> None:
    """Write them to a file, which is replaced whole. Raises OSError."""
    write_to_textfile(str(path), _registry(figures))


def _registry(figures: Figures) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(figures)
    return registry


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", text, value=value)


def _labelled(
    name: str, text: str, labels: tuple[str, ...], values: Mapping[Any, float]
) -> GaugeMetricFamily:
    """values: by tuples, a text for each label."""
    made = GaugeMetricFamily(f"{_PREFIX}_{name}", text, labels=labels)
    for of, value in sorted(values.items()):
        made.add_metric(of, value)
    return made


def _of_round(made: Round) -> Iterator[Metric]:
    yield _gauge("round_time_seconds", "When the last round ended, Unix seconds", made.ended)
    yield _gauge("round_seconds", "How long the last round took", made.ended - made.began)
    yield _gauge("chain_readable", "Whether the chain could be read", not made.problem)
    if made.block is not None:
        yield _gauge("head_block", "Number of the head", made.block.number)
        yield _gauge("head_time_seconds", "Time of the head, Unix seconds", made.block.time)
    if made.final is not None:
        yield _gauge("final_block", "Number of the newest final block", made.final.number)
    up = {(one.name,): float(not one.code) for one in made.nodes}
    yield _labelled("node_up", "Whether nothing is wrong with a node", ("node",), up)
    blocks = {(one.name,): float(one.latest.number) for one in made.nodes if one.latest}
    yield _labelled("node_block", "Newest block of a node", ("node",), blocks)
    gateways = {(one.member,): float(not one.conditions) for one in made.gateways}
    yield _labelled("endpoint_up", "Whether a gateway answers", ("member",), gateways)


def _of_findings(known: Known) -> Iterator[Metric]:
    standing = Counter((name.code, about(name.code).severity) for name in known.standing)
    yield _labelled("findings", "Findings that last", ("code", "severity"), standing)
    told = CounterMetricFamily(
        f"{_PREFIX}_told", "What was told since the state began", labels=("kind", "code")
    )
    events = CounterMetricFamily(
        f"{_PREFIX}_events", "Events of the chain that were followed", labels=("event",)
    )
    for name, count in known.counts.items():
        kind, _, what = name.partition("/")
        if kind == "event":
            events.add_metric((what,), count)
        elif what:
            told.add_metric((kind, what), count)
    yield told
    yield events


def _of_logs(known: Known) -> Iterator[Metric]:
    names = {log: (known.members.get(log, ""), log.hex()) for log in known.anchored}
    labels = ("member", "log")
    sizes = {names[log]: float(one.size) for log, one in known.anchored.items()}
    yield _labelled("anchored_size", "Entries of a log that are anchored", labels, sizes)
    times = {names[log]: float(one.time) for log, one in known.anchored.items()}
    text = "When a log was anchored last, Unix seconds"
    yield _labelled("anchor_time_seconds", text, labels, times)
    shown = {
        (known.members.get(log, ""), log.hex()): float(one.shown.size)
        for log, one in known.round.logs.items()
        if one.shown is not None
    }
    yield _labelled("log_size", "Entries of a log as its owner shows it", labels, shown)
    copies = {
        (one.member, one.log.hex()): float(one.size)
        for one in known.round.copies
        if one.copy != "none"
    }
    yield _labelled("copy_size", "Entries of a log that a member keeps a copy of", labels, copies)


def _of_letters(known: Known) -> Iterator[Metric]:
    waiting, dead = known.letters
    yield _gauge("webhooks_waiting", "Messages that wait to be delivered", waiting)
    yield _gauge("webhooks_dead", "Messages that were given up", dead)
