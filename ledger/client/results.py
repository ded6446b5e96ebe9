"""What gateways answer, as values. `raw` of each is all that was said, with what came later.

Times and days are texts as the interface has them, digests lower-case hex.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.client.errors import NoAnswer, Refused
from ledger.client.reading import Members
from ledger.core.texts import Text

__all__ = [
    "TAKEN",
    "VERDICTS",
    "BareReceipt",
    "FileAnswer",
    "FileListed",
    "ListName",
    "Log",
    "Named",
    "NodeInfo",
    "RecordStatus",
    "Remark",
    "RowAnswer",
    "Submitted",
    "leaves_of",
]

VERDICTS = ("accepted", "duplicate", "conflict", "rejected")
"""How a row may end."""
TAKEN = VERDICTS[:2]
"""How one ends that is in the log, by this answer or before."""
_ENDED = ("done", "failed")


def _raw() -> Any:
    return field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """An error or a note. field: the standard's code, None: the whole row. message: zh and en."""

    field: str | None
    code: str
    message: Text

    @classmethod
    def of(cls, told: Members) -> Remark:
        """Read it."""
        return cls(
            field=told.text_or_none("field"),
            code=told.text("code"),
            message=told.languages("message") or {},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAnswer:
    """What became of one record. row, sheet: where it stood, None: a single one. field, code,
    message: of the first error. leaf, record_id: of the entry that is in, or stands in the way.
    promise: its place in the promises beside. changed: fields in which a conflict differs."""

    verdict: str
    row: int | None
    sheet: str | None
    field: str | None
    code: str | None
    message: Text | None
    errors: tuple[Remark, ...]
    notes: tuple[Remark, ...]
    leaf: str | None
    record_id: str | None
    promise: int | None
    changed: tuple[str, ...]
    raw: Mapping[str, Any] = _raw()

    @property
    def taken(self) -> bool:
        """Whether it is in: accepted, or there already."""
        return self.verdict in TAKEN

    @classmethod
    def of(cls, told: Members) -> RowAnswer:
        """Read it."""
        promise = told.raw.get("promise")
        return cls(
            verdict=told.text("verdict"),
            row=told.integer_or_none("row"),
            sheet=told.text_or_none("sheet"),
            field=told.text_or_none("field"),
            code=told.text_or_none("code"),
            message=told.languages("message"),
            errors=tuple(Remark.of(one) for one in told.objects("errors")),
            notes=tuple(Remark.of(one) for one in told.objects("notes")),
            leaf=told.text_or_none("leaf"),
            record_id=told.text_or_none("recordId"),
            # A single record has its promise itself in the place of a number.
            promise=promise if isinstance(promise, int) else None,
            changed=told.texts("changed"),
            raw=told.raw,
        )


def leaves_of(rows: Iterable[RowAnswer]) -> list[str]:
    """Leaves of the rows that are in, each once and in order."""
    return list(dict.fromkeys(row.leaf for row in rows if row.taken and row.leaf is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The answer to many records. rows: one for each, in order. promises: signed by the gateway,
    each for the rows that name its place."""

    rows: tuple[RowAnswer, ...]
    promises: tuple[Mapping[str, Any], ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows ended how."""
        found = dict.fromkeys(VERDICTS, 0)
        for row in self.rows:
            found[row.verdict] = found.get(row.verdict, 0) + 1
        return found

    @property
    def leaves(self) -> list[str]:
        """Of the rows that are in."""
        return leaves_of(self.rows)

    @property
    def all_taken(self) -> bool:
        """Whether every row is in."""
        return all(row.taken for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswer:
    """How far a file is, and at its end the answer to every row. state: queued, running, done,
    failed. count: rows read so far. code, message: why it failed."""

    id: str
    state: str
    file: str | None
    type: str | None
    count: int
    counts: Mapping[str, int]
    rows: tuple[RowAnswer, ...]
    promises: tuple[Mapping[str, Any], ...]
    code: str | None
    message: Text | None
    raw: Mapping[str, Any] = _raw()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in _ENDED

    @property
    def leaves(self) -> list[str]:
        """Of the rows that are in."""
        return leaves_of(self.rows)

    @property
    def all_taken(self) -> bool:
        """Whether it was read, and every row is in."""
        return self.state == "done" and all(row.taken for row in self.rows)

    @classmethod
    def of(cls, told: Members) -> FileAnswer:
        """Read it."""
        return cls(
            id=told.text("id"),
            state=told.text("state"),
            file=told.text_or_none("file"),
            type=told.text_or_none("type"),
            count=told.integer_or_none("rows") or 0,
            counts=told.counts("counts"),
            rows=tuple(RowAnswer.of(one) for one in told.objects("verdicts")),
            promises=tuple(one.raw for one in told.objects("promises")),
            code=told.text_or_none("code"),
            message=told.languages("message"),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BareReceipt:
    """What became of one of many leaves. data: its bare receipt, byte for byte; None: there is
    none, and problem says why: `Refused` there will not be, `NoAnswer` not now."""

    leaf: str
    data: bytes | None
    problem: Refused | NoAnswer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileListed:
    """A file that was handed in. count: its rows."""

    id: str
    file: str | None
    state: str
    created: str
    count: int
    counts: Mapping[str, int]

    @classmethod
    def of(cls, told: Members) -> FileListed:
        """Read it."""
        return cls(
            id=told.text("id"),
            file=told.text_or_none("file"),
            state=told.text("state"),
            created=told.text("created"),
            count=told.integer("rows"),
            counts=told.counts("counts"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log of a gateway. size: entries in it. anchored_size, promised_size: of these, on the
    chain, and how many there will be once all that was promised stands in it."""

    log: str
    url: str | None
    vkey: str | None
    size: int
    anchored_size: int
    promised_size: int

    @classmethod
    def of(cls, told: Members) -> Log:
        """Read it. A gateway that does not say what it promised has promised what it has."""
        promised = told.integer_or_none("promisedSize")
        return cls(
            log=told.text("log"),
            url=told.text_or_none("url"),
            vkey=told.text_or_none("vkey"),
            size=told.integer("size"),
            anchored_size=told.integer("anchoredSize"),
            promised_size=told.integer("size") if promised is None else promised,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInfo:
    """Who runs a gateway, by its own word. network: `eip155:CHAIN:CONSORTIUM`."""

    code: str
    name: str
    version: str
    network: str
    logs: tuple[Log, ...]
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> NodeInfo:
        """Read it."""
        return cls(
            code=told.text("code"),
            name=told.text("name"),
            version=told.text("version"),
            network=told.text("network"),
            logs=tuple(Log.of(one) for one in told.objects("logs")),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A record by its id and the leaf of its entry."""

    record: str
    leaf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStatus:
    """What the chain says of a record, by the word of a gateway; `Verifier` believes no gateway.
    outcome: none, repaired, corrected, withdrawn, ended. flags: disputed, shielded, erased. closed:
    whether its content is no longer given out."""

    record: str
    flags: tuple[str, ...]
    outcome: str
    version: int
    recorded_at: str | None
    effective_at: str | None
    corrected_by: str | None
    closed: bool
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> RecordStatus:
        """Read it."""
        return cls(
            record=told.text("record"),
            flags=told.texts("flags"),
            outcome=told.text("outcome"),
            version=told.integer("version"),
            recorded_at=told.text_or_none("recordedAt"),
            effective_at=told.text_or_none("effectiveAt"),
            corrected_by=told.text_or_none("correctedBy"),
            closed=told.flag("closed"),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListName:
    """A list that there is. name: the type of the records that enter somebody. exit: of those that
    take somebody off."""

    name: str
    exit: str
    title: Text

    @classmethod
    def of(cls, told: Members) -> ListName:
        """Read it."""
        return cls(
            name=told.text("list"),
            exit=told.text("exit"),
            title=told.languages("title") or {},
        )
