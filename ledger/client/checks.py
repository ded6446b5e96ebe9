"""Many subjects for one matter, and what was done about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from ledger.client.errors import AnswerMalformed
from ledger.client.files import read_source
from ledger.client.flows import Flow, Item, ask, pieces
from ledger.client.inputs import Feedback, Source, Subject
from ledger.client.reading import Members, members
from ledger.client.records import read_lines
from ledger.client.terms import Terms
from ledger.client.use_results import CheckAnswer, FeedbackAnswer
from ledger.client.wire import MAX_ANSWER, Repeat, Request, demand, form, posted

PIECE: Final = 20
"""Subjects of one request: what was answered is there after each, whatever becomes of the next."""
MAX_ROWS: Final = 1000
"""Rows of feedback of one request."""


def each(
    subjects: Iterable[str | Subject],
    purpose: str,
    terms: Terms,
    *,
    types: Sequence[str] | None,
    matter: str | None,
) -> Flow[None]:
    """The answer to each as items, in their order. Nothing is asked twice where it may have been
    asked."""
    asked = {
        "purpose": purpose,
        "types": None if types is None else list(types),
        "matter": matter,
    }
    n = 0
    for some in pieces(subjects, PIECE):
        request = posted(
            "/v1/checks/subjects",
            asked | {"subjects": [_subject(one) for one in some]},
            repeat=Repeat.UNSENT,
            slow=True,
            max_bytes=MAX_ANSWER,
        )
        answer = yield from ask(request, terms, terms.clock() + terms.slow_timeout)
        lines = list(read_lines(demand(answer)))
        if len(lines) != len(some):
            raise AnswerMalformed(answer.url, "the answer to a check of many broke off")
        for line in lines:
            yield Item(CheckAnswer.of(Members(answer.url, "check", line), n))
            n += 1


def read_subjects(source: Source, terms: Terms) -> Flow[list[Subject]]:
    """The codes in a table, as the gateway finds them."""
    rows = yield from _table("/v1/checks/table", source, terms)
    return [
        Subject(
            code=one.text_or_none("code") or "",
            authorisation=one.text_or_none("authorisation"),
            row=one.integer("row"),
            sheet=one.text_or_none("sheet"),
        )
        for one in rows
    ]


def read_feedback(source: Source, terms: Terms) -> Flow[list[Feedback]]:
    """The rows of a table of feedback, as the gateway finds them."""
    names = ("query", "day", "measure", "matter", "result")
    rows = yield from _table("/v1/feedback/table", source, terms)
    return [
        Feedback(
            **{name: one.text_or_none(name) or "" for name in names},
            row=one.integer("row"),
            sheet=one.text_or_none("sheet"),
        )
        for one in rows
    ]


def feedback(rows: Iterable[Feedback], terms: Terms) -> Flow[list[FeedbackAnswer]]:
    """What became of each row, in order. Each states something, so none is sent twice where it may
    have been taken."""
    found: list[FeedbackAnswer] = []
    for some in pieces(rows, MAX_ROWS):
        value = {"rows": [_row(one) for one in some]}
        request = posted(
            "/v1/feedback", value, repeat=Repeat.UNSENT, slow=True, max_bytes=MAX_ANSWER
        )
        answer = demand((yield from ask(request, terms)))
        told = members(answer, "feedback").objects("rows")
        if len(told) != len(some):
            raise AnswerMalformed(answer.url, "an answer to other rows of feedback")
        found += [FeedbackAnswer.of(one, len(found) + n) for n, one in enumerate(told)]
    return found


def _table(path: str, source: Source, terms: Terms) -> Flow[list[Members]]:
    name, content = read_source(source)
    body, kind = form([("file", (name, content, None))])
    request = Request(
        method="POST", path=path, headers=(kind,), content=body, slow=True, max_bytes=MAX_ANSWER
    )
    return members(demand((yield from ask(request, terms))), "table").objects("rows")


def _subject(one: str | Subject) -> Mapping[str, Any]:
    if isinstance(one, str):
        return {"code": one}
    return {"code": one.code} | ({"authorisation": one.authorisation} if one.authorisation else {})


def _row(one: Feedback) -> Mapping[str, str]:
    day = one.day.isoformat() if isinstance(one.day, date) else one.day
    return {
        "query": one.query,
        "day": day,
        "measure": one.measure,
        "matter": one.matter,
        "result": one.result,
    }
