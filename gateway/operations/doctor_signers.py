"""What a doctor finds out of signing services: each is asked for one signature of each key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from gateway.base.keyring import Keyring
from gateway.operations.findings import Finding, Level, finding
from ledger.chain.errors import SignerUnavailable
from ledger.chain.keys.signers import RemoteSigner
from ledger.core.errors import EvidenceError

PROBE = b"credit-ledger: gateway doctor asks whether this service signs"
"""Means nothing to anybody: no digest of ours is an SHA-256 of text, no checkpoint is one line, and
no presentation has blanks."""
OF_DIGESTS = ("ANCHOR", "CASE", "payer")


def check_signers(keys: Keyring) -> Iterator[Finding]:
    """Have something signed by each key that lies with a service, as a gateway has it signed. All
    are asked at once: services that are silent cost the time of one."""
    held = {purpose.name: key for purpose, key in keys.registered.items()} | {"payer": keys.payer}
    remote = {name: key for name, key in held.items() if isinstance(key, RemoteSigner)}
    with ThreadPoolExecutor(len(held)) as threads:
        found = [one for one in threads.map(_problem, remote, remote.values()) if one is not None]
    yield from found or [finding("signer", Level.OK, count=len(remote))]


def _problem(purpose: str, signer: RemoteSigner) -> Finding | None:
    """None: it signs."""
    try:
        if purpose in OF_DIGESTS:
            signer.sign_digest(hashlib.sha256(PROBE).digest())
        else:
            signer.sign(PROBE)
    except (SignerUnavailable, EvidenceError) as error:
        return finding("signer", Level.PROBLEM, purpose=purpose, error=error)
    finally:
        signer.close()
    return None
