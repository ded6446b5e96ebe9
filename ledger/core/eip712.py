"""EIP-712: the typed structs of the design as data, their digests, and who signed one."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ledger.core.canonical import DIGEST_SIZE, hex0x, utf8
from ledger.core.errors import Malformed, SignatureInvalid
from ledger.core.ids import ADDRESS_SIZE, Address, Digest, address_bytes, keccak256, word
from ledger.core.keys import ORDERS, SIGNATURE_SIZE, Alg, is_low_s

__all__ = [
    "SIGNATURE65_SIZE",
    "STRUCTS",
    "V_OFFSET",
    "Plain",
    "Signer",
    "Value",
    "address_of",
    "digest",
    "domain",
    "members",
    "recover",
    "type_hash",
    "typed_members",
]

Plain = int | bytes | str
Value = Plain | Sequence[Mapping[str, Plain]]
"""Of a member; a list of structs is a sequence of what each holds."""
SIGNATURE65_SIZE = SIGNATURE_SIZE + 1  # r ‖ s ‖ v
V_OFFSET = 27  # v is 27 or 28: the parity of R's y, from Bitcoin by way of the yellow paper


class Signer(NamedTuple):
    """Who made a signature: Ethereum address and secp256k1 key X ‖ Y."""

    address: Address
    public_key: bytes


_ACT = (
    "Act(bytes32 logId,bytes32 commitment,uint8 action,uint32 expectedVersion,uint16 basis,"
    "bytes32 doc,bytes32 otherLogId,bytes32 otherCommitment,uint64 effectiveAt,uint64 refiledFrom)"
)
# As printed in design 5, 11, 14 and 17; the part before the parenthesis names the struct, and
# behind the closing one stand those that it holds. `Promise` is signed off chain under the domain
# of `LogAnchor`.
STRUCTS: dict[str, str] = {
    text.partition("(")[0]: text
    for text in (
        "Checkpoint(bytes32 member,bytes32 logId,uint64 prevSize,uint64 size,bytes32 root,"
        "uint64 deadline)",
        "Promise(bytes32 member,bytes32 logId,bytes32 leavesRoot,uint64 count,uint64 issuedAt,"
        "uint64 due)",
        "Propose(bytes32 member,uint8 kind,bytes32 dataHash,bytes32 salt,uint64 expiresAt,"
        "uint64 deadline)",
        "Vote(bytes32 member,bytes32 proposalId,uint8 choice,uint64 deadline)",
        "SetEndpoint(bytes32 member,string endpoint,uint64 seq,uint64 deadline)",
        "AddKey(bytes32 member,uint8 purpose,uint16 alg,bytes publicKey,uint64 notBefore,"
        "uint64 notAfter,uint64 seq,uint64 deadline)",
        "RevokeKey(bytes32 member,bytes32 keyId,uint64 compromisedSince,uint64 seq,"
        "uint64 deadline)",
        "PutSupplement(bytes32 member,bytes32 itemId,uint32 version,bytes32 contentHash,"
        "uint64 from,uint64 until,uint8 visibility,bytes32 region,uint64 deadline)",
        _ACT,
        "Acts(bytes32 member,Act[] acts,uint64 deadline)" + _ACT,
        "Ack(bytes32 member,uint64 count,bytes32 head,uint64 deadline)",
        "Revoke(bytes32 custodian,bytes32 commitment,uint64 deadline)",
        "Register(bytes32 member,bytes32 productId,uint8 kind,bytes32 method,uint64 deadline)",
        "Publish(bytes32 member,bytes32 productId,uint32 version,bytes32 content,bytes32 method,"
        "bytes32 inputsRoot,uint64 inputs,uint64 deadline)",
        "Retire(bytes32 member,bytes32 productId,uint64 deadline)",
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
    )
}
_DOMAIN_VERSION = "1"


def type_hash(struct: str) -> Digest:
    """keccak256 of the struct's encodeType."""
    return keccak256(STRUCTS[struct].encode())


def domain(contract: str, chain_id: int, address: str) -> Digest:
    """Domain separator of `CreditLedger <contract>`, version 1."""
    values: dict[str, Value] = {
        "name": f"CreditLedger {contract}",
        "version": _DOMAIN_VERSION,
        "chainId": chain_id,
        "verifyingContract": address_bytes(address),
    }
    return _hash_struct("EIP712Domain", values)


