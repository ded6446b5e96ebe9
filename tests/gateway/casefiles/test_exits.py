"""Imports with exits: each proposes the end of the entry that it names, released once by file."""

from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from gateway.base.crypto import Box, ContentKeyMissing, Vault
from gateway.casefiles import store
from gateway.cases.models import acts
from gateway.node import Node
from ledger.core.status import Outcome
from ledger.records.schema import load
from tests.gateway.anchoring.whole import settle
from tests.gateway.casefiles.bureau import Bureau, Person
from tests.gateway.cases.desk import OTHER_AUTHORITY, word
from tests.gateway.files.work import work
from tests.gateway.intake.material import OF_BEIJING, count
from tests.records.examples import good

LISTED, OUT = "2026-01-05", "2026-03-05"


def entry(n: int | None, type_: str = "abnormal-list", **changes: Any) -> dict[str, Any]:
    """An entry in a list, with a number or without."""
    p = {"abnormal-list": "YC", "incentive-list-entry": "SX"}[type_]
    fields = good(load(type_)) | {f"{p}_JDRQ": LISTED, f"{p}_MC": "异常名录"}
    fields |= {f"{p}_JGDM": OF_BEIJING, f"{p}_WSH": f"列〔2026〕{n}号"} | changes
    fields.pop("YC_GSJZQ", None)
    fields.pop("SX_YXQZI", None)
    fields = {code: value for code, value in fields.items() if value is not None}
    if n is None:
        del fields[f"{p}_WSH"]
    return {"type": type_, "fields": fields}


def exit_(n: int | None, type_: str = "abnormal-list-exit", **changes: Any) -> dict[str, Any]:
    """The exit that ends it."""
    p = {"abnormal-list-exit": "YM", "incentive-list-exit": "SY"}[type_]
    fields = good(load(type_)) | {f"{p}_JDRQ": OUT, f"{p}_LRRQ": LISTED, f"{p}_MC": "异常名录"}
    fields |= {f"{p}_JGDM": OF_BEIJING, f"{p}_WSH": f"移〔2026〕{n}号"}
    fields |= {f"{p}_LRWSH": f"列〔2026〕{n}号"} | changes
    fields = {code: value for code, value in fields.items() if value is not None}
    if n is None:
        del fields[f"{p}_LRWSH"], fields[f"{p}_WSH"]
    return {"type": type_, "fields": fields}


def send(bureau: Bureau, *records: dict[str, Any], by: Person | None = None) -> str:
    """Import them; the id of the file."""
    data = b"\n".join(orjson.dumps(record) for record in records)
    posted = (by or bureau.clerk).post("/v1/files", data, "x.ndjson")
    assert posted.status_code == 202, posted.text
    work(bureau.node)
    file = posted.json()["id"]
    answer = (by or bureau.clerk).get(f"/v1/files/{file}").json()
    assert {row["verdict"] for row in answer["verdicts"]} == {"accepted"}, answer
    return str(file)


def anchored(bureau: Bureau) -> None:
    bureau.node.logs.step()
    settle(bureau.node, bureau.anvil)


@pytest.fixture(autouse=True)
def ready(bureau: Bureau) -> None:
    settle(bureau.node, bureau.anvil)


@pytest.mark.parametrize("number", [1, None])
@pytest.mark.parametrize("kind", ["abnormal-list", "incentive-list"])
def test_an_exit_ends_its_entry(bureau: Bureau, node: Node, kind: str, number: int | None) -> None:
    in_ = "abnormal-list" if kind == "abnormal-list" else "incentive-list-entry"
    send(bureau, entry(number, in_))
    anchored(bureau)
    file = send(bureau, exit_(number, f"{kind}-exit"))
    bureau.work()
    assert bureau.head(file)["state"] == "reading", "the exit itself is not anchored yet"
    refused = bureau.release(file)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-looked-up")
    anchored(bureau)
    bureau.work()
    head = bureau.head(file)
    assert (head["source"], head["file"], head["state"]) == ("import", "x.ndjson", "proposed")
    assert bureau.release(file, bureau.clerk).json()["code"] == "same-person"
    assert count(node, acts) == 0
    bureau.carry_out(file)
    (row,) = bureau.rows(file)
    assert (row["state"], row["act"], row["day"]) == ("done", "end", OUT)
    assert word(node, bytes.fromhex(row["record"])).outcome == Outcome.ENDED
    said = bureau.clerk.get(f"/v1/cases/{row['case']}/steps/1").json()["statement"]
    assert (said["act"], said["basis"], said["day"]) == ("end", 11, OUT)


