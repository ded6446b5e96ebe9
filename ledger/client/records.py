"""Records: handed in as JSON, one or many; found, read, and how they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from ledger.client.errors import AnswerMalformed, NoAnswer
from ledger.client.flows import Flow, Item, Sleep, ask
from ledger.client.inputs import Record
from ledger.client.reading import Members, members
from ledger.client.results import VERDICTS, Named, RecordStatus, RowAnswer, Submitted
from ledger.client.terms import Terms
from ledger.client.wire import MAX_ANSWER, Answer, Request, demand, later, segment

MAX_LINES: Final = 4096
"""Lines of one request: what one promise may cover."""
MAX_SET: Final = 8 << 20
"""Bytes of one request, but for a single line that is longer."""
_OK, _CREATED, _CONFLICT, _REJECTED = 200, 201, 409, 422
_JSON = (("content-type", "application/json"),)
_NDJSON = (("content-type", "application/x-ndjson"),)


class Lines:
    """What a gateway said to lines of records. problem: with what it broke off, None: it did
    not; what stands before it stands."""

    def __init__(self, answer: Answer) -> None:
        """Read it. Raises AnswerMalformed for what broke off without a word."""
        self.rows: list[dict[str, Any]] = []
        self.promises: list[dict[str, Any]] = []
        self.problem: NoAnswer | None = None
        told = list(read_lines(answer))
        for line in told:
            if "verdict" in line:
                self.rows.append(line)
            elif "promise" in line:
                self.promises.append(line["promise"])
        last = told[-1] if told else {}
        if "problem" in last:
            self.problem = _broke_off(answer, last["problem"])
        elif "counts" not in last:
            raise AnswerMalformed(answer.url, "the answer to lines of records broke off")


def submit(record: Record, terms: Terms) -> Flow[RowAnswer]:
    """What became of one record, whether it was taken or not."""
    request = Request(method="POST", path="/v1/records", headers=_JSON, content=_json(record))
    answer = yield from ask(request, terms)
    if answer.status in (_CONFLICT, _REJECTED, *(_OK, _CREATED)):
        told = members(answer, "record")
        if told.raw.get("verdict") in VERDICTS:
            return RowAnswer.of(told)
    demand(answer, (_OK, _CREATED))
    raise AnswerMalformed(answer.url, "an answer to a record without its verdict")


def submit_many(
    records: Iterable[Record], terms: Terms, progress: Callable[[int], None] | None = None
) -> Flow[Submitted]:
    """What became of each of many. progress: told how many were answered so far."""
    rows: list[RowAnswer] = []
    promises: list[Mapping[str, Any]] = []
    for lines in sets(map(_json, records)):
        found, made = yield from _send(lines, terms, len(rows), len(promises))
        rows += found
        promises += made
        if progress is not None:
            progress(len(rows))
    return Submitted(rows=tuple(rows), promises=tuple(promises))


def each(records: Iterable[Record], terms: Terms) -> Flow[None]:
    """The same as items, row after row, with no more in memory than one request has. Of promises
    only the places are told."""
    rows = promises = 0
    for lines in sets(map(_json, records)):
        found, made = yield from _send(lines, terms, rows, promises)
        rows, promises = rows + len(found), promises + len(made)
        for one in found:
            yield Item(one)


def find(document: str, authority: str, terms: Terms) -> Flow[list[Named]]:
    """The records in force of a document number and the USCC of its authority."""
    params = (("document", document), ("authority", authority))
    answer = yield from ask(Request(method="GET", path="/v1/records", params=params), terms)
    told = members(demand(answer), "records")
    return [
        Named(record=one.text("record"), leaf=one.text("leaf")) for one in told.objects("items")
    ]


def show(name: str, terms: Terms) -> Flow[Mapping[str, Any]]:
    """A record by leaf or id, and what the gateway knows of it."""
    answer = yield from ask(Request(method="GET", path=f"/v1/records/{segment(name)}"), terms)
    return members(demand(answer), "record").raw


def status(name: str, terms: Terms) -> Flow[RecordStatus]:
    """How a record stands, by leaf or id."""
    path = f"/v1/records/{segment(name)}/status"
    answer = yield from ask(Request(method="GET", path=path), terms)
    return RecordStatus.of(members(demand(answer), "status"))


def sets(lines: Iterable[bytes], most: int = MAX_LINES) -> Iterator[list[bytes]]:
    """These lines in as few requests as may be, each of `most` at most. A line has no line end but
    its own."""
    found: list[bytes] = []
    size = 0
    for line in lines:
        if found and (len(found) == most or size + len(line) > MAX_SET):
            yield found
            found, size = [], 0
        found.append(line)
        size += len(line)
    if found:
        yield found


def read_lines(answer: Answer) -> Iterator[dict[str, Any]]:
    """The objects of NDJSON. Raises AnswerMalformed."""
    for line in answer.body.splitlines():
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise AnswerMalformed(answer.url, "a line that is not JSON") from error
        if not isinstance(value, dict):
            raise AnswerMalformed(answer.url, "a line that is no object")
        yield value


def request_of(lines: Sequence[bytes]) -> Request:
    """Lines to be answered one by one. Twice is once: a record that was taken is a duplicate."""
    return Request(
        method="POST",
        path="/v1/records",
        headers=_NDJSON,
        content=b"".join(lines),
        slow=True,
        max_bytes=MAX_ANSWER,
    )


def _send(
    lines: Sequence[bytes], terms: Terms, rows: int, promises: int
) -> Flow[tuple[list[RowAnswer], list[Mapping[str, Any]]]]:
    """The answers to one set, in the order of its lines. Where the gateway breaks off, what it has
    not answered is sent again. rows, promises: how many came before."""
    found: list[RowAnswer] = []
    made: list[Mapping[str, Any]] = []
    end, failures = terms.clock() + terms.deadline, 0
    while True:
        request = request_of(lines[len(found) :])
        answer = demand((yield from ask(request, terms, end)))
        told = Lines(answer)
        if len(found) + len(told.rows) > len(lines):
            raise AnswerMalformed(answer.url, "more answers than records")
        for row in told.rows:
            moved = dict(row, row=rows + len(found) + 1)
            if isinstance(row.get("promise"), int):
                moved["promise"] = row["promise"] + promises + len(made)
            found.append(RowAnswer.of(Members(answer.url, "row", moved)))
        made += told.promises
        if told.problem is None:
            break
        failures = 1 if told.rows else failures + 1
        pause = terms.pause(failures, told.problem.retry_after)
        repeat = terms.may_repeat(request, told.problem, failures)
        if not repeat or terms.clock() + pause >= end:
            raise told.problem
        yield Sleep(pause)
    if len(found) != len(lines):
        raise AnswerMalformed(answer.url, "fewer answers than records")
    return found, made


def _broke_off(answer: Answer, problem: Any) -> NoAnswer:
    """What a problem in the middle of an answer means. Raises Refused, AnswerMalformed."""
    told = Members(answer.url, "problem", problem)
    said = Answer(
        url=answer.url,
        status=told.integer("status"),
        headers={},
        body=orjson.dumps(dict(told.raw)),
    )
    found = later(said)
    if found is None:
        demand(said, ())
        raise AnswerMalformed(answer.url, "a problem that is none")
    return found


def _json(record: Record) -> bytes:
    """One line."""
    if isinstance(record, bytes):
        return record.strip().replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
    return orjson.dumps(record) + b"\n"
