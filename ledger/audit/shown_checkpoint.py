"""The public checkpoint of a log, held against the chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

from ledger.audit.growth import Add
from ledger.audit.state import Log, State
from ledger.audit.tiles import MAX_CHECKPOINT, Fetch
from ledger.core import note
from ledger.core.canonical import hex32
from ledger.core.errors import EvidenceError, Malformed, VersionUnknown
from ledger.core.keys import Alg, Purpose

__all__ = [
    "MAX_TAIL",
    "STOLEN",
    "Shown",
    "Told",
    "is_signed",
    "look",
    "note_keys_of",
    "owner_signed",
]

MAX_TAIL: Final = 1 << 20
"""Entries of a closed log beyond its last anchor: promised, not anchored any more, and to be logged
again. More than one anchor could have taken is nobody's promise."""
STOLEN: Final = "signed with a key that is held to be stolen"
"""Of a checkpoint that proves nothing against its owner: a thief may have signed it."""


class Told(Protocol):
    """Is told what is wrong with it, and what cannot be judged."""

    @property
    def add(self) -> Add:
        """A finding."""

    @property
    def unchecked(self) -> Add:
        """Something that could not be looked at."""


@dataclass(slots=True)
class Shown:
    """What it says that the reading of the log needs. end: entries to be read. claimed: root of a
    closed log with its tail, as its owner signed it. differs: root that the owner signed of the
    size of the last anchor, where that is another one (`anchored`). behind: size, where it is
    smaller."""

    end: int = 0
    claimed: str | None = None
    differs: str | None = None
    anchored: str = ""
    behind: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """In plain values."""
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Shown:
        """The inverse."""
        return cls(**told)

    def tell(self, add: Add) -> None:
        """The finding that it has another root than the chain, once."""
        differs, self.differs = self.differs, None
        if differs is not None:
            add("checkpoint-differs", "checkpoint", anchored=self.anchored, shown=differs)


def look(
    log: Log,
    fetch: Fetch,
    signed: Callable[[note.Checkpoint], bool],
    told: Told,
    sound: Callable[[note.Checkpoint], bool] = lambda found: True,
) -> Shown:
    """Read and judge it. sound: whether one that is signed by the owner is so with a key that
    nobody holds to be stolen. Raises Missing."""
    shown = Shown(end=log.end)
    try:
        found = note.parse_checkpoint(fetch("checkpoint", MAX_CHECKPOINT).decode())
    except (Malformed, UnicodeDecodeError):
        told.add("checkpoint-invalid", "checkpoint", problem="not a checkpoint")
        return shown
    except VersionUnknown as error:
        told.unchecked("checkpoint-version-unknown", "checkpoint", problem=error.message)
        return shown
    if found.newer is not None:
        told.unchecked("checkpoint-version-unknown", "checkpoint", problem=found.newer)
    if found.log != log.log_id:
        told.add("checkpoint-invalid", "checkpoint", problem="of another log")
    elif not found.signed_by_known_type:
        return shown
    elif not signed(found):
        told.add("checkpoint-invalid", "checkpoint", problem="not signed by the owner")
    else:
        _hold(log, found, shown, told, sound=sound(found))
    return shown


def _hold(log: Log, found: note.Checkpoint, shown: Shown, told: Told, *, sound: bool) -> None:
    """A checkpoint of the owner against the last anchor."""
    if found.size < log.end:
        told.add("checkpoint-behind", "checkpoint", size=found.size, anchored=log.end)
        shown.behind = found.size
    elif found.size == log.end and found.root != log.root:
        if sound:
            shown.differs, shown.anchored = hex32(found.root), hex32(log.root)
        else:
            told.add("checkpoint-invalid", "checkpoint", problem=STOLEN)
    elif log.closed is not None and log.end < found.size <= log.end + MAX_TAIL and sound:
        shown.end, shown.claimed = found.size, hex32(found.root)


def owner_signed(state: State, log: Log, found: note.Checkpoint, *, sound: bool = False) -> bool:
    """Whether a NOTE key of the owner of the log, of whatever time, signed this checkpoint. sound:
    one that nobody holds to be stolen."""
    return is_signed(found, note_keys_of(state, log, sound=sound))


def note_keys_of(state: State, log: Log, *, sound: bool = False) -> list[bytes]:
    """The NOTE keys of the owner of a log, of whatever time. sound: without those that are held to
    be stolen, from whenever: a checkpoint bears no time."""
    wanted = (log.member, Purpose.NOTE, Alg.ED25519)
    return [
        key.public_key
        for key in state.keys.values()
        if (key.member, key.purpose, key.alg) == wanted and not (sound and key.compromised_since)
    ]


def is_signed(found: note.Checkpoint, keys: Iterable[bytes]) -> bool:
    """Whether one of these keys signed a checkpoint."""
    for key in keys:
        with suppress(EvidenceError):
            note.verify(found, key)
            return True
    return False
