"""Special credit reports: made by provinces, checked and read by whoever has their number and code.

A code is its issuer's to judge. Another gateway names it (421), and is asked in its place; it is
shown no token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from ledger.client.errors import AnswerMalformed
from ledger.client.flows import Flow, ask
from ledger.client.reading import members
from ledger.client.report_results import (
    ReportField,
    ReportList,
    ReportMade,
    ReportRead,
    ReportRow,
    Share,
    ShareGiven,
)
from ledger.client.terms import Terms
from ledger.client.wire import (
    MAX_ANSWER,
    Answer,
    Repeat,
    Request,
    demand,
    posted,
    queried,
    segment,
)
from ledger.core.errors import EvidenceError, InputError, VersionUnknown
from ledger.core.opening import MAX_OPENING, parse_opening
from ledger.files.report_lines import line_at
from ledger.files.reports import MAX_FILE, is_report, parse_report
from ledger.records.store import Library

_PATH: Final = "/v1/reports"
_CREATED, _NO_CONTENT, _ELSEWHERE = 201, 204, 421
_NO_LINE: Final = {
    "zh": "报告没有这一条；行号从 1 起",
    "en": "the report has no such line; they are counted from 1",
}


def make(
    code: str, first: date, last: date, fields: Sequence[str] | None, terms: Terms
) -> Flow[ReportMade]:
    """Have a report made. Never twice where it may have been: each is another one."""
    value: dict[str, Any] = {
        "code": code,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "fields": None if fields is None else list(fields),
    }
    request = posted(_PATH, value, repeat=Repeat.UNSENT, slow=True, max_bytes=MAX_FILE)
    answer = yield from ask(request, terms, terms.clock() + terms.slow_timeout)
    number, secret = (
        demand(answer, (_CREATED,)).headers.get(f"credit-ledger-{name}")
        for name in ("report", "code")
    )
    if number is None or secret is None or not is_report(answer.body):
        raise AnswerMalformed(answer.url, "a report without its number, code or PDF")
    return ReportMade(number=number, code=secret, pdf=answer.body)


def fields(terms: Terms) -> Flow[list[ReportField]]:
    """The fields that a report may have."""
    told = members(
        demand((yield from ask(Request(method="GET", path="/v1/report-fields"), terms))), "fields"
    )
    return [ReportField.of(one) for one in told.objects("fields")]


def listed(before: int | None, terms: Terms) -> Flow[ReportList]:
    """The reports that were made at the gateway."""
    request = Request(method="GET", path=_PATH, params=queried(before=before), max_bytes=MAX_ANSWER)
    told = members(demand((yield from ask(request, terms))), "reports")
    rows = tuple(ReportRow.of(one) for one in told.objects("items"))
    return ReportList(reports=rows, next=told.integer_or_none("next"))


def opening(number: str, terms: Terms) -> Flow[bytes]:
    """The opening of a report's statement."""
    path = f"{_path(number)}/opening"
    request = Request(method="GET", path=path, max_bytes=MAX_OPENING)
    answer = demand((yield from ask(request, terms)))
    try:
        parse_opening(answer.body)
    except (EvidenceError, VersionUnknown) as error:
        raise AnswerMalformed(answer.url, str(error)) from error
    return answer.body


# ---- for whoever has number and code


def check(number: str, code: str, terms: Terms) -> Flow[str]:
    """What a counter is told of a number and a code."""
    answer = yield from _of_issuer("/v1/report-checks", number, code, terms)
    return members(answer, "check").text("state")


def read(number: str, code: str, terms: Terms) -> Flow[ReportRead]:
    """All of a report that is open, by its own code."""
    answer = yield from _of_issuer("/v1/report-owners", number, code, terms)
    return ReportRead.of(members(answer, "report"))


def open_share(number: str, code: str, terms: Terms) -> Flow[ReportRead]:
    """What a share shows, by its code."""
    answer = yield from _of_issuer("/v1/report-shares", number, code, terms)
    return ReportRead.of(members(answer, "share"))


def _of_issuer(path: str, number: str, code: str, terms: Terms) -> Flow[Answer]:
    request = posted(
        path,
        {"number": number, "code": code},
        repeat=Repeat.COUNTED,
        slow=True,
        max_bytes=MAX_ANSWER,
    )
    answer = yield from ask(request, terms)
    endpoint = answer.problem().get("endpoint") if answer.status == _ELSEWHERE else None
    if isinstance(endpoint, str):
        answer = yield from ask(replace(request, at=endpoint), terms)
    return demand(answer)


# ---- shares


def share(
    number: str, scope: Sequence[str], lines: Sequence[int], until: date, terms: Terms
) -> Flow[ShareGiven]:
    """Let somebody read parts of a report. Never twice where it may have been done."""
    value = {"fields": list(scope), "lines": list(lines), "until": until.isoformat()}
    request = posted(f"{_path(number)}/shares", value, repeat=Repeat.UNSENT)
    answer = demand((yield from ask(request, terms)), (_CREATED,))
    return ShareGiven.of(members(answer, "share"))


def shares(number: str, terms: Terms) -> Flow[list[Share]]:
    """All shares of a report."""
    request = Request(method="GET", path=f"{_path(number)}/shares", max_bytes=MAX_ANSWER)
    told = members(demand((yield from ask(request, terms))), "shares")
    return [Share.of(one) for one in told.objects("items")]


def unshare(number: str, share_id: str, terms: Terms) -> Flow[None]:
    """Withdraw one."""
    request = Request(
        method="DELETE",
        path=f"{_path(number)}/shares/{segment(share_id)}",
        repeat=Repeat.REFUSED,
    )
    demand((yield from ask(request, terms)), (_NO_CONTENT,))


# ---- an objection


def objection(pdf: bytes, line: int, authority: str | None) -> tuple[str, Mapping[str, Any]]:
    """The record that a line of a report is about, and members of the case: its authority as the
    receipt has it, where none is named. Nothing is verified here: whoever takes the objection
    looks. Raises InputError, Malformed, VersionUnknown, CouldNotCheck."""
    found = line_at(parse_report(pdf).receipts, line, Library.load(None))
    if found is None:
        raise InputError("line", "line-unknown", _NO_LINE)
    record, unit = found
    return record, {"authority": authority or unit}


def _path(number: str) -> str:
    return f"{_PATH}/{segment(number)}"
