"""`POST /v1/files/find`, `GET /v1/files/{id}/summary`, `/rows` and `/results.csv`: files as people
look at them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.accesses.services import AccessLog
from gateway.base.policy import ALWAYS, Caller, Purpose, Record, decide
from gateway.files.finding import find_files
from gateway.files.listing import VERDICTS, Chosen, Listed
from gateway.files.looking import Filter, Looking
from gateway.files.routes import (
    FRESH,
    JSON,
    Asker,
    Lister,
    Log,
    Store,
    Taker,
    find_file,
    not_yet,
)
from gateway.files.services import ENDED
from gateway.files.store import File, FileStore
from gateway.files.tallies import Said
from ledger.core.canonical import instant

MAX_ROWS: Final = 200
"""Of one answer."""
MAX_WORD: Final = 200
"""Characters of a field, of a code; a header that no field is may be long."""
CHINA: Final = timezone(timedelta(hours=8))
"""Days of files are those of whoever hands them in."""
CSV: Final = "text/csv; charset=utf-8"
DAY: Final = 86_400
_MARK: Final = "\ufeff"  # without it Excel takes the text for GB18030
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_HEAD: Final = (
    *("工作表 sheet", "行 row", "结果 verdict", "列 column", "代码 code"),
    *("说明 message", "message", "叶值 leaf", "记录编号 record id"),
)

router = APIRouter(tags=["files"])


class Wanted(BaseModel):
    """Which files. name: a part of it. since, until: days in China, both included."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=255)] = ""
    since: date | None = None
    until: date | None = None
    state: Literal["queued", "running", "done", "failed"] | None = None
    by: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    before: Annotated[str, Field(pattern="^[0-9]{1,12}-[0-9a-f]{32}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


def _looking(request: Request) -> Looking:
    looking: Looking = request.app.state.file_looks
    return looking


Here = Annotated[Looking, Depends(_looking)]
Word = Annotated[str | None, Query(max_length=MAX_WORD)]
Verdict = Literal["accepted", "duplicate", "conflict", "rejected"]


@router.post("/v1/files/find")
def post_find(wanted: Wanted, store: Store, caller: Lister) -> Response:
    """Files by day, state, sender and a part of their name, the newest first. A post, since a name
    may tell whom a file is about. `senders`: whose files there are. `next`: what to go on with as
    `before`; there may be more where it is not null, even if no file is told."""
    department = _department(caller)
    found = find_files(store, department, _chosen(wanted), wanted.name, wanted.limit)
    senders = store.senders(department)
    told = {
        "files": [_told(one, senders) for one in found.files],
        "senders": [{"token": number, "name": name} for number, name in senders.items()],
        "next": found.next and f"{found.next[0]}-{found.next[1]}",
    }
    return Response(orjson.dumps(told), media_type=JSON, headers=FRESH)


@router.get("/v1/files/{file}/summary")
def get_summary(file: str, store: Store, looking: Here, log: Log, caller: Asker) -> Response:
    """How far a file is, and once it is answered how many rows have which error or note, how many
    are anchored, which file it corrects and which correct it. As in the list, no row is told."""
    found, _ = find_file(store, log, file, caller, Purpose.ANSWER)
    told = looking.summary(found) | {
        "by": store.senders(_department(caller)).get(found.token),
        "after": _after(store, found, caller),
        "corrected": _corrected(store, found, caller),
    }
    return Response(orjson.dumps(told), media_type=JSON, headers=FRESH)


def _filter(
    verdict: Annotated[list[Verdict] | None, Query(max_length=4)] = None,
    code: Word = None,
    field: Word = None,
    kind: Annotated[Literal["error", "note"], Query(alias="is")] = "error",
) -> Filter:
    said = None if code is None else Said(kind == "note", field or "", code)
    return Filter(verdicts=tuple(verdict or VERDICTS), said=said)


def _piece(
    offset: Annotated[int, Query(ge=0, le=2_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 50,
) -> slice:
    return slice(offset, offset + limit)


@router.get("/v1/files/{file}/rows")
def get_rows(
    request: Request,
    file: str,
    caller: Taker,
    wanted: Annotated[Filter, Depends(_filter)],
    piece: Annotated[slice, Depends(_piece)],
) -> Response:
    """The answers to some rows of a file that is answered: with this verdict (all of those named),
    with this error or note. Of rows that go back `cells` has the column as a workbook calls it,
    its header and what stands there. 202 while there is no answer yet."""
    log: AccessLog = request.app.state.accesses
    found, access = find_file(request.app.state.file_store, log, file, caller, Purpose.REPORT)
    if found.state not in ENDED:
        return not_yet(found.id, found.state)
    told = _looking(request).rows(found, wanted, piece)
    log.write(access)
    return Response(orjson.dumps(told), media_type=JSON, headers=FRESH)


@router.get("/v1/files/{file}/results.csv")
def get_results(file: str, store: Store, looking: Here, log: Log, caller: Asker) -> Response:
    """The answer to every row as a table: a line for each error, one for a row without. 202 while
    there is no answer yet."""
    found, access = find_file(store, log, file, caller, Purpose.ANSWER)
    if found.state not in ENDED:
        return not_yet(found.id, found.state)
    log.write(access)
    headers = FRESH | {"Content-Disposition": f'attachment; filename="results-{found.id[:8]}.csv"'}
    return StreamingResponse(_table(looking.every(found)), media_type=CSV, headers=headers)


def _department(caller: Caller) -> str | None:
    """Whose files the caller sees; None: those of all."""
    return None if caller.whole_member else caller.department


def _chosen(wanted: Wanted) -> Chosen:
    at, _, file = (wanted.before or "").partition("-")
    return Chosen(
        since=None if wanted.since is None else _midnight(wanted.since),
        until=None if wanted.until is None else _midnight(wanted.until) + DAY,
        state=wanted.state,
        token=wanted.by,
        before=(int(at), file) if at else None,
    )


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), CHINA).timestamp())


def _told(file: Listed, senders: Mapping[int, str]) -> dict[str, Any]:
    return {
        "id": file.id,
        "file": file.name,
        "state": file.state,
        "created": instant(file.created),
        "by": senders.get(file.token),
        "rows": sum(file.counts.values()),
        "counts": file.counts,
    }


def _after(store: FileStore, file: File, caller: Caller) -> str | None:
    """The file that this one corrects, where it is there and the caller's."""
    after = store.after(file.id)
    found = None if after is None else store.find(after)
    if found is None:
        return None
    record = Record(department=found.department, decided=ALWAYS)
    return found.id if decide(caller, Purpose.FILES, record).allowed else None


LOOKED_AT: Final = 100
"""Newest files among which those are looked for that correct a file."""


def _corrected(store: FileStore, file: File, caller: Caller) -> list[dict[str, Any]]:
    newest = store.newest(_department(caller), LOOKED_AT, Chosen(since=file.created))
    return [{"id": one.id, "file": one.name} for one in newest if one.after == file.id]


def _table(answers: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    yield (_MARK + _line(_HEAD)).encode()
    for answer in answers:
        yield "".join(map(_line, _lines(answer))).encode()


def _lines(answer: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    place = (answer["sheet"] or "", str(answer["row"] or ""), answer["verdict"])
    named = (answer["leaf"] or "", answer["recordId"] or "")
    if not answer["errors"]:
        yield (*place, "", "", "", "", *named)
    for error in answer["errors"]:
        text = error["message"]
        yield (*place, error["field"] or "", error["code"], text["zh"], text["en"], *named)


def _line(cells: tuple[str, ...]) -> str:
    """What a spreadsheet would take for a formula gets a mark in front that makes it a text."""
    out = io.StringIO()
    safe = [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
    csv.writer(out).writerow(safe)
    return out.getvalue()
