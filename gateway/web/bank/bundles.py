"""A bundle as a page shows it: province by province, record by record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.web.bank import words
from ledger.core.answer import Given
from ledger.core.bundle import Bundle, parse_bundle
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.files.report_lines import read_line
from ledger.records.store import Library

__all__ = ["view_of"]


def view_of(data: bytes, library: Library, now: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What is shown of a bundle. now: the verdict on it today, as `/v1/verify` gives it."""
    bundle = parse_bundle(data)
    today = {} if now is None else {one["leaf"]: one.get("now") for one in now["records"]}
    verdicts = iter(bundle.verdicts)
    provinces = [_answered(one, verdicts, bundle, library, today) for one in bundle.answers]
    provinces += [
        {
            "member": one.member,
            "name": words.member_name(one.member),
            "reason": one.reason,
            "why": words.word(words.MISSING, one.reason),
            "records": [],
        }
        for one in bundle.missing
    ]
    records = [record for one in provinces for record in one["records"]]
    return {
        "overall": bundle.overall,
        "word": words.OVERALL[bundle.overall],
        "subject": bundle.subject,
        "name": next((one["name"] for one in records if one["name"]), None),
        "at": bundle.at,
        "purpose": next((one.answer.question.purpose for one in bundle.answers), None),
        "types": _types(bundle),
        "public_only": bool(bundle.answers)
        and all(one.answer.authorisation is None for one in bundle.answers),
        "provinces": sorted(provinces, key=lambda one: one["member"]),
        "records": records,
        "against": sum(one["kind"] == "bad" for one in records),
        "unsettled": sum(one["kind"] == "open" for one in records),
        "missing": [words.member_name(one.member) for one in bundle.missing],
        "queries": {
            one.answer.iss: one.opening.statement.commitment.hex() for one in bundle.answers
        },
        "now": None if now is None else _now(now),
    }


def _answered(
    given: Given,
    verdicts: Iterator[Mapping[str, Any]],
    bundle: Bundle,
    library: Library,
    today: Mapping[str, Any],
) -> dict[str, Any]:
    member = given.answer.iss
    own = [one for one in bundle.completeness if one.member == member]
    pairs = [(next(verdicts), text) for text in given.own]
    return {
        "member": member,
        "name": words.member_name(member),
        "reason": None,
        "why": None,
        "at": given.answer.at,
        "block": given.answer.block,
        "stated": sum(one.state == "stated" for one in own),
        "asked": len(own),
        "records": [_record(verdict, text, library, today) for verdict, text in pairs],
    }


def _record(
    verdict: Mapping[str, Any], text: str, library: Library, today: Mapping[str, Any]
) -> dict[str, Any]:
    word = str(verdict["verdict"])
    kind, use = words.use_of(word, adverse=verdict["adverse"])
    now = today.get(str(verdict["leaf"]))
    return {
        "leaf": verdict["leaf"],
        "record": verdict["recordId"],
        "type": verdict["type"],
        "class": verdict["class"],
        "decided": verdict["decided"],
        "until": verdict["until"],
        "verdict": word,
        "text": words.verdict_text(word),
        "kind": kind,
        "use": use,
        "now": None if now is None else (now, words.verdict_text(now), now != word),
        **_shown(text, library),
    }


def _shown(text: str, library: Library) -> dict[str, Any]:
    """What its receipt shows of it."""
    try:
        line = read_line(text, library)
    except (EvidenceError, VersionUnknown):  # its verdict says so
        line = None
    if line is None or line.receipt.presentation is None:
        return {"title": None, "document": None, "authority": None, "name": None, "fields": []}
    fields = line.receipt.presentation.fields(line.schema.slots)
    return {
        "title": dict(line.schema.title),
        "document": line.document,
        "authority": line.authority,
        "name": line.name,
        "fields": [
            ({"zh": one.zh, "en": one.en}, _value(fields[one.code]))
            for one in line.schema.fields
            if one.code in fields
        ],
    }


def _value(value: Any) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def _types(bundle: Bundle) -> list[str]:
    if bundle.answers:
        return list(bundle.answers[0].answer.question.types)
    return sorted({one.family for one in bundle.completeness})


def _now(now: Mapping[str, Any]) -> Mapping[str, Any]:
    """The overall result today, and what speaks against the file."""
    wrong = now["verdict"] in ("false", "undetermined")
    name = now["verdict"] if wrong else now["now"]["overall"] or now["verdict"]
    return {"word": words.OVERALL[name], "problems": now["problems"]}
