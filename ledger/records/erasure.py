"""The certificate that the content of a record was destroyed on order. It holds nothing of it.

The payload of a signed statement (`ledger.core.jws`), canonical JSON:

{"_type":"credit-ledger/erasure@1","act":{"basis":N,"block":N,"doc":HEX,"effectiveAt":INSTANT},
 "case":HEX,"commitment":HEX,"contentKeys":[HEX16…],
 "destroyed":{"at":INSTANT,"documents":N,"files":N,"rows":N,"sweptAt":INSTANT},"leaf":HEX,
 "log":HEX,"member":CODE,"network":REFERENCE,"order":{"proposed":ROLE,"released":ROLE,"step":HEX},
 "record":HEX}

`order.step` is the commitment of the statement that orders it, in the member's log; `act` is on the
chain and was final before anything was destroyed. `contentKeys` are the content keys under which
the record's own may have been wrapped in a backup: once none of them is at hand, nothing opens it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ledger.core import canonical
from ledger.core.canonical import instant, parse_instant, unhex32
from ledger.core.ids import CODE, Digest, LogId, RecordId, record_id
from ledger.records.members import Members

__all__ = ["MAX_CHARS", "MAX_DOCUMENT", "MAX_KEYS", "TYP", "Erasure", "parse"]

TYP: Final = "credit-ledger-erasure+jws"
MAX_KEYS: Final = 1024
"""Content keys that one certificate names: one a day for three years."""
MAX_DOCUMENT: Final = 64 << 10
"""Bytes."""
MAX_CHARS: Final = 2 * MAX_DOCUMENT

_TYPE = "credit-ledger/erasure@1"
_REFERENCE = re.compile(r"eip155:[1-9][0-9]{0,15}:0x[0-9a-f]{40}")
_ROLE = re.compile(r"token-[0-9]{1,16}")
_KEY = re.compile(r"[0-9a-f]{16}")
_MAX_COUNT = 10**9
_MAX_BASIS = 2**16 - 1
_MAX_BLOCK = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One erasure. Instants in Unix seconds. rows: in which the content lay, more than one where it
    was logged again. documents, files: destroyed with it. proposed_by, released_by: pseudonyms."""

    member: str
    network: str
    record: RecordId
    leaf: bytes
    log: LogId
    commitment: Digest
    case: bytes
    step: Digest
    proposed_by: str
    released_by: str
    basis: int
    doc: Digest
    block: int
    effective_at: int
    rows: int
    documents: int
    files: int
    content_keys: tuple[str, ...]
    destroyed_at: int
    swept_at: int

    def encode(self) -> bytes:
        """Its canonical JSON."""
        return canonical.encode(
            {
                "_type": _TYPE,
                "act": {
                    "basis": self.basis,
                    "block": self.block,
                    "doc": self.doc.hex(),
                    "effectiveAt": instant(self.effective_at),
                },
                "case": self.case.hex(),
                "commitment": self.commitment.hex(),
                "contentKeys": list(self.content_keys),
                "destroyed": {
                    "at": instant(self.destroyed_at),
                    "documents": self.documents,
                    "files": self.files,
                    "rows": self.rows,
                    "sweptAt": instant(self.swept_at),
                },
                "leaf": self.leaf.hex(),
                "log": self.log.hex(),
                "member": self.member,
                "network": self.network,
                "order": {
                    "proposed": self.proposed_by,
                    "released": self.released_by,
                    "step": self.step.hex(),
                },
                "record": self.record.hex(),
            }
        )


def parse(data: bytes) -> Erasure:
    """The document in these bytes. Malformed where it is none, names another record than its log
    and commitment make, or one person alone."""
    tree = Members("erasure", canonical.parse(data, max_bytes=MAX_DOCUMENT, max_depth=3))
    if tree.text("_type") != _TYPE:
        raise tree.fault(f"not {_TYPE}")
    act, done, order = tree.object("act"), tree.object("destroyed"), tree.object("order")
    keys = tree.items("contentKeys", most=MAX_KEYS, least=0)
    if not all(type(key) is str and _KEY.fullmatch(key) for key in keys):
        raise tree.fault("contentKeys are not ids of content keys")
    found = Erasure(
        member=tree.text("member", like=CODE),
        network=tree.text("network", like=_REFERENCE),
        record=RecordId(Digest(unhex32(tree.text("record")))),
        leaf=unhex32(tree.text("leaf")),
        log=LogId(Digest(unhex32(tree.text("log")))),
        commitment=Digest(unhex32(tree.text("commitment"))),
        case=unhex32(tree.text("case")),
        step=Digest(unhex32(order.text("step"))),
        proposed_by=order.text("proposed", like=_ROLE),
        released_by=order.text("released", like=_ROLE),
        basis=act.number("basis", 1, _MAX_BASIS),
        doc=Digest(unhex32(act.text("doc"))),
        block=act.number("block", 0, _MAX_BLOCK),
        effective_at=parse_instant(act.text("effectiveAt")),
        rows=done.number("rows", 1, _MAX_COUNT),
        documents=done.number("documents", 0, _MAX_COUNT),
        files=done.number("files", 0, _MAX_COUNT),
        content_keys=tuple(keys),
        destroyed_at=parse_instant(done.text("at")),
        swept_at=parse_instant(done.text("sweptAt")),
    )
    for members in (tree, act, done, order):
        members.done()
    if found.record != record_id(found.log, found.commitment):
        raise tree.fault("record is not that of log and commitment")
    if found.proposed_by == found.released_by:
        raise tree.fault("proposed and released by one")
    return found
