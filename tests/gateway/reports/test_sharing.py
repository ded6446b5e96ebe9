"""Shares: what they show, how long, how often, and that they end; erasure; the page of the QR."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from gateway.accesses.services import Wanted, newest
from gateway.base.clock import Clock
from gateway.base.crypto import ContentLost
from gateway.base.db import begin_read, begin_write
from gateway.reports import copies, pages, store
from gateway.reports.models import credit_reports
from ledger.core.receipt import parse as parse_receipt
from ledger.core.status import Action
from ledger.files.reports import parse_report
from tests.gateway.lists.test_lists import do
from tests.gateway.reports.desk import (
    BEIJING,
    centre,
    client,
    code_of,
    made,
    penalties,
    post,
)
from tests.support.peers import Member, Network

TERM = (Clock().today() + timedelta(days=30)).isoformat()


def give(member: Member, number: str, **scope: Any) -> Any:
    body = {"fields": [], "lines": [], "until": TERM} | scope
    return client(member).request(
        "POST",
        f"/v1/reports/{number}/shares",
        content=orjson.dumps(body),
        headers=centre(member),
    )


def shares(member: Member, number: str) -> list[dict[str, Any]]:
    answer = client(member).request("GET", f"/v1/reports/{number}/shares", headers=centre(member))
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def open_(member: Member, number: str, code: str) -> Any:
    return post(member, "/v1/report-shares", number=number, code=code)


@pytest.fixture
def number(network: Network, subject: str) -> str:
    """Of a report with three lines."""
    penalties(network, subject, 41, 42, 43)
    return parse_report(made(network[BEIJING], subject)).content.number


def test_its_scope_and_no_more(network: Network, number: str) -> None:
    beijing = network[BEIJING]
    share = give(beijing, number, lines=[2], fields=["tax"])
    assert share.status_code == 201, share.text
    found = open_(beijing, number, share.json()["code"])
    assert found.status_code == 200, found.text
    value = found.json()
    assert [one["field"] for one in value["fields"]] == ["transport", "tax"]
    assert [line["line"] for one in value["fields"] for line in one["lines"]] == [2]
    assert (value["whole"], value["state"]) == (False, "genuine")
    assert list(value["receipts"]) == ["2"]
    receipt = parse_receipt(value["receipts"]["2"].encode())
    assert receipt.record_id.hex() == value["fields"][0]["lines"][0]["record"]
    whole = give(beijing, number, fields=["transport"]).json()["code"]
    assert list(open_(beijing, number, whole).json()["receipts"]) == ["1", "2", "3"]


def test_counted_and_logged(network: Network, number: str) -> None:
    beijing = network[BEIJING]
    code = give(beijing, number, lines=[1]).json()["code"]
    assert [one["opened"] for one in shares(beijing, number)] == [0]
    for _ in range(2):
        assert open_(beijing, number, code).status_code == 200
    (one,) = shares(beijing, number)
    assert (one["opened"], one["state"], one["scope"]) == (2, "open", {"fields": [], "lines": [1]})
    assert newest(beijing.node.ctx.engine, Wanted(), 1)[0].purpose == "open-credit-report"


def test_withdrawn(network: Network, number: str) -> None:
    beijing = network[BEIJING]
    made_ = give(beijing, number, lines=[1]).json()
    path = f"/v1/reports/{number}/shares/{made_['share']}"
    for _ in range(2):
        answer = client(beijing).request("DELETE", path, headers=centre(beijing))
        assert answer.status_code == 204
    refused = open_(beijing, number, made_["code"])
    assert (refused.status_code, refused.json()["code"]) == (404, "share-unknown")
    assert [one["state"] for one in shares(beijing, number)] == ["withdrawn"]
    gone = client(beijing).request("DELETE", path[:-32] + "0" * 32, headers=centre(beijing))
    assert gone.status_code == 404


def test_ended(network: Network, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    beijing = network[BEIJING]
    code = give(beijing, number, lines=[1]).json()["code"]
    parts = beijing.node.finance.reports
    assert parts.shares.open(number, code)["number"] == number
    late = Clock().today() + timedelta(days=31)
    monkeypatch.setattr(Clock, "today", lambda _: late)
    assert open_(beijing, number, code).status_code == 404
    assert [one["state"] for one in shares(beijing, number)] == ["ended"]


def test_codes_are_tried_together_with_those_of_the_counter(network: Network, number: str) -> None:
    beijing = network[BEIJING]
    code = give(beijing, number, lines=[1]).json()["code"]
    for n in range(5):
        path = "/v1/report-shares" if n % 2 else "/v1/report-checks"
        post(beijing, path, number=number, code="22222222")
    refused = open_(beijing, number, code)
    assert (refused.status_code, refused.json()["code"]) == (429, "report-tries")


def test_the_code_of_the_counter_opens_no_share(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    pdf = made(beijing, subject)
    number = parse_report(pdf).content.number
    give(beijing, number, fields=["tax"])
    assert open_(beijing, number, code_of(pdf)).status_code == 404


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ({}, "share-scope"),
        ({"fields": ["nowhere"]}, "share-scope"),
        ({"lines": [4]}, "share-scope"),
        ({"lines": [1], "until": "2020-01-01"}, "share-term"),
        (
            {"lines": [1], "until": (Clock().today() + timedelta(days=367)).isoformat()},
            "share-term",
        ),
        ({"lines": [0]}, "schema-invalid"),
        ({"lines": [True]}, "schema-invalid"),
    ],
)
def test_what_no_share_is(network: Network, number: str, scope: dict[str, Any], code: str) -> None:
    answer = give(network[BEIJING], number, **scope)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_of_no_report(network: Network, number: str) -> None:
    unknown = number[:-1] + ("A" if number[-1] != "A" else "B")
    assert give(network[BEIJING], unknown, lines=[1]).status_code == 404


def test_what_is_closed_leaves_no_more(network: Network, subject: str) -> None:
    """Neither by a share nor by the copy of the QR; what stands does."""
    beijing = network[BEIJING]
    ids = penalties(network, subject, 44, 45)
    number = parse_report(made(beijing, subject)).content.number
    code = give(beijing, number, fields=["transport"]).json()["code"]
    path = f"/v1/report-copies/{number}"
    assert client(beijing).request("GET", path).status_code == 200
    do(network, beijing, Action.REPAIR, ids[0])
    value = open_(beijing, number, code).json()
    assert (value["state"], list(value["receipts"])) == ("changed-since", ["2"])
    assert [line["line"] for line in value["fields"][0]["lines"]] == [2]
    refused = client(beijing).request("GET", path)
    assert (refused.status_code, refused.json()["code"]) == (410, "report-gone")


# ---- erasure


def test_erasure_reaches_every_report_with_the_record(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    ids = penalties(network, subject, 51, 52)
    pdf = made(beijing, subject)
    number, code = parse_report(pdf).content.number, code_of(pdf)
    other = parse_report(made(beijing, subject, fields=["tax"])).content.number
    share = give(beijing, number, lines=[2]).json()["code"]
    engine = beijing.node.ctx.engine
    with begin_write(engine) as connection:
        beijing.node.erasures._forget(connection, ids[:1])  # as an order that is carried out does
    with begin_read(engine) as connection:
        row = store.row_of(connection, number)
        assert row is not None
        assert (row.content, row.copy) == (b"", b"")
        with pytest.raises(ContentLost):
            store.copy_of(connection, beijing.node.vault, row)
        left = connection.scalar(
            sa.select(credit_reports.c.copy).where(credit_reports.c.number == other)
        )
        assert left
    path = f"/v1/report-copies/{number}"
    gone = client(beijing).request("GET", path)
    assert (gone.status_code, gone.json()["code"]) == (410, "report-gone")
    assert open_(beijing, number, share).status_code == 404
    answer = post(beijing, "/v1/report-checks", number=number, code=code)
    assert answer.json()["state"] == "changed-since"
    listed = client(beijing).request("GET", "/v1/reports", headers=centre(beijing)).json()
    assert [one["state"] for one in listed["items"] if one["number"] == number] == ["erased"]


# ---- the page


def test_the_page_loads_nothing_from_elsewhere(network: Network, number: str) -> None:
    http = client(network[BEIJING])
    page = http.request("GET", f"/r/{number}")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert policy == pages.POLICY
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script>" not in page.text
    assert not re.search(r"\son[a-z]+=|style=", page.text)
    assert re.findall(r'(?:src|href)="([^"]*)"', page.text) == [
        "assets/report.css",
        "assets/report.js",
    ]
    for name, kind in pages.ASSETS.items():
        found = http.request("GET", f"/r/assets/{name}")
        assert (found.status_code, found.headers["content-type"]) == (200, kind)
        assert "http" not in found.text
    assert http.request("GET", "/r/assets/../routes.py").status_code == 404
    assert http.request("GET", "/r/<script>").status_code in (404, 422)


def test_the_page_without_a_script(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    pdf = made(beijing, subject)
    number, code = parse_report(pdf).content.number, code_of(pdf)
    http = client(beijing)

    def said(code: str) -> str:
        answer = http.request("POST", f"/r/{number}", content=f"code={code}".encode())
        found = re.search('data-state="([a-z-]+)"', answer.text)
        assert found is not None
        return found[1]

    assert said(code) == "genuine"
    assert [said("22222222") for _ in range(5)] == ["unknown"] * 5
    assert said(code) == "tries"


def test_a_share_on_the_page(network: Network, number: str) -> None:
    beijing = network[BEIJING]
    code = give(beijing, number, lines=[3]).json()["code"]
    http = client(beijing)
    answer = http.request("POST", f"/r/{number}", content=f"share={code}".encode())
    assert 'data-state="genuine"' in answer.text
    assert "<th>3</th>" in answer.text
    assert "<th>1</th>" not in answer.text
    assert answer.headers["content-security-policy"] == pages.POLICY
    answer = http.request("POST", f"/r/{number}", content=b"share=22222222")
    assert 'data-state="share-unknown"' in answer.text


def test_the_script_unseals_what_was_sealed(tmp_path: Path) -> None:
    """In another implementation of the same cipher; with another key or number it does not."""
    view = {"number": "110000-20261201-0000016", "subject": {"name": "样例一有限公司"}}
    copy, key = copies.seal(view, view["number"])  # type: ignore[arg-type]
    other = copies.seal(view, view["number"])[1]  # type: ignore[arg-type]
    script = tmp_path / "unseal.js"
    page = Path(pages.__file__).parent / "assets" / "report.js"
    script.write_text(
        f"const {{ unseal }} = require({json.dumps(str(page))});\n"
        "const [copy, key, number] = process.argv.slice(2);\n"
        "unseal(new Uint8Array(Buffer.from(copy, 'hex')), key, number).then(\n"
        "  (found) => process.stdout.write(JSON.stringify(found)),\n"
        "  () => process.stdout.write('null'));\n"
    )

    def unsealed(copy: bytes, key: str, number: str) -> Any:
        beside = str(Path(sys.executable).parent)
        node = shutil.which("node") or shutil.which("node", path=beside)
        assert node is not None, "make setup-dev brings a node"
        command = [node, str(script), copy.hex(), key, number]
        done = subprocess.run(command, capture_output=True, check=True, timeout=60)
        return json.loads(done.stdout)

    number = str(view["number"])
    assert unsealed(copy, key, number) == view
    assert unsealed(copy, other, number) is None
    assert unsealed(copy, key, number[:-1] + "7") is None
    assert unsealed(copy[:-1] + bytes([copy[-1] ^ 1]), key, number) is None
    assert unsealed(copy, "x", number) is None


def test_the_key_is_nowhere_but_in_the_code(network: Network, subject: str) -> None:
    """What the database holds does not open the copy without it."""
    beijing = network[BEIJING]
    number = parse_report(made(beijing, subject)).content.number
    copy = client(beijing).request("GET", f"/v1/report-copies/{number}").content
    assert subject.encode() not in copy
    _, key = copies.seal({}, number)
    assert len(key) == 43
    assert copies.link("https://a.example/", number, key) == f"https://a.example/r/{number}#{key}"
