"""Who may have what judged at `/verify`, how much of it, and who sees what was said."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from gateway.base.errors import NotReady
from gateway.http.problems import Problem
from gateway.verifying import desk as desks
from gateway.verifying.asking import read_question
from gateway.verifying.desk import Asker, Desk
from gateway.web.verify import form, routes
from ledger.files.judge import MAX_SINGLE
from tests.gateway.intake.material import new_token
from tests.gateway.web.verify.papers import BEIJING
from tests.gateway.web.visitor import Visitor
from tests.support.peers import Network

LIKE_A_RECEIPT = b'{"_type":"credit-ledger/receipt@1"}'


def send(visitor: Visitor, data: bytes = LIKE_A_RECEIPT) -> tuple[int, str]:
    """The status, and where it leads."""
    answer = visitor.post("/verify", {}, files={"file": ("r.json", data)})
    return answer.status_code, answer.headers.get("location", "")


def clerk(app: FastAPI, network: Network, *scopes: str) -> Visitor:
    return Visitor(app).sign_in(new_token(network[BEIJING].node, *scopes, name=" ".join(scopes)))


def test_strangers_have_a_budget_of_their_own(app: FastAPI, network: Network) -> None:
    """Those with a token that may read have another; a token that may not is a stranger's."""
    signed = clerk(app, network, "read")
    other = clerk(app, network, "submit")
    found = [send(Visitor(app))[0] for _ in range(int(desks.SAVED) + 1)]
    assert found[:2] == [303, 303]
    assert 429 in found
    page = Visitor(app).post("/verify", {}, files={"file": ("r.json", LIKE_A_RECEIPT)})
    assert page.status_code == 429
    assert re.search(r"Wait [1-9][0-9]* seconds\.\s+Then send the file again", page.text)
    assert send(other)[0] == 429
    assert send(signed)[0] == 303
    assert Visitor(app).get("/verify").status_code == 200


def test_places(app: FastAPI) -> None:
    desk: Desk = app.state.verify_desk
    places = desk.verifying.strangers
    with places.hold_large("127.0.0.1"):
        assert send(Visitor(app), b"{" * (MAX_SINGLE + 1))[0] == 503
        assert send(Visitor(app), b"%PDF-1.7\n")[0] == 503
        assert send(Visitor(app))[0] == 303
    with places.hold("127.0.0.1"), places.hold("127.0.0.1"):
        page = Visitor(app).post("/verify", {}, files={"file": ("r.json", LIKE_A_RECEIPT)})
        assert (page.status_code, "text/html" in page.headers["content-type"]) == (503, True)
    assert send(Visitor(app))[0] == 303, "all were given back"


def test_one_stranger_leaves_room_for_others(app: FastAPI) -> None:
    """Who sends reports drop by drop, or such as take long, is alone with that."""
    desk: Desk = app.state.verify_desk
    one, other, third = (Asker(f"203.0.113.{n}", stranger=True) for n in range(3))
    pdf = bytearray(b"%PDF-1.7")
    with desk.receive(one) as first, desk.receive(one) as second, desk.receive(other) as theirs:
        first.look(pdf)
        with pytest.raises(NotReady, match="busy-verifying"):
            second.look(pdf)
        theirs.look(pdf)
        with desk.receive(third) as last, pytest.raises(NotReady, match="busy-verifying"):
            last.look(pdf)


