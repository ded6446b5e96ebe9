"""`/verify`: what is said of files that people have, in words."""

from __future__ import annotations

import json
import re
from io import BytesIO
from typing import Any

import httpx
import pytest
from pypdf import PdfReader
from starlette.types import ASGIApp

from gateway.verifying.services import Verifying
from ledger.core.status import Action
from ledger.evidence import archive
from ledger.files.reports import parse_report
from ledger.verify import ask
from tests.gateway.web.verify import papers
from tests.gateway.web.verify.papers import BEIJING
from tests.gateway.web.visitor import Visitor
from tests.support.peers import Network


def told(app: ASGIApp, data: bytes, name: str = "receipt.json", **asked: str) -> httpx.Response:
    """The page that is led to where a stranger sends a file."""
    return sent(Visitor(app), data, name, **asked)


def sent(visitor: Visitor, data: bytes, name: str = "receipt.json", **asked: str) -> httpx.Response:
    answer = visitor.post("/verify", asked, files={"file": (name, data)})
    if answer.status_code != 303:
        return answer
    page = answer
    while page.status_code == 303 or "hx-trigger" in page.text:
        page = visitor.get(answer.headers["location"])
    return page


def tone(page: httpx.Response) -> str:
    found = re.search(r'data-tone="(\w+)"', page.text)
    assert found, page.text[:2000]
    return found[1]


def first(page: httpx.Response) -> str:
    found = re.search(r'<p class="first">([^<]*)</p>', page.text)
    assert found
    return found[1]


def test_for_anybody(app: ASGIApp) -> None:
    """Without a token, with the command that needs no trust, in both languages."""
    for lang, words in (("en", "This page is a convenience"), ("zh", "本页只是为了方便")):
        page = Visitor(app, lang=lang).get("/verify")
        assert page.status_code == 200
        assert words in page.text
        assert "credit-ledger verify receipt.json --network network.json" in page.text
        assert 'enctype="multipart/form-data"' in page.text
        assert "<script>" not in page.text and " style=" not in page.text


def test_what_came_to_the_chain_since_it_was_read(network: Network) -> None:
    """The chain is read every few seconds; who has a receipt of just now is not told *unknown*."""
    verifying = Verifying(network[BEIJING].node.ctx)
    try:
        for _ in range(2):
            firm = papers.new_firm()
            data = papers.receipt(network, firm)
            assert verifying.verdict(data, ask(subject=firm), older=3600.0).exit == 0
    finally:
        verifying.close()


def test_a_receipt(app: ASGIApp, network: Network) -> None:
    firm = papers.new_firm()
    data = papers.receipt(network, firm)
    page = told(app, data, "Receipt 1.json", subject=firm)
    assert page.status_code == 200
    assert (tone(page), first(page)) == ("good", "It may be used (today).")
    assert firm in page.text and "Beijing (110000)" in page.text
    made = page.text.count('<span class="n">')
    not_made = re.search(r"((?:\d+, )*\d+): Not checked", page.text)
    assert not_made is not None and made + len(not_made[1].split(", ")) == 26
    assert "The proof leads from the entry to the root of the checkpoint." in page.text
    timeline = page.text.split('class="timeline"')[1].split("</ol>")[0]
    assert timeline.index("Decided") < timeline.index("Anchored") < timeline.index("at present")
    assert timeline.index("at present") < timeline.index("End of its use")
    command = f"verify &#39;Receipt 1.json&#39; --network network.json --subject {firm}"
    assert command in page.text
    assert network.chain.file.reference in page.text
    assert f"0x{network.chain.file.digest.hex()}" in page.text or (
        network.chain.file.digest.hex() in page.text
    )
    assert "was not compared" not in page.text
    assert "was not compared" in told(app, data).text


def test_the_same_in_chinese(app: ASGIApp, network: Network) -> None:
    page = sent(Visitor(app, lang="zh"), papers.receipt(network, papers.new_firm()))
    assert first(page) == "可以使用（今天）。"
    assert "证明路径由条目通向检查点的根。" in page.text
    assert "北京（110000）" in page.text
    assert "状态变化" in page.text


def test_flipped_ones(app: ASGIApp, network: Network) -> None:
    """Altered, of somebody else, of another day, not shown."""
    data = papers.receipt(network, papers.new_firm())
    page = told(app, papers.altered(data))
    assert (tone(page), first(page)) == ("bad", "It must not be used: it is not genuine.")
    assert "they were altered" in page.text
    top, folded = page.text.split("</dl>", 1)[0], page.text.partition("<summary>Evidence")[2]
    assert not re.search(
        "[0-9a-f]{16}", top.partition('class="told answer')[2].partition("</div>")[0]
    )
    assert re.search('<td><code lang="en">[^<]+</code></td>', folded), "it is there, apart"
    page = told(app, data, subject=papers.new_firm())
    assert tone(page) == "bad" and "not what was asked for" in page.text
    page = told(app, data, asOf="2024-01-01")
    assert tone(page) == "bad" and "1 January 2024" in first(page)
    bare = told(app, papers.receipt(network, papers.new_firm(), bare=True))
    assert (tone(bare), first(bare)) == ("open", "Cannot tell: do not use it yet.")
    assert tone(told(app, b'{"_type":"credit-ledger/receipt@1"')) == "bad"
    assert tone(told(app, b'{"_type":"credit-ledger/receipt@9"}')) == "open"


