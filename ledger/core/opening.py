"""Openings: a statement with what proves that its entry is in a log, or will be (design-2 10).

    opening = JCS {_type, entry, promise:{index, path, promise}, statement}
           or JCS {_type, receipt, statement}            `_type` is TYPE; no newline

Every byte is bound: by the one spelling, by `check`, by the signature of the promise, or as in a
receipt by the chain.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from ledger.core import canonical
from ledger.core import entry as entries
from ledger.core import promise as promises
from ledger.core import receipt as receipts
from ledger.core import statement as statements
from ledger.core.canonical import hex32, unhex32
from ledger.core.entry import STATEMENT, Entry
from ledger.core.errors import EvidenceError, Malformed, ProofMismatch
from ledger.core.ids import Digest
from ledger.core.merkle import leaf_hash, verify_inclusion
from ledger.core.promise import MAX_LEAVES, Promise
from ledger.core.read import integer
from ledger.core.receipt import MAX_RECEIPT, Receipt
from ledger.core.statement import MAX_STATEMENT, Statement
from ledger.core.versions import look, loose, refuse_other

__all__ = [
    "MAX_DEPTH",
    "MAX_OPENING",
    "MAX_PATH",
    "TYPE",
    "Opening",
    "OpeningCheck",
    "Promised",
    "check",
    "internal_checks",
    "is_opening",
    "of_receipt",
    "parse_opening",
    "statement_checks",
]

TYPE = "credit-ledger/opening@1"
MAX_OPENING = MAX_STATEMENT + MAX_RECEIPT  # bytes: whatever fits its part fits the whole
MAX_DEPTH = statements.MAX_DEPTH + 1
MAX_PATH = (MAX_LEAVES - 1).bit_length()
_WITH_PROMISE = frozenset({"_type", "entry", "promise", "statement"})
_WITH_RECEIPT = frozenset({"_type", "receipt", "statement"})
_PROMISED = frozenset({"index", "path", "promise"})
_PARTS = ("statement", "promise", "receipt")


@dataclass(frozen=True, kw_only=True)
class Promised:
    """A promise, and where the leaf stands among those that it covers."""

    index: int
    path: tuple[Digest, ...]
    promise: Promise

    def to_json(self) -> dict[str, Any]:
        """The object in an opening."""
        return {
            "index": self.index,
            "path": [hex32(item) for item in self.path],
            "promise": self.promise.to_json(),
        }


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A parsed opening: well-formed, not yet checked. `proof`: what stands for the entry."""

    statement: Statement
    entry: Entry
    proof: Promised | Receipt

    @property
    def promised(self) -> Promised | None:
        """The promise; None: it has a receipt."""
        return self.proof if isinstance(self.proof, Promised) else None

    @property
    def receipt(self) -> Receipt | None:
        """The receipt; None: it has a promise only."""
        return self.proof if isinstance(self.proof, Receipt) else None

    @cached_property
    def leaf(self) -> Digest:
        """The leaf hash of the entry."""
        return leaf_hash(self.entry.encode())

    def to_json(self) -> dict[str, Any]:
        """The object of the file."""
        proof: dict[str, Any]
        if isinstance(self.proof, Promised):
            proof = {"entry": self.entry.to_json(), "promise": self.proof.to_json()}
        else:
            proof = {"receipt": canonical.parse(self.proof.encode()[:-1])}
        return {"_type": TYPE, **proof, "statement": self.statement.to_json()}

    def encode(self) -> bytes:
        """The file."""
        return canonical.encode(self.to_json(), allow_null=True, max_depth=MAX_DEPTH)


class OpeningCheck(NamedTuple):
    """How one comparison went; `error` None: it passed."""

    id: str
    error: EvidenceError | None


def of_receipt(statement: Statement, receipt: Receipt) -> Opening:
    """The opening of a statement whose entry is anchored."""
    return Opening(statement=statement, entry=receipt.entry, proof=receipt)


def is_opening(data: bytes) -> bool:
    """Whether a file says of itself that it is an opening, of whatever version and spelling."""
    return _START.match(data[:_START_BYTES]) is not None


def parse_opening(data: bytes) -> Opening:
    """The opening in a file; Malformed unless it is the one spelling of one. VersionUnknown where
    it, or anything in it, is of a version, suite or algorithm that we do not know."""
    try:
        return _parse(data)
    except Malformed:
        _refuse_newer(loose(data))
        raise


