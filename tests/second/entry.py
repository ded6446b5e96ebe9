"""Read entries of a log (section 8)."""

import re
from dataclasses import dataclass

from tests.second import versions
from tests.second.codec import HEX, Json, Malformed, canonical, members, parse, text_of
from tests.second.curves import record_id
from tests.second.merkle import leaf_of

SCHEMA = re.compile(r"[a-z][a-z0-9-]{0,31}@[1-9][0-9]{0,8}")
_PERIOD = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")
_TIMELY = re.compile(r"yes|no|unknown")
_COMMON = "_type commitment kind log suite"


class Newer(Exception):
    """Say that something names a version that is not known."""


@dataclass(frozen=True)
class Entry:
    """Hold an entry; `schema` and `period` are empty in that of a statement."""

    log: str
    commitment: str
    kind: str
    schema: str
    period: str
    replaces: str | None
    leaf: bytes

    @property
    def record(self) -> str:
        """Give the id of the record."""
        return record_id(self.log, self.commitment)


def of_object(value: Json) -> Entry:
    """Read an entry that has been parsed."""
    if not isinstance(value, dict):
        raise Malformed("an entry is an object")
    record = value.get("kind") == "record"
    if record:
        members(value, f"{_COMMON} period schema timely", "corrects replaces")
        text_of(value["timely"], _TIMELY)
    elif value.get("kind") == "statement":
        members(value, _COMMON, "replaces")
    else:
        raise Malformed("no such kind of entry")
    if value["_type"] != "credit-ledger/entry@1" or value["suite"] != "sha256":
        raise Malformed("not an entry of version 1")
    for name in ("corrects", "replaces"):
        if name in value:
            text_of(value[name], HEX)
    data = canonical(value)
    if len(data) > 1024:
        raise Malformed("entry too long")
    replaces = value.get("replaces")
    return Entry(
        log=text_of(value["log"], HEX),
        commitment=text_of(value["commitment"], HEX),
        kind="record" if record else "statement",
        schema=text_of(value["schema"], SCHEMA) if record else "",
        period=text_of(value["period"], _PERIOD) if record else "",
        replaces=replaces if isinstance(replaces, str) else None,
        leaf=leaf_of(data),
    )


def read(data: bytes) -> Entry:
    """Read an entry of its own, as a bundle holds it."""
    try:
        return of_object(parse(data, limit=1024))
    except Malformed:
        if versions.entry_newer(data):
            raise Newer("an entry of another version") from None
        raise
