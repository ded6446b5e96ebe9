"""Making an authorisation: what is stored and handed over, once; what is refused, and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from gateway.accesses.services import Wanted as Lines
from gateway.accesses.services import newest
from gateway.authorisations import demands, services
from gateway.authorisations.models import authorisations
from gateway.base.db import begin_read, begin_write, metadata
from gateway.base.who import Who
from gateway.cases.models import materials
from gateway.peers.models import peer_outbox
from gateway.sealing.services import Kind, drop
from gateway.statements.models import statements
from ledger.core.authorisation import GOVERNMENT, PURPOSES, from_members
from ledger.core.opening import parse_opening
from tests.acceptance.independent import uscc
from tests.gateway.authorisations.desk import (
    BANK,
    BEIJING,
    BUREAU,
    OTHER,
    SUBJECT,
    TIANJIN,
    Desk,
    day,
    doc,
    grant,
    opening,
    said,
)
from tests.gateway.cases.desk import JPG, PDF
from tests.gateway.intake.material import count
from tests.support.peers import Member, Network

THIRD = uscc(815)
TABLES = (authorisations, materials, statements, peer_outbox)
PATH = "/v1/authorisations"


class Counted:
    """How many rows came since."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._before = self._now()

    def _now(self) -> list[int]:
        return [count(self._member.node, table) for table in TABLES]

    @property
    def new(self) -> list[int]:
        return [now - before for now, before in zip(self._now(), self._before, strict=True)]


def test_one_is_made_and_handed_over(network: Network) -> None:
    member = network[BUREAU]
    desk, counted = Desk(member), Counted(member)
    answer = desk.post(PATH, said(member), doc(), ("身份证.jpg", JPG))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    commitment = bytes.fromhex(told["authorisation"])
    found = opening(member, commitment)
    assert found.promised is not None
    assert {name: told[name] for name in ("index", "path", "promise")} == found.promised.to_json()
    given = from_members(found.statement.members)
    assert (given.subject, given.grantee, given.purpose) == (SUBJECT, BANK, "pre-loan")
    assert (given.types, given.regions) == (("penalty",), (BEIJING, TIANJIN)), "in order"
    assert [one.name for one in given.docs] == ["授权书.pdf", "身份证.jpg"]
    assert counted.new == [1, 2, 1, 1]
    with begin_read(member.node.ctx.engine) as connection:
        row = connection.execute(
            sa.select(peer_outbox).where(peer_outbox.c.commitment == commitment)
        ).one()
    assert row.member == BANK
    (line, *_) = newest(member.node.ctx.engine, Lines(record=commitment), 1)
    assert (line.purpose, line.answer) == ("grant-authorisation", "allowed")


def test_the_same_again_is_the_same(network: Network) -> None:
    """By what it says and its documents, on one day of one token."""
    member = network[BUREAU]
    desk, paper, counted = Desk(member), doc(), Counted(member)
    first = desk.post(PATH, said(member), paper)
    assert first.status_code == 201
    for again in (
        desk.post(PATH, said(member), paper),
        desk.post(PATH, said(member, subject=f" {SUBJECT.lower()}"), paper),
        desk.post(PATH, said(member, regions=[BEIJING, TIANJIN, BEIJING]), paper),
    ):
        assert (again.status_code, again.json()) == (201, first.json())
    assert counted.new == [1, 1, 1, 1]
    others = [
        desk.post(PATH, said(member), doc()),
        desk.post(PATH, said(member, until=day(member, 31)), paper),
        Desk(member, name="another").post(PATH, said(member), paper),
    ]
    assert len({one.json()["authorisation"] for one in (first, *others)}) == 4
    assert counted.new == [4, 4, 4, 4]


def test_the_same_by_a_key(network: Network) -> None:
    member = network[BUREAU]
    desk, paper, counted = Desk(member), doc(), Counted(member)
    key = {"Idempotency-Key": "loan-7"}
    first = desk.post(PATH, said(member), paper, **key)
    assert desk.post(PATH, said(member), paper, **key).json() == first.json()
    differs = desk.post(PATH, said(member, until=day(member, 9)), paper, **key)
    assert (differs.status_code, differs.json()["code"]) == (409, "idempotency-differs")
    assert counted.new == [1, 1, 1, 1]
    other = desk.post(PATH, said(member), paper, **{"Idempotency-Key": "loan-8"})
    assert other.json()["authorisation"] != first.json()["authorisation"]
    for wrong in ("", "x" * 201, "a b"):
        answer = desk.post(PATH, said(member), paper, **{"Idempotency-Key": wrong})
        assert answer.json()["code"] == "idempotency-key-invalid", wrong