def internal_checks(opening: Opening) -> tuple[OpeningCheck, ...]:
    """All that can be checked without the chain, in a fixed order, each run whatever the others
    say.

    The caller MUST still compare with the chain: `iss` with the owner of the log; of a promise who
    signed it (`Promise.signer`), that this was an ANCHOR key of the owner then, and its `due`; of a
    receipt all that `receipt.internal_checks` names.
    """
    checks = list(statement_checks(opening.statement, opening.entry))
    if isinstance(opening.proof, Promised):
        return (*checks, *_of_promise(opening.proof, opening.entry, opening.leaf))
    inner = receipts.internal_checks(opening.proof)
    return (*checks, *(OpeningCheck(f"receipt-{item.id}", item.error) for item in inner))


def statement_checks(statement: Statement, entry: Entry) -> tuple[OpeningCheck, ...]:
    """Whether an entry is that of a statement."""
    return (
        _run("kind", lambda: _same("kind of the entry", STATEMENT, entry.kind)),
        _run(
            "commitment",
            lambda: _same("commitment", statement.commitment, entry.commitment),
        ),
        _run("log", lambda: _same("log of the statement", entry.log, statement.log)),
    )


def check(opening: Opening) -> None:
    """Raise what the first failing one of `internal_checks` found."""
    for item in internal_checks(opening):
        if item.error is not None:
            raise item.error


# ---- private

_START = re.compile(rb'(\xef\xbb\xbf)?\s*\{\s*"_type"\s*:\s*"credit-ledger/opening@')
_START_BYTES = 256


def _parse(data: bytes) -> Opening:
    value = canonical.parse(data, allow_null=True, max_bytes=MAX_OPENING, max_depth=MAX_DEPTH)
    if not isinstance(value, dict) or value.keys() not in (_WITH_PROMISE, _WITH_RECEIPT):
        raise Malformed("opening", "members missing or unknown")
    if value["_type"] != TYPE:
        raise Malformed("opening", "not an opening of version 1")
    statement = statements.from_json(value["statement"])
    if "receipt" in value:
        return of_receipt(statement, _receipt(value["receipt"]))
    return Opening(
        statement=statement,
        entry=entries.from_json(value["entry"]),
        proof=_promised(value["promise"]),
    )


def _receipt(value: Any) -> Receipt:
    found = receipts.parse(canonical.encode(value, max_depth=receipts.MAX_DEPTH) + b"\n")
    if found.presentation is not None:
        raise Malformed("opening", "presentation of a statement")
    return found


def _promised(value: Any) -> Promised:
    if not isinstance(value, Mapping) or value.keys() != _PROMISED:
        raise Malformed("opening", "promise: members missing or unknown")
    path = value["path"]
    if not isinstance(path, list) or len(path) > MAX_PATH:
        raise Malformed("opening", f"path is not a list of at most {MAX_PATH}")
    if not all(isinstance(item, str) for item in path):
        raise Malformed("opening", "path holds what is not text")
    return Promised(
        index=integer(value, "index"),
        path=tuple([Digest(unhex32(item)) for item in path]),
        promise=promises.from_json(value["promise"]),
    )


def _refuse_newer(value: Any) -> None:
    """Raise VersionUnknown where an object that is no opening of ours holds something newer."""
    if not isinstance(value, dict):
        return
    parts = {name: one for name in _PARTS if isinstance(one := value.get(name), dict)}
    for part in parts.values():
        refuse_other(part.get("_type"))
    look(promises.from_json, parts.get("promise", {}).get("promise"))
    look(entries.from_json, value.get("entry"))
    receipts.refuse_newer(parts.get("receipt", {}))


def _of_promise(held: Promised, entry: Entry, leaf: Digest) -> tuple[OpeningCheck, ...]:
    promise = held.promise
    return (
        _run("promise-log", lambda: _same("log of the promise", entry.log, promise.log)),
        _run(
            "promise-path",
            lambda: verify_inclusion(
                leaf=leaf,
                index=held.index,
                size=promise.count,
                path=held.path,
                root=promise.leaves_root,
            ),
        ),
    )


def _run(id_: str, compare: Callable[[], object]) -> OpeningCheck:
    try:
        compare()
    except EvidenceError as error:
        return OpeningCheck(id_, error)
    return OpeningCheck(id_, None)


def _same(what: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise ProofMismatch(what, expected=expected, actual=actual)
