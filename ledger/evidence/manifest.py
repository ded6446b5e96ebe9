"""What an archive says of itself: its network, its header, the days asked about, its members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.core import canonical
from ledger.core.canonical import hex0x, hex32, instant, parse_day, parse_instant, unhex0x, unhex32
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import WORD, Digest, sha256
from ledger.core.receipt import parse_network
from ledger.core.versions import loose
from ledger.evidence.archive import FIRST, MAX_MEMBERS
from ledger.evidence.header import Header

TYPE: Final = "credit-ledger/evidence@1"
MAX_MANIFEST: Final = 1 << 20
"""Bytes: four thousand members with names as long as they may be."""
MAX_DAYS: Final = 32
"""Days that are asked about."""
_MEMBERS = {"_type", "asOf", "files", "header", "network"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """network: its reference. header, number, time: of the block that all is proven against. days:
    asked about beside it, ascending. files: SHA-256 and bytes of each other member."""

    network: str
    header: Digest
    number: int
    time: int
    days: tuple[date, ...]
    files: Mapping[str, tuple[Digest, int]]

    def encode(self) -> bytes:
        """The member."""
        files = [
            {"name": name, "sha256": hex32(digest), "size": size}
            for name, (digest, size) in sorted(self.files.items())
        ]
        return canonical.encode(
            {
                "_type": TYPE,
                "asOf": [day.isoformat() for day in self.days],
                "files": files,
                "header": {
                    "hash": hex0x(self.header),
                    "number": self.number,
                    "time": instant(self.time),
                },
                "network": self.network,
            }
        )

    def demand_files(self, members: Mapping[str, bytes]) -> None:
        """Raise ProofMismatch unless these are its members."""
        there = files_of(members)
        for name in sorted({*there, *self.files}):
            said, actual = self.files.get(name), there.get(name)
            if said != actual:
                raise ProofMismatch(name, expected=said, actual=actual, code="members-differ")

    def demand_header(self, header: Header) -> None:
        """Raise ProofMismatch unless this is its header."""
        said = (self.header, self.number, self.time)
        actual = (header.hash, header.number, header.time)
        if said != actual:
            raise ProofMismatch("header", expected=said, actual=actual, code="members-differ")


def files_of(members: Mapping[str, bytes]) -> dict[str, tuple[Digest, int]]:
    """SHA-256 and bytes of each member but the manifest."""
    return {name: (sha256(data), len(data)) for name, data in members.items() if name != FIRST}


def parse_manifest(data: bytes) -> Manifest:
    """The manifest in such bytes. Raises Malformed; VersionUnknown where the archive is of another
    version than this program knows."""
    loose(data)
    try:
        return _read(canonical.parse(data, max_bytes=MAX_MANIFEST, max_depth=3))
    except Malformed as error:
        raise Malformed("manifest", error.problem, code="archive-malformed") from error


def _read(value: Any) -> Manifest:
    if not isinstance(value, dict) or value.keys() != _MEMBERS or value["_type"] != TYPE:
        raise Malformed("manifest", "members missing or unknown")
    header, days = value["header"], value["asOf"]
    if not isinstance(header, dict) or header.keys() != {"hash", "number", "time"}:
        raise Malformed("manifest", "header: members missing or unknown")
    if not isinstance(days, list) or len(days) > MAX_DAYS:
        raise Malformed("manifest", f"asOf is not a list of at most {MAX_DAYS}")
    read = tuple(parse_day(_text(day)) for day in days)
    if read != tuple(sorted(set(read))):
        raise Malformed("manifest", "days that do not ascend")
    parse_network(_text(value["network"]))
    return Manifest(
        network=value["network"],
        header=Digest(unhex0x(_text(header["hash"]), WORD)),
        number=_number(header["number"]),
        time=parse_instant(_text(header["time"])),
        days=read,
        files=_files(value["files"]),
    )


def _files(value: Any) -> dict[str, tuple[Digest, int]]:
    if not isinstance(value, list) or len(value) > MAX_MEMBERS:
        raise Malformed("manifest", f"files is not a list of at most {MAX_MEMBERS}")
    found: dict[str, tuple[Digest, int]] = {}
    last = ""
    for one in value:
        if not isinstance(one, dict) or one.keys() != {"name", "sha256", "size"}:
            raise Malformed("manifest", "files: members missing or unknown")
        name = _text(one["name"])
        if name <= last:
            raise Malformed("manifest", "files that do not ascend")
        last = name
        found[name] = Digest(unhex32(_text(one["sha256"]))), _number(one["size"])
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed("manifest", "no text where one stands")
    return value


def _number(value: Any) -> int:
    if type(value) is not int:  # a boolean is an int to Python
        raise Malformed("manifest", "no number where one stands")
    return value
