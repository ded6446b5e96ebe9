"""A signing service that is away: counted, told by readiness, and not asked by everybody at once.

After a failure nobody asks it for `PAUSE` seconds: each would wait for as long as the first did.
Then the next one tries, and its answer says whether the service is back.
"""

from __future__ import annotations

import time

import structlog

from gateway.base.errors import NotReady
from gateway.base.health import Health
from gateway.base.metrics import TIMEOUTS
from ledger.chain.errors import RpcTimeout, SignerUnavailable
from ledger.chain.keys.signers import RemoteSigner
from ledger.core.errors import EvidenceError
from ledger.core.ids import Address, KeyId
from ledger.core.keys import Alg

PAUSE = 5.0
"""Seconds."""

_log = structlog.get_logger(__name__)


def demand_signer(health: Health, key: KeyId) -> None:
    """Raise NotReady where the service that signs with this key failed a moment ago. Another key
    may lie with another service: what it does says nothing of this one."""
    if time.monotonic() - health.signer_failed_at.get(key, float("-inf")) < PAUSE:
        raise NotReady("signer-unavailable", retry_after=int(PAUSE))


class WatchedSigner:
    """A remote signer whose failures are noted. Raises NotReady in place of SignerUnavailable, and
    where it signs with another key than it should."""

    def __init__(self, signer: RemoteSigner, health: Health) -> None:
        self._signer = signer
        self._health = health

    @property
    def alg(self) -> Alg:
        """See `ledger.chain.keys.signers`."""
        return self._signer.alg

    @property
    def public_key(self) -> bytes:
        """See `ledger.chain.keys.signers`."""
        return self._signer.public_key

    @property
    def key_id(self) -> KeyId:
        """See `ledger.chain.keys.signers`."""
        return self._signer.key_id

    @property
    def address(self) -> Address:
        """See `ledger.chain.keys.signers`."""
        return self._signer.address

    def sign_digest(self, digest: bytes) -> bytes:
        """See `ledger.chain.keys.signers`."""
        demand_signer(self._health, self.key_id)
        try:
            signature = self._signer.sign_digest(digest)
        except (SignerUnavailable, EvidenceError) as error:
            raise self._failed(error) from error
        return self._came(signature)

    def sign(self, message: bytes) -> bytes:
        """See `ledger.chain.keys.signers`."""
        demand_signer(self._health, self.key_id)
        try:
            signature = self._signer.sign(message)
        except (SignerUnavailable, EvidenceError) as error:
            raise self._failed(error) from error
        return self._came(signature)

    def _failed(self, error: SignerUnavailable | EvidenceError) -> NotReady:
        _log.warning("signer.failed", exc_info=True)
        if isinstance(error.__cause__, RpcTimeout):
            TIMEOUTS.labels("signer").inc()
        self._health.signer_failed_at[self.key_id] = time.monotonic()
        return NotReady("signer-unavailable", retry_after=int(PAUSE))

    def _came(self, signature: bytes) -> bytes:
        self._health.signer_failed_at.pop(self.key_id, None)
        return signature
