"""What is attached to a PDF, of which every reader takes out the same.

A name and its bytes may stand in a PDF in several ways, and readers differ in which they follow.
So each attachment is in the tree of names, once, under one name, as one file; and no other part of
the file has one. Numbers are bounded here; time and memory are by who calls (`ledger.files.apart`):
the library reads tables and streams of objects as their maker wants.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

from ledger.core.errors import Malformed
from ledger.core.opening import MAX_OPENING
from ledger.core.receipt import MAX_RECEIPT
from ledger.core.report_content import MAX_CONTENT, MAX_RECORDS

__all__ = ["CONTENT", "MAX_ALL", "MAX_ATTACHED", "MAX_NODES", "OPENING", "attached"]

CONTENT: Final = "report.json"
OPENING: Final = "opening.json"
MAX_ATTACHED: Final = MAX_RECORDS + 2
MAX_ALL: Final = 64 << 20
"""Bytes of all attachments, unpacked."""
MAX_OBJECTS: Final = 1 << 16
"""Entries of a table of objects; a report with 1,000 lines has some 3,000."""
MAX_DEPTH: Final = 8
"""Of the tree of names; a thousand of them need two."""
MAX_NODES: Final = 2100
"""Of the whole tree of names: a node for each attachment, and as many again above them."""

_MOST: Final = {CONTENT: MAX_CONTENT, OPENING: MAX_OPENING}
_SPEC: Final = frozenset({"/Type", "/F", "/UF", "/EF", "/Desc", "/AFRelationship"})
_EMBEDDED: Final = frozenset({"/F", "/UF"})
NOT_READ: Final = "a PDF that cannot be read"
_HYBRID: Final = b"/XRefStm"
_PLAIN: Final = (None, "/FlateDecode", ["/FlateDecode"])


def attached(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each attachment, none twice. Raises Malformed, whatever is wrong with the
    PDF: what the library finds odd is refused. MemoryError is for the caller."""
    from pypdf import PdfReader  # noqa: PLC0415 - with such a file only
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    if _HYBRID in data:
        raise Malformed("report", "a PDF with two tables of objects, for old readers and new ones")
    try:
        with _unheard():
            reader = PdfReader(
                BytesIO(data),
                strict=True,
                root_object_recovery_limit=MAX_ATTACHED,
                xref_stream_maximum_entries=MAX_OBJECTS,
            )
            if reader.is_encrypted:
                raise Malformed("report", "an encrypted PDF")
            found = _Found()
            files = list(found.files(_object(reader.trailer["/Root"])))
            _demand_no_other(reader, found.taken)
            yield from _unpacked(files)
    except (PyPdfError, *_BROKEN) as error:
        raise Malformed("report", NOT_READ) from error


@dataclass(slots=True)
class _Found:
    """One walk through the tree of names. taken: by `id`, what of the file is an attachment."""

    nodes: int = 0
    seen: set[int] = field(default_factory=set)
    taken: set[int] = field(default_factory=set)

    def files(self, root: Any) -> Iterator[tuple[str, Any]]:
        """Each name, once, with its stream."""
        tree = _object(_object(root.get("/Names", {})).get("/EmbeddedFiles", {}))
        names = set[str]()
        for name, spec in self._leaves(tree, MAX_DEPTH):
            if name in names or len(names) == MAX_ATTACHED:
                raise Malformed("report", "an attachment twice, or too many")
            names.add(name)
            held = _object(spec)
            stream = _stream_of(name, held)
            self.taken |= {id(held), id(stream)}
            yield name, stream

    def _leaves(self, tree: Any, depth: int) -> Iterator[tuple[str, Any]]:
        """Names and what they name, of a tree of names (ISO 32000-2, 7.9.6)."""
        self.nodes += 1
        if id(tree) in self.seen:
            raise Malformed("report", "a tree of names that has a node twice")
        if not depth or self.nodes > MAX_NODES:
            raise Malformed("report", "a tree of names that is too deep, or has too many nodes")
        self.seen.add(id(tree))
        flat = list(_object(tree.get("/Names", [])))
        yield from zip(map(str, flat[::2]), flat[1::2], strict=True)
        for kid in list(_object(tree.get("/Kids", []))):
            yield from self._leaves(_object(kid), depth - 1)


def _stream_of(name: str, spec: Any) -> Any:
    """The one file of a file specification (7.11.3). Raises Malformed where readers may differ."""
    embedded = _object(spec["/EF"])
    if not _SPEC.issuperset(spec) or not _EMBEDDED.issuperset(embedded):
        raise Malformed("report", "an attachment with other members than one needs")
    told = {str(_object(spec[key])) for key in _EMBEDDED if key in spec}
    if told != {name}:
        raise Malformed("report", "an attachment with two names, or none")
    streams = {id(one): one for one in (_object(embedded[key]) for key in embedded)}
    if len(streams) != 1:
        raise Malformed("report", "an attachment that is two files, or none")
    (found,) = streams.values()
    return found


def _demand_no_other(reader: Any, taken: set[int]) -> None:
    """Raise Malformed where a file is embedded that is none of those `taken`: in /AF, in a remark
    on a page, or wherever else some reader finds it."""
    from pypdf.generic import IndirectObject  # noqa: PLC0415 - with such a file only

    places = {(number, generation) for generation, of in reader.xref.items() for number in of}
    places |= {(number, 0) for number in reader.xref_objStm}
    if len(places) > MAX_OBJECTS:
        raise Malformed("report", "too many objects")
    for number, generation in sorted(places):
        held = _object(IndirectObject(number, generation, reader))
        for one in _dictionaries(held):
            embeds = "/EF" in one or one.get("/Type") == "/EmbeddedFile"
            if embeds and id(one) not in taken:
                raise Malformed("report", "a file that is embedded beside its attachments")


def _dictionaries(value: Any) -> Iterator[Any]:
    """All of them in an object of the table, without what it refers to."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += dict.values(one)
        elif isinstance(one, list):
            waiting += list.__iter__(one)


def _unpacked(files: list[tuple[str, Any]]) -> Iterator[tuple[str, bytes]]:
    room = MAX_ALL
    for name, stream in files:
        if _object(stream.get("/Filter")) not in _PLAIN or {"/DecodeParms", "/F"} & set(stream):
            raise Malformed("report", "an attachment that is packed in an odd way")
        found = bytes(stream.get_data())
        room -= len(found)
        if len(found) > _MOST.get(name, MAX_RECEIPT) or room < 0:
            raise Malformed("report", "an attachment that is too long")
        yield name, found


def _object(value: Any) -> Any:
    """What a reference stands for; any other value itself."""
    return value.get_object() if hasattr(value, "get_object") else value


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep the library's remarks about odd files from whoever reads our output."""
    log = logging.getLogger("pypdf")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


_BROKEN: Final = (
    *(AttributeError, LookupError, TypeError, ValueError, OSError, RecursionError),
    *(AssertionError, ArithmeticError, NotImplementedError),
)
"""What a library that parses what strangers send may raise beside its own."""
