"""What stolen keys did to records, and the steps that undo it.

`annulStolen` takes the last act of a record alone: what stands below another act needs a vote.
Every step is the preimage of the record's history as the chain has it, and is sent by anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.chain.acts import Acts
from ledger.chain.contracts.events import Acted, decode_events, topic
from ledger.chain.contracts.structs import Code, Key, code_word
from ledger.chain.nodes.quorum import View
from ledger.core.ids import Address, Digest, KeyId, RecordId
from ledger.core.keys import Purpose
from ledger.core.status import RecordedAct, fold
from ledger.core.verdict.acts import believed

BLOCKS = 8192
"""Blocks whose acts are asked for at once."""
STEPS = 64
"""Steps of one call, as many as the contract takes."""
_PURPOSES = (Purpose.CASE, Purpose.DECIDE)

Seen = Callable[[int, int], None]
"""Told how far it came: so many done, of so many."""


class StolenKey(NamedTuple):
    """A key of a member that was in other hands from `since` on (Unix seconds)."""

    member: Code
    key_id: KeyId
    since: int


class Undo(NamedTuple):
    """A step of `annulStolen`: the last act on a record, and the history before it."""

    record: RecordId
    history: Digest
    acted: RecordedAct


@dataclass(frozen=True, slots=True, kw_only=True)
class Stolen:
    """undo: what can be undone now, in the order of the blocks. buried: records with a thief's act
    below another one, or with more acts than are read: those only a vote annuls."""

    undo: tuple[Undo, ...]
    buried: tuple[RecordId, ...]


def stolen_keys(member: Code, keys: Iterable[Key]) -> list[StolenKey]:
    """Those of a member that sign acts and are held to be stolen."""
    return [
        StolenKey(member, key.key_id, key.compromised_since)
        for key in keys
        if key.compromised_since and key.purpose in _PURPOSES
    ]


def find_stolen(
    view: View,
    registries: Sequence[Address],
    keys: Sequence[StolenKey],
    *,
    first: int,
    seen: Seen | None = None,
) -> Stolen:
    """Look for all that these keys did from the block `first` on. Raises CouldNotCheck, also where
    the nodes' acts do not fold to what the state says."""
    since = {(code_word(key.member), key.key_id): key.since for key in keys}

    def is_stolen(acted: RecordedAct) -> bool:
        begun = since.get((acted.member, acted.signed_by))
        return begun is not None and begun <= acted.recorded_at

    touched = list(dict.fromkeys(_touched(view, registries, since, first, seen)))
    acts = Acts(view, registries)
    acts.states(touched)
    undo, buried = [], []
    for record in touched:
        if not acts.can_follow(record):  # or a thief who does so to one record keeps all others
            buried.append(record)
            continue
        history = acts.history(record)
        if history and is_stolen(history[-1]):
            undo.append(Undo(record, fold(history[:-1]).history, history[-1]))
        elif believed(history, is_stolen).in_doubt:
            buried.append(record)
    return Stolen(undo=tuple(undo), buried=tuple(buried))


def calls(undo: Sequence[Undo]) -> Iterator[Sequence[Undo]]:
    """The steps of one call each."""
    for at in range(0, len(undo), STEPS):
        yield undo[at : at + STEPS]


def _touched(
    view: View,
    registries: Sequence[Address],
    since: Mapping[tuple[bytes, KeyId], int],
    first: int,
    seen: Seen | None,
) -> Iterator[RecordId]:
    """Records on which one of these keys ever acted."""
    members, last = sorted({member for member, _ in since}), view.block.number
    for start in range(first, last + 1, BLOCKS) if members else ():
        end = min(last, start + BLOCKS - 1)
        for registry in registries:
            for member in members:
                topics = (topic(Acted), None, None, member)
                entries = view.logs(registry, topics, first=start, last=end)
                for event in decode_events("CaseRegistry", entries):
                    if isinstance(event, Acted) and (member, event.signed_by) in since:
                        yield event.record_id
        if seen is not None:
            seen(end - first + 1, last - first + 1)
