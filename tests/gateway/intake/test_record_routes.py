"""`POST /v1/records` in process: statuses, bodies, streams."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.intake import batcher, routes, stream
from gateway.intake.judging import Judge
from gateway.log.models import promises
from gateway.node import Node
from gateway.records.models import records
from gateway.tokens import services
from ledger.core.keys import Role
from tests.gateway.intake.material import (
    bearer,
    check_promise,
    climb,
    count,
    new_token,
    promise_signer,
    record,
)
from tests.support.asgi import Client
from tests.support.node import FORKED, LOG_ID, make_facts

JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
PATH = "/v1/records"
DEEP = b'{"type":"penalty","fields":{"CF_SY":' + b"[" * 300 + b"]" * 300 + b"}}"


@pytest.fixture
def client(node: Node) -> Client:
    return Client(create_app(node))


@pytest.fixture
def token(node: Node) -> dict[str, str]:
    return bearer(new_token(node, "submit"))


def post(client: Client, token: dict[str, str], body: object, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return client.request("POST", PATH, content=content, headers=token | JSON | headers)


def check_single(node: Node, answer: dict[str, Any]) -> None:
    """Promise, index and path prove the leaf."""
    promise = answer["promise"]
    path = [bytes.fromhex(item) for item in answer["path"]]
    root = climb(bytes.fromhex(answer["leaf"]), answer["index"], promise["count"], path)
    assert root.hex() == promise["leavesRoot"]
    assert promise_signer(promise) == node.signing.keys.anchor.address


class TestSingle:
    def test_accepted(self, node: Node, client: Client, token: dict[str, str]) -> None:
        response = post(client, token, record(1))
        assert response.status_code == 201
        answer = response.json()
        assert list(answer)[:12] == [
            "row",
            "sheet",
            "verdict",
            "field",
            "code",
            "message",
            "errors",
            "notes",
            "leaf",
            "recordId",
            "promise",
            "changed",
        ]
        assert (answer["row"], answer["sheet"], answer["verdict"]) == (None, None, "accepted")
        assert response.headers["location"] == f"/v1/records/{answer['leaf']}"
        check_single(node, answer)

    def test_duplicate(self, node: Node, client: Client, token: dict[str, str]) -> None:
        first = post(client, token, record(1)).json()
        response = post(client, token, record(1))
        assert response.status_code == 200
        answer = response.json()
        assert answer["verdict"] == "duplicate"
        assert {key: answer[key] for key in ("leaf", "recordId", "promise", "index", "path")} == {
            key: first[key] for key in ("leaf", "recordId", "promise", "index", "path")
        }

    def test_duplicate_of_a_row_of_a_set(
        self, node: Node, client: Client, token: dict[str, str]
    ) -> None:
        lines = b"\n".join(orjson.dumps(record(n)) for n in range(1, 6))
        client.request("POST", PATH, content=lines, headers=token | NDJSON)
        answer = post(client, token, record(4)).json()
        assert (answer["index"], answer["promise"]["count"]) == (3, 5)
        check_single(node, answer)

    def test_conflict(self, node: Node, client: Client, token: dict[str, str]) -> None:
        first = post(client, token, record(1)).json()
        response = post(client, token, record(1, CF_SY="另一事实"))
        assert response.status_code == 409
        assert response.headers["content-type"] == "application/problem+json"
        answer = response.json()
        assert (answer["status"], answer["verdict"]) == (409, "conflict")
        assert (answer["code"], answer["field"]) == ("document-number-in-use", "CF_WSH")
        assert (answer["leaf"], answer["changed"]) == (first["leaf"], ["CF_SY"])
        check_single(node, answer)

    def test_rejected(self, client: Client, token: dict[str, str]) -> None:
        response = post(client, token, record(1, CF_NR_FK="-1", CF_SY=None))
        assert response.status_code == 422
        answer = response.json()
        assert (answer["verdict"], answer["field"], answer["code"]) == (
            "rejected",
            "CF_SY",
            "required",
        )
        assert [error["field"] for error in answer["errors"]] == ["CF_SY", "CF_NR_FK"]
        assert set(answer["message"]) == {"zh", "en"}
        assert answer["promise"] is None

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"{", "schema-invalid"),
            (b"", "schema-invalid"),
            (b'{"type":"penalty","type":"penalty","fields":{}}', "schema-invalid"),
            ('{"type":"penalty","fields":{"CF_SY":"经查"}}'.encode("gb18030"), "encoding"),
            (b'{"type":"gossip","fields":{}}', "type-not-in-catalogue"),
            (b'{"type":"penalty","fields":{"CF_NR_FK":0.2}}', "required"),
            (b"[" * 500_000, "schema-invalid"),
            (DEEP, "schema-invalid"),
        ],
    )
    def test_hostile_bodies(
        self, node: Node, client: Client, token: dict[str, str], body: bytes, code: str
    ) -> None:
        response = post(client, token, body)
        assert (response.status_code, response.json()["code"]) == (422, code)
        assert count(node, records) == 0

    def test_no_province(self, node: Node, client: Client, token: dict[str, str]) -> None:
        node.chain.put(make_facts(node.signing.keys, roles=int(Role.INSTITUTION)))
        response = post(client, token, record(1))
        answer = response.json()
        assert (response.status_code, answer["code"]) == (403, "not-a-province")
        assert (answer["verdict"], set(answer["text"])) == ("rejected", {"zh", "en"})

    def test_floats_are_refused(self, client: Client, token: dict[str, str]) -> None:
        body = orjson.dumps(record(1) | {"fields": record(1)["fields"] | {"CF_NR_FK": 0.2}})
        answer = post(client, token, body).json()
        assert (answer["field"], answer["code"]) == ("CF_NR_FK", "money-format")

    def test_many_at_once_share_promises(
        self, node: Node, client: Client, token: dict[str, str]
    ) -> None:
        """Group commit: far fewer transactions than requests; every answer proves itself."""
        responses = asyncio.run(_flood(node, token, 60))
        assert {response.status_code for response in responses} == {201}
        for response in responses:
            check_single(node, response.json())
        assert count(node, records) == 60
        assert count(node, promises) < 30

    def test_a_record_that_breaks_us_hurts_only_itself(
        self, node: Node, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Judge, "good", _broken(Judge.good))
        responses = asyncio.run(_flood(node, token, 20))
        statuses = [response.status_code for response in responses]
        assert statuses == [500 if n == 7 else 201 for n in range(20)]
        assert responses[7].json()["code"] == "internal"


class TestNdjson:
    def send(
        self, client: Client, token: dict[str, str], body: bytes | AsyncIterator[bytes]
    ) -> list[dict[str, Any]]:
        response = client.request("POST", PATH, content=body, headers=token | NDJSON)
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/x-ndjson"
        return [orjson.loads(line) for line in response.content.splitlines()]

    def test_one_answer_a_line_then_the_promise_then_the_counts(
        self, node: Node, client: Client, token: dict[str, str]
    ) -> None:
        lines = [
            orjson.dumps(record(1)),
            b"{broken",
            orjson.dumps(record(2)),
            b"",
            orjson.dumps(record(1)),
            orjson.dumps(record(1, CF_SY="另一事实")),
            orjson.dumps(record(3, CF_SY=None)),
            b'"' + b"x" * 300_000 + b'"',
            "经查".encode("gb18030"),
            orjson.dumps(record(4)),
        ]
        *rows, promise, counts = self.send(client, token, b"\n".join(lines))
        assert [row["row"] for row in rows] == list(range(1, 11))
        assert [row["code"] for row in rows if row["verdict"] == "rejected"] == [
            "schema-invalid",
            "schema-invalid",
            "required",
            "too-large",
            "encoding",
        ]
        assert [row["promise"] for row in rows] == [
            0 if row["verdict"] == "accepted" else None for row in rows
        ]
        assert rows[4]["leaf"] == rows[5]["leaf"] == rows[0]["leaf"]
        leaves = [row["leaf"] for row in rows if row["verdict"] == "accepted"]
        check_promise(node, promise["promise"], leaves)
        assert counts == {"counts": {"accepted": 3, "duplicate": 1, "conflict": 1, "rejected": 5}}

    def test_a_deep_line_leaves_the_others_alone(
        self, node: Node, client: Client, token: dict[str, str]
    ) -> None:
        lines = [orjson.dumps(record(1)), DEEP, orjson.dumps(record(2))]
        first, deep, last, promise, _ = self.send(client, token, b"\n".join(lines))
        assert [row["code"] for row in (first, deep, last)] == [None, "schema-invalid", None]
        check_promise(node, promise["promise"], [first["leaf"], last["leaf"]])

    def test_every_promise_covers_the_rows_since_the_last(
        self, node: Node, client: Client, token: dict[str, str]
    ) -> None:
        body = b"\n".join(orjson.dumps(record(n)) for n in range(5000)) + b"\n"
        answers = self.send(client, token, body)
        since: list[str] = []
        promised = 0
        for answer in answers[:-1]:
            if "promise" in answer and "verdict" not in answer:
                check_promise(node, answer["promise"], since)
                assert len(since) <= 4096
                since, promised = [], promised + 1
            else:
                assert answer["promise"] == promised
                since.append(answer["leaf"])
        assert not since
        assert promised == 2
        assert answers[-1]["counts"]["accepted"] == 5000

    def test_nothing_at_all(self, client: Client, token: dict[str, str]) -> None:
        counts = {"accepted": 0, "duplicate": 0, "conflict": 0, "rejected": 0}
        assert self.send(client, token, b"") == [{"counts": counts}]

    def test_only_bad_lines(self, client: Client, token: dict[str, str]) -> None:
        answers = self.send(client, token, b"\n\n\n")
        assert [answer.get("code") for answer in answers] == ["schema-invalid"] * 3 + [None]

    def test_a_failure_in_the_middle_is_a_line_without_counts(
        self, node: Node, client: Client, token: dict[str, str]
    ) -> None:
        """What was answered before stands."""

        async def body() -> AsyncIterator[bytes]:
            yield orjson.dumps(record(1)) + b"\n"
            while count(node, records) == 0:
                await asyncio.sleep(0.02)
            node.ctx.health.note(LOG_ID, FORKED)
            yield orjson.dumps(record(2)) + b"\n"

        answers = self.send(client, token, body())
        assert [next(iter(answer)) for answer in answers] == ["row", "promise", "problem"]
        problem = answers[-1]["problem"]
        assert (problem["code"], problem["reason"]) == ("not-ready", "log-fault")
        assert count(node, records) == 1

    def test_answers_wait_for_a_slow_reader_in_bounded_memory(
        self, node: Node, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stream, "MAX_UNSENT", 1000)
        lines = b"".join(orjson.dumps(record(n, CF_SY=None)) + b"\n" for n in range(50))
        answers = self.send(Client(create_app(node)), token, lines)
        assert answers[-1]["counts"]["rejected"] == 50


def test_not_ready_is_503_for_both(node: Node, client: Client, token: dict[str, str]) -> None:
    node.ctx.health.note(LOG_ID, FORKED)
    for kind in (JSON, NDJSON):
        response = client.request(
            "POST", PATH, content=orjson.dumps(record(1)), headers=token | kind
        )
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert response.json()["code"] == "not-ready"
        assert response.json()["reason"] == "log-fault"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/jsonx", "", "multipart/form-data", "application/xml"]
)
def test_other_content_types(client: Client, token: dict[str, str], kind: str) -> None:
    response = client.request("POST", PATH, content=b"{}", headers=token | {"Content-Type": kind})
    assert (response.status_code, response.json()["code"]) == (415, "wrong-content-type")
    assert "application/x-ndjson" in response.headers["accept-post"]


def test_content_type_parameters_are_taken(client: Client, token: dict[str, str]) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    response = client.request(
        "POST", PATH, content=orjson.dumps(record(1)), headers=token | headers
    )
    assert response.status_code == 201


def test_tokens_and_scopes(node: Node, client: Client) -> None:
    body = orjson.dumps(record(1))
    without = client.request("POST", PATH, content=body, headers=JSON)
    assert (without.status_code, without.json()["code"]) == (401, "token-missing")
    assert without.headers["www-authenticate"].startswith("Bearer")
    wrong = client.request("POST", PATH, content=body, headers=JSON | bearer("clt_wrong"))
    assert (wrong.status_code, wrong.json()["code"]) == (401, "token-unknown")
    reader = client.request(
        "POST", PATH, content=body, headers=JSON | bearer(new_token(node, "read"))
    )
    assert (reader.status_code, reader.json()["code"]) == (403, "scope-missing")
    admin = client.request(
        "POST", PATH, content=body, headers=JSON | bearer(new_token(node, "admin"))
    )
    assert admin.status_code == 201


def test_the_department_of_the_token_is_stored(node: Node, client: Client) -> None:
    token = bearer(new_token(node, "submit", department="交通局"))
    post(client, token, record(1))
    client.request("POST", PATH, content=orjson.dumps(record(2)), headers=token | NDJSON)
    with node.ctx.engine.connect() as connection:
        assert set(connection.scalars(sa.select(records.c.department))) == {"交通局"}


async def _flood(node: Node, token: dict[str, str], number: int) -> list[httpx.Response]:
    """So many single records at the same moment, on one event loop."""
    transport = httpx.ASGITransport(app=create_app(node), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        requests = [
            client.post(PATH, content=orjson.dumps(record(n)), headers=token | JSON)
            for n in range(number)
        ]
        return list(await asyncio.gather(*requests))


def _broken(good: Any) -> Any:
    def broken(judge: Any, at: int, row: Any, fields: Any, **options: Any) -> Any:
        if "〕7号" in str(fields["CF_WSH"]):
            raise RuntimeError("a mistake of ours")
        return good(judge, at, row, fields, **options)

    return broken


class TestStreamEnds:
    """However a stream ends, its place and its tasks are given back."""

    def run(self, node: Node, token: dict[str, str], receive: Any, send: Any) -> Any:
        app = create_app(node)
        headers = [(key.lower().encode(), value.encode()) for key, value in token.items()]
        scope = {
            "type": "http",
            "method": "POST",
            "path": PATH,
            "raw_path": PATH.encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "headers": [*headers, (b"content-type", b"application/x-ndjson")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "state": {},
        }

        async def run() -> None:
            await app(scope, receive, send)
            assert len(asyncio.all_tasks()) == 1

        try:
            asyncio.run(run())
        finally:
            assert not app.state.reception.streams

    def test_a_client_that_takes_nothing_is_dropped(
        self, node: Node, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stream, "SEND_PAUSE", 0.1)
        line = orjson.dumps(record(1)) + b"\n"

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0.01)
            return {"type": "http.request", "body": line, "more_body": True}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                await asyncio.sleep(100)

        with pytest.raises(TimeoutError):
            self.run(node, token, receive, send)
        assert count(node, records) == 1

    def test_a_token_that_is_revoked(
        self, node: Node, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was answered stands; nothing more is taken."""
        monkeypatch.setattr(services, "MEMORY_SECONDS", 0.0)
        (one,) = services.list_tokens(node.ctx.engine)
        messages = [orjson.dumps(record(n)) + b"\n" for n in range(3)]
        sent: list[bytes] = []

        async def receive() -> dict[str, Any]:
            left = len(messages)
            if left == 2:
                while b"promise" not in b"".join(sent):
                    await asyncio.sleep(0.02)
                services.revoke_token(node.ctx.engine, one.id, now=node.ctx.clock.now())
            body = messages.pop(0) if messages else b""
            return {"type": "http.request", "body": body, "more_body": left > 1}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message.get("body", b""))

        self.run(node, token, receive, send)
        first, promise, problem = map(orjson.loads, b"".join(sent).splitlines())
        assert (first["verdict"], list(promise)) == ("accepted", ["promise"])
        assert problem["problem"]["code"] == "token-unknown"
        assert count(node, records) == 1

    def test_a_client_that_leaves(self, node: Node, token: dict[str, str]) -> None:
        messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": orjson.dumps(record(1)) + b"\n{", "more_body": True},
            {"type": "http.disconnect"},
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            while len(messages) == 1 and count(node, records) == 0:
                await asyncio.sleep(0.02)  # a sender that falls silent is answered
            return messages.pop(0)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        self.run(node, token, receive, send)
        assert count(node, records) == 1
        assert b'"counts"' not in b"".join(message.get("body", b"") for message in sent)


def test_streams_are_bounded(
    node: Node, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MAX_STREAMS", 0)
    response = Client(create_app(node)).request("POST", PATH, content=b"", headers=token | NDJSON)
    assert (response.status_code, response.json()["reason"]) == (503, "busy")


def test_streams_of_one_token_leave_room(node: Node, token: dict[str, str]) -> None:
    """It holds as many as it may, in silence: its next one is refused, that of another is not."""
    app = create_app(node)
    other = bearer(new_token(node, "submit"))

    async def silence() -> AsyncIterator[bytes]:
        yield b""
        await asyncio.Event().wait()

    async def run() -> tuple[httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            held = [
                asyncio.create_task(client.post(PATH, content=silence(), headers=token | NDJSON))
                for _ in range(routes.STREAMS_PER_TOKEN)
            ]
            while app.state.reception.streams.total() < len(held):
                await asyncio.sleep(0.02)
            body = orjson.dumps(record(1))
            refused = await client.post(PATH, content=body, headers=token | NDJSON)
            taken = await client.post(PATH, content=body, headers=other | NDJSON)
            for one in held:
                one.cancel()
            await asyncio.gather(*held, return_exceptions=True)
        return refused, taken

    refused, taken = asyncio.run(run())
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
    assert int(refused.headers["Retry-After"]) >= 1 and "令牌" in refused.json()["text"]["zh"]
    assert taken.status_code == 200 and b'"accepted"' in taken.content
    assert not app.state.reception.streams


def test_waiting_singles_are_bounded(
    node: Node, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batcher, "MAX_WAITING", 3)
    monkeypatch.setattr(batcher, "WINDOW", 2.0)  # all ten come while the first ones wait
    responses = asyncio.run(_flood(node, token, 10))
    statuses = sorted(response.status_code for response in responses)
    assert statuses == [201] * 3 + [503] * 7


class TestFullDisk:
    """Nothing is promised that is not durable; nothing is lost when there is room again. On
    PostgreSQL the server has become a stand-by meanwhile."""

    @pytest.fixture
    def room(self, node: Node) -> Iterator[Callable[[], None]]:
        """The database may grow no more, until this is called."""

        def fill(connection: Any, _record: Any) -> None:
            if node.ctx.engine.dialect.name == "sqlite":
                connection.execute("PRAGMA max_page_count=1")  # means: not one page more
            else:
                connection.execute("SET default_transaction_read_only = on")
                connection.commit()

        def free() -> None:
            if sa.event.contains(node.ctx.engine, "connect", fill):
                sa.event.remove(node.ctx.engine, "connect", fill)
                node.ctx.engine.dispose()

        sa.event.listen(node.ctx.engine, "connect", fill)
        node.ctx.engine.dispose()
        yield free
        free()

    def test_single_records(
        self, node: Node, client: Client, token: dict[str, str], room: Callable[[], None]
    ) -> None:
        bodies = [orjson.dumps(record(n, BZ="长" * 500)) for n in range(60)]
        statuses = [post(client, token, body).status_code for body in bodies]
        assert statuses[-1] == 503
        assert count(node, records) == statuses.count(201)
        room()
        again = [post(client, token, body).status_code for body in bodies]
        assert again == [200 if status == 201 else 201 for status in statuses]

    def test_a_set(
        self, node: Node, client: Client, token: dict[str, str], room: Callable[[], None]
    ) -> None:
        body = b"\n".join(orjson.dumps(record(n, BZ="长" * 500)) for n in range(300))
        refused = client.request("POST", PATH, content=body, headers=token | NDJSON)
        (problem,) = map(orjson.loads, refused.content.splitlines())
        assert (problem["problem"]["status"], problem["problem"]["code"]) == (503, "not-ready")
        assert count(node, records) == 0
        room()
        taken = client.request("POST", PATH, content=body, headers=token | NDJSON)
        assert orjson.loads(taken.content.splitlines()[-1])["counts"]["accepted"] == 300


ODD = {
    **{f"list-{n}": b"[" * n + b"]" * n for n in (1, 3, 4, 5, 14, 15, 16, 253, 254, 300, 1100)},
    **{f"object-{n}": b'{"a":' * n + b"1" + b"}" * n for n in (1, 3, 4, 5, 14, 15, 254, 1100)},
    "nan": b"NaN",
    "infinity": b"1e999",
    "huge": b"9" * 5000,
    "beyond-64-bits": b"18446744073709551616",
    "minus-nought": b"-0.0",
    "true": b"true",
    "lone-surrogate": b'"\\ud800"',
    "nul": b'"\\u0000"',
    "raw-nul": b'"\0"',
    "latin": b'"\xff"',
    "open": b'"',
    "long": b'"' + b"x" * 300_000 + b'"',
}


@pytest.mark.parametrize("member", ["CF_SY", "CF_CFLB", "CF_NR_FK"])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_values_cost_their_own_row(
    client: Client, token: dict[str, str], member: str, odd: bytes
) -> None:
    """A record nested deeper than others was a 500, and cost a stream all its rows."""
    whole = orjson.dumps(record(1))
    fields = orjson.dumps(record(2)["fields"] | {member: 0})
    bad = b'{"type":"penalty","fields":' + fields.replace(b":0", b":" + odd, 1) + b"}"
    alone = client.request("POST", PATH, content=bad, headers=token | JSON)
    assert (alone.status_code, alone.json()["verdict"]) == (422, "rejected")
    lines = b"\n".join([whole, bad, b"", whole.replace(b"\n", b"") + b"\r", b"\xef\xbb\xbf" + bad])
    answer = client.request("POST", PATH, content=lines, headers=token | NDJSON)
    assert answer.status_code == 200
    told = [orjson.loads(line) for line in answer.content.splitlines()]
    assert [line["verdict"] for line in told if "verdict" in line] == [
        "accepted",
        "rejected",
        "rejected",
        "duplicate",
        "rejected",
    ]
