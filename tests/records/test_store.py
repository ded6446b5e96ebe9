"""Schemas and rules by hash: packaged ones, those of a folder, and files that are none."""

import hashlib
from pathlib import Path

import pytest

from ledger.core import canonical
from ledger.core.errors import ConfigError
from ledger.records import rules as rules_files
from ledger.records import schema as schemas
from ledger.records import store
from ledger.records.store import Library, Unreadable
from tests.records.test_rules import FILE, RULES

PENALTY = schemas.load("penalty")
PENALTY_FILE = next(
    data for data in schemas.packaged_files() if hashlib.sha256(data).hexdigest() == PENALTY.sha256
)


def next_version(data: bytes, version: int = 2) -> bytes:
    return canonical.encode(canonical.parse(data) | {"version": version})


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


SCHEMA_2, RULES_2 = next_version(PENALTY_FILE), next_version(FILE)


def test_the_packaged_files() -> None:
    library = Library.load(None)
    assert library.schema(PENALTY.sha256) is PENALTY
    assert library.rules(RULES.sha256) is RULES
    assert library.schema_file(PENALTY.sha256) == PENALTY_FILE
    assert library.rules_file(RULES.sha256) == FILE
    for wrong in ("00" * 32, "", "../x", RULES.sha256.upper()):
        assert library.schema(wrong) is None
        assert library.rules(wrong) is None
        assert library.schema_file(wrong) is None
        assert library.rules_file(wrong) is None
    assert library.schema(RULES.sha256) is None
    assert library.rules(PENALTY.sha256) is None
    assert library.unreadable == ()


def test_a_folder_adds_its_own(tmp_path: Path) -> None:
    (tmp_path / "whatever.json").write_bytes(SCHEMA_2)
    (tmp_path / f"{sha(RULES_2)}.json").write_bytes(RULES_2)
    (tmp_path / "penalty@1.json").write_bytes(PENALTY_FILE)
    (tmp_path / "README.md").write_text("not looked at")
    (tmp_path / "more.json").mkdir()
    library = Library.load(tmp_path)
    assert library.unreadable == ()
    found, rules = library.schema(sha(SCHEMA_2)), library.rules(sha(RULES_2))
    assert found is not None and found.id == "penalty@2"
    assert rules is not None and rules.version == 2
    assert library.schema_file(sha(SCHEMA_2)) == SCHEMA_2
    assert library.rules_file(sha(RULES_2)) == RULES_2
    assert library.schema(PENALTY.sha256) is PENALTY  # packaged ones first
    assert schemas.by_hash(sha(SCHEMA_2)) is None
    assert rules_files.newest() is RULES


def test_what_cannot_be_read_is_named_and_stops_nothing(tmp_path: Path) -> None:
    files = {
        "a.json": (b"", "not JSON"),
        "b.json": (b"[]", "neither a schema nor rules"),
        "c.json": (b'{"_type":["x"]}', "neither a schema nor rules"),
        "d.json": (SCHEMA_2 + b"\n", "not the canonical spelling"),
        "e.json": (RULES_2.replace(b"rules@1", b"rules@2"), "not credit-ledger/rules@1"),
        "f.json": (b" " * (store.MAX_FILE + 1), "longer than"),
        "g.json": (b"[" * 100_000, "not JSON"),
        f"{'0' * 64}.json": (SCHEMA_2, "but its SHA-256 is"),
    }
    for name, (data, _) in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "z.json").write_bytes(RULES_2)
    library = Library.load(tmp_path)
    assert library.rules(sha(RULES_2)) is not None
    assert library.schema(sha(SCHEMA_2)) is None
    problems = {found.name: found.problem for found in library.unreadable}
    assert problems.keys() == files.keys()
    for name, (_, problem) in files.items():
        assert problem in problems[name], name


def test_a_flipped_byte_is_another_file(tmp_path: Path) -> None:
    flipped = SCHEMA_2.replace("行政处罚".encode(), "行政处置".encode(), 1)
    (tmp_path / f"{sha(SCHEMA_2)}.json").write_bytes(flipped)
    library = Library.load(tmp_path)
    assert library.schema(sha(SCHEMA_2)) is None
    assert [type(found) for found in library.unreadable] == [Unreadable]


def test_a_folder_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="missing"):
        Library.load(tmp_path / "missing")
    (tmp_path / "a.json").write_bytes(FILE)
    (tmp_path / "b.json").write_bytes(FILE)
    monkeypatch.setattr(store, "MAX_FILES", 1)
    with pytest.raises(ConfigError, match="more than 1 files"):
        Library.load(tmp_path)
