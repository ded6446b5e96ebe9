"""Read statements and promises (sections 10 and 23)."""

import re
from dataclasses import dataclass

from tests.second import sorts
from tests.second.codec import (
    CODE,
    HEX,
    Json,
    Malformed,
    instant,
    integer_of,
    members,
    parse,
    text_of,
)
from tests.second.curves import (
    PROMISE,
    sha256,
    type_hash,
    typed_digest,
    word,
)

COMMON = "_type at iss log salt"
_TYPE = re.compile(r"credit-ledger/([a-z]+)@1")
_SIGNATURE = re.compile(r"0x[0-9a-f]{130}")


@dataclass(frozen=True)
class Statement:
    """Hold a statement: its common members, those of its sort, and the digest of all of it."""

    sort: str
    iss: str
    log: str
    at: int
    commitment: str
    content: dict[str, Json]


@dataclass(frozen=True)
class Promise:
    """Hold a promise."""

    count: int
    due: int
    issued_at: int
    leaves_root: bytes
    log: str
    signature: bytes

    def digest(self, chain_id: int, contract: str, member: str) -> bytes:
        """Give what the member signed, in the domain of a LogAnchor."""
        struct = type_hash(PROMISE) + b"".join(
            (
                word(member),
                bytes.fromhex(self.log),
                self.leaves_root,
                word(self.count),
                word(self.issued_at),
                word(self.due),
            )
        )
        return typed_digest("LogAnchor", chain_id, contract, struct)


def promise_of(value: Json) -> Promise:
    """Read a promise that has been parsed."""
    found = members(value, "_type count due issuedAt leavesRoot log signature")
    due, issued_at = instant(found["due"]), instant(found["issuedAt"])
    raw = bytes.fromhex(text_of(found["signature"], _SIGNATURE)[2:])
    if found["_type"] != "credit-ledger/promise@1" or not 0 <= due - issued_at <= 259_200:
        raise Malformed("no promise of version 1, or due out of bounds")
    return Promise(
        count=integer_of(found["count"], 4096, 1),
        due=due,
        issued_at=issued_at,
        leaves_root=bytes.fromhex(text_of(found["leavesRoot"], HEX)),
        log=text_of(found["log"], HEX),
        signature=raw,
    )


def read(data: bytes) -> Statement:
    """Read a statement of any sort."""
    found = parse(data, limit=65_536, depth=3, nulls=True)
    if not isinstance(found, dict) or not set(COMMON.split()) <= set(found):
        raise Malformed("the common members are not all there")
    kind = _TYPE.fullmatch(text_of(found["_type"]))
    if not kind:
        raise Malformed("no statement of version 1")
    content = {name: value for name, value in found.items() if name not in COMMON.split()}
    sorts.salt(found["salt"])
    sorts.demand(kind.group(1), content)
    return Statement(
        sort=kind.group(1),
        iss=text_of(found["iss"], CODE),
        log=text_of(found["log"], HEX),
        at=instant(found["at"]),
        commitment=sha256(data).hex(),
        content=content,
    )
