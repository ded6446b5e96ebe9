"""Drafting in other processes: the same answers, in order, and no loss when one of them dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import psutil
import pytest

from gateway.intake.drafts import Draft
from gateway.intake.interfaces import RowAnswer
from gateway.intake.pool import FEW
from gateway.intake.worker import Lines, Rows
from gateway.node import Node
from tests.gateway.intake.conftest import NOW
from tests.gateway.intake.material import check_promise, record, row, stored
from tests.support import child
from tests.support.callers import CENTRE
from tests.support.log import pending_count, stored_indexes
from tests.support.node import make_test_node
from tests.support.processes import command_line, runs

MANY = 3 * FEW


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW, intake={"processes": 2})
    yield node
    node.close()


def processes() -> list[psutil.Process]:
    """Those of the pool; others are Python's own helpers."""
    children = psutil.Process().children(recursive=True)
    return [one for one in children if "spawn_main" in " ".join(command_line(one))]


def comparable(item: Draft | RowAnswer) -> object:
    """What does not come from the secret of a record."""
    if isinstance(item, RowAnswer):
        return item
    return item._replace(entry=b"", leaf=b"", record_id=b"", wrapped_key=b"", content=b"")


def test_the_same_as_on_the_spot(node: Node) -> None:
    rows = [row(n, at=n) for n in range(MANY)]
    rows[3] = row(3, at=3, CF_SY="")
    rows[5] = replace(rows[5], type="nothing")
    drafting = node.intake.begin(Rows(rows))
    there = drafting.result()
    here = node.workers.here(drafting.source, drafting.terms)
    assert [comparable(item) for item in there] == [comparable(item) for item in here]
    assert [type(item) for item in there].count(RowAnswer) == 2
    assert len(processes()) >= 1


def test_lines_are_read_there(node: Node) -> None:
    lines: list[bytes | None] = [orjson.dumps(record(n)) for n in range(MANY)]
    lines[1] = None
    lines[2] = b"{"
    answer = node.intake.finish(node.intake.begin(Lines(lines, 1)), callers=[CENTRE] * MANY)
    found = [(item.row, item.verdict, [e.code for e in item.errors]) for item in answer.rows]
    assert found[:4] == [
        (1, "accepted", []),
        (2, "rejected", ["too-large"]),
        (3, "rejected", ["schema-invalid"]),
        (4, "accepted", []),
    ]
    accepted = [item.leaf or "" for item in answer.rows if item.verdict == "accepted"]
    assert answer.promise is not None
    check_promise(node, answer.promise.as_dict(), accepted)
    assert set(stored(node)) == set(accepted)


def test_several_begun_before_the_first_is_finished(node: Node) -> None:
    """Duplicates of a set that was begun before and not stored yet are found all the same."""
    first = node.intake.begin(Rows([row(n) for n in range(MANY)]))
    second = node.intake.begin(Rows([row(n) for n in range(MANY // 2, MANY + 10)]))
    verdicts = [
        [item.verdict for item in node.intake.finish(one, callers=[CENTRE] * len(one.source)).rows]
        for one in (first, second)
    ]
    assert verdicts[0] == ["accepted"] * MANY
    assert verdicts[1] == ["duplicate"] * (MANY - MANY // 2) + ["accepted"] * 10


def test_few_rows_stay_here(node: Node) -> None:
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(FEW)])
    assert processes() == []


def test_a_process_that_is_killed_costs_nothing(node: Node) -> None:
    node.workers.warm_up()
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(MANY)])
    sets = [
        node.intake.begin(Rows([row(n) for n in range(at, at + MANY)])) for at in (1000, 2000, 3000)
    ]
    for process in processes():
        process.send_signal(signal.SIGKILL)
    for one in sets:
        answer = node.intake.finish(one, callers=[CENTRE] * MANY)
        assert [item.verdict for item in answer.rows] == ["accepted"] * MANY
    later = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(5000, 5000 + MANY)])
    assert [item.verdict for item in later.rows] == ["accepted"] * MANY
    assert pending_count(node) == 5 * MANY
    while node.logs.step():
        pass
    assert sorted(stored_indexes(node).values(), key=lambda at: at or 0) == list(range(5 * MANY))
    assert processes() != []  # a new pool


def test_another_log_takes_entries_meanwhile(node: Node) -> None:
    """What was made for the log that has closed is made again for the one that is open."""
    rows = [row(n) for n in range(MANY)]
    begun = node.intake.begin(Rows(rows))
    facts = node.chain.facts
    old = facts.logs[0]
    fresh = replace(old, log_id="ab" * 32, seq=1)
    node.chain.put(replace(facts, logs=(replace(old, open=False), fresh)))
    answer = node.intake.finish(begun, callers=[CENTRE] * MANY)
    assert answer.promise is not None
    assert answer.promise.log == fresh.log_id
    assert [item.verdict for item in answer.rows] == ["accepted"] * MANY


def test_they_end_with_a_gateway_that_is_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pids"
    code = f"""
import os, sys, time
from pathlib import Path
import psutil
from tests.gateway.intake.conftest import NOW
from tests.support.node import make_test_node
if __name__ == "__main__":
    node = make_test_node(Path({str(tmp_path)!r}), now=NOW, intake={{"processes": 2}})
    node.workers.warm_up()
    node.workers._submit(os.getpid).future.result()
    found = psutil.Process().children(recursive=True)
    Path({str(pid_file)!r}).write_text(" ".join(str(one.pid) for one in found))
    os.kill(os.getpid(), 9)
"""
    script = tmp_path / "killed.py"
    script.write_text(code)
    environment = os.environ | {"PYTHONPATH": str(child.ROOT)}
    killed = subprocess.run([sys.executable, script], env=environment, timeout=600, check=False)
    assert killed.returncode == child.KILLED
    pids = [int(pid) for pid in pid_file.read_text().split()]
    assert len(pids) >= 2
    deadline = time.monotonic() + 120
    while any(map(runs, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(runs, pids))


def test_none_wanted(tmp_path: Path) -> None:
    node = make_test_node(tmp_path, now=NOW, intake={"processes": 0})
    node.workers.warm_up()
    answer = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(MANY)])
    assert [item.verdict for item in answer.rows] == ["accepted"] * MANY
    assert processes() == []
    node.close()


def test_processes_beside_the_gateway_start_light() -> None:
    """They are started anew after every fault, each for itself."""
    heavy = ("sqlalchemy", "pydantic", "httpx", "prometheus_client", "starlette", "web3")
    code = (
        "import sys, gateway.intake.worker, gateway.files.sets, gateway.worklists.reading\n"
        f"print(*(name for name in {heavy} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
