"""The keys of one gateway, opened once at the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class DigestSigner(Protocol):
    """secp256k1 over 32-byte digests (EIP-712). Key files and remote signers both are one."""

    @property
    def key_id(self) -> bytes:
        """32 bytes."""

    @property
    def public_key(self) -> bytes:
        """64 bytes, X ‖ Y."""

    def sign_digest(self, digest: bytes) -> bytes:
        """65 bytes, r ‖ s ‖ v with v 27 or 28 and low s."""


class MessageSigner(Protocol):
    """Ed25519 or P-256 over whole messages."""

    @property
    def key_id(self) -> bytes:
        """32 bytes."""

    @property
    def alg(self) -> int:
        """As in ledger.core.keys.Alg."""

    @property
    def public_key(self) -> bytes:
        """As on the chain."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes: r ‖ s, or an Ed25519 signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """anchor: checkpoints and promises. note: C2SP checkpoints. present: presentations.
    payer: pays for transactions, says nothing."""

    anchor: DigestSigner
    note: MessageSigner
    present: MessageSigner
    payer: DigestSigner
