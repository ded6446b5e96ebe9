"""A report as pages and papers show it: words and days, no proofs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.reports.interfaces import Collected, Scope
from ledger.core.canonical import instant
from ledger.core.report_content import Content, Field
from ledger.files.report_lines import Line
from ledger.records.report_fields import FieldList


def whole_of(collected: Collected) -> dict[str, Any]:
    """All of a report, as it was made."""
    one = collected
    return view_of(one.content, one.field_list, one.lines, disputed=one.disputed)


def view_of(
    content: Content,
    field_list: FieldList,
    lines: Sequence[Line],
    *,
    disputed: frozenset[int],
    scope: Scope | None = None,
    closed: frozenset[int] = frozenset(),
) -> dict[str, Any]:
    """What is shown. lines: of all records, in order. disputed: those that an objection marks.
    scope: None: all of it. closed: lines that are shown no more; a field that had no others is left
    out."""
    titles = {one.id: dict(one.title) for one in field_list.fields}
    numbered = iter(enumerate(lines, start=1))
    fields = []
    for one in content.fields:
        shown = [next(numbered) for _ in one.records]
        if scope is not None and one.field not in scope.fields:
            shown = [(n, line) for n, line in shown if n in scope.lines]
            if not shown:
                continue
        title = titles.get(one.field, {"zh": one.field, "en": one.field})
        told = [
            {"line": n, "disputed": n in disputed, **line.as_dict()}
            for n, line in shown
            if n not in closed
        ]
        if shown and not told:  # its state would tell of what is closed, or deny it
            continue
        fields.append(_field(one, title, told))
    return {
        "number": content.number,
        "issuer": content.iss,
        "subject": {"code": content.code, "name": content.name},
        "period": {"from": content.start.isoformat(), "to": content.end.isoformat()},
        "at": instant(content.at),
        "until": content.until.isoformat(),
        "fields": fields,
        "whole": scope is None,
    }


def _field(
    field: Field, title: Mapping[str, str], lines: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    days = sorted(one.through for one in field.sources)
    return {
        "field": field.field,
        "title": dict(title),
        "state": field.state,
        "sources": len(field.sources),
        "through": {"first": days[0].isoformat(), "last": days[-1].isoformat()} if days else None,
        "lines": list(lines),
    }
