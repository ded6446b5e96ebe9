"""The worker: killed, doubled, stopped, hindered. No row is answered twice, none is lost."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base import threads as worker
from gateway.base.db import begin_write
from gateway.base.errors import NotReady
from gateway.files import services
from gateway.files.models import file_parts, file_sets
from gateway.files.tasks import file_workers
from gateway.intake.interfaces import SetAnswer
from gateway.jobs.errors import TakenOver
from gateway.jobs.models import jobs
from gateway.jobs.services import Job, drop, got_on, now, retry
from gateway.jobs.tasks import MAX_ATTEMPTS, MAX_TAKEOVERS
from gateway.log.models import entries, promises
from gateway.node import Node
from gateway.records.models import records
from tests.gateway.files.conftest import NOW
from tests.gateway.files.desk import Desk
from tests.gateway.files.work import answer_files, let_go, make_worker
from tests.gateway.intake.material import check_promise, count, row
from tests.support import child
from tests.support.callers import CENTRE
from tests.support.log import pending_count
from tests.support.node import make_facts, make_test_node
from tests.support.sheets import GOOD, csv_text

SET = 20
TOTAL = 65


def rows(total: int = TOTAL) -> list[dict[str, str]]:
    """Row 3 repeats row 2 in the first set, row 42 in the third; row 4 is bad."""
    made = [dict(GOOD, CF_WSH=f"样市监罚〔2024〕{n}号") for n in range(total)]
    made[1] = made[0]
    made[2] = dict(made[2], CF_NR_FK="x")
    made[40] = dict(made[0], CF_NR="另一内容")
    return made


EXPECTED = (
    ["accepted", "duplicate", "rejected"] + ["accepted"] * 37 + ["conflict"] + ["accepted"] * 24
)


def check_answer(node: Node, answer: dict[str, Any]) -> None:
    """The answer of an undisturbed run."""
    assert answer["state"] == "done"
    assert [item["verdict"] for item in answer["verdicts"]] == EXPECTED
    assert [item["row"] for item in answer["verdicts"]] == list(range(2, TOTAL + 2))
    assert len(answer["promises"]) == 4
    for at, promise in enumerate(answer["promises"]):
        leaves = [item["leaf"] for item in answer["verdicts"] if item["promise"] == at]
        check_promise(node, promise, leaves)
    accepted = EXPECTED.count("accepted")
    assert [count(node, table) for table in (records, entries)] == [accepted] * 2
    assert pending_count(node) == accepted
    assert count(node, promises) == 4
    leaf = answer["verdicts"][0]["leaf"]
    assert answer["verdicts"][1]["leaf"] == answer["verdicts"][40]["leaf"] == leaf


@pytest.fixture
def small_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "ROWS_PER_SET", SET)


@pytest.mark.usefixtures("small_sets")
def test_undisturbed(node: Node, desk: Desk) -> None:
    check_answer(node, desk.send(csv_text(*rows()).encode()))


@pytest.mark.parametrize(("when", "stored"), [("before", [0, 0, 0]), ("after", [1, 2, 3])])
def test_killed_again_and_again(tmp_path: Path, when: str, stored: list[int]) -> None:
    node = make_test_node(tmp_path, seed="crash", now=NOW)
    desk = Desk(node)
    location = desk.post(csv_text(*rows()).encode()).headers["Location"]
    arguments = (str(tmp_path), str(SET), NOW.isoformat())
    for sets in stored:
        crashed = child.fork(answer_files, *arguments, crash_at=f"intake.stored:{when}")
        assert crashed == child.KILLED
        assert count(node, file_sets) == count(node, promises) == sets
        answer = desk.answer(location)
        assert (answer["state"], answer["verdicts"]) == ("running", [])
        assert answer["rows"] == sets * SET
    assert child.fork(answer_files, *arguments) == 0
    check_answer(node, desk.answer(location))
    node.close()


@pytest.mark.usefixtures("small_sets")
def test_killed_before_the_end_was_noted(
    node: Node, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = desk.post(csv_text(*rows()).encode()).headers["Location"]
    with monkeypatch.context() as patch:
        patch.setattr(node.file_store, "end", lambda *_: 1 / 0)
        desk.work()
    assert (desk.answer(location)["state"], count(node, file_sets)) == ("queued", 4)
    let_go(node)
    desk.work()
    check_answer(node, desk.answer(location))


@pytest.mark.usefixtures("small_sets")
def test_a_full_disk_in_the_middle(node: Node, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    location = desk.post(csv_text(*rows()).encode()).headers["Location"]
    keep_set = node.file_store.keep_set
    calls = []

    def full(*arguments: Any, **options: Any) -> None:
        calls.append(1)
        keep_set(*arguments, **options)
        if len(calls) == 3:
            raise sa.exc.OperationalError("", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(node.file_store, "keep_set", full)
        desk.work()
    assert count(node, file_sets) == count(node, promises) == 2
    assert desk.answer(location)["state"] == "queued"
    let_go(node)
    desk.work()
    check_answer(node, desk.answer(location))


@pytest.mark.usefixtures("small_sets")
def test_two_workers_on_one_file(node: Node, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finishes the file while the first is about to store its second set."""
    location = desk.post(csv_text(*rows()).encode()).headers["Location"]
    submitted: list[int] = []

    finish = node.intake.finish

    def slow(*arguments: Any, **options: Any) -> SetAnswer:
        submitted.append(1)
        if len(submitted) == 2:
            let_go(node)
            desk.work()
            assert desk.answer(location)["state"] == "done"
        return finish(*arguments, **options)

    monkeypatch.setattr(node.intake, "finish", slow)
    desk.work()
    check_answer(node, desk.answer(location))
    assert len(submitted) == 1 + 1 + 3