def test_nothing_of_it_lies_open(network: Network) -> None:
    """Neither the subject nor what was signed stands in a table."""
    member = network[BUREAU]
    secret = b"%PDF-1.7\nsecret-of-a-loan\n"
    answer = Desk(member).post(PATH, said(member), ("密.pdf", secret))
    assert answer.status_code == 201
    found = b""
    with begin_read(member.node.ctx.engine) as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                found += repr(tuple(row)).encode() + b"".join(v for v in row if type(v) is bytes)
    for open_text in (SUBJECT.encode(), b"secret-of-a-loan", "密.pdf".encode()):
        assert open_text not in found


REFUSED: list[tuple[str, Any, str, str]] = [
    ("subject", OTHER[:-1] + "0", "subject-invalid", "subject"),
    ("subject", "00000000000000000X", "subject-invalid", "subject"),
    ("subject", "x", "subject-invalid", "subject"),
    ("subject", 7, "schema-invalid", "subject"),
    ("subject", None, "schema-invalid", "subject"),
    ("subject", "1" * 65, "schema-invalid", "subject"),
    ("grantee", BUREAU, "grantee-unfit", "grantee"),
    ("grantee", "nobody", "grantee-unknown", "grantee"),
    ("grantee", "no body", "schema-invalid", "grantee"),
    ("types", [], "schema-invalid", "types"),
    ("types", "penalty", "schema-invalid", "types"),
    ("types", ["penalty", 1], "schema-invalid", "types"),
    ("types", ["penalty"] * 65, "schema-invalid", "types"),
    ("types", ["penalty", "penalties"], "type-unknown", "types"),
    ("types", ["penalty-2015"], "type-unknown", "types"),
    ("types", ["professional-title"], "type-unknown", "types"),
    ("regions", [], "schema-invalid", "regions"),
    ("regions", ["Tianjin"], "schema-invalid", "regions"),
    ("regions", [TIANJIN, "310000"], "region-unknown", "regions"),
    ("purpose", "curiosity", "purpose-unknown", "purpose"),
    ("purpose", "none", "purpose-unknown", "purpose"),
    ("purpose", ["own"], "schema-invalid", "purpose"),
    *((("purpose", name, "purpose-needs-none", "purpose")) for name in sorted(GOVERNMENT)),
    ("from", "2026-13-01", "schema-invalid", "from"),
    ("until", "tomorrow", "schema-invalid", "until"),
    ("until", "2020-01-01", "term-invalid", "until"),
    ("note", "x", "schema-invalid", "note"),
]


@pytest.mark.parametrize(("name", "value", "code", "field"), REFUSED)
def test_each_member_that_is_wrong(
    network: Network, name: str, value: Any, code: str, field: str
) -> None:
    """Named, with what to do, in both languages; the same without the fault is made."""
    member = network[BUREAU]
    desk, counted = Desk(member), Counted(member)
    answer = desk.post(PATH, said(member, **{name: value}), doc())
    told = answer.json()
    assert (told["code"], told["field"]) == (code, field), told
    assert answer.status_code == 422
    assert told["text"]["zh"] and told["text"]["en"]
    assert counted.new == [0, 0, 0, 0]
    assert desk.post(PATH, said(member), doc()).status_code == 201


