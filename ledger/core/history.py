"""The history of a subject: all records of it that one member may give, with what was done to each
(design-2 12, 13).

    file    = JCS {_type:"credit-ledger/history@1", history: JWS, openings, receipts}
    history = JWS, typ "credit-ledger-history+jws", PRESENT key of who gives it, over
              JCS {_type:"credit-ledger/subject-history@1", asOf, at, iss, known,
                   left:[{count, reason}…], network, openings:[SHA-256 of each, in order], purpose,
                   records:[{acts:[act…], leaf, receipt}…], subject, to}
    act     = {action, basis, block, commitment, doc, effectiveAt, expectedVersion, log, member,
               otherCommitment, otherLog, recordedAt, refiledFrom, signedBy}

Openings are objects, receipts texts. The acts are those of the chain on the record, and on the
first that it was logged again for, up to `known`, in their order. `asOf`: the day by whose end the
records were anchored. `to`: the member that it is handed to, empty for the subject itself.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.core import canonical
from ledger.core.canonical import MAX_INSTANT, hex32, instant
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import CODE, Digest, ascii_bytes32, sha256
from ledger.core.jws import Jws
from ledger.core.opening import MAX_DEPTH as OPENING_DEPTH
from ledger.core.opening import MAX_OPENING
from ledger.core.read import digest, integer, matching, text
from ledger.core.signed import (
    Item,
    Left,
    day,
    demand_receipts,
    instant_of,
    left_of,
    list_of,
    members_of,
    network,
    statement_of,
    texts_of,
)
from ledger.core.status import RecordedAct
from ledger.core.versions import loose

__all__ = [
    "MAX_ACTS",
    "MAX_FILE",
    "MAX_OPENINGS",
    "MAX_PAYLOAD",
    "MAX_RECORDS",
    "PURPOSES",
    "TYP",
    "TYPE",
    "Act",
    "Given",
    "History",
    "HistoryFile",
    "act_json",
    "check_file",
    "encode_file",
    "is_history",
    "parse_file",
]

TYPE = "credit-ledger/history@1"
TYP = "credit-ledger-history+jws"
PURPOSES = ("relocation", "own")
"""For which it is made: handed to a province to which the subject moves, or to the subject."""
MAX_RECORDS = 1000
MAX_OPENINGS = 1000
MAX_ACTS = 4096
"""Acts on one record."""
MAX_FILE = 64 << 20
"""Bytes."""
MAX_PAYLOAD = 8 << 20
"""Bytes: an act takes some 700."""

_HISTORY = "credit-ledger/subject-history@1"
_START = re.compile(rb'(\xef\xbb\xbf)?\s*\{\s*"_type"\s*:\s*"credit-ledger/history@')
_START_BYTES = 256
_FILE_MEMBERS = frozenset({"_type", "history", "openings", "receipts"})
_MEMBERS = frozenset(
    "_type asOf at iss known left network openings purpose records subject to".split()
)
_DEPTH = 5
_NUMBERS = frozenset({"action", "basis", "block", "expectedVersion"})
_DIGESTS = frozenset({"commitment", "doc", "log", "otherCommitment", "otherLog", "signedBy"})
_TIMES = frozenset({"effectiveAt", "recordedAt", "refiledFrom"})
_ACT_MEMBERS = _NUMBERS | _DIGESTS | _TIMES | {"member"}
_SUBJECT = re.compile(r"[0-9A-Z]{18}")
_NOBODY = re.compile(rf"({CODE.pattern})?")

Act = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A record and what was done to it. acts: as `act_json` writes them."""

    item: Item
    acts: tuple[Act, ...]

    def to_json(self) -> dict[str, Any]:
        """The object in a history."""
        return self.item.to_json() | {"acts": [dict(act) for act in self.acts]}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the member says that gives it. at, known: Unix seconds. openings: SHA-256 of each."""

    iss: str
    subject: str
    purpose: str
    to: str
    as_of: date
    network: str
    at: int
    known: int
    records: tuple[Given, ...]
    openings: tuple[Digest, ...]
    left: tuple[Left, ...]

    def encode(self) -> bytes:
        """The payload."""
        return canonical.encode(
            {
                "_type": _HISTORY,
                "asOf": self.as_of.isoformat(),
                "at": instant(self.at),
                "iss": self.iss,
                "known": instant(self.known),
                "left": [one.to_json() for one in self.left],
                "network": self.network,
                "openings": [hex32(one) for one in self.openings],
                "purpose": self.purpose,
                "records": [one.to_json() for one in self.records],
                "subject": self.subject,
                "to": self.to,
            },
            max_depth=_DEPTH,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFile:
    """A parsed file: well-formed, not yet checked. openings: each in its one spelling."""

    history: History
    jws: Jws
    openings: tuple[bytes, ...]
    receipts: tuple[str, ...]

    def encode(self) -> bytes:
        """The file."""
        return encode_file(self.jws.text, self.openings, self.receipts)

    def entries(self) -> Iterator[tuple[Given, str]]:
        """Each record with its receipt; of a file that `check_file` has passed."""
        return zip(self.history.records, self.receipts, strict=True)


def encode_file(history: str, openings: Sequence[bytes], receipts: Sequence[str]) -> bytes:
    """The file of this JWS, openings and receipts."""
    value = {
        "_type": TYPE,
        "history": history,
        "openings": [
            canonical.parse(one, allow_null=True, max_bytes=MAX_OPENING, max_depth=OPENING_DEPTH)
            for one in openings
        ],
        "receipts": list(receipts),
    }
    return canonical.encode(value, allow_null=True, max_depth=OPENING_DEPTH + 2)


def act_json(acted: RecordedAct) -> dict[str, Any]:
    """An act as a history holds it. Whoever acted chose `refiledFrom`: one that nobody can write is
    the last that anybody can."""
    act = acted.act
    return {
        "action": int(act.action),
        "basis": int(act.basis),
        "block": acted.block,
        "commitment": hex32(act.commitment),
        "doc": hex32(act.doc),
        "effectiveAt": instant(act.effective_at),
        "expectedVersion": act.expected_version,
        "log": hex32(act.log),
        "member": ascii_bytes32(acted.member) if any(acted.member) else "",
        "otherCommitment": hex32(act.other_commitment),
        "otherLog": hex32(act.other_log),
        "recordedAt": instant(acted.recorded_at),
        "refiledFrom": instant(min(act.refiled_from, MAX_INSTANT)),
        "signedBy": hex32(acted.signed_by),
    }


def is_history(data: bytes) -> bool:
    """Whether a file says of itself that it is a history, of whatever version and spelling."""
    return _START.match(data[:_START_BYTES]) is not None


def parse_file(data: bytes) -> HistoryFile:
    """The history in a file; Malformed unless it is the one spelling of one, VersionUnknown where
    it is of another version."""
    try:
        return _parse(data)
    except Malformed:
        loose(data)
        raise


def check_file(file: HistoryFile) -> None:
    """Raise ProofMismatch where what is said twice does not agree: the openings and receipts are
    those that the history names, in order, and no record stands in it twice.

    The caller MUST still compare with the chain: that the signature is by a PRESENT key of the
    member at that time, what each receipt proves, that it is of this subject, that the acts are
    those of the chain up to `known`, and what each opening proves.
    """
    told = [sha256(one) for one in file.openings]
    if list(file.history.openings) != told:
        raise ProofMismatch("openings", expected=len(file.history.openings), actual=len(told))
    leaves = {one.item.leaf for one in file.history.records}
    if len(leaves) != len(file.history.records):
        raise ProofMismatch("records", expected=len(file.history.records), actual=len(leaves))
    demand_receipts([one.item for one in file.history.records], file.receipts)


def _parse(data: bytes) -> HistoryFile:
    value = canonical.parse(data, allow_null=True, max_bytes=MAX_FILE, max_depth=OPENING_DEPTH + 2)
    found = members_of("history", value, _FILE_MEMBERS, TYPE)
    history, jws = _parse_history(text(found, "history"))
    return HistoryFile(
        history=history,
        jws=jws,
        openings=tuple(list_of(found, "openings", _opening, MAX_OPENINGS)),
        receipts=texts_of(found, "receipts", MAX_RECORDS),
    )


def _parse_history(jws: str) -> tuple[History, Jws]:
    signed = statement_of(jws, TYP, max_chars=2 * MAX_PAYLOAD)
    payload = canonical.parse(signed.payload, max_bytes=MAX_PAYLOAD, max_depth=_DEPTH)
    value = members_of("history", payload, _MEMBERS, _HISTORY)
    found = History(
        iss=matching(value, "iss", CODE),
        subject=matching(value, "subject", _SUBJECT),
        purpose=text(value, "purpose"),
        to=matching(value, "to", _NOBODY),
        as_of=day(value, "asOf"),
        network=network(value),
        at=instant_of(value, "at"),
        known=instant_of(value, "known"),
        records=tuple(list_of(value, "records", _given, MAX_RECORDS)),
        openings=tuple(list_of(value, "openings", _digest, MAX_OPENINGS)),
        left=left_of(value),
    )
    if found.purpose not in PURPOSES or (found.purpose == "own") is bool(found.to):
        raise Malformed("history", "a purpose that is none, or for somebody else")
    if signed.iat != found.at:
        raise ProofMismatch("iat", expected=found.at, actual=signed.iat)
    return found, signed


def _digest(value: Any) -> Digest:
    return digest({"openings": value}, "openings")


def _opening(value: Any) -> bytes:
    return canonical.encode(value, allow_null=True, max_depth=OPENING_DEPTH)


def _given(value: Any) -> Given:
    found = members_of("record", value, {"acts", "leaf", "receipt"})
    item = Item(leaf=digest(found, "leaf"), receipt=digest(found, "receipt"))
    return Given(item=item, acts=tuple(list_of(found, "acts", _act, MAX_ACTS)))


def _act(value: Any) -> Act:
    """An act of this form; what it says is for the chain to confirm."""
    found = members_of("act", value, _ACT_MEMBERS)
    for one in sorted(_NUMBERS):
        integer(found, one)
    for one in sorted(_DIGESTS):
        digest(found, one)
    for one in sorted(_TIMES):
        instant_of(found, one)
    matching(found, "member", _NOBODY)
    return found
