"""Shares: what they show, how long, how often, and that they end; erasure; the page of the QR."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.accesses.services import Wanted, newest
from gateway.base.clock import Clock
from gateway.base.crypto import ContentLost
from gateway.base.db import begin_read, begin_write
from gateway.reports import copies, counting, store
from gateway.reports import shares as sharing
from gateway.reports.errors import ReportRefused, TooManyTries
from gateway.reports.models import credit_reports
from gateway.web import static_files
from gateway.web.languages import Language
from gateway.web.visits import POLICY
from ledger.core.canonical import b64u_decode, b64u_encode
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
    assert parts.shares.open(number, code, number)["number"] == number
    late = Clock().today() + timedelta(days=31)
    monkeypatch.setattr(Clock, "today", lambda _: late)
    assert open_(beijing, number, code).status_code == 404
    assert [one["state"] for one in shares(beijing, number)] == ["ended"]


def test_codes_are_tried_together_with_those_of_the_counter(network: Network, number: str) -> None:
    beijing = network[BEIJING]
    code = give(beijing, number, lines=[1]).json()["code"]
    for n in range(3):
        path = "/v1/report-shares" if n % 2 else "/v1/report-checks"
        post(beijing, path, number=number, code="22222222")
    refused = open_(beijing, number, code)
    assert (refused.status_code, refused.json()["code"]) == (429, "report-tries")


def test_opened_so_often_and_no_more(
    network: Network, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whomever; another share of the report still opens."""
    beijing = network[BEIJING]
    codes = [give(beijing, number, lines=[1]).json()["code"] for _ in range(2)]
    opening = beijing.node.finance.reports.shares.open
    monkeypatch.setattr(counting, "OPENED", 2)
    for n in range(2):
        assert opening(number, codes[0], f"asker {n}")["number"] == number
    with pytest.raises(TooManyTries):
        opening(number, codes[0], "asker 3")
    assert opening(number, codes[1], "asker 3")["number"] == number
    assert sorted(one["opened"] for one in shares(beijing, number)) == [1, 2]


