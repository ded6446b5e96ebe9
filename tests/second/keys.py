"""Judge keys and what they signed: checks 10 to 12, 18, 26 and 28."""

from tests.second.curves import ED25519, SECP256K1, key_id, recover
from tests.second.facts import ACTIVE, ANCHOR, NOTE, PRESENT, SKEW, WITNESS, Anchored, Key, World
from tests.second.note import Checkpoint, Cosignature
from tests.second.present import Binding, Jws
from tests.second.question import Question
from tests.second.statement import Promise
from tests.second.verdicts import worse


def checkpoint(world: World, owner: str, note: Checkpoint) -> str | None:
    """Make check 10, where the owner's line is of a known type."""
    named = note.owner[:4] if note.owner else b""
    keys = [
        key
        for key in world.keys_of(owner, NOTE)
        if key.algorithm == ED25519 and note.hash_of(key.public_key) == named
    ]
    if not keys:
        return "note-key-unknown"
    made = [key for key in keys if note.signed_by(key.public_key)]
    if not made:
        return "note-signature-invalid"
    if made[0].not_before > world.head_time:
        return "note-key-early"
    return None if made[0].block <= world.final else "key-not-final"


def signature(world: World, owner: str, jws: Jws, end: int | None) -> str | None:
    """Make the six steps of check 11."""
    key = world.key(owner, PRESENT, jws.kid)
    if key is None:
        return "present-key-unknown"
    if not jws.made_by(key.algorithm, key.public_key):
        return "present-signature-invalid"
    if jws.iat > world.latest + SKEW:
        return "present-in-future"
    if not key.within(jws.iat):
        return "present-key-not-valid"
    if world.is_stolen(key, jws.iat, end):
        return "present-key-disputed"
    return None if key.block <= world.final else "key-not-final"


def asked(binding: Binding | None, question: Question) -> str | None:
    """Make steps 3 and 4 of check 12, and tell where a binding is missing."""
    if binding is None:
        return None if question.audience is None else "binding-missing"
    if question.audience is None or question.nonce is None:
        return "audience-not-given"
    if binding.aud != question.audience:
        return "audience-differs"
    return None if binding.nonce == question.nonce else "nonce-differs"


def binding(
    world: World, owner: str, bound: Binding | None, question: Question, end: int | None
) -> str | None:
    """Make check 12, but for its comparison of `sd_hash`."""
    by_key = None if bound is None else signature(world, owner, bound.jws, end)
    return worse(by_key, asked(bound, question))


def anchor(world: World, owner: str, event: Anchored, end: int | None) -> str | None:
    """Make check 18."""
    key = world.key(owner, ANCHOR, event.key_id)
    if key is None or not key.within(event.time):
        return "anchor-key-not-valid"
    if world.is_stolen(key, event.time, end):
        return "anchor-key-disputed"
    return None if key.block <= world.final else "key-not-final"


def _cosigned(
    world: World, owner: str, note: Checkpoint, line: Cosignature, end: int | None
) -> bool:
    member = world.members.get(line.member)
    if member is None or member.status != ACTIVE or line.member == owner:
        return False
    if line.time > world.head_time + SKEW or (end is not None and line.time >= end):
        return False

    def holds(key: Key) -> bool:
        return (
            key.algorithm == ED25519
            and note.cosigned_by(line, key.public_key)
            and key.block <= world.final
            and key.within(line.time)
            and not world.is_stolen(key, line.time, end)
        )

    return any(holds(key) for key in world.keys_of(line.member, WITNESS))


def witnesses(
    world: World, owner: str, note: Checkpoint, needed: int, end: int | None
) -> str | None:
    """Make check 26."""
    if not all(_cosigned(world, owner, note, line, end) for line in note.cosignatures):
        return "witness-not-verified"
    members = {line.member for line in note.cosignatures}
    return "witnesses-too-few" if len(members) < needed else None


def _promise_key(world: World, chain_id: int, owner: str, promise: Promise) -> Key | None:
    for held in world.contracts.get("LogAnchor", []):
        digest = promise.digest(chain_id, held.address, owner)
        public_key = recover(digest, promise.signature)
        if public_key is not None:
            key = world.key(owner, ANCHOR, key_id(SECP256K1, public_key).hex())
            if key is not None:
                return key
    return None


def _promised(world: World, key: Key, promise: Promise) -> str | None:
    """Make step 3 of check 28."""
    if promise.issued_at > world.latest + SKEW:
        return "promise-in-future"
    if not key.within(promise.issued_at):
        return "promise-key-not-valid"
    if world.is_stolen(key, promise.issued_at, None):
        return "promise-key-disputed"
    return None if key.block <= world.final else "key-not-final"


def promise(world: World, chain_id: int, owner: str, promised: Promise) -> str:
    """Make steps 2 to 4 of check 28, which never end in nothing."""
    key = _promise_key(world, chain_id, owner, promised)
    if key is None:
        newer = promised.issued_at > world.head_time
        return "promise-newer-than-head" if newer else "promise-not-signed"
    wrong = _promised(world, key, promised)
    if wrong:
        return wrong
    if world.logs[promised.log].closed:
        return "promise-log-closed"
    return "promise-overdue" if world.latest > promised.due else "promised-only"
