"""A write to Consortium on its way to the machine that holds the GOVERN key, and back.

    {"_type":"credit-ledger/to-sign@1","chainId","consortium","function","arguments":{…},
     "proposal":{"proposer","kind","data","salt"},"newKeySignature","signature"}

The arguments are those of the contract's function by name; codes are text, bytes 0x hex. What is
signed is computed from them, never read from the file, so whoever signs can be shown what it is.
`proposal` goes with a vote, which otherwise would show a hash alone; its id must be the one that is
voted on. `newKeySignature` goes with an `addKey` of a secp256k1 key, `signature` is there once it
was signed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from ledger.chain.governing import requests
from ledger.chain.governing.actions import Action, proposal_id
from ledger.chain.governing.requests import Domain, Request
from ledger.chain.keys.signers import DigestSigner
from ledger.core.canonical import hex0x, unhex0x
from ledger.core.errors import Malformed
from ledger.core.ids import Address, address_bytes, ascii_bytes32

TYPE = "credit-ledger/to-sign@1"
MAX_BYTES = 256 << 10
"""The longest action in hex, and some."""
_SIGNATURE = 65
_WORD = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class VotedOn:
    """The proposal of a vote."""

    proposer: str
    action: Action
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSign:
    """A write that waits for the signature of a GOVERN key, or has it."""

    domain: Domain
    request: Request
    voted_on: VotedOn | None = None
    new_key_signature: bytes = b""
    signature: bytes = b""

    @property
    def member(self) -> str:
        """Whose GOVERN key signs."""
        return ascii_bytes32(_bytes(self.request.values["member"]))

    @property
    def action(self) -> Action | None:
        """What is proposed or voted on; None where the write is about the member itself."""
        if self.request.function == "propose":
            return Action(self.request.arguments[1], self.request.arguments[2])
        return self.voted_on.action if self.voted_on else None

    def signed(self, signer: DigestSigner) -> "ToSign":
        """With the signature of this GOVERN key."""
        return replace(self, signature=signer.sign_digest(self.request.digest(self.domain)))

    def calldata(self) -> bytes:
        """What is sent. Raises Malformed where it was not signed yet."""
        if not self.signature:
            raise Malformed("to-sign", "not signed yet: `govern sign` does that")
        if self.request.function == "addKey":
            return self.request.calldata(self.signature, self.new_key_signature)
        return self.request.calldata(self.signature)

    def encode(self) -> bytes:
        """The file."""
        fields: dict[str, Any] = {
            "_type": TYPE,
            "chainId": self.domain.chain_id,
            "consortium": self.domain.consortium,
            "function": self.request.function,
            "arguments": _arguments(self.request),
        }
        if self.voted_on is not None:
            fields["proposal"] = {
                "proposer": self.voted_on.proposer,
                "kind": self.voted_on.action.kind,
                "data": hex0x(self.voted_on.action.data),
                "salt": hex0x(self.voted_on.salt),
            }
        if self.new_key_signature:
            fields["newKeySignature"] = hex0x(self.new_key_signature)
        if self.signature:
            fields["signature"] = hex0x(self.signature)
        return json.dumps(fields, indent=2).encode() + b"\n"

    @classmethod
    def parse(cls, data: bytes) -> "ToSign":
        """The inverse of `encode`. Raises Malformed."""
        try:
            fields = orjson.loads(data[: MAX_BYTES + 1])
            if fields["_type"] != TYPE:
                raise Malformed("to-sign", f"_type is not {TYPE}")
            return _parsed(cls, fields)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Malformed("to-sign", f"not a file of this kind: {error}") from error


def _parsed(cls: type[ToSign], fields: Mapping[str, Any]) -> ToSign:
    address_bytes(fields["consortium"])
    domain = Domain(_number(fields["chainId"]), Address(fields["consortium"]))
    request = _REQUESTS[fields["function"]](fields["arguments"])
    made = cls(
        domain=domain,
        request=request,
        voted_on=_voted_on(fields["proposal"]) if "proposal" in fields else None,
        new_key_signature=_signature(fields, "newKeySignature"),
        signature=_signature(fields, "signature"),
    )
    if request.function == "vote":
        on = made.voted_on
        if on is None or proposal_id(*domain, on.proposer, on.action, on.salt) != _bytes(
            request.values["proposalId"]
        ):
            raise Malformed("to-sign", "the proposal that it shows is not the one voted on")
    return made


def _arguments(request: Request) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in request.values.items():
        if name == "member":
            shown[name] = ascii_bytes32(_bytes(value))
        elif name == "dataHash":
            shown["data"] = hex0x(request.arguments[2])
        else:
            shown[name] = hex0x(value) if isinstance(value, bytes) else value
    return shown


def _propose(values: Mapping[str, Any]) -> Request:
    return requests.propose(
        member=values["member"],
        action=Action(_number(values["kind"]), _raw(values["data"])),
        salt=unhex0x(values["salt"], _WORD),
        expires_at=_number(values["expiresAt"]),
        deadline=_number(values["deadline"]),
    )


def _vote(values: Mapping[str, Any]) -> Request:
    return requests.vote(
        member=values["member"],
        proposal=unhex0x(values["proposalId"], _WORD),
        choice=_number(values["choice"]),
        deadline=_number(values["deadline"]),
    )


def _set_endpoint(values: Mapping[str, Any]) -> Request:
    return requests.set_endpoint(
        member=values["member"],
        endpoint=str(values["endpoint"]),
        seq=_number(values["seq"]),
        deadline=_number(values["deadline"]),
    )


def _revoke_key(values: Mapping[str, Any]) -> Request:
    return requests.revoke_key(
        member=values["member"],
        key_id=unhex0x(values["keyId"], _WORD),
        compromised_since=_number(values["compromisedSince"]),
        seq=_number(values["seq"]),
        deadline=_number(values["deadline"]),
    )


def _add_key(values: Mapping[str, Any]) -> Request:
    key = requests.key_input(
        member=values["member"],
        purpose=_number(values["purpose"]),
        alg=_number(values["alg"]),
        public_key=_raw(values["publicKey"]),
        not_before=_number(values["notBefore"]),
        not_after=_number(values["notAfter"]),
    )
    return requests.add_key(
        key=key, seq=_number(values["seq"]), deadline=_number(values["deadline"])
    )


_REQUESTS: dict[str, Callable[[Mapping[str, Any]], Request]] = {
    "propose": _propose,
    "vote": _vote,
    "setEndpoint": _set_endpoint,
    "revokeKey": _revoke_key,
    "addKey": _add_key,
}


def _voted_on(values: Mapping[str, Any]) -> VotedOn:
    return VotedOn(
        proposer=str(values["proposer"]),
        action=Action(_number(values["kind"]), _raw(values["data"])),
        salt=unhex0x(values["salt"], _WORD),
    )


def _signature(fields: Mapping[str, Any], name: str) -> bytes:
    return unhex0x(fields[name], _SIGNATURE) if name in fields else b""


def _raw(value: str) -> bytes:
    """Bytes of any length."""
    if not value.startswith("0x"):
        raise ValueError("hex without 0x")
    return bytes.fromhex(value[2:])


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no number")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("not bytes")
    return value
