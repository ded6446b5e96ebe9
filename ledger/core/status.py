"""The status of a record: acts, and what they come to (design-2 11).

The Python twin of `CaseRegistry`: the same words, histories and heads, byte for byte. Who may act
is for the contract to say; what an act needs and does is here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import Malformed
from ledger.core.ids import WORD, Digest, KeyId, LogId, RecordId, keccak256, record_id, word

if TYPE_CHECKING:  # whoever only folds acts need not load what signs
    from ledger.core.eip712 import Plain, Value

__all__ = [
    "ANY_VERSION",
    "MARKS",
    "MAX_ACTS",
    "NOTHING",
    "NO_FLAGS",
    "NO_LOG",
    "NO_RECORD",
    "SHOWN",
    "SLOT",
    "ZERO",
    "Act",
    "Action",
    "Basis",
    "Flag",
    "Outcome",
    "RecordedAct",
    "State",
    "Word",
    "act_values",
    "effect",
    "fold",
    "next_head",
    "next_history",
    "next_state",
    "refusal",
    "signed_acts",
    "undone",
    "words_of",
]

ZERO = Digest(bytes(DIGEST_SIZE))
NO_LOG = LogId(ZERO)
NO_RECORD = RecordId(ZERO)
SLOT = 2
"""Of the contract's storage: the word of a record stands at keccak256(abi.encode(recordId, 2)), its
history behind that, then the record that corrects it."""
ANY_VERSION = 2**32 - 1
"""What an act by vote expects where the version does not matter."""
MAX_ACTS = 64
"""Of one transaction."""


class Action(IntEnum):
    """What is done to a record."""

    DISPUTE = 1
    SETTLE = 2
    SHIELD = 3
    LIFT = 4
    REPAIR = 5
    RESCIND = 6
    CORRECT = 7
    WITHDRAW = 8
    ERASE = 9
    END = 10
    ANNUL = 11
    ANNUL_STOLEN = 12
    """`annulStolen`; nobody can send it as an act."""


class Basis(IntEnum):
    """On what ground."""

    NONE = 0
    ORDER_58 = 1
    ORDER_36 = 2
    MARKET_SUPERVISION = 3
    NATIONAL_RESULT = 4
    COURT = 5
    SUPERVISION_ORDER = 6
    OBJECTION_UPHELD = 7
    ISSUER_CHECK = 8
    SUBJECT_REQUEST = 9
    DECISION_CHANGED = 10
    LIST_EXIT = 11
    OTHER_LAW = 12


class Outcome(IntEnum):
    """What became of a record; one at a time."""

    NONE = 0
    REPAIRED = 1
    CORRECTED = 2
    WITHDRAWN = 3
    ENDED = 4


class Flag(IntFlag):
    """What stands beside the outcome. The marks say that a vote set it, so only a vote changes
    it."""

    DISPUTED = 1
    SHIELDED = 2
    ERASED = 4
    DISPUTED_BY_VOTE = 16
    SHIELDED_BY_VOTE = 32
    OUTCOME_BY_VOTE = 64


MARKS = Flag.DISPUTED_BY_VOTE | Flag.SHIELDED_BY_VOTE | Flag.OUTCOME_BY_VOTE
SHOWN = Flag.DISPUTED | Flag.SHIELDED | Flag.ERASED
"""What is told of a record; the marks only say how it came about."""
NO_FLAGS = Flag(0)

_FLAG_OF = {
    Action.DISPUTE: (Flag.DISPUTED, Flag.DISPUTED_BY_VOTE),
    Action.SETTLE: (Flag.DISPUTED, Flag.DISPUTED_BY_VOTE),
    Action.SHIELD: (Flag.SHIELDED, Flag.SHIELDED_BY_VOTE),
    Action.LIFT: (Flag.SHIELDED, Flag.SHIELDED_BY_VOTE),
    Action.ERASE: (Flag.ERASED, NO_FLAGS),
}
_SETS = (Action.DISPUTE, Action.SHIELD, Action.ERASE)
_OUTCOME_OF = {
    Action.REPAIR: Outcome.REPAIRED,
    Action.RESCIND: Outcome.NONE,
    Action.CORRECT: Outcome.CORRECTED,
    Action.WITHDRAW: Outcome.WITHDRAWN,
    Action.END: Outcome.ENDED,
}
_FROM = {
    Action.REPAIR: (Outcome.NONE,),
    Action.RESCIND: (Outcome.REPAIRED, Outcome.WITHDRAWN, Outcome.ENDED),
    Action.CORRECT: (Outcome.NONE, Outcome.REPAIRED, Outcome.ENDED),
    Action.WITHDRAW: (Outcome.NONE, Outcome.REPAIRED, Outcome.ENDED),
    Action.END: (Outcome.NONE,),
}
_AGAIN = (Action.DISPUTE, Action.SHIELD, Action.REPAIR, Action.WITHDRAW, Action.END)
"""Acts that a vote may repeat, which then only set the mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody signed, or a vote passed, about a record. Times are Unix seconds.

    doc: id of the document that it rests on. other_log, other_commitment: the newer record of
    CORRECT, zero words otherwise. refiled_from: when the same act was recorded on a chain that was
    lost, 0: it was on none.
    """

    log: LogId
    commitment: Digest
    action: int
    expected_version: int
    basis: int
    doc: Digest
    effective_at: int
    other_log: LogId = NO_LOG
    other_commitment: Digest = ZERO
    refiled_from: int = 0

    @property
    def record(self) -> RecordId:
        """The record that it is about."""
        return record_id(self.log, self.commitment)

    @property
    def other(self) -> RecordId:
        """The record that CORRECT names: keccak256 of its two words."""
        return record_id(self.other_log, self.other_commitment)

    def encode(self) -> bytes:
        """Its ten words, as the contract hashes them."""
        return b"".join(
            (
                _digest(self.log),
                _digest(self.commitment),
                word(self.action, 8),
                word(self.expected_version, 32),
                word(self.basis, 16),
                _digest(self.doc),
                _digest(self.other_log),
                _digest(self.other_commitment),
                word(self.effective_at, 64),
                word(self.refiled_from, 64),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAct:
    """An act as it was recorded. member: the word of whoever signed, zero by vote and where a
    thief's act was undone. signed_by: the key, or the proposal's id. recorded_at: time of
    `block`."""

    act: Act
    member: bytes
    signed_by: KeyId
    recorded_at: int
    block: int

    @property
    def by_vote(self) -> bool:
        """Whether the provinces passed it."""
        return not any(self.member) and any(self.signed_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the contract keeps of a record in one word, flags in its lowest byte. recorded_at,
    effective_at, block: of the last act. version: how many acts there were."""

    flags: Flag = NO_FLAGS
    outcome: Outcome = Outcome.NONE
    version: int = 0
    recorded_at: int = 0
    effective_at: int = 0
    block: int = 0

    def encode(self) -> bytes:
        """The 32 bytes of storage."""
        value = self.flags | self.outcome << 8 | self.version << 16
        value |= self.recorded_at << 48 | self.effective_at << 112 | self.block << 176
        return word(value, 240)

    @classmethod
    def decode(cls, data: bytes) -> Word:
        """Read such bytes; Malformed where no contract of ours wrote them."""
        value = int.from_bytes(_digest(data), "big")
        flags, outcome = value & 0xFF, value >> 8 & 0xFF
        if flags & ~int(_ALL_FLAGS) or outcome > max(Outcome) or value >> 240:
            raise Malformed("status", "a word that means nothing")
        return cls(
            flags=Flag(flags),
            outcome=Outcome(outcome),
            version=value >> 16 & 0xFFFF_FFFF,
            recorded_at=value >> 48 & _UINT64,
            effective_at=value >> 112 & _UINT64,
            block=value >> 176 & _UINT64,
        )


