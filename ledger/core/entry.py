"""Entries: what goes into a log. Canonical JSON of at most 1 KiB about no identifiable subject.

Two kinds: the record, and the statement (design-2 10), whose sort stands in what it commits to.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from ledger.core import canonical
from ledger.core.canonical import hex32, unhex32
from ledger.core.commitment import SCHEMA_ID
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import SUITES, Digest, LogId, RecordId
from ledger.core.versions import NAME, loose, refuse_other

__all__ = [
    "MAX_ENTRY",
    "RECORD",
    "STATEMENT",
    "SUITE",
    "TIMELY",
    "Entry",
    "around_commitment",
    "from_json",
    "parse_entry",
    "period",
    "record_entry",
    "statement_entry",
]

MAX_ENTRY = 1024  # bytes; the largest record entry has about 600
RECORD = "record"
STATEMENT = "statement"
TIMELY = ("yes", "no", "unknown")
SUITE = "sha256"

_TYPE = "credit-ledger/entry@1"
_ZERO = Digest(bytes(canonical.DIGEST_SIZE))
_PERIOD = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")
_COMMON = {"_type", "commitment", "kind", "log", "suite"}
_REQUIRED = {RECORD: _COMMON | {"period", "schema", "timely"}, STATEMENT: _COMMON}
_OPTIONAL = {RECORD: {"corrects", "replaces"}, STATEMENT: {"replaces"}}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A parsed entry. None: this kind has no such member, or the optional one is absent.

    replaces: the first entry of the chain, which a closed log has stranded.
    """

    kind: str
    commitment: Digest
    log: LogId
    suite: str = SUITE
    period: str | None = None
    schema: str | None = None
    timely: str | None = None
    corrects: RecordId | None = None
    replaces: RecordId | None = None

    def to_json(self) -> dict[str, Any]:
        """The object that stands in a receipt."""
        value = {
            "_type": _TYPE,
            "commitment": hex32(self.commitment),
            "kind": self.kind,
            "log": hex32(self.log),
            "suite": self.suite,
        }
        for name in ("period", "schema", "timely"):
            if (text := getattr(self, name)) is not None:
                value[name] = text
        for name in ("corrects", "replaces"):
            if (data := getattr(self, name)) is not None:
                value[name] = hex32(data)
        return value

    def encode(self) -> bytes:
        """The bytes that are hashed into the log."""
        return canonical.encode(self.to_json())


def period(decided: date, *, yearly: bool = False) -> str:
    """The month of `decided` ("2026-11"), or its year where the catalogue says so."""
    return decided.isoformat()[: 4 if yearly else 7]


def record_entry(
    *,
    commitment: bytes,
    log: bytes,
    period: str,
    schema: str,
    timely: str,
    corrects: bytes | None = None,
    replaces: bytes | None = None,
) -> bytes:
    """The entry of a record; `schema` is `penalty@1`."""
    if corrects is None and replaces is None:
        before, behind = around_commitment(log, period, schema, timely)
        return before + hex32(commitment).encode() + behind
    return _checked(
        Entry(
            kind=RECORD,
            commitment=Digest(commitment),
            log=LogId(log),
            period=period,
            schema=schema,
            timely=timely,
            corrects=None if corrects is None else RecordId(corrects),
            replaces=None if replaces is None else RecordId(replaces),
        )
    ).encode()


@lru_cache(maxsize=4096)  # a file has one log, few schemas and some hundred months
def around_commitment(log: bytes, period: str, schema: str, timely: str) -> tuple[bytes, bytes]:
    """What stands before and behind the commitment in the entry of a plain record."""
    entry = Entry(
        kind=RECORD,
        commitment=_ZERO,
        log=LogId(log),
        period=period,
        schema=schema,
        timely=timely,
    )
    before, _, behind = _checked(entry).encode().partition(hex32(_ZERO).encode())
    return before, behind


def statement_entry(*, commitment: bytes, log: bytes, replaces: bytes | None = None) -> bytes:
    """The entry of a statement: `commitment` is the SHA-256 of it (design-2 10)."""
    return Entry(
        kind=STATEMENT,
        commitment=Digest(commitment),
        log=LogId(log),
        replaces=None if replaces is None else RecordId(replaces),
    ).encode()


def parse_entry(data: bytes) -> Entry:
    """The entry in canonical bytes; Malformed otherwise, VersionUnknown where it is newer."""
    try:
        value = canonical.parse(data, max_bytes=MAX_ENTRY, max_depth=1)
    except Malformed:
        _refuse_newer(loose(data))
        raise
    return from_json(value)


def from_json(value: Any) -> Entry:
    """The entry in a parsed canonical object (the `entry` of a receipt)."""
    _refuse_newer(value)
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise Malformed("entry", "not an object of texts")
    kind = value.get("kind")
    if kind not in _REQUIRED:
        raise Malformed("entry", "neither a record nor a statement")
    required, optional = _REQUIRED[kind], _OPTIONAL[kind]
    if not required <= value.keys() <= required | optional or value["_type"] != _TYPE:
        raise Malformed("entry", "members missing or unknown")
    return _checked(
        Entry(
            kind=kind,
            commitment=Digest(unhex32(value["commitment"])),
            log=LogId(unhex32(value["log"])),
            suite=value["suite"],
            period=value.get("period"),
            schema=value.get("schema"),
            timely=value.get("timely"),
            corrects=RecordId(unhex32(value["corrects"])) if "corrects" in value else None,
            replaces=RecordId(unhex32(value["replaces"])) if "replaces" in value else None,
        )
    )


def _refuse_newer(value: Any) -> None:
    """Raise VersionUnknown for another version or suite, before anything else is looked at."""
    if not isinstance(value, dict):
        return
    refuse_other(value.get("_type"))
    suite = value.get("suite")
    if isinstance(suite, str) and suite not in SUITES and NAME.fullmatch(suite):
        raise VersionUnknown("suite of the entry", suite)


def _checked(entry: Entry) -> Entry:
    if entry.suite not in SUITES:
        raise Malformed("entry", "suite that is none")
    if entry.kind != RECORD:
        return entry
    if not _PERIOD.fullmatch(entry.period or ""):
        raise Malformed("entry", "period is neither month nor year")
    if not SCHEMA_ID.fullmatch(entry.schema or ""):
        raise Malformed("entry", "schema is not name@version")
    if entry.timely not in TIMELY:
        raise Malformed("entry", "timely is not yes, no or unknown")
    return entry
