"""Subjects with two names or two codes: what is found, what is lawful, who is told."""

import io
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from gateway.accesses.services import Wanted, read
from gateway.app import create_app
from gateway.base import reread
from gateway.base.db import begin_write
from gateway.node import Node
from gateway.records.models import contents, records, subjects
from gateway.subjects import routes, services, store, tasks
from gateway.subjects.store import BY_CODE, BY_NAME, number_subjects
from gateway.subjects.tasks import SubjectWatch
from ledger.records.schema import load
from tests.gateway.intake.material import OF_BEIJING, number
from tests.gateway.policy.desk import Desk, write
from tests.records.examples import AUTHORITY, SUBJECT, code, good, penalty
from tests.support.asgi import Client
from tests.support.erasing import erase
from tests.support.node import make_test_node

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OTHER = code("91110108", "55138508")
NAMES, CODES = "one-code-two-names", "one-name-two-codes"
NONE: dict[str, Any] = {"_type": "credit-ledger/subjects@1", "subjects": []}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reread, "LOOK_SECONDS", 0.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "subjects.json", NONE)


@pytest.fixture
def node(tmp_path: Path, file: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, now=NOW, subjects_file=file)
    yield node
    node.close()


@pytest.fixture
def desk(node: Node) -> Desk:
    return Desk(node, "submit", "read")


def about(name: str, code_: str = SUBJECT, n: int = 1, **changes: Any) -> dict[str, Any]:
    """A minor penalty, which nobody sees because it is public."""
    fields = penalty(CF_XDR_MC=name, CF_XDR_SHXYM=code_, CF_WSH=number(n), **changes)
    return {"type": "penalty", "class": "minor", "fields": fields}


def registration(name: str, day: str, n: int, code_: str = SUBJECT) -> dict[str, Any]:
    fields = good(load("registration")) | {
        "DJ_XDR_MC": name,
        "DJ_XDR_SHXYM": code_,
        "DJ_WSH": f"样登{n}号",
        "DJ_HZRQ": day,
    }
    return {"type": "registration", "fields": fields}


def put(desk: Desk, *sent: dict[str, Any]) -> list[str]:
    """File them all; their leaves."""
    answers = [desk.file(one).json() for one in sent]
    assert {answer["verdict"] for answer in answers} == {"accepted"}, answers
    return [answer["leaf"] for answer in answers]


def found(desk: Desk, limit: int = 100) -> list[tuple[str, set[tuple[str, str]]]]:
    answer = desk.get(f"/v1/subjects/check?limit={limit}")
    assert answer.status_code == 200, answer.content
    return [
        (one["double"], {(party["code"], party["name"]) for party in one["parties"]})
        for one in answer.json()["findings"]
    ]


# ---- what is double


def test_one_code_with_one_name_is_none(desk: Desk) -> None:
    put(desk, about("甲公司"), about("甲公司", n=2), about("乙公司", OTHER, 3))
    assert found(desk) == []


def test_one_code_two_names(desk: Desk) -> None:
    put(desk, about("甲公司"), about("甲公司", n=2), about("甲公司司", n=3))
    assert found(desk) == [(NAMES, {(SUBJECT, "甲公司"), (SUBJECT, "甲公司司")})]
    (one,) = desk.get("/v1/subjects/check").json()["findings"]
    assert [(party["records"], party["latest"]) for party in one["parties"]] == [
        (2, "2026-05"),
        (1, "2026-05"),
    ]
    assert one["message"]["zh"] and "registration" in one["message"]["en"]


def test_one_name_two_codes(desk: Desk) -> None:
    leaves = put(desk, about("甲公司"), about("甲公司", OTHER, 2))
    assert found(desk) == [(CODES, {(SUBJECT, "甲公司"), (OTHER, "甲公司")})]
    told = desk.get("/v1/subjects/check").json()
    (one,) = told["findings"]
    assert (one["sameDocument"], one["sameRegistration"], told["more"]) == (False, False, False)
    assert [party["leaves"] for party in one["parties"]] == [[leaf] for leaf in leaves]
    assert told["counts"] == {CODES: 1}


def test_both_at_once(desk: Desk) -> None:
    put(desk, about("甲公司"), about("乙公司", n=2), about("甲公司", OTHER, 3))
    assert [double for double, _ in found(desk)] == [NAMES, CODES]


def test_names_are_compared_folded(desk: Desk) -> None:
    put(desk, about("甲（北京）公司"), about("甲(北京) 公司", n=2))
    assert found(desk) == []


