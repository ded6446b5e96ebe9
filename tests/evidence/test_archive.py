"""The archive as a file: any program reads it, ours alone writes it, and one spelling counts."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from ledger.core.errors import CouldNotCheck, Malformed
from ledger.evidence import archive
from ledger.evidence.account import MAX_PARTS, parse_account
from ledger.evidence.told import parse_told
from ledger.evidence.trie import EMPTY_ROOT
from tests.core.material import flip

MEMBERS = {"manifest.json": b"{}", "a/b.json": b"", "README.txt": b"text", "z.bin": bytes(300)}


def test_any_program_reads_it() -> None:
    data = archive.write(MEMBERS)
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        assert found.namelist() == ["manifest.json", "README.txt", "a/b.json", "z.bin"]
        assert {name: found.read(name) for name in found.namelist()} == MEMBERS
    assert archive.read(data) == MEMBERS
    assert archive.is_archive(data)
    assert not archive.is_archive(data[1:])
    assert archive.write(dict(reversed(MEMBERS.items()))) == data


def refused(data: bytes) -> str | None:
    """The code; None where it is taken."""
    try:
        archive.read(data)
    except Malformed as error:
        return error.code
    return None


def test_each_bit_counts() -> None:
    """By the checksums at the least, whatever the members say."""
    data = archive.write(MEMBERS)
    assert {refused(flip(data, bit)) for bit in range(8 * len(data))} == {"archive-malformed"}


def test_other_spellings() -> None:
    data = archive.write(MEMBERS)
    for other in (b"", b"PK", data[:-1], data + b"\0", b"\0" + data, data + data, b"PK\x05\x06"):
        assert refused(other) == "archive-malformed"
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", kind) as made:
            for name, content in MEMBERS.items():
                made.writestr(name, content)
        assert refused(packed.getvalue()) == "archive-malformed"


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "a/", "", "a b", "é", "a\\b", "x" * 101])
def test_names(name: str) -> None:
    """No name leads out of the folder where somebody unpacks it."""
    with pytest.raises(ValueError, match="no name"):
        archive.write({**MEMBERS, name: b""})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("manifest.json", b"{}")
        made.writestr(zipfile.ZipInfo(name or "\0"), b"")
    assert refused(packed.getvalue()) == "archive-malformed"


def test_a_member_twice() -> None:
    data = archive.write({"manifest.json": b"{}"})
    end = data.index(b"PK\x01\x02")
    assert refused(data[:end] * 2 + data[end:]) == "archive-malformed"


def test_without_a_manifest() -> None:
    assert refused(archive.write({"a.json": b"{}"})) == "archive-malformed"


def test_bounds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = archive.write(MEMBERS)
    monkeypatch.setattr(archive, "MAX_FILE", len(data))
    assert archive.read(data) == MEMBERS
    monkeypatch.setattr(archive, "MAX_FILE", len(data) - 1)
    assert refused(data) == "archive-malformed"
    with pytest.raises(CouldNotCheck, match="evidence-too-large"):
        archive.write(MEMBERS)
    monkeypatch.undo()
    monkeypatch.setattr(archive, "MAX_MEMBERS", len(MEMBERS) - 1)
    assert refused(data) == "archive-malformed"
    with pytest.raises(CouldNotCheck, match="evidence-too-large"):
        archive.write(MEMBERS)


def test_documents_with_more_parts_than_any_of_ours() -> None:
    """Each takes many times its bytes in memory; they are counted before they are parsed."""
    many = b"[" + b"[]," * MAX_PARTS + b"[]]"
    for parse in (
        lambda: parse_account(many, EMPTY_ROOT, len(many)),
        lambda: parse_told(many, len(many)),
    ):
        with pytest.raises(Malformed) as caught:
            parse()
        assert caught.value.problem == f"more than {MAX_PARTS} parts"
        assert caught.value.code == "proof-malformed"
