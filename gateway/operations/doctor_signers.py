"""What a doctor finds out of signing services: each is asked for one signature of each key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from gateway.base.keyring import Keyring
from gateway.operations.findings import Finding, Level, finding
from ledger.chain.errors import SignerUnavailable
from ledger.chain.keys.signers import RemoteSigner
from ledger.core.errors import EvidenceError

PROBE = b"credit-ledger: gateway doctor asks whether this service signs"
"""Means nothing to anybody: no digest of ours is an SHA-256 of text, no checkpoint is one line, and
no presentation has blanks."""


def check_signers(keys: Keyring) -> Iterator[Finding]:
    """Have something signed by each key that lies with a service, as a gateway has it signed."""
    held = {
        "ANCHOR": keys.anchor,
        "NOTE": keys.note,
        "PRESENT": keys.present,
        "payer": keys.payer,
    }
    remote = {name: key for name, key in held.items() if isinstance(key, RemoteSigner)}
    found = []
    for name, signer in remote.items():
        try:
            _sign(signer, digest=name in ("ANCHOR", "payer"))
        except (SignerUnavailable, EvidenceError) as error:
            found.append(finding("signer", Level.PROBLEM, purpose=name, error=error))
        finally:
            signer.close()
    yield from found or [finding("signer", Level.OK, count=len(remote))]


def _sign(signer: RemoteSigner, *, digest: bool) -> None:
    if digest:
        signer.sign_digest(hashlib.sha256(PROBE).digest())
    else:
        signer.sign(PROBE)
