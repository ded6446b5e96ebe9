"""What its schema says of the record of a receipt, as a verdict is judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from ledger.core.commitment import Header, Value
from ledger.core.errors import EvidenceError
from ledger.core.receipt import Receipt
from ledger.core.verdict.facts import RecordFacts, RecordProblem
from ledger.records import publicity, uscc
from ledger.records.check_record import DISAGREEMENTS, check_record, decision_of
from ledger.records.schema import Schema
from ledger.records.store import Library


def record_facts(receipt: Receipt, library: Library) -> RecordFacts | None:
    """What its schema says of a record; None: no record, or we do not hold the schema.

    Schema and rules are those whose digests the payload names. A bare receipt names none; then the
    name in the entry serves to list what was not disclosed.
    """
    header, found = _header(receipt), schema_of(receipt, library)
    if found is None:
        return None
    facts = RecordFacts(
        schema=found.id,
        slots=found.slots,
        code_field=found.subject.code,
        registration_field=found.subject.registration,
        filler=uscc.FILLER,
        decided_field=found.decided,
        kind_field=found.subject.kind,
    )
    if header is None:
        return facts
    rules = library.rules(header.rules_sha256.hex())
    if rules is None:
        return replace(facts, rules_known=False)
    fields = _disclosed(receipt, found)
    decision = decision_of(found, rules, header, fields)
    window = publicity.use_window(rules, decision, header.until)
    problems = check_record(found, rules, header, fields)
    return replace(
        facts,
        until_problem=_until_problem(problems),
        problems=tuple(each for each in problems if each.code not in DISAGREEMENTS),
        usable_to=_iso(window.usable_to),
        expired_from=_iso(window.expired_from),
        void_field=found.void_if.field if found.void_if and decision.void else None,
    )


def schema_of(receipt: Receipt, library: Library) -> Schema | None:
    """The schema that the payload names; of a bare receipt that of its entry's name. None: it is of
    no record, or we do not hold the schema."""
    header = _header(receipt)
    if header is not None:
        return library.schema(header.schema_sha256.hex())
    name, _, version = (receipt.entry.schema or "").partition("@")
    return library.named(name, int(version)) if version else None


def _header(receipt: Receipt) -> Header | None:
    return None if receipt.presentation is None else receipt.presentation.payload.header


def _disclosed(receipt: Receipt, found: Schema) -> Mapping[str, Value]:
    """The fields shown; none where they do not hold, which `internal_checks` reports."""
    try:
        return {} if receipt.presentation is None else receipt.presentation.fields(found.slots)
    except EvidenceError:
        return {}


def _until_problem(problems: Sequence[RecordProblem]) -> str | None:
    """How `until` contradicts the field it is made from; None: it does not."""
    found = (problem for problem in problems if problem.code == "until-disagrees")
    return next((f"until, {problem.field or problem.code}" for problem in found), None)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
