"""What the contracts hold, as Python values.

Codes (members, regions, roles, items) are text; "" where the word is zero, 0x and 64 digits where
it is not printable ASCII. Ids and digests are bytes, None where zero means "none". Times are Unix
seconds. Names are those of Solidity in snake case, but its `from` is `since`.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NewType, TypeVar, cast, get_type_hints

from ledger.core.errors import Malformed
from ledger.core.ids import (
    Address,
    Digest,
    KeyId,
    LogId,
    RecordId,
    ascii_bytes32,
    bytes32_ascii,
    word,
)
from ledger.core.status import Act, State, Word

Code = NewType("Code", str)

# Numbers of contracts/types/Codes.sol; a test compares them.
ACTIVE, SUSPENDED, RETIRED = 1, 2, 3  # status of a member
OPEN, CLOSED = 1, 2  # status of a log
YES, NO = 1, 2  # choice in a vote
SUSPEND, REINSTATE, RECOVER_KEY, REGISTER_CONTRACT = 1, 2, 3, 4  # kinds of actions
OPEN_SUCCESSOR, COMPROMISE_KEY, PUT_NATIONAL, SET_CHAIR = 5, 6, 7, 8
ACT, ADMIT, RETIRE, SET_ROLES = 9, 10, 11, 12
SET_THRESHOLD, OPEN_LOG, COMPROMISE_ALL = 13, 14, 15
DATASET, MODEL, PORTRAIT, REPORT = 1, 2, 3, 4  # kinds of products
RECORD_TYPE, SEVERE_LIST, MEASURES, AGREEMENT, RULES = 1, 2, 3, 4, 5  # kinds of items
PUBLIC, ON_AUTHORISATION, GOVERNMENT = 1, 2, 3  # visibility, the stricter the higher
GENERAL, IMPORTANT = 1, 2  # data class
MONTH, YEAR = 1, 2  # granularity of `period`

NATIONAL = Code("")  # region of a national item
ZERO = bytes(32)
NO_ADDRESS = "0x" + "00" * 20
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`seq`: the number that the next write about it must carry. `roles`: ledger.core.keys.Role.

    `recovered_from`: when the latest key that a vote gave it begins or began, 0: it was given none.
    `govern_taken_at`: when a vote last held one of its GOVERN keys to be stolen, 0: never.
    """

    code: Code
    region: Code
    roles: int
    status: int
    seq: int
    recovered_from: int
    govern_taken_at: int
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSpan:
    """The roles of a member from `since` until the next change."""

    since: int
    roles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Its window holds both ends; `compromised_since` 0: never."""

    key_id: KeyId
    member: Code
    purpose: int
    alg: int
    not_before: int
    not_after: int
    compromised_since: int
    added_at: int
    public_key: bytes

    def valid_at(self, time: int) -> bool:
        """As the contract's keyValidAt has it, apart from the purpose."""
        held = self.compromised_since == 0 or time < self.compromised_since
        return held and self.not_before <= time <= self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """`trusted_size` counts once the log is closed."""

    log_id: LogId
    member: Code
    seq: int
    suite: int
    status: int
    trusted_size: int
    predecessor: LogId | None
    successor: LogId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRegistration:
    """A contract that took over a role at `since`."""

    account: Address
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`yes`: votes that stand. `executed` is never true of what another contract carries out."""

    proposer: Code
    kind: int
    data_hash: Digest
    expires_at: int
    executed: bool
    yes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """A province's vote; `choice` 0: none."""

    choice: int
    cast_at: int
    key_id: KeyId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueItem:
    """One version of an item as it is put. In force from `since` until before `until` (0: open)."""

    item_id: Code
    version: int
    kind: int
    content_hash: Digest
    since: int
    until: int
    visibility: int
    region: Code
    data_class: int
    granularity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueVersion:
    """A version of an item as the chain has it, and the block's time at which it was put."""

    item: CatalogueItem
    put_at: int

    @property
    def begins(self) -> int:
        """What is put later never changes what was in force before, whatever day it names."""
        return max(self.item.since, self.put_at)

    def in_force(self, time: int) -> bool:
        """By its own period; whether a later version or a national item stands before it, only
        the series tells."""
        return self.begins <= time and (self.item.until == 0 or time < self.item.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchoredSize:
    """The last anchor of a log; size 0 and no root before the first."""

    size: int
    root: Digest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActCount:
    """How many acts there were, on all records, and the head that they fold to."""

    count: int
    head: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Up to which act a member has carried out all of them, 0: none. head_start: the first 24 bytes
    of the head that it named."""

    count: int
    head_start: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product of a member. versions: how many were published. method: SHA-256 of the text that
    says how it is made, None: the product is not registered. retired_at 0: it is not retired."""

    kind: int
    versions: int
    registered_at: int
    retired_at: int
    method: Digest | None
    registered_by: KeyId | None
    retired_by: KeyId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductVersion:
    """A version of a product. inputs: how many records it was made of. content: SHA-256 of what
    users are handed."""

    inputs: int
    published_at: int
    content: Digest
    method: Digest
    inputs_root: Digest
    published_by: KeyId


def code_text(word: bytes) -> Code:
    """The code in a word. One that nobody can type does not stop the reading: it shows as hex."""
    if word == ZERO:
        return NATIONAL
    try:
        return Code(ascii_bytes32(word))
    except Malformed:
        return Code("0x" + word.hex())


def code_word(code: Code) -> bytes:
    """The word that `code_text` showed."""
    if len(code) == len("0x") + 2 * len(ZERO):
        return bytes.fromhex(code[2:])
    return bytes32_ascii(code) if code else ZERO


def act_of(values: Mapping[str, Any]) -> Act:
    """An act from its Solidity values: the inverse of `ledger.core.status.act_values`."""
    return Act(
        log=LogId(values["logId"]),
        commitment=Digest(values["commitment"]),
        action=values["action"],
        expected_version=values["expectedVersion"],
        basis=values["basis"],
        doc=Digest(values["doc"]),
        effective_at=values["effectiveAt"],
        other_log=LogId(values["otherLogId"]),
        other_commitment=Digest(values["otherCommitment"]),
        refiled_from=values["refiledFrom"],
    )


def state_of(values: Mapping[str, Any]) -> State:
    """The state of a record as `stored` gives it. Raises Malformed where the word means nothing."""
    return State(
        word=Word.decode(word(values["word"])),
        history=Digest(values["history"]),
        other=RecordId(values["otherRecordId"]),
    )


def item_values(item: CatalogueItem) -> dict[str, Any]:
    """An item as its ABI wants it: the inverse of `build`."""
    values = {_solidity_name(CatalogueItem, f.name): getattr(item, f.name) for f in fields(item)}
    for name in ("itemId", "region"):
        values[name] = bytes32_ascii(values[name]) if values[name] else ZERO
    return values


def address(value: Any) -> Address:
    return Address(str(value).lower())


def address_or_none(value: Any) -> Address | None:
    return None if value == NO_ADDRESS else address(value)


def digest_or_none(word: bytes) -> Digest | None:
    return None if word == ZERO else Digest(word)


def build(cls: type[T], values: Mapping[str, Any], **others: Any) -> T:
    """A dataclass from Solidity values, by the types of its fields."""
    readers = _readers(cast(Any, cls))
    made = {name: read(values[solidity]) for name, (solidity, read) in readers.items()}
    return cls(**made, **others)


@functools.cache
def _readers(cls: type[Any]) -> dict[str, tuple[str, Callable[[Any], Any]]]:
    hints = get_type_hints(cls)
    return {
        field.name: (_solidity_name(cls, field.name), _reader(hints[field.name]))
        for field in fields(cls)
        if field.name != "entry"
    }


def _reader(hint: Any) -> Callable[[Any], Any]:
    if hint in (KeyId | None, LogId | None, Digest | None):
        return digest_or_none
    return _READERS.get(hint, lambda value: value)


_READERS: dict[Any, Callable[[Any], Any]] = {
    Code: code_text,
    Address: address,
    Address | None: address_or_none,
    CatalogueItem: lambda value: build(CatalogueItem, value),
    Act: act_of,
}


def _solidity_name(cls: type[Any], name: str) -> str:
    if cls is CatalogueItem and name == "since":
        return "from"
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)
