"""What a member writes to Consortium: built here, signed wherever its key is, sent by anybody.

A request is complete before it is signed, so a GOVERN key may lie on a machine without a network:
`Request.digest` is what it signs, `Request.calldata` what is sent with the signature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger.chain.contracts import structs
from ledger.chain.contracts.contract_abi import Name, Undecodable, decode, load
from ledger.chain.contracts.structs import address
from ledger.chain.governing.actions import Action, parameters, proposal_id
from ledger.chain.keys.signers import DigestSigner
from ledger.core import eip712
from ledger.core.eip712 import Value
from ledger.core.errors import ConfigError, Malformed
from ledger.core.ids import Address, Digest, bytes32_ascii
from ledger.core.keys import Alg, Purpose

FOREVER = (1 << 63) - 1
"""`not_after` of a key without an end: later than any time that our databases hold."""


_ELSEWHERE: Mapping[int, tuple[str, Name, str]] = {
    structs.PUT_NATIONAL: ("put-national", "Catalogue", "putNational"),
    structs.ACT: ("act", "CaseRegistry", "actByVote"),
}
"""Kinds that another contract carries out: their names, the contract, its function."""


class Domain(NamedTuple):
    """Where signatures count: a chain and the Consortium on it."""

    chain_id: int
    consortium: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A write before it is signed. `struct` and `values`: what is signed, as in `eip712`.
    `arguments`: of `function`, up to the signature."""

    function: str
    struct: str
    values: Mapping[str, Value]
    arguments: tuple[Any, ...]

    def digest(self, domain: Domain) -> Digest:
        """What a GOVERN key of the member signs."""
        separator = eip712.domain("Consortium", domain.chain_id, domain.consortium)
        return eip712.digest(separator, self.struct, self.values)

    def calldata(self, *signatures: bytes) -> bytes:
        """With the signature of the GOVERN key; of `addKey` that of the new key too."""
        return load("Consortium").functions[self.function].encode(*self.arguments, *signatures)

    def signed(self, domain: Domain, signer: DigestSigner) -> bytes:
        """Calldata, signed here. Not for `addKey`, see `signed_add_key`."""
        return self.calldata(signer.sign_digest(self.digest(domain)))


def propose(*, member: str, action: Action, salt: bytes, expires_at: int, deadline: int) -> Request:
    """A province proposes. `expires_at`: at most 90 days from now."""
    values: dict[str, Value] = {
        "member": bytes32_ascii(member),
        "kind": action.kind,
        "dataHash": action.data_hash,
        "salt": salt,
        "expiresAt": expires_at,
        "deadline": deadline,
    }
    return Request(
        function="propose",
        struct="Propose",
        values=values,
        arguments=(values["member"], action.kind, action.data, salt, expires_at, deadline),
    )


def vote(*, member: str, proposal: bytes, choice: int, deadline: int) -> Request:
    """A province votes, once; `choice` of `structs`: YES or NO."""
    return _plain(
        "vote",
        "Vote",
        {
            "member": bytes32_ascii(member),
            "proposalId": proposal,
            "choice": choice,
            "deadline": deadline,
        },
    )


def set_endpoint(*, member: str, endpoint: str, seq: int, deadline: int) -> Request:
    """A member changes where it is reached. `seq`: that of `Member`."""
    return _plain(
        "setEndpoint",
        "SetEndpoint",
        {
            "member": bytes32_ascii(member),
            "endpoint": endpoint,
            "seq": seq,
            "deadline": deadline,
        },
    )


def revoke_key(
    *, member: str, key_id: bytes, compromised_since: int = 0, seq: int, deadline: int
) -> Request:
    """A member ends one of its keys. `compromised_since` 0: with this block, and what it signed
    stays valid; else at most seven days ago, and from then on it was never valid."""
    return _plain(
        "revokeKey",
        "RevokeKey",
        {
            "member": bytes32_ascii(member),
            "keyId": key_id,
            "compromisedSince": compromised_since,
            "seq": seq,
            "deadline": deadline,
        },
    )


def key_input(
    *,
    member: str,
    purpose: Purpose | int,
    alg: Alg | int,
    public_key: bytes,
    not_before: int,
    not_after: int = FOREVER,
) -> dict[str, Any]:
    """A key as the contract takes it, to be added, admitted or recovered."""
    return {
        "member": bytes32_ascii(member),
        "purpose": int(purpose),
        "alg": int(alg),
        "publicKey": public_key,
        "notBefore": not_before,
        "notAfter": not_after,
    }


def add_key(*, key: Mapping[str, Any], seq: int, deadline: int) -> Request:
    """A member adds a key (`key_input`). Its window begins with the block at the earliest."""
    once = {"seq": seq, "deadline": deadline}
    return Request(
        function="addKey",
        struct="AddKey",
        values={**key, **once},
        arguments=(dict(key), seq, deadline),
    )


def own_signature(request: Request, domain: Domain, new_key: DigestSigner | None) -> bytes:
    """Of the key that `addKey` adds: over the same digest where it is secp256k1, else empty.

    `new_key`: needed of secp256k1 only. Raises ConfigError where it is another key, or missing.
    """
    if request.values["alg"] != Alg.SECP256K1:
        return b""
    if new_key is None or new_key.public_key != request.values["publicKey"]:
        raise ConfigError("new key", "a secp256k1 key must sign for itself: give its key file")
    return new_key.sign_digest(request.digest(domain))


def signed_add_key(
    request: Request, domain: Domain, govern: DigestSigner, new_key: DigestSigner | None
) -> bytes:
    """Calldata of `addKey`. Raises ConfigError as `own_signature`."""
    own = own_signature(request, domain, new_key)
    return request.calldata(govern.sign_digest(request.digest(domain)), own)


def execute(proposal: bytes, action: Action) -> bytes:
    """Calldata that carries out a passed proposal; it needs no signature."""
    return load("Consortium").functions["execute"].encode(proposal, action.data)


def carry_out(
    proposer: str, action: Action, salt: bytes, domain: Domain
) -> tuple[Address | None, bytes]:
    """Calldata that carries out a passed proposal, and the contract that does it; None: Consortium.

    Raises Malformed where no contract would take the data.
    """
    if (elsewhere := _ELSEWHERE.get(action.kind)) is not None:
        name, contract, function = elsewhere
        try:
            account, values = decode(parameters(name), action.data)
        except Undecodable as error:
            raise Malformed(name, f"nothing carries it out: {error}") from error
        data = load(contract).functions[function].encode(values, bytes32_ascii(proposer), salt)
        return address(account), data
    return None, execute(proposal_id(*domain, proposer, action, salt), action)


def _plain(function: str, struct: str, values: Mapping[str, Value]) -> Request:
    """One whose arguments are the members of the struct."""
    arguments: Sequence[Any] = tuple(values.values())
    return Request(function=function, struct=struct, values=values, arguments=tuple(arguments))
