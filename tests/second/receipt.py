"""Read receipts, statements and openings: check 1 of section 16."""

import re
from dataclasses import dataclass

from tests.second import entry, note, present, statement, versions
from tests.second.codec import (
    HEX,
    HEX0X,
    Json,
    Malformed,
    canonical,
    instant,
    integer_of,
    members,
    parse,
    text_of,
    texts_of,
)

REFERENCE = re.compile(r"eip155:([1-9][0-9]{0,15}):(0x[0-9a-f]{40})")
_NEEDED = "_type anchor checkpoint entry index log network path size"
_LIMIT = 1_048_576
_SOLID = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[^ \t\r\n"]++', re.DOTALL)


@dataclass(frozen=True)
class Anchor:
    """Hold what a receipt says of its anchor."""

    block: int
    block_hash: str
    time: int
    tx: str


@dataclass(frozen=True)
class Receipt:
    """Hold a receipt."""

    anchor: Anchor
    checkpoint: note.Checkpoint
    entry: entry.Entry
    index: int
    log: str
    network: str
    path: list[bytes]
    size: int
    presentation: present.Presentation | None
    binding: present.Binding | None


@dataclass(frozen=True)
class Opening:
    """Hold an opening: a statement with a receipt, or with a promise for its entry."""

    said: statement.Statement
    receipt: Receipt | None
    entry: entry.Entry
    index: int
    path: list[bytes]
    promise: statement.Promise | None


class Refused(Exception):
    """Say why check 1 does not pass; holds the code."""


def reference(text: str) -> tuple[int, str]:
    """Read chain id and address out of the reference of a network."""
    found = REFERENCE.fullmatch(text)
    if not found or int(found.group(1)) > 2**53 - 1:
        raise Malformed("no reference of a network")
    return int(found.group(1)), found.group(2)


def digests(value: Json, most: int) -> list[bytes]:
    """Read a path."""
    return [bytes.fromhex(text) for text in texts_of(value, HEX, most)]


def _anchor(value: Json) -> Anchor:
    found = members(value, "block blockHash time tx")
    return Anchor(
        block=integer_of(found["block"]),
        block_hash=text_of(found["blockHash"], HEX0X),
        time=instant(found["time"]),
        tx=text_of(found["tx"], HEX0X),
    )


def of_object(value: Json) -> Receipt:
    """Read a receipt that has been parsed."""
    found = members(value, _NEEDED, "presentation binding")
    if found["_type"] != "credit-ledger/receipt@1":
        raise Malformed("no receipt of version 1")
    if "binding" in found and "presentation" not in found:
        raise Malformed("a binding of nothing")
    network = text_of(found["network"])
    reference(network)
    shown = found.get("presentation")
    bound = found.get("binding")
    return Receipt(
        anchor=_anchor(found["anchor"]),
        checkpoint=note.read(text_of(found["checkpoint"])),
        entry=entry.of_object(found["entry"]),
        index=integer_of(found["index"]),
        log=text_of(found["log"], HEX),
        network=network,
        path=digests(found["path"], 53),
        size=integer_of(found["size"]),
        presentation=None if shown is None else present.read(text_of(shown)),
        binding=None if bound is None else present.read_binding(text_of(bound)),
    )


def _strict(data: bytes) -> Receipt:
    if len(data) > _LIMIT or not data.endswith(b"\n"):
        raise Malformed("too long, or no newline at the end")
    return of_object(parse(data[:-1], limit=_LIMIT, depth=2))


def _respelled(data: bytes) -> bytes:
    """Take a byte order mark and white space outside of texts away, and end with a newline."""
    return b"".join(_SOLID.findall(data.removeprefix(versions.BOM))) + b"\n"


def read(data: bytes) -> Receipt:
    """Make check 1 of a receipt; one with unknown signature lines is given all the same."""
    try:
        return _strict(data)
    except Malformed:
        pass
    if versions.file_newer(data) or versions.receipt_newer(data.removeprefix(versions.BOM)):
        raise Refused("version-unknown")
    try:
        _strict(_respelled(data))
    except Malformed:
        raise Refused("malformed") from None
    raise Refused("not-canonical-bytes")


def read_statement(data: bytes) -> statement.Statement:
    """Make check 1 of a statement that stands beside a receipt."""
    try:
        return statement.read(data)
    except Malformed:
        newer = versions.file_newer(data)
        raise Refused("version-unknown" if newer else "statement-malformed") from None


def _opening(data: bytes) -> Opening:
    value = parse(data, limit=1_114_112, depth=4, nulls=True)
    if not isinstance(value, dict) or value.get("_type") != "credit-ledger/opening@1":
        raise Malformed("no opening of version 1")
    if "receipt" in value:
        found = members(value, "_type receipt statement")
        said = statement.read(canonical(found["statement"]))
        proof = of_object(found["receipt"])
        if proof.presentation is not None:
            raise Malformed("a presentation of a statement")
        return Opening(said, proof, proof.entry, proof.index, proof.path, None)
    found = members(value, "_type entry promise statement")
    said = statement.read(canonical(found["statement"]))
    outer = members(found["promise"], "index path promise")
    return Opening(
        said=said,
        receipt=None,
        entry=entry.of_object(found["entry"]),
        index=integer_of(outer["index"]),
        path=digests(outer["path"], 12),
        promise=statement.promise_of(outer["promise"]),
    )


def read_opening(data: bytes) -> Opening:
    """Make check 1 of an opening."""
    try:
        return _opening(data)
    except Malformed:
        newer = versions.file_newer(data) or versions.opening_newer(data)
        raise Refused("version-unknown" if newer else "statement-malformed") from None
