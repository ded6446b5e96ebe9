"""Files over HTTP, end to end through intake: answers, promises, workbook, owners, bounds."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.db import metadata
from gateway.files import store
from gateway.files.listing import VERDICTS
from gateway.files.models import file_parts, file_sets, files
from gateway.intake.interfaces import MAX_SET
from gateway.jobs import services
from gateway.jobs.models import jobs
from gateway.jobs.services import now
from gateway.node import Node
from gateway.records.models import records
from tests.gateway.files.desk import Desk
from tests.gateway.intake.material import check_promise, count
from tests.support.callers import CENTRE, of
from tests.support.sheets import GOOD, csv_text, workbook

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
EXPECTED: dict[str, Any] = json.loads((EXAMPLES / "expected.json").read_text("utf-8"))
ROW_MEMBERS = [
    "row", "sheet", "verdict", "field", "code", "message", "errors", "notes", "leaf", "recordId",
    "promise", "changed",
]  # fmt: skip


def numbered(*numbers: int, **changes: str) -> list[dict[str, str]]:
    return [dict(GOOD, CF_WSH=f"样市监罚〔2024〕{n}号", **changes) for n in numbers]


@pytest.mark.parametrize("name", EXPECTED)
def test_every_row_of_every_sample(desk: Desk, node: Node, name: str) -> None:
    expected = EXPECTED[name]
    answer = desk.send((EXAMPLES / name).read_bytes(), name)
    verdicts = [
        {member: row[member] for member in ("row", "verdict", "field")}
        for row in answer["verdicts"]
    ]
    assert verdicts == expected["verdicts"]
    assert (answer["state"], answer["_type"]) == ("done", "credit-ledger/file-answer@1")
    assert (answer["file"], answer["province"]) == (name, node.ctx.settings.node.code)
    assert (answer["type"], answer["template"]) == (expected["type"], expected["template"])
    assert answer["rows"] == expected["rows"] == len(verdicts)
    told = Counter(row["verdict"] for row in verdicts)
    assert answer["counts"] == {verdict: told[verdict] for verdict in VERDICTS}
    for row in answer["verdicts"]:
        check_row(row)
    accepted = [row["leaf"] for row in answer["verdicts"] if row["verdict"] == "accepted"]
    (promise,) = answer["promises"]
    check_promise(node, promise, accepted)
    assert count(node, records) == len(accepted)


def check_row(row: dict[str, Any]) -> None:
    assert list(row) == ROW_MEMBERS
    good = row["verdict"] in ("accepted", "duplicate")
    assert (row["code"] is None) == (row["message"] is None) == (row["errors"] == []) == good
    assert (row["leaf"] is None) == (row["recordId"] is None) == (row["verdict"] == "rejected")
    assert (row["promise"] is None) == (row["verdict"] != "accepted")
    assert (row["changed"] != []) == (row["verdict"] == "conflict")
    if not good:
        first = row["errors"][0]
        assert (row["field"], row["code"], row["message"]) == tuple(first.values())
        assert all(error["message"]["zh"] and error["message"]["en"] for error in row["errors"])


def test_sent_twice_all_is_duplicate(desk: Desk) -> None:
    data = (EXAMPLES / "北京_行政处罚_gb18030.csv").read_bytes()
    first, second = desk.send(data), desk.send(data)
    assert second["counts"]["duplicate"] == first["counts"]["accepted"] == 120
    assert second["promises"] == []
    leaves = [[row["leaf"] for row in answer["verdicts"]] for answer in (first, second)]
    assert leaves[0] == leaves[1]


def test_codes_of_the_hand_made_sheet(desk: Desk) -> None:
    answer = desk.send((EXAMPLES / "天津_行政处罚_手工表.xlsx").read_bytes())
    found = {row["row"]: row["code"] for row in answer["verdicts"] if row["code"]}
    assert found == {8: "formula-cell", 9: "number-lost-digits"}
    assert {row["sheet"] for row in answer["verdicts"]} == {"Sheet1"}
    told = [(n["field"], n["code"]) for row in answer["verdicts"] for n in row["notes"]]
    assert told.count(("备用列", "column-unknown")) == 1


@pytest.mark.parametrize("name", EXPECTED)
def test_the_workbook_sent_back_says_the_same(desk: Desk, name: str) -> None:
    first = desk.send((EXAMPLES / name).read_bytes(), name)
    bad = [row for row in first["verdicts"] if row["verdict"] in ("rejected", "conflict")]
    if not bad:
        assert desk.send(desk.report(first))["code"] == "schema-invalid"
        return
    second = desk.send(desk.report(first), "back.xlsx")
    assert second["state"] == "done"
    assert list(map(lasting, second["verdicts"])) == list(map(lasting, bad))


def lasting(row: dict[str, Any]) -> dict[str, Any]:
    """A row answer without its place, and without what is said once of a table."""
    notes = [note for note in row["notes"] if note["code"] != "column-unknown"]
    return {k: v for k, v in row.items() if k not in ("row", "sheet")} | {"notes": notes}


def test_more_rows_than_a_promise_covers(desk: Desk, node: Node) -> None:
    total = MAX_SET + 10
    rows = numbered(*range(total))
    rows[5] = dict(rows[5], CF_NR_FK="x")
    rows[-1] = rows[0]
    answer = desk.send(csv_text(*rows).encode())
    assert answer["counts"] == {
        "accepted": total - 2, "duplicate": 1, "conflict": 0, "rejected": 1,
    }  # fmt: skip
    assert len(answer["promises"]) == 2
    for at, promise in enumerate(answer["promises"]):
        leaves = [row["leaf"] for row in answer["verdicts"] if row["promise"] == at]
        check_promise(node, promise, leaves)
    assert [row["row"] for row in answer["verdicts"]] == list(range(2, total + 2))
    assert [row["promise"] for row in answer["verdicts"]][MAX_SET - 1 : MAX_SET + 1] == [0, 1]


def test_json_files(desk: Desk) -> None:
    record = {"type": "penalty", "fields": {**GOOD, "CF_CFLB": ["罚款"]}}
    one = desk.send(json.dumps(record).encode(), "a.json")
    assert [(row["row"], row["verdict"]) for row in one["verdicts"]] == [(None, "accepted")]
    lines = desk.send((json.dumps(record) + "\n{\n").encode(), "a.ndjson")
    assert [(row["row"], row["verdict"]) for row in lines["verdicts"]] == [
        (1, "duplicate"),
        (2, "rejected"),
    ]
    assert (lines["type"], lines["template"]) == ("penalty", "2018")


def test_type_is_forced(desk: Desk) -> None:
    text = "行政相对人名称,行政相对人类别,法定代表人\na,b,c\n".encode()
    assert desk.send(text)["code"] == "schema-invalid"
    assert desk.send(text, type="licence")["type"] == "licence"
    assert desk.send(text, type="")["state"] == "failed"
    assert desk.send(text, type="parking")["code"] == "type-not-in-catalogue"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "schema-invalid"),
        (b"PK\x03\x04", "encoding"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "encoding"),
        (b"a,b,c\n1,2,3\n", "schema-invalid"),
        (csv_text().encode(), "schema-invalid"),
        (csv_text(GOOD).encode("utf-16-le"), "encoding"),
    ],
)
def test_files_that_cannot_be_read(desk: Desk, data: bytes, code: str) -> None:
    answer = desk.send(data)
    assert (answer["state"], answer["code"]) == ("failed", code)
    assert answer["message"]["zh"] and answer["message"]["en"]
    assert (answer["rows"], answer["verdicts"], answer["promises"]) == (0, [], [])


def test_states_before_the_end(desk: Desk) -> None:
    posted = desk.post(csv_text(GOOD).encode())
    location = posted.headers["Location"]
    assert posted.json() == {"id": location.rpartition("/")[2], "state": "queued"}
    answer = desk.answer(location)
    assert (answer["state"], answer["rows"], answer["verdicts"]) == ("queued", 0, [])
    waiting = desk.get(f"{location}/report.xlsx")
    assert waiting.status_code == 202 and waiting.headers["Retry-After"] == "1"
    desk.work()
    assert desk.answer(location)["state"] == "done"


def test_only_the_department_and_the_member_see_a_file(node: Node, desk: Desk) -> None:
    location = desk.post(csv_text(GOOD).encode()).headers["Location"]
    desk.work()
    for other, status in (
        (Desk(node, "交通局"), 404),
        (Desk(node, "市监局"), 200),
        (Desk(node, None), 200),
        (Desk(node, "交通局", ("admin",)), 200),
        (Desk(node, "市监局", ("read",)), 403),
    ):
        for path in (location, f"{location}/report.xlsx"):
            if other.get(path).status_code == 202:
                other.work()
            assert other.get(path).status_code == status
    assert Desk(node, "x", ("read",)).post(b"a").status_code == 403
    assert desk.client.get(location).status_code == 401
    for unknown in ("0" * 32, "x", "%00"):
        assert desk.get(f"/v1/files/{unknown}").status_code == 404


def test_files_are_listed_newest_first(
    node: Node, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A department sees its own, the member and an admin all; what was never finished is none."""

    def listed(desk: Desk, query: str = "") -> list[tuple[str, str]]:
        found = desk.get(f"/v1/files{query}")
        assert (found.status_code, found.headers["cache-control"]) == (200, "no-store")
        return [(file["file"], file["state"]) for file in found.json()["files"]]

    assert listed(desk) == []
    answer: dict[str, Any] = {}
    bad = [*numbered(1, 2), *numbered(3, CF_XDR_MC="")]
    for at, name in enumerate(("一.csv", "二.csv")):
        monkeypatch.setattr(services, "now", lambda at=at: 1_800_000_000 + at)
        answer = desk.send(csv_text(*bad).encode(), name)
    monkeypatch.setattr(services, "now", lambda: 1_800_000_002)
    other, member = Desk(node, "税务局"), Desk(node, None)
    other.post(b"x", "三.csv")
    node.file_store.open_upload(of("市监局"))
    assert listed(desk) == [("二.csv", "done"), ("一.csv", "done")]
    assert listed(other) == [("三.csv", "queued")]
    everything = ["三.csv", "二.csv", "一.csv"]
    assert [name for name, _ in listed(member)] == everything
    assert [name for name, _ in listed(Desk(node, "税务局", ("admin",)))] == everything
    assert listed(member, "?limit=1") == [("三.csv", "queued")]
    (newest, _) = desk.get("/v1/files").json()["files"]
    assert newest == {
        "id": answer["id"],
        "file": "二.csv",
        "state": "done",
        "created": "2027-01-15T08:00:01Z",
        "rows": 3,
        "counts": {"accepted": 0, "duplicate": 2, "conflict": 0, "rejected": 1},
    }
    assert member.get("/v1/files?limit=0").status_code == 422
    assert member.get("/v1/files?limit=1001").status_code == 422
    assert Desk(node, None, ("read",)).get("/v1/files").status_code == 403


