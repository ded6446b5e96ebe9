"""`POST /v1/records`: row answers, promises, bad input, tokens."""

import json
import re
from typing import Any

import httpx
import pytest

from tests.acceptance.independent import path_root, promise_signer, tree_root, uscc
from tests.acceptance.outside import (
    PROMISE_KEYS,
    ROW_KEYS,
    TIANJIN,
    Net,
    days_ago,
    penalty,
    run,
    stop,
)


def check_promise(net: Net, promise: dict[str, Any], member: str = TIANJIN) -> None:
    """Well-formed, and signed by an ANCHOR key that the node names."""
    assert set(promise) == PROMISE_KEYS
    assert promise["_type"] == "credit-ledger/promise@1"
    assert promise["issuedAt"] < promise["due"]
    node = net.node(member)
    assert promise["log"] in [log["log"] for log in node["logs"]]
    signer = promise_signer(promise, member=member, chain=31337, anchor=net.log_anchor)
    assert signer in [key["address"] for key in node["keys"] if key["purpose"] == "ANCHOR"]


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """An RFC 9457 problem with a code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["code"]
    assert found["title"]
    return found


def check_texts(row: dict[str, Any]) -> None:
    """Texts for people are in both languages, at every place."""
    for text in [row["message"], *(item["message"] for item in row["errors"] + row["notes"])]:
        if text is not None:
            assert set(text) == {"zh", "en"}
            assert all(text.values())


def test_accepted_duplicate_conflict(net: Net) -> None:
    record = penalty()
    first = net.post(record)
    assert first.status_code == 201
    row = first.json()
    assert set(row) >= ROW_KEYS | {"index", "path"}
    assert (row["row"], row["sheet"], row["verdict"]) == (None, None, "accepted")
    assert (row["field"], row["code"], row["message"], row["errors"]) == (None, None, None, [])
    assert re.fullmatch("[0-9a-f]{64}", row["recordId"])
    assert row["recordId"] != row["leaf"]
    check_promise(net, row["promise"])
    path = [bytes.fromhex(step) for step in row["path"]]
    root = path_root(bytes.fromhex(row["leaf"]), row["index"], row["promise"]["count"], path)
    assert root.hex() == row["promise"]["leavesRoot"]

    again = net.post(record)
    assert again.status_code == 200
    assert again.json()["verdict"] == "duplicate"
    assert again.json()["leaf"] == row["leaf"]
    assert again.json()["recordId"] == row["recordId"]
    assert again.json()["changed"] == []

    changed = json.loads(json.dumps(record))
    changed["fields"] |= {"CF_NR": "罚款二千元", "CF_NR_FK": "0.3"}
    found = problem(net.post(changed), 409)
    assert set(found) >= ROW_KEYS
    assert (found["verdict"], found["field"]) == ("conflict", "CF_WSH")
    assert found["code"] == "document-number-in-use"
    assert found["leaf"] == row["leaf"]
    assert sorted(found["changed"]) == ["CF_NR", "CF_NR_FK"]
    check_texts(found)


@pytest.mark.parametrize(
    "same",
    [
        {"CF_NR_FK": "0.200000"},
        {"CF_NR_FK": "00.2"},
        {"CF_NR": "　警告、罚款 "},
    ],
)
def test_other_spellings_of_the_same_record(net: Net, same: dict[str, str]) -> None:
    record = penalty()
    assert net.post(record).status_code == 201
    record["fields"] |= same
    assert net.post(record).json()["verdict"] == "duplicate"


def test_dates_and_codes_are_folded(net: Net) -> None:
    record = penalty()
    assert net.post(record).status_code == 201
    day = record["fields"]["CF_JDRQ"]
    year, month, of_month = (int(part) for part in day.split("-"))
    code = record["fields"]["CF_XDR_SHXYM"]
    for spelling in (
        f"{year}/{month}/{of_month}",
        f"{year}.{month}.{of_month}",
        f"{year}年{month}月{of_month}日",
    ):
        record["fields"] |= {"CF_JDRQ": spelling, "CF_XDR_SHXYM": f" {code[:4]} {code[4:].lower()}"}
        assert net.post(record).json()["verdict"] == "duplicate", spelling


def test_same_number_for_another_subject_or_authority(net: Net) -> None:
    record = penalty()
    leaves = [net.post(record).json()["leaf"]]
    for change in (
        {"CF_XDR_SHXYM": uscc(999_999)},
        {"CF_CFJGDM": uscc(8, start="11120118MA")},
    ):
        other = {**record, "fields": record["fields"] | change}
        answer = net.post(other)
        assert answer.status_code == 201, answer.text
        leaves.append(answer.json()["leaf"])
    assert len(set(leaves)) == 3


CODES: list[tuple[dict[str, Any], str, str]] = [
    ({"CF_XDR_MC": None}, "CF_XDR_MC", "required"),
    ({"CF_XDR_MC": " 　 "}, "CF_XDR_MC", "required"),
    ({"CF_NR_FK": None}, "CF_NR_FK", "required"),
    ({"CF_XDR_MC": "名" * 201}, "CF_XDR_MC", "too-long"),
    ({"CF_CFLB": ["罚款", "打板子"]}, "CF_CFLB", "not-in-vocabulary"),
    ({"CF_XDR_LB": "公司"}, "CF_XDR_LB", "not-in-vocabulary"),
    ({"CF_XDR_SHXYM": "9112011"}, "CF_XDR_SHXYM", "uscc-format"),
    ({"CF_XDR_SHXYM": "91110000600037341M"}, "CF_XDR_SHXYM", "uscc-check"),
    ({"CF_JDRQ": "2024-02-30"}, "CF_JDRQ", "date-invalid"),
    ({"CF_JDRQ": days_ago(-2)}, "CF_JDRQ", "date-in-future"),
    ({"CF_YXQ": "2001-01-01"}, "CF_YXQ", "date-order"),
    ({"CF_NR_FK": "二千"}, "CF_NR_FK", "money-format"),
    ({"CF_NR_FK": "-0.2"}, "CF_NR_FK", "money-format"),
    ({"CF_NR_FK": "1e3"}, "CF_NR_FK", "money-format"),
    ({"CF_NR_FK": "0.1234567"}, "CF_NR_FK", "money-too-precise"),
    ({"CF_XDR_LB": "自然人"}, "CF_XDR_LB", "natural-person"),
    (
        {"CF_XDR_LB": "个体工商户", "CF_XDR_SHXYM": "00000000000000000X"},
        "CF_XDR_GSZC",
        "registration-number-required",
    ),
]


@pytest.mark.parametrize(("change", "field", "code"), CODES)
def test_rejected(net: Net, change: dict[str, Any], field: str, code: str) -> None:
    found = problem(net.post(penalty(**change)), 422)
    assert set(found) >= ROW_KEYS
    assert found["verdict"] == "rejected"
    assert (found["field"], found["code"]) == (field, code)
    assert found["errors"][0]["code"] == code
    assert (found["leaf"], found["recordId"], found["promise"]) == (None, None, None)
    check_texts(found)


def test_inner_digit_of_a_code(net: Net) -> None:
    """The organisation code inside (GB 11714) has a check digit of its own."""
    good = uscc(31)
    wrong = good[:16] + ("0" if good[16] != "0" else "1")
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(alphabet.index(c) * pow(3, at, 31) for at, c in enumerate(wrong))
    found = problem(net.post(penalty(CF_XDR_SHXYM=wrong + alphabet[-total % 31])), 422)
    assert found["code"] == "uscc-organisation-check"


def test_codes_that_begin_with_a_letter(net: Net) -> None:
    answer = net.post(penalty(CF_XDR_SHXYM=uscc(5, start="N2130102MF")))
    assert answer.status_code == 201, answer.text


def test_every_failure_is_listed_in_the_order_of_the_table(net: Net) -> None:
    wrong = penalty(CF_XDR_MC=None, CF_NR_FK="x", CF_JDRQ="x", CF_XDR_SHXYM="x")
    found = problem(net.post(wrong), 422)
    fields = [error["field"] for error in found["errors"]]
    assert fields == ["CF_XDR_MC", "CF_XDR_SHXYM", "CF_NR_FK", "CF_JDRQ"]
    assert found["field"] == "CF_XDR_MC"


def test_notes(net: Net) -> None:
    person = {"CF_FR_ZJLX": "身份证", "CF_FR_ZJHM": "110101199003070011"}
    row = net.post(penalty(**person)).json()
    assert row["verdict"] == "accepted"
    assert "person-id-dropped" in [note["code"] for note in row["notes"]]
    old = {"CF_JDRQ": days_ago(60), "CF_YXQ": days_ago(-300)}
    row = net.post(penalty(**old)).json()
    assert "late" in [note["code"] for note in row["notes"]]
    check_texts(row)
    forever = {"CF_GSJZQ": days_ago(-365 * 6)}
    row = net.post(penalty(**forever)).json()
    assert row["verdict"] == "accepted"
    assert "publicity-too-long" in [note["code"] for note in row["notes"]]


def test_an_amount_without_its_class_is_kept(net: Net) -> None:
    row = net.post(penalty(CF_CFLB=["警告"], CF_NR_FK="0.2")).json()
    assert row["verdict"] == "accepted"


def test_corrections_wait_for_their_contract(net: Net) -> None:
    row = net.post(penalty()).json()
    record = penalty() | {"corrects": row["recordId"]}
    assert problem(net.post(record), 422)["code"] == "correction-not-available"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"type":"nonsense","schema":"1","fields":{}}', "type-not-in-catalogue"),
        (b'{"type":"penalty","type":"penalty","fields":{}}', "schema-invalid"),
        (b"{", "schema-invalid"),
        (b"[]", "schema-invalid"),
        (b"[" * 100_000, "schema-invalid"),
        (b"\xff\xfe{}", "encoding"),
        (b'{"type":"penalty","schema":"1","fields":{},"more":1}', "schema-invalid"),
    ],
)
def test_malformed(net: Net, body: bytes, code: str) -> None:
    headers = net.auth() | {"Content-Type": "application/json"}
    answer = net.http.post("/v1/records", content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert problem(answer, answer.status_code)["code"] == code


def test_money_is_always_a_text(net: Net) -> None:
    found = problem(net.post(penalty(CF_NR_FK=0.2)), 422)
    assert found["errors"][0]["field"] == "CF_NR_FK"


def test_professional_titles_concern_persons(net: Net) -> None:
    record = {"type": "professional-title", "schema": "1", "fields": {}}
    found = problem(net.post(record), 422)
    assert "natural-person" in [error["code"] for error in found["errors"]]


def test_who_may_not(net: Net) -> None:
    missing = net.http.post("/v1/records", json=penalty())
    assert problem(missing, 401)
    assert "bearer" in missing.headers["www-authenticate"].lower()
    assert problem(net.post(penalty(), Authorization="Bearer nonsense"), 401)
    other = net.token("110000")
    assert problem(net.post(penalty(), Authorization=f"Bearer {other}"), 401)


def test_what_is_not_taken(net: Net) -> None:
    assert problem(net.post(penalty(), **{"Content-Type": "text/plain"}), 415)
    large = net.post(penalty(CF_SY="事" * 1_000_000))
    assert problem(large, 413)["code"] == "too-large"
    assert problem(net.http.get("/nothing/here"), 404)
    assert problem(net.http.put("/v1/records"), 405)


def test_lines_are_answered_in_order(net: Net) -> None:
    """Accepted, rejected, duplicate, conflict and nonsense; promises over the accepted rows."""
    records = [penalty() for _ in range(4)]
    conflict = {**records[0], "fields": records[0]["fields"] | {"CF_NR": "另一内容"}}
    bodies: list[object] = [*records, penalty(CF_JDRQ="x"), records[1], conflict]
    lines = [json.dumps(body).encode() for body in bodies] + [b"{nonsense"]
    *rows, last = net.post_lines(lines)
    promises = [row["promise"] for row in rows if "row" not in row]
    rows = [row for row in rows if "row" in row]
    assert [row["row"] for row in rows] == list(range(1, 9))
    assert all(set(row) >= ROW_KEYS for row in rows)
    verdicts = [*("accepted",) * 4, "rejected", "duplicate", "conflict", "rejected"]
    assert [row["verdict"] for row in rows] == verdicts
    assert rows[5]["leaf"] == rows[1]["leaf"]
    assert rows[6]["changed"] == ["CF_NR"]
    assert last["counts"] == {"accepted": 4, "duplicate": 1, "conflict": 1, "rejected": 2}
    assert sum(promise["count"] for promise in promises) == 4
    leaves = [bytes.fromhex(row["leaf"]) for row in rows if row["verdict"] == "accepted"]
    for promise in promises:
        check_promise(net, promise)
        own, leaves = leaves[: promise["count"]], leaves[promise["count"] :]
        assert tree_root(own).hex() == promise["leavesRoot"]


def test_a_promise_covers_at_most_4096_rows(net: Net) -> None:
    """Each promise line covers the accepted rows since the last one."""
    lines = [json.dumps(penalty()).encode() for _ in range(4_200)]
    since: list[bytes] = []
    counts: list[int] = []
    for line in net.post_lines(lines, "130000"):
        if "promise" in line and "row" not in line:
            check_promise(net, line["promise"], "130000")
            assert line["promise"]["count"] == len(since) <= 4_096
            assert tree_root(since).hex() == line["promise"]["leavesRoot"]
            counts.append(len(since))
            since = []
        elif "row" in line:
            assert line["verdict"] == "accepted"
            assert line["promise"] == len(counts)
            since.append(bytes.fromhex(line["leaf"]))
    assert since == []
    assert sum(counts) == 4_200


def test_too_many_requests(net: Net) -> None:
    """Beyond what the settings allow a token: 429 with Retry-After."""
    config, url = net.config("demo-bureau"), net.urls["demo-bureau"]
    kept = config.read_text()
    try:
        stop(net, "demo-bureau")
        config.write_text(kept.rstrip() + "\nrequests_per_second = 1\n")
        assert run("network", "up", "--dir", net.folder).code == 0
        auth = net.auth("demo-bureau")
        send = [net.http.post(f"{url}/v1/records", json={}, headers=auth) for _ in range(40)]
        refused = [answer for answer in send if answer.status_code == 429]
        assert refused
        for answer in refused:
            assert problem(answer, 429)
            assert int(answer.headers["retry-after"]) > 0
    finally:
        config.write_text(kept)
        stop(net, "demo-bureau")
        assert run("network", "up", "--dir", net.folder).code == 0
