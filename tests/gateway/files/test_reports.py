"""The workbook to correct: made once, kept sealed, streamed to whoever asks."""

import asyncio
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import psutil
import pytest
import sqlalchemy as sa

from gateway.accesses.models import accesses
from gateway.app import create_app
from gateway.base import threads
from gateway.base.db import begin_write
from gateway.files import workbook
from gateway.files.models import file_reports
from gateway.files.store import forget_report
from gateway.files.tasks import file_workers
from gateway.jobs.errors import TakenOver
from gateway.jobs.services import Job
from gateway.node import Node
from gateway.sealing.models import content_keys
from tests.gateway.files.conftest import NOW
from tests.gateway.files.desk import Desk
from tests.gateway.files.work import let_go
from tests.gateway.intake.material import count
from tests.support.node import make_test_node
from tests.support.sheets import GOOD, csv_text

ASKING = 45
ROWS = 3000
GROWN = 192 << 20
"""Bytes. 45 workbooks at once would be 1.6 GiB; answers and Python's own caches are in it."""


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW, files={"processes": 1})
    yield node
    node.close()


def answered(node: Node, desk: Desk) -> dict[str, Any]:
    """A file of which every row goes back."""
    bad = [dict(GOOD, CF_WSH=f"样市监罚〔2024〕{n}号", CF_NR_FK="x" * 900) for n in range(ROWS)]
    answer = desk.send(csv_text(*bad).encode(), "x.csv")
    assert answer["counts"]["rejected"] == ROWS
    return answer


