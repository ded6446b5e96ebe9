"""What a verdict is judged by, beside the receipt itself: plain values, read by somebody else.

Chain facts are the worst of three views (design 6): favourable ones count only where they are
final, adverse ones from the highest head that anybody reports. Times are Unix seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from ledger.core.canonical import instant
from ledger.core.ids import Address, Digest, KeyId, RecordId
from ledger.core.keys import Purpose

__all__ = [
    "DAY",
    "DISAGREES",
    "FLAGS",
    "GRACE",
    "OUTCOMES",
    "PRUNED",
    "PUBLICITY",
    "SHANGHAI_OFFSET",
    "AnchorFact",
    "Block",
    "CatalogueFacts",
    "ChainFacts",
    "Compromise",
    "ItemFact",
    "KeyFact",
    "Later",
    "LogFact",
    "Note",
    "OwnerFact",
    "PromiseFacts",
    "Question",
    "RecordFacts",
    "RecordProblem",
    "Roles",
    "Status",
    "StatusFacts",
    "Trust",
    "Unread",
    "WitnessFact",
    "date_of",
    "end_of",
]

# Asia/Shanghai; without summer time since 1991, long before any chain.
SHANGHAI_OFFSET = 8 * 3600
DAY = 86_400

GRACE = 72 * 3600
"""Seconds for which a record may still be anchored after its type or rules left the catalogue."""
PUBLICITY = "publicity"
"""Item id of the rules by which `until` is computed; no other rules stand for them."""

DISAGREES, PRUNED = "node-disagrees", "node-pruned"
"""Codes of notes: a node answered otherwise than a quorum; a node has thrown old data away."""

OUTCOMES = ("NONE", "REPAIRED", "CORRECTED", "WITHDRAWN", "ENDED")
FLAGS = ("DISPUTED", "SHIELDED", "ERASED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something about a node that changes no verdict and that whoever runs it should know.

    what: the question that it answered wrongly or not at all.
    """

    code: str
    node: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What of the network file a verdict needs. reference: `eip155:<chainId>:<consortium>`.

    max_head_age in seconds. formerly: references of the same network before it moved.
    """

    name: str
    digest: Digest
    reference: str
    max_head_age: int
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked beside "is it valid": each None where nobody asked.

    subject: USCC, upper case without spaces. type: `penalty` or `penalty@1`. issuer: member code.
    as_of: a day; end_of_as_of: the instant at which that day ends in Asia/Shanghai.
    audience, nonce: for whom and on which question the presentation must be made.
    witnesses: how many other members must have cosigned the checkpoint.
    """

    subject: str | None = None
    type: str | None = None
    issuer: str | None = None
    as_of: str | None = None
    end_of_as_of: int | None = None
    audience: str | None = None
    nonce: str | None = None
    witnesses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordProblem:
    """Why what a presentation says cannot be a record of its type. field: the field at fault, None
    for the whole record or what its payload says openly. text: {"zh", "en"}, never the value."""

    code: str
    field: str | None
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFacts:
    """What the schema of a record says of it; all from data, nothing from the chain.

    schema: its id, `penalty@1`. slots: codes of the disclosable fields.
    code_field, registration_field: where the subject's USCC and its registration number stand;
    filler: the code of one that has no USCC; it stands for nobody unless kind_field, where the kind
    of subject stands, is shown too. None: the type has no such field.
    decided_field: the field that must equal the payload's `decided`.
    rules_known: whether the rules that the payload names are at hand; without them nothing is said
    of what follows.
    until_problem: how the payload's `until` contradicts a disclosed field; None: it does not.
    problems: why what is shown cannot be a record of its type.
    usable_to: the last day on which use is certain, None: there is no end. expired_from: the first
    day on which the end is certain, None: never.
    void_field: the field shown that says that the record is not in force; None: none does.
    """

    schema: str
    slots: tuple[str, ...]
    code_field: str
    registration_field: str
    filler: str
    decided_field: str
    kind_field: str | None = None
    rules_known: bool = True
    until_problem: str | None = None
    problems: tuple[RecordProblem, ...] = ()
    usable_to: str | None = None
    expired_from: str | None = None
    void_field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block; `hash` with `0x`."""

    number: int
    hash: str
    time: int


@dataclass(frozen=True, slots=True)
class Compromise:
    """A key is held to be stolen from `since` on, 0: it is not; that was said in a block of time
    `recorded`. final: whether that block is."""

    since: int
    recorded: int
    final: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFact:
    """A registered key. Its window holds both ends, as on the chain.

    compromises: all that was ever said of it, in that order, mostly nothing. final: whether its
    registration is. recovered: whether it goes back to a GOVERN key that a vote gave its member.
    """

    key_id: KeyId
    member: str
    purpose: int
    alg: int
    public_key: bytes
    not_before: int
    not_after: int
    compromises: tuple[Compromise, ...] = ()
    final: bool = True
    recovered: bool = False

    def serves(self, member: str, purpose: Purpose) -> bool:
        """Whether it is a key of this member for this purpose, whenever."""
        return self.member == member and self.purpose == purpose

    def valid_at(self, time: int) -> bool:
        """Whether `time` lies in its window."""
        return self.not_before <= time <= self.not_after

    def stolen_since(self, end: int | None = None) -> int | None:
        """From when on it is held to be stolen, by what was recorded before `end` (None: at all);
        None if it is not.

        The last word counts; one that eases it only once it is final, and until then the worst of
        what was said since the last final one.
        """
        known = [c for c in self.compromises if end is None or c.recorded < end]
        last_final = max((n for n, said in enumerate(known) if said.final), default=0)
        return min((said.since for said in known[last_final:] if said.since), default=None)

    def stolen_finally(self, end: int | None = None) -> int | None:
        """The same by the last word that is final alone, for where being stolen would ease
        something."""
        known = [c for c in self.compromises if c.final and (end is None or c.recorded < end)]
        return known[-1].since or None if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFact:
    """A registered log. trusted_size: the last size to be trusted, None while it is open.

    closed_recorded: block time at which it was closed, 0 while it is open.
    """

    member: str
    trusted_size: int | None = None
    closed_recorded: int = 0


@dataclass(frozen=True, slots=True)
class Roles:
    """What a member is from `since` until the next change. roles: of `keys.Role`."""

    since: int
    roles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerFact:
    """The owner of a log. region: "" for none. history: its roles, the first ones first."""

    region: str
    history: tuple[Roles, ...]

    def roles_at(self, time: int) -> int:
        """As the contract's rolesAt has it."""
        return next((span.roles for span in reversed(self.history) if span.since <= time), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessFact:
    """A member that a checkpoint names as a witness, and its keys. active: at the head."""

    active: bool
    keys: tuple[KeyFact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFact:
    """A version of a catalogue item, which counted in one region from `since` until before
    `until`."""

    version: int
    content_hash: Digest
    since: int
    until: int

    def serves(self, time: int) -> bool:
        """Whether it counted at `time` or within 72 hours before."""
        return self.since <= time and time - GRACE < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFacts:
    """What counted in the region of the log's owner, whenever. types: versions of the type that
    the entry names; rules: of the rules of publicity."""

    types: tuple[ItemFact, ...]
    rules: tuple[ItemFact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorFact:
    """The first `Anchored` event with prev_size ≤ index < size."""

    prev_size: int
    size: int
    root: Digest
    key_id: KeyId
    block: Block
    tx: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the acts on a record amount to. flags: of `FLAGS`; outcome: of `OUTCOMES`.

    corrected_by: the newer record, where there is one.
    """

    flags: tuple[str, ...] = ()
    outcome: str = "NONE"
    version: int = 0
    corrected_by: RecordId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Something recorded after the day asked about that took effect by then."""

    fact: str
    recorded: int
    effective: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFacts:
    """The status now, the one recorded by the end of the day asked about, and what came later."""

    now: Status = Status()
    as_of: Status = Status()
    later: tuple[Later, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that could not be read: nothing is known. `code` as of CouldNotCheck."""

    code: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFacts:
    """All that the chain says about one receipt.

    final: number of the newest final block. log, owner: None where the consortium has no such log.
    witnesses: the members that its checkpoint names, by code, but those that nobody registered.
    keys: every key that the receipt or its anchor could have been signed with, by key id; a key
    that is not there is not registered. root: `rootAt(log, size of the receipt)`, None for none.
    anchor: None where no event covers the leaf.
    """

    head: Block
    final: int
    log: LogFact | None
    owner: OwnerFact | None
    keys: dict[KeyId, KeyFact]
    witnesses: Mapping[str, WitnessFact]
    catalogue: CatalogueFacts
    root: Digest | None
    anchor: AnchorFact | None
    status: StatusFacts | Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseFacts:
    """All that the chain says about one promise. log: None where the consortium has no such log.
    keys: those of its owner. log_anchors: every contract that ever held the role, in whose domain
    promises are signed."""

    head: Block
    log: LogFact | None
    keys: Mapping[KeyId, KeyFact]
    log_anchors: tuple[Address, ...]


@lru_cache(maxsize=1024)  # of the head, for every receipt
def date_of(time: int) -> str:
    """The day of an instant in Asia/Shanghai, `YYYY-MM-DD`."""
    return instant(time + SHANGHAI_OFFSET)[:10]


def end_of(day: date) -> int:
    """The instant at which a day ends in Asia/Shanghai: the first one of the next."""
    return (day - date(1970, 1, 1)).days * DAY + DAY - SHANGHAI_OFFSET
