"""Files of departments: samples, the workbook to correct, `POST /v1/files`."""

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.acceptance.independent import tree_root, uscc
from tests.acceptance.outside import ROW_KEYS, SAMPLES, Net, days_ago, penalty, run, today, until
from tests.acceptance.test_records import check_promise, check_texts

EXPECTED: dict[str, Any] = json.loads((SAMPLES / "expected.json").read_bytes())
ANSWER = {
    *("_type", "file", "province", "type", "template", "rows", "counts", "promises", "verdicts"),
}


@pytest.fixture(scope="package")
def sent(net: Net, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Every sample, sent to its province by the command, in the order of `expected.json`."""
    folder = tmp_path_factory.mktemp("samples")
    answers = {}
    for name, expected in EXPECTED.items():
        report = folder / f"{name}.report.xlsx"
        done = run(
            *("submit", SAMPLES / name, "--to", net.urls[expected["province"]], "--json"),
            *("--report", report),
            env={"CREDIT_LEDGER_DIR": str(net.folder)},
        )
        wrong = any(row["verdict"] in {"rejected", "conflict"} for row in expected["verdicts"])
        assert done.code == (1 if wrong else 0), done.err
        assert report.is_file() == wrong, "only where there are rows to correct"
        answers[name] = done.json()
    return answers


def check_answer(net: Net, answer: dict[str, Any], member: str) -> None:
    """Shape, and promises that cover the accepted rows in order."""
    assert set(answer) >= ANSWER
    assert answer["_type"] == "credit-ledger/file-answer@1"
    leaves: dict[int, list[bytes]] = {}
    for row in answer["verdicts"]:
        assert set(row) >= ROW_KEYS
        check_texts(row)
        accepted = row["verdict"] == "accepted"
        assert (row["promise"] is not None) or not accepted
        assert (row["leaf"] is None) == (row["verdict"] == "rejected")
        if accepted:
            leaves.setdefault(row["promise"], []).append(bytes.fromhex(row["leaf"]))
        if row["verdict"] == "rejected":
            assert row["errors"][0]["field"] == row["field"]
            assert row["errors"][0]["code"] == row["code"]
        if row["verdict"] == "conflict":
            assert row["changed"]
            assert row["code"] == "document-number-in-use"
    assert sorted(leaves) == list(range(len(answer["promises"])))
    for place, promise in enumerate(answer["promises"]):
        check_promise(net, promise, member)
        assert tree_root(leaves[place]).hex() == promise["leavesRoot"]
        assert len(leaves[place]) == promise["count"] <= 4096


@pytest.mark.parametrize("name", EXPECTED)
def test_every_row_of_every_sample(net: Net, sent: dict[str, dict[str, Any]], name: str) -> None:
    expected, answer = EXPECTED[name], sent[name]
    check_answer(net, answer, expected["province"])
    assert answer["file"] == name
    for key in ("province", "type", "template", "rows"):
        assert answer[key] == expected[key]
    found = [{key: row[key] for key in ("row", "verdict", "field")} for row in answer["verdicts"]]
    assert found == expected["verdicts"]
    counts = Counter(row["verdict"] for row in expected["verdicts"])
    assert {k: n for k, n in answer["counts"].items() if n} == dict(counts)


def test_sent_again_all_is_there_already(net: Net, sent: dict[str, dict[str, Any]]) -> None:
    name = "北京_行政处罚_gb18030.csv"
    again = run(
        "submit",
        SAMPLES / name,
        "--to",
        net.urls["110000"],
        "--json",
        "--token",
        net.token("110000"),
    )
    assert again.code == 0
    assert {row["verdict"] for row in again.json()["verdicts"]} == {"duplicate"}
    before = [row["leaf"] for row in sent[name]["verdicts"]]
    assert [row["leaf"] for row in again.json()["verdicts"]] == before


HEADER = list(penalty()["fields"])


def table(records: list[dict[str, Any]], header: list[str] | None = None) -> bytes:
    """A CSV of records; lists joined as departments do."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header or HEADER)
    for record in records:
        values = (record["fields"].get(field, "") for field in header or HEADER)
        writer.writerow(["；".join(v) if isinstance(v, list) else v for v in values])
    return out.getvalue().encode()


def upload(net: Net, name: str, data: bytes, **fields: str) -> dict[str, Any]:
    """Send a file over HTTP; the answer when it is done."""
    answer = net.http.post(
        "/v1/files", files={"file": (name, data)}, data=fields, headers=net.auth()
    )
    assert answer.status_code == 202, answer.text
    place = answer.headers["location"]

    def done() -> dict[str, Any]:
        found: dict[str, Any] = net.http.get(place, headers=net.auth()).json()
        assert found["state"] in {"queued", "running", "done", "failed"}
        return found if found["state"] in {"done", "failed"} else {}

    return until(done, "the file") | {"place": place}


def test_file_by_http(net: Net) -> None:
    answer = upload(net, "三条.csv", table([penalty(), penalty(), penalty(CF_NR_FK="x")]))
    assert answer["state"] == "done"
    check_answer(net, answer, "120000")
    assert [row["row"] for row in answer["verdicts"]] == [2, 3, 4]
    assert [row["verdict"] for row in answer["verdicts"]] == ["accepted", "accepted", "rejected"]
    assert net.http.get(answer["place"]).status_code == 401

    def made() -> Any:
        found = net.http.get(f"{answer['place']}/report.xlsx", headers=net.auth())
        return None if found.status_code == 202 else found

    report = until(made, "the workbook to correct")
    assert report.status_code == 200
    assert report.content[:2] == b"PK"
    assert net.http.get("/v1/files/999999999", headers=net.auth()).status_code == 404
    assert net.http.post("/v1/files", files={"file": ("a.csv", b"x")}).status_code == 401
    other = net.http.post("/v1/files", content=b"x", headers=net.auth())
    assert 400 <= other.status_code < 500
    assert other.headers["content-type"].startswith("application/problem+json")


def test_workbook_to_correct_and_send_again(net: Net, tmp_path: Path) -> None:
    good, bad = penalty(), penalty(CF_NR_FK="二千元")
    conflict = {**good, "fields": good["fields"] | {"CF_NR": "另一内容"}}
    file, report = tmp_path / "表.csv", tmp_path / "report.xlsx"
    file.write_bytes(table([good, bad, conflict]))
    send = ("--to", net.urls["120000"], "--token", net.token(), "--json")
    first = run("submit", file, *send, "--report", report)
    assert first.code == 1, first.err
    rows = first.json()["verdicts"]
    assert [row["verdict"] for row in rows] == ["accepted", "rejected", "conflict"]
    book = openpyxl.load_workbook(report)
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    text = " ".join(str(cell.value) for cell in cells)
    assert rows[2]["recordId"] in text, "offers the conflicting recordId"
    assert "CL_CORRECTS" in text or "更正" in text
    assert good["fields"]["CF_WSH"] in text, "the conflicting row is to mend"
    (wrong,) = [cell for cell in cells if cell.value == "二千元"]
    wrong.value = "0.2"
    fixed = tmp_path / "fixed.xlsx"
    book.save(fixed)
    second = run("submit", fixed, *send)
    verdicts = Counter(row["verdict"] for row in second.json()["verdicts"])
    assert verdicts["accepted"] == 1, second.out
    assert verdicts["rejected"] == 0, second.out


def test_correction_column(net: Net) -> None:
    good = penalty()
    header = [*HEADER, "CL_CORRECTS"]
    good["fields"]["CL_CORRECTS"] = "11" * 32
    answer = upload(net, "更正.csv", table([good], header))
    (row,) = answer["verdicts"]
    assert (row["verdict"], row["code"]) == ("rejected", "correction-not-available")


def workbook(rows: list[list[Any]], title: str = "Sheet1") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def line(**changes: Any) -> list[Any]:
    values = [penalty(**changes)["fields"].get(field) for field in HEADER]
    return ["罚款\n警告" if isinstance(value, list) else value for value in values]


def test_workbooks(net: Net) -> None:
    """Title above, blank rows, unknown columns, date cells, numbers, formulas."""
    header = [*HEADER, "内部编号"]
    date_at, money_at, name_at = (HEADER.index(f) for f in ("CF_JDRQ", "CF_NR_FK", "CF_FRDB"))
    dated, number, lost, formula, text = line(), line(), line(), line(), line()
    dated[date_at] = today()
    number[money_at] = 0.1 + 0.2
    lost[name_at] = 1234567890123456789
    formula[money_at] = "=1+1"
    text[name_at] = today()
    rows = [["行政处罚信息表"], [], header, [*dated, 5], [], number, lost, formula, text]
    answer = upload(net, "手工.xlsx", workbook(rows))
    assert answer["state"] == "done", answer
    found = {row["row"]: row for row in answer["verdicts"]}
    assert sorted(found) == [4, 6, 7, 8, 9]
    assert all(row["sheet"] == "Sheet1" for row in found.values())
    assert found[4]["verdict"] == "accepted", found[4]
    assert "column-unknown" in [note["code"] for note in found[4]["notes"]]
    assert found[6]["verdict"] == "accepted", found[6]
    auth = net.auth()
    fields = net.http.get(f"/v1/records/{found[6]['leaf']}", headers=auth).json()["fields"]
    assert fields["CF_NR_FK"] == "0.3"
    assert fields["CF_CFLB"] == ["罚款", "警告"]
    fields = net.http.get(f"/v1/records/{found[4]['leaf']}", headers=auth).json()["fields"]
    assert fields["CF_JDRQ"] == today().isoformat()
    codes = {row: found[row]["code"] for row in (7, 8, 9)}
    assert codes == {7: "number-lost-digits", 8: "formula-cell", 9: "date-cell"}


def test_header_by_chinese_names_in_any_order(net: Net) -> None:
    sample = (SAMPLES / "北京_行政处罚_gb18030.csv").read_bytes().decode("gb18030")
    names, first = list(csv.reader(io.StringIO(sample)))[:2]
    first[names.index("行政处罚决定书文号")] = penalty()["fields"]["CF_WSH"]
    names = [name.replace("(", " （ ").replace(")", "） ") for name in names]
    out = io.StringIO()
    csv.writer(out).writerows([list(reversed(names)), list(reversed(first))])
    answer = upload(net, "倒序.csv", ("﻿" + out.getvalue()).encode())
    assert [row["verdict"] for row in answer["verdicts"]] == ["accepted"], answer


def test_hostile_files_are_answered(net: Net) -> None:
    for name, data in (
        ("a.xlsx", b"PK\3\4nonsense"),
        ("b.csv", b"\xff\xfe\x00\xd8" * 10),
        ("c.csv", b"a,b,c\n1,2,3\n"),
        ("d.xlsx", b""),
    ):
        answer = net.http.post("/v1/files", files={"file": (name, data)}, headers=net.auth())
        assert answer.status_code in {202, 400, 413, 415, 422}, answer.text
        if answer.status_code == 202:
            place = answer.headers["location"]

            def done(place: str = place) -> str:
                state = net.http.get(place, headers=net.auth()).json()["state"]
                return str(state) if state in {"done", "failed"} else ""

            assert until(done, "answered")
    assert net.http.get("/readyz").status_code == 200


def test_submit_ndjson_and_waits(net: Net, tmp_path: Path) -> None:
    file = tmp_path / "records.ndjson"
    file.write_text("\n".join(json.dumps(penalty()) for _ in range(3)) + "\n")
    send = ("--to", net.urls["120000"], "--token", net.token(), "--json")
    done = run("submit", file, *send, "--wait")
    assert done.code == 0, done.err
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(penalty(CF_JDRQ=days_ago(-3))))
    assert run("submit", bad, *send).code == 1
    unreachable = run("submit", file, "--to", "http://127.0.0.1:9", "--token", "x")
    assert unreachable.code == 4
    assert uscc(1) != uscc(2)