def digest(domain_separator: bytes, struct: str, values: Mapping[str, Value]) -> Digest:
    """What is signed: keccak256(0x1901 ‖ domain ‖ hashStruct(values)).

    `values` names every member of the struct and nothing else; bytes32 and bytes are bytes,
    numbers int, string str.
    """
    if len(domain_separator) != DIGEST_SIZE:
        raise Malformed("EIP-712", "domain separator is not 32 bytes")
    return keccak256(b"\x19\x01" + domain_separator + _hash_struct(struct, values))


def recover(signed_digest: bytes, signature: bytes) -> Signer:
    """Who signed; SignatureInvalid unless r ‖ s ‖ v with low s and v 27 or 28."""
    # Not at the top: they bring pydantic, half a second for commands that recover nothing.
    from eth_keys.datatypes import Signature  # noqa: PLC0415
    from eth_keys.exceptions import BadSignature  # noqa: PLC0415
    from eth_utils.exceptions import ValidationError  # noqa: PLC0415

    if len(signed_digest) != DIGEST_SIZE:
        raise Malformed("EIP-712", "digest is not 32 bytes")
    if len(signature) != SIGNATURE65_SIZE:
        raise SignatureInvalid("EIP-712", f"not {SIGNATURE65_SIZE} bytes")
    r, s = (int.from_bytes(signature[i : i + DIGEST_SIZE], "big") for i in (0, DIGEST_SIZE))
    if signature[-1] not in (V_OFFSET, V_OFFSET + 1):
        raise SignatureInvalid("EIP-712", "v is not 27 or 28")
    if not 1 <= r < ORDERS[Alg.SECP256K1] or s == 0:
        raise SignatureInvalid("EIP-712", "r or s outside the group")
    if not is_low_s(Alg.SECP256K1, signature[:SIGNATURE_SIZE]):
        raise SignatureInvalid("EIP-712", "s is not the lower one")
    try:  # coincurve does the work where it is installed, else plain Python
        made = Signature(vrs=(signature[-1] - V_OFFSET, r, s))
        public_key = made.recover_public_key_from_msg_hash(signed_digest).to_bytes()
    except (BadSignature, ValidationError) as error:
        raise SignatureInvalid("EIP-712", "no key made it") from error
    return Signer(address_of(public_key), public_key)


def address_of(public_key: bytes) -> Address:
    """The Ethereum address of a secp256k1 key X ‖ Y."""
    return Address(hex0x(keccak256(public_key)[-ADDRESS_SIZE:]))


def members(struct: str) -> list[str]:
    """Names of what a struct holds, in their order."""
    return [name for _, name in _members(struct)]


def typed_members(struct: str) -> list[tuple[str, str]]:
    """Type and name of each, in their order."""
    return [(kind, name) for kind, name in _members(struct)]


def _members(struct: str) -> list[list[str]]:
    inside = STRUCTS[struct].partition("(")[2].partition(")")[0]
    return [member.split(" ") for member in inside.split(",")]


def _hash_struct(struct: str, values: object) -> Digest:
    wanted = _members(struct)
    if not isinstance(values, Mapping) or set(values) != {name for _, name in wanted}:
        raise Malformed(struct, "members missing or unknown")
    words = [_encode(struct, kind, values[name]) for kind, name in wanted]
    return keccak256(type_hash(struct) + b"".join(words))


def _encode(struct: str, kind: str, value: Value) -> bytes:
    """encodeData of one member."""
    if kind.endswith("[]") and isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return keccak256(b"".join(_hash_struct(kind[:-2], each) for each in value))
    if kind.startswith("uint") and type(value) is int:
        return word(value, int(kind[4:]))
    if kind == "string" and isinstance(value, str):
        return keccak256(utf8(value))
    if isinstance(value, bytes):
        if kind == "bytes":
            return keccak256(value)
        if (kind, len(value)) in (("bytes32", DIGEST_SIZE), ("address", ADDRESS_SIZE)):
            return value.rjust(DIGEST_SIZE, b"\0")
    raise Malformed(struct, f"value is not {kind}")
