"""Read the facts of the chain as the conformance suite writes them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NEVER = 1 << 64
ANCHOR, PRESENT, REQUEST, NOTE, WITNESS = 1, 6, 7, 8, 9
ACTIVE, CLOSED, SHA256 = 1, 2, 1
PROVINCE, BUREAU, INSTITUTION = 1, 2, 4
RECORD_TYPE, RULES = 1, 5
GRACE = 72 * 3600
SKEW = 60


@dataclass(frozen=True)
class Said:
    """Hold one `KeyCompromised`: since when, and the block in which it was said."""

    since: int
    block: int
    time: int


@dataclass(frozen=True)
class Key:
    """Hold a registered key."""

    key_id: str
    member: str
    purpose: int
    algorithm: int
    public_key: bytes
    not_before: int
    not_after: int
    block: int
    compromised_since: int
    said: tuple[Said, ...]

    def within(self, at: int) -> bool:
        """Tell whether a time lies in the window of the key."""
        return self.not_before <= at <= self.not_after

    def stolen_since(self, final: int, end: int | None, sure: bool = False) -> int:
        """Give since when the key is held to be stolen; with `sure`, by what is final alone."""
        said = [one for one in self.said if end is None or one.time < end]
        if sure:
            said = [one for one in said if one.block <= final][-1:]
        last = max((n for n, one in enumerate(said) if one.block <= final), default=0)
        since = [one.since or NEVER for one in said[last:]]
        state, last_word = self._state
        if not sure and state < last_word:
            since.append(state)
        return min(since, default=NEVER)

    def stolen_by_state(self, final: int) -> int:
        """Give since when the state says that it is stolen; what eases it is not believed."""
        state, last_word = self._state
        return self.stolen_since(final, None) if state > last_word else state

    @property
    def _state(self) -> tuple[int, int]:
        """Give what state and last event say of since when it is stolen."""
        last_word = self.said[-1].since if self.said else 0
        return self.compromised_since or NEVER, last_word or NEVER


@dataclass(frozen=True)
class Log:
    """Hold a registered log."""

    owner: str
    suite: int
    closed: bool
    trusted_size: int
    closed_at: int


@dataclass(frozen=True)
class Member:
    """Hold a member with the history of its roles."""

    region: str
    status: int
    roles: tuple[tuple[int, int], ...]

    def had(self, roles: int, at: int) -> bool:
        """Tell whether it had one of some roles at a time."""
        held = [bits for since, bits in self.roles if since <= at]
        return bool(held) and bool(held[-1] & roles)


@dataclass(frozen=True)
class Held:
    """Hold a contract of a role, from when until when, both included."""

    address: str
    since: int
    until: int
    silent: bool


@dataclass(frozen=True)
class Anchored:
    """Hold one `Anchored` event."""

    contract: str
    log: str
    prev_size: int
    size: int
    root: bytes
    key_id: str
    block: int
    block_hash: str
    time: int
    tx: str


@dataclass(frozen=True)
class Item:
    """Hold one version in a catalogue."""

    contract: str
    item: str
    region: str
    kind: int
    version: int
    content: str
    start: int
    until: int
    put_at: int

    @property
    def begin(self) -> int:
        """Give when it begins to count at the earliest."""
        return max(self.start, self.put_at)


@dataclass(frozen=True)
class Act:
    """Hold one `Acted` event."""

    contract: str
    record: str
    block: int
    time: int
    prev_block: int
    member: str
    signed_by: str
    log: str
    commitment: str
    action: int
    expected_version: int
    basis: int
    doc: str
    other_log: str
    other_commitment: str
    effective_at: int
    refiled_from: int


@dataclass(frozen=True)
class Stored:
    """Hold what `stored` gives for a record."""

    word: int
    history: str
    other: str


@dataclass
class World:
    """Hold all that is known of chain and clock."""

    reference: str
    formerly: list[str]
    now: int
    unread: str | None
    max_head_age: int = NEVER
    head: int = 0
    head_time: int = 0
    final: int = -1
    members: dict[str, Member] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    logs: dict[str, Log] = field(default_factory=dict)
    contracts: dict[str, list[Held]] = field(default_factory=dict)
    anchors: list[Anchored] = field(default_factory=list)
    roots: dict[tuple[str, str, int], bytes] = field(default_factory=dict)
    catalogue: list[Item] = field(default_factory=list)
    states: dict[tuple[str, str], Stored] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    blocks: dict[int, int] = field(default_factory=dict)
    revocations: dict[tuple[str, str, str], int] = field(default_factory=dict)
    us: str = ""
    nonces: set[tuple[str, str]] = field(default_factory=set)

    @property
    def latest(self) -> int:
        """Give the later of head and local clock."""
        return max(self.head_time, self.now)

    def ended(self) -> str | None:
        """Give the code in which section 15 ends, if any."""
        if self.unread is not None:
            return self.unread
        if self.now - self.head_time > self.max_head_age:
            return "head-too-old"
        if self.head_time > self.now + SKEW:
            return "head-in-future"
        return None if self.contracts.get("LogAnchor") else "no-code"

    def unreadable(self, log: str) -> str | None:
        """Give the code in which section 15 ends, or that of a log of an unknown suite."""
        known = log not in self.logs or self.logs[log].suite == SHA256
        return self.ended() or (None if known else "version-unknown")

    def had(self, member: str, roles: int, at: int) -> bool:
        """Tell whether a member had one of some roles at a time; one not registered had none."""
        return member in self.members and self.members[member].had(roles, at)

    def time_of(self, block: int) -> int:
        """Give the time of a block."""
        return self.blocks.get(block, self.head_time)

    def anchored_size(self, log: str, block: int) -> int:
        """Give the size at which a log was anchored at a block, by whatever LogAnchor."""
        contracts = {held.address for held in self.contracts.get("LogAnchor", [])}
        sizes = [
            event.size
            for event in self.anchors
            if event.log == log and event.block <= block and event.contract in contracts
        ]
        return max(sizes, default=0)

    def revoked_at(self, custodian: str, commitment: str) -> int | None:
        """Give when an authorisation was taken back, 0 for never; nothing where none can say."""
        held = self.contracts.get("Revocations", [])
        if not held or any(one.silent for one in held):
            return None
        times = [self.revocations.get((one.address, custodian, commitment), 0) for one in held]
        return min((time for time in times if time), default=0)

    def keys_of(self, member: str, purpose: int) -> list[Key]:
        """Give the keys of a member for a purpose."""
        return [key for key in self.keys if (key.member, key.purpose) == (member, purpose)]

    def key(self, member: str, purpose: int, key_id: str) -> Key | None:
        """Find a key under its member."""
        found = [key for key in self.keys_of(member, purpose) if key.key_id == key_id]
        return found[0] if found else None

    def is_stolen(self, key: Key, at: int, end: int | None) -> bool:
        """Tell whether a key is held to be stolen since a time or before."""
        return key.stolen_since(self.final, end) <= at

    def first_anchor(self, log: str, index: int) -> Anchored | None:
        """Find the first anchor that covers a leaf, in contracts that held the role then."""
        for event in self.anchors:
            if event.log == log and event.prev_size <= index < event.size:
                held = self.contracts.get("LogAnchor", [])
                turns = [one for one in held if one.address == event.contract]
                if any(one.since <= event.time <= one.until for one in turns):
                    return event
        return None

    def root_at(self, log: str, size: int) -> bytes | None:
        """Give the root of the newest contract that knows one."""
        for held in reversed(self.contracts.get("LogAnchor", [])):
            root = self.roots.get((held.address, log, size))
            if root is not None:
                return root
        return None


def _held(listed: Sequence[dict[str, Any]]) -> list[Held]:
    ends = [*(one["since"] for one in listed[1:]), NEVER]
    return [
        Held(one["address"], one["since"], end, bool(one.get("silent")))
        for one, end in zip(listed, ends, strict=False)  # of none there is no end either
    ]


def _key(one: dict[str, Any]) -> Key:
    said = tuple(Said(it["since"], it["block"], it["time"]) for it in one["compromises"])
    return Key(
        key_id=one["keyId"],
        member=one["member"],
        purpose=one["purpose"],
        algorithm=one["alg"],
        public_key=bytes.fromhex(one["publicKey"]),
        not_before=one["notBefore"],
        not_after=one["notAfter"],
        block=one["block"],
        compromised_since=one["compromisedSince"],
        said=said,
    )


def _log(one: dict[str, Any]) -> Log:
    return Log(
        owner=one["owner"],
        suite=one["suite"],
        closed=one["status"] == CLOSED,
        trusted_size=one["trustedSize"] or 0,
        closed_at=one["closedAt"] or 0,
    )


def _anchor(one: dict[str, Any]) -> Anchored:
    return Anchored(
        contract=one["contract"],
        log=one["log"],
        prev_size=one["prevSize"],
        size=one["size"],
        root=bytes.fromhex(one["root"]),
        key_id=one["keyId"],
        block=one["block"],
        block_hash=one["blockHash"],
        time=one["time"],
        tx=one["tx"],
    )


def _item(one: dict[str, Any]) -> Item:
    return Item(
        contract=one["contract"],
        item=one["itemId"],
        region=one["region"],
        kind=one["kind"],
        version=one["version"],
        content=one["contentHash"],
        start=one["from"],
        until=one["until"],
        put_at=one["putAt"],
    )


def _act(one: dict[str, Any]) -> Act:
    return Act(
        contract=one["contract"],
        record=one["recordId"],
        block=one["block"],
        time=one["time"],
        prev_block=one["prevBlock"],
        member=one["member"],
        signed_by=one["signedBy"],
        log=one["log"],
        commitment=one["commitment"],
        action=one["action"],
        expected_version=one["expectedVersion"],
        basis=one["basis"],
        doc=one["doc"],
        other_log=one["otherLog"],
        other_commitment=one["otherCommitment"],
        effective_at=one["effectiveAt"],
        refiled_from=one["refiledFrom"],
    )


def _member(one: dict[str, Any]) -> Member:
    roles = tuple((it["since"], it["roles"]) for it in one["roles"])
    return Member(one["region"], one["status"], roles)


def _blocks(raw: dict[str, Any]) -> dict[int, int]:
    """Give the times of blocks, as whatever lies in one tells."""
    told = [raw["head"], *raw.get("blocks", [])]
    found = {one["number"]: one["time"] for one in told}
    said = [one for key in raw.get("keys", []) for one in key["compromises"]]
    for event in (*raw.get("anchors", []), *raw.get("acts", []), *said):
        found.setdefault(event["block"], event["time"])
    return found


def of_object(raw: dict[str, Any]) -> World:
    """Make a world of a facts file."""
    network = raw["network"]
    world = World(network["reference"], network["formerly"], raw["now"], raw.get("unread"))
    world.us = raw.get("us") or ""
    world.nonces = {(one["keyId"], one["nonce"]) for one in raw.get("nonces") or []}
    if world.unread is not None:
        return world
    world.head, world.head_time = raw["head"]["number"], raw["head"]["time"]
    world.max_head_age = network.get("maxHeadAge", NEVER)
    world.final = raw["final"]
    world.members = {one["code"]: _member(one) for one in raw.get("members", [])}
    world.keys = [_key(one) for one in raw.get("keys", [])]
    world.logs = {one["log"]: _log(one) for one in raw.get("logs", [])}
    world.contracts = {role: _held(held) for role, held in raw.get("contracts", {}).items()}
    world.anchors = [_anchor(one) for one in raw.get("anchors", [])]
    world.roots = {
        (one["contract"], one["log"], one["size"]): bytes.fromhex(one["root"])
        for one in raw.get("roots", [])
    }
    world.catalogue = [_item(one) for one in raw.get("catalogue", [])]
    world.states = {
        (one["contract"], one["recordId"]): Stored(
            int(one["word"], 16), one["history"], one["other"]
        )
        for one in raw.get("states", [])
    }
    world.acts = [_act(one) for one in raw.get("acts", [])]
    world.blocks = _blocks(raw)
    world.revocations = {
        (one["contract"], one["custodian"], one["commitment"]): one["time"]
        for one in raw.get("revocations", [])
    }
    return world


def read(path: Path, suite: Path) -> World:
    """Read a facts file, over its base where it has one."""
    raw = json.loads(path.read_bytes())
    base = raw.pop("base", None)
    if base is not None:
        raw = {**json.loads((suite / base).read_bytes()), **raw}
    return of_object(raw)