def test_what_speaks_for_one_subject(desk: Desk) -> None:
    """The same decision, the same registration number: a code that was changed or mistyped."""
    put(
        desk,
        about("甲公司", CF_XDR_GSZC="1201"),
        about("甲公司", OTHER, CF_XDR_GSZC="1201"),
    )
    (one,) = desk.get("/v1/subjects/check").json()["findings"]
    assert (one["sameDocument"], one["sameRegistration"]) == (True, True)


def test_the_filler_is_nobody(desk: Desk) -> None:
    filler = {"CF_XDR_SHXYM": "00000000000000000X", "CF_XDR_LB": "个体工商户"}
    sent = [about(name, n=n) for n, name in enumerate(("张三店", "李四店", "张三店"))]
    for n, one in enumerate(sent):
        one["fields"] |= filler | {"CF_XDR_GSZC": f"12010{n}"}
    put(desk, *sent)
    assert found(desk) == []


def test_individual_businesses_share_names_with_those_of_other_places(desk: Desk) -> None:
    here, there, beside = (
        code(division, subject)
        for division, subject in (
            ("92110101", "MA000001"),
            ("92110102", "MA000002"),
            ("92110101", "MA000003"),
        )
    )
    put(desk, about("张三小吃店", here), about("张三小吃店", there, 2))
    assert found(desk) == []
    put(desk, about("张三小吃店", beside, 3))
    assert found(desk) == [(CODES, {(here, "张三小吃店"), (beside, "张三小吃店")})]


def test_what_was_corrected_or_erased_is_none(node: Node, desk: Desk) -> None:
    right, wrong, other = put(
        desk, about("甲公司"), about("甲公司司", n=2), about("甲公司", OTHER, 3)
    )
    assert len(found(desk)) == 2
    with node.ctx.engine.begin() as connection:
        connection.execute(
            sa.update(records).where(records.c.id == 2).values(superseded_by=bytes.fromhex(right))
        )
    assert [double for double, _ in found(desk)] == [CODES]
    with node.ctx.engine.begin() as connection:
        erase(connection, bytes.fromhex(other))
    assert found(desk) == []
    assert wrong


# ---- what is lawful


def test_a_registered_change_of_name(desk: Desk) -> None:
    put(desk, about("甲公司", CF_JDRQ="2026-05-01"), registration("乙公司", "2026-06-15", 1))
    assert found(desk) == []
    put(desk, about("乙公司", n=2, CF_JDRQ="2026-07-01", CF_YXQ="2027-07-01"))
    assert found(desk) == []
    # The former name after the month of the change.
    put(desk, about("甲公司", n=3, CF_JDRQ="2026-07-01", CF_YXQ="2027-07-01"))
    assert found(desk) == [(NAMES, {(SUBJECT, "甲公司"), (SUBJECT, "乙公司")})]
    put(desk, registration("甲公司", "2026-05-15", 2))
    assert found(desk) == []


def test_a_name_that_no_registration_knows(desk: Desk) -> None:
    put(desk, registration("甲公司", "2026-03-15", 1), about("甲公司司"))
    (one,) = desk.get("/v1/subjects/check").json()["findings"]
    assert {party["name"]: party["registered"] for party in one["parties"]} == {
        "甲公司": "2026-03",
        "甲公司司": None,
    }


def test_codes_are_merged_by_document(desk: Desk, file: Path) -> None:
    third = code("91110108", "55138509")
    put(desk, about("甲公司"), about("甲公司", OTHER, 2))
    entry = {"codes": [SUBJECT, OTHER], "reason": "重新赋码", "document": "样登〔2026〕1号"}
    write(file, NONE | {"subjects": [entry]})
    assert found(desk) == []
    put(desk, about("甲公司", third, 3))
    assert [len(parties) for _, parties in found(desk)] == [3]
    write(file, NONE)
    assert len(found(desk)) == 1


def test_names_are_listed_by_the_operator(desk: Desk, file: Path) -> None:
    put(desk, about("甲公司"), about("乙公司", n=2))
    entry = {"codes": [SUBJECT], "names": ["甲公司", "乙 公司"], "reason": "更名"}
    write(file, NONE | {"subjects": [entry | {"document": "样登〔2026〕1号"}]})
    assert found(desk) == []
    put(desk, about("丙公司", n=3))
    assert [len(parties) for _, parties in found(desk)] == [3]


# ---- who is told


