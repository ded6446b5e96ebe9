"""Two departments of one province: neither reads, occupies nor tries out the records of the other.

Everything goes over HTTP with tokens as an operator issues them."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa

from gateway.accesses import services
from gateway.accesses.services import DAY, Access, AccessLog, Line, Wanted, newest, read
from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.base.db import begin_write
from gateway.base.policy import SCOPES, VERSION, Decision, Purpose
from gateway.node import Node
from gateway.records.models import records
from gateway.tokens.services import list_tokens, revoke_token
from ledger.chain.contracts.structs import GOVERNMENT
from ledger.records.schema import load
from tests.gateway.files.work import work
from tests.gateway.intake.material import (
    OF_BEIJING,
    OTHER_SUBJECT,
    bearer,
    count,
    new_token,
    record,
    row,
)
from tests.records.examples import AUTHORITY, OLD_PENALTY, good
from tests.support.anchors import put_anchor
from tests.support.asgi import Client
from tests.support.callers import CENTRE, of
from tests.support.erasing import erase
from tests.support.node import make_test_node

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW)
    yield node
    node.close()


class Department:
    """One holder of a token."""

    def __init__(self, node: Node, *scopes: str, department: str | None, **more: Any) -> None:
        self.client = Client(create_app(node))
        self.headers = bearer(new_token(node, *scopes, department=department, **more))

    def file(self, sent: dict[str, Any]) -> httpx.Response:
        headers = self.headers | {"Content-Type": "application/json"}
        return self.client.request(
            "POST", "/v1/records", content=orjson.dumps(sent), headers=headers
        )

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path, headers=self.headers)


def voluntary(**changes: object) -> dict[str, Any]:
    return {"type": "voluntary", "fields": good(load("voluntary")) | changes}


def test_what_is_not_public_is_not_read_by_another(node: Node) -> None:
    own = Department(node, "submit", "read", department="甲局")
    other = Department(node, "submit", "read", department="乙局")
    leaf = own.file(voluntary()).json()["leaf"]
    unknown = other.get(f"/v1/records/{'00' * 32}")
    assert own.get(f"/v1/records/{leaf}").status_code == 200
    for path in (f"/v1/records/{leaf}", f"/v1/records/{leaf}/receipt"):
        refused = other.get(path)
        assert (refused.status_code, refused.content) == (404, unknown.content)


def test_what_differs_is_not_told_to_another(node: Node) -> None:
    own = Department(node, "submit", department="甲局")
    other = Department(node, "submit", department="乙局")
    assert own.file(record(1)).status_code == 201
    assert own.file(record(1, CF_NR="别的")).json()["changed"] == ["CF_NR"]
    tried = [other.file(record(1, CF_NR="别的")), other.file(record(1))]
    for answer in tried:
        told = answer.json()
        assert (answer.status_code, told["code"]) == (409, "document-number-in-use")
        assert (told["changed"], told["leaf"], told["recordId"]) == ([], None, None)
    assert tried[0].content == tried[1].content


# ---- authorities


def test_a_number_of_another_authority_is_not_occupied(node: Node) -> None:
    """Nothing beyond `authority-not-yours` is learnt, whether the number is taken or not."""
    own = Department(node, "submit", department="甲局", authorities=[AUTHORITY])
    other = Department(node, "submit", department="乙局", authorities=[OF_BEIJING])
    tried = [other.file(record(1)).json()]
    assert own.file(record(1)).status_code == 201
    tried += [other.file(record(1)).json(), other.file(record(1, CF_NR="别的")).json()]
    assert tried[0] == tried[1] == tried[2]
    refused = tried[0]
    assert (refused["verdict"], refused["code"]) == ("rejected", "authority-not-yours")
    assert (refused["field"], refused["leaf"], refused["changed"]) == ("CF_CFJGDM", None, [])
    assert refused["text"]["zh"] and refused["text"]["en"]
    assert own.file(record(1)).json()["verdict"] == "duplicate"


def test_one_authority_at_two_desks(node: Node) -> None:
    """It sees what the centre and other desks filed for it."""
    centre = Department(node, "submit", department=None)
    desks = [
        Department(node, "submit", "read", department=name, authorities=[AUTHORITY])
        for name in ("甲局一处", "甲局二处")
    ]
    stranger = Department(node, "read", department="乙局", authorities=[OF_BEIJING])
    sent = voluntary(ZY_JGDM=AUTHORITY)
    leaf = centre.file(sent).json()["leaf"]
    for desk in desks:
        assert desk.file(sent).json() | {"notes": []} == centre.file(sent).json() | {"notes": []}
        assert desk.get(f"/v1/records/{leaf}").status_code == 200
    assert stranger.get(f"/v1/records/{leaf}").status_code == 404


def fined(number: int, **changes: str) -> dict[str, Any]:
    """A fine, which is published; the record of `record` is a warning, which is not."""
    sent = record(number)
    sent["fields"] |= {"CF_CFLB": "罚款", "CF_NR_FK": "0.2", **changes}
    return sent


def test_what_is_public_every_reader_sees(node: Node) -> None:
    own = Department(node, "submit", department="甲局")
    other = Department(node, "read", department="乙局", authorities=[OF_BEIJING])
    public = own.file(fined(1)).json()["leaf"]
    kept = [
        own.file(sent).json()["leaf"]
        for sent in (record(2), fined(3) | {"class": "minor"}, fined(4, CL_PUBLISH="否"))
    ]
    assert other.get(f"/v1/records/{public}").status_code == 200
    for leaf in kept:
        assert other.get(f"/v1/records/{leaf}").status_code == 404
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.update(records).values(superseded_by=b"x" * 32))
    assert other.get(f"/v1/records/{public}").status_code == 404
    with node.ctx.engine.begin() as connection:
        erase(connection)
    assert other.get(f"/v1/records/{public}").status_code == 404


def of_type(type_: str, **changes: object) -> dict[str, Any]:
    """A good record of a type."""
    return {"type": type_, "fields": good(load(type_)) | changes}


SEEN = [
    ("public", of_type("judicial-decision", CP_WSLX="判决书")),
    ("authorisation", of_type("judicial-decision", CP_AH="2号", CP_WSLX="调解书")),
    ("authorisation", of_type("compliance")),
    ("authorisation", of_type("contract-performance")),
    ("authorisation", voluntary()),
    ("government", of_type("honour")),
]


def test_each_visibility_for_every_scope(node: Node) -> None:
    """Only what is public is read by another department, and only with the scope for it; `admin`
    acts for the whole member."""
    facts = node.chain.facts
    types = tuple(
        replace(item, visibility=GOVERNMENT) if item.name == "honour" else item
        for item in facts.record_types
    )
    node.chain.put(replace(facts, record_types=types))
    own = Department(node, "submit", "read", department="甲局")
    others = {
        scope: Department(node, scope, department="乙局", authorities=[OF_BEIJING])
        for scope in SCOPES
    }
    for visibility, sent in SEEN:
        leaf = own.file(sent).json()["leaf"]
        assert own.get(f"/v1/records/{leaf}").status_code == 200
        for scope, other in others.items():
            answer = other.get(f"/v1/records/{leaf}")
            shown = {"read": 200 if visibility == "public" else 404, "admin": 200}
            assert answer.status_code == shown.get(scope, 403), (visibility, scope)
            if answer.status_code != 200:
                assert "样例" not in answer.text


def test_templates_without_a_code_go_by_name(node: Node) -> None:
    name = str(OLD_PENALTY["CF_XZJG"])
    sent = {"type": "penalty-2015", "fields": OLD_PENALTY}
    by_department = Department(node, "submit", department=f" {name}", authorities=[AUTHORITY])
    by_name = Department(node, "submit", department=None, name=name, authorities=[AUTHORITY])
    other = Department(node, "submit", department="乙局", authorities=[AUTHORITY])
    refused = other.file(sent).json()
    assert (refused["code"], refused["field"]) == ("authority-not-yours", "CF_XZJG")
    assert by_department.file(sent).json()["verdict"] == "accepted"
    assert by_name.file(sent).json()["verdict"] == "duplicate"


def test_ndjson_answers_row_by_row(node: Node) -> None:
    other = Department(node, "submit", department="乙局", authorities=[OF_BEIJING])
    lines = [record(1), record(2, CF_CFJGDM=OF_BEIJING), record(3)]
    body = b"\n".join(map(orjson.dumps, lines))
    headers = other.headers | {"Content-Type": "application/x-ndjson"}
    answer = other.client.request("POST", "/v1/records", content=body, headers=headers)
    told = [orjson.loads(line) for line in answer.content.splitlines()]
    verdicts = [line["verdict"] for line in told if "verdict" in line]
    assert verdicts == ["rejected", "accepted", "rejected"]
    assert told[-1]["counts"] == {"accepted": 1, "duplicate": 0, "conflict": 0, "rejected": 2}
    written = [(line.purpose, line.answer, line.count) for line in log_of(node)]
    assert written == [("submit", "allowed", 1), ("submit", "authority-not-yours", 2)]


def test_a_file_is_filed_by_its_token(node: Node) -> None:
    """Also where that was revoked meanwhile: the file was handed in before."""
    other = Department(node, "submit", department="乙局", authorities=[OF_BEIJING])
    body = b"\n".join(map(orjson.dumps, [record(1), record(2, CF_CFJGDM=OF_BEIJING)]))
    files = {"file": ("x.ndjson", body)}
    posted = other.client.request("POST", "/v1/files", files=files, headers=other.headers)
    assert posted.status_code == 202
    (token,) = list_tokens(node.ctx.engine)
    assert revoke_token(node.ctx.engine, token.id, now=NOW)
    work(node)
    centre = Department(node, "submit", department=None)
    answer = centre.get(posted.headers["Location"]).json()
    assert [row["code"] for row in answer["verdicts"]] == ["authority-not-yours", None]


def test_one_set_of_several_departments(node: Node) -> None:
    """Single records of many share a set; none is told of the others' by it."""
    callers = [of("甲"), of("乙"), of("甲"), of("乙"), CENTRE]
    sent = [row(1), row(1), row(1), row(1, CF_XDR_SHXYM=OTHER_SUBJECT), row(1)]
    answer = node.intake.submit_mixed(callers=callers, rows=sent)
    verdicts = [found.verdict for found in answer.rows]
    assert verdicts == ["accepted", "conflict", "duplicate", "accepted", "duplicate"]
    assert [found.leaf is None for found in answer.rows] == [False, True, False, False, False]
    assert "document-number-shared" not in {note.code for note in answer.rows[3].notes}


