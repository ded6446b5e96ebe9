"""What an archive holds beside proofs: receipts, the files that they name, texts for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Final

from ledger.core import receipt as receipt_file
from ledger.core.canonical import hex32
from ledger.core.errors import Malformed, ProofMismatch, VersionUnknown
from ledger.core.ids import sha256
from ledger.records.store import Library

RECEIPTS, SCHEMAS = "receipts/", "schemas/"
MAX_RECEIPTS: Final = 256
"""Of one archive."""
TEXTS: Final = ("README.en.txt", "README.zh.txt")
KNOWN_TEXTS: Final[frozenset[str]] = frozenset(
    {
        "41ae005a37864ef7df01533fcad18ce44aaacbd86c041947bbd56493d12c43e3",
        "0b1af1e4e42099e914aeb8b4784a2e3b90aa8b15091163e94d4a6c29ec5f64a8",
    }
)
"""SHA-256 of every text that ever went into an archive of version 1; append-only."""


def receipt_name(number: int) -> str:
    """The member with a receipt, counted from 1."""
    return f"{RECEIPTS}{number:04}.json"


def receipts_in(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """The receipts of an archive by their members, in order. Raises Malformed where there are none,
    or they are not counted from 1."""
    found = {name: data for name, data in sorted(members.items()) if name.startswith(RECEIPTS)}
    wanted = [receipt_name(number) for number in range(1, len(found) + 1)]
    if not found or len(found) > MAX_RECEIPTS or list(found) != wanted:
        raise Malformed("archive", "receipts missing or miscounted", code="archive-malformed")
    return found


def texts() -> dict[str, bytes]:
    """The texts that say how each thing is checked."""
    return {name: _text(name) for name in TEXTS}


@cache
def _text(name: str) -> bytes:
    return resources.files("ledger.evidence").joinpath("texts", name).read_bytes()


def demand_texts(members: Mapping[str, bytes]) -> None:
    """Raise ProofMismatch unless the texts are some of ours: others could mislead people."""
    for name in TEXTS:
        digest = hex32(sha256(members.get(name, b"")))
        if digest not in KNOWN_TEXTS:
            raise ProofMismatch(name, expected="one of ours", actual=digest, code="texts-unknown")


def schema_files(library: Library, receipts: Sequence[bytes]) -> dict[str, bytes]:
    """The schema and rules files that receipts name, as far as they are at hand."""
    found: dict[str, bytes] = {}
    for kind, digest in _named(receipts):
        data = library.schema_file(digest) if kind == "schema" else library.rules_file(digest)
        if data is not None:
            found[f"{SCHEMAS}{digest}.json"] = data
    return found


def library_in(members: Mapping[str, bytes], receipts: Sequence[bytes]) -> Library:
    """The files that come with this software, and those of an archive. Raises Malformed and
    ProofMismatch where one is not what it is called, or no receipt names it."""
    named = {f"{SCHEMAS}{digest}.json": digest for _, digest in _named(receipts)}
    files: list[tuple[str, bytes]] = []
    for name, data in members.items():
        if not name.startswith(SCHEMAS):
            continue
        actual = hex32(sha256(data))
        if named.get(name) != actual:
            raise ProofMismatch(
                name, expected=named.get(name), actual=actual, code="members-differ"
            )
        files.append((name.removeprefix(SCHEMAS), data))
    library = Library(files)
    for unread in library.unreadable:
        raise Malformed(unread.name, unread.problem, code="archive-malformed")
    return library


def _named(receipts: Sequence[bytes]) -> Iterator[tuple[str, str]]:
    """What receipts with a presentation name by hash: the schema, and the rules."""
    for data in receipts:
        try:
            shown = receipt_file.parse(data).presentation
        except (Malformed, VersionUnknown):  # its own verdict tells
            continue
        if shown is not None:
            header = shown.payload.header
            yield "schema", hex32(header.schema_sha256)
            yield "rules", hex32(header.rules_sha256)
