"""Several writers of one database send the same records: each is stored once, nobody loses his
other rows, and everybody is told the same leaf."""

import json
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.errors import NotReady
from gateway.intake import services
from gateway.intake.interfaces import SetAnswer
from gateway.intake.resolve import Resolved, resolve
from gateway.intake.services import MAX_ATTEMPTS, QUICK_ATTEMPTS
from gateway.log.models import entries
from gateway.node import Node
from gateway.records.models import records
from tests.gateway.intake.material import check_promise, count, row
from tests.support.callers import CENTRE
from tests.support.child import ROOT
from tests.support.log import pending_count
from tests.support.node import make_test_node

WRITER = """
import json, sys
from pathlib import Path
from typing import Any
from tests.support.callers import CENTRE
from tests.gateway.intake.material import row
from tests.support.node import make_test_node
node = make_test_node(Path(sys.argv[1]), seed="shared")
numbers = json.loads(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for start in range(0, len(numbers), 50):
    part = numbers[start : start + 50]
    answer = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in part])
    for n, item in zip(part, answer.rows):
        print(json.dumps([n, item.verdict, item.leaf]))
node.close()
"""


def test_two_threads(node: Node) -> None:
    """Every set overlaps with those of the others."""
    answers: dict[int, list[SetAnswer]] = {1: [], 2: [], 3: []}
    start = threading.Barrier(3)

    def work(seed: int) -> None:
        order = list(range(120))
        random.Random(seed).shuffle(order)
        start.wait()
        for at in range(0, len(order), 20):
            rows = [row(n, at=n) for n in order[at : at + 20]]
            answers[seed].append(node.intake.submit_set(caller=CENTRE, rows=rows))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in answers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    leaves: dict[int, set[str]] = {n: set() for n in range(120)}
    accepted = 0
    for answer in (answer for given in answers.values() for answer in given):
        for item in answer.rows:
            assert item.verdict in ("accepted", "duplicate")
            leaves[item.row or 0].add(item.leaf or "")
            accepted += item.verdict == "accepted"
        if answer.promise is not None:
            mine = [item.leaf or "" for item in answer.rows if item.verdict == "accepted"]
            check_promise(node, answer.promise.as_dict(), mine)
    assert accepted == 120
    assert all(len(found) == 1 for found in leaves.values())
    assert count(node, records) == count(node, entries) == pending_count(node) == 120


def test_two_processes(tmp_path: Path) -> None:
    node = make_test_node(tmp_path, seed="shared")
    numbers = [list(range(300)), list(range(150, 450))[::-1]]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), json.dumps(mine)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for mine in numbers
    ]
    try:
        for writer in writers:
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin
            writer.stdin.write("go\n")
            writer.stdin.flush()
        outputs = [writer.communicate(timeout=600)[0] for writer in writers]
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    leaves: dict[int, set[str]] = {}
    verdicts = []
    for line in "".join(outputs).splitlines():
        number, verdict, leaf = json.loads(line)
        verdicts.append(verdict)
        leaves.setdefault(number, set()).add(leaf)
    assert verdicts.count("accepted") == 450
    assert verdicts.count("duplicate") == 150
    assert all(len(found) == 1 for found in leaves.values())
    assert count(node, records) == pending_count(node) == 450
    node.close()


def test_another_gateway_is_faster_between_look_up_and_insert(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unique key refuses the set; what is left of it is stored on the second attempt."""
    others = iter([[row(2)], [row(4, CF_SY="另一事实")]])

    def overtaken(*args: Any) -> Resolved:
        found = resolve(*args)
        other = next(others, None)
        if other is not None:
            monkeypatch.setattr(services, "resolve", resolve)
            node.intake.submit_set(caller=CENTRE, rows=other)
            monkeypatch.setattr(services, "resolve", overtaken)
        return found

    monkeypatch.setattr(services, "resolve", overtaken)
    answer = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in (1, 2, 3, 4)])
    verdicts = [item.verdict for item in answer.rows]
    assert verdicts == ["accepted", "duplicate", "accepted", "conflict"]
    assert answer.rows[3].changed == ("CF_SY",)
    assert answer.promise is not None
    accepted = [item.leaf or "" for item in answer.rows if item.verdict == "accepted"]
    check_promise(node, answer.promise.as_dict(), accepted)
    assert count(node, records) == pending_count(node) == 4


def test_gets_through_however_many_are_faster(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few attempts the others wait, and are told what was stored before them."""
    others = iter(range(1, MAX_ATTEMPTS + 1))
    threads: list[threading.Thread] = []

    def overtaken(*args: Any) -> Resolved:
        found = resolve(*args)
        if threading.current_thread() is threading.main_thread():
            rows = [row(next(others))]
            thread = threading.Thread(
                target=node.intake.submit_set, kwargs={"caller": CENTRE, "rows": rows}
            )
            threads.append(thread)
            thread.start()
            thread.join(10)  # where it must wait for us, we go on
        return found

    monkeypatch.setattr(services, "resolve", overtaken)
    answer = node.intake.submit_set(
        caller=CENTRE, rows=[row(n) for n in range(1, MAX_ATTEMPTS + 1)]
    )
    for thread in threads:
        thread.join()
    verdicts = [item.verdict for item in answer.rows]
    overtakes = MAX_ATTEMPTS - verdicts.count("accepted")
    assert verdicts == ["duplicate"] * overtakes + ["accepted"] * (MAX_ATTEMPTS - overtakes)
    assert overtakes == QUICK_ATTEMPTS == len(threads) - 1
    assert count(node, records) == count(node, entries) == MAX_ATTEMPTS


def test_gives_up_when_it_never_gets_through(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded, and nothing is taken."""
    calls = []

    def refused(*args: Any, **options: Any) -> None:
        calls.append(1)
        raise sa.exc.IntegrityError("", {}, ValueError())

    monkeypatch.setattr(services, "store", refused)
    with pytest.raises(NotReady):
        node.intake.submit_set(caller=CENTRE, rows=[row(1)])
    assert len(calls) == MAX_ATTEMPTS
    assert count(node, records) == 0