# ---- the access log


def log_of(node: Node) -> list[Line]:
    return list(read(node.ctx.engine, Wanted()))


def test_every_read_and_every_refusal_is_logged(node: Node) -> None:
    own = Department(node, "submit", "read", department="甲局")
    other = Department(node, "read", department="乙局")
    leaf = own.file(voluntary()).json()["leaf"]
    own.get(f"/v1/records/{leaf}")
    own.get(f"/v1/records/{leaf}/receipt")  # promised only: tells nothing
    own.get(f"/v1/receipts/{leaf}")  # bare: holds nothing
    node.logs.step()
    put_anchor(node, 0, 1)
    own.get(f"/v1/records/{leaf}/receipt?fields=NAME")
    other.get(f"/v1/records/{leaf}")
    other.get(f"/v1/records/{leaf}/receipt")
    other.get(f"/v1/records/{'00' * 32}")  # never there
    assert other.file(record(1)).status_code == 403
    lines = log_of(node)
    assert [(line.token, line.purpose, line.answer) for line in lines] == [
        (1, "submit", "allowed"),
        (1, "show", "allowed"),
        (1, "disclose", "allowed"),
        (2, "show", "not-found"),
        (2, "disclose", "not-found"),
        (2, "submit", "scope-missing"),
    ]
    assert {line.record for line in lines[1:5]} == {leaf}
    assert {(line.at, line.rules) for line in lines} == {(int(NOW.timestamp()), VERSION)}
    found = list(read(node.ctx.engine, Wanted(record=bytes.fromhex(leaf), refused=True, token=2)))
    assert found == lines[3:5]
    assert newest(node.ctx.engine, Wanted(), 2) == [lines[5], lines[4]]