_UINT64 = 2**64 - 1
_ALL_FLAGS = SHOWN | MARKS


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the contract keeps of a record. history: hash of everything that was ever done to
    it. other: the record that corrects it, zero for none."""

    word: Word = Word()
    history: Digest = ZERO
    other: RecordId = NO_RECORD

    def __bool__(self) -> bool:
        """Whether there ever was an act."""
        return self != NOTHING


NOTHING = State()
"""No act here."""


def refusal(before: State, act: Act, *, by_vote: bool) -> str | None:
    """Say why an act cannot follow on a state: `not-sent` (nobody sends ANNUL_STOLEN),
    `stale-version`, `by-vote-only` or `already-so`; None where it can.

    That its author may act, its basis and its times are not looked at, nor for CORRECT the other
    record.
    """
    action, now = Action(act.action), before.word
    if action is Action.ANNUL_STOLEN:
        return "not-sent"
    if act.expected_version != now.version and not (
        by_vote and act.expected_version == ANY_VERSION
    ):
        return "stale-version"
    if not by_vote and (action is Action.ANNUL or _mark_of(action) & now.flags):
        return "by-vote-only"
    if by_vote and action in _AGAIN and _is_so(now, action):
        return None
    return None if _may_follow(now, action) else "already-so"


def _mark_of(action: Action) -> Flag:
    """The mark under which only a vote may do this."""
    if action in _FLAG_OF:
        return NO_FLAGS if action in _SETS else _FLAG_OF[action][1]
    return Flag.OUTCOME_BY_VOTE if action in _OUTCOME_OF else NO_FLAGS


def _is_so(now: Word, action: Action) -> bool:
    """Whether it already is as the act would make it."""
    if action in _FLAG_OF:
        return bool(now.flags & _FLAG_OF[action][0])
    return now.outcome is _OUTCOME_OF[action]


def _may_follow(now: Word, action: Action) -> bool:
    if action in _FLAG_OF:
        return bool(now.flags & _FLAG_OF[action][0]) is not (action in _SETS)
    return action not in _FROM or now.outcome in _FROM[action]


def effect(now: Word, acted: RecordedAct) -> tuple[Flag, Outcome]:
    """Flags and outcome behind an act, whatever was before."""
    action, flags, outcome = Action(acted.act.action), now.flags, now.outcome
    if action in _FLAG_OF:
        flag, mark = _FLAG_OF[action]
        if action not in _SETS:
            return flags & ~(flag | mark), outcome
        return flags | flag | (mark if acted.by_vote else NO_FLAGS), outcome
    if action is Action.ANNUL:
        return flags & Flag.ERASED | Flag.DISPUTED, Outcome.NONE
    if action is Action.ANNUL_STOLEN:
        return _undo(flags, outcome)
    made = _OUTCOME_OF[action]
    if made is Outcome.NONE or not acted.by_vote:
        return flags & ~Flag.OUTCOME_BY_VOTE, made
    return flags | Flag.OUTCOME_BY_VOTE, made


def _undo(flags: Flag, outcome: Outcome) -> tuple[Flag, Outcome]:
    """What `annulStolen` leaves: what a vote set, and a dispute."""
    gone = Flag.ERASED
    if not flags & Flag.SHIELDED_BY_VOTE:
        gone |= Flag.SHIELDED
    kept = outcome if flags & Flag.OUTCOME_BY_VOTE else Outcome.NONE
    return flags & ~gone | Flag.DISPUTED, kept


def next_state(before: State, acted: RecordedAct) -> State:
    """The state behind an act."""
    act = acted.act
    flags, outcome = effect(before.word, acted)
    other = before.other if outcome is not Outcome.NONE else NO_RECORD
    if act.action == Action.CORRECT:
        other = act.other
    return State(
        word=Word(
            flags=flags,
            outcome=outcome,
            version=before.word.version + 1,
            recorded_at=acted.recorded_at,
            effective_at=act.effective_at,
            block=acted.block,
        ),
        history=next_history(before.history, acted),
        other=other,
    )


def next_history(history: Digest, acted: RecordedAct) -> Digest:
    """keccak256(abi.encode(history, member, act, recordedAt, signedBy)), the act as ten words."""
    return keccak256(
        _digest(history)
        + _digest(acted.member)
        + acted.act.encode()
        + word(acted.recorded_at, 64)
        + _digest(acted.signed_by)
    )


def next_head(head: Digest, record: RecordId, history: Digest) -> Digest:
    """keccak256(abi.encode(head, recordId, history)): over all acts on all records."""
    return keccak256(_digest(head) + _digest(record) + _digest(history))


def fold(acts: Iterable[RecordedAct], before: State = NOTHING) -> State:
    """The state behind acts on one record, in their order."""
    for acted in acts:
        before = next_state(before, acted)
    return before


def undone(before: State, last: RecordedAct, recorded_at: int, block: int) -> RecordedAct:
    """What `annulStolen` records about `last`, the act that led to `before`."""
    act = Act(
        log=last.act.log,
        commitment=last.act.commitment,
        action=Action.ANNUL_STOLEN,
        expected_version=before.word.version,
        basis=Basis.NONE,
        doc=before.history,
        effective_at=recorded_at,
    )
    return RecordedAct(
        act=act, member=ZERO, signed_by=KeyId(ZERO), recorded_at=recorded_at, block=block
    )


def signed_acts(member: bytes, acts: Iterable[Act], deadline: int) -> dict[str, Value]:
    """What EIP-712 `Acts` holds. member: the word of its code. deadline: Unix seconds."""
    return {"member": member, "acts": [act_values(act) for act in acts], "deadline": deadline}


def act_values(act: Act) -> dict[str, Plain]:
    """An act by the names of the contract's struct."""
    return {
        "logId": act.log,
        "commitment": act.commitment,
        "action": int(act.action),
        "expectedVersion": act.expected_version,
        "basis": int(act.basis),
        "doc": act.doc,
        "otherLogId": act.other_log,
        "otherCommitment": act.other_commitment,
        "effectiveAt": act.effective_at,
        "refiledFrom": act.refiled_from,
    }


def _digest(data: bytes) -> bytes:
    if len(data) != WORD:
        raise Malformed("status", f"not {WORD} bytes")
    return data


def words_of(state: State) -> list[str]:
    """What is so of a record by which it is not to be relied on, in lower case."""
    word = state.word
    found = [str(flag.name).lower() for flag in Flag if flag in word.flags & SHOWN]
    return found if word.outcome is Outcome.NONE else [*found, word.outcome.name.lower()]