@pytest.mark.parametrize(
    ("action", "line", "event"),
    [
        (Action.REPAIR, "It must not be used (today).", "credit repaired"),
        (Action.DISPUTE, "Weigh it yourself (today): it is under dispute.", "marked as disputed"),
        (Action.WITHDRAW, "It must not be used (today).", "withdrawn"),
    ],
)
def test_what_was_done_to_it(
    app: ASGIApp, network: Network, action: Action, line: str, event: str
) -> None:
    data = papers.receipt(network, papers.new_firm())
    assert tone(told(app, data)) == "good"
    papers.done(network, data, action)
    page = told(app, data)
    assert (tone(page) == "open") == (action is Action.DISPUTE)
    assert first(page) == line
    timeline = page.text.split('class="timeline"')[1].split("</ol>")[0]
    assert f"<strong>{event}</strong>" in timeline
    assert "by Beijing (110000), recorded" in timeline


def test_files_that_hold_many(app: ASGIApp, network: Network) -> None:
    """Bundles province by province, answers, histories, lists."""
    firm = papers.new_firm()
    papers.receipt(network, firm)
    page = told(app, papers.bundle(network, firm), "bundle.json")
    assert "Province by province" in page.text and "[answer" not in page.text
    for name in ("Beijing (110000)", "Tianjin (120000)", "Hebei (130000)", "Shanxi (140000)"):
        assert name in page.text
    assert tone(page) == "bad" and first(page).startswith("Adverse")
    (given, *_) = json.loads(papers.bundle(network, firm))["answers"]
    page = told(app, json.dumps(given).encode(), "answer.json")
    assert tone(page) == "bad" and "Answered by" in page.text and firm in page.text
    page = told(app, given["answer"].encode(), "answer.jws")
    assert tone(page) == "open", "it is signed, and proves nothing by itself"
    top, _, folded = page.text.partition("<summary>Evidence")
    assert "ask for the whole answer" in top and "query-missing" not in top
    assert "query-missing" in folded
    page = told(app, papers.history(network, firm), "history.json")
    assert (tone(page), first(page)) == ("good", "It is genuine, and whole.")
    assert "Status over time" in page.text and firm in page.text
    assert "Records in it: 1; in force now: 1." in page.text, "genuine is not in favour"
    assert "<title>It is genuine, and whole. history.json" in page.text
    wrong = json.loads(papers.history(network, firm))
    wrong["receipts"] = []
    page = told(app, json.dumps(wrong, separators=(",", ":")).encode(), "history.json")
    assert tone(page) == "bad" and "is false" in first(page)
    assert "Rely on nothing in it" in page.text and "Records in it" not in page.text
    page = told(app, papers.day_list(network), "list.json")
    assert "Hebei (130000)" in page.text
    assert tone(page) == "open", "provinces are missing"
    assert "Entries in it: 0. A firm that is not among them" in page.text
    wrong = json.loads(papers.day_list(network))
    wrong["parts"] = []
    page = told(app, json.dumps(wrong, separators=(",", ":")).encode(), "list.json")
    assert tone(page) == "bad" and "Rely on nothing in it" in page.text


def test_a_report(app: ASGIApp, network: Network) -> None:
    firm = papers.new_firm()
    papers.receipt(network, firm)
    pdf = papers.report(network, firm)
    page = told(app, pdf, "report.pdf")
    assert tone(page) == "good" and first(page).startswith("Genuine")
    assert "Line by line" in page.text and firm in page.text
    fields = page.text.partition("Field by field")[2].partition("</table>")[0]
    assert fields.count("<tr>") == 2, "a head, and the one field of which anybody knows anything"
    assert "Nobody has supplied anything; nothing is said of them (" in page.text
    assert tone(told(app, pdf.replace(b"/EmbeddedFile", b"/EmbeddedFial"))) == "bad"


