"""Which keys a rotation replaces: those that whoever rotates holds, never those of others.

A member may have several keys of a purpose in force at once, such as GOVERN keys of two persons on
two machines. `--end-old` ends only what lies here; what lies elsewhere is ended by its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ledger.chain.contracts.structs import Key
from ledger.chain.keys.keydir import PublicKey, files, read_public
from ledger.cli.acting import Hand
from ledger.core.errors import ConfigError
from ledger.core.ids import key_id
from ledger.core.keys import Purpose


def held(hand: Hand, purpose: Purpose) -> dict[bytes, PublicKey]:
    """By key id: the keys of this purpose whose files lie in the member's folder."""
    paths = files(hand.config.keys, purpose.name) if hand.config is not None else []
    return {found.key_id: found for found in map(read_public, paths)}


def unfinished(hand: Hand, purpose: Purpose, out: Path | None) -> PublicKey | None:
    """The new key of a rotation that registered it and did not come to end the old ones: the file
    that is named, else the newest of several that are held and in force. None: there is none."""
    valid = in_force(hand, purpose)
    if out is not None:
        found = read_public(out) if out.exists() else None
        return found if found and found.key_id in [key.key_id for key in valid] else None
    here = held(hand, purpose)
    registered = {key.key_id for key in hand.keys()}
    ours = [key.key_id for key in valid if key.key_id in here]
    waits = any(file not in registered for file in here)
    return here[ours[-1]] if len(ours) > 1 and not waits else None


def in_force(hand: Hand, purpose: Purpose) -> list[Key]:
    """Registered keys of the member that are valid and go on, wherever they are held. One that was
    ended this second is valid until the next."""
    now = hand.time()
    return [k for k in hand.keys(purpose) if k.valid_at(now) and now < k.not_after]


def replaced(
    hand: Hand, purpose: Purpose, *, named: Sequence[Key], held_here: bool, new: bytes
) -> list[Key]:
    """The keys to be ended: those named, and those held here where that is asked for. The one that
    signs comes last, for it ends the others. Raises ConfigError before anything is written."""
    valid = in_force(hand, purpose)
    for key in named:
        if key not in valid or key.key_id == new:
            raise ConfigError("--end", f"{key.key_id.hex()} is no old {purpose.name} key in force")
    here = held(hand, purpose) if held_here else {}
    wanted = [key for key in valid if key.key_id in here or key in named]
    signs = b""
    if purpose is Purpose.GOVERN and (wanted or held_here):
        signs = key_id(hand.govern.alg, hand.govern.public_key)
    if held_here:
        wanted += [key for key in valid if key.key_id == signs and key not in wanted]
    return sorted((k for k in wanted if k.key_id != new), key=lambda key: key.key_id == signs)
