"""Rates, problems and the log line, each by itself."""

import asyncio
import gzip
import io
import json
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.app import create_app
from gateway.base import logging_setup as logs
from gateway.base.errors import NotReady
from gateway.base.settings import HttpSettings, LogFileSettings
from gateway.http import limits, rates
from gateway.http.limits import Limits
from gateway.http.problems import Problem, problem_of
from gateway.http.rates import RateLimiter
from gateway.http.titles import TITLES
from ledger.core.errors import ConfigError, CouldNotCheck, InputError, Malformed
from tests.gateway.intake.material import bearer, new_token
from tests.support.asgi import Client
from tests.support.node import make_test_node


class TestRateLimiter:
    @pytest.fixture
    def now(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        moment = [100.0]
        monkeypatch.setattr(time, "monotonic", lambda: moment[0])
        return moment

    def test_a_burst_then_the_rate(self, now: list[float]) -> None:
        limiter = RateLimiter(2)
        assert [limiter.take("a") for _ in range(4)] == [0.0] * 4
        assert limiter.take("a") == pytest.approx(0.5)
        assert limiter.take("b") == 0.0
        now[0] += 0.5
        assert limiter.take("a") == 0.0
        assert limiter.take("a") > 0
        now[0] += 1000
        assert [limiter.take("a") == 0 for _ in range(5)] == [True] * 4 + [False]

    def test_a_debt_is_paid_off(self, now: list[float]) -> None:
        limiter = RateLimiter(2)
        limiter.charge("a", 10)
        assert limiter.take("a") == pytest.approx(3.5)
        now[0] += 3.5
        assert limiter.take("a") == 0.0

    def test_more_than_is_ever_saved_up(self, now: list[float]) -> None:
        """Goes ahead where all that can be saved up is there, but for the request itself."""
        limiter = RateLimiter(2)
        assert (limiter.take("a"), limiter.spend("a", 9)) == (0.0, 0.0)
        assert limiter.take("a") == pytest.approx(3.5)
        now[0] += 3.5
        assert (limiter.take("a"), limiter.spend("a", 2)) == (0.0, 1.0), "which costs nothing"
        now[0] += 1.0
        assert (limiter.spend("a", 2), limiter.spend("a", 1)) == (0.0, 0.5)

    def test_memory_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rates, "BUCKETS", 10)
        limiter = RateLimiter(1)
        for n in range(100):
            limiter.take(str(n))
        assert len(limiter._buckets) == 10


class TestProblems:
    def test_every_code_has_both_languages(self) -> None:
        for code, (status, title) in TITLES.items():
            assert 400 <= status < 600, code
            assert set(title) == {"zh", "en"}

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (Problem("not-found"), 404, "not-found"),
            (NotReady("busy"), 503, "not-ready"),
            (CouldNotCheck("no-node", "gone"), 503, "not-ready"),
            (sa.exc.OperationalError("", {}, sqlite3.OperationalError("full")), 503, "not-ready"),
            (sa.exc.IntegrityError("", {}, ValueError("x")), 500, "internal"),
            (InputError("f", "too-long", {"zh": "长", "en": "long"}), 422, "schema-invalid"),
            (Malformed("x", "y"), 500, "internal"),
            (HTTPException(404), 404, "not-found"),
            (HTTPException(400), 422, "schema-invalid"),
            (HTTPException(413), 413, "too-large"),
            (HTTPException(502), 500, "internal"),
            (ValueError("secret"), 500, "internal"),
        ],
    )
    def test_of_errors(self, error: Exception, status: int, code: str) -> None:
        problem = problem_of(error)
        assert (problem.status, problem.code) == (status, code)
        assert "secret" not in json.dumps(problem.as_dict())

    def test_one_of_ours_that_the_framework_wrapped(self) -> None:
        """FastAPI turns what comes up while it reads a form into a 400."""
        wrapped = HTTPException(400)
        wrapped.__cause__ = Problem("too-large")
        assert problem_of(wrapped).code == "too-large"


