"""Answer the line protocol, whatever comes along it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.second import __main__ as line
from tests.second.making import RULES, SCHEMA, Record, world
from tests.second.making import receipt as make_receipt


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Write a small suite: one receipt, its facts, and the library."""
    made = Record()
    (tmp_path / "library").mkdir()
    (tmp_path / "library/penalty.json").write_bytes(SCHEMA)
    (tmp_path / "library/publicity.json").write_bytes(RULES)
    (tmp_path / "a.receipt").write_bytes(make_receipt(made.entry, presentation=made.presentation()))
    (tmp_path / "world.json").write_text(json.dumps(world(made.entry)))
    (tmp_path / "moved.json").write_text(
        json.dumps({"base": "world.json", "network": {"reference": "x", "formerly": []}})
    )
    return tmp_path


def answers(suite: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Give the answers to some lines."""
    monkeypatch.setenv("CONFORMANCE_SUITE", str(suite))
    target = io.StringIO()
    line.serve(io.BytesIO(b"".join(lines)), target)
    return [json.loads(text) for text in target.getvalue().splitlines()]


def case(suite: Path, name: str, **more: Any) -> bytes:
    """Write one case as a line."""
    found = {"case": name, "kind": "receipt", "file": str(suite / "a.receipt")}
    return json.dumps({**found, "facts": str(suite / "world.json"), **more}).encode() + b"\n"


def test_lines(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer each line in order, whatever it holds."""
    lines = [
        case(suite, "a/valid"),
        case(suite, "a/day", question={"asOf": "2026-11-17"}),
        case(suite, "a/moved", facts=str(suite / "moved.json")),
        case(suite, "a/no-facts", facts=None),
        case(suite, "a/no-kind", kind="unheard-of"),
        case(suite, "a/no-file", file=str(suite / "nothing")),
        b"not JSON\n",
        b"[" * 70_000 + b"\n",
        b"[" * 60_000 + b"\n",
        case(suite, "a/statement", kind="statement", statement=str(suite / "a.receipt")),
    ]
    found = answers(suite, lines, monkeypatch)
    assert [(one["case"], one["verdict"]) for one in found] == [
        ("a/valid", "valid"),
        ("a/day", "not-yet-anchored"),
        ("a/moved", "other-network"),
        ("a/no-facts", "undetermined"),
        ("a/no-kind", None),
        ("a/no-file", "undetermined"),
        (None, None),
        (None, None),
        (None, None),
        ("a/statement", "malformed"),
    ]
    assert found[1]["now"] == "valid"
    assert "now" not in found[0]


def test_hostile_files(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Live through files that are deep, long, cut short or no text."""
    whole = (suite / "a.receipt").read_bytes()
    deep = b"[" * 300_000
    files = [
        deep,
        b'{"_type":"credit-ledger/receipt@2","a":' + deep + b"]" * 300_000 + b"}",
        b'{"a":' + deep + b"]" * 300_000 + b',"_type":"credit-ledger/receipt@2"}',
        whole[:-100],
        b"\xff" * 1000,
        b'"\\' * 200_000,
        b"",
        whole.replace(b'"index":0', b'"index":' + b"9" * 100_000),
    ]
    lines = []
    for number, data in enumerate(files):
        (suite / f"{number}.receipt").write_bytes(data)
        for kind in ("receipt", "opening", "request"):
            lines.append(case(suite, f"{number}", file=str(suite / f"{number}.receipt"), kind=kind))
    found = [one["verdict"] for one in answers(suite, lines, monkeypatch)]
    newer, old, nothing = "undetermined", "malformed", "signature-missing"
    expected = [old, newer, old, old, old, old, old, old]
    assert found[0::3] == found[1::3] == expected
    assert set(found[2::3]) == {nothing}
