"""What several of these pages ask of the interface: records by name, and who is who."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from gateway.http.problems import Problem
from gateway.web.visits import Refused, Visit
from ledger.cli.case_parts import QR_PREFIX
from ledger.records import schema as schemas

HEX: Final = re.compile("[0-9a-f]{64}")
_CLASS: Final[Mapping[str, str]] = {"zh": "失信程度", "en": "class of the breach"}
_GONE: Final = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.CONFLICT)


def name_in(text: str) -> str | None:
    """The id in what somebody typed or scanned; None: there is none."""
    told = text.strip().lower().removeprefix(QR_PREFIX).partition(":")[0]
    return told if HEX.fullmatch(told) else None


def demand_name(text: str) -> str:
    """An id in an address. Raises Problem `not-found`."""
    if HEX.fullmatch(text) is None:
        raise Problem("not-found")
    return text


async def shown_record(visit: Visit, record: str) -> Mapping[str, Any] | None:
    """A record as people know it: `title`, `document`, `subject`, `authority`, `decided`, `class`,
    `until`, with its ids; None where the caller may not see it, or it is not here."""
    try:
        found = await visit.get(f"/v1/records/{record}")
    except Refused as error:
        if error.status in _GONE:
            return None
        raise
    schema = schemas.find(found["type"], int(found["schema"]))
    fields = found["fields"]
    told = {name: found[name] for name in ("recordId", "leaf", "decided", "class", "until")}
    told |= {"title": {"zh": found["type"], "en": found["type"]}}
    told |= {"fields": fields, "schema": schema, "supersededBy": found["supersededBy"]}
    told |= dict.fromkeys(("document", "subject", "authority"))
    if schema is not None:
        told["title"] = dict(schema.title)
        told["document"] = fields.get(schema.document)
        told["subject"] = fields.get(schema.subject.name)
        told["authority"] = fields.get(schema.authority.name or "")
    return told


def differences(
    one: Mapping[str, Any] | None, other: Mapping[str, Any] | None
) -> list[tuple[Mapping[str, str], str, str]]:
    """Where two shown records of one type differ: the name of each field, what the first says and
    what the second does; the class last. Nothing where one of them is not shown."""
    if one is None or other is None or one["schema"] is None:
        return []
    before, after = one["fields"], other["fields"]
    found: list[tuple[Mapping[str, str], str, str]] = [
        ({"zh": field.zh, "en": field.en}, _plain(before.get(code)), _plain(after.get(code)))
        for code, field in one["schema"].by_code.items()
        if before.get(code) != after.get(code)
    ]
    if one["class"] != other["class"]:
        found.append((_CLASS, one["class"] or "", other["class"] or ""))
    return found


def _plain(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else ", ".join(value)


async def named_records(visit: Visit, document: str, authority: str) -> list[str]:
    """Ids of the records of this node that a document number names. Raises Refused."""
    found = await visit.get("/v1/records", document=document, authority=authority)
    return [one["record"] or one["leaf"] for one in found["items"]]


async def provinces(visit: Visit) -> list[str]:
    """Codes of the ACTIVE provinces."""
    return [one["member"] for one in await visit.get("/v1/statuses/acknowledgements")]
