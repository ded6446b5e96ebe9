"""Errors name columns as the sheet has them."""

from typing import Any

from tests.gateway.files.desk import Desk
from tests.records.examples import penalty

HEAD = {"CF_WSH": "决定书文号", "CF_JDRQ": "处罚决定日期", "CF_YXQ": " *CF_YXQ(必填)"}


def told(desk: Desk, row: dict[str, Any], names: dict[str, str]) -> dict[str | None, Any]:
    lines = [",".join(names.get(code, code) for code in row), ",".join(map(str, row.values()))]
    answer = desk.send("\n".join(lines).encode(), "x.csv")
    (verdict,) = answer["verdicts"]
    return {error["field"]: error["message"] for error in verdict["errors"]}


def row(**values: str) -> dict[str, Any]:
    return {code: str(value).replace(",", "，") for code, value in penalty(**values).items()}


def test_by_the_header_of_the_sheet(desk: Desk) -> None:
    found = told(desk, row(CF_WSH="", CF_JDRQ="x", CF_YXQ="y", CF_NR_FK="-"), HEAD)
    assert found["CF_WSH"]["zh"].startswith("“决定书文号”列：行政处罚决定书文号[CF_WSH]")
    assert found["CF_WSH"]["en"].startswith("Column “决定书文号”: Number of the decision")
    assert found["CF_JDRQ"]["zh"].startswith("处罚决定日期[CF_JDRQ]")  # it is called so
    assert found["CF_YXQ"]["zh"].startswith("“*CF_YXQ(必填)”列：")
    assert found["CF_NR_FK"]["zh"].startswith("罚款金额(万元)[CF_NR_FK]")


def test_a_column_that_is_not_there(desk: Desk) -> None:
    full = row(CF_NR_FK="-")
    found = told(desk, {code: value for code, value in full.items() if code != "CF_YJ"}, HEAD)
    assert found["CF_YJ"]["zh"].startswith("表中没有“处罚依据”这一列，请增加该列。")
    assert found["CF_YJ"]["en"].startswith("The table has no column 处罚依据: add it.")
    assert not found["CF_NR_FK"]["zh"].startswith("表中没有")


def test_records_that_stand_in_no_table(desk: Desk) -> None:
    answer = desk.send(b'{"type":"penalty","fields":{"CF_WSH":""}}', "x.ndjson")
    (verdict,) = answer["verdicts"]
    assert {error["message"]["zh"][:2] for error in verdict["errors"]}.isdisjoint({"表中", "“"})
