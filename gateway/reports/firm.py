"""What a firm sees by number and code of its report: its records as the report shows them, when and
where each can be repaired, what was filed about it, and who asked under an authorisation.

Whoever has the code has the paper, which says what is said here of records. Whom a firm authorised
stands on no paper: for that the number of the authorisation is needed as well, which is with the
firm, its custodian and whoever it names, and with nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hmac import compare_digest
from typing import Any, Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.authorisations import store as authorisations
from gateway.base.clock import CHINA
from gateway.base.context import Context
from gateway.base.crypto import ContentLost, Hmac, Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Decision, Purpose
from gateway.cases import store as cases
from gateway.cases.deciding import earliest
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held
from gateway.cases.looking import look
from gateway.cases.routes import CaseParts
from gateway.chain.view import ChainView
from gateway.intake.rules import rules_in_force
from gateway.queries import store as queries
from gateway.queries.under import item_of
from gateway.records.errors import ContentErased
from gateway.reports import store
from gateway.reports.counter import Counter
from gateway.reports.counting import Tries
from gateway.reports.errors import ReportRefused
from gateway.reports.services import mark_of
from gateway.reports.shares import Shares
from gateway.statements.services import Statements
from ledger.core.authorisation import from_members
from ledger.core.canonical import instant
from ledger.core.commitment import CLASSES
from ledger.core.ids import Digest
from ledger.core.report_content import fold_code
from ledger.records.rule_tables import StageName
from ledger.records.rules import Rules

ASKED: Final = 100
"""Queries under one authorisation that are shown, the newest."""
_STAGES: Final[Mapping[str, StageName]] = {
    "accept": "repair-accept",
    "decide": "repair-decide",
    "objection": "objection-answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What is reckoned by. rules: those in force; None: their file is not here."""

    rules: Rules | None
    region: str
    today: date


