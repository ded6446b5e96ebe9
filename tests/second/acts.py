"""Fold the acts on a record and tell what is to be believed of them: check 19."""

from dataclasses import dataclass, field

from tests.second.curves import keccak, record_id, word
from tests.second.facts import Act, Key, Stored, World
from tests.second.verdicts import ORDER

DISPUTED, SHIELDED, ERASED = 1, 2, 4
BY_VOTE = {DISPUTED: 16, SHIELDED: 32, ERASED: 0}
OUTCOME_BY_VOTE = 64
SETS = {1: DISPUTED, 3: SHIELDED, 9: ERASED}
TAKES = {2: DISPUTED, 4: SHIELDED}
OUTCOMES = {5: 1, 7: 2, 8: 3, 10: 4}
CORRECT, RESCIND, ANNUL, ANNUL_STOLEN = 7, 6, 11, 12
_NAMES = {1: "repaired", 2: "corrected", 3: "withdrawn", 4: "ended"}
_FLAGS = {DISPUTED: "disputed", SHIELDED: "shielded", ERASED: "erased"}
_ZERO = "0" * 64
_MOST = 4096
OUTCOME = 0
STEPS = 64


class UnreadableError(Exception):
    """Say that the acts do not give the state."""


@dataclass
class Folded:
    """Hold what acts fold to (section 18)."""

    flags: int = 0
    outcome: int = 0
    version: int = 0
    history: str = _ZERO
    other: str = _ZERO
    word: int = 0

    def take(self, act: Act) -> None:
        """Fold one more act."""
        vote = act.member == "" and act.action != ANNUL_STOLEN
        self._state(act, vote)
        self.version += 1
        if self.outcome == 0:
            self.other = _ZERO
        elif act.action == CORRECT:
            self.other = record_id(act.other_log, act.other_commitment)
        self.word = (
            self.flags
            | self.outcome << 8
            | self.version << 16
            | act.time << 48
            | act.effective_at << 112
            | act.block << 176
        )
        self.history = self._next(act)

    def _state(self, act: Act, vote: bool) -> None:
        if act.action in SETS:
            flag = SETS[act.action]
            self.flags |= flag | (BY_VOTE[flag] if vote else 0)
        elif act.action in TAKES:
            flag = TAKES[act.action]
            self.flags &= ~(flag | BY_VOTE[flag])
        elif act.action in OUTCOMES:
            self.outcome = OUTCOMES[act.action]
            self.flags &= ~OUTCOME_BY_VOTE
            self.flags |= OUTCOME_BY_VOTE if vote else 0
        elif act.action == RESCIND:
            self.outcome = 0
            self.flags &= ~OUTCOME_BY_VOTE
        elif act.action == ANNUL:
            self.outcome = 0
            self.flags = DISPUTED | (self.flags & ERASED)
        elif act.action == ANNUL_STOLEN:
            self._annul_stolen()
        else:
            raise UnreadableError("an action of no number")

    def _annul_stolen(self) -> None:
        marks = self.flags & (BY_VOTE[DISPUTED] | BY_VOTE[SHIELDED] | OUTCOME_BY_VOTE)
        shielded = SHIELDED if marks & BY_VOTE[SHIELDED] else 0
        self.flags = marks | DISPUTED | shielded
        if not marks & OUTCOME_BY_VOTE:
            self.outcome = 0

    def _next(self, act: Act) -> str:
        words = (
            bytes.fromhex(self.history),
            word(act.member),
            bytes.fromhex(act.log),
            bytes.fromhex(act.commitment),
            word(act.action),
            word(act.expected_version),
            word(act.basis),
            bytes.fromhex(act.doc),
            bytes.fromhex(act.other_log),
            bytes.fromhex(act.other_commitment),
            word(act.effective_at),
            word(act.refiled_from),
            word(act.time),
            bytes.fromhex(act.signed_by),
        )
        return keccak(b"".join(words)).hex()


@dataclass
class Believed:
    """Hold what is believed of a record, and about what an act in doubt was the last."""

    flags: int = 0
    outcome: int = 0
    other: str = _ZERO
    doubts: set[int] = field(default_factory=set)

    @property
    def counted(self) -> int:
        """Give the flags that count: what is in doubt is disputed."""
        return self.flags | (DISPUTED if self.doubts else 0)

    def take(self, act: Act, doubt: bool) -> None:
        """Take one more act, or the doubt about it where its key is held to be stolen."""
        if doubt:
            self.doubts.add(_about(act.action))
            return
        self._apply(act.action)
        if act.action == CORRECT:
            self.other = record_id(act.other_log, act.other_commitment)
        if act.action in (ANNUL, ANNUL_STOLEN):
            self.doubts.clear()
        else:
            self.doubts.discard(_about(act.action))

    def _apply(self, action: int) -> None:
        if action in SETS:
            self.flags |= SETS[action]
        elif action in TAKES:
            self.flags &= ~TAKES[action]
        elif action in OUTCOMES:
            self.outcome = OUTCOMES[action]
        elif action == ANNUL_STOLEN:
            self.flags |= DISPUTED
        elif action == ANNUL:
            self.outcome, self.flags = 0, DISPUTED | (self.flags & ERASED)
        else:
            self.outcome = 0


