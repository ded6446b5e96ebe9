"""Two trees measured in turn: whose program runs, and what each can do."""

import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from scripts.bench import enter
from scripts.bench_parts.book import FORMER, POSTGRESQL, Book, CheckFailed
from scripts.bench_parts.plans import rising
from scripts.bench_parts.side_worker import Run, answer
from scripts.bench_parts.sides import SEEN, WITNESS, Side, Sides, Tree, environment, told_of

TREE = Tree("a tree", Path("/here"))


def seen(number: int, root: str = "/here") -> list[tuple[str, str, str]]:
    """What the witness writes of a process that imports both packages."""
    return [(str(number), name, f"{root}/{name}/__init__.py") for name in ("ledger", "gateway")]


def test_only_its_own_program_is_believed() -> None:
    assert "A tree: 2 processes" in told_of(TREE, [*seen(7), *seen(8)], {7})
    with pytest.raises(CheckFailed, match="another program"):
        told_of(TREE, [*seen(7), *seen(8, "/elsewhere")], {7})
    for lines in (seen(8), seen(7)[:1]):
        with pytest.raises(CheckFailed, match="gateway 7 was not seen"):
            told_of(TREE, lines, {7})


def test_the_witness_sees_every_process_that_the_path_reaches(tmp_path: Path) -> None:
    """Before what is installed, and also where Python is asked not to look beside a script."""
    for name in ("ledger", "gateway"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        (tmp_path / "tree" / name / "__init__.py").write_text("")
    witness = tmp_path / "witness"
    witness.mkdir()
    (witness / "sitecustomize.py").write_text(WITNESS)
    code = "import subprocess, sys; import ledger, gateway\n"
    code += "subprocess.run([sys.executable, '-P', '-c', 'import ledger, gateway'], check=True)"
    env = environment(witness, tmp_path / "tree")
    subprocess.run([sys.executable, "-c", code], env=env, check=True, cwd=tmp_path)
    lines = [line.split(" ", 2) for line in (witness / SEEN).read_text().splitlines()]
    tree = Tree("it", tmp_path / "tree")
    assert told_of(tree, lines, {int(lines[0][0])}).startswith("It: 2 processes")


def test_both_sides_keep_what_python_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh checkout would compile all of it at every start of a process."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    (tmp_path / "ledger.py").write_text("")
    env = environment(tmp_path / "witness", tmp_path)
    subprocess.run([sys.executable, "-P", "-c", "import ledger"], env=env, check=True)
    assert list((tmp_path / "__pycache__").glob("ledger.*.pyc"))


def test_a_worker_of_a_tree_that_cannot_do_it_says_so(tmp_path: Path) -> None:
    for path, text in {
        "scripts/__init__.py": "",
        "scripts/bench_parts/book.py": "class Book:\n    pass\n",
        "scripts/bench_parts/site.py": "def site(folder):\n    raise ValueError('no room')\n",
        "scripts/bench_parts/load.py": "class Clients:\n    def close(self): pass\n",
    }.items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_text(text)
    side = Side(Tree("it", tmp_path / "tree"), tmp_path / "side")
    try:
        assert side.do("eas", folder="x", calls=1) is None
        assert "No module" in side.absent["eas"]
        with pytest.raises(CheckFailed, match="it, begin: ValueError: no room"):
            side.do("begin", folder=str(tmp_path))
    finally:
        side.close()
    with pytest.raises((CheckFailed, ValueError)):
        side.do("verify")


def test_a_step_that_does_not_exist_fails() -> None:
    assert "KeyError" in answer(Run(), "nothing", {})["failed"]


def test_each_side_is_first_in_turn() -> None:
    one, two = object(), object()
    sides = Sides({"a": one, "b": two})  # type: ignore[dict-item]
    turns: list[list[object]] = [list(sides.in_turn(step)) for step in "xyxxy"]
    assert turns == [[one, two], [one, two], [two, one], [one, two], [two, one]]


def test_what_a_side_found_is_entered_as_its_own() -> None:
    told = {
        "values": {"verify_per_s": {"10": [5.0]}, "once": {"10": [1.0]}},
        "peers": {"verify_per_s": {"other": {"10": [4.0]}}},
        "beside": {"why": {"10": [3.0]}},
        "checks": {"it held": 2},
        "notes": ["so"],
    }
    book = Book()
    enter(book, told, FORMER, at=9)
    enter(book, told, POSTGRESQL)
    assert (book.values, book.peers["verify_per_s"]) == ({}, {"other": {10: [4.0]}})
    assert book.others == {
        FORMER: {"verify_per_s": {9: [5.0]}},
        POSTGRESQL: {"verify_per_s": {10: [5.0]}},
    }
    assert (book.beside, book.checks) == ({"why, PostgreSQL": {10: [3.0]}}, {"it held": 4})
    with pytest.raises(KeyError):
        enter(book, told)


def test_sizes_rise() -> None:
    assert (rising("10,200"), rising("0")) == ((10, 200), ())
    for text in ("200,10", "10,10", "-5"):
        with pytest.raises(ArgumentTypeError):
            rising(text)