def test_a_place_is_held_until_it_is_judged(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever looks meanwhile is told to wait, and finds it again."""
    desk: Desk = app.state.verify_desk
    go, judge = threading.Event(), desk.judge

    def slowly(*given: object) -> object:
        assert go.wait(600)
        return judge(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(desk, "judge", slowly)
    monkeypatch.setattr(routes, "PATIENCE", 0.0)
    visitor = Visitor(app)
    try:
        first, second = send(visitor)[1], send(visitor)[1]
        assert send(visitor)[0] == 503
        page = visitor.get(first)
        assert page.status_code == 200 and "You may leave this page" in page.text
        assert visitor.get(f"{first}.pdf").headers["location"] == first
    finally:
        go.set()
    monkeypatch.setattr(routes, "PATIENCE", 600.0)
    assert "data-tone" in visitor.get(first).text
    assert "data-tone" in visitor.get(second).text
    assert send(visitor)[0] == 303


def test_what_goes_wrong_meanwhile_is_told(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    desk: Desk = app.state.verify_desk

    def refuse(*_: object) -> object:
        raise Problem("not-ready")

    monkeypatch.setattr(desk, "judge", refuse)
    page = Visitor(app).get(send(Visitor(app))[1])
    assert page.status_code == 503 and "text/html" in page.headers["content-type"]


def test_who_sees_it(app: FastAPI, network: Network) -> None:
    """A stranger's whoever has the address; that of a token its holder alone."""
    signed, other = clerk(app, network, "read"), clerk(app, network, "read", "submit")
    of_stranger, of_token = send(Visitor(app))[1], send(signed)[1]
    for visitor in (Visitor(app), signed):
        assert visitor.get(of_stranger).status_code == 200
    assert signed.get(of_token).status_code == 200
    for visitor in (Visitor(app), other):
        for path in (of_token, f"{of_token}.pdf"):
            page = visitor.get(path)
            assert page.status_code == 404 and "kept for half an hour" in page.text
    assert Visitor(app).get(f"/verify/{'0' * 32}").status_code == 404
    assert Visitor(app).get("/verify/../login").status_code != 500
    assert Visitor(app).get("/verify/x").status_code == 422


def test_it_is_forgotten(network: Network) -> None:
    """After its time, and the oldest of one who has too many."""
    at = [0.0]
    verifying = network[BEIJING].node.verifying
    desk = Desk(verifying, now=time.time, elapsed=lambda: at[0])
    one, two = Asker("token/1", stranger=False), Asker("token/2", stranger=False)

    def kept(asker: Asker) -> str:
        with desk.receive(asker) as receiving:
            key = receiving.judge("r.json", b"{}", read_question(()), {})
        job = desk.find(key, asker)
        assert job is not None
        job.future.result(600)
        return key

    first, other = kept(one), kept(two)
    keys = [kept(one) for _ in range(desks.MOST_OF_ONE)]
    assert desk.find(first, one) is None
    assert all(desk.find(key, one) for key in keys)
    assert desk.find(other, two) is not None
    at[0] = desks.KEPT_SECONDS + 1
    assert desk.find(other, two) is None


def test_a_foreign_form(app: FastAPI, network: Network) -> None:
    visitor = Visitor(app)
    files = {"file": ("r.json", LIKE_A_RECEIPT)}
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert visitor.post("/verify", {}, files=files, headers=headers).status_code == 403
    signed = clerk(app, network, "read")
    assert signed.request("POST", "/verify", files=files).status_code == 403
    assert signed.post("/verify", {}, files=files).status_code == 303


def test_a_sender_that_stalls(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    async def drops() -> AsyncIterator[bytes]:
        yield b"--x\r\n"
        await asyncio.sleep(600)
        raise AssertionError("waited for")

    monkeypatch.setattr(form, "BODY_SECONDS", 0.1)
    headers = {"content-type": "multipart/form-data; boundary=x"}
    page = Visitor(app).request("POST", "/verify", content=drops(), headers=headers)
    assert page.status_code == 408 and 'type="file"' in page.text
    monkeypatch.undo()
    assert send(Visitor(app))[0] == 303, "its place was given back"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a.json", "a.json"),
        ("", form.UNNAMED),
        ("\x1b[31m\n", "[31m"),
        ("x" * 500, "x" * form.MAX_NAME),
    ],
)
def test_names_of_files(sent: str, shown: str) -> None:
    assert form.clean_name(sent) == shown
