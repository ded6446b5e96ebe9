"""Schema and rules files, and lists of fields, by their SHA-256: those we package, and those of a
folder.

A payload names its files by hash, so whoever holds one may bring it: a file is what its bytes are,
whatever it is called and wherever it came from. In the folder are files as nodes serve them at
`/v1/schemas/{sha256}` and `/v1/rules/{sha256}`; one that is called by a hash must have that hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import orjson

from ledger.core.errors import ConfigError, Malformed
from ledger.records import report_fields
from ledger.records import rules as rules_files
from ledger.records import schema as schemas
from ledger.records.report_fields import FieldList
from ledger.records.rules import Rules
from ledger.records.schema import Schema

__all__ = ["MAX_FILE", "MAX_FILES", "SETTING", "Library", "Unreadable"]

SETTING: Final = "schemas"
"""What errors call the folder: the option `--schemas`."""
MAX_FILES: Final = 1 << 12
"""Files of a folder: a hundred types in forty versions."""
MAX_FILE: Final = max(schemas.MAX_FILE, rules_files.MAX_FILE, report_fields.MAX_FILE)

_NAMED_BY_HASH = re.compile(r"([0-9a-f]{64})(?:\.json)?")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file of the folder that is not used, and why not."""

    name: str
    problem: str


class Library:
    """Schemas and rules by hash. unreadable: what of the folder could not be used."""

    def __init__(self, files: Iterable[tuple[str, bytes]] = ()) -> None:
        """files: names and contents, beside the packaged ones."""
        self._schemas: dict[str, tuple[Schema, bytes]] = {}
        self._rules: dict[str, tuple[Rules, bytes]] = {}
        self._fields: dict[str, FieldList] = {}
        unreadable: list[Unreadable] = []
        for name, data in files:
            try:
                self._add(name, data)
            except Malformed as error:
                unreadable.append(Unreadable(name, str(error)))
        self.unreadable = tuple(unreadable)

    @classmethod
    def load(cls, folder: Path | None) -> Library:
        """The packaged files and every `*.json` of a folder, not of those in it; ConfigError where
        it cannot be read. None: the packaged ones alone."""
        if folder is None:
            return cls()
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix == ".json")
            if len(paths) > MAX_FILES:
                raise ConfigError(SETTING, f"{folder}: more than {MAX_FILES} files")
            return cls([(path.name, _read(path)) for path in paths if path.is_file()])
        except OSError as error:
            raise ConfigError(SETTING, f"{error.filename or folder}: {error.strerror}") from error

    def schema(self, sha256: str) -> Schema | None:
        """The schema whose file has this SHA-256 (64 hex); None: not to be had."""
        found = self._schemas.get(sha256)
        return schemas.by_hash(sha256) or (found[0] if found else None)

    def named(self, name: str, version: int) -> Schema | None:
        """The schema of this name and version, of those that are packaged or made known first;
        None: there is none here."""
        found = (
            one for one in self.brought_schemas() if (one.name, one.version) == (name, version)
        )
        return schemas.find(name, version) or next(found, None)

    def rules(self, sha256: str) -> Rules | None:
        """The rules whose file has this SHA-256 (64 hex); None: not to be had."""
        found = self._rules.get(sha256)
        return rules_files.by_hash(sha256) or (found[0] if found else None)

    def schema_file(self, sha256: str) -> bytes | None:
        """The bytes of a schema file."""
        found = self._schemas.get(sha256)
        return _packaged_schemas().get(sha256) or (found[1] if found else None)

    def rules_file(self, sha256: str) -> bytes | None:
        """The bytes of a rules file."""
        found = self._rules.get(sha256)
        return _packaged_rules().get(sha256) or (found[1] if found else None)

    def all_schemas(self) -> Sequence[Schema]:
        """Every schema that is here."""
        return (*schemas.all_schemas(), *self.brought_schemas())

    def brought_schemas(self) -> Sequence[Schema]:
        """The schemas of the folder, in the order of its files."""
        return tuple(schema for schema, _ in self._schemas.values())

    def all_rules(self) -> Sequence[Rules]:
        """Every rules file that is here."""
        return (*rules_files.all_rules(), *(rules for rules, _ in self._rules.values()))

    def field_list(self, sha256: str) -> FieldList | None:
        """The list of fields whose file has this SHA-256 (64 hex); None: not to be had."""
        return report_fields.by_hash(sha256) or self._fields.get(sha256)

    def fields_of(self, region: str, day: date) -> FieldList:
        """The list that reports of a region go by on a day: its own before that of all, the later
        before the earlier, one of the folder before one of ours."""
        known = [*report_fields.packaged(), *self._fields.values()]
        fit = [one for one in known if one.region in (None, region) and one.since <= day]
        best = (fit or known[:1])[0]
        for one in fit:  # of two that are alike the one of the folder, which stands behind
            if (one.region is not None, one.since) >= (best.region is not None, best.since):
                best = one
        return best

    def _add(self, name: str, data: bytes) -> None:
        digest = hashlib.sha256(data).hexdigest()
        called = _NAMED_BY_HASH.fullmatch(name)
        if called is not None and called[1] != digest:
            raise Malformed("file", f"called {called[1]} but its SHA-256 is {digest}")
        kind = _type_of(data)
        if kind.startswith("credit-ledger/schema@"):
            self._schemas[digest] = (schemas.parse(data), data)
        elif kind.startswith("credit-ledger/rules@"):
            self._rules[digest] = (rules_files.parse(data), data)
        elif kind.startswith("credit-ledger/report-fields@"):
            self._fields[digest] = report_fields.parse(data)
        else:
            raise Malformed("file", "neither a schema nor rules, nor a list of fields")


def _read(path: Path) -> bytes:
    """The bytes of a file; of one that is too long only so many as show that."""
    with path.open("rb") as file:
        return file.read(MAX_FILE + 1)


def _type_of(data: bytes) -> str:
    """What a file says it is; "" where it does not. Only `parse` says whether it is right."""
    if len(data) > MAX_FILE:
        raise Malformed("file", f"longer than {MAX_FILE} bytes")
    try:
        tree = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed("file", "not JSON") from error
    kind = tree.get("_type") if isinstance(tree, dict) else None
    return kind if isinstance(kind, str) else ""


def _by_hash(files: Iterable[bytes]) -> Mapping[str, bytes]:
    return {hashlib.sha256(data).hexdigest(): data for data in files}


@cache
def _packaged_schemas() -> Mapping[str, bytes]:
    return _by_hash(schemas.packaged_files())


@cache
def _packaged_rules() -> Mapping[str, bytes]:
    return _by_hash(rules_files.packaged_files())