@pytest.mark.usefixtures("small_sets")
def test_stopped_in_the_middle(node: Node, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    location = desk.post(csv_text(*rows()).encode()).headers["Location"]
    stop = threading.Event()

    finish = node.intake.finish

    def last(*arguments: Any, **options: Any) -> SetAnswer:
        stop.set()
        return finish(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(node.intake, "finish", last)
        node.ctx.signals.uploaded.set()
        make_worker(node)(stop)
    answer = desk.answer(location)
    assert (answer["state"], answer["rows"]) == ("queued", SET)
    desk.work()
    check_answer(node, desk.answer(location))


def test_one_bad_file_never_blocks_others(
    node: Node, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = desk.post(csv_text(GOOD).encode(), "bad.csv").headers["Location"]
    good = desk.post(csv_text(GOOD).encode(), "good.csv").headers["Location"]
    process = node.files.process

    def process_others(job: Job, stop: threading.Event) -> bool:
        if bad.endswith(job.id):
            raise MemoryError
        return process(job, stop)

    monkeypatch.setattr(node.files, "process", process_others)
    desk.work()
    assert (desk.answer(bad)["state"], desk.answer(good)["state"]) == ("queued", "done")
    for _ in range(MAX_ATTEMPTS):
        let_go(node)
        desk.work()
    answer = desk.answer(bad)
    assert (answer["state"], answer["verdicts"]) == ("failed", [])
    assert "搁置" in answer["message"]["zh"] and "operator" in answer["message"]["en"]
    assert count(node, records) == 1
    assert count(node, file_parts) == 1, "what was sent is kept"
    monkeypatch.setattr(node.files, "process", process)
    with node.ctx.engine.begin() as connection:
        assert retry(connection, bad.rpartition("/")[2])
    desk.work()
    assert desk.answer(bad)["counts"]["duplicate"] == 1
    assert count(node, file_parts) == 0


@pytest.mark.usefixtures("small_sets")
def test_a_file_that_breaks_later_keeps_its_answers(
    node: Node, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = desk.post(csv_text(*rows()).encode()).headers["Location"]
    submitted: list[int] = []

    finish = node.intake.finish

    def once(*arguments: Any, **options: Any) -> SetAnswer:
        submitted.append(1)
        if len(submitted) > 1:
            raise MemoryError
        return finish(*arguments, **options)

    monkeypatch.setattr(node.intake, "finish", once)
    for _ in range(MAX_ATTEMPTS + 2):
        desk.work()
        let_go(node)
    answer = desk.answer(location)
    assert (answer["state"], answer["code"]) == ("failed", "schema-invalid")
    assert [item["verdict"] for item in answer["verdicts"]] == EXPECTED[:SET]
    check_promise(
        node, answer["promises"][0], [i["leaf"] for i in answer["verdicts"] if i["promise"] == 0]
    )
    assert desk.report(answer).startswith(b"PK")


def test_nothing_can_be_promised_yet(tmp_path: Path) -> None:
    node = make_test_node(tmp_path, facts=False, now=NOW)
    desk = Desk(node)
    location = desk.post(csv_text(GOOD).encode()).headers["Location"]
    for _ in range(2 * MAX_ATTEMPTS):
        desk.work()
        assert desk.answer(location)["state"] == "queued"
        let_go(node)
    node.chain.put(make_facts(node.signing.keys))
    desk.work()
    assert desk.answer(location)["counts"]["accepted"] == 1
    node.close()


def test_a_file_that_waits_is_read_less_and_less_often(
    node: Node, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its signer is away. Where intake says so beforehand it is not read at all."""
    location = desk.post(csv_text(GOOD).encode()).headers["Location"]
    reads: list[str] = []
    content, finish, ready = node.file_store.content, node.intake.finish, node.intake.ready

    def away(*_: Any, **__: Any) -> Any:
        raise NotReady("signer-unavailable")

    def read(file: str) -> Any:
        reads.append(file)
        return content(file)

    def pause() -> int:
        let_go(node)
        desk.work()
        (job,) = node.jobs.listed()
        return job.due - now()

    monkeypatch.setattr(node.file_store, "content", read)
    monkeypatch.setattr(node.intake, "finish", away)
    for wanted in (5, 10, 20, 40, 60, 60):
        assert wanted - 3 <= pause() <= wanted
    assert len(reads) == 6
    monkeypatch.setattr(node.intake, "ready", away)
    assert pause() <= 5
    assert len(reads) == 6
    monkeypatch.setattr(node.intake, "ready", ready)
    monkeypatch.setattr(node.intake, "finish", finish)
    pause()
    assert desk.answer(location)["state"] == "done"


def test_after_a_restart_held_files_are_taken_at_once(node: Node, desk: Desk) -> None:
    location = desk.post(csv_text(GOOD).encode()).headers["Location"]
    held = node.jobs.claim("file")
    assert held is not None and location.endswith(held.id)
    assert node.jobs.claim("file") is None
    desk.work()
    assert desk.answer(location)["state"] == "running"
    (_, first), (_, second), _ = file_workers(node.ctx, node.jobs, node.file_store, node.files)
    node.ctx.signals.uploaded.set()
    first(threading.Event())
    assert desk.answer(location)["state"] == "done"
    assert second is not first


def test_restarts_of_another_gateway_are_no_attempts(node: Node, desk: Desk) -> None:
    """They take the job over, one after the other, and each ends in the middle of it."""
    location = desk.post(csv_text(GOOD).encode()).headers["Location"]
    for at in range(MAX_ATTEMPTS + 1):
        held = node.jobs.claim("file")
        assert held is not None and (held.attempts, held.takeovers) == (1, at)
        node.jobs.take_over("file")
        node.jobs.take_over("file")
    desk.work()
    assert desk.answer(location)["state"] == "done"


def test_a_file_that_kills_every_gateway(node: Node, desk: Desk) -> None:
    """It is not known from a restart, but is not tried for ever."""
    desk.post(csv_text(GOOD).encode())
    for _ in range(MAX_TAKEOVERS + 1):
        assert node.jobs.claim("file") is not None
        node.jobs.take_over("file")
    desk.work()
    (job,) = node.jobs.listed()
    assert (job.state, job.code) == ("set-aside", "died")


def test_whoever_lost_his_claim_changes_nothing(node: Node, desk: Desk) -> None:
    location = desk.post(csv_text(GOOD).encode()).headers["Location"]
    lost = node.jobs.claim("file")
    let_go(node)
    held = node.jobs.claim("file")
    assert lost is not None and held is not None
    assert (lost.id, lost.claim, held.claim) == (held.id, 1, 2)
    node.jobs.give_back(lost)
    node.jobs.put_off(lost, after=0, code="x")
    node.jobs.try_again(lost, after=0, code="x")
    node.jobs.set_aside(lost, "x")
    node.file_store.end(lost, "failed", {})
    with pytest.raises(TakenOver), begin_write(node.ctx.engine) as connection:
        got_on(connection, lost)
    assert node.jobs.listed() == [held]
    assert node.files.process(held, threading.Event())
    assert desk.answer(location)["counts"]["accepted"] == 1


@pytest.mark.usefixtures("small_sets")
def test_dropped_in_the_middle(node: Node, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker notices at its next set, of which nothing is stored."""
    location = desk.post(csv_text(*rows()).encode()).headers["Location"]
    submitted: list[int] = []
    finish = node.intake.finish

    def dropping(*arguments: Any, **options: Any) -> SetAnswer:
        submitted.append(1)
        if len(submitted) == 2:
            with begin_write(node.ctx.engine) as connection:
                assert drop(connection, location.rpartition("/")[2])
        return finish(*arguments, **options)

    monkeypatch.setattr(node.intake, "finish", dropping)
    desk.work()
    answer = desk.answer(location)
    assert (answer["state"], answer["rows"], len(submitted)) == ("failed", SET, 2)
    assert "gave this file up" in answer["message"]["en"]
    assert count(node, promises) == 1
    assert count(node, records) == EXPECTED[:SET].count("accepted")


def test_a_content_key_that_is_gone(tmp_path: Path) -> None:
    """The file waits until it is back; others go on."""
    node = make_test_node(tmp_path, seed="one", now=NOW)
    waiting = Desk(node).post(csv_text(GOOD).encode()).headers["Location"]
    node.close()
    other = make_test_node(tmp_path, seed="two", now=NOW)
    good = Desk(other).post(csv_text(GOOD).encode()).headers["Location"]
    for _ in range(MAX_ATTEMPTS + 1):
        Desk(other).work()
        let_go(other)
    assert Desk(other).answer(good)["state"] == "done"
    with other.ctx.engine.connect() as connection:
        found = connection.execute(sa.select(jobs.c.state, jobs.c.code, jobs.c.attempts))
        assert sorted(found, key=str) == [("done", None, 0), ("queued", "content-key-missing", 0)]
    other.close()
    again = make_test_node(tmp_path, seed="one", now=NOW)
    let_go(again)
    Desk(again).work()
    assert Desk(again).answer(waiting)["state"] == "done"
    again.close()


def test_threads_at_work(node: Node, desk: Desk) -> None:
    stop = threading.Event()
    steps = file_workers(node.ctx, node.jobs, node.file_store, node.files)
    threads = [worker.start(name, step, stop) for name, step in steps]
    try:
        posted = [desk.post(csv_text(*rows()).encode(), f"{at}.csv") for at in range(4)]
        end = time.monotonic() + 300
        waiting = [answer.headers["Location"] for answer in posted]
        while waiting and time.monotonic() < end:
            waiting = [path for path in waiting if desk.answer(path)["state"] != "done"]
            time.sleep(0.05)
        assert not waiting
    finally:
        stop.set()
        node.ctx.signals.uploaded.set()
        for thread in threads:
            thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    counts = [desk.answer(answer.headers["Location"])["counts"] for answer in posted]
    assert sum(told["accepted"] for told in counts) == EXPECTED.count("accepted")
    assert count(node, records) == EXPECTED.count("accepted")


class TestKeep:
    """`submit_set(keep=…)`: what file import relies on."""

    def test_called_once_inside_the_transaction(self, node: Node) -> None:
        kept: list[tuple[SetAnswer, int]] = []

        def keep(connection: sa.Connection, answer: SetAnswer) -> None:
            stored = connection.scalar(sa.select(sa.func.count()).select_from(records))
            kept.append((answer, stored or 0))

        first = node.intake.submit_set(caller=CENTRE, rows=[row(1), row(2)], keep=keep)
        assert kept == [(first, 2)]
        again = node.intake.submit_set(caller=CENTRE, rows=[row(1)], keep=keep)
        assert kept[1:] == [(again, 2)]
        assert again.promise is None

    def test_what_it_raises_undoes_the_set(self, node: Node) -> None:
        def refuse(_connection: sa.Connection, _answer: SetAnswer) -> None:
            raise TakenOver("x")

        with pytest.raises(TakenOver):
            node.intake.submit_set(caller=CENTRE, rows=[row(1)], keep=refuse)
        assert count(node, records) == count(node, promises) == 0
