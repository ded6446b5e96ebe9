"""The keys for messages, as long as the chain calls them valid: nobody may get a signature that no
verifier accepts, nor one by a key that was given up or stolen."""

from __future__ import annotations

from gateway.intake.errors import NotReady
from gateway.node import Node
from ledger.chain.keys.signers import MessageSigner
from ledger.core.keys import Purpose


def note_key(node: Node) -> MessageSigner:
    """Signs checkpoints. Raises NotReady where it is not valid now. Until the chain was first read
    nothing is promised, and what was promised before goes on growing."""
    if node.chain.known is None:
        return node.keys.note
    return _valid(node, Purpose.NOTE, node.keys.note)


def present_key(node: Node) -> MessageSigner:
    """Signs presentations. Raises NotReady where it is not valid now."""
    return _valid(node, Purpose.PRESENT, node.keys.present)


def _valid(node: Node, purpose: Purpose, signer: MessageSigner) -> MessageSigner:
    facts = node.chain.known
    if facts is None:
        raise NotReady("chain-unknown")
    if not facts.may_sign(purpose, signer.key_id, node.clock.seconds()):
        raise NotReady(f"{purpose.name.lower()}-key-not-valid", retry_after=60)
    return signer
