"""Imports with CL_CORRECTS: a correction and its act as one job, released once by file."""

import concurrent.futures
import re
from dataclasses import replace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.base.db import begin_read
from gateway.cases.models import acts
from gateway.intake.interfaces import RowAnswer
from gateway.log.located import Entries, locate
from gateway.node import Node
from gateway.receipts.chain import before, link
from gateway.records.models import records
from gateway.records.store import open_content, record_row
from ledger.core.entry import parse_entry
from ledger.core.status import Outcome
from tests.gateway.anchoring.whole import settle
from tests.gateway.casefiles.bureau import Bureau, Person
from tests.gateway.cases.desk import DECIDED, END, OTHER_AUTHORITY, take_in, word
from tests.gateway.files.work import work
from tests.gateway.intake.material import OF_BEIJING, count, number, row
from tests.gateway.web.visitor import Visitor
from tests.support.anvil import Anvil


def penalty(n: int = 1, corrects: str | None = None, **changes: Any) -> dict[str, Any]:
    made = row(n, CF_JDRQ=DECIDED, CF_YXQ=END, **changes)
    told = {"type": "penalty", "fields": made.fields, "class": "severe"}
    return told | ({} if corrects is None else {"corrects": corrects})


def send(bureau: Bureau, *sent: dict[str, Any], by: Person | None = None) -> tuple[str, list[Any]]:
    """Import them; the file, and the answers to its rows."""
    data = b"\n".join(orjson.dumps(one) for one in sent)
    posted = (by or bureau.clerk).post("/v1/files", data, "x.ndjson")
    assert posted.status_code == 202, posted.text
    work(bureau.node)
    file = posted.json()["id"]
    return file, (by or bureau.clerk).get(f"/v1/files/{file}").json()["verdicts"]


def anchored(bureau: Bureau) -> None:
    bureau.node.logs.step()
    settle(bureau.node, bureau.anvil)


@pytest.fixture
def old(bureau: Bureau) -> str:
    """The recordId of a penalty that is anchored."""
    (leaf,) = take_in(bureau.node, bureau.anvil, 1)
    with begin_read(bureau.node.ctx.engine) as connection:
        found = locate(connection, leaf)
        assert found is not None
        record = Entries(connection).record_id(found)
    assert record is not None
    return record.hex()


def test_a_correction_and_its_act(bureau: Bureau, node: Node, old: str) -> None:
    sent = penalty(corrects=old, CF_NR="更正后的内容")
    file, (answer,) = send(bureau, sent)
    assert answer["verdict"] == "accepted", answer
    assert "document-number-shared" not in str(answer), "it is about the same subject"
    with begin_read(node.ctx.engine) as connection:
        found = locate(connection, bytes.fromhex(answer["leaf"]))
        assert found is not None
        data = Entries(connection).get(found)
    assert data is not None
    assert parse_entry(data).corrects == bytes.fromhex(old)
    bureau.work()
    assert bureau.release(file).json()["code"] == "not-looked-up"
    anchored(bureau)
    bureau.work()
    assert bureau.release(file, bureau.clerk).json()["code"] == "same-person"
    clerk, chief = (page_of(node, one) for one in (bureau.clerk, bureau.chief))
    at_desk = clerk.get(f"/desk/files/{file}").text
    assert "1 of its rows change another record" in at_desk, "the clerk sees that it waits"
    assert re.search("To release</h2><span[^>]*>1<", chief.get("/desk/worklists").text)
    shown = chief.get(f"/desk/release/files/{file}").text
    assert number(1) in shown and "What the correction changes" in shown
    assert (
        "更正后的内容" in shown and "waits for its release" in shown and ">proposed<" not in shown
    )
    early = chief.post(f"/desk/release/files/{file}", {"proposed": "7"})
    assert (early.status_code, "case-moved" in early.text) == (409, True)
    bureau.carry_out(file)
    assert ">carried out<" in chief.get(f"/desk/release/files/{file}").text
    assert "Carried out: 1, not carried out: 0" in clerk.get(f"/desk/files/{file}").text
    (told,) = bureau.rows(file)
    assert (told["state"], told["act"], told["record"]) == ("done", "correct", old)
    assert word(node, bytes.fromhex(old)).outcome == Outcome.CORRECTED
    act = node.case_parts.views.registry.now().acts.history(bytes.fromhex(old))[-1].act  # type: ignore[arg-type]
    assert act.other == bytes.fromhex(answer["recordId"])
    again, (answer,) = send(bureau, sent)
    assert answer["verdict"] == "duplicate", "the same row once more"
    assert bureau.clerk.get(f"/v1/case-files/{again}").status_code == 404
    assert count(node, acts) == 1


def page_of(node: Node, person: Person) -> Visitor:
    return Visitor(create_app(node)).sign_in(person.token)


