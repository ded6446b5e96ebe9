"""`POST /v1/verify` says what `credit-ledger verify --json` says, to whoever may read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.base.errors import NotReady
from gateway.node import Node
from gateway.receipts.interfaces import Disclose
from gateway.verifying import routes, services
from ledger.cli.main import run
from ledger.core.canonical import parse_instant
from ledger.files.judge import MAX_BYTES, MAX_SINGLE
from ledger.records import uscc
from ledger.verify import Verifier
from tests.gateway.erasures.desk import follow
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.receipts.test_receipts_verify import SUBJECT, take_in
from tests.support.anvil import Anvil
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.member import Member

OTHER = "91110108551385082Q"
OPTIONS = {"asOf": "as-of"}


class Sidecar:
    """The route of a node, and the command beside it."""

    def __init__(self, node: Node, folder: Path, capsys: pytest.CaptureFixture[bytes]) -> None:
        self.token = bearer(new_token(node, "read", department=None))
        self.client = Client(create_app(node))
        self._folder, self._capsys = folder, capsys

    def ask(self, data: bytes, **question: str) -> Any:
        """The whole answer."""
        return self.client.request(
            "POST", "/v1/verify", content=data, params=question, headers=self.token
        )

    def told(self, data: bytes, **question: str) -> dict[str, Any]:
        """The verdict, which is that of the command word for word."""
        answer = self.ask(data, **question)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        found: dict[str, Any] = answer.json()
        assert found == self.by_command(data, question)
        return found

    def by_command(self, data: bytes, question: dict[str, str]) -> dict[str, Any]:
        """What `verify --json` prints."""
        file = self._folder / "file.json"
        file.write_bytes(data)
        network = self._folder / "node" / "network.json"
        words = ["verify", str(file), "--network", str(network), "--json"]
        for name, value in question.items():
            words += [f"--{OPTIONS.get(name, name)}", value]
        self._capsys.readouterr()
        run(words)
        found: dict[str, Any] = orjson.loads(self._capsys.readouterr().out)
        return found


@pytest.fixture
def sidecar(
    node: Node,
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Sidecar:
    monkeypatch.delenv("CREDIT_LEDGER_NOW", raising=False)
    return Sidecar(node, tmp_path, capsysbinary)


def receipt_of(node: Node, leaf: bytes, *fields: str) -> bytes:
    """With a presentation of these fields, or of all."""
    found = node.receipts.receipt(leaf, disclose=Disclose(CENTRE, fields or None))
    assert isinstance(found, bytes)
    return found


def test_a_receipt_is_judged_as_the_command_judges_it(
    sidecar: Sidecar, node: Node, anvil: Anvil
) -> None:
    (leaf,) = take_in(node, anvil, 1)
    shown, bare = receipt_of(node, leaf), node.receipts.receipt(leaf)
    assert isinstance(bare, bytes)
    found = sidecar.told(shown, subject=SUBJECT)
    assert (found["verdict"], found["usable"]) == ("valid", True)
    assert found["record"]["CF_XDR_SHXYM"] == SUBJECT
    assert sidecar.told(shown, subject=f" {SUBJECT.lower()} ")["verdict"] == "valid"
    assert sidecar.told(shown, subject=OTHER)["verdict"] == "other-subject"
    assert sidecar.told(bare)["verdict"] == "anchored"
    flipped = shown.replace(b"0.2", b"0.3") if b"0.2" in shown else shown[:-9] + shown[-8:]
    assert sidecar.told(flipped)["authentic"] is False
    for junk in (b"", b"{", b"\xff" * 99, b'{"_type":"credit-ledger/receipt@9"}'):
        assert sidecar.told(junk)["verdict"] in ("malformed", "undetermined")


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ({"type": "penalty"}, "valid"),
        ({"type": "licence"}, "other-subject"),
        ({"issuer": "110000"}, "valid"),
        ({"issuer": "120000"}, "other-subject"),
        ({"asOf": "2024-01-01"}, "not-yet-anchored"),
        ({"witnesses": "1"}, None),
        ({"audience": "demo-bank", "nonce": "7cQ2"}, None),
    ],
)
def test_every_question_is_that_of_the_command(
    sidecar: Sidecar, node: Node, anvil: Anvil, question: dict[str, str], verdict: str | None
) -> None:
    """None: whatever the command says, but never `valid`."""
    (leaf,) = take_in(node, anvil, 1)
    found = sidecar.told(receipt_of(node, leaf), **question)["verdict"]
    assert found == verdict if verdict else found != "valid"


def test_a_history_and_what_cannot_be_asked_of_it(
    sidecar: Sidecar, node: Node, anvil: Anvil
) -> None:
    take_in(node, anvil, 1)
    follow(node)
    asked = orjson.dumps({"code": SUBJECT, "purpose": "own"})
    answer = sidecar.client.request("POST", "/v1/histories", content=asked, headers=sidecar.token)
    assert answer.status_code == 200, answer.text
    data = answer.content
    found = sidecar.told(data)
    assert (found["_type"], found["verdict"]) == ("credit-ledger/history-verdict@1", "valid")
    day = sidecar.told(data, asOf="2024-01-01")
    assert (day["asOf"], day["verdict"]) == ("2024-01-01", "valid")
    for name in ("subject", "type", "issuer", "witnesses"):
        refused = sidecar.ask(data, **{name: "1" if name == "witnesses" else SUBJECT})
        assert (refused.status_code, refused.json()["field"]) == (422, name)
    of_list = b'{"_type":"credit-ledger/list@1"'
    assert sidecar.told(of_list)["_type"] == "credit-ledger/list-verdict@1"
    refused = sidecar.ask(of_list, asOf="2024-01-01")
    assert (refused.status_code, refused.json()["field"]) == (422, "asOf")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("subjct=91110000600037341L", None),
        ("subject=91110000600037341L&subject=91110108551385082Q", None),
        ("subject=", "subject"),
        (f"subject={uscc.FILLER}", "subject"),
        ("subject=" + "9" * 65, "subject"),
        ("asOf=2024-13-01", "asOf"),
        ("asOf=2024-1-1", "asOf"),
        ("witnesses=0", "witnesses"),
        ("witnesses=17", "witnesses"),
        ("witnesses=x", "witnesses"),
        ("witnesses=٣", "witnesses"),
        ("audience=demo-bank", "audience"),
        ("nonce=7cQ2", "audience"),
    ],
)
def test_a_question_that_is_none_is_refused(
    sidecar: Sidecar, query: str, field: str | None
) -> None:
    """Never passed over: a verdict on another question would read as one on this."""
    answer = sidecar.client.request(
        "POST", f"/v1/verify?{query}", content=b"{}", headers=sidecar.token
    )
    told = answer.json()
    assert (answer.status_code, told["code"], told.get("field")) == (422, "schema-invalid", field)
    assert told["text"]["zh"] and told["text"]["en"]


def test_who_may(sidecar: Sidecar, node: Node) -> None:
    def status(**headers: str) -> tuple[int, str]:
        answer = sidecar.client.request("POST", "/v1/verify", content=b"{}", headers=headers)
        return answer.status_code, answer.json().get("code", "")

    assert status() == (401, "token-missing")
    assert status(authorization="Bearer clt_nobody") == (401, "token-unknown")
    for scope in ("submit", "decide", "release"):
        assert status(**bearer(new_token(node, scope, name=scope))) == (403, "scope-missing")
    assert status(**bearer(new_token(node, "read", name="read")))[0] == 200


def test_it_is_bounded(sidecar: Sidecar, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes, by what the gateway takes of any file; in files at once, of one token and of
    all."""
    most = min(node.ctx.settings.http.max_file_bytes, MAX_BYTES)
    answer = sidecar.client.request(
        "POST",
        "/v1/verify",
        content=b"",
        headers=sidecar.token | {"content-length": str(most + 1)},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    places = node.verifying.places
    with places.hold_large(0), places.hold_large(0):
        assert sidecar.ask(b"{" * MAX_SINGLE).status_code == 200, "a small one needs no such place"
        busy = sidecar.ask(b"{" * (MAX_SINGLE + 1))
        assert (busy.status_code, busy.json()["reason"]) == (503, "busy-verifying")
        assert int(busy.headers["retry-after"]) > 0
    assert sidecar.ask(b"{" * (MAX_SINGLE + 1)).json()["verdict"] == "malformed"
    monkeypatch.setattr(places.all, "of_one", 0)
    assert sidecar.ask(b"{}").status_code == 503
    monkeypatch.undo()
    monkeypatch.setattr(places.all, "most", 0)
    assert sidecar.ask(b"{}").status_code == 503
    monkeypatch.undo()
    assert sidecar.ask(b"{}").status_code == 200, "and all places were given back"


def test_a_sender_that_stalls(sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch) -> None:
    async def drops() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(60)
        raise AssertionError("waited for")

    monkeypatch.setattr(routes, "BODY_SECONDS", 0.1)
    answer = sidecar.client.request("POST", "/v1/verify", content=drops(), headers=sidecar.token)
    assert (answer.status_code, answer.json()["code"]) == (408, "too-slow")
    monkeypatch.undo()
    assert sidecar.ask(b"{}").status_code == 200, "its place was given back"


def test_what_was_anchored_a_moment_ago(sidecar: Sidecar, node: Node, anvil: Anvil) -> None:
    """The verifier lives on, and reads the head again for a receipt from beyond it."""
    (first,) = take_in(node, anvil, 1)
    before = sidecar.told(receipt_of(node, first))["head"]["number"]
    (second,) = take_in(node, anvil, 2)
    data = receipt_of(node, second)
    end = time.monotonic() + 60
    while sidecar.ask(data).json()["verdict"] != "valid":  # not more often than twice a second
        assert time.monotonic() < end
    found = sidecar.told(data)
    assert found["head"]["number"] > before
    assert parse_instant(found["anchoredAt"]) <= parse_instant(found["head"]["time"])


def test_without_a_chain_nothing_is_known(
    sidecar: Sidecar, node: Node, anvil: Anvil, member: Member, tmp_path: Path
) -> None:
    (leaf,) = take_in(node, anvil, 1)
    data = receipt_of(node, leaf)
    away = member.network.with_rpc(["http://127.0.0.1:1"])
    node.ctx.network = away
    found = sidecar.ask(data).json()
    assert (found["verdict"], found["authentic"], found["usable"]) == ("undetermined", None, None)


def test_a_quorum_of_half_judges_nothing(
    node: Node, monkeypatch: pytest.MonkeyPatch, member: Member
) -> None:
    settings = node.ctx.settings.model_copy(update={"env": "production"})
    node.ctx.settings = settings
    node.ctx.network = member.network.with_rpc(["http://127.0.0.1:1", "http://127.0.0.1:2"])
    answer = Client(create_app(node)).request(
        "POST", "/v1/verify", content=b"{}", headers=bearer(new_token(node, "read"))
    )
    assert (answer.status_code, answer.json()["reason"]) == (503, "too-few-nodes")


def test_no_content_is_logged(
    sidecar: Sidecar, node: Node, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of the file nor of the question, not even where the verifier breaks; what broke is
    told to whoever asked."""
    (leaf,) = take_in(node, anvil, 1)
    data = receipt_of(node, leaf)
    broken: Callable[..., Any] = lambda *_, **__: 1 / 0  # noqa: E731
    with capture_logs() as logs:
        assert sidecar.ask(data, subject=SUBJECT).json()["verdict"] == "valid"
        sidecar.client.request("POST", "/v1/verify?subject=", content=data, headers=sidecar.token)
        monkeypatch.setattr(Verifier, "verify", broken)
        told = sidecar.ask(data, subject=SUBJECT).json()
    assert told["verdict"] == "undetermined"
    assert any(check["code"] == "verifier-error" for check in told["checks"])
    assert "verify.failed" in {line["event"] for line in logs}
    assert [line["route"] for line in logs if line["event"] == "http.request"] == ["/v1/verify"] * 3
    for secret in (SUBJECT, SUBJECT.lower(), "division", "CF_WSH", leaf.hex()):
        assert secret not in repr(logs), secret


def test_places_are_counted_by_token() -> None:
    places = services.Places(*services.TOKENS)
    held = [places.hold(1) for _ in range(places.all.of_one)]
    for one in held:
        one.__enter__()
    with pytest.raises(NotReady, match="busy-verifying"), places.hold(1):
        raise AssertionError("held")
    with places.hold(2):
        pass
    held[0].__exit__(None, None, None)
    with places.hold(1):
        pass


def test_a_pdf_of_any_length_takes_a_place_of_large_ones(sidecar: Sidecar, node: Node) -> None:
    """It may need much time; a receipt of that length does not."""
    places = node.verifying.places
    with places.hold_large(0), places.hold_large(0):
        assert sidecar.ask(b"%PDF-1.7\n").status_code == 503
        assert sidecar.ask(b"{}").status_code == 200
    assert sidecar.ask(b"%PDF-1.7\n").json()["verdict"] == "false"
