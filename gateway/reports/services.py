"""Making reports, and keeping them.

A report is stated in our log, promised at once, in the transaction that keeps it and the lines of
the access log: nothing is handed out that is not all three. Its number is drawn before, for the
content names it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import SUBJECT_CODE, ContentLost, Hmac, Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import ALWAYS, Caller, Decision, Purpose, Record, decide
from gateway.reports import copies, store
from gateway.reports.collecting import Collecting, Terms
from gateway.reports.errors import ReportRefused
from gateway.reports.interfaces import MAX_YEARS, Collected, Made, Wanted
from gateway.reports.paper import Paper, blank, draw
from gateway.reports.view import whole_of
from gateway.statements.errors import Overtaken
from gateway.statements.interfaces import Said
from gateway.statements.services import ATTEMPTS, Statements
from ledger.core.canonical import hex32, instant
from ledger.core.ids import Digest
from ledger.core.opening import Opening
from ledger.core.report_content import CODE_ALPHABET, CODE_LENGTH, DRAWN_LENGTH, make_number
from ledger.records.keys import subject_keys

CODE: Final = b"report-code"
"""Keeps the fingerprints of codes apart from others."""
PROOF: Final = "copy/"
"""Keeps what proves a key apart from codes."""


class Reports:
    """Makes and shows reports; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        collecting: Collecting,
        statements: Statements,
        vault: Vault,
        hmac: Hmac,
        accesses: AccessLog,
    ) -> None:
        self._ctx = ctx
        self._collecting = collecting
        self._statements = statements
        self._vault = vault
        self._hmac = hmac
        self._accesses = accesses

    def make(self, caller: Caller, wanted: Wanted, endpoint: str) -> Made:
        """A report about a subject. endpoint: URL of this gateway, for the QR. Raises NotAllowed,
        logged; ReportRefused, NotReady."""
        self.admit(caller, Purpose.CREDIT_REPORT)
        terms = self._collecting.terms()
        _demand_period(wanted, terms)
        named = make_number(terms.facts.member, terms.today, drawn(DRAWN_LENGTH))
        collected, newest = self._collecting.collect(wanted, terms, named)
        number = collected.content.number
        view = whole_of(collected)
        copy, code = copies.seal(view, number), drawn(CODE_LENGTH)
        values = self._values(caller, collected, terms, newest) | {
            "code": mark_of(self._hmac, number, code),
            "proof": mark_of(self._hmac, PROOF + number, copy.proof),
        }
        with blank(collected.content) as pdf:  # a place first: what is stated is handed out
            opening = self._state(caller, collected, values, copy.sealed)
            paper = Paper(
                collected=collected,
                code=code,
                link=copies.link(endpoint, number, copy.key),
                opening=opening.encode(),
                issuer=self._ctx.settings.node.name or self._ctx.settings.node.code,
            )
            return Made(number=number, code=code, pdf=draw(pdf, paper))

    def page(self, caller: Caller, before: int | None) -> Mapping[str, Any]:
        """What was made here, the newest first; whom about is not told."""
        self.admit(caller, Purpose.SEE_CREDIT_REPORT)
        with begin_read(self._ctx.engine) as connection:
            rows = store.page(connection, before, store.PAGE)
        following = rows[-1].n if len(rows) == store.PAGE else None
        return {"items": [_item(row) for row in rows], "next": following}

    def fields(self, caller: Caller) -> Mapping[str, Any]:
        """The fields that a report may have, by the list of this province. Raises NotAllowed,
        ReportRefused, NotReady."""
        self.admit(caller, Purpose.SEE_CREDIT_REPORT)
        found = self._collecting.terms().field_list
        fields = [{"id": one.id, "title": dict(one.title)} for one in found.fields]
        return {"list": found.id, "fields": fields}

    def opening(self, caller: Caller, number: str) -> Opening:
        """The opening of its statement as it stands now. Raises ReportRefused, NotReady."""
        self.admit(caller, Purpose.SEE_CREDIT_REPORT)
        return self._statements.opening(self.row(number).commitment)

    def copy(self, row: store.Row) -> bytes:
        """What the key of the QR unseals. Raises ReportRefused where it is erased."""
        with begin_read(self._ctx.engine) as connection:
            try:
                return store.copy_of(connection, self._vault, row)
            except ContentLost as error:
                raise ReportRefused("report-gone") from error

    def row(self, number: str) -> store.Row:
        """A report by its number. Raises ReportRefused."""
        with begin_read(self._ctx.engine) as connection:
            row = store.row_of(connection, number)
        if row is None:
            raise ReportRefused("not-found")
        return row

    def admit(self, caller: Caller, purpose: Purpose) -> None:
        """Raise NotAllowed, logged, unless the caller is of the centre: a report shows what all
        departments hold."""
        decision = decide(caller, purpose, Record(department=None, decided=ALWAYS))
        if not decision.allowed:
            self._accesses.refuse(caller, purpose, decision)

    def _values(
        self, caller: Caller, collected: Collected, terms: Terms, newest: int
    ) -> dict[str, Any]:
        content = collected.content
        return {
            "number": content.number,
            "at": content.at,
            "token": caller.id,
            "subject": subject_mark(self._hmac, content.code),
            "first": content.start.isoformat(),
            "last": content.end.isoformat(),
            "until": content.until.isoformat(),
            "newest": newest,
            "families": ",".join(terms.families),
        }

    def _state(
        self, caller: Caller, collected: Collected, values: Mapping[str, Any], copy: bytes
    ) -> Opening:
        """State the report in our log and keep it, with the lines of the access log."""
        said = [Said(sort="report", members=collected.content.report.members())]
        records = [
            (
                *(line.receipt.record_id, line.receipt.leaf),
                line.receipt.entry.replaces or line.receipt.record_id,
                n in collected.disputed,
            )
            for n, line in enumerate(collected.lines, start=1)
        ]
        for _ in range(ATTEMPTS):
            made = self._statements.make(said)
            try:
                with begin_write(self._ctx.engine) as connection:
                    (opening,) = self._statements.keep(connection, said, made)
                    new = store.NewReport(
                        values={**values, "commitment": opening.statement.commitment},
                        content=collected.content,
                        receipts=collected.receipts,
                        records=records,
                        copy=copy,
                    )
                    store.put(connection, self._vault, new)
                    self._log(connection, caller, collected)
                    crash_point("report.kept", "before")
                crash_point("report.kept", "after")
                return opening
            except Overtaken:
                continue
        raise NotReady("busy", retry_after=1)

    def _log(self, connection: sa.Connection, caller: Caller, collected: Collected) -> None:
        """A line of each record; one that names none where there are none."""
        leaves: list[Digest | None] = [line.receipt.leaf for line in collected.lines]
        lines = [
            Access(
                token=caller.id,
                purpose=Purpose.CREDIT_REPORT,
                decision=Decision(None),
                record=leaf,
            )
            for leaf in leaves or [None]
        ]
        self._accesses.put(connection, lines, self._ctx.clock.seconds())


def drawn(length: int) -> str:
    """Characters for a number or a code, drawn anew."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))


def mark_of(hmac: Hmac, number: str, code: str) -> bytes:
    """What is kept of a code."""
    return hmac.fingerprint(CODE, f"{number}/{code}".encode())


def subject_mark(hmac: Hmac, code: str) -> bytes:
    """By which records of a subject are found."""
    return hmac.fingerprint(SUBJECT_CODE, subject_keys(code, "").code)


def _demand_period(wanted: Wanted, terms: Terms) -> None:
    """Raise ReportRefused unless the days can be reported about."""
    if wanted.end < wanted.start or wanted.end > terms.today:
        raise ReportRefused("report-period")
    if (wanted.end - wanted.start).days > MAX_YEARS * 366:
        raise ReportRefused("report-period", extra={"years": MAX_YEARS})


def _item(row: store.Row) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": instant(row.at),
        "period": {"from": row.first, "to": row.last},
        "until": row.until,
        "statement": hex32(row.commitment),
        "state": "kept" if row.content else "erased",
    }
