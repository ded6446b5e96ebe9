"""What a record's sealed content holds: everything from which its payload is made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

SECRET_BYTES = 32

Fields = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """secret: the record's S. schema: "penalty@1"; a version's file never changes.

    class_, decided, until: as in the payload (None = null), days in ISO.
    fields: canonical, filled ones only.
    """

    secret: bytes
    schema: str
    class_: str | None
    decided: str
    until: str | None
    fields: Fields

    def encode(self) -> bytes:
        """secret ‖ JSON. Stays inside the sealed column; not a public format."""
        head = [self.schema, self.class_, self.decided, self.until, dict(self.fields)]
        return self.secret + orjson.dumps(head)

    @classmethod
    def decode(cls, data: bytes) -> Content:
        """The inverse of `encode`."""
        schema, class_, decided, until, fields = orjson.loads(data[SECRET_BYTES:])
        return cls(
            secret=data[:SECRET_BYTES],
            schema=schema,
            class_=class_,
            decided=decided,
            until=until,
            fields=fields,
        )
