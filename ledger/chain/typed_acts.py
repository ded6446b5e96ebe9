"""Acts that wait for a signature, as EIP-712 typed data: all that whoever signs has to see.

The digest is computed from what is shown, never taken from whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.chain.case_calls import CaseDomain, acts_digest
from ledger.core import eip712
from ledger.core.canonical import hex0x, unhex0x
from ledger.core.errors import Malformed
from ledger.core.ids import (
    WORD,
    Address,
    Digest,
    LogId,
    address_bytes,
    ascii_bytes32,
    bytes32_ascii,
)
from ledger.core.status import MAX_ACTS, Act, Action, act_values

_STRUCTS = ("EIP712Domain", "Acts", "Act")
_NAME, _VERSION = "CreditLedger CaseRegistry", "1"
_MAX_NUMBER = 2**64 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedActs:
    """Acts of a member, 1 … 64, which its key is to sign for one registry. deadline: Unix
    seconds."""

    domain: CaseDomain
    member: str
    acts: tuple[Act, ...]
    deadline: int

    @property
    def digest(self) -> Digest:
        """What is signed."""
        return acts_digest(self.domain, self.member, self.acts, self.deadline)

    def as_dict(self) -> dict[str, Any]:
        """Types, primaryType, domain and message, as EIP-712 has them in JSON; any wallet shows
        them. Words are 0x hex, numbers plain."""
        return {
            "types": {name: _types(name) for name in _STRUCTS},
            "primaryType": "Acts",
            "domain": {
                "name": _NAME,
                "version": _VERSION,
                "chainId": self.domain.chain_id,
                "verifyingContract": self.domain.registry,
            },
            "message": {
                "member": hex0x(bytes32_ascii(self.member)),
                "acts": [_shown(act) for act in self.acts],
                "deadline": self.deadline,
            },
        }

    @classmethod
    def parse(cls, value: Any) -> TypedActs:
        """The inverse of `as_dict`. Raises Malformed where it is anything else: other types, names
        beside these, or words that this program does not know."""
        try:
            found = _parsed(cls, value)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Malformed("acts to sign", f"no typed data of acts: {error}") from error
        if found.as_dict() != value:
            raise Malformed("acts to sign", "says more than is signed, or says it otherwise")
        return found


def _parsed(cls: type[TypedActs], value: Any) -> TypedActs:
    domain, message = value["domain"], value["message"]
    registry = str(domain["verifyingContract"])
    address_bytes(registry)
    acts: Sequence[Any] = message["acts"]
    if not 1 <= len(acts) <= MAX_ACTS:
        raise Malformed("acts to sign", f"not 1 to {MAX_ACTS} acts")
    return cls(
        domain=CaseDomain(_number(domain["chainId"]), Address(registry)),
        member=ascii_bytes32(_word(message["member"])),
        acts=tuple(_act(act) for act in acts),
        deadline=_number(message["deadline"]),
    )


def _act(value: Mapping[str, Any]) -> Act:
    return Act(
        log=LogId(_word(value["logId"])),
        commitment=_word(value["commitment"]),
        action=int(Action(_number(value["action"]))),
        expected_version=_number(value["expectedVersion"]),
        basis=_number(value["basis"]),
        doc=_word(value["doc"]),
        effective_at=_number(value["effectiveAt"]),
        other_log=LogId(_word(value["otherLogId"])),
        other_commitment=_word(value["otherCommitment"]),
        refiled_from=_number(value["refiledFrom"]),
    )


def _shown(act: Act) -> dict[str, Any]:
    return {
        name: hex0x(item) if isinstance(item, bytes) else item
        for name, item in act_values(act).items()
    }


def _types(struct: str) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for kind, name in eip712.typed_members(struct)]


def _word(text: Any) -> Digest:
    return Digest(unhex0x(text, WORD))


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MAX_NUMBER:
        raise Malformed("acts to sign", "no number")
    return value
