"""Openings as auditors hold them: single files, and folders of signed answers.

`audit openings` keeps what members answered as `<log>/<from>-<to>.json`: the body as it came,
`{"next", "openings"}`, with everything that the member opened of those leaves. Any other file is
one opening, or what members were given beside: answers, bundles, manifests, sums. Files are read
one after the other, so a folder may hold more than the memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import orjson

from ledger.core import canonical
from ledger.core.canonical import hex32
from ledger.core.errors import EvidenceError, LedgerError
from ledger.core.ids import LogId
from ledger.core.opening import MAX_DEPTH, MAX_OPENING, is_opening

__all__ = [
    "MAX_PIECE",
    "Asked",
    "Kind",
    "NotOpenings",
    "OpeningFiles",
    "Paper",
    "is_sums",
    "piece_name",
    "read_file",
]

MAX_PIECE = 64 << 20
"""Bytes of one answer between members (design-2 13)."""
_PIECE = re.compile(r"(?P<start>[0-9]{12})-(?P<end>[0-9]{12})\.json")
_LOG = re.compile(r"[0-9a-f]{64}")

Kind = Literal["bundle", "answer", "manifest", "sums"]
"""What may lie beside openings: a bundle or an answer that a member was given, the manifest of a
product, sums of outcomes."""


def _typed(name: str) -> re.Pattern[bytes]:
    return re.compile(rb'\s*\{\s*"_type"\s*:\s*"credit-ledger/' + name.encode() + b"@")


_STARTS: Final[dict[Kind, re.Pattern[bytes]]] = {
    "bundle": _typed("bundle"),
    "answer": re.compile(rb'\s*(\{\s*"answer"\s*:\s*")?eyJ'),
    "manifest": _typed("manifest"),
    "sums": _typed("outcome-sums"),
}
_START_BYTES = 256
_NEITHER: Final = (
    "neither an opening nor an answer of `audit openings`, an answer about a subject, a bundle, a"
    " manifest or published sums"
)
"""What a file is that can lie beside no openings."""


class NotOpenings(LedgerError):
    """A file cannot be read, or is neither an opening nor an answer. name: of the file."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Asked:
    """The leaves start … end - 1 of a log, which its owner has answered for."""

    log: LogId
    start: int
    end: int


def piece_name(asked: Asked) -> str:
    """Where the answer stands in a folder."""
    return f"{hex32(asked.log)}/{asked.start:012d}-{asked.end:012d}.json"


class Paper(NamedTuple):
    """A file that is no opening, and what it says that it is; it was not read yet."""

    kind: Kind
    path: Path


class OpeningFiles:
    """Reads files and folders. `asked`: what the folders hold answers for, `papers`: what else lies
    there, both once all was read."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self.asked: list[Asked] = []
        self.papers: list[Paper] = []

    def __iter__(self) -> Iterator[bytes]:
        """Openings one by one, as canonical bytes, not yet parsed. Raises NotOpenings."""
        for path in self._paths:
            if path.is_dir():
                for each in sorted(path.rglob("[!.]*.json")):
                    yield from self._file(each)
            else:
                yield from self._file(path)

    def named(self) -> list[Asked]:
        """What the folders hold answers for, by the names of their files, in order."""
        found = [
            asked
            for path in self._paths
            for each in path.rglob("*.json")
            if (asked := _asked(each)) is not None
        ]
        return sorted(found, key=lambda one: (one.log, one.start, one.end))

    def _file(self, path: Path) -> Iterator[bytes]:
        asked = _asked(path)
        kind = None if asked else _kind(read_file(path, _START_BYTES, cut=True))
        if kind is not None:
            self.papers.append(Paper(kind, path))
            return
        data = read_file(path, MAX_PIECE if asked else MAX_OPENING)
        if asked is None:
            if not is_opening(data):
                raise NotOpenings(path.name, _NEITHER)
            yield data
            return
        for value in _openings(path, data):
            yield _encoded(value)
        self.asked.append(asked)


def is_sums(path: Path) -> bool:
    """Whether a file says that it is one of published sums. Raises NotOpenings where it cannot be
    read."""
    return _kind(read_file(path, _START_BYTES, cut=True)) == "sums"


def _encoded(value: Any) -> bytes:
    """Canonical, where it can be: a member that answers with something else stops no audit."""
    try:
        return canonical.encode(value, allow_null=True, max_depth=MAX_DEPTH)
    except EvidenceError:
        return orjson.dumps(value)


def _asked(path: Path) -> Asked | None:
    found = _PIECE.fullmatch(path.name)
    if found is None or not _LOG.fullmatch(path.parent.name):
        return None
    log = LogId(bytes.fromhex(path.parent.name))
    return Asked(log, int(found["start"]), int(found["end"]))


def _kind(head: bytes) -> Kind | None:
    return next((kind for kind, start in _STARTS.items() if start.match(head)), None)


def read_file(path: Path, most: int, *, cut: bool = False) -> bytes:
    """A file of at most so many bytes; cut: what is longer is cut off there. Raises NotOpenings."""
    try:
        with path.open("rb") as file:
            data = file.read(most if cut else most + 1)
    except OSError as error:
        raise NotOpenings(path.name, error.strerror or "cannot be read") from error
    if len(data) > most:
        raise NotOpenings(path.name, f"longer than {most} bytes")
    return data


def _openings(path: Path, data: bytes) -> list[Any]:
    try:
        value = orjson.loads(data)
    except ValueError as error:
        raise NotOpenings(path.name, "not JSON") from error
    found = value.get("openings") if isinstance(value, dict) else None
    if not isinstance(found, list):
        raise NotOpenings(path.name, "holds no openings")
    return found