def test_a_department_is_told_of_records_that_it_may_see(node: Node) -> None:
    own = Desk(node, "submit", "read", department="甲局")
    other = Desk(node, "submit", "read", department="乙局")
    put(own, about("甲公司"))
    put(other, about("甲公司司", n=2))
    assert (found(own), found(other)) == ([], [])
    assert len(found(Desk(node, "read"))) == 1
    put(own, about("甲公司公司", n=3))
    assert found(own) == [(NAMES, {(SUBJECT, "甲公司"), (SUBJECT, "甲公司公司")})]
    (one,) = own.get("/v1/subjects/check").json()["findings"]
    assert {party["records"] for party in one["parties"]} == {None}
    theirs = Desk(node, "read", department="丙局", authorities=[AUTHORITY])
    assert [len(parties) for _, parties in found(theirs)] == [3]
    strangers = Desk(node, "read", department="丁局", authorities=[OF_BEIJING])
    assert found(strangers) == []


def test_only_who_may_read(node: Node) -> None:
    for path in ("/v1/subjects/check", "/v1/subjects/check.xlsx"):
        assert Desk(node, "submit").get(path).status_code == 403
        assert Client(create_app(node)).get(path).status_code == 401
        assert Desk(node, "read").get(f"{path}?limit=0").status_code == 422
        assert Desk(node, "read").get(f"{path}?limit=1001").status_code == 422


def test_what_was_opened_is_logged(node: Node, desk: Desk) -> None:
    leaves = put(desk, about("甲公司"), about("乙公司", n=2), about("丙公司", OTHER, 3))
    found(desk)
    lines = [line for line in read(node.ctx.engine, Wanted()) if line.purpose == "check"]
    assert {(line.record, line.answer) for line in lines} == {
        (leaf, "allowed") for leaf in leaves[:2]
    }


def test_all_records_that_are_named_are_counted_in_the_log(node: Node, desk: Desk) -> None:
    put(desk, about("甲公司"), about("甲公司", n=2), about("乙公司", n=3))
    found(desk)
    lines = [line for line in read(node.ctx.engine, Wanted()) if line.purpose == "check"]
    assert sorted(line.count for line in lines) == [1, 2]


def test_one_check_at_a_time(desk: Desk) -> None:
    with routes._alone():
        answer = desk.get("/v1/subjects/check")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    assert found(desk) == []


def test_not_more_than_were_asked_for(desk: Desk) -> None:
    codes = [code("91110108", f"MA{n:06}") for n in range(3)]
    for n, one in enumerate(codes):
        put(desk, about(f"甲{n}公司", one, 2 * n), about(f"乙{n}公司", one, 2 * n + 1))
    assert len(found(desk)) == 3
    assert [min(parties)[0] for _, parties in found(desk, 2)] == codes[:2]
    assert desk.get("/v1/subjects/check?limit=2").json()["more"] is True
    assert desk.get("/v1/subjects/check?limit=3").json()["more"] is False


