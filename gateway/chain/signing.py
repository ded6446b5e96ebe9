"""Which key signs what, as long as the chain calls it valid: nobody may get a signature that no
verifier accepts, nor one by a key that was given up or stolen."""

from __future__ import annotations

from typing import TypeVar

from gateway.base.context import Context
from gateway.base.errors import NotReady
from gateway.base.keyring import ROTATED, KeyFolder, Keyring
from gateway.chain.interfaces import MemberFacts
from gateway.chain.view import ChainView
from gateway.chain.watched import WatchedSigner
from ledger.chain.keys.signers import DigestSigner, MessageSigner, RemoteSigner
from ledger.core.keys import Purpose

_Signer = TypeVar("_Signer", DigestSigner, MessageSigner)


def valid_keys(facts: MemberFacts, now: int) -> dict[Purpose, list[bytes]]:
    """Key ids by purpose, in the order of registration, that are valid by the chain and at that
    Unix second of our clock, which says when a promise is made."""
    return {
        purpose: [
            bytes.fromhex(key.key_id)
            for key in facts.keys
            if key.purpose == purpose and key.valid_at(facts.block_time) and key.valid_at(now)
        ]
        for purpose in ROTATED
    }


class Signing:
    """The keys of this gateway, of which others take one at the moment they sign.

    Whoever signs and names the key takes it once: it may be another the next time.
    """

    def __init__(
        self, ctx: Context, chain: ChainView, keys: Keyring, folder: KeyFolder | None = None
    ) -> None:
        """`folder`: where further keys are found; None: the keys stay."""
        self._ctx = ctx
        self._chain = chain
        self._keys = keys
        self._folder = folder

    @property
    def keys(self) -> Keyring:
        """Those that sign now."""
        return self._keys

    @property
    def anchor_key(self) -> DigestSigner:
        """The key that signs anchors; the contract says whether it may."""
        return self._watched(self._keys.anchor)

    def promise_key(self, facts: MemberFacts, at: int) -> DigestSigner:
        """Find the ANCHOR key that signs promises made at `at` (Unix seconds): the newest that was
        valid then. Raises NotReady where there is none."""
        anchoring = [key for key in facts.keys if key.purpose == Purpose.ANCHOR]
        valid = {key.key_id for key in anchoring if key.valid_at(at)}
        keys = self._keys
        for signer in (keys.anchor, *keys.former):
            if signer.key_id.hex() in valid:
                return self._watched(signer)
        raise NotReady("anchor-key-not-valid", retry_after=60)

    def note_key(self) -> MessageSigner:
        """Take the key of the checkpoints. Raises NotReady where it is not valid now. Until the
        chain was first read nothing is promised, and what was promised before goes on growing."""
        if self._chain.known is None:
            return self._watched(self._keys.note)
        return self._valid(Purpose.NOTE, self._keys.note)

    def present_key(self) -> MessageSigner:
        """Take the key of the presentations. Raises NotReady where it is not valid now."""
        return self._valid(Purpose.PRESENT, self._keys.present)

    def request_key(self) -> MessageSigner:
        """Take the key of requests to other members, and of answers to theirs. Raises NotReady
        where there is none, or it is not valid now."""
        if self._keys.request is None:
            raise NotReady("request-key-missing", retry_after=60)
        return self._valid(Purpose.REQUEST, self._keys.request)

    def case_key(self) -> DigestSigner | None:
        """Take the key that acknowledges acts; None where there is none, or it is not valid now."""
        facts, key = self._chain.known, self._keys.case
        if facts is None or key is None:
            return None
        if not facts.may_sign(Purpose.CASE, key.key_id, self._ctx.clock.seconds()):
            return None
        return self._watched(key)

    def witness_key(self) -> MessageSigner | None:
        """Take the key of our cosignatures; None: this member has none. Raises NotReady where it
        is not valid now."""
        key = self._keys.witness
        return None if key is None else self._valid(Purpose.WITNESS, key)

    def act_key(self, purpose: Purpose) -> DigestSigner | None:
        """Take the key of what is written for this member: CASE or DECIDE for acts on records,
        CONSENT for revocations, PRODUCT for data products. None where this gateway does not hold
        it. Raises NotReady where it is not valid now."""
        signer = self._written_with(purpose)
        if signer is None:
            return None
        facts = self._chain.facts
        if not facts.may_sign(purpose, signer.key_id, self._ctx.clock.seconds()):
            raise NotReady(f"{purpose.name.lower()}-key-not-valid", retry_after=60)
        return self._watched(signer)

    def _written_with(self, purpose: Purpose) -> DigestSigner | None:
        keys = self._keys
        held = {
            Purpose.CASE: keys.case,
            Purpose.DECIDE: keys.decide,
            Purpose.CONSENT: keys.consent,
            Purpose.PRODUCT: keys.product,
        }
        return held[purpose]

    def use(self, keys: Keyring) -> None:
        """Sign with these from now on."""
        self._keys = keys

    def take_up(self) -> None:
        """Sign with the newest key of each purpose from now on, by what is known of the chain."""
        facts, now = self._chain.known, self._ctx.clock.seconds()
        if self._folder is None or facts is None:
            return
        self.use(self._folder.choose(self._keys, valid_keys(facts, now)))

    def _watched(self, signer: _Signer) -> _Signer | WatchedSigner:
        return (
            WatchedSigner(signer, self._ctx.health) if isinstance(signer, RemoteSigner) else signer
        )

    def _valid(self, purpose: Purpose, signer: MessageSigner) -> MessageSigner:
        facts = self._chain.known
        if facts is None:
            raise NotReady("chain-unknown")
        if not facts.may_sign(purpose, signer.key_id, self._ctx.clock.seconds()):
            raise NotReady(f"{purpose.name.lower()}-key-not-valid", retry_after=60)
        return self._watched(signer)
