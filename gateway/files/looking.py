"""A file as people look at it: what became of its rows in sum, and the rows piece by piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from gateway.anchoring.progress import first_final_anchor
from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.files.cells import UNREAD
from gateway.files.closed import closed_among, leaves_of
from gateway.files.facts import column_letters
from gateway.files.listing import VERDICTS
from gateway.files.returned import GOES_BACK, Returned, unpack
from gateway.files.services import ENDED, head_of
from gateway.files.store import File, FileStore
from gateway.files.tallies import Said, Tallies, said_of
from gateway.log.located import locate
from ledger.core.canonical import hex0x, instant
from ledger.core.texts import Text

MAX_SAID: Final = 200
"""Different things said of a file that a summary counts."""
SHOWN: Final = 300
"""Characters of a cell that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows. said: of which this is said; None: whatever is."""

    verdicts: Sequence[str] = VERDICTS
    said: Said | None = None

    def takes(self, answer: Mapping[str, Any]) -> bool:
        """Whether a row is one of them."""
        if answer["verdict"] not in self.verdicts:
            return False
        return self.said is None or self.said in said_of(answer)


class Looking:
    """Looks at files, answered or not yet."""

    def __init__(self, ctx: Context, store: FileStore) -> None:
        self._engine = ctx.engine
        self._store = store
        self._tallies = Tallies(store)

    def summary(self, file: File) -> dict[str, Any]:
        """What stands in the answer to a file without its rows, and what follows from them. What
        is said of rows, and how far they are anchored, only once all are answered."""
        sets = self._store.counted(file.id)
        done = Counter[str]()
        for one in sets:
            done.update(one)
        found = {
            "id": file.id,
            "state": file.state,
            "created": instant(file.created),
            "file": self._store.told(file.id)[0],
            "rows": done.total(),
            "counts": {verdict: done[verdict] for verdict in VERDICTS},
            "report": self._store.report_state(file.id),
            **head_of(self._store, file),
        }
        if file.state not in ENDED:
            return found | {"said": [], "aside": 0, "anchoring": None}
        unread = sum(sheet["unread"] for sheet in found["sheets"])
        asides = sum(self._tallies.of(file.id, n).asides for n in range(len(sets)))
        return found | {
            "said": self._said(file.id, len(sets)),
            "aside": unread + asides,
            "anchoring": self._anchoring(file.id, sets),
        }

    def rows(self, file: File, wanted: Filter, piece: slice) -> dict[str, Any]:
        """A piece of the rows that match, with the cells that errors are about. `total`: how many
        match."""
        sets = self._store.counted(file.id)
        left, room, shown = piece.start, piece.stop - piece.start, list[dict[str, Any]]()
        total = 0
        for n, counts in enumerate(sets):
            here = self._matching(file.id, n, counts, wanted)
            total += here
            if here <= left or not room:
                left = max(0, left - here)
                continue
            some = list(self._of_set(file.id, n, wanted))[left : left + room]
            left, room = 0, room - len(some)
            shown += some
        return {"id": file.id, "total": total, "offset": piece.start, "rows": shown}

    def every(self, file: File) -> Iterator[Mapping[str, Any]]:
        """The answers to all rows, a set in memory at a time."""
        for n in range(self._store.progress(file.id).sets):
            yield from orjson.loads(self._store.answers(file.id, n))

    def _matching(self, file: str, n: int, counts: Mapping[str, int], wanted: Filter) -> int:
        if wanted.said is None:
            return sum(counts[verdict] for verdict in wanted.verdicts)
        return self._tallies.of(file, n).rows(wanted.verdicts, wanted.said)

    def _said(self, file: str, sets: int) -> list[dict[str, Any]]:
        """What is said of rows, errors first, the most frequent of each before the others."""
        counts: Counter[Said] = Counter()
        texts: dict[Said, Text] = {}
        for n in range(sets):
            tally = self._tallies.of(file, n)
            for (_, said), count in tally.said.items():
                counts[said] += count
            texts = dict(tally.texts) | texts
        ordered = sorted(counts, key=lambda said: (said.is_note, -counts[said], said))
        return [
            {
                "is": "note" if said.is_note else "error",
                "field": said.field or None,
                "code": said.code,
                "message": texts[said],
                "rows": counts[said],
            }
            for said in ordered[:MAX_SAID]
        ]

    def _anchoring(self, file: str, sets: Sequence[Mapping[str, int]]) -> dict[str, Any]:
        """How many of the rows taken in are anchored, and the anchor of the last of them. The rows
        of a set go to the log together, so one of them tells of all."""
        taken = anchored = 0
        newest: sa.Row[Any] | None = None
        with begin_read(self._engine) as connection:
            for n, counts in enumerate(sets):
                leaf = self._tallies.of(file, n).last
                taken += counts["accepted"]
                at = None if leaf is None else locate(connection, leaf)
                if at is None or at.index is None:
                    continue
                anchor = first_final_anchor(connection, at.log, at.index)
                if anchor is not None:
                    anchored, newest = anchored + counts["accepted"], anchor
        return {
            "taken": taken,
            "anchored": anchored,
            "block": newest and newest.block,
            "time": newest and instant(newest.block_time),
            "tx": newest and hex0x(newest.tx_hash),
        }

    def _of_set(self, file: str, n: int, wanted: Filter) -> Iterator[dict[str, Any]]:
        answers = orjson.loads(self._store.answers(file, n))
        chosen = [answer for answer in answers if wanted.takes(answer)]
        cells = self._cells(file, n, answers) if _any_back(chosen) else {}
        for answer in chosen:
            yield answer | {"cells": cells.get(id(answer), [])}

    def _cells(
        self, file: str, n: int, answers: Sequence[Mapping[str, Any]]
    ) -> dict[int, list[dict[str, Any]]]:
        """What stands in the cells that the errors of rows are about, by the identity of the
        answer; nothing of rows that stand beside a closed record."""
        back = [answer for answer in answers if answer["verdict"] in GOES_BACK]
        with self._engine.connect() as connection:
            closed = closed_among(connection, leaves_of(back))
        rows = unpack(self._store.back(file, n))
        return {
            id(answer): list(_cells_of(row, answer))
            for row, answer in zip(rows, back, strict=True)
            if not answer["leaf"] or bytes.fromhex(answer["leaf"]) not in closed
        }


def _any_back(answers: Sequence[Mapping[str, Any]]) -> bool:
    return any(answer["verdict"] in GOES_BACK for answer in answers)


def _cells_of(row: Returned, answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Of each field that an error or a difference is about, once."""
    fields = [error["field"] for error in answer["errors"]] + list(answer["changed"])
    for field in dict.fromkeys(field for field in fields if field):
        if field not in row.codes:
            continue
        at = row.codes.index(field)
        yield {
            "field": field,
            "column": column_letters(row.places[at]) if row.places else None,
            "name": row.names[at],
            "value": _as_sent(row.cells[at])[:SHOWN],
        }


def _as_sent(cell: str) -> str:
    """A cell without the mark that the workbook to correct has on it."""
    return cell.partition(": ")[2] if cell.startswith(UNREAD) else cell