class FirmViews:
    """Shows it; safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        shares: Shares,
        counter: Counter,
        tries: Tries,
        desk: CaseParts,
        statements: Statements,
        chain: ChainView,
        vault: Vault,
        hmac: Hmac,
        accesses: AccessLog,
    ) -> None:
        self._ctx = ctx
        self._shares = shares
        self._counter = counter
        self._tries = tries
        self._desk = desk
        self._statements = statements
        self._chain = chain
        self._vault = vault
        self._hmac = hmac
        self._accesses = accesses

    def open(
        self, number: str, code: str, asker: str, authorisation: bytes | None
    ) -> Mapping[str, Any]:
        """All of it, logged before it leaves. authorisation: commitment of one of which it is told
        who asked. Raises ReportRefused: a wrong number and a wrong code look alike; TooManyTries,
        NotReady."""
        mark = mark_of(self._hmac, number, fold_code(code))

        def match(_: sa.Connection, row: store.Row) -> store.Row | None:
            return row if compare_digest(row.code, mark) else None

        row = self._tries.code(number, asker, match)
        if row is None:
            raise ReportRefused("report-unknown")
        if not row.content:
            raise ReportRefused("report-gone")
        read, terms = self._shares.read(row), self._terms()
        changed = self._counter.has_changed(row)
        with begin_read(self._ctx.engine) as connection:
            under = None if authorisation is None else self._under(connection, row, authorisation)
        shown = read.shown(None, self._counter.lines_now(row))
        lines = [line for one in shown["fields"] for line in one["lines"]]
        with begin_read(self._ctx.engine) as connection:
            for line in lines:
                line.update(self._of_line(connection, bytes.fromhex(line["leaf"]), terms))
        self._log(row, [Digest(bytes.fromhex(line["leaf"])) for line in lines])
        state = "changed-since" if changed else "genuine"
        return {**shown, "state": state, "authorisation": under}

    def _terms(self) -> _Terms:
        facts, clock = self._chain.known, self._ctx.clock
        rules = facts and rules_in_force(facts, clock.seconds(), self._ctx.schemas)
        region = "" if facts is None else facts.region
        return _Terms(rules=rules or None, region=region, today=clock.today())

    # ---- a line

    def _of_line(self, connection: sa.Connection, leaf: bytes, terms: _Terms) -> dict[str, Any]:
        """When and where it can be repaired, and what was filed about it. `repair` null: that
        cannot be told here."""
        try:
            held = look(connection, self._vault, leaf)
        except (CaseRefused, ContentLost, ContentErased):
            return {"repair": None, "applications": []}
        filed = cases.of_records(connection, held.record)
        return {
            "repair": self._repair(held, terms),
            "applications": [self._application(row) for row in filed],
        }

    def _repair(self, held: Held, terms: _Terms) -> dict[str, Any] | None:
        content, schema = held.content, held.schema
        rules = self._desk.cases.rules_of(held)
        if content is None or schema is None or rules is None:
            return None
        classes = CLASSES if content.class_ is None else (content.class_,)
        kinds = self._desk.cases.kinds
        ends = {one: earliest(one, content, schema, rules, kinds).certain for one in classes}
        kind = self._desk.cases.kind(held)
        over = content.until is not None and date.fromisoformat(content.until) < terms.today
        return {
            "adverse": schema.is_adverse(content.fields),
            "over": over,
            "class": content.class_,
            "byClass": {one: end.isoformat() for one, end in ends.items()},
            "possibleFrom": min(ends.values()).isoformat(),
            "possibleNow": min(ends.values()) <= terms.today and not over,
            "kind": kind,
            "days": {name: _days(terms, stage, kind) for name, stage in _STAGES.items()},
        }

    def _application(self, row: cases.Row) -> dict[str, Any]:
        opened = datetime.fromtimestamp(row.opened, CHINA).date()
        return {
            "kind": row.kind,
            "opened": opened.isoformat(),
            "state": row.state,
            "filer": row.filer,
            "stage": self._desk.views.stage(row).as_dict(),
        }

    # ---- who asked

    def _under(
        self, connection: sa.Connection, report: store.Row, commitment: bytes
    ) -> Mapping[str, Any] | None:
        """An authorisation of the same subject that is kept here, and who asked at this node under
        it; None: there is none of that number, or it is another's."""
        row = authorisations.row_of(connection, commitment)
        own = self._ctx.settings.node.code
        if row is None or row.custodian != own or bytes(row.subject) != bytes(report.subject):
            return None
        try:
            opening = self._statements.opening(row.commitment, connection)
        except (ContentLost, ContentErased):
            return None
        says = from_members(opening.statement.members)
        known = self._statements.chain(row.commitment, connection)
        rows = queries.answered_under(connection, known, below=None, limit=ASKED)
        uses = queries.uses_of(connection, [one.answer for one in rows])
        return {
            "authorisation": row.commitment.hex(),
            "grantee": says.grantee,
            "types": list(says.types),
            "regions": list(says.regions),
            "purpose": says.purpose,
            "from": says.start.isoformat(),
            "until": says.until.isoformat(),
            "revoked": None if row.revoked_at is None else instant(row.revoked_at),
            "queries": [item_of(one, uses.get((one.member, bytes(one.answer)))) for one in rows],
        }

    def _log(self, row: store.Row, leaves: Sequence[Digest | None]) -> None:
        lines = [
            Access(
                token=row.token,
                purpose=Purpose.OPEN_CREDIT_REPORT,
                decision=Decision(None),
                record=leaf,
            )
            for leaf in leaves or [None]
        ]
        with begin_write(self._ctx.engine) as connection:
            self._accesses.put(connection, lines, self._ctx.clock.seconds())


def _days(terms: _Terms, name: StageName, kind: str | None) -> dict[str, Any] | None:
    """How long a stage may take that begins today; None: no rule says."""
    if terms.rules is None:
        return None
    found = terms.rules.tables.stage(name, kind, terms.today, region=terms.region)
    return None if found is None else {"days": found.days, "unit": found.unit}