def test_a_number_that_was_wrong(bureau: Bureau, node: Node, old: str) -> None:
    file, (answer,) = send(bureau, penalty(2, corrects=old))
    assert answer["verdict"] == "accepted"
    anchored(bureau)
    bureau.work()
    bureau.carry_out(file)
    assert word(node, bytes.fromhex(old)).outcome == Outcome.CORRECTED
    _, (answer,) = send(bureau, penalty(1))
    assert answer["verdict"] == "accepted", "the number is free again"


def test_what_cannot_be_corrected(bureau: Bureau, node: Node, old: str) -> None:
    other = Person(node, "other", department="住建局", authorities=[OTHER_AUTHORITY])
    theirs = penalty(5, corrects=old, CF_CFJGDM=OTHER_AUTHORITY)
    _, answers = send(bureau, theirs, by=other)
    assert [one["code"] for one in answers] == ["correction-not-available"]
    _, answers = send(
        bureau,
        penalty(6),
        penalty(7, corrects="00" * 32),
        penalty(7, corrects="nonsense"),
        penalty(1, corrects=old, CF_NR="甲"),
        penalty(8, corrects=old),
    )
    verdicts = [(one["verdict"], one["field"], one["code"]) for one in answers]
    wrong = ("rejected", "CL_CORRECTS", "correction-not-available")
    accepted = ("accepted", None, None)
    assert verdicts == [accepted, wrong, wrong, accepted, wrong]
    young = answers[0]["recordId"]
    _, answers = send(bureau, penalty(9, corrects=young), penalty(9, corrects=old))
    assert [one["code"] for one in answers] == ["correction-not-available"] * 2, (
        "one is not anchored, the other was corrected"
    )


def test_what_says_the_same_corrects_nothing(bureau: Bureau, node: Node, old: str) -> None:
    with begin_read(node.ctx.engine) as connection:
        found = locate(connection, bytes.fromhex(old))
    assert found is not None
    with begin_read(node.ctx.engine) as connection:
        content = open_content(node.vault, record_row(connection, found.id), found.leaf)
    same = {"type": "penalty", "class": content.class_, "fields": dict(content.fields)}
    _, (answer,) = send(bureau, same | {"corrects": old})
    assert (answer["verdict"], answer["recordId"]) == ("duplicate", old)


def test_two_that_correct_at_once(bureau: Bureau, node: Node, old: str) -> None:
    rows = [replace(row(n, CF_JDRQ=DECIDED, CF_YXQ=END), corrects=old) for n in (21, 22, 23, 24)]

    def submit(at: int) -> RowAnswer:
        caller = bureau.clerk.caller
        return node.intake.submit_set(caller=caller, rows=[rows[at]]).rows[0]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(submit, range(4)))
    assert sorted(one.verdict for one in answers) == ["accepted", *["rejected"] * 3]
    with node.ctx.engine.connect() as connection:
        query = sa.select(sa.func.count()).where(records.c.superseded_by != b"")
        assert connection.scalar(query) == 1


def test_a_corrected_record_is_no_earlier_one_of_a_move(
    bureau: Bureau, node: Node, old: str
) -> None:
    """What it corrects is another record: an entry that is logged again does not replace it."""
    _, (answer,) = send(bureau, penalty(corrects=old, CF_NR="更正后的内容"))
    with begin_read(node.ctx.engine) as connection:
        found = locate(connection, bytes.fromhex(answer["leaf"]))
        assert found is not None
        held = Entries(connection)
        one = link(connection, record_row(connection, found.id), held)
        assert before(connection, one, held) is None


def test_a_column_of_corrections_in_a_table(
    bureau: Bureau, node: Node, anvil: Anvil, old: str
) -> None:
    fields = dict(row(1, CF_JDRQ=DECIDED, CF_YXQ=END, CF_NR="更正后的内容").fields)
    cells = [";".join(one) if isinstance(one, list) else str(one) for one in fields.values()]
    lines = ["\t".join([*fields, "CL_CORRECTS"]), "\t".join([*cells, old])]
    posted = bureau.clerk.post("/v1/files", "\n".join(lines).encode(), "x.tsv")
    work(node)
    file = posted.json()["id"]
    (answer,) = bureau.clerk.get(f"/v1/files/{file}").json()["verdicts"]
    assert answer["verdict"] == "accepted", answer
    anchored(bureau)
    bureau.work()
    head_ = bureau.head(file)
    assert (head_["counts"]["proposed"], head_["state"]) == (1, "proposed")
    assert OF_BEIJING in str(bureau.rows(file))


def test_a_record_of_another_subject_corrects_nothing(bureau: Bureau, node: Node, old: str) -> None:
    """Or one firm's record would be closed, and its receipt lead to what another firm did."""
    another = {"CF_XDR_SHXYM": "91110108551385082Q", "CF_XDR_MC": "样例二有限公司"}
    _, answers = send(
        bureau, penalty(31, corrects=old, **another), penalty(1, corrects=old, **another)
    )
    assert [(one["verdict"], one["code"]) for one in answers] == [
        ("rejected", "correction-not-available")
    ] * 2
    with node.ctx.engine.connect() as connection:
        query = sa.select(sa.func.count()).where(records.c.superseded_by != b"")
        assert connection.scalar(query) == 0