class TestLog:
    @pytest.fixture
    def stream(self) -> io.StringIO:
        stream = io.StringIO()
        logs.configure(stream)
        return stream

    @pytest.fixture(autouse=True)
    def restore(self) -> object:
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        yield
        root.handlers[:], root.level = handlers, level
        logging.captureWarnings(False)
        structlog.reset_defaults()

    def test_lines_are_json_without_messages_of_exceptions(self, stream: io.StringIO) -> None:
        log = structlog.get_logger("x")
        try:
            try:
                raise KeyError("content of a record")
            except KeyError as error:
                raise ValueError("more content") from error
        except ValueError:
            log.error("it.failed", number=3, exc_info=True)
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
        log.info("fine")
        ours, theirs, fine = map(json.loads, stream.getvalue().splitlines())
        assert (ours["event"], ours["number"], ours["level"]) == ("it.failed", 3, "error")
        assert ours["exception"]["error"] == "builtins.ValueError"
        assert ours["exception"]["cause"]["error"] == "builtins.KeyError"
        assert "test_limits.py" in ours["exception"]["at"][0]
        assert theirs["exception"] == ours["exception"]
        assert theirs["logger"] == "uvicorn.error"
        assert fine["time"].endswith("Z")
        assert "content" not in stream.getvalue()

    def test_quiet_levels(self, stream: io.StringIO) -> None:
        structlog.get_logger().debug("hidden")
        logging.getLogger("sqlalchemy.engine").info("hidden")
        assert stream.getvalue() == ""


