"""This tree and another one, measured in turn in one run.

Each has a worker (`side_worker`) and a network of its own, on the same Python and the same
installed packages. That each process of a side runs the program of that side is not believed but
written down: a witness in front of PYTHONPATH notes where every process found `ledger` and
`gateway`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.bench_parts.book import CheckFailed
from scripts.former_parts.checkout import former

ROOT = Path(__file__).resolve().parent.parent.parent
WORKER = Path(__file__).resolve().parent / "side_worker.py"
PACKAGES = ("ledger", "gateway")
WATCHED = (*PACKAGES, "scripts")
"""Another program may be installed in this Python, and what a tree does not have be found there."""
END_SECONDS = 120.0
SEEN = "seen"
WITNESS = f"""\
import os, sys
from importlib.machinery import PathFinder

class Witness:
    @staticmethod
    def find_spec(name, path=None, target=None):
        found = PathFinder.find_spec(name, path) if name in {WATCHED} else None
        if found is not None and found.origin is not None:
            with open(os.path.join(os.path.dirname(__file__), "{SEEN}"), "a") as seen:
                seen.write(f"{{os.getpid()}} {{name}} {{found.origin}}\\n")
        return None

sys.meta_path.insert(0, Witness)
"""
"""A `sitecustomize`: Python itself imports it in every process that PYTHONPATH reaches."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A program. name: for the page. root: where its files are."""

    name: str
    root: Path


class Side:
    """One tree at work. absent: steps that it cannot do."""

    def __init__(self, tree: Tree, folder: Path) -> None:
        self.tree = tree
        self.folder = folder
        self.absent: dict[str, str] = {}
        self._gateways: set[int] = set()
        witness = folder / "witness"
        witness.mkdir(parents=True)
        (witness / "sitecustomize.py").write_text(WITNESS, "utf-8")
        self._seen = witness / SEEN
        self._worker = subprocess.Popen(
            [sys.executable, "-P", str(WORKER)],  # -P: what lies beside it is not the tree's
            cwd=tree.root,
            env=environment(witness, tree.root),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # ends in order when we do
        )

    def do(self, step: str, **arguments: Any) -> Mapping[str, Any] | None:
        """Have a step done; what came of it, None where this tree cannot. Raises CheckFailed."""
        if self._worker.stdin is None or self._worker.stdout is None:
            raise CheckFailed(f"{self.tree.name}: no worker")
        self._worker.stdin.write(json.dumps({"step": step, "arguments": arguments}) + "\n")
        self._worker.stdin.flush()
        line = self._worker.stdout.readline()
        if not line:
            raise CheckFailed(f"{self.tree.name}, {step}: its worker has ended")
        told: dict[str, Any] = json.loads(line)
        if "failed" in told:
            raise CheckFailed(f"{self.tree.name}, {step}: {told['failed']}")
        if "absent" in told:
            self.absent[step] = told["absent"]
            return None
        self._gateways.update(told["gateway"][:1])
        return told

    def witnessed(self) -> str:
        """A sentence: whose program each process imported. Raises CheckFailed where one imported
        another."""
        lines = self._seen.read_text("utf-8").splitlines() if self._seen.exists() else []
        return told_of(self.tree, [line.split(" ", 2) for line in lines], self._gateways)

    def close(self) -> None:
        """End the worker, and its network with it."""
        if self._worker.stdin is not None:
            self._worker.stdin.close()
        try:
            self._worker.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._worker.terminate()
            self._worker.wait()
        if self._worker.stdout is not None:
            self._worker.stdout.close()


def environment(witness: Path, root: Path) -> dict[str, str]:
    """Of all processes of a side: its own program first, no setting of ours. Each side keeps what
    Python has compiled: where only one had it lying there from before, every start of a process
    would be quicker on that side alone."""
    dropped = ("CREDIT_LEDGER", "PYTHONDONTWRITEBYTECODE")
    clean = {
        name: value
        for name, value in os.environ.items()
        if not any(each in name for each in dropped)
    }
    path = os.pathsep.join([str(witness), str(root)])
    return clean | {"PYTHONPATH": path, "CREDIT_LEDGER_LANG": "en"}


def told_of(tree: Tree, seen: Sequence[Sequence[str]], gateways: set[int]) -> str:
    """The sentence. seen: process, package and file of each import. Raises CheckFailed."""
    strange = [one for one in seen if not Path(one[2]).is_relative_to(tree.root)]
    if strange:
        raise CheckFailed(f"{tree.name}: a process ran another program: {strange[0]}")
    imported = {(int(number), name) for number, name, _ in seen}
    for number in gateways:
        if not all((number, name) in imported for name in PACKAGES):
            raise CheckFailed(f"{tree.name}: gateway {number} was not seen to import it")
    processes = len({number for number, _ in imported})
    return (
        f"{tree.name[0].upper()}{tree.name[1:]}: {processes} processes imported `ledger` or"
        f" `gateway`, all from its files; {len(gateways)} of them were gateways."
    )


@dataclass
class Sides:
    """Those of a run, by name."""

    by_name: dict[str, Side] = field(default_factory=dict)
    _turns: Counter[str] = field(default_factory=Counter)

    def in_turn(self, step: str) -> list[Side]:
        """All, a different one first each time that a step is done."""
        self._turns[step] += 1
        sides = list(self.by_name.values())
        return sides if self._turns[step] % 2 else sides[::-1]


@contextmanager
def open_sides(trees: Sequence[Tree], folder: Path) -> Iterator[Sides]:
    """Workers for all of them, ended whatever happens. folder: emptied by who calls."""
    with ExitStack() as stack:
        sides = Sides()
        for n, tree in enumerate(trees):
            side = Side(tree, folder / f"side-{n}")
            stack.callback(side.close)
            sides.by_name[tree.name] = side
        yield sides


@contextmanager
def tree_of(commit: str, name: str) -> Iterator[Tree]:
    """The files of a commit. Raises CalledProcessError where the history does not have it."""
    with former(commit) as found:
        yield Tree(name, found.root)