def test_a_comparison_leaves_a_line(node: Node) -> None:
    """Whoever guesses what a record holds, and is told that it is so, has learnt it."""
    own = Department(node, "submit", department="甲局")
    other = Department(node, "submit", department="乙局")
    leaf = own.file(record(1)).json()["leaf"]
    for _ in range(3):
        assert own.file(record(1)).json()["verdict"] == "duplicate"
    assert own.file(record(1, CF_NR="别的")).json()["verdict"] == "conflict"
    assert other.file(record(1)).json()["verdict"] == "conflict"
    rows = [
        row(1, CF_CFJGDM=AUTHORITY),
        row(2),
        row(1, CF_CFJGDM=AUTHORITY, CF_XDR_SHXYM=OTHER_SUBJECT),
    ]
    node.intake.submit_set(caller=of("甲局"), rows=rows)
    told = [(line.purpose, line.answer, line.record, line.count) for line in log_of(node)][1:]
    (stored,) = [line for line in told if line[0] == "submit"]
    assert stored[3] == 2
    assert [line for line in told if line != stored] == [
        ("compare", "allowed", leaf, 4),
        ("compare", "not-found", None, 1),
        ("compare", "allowed", None, 2),
    ]


def test_refusals_of_a_minute_share_lines(node: Node) -> None:
    """However often, and however many records somebody tries who knows the leaves."""
    own = Department(node, "submit", "read", department="甲局")
    other = Department(node, "read", department="乙局")
    sent = [voluntary(ZY_BH=f"{number}号") for number in range(services.MAX_NAMED + 5)]
    leaves = [own.file(one).json()["leaf"] for one in sent]
    before = len(log_of(node))
    for leaf in leaves * 2:
        assert other.get(f"/v1/records/{leaf}").status_code == 404
    lines = log_of(node)[before:]
    named = {line.record: line.count for line in lines}
    assert named == dict.fromkeys(leaves[: services.MAX_NAMED], 2) | {None: 10}
    for _ in range(5):
        assert other.file(record(1)).status_code == 403
    assert [(line.purpose, line.count) for line in log_of(node)[before + len(lines) :]] == [
        ("submit", 5)
    ]
    count = len(log_of(node))
    later = AccessLog(node.ctx.engine, Clock(NOW + timedelta(minutes=1)))
    leaf, refused = bytes.fromhex(leaves[-1]), Decision("not-found")
    later.write(Access(token=2, purpose=Purpose.SHOW, decision=refused, record=leaf))
    assert [(line.record, line.count) for line in log_of(node)[count:]] == [(leaves[-1], 1)]