def test_requests_at_once_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ACTIVE", 0)
    node = make_test_node(tmp_path)
    client = Client(create_app(node))
    response = client.get("/v1/node")
    assert (response.status_code, response.json()["reason"]) == (503, "busy")
    assert response.headers["retry-after"] == "1"
    assert [client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
    node.close()


def test_one_stranger_leaves_places_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends a form drop by drop: others go on, and so does who has a token, from there too."""
    monkeypatch.setattr(limits, "MAX_OF_STRANGERS", 2)
    good = (b"authorization", b"Bearer good")

    async def asked() -> None:
        ended = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if (b"authorization", b"Bearer good") in scope["headers"]:
                scope["state"]["caller"] = object()
            elif scope["path"] == "/login":
                await receive()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"})

        async def drop_by_drop() -> Message:
            await ended.wait()
            return {"type": "http.request"}

        async def nothing() -> Message:
            return {"type": "http.request"}

        bounded = Limits(app, settings=HttpSettings())

        async def ask(address: str, *headers: tuple[bytes, bytes], path: str = "/") -> int:
            found: list[int] = []

            async def send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    found.append(message["status"])

            scope = {
                **{"type": "http", "method": "POST", "path": path, "query_string": b""},
                **{"headers": list(headers), "client": (address, 1), "state": {}},
            }
            await bounded(scope, drop_by_drop if path == "/login" else nothing, send)
            return found[0]

        assert await ask("192.0.2.1", good) == 200
        slow = [asyncio.create_task(ask("192.0.2.1", path="/login")) for _ in range(2)]
        await asyncio.sleep(0)
        assert await ask("192.0.2.1") == 429
        assert await ask("192.0.2.1", (b"authorization", b"Bearer guessed")) == 429
        assert await ask("192.0.2.1", good) == 200
        assert await ask("192.0.2.2") == 200
        ended.set()
        assert await asyncio.gather(*slow) == [200, 200]
        assert await ask("192.0.2.1") == 200, "their places were given back"

    asyncio.run(asked())


def test_the_routes_for_members_have_places_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may knock there: whoever does takes no place of the others."""
    node = make_test_node(tmp_path)
    client = Client(create_app(node))
    monkeypatch.setattr(limits, "MAX_OF_MEMBERS", 0)
    answer = client.request("POST", "/v1/exchange/record", content=b"{}")
    assert (answer.status_code, answer.json()["reason"]) == (503, "busy")
    assert client.get("/v1/node").status_code == 200
    monkeypatch.setattr(limits, "MAX_OF_MEMBERS", 1)
    monkeypatch.setattr(limits, "MAX_ACTIVE", 0)
    assert client.request("POST", "/v1/exchange/record", content=b"{}").status_code == 401
    node.close()


def _drained(app: ASGIApp, path: str, parts: int) -> tuple[int, dict[bytes, bytes], int]:
    """Status and header fields of a refusal, and how many of so many pieces of its body, 64 KiB
    each, were taken in."""
    taken, sent = 0, list[Message]()

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": bytes(1 << 16), "more_body": taken < parts}

    async def send(message: Message) -> None:
        sent.append(message)

    length = str(parts << 16).encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-length", length), (b"content-type", b"application/json")],
        "client": ("203.0.113.1", 1),
        "server": ("test", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
        "state": {},
    }

    async def run() -> None:
        await app(scope, receive, send)

    asyncio.run(run())
    assert not sent[-1].get("more_body", False)
    return sent[0]["status"], dict(sent[0]["headers"]), taken


def test_refused_bodies_are_taken_in_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the reason is read; and not for those who are many, nor beyond a bound."""
    node = make_test_node(tmp_path)
    app = create_app(node)
    status, headers, taken = _drained(app, "/v1/records", 20)
    assert (status, headers[b"connection"], taken) == (413, b"close", 20)
    status, headers, taken = _drained(app, "/v1/exchange/record", 1000)
    assert (status, headers[b"connection"], taken) == (413, b"close", 64)
    monkeypatch.setattr(limits, "DRAINS_EACH", 0)
    status, headers, taken = _drained(app, "/v1/records", 20)
    assert (status, headers[b"connection"], taken) == (413, b"close", 0)
    node.close()


@pytest.mark.parametrize("path", ["/v1/records", "/v1/files"])
def test_a_packed_body_is_refused(tmp_path: Path, path: str) -> None:
    node = make_test_node(tmp_path)
    client, token = Client(create_app(node)), bearer(new_token(node))
    for encoding, status in (("gzip", 415), ("GZIP", 415), ("br, gzip", 415), ("identity", 422)):
        headers = token | {"Content-Type": "application/json", "Content-Encoding": encoding}
        if path == "/v1/files":
            headers |= {"Content-Type": "multipart/form-data; boundary=x"}
        response = client.request("POST", path, content=gzip.compress(b"{}"), headers=headers)
        assert response.status_code == status, response.text
        if status == 415:
            assert response.headers["accept-encoding"] == "identity"
            assert "Content-Encoding" in response.json()["detail"]
    node.close()


def test_a_sender_that_falls_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY_PAUSE", 0.1)
    node = make_test_node(tmp_path)
    headers = bearer(new_token(node)) | {"Content-Type": "application/json"}

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(0.5)
        yield b"}"

    response = Client(create_app(node)).request(
        "POST", "/v1/records", content=body(), headers=headers
    )
    assert (response.status_code, response.json()["code"]) == (408, "too-slow")
    node.close()


class TestLogFile:
    @pytest.fixture(autouse=True)
    def restore(self) -> object:
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        yield
        for handler in root.handlers:
            handler.close()
        root.handlers[:], root.level = handlers, level
        logging.captureWarnings(False)
        structlog.reset_defaults()

    def test_it_is_turned_over(self, tmp_path: Path) -> None:
        """Ours and the standard library's lines, in files of bounded size, the oldest gone."""
        path = tmp_path / "gateway.jsonl"
        logs.configure(file=LogFileSettings(path=path, max_bytes=64 << 10, backups=2))
        log = structlog.get_logger("x")
        for number in range(3000):
            log.info("it.happened", number=number)
            logging.getLogger("y").warning("foreign")
        found = sorted(one.name for one in tmp_path.iterdir())
        assert found == ["gateway.jsonl", "gateway.jsonl.1", "gateway.jsonl.2"]
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert {line["event"] for line in lines} == {"it.happened", "foreign"}
        assert lines[-2]["number"] == 2999
        assert all(one.stat().st_size <= 64 << 10 for one in tmp_path.iterdir())

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            logs.configure(file=LogFileSettings(path=tmp_path / "none" / "x"))
        assert caught.value.setting == "log_file.path"