def test_what_is_not_found_or_ended_is_told(bureau: Bureau, node: Node) -> None:
    send(bureau, entry(1), entry(2, YC_JDRQ="2026-04-05"))
    anchored(bureau)
    first = send(bureau, exit_(1))
    anchored(bureau)
    bureau.work()
    bureau.carry_out(first)
    file = send(
        bureau,
        exit_(1, YM_WSH="移〔2026〕11号"),
        exit_(2),
        exit_(9),
        exit_(None, YM_LRRQ=None),
    )
    anchored(bureau)
    bureau.work()
    rows = bureau.rows(file)
    assert [row["code"] for row in rows] == [
        "already-so",
        "day-before-decision",
        "entry-unknown",
        "exit-unnamed",
    ]
    assert all(row["message"]["zh"] for row in rows)
    assert bureau.head(file)["state"] == "done"
    assert count(node, acts) == 1


def test_only_whoever_files_for_the_authority_ends_its_entry(bureau: Bureau, node: Node) -> None:
    send(bureau, entry(1))
    anchored(bureau)
    other = Person(node, "other", department="住建局", authorities=[OTHER_AUTHORITY])
    file = send(bureau, exit_(1, YM_JGDM=OTHER_AUTHORITY), by=other)
    anchored(bureau)
    bureau.work()
    rows = other.get(f"/v1/case-files/{file}/rows").json()["rows"]
    assert [row["code"] for row in rows] == ["authority-not-yours"]


def test_an_import_without_exits_decides_nothing(bureau: Bureau, node: Node) -> None:
    file = send(bureau, entry(1))
    anchored(bureau)
    bureau.work()
    assert bureau.clerk.get(f"/v1/case-files/{file}").status_code == 404
    assert bureau.clerk.get("/v1/case-files").json()["files"] == []


def record(bureau: Bureau, sent: dict[str, Any]) -> None:
    answer = bureau.clerk.record(sent)
    assert (answer.status_code, answer.json()["verdict"]) == (201, "accepted"), answer.text


def test_exits_that_come_one_by_one_are_released_together(bureau: Bureau, node: Node) -> None:
    """Those of a token and day; what comes after a release waits for another."""
    send(bureau, entry(1), entry(2), entry(3))
    anchored(bureau)
    record(bureau, exit_(1))
    record(bureau, exit_(2))
    anchored(bureau)
    bureau.work()
    (file,) = bureau.clerk.get("/v1/case-files").json()["files"]
    assert (file["state"], file["counts"]["proposed"]) == ("proposed", 2)
    unseen = bureau.chief.post(f"/v1/case-files/{file['id']}/release?proposed=1")
    assert (unseen.status_code, unseen.json()["code"]) == (409, "case-moved")
    bureau.carry_out(file["id"])
    record(bureau, exit_(3))
    record(bureau, exit_(4))
    anchored(bureau)
    bureau.work()
    found = bureau.clerk.get("/v1/case-files").json()["files"]
    assert sorted(one["state"] for one in found) == ["done", "proposed"]
    (second,) = [one["id"] for one in found if one["state"] == "proposed"]
    assert [row["code"] for row in bureau.rows(second)] == [None, "entry-unknown"]
    bureau.carry_out(second)
    assert count(node, acts) == 3


def test_what_comes_once_more_waits_to_be_looked_at(bureau: Bureau) -> None:
    send(bureau, entry(1), entry(2))
    anchored(bureau)
    record(bureau, exit_(1))
    anchored(bureau)
    bureau.work()
    record(bureau, exit_(2))
    (file,) = bureau.clerk.get("/v1/case-files").json()["files"]
    assert file["state"] == "reading"
    assert bureau.release(file["id"]).json()["code"] == "not-looked-up"


def test_an_entry_that_does_not_tell_its_authority(bureau: Bureau, node: Node) -> None:
    """It holds up none of the other rows."""
    centre = Person(node, "centre", department=None, authorities=[])
    other = Person(node, "director", department=None, authorities=[])
    send(bureau, entry(2))
    send(bureau, entry(1, YC_JGDM=None), by=centre)
    anchored(bureau)
    file = send(bureau, exit_(1, YM_JGDM=None), exit_(2), by=centre)
    anchored(bureau)
    bureau.work()
    assert bureau.release(file, other).status_code == 200
    bureau.work()
    rows = centre.get(f"/v1/case-files/{file}/rows").json()["rows"]
    assert [(row["state"], row["code"]) for row in rows] == [
        ("refused", "authority-missing"),
        ("done", None),
    ]


def test_a_file_that_fails_holds_up_no_other(
    bureau: Bureau, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(bureau, entry(1), entry(2))
    anchored(bureau)
    first, second = send(bureau, exit_(1)), send(bureau, exit_(2))
    anchored(bureau)
    box_of = store.box_of

    def lost(connection: sa.Connection, vault: Vault, file: str) -> Box:
        if file == first:
            raise ContentKeyMissing(b"key")
        return box_of(connection, vault, file)

    with monkeypatch.context() as patch:
        patch.setattr(store, "box_of", lost)
        for _ in range(3):
            with pytest.raises(ContentKeyMissing):
                node.case_files.judging.step()
    assert bureau.head(first)["state"] == "reading"
    assert bureau.head(second)["state"] == "proposed"
    bureau.work()
    assert bureau.head(first)["state"] == "proposed"
