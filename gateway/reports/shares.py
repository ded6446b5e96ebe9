"""Shares: parts of a report that somebody may read by a code, for some time, until withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.access_table import Standing
from gateway.base.context import Context
from gateway.base.crypto import ContentLost, Hmac, Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import Caller, Decision, Purpose
from gateway.queries.stated import OPEN
from gateway.reports import store
from gateway.reports.counter import Counter
from gateway.reports.counting import Tries
from gateway.reports.errors import ReportRefused
from gateway.reports.interfaces import MAX_EVER, MAX_SHARES, MAX_TERM, Scope
from gateway.reports.services import Reports, drawn, mark_of
from gateway.reports.view import view_of
from ledger.core.canonical import instant
from ledger.core.report_content import CODE_LENGTH, Content, fold_code
from ledger.files.report_lines import Line, read_line
from ledger.records.report_fields import FieldList
from ledger.records.store import Library

_PREFIX: Final = "share/"
"""Keeps codes of shares apart from that of the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    share: store.Row
    report: store.Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A report that was read. texts: its receipts, of which `lines` are made."""

    content: Content
    fields: FieldList
    texts: list[str]
    lines: list[Line]

    def shown(self, scope: Scope | None, now: Mapping[int, Standing]) -> dict[str, Any]:
        """What is shown of it, where the lines stand like that. scope: None: all of it."""
        view = view_of(
            self.content,
            self.fields,
            self.lines,
            scope=scope,
            closed=frozenset(n for n, one in now.items() if one not in OPEN),
            disputed=frozenset(n for n, one in now.items() if one is Standing.DISPUTED),
        )
        shown = [line["line"] for field in view["fields"] for line in field["lines"]]
        return view | {"receipts": {str(n): self.texts[n - 1] for n in shown}}


class Shares:
    """Gives, opens and ends them; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        reports: Reports,
        counter: Counter,
        tries: Tries,
        vault: Vault,
        hmac: Hmac,
        accesses: AccessLog,
    ) -> None:
        self._ctx = ctx
        self._reports = reports
        self._counter = counter
        self._tries = tries
        self._vault = vault
        self._hmac = hmac
        self._accesses = accesses

    def give(self, caller: Caller, number: str, scope: Scope, until: date) -> tuple[str, str]:
        """A new share: its id, and its code, which is told once. Raises ReportRefused,
        NotAllowed."""
        self._reports.admit(caller, Purpose.SHARE_CREDIT_REPORT)
        row, today = self._reports.row(number), self._ctx.clock.today()
        if not today <= until <= today + timedelta(days=MAX_TERM):
            raise ReportRefused("share-term", extra={"days": MAX_TERM})
        code = drawn(CODE_LENGTH)
        with begin_read(self._ctx.engine) as connection:
            content, _ = self._content(connection, row)
        _demand_within(scope, content, self._counter.lines_now(row))
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            opened, ever = store.count_shares(connection, row.n, today)
            if opened >= MAX_SHARES or ever >= MAX_EVER:
                raise ReportRefused("too-many-shares", extra={"most": MAX_SHARES})
            values = {
                "report": row.n,
                "code": mark_of(self._hmac, _PREFIX + number, code),
                "token": caller.id,
                "at": self._ctx.clock.seconds(),
                "until": until.isoformat(),
            }
            hex_id = store.put_share(connection, values, scope)
            self._log(connection, caller.id, Purpose.SHARE_CREDIT_REPORT)
        return hex_id, code

    def page(self, caller: Caller, number: str) -> list[Mapping[str, Any]]:
        """All shares of a report. Raises ReportRefused, NotAllowed."""
        self._reports.admit(caller, Purpose.SHARE_CREDIT_REPORT)
        row, today = self._reports.row(number), self._ctx.clock.today()
        with begin_read(self._ctx.engine) as connection:
            return [_item(one, today) for one in store.shares_of(connection, row.n)]

    def withdraw(self, caller: Caller, number: str, hex_id: str) -> None:
        """End a share. Raises ReportRefused, NotAllowed."""
        self._reports.admit(caller, Purpose.SHARE_CREDIT_REPORT)
        row = self._reports.row(number)
        with begin_write(self._ctx.engine) as connection:
            if not store.withdraw(connection, row.n, hex_id, self._ctx.clock.seconds()):
                raise ReportRefused("not-found")

    def open(self, number: str, code: str, asker: str) -> Mapping[str, Any]:
        """What a share shows, each line with its receipt; counted, and logged before it leaves.
        Raises ReportRefused: unknown, ended and withdrawn look alike; TooManyTries, NotReady."""
        mark = mark_of(self._hmac, _PREFIX + number, fold_code(code))

        def match(connection: sa.Connection, row: store.Row) -> _Opened | None:
            share = store.open_share(connection, row.n, mark, self._ctx.clock.today())
            return share and _Opened(share=share, report=row)

        found = self._tries.code(number, asker, match)
        if found is None:
            raise ReportRefused("share-unknown")
        read = self.read(found.report)  # all that takes long, before anything is held
        changed = self._counter.has_changed(found.report)
        self._count(found, asker)
        # Last, so that what was closed meanwhile does not leave.
        shown = read.shown(store.scope_of(found.share), self._counter.lines_now(found.report))
        return {
            **shown,
            "state": "changed-since" if changed else "genuine",
            "shareUntil": found.share.until,
        }

    def _count(self, found: _Opened, asker: str) -> None:
        """Count and log that a share is opened. Raises ReportRefused where it was ended since."""
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            if not store.is_open(connection, found.share.n, self._ctx.clock.today()):
                raise ReportRefused("share-unknown")
            self._tries.open(connection, found.share.n, asker)
            store.count_opened(connection, found.share.n)
            self._log(connection, found.share.token, Purpose.OPEN_CREDIT_REPORT)

    def read(self, row: store.Row) -> Read:
        """A report with what its receipts show. Raises ReportRefused, NotReady."""
        with begin_read(self._ctx.engine) as connection:
            content, texts = self._content(connection, row)
        library = self._ctx.schemas.latest()
        fields = library.field_list(content.field_list.rpartition(":")[2])
        if fields is None:
            raise NotReady("schema-missing", retry_after=60)
        return Read(content=content, fields=fields, texts=texts, lines=_lines(texts, library))

    def _content(self, connection: sa.Connection, row: store.Row) -> tuple[Content, list[str]]:
        try:
            return store.content_of(connection, self._vault, row)
        except ContentLost as error:
            raise ReportRefused("report-gone") from error

    def _log(self, connection: sa.Connection, token: int, purpose: Purpose) -> None:
        line = Access(token=token, purpose=purpose, decision=Decision(None))
        self._accesses.put(connection, [line], self._ctx.clock.seconds())


