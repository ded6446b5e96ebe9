"""Promises in the files that people keep of them: the answer to one record, the answer to many (a
file, or lines of records), an opening, the promise alone.

A promise says how many leaves it covers and the root over them; which they are stands beside it. Of
one leaf the root is the leaf, so that a promise of one needs nothing beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ledger.core import canonical
from ledger.core import promise as promises
from ledger.core.canonical import unhex32
from ledger.core.entry import statement_entry
from ledger.core.errors import EvidenceError, Malformed
from ledger.core.ids import Digest
from ledger.core.merkle import leaf_hash, root, verify_inclusion
from ledger.core.opening import (
    MAX_DEPTH,
    Opening,
    internal_checks,
    is_opening,
    parse_opening,
)
from ledger.core.promise import MAX_LEAVES, Promise

__all__ = ["MAX_FILE", "MAX_PROMISES", "Given", "NoPromise", "read_promises"]

MAX_FILE: Final = 256 << 20
"""Bytes. The answer about half a million rows, the longest that a file may have."""
MAX_PROMISES: Final = 4_096
"""Of one file: each covers up to 4,096 rows."""
_MAX_PATH: Final = (MAX_LEAVES - 1).bit_length()
_MAX_NAMES: Final = 64
"""Members of the answer to one, which has some twenty."""

_Object = Mapping[str, Any]


class NoPromise(Malformed):
    """A file that holds no promise, or one that is not of its form."""

    def __init__(self, problem: str) -> None:
        super().__init__("promise", problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A promise as somebody has it. leaves: those that are shown to be covered; none where the file
    does not say which they are. problem: how leaves that it names are not those that were promised,
    None: they are."""

    promise: Promise
    leaves: tuple[Digest, ...]
    problem: str | None = None


def read_promises(data: bytes) -> list[Given]:
    """All promises in a file, in their order, at least one. Raises NoPromise, and VersionUnknown
    where one is of a later version."""
    if len(data) > MAX_FILE:
        raise NoPromise(f"longer than {MAX_FILE} bytes")
    try:
        found = _read(data)
    except NoPromise:
        raise
    except EvidenceError as error:
        raise NoPromise(str(error)) from error
    if not found:
        raise NoPromise("there is none in the file")
    if len(found) > MAX_PROMISES:
        raise NoPromise(f"more than {MAX_PROMISES} in one file")
    return found


def _read(data: bytes) -> list[Given]:
    if is_opening(data):
        return [_of_opening(parse_opening(data.removesuffix(b"\n")))]
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _of_many(*_lines(data))
    if not isinstance(value, dict):
        raise NoPromise("not an object")
    if "leavesRoot" in value:
        return [_alone(promises.from_json(value))]
    if isinstance(value.get("promises"), list) and isinstance(value.get("verdicts"), list):
        return _of_many(value["promises"], value["verdicts"])
    if isinstance(value.get("promise"), dict):
        return [_of_one(value)]
    if isinstance(value.get("opening"), dict):  # an answer, with that of its query
        opening = canonical.encode(value["opening"], allow_null=True, max_depth=MAX_DEPTH)
        return [_of_opening(parse_opening(opening))]
    raise NoPromise("there is none in the file")


# ---- the forms


def _alone(promise: Promise) -> Given:
    """Of several leaves nobody can tell which they are."""
    return Given(promise=promise, leaves=(promise.leaves_root,) if promise.count == 1 else ())


def _of_opening(opening: Opening) -> Given:
    promised = opening.promised
    if promised is None:
        raise NoPromise("the opening has a receipt in place of a promise")
    wrong = next((str(one.error) for one in internal_checks(opening) if one.error), None)
    return Given(promise=promised.promise, leaves=(opening.leaf,), problem=wrong)


def _of_one(value: _Object) -> Given:
    """The answer to one record or statement: promise, index, path, and beside them the leaf, or the
    commitment of the entry that is the leaf."""
    promise = promises.from_json(value["promise"])
    if "index" not in value and "path" not in value:
        return _alone(promise)
    index, path = value.get("index"), value.get("path")
    if type(index) is not int or not isinstance(path, list) or len(path) > _MAX_PATH:
        raise NoPromise("index or path is not of its form")
    steps = [_digest(step) for step in path]
    problem = "it names no leaf"
    for leaf in _candidates(value, promise):
        try:
            verify_inclusion(
                leaf=leaf, index=index, size=promise.count, path=steps, root=promise.leaves_root
            )
        except EvidenceError as error:
            problem = str(error)
            continue
        return Given(promise=promise, leaves=(leaf,))
    return Given(promise=promise, leaves=(), problem=problem)


def _candidates(value: _Object, promise: Promise) -> Iterator[Digest]:
    """Every digest that stands in an answer, as a leaf and as what an entry commits to."""
    if "leaf" in value:
        yield _digest(value["leaf"])
        return
    for name, text in list(value.items())[:_MAX_NAMES]:
        if name in ("index", "path", "promise") or not isinstance(text, str):
            continue
        try:
            found = Digest(unhex32(text))
        except Malformed:
            continue
        yield found
        yield leaf_hash(statement_entry(commitment=found, log=promise.log))


def _of_many(told: Sequence[Any], rows: Sequence[Any]) -> list[Given]:
    """The answer to a file, or to lines: every accepted row names the place of its promise."""
    made = [promises.from_json(one) for one in told[: MAX_PROMISES + 1]]
    leaves: list[list[Digest]] = [[] for _ in made]
    for row in rows:
        if not isinstance(row, dict):
            raise NoPromise("a row is not an object")
        place = row.get("promise")
        if place is None or row.get("verdict") != "accepted":
            continue
        if type(place) is not int or not 0 <= place < len(made):
            raise NoPromise("a row names a promise that is not there")
        leaves[place].append(_digest(row.get("leaf")))
    return [_covering(promise, held) for promise, held in zip(made, leaves, strict=True)]


def _covering(promise: Promise, leaves: Sequence[Digest]) -> Given:
    """Just these leaves, in their order."""
    if len(leaves) != promise.count:
        problem = f"{len(leaves)} rows, and {promise.count} leaves are promised"
        return Given(promise=promise, leaves=(), problem=problem)
    if root(leaves) != promise.leaves_root:
        return Given(promise=promise, leaves=(), problem="the rows have another root")
    return Given(promise=promise, leaves=tuple(leaves))


def _lines(data: bytes) -> tuple[list[Any], list[Any]]:
    """Promises and rows of an answer line by line."""
    told: list[Any] = []
    rows: list[Any] = []
    for line in data.splitlines():
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise NoPromise("neither JSON nor lines of JSON") from error
        if not isinstance(value, dict):
            raise NoPromise("a line is not an object")
        if "verdict" in value:
            rows.append(value)
        elif "promise" in value:
            told.append(value["promise"])
    return told, rows


def _digest(value: Any) -> Digest:
    if not isinstance(value, str):
        raise NoPromise("a digest is not text")
    return Digest(unhex32(value))
