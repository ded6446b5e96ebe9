"""What is said about the rows of a file, counted by set: a page of rows opens only those sets that
have one of them, and a summary opens each set once."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from gateway.files.asides import CODE as ASIDE
from gateway.files.store import FileStore
from ledger.core.texts import Text

MAX_KEPT = 4096
"""Sets whose tally is remembered: some megabytes."""
MAX_REASONS = 500
"""Different things that are counted of one set; further ones are told on their rows alone."""


class Said(NamedTuple):
    """Something that is said about rows. is_note: it stops nothing. field: code of the standard,
    "" where it is about the row."""

    is_note: bool
    field: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Of one set. said: rows of which it is said, by verdict. texts: the first of each. asides:
    rows passed over that are named. last: leaf of the last accepted row."""

    said: Mapping[tuple[str, Said], int]
    texts: Mapping[Said, Text]
    asides: int
    last: bytes | None

    def rows(self, verdicts: Sequence[str], said: Said) -> int:
        """How many rows have one of these verdicts and this said of them."""
        return sum(self.said.get((verdict, said), 0) for verdict in verdicts)


class Tallies:
    """Counts each set once and remembers it: what is answered never changes. Safe in threads."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[str, int], Tally] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, file: str, n: int) -> Tally:
        """The tally of a set that is answered."""
        with self._lock:
            found = self._kept.get((file, n))
            if found is not None:
                self._kept.move_to_end((file, n))
                return found
        found = tally(orjson.loads(self._store.answers(file, n)))
        with self._lock:
            self._kept[file, n] = found
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return found


def tally(answers: Sequence[Mapping[str, Any]]) -> Tally:
    """Count one set. answers: JSON of its row answers."""
    counts: Counter[tuple[str, Said]] = Counter()
    texts: dict[Said, Text] = {}
    asides, last = 0, None
    for answer in answers:
        told = said_of(answer)
        counts.update((answer["verdict"], said) for said in told)
        for said, text in told.items():
            texts.setdefault(said, text)
        asides += sum(note["code"] == ASIDE and "row" in note for note in answer["notes"])
        if answer["verdict"] == "accepted":
            last = bytes.fromhex(answer["leaf"])
    most = dict(counts.most_common(MAX_REASONS))
    return Tally(
        said=most,
        texts={said: texts[said] for _, said in most},
        asides=asides,
        last=last,
    )


def said_of(answer: Mapping[str, Any]) -> dict[Said, Text]:
    """What is said of one row, each once, with its text."""
    found: dict[Said, Text] = {}
    for is_note, remarks in ((False, answer["errors"]), (True, answer["notes"])):
        for one in remarks:
            found.setdefault(Said(is_note, one["field"] or "", one["code"]), one["message"])
    return found
