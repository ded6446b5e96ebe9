"""Acts on a record, and what they come to: the worked examples, and every act on every state."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import eip712, ids, status
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, KeyId, LogId, RecordId
from ledger.core.status import (
    ANY_VERSION,
    MARKS,
    NO_FLAGS,
    NOTHING,
    ZERO,
    Act,
    Action,
    Flag,
    Outcome,
    RecordedAct,
    State,
    Word,
    effect,
    fold,
    next_head,
    next_state,
    refusal,
    undone,
    words_of,
)
from tests.core.material import example, fuzz, refuses

LOG, COMMITMENT, DOC = (bytes([n]) * 32 for n in (1, 2, 3))
MEMBER, KEY = b"120000".ljust(32, b"\0"), KeyId(bytes([4]) * 32)
DAY = 1_794_585_600


def _bytes(value: Mapping[str, Any], name: str) -> bytes:
    return bytes.fromhex(value[name])


def act_of(value: Mapping[str, Any]) -> Act:
    """An act of a worked example."""
    return Act(
        log=LogId(_bytes(value, "logId")),
        commitment=Digest(_bytes(value, "commitment")),
        action=value["action"],
        expected_version=value["expectedVersion"],
        basis=value["basis"],
        doc=Digest(_bytes(value, "doc")),
        effective_at=value["effectiveAt"],
        other_log=LogId(_bytes(value, "otherLogId")),
        other_commitment=Digest(_bytes(value, "otherCommitment")),
        refiled_from=value["refiledFrom"],
    )


def acted_of(given: Mapping[str, Any], value: Mapping[str, Any]) -> RecordedAct:
    """The same as it was recorded."""
    member = given["member"].encode().ljust(32, b"\0")
    return RecordedAct(
        act=act_of(value),
        member=_bytes(value, "member") if "member" in value else member,
        signed_by=KeyId(_bytes(value, "signedBy")),
        recorded_at=value["recordedAt"],
        block=value["block"],
    )


def act(action: int, version: int = 0, *, log: bytes = LOG, other: bytes = ZERO) -> Act:
    return Act(
        log=LogId(log),
        commitment=Digest(COMMITMENT),
        action=action,
        expected_version=version,
        basis=5,
        doc=Digest(DOC),
        effective_at=DAY,
        other_log=LogId(other),
        other_commitment=Digest(other),
    )


def acted(one: Act, *, by_vote: bool = False, at: int = DAY + 9) -> RecordedAct:
    member = ZERO if by_vote else MEMBER
    return RecordedAct(act=one, member=member, signed_by=KEY, recorded_at=at, block=7)


# ---- the worked examples


@pytest.mark.parametrize("name", ["case", "outcome", "query"])
def test_acts_of_the_worked_examples(name: str) -> None:
    given, expected = example(f"part-2/{name}")
    states: dict[bytes, State] = {}
    head = ZERO
    for value, made in zip(given["acts"], expected["acts"], strict=True):
        one = acted_of(given, value)
        before = states.get(one.act.record, NOTHING)
        if one.act.action == Action.ANNUL_STOLEN:
            assert one.act.expected_version == before.word.version
            assert one.act.doc == before.history
        else:
            assert refusal(before, one.act, by_vote=one.by_vote) is None
        state = states[one.act.record] = next_state(before, one)
        head = next_head(head, one.act.record, state.history)
        assert one.act.record.hex() == made["recordId"]
        assert before.word.block == made["prevBlock"]
        assert state.word.encode().hex() == made["word"]
        assert state.history.hex() == made["history"]
        assert state.other.hex() == made["otherRecordId"]
        assert head.hex() == made["head"]
        slot = ids.keccak256(one.act.record + ids.word(status.SLOT))
        assert slot.hex() == made["slot"]


@pytest.mark.parametrize("name", ["case", "outcome", "query"])
def test_digests_of_the_worked_examples(name: str) -> None:
    given, expected = example(f"part-2/{name}")
    domain = eip712.domain("CaseRegistry", given["chainId"], given["caseRegistry"])
    member = given["member"].encode().ljust(32, b"\0")
    acts = [act_of(value) for value in given["acts"]]
    signed = status.signed_acts(member, acts, given["actsDeadline"])
    assert eip712.digest(domain, "Acts", signed).hex() == expected["actsDigest"]
    ack = {
        "member": member,
        "count": given["ack"]["count"],
        "head": _bytes(given["ack"], "head"),
        "deadline": given["ack"]["deadline"],
    }
    assert eip712.digest(domain, "Ack", ack).hex() == expected["ackDigest"]


# ---- every act on every state, against the table of the design as it is written

FLAG_ACTS = {1: ("set", 1, 16), 2: ("clear", 1, 16), 3: ("set", 2, 32), 4: ("clear", 2, 32)}
TABLE = {
    5: ("NONE", "REPAIRED"),
    6: ("REPAIRED WITHDRAWN ENDED", "NONE"),
    7: ("NONE REPAIRED ENDED", "CORRECTED"),
    8: ("NONE REPAIRED ENDED", "WITHDRAWN"),
    10: ("NONE", "ENDED"),
}
AGAIN_BY_VOTE = (1, 3, 5, 8, 10)


def words() -> Iterator[Word]:
    """Every state but its times: a mark only with what it marks."""
    for flags in range(128):
        if flags & 8 or (flags & 16 and not flags & 1) or (flags & 32 and not flags & 2):
            continue
        for outcome in Outcome:
            if not flags & 64 or outcome:
                yield Word(flags=Flag(flags), outcome=outcome, version=3, block=5)


def plain(  # noqa: PLR0911 - a table, row by row
    now: Word, action: int, by_vote: bool
) -> tuple[int, str] | None:
    """Flags and outcome as the table of design-2 11 has them; None where it has no such row."""
    flags, outcome = int(now.flags), now.outcome.name
    if action in FLAG_ACTS:
        what, flag, mark = FLAG_ACTS[action]
        there = bool(flags & flag)
        if what == "set":
            if there and not by_vote:
                return None
            return flags | flag | (mark if by_vote else 0), outcome
        if not there or (flags & mark and not by_vote):
            return None
        return flags & ~flag & ~mark, outcome
    if action == 9:
        return None if flags & 4 else (flags | 4, outcome)
    if action == 11:
        return ((flags & 4) | 1, "NONE") if by_vote else None
    sources, target = TABLE[action]
    again = by_vote and action in AGAIN_BY_VOTE and outcome == target
    if (outcome not in sources.split() and not again) or (flags & 64 and not by_vote):
        return None
    kept = flags & ~64
    return (kept | 64 if by_vote and target != "NONE" else kept), target


@pytest.mark.parametrize("by_vote", [False, True])
@pytest.mark.parametrize("action", range(1, 12))
def test_every_act_on_every_state(action: int, by_vote: bool) -> None:
    allowed = 0
    for now in words():
        before = State(word=now, history=Digest(DOC), other=RecordId(DOC))
        one = acted(act(action, 3, other=LOG if action == 7 else ZERO), by_vote=by_vote)
        wanted, why = plain(now, action, by_vote), refusal(before, one.act, by_vote=by_vote)
        assert (why is None) is (wanted is not None), (now, why)
        if wanted is None:
            continue
        allowed += 1
        after = next_state(before, one)
        assert (after.word.flags, after.word.outcome.name) == wanted, now
        assert after.word.version == 4
        assert (after.word.recorded_at, after.word.effective_at) == (DAY + 9, DAY)
        none = {"NONE": ZERO}.get(wanted[1], DOC)
        assert after.other == (one.act.other if action == 7 else none)
    assert allowed or (action == 11 and not by_vote)


def test_what_a_refusal_says() -> None:
    marked = Flag.OUTCOME_BY_VOTE
    stands = State(word=Word(flags=marked, outcome=Outcome.REPAIRED, version=3))
    assert refusal(stands, act(Action.RESCIND, 2), by_vote=False) == "stale-version"
    assert refusal(stands, act(Action.RESCIND, ANY_VERSION), by_vote=False) == "stale-version"
    assert refusal(stands, act(Action.RESCIND, 3), by_vote=False) == "by-vote-only"
    assert refusal(stands, act(Action.ANNUL, 3), by_vote=False) == "by-vote-only"
    assert refusal(stands, act(Action.RESCIND, ANY_VERSION), by_vote=True) is None
    assert refusal(stands, act(Action.RESCIND, 2), by_vote=True) == "stale-version"
    assert refusal(stands, act(Action.SETTLE, 3), by_vote=True) == "already-so"


def test_undoing_leaves_what_a_vote_set() -> None:
    for now in words():
        before = State(word=now, history=Digest(DOC), other=RecordId(DOC))
        undo = undone(before, acted(act(Action.ERASE, 2)), DAY + 50, 9)
        assert undo.act.doc == before.history
        assert (undo.act.expected_version, undo.act.basis, undo.act.effective_at) == (
            3,
            0,
            DAY + 50,
        )
        assert not undo.by_vote
        after = next_state(before, undo)
        assert after.word.flags & MARKS == now.flags & MARKS
        assert Flag.DISPUTED in after.word.flags
        assert Flag.ERASED not in after.word.flags
        assert bool(after.word.flags & Flag.SHIELDED) is bool(now.flags & Flag.SHIELDED_BY_VOTE)
        kept = now.outcome if now.flags & Flag.OUTCOME_BY_VOTE else Outcome.NONE
        assert after.word.outcome is kept
        assert after.other == (ZERO if kept is Outcome.NONE else DOC)
        assert effect(now, undo) == (after.word.flags, after.word.outcome)


# ---- bytes


def test_words_round_trip() -> None:
    for now in words():
        full = Word(
            flags=now.flags,
            outcome=now.outcome,
            version=2**32 - 1,
            recorded_at=2**64 - 1,
            effective_at=2**64 - 2,
            block=2**64 - 3,
        )
        for word in (now, full):
            assert Word.decode(word.encode()) == word


@fuzz
@given(st.binary(min_size=32, max_size=32))
def test_any_bytes_are_a_word_or_refused(data: bytes) -> None:
    if not refuses(Malformed, Word.decode, data):
        assert Word.decode(data).encode() == data


def test_words_that_mean_nothing() -> None:
    for data in (
        *(b"", bytes(31), bytes(33)),
        *(bytes(31) + bytes([bit]) for bit in (8, 128)),  # flags that there are not
        bytes(30) + b"\x05\x00",  # an outcome that there is not
        b"\1" + bytes(31),
        b"\0\1" + bytes(30),
    ):
        assert refuses(Malformed, Word.decode, data), data
    assert Word.decode(bytes(32)) == Word()
    assert not NOTHING
    assert not State()


def test_a_history_holds_everything_about_an_act() -> None:
    one = acted(act(7, 3, other=LOG))
    parts = (DOC, one.member, one.act.encode(), ids.word(one.recorded_at), one.signed_by)
    assert len(one.act.encode()) == 10 * 32
    assert status.next_history(Digest(DOC), one) == ids.keccak256(b"".join(parts))


def test_bytes_of_other_lengths() -> None:
    short = bytes(31)
    for field in ("log", "commitment", "doc", "other_log", "other_commitment"):
        values = {name: getattr(act(1), name) for name in Act.__slots__}
        assert refuses(Malformed, Act(**{**values, field: short}).encode), field
    for field, value in (("action", 256), ("expected_version", 2**32), ("basis", 2**16)):
        values = {name: getattr(act(1), name) for name in Act.__slots__}
        assert refuses(Malformed, Act(**{**values, field: value}).encode), field
    assert refuses(Malformed, next_head, Digest(short), RecordId(DOC), Digest(DOC))


def test_a_fold_goes_on_where_another_stopped() -> None:
    one, two = acted(act(1, 0)), acted(act(2, 1), at=DAY + 20)
    assert fold([]) is NOTHING
    assert fold([two], fold([one])) == fold([one, two]) == next_state(fold([one]), two)
    assert fold([one]) != fold([acted(act(1, 0), by_vote=True)])
    assert fold([one])


@pytest.mark.parametrize(
    ("flags", "outcome", "words"),
    [
        (NO_FLAGS, Outcome.NONE, []),
        (MARKS, Outcome.NONE, []),
        (Flag.DISPUTED | Flag.ERASED, Outcome.NONE, ["disputed", "erased"]),
        (Flag.SHIELDED, Outcome.WITHDRAWN, ["shielded", "withdrawn"]),
    ],
)
def test_why_a_record_is_not_to_be_relied_on(
    flags: Flag, outcome: Outcome, words: list[str]
) -> None:
    told = replace(NOTHING.word, flags=flags, outcome=outcome)
    assert words_of(replace(NOTHING, word=told)) == words