def test_files_of_the_whole_member_are_not_a_department_s(node: Node, desk: Desk) -> None:
    location = Desk(node, None).post(csv_text(GOOD).encode()).headers["Location"]
    assert desk.get(location).status_code == 404


def form(*names: str) -> bytes:
    """Parts of these names, with the boundary x."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\na\r\n' for n in names]
    return ("".join(parts) + "--x--\r\n").encode()


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/csv", b"a", 415),
        ("multipart/form-data", b"a", 415),
        ("multipart/form-data; boundary=x", b"", 422),
        ("multipart/form-data; boundary=x", b"--x\r\n", 422),
        ("multipart/form-data; boundary=x", b"garbage", 422),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\na\r\n--x--\r\n',
            422,
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--x\r\n'
            b'Content-Disposition: form-data; name="file"\r\n\r\na\r\n--x--\r\n',
            422,
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="type"\r\n\r\n'
            + b"a" * 65
            + b"\r\n--x--\r\n",
            422,
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nunfinished',
            422,
        ),
        ("multipart/form-data; boundary=x", form("file", "other"), 422),
        ("multipart/form-data; boundary=x", form("other", "file"), 422),
        ("multipart/form-data; boundary=x", form("file", ""), 422),
        ("multipart/form-data; boundary=x", form("file", "type", "more"), 422),
        ("multipart/form-data; boundary=x", form("file", "type", "type"), 422),
        (
            "multipart/form-data; boundary=x",
            form("file").replace(b"\r\n\r\n", b"\r\nX: " + b"a" * 20_000 + b"\r\n\r\n"),
            422,
        ),
    ],
)
def test_bodies_that_are_no_form(
    desk: Desk, node: Node, content_type: str, body: bytes, status: int
) -> None:
    headers = desk.headers | {"Content-Type": content_type}
    answer = desk.client.request("POST", "/v1/files", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert count(node, files) == count(node, file_parts) == 0


def test_large_files_are_stored_in_pieces(desk: Desk, node: Node) -> None:
    data = csv_text(*numbered(1), dict(GOOD, BZ="x")).encode() + b"," * (5 << 20)
    desk.post(data)
    assert count(node, file_parts) == 6
    desk.work()
    assert count(node, file_parts) == 0


def test_too_large_a_file(tmp_path: Path, node: Node) -> None:
    settings = node.ctx.settings.model_copy(
        update={"http": node.ctx.settings.http.model_copy(update={"max_file_bytes": 1 << 20})}
    )
    node.ctx.settings = settings
    desk = Desk(node)
    answer = desk.post(b"a" * (1 << 20))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert count(node, files) == count(node, file_parts) == 0


def test_too_large_a_stream(node: Node, tmp_path: Path) -> None:
    """Without a declared length the bound is met in the middle, and nothing stays behind."""
    node.ctx.settings = node.ctx.settings.model_copy(
        update={"http": node.ctx.settings.http.model_copy(update={"max_file_bytes": 3 << 20})}
    )
    desk = Desk(node)

    async def body() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
        for _ in range(40):
            yield b"a" * 100_000

    headers = desk.headers | {"Content-Type": "multipart/form-data; boundary=x"}
    answer = desk.client.request("POST", "/v1/files", content=body(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert count(node, files) == count(node, file_parts) == 0


def test_too_many_waiting_files(desk: Desk, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_WAITING", 2)
    assert [desk.post(b"a").status_code for _ in range(3)] == [202, 202, 503]
    desk.work()
    assert desk.post(b"a").status_code == 202


def test_nothing_sent_is_found_in_the_database(desk: Desk, node: Node, tmp_path: Path) -> None:
    """While a file waits, while it is answered, and when it goes back."""
    marker, person = "机密标记甲乙丙", "11010519491231002X"
    rows = numbered(1, 2, CF_SY=marker)
    rows.append(dict(rows[0], CF_WSH=f"{marker}号", CF_NR_FK=marker))
    sheet = csv_text(*rows, header=[*GOOD, f"{marker}列", "CF_XDR_ZJHM"])
    sheet = sheet.replace('""\r\n', f'"{person}"\r\n')
    desk.post(sheet.encode(), f"{marker}.csv")
    assert not found_in(tmp_path, marker, person)
    desk.work()
    answer = desk.send(workbook())
    assert answer["state"] == "failed"
    assert not found_in(tmp_path, marker, person)


def found_in(folder: Path, *markers: str) -> list[str]:
    texts = [marker.encode(code) for marker in markers for code in ("utf-8", "gb18030")]
    texts += [json.dumps(marker)[1:-1].encode() for marker in markers]
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(text in path.read_bytes() for text in texts)
    ]


def test_old_answers_are_forgotten(desk: Desk, node: Node) -> None:
    location = desk.post(csv_text(GOOD).encode()).headers["Location"]
    desk.work()
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.update(jobs).values(ended_at=now() - store.KEPT + 60))
    node.file_store.forget_old()
    assert desk.get(location).status_code == 200
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.update(jobs).values(ended_at=now() - store.KEPT - 60))
    node.file_store.forget_old()
    assert desk.get(location).status_code == 404
    assert count(node, files) == count(node, file_sets) == count(node, jobs) == 0
    assert count(node, records) == 1


def test_uploads_that_never_ended_are_forgotten(desk: Desk, node: Node) -> None:
    file = node.file_store.open_upload(CENTRE)
    node.file_store.add_part(file, 0, b"a")
    assert Desk(node, None).get(f"/v1/files/{file}").status_code == 404
    node.file_store.forget_old()
    assert count(node, files) == 1
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.update(jobs).values(created_at=now() - store.STALE - 60))
    node.file_store.forget_old()
    assert count(node, files) == count(node, file_parts) == 0


def test_the_models_are_known_to_the_migrations() -> None:
    assert {"jobs", "files", "file_parts", "file_sets", "file_reports"} <= set(metadata.tables)