def test_comparisons_of_a_minute_share_lines(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many records of its own somebody sends again one by one; and what it was refused
    is still told by name."""
    monkeypatch.setattr(services, "MAX_NAMED", 3)
    own = Department(node, "submit", "read", department="甲局")
    sent = [record(number) for number in range(5)]
    leaves = [own.file(one).json()["leaf"] for one in sent]
    before = len(log_of(node))
    for one in sent * 2:
        assert own.file(one).json()["verdict"] == "duplicate"
    lines = log_of(node)[before:]
    assert {line.record: line.count for line in lines} == dict.fromkeys(leaves[:3], 2) | {None: 4}
    refused, leaf = Decision("not-found"), bytes.fromhex(leaves[4])
    node.accesses.write(Access(token=1, purpose=Purpose.SHOW, decision=refused, record=leaf))
    assert log_of(node)[-1].record == leaves[4]


def test_two_gateways_count_apart(node: Node) -> None:
    """A line that both counted would be held by whichever stands still in its transaction."""
    other = AccessLog(node.ctx.engine, node.ctx.clock)
    refused = Access(token=1, purpose=Purpose.SHOW, decision=Decision("not-found"))
    for log in (node.accesses, other, node.accesses):
        log.write(refused)
    with begin_write(node.ctx.engine) as connection:
        other.put(connection, [refused], int(NOW.timestamp()))
    assert [line.count for line in log_of(node)] == [2, 2]


def test_nothing_is_handed_out_that_cannot_be_logged(node: Node) -> None:
    own = Department(node, "submit", "read", department="甲局")
    leaf = own.file(record(1)).json()["leaf"]
    with node.ctx.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE accesses")
    with pytest.raises(sa.exc.DBAPIError):
        node.receipts.record(bytes.fromhex(leaf), CENTRE)
    with pytest.raises(sa.exc.DBAPIError):
        node.intake.submit_set(caller=CENTRE, rows=[row(2)])
    assert count(node, records) == 1


def test_a_failed_write_is_not_passed_off_as_done(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several lines share a commit; where it fails each of them is tried by itself."""
    real, calls = services.write, []

    def fail_once(
        connection: sa.Connection, lines: Sequence[Access], at: int, writer: bytes
    ) -> None:
        calls.append(len(lines))
        if len(calls) == 1:
            started.wait(60)
            raise sa.exc.OperationalError("x", None, OSError())
        real(connection, lines, at, writer)

    monkeypatch.setattr(services, "write", fail_once)
    started, failed = threading.Event(), []

    def write(token: int) -> None:
        try:
            node.accesses.write(Access(token=token, purpose=Purpose.SHOW, decision=Decision(None)))
        except sa.exc.OperationalError:
            failed.append(token)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    started.set()
    for thread in threads:
        thread.join(300)
    assert len(failed) == 1
    assert {*failed, *(line.token for line in log_of(node))} == set(range(1, 9))


def test_lines_are_forgotten_after_their_time(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PIECE", 3)
    now = int(NOW.timestamp())
    line = Access(token=1, purpose=Purpose.SHOW, decision=Decision(None))
    with begin_write(node.ctx.engine) as connection:
        for at in (*range(now - 201 * DAY, now - 201 * DAY + 7), now - 200 * DAY, now):
            services.write(connection, [line], at)
    assert len(list(read(node.ctx.engine, Wanted()))) == 9  # in three pieces
    assert node.accesses.forget(200, threading.Event()) == 7
    assert [found.at for found in log_of(node)] == [now - 200 * DAY, now]
    until = Wanted(since=now - 200 * DAY, until=now)
    assert [found.at for found in read(node.ctx.engine, until)] == [now - 200 * DAY]
