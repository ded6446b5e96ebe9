"""A report as anybody verifies it: by the chain alone, of what is attached."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject

from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.core.status import Action
from ledger.core.verdict.facts import Question
from ledger.files.judge import judge_file
from ledger.files.report_check import ReportVerdict, verify_report
from ledger.files.reports import MAX_FILE, parse_report
from ledger.verify import Verifier
from tests.acceptance.independent import uscc
from tests.gateway.lists.test_lists import do
from tests.gateway.reports.desk import BEIJING, made, penalties
from tests.support.peers import Network

Files = dict[str, bytes]


def judged(network: Network, data: bytes) -> ReportVerdict:
    verifier = Verifier(network.chain.file, wait=0)
    try:
        found = judge_file(verifier, data, Question())
    finally:
        verifier.close()
    assert isinstance(found, ReportVerdict)
    return found


def files_of(pdf: bytes) -> Files:
    return {name: data for name, (data,) in PdfReader(BytesIO(pdf)).attachments.items()}


def pdf_of(files: Files, *, compress: bool = True) -> bytes:
    pdf = FPDF()
    pdf.add_page()
    for name, data in files.items():
        pdf.embed_file(bytes=data, basename=name, compress=compress)
    return bytes(pdf.output())


def codes(found: ReportVerdict) -> list[str]:
    return [one.code for one in found.problems]


@pytest.fixture(scope="module")
def firm(network: Network) -> tuple[bytes, Sequence[bytes]]:
    """The report of a firm with two penalties, and their record ids."""
    code = uscc(7777, start="91110000MA")
    ids = penalties(network, code, 11, 12)
    return made(network[BEIJING], code), ids


def test_genuine(network: Network, firm: tuple[bytes, Sequence[bytes]]) -> None:
    found = judged(network, firm[0])
    assert (found.verdict, found.exit, codes(found)) == ("genuine", 0, []), found.problems
    value = found.as_dict()
    assert [one["record"] for one in value["lines"]] == [one.hex() for one in firm[1]]
    assert value["anchored"] is False
    assert {one["field"]: one["state"] for one in value["fields"]}["transport"] == "records"


def test_put_together_again(network: Network, firm: tuple[bytes, Sequence[bytes]]) -> None:
    """What another program makes of the same attachments is the same report."""
    for compress in (True, False):
        assert judged(network, pdf_of(files_of(firm[0]), compress=compress)).verdict == "genuine"


def _flip(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new, 1)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda f: f | {"report.json": _flip(f["report.json"], b"\xe6\xa0\xb7", b"\xe6\xa0\xb8")},
         "parts-differ"),
        (lambda f: f | {"report.json": f["report.json"] + b" "}, "malformed"),
        (lambda f: f | {"receipt-0001.json": f["receipt-0002.json"]}, "parts-differ"),
        (lambda f: f | {"receipt-0002.json": f["receipt-0002.json"][:-1]}, "parts-differ"),
        (lambda f: {n: d for n, d in f.items() if n != "receipt-0002.json"}, "parts-differ"),
        (lambda f: {n: d for n, d in f.items() if n != "receipt-0001.json"}, "malformed"),
        (lambda f: {n: d for n, d in f.items() if n != "opening.json"}, "malformed"),
        (lambda f: {n: d for n, d in f.items() if n != "report.json"}, "malformed"),
        (lambda f: f | {"note.txt": b"x"}, "malformed"),
        (lambda f: f | {"receipt-0003.json": b"\xff"}, "malformed"),
    ],
)  # fmt: skip
def test_a_flipped_byte_in_content_or_receipt(
    network: Network,
    firm: tuple[bytes, Sequence[bytes]],
    spoil: Callable[[Files], Files],
    code: str,
) -> None:
    found = judged(network, pdf_of(spoil(files_of(firm[0]))))
    assert (found.verdict, found.exit) == ("false", 1)
    assert codes(found) == [code]
    assert found.as_dict()["subject"] is None, "nothing of what is false is shown"


def test_a_flipped_byte_in_the_opening(
    network: Network, firm: tuple[bytes, Sequence[bytes]]
) -> None:
    files = files_of(firm[0])
    value = canonical.parse(files["opening.json"], allow_null=True)
    signature = value["promise"]["promise"]["signature"]
    value["promise"]["promise"]["signature"] = ("B" if signature[0] != "B" else "C") + signature[1:]
    spoiled = canonical.encode(value, allow_null=True)
    found = judged(network, pdf_of(files | {"opening.json": spoiled}))
    assert (found.verdict, found.exit) == ("false", 1)


def test_stated_by_somebody_else(network: Network, firm: tuple[bytes, Sequence[bytes]]) -> None:
    """A report that its issuer has not stated is none, however well it is made."""
    files = files_of(firm[0])
    file = parse_report(firm[0])
    more = replace(file.content, name="别的公司")
    opening = canonical.parse(files["opening.json"], allow_null=True)
    opening["statement"]["content"] = more.report.content.hex()
    spoiled = canonical.encode(opening, allow_null=True)
    found = judged(network, pdf_of(files | {"report.json": more.encode(), "opening.json": spoiled}))
    assert (found.verdict, codes(found)) == ("false", ["report-false"])


def test_changed_since(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    ids = penalties(network, subject, 21, 22)
    pdf = made(beijing, subject)
    assert judged(network, pdf).verdict == "genuine"
    do(network, beijing, Action.REPAIR, ids[1])
    found = judged(network, pdf)
    assert (found.verdict, found.exit) == ("changed-since", 3), found.problems
    assert [(one.number, one.then, one.now) for one in found.lines] == [
        (1, "valid", "valid"),
        (2, "valid", "repaired"),
    ]
    again = made(beijing, subject)
    assert [one.number for one in judged(network, again).lines] == [1]


def test_past_its_day(
    network: Network, firm: tuple[bytes, Sequence[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = judged(network, firm[0])
    assert found.file is not None
    assert found.today is not None
    assert replace(found, today=found.file.content.until).verdict == "genuine"
    late = replace(found, today=found.file.content.until.replace(year=2099))
    assert (late.verdict, late.exit) == ("out-of-date", 3)


def test_what_cannot_be_seen_is_no_change(
    network: Network, firm: tuple[bytes, Sequence[bytes]]
) -> None:
    """A line that could not be looked at now leaves the report undetermined; one that is known to
    have changed says more than that."""
    found = judged(network, firm[0])
    first, second = found.lines
    for word in ("undetermined", "not-final", "anchor-moved"):
        unread = replace(found, lines=(first, replace(second, now=word)))
        assert (unread.verdict, unread.exit) == ("undetermined", 4)
        both = replace(found, lines=(replace(first, now="repaired"), replace(second, now=word)))
        assert (both.verdict, both.exit) == ("changed-since", 3)


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-",
        b"%PDF-1.7\n%%EOF",
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Names 1 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
        b"%PDF-1.4\n" + b"[" * 5000,
        b"%PDF-1.4\n" + b"<<" * 5000 + b"\nstartxref\n9\n%%EOF",
    ],
)
def test_what_is_no_report(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_report(data)


def test_bounds() -> None:
    with pytest.raises(Malformed, match="longer than"):
        parse_report(b"%PDF-" + bytes(MAX_FILE))
    with pytest.raises(Malformed, match="too long"):
        parse_report(pdf_of({"receipt-0001.json": bytes(1 << 22)}))
    many = {f"receipt-{n:04d}.json": b"{}" for n in range(1, 1100)}
    with pytest.raises(Malformed, match="too many"):
        parse_report(pdf_of(many, compress=False))


def test_an_encrypted_one(firm: tuple[bytes, Sequence[bytes]]) -> None:
    writer = PdfWriter(clone_from=BytesIO(firm[0]))
    writer.encrypt("", "owner", algorithm="RC4-128")
    out = BytesIO()
    writer.write(out)
    with pytest.raises(Malformed):
        parse_report(out.getvalue())


def test_a_tree_of_names_that_goes_round(firm: tuple[bytes, Sequence[bytes]]) -> None:
    writer = PdfWriter(clone_from=BytesIO(firm[0]))
    root: Any = writer.root_object
    tree = root["/Names"]["/EmbeddedFiles"]
    held = writer._add_object(tree)
    root["/Names"][NameObject("/EmbeddedFiles")] = held
    tree[NameObject("/Kids")] = ArrayObject([held])
    out = BytesIO()
    writer.write(out)
    with pytest.raises(Malformed):
        parse_report(out.getvalue())


def test_cut_anywhere(firm: tuple[bytes, Sequence[bytes]]) -> None:
    """No part of a file is a report, nor anything but refused."""
    data = firm[0]
    for size in range(16, len(data) - 8, max(1, len(data) // 40)):
        with pytest.raises(Malformed):
            parse_report(data[:size])


def test_a_bomb_is_refused() -> None:
    packed = zlib.compress(bytes(100 << 20), 9)
    stream = (
        b"3 0 obj<</Type/EmbeddedFile/Filter/FlateDecode/Length "
        + str(len(packed)).encode()
        + b">>stream\n"
        + packed
        + b"\nendstream endobj\n"
    )
    body = b"%PDF-1.7\n"
    offsets = []
    for part in (
        b"1 0 obj<</Type/Catalog/Names<</EmbeddedFiles<</Names[(report.json)2 0 R]>>>>"
        b"/Pages 4 0 R>>endobj\n",
        b"2 0 obj<</Type/Filespec/F(report.json)/EF<</F 3 0 R>>>>endobj\n",
        stream,
        b"4 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n",
    ):
        offsets.append(len(body))
        body += part
    start = len(body)
    table = b"xref\n0 5\n0000000000 65535 f \n"
    table += b"".join(f"{one:010d} 00000 n \n".encode() for one in offsets)
    data = body + table + f"trailer<</Size 5/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode()
    with pytest.raises(Malformed):
        parse_report(data)


def test_verify_report_reads_nothing_else(network: Network) -> None:
    verifier = Verifier(network.chain.file, wait=0)
    try:
        found = verify_report(verifier, b"not a PDF")
    finally:
        verifier.close()
    assert (found.verdict, codes(found)) == ("false", ["malformed"])
