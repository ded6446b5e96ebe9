"""What a report says: the records of a subject that answers would state too, those that the rules
call reportable, by field; and through which day each unit has supplied anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

import sqlalchemy as sa

from gateway.base.access_table import Standing
from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.base.who import WhoFiles
from gateway.chain.interfaces import MemberFacts
from gateway.chain.view import ChainView
from gateway.intake.rules import rules_in_force
from gateway.quality.store import supplied
from gateway.queries.records import AtBlock, Found, SubjectRecords, TooManyRecords
from gateway.queries.stated import OPEN, is_expired, stated_receipts
from gateway.receipts.services import Receipts
from gateway.reports.errors import ReportRefused
from gateway.reports.interfaces import VALID_DAYS, Collected, Wanted
from gateway.tokens.models import tokens
from ledger.chain.contracts.structs import GOVERNMENT, PUBLIC
from ledger.core import receipt as receipts
from ledger.core.answer import Cover
from ledger.core.keys import Role
from ledger.core.report_content import MAX_NAME, MAX_RECORDS, Content, Field, Source
from ledger.core.signed import MAX_BEHIND, Item
from ledger.core.verdict.facts import date_of
from ledger.files.report_lines import Line, line_of
from ledger.records.report_fields import FieldList
from ledger.records.rules import Rules
from ledger.records.store import Library
from ledger.records.texts import message

ROOM: Final = 16 << 20
"""Bytes of all receipts of one report: it is a file that people mail."""
SUPPLIED_DAYS: Final = 366
"""A unit that has supplied nothing for a year counts as one that supplies nothing."""


class _Taken(NamedTuple):
    """A record that goes into a report."""

    text: str
    line: Line
    disputed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a report made now goes by. families: those that it speaks of, ascending."""

    facts: MemberFacts
    rules: Rules
    schemas: Library
    field_list: FieldList
    families: tuple[str, ...]
    today: date


