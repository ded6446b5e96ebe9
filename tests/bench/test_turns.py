"""The order in which a benchmark measures what."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts import bench
from scripts.bench_parts.book import FORMER, Book, CheckFailed
from scripts.bench_parts.plans import FULL, Plan
from scripts.bench_parts.sides import ROOT, Sides, Tree

PLAN = replace(FULL, postgresql=(), tessera=0)


class Written:
    """In place of a side: writes down what it is to do, and answers that one figure was 1."""

    def __init__(self, tree: Tree, folder: Path, done: list[tuple[str, str, Any]]) -> None:
        self.tree, self.folder, self.absent, self.done = tree, folder, dict[str, str](), done

    def do(self, step: str, **arguments: Any) -> Mapping[str, Any]:
        self.done.append((self.tree.name, step, arguments.get("size")))
        names = ("peers", "beside", "checks", "notes")
        return {"values": {"final_p99_s": {"7": [1.0]}}, **{name: {} for name in names}}

    def witnessed(self) -> str:
        return f"{self.tree.name}."

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str, Any]]:
    """What was done: by whom, which step, to which size."""
    found: list[tuple[str, str, Any]] = []

    @contextmanager
    def opened(trees: Sequence[Tree], folder: Path) -> Iterator[Sides]:
        yield Sides({tree.name: Written(tree, folder, found) for tree in trees})  # type: ignore[misc]

    monkeypatch.setattr(bench, "open_sides", opened)
    monkeypatch.setattr(bench, "BUILD", tmp_path)
    return found


def run(plan: Plan) -> Book:
    """All of it, with the commit before."""
    book = Book()
    bench.Bench(book, plan, [Tree(bench.THIS, ROOT), Tree(FORMER, ROOT)]).run()
    return book


def sizes(done: list[tuple[str, str, Any]], who: str) -> list[int]:
    """To which the log was grown."""
    return [size for name, step, size in done if (name, step) == (who, "ndjson")]


def test_both_in_turn_then_this_tree_alone(done: list[tuple[str, str, Any]]) -> None:
    book = run(PLAN)
    small, large = [10_000, 100_000], 1_000_000
    assert sizes(done, FORMER) == [*small, large, *small, large, *small]
    assert sizes(done, bench.THIS) == [*small, large, *small, large, 5_000_000, 10_000_000, *small]
    grown = [name for name, step, _ in done if step == "ndjson"][:4]
    assert grown == [bench.THIS, FORMER, FORMER, bench.THIS]
    assert [step for name, step, _ in done if name == FORMER][-1] == "end"
    assert {name for name, step, _ in done if step in ("acts", "eas", "provinces")} == {bench.THIS}
    mine, theirs = book.values["final_p99_s"][large], book.others[FORMER]["final_p99_s"][large]
    assert len(mine) == len(theirs) + 2, "replayed from files, by this tree alone, in two runs"
    assert f"Run 2: {FORMER}." in book.notes


@pytest.mark.parametrize(("who", "fails"), [(bench.THIS, True), (FORMER, False)])
def test_what_only_the_commit_before_may_lack(
    done: list[tuple[str, str, Any]], monkeypatch: pytest.MonkeyPatch, who: str, fails: bool
) -> None:
    """A module of this tree that cannot be imported is no step that it does not have yet."""
    real = Written.do

    def lacking(self: Written, step: str, **arguments: Any) -> Mapping[str, Any] | None:
        if self.tree.name == who and step == "batches":
            self.absent[step] = "No module"
            return None
        return real(self, step, **arguments)

    monkeypatch.setattr(Written, "do", lacking)
    with pytest.raises(CheckFailed, match="No module") if fails else nullcontext():
        book = run(PLAN)
        assert f"{FORMER}: no batches (No module)" in book.notes


@pytest.mark.parametrize("runs", [1, 2])
def test_it_goes_on_alone_in_the_last_large_run(
    done: list[tuple[str, str, Any]], runs: int
) -> None:
    run(replace(PLAN, runs=runs, sizes=(1_000_000,)))
    assert sizes(done, bench.THIS) == [1_000_000] * runs + [5_000_000, 10_000_000]
    done.clear()
    run(replace(PLAN, runs=runs, sizes=(1_000_000,), alone=()))
    assert sizes(done, bench.THIS) == [1_000_000] * runs