def test_a_pdf_of_it(app: ASGIApp, network: Network) -> None:
    firm = papers.new_firm()
    data = papers.receipt(network, firm)
    for lang, words in (("en", "It may be used"), ("zh", "可以使用")):
        visitor = Visitor(app, lang=lang)
        page = sent(visitor, data)
        found = re.search(r'href="(/verify/[0-9a-f]{32}\.pdf)"', page.text)
        assert found
        answer = visitor.get(found[1])
        assert answer.headers["content-type"] == "application/pdf"
        assert "attachment" in answer.headers["content-disposition"]
        pages = PdfReader(BytesIO(answer.content)).pages
        text = "".join(one.extract_text() for one in pages).replace("\0", "")
        assert words in text and firm in text
        assert lang == "zh" or "credit-ledger verify receipt.json" in text


def test_pdfs_of_files_that_hold_many(app: ASGIApp, network: Network) -> None:
    firm = papers.new_firm()
    papers.receipt(network, firm)
    for data, name in (
        (papers.bundle(network, firm), "b.json"),
        (papers.report(network, firm), "r.pdf"),
    ):
        visitor = Visitor(app)
        found = re.search(r'href="(/verify/[0-9a-f]{32}\.pdf)"', sent(visitor, data, name).text)
        assert found
        assert visitor.get(found[1]).content.startswith(b"%PDF-")


# ---- what is no file of ours

EVIDENCE = archive.write({archive.FIRST: b"{}"})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "No file was chosen, or it is empty."),
        (b" \n", "No file was chosen, or it is empty."),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "This is a picture"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "This is a picture"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "This is a picture"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "This is a workbook"),
        (b"PK\x03\x04" + bytes(26) + b"receipts/1.json", "This is an archive"),
        (EVIDENCE, "This is an archive of evidence"),
        (b"{}", "This is JSON, and none of the files"),
        (b'{"a": {"b": [1]}}', "This is JSON, and none of the files"),
        (b'{"_type":"credit-ledger/report-content@1"}', "not verified by itself"),
        (b'{"_type": "credit-ledger/audit@1", "cut', "This is the report of an audit"),
        (b"<!DOCTYPE html><html>", "This is a web page"),
        (b"code,name\n1,2\n", "This is none of the files"),
        (b"\xff" * 99, "This is none of the files"),
    ],
)
def test_what_it_is_not(app: ASGIApp, data: bytes, words: str) -> None:
    page = told(app, data)
    assert page.status_code == 422
    assert words in page.text and 'role="alert"' in page.text
    assert 'type="file"' in page.text, "the form is there once more"


def test_too_large(app: ASGIApp) -> None:
    """Said in words, before it came and while it comes."""
    page = told(app, b"{" * ((16 << 20) + 1))
    assert page.status_code == 413
    assert "A file may have 16 MB here" in page.text
    visitor = Visitor(app)
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    sent_ = visitor.request(
        "POST",
        "/verify",
        content=body,
        headers={
            "content-type": "multipart/form-data; boundary=x",
            "content-length": str(1 << 40),
        },
    )
    assert sent_.status_code == 413 and "A file may have 16 MB here" in sent_.text


# ---- questions


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"asOf": "2024-13-01"}, "as of the day"),
        ({"witnesses": "17"}, "witnesses"),
        ({"audience": "demo-bank"}, "shown to"),
        ({"subject": "9" * 65}, "code of the subject"),
    ],
)
def test_a_question_that_is_none(app: ASGIApp, asked: dict[str, str], field: str) -> None:
    """The field is named, and what was typed is there again."""
    page = told(app, b'{"_type":"credit-ledger/receipt@1"}', **asked)
    assert page.status_code == 422
    assert f"Field: {field}<" in page.text
    assert f'value="{next(iter(asked.values()))}"' in page.text


def test_what_cannot_be_asked_of_a_list(app: ASGIApp, network: Network) -> None:
    page = told(app, papers.day_list(network), issuer="110000")
    assert page.status_code == 422 and "Field: issued by<" in page.text


@pytest.mark.parametrize(
    "form", [{"other": "1"}, {"subject": "x" * 1025}], ids=["unknown field", "long field"]
)
def test_another_form(app: ASGIApp, form: dict[str, str]) -> None:
    page = Visitor(app).post("/verify", form, files={"file": ("a", b"{}")})
    assert page.status_code == 422
    plain = Visitor(app).post("/verify", {"file": "x"})
    assert plain.status_code == 415 and "text/html" in plain.headers["content-type"]


# ---- reports on paper


def test_the_number_of_a_report(app: ASGIApp, network: Network) -> None:
    number = parse_report(papers.report(network, papers.new_firm())).content.number
    visitor = Visitor(app)
    answer: Any = visitor.get(f"/verify?report=%20{number}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{number}")
    answer = visitor.get(f"/verify?report={number.lower().replace('-', '+')}")
    assert answer.headers["location"] == f"/r/{number}", "as people type it"
    wrong = visitor.get(f"/verify?report={number[:-1]}")
    assert wrong.status_code == 422
    assert "This is not the number of a report" in wrong.text
    assert visitor.get(f"/verify?report={'x' * 65}").status_code == 422