class Collecting:
    """Collects; safe in threads. Nothing is stored here."""

    def __init__(
        self,
        ctx: Context,
        *,
        chain: ChainView,
        found: SubjectRecords,
        receipts: Receipts,
        who: WhoFiles,
    ) -> None:
        self._ctx = ctx
        self._chain = chain
        self._found = found
        self._receipts = receipts
        self._who = who

    def terms(self) -> Terms:
        """Those of now. Raises ReportRefused where this member is no province; NotReady."""
        facts, clock = self._chain.known, self._ctx.clock
        if facts is None:
            raise NotReady("chain-unknown")
        if not Role(facts.roles) & Role.PROVINCE:
            raise ReportRefused("not-a-province-here")
        rules = rules_in_force(facts, clock.seconds(), self._ctx.schemas)
        if rules is None:
            raise NotReady("schema-missing", retry_after=60)
        library, today = self._ctx.schemas.latest(), clock.today()
        return Terms(
            facts=facts,
            rules=rules,
            schemas=library,
            field_list=library.fields_of(facts.region, today),
            families=rules.tables.reported(today, region=facts.region),
            today=today,
        )

    def collect(self, wanted: Wanted, terms: Terms, number: str) -> tuple[Collected, int]:
        """What the report says, and the row number of the newest record that was looked at. Raises
        ReportRefused, NotReady."""
        if (wrong := self._who.current().wrong(wanted.code)) is not None:
            raise ReportRefused("subject-invalid", message(wrong, "code"))
        at = self._found.at_block()
        now = max(self._ctx.clock.seconds(), at.block.time)
        if now - at.block.time > MAX_BEHIND:
            raise NotReady("statuses-old", retry_after=60)
        try:
            found = self._found.in_force(at, wanted.code, terms.families)
        except TooManyRecords as error:
            raise ReportRefused("too-many-records") from error
        taken = self._taken(found, wanted, terms, date_of(at.block.time))
        by_field, fields = _by_field(taken, terms.field_list), _wanted_fields(wanted, terms)
        kept = [one for name in fields for one in by_field[name]]
        content = Content(
            iss=terms.facts.member,
            number=number,
            at=now,
            block=at.block.number,
            covers=_covers(at),
            network=self._ctx.network.reference,
            field_list=terms.field_list.id,
            rules=terms.rules.id,
            start=wanted.start,
            end=wanted.end,
            code=wanted.code,
            name=next((one.line.name[:MAX_NAME] for one in taken if one.line.name), ""),
            until=terms.today + timedelta(days=VALID_DAYS),
            fields=self._fields(fields, by_field, self._sources(terms, taken)),
        )
        collected = Collected(
            content=content,
            field_list=terms.field_list,
            receipts=tuple(one.text for one in kept),
            lines=tuple(one.line for one in kept),
            disputed=frozenset(n for n, one in enumerate(kept, start=1) if one.disputed),
        )
        return collected, max((one.row for one in found), default=0)

    def _taken(
        self, found: Sequence[Found], wanted: Wanted, terms: Terms, day: str
    ) -> list[_Taken]:
        """Those of the records that are reportable, each with its receipt."""
        taken: list[_Taken] = []
        room = ROOM
        may_be = [
            one for one in found if one.record.visibility != GOVERNMENT and one.standing in OPEN
        ]
        for one, data in stated_receipts(self._receipts, may_be):
            line = line_of(receipts.parse(data), terms.schemas)
            if line is None or not wanted.start <= line.decided <= wanted.end:
                continue  # closed while we looked, or of other days
            if not _is_reportable(one, line, terms, day):
                continue
            room -= len(data)
            if len(taken) == MAX_RECORDS or room < 0:
                raise ReportRefused("too-many-records")
            taken.append(_Taken(data.decode(), line, one.standing is Standing.DISPUTED))
        return taken

    def _fields(
        self,
        names: Sequence[str],
        by_field: Mapping[str, Sequence[_Taken]],
        sources: Mapping[str, Sequence[Source]],
    ) -> tuple[Field, ...]:
        return tuple(
            Field(
                field=name,
                records=tuple(
                    Item.of(one.line.receipt.leaf, one.text.encode()) for one in by_field[name]
                ),
                sources=tuple(sorted(sources.get(name, ()), key=lambda one: one.unit)),
            )
            for name in names
        )

    def _sources(self, terms: Terms, taken: Sequence[_Taken]) -> Mapping[str, list[Source]]:
        """By field, who has supplied anything. A unit of which nobody knows the name is of the last
        field, that of all others."""
        told = {one.line.unit: one.line.authority for one in taken if one.line.unit}
        named = {**told, **self._names()}
        with begin_read(self._ctx.engine) as connection:
            days = supplied(connection, terms.today - timedelta(days=SUPPLIED_DAYS))
        found: dict[str, list[Source]] = defaultdict(list)
        for unit, through in days.items():
            field = terms.field_list.field_of(unit, named.get(unit))
            found[field].append(Source(unit=unit, through=through))
        return found

    def _names(self) -> Mapping[str, str]:
        """Names of units by code: as the operator's table has them, else of who files for them."""
        with begin_read(self._ctx.engine) as connection:
            rows = connection.execute(sa.select(tokens.c.authorities, tokens.c.department)).all()
        held = {code: row.department or "" for row in rows for code in row.authorities.split()}
        table = self._who.current().authorities
        return held | {entry.code: entry.names[-1].folded for entry in table if entry.names}


def _is_reportable(found: Found, line: Line, terms: Terms, day: str) -> bool:
    rules = terms.rules
    shown = rules.tables.report(
        line.family,
        terms.today,
        region=terms.facts.region,
        authority=rules.kind_of(line.authority or ""),
    )
    if found.record.visibility != PUBLIC and not shown.unpublished:
        return False
    return shown.expired or not is_expired(line.receipt, terms.schemas, day)


def _by_field(taken: Sequence[_Taken], fields: FieldList) -> Mapping[str, list[_Taken]]:
    found: dict[str, list[_Taken]] = defaultdict(list)
    for one in taken:
        found[fields.field_of(one.line.unit, one.line.authority)].append(one)
    return found


def _wanted_fields(wanted: Wanted, terms: Terms) -> list[str]:
    """The fields that the report has, in the order of the list. Raises ReportRefused."""
    known = [one.id for one in terms.field_list.fields]
    if wanted.fields is None:
        return known
    unknown = sorted(wanted.fields - set(known))
    if unknown:
        raise ReportRefused("report-field-unknown", extra={"field": unknown[0]})
    return [one for one in known if one in wanted.fields]


def _covers(at: AtBlock) -> tuple[Cover, ...]:
    return tuple(Cover(log=log, size=size) for log, size in at.covers.items())