def test_a_lawful_code_that_fails_its_check_characters(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As whoever is refused is told: the operator adds it to the file of exceptions."""
    member, code = network[BUREAU], OTHER[:-1] + "0"
    known = Who(exceptions=frozenset({code}))
    monkeypatch.setattr(member.node.workers.who, "current", lambda: known)
    assert Desk(member).post(PATH, said(member, subject=code), doc()).status_code == 201


def test_each_purpose_of_subjects(network: Network) -> None:
    member = network[BUREAU]
    for purpose in sorted(PURPOSES - GOVERNMENT):
        assert Desk(member).post(PATH, said(member, purpose=purpose), doc()).status_code == 201


def test_terms(network: Network) -> None:
    """A single day, and five years from the first day and from today; not a day more."""
    member = network[BUREAU]
    today = member.node.ctx.clock.today()
    last = demands._years_after(today)

    def made(start: int, until: Any) -> str:
        value = said(member, **{"from": day(member, start), "until": until.isoformat()})
        answer = Desk(member).post(PATH, value, doc())
        return "made" if answer.status_code == 201 else str(answer.json()["code"])

    assert made(0, today) == "made"
    assert made(-1, today) == "made"
    assert made(-2, today - timedelta(days=1)) == "term-past"
    assert made(0, last) == "made"
    assert made(0, last + timedelta(days=1)) == "term-too-long"
    assert made(1, last + timedelta(days=1)) == "term-too-long", "nor five years later than today"
    assert made(-1, last) == "term-too-long"
    assert made(5, last) == "made"


def test_five_years_of_a_leap_day() -> None:
    assert demands._years_after(date(2028, 2, 29)) == date(2033, 2, 28)
    assert demands._years_after(date(2026, 11, 30)) == date(2031, 11, 30)
    assert demands._years_after(date(9998, 1, 1)) == date(9999, 1, 1)


@pytest.mark.parametrize(
    ("docs", "code"),
    [
        ([], "document-required"),
        ([("a.pdf", b"MZ")], "document-executable"),
        ([("a.pdf", b"hello")], "document-type"),
        ([("a" * 201, PDF)], "document-name"),
        ([(f"{n}.pdf", PDF) for n in range(17)], "too-many-documents"),
    ],
)
def test_documents(network: Network, docs: list[tuple[str, bytes]], code: str) -> None:
    member = network[BUREAU]
    answer = Desk(member).post(PATH, said(member), *docs)
    assert (answer.json()["code"], answer.json()["field"]) == (code, "doc")
    sixteen = [(f"{n}.pdf", PDF + bytes([n])) for n in range(16)]
    assert Desk(member).post(PATH, said(member), *sixteen).status_code == 201


def test_who_is_no_custodian(network: Network) -> None:
    """A bank keeps none; a province and a bureau do."""
    answer = Desk(network[BANK]).post(PATH, said(network[BANK], grantee=BEIJING), doc())
    assert (answer.status_code, answer.json()["code"]) == (403, "not-a-custodian")
    for code in (BUREAU, BEIJING):
        assert Desk(network[code]).post(PATH, said(network[code]), doc()).status_code == 201


def test_who_may(network: Network) -> None:
    """The scope `consent`; what a department made it sees, and the centre, and no other one."""
    member = network[BUREAU]
    others = Desk(member, "submit", "read", "decide", "release", "product")
    answer = others.post(PATH, said(member), doc())
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert others.client.request("POST", PATH).status_code == 401
    ours = Desk(member, department="信贷部", name="ours")
    made = ours.post(PATH, said(member), doc()).json()["authorisation"]
    shown = {
        "ours": ours,
        "centre": Desk(member, name="centre"),
        "theirs": Desk(member, department="别的部门", name="theirs"),
    }
    for path in ("", "/opening", "/documents/0"):
        told = {who: desk.get(f"{PATH}/{made}{path}").status_code for who, desk in shown.items()}
        assert told == {"ours": 200, "centre": 200, "theirs": 404}, path
    listed = {
        who: made in [one["authorisation"] for one in desk.get(PATH).json()["items"]]
        for who, desk in shown.items()
    }
    assert listed == {"ours": True, "centre": True, "theirs": False}
    refused = shown["theirs"].send(f"{PATH}/{made}/revoke")
    assert refused.status_code == 404
    lines = newest(member.node.ctx.engine, Lines(record=bytes.fromhex(made)), 50)
    assert {(line.purpose, line.answer) for line in lines} >= {
        ("read-authorisation", "allowed"),
        ("read-authorisation", "not-found"),
        ("see-authorisation", "allowed"),
        ("revoke-authorisation", "not-found"),
    }


def test_shown_as_it_is(network: Network) -> None:
    member, paper = network[BUREAU], doc()
    desk = Desk(member)
    made = desk.post(PATH, said(member), paper).json()["authorisation"]
    shown = desk.get(f"{PATH}/{made}").json()
    assert shown["state"] == "in-force" and shown["role"] == "granted"
    assert (shown["subject"], shown["custodian"], shown["grantee"]) == (SUBJECT, BUREAU, BANK)
    assert [one["name"] for one in shown["docs"]] == [paper[0]]
    assert (shown["commitments"], shown["revocation"]) == ([made], None)
    assert shown["sent"]["to"] == BANK
    document = desk.get(f"{PATH}/{made}/documents/0")
    assert document.content == paper[1]
    assert document.headers["content-disposition"] == "attachment"
    for n in ("1", "16", "-1", "x"):
        assert desk.get(f"{PATH}/{made}/documents/{n}").status_code in (404, 422)
    data = desk.get(f"{PATH}/{made}/opening").content
    assert parse_opening(data).statement.commitment.hex() == made
    assert desk.get(f"{PATH}/{'00' * 32}").status_code == 404
    assert desk.get(f"{PATH}/xyz").status_code == 404


def test_pages_and_subjects(network: Network) -> None:
    member = network[BUREAU]
    desk = Desk(member)
    mine = [grant(member, subject=OTHER).hex() for _ in range(3)]
    grant(member)
    found, before = [], None
    while True:
        asked = {"subject": f"{OTHER.lower()}", "limit": 2} | ({"before": before} if before else {})
        page = desk.send(f"{PATH}/find", orjson.dumps(asked)).json()
        found += [one["authorisation"] for one in page["items"]]
        assert {one["subject"] for one in page["items"]} == {OTHER}
        before = page["next"]
        if before is None:
            break
    assert found == mine[::-1]
    newest_two = desk.get(f"{PATH}?limit=2").json()
    assert len(newest_two["items"]) == 2
    more = desk.get(f"{PATH}?limit=2&before={newest_two['next']}").json()
    told = [one["authorisation"] for one in (*newest_two["items"], *more["items"])]
    assert len(set(told)) == 4
    for body in (b"", b"[]", b"{}", b'{"subject":1}', b'{"subject":"x","limit":0}'):
        assert desk.send(f"{PATH}/find", body).json()["code"] == "schema-invalid"


def test_one_that_opens_no_more(network: Network) -> None:
    """Its key is lost: the list has all the others, and says how many it has not."""
    member = network[BUREAU]
    desk, (kept, lost) = Desk(member), [grant(member, subject=THIRD) for _ in range(2)]
    with begin_write(member.node.ctx.engine) as connection:
        row = connection.execute(
            sa.select(statements.c.id).where(statements.c.commitment == lost)
        ).one()
        drop(connection, Kind.STATEMENT, [row.id])
    page = desk.send(f"{PATH}/find", orjson.dumps({"subject": THIRD})).json()
    assert [one["authorisation"] for one in page["items"]] == [kept.hex()]
    assert page["unreadable"] == 1
    assert desk.get(f"{PATH}/{lost.hex()}").status_code == 410
    assert desk.get(f"{PATH}/{kept.hex()}").status_code == 200


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"not a form"),
        ("multipart/form-data", b"--x--"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="case"\r\n\r\n{}\r\n--x--\r\n',
        ),
        ("application/json", b"[" * 5000),
        ("application/json", b"\xff"),
        ("application/json", b"[]"),
        ("application/json", b'{"subject":' + b'"x"' * 40_000 + b"}"),
    ],
)
def test_bodies_of_another_form(network: Network, content_type: str, body: bytes) -> None:
    """What the JSON must be called is told; a step of a case is none."""
    desk = Desk(network[BUREAU])
    headers = desk.headers | {"Content-Type": content_type}
    answer = desk.client.request("POST", PATH, content=body, headers=headers)
    assert answer.status_code in (413, 415, 422), answer.text
    assert answer.json()["code"] in ("schema-invalid", "too-large", "wrong-content-type")


def test_json_alone_has_no_document(network: Network) -> None:
    desk = Desk(network[BUREAU])
    answer = desk.send(PATH, orjson.dumps(said(network[BUREAU])))
    assert (answer.json()["code"], answer.json()["field"]) == ("document-required", "doc")


def test_only_so_many_a_day(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    member = network[BUREAU]
    desk = Desk(member, name="busy")
    assert desk.post(PATH, said(member), doc()).status_code == 201
    monkeypatch.setattr(services, "GRANTS_A_DAY", 1)
    answer = desk.post(PATH, said(member), doc())
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
    assert Desk(member, name="idle").post(PATH, said(member), doc()).status_code == 201
