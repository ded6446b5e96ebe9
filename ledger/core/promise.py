"""Promises: what a member signs before it answers (design 3.5, 4; EIP-712 `Promise`, whose members
`eip712.STRUCTS` has)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core import eip712
from ledger.core.canonical import hex0x, hex32, instant, parse_instant, unhex0x, unhex32
from ledger.core.eip712 import SIGNATURE65_SIZE, Signer
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, LogId, bytes32_ascii
from ledger.core.versions import refuse_other

__all__ = ["MAX_LEAVES", "MAX_PROMISE", "Promise", "check_term", "digest", "from_json"]

# Seconds from `issuedAt` to `due` at most, so that an anchor bounds the day of the promise.
MAX_PROMISE = 72 * 3600
MAX_LEAVES = 4096

_TYPE = "credit-ledger/promise@1"
_MEMBERS = {"_type", "count", "due", "issuedAt", "leavesRoot", "log", "signature"}


@dataclass(frozen=True, kw_only=True)
class Promise:
    """That `count` leaves, with `leaves_root` over them as they are, will be anchored in a log by
    `due` (Unix seconds, as `issued_at`). signature: r ‖ s ‖ v, not yet verified."""

    log: LogId
    leaves_root: Digest
    count: int
    issued_at: int
    due: int
    signature: bytes

    def __post_init__(self) -> None:
        check_term(self.issued_at, self.due)
        if not 1 <= self.count <= MAX_LEAVES:
            raise Malformed("promise", f"not of 1 … {MAX_LEAVES} leaves")

    def to_json(self) -> dict[str, Any]:
        """The object in an answer."""
        return {
            "_type": _TYPE,
            "log": hex32(self.log),
            "leavesRoot": hex32(self.leaves_root),
            "count": self.count,
            "issuedAt": instant(self.issued_at),
            "due": instant(self.due),
            "signature": hex0x(self.signature),
        }

    def signer(self, *, chain_id: int, log_anchor: str, member: str) -> Signer:
        """Who signed it, if it was this member's promise to this `LogAnchor`; SignatureInvalid
        where nobody did. Whether that was an ANCHOR key of the member is the caller's to check."""
        signed = digest(
            chain_id=chain_id,
            log_anchor=log_anchor,
            member=member,
            log=self.log,
            leaves_root=self.leaves_root,
            count=self.count,
            issued_at=self.issued_at,
            due=self.due,
        )
        return eip712.recover(signed, self.signature)


def check_term(issued_at: int, due: int) -> None:
    """Malformed unless a promise may name this `due`."""
    if not 0 <= due - issued_at <= MAX_PROMISE:
        raise Malformed("promise", "due is before issuedAt or more than 72 hours after it")


def digest(
    *,
    chain_id: int,
    log_anchor: str,
    member: str,
    log: bytes,
    leaves_root: bytes,
    count: int,
    issued_at: int,
    due: int,
) -> Digest:
    """What is signed."""
    check_term(issued_at, due)
    values: dict[str, eip712.Value] = {
        "member": bytes32_ascii(member),
        "logId": log,
        "leavesRoot": leaves_root,
        "count": count,
        "issuedAt": issued_at,
        "due": due,
    }
    return eip712.digest(eip712.domain("LogAnchor", chain_id, log_anchor), "Promise", values)


def from_json(value: Any) -> Promise:
    """The promise in an answer; Malformed otherwise, VersionUnknown where it is newer."""
    if not isinstance(value, Mapping):
        raise Malformed("promise", "not an object")
    refuse_other(value.get("_type"))
    if value.keys() != _MEMBERS or value["_type"] != _TYPE:
        raise Malformed("promise", "members missing or unknown")
    if type(value["count"]) is not int:
        raise Malformed("promise", "count is not an integer")
    texts = {name: value[name] for name in _MEMBERS - {"_type", "count"}}
    if not all(isinstance(text, str) for text in texts.values()):
        raise Malformed("promise", "member that is not text")
    return Promise(
        log=LogId(unhex32(texts["log"])),
        leaves_root=Digest(unhex32(texts["leavesRoot"])),
        count=value["count"],
        issued_at=parse_instant(texts["issuedAt"]),
        due=parse_instant(texts["due"]),
        signature=unhex0x(texts["signature"], SIGNATURE65_SIZE),
    )
