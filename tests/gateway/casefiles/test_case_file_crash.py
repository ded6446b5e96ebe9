"""`kill -9` around every stage of a file: each row is decided once."""

from pathlib import Path

import pytest

from gateway.casefiles import deciding, judging
from gateway.casefiles.models import case_file_rows, case_files
from gateway.cases.models import acts, case_steps, cases
from gateway.node import Node
from gateway.statements.models import statements
from tests.gateway.casefiles.bureau import Bureau, line, table
from tests.gateway.casefiles.killed import DATA, take, work
from tests.gateway.cases.desk import take_in
from tests.gateway.intake.material import count
from tests.support import child

WHEN = ("before", "after")


@pytest.fixture
def folder(node: Node, tmp_path: Path) -> Path:
    return tmp_path / "node"


@pytest.mark.parametrize(("when", "there"), [("before", 0), ("after", 1)])
def test_killed_while_it_is_taken_in(bureau: Bureau, folder: Path, when: str, there: int) -> None:
    take_in(bureau.node, bureau.anvil, 1)
    (folder / DATA).write_bytes(table(line(1)))
    token = str(bureau.clerk.caller.id)
    crash = f"case-file.taken:{when}"
    assert child.fork(take, str(folder), token, crash_at=crash) == child.KILLED
    assert count(bureau.node, case_files) == count(bureau.node, case_file_rows) == there
    bureau.propose((folder / DATA).read_bytes())
    assert count(bureau.node, case_files) == count(bureau.node, case_file_rows) == 1


@pytest.mark.parametrize("when", WHEN)
def test_killed_while_rows_are_looked_up(bureau: Bureau, folder: Path, when: str) -> None:
    take_in(bureau.node, bureau.anvil, 1, 2)
    data = table(line(1), line(7), line(2))
    file = bureau.clerk.post("/v1/case-files", data).json()["id"]
    crash = f"case-file.judged:{when}"
    assert child.fork(work, str(folder), crash_at=crash) == child.KILLED
    assert child.fork(work, str(folder)) == 0
    assert bureau.head(file)["counts"] == {"new": 0, "proposed": 2, "refused": 1, "done": 0}


@pytest.mark.parametrize("when", WHEN)
def test_killed_while_it_is_carried_out(bureau: Bureau, folder: Path, when: str) -> None:
    take_in(bureau.node, bureau.anvil, *range(5))
    file = bureau.propose(table(*(line(n) for n in range(5))))
    assert bureau.release(file).status_code == 200
    for _ in range(2):
        crash = f"case.stored:{when}"
        assert child.fork(work, str(folder), crash_at=crash) == child.KILLED
    done = bureau.head(file)["counts"]["done"]
    assert done == (4 if when == "after" else 0)
    assert child.fork(work, str(folder)) == 0
    assert {count(bureau.node, one) for one in (cases, case_steps, acts, statements)} == {5}
    bureau.carry_out(file)
    assert bureau.head(file)["acts"]["recorded"] == 5


def test_a_file_of_thousands_of_rows(bureau: Bureau) -> None:
    """In pages that bound memory and transactions; the first rows do not wait for the last."""
    node = bureau.node
    take_in(node, bureau.anvil, *range(300))
    lines = [line(n) for n in range(3_000)]
    file = bureau.propose(table(*lines))
    assert bureau.head(file)["counts"] == {"new": 0, "proposed": 300, "refused": 2_700, "done": 0}
    assert bureau.release(file).status_code == 200
    node.case_files.deciding.step()
    assert count(node, acts) == deciding.AT_ONCE < judging.AT_ONCE
    bureau.work()
    assert count(node, acts) == count(node, case_steps) == 300
    rows = bureau.rows(file, state="refused", after="2900")
    assert {row["code"] for row in rows} == {"record-unknown"}
    assert [row["n"] for row in rows] == list(range(2_901, 3_000))
