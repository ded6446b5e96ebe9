"""What `/openapi.json` says of the record routes. Bodies are read by hand, for speed and so that
every answer is the one of interfaces "HTTP"; so they are described by hand too."""

from __future__ import annotations

from typing import Any

_TEXT = {
    "type": "object",
    "required": ["zh", "en"],
    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
}
_REMARK = {
    "type": "object",
    "properties": {
        "field": {"type": ["string", "null"]},
        "code": {"type": "string"},
        "message": _TEXT,
    },
}
_DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_MAYBE_DIGEST = {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"}

RECORD = {
    "type": "object",
    "required": ["type", "fields"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "examples": ["penalty"]},
        "schema": {"type": "string", "description": "version in digits", "examples": ["1"]},
        "corrects": _DIGEST,
        "class": {"type": "string", "enum": ["minor", "general", "severe"]},
        "fields": {
            "type": "object",
            "description": "codes of the standard; money in 万元 as text, dates YYYY-MM-DD",
            "additionalProperties": {
                "oneOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"type": "string"}},
                ]
            },
            "examples": [{"CF_WSH": "京市监罚〔2026〕1号", "CF_CFLB": ["警告", "罚款"]}],
        },
    },
}
PROMISE = {
    "type": "object",
    "properties": {
        "_type": {"const": "credit-ledger/promise@1"},
        "log": _DIGEST,
        "leavesRoot": _DIGEST,
        "count": {"type": "integer"},
        "issuedAt": {"type": "string", "format": "date-time"},
        "due": {"type": "string", "format": "date-time"},
        "signature": {"type": "string", "pattern": "^0x[0-9a-f]{130}$"},
    },
}
ROW_ANSWER = {
    "type": "object",
    "properties": {
        "row": {"type": ["integer", "null"]},
        "sheet": {"type": ["string", "null"]},
        "verdict": {"enum": ["accepted", "duplicate", "conflict", "rejected"]},
        "field": {"type": ["string", "null"]},
        "code": {"type": ["string", "null"]},
        "message": {"oneOf": [_TEXT, {"type": "null"}]},
        "errors": {"type": "array", "items": _REMARK},
        "notes": {"type": "array", "items": _REMARK},
        "leaf": _MAYBE_DIGEST,
        "recordId": _MAYBE_DIGEST,
        "promise": {"type": ["integer", "null"]},
        "changed": {"type": "array", "items": {"type": "string"}},
    },
}
_SINGLE = {
    "allOf": [
        ROW_ANSWER,
        {
            "properties": {
                "promise": PROMISE,
                "index": {"type": "integer"},
                "path": {"type": "array", "items": _DIGEST},
            }
        },
    ]
}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problem(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"type": "object"}}}
    return {"description": description, "content": content}


RECORDS_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": RECORD},
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "one record a line"}
            },
        },
    },
    "responses": {
        "200": {
            "description": "duplicate; or the answers to NDJSON, one a line and in order, with"
            ' {"promise":…} after at most 4,096 accepted rows and {"counts":…} at the end',
            "content": {
                "application/json": {"schema": _SINGLE},
                "application/x-ndjson": {"schema": {"type": "string"}},
            },
        },
        "201": _json("accepted", _SINGLE),
        "409": _problem("conflict: another record holds this document number"),
        "413": _problem("too large"),
        "415": _problem("neither JSON nor NDJSON"),
        "422": _problem("rejected"),
        "429": _problem("too many requests; see Retry-After"),
        "503": _problem("not ready; see Retry-After"),
    },
}
