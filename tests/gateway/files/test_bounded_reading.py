"""Files that want more than they may have are read in a process that ends; the gateway lives."""

import os
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from gateway.base.child import Bounds, ChildDied, ChildFailed, Children, Stopped, TooCostly
from gateway.files.errors import FileFault
from gateway.files.sets import Ended, opened, read_sets
from gateway.files.workbook import build_pieces
from gateway.node import Node
from tests.gateway.files.conftest import NOW
from tests.gateway.files.desk import Desk
from tests.gateway.files.work import let_go, make_worker
from tests.support.node import make_test_node
from tests.support.processes import command_line
from tests.support.sheets import (
    GOOD,
    csv_text,
    parts,
    penalty_sheet,
    row,
    sheet_xml,
    text_cell,
    text_row,
    workbook,
    zipped,
)

MEMORY = 192 << 20
READER = "multiprocessing.spawn"
"""What starts the process that reads files, by its arguments."""
LARGE = Bounds(memory=MEMORY, cpu=600, silence=600)


@pytest.fixture
def children() -> Iterator[Children]:
    made = Children(LARGE)
    yield made
    made.close()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(
        tmp_path,
        now=NOW,
        files={"processes": 1, "memory_mib": MEMORY >> 20},
        http={"port": 0, "max_file_bytes": MEMORY // 4},
    )
    yield node
    node.close()


def run(children: Children, *arguments: str, sent: tuple[bytes, ...] = ()) -> list[bytes]:
    return list(children.run(act, *arguments, sent=sent, stop=threading.Event()))


def act(sent: Iterator[bytes], *what: str) -> Iterator[bytes]:
    """In the other process."""
    pieces = list(sent)
    match what:
        case ("echo",):
            yield from pieces
        case ("pid",):
            yield str(os.getpid()).encode()
        case ("fill",):
            yield bytes(1 << 30)[:1]
        case ("spin",):
            while True:
                pass
        case ("sleep",):
            yield b"begun"
            time.sleep(3600)
        case ("die",):
            yield b"begun"
            os.kill(os.getpid(), signal.SIGSEGV)
        case ("fault",):
            yield b"begun"
            raise FileFault("dimensions")
        case ("bug",):
            raise KeyError("personal data")


def test_pieces_there_and_back_by_one_process(children: Children) -> None:
    sent = (b"a", bytes(3 << 20), b"c")
    assert run(children, "echo", sent=sent) == list(sent)
    assert run(children, "pid") == run(children, "pid") != [str(os.getpid()).encode()]


def test_what_it_raises(children: Children) -> None:
    pid = run(children, "pid")
    with pytest.raises(FileFault) as fault:
        run(children, "fault")
    assert fault.value.name == "dimensions" and fault.value.message["zh"]
    with pytest.raises(ChildFailed) as failed:
        run(children, "bug")
    assert "KeyError" in str(failed.value) and "personal" not in str(failed.value)
    assert run(children, "pid") == pid, "neither cost the process"


@pytest.mark.parametrize(("what", "cpu"), [("fill", 600), ("spin", 1)])
def test_more_than_it_may(what: str, cpu: int) -> None:
    children = Children(Bounds(memory=MEMORY, cpu=cpu, silence=600))
    pid = run(children, "pid")
    with pytest.raises(TooCostly) as caught:
        run(children, what)
    assert caught.value.what == {"fill": "memory", "spin": "time"}[what]
    assert run(children, "pid") != pid, "the next work has a fresh one"
    children.close()


def test_death_and_silence(children: Children) -> None:
    with pytest.raises(ChildDied) as died:
        run(children, "die")
    assert died.value.status == -signal.SIGSEGV
    silent = Children(Bounds(memory=MEMORY, cpu=600, silence=1))
    with pytest.raises(ChildDied):
        run(silent, "sleep")
    silent.close()


def test_the_gateway_ends(children: Children) -> None:
    stop = threading.Event()
    working = children.run(act, "sleep", sent=(), stop=stop)
    assert next(working) == b"begun"
    stop.set()
    with pytest.raises(Stopped):
        next(working)


def test_whoever_ends_the_service_ends_no_work(children: Children) -> None:
    """A service manager signals every process; the gateway ends the work by itself."""
    (pid,) = run(children, "pid")
    for signum in (signal.SIGTERM, signal.SIGINT):
        os.kill(int(pid), signum)
    assert run(children, "pid") == [pid]


def test_left_before_its_end(children: Children) -> None:
    working = children.run(act, "sleep", sent=(), stop=threading.Event())
    assert next(working) == b"begun"
    before = {one.pid for one in psutil.Process().children()}
    working.close()
    assert len({one.pid for one in psutil.Process().children()}) < len(before)


def test_read_there_as_here(children: Children) -> None:
    bad = dict(GOOD, CF_NR_FK="x")
    data = workbook(penalty_sheet(GOOD, bad, GOOD), text_row(1, ["a"]))
    arguments = ("x.xlsx", None, 1, 1)
    there = list(children.run(read_sets, *arguments, sent=(data,), stop=threading.Event()))
    here = list(read_sets(iter((data,)), *arguments))
    assert len(there) == 3
    for one, other in zip(map(opened, there), map(opened, here), strict=True):
        if isinstance(one, Ended) or isinstance(other, Ended):
            assert one == other
        else:
            assert one.rows() == other.rows()


# ---- hostile workbooks, from the upload to the answer


def heavy() -> bytes:
    """Within every bound that is counted, and yet two million cells of text."""
    cells = "".join(f'<c r="{chr(65 + at)}{{0}}" t="s"><v>0</v></c>' for at in range(26))
    lines = "".join(row(at, cells.format(at)) for at in range(2, 80_000))
    return workbook(text_row(1, list(GOOD)) + lines, strings=f"<si><t>{'甲' * 60}</t></si>")


def many_sheets() -> bytes:
    """990 sheets of two cells, each as wide and high as may be."""
    sheet = sheet_xml(row(1, text_cell("A1", "x")) + row(159_999, text_cell("Z159999", "x")))
    return zipped(parts({f"S{at}": sheet for at in range(990)}))


def two_cells() -> bytes:
    """1.6 KB that were 535 MiB."""
    return workbook(text_row(1, list(GOOD)) + row(159_999, text_cell("CZ159999", "x")))


@pytest.mark.parametrize("make", [two_cells, many_sheets, heavy])
def test_a_hostile_workbook_is_answered(node: Node, make: object) -> None:
    assert callable(make)
    desk = Desk(node)
    location = desk.post(make(), "x.xlsx").headers["Location"]
    before = psutil.Process().memory_info().rss
    done, largest = threading.Event(), [0]

    def watch() -> None:
        while not done.wait(0.02):
            for one in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    # Until it is the reader it is a copy of this process, memory and all.
                    if READER in " ".join(command_line(one)):
                        largest[0] = max(largest[0], one.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    desk.work()
    done.set()
    watching.join()
    answer = desk.answer(location)
    assert (answer["state"], answer["code"]) == ("failed", "too-large")
    assert "分成几个文件" in answer["message"]["zh"]
    assert "several files" in answer["message"]["en"]
    assert 0 < largest[0] < MEMORY + (128 << 20), "what Python and its modules take comes on top"
    assert psutil.Process().memory_info().rss < before + (96 << 20)
    good = desk.send(csv_text(GOOD).encode())
    assert good["counts"]["accepted"] == 1, "the gateway lives"


def test_one_process_reads_one_file_after_the_other(node: Node) -> None:
    """Starting one takes longer than reading a file of normal size; a faulty file costs none."""
    desk = Desk(node)
    good = csv_text(GOOD).encode()
    assert desk.send(good)["counts"]["accepted"] == 1
    first = readers()
    assert len(first) == 1
    assert desk.send(b"\0\0\0")["state"] == "failed"
    assert desk.send(good)["counts"]["duplicate"] == 1
    assert readers() == first


def readers() -> set[int]:
    """Processes that read files."""
    found = psutil.Process().children(recursive=True)
    return {one.pid for one in found if READER in " ".join(command_line(one))}


def test_a_file_that_kills_its_process(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Poison: tried some times, set aside, and its content is kept."""
    desk = Desk(node)
    location = desk.post(csv_text(GOOD).encode()).headers["Location"]
    with monkeypatch.context() as patch:
        patch.setattr("gateway.files.services.read_sets", die)
        for _ in range(6):
            node.ctx.signals.uploaded.set()
            make_worker(node)(threading.Event())
            let_go(node)
    (job,) = node.jobs.listed(["set-aside"])
    assert (job.id, job.code) == (location.rpartition("/")[2], "ChildDied")
    assert b"".join(node.file_store.content(job.id)) == csv_text(GOOD).encode()


def test_a_reader_killed_in_the_middle(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was answered stands, and the next try goes on behind it: every row once."""
    monkeypatch.setattr("gateway.files.services.ROWS_PER_SET", 5)
    desk = Desk(node)
    records = [dict(GOOD, CF_WSH=f"样市监罚〔2024〕{at}号") for at in range(12)]
    location = desk.post(workbook(penalty_sheet(*records)), "x.xlsx").headers["Location"]
    with monkeypatch.context() as patch:
        patch.setattr("gateway.files.services.read_sets", die_after_a_set)
        node.ctx.signals.uploaded.set()
        make_worker(node)(threading.Event())
    answer = desk.answer(location)
    assert (answer["state"], answer["rows"]) == ("queued", 5)
    let_go(node)
    desk.work()
    answer = desk.answer(location)
    assert (answer["state"], answer["counts"]["accepted"]) == ("done", 12)
    assert [told["row"] for told in answer["verdicts"]] == list(range(2, 14))


def die_after_a_set(sent: Iterator[bytes], *arguments: Any) -> Iterator[bytes]:
    """As a reader that somebody kills."""
    pieces = read_sets(sent, *arguments)
    yield next(pieces)
    os.kill(os.getpid(), signal.SIGKILL)


def die(sent: Iterator[bytes], *_: object) -> Iterator[bytes]:
    """As a parser that runs wild."""
    list(sent)
    os.kill(os.getpid(), signal.SIGKILL)
    yield b""


# ---- what is sent is never taken for work


class _Planted:
    """Writes a file where it is unpickled, as what a stranger sends could."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[Path, bytes]]:
        return Path.write_bytes, (self._path, b"")


def keep_all(sent: Iterator[bytes]) -> Iterator[bytes]:
    """In the other process: more than it may, while pieces are still sent."""
    yield b"".join(sent)


def fail_early(sent: Iterator[bytes]) -> Iterator[bytes]:
    """In the other process: a fault while pieces are still sent."""
    yield next(sent)[:1]
    raise FileFault("dimensions")


def test_no_memory_while_it_is_sent(tmp_path: Path) -> None:
    """The pieces left are neither run nor waited for, and the failure is told as what it is."""
    planted = tmp_path / "planted"
    piece = pickle.dumps(_Planted(planted)).ljust(1 << 20, b"\0")
    children = Children(Bounds(memory=24 << 20, cpu=600, silence=600))
    pid = run(children, "pid")
    for _ in range(3):
        with pytest.raises(TooCostly) as caught:
            list(children.run(keep_all, sent=(piece,) * 64, stop=threading.Event()))
        assert caught.value.what == "memory"
    assert run(children, "pid") != pid
    assert not planted.exists()
    children.close()


def test_a_workbook_to_correct_takes_more_memory_than_it_may() -> None:
    """Whatever of its making meets the bound, it is told as too large."""
    children = Children(Bounds(memory=24 << 20, cpu=600, silence=600))
    row = ["x" * 900] * 40
    tables = [["S", [str(at) for at in range(40)], [""] * 40]]
    answer = {"row": 1, "verdict": "rejected", "errors": [], "recordId": None}
    packed = {"tables": tables, "rows": [[0, "", row]] * 500}
    piece = orjson.dumps([packed, [answer] * 500])
    with pytest.raises(TooCostly) as caught:
        sent = (piece,) * 8
        list(children.run(build_pieces, "x", {"rejected": 1}, sent=sent, stop=threading.Event()))
    assert caught.value.what == "memory"
    children.close()


def test_a_failure_while_it_is_sent(children: Children, tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    piece = pickle.dumps(_Planted(planted)).ljust(1 << 20, b"\0")
    pid = run(children, "pid")
    with pytest.raises(FileFault):
        list(children.run(fail_early, sent=(piece,) * 64, stop=threading.Event()))
    assert run(children, "pid") != pid, "no other work is begun where input was unread"
    assert not planted.exists()
