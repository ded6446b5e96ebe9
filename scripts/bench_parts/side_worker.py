"""Measures one tree, in a process that imports that tree's program and its own way of measuring.

Started by `sides` with the path of this file, never imported: `ledger`, `gateway` and the other
modules of `scripts.bench_parts` are those of the tree that PYTHONPATH names, which may be older
than this file. Steps come as lines of JSON and answers go back as such; what is printed goes to
standard error. What a tree cannot do yet is answered as absent.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil

Answer = dict[str, Any]
LOOK = 0.25
"""Seconds between two looks at the memory of all processes."""


class Absent(Exception):
    """This tree has no such thing."""


def part(module: str, name: str) -> Any:
    """Something of the tree's own way of measuring. Raises Absent."""
    try:
        return getattr(importlib.import_module(f"scripts.bench_parts.{module}"), name)
    except (ImportError, AttributeError) as error:
        raise Absent(str(error)) from error


class Run:
    """What the steps share. book: of one step. leaves: of the records sent last, with the number of
    each; held: receipts of some of them."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.book: Any = None
        self.site: Any = None
        self.clients: Any = None
        self.leaves: Mapping[str, int] = {}
        self.held: Any = ()

    def put(self, name: str, size: int, value: float) -> None:
        """Enter a value under a name that an older book may not know."""
        self.book.values.setdefault(name, {}).setdefault(size, []).append(value)

    def gateway_seconds(self) -> float:
        """Processor time of all processes of the gateway so far."""
        roots = [self.site.process(), *getattr(self.site, "beside", list)()]
        return float(sum(map(_used, roots)))


class Memory:
    """Highest resident set of a process and all that it started, while the block runs."""

    def __init__(self, root: psutil.Process) -> None:
        self.mib = 0.0
        self._root = root
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(LOOK):
            try:
                all_of_them = (self._root, *self._root.children(recursive=True))
                held = sum(one.memory_info().rss for one in all_of_them)
            except psutil.NoSuchProcess:
                continue
            self.mib = max(self.mib, held / (1 << 20))


def _used(root: psutil.Process) -> float:
    """Processor time of a process and of all that it started, those that ended too."""
    first, *rest = (one.cpu_times() for one in (root, *root.children(recursive=True)))
    ended = first.children_user + first.children_system
    return float(ended + sum(one.user + one.system for one in (first, *rest)))


# ---- steps: each measures one thing at the size that the log has


def begin(run: Run, folder: str, kind: str = "site") -> None:
    """Start a fresh network. kind: the module that has its context manager, `site`."""
    run.clients = part("load", "Clients")()
    run.stack.callback(run.clients.close)
    run.site = run.stack.enter_context(part(kind, "site")(Path(folder)))


def ndjson(run: Run, size: int) -> None:
    """Grow the log to a size."""
    count, used = size - run.site.taken, run.gateway_seconds()
    if count < 1:
        raise ValueError(f"the log has {run.site.taken:,} records already")
    with Memory(run.site.process()) as memory:
        run.leaves = part("load", "measure_ndjson")(run.book, run.site, run.clients, size)
    run.put("processes_rss_mib", size, memory.mib)
    run.put("cpu_us_per_record", size, 1e6 * (run.gateway_seconds() - used) / count)
    run.book.put("bytes_per_record", size, run.site.bytes_per_record())


def receipts(run: Run, count: int) -> None:
    """Fetch receipts of the records sent last."""
    run.held = part("proofs", "fetch")(run.site, run.leaves, count)


def verify(run: Run) -> None:
    """Verify what was fetched."""
    part("proofs", "measure_verify")(run.book, run.site, run.held)


def command(run: Run, times: int) -> None:
    """Verify one receipt by the command."""
    part("proofs", "measure_command")(run.book, run.site, run.held[-1], times)


def batches(run: Run, count: int) -> None:
    """Ask for bare receipts in batches."""
    part("batches", "measure_batches")(run.book, run.site, run.leaves, count)


def replay(run: Run, peers: bool) -> None:
    """Replay the ledger."""
    part("audit", "measure_replay")(run.book, run.site, peers=peers)


def replay_files(run: Run) -> None:
    """Replay it once more, from tiles that are files."""
    part("audit", "measure_replay_of_files")(run.book, run.site)


def singles(run: Run, seconds: float) -> None:
    """Send single records."""
    part("singles", "measure_singles")(run.book, run.site, seconds)


def start(run: Run) -> None:
    """Stop the gateway and start it again."""
    run.book.put("start_s_10m", run.site.taken, run.site.restart())


def xlsx(run: Run, rows: int, peers: bool) -> None:
    """Hand in a workbook."""
    part("sheets", "measure_xlsx")(run.book, run.site, rows, peers=peers)


def takeover(run: Run, rounds: int) -> None:
    """Kill the gateway that integrates, beside a second one."""
    part("takeover", "measure_takeover")(run.book, run.site, rounds)


def gas(run: Run, wanted: int) -> None:
    """Anchor batches of one size."""
    part("gas", "measure_gas")(run.book, run.site, wanted)


def acts(run: Run, decided: int, followed: int, verified: int) -> None:
    """Decide about records, follow what others decided, verify what was decided about."""
    held = part("proofs", "fetch")(run.site, run.leaves, 2 * verified)
    part("acts", "measure_acts")(run.book, run.site, held, decided, followed)


def eas(run: Run, folder: str, calls: int) -> None:
    """Have the other service do the like on the same chain."""
    try:
        archive = part("eas", "fetch")(Path(folder))
    except part("eas", "Unavailable") as error:
        run.book.notes.append(f"EAS was not measured: {error}")
        return
    part("eas", "measure_eas")(run.book, run.site.rpc, archive, calls)


def provinces(run: Run, folder: str, rounds: int) -> None:
    """Have four provinces acknowledge acts, on a network of their own."""
    part("provinces", "measure_provinces")(run.book, Path(folder), rounds)


def end(run: Run) -> None:
    """Stop the network; what it wrote goes too."""
    run.stack.close()
    run.site = None


STEPS: Mapping[str, Callable[..., None]] = {
    one.__name__: one
    for one in (
        begin,
        ndjson,
        receipts,
        verify,
        command,
        batches,
        replay,
        replay_files,
        singles,
        start,
        xlsx,
        takeover,
        gas,
        acts,
        eas,
        provinces,
        end,
    )
}


def answer(run: Run, name: str, arguments: Mapping[str, Any]) -> Answer:
    """Do a step; what came of it."""
    try:
        run.book = part("book", "Book")()
        STEPS[name](run, **arguments)
        family = _family(run.site)
    except Absent as error:
        return {"absent": str(error)}
    except Exception as error:  # told by who asked, who ends the run
        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {error}"}
    found: Answer = {
        name: getattr(run.book, name) for name in ("values", "peers", "beside", "checks", "notes")
    }
    return found | {"gateway": family}


def _family(site: Any) -> list[int]:
    """Numbers of the gateway's process and those that it started."""
    if site is None:
        return []
    first: psutil.Process = site.process()
    return [first.pid, *(one.pid for one in first.children(recursive=True))]


def main() -> None:
    """Work until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    run = Run()
    # Who asks may be gone when the answer is there: then all is closed, as when he asks no more.
    with run.stack, suppress(BrokenPipeError), answers:
        for line in sys.stdin:
            asked = json.loads(line)
            answers.write(json.dumps(answer(run, asked["step"], asked["arguments"])) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
