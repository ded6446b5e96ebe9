"""Signed transactions: type 2 (EIP-1559) and legacy with chain id (EIP-155)."""

from typing import Any

from ledger.chain.keys.signers import DigestSigner
from ledger.chain.network import Hash32
from ledger.chain.sending.fees import Fees
from ledger.core.canonical import hex0x
from ledger.core.eip712 import V_OFFSET
from ledger.core.ids import Address, address_bytes, keccak256

_TYPE_2 = b"\x02"
_WORD = 32


def sign(
    signer: DigestSigner,
    *,
    chain_id: int,
    nonce: int,
    to: Address | None,
    data: bytes,
    gas: int,
    fees: Fees,
) -> bytes:
    """The raw transaction, without value. `to` None creates a contract.

    Not eth_account: the key may be held by a signing service, which sees a digest only.
    """
    target = b"" if to is None else address_bytes(to)
    if fees.tip is None:
        body: list[Any] = [nonce, fees.most, gas, target, 0, data]
        r, s, parity = _sign(signer, _encode([*body, chain_id, 0, 0]))
        return _encode([*body, 2 * chain_id + 35 + parity, r, s])  # EIP-155
    body = [chain_id, nonce, fees.tip, fees.most, gas, target, 0, data, []]
    r, s, parity = _sign(signer, _TYPE_2 + _encode(body))
    return _TYPE_2 + _encode([*body, parity, r, s])


def tx_hash(raw: bytes) -> Hash32:
    """The hash by which nodes know it."""
    return Hash32(hex0x(keccak256(raw)))


def created_address(sender: Address, nonce: int) -> Address:
    """The address of a contract that `sender` creates with `nonce`."""
    return Address(hex0x(keccak256(_encode([address_bytes(sender), nonce]))[12:]))


def _sign(signer: DigestSigner, payload: bytes) -> tuple[int, int, int]:
    made = signer.sign_digest(keccak256(payload))
    r, s = int.from_bytes(made[:_WORD], "big"), int.from_bytes(made[_WORD:-1], "big")
    return r, s, made[-1] - V_OFFSET


def _encode(item: Any) -> bytes:
    import rlp  # type: ignore[import-untyped]  # noqa: PLC0415 - it brings pydantic

    encoded: bytes = rlp.encode(item)
    return encoded