def test_nobody_waits_while_receipts_are_read(
    network: Network, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others write meanwhile; and a share that is withdrawn meanwhile shows nothing more."""
    beijing = network[BEIJING]
    engine = beijing.node.ctx.engine
    opening, read = beijing.node.finance.reports.shares.open, sharing._lines
    for withdrawn in (False, True):
        share = give(beijing, number, lines=[1]).json()

        def meanwhile(*of: Any, share: Any = share, withdrawn: bool = withdrawn) -> Any:
            with begin_write(engine, store.LOCK) as connection:
                report = store.row_of(connection, number)
                assert report is not None
                if withdrawn:
                    assert store.withdraw(connection, report.n, share["share"], 1)
            return read(*of)

        monkeypatch.setattr(sharing, "_lines", meanwhile)
        if withdrawn:
            with pytest.raises(ReportRefused, match="share-unknown"):
                opening(number, share["code"], number)
        else:
            assert opening(number, share["code"], number)["number"] == number
    assert [one["opened"] for one in shares(beijing, number)] == [1, 0]


def test_what_is_closed_meanwhile_does_not_leave(
    network: Network, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the code that was right and the answer; by a share, and by the copy."""
    beijing = network[BEIJING]
    ids = penalties(network, subject, 46, 47)
    number, key = made_with_key(beijing, subject, monkeypatch)
    code = give(beijing, number, fields=["transport"]).json()["code"]
    parts, read, copied = beijing.node.finance.reports, sharing._lines, store.copy_of

    def closing(at: int, then: Any) -> Any:
        def meanwhile(*given: Any) -> Any:
            do(network, beijing, Action.REPAIR, ids[at])
            return then(*given)

        return meanwhile

    monkeypatch.setattr(sharing, "_lines", closing(0, read))
    assert list(parts.shares.open(number, code, number)["receipts"]) == ["2"]
    monkeypatch.undo()
    monkeypatch.setattr(store, "copy_of", closing(1, copied))
    with pytest.raises(ReportRefused, match="report-gone"):
        parts.counter.copy(number, copies.proof_of(key), number)


@pytest.mark.parametrize("ever", [False, True])
def test_as_many_shares_and_no_more(
    network: Network, number: str, monkeypatch: pytest.MonkeyPatch, ever: bool
) -> None:
    """Those that are open at once; those of all time, which stand in one list."""
    beijing = network[BEIJING]
    monkeypatch.setattr(sharing, "MAX_EVER" if ever else "MAX_SHARES", 2)
    given = [give(beijing, number, lines=[1]) for _ in range(3)]
    assert [one.status_code for one in given] == [201, 201, 409]
    path = f"/v1/reports/{number}/shares/{given[0].json()['share']}"
    assert client(beijing).request("DELETE", path, headers=centre(beijing)).status_code == 204
    assert give(beijing, number, lines=[1]).status_code == (409 if ever else 201)


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


def test_what_a_report_does_not_have_is_named(network: Network, number: str) -> None:
    text = give(network[BEIJING], number, fields=["nowhere"], lines=[1, 4]).json()["text"]
    assert all("nowhere" in one and "4" in one for one in (text["zh"], text["en"]))


def test_of_no_report(network: Network, number: str) -> None:
    unknown = number[:-1] + ("A" if number[-1] != "A" else "B")
    assert give(network[BEIJING], unknown, lines=[1]).status_code == 404


def test_what_is_closed_leaves_no_more(
    network: Network, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by a share nor by the copy of the QR; what stands does. Of a field of which nothing
    stands any more nothing is said, and a new share shows no line that is closed."""
    beijing = network[BEIJING]
    ids = penalties(network, subject, 44, 45)
    number, key = made_with_key(beijing, subject, monkeypatch)
    code = give(beijing, number, fields=["transport", "tax"]).json()["code"]
    assert copy_of(beijing, number, key).status_code == 200
    do(network, beijing, Action.REPAIR, ids[0])
    value = open_(beijing, number, code).json()
    assert (value["state"], list(value["receipts"])) == ("changed-since", ["2"])
    assert [line["line"] for line in value["fields"][0]["lines"]] == [2]
    refused = copy_of(beijing, number, key)
    assert (refused.status_code, refused.json()["code"]) == (410, "report-gone")
    refused = give(beijing, number, lines=[1])
    assert (refused.status_code, refused.json()["code"]) == (422, "share-scope")
    assert give(beijing, number, lines=[2]).status_code == 201
    do(network, beijing, Action.SHIELD, ids[1])
    value = open_(beijing, number, code).json()
    assert [one["field"] for one in value["fields"]] == ["tax"]
    assert not value["receipts"]
    assert "transport" not in json.dumps(value)


# ---- the copy


def made_with_key(member: Member, code: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, bytes]:
    """Number of a report, and the key in its QR."""
    sealed: list[copies.Copy] = []
    seal = copies.seal

    def kept(view: Any, number: str) -> copies.Copy:
        sealed.append(seal(view, number))
        return sealed[-1]

    with monkeypatch.context() as patch:
        patch.setattr(copies, "seal", kept)
        number = parse_report(made(member, code)).content.number
    return number, b64u_decode(sealed[-1].key)


def copy_of(member: Member, number: str, key: bytes) -> Any:
    return post(member, "/v1/report-copies", number=number, proof=copies.proof_of(key))


def test_the_copy_is_given_to_who_has_its_key(
    network: Network, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To others there is none, whatever became of the report."""
    beijing = network[BEIJING]
    ids = penalties(network, subject, 48)
    number, key = made_with_key(beijing, subject, monkeypatch)
    answer = copy_of(beijing, number, key)
    assert (answer.status_code, answer.headers["credit-ledger-state"]) == (200, "genuine")
    nonce, sealed = answer.content[:12], answer.content[12:]
    view = orjson.loads(AESGCM(key).decrypt(nonce, sealed, number.encode()))
    assert (view["number"], view["subject"]["code"]) == (number, subject)
    penalties(network, subject, 49)
    answer = copy_of(beijing, number, key)
    assert answer.headers["credit-ledger-state"] == "changed-since"

    def nothing() -> None:
        for proof in (copies.proof_of(bytes(32)), "", "é" * 40):
            refused = post(beijing, "/v1/report-copies", number=number, proof=proof)
            assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
        by_number = client(beijing).request("GET", f"/v1/report-copies/{number}")
        assert by_number.status_code == 404

    nothing()
    do(network, beijing, Action.REPAIR, ids[0])
    assert copy_of(beijing, number, key).status_code == 410
    nothing()


@pytest.mark.parametrize(("lines", "size"), [(0, 1 << 16), (120, 1 << 16), (150, 1 << 17)])
def test_its_length_does_not_tell_how_much_is_in_it(lines: int, size: int) -> None:
    view = {"lines": ["x" * 497] * lines}
    assert len(copies.seal(view, "n").sealed) == 12 + size + 16


# ---- erasure


def test_erasure_reaches_every_report_with_the_record(
    network: Network, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    beijing = network[BEIJING]
    ids = penalties(network, subject, 51, 52)
    with monkeypatch.context() as patch:
        number, key = made_with_key(beijing, subject, patch)
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
    gone = copy_of(beijing, number, key)
    assert (gone.status_code, gone.json()["code"]) == (410, "report-gone")
    assert copy_of(beijing, number, bytes(32)).status_code == 404
    assert open_(beijing, number, share).status_code == 404
    with begin_read(engine) as connection:
        row = store.row_of(connection, number)
    assert row is not None
    assert beijing.node.finance.reports.counter.has_changed(row)
    listed = client(beijing).request("GET", "/v1/reports", headers=centre(beijing)).json()
    assert [one["state"] for one in listed["items"] if one["number"] == number] == ["erased"]


# ---- the page


def test_the_page_loads_nothing_from_elsewhere(network: Network, number: str) -> None:
    http = client(network[BEIJING])
    page = http.request("GET", f"/r/{number}")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert policy == POLICY
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script>" not in page.text
    assert not re.search(r"\son[a-z]+=|style=", page.text)
    loaded = re.findall(r'(?:src|href|action)="([^"]*)"', page.text)
    assert all(re.match("[/#?][^/]", one) or one == "/" for one in loaded), loaded
    for name in ("report.css", "report.js"):
        (path,) = [one for one in loaded if name in one]
        found = http.request("GET", path)
        assert found.status_code == 200
        assert "http" not in found.text
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
    assert [said("22222222") for _ in range(3)] == ["unknown"] * 3
    assert said(code) == "tries"


def test_a_share_on_the_page(network: Network, number: str) -> None:
    beijing = network[BEIJING]
    code = give(beijing, number, lines=[3]).json()["code"]
    http = client(beijing)
    answer = http.request("POST", f"/r/{number}", content=f"share={code}".encode())
    assert 'data-state="genuine"' in answer.text
    assert 'data-line="3"' in answer.text
    assert 'data-line="1"' not in answer.text
    assert answer.headers["content-security-policy"] == POLICY
    saved = re.findall(
        r'download="([^"]+)" href="data:application/json;base64,([^"]+)"', answer.text
    )
    assert [name for name, _ in saved] == [f"{number}-3.json"]
    parse_receipt(b64decode(saved[0][1]))
    assert "Beijing (110000)" in answer.text or "北京（110000）" in answer.text
    answer = http.request("POST", f"/r/{number}", content=b"share=22222222")
    assert 'data-state="share-unknown"' in answer.text


def test_a_share_of_which_nothing_is_left(network: Network, subject: str) -> None:
    """Says so, and until when it is shared; the fields that nobody supplies are told together."""
    beijing = network[BEIJING]
    (record,) = penalties(network, subject, 71)
    number = parse_report(made(beijing, subject)).content.number
    one = give(beijing, number, lines=[1]).json()["code"]
    more = give(beijing, number, fields=["transport", "tax", "customs"]).json()["code"]

    def page(code: str) -> str:
        answer = client(beijing).request(
            "POST",
            f"/r/{number}",
            content=f"share={code}".encode(),
            headers={"Accept-Language": "en"},
        )
        return str(answer.text)

    shown = page(more)
    assert "known; shown here: 1" in shown and "nothing is said of them (2)" in shown
    assert Language("en").day(TERM) in shown.partition("Shared until")[2]
    assert "shown any more" not in shown
    do(network, beijing, Action.REPAIR, record)
    assert "Nothing of what was shared is shown any more." in page(one)
    assert "known; shown here" not in page(more)


def test_the_script_unseals_what_was_sealed(tmp_path: Path) -> None:
    """In another implementation of the same cipher; with another key or number it does not."""
    view = {"number": "110000-20261201-0000016", "subject": {"name": "样例一有限公司"}}
    made_ = copies.seal(view, view["number"])  # type: ignore[arg-type]
    copy, key = made_.sealed, made_.key
    other = copies.seal(view, view["number"]).key  # type: ignore[arg-type]
    script = tmp_path / "unseal.js"
    page = Path(static_files.__file__).parent / "static" / "report.js"
    script.write_text(
        f"const {{ prove, unseal }} = require({json.dumps(str(page))});\n"
        "const [file, key, number] = process.argv.slice(2);\n"
        "const copy = require('fs').readFileSync(file);\n"
        "const told = (found) => process.stdout.write(JSON.stringify(found));\n"
        "if (!copy.length) prove(key).then(told);\n"
        "else "
        "unseal(new Uint8Array(copy), key, number).then(\n"
        "  (found) => process.stdout.write(JSON.stringify(found)),\n"
        "  () => process.stdout.write('null'));\n"
    )

    def unsealed(copy: bytes, key: str, number: str) -> Any:
        beside = str(Path(sys.executable).parent)
        node = shutil.which("node") or shutil.which("node", path=beside)
        assert node is not None, "make setup-dev brings a node"
        held = tmp_path / "copy"
        held.write_bytes(copy)
        command = [node, str(script), str(held), key, number]
        done = subprocess.run(command, capture_output=True, check=True, timeout=60)
        return json.loads(done.stdout)

    number = str(view["number"])
    assert unsealed(copy, key, number) == view
    assert unsealed(copy, other, number) is None
    assert unsealed(copy, key, number[:-1] + "7") is None
    assert unsealed(copy[:-1] + bytes([copy[-1] ^ 1]), key, number) is None
    assert unsealed(copy, "x", number) is None
    assert unsealed(b"", key, number) == made_.proof == copies.proof_of(b64u_decode(key))


def test_the_key_is_nowhere_but_in_the_code(
    network: Network, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the database holds does not open the copy without it."""
    beijing = network[BEIJING]
    number, key = made_with_key(beijing, subject, monkeypatch)
    assert subject.encode() not in copy_of(beijing, number, key).content
    with begin_read(beijing.node.ctx.engine) as connection:
        row = store.row_of(connection, number)
    assert row is not None
    for held in row:
        for one in (key, b64u_encode(key).encode(), copies.proof_of(key).encode()):
            assert one not in (held if isinstance(held, bytes) else str(held).encode())
    text = b64u_encode(key)
    assert len(text) == 43
    assert copies.link("https://a.example/", number, text) == f"https://a.example/r/{number}#{text}"