def test_one_mistake_made_often(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that a form gave to everybody is shown with some of its codes."""
    monkeypatch.setattr(services, "MAX_PARTIES", 3)
    put(desk, *(about("某公司", code("91110108", f"MA{n:06}"), n) for n in range(5)))
    assert [len(parties) for _, parties in found(desk)] == [3]


def test_as_a_workbook(desk: Desk) -> None:
    put(desk, about("甲公司"), about("=1+1", n=2))
    answer = desk.get("/v1/subjects/check.xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    head, *rows = book.get_sheet_by_index(0).to_python()
    assert head[2:4] == ["统一社会信用代码 USCC", "名称 name"]
    assert [row[:4] for row in rows] == [
        [1, "一码多名 one code, two names", SUBJECT, "甲公司"],
        [1, "一码多名 one code, two names", SUBJECT, "=1+1"],
    ]
    assert [row[5] for row in rows] == [1, 1], "records can be summed"


def test_content_that_was_lost_is_passed_over(node: Node, desk: Desk) -> None:
    leaves = put(desk, about("甲公司"), about("乙公司", n=2), about("乙公司", n=3))
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.update(contents).where(contents.c.id != 2).values(content=b"x" * 40))
    (one,) = desk.get("/v1/subjects/check").json()["findings"]
    assert [(party["name"], party["leaves"]) for party in one["parties"]] == [
        (None, leaves[:1]),
        ("乙公司", leaves[:0:-1]),
    ]


def test_a_caller_who_stands_for_very_many(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """The query then leaves it all to policy."""
    monkeypatch.setattr(services, "MAX_MARKS", 0)
    monkeypatch.setattr(services, "TRIED", 1)
    own = Desk(node, "submit", "read", department="甲局", authorities=[AUTHORITY])
    put(own, about("甲公司"), about("乙公司", n=2))
    put(Desk(node, "submit"), about("乙公司", n=3, CF_CFJGDM=OF_BEIJING, CF_SJLYDM=OF_BEIJING))
    assert found(own) == [(NAMES, {(SUBJECT, "甲公司"), (SUBJECT, "乙公司")})]


# ---- sealed, counted, numbered


def test_the_database_tells_no_name_and_no_code(node: Node, desk: Desk, tmp_path: Path) -> None:
    put(desk, about("甲公司独一无二"), about("乙公司独一无二", n=2))
    node.close()
    for path in tmp_path.glob("*.db*"):
        data = path.read_bytes()
        assert SUBJECT.encode() not in data
        assert "独一无二".encode() not in data


def figures(node: Node) -> dict[str, float]:
    text = Client(create_app(node)).get("/metrics").text
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines if "subject" in name}


def test_figures(node: Node, desk: Desk) -> None:
    before = figures(node)
    assert "credit_ledger_subjects" not in before  # never counted
    put(desk, about("甲公司"), about("乙公司", n=2), about("甲公司", OTHER, 3))
    for wrong in ("1", SUBJECT[:-1] + "X", "00000000000000000X"):
        assert desk.file(about("丙公司", wrong, 4)).status_code == 422
    assert desk.file(about("丙公司", n=5, CF_CFJGDM="1")).status_code == 422  # not the subject's
    assert SubjectWatch(node.subjects)(threading.Event()) == tasks.PAUSE_SECONDS
    after = figures(node)
    assert after["credit_ledger_subjects"] == 3
    doubles = 'credit_ledger_double_subjects{double="%s"}'
    assert (after[doubles % NAMES], after[doubles % CODES]) == (1, 1)
    rows = 'credit_ledger_subject_codes_total{found="%s"}'
    assert after[rows % "wrong"] - before[rows % "wrong"] == 3
    assert after[rows % "right"] - before[rows % "right"] == 4


def test_numbers_and_what_is_shared_as_a_plain_twin_has_it(node: Node) -> None:
    """Whatever comes together and whatever was there before."""
    chance = random.Random(9)
    met: set[tuple[bytes, bytes]] = set()
    numbers: dict[tuple[bytes, bytes], int] = {}
    for _ in range(60):
        some = {
            (bytes([chance.randrange(40)] * 16), bytes([100 + chance.randrange(40)] * 16))
            for _ in range(chance.randrange(1, 12))
        }
        with begin_write(node.ctx.engine, "entries") as connection:
            given = number_subjects(connection, some)
        assert given.keys() == some
        assert all(numbers.setdefault(pair, row) == row for pair, row in given.items())
        met |= some
    assert sorted(numbers.values()) == list(range(1, len(met) + 1))
    with node.ctx.engine.connect() as connection:
        rows = connection.execute(sa.select(subjects)).all()
    for row in rows:
        by_code = any(code_ == row.code and name != row.name for code_, name in met)
        by_name = any(name == row.name and code_ != row.code for code_, name in met)
        assert row.shared == BY_CODE * by_code + BY_NAME * by_name


def test_more_than_one_query_holds(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_SOME", 3)
    pairs = {(bytes([n] * 16), bytes([n // 2] * 16)) for n in range(20)}
    with begin_write(node.ctx.engine, "entries") as connection:
        number_subjects(connection, pairs)
        shared = connection.scalars(sa.select(subjects.c.shared)).all()
    assert set(shared) == {BY_NAME}


def test_sets_that_come_together(node: Node) -> None:
    """Each number is given once, and both see that the code was met before."""
    desks = [Desk(node, "submit") for _ in range(4)]

    def send(n: int) -> None:
        for at in range(3):
            desks[n].file(about(f"{n}号公司", n=10 * n + at))

    threads = [threading.Thread(target=send, args=(n,)) for n in range(len(desks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(parties) for _, parties in found(Desk(node, "read"))] == [4]
    with node.ctx.engine.connect() as connection:
        rows = connection.execute(sa.select(subjects.c.id, subjects.c.shared)).all()
    assert sorted(row.id for row in rows) == [1, 2, 3, 4]
    assert {row.shared for row in rows} == {BY_CODE}
