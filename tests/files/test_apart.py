"""PDFs that take more than a report may: their reader ends, and it is *could not check*."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.errors import CouldNotCheck, Malformed
from ledger.files.apart import BOUNDS, attached_apart
from ledger.files.reports import parse_report
from tests.files.pdfs import PAGES, catalog, one_file, packed, written


def refused(data: bytes, **bounds: float) -> CouldNotCheck:
    with pytest.raises(CouldNotCheck) as caught:
        attached_apart(data, bounds=replace(BOUNDS, **bounds))  # type: ignore[arg-type]
    assert caught.value.code == "report-costly"
    return caught.value


def test_what_is_attached() -> None:
    assert attached_apart(one_file()) == [("a.json", b"{}")]
    assert attached_apart(written({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: PAGES})) == []
    long = "a" * 1500
    with pytest.raises(Malformed, match="long"):
        named = {"tree": b"/Names[(%b)4 0 R]" % long.encode()}
        attached_apart(one_file(spec=b"<</F(%b)/EF<</F 3 0 R>>>>" % long.encode(), **named))


def test_in_a_stream_of_objects() -> None:
    spec = b"<</F(a.json)/UF(a.json)/EF<</F 3 0 R>>>>"
    plain = {3: b"<</Length 2>>stream\n{}\nendstream"}
    data = packed({5: {1: catalog(), 2: PAGES, 4: spec}}, plain)
    assert attached_apart(data) == [("a.json", b"{}")]


def test_too_much_time() -> None:
    """Some kilobytes that unpack to millions of numbers."""
    numbers = b"[%b]" % (b"0 " * 100_000)
    data = packed(
        {100 + n: {200 + n: numbers} for n in range(20)}, {1: catalog(b"/Names[]"), 2: PAGES}
    )
    assert len(data) < 16 << 10
    assert "status -" in str(refused(data, cpu=1))


def test_too_much_memory() -> None:
    blank = b" " * (40 << 20)
    data = packed({100: {200: b"1" + blank}}, {1: catalog(b"/Names[]"), 2: PAGES})
    assert attached_apart(data) == []
    assert "status 75" in str(refused(data, memory=32 << 20))


def test_too_late() -> None:
    assert "status -9" in str(refused(one_file(), deadline=0.0))


def test_the_process_is_given_no_secrets_and_imports_nothing_of_where_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "ledger"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise SystemExit(9)")
    (tmp_path / "pypdf.py").write_text("raise SystemExit(9)")
    monkeypatch.setitem(os.environ, "PYTHONMALLOC", "no such allocator")  # would end it at once
    monkeypatch.setitem(os.environ, "PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    assert attached_apart(one_file()) == [("a.json", b"{}")]


def test_a_report_is_read_apart() -> None:
    with pytest.raises(Malformed, match="without a report"):
        parse_report(one_file())
