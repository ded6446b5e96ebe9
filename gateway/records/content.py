"""What a record's sealed content holds: everything from which its payload is made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from ledger.core.commitment import Header

SECRET_BYTES = 32

Fields = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """secret: the record's S. schema: "penalty@1"; a version's file never changes. rules: as in
    the payload, by which `until` was worked out.

    class_, decided, until: as in the payload (None = null), days in ISO.
    fields: canonical, filled ones only.
    """

    secret: bytes
    schema: str
    rules: str
    class_: str | None
    decided: str
    until: str | None
    fields: Fields

    @classmethod
    def decode(cls, data: bytes) -> Content:
        """The inverse of `encode_content`."""
        schema, rules, class_, decided, until, fields = orjson.loads(data[SECRET_BYTES:])
        return cls(
            secret=data[:SECRET_BYTES],
            schema=schema,
            rules=rules,
            class_=class_,
            decided=decided,
            until=until,
            fields=fields,
        )


def encode_content(secret: bytes, header: Header, fields: Fields) -> bytes:
    """secret ‖ JSON. Stays inside the sealed column; not a public format."""
    return secret + content_head(header) + orjson.dumps(fields) + b"]"


def content_head(header: Header) -> bytes:
    """The JSON of what stands before the fields."""
    until = header.until
    head = [
        header.schema_id,
        header.rules,
        header.class_,
        header.decided.isoformat(),
        until.isoformat() if until else None,
    ]
    return orjson.dumps(head)[:-1] + b","