def test_forty_five_ask_at_once(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(node)
    place = f"/v1/files/{answered(node, desk)['id']}/report.xlsx"
    made: list[str] = []
    make_report = node.files.make_report

    def counted(job: Job, stop: threading.Event) -> bool:
        made.append(job.id)
        return make_report(job, stop)

    monkeypatch.setattr(node.files, "make_report", counted)
    stop = threading.Event()
    steps = file_workers(node.ctx, node.jobs, node.file_store, node.files)
    running = [threads.start(name, step, stop) for name, step in steps]
    before = psutil.Process().memory_info().rss
    try:
        ready, books = asyncio.run(_ask(node, desk, place))
    finally:
        stop.set()
        node.ctx.signals.wake_all()
        for thread in running:
            thread.join(120)
    assert psutil.Process().memory_info().rss < before + GROWN
    assert ready and set(ready) == {200}, "others are served meanwhile"
    assert len(made) == 1 and len(set(books)) == 1
    sheet = openpyxl.load_workbook(io.BytesIO(books[0])).worksheets[0]
    assert sheet.max_row == ROWS + 1


async def _ask(node: Node, desk: Desk, place: str) -> tuple[list[int], list[bytes]]:
    transport = httpx.ASGITransport(app=create_app(node))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

        async def fetch() -> bytes:
            while (found := await client.get(place, headers=desk.headers)).status_code == 202:
                assert int(found.headers["Retry-After"]) >= 1
                await asyncio.sleep(0.5)
            assert found.status_code == 200
            return found.content

        asking = [asyncio.create_task(fetch()) for _ in range(ASKING)]
        ready: list[int] = []
        while not all(one.done() for one in asking):
            ready.append((await client.get("/readyz")).status_code)
            await asyncio.sleep(0.1)
        return ready, [one.result() for one in asking]


def test_kept_sealed_in_pieces(node: Node) -> None:
    desk = Desk(node)
    answer = answered(node, desk)
    first = desk.report(answer)
    assert first == desk.report(answer)
    assert count(node, file_reports) >= 1
    assert b"".join(node.file_store.report(answer["id"])) == first
    with node.ctx.engine.connect() as connection:
        for row in connection.execute(file_reports.select()):
            assert not row.content.startswith(b"PK")


def test_two_make_it_at_once(node: Node) -> None:
    """As where a gateway starts while another is at it."""
    desk = Desk(node)
    answer = answered(node, desk)
    desk.get(f"/v1/files/{answer['id']}/report.xlsx")
    held = node.jobs.claim("report")
    assert held is not None
    let_go(node)
    desk.work()
    with pytest.raises(TakenOver):
        node.file_store.keep_report(held, iter((b"other", b"pieces")), lambda _: True)
    assert desk.report(answer).startswith(b"PK")


def test_pieces_of_one_before_are_gone(node: Node) -> None:
    """However they came to stay."""
    desk = Desk(node)
    answer = answered(node, desk)
    with node.ctx.engine.begin() as connection:
        stale = {"file": answer["id"], "content": b"old"}
        for n in (0, 999):
            connection.execute(file_reports.insert().values(n=n, **stale))
    book = openpyxl.load_workbook(io.BytesIO(desk.report(answer)))
    assert book.worksheets[0].max_row == ROWS + 1


def test_forgotten_while_it_is_stored(node: Node) -> None:
    """Whichever comes first, no piece is there without its job, nor beside those of another."""
    desk = Desk(node)
    answer = answered(node, desk)
    assert desk.get(f"/v1/files/{answer['id']}/report.xlsx").status_code == 202
    held = node.jobs.claim("report")
    assert held is not None
    forgetting: list[threading.Thread] = []

    def forget() -> None:
        with begin_write(node.ctx.engine) as connection:
            forget_report(connection, answer["id"])

    def pieces() -> Iterator[bytes]:
        yield b"PK"
        forgetting.append(threading.Thread(target=forget))
        forgetting[0].start()
        forgetting[0].join(0.5)  # it gets so far as it gets
        yield b"more"

    node.file_store.keep_report(held, pieces(), lambda _: True)
    forgetting[0].join()
    assert count(node, file_reports) == 0
    assert desk.report(answer).startswith(b"PK")


def test_only_what_is_had_is_logged(node: Node) -> None:
    """Asking again and again for what is not there yet is no access."""
    desk = Desk(node)
    answer = answered(node, desk)
    before = count(node, accesses)
    place = f"/v1/files/{answer['id']}/report.xlsx"
    assert [desk.get(place).status_code for _ in range(3)] == [202] * 3
    assert count(node, accesses) == before
    desk.work()
    assert desk.get(place).status_code == 200
    assert count(node, accesses) == before + 1


def test_one_that_cannot_be_made(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its maker wants more memory than it may have: told so, and the answer to the file stands."""
    desk = Desk(node)
    answer = answered(node, desk)
    place = f"/v1/files/{answer['id']}/report.xlsx"
    with monkeypatch.context() as patch:
        patch.setattr("gateway.files.services.build_pieces", want_everything)
        assert desk.get(place).status_code == 202
        desk.work()
    refused = desk.get(place)
    assert (refused.status_code, refused.json()["code"]) == (413, "too-large")
    assert "several parts" in refused.json()["text"]["en"]
    assert desk.answer(f"/v1/files/{answer['id']}") == answer


def test_a_missing_content_key_is_told(node: Node) -> None:
    """Before the answer begins, not by breaking it off."""
    desk = Desk(node)
    answer = desk.send(csv_text(dict(GOOD, CF_NR_FK="x")).encode(), "x.csv")
    desk.report(answer)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(content_keys).values(wrapped_by=b"elsewher"))
    for place in (f"/v1/files/{answer['id']}", f"/v1/files/{answer['id']}/report.xlsx"):
        refused = desk.get(place)
        assert (refused.status_code, refused.json()["reason"]) == (503, "content-key-missing")
        assert refused.headers["Retry-After"]


def want_everything(sent: Iterator[bytes], *_: object) -> Iterator[bytes]:
    """In the other process."""
    yield bytes(64 << 30)


def test_pieces_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "PART", 1000)
    pieces = list(workbook.build_pieces(iter(()), "x", {"rejected": 0}))
    assert {len(piece) for piece in pieces[:-1]} == {1000}
    assert openpyxl.load_workbook(io.BytesIO(b"".join(pieces))).sheetnames == ["说明"]
