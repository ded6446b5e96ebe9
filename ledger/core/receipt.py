"""Receipts: one canonical JSON file and a newline, proof that an entry is in a log, anchored.

A receipt carries no status, ever, and every byte of it is bound: by its one spelling, by
`internal_checks`, by the chain (network, log and its owner, size and root, anchor), or by a
registered key (checkpoint, presentation, binding). What the caller still has to compare with the
chain is listed at `internal_checks`.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any, Literal, NamedTuple, TypeVar

from ledger.core import canonical, note
from ledger.core import entry as _entry
from ledger.core import presentation as _presentation
from ledger.core.canonical import (
    DIGEST_SIZE,
    MAX_INTEGER,
    hex0x,
    hex32,
    instant,
    parse_instant,
    unhex0x,
    unhex32,
)
from ledger.core.disclosures import check_committed
from ledger.core.entry import RECORD, Entry
from ledger.core.errors import EvidenceError, Malformed, ProofMismatch
from ledger.core.ids import Address, Digest, LogId, RecordId, record_id
from ledger.core.merkle import MAX_SIZE, leaf_hash, verify_inclusion
from ledger.core.note import Checkpoint
from ledger.core.presentation import Binding, Presentation
from ledger.core.versions import look, loose

__all__ = [
    "MAX_DEPTH",
    "MAX_PATH",
    "MAX_RECEIPT",
    "Anchor",
    "Group",
    "InternalCheck",
    "Receipt",
    "build",
    "internal_checks",
    "network_reference",
    "parse",
    "parse_network",
    "refuse_newer",
]

# A record with every field at its longest gives about 250 KiB; more is not read.
MAX_RECEIPT = 1 << 20
MAX_PATH = MAX_SIZE.bit_length()  # no tree is deeper
MAX_DEPTH = 2  # the object, and entry, anchor or path inside

_TYPE = "credit-ledger/receipt@1"
_ANCHOR = {"block", "blockHash", "time", "tx"}
_REQUIRED = {"_type", "anchor", "checkpoint", "entry", "index", "log", "network", "path", "size"}
_OPTIONAL = {"binding", "presentation"}
# Texts of JSON, and the white space outside of them. An unfinished text ends with the file: without
# that, hostile bytes would be read once for every quotation mark.
_TEXT_OR_SPACE = re.compile(rb'("(?:[^"\\]+|\\.)*"?)|[ \t\r\n]+', re.DOTALL)
_NETWORK = re.compile(r"eip155:(?P<chain>[1-9][0-9]{0,15}):(?P<address>0x[0-9a-f]{40})")

# What a check is about; the verifier numbers and words these.
Group = Literal["entry", "inclusion", "checkpoint", "presentation", "agreement", "binding"]


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Where the first anchor that covers the leaf stands. `time`: Unix seconds of the block."""

    block: int
    block_hash: Digest
    time: int
    tx: Digest


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A parsed receipt: well-formed, not yet checked."""

    anchor: Anchor
    checkpoint: Checkpoint
    entry: Entry
    index: int
    log: LogId
    network: str
    path: tuple[Digest, ...]
    size: int
    presentation: Presentation | None = None
    binding: Binding | None = None

    @cached_property
    def leaf(self) -> Digest:
        """The leaf hash of the entry."""
        return leaf_hash(self.entry.encode())

    @property
    def record_id(self) -> RecordId:
        """The key of the record's status."""
        return record_id(self.log, self.entry.commitment)

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id that the receipt names."""
        return parse_network(self.network)[0]

    @property
    def consortium(self) -> Address:
        """Address of `Consortium` that the receipt names: compared, never believed."""
        return parse_network(self.network)[1]

    def encode(self) -> bytes:
        """The file."""
        value: dict[str, Any] = {
            "_type": _TYPE,
            "anchor": {
                "block": self.anchor.block,
                "blockHash": hex0x(self.anchor.block_hash),
                "time": instant(self.anchor.time),
                "tx": hex0x(self.anchor.tx),
            },
            "checkpoint": self.checkpoint.text,
            "entry": self.entry.to_json(),
            "index": self.index,
            "log": hex32(self.log),
            "network": self.network,
            "path": [hex32(item) for item in self.path],
            "size": self.size,
        }
        if self.presentation is not None:
            value["presentation"] = self.presentation.text
        if self.binding is not None:
            value["binding"] = self.binding.jws.text
        return canonical.encode(value, max_depth=MAX_DEPTH) + b"\n"


class InternalCheck(NamedTuple):
    """How one comparison inside the receipt went; `error` None: it passed."""

    group: Group
    id: str
    error: EvidenceError | None


def network_reference(chain_id: int, consortium: str) -> str:
    """`eip155:<chainId>:<consortium>`."""
    reference = f"eip155:{chain_id}:{consortium}"
    parse_network(reference)
    return reference


@lru_cache(maxsize=1024)
def parse_network(reference: str) -> tuple[int, Address]:
    """Chain id and address of such a reference."""
    match = _NETWORK.fullmatch(reference)
    if match is None or int(match["chain"]) > MAX_INTEGER:
        raise Malformed("network", "not eip155:<chain id>:<address>")
    return int(match["chain"]), Address(match["address"])


def build(
    *,
    anchor: Anchor,
    checkpoint: str,
    entry: bytes,
    index: int,
    network: str,
    path: Sequence[bytes],
    presentation: str | None = None,
    binding: str | None = None,
) -> bytes:
    """The file of a receipt whose parts agree; raises what the first failing check raises."""
    head = note.parse_checkpoint(checkpoint)
    made = Receipt(
        anchor=anchor,
        checkpoint=head,
        entry=_entry.parse_entry(entry),
        index=index,
        log=head.log,
        network=network,
        path=tuple(Digest(item) for item in path),
        size=head.size,
        presentation=_optional(_presentation.parse_presentation, presentation),
        binding=_optional(_presentation.parse_binding, binding),
    )
    data = made.encode()
    for check in internal_checks(parse(data)):
        if check.error is not None:
            raise check.error
    return data


def parse(data: bytes) -> Receipt:
    """The receipt in a file; Malformed unless it is the one spelling of one (with the code
    `not-canonical-bytes` where nothing is wrong but white space, byte order mark or line ends).

    VersionUnknown where the file, or anything in it, is of a version, suite or algorithm that we do
    not know: that goes before everything malformed, as does a signature type of the checkpoint; in
    a receipt that is otherwise well-formed such a line is carried along (`Checkpoint.newer`).
    """
    try:
        return _parse(data)
    except Malformed:
        _refuse_newer(data)
        if not _is_respelled(data):
            raise
    raise Malformed(
        "receipt", "white space, byte order mark or line ends", code="not-canonical-bytes"
    )


def internal_checks(
    receipt: Receipt, slots: Sequence[str] | None = None
) -> tuple[InternalCheck, ...]:
    """All that can be checked without the chain, in a fixed order, each run whatever the others
    say. `slots`: those of the record's schema; None: the schema is not known.

    The caller MUST still compare with the chain: the network; the log's owner with `payload.iss`;
    root and size of the checkpoint; all four values of the anchor; and check the signatures of
    checkpoint, presentation and binding against registered keys; and with the schema: its digest
    in the payload, and the disclosed fields that `decided` and `until` are made from.
    """
    checks = _of_entry(receipt)
    if receipt.presentation is not None:
        checks += _of_presentation(receipt.entry, receipt.presentation, slots)
    if receipt.binding is not None and receipt.presentation is not None:
        sd_hash, bound = receipt.presentation.sd_hash, receipt.binding.sd_hash
        checks += [("binding", "sd-hash", lambda: _same("bound presentation", sd_hash, bound))]
    return tuple([_made(group, name, check) for group, name, check in checks])


def refuse_newer(value: Mapping[str, Any]) -> None:
    """Raise VersionUnknown where a parsed object that is no receipt of ours, in a file of its own
    or in an opening, holds something newer (docs/protocol.md 13, 2 to 5)."""
    look(_entry.from_json, value.get("entry"))
    for name, parser in (
        ("checkpoint", note.refuse_newer),
        ("presentation", _presentation.parse_presentation),
        ("binding", _presentation.parse_binding),
    ):
        if isinstance(text := value.get(name), str):
            look(parser, text)


# ---- private

_T = TypeVar("_T")
_Check = tuple[Group, str, Callable[[], object]]


def _parse(data: bytes) -> Receipt:
    if len(data) > MAX_RECEIPT:
        raise Malformed("receipt", f"longer than {MAX_RECEIPT} bytes")
    if not data.endswith(b"\n"):
        what = "cut short: no newline at the end" if data.strip() else "the file is empty"
        raise Malformed("receipt", what)
    value = canonical.parse(data[:-1], max_depth=MAX_DEPTH)
    if not isinstance(value, dict) or not _REQUIRED <= value.keys() <= _REQUIRED | _OPTIONAL:
        raise Malformed("receipt", "members missing or unknown")
    if value["_type"] != _TYPE:
        raise Malformed("receipt", "not a receipt of version 1")
    if "binding" in value and "presentation" not in value:
        raise Malformed("receipt", "binding of nothing")
    network = _text(value, "network")
    parse_network(network)
    return Receipt(
        anchor=_parse_anchor(value["anchor"]),
        checkpoint=note.parse_checkpoint(_text(value, "checkpoint")),
        entry=_entry.from_json(value["entry"]),
        index=_integer(value, "index"),
        log=LogId(unhex32(_text(value, "log"))),
        network=network,
        path=_parse_path(value["path"]),
        size=_integer(value, "size"),
        presentation=_optional(
            _presentation.parse_presentation, _text_or_none(value, "presentation")
        ),
        binding=_optional(_presentation.parse_binding, _text_or_none(value, "binding")),
    )


def _refuse_newer(data: bytes) -> None:
    """Raise VersionUnknown where bytes that are no receipt of ours may be one of a later version,
    or hold something that is."""
    value = loose(data)
    if isinstance(value, dict):
        refuse_newer(value)


def _is_respelled(data: bytes) -> bool:
    """Whether nothing but white space, a byte order mark or line ends keeps it from being one."""
    if len(data) > MAX_RECEIPT:
        return False
    try:
        _parse(_TEXT_OR_SPACE.sub(_text_alone, data.removeprefix(BOM_UTF8)) + b"\n")
    except Malformed:
        return False
    return True


def _text_alone(match: re.Match[bytes]) -> bytes:
    return match[1] or b""


def _of_entry(receipt: Receipt) -> list[_Check]:
    head = receipt.checkpoint
    return [
        ("entry", "log", lambda: _same("log of the entry", receipt.log, receipt.entry.log)),
        ("checkpoint", "origin", lambda: _same("checkpoint's log", receipt.log, head.log)),
        ("checkpoint", "size", lambda: _same("checkpoint's size", receipt.size, head.size)),
        (
            "inclusion",
            "path",
            lambda: verify_inclusion(
                leaf=receipt.leaf,
                index=receipt.index,
                size=receipt.size,
                path=receipt.path,
                root=head.root,
            ),
        ),
    ]


def _of_presentation(
    entry: Entry, shown: Presentation, slots: Sequence[str] | None
) -> list[_Check]:
    header = shown.payload.header
    periods = [_entry.period(header.decided), _entry.period(header.decided, yearly=True)]
    checks: list[_Check] = [
        (
            "presentation",
            "commitment",
            lambda: _same("digest of the payload", entry.commitment, shown.commitment),
        ),
        ("presentation", "disclosures", lambda: _disclosed(shown, slots)),
        ("agreement", "kind", lambda: _same("kind of the entry", RECORD, entry.kind)),
        ("agreement", "log", lambda: _same("log of the payload", entry.log, header.log)),
        ("agreement", "schema", lambda: _same("schema", entry.schema, header.schema_id)),
        ("agreement", "period", lambda: _one_of("period", periods, entry.period)),
    ]
    return checks


def _disclosed(shown: Presentation, slots: Sequence[str] | None) -> None:
    if slots is None:
        check_committed(shown.payload, shown.disclosures)
    else:
        shown.fields(slots)


def _same(what: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise ProofMismatch(what, expected=expected, actual=actual)


def _one_of(what: str, expected: Sequence[object], actual: object) -> None:
    if actual not in expected:
        raise ProofMismatch(what, expected=expected, actual=actual)


def _made(group: Group, name: str, check: Callable[[], object]) -> InternalCheck:
    try:
        check()
    except EvidenceError as error:
        return InternalCheck(group, name, error)
    return _held(group, name)


@cache
def _held(group: Group, name: str) -> InternalCheck:
    return InternalCheck(group, name, None)


def _parse_anchor(value: Any) -> Anchor:
    if not isinstance(value, dict) or value.keys() != _ANCHOR:
        raise Malformed("receipt", "anchor: members missing or unknown")
    return _anchor(
        _integer(value, "block"),
        _text(value, "blockHash"),
        _text(value, "time"),
        _text(value, "tx"),
    )


@lru_cache(maxsize=1024)  # all receipts of a batch show the same one; an error is not kept
def _anchor(block: int, block_hash: str, time: str, tx: str) -> Anchor:
    return Anchor(
        block=block,
        block_hash=Digest(unhex0x(block_hash, DIGEST_SIZE)),
        time=parse_instant(time),
        tx=Digest(unhex0x(tx, DIGEST_SIZE)),
    )


def _parse_path(value: Any) -> tuple[Digest, ...]:
    if not isinstance(value, list) or len(value) > MAX_PATH:
        raise Malformed("receipt", f"path is not a list of at most {MAX_PATH}")
    if not all(isinstance(item, str) for item in value):
        raise Malformed("receipt", "path holds what is not text")
    return tuple([Digest(unhex32(item)) for item in value])


def _text(value: dict[str, Any], name: str) -> str:
    if not isinstance(value[name], str):
        raise Malformed("receipt", f"{name} is not text")
    return str(value[name])


def _text_or_none(value: dict[str, Any], name: str) -> str | None:
    return _text(value, name) if name in value else None


def _integer(value: dict[str, Any], name: str) -> int:
    if type(value[name]) is not int:  # a boolean is an int to Python
        raise Malformed("receipt", f"{name} is not an integer")
    return int(value[name])


def _optional(parser: Callable[[str], _T], text: str | None) -> _T | None:
    return None if text is None else parser(text)