def _about(action: int) -> int:
    return SETS.get(action) or TAKES.get(action) or OUTCOME


def _stored(world: World, record: str) -> Stored:
    """Read the state of a record: step 1."""
    held = world.contracts["CaseRegistry"]
    if any(one.silent for one in held):
        raise UnreadableError("a registry does not answer")
    nothing = Stored(0, _ZERO, _ZERO)
    states = [world.states.get((one.address, record), nothing) for one in held]
    versions = [state.word >> 16 & 0xFFFFFFFF for state in states]
    if versions != sorted(versions):
        raise UnreadableError("an earlier registry knows more")
    return states[-1]


def _acts(world: World, record: str, state: Stored) -> list[Act]:
    """Read the acts behind a state, in their order: step 2."""
    registries = {one.address for one in world.contracts["CaseRegistry"]}
    blocks: dict[int, list[Act]] = {}
    for act in world.acts:
        if act.record == record and act.contract in registries:
            blocks.setdefault(act.block, []).append(act)
    acts: list[Act] = []
    at = state.word >> 176 & 0xFFFFFFFFFFFFFFFF
    while at:
        found = blocks.pop(at, [])
        if not found or len(acts) + len(found) > _MOST:
            raise UnreadableError("acts are missing, or too many")
        acts = found + acts
        at = found[0].prev_block
    folded = Folded()
    for act in acts:
        folded.take(act)
    if (folded.word, folded.history, folded.other) != (state.word, state.history, state.other):
        raise UnreadableError("acts do not fold to the state")
    return acts


@dataclass
class Standing:
    """Hold what check 19 finds: flags, outcomes of all states, acts, and who corrects."""

    flags: int = 0
    outcomes: set[int] = field(default_factory=set)
    version: int = 0
    other: str | None = None

    @property
    def outcome(self) -> int:
        """Give the worst outcome."""
        some = self.outcomes - {0}
        return min(some, key=lambda outcome: ORDER.index(_NAMES[outcome])) if some else 0

    @property
    def code(self) -> str | None:
        """Give the worst of flags and outcome."""
        codes = {name for flag, name in _FLAGS.items() if self.flags & flag}
        codes |= {_NAMES[self.outcome]} if self.outcome else set()
        return min(codes, key=ORDER.index) if codes else None

    def saw(self, believed: Believed) -> None:
        """Take a state that counts."""
        self.flags |= believed.counted
        self.outcomes.add(believed.outcome)
        if believed.outcome == OUTCOMES[CORRECT]:
            self.other = believed.other

    def join(self, more: "Standing") -> None:
        """Take what is found of another record beside; its acts are not counted."""
        self.flags |= more.flags
        self.outcomes |= more.outcomes
        self.other = self.other or more.other


def _read(world: World, record: str, end: int | None) -> Standing:
    """Read flags and outcomes of every state from the final block to the head: steps 3 to 5.

    What is held against a record counts from the head and what speaks for it once final, so all
    is followed twice: with every theft that anybody speaks of, and with those that are final.
    """
    state = _stored(world, record)
    acts = _acts(world, record, state) if state.word else []
    told, sure = Believed(), Believed()
    found = Standing()
    for act in acts:
        if end is not None and act.time >= end:
            continue
        if act.block <= world.final:
            found = Standing(version=found.version)
        key = _key(world, act)
        told.take(act, key is not None and world.is_stolen(key, act.time, end))
        sure.take(
            act, key is not None and key.stolen_since(world.final, end, sure=True) <= act.time
        )
        found.version += 1
        found.saw(sure)
        found.saw(told)
    return found


def _key(world: World, act: Act) -> Key | None:
    found = [k for k in world.keys if (k.member, k.key_id) == (act.member, act.signed_by)]
    return found[0] if found else None


def standing(world: World, records: list[str], end: int | None) -> Standing:
    """Read how a record stands, and the one that it replaces."""
    if not world.contracts.get("CaseRegistry"):
        return Standing()
    found, *more = (_read(world, record, end) for record in records)
    for other in more:
        found.join(other)
    return found


def status(world: World, records: list[str], end: int | None) -> str | None:
    """Make check 19 for a record and the one that it replaces."""
    try:
        return standing(world, records, end).code
    except UnreadableError:
        return "status-unreadable"


def corrected_by(world: World, records: list[str], end: int | None) -> str | None:
    """Follow corrections to their end, as far as they can be read."""
    found: str | None = None
    for _ in range(STEPS):
        try:
            now = standing(world, records, end)
        except UnreadableError:
            break
        if now.outcome != OUTCOMES[CORRECT] or now.other is None:
            break
        found = now.other
        records = [found]
    return found