def _lines(texts: list[str], library: Library) -> list[Line]:
    found = [read_line(text, library) for text in texts]
    if any(one is None for one in found):
        raise NotReady("schema-missing", retry_after=60)
    return [one for one in found if one is not None]


def _demand_within(scope: Scope, content: Content, now: Mapping[int, Standing]) -> None:
    """Raise ReportRefused unless there is all of it; a line that is closed is there no more."""
    known = {one.field for one in content.fields}
    lines = {n for n, one in now.items() if one in OPEN}
    if not (scope.fields or scope.lines):
        raise ReportRefused("share-scope")
    unknown = [one for one in scope.fields if one not in known]
    unknown += [str(one) for one in scope.lines if one not in lines]
    if unknown:
        zh, en = "、".join(unknown), ", ".join(unknown)
        text = {
            "zh": f"报告中没有可分享的：{zh}；领域须是报告所列的，行号从 1 起，"
            "已修复、更正或删除的不能再分享",
            "en": f"The report has none of these to be shown: {en}; give fields that it has, or"
            " numbers of its lines from 1; what was repaired, corrected or erased is not shared",
        }
        raise ReportRefused("share-scope", text)


def _item(row: store.Row, today: date) -> Mapping[str, Any]:
    if row.withdrawn_at is not None:
        state = "withdrawn"
    else:
        state = "open" if row.until >= today.isoformat() else "ended"
    return {
        "share": row.id,
        "scope": store.scope_of(row).to_json(),
        "at": instant(row.at),
        "until": row.until,
        "state": state,
        "withdrawnAt": None if row.withdrawn_at is None else instant(row.withdrawn_at),
        "opened": row.opened,
    }
