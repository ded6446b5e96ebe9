"""National results by file: found, proposed, released once, carried out; nothing lost."""

import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
import sqlalchemy as sa

from gateway.base.clock import Clock
from gateway.cases.models import acts, case_steps
from gateway.node import Node
from gateway.tokens.services import revoke_token
from ledger.core.status import Outcome
from tests.gateway.anchoring.whole import settle
from tests.gateway.casefiles.bureau import HEAD, Bureau, Person, line, table
from tests.gateway.cases.desk import (
    DECIDED,
    END,
    OTHER_AUTHORITY,
    filing,
    send_all,
    take_in,
    wanted,
    word,
)
from tests.gateway.intake.material import OF_BEIJING, count, number
from tests.gateway.intake.material import row as penalty
from tests.support.anvil import Anvil
from tests.support.callers import CENTRE

TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()


def test_a_file_of_results(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    take_in(node, anvil, 1, 2)
    file = bureau.propose(table(line(1), line(2, "通过"), line(9)))
    head = bureau.head(file)
    assert (head["state"], head["rows"]) == ("proposed", 3)
    assert head["counts"] == {"new": 0, "proposed": 2, "refused": 1, "done": 0}
    assert count(node, acts) == 0, "nothing goes out before its release"
    (refused,) = bureau.rows(file, state="refused")
    assert (refused["row"], refused["field"], refused["code"]) == (4, "文书号", "record-unknown")
    assert set(refused["message"]) == {"zh", "en"}
    bureau.carry_out(file)
    head = bureau.head(file)
    assert (head["state"], head["counts"]["done"], head["acts"]["recorded"]) == ("done", 2, 2)
    for row in bureau.rows(file, state="done"):
        found = word(node, bytes.fromhex(row["record"]))
        assert (found.outcome, found.version) == (Outcome.REPAIRED, 1)
        assert row["onChain"]["state"] == "recorded"
        case = bureau.clerk.get(f"/v1/cases/{row['case']}").json()
        assert (case["kind"], case["state"]) == ("own", "decided")
        opening = bureau.clerk.get(f"/v1/cases/{row['case']}/steps/1").json()["statement"]
        assert (opening["act"], opening["basis"], opening["channel"]) == ("grant", 4, "national")
        assert opening["class"] == "severe", "the record's own"


def test_both_persons_are_kept(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    take_in(node, anvil, 1)
    file = bureau.propose(table(line(1)))
    bureau.carry_out(file)
    with node.ctx.engine.connect() as connection:
        row = connection.execute(sa.select(case_steps)).one()
    assert (row.token, row.released_by) == (bureau.clerk.caller.id, bureau.chief.caller.id)


def test_a_file_ends_with_its_token(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    """What whoever left had proposed is nobody's word any more."""
    take_in(node, anvil, 1)
    file = bureau.propose(table(line(1)))
    assert revoke_token(node.ctx.engine, bureau.clerk.caller.id, now=node.ctx.clock.now())
    answer = bureau.release(file)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-proposed")


def test_a_file_lapses(
    bureau: Bureau, node: Node, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(node, anvil, 1)
    file = bureau.propose(table(line(1)))
    later = node.ctx.clock.now() + timedelta(days=31)
    monkeypatch.setattr(Clock, "now", lambda _: later)
    answer = bureau.release(file)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-proposed")


def test_who_proposed_does_not_release(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    take_in(node, anvil, 1)
    file = bureau.propose(table(line(1)))
    answer = bureau.release(file, bureau.clerk)
    assert (answer.status_code, answer.json()["code"]) == (403, "same-person")
    for name in ("clerk", "Clerk", "cl erk", "ｃｌｅｒｋ"):
        answer = bureau.release(file, Person(node, name))
        assert (answer.status_code, answer.json()["code"]) == (403, "same-person"), name
    stranger = Person(node, "stranger", department="住建局", authorities=[OTHER_AUTHORITY])
    assert bureau.release(file, stranger).status_code == 404
    assert stranger.get(f"/v1/case-files/{file}").status_code == 404
    assert stranger.get("/v1/case-files").json()["files"] == []
    reader = Person(node, "reader", scopes=("read",))
    assert bureau.release(file, reader).status_code == 403
    assert bureau.head(file)["state"] == "proposed"


def test_the_same_file_twice_is_one(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    take_in(node, anvil, 1)
    data = table(line(1))
    file = bureau.propose(data)
    assert bureau.propose(data, name="另名.csv") == file
    assert bureau.propose(data, bureau.chief) == file
    bureau.carry_out(file)
    assert bureau.propose(data) == file
    assert bureau.release(file).status_code == 200
    bureau.work()
    assert count(node, acts) == count(node, case_steps) == 1


def test_two_files_with_the_same_row(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    take_in(node, anvil, 1, 2)
    one, two = bureau.propose(table(line(1))), bureau.propose(table(line(1), line(2)))
    assert bureau.release(one).status_code == bureau.release(two).status_code == 200
    bureau.carry_out(two)
    assert count(node, acts) == count(node, case_steps) == 2
    assert {row["state"] for row in bureau.rows(two)} == {"done"}
    third = bureau.propose(table(line(2), line(1)))
    assert [row["code"] for row in bureau.rows(third)] == ["already-so"] * 2
    assert bureau.head(third)["state"] == "done", "there is nothing to be released"


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (f",{OF_BEIJING},准予修复,2026-01-05", "文书号", "required"),
        (f"{number(1)},,准予修复,2026-01-05", "认定单位代码", "required"),
        (f"{number(1)},110,准予修复,2026-01-05", "认定单位代码", "unreadable"),
        (f"{number(1)},{OF_BEIJING},,2026-01-05", "结果", "required"),
        (f"{number(1)},{OF_BEIJING},待定,2026-01-05", "结果", "result-unknown"),
        (f"{number(1)},{OF_BEIJING},准予修复,", "日期", "required"),
        (f"{number(1)},{OF_BEIJING},准予修复,某日", "日期", "unreadable"),
        (line(1, day=TOMORROW), "日期", "day-in-future"),
        (line(1, day="2019-01-05"), "日期", "day-before-decision"),
        (line(1, "不予修复"), "结果", "no-open-case"),
        (line(1, code=OTHER_AUTHORITY), None, "authority-not-yours"),
        (line(8), "文书号", "record-unknown"),
    ],
)
def test_rows_that_are_refused(bureau: Bureau, row: str, field: str | None, code: str) -> None:
    take_in(bureau.node, bureau.anvil, 1, 2)
    file = bureau.propose(table(row, line(2)))
    first, second = bureau.rows(file)
    assert (first["row"], first["state"]) == (2, "refused")
    assert (first["field"], first["code"]) == (field, code)
    assert all(first["message"].values())
    assert second["state"] == "proposed", "the others go on"


def test_a_class_that_is_stated(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    take_in(node, anvil, 1, 2)
    head = f"{HEAD},失信程度,申请编号"
    file = bureau.propose(table(f"{line(1)},一般,XF-7", f"{line(2)},怪,", head=head))
    assert [row["code"] for row in bureau.rows(file)] == [None, "class-unknown"]
    bureau.carry_out(file)
    (row,) = bureau.rows(file, state="done")
    said = bureau.clerk.get(f"/v1/cases/{row['case']}/steps/1").json()["statement"]
    assert (said["class"], said["nationalNo"]) == ("general", "XF-7")


def test_the_same_record_twice_in_a_file(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    take_in(node, anvil, 1)
    file = bureau.propose(table(line(1), line(1)))
    assert [row["code"] for row in bureau.rows(file)] == [None, "row-repeated"]


@pytest.mark.parametrize(("result", "state"), [("准予修复", "granted"), ("不予修复", "refused")])
@pytest.mark.parametrize("accepted", [True, False])
def test_a_repair_that_is_open(bureau: Bureau, result: str, state: str, accepted: bool) -> None:
    node = bureau.node
    (leaf,) = take_in(node, bureau.anvil, 1)
    cases = node.case_parts.cases
    case = cases.file(bureau.clerk.caller, filing(leaf))
    if accepted:
        cases.step(bureau.clerk.caller, case, wanted("accept", docs=()))
    file = bureau.propose(table(line(1, result)))
    bureau.carry_out(file)
    (row,) = bureau.rows(file)
    assert (row["state"], row["case"]) == ("done", case.hex())
    shown = bureau.clerk.get(f"/v1/cases/{case.hex()}").json()
    assert shown["state"] == state
    assert [step["act"] for step in shown["steps"]][1] == "accept"
    assert len(shown["steps"]) == 3
    assert count(node, acts) == (state == "granted")


def test_a_repair_that_waits_for_a_supplement(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 1)
    cases = node.case_parts.cases
    case = cases.file(bureau.clerk.caller, filing(leaf))
    cases.step(bureau.clerk.caller, case, wanted("ask-supplement", docs=()))
    file = bureau.propose(table(line(1)))
    bureau.carry_out(file)
    (row,) = bureau.rows(file)
    assert (row["state"], row["act"]) == ("done", "national-result")
    assert row["code"] == "awaiting-supplement"
    shown = bureau.clerk.get(f"/v1/cases/{case.hex()}").json()
    assert shown["state"] == "awaiting-supplement"
    assert shown["steps"][-1]["act"] == "national-result"


def test_what_moved_since_it_was_proposed(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    first, _ = take_in(node, anvil, 1, 2)
    file = bureau.propose(table(line(1), line(2)))
    decisions = node.case_parts.decisions
    withdraw = wanted("withdraw", basis=8)
    decisions.propose_own(bureau.clerk.caller, first, withdraw)
    decisions.release_own(bureau.chief.caller, first)
    send_all(node, anvil)
    bureau.carry_out(file)
    rows = bureau.rows(file)
    assert [(row["state"], row["code"]) for row in rows] == [
        ("refused", "already-so"),
        ("done", None),
    ]
    assert bureau.head(file)["state"] == "done"


def test_behind_what_is_on_its_way(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    """As any other decision a row is judged by what acts on their way make of the record."""
    first, _ = take_in(node, anvil, 1, 2)
    file = bureau.propose(table(line(1), line(2)))
    decisions = node.case_parts.decisions
    decisions.propose_own(bureau.clerk.caller, first, wanted("withdraw", basis=8))
    decisions.release_own(bureau.chief.caller, first)
    bureau.carry_out(file)
    assert [(row["state"], row["code"]) for row in bureau.rows(file)] == [
        ("refused", "already-so"),
        ("done", None),
    ]
    with node.ctx.engine.connect() as connection:
        assert set(connection.scalars(sa.select(acts.c.state))) == {"recorded"}


def test_a_class_that_nothing_states(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    """A grant states the class, by file as by hand."""
    settle(node, anvil)
    rows = [penalty(n, CF_JDRQ=DECIDED, CF_YXQ=END) for n in (1, 2)]
    node.intake.submit_set(caller=CENTRE, rows=rows)
    node.logs.step()
    settle(node, anvil)
    head = f"{HEAD},失信程度"
    file = bureau.propose(table(f"{line(1)},", f"{line(2)},轻微", head=head))
    refused, proposed = bureau.rows(file)
    assert (refused["code"], refused["field"]) == ("class-required", "失信程度")
    assert proposed["state"] == "proposed"


def test_the_report(bureau: Bureau, node: Node, anvil: Anvil) -> None:
    take_in(node, anvil, 1)
    file = bureau.propose(table(line(1), line(9), "<r>=1+1</r>,x,y,z"))
    bureau.carry_out(file)
    made = bureau.clerk.get(f"/v1/case-files/{file}/report.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(made.content)).worksheets[0]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == ["2", "3", "4"]
    assert rows[0][5] == "已办理 done"
    assert rows[0][6] == "recorded"
    assert rows[1][8] == "record-unknown"
    assert all(cell.data_type in ("s", "n") for line in sheet.iter_rows() for cell in line)


def test_a_file_that_cannot_be_read(bureau: Bureau) -> None:
    answer = bureau.clerk.post("/v1/case-files", b"nothing", "x.csv")
    assert answer.status_code == 422
    assert bureau.clerk.get("/v1/case-files").json()["files"] == []
    assert bureau.clerk.get(f"/v1/case-files/{'0' * 32}").status_code == 404
