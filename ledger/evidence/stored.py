"""What the view functions of our contracts answer, computed from their storage alone.

Twins of the Solidity functions of the same name, for those that a verdict asks: where each word
stands in the storage is proven, nobody need be believed. They hold for the code that ships with
this software and for no other; the caller MUST have compared it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from ledger.chain.contracts.contract_abi import Name
from ledger.core.canonical import hex0x
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import ADDRESS_SIZE, WORD, Address, address_bytes, word
from ledger.evidence import places
from ledger.evidence.places import after, data_of, entry, field

_ZERO = bytes(WORD)
_NOWHERE: Final = Address(hex0x(bytes(ADDRESS_SIZE)))
MAX_LIST: Final = 1024
"""Items of a list, or words of a text: no list of the contracts is longer."""
MAX_TENURES: Final = 64
"""Contracts that held one role, one after the other."""
_ITEM_WORDS: Final = 7
"""Words of a version of a catalogue item."""


class Storage(Protocol):
    """The storage of contracts at one block."""

    @property
    def consortium(self) -> Address:
        """The contract that names all others."""

    def words(self, address: Address, slots: Sequence[bytes]) -> list[bytes]:
        """What stands at these places. Raises CouldNotCheck."""

    def answer(self, address: Address, function: str, *arguments: Any) -> list[Any]:
        """The results of a view function of another contract there. Raises CouldNotCheck."""


def _word(storage: Storage, address: Address, slot: bytes) -> bytes:
    return storage.words(address, [slot])[0]


def _length(value: bytes) -> int:
    length = int.from_bytes(value, "big")
    if length > MAX_LIST:
        raise CouldNotCheck("storage-unreadable", f"a list of {length} items")
    return length


def _list(storage: Storage, address: Address, slot: bytes) -> list[bytes]:
    """The items of a list, each a word."""
    start = data_of(slot)
    count = _length(_word(storage, address, slot))
    return storage.words(address, [after(start, number) for number in range(count)])


def _texts(storage: Storage, address: Address, slots: Sequence[bytes]) -> list[bytes]:
    """Byte strings: up to 31 bytes stand in their word, longer ones elsewhere."""
    heads = storage.words(address, slots)
    places_ = [
        [after(data_of(slot), number) for number in range(_words_of(head))]
        for slot, head in zip(slots, heads, strict=True)
    ]
    rest = iter(storage.words(address, [place for part in places_ for place in part]))
    return [
        b"".join(next(rest) for _ in part)[: _long(head)] if part else head[: head[-1] // 2]
        for head, part in zip(heads, places_, strict=True)
    ]


def _long(head: bytes) -> int:
    return int.from_bytes(head, "big") // 2


def _words_of(head: bytes) -> int:
    """Words of a text outside its own."""
    return _length(word(-(-_long(head) // WORD))) if head[-1] & 1 else 0


# ---- Consortium


def _member(storage: Storage, to: Address, code: bytes) -> list[Any]:
    at = entry(code, places.MEMBERS)
    region, packed = storage.words(to, [at, after(at, 1)])
    known = field(packed, 8, 8) != 0
    [endpoint] = _texts(storage, to, [after(at, 2)]) if known else [b""]
    return [
        {
            "code": code if known else _ZERO,
            "region": region if known else _ZERO,
            "roles": field(packed, 0, 8) if known else 0,
            "status": field(packed, 8, 8),
            "seq": field(packed, 16, 64) if known else 0,
            "recoveredFrom": field(packed, 80, 64) if known else 0,
            "governTakenAt": field(packed, 144, 64) if known else 0,
            "endpoint": endpoint.decode("utf-8", "replace"),
        }
    ]


def _role_history(storage: Storage, to: Address, code: bytes) -> list[Any]:
    spans = _list(storage, to, entry(code, places.ROLES))
    return [[{"since": field(span, 0, 64), "roles": field(span, 64, 8)} for span in spans]]


def _keys(storage: Storage, to: Address, code: bytes, start: int, count: int) -> list[Any]:
    ids = _list(storage, to, entry(code, places.KEY_IDS))[start : start + count]
    of_member, of_keys = entry(code, places.KEYS), entry(code, places.PUBLIC_KEYS)
    states = storage.words(to, [entry(id_, of_member) for id_ in ids])
    texts = _texts(storage, to, [entry(id_, of_keys) for id_ in ids])
    return [
        [
            {
                "keyId": id_,
                "member": code,
                "purpose": field(state, 0, 8),
                "alg": field(state, 8, 16),
                "notBefore": field(state, 24, 64),
                "notAfter": field(state, 88, 64),
                "compromisedSince": field(state, 152, 64),
                "addedAt": field(state, 216, 40),
                "publicKey": text,
            }
            for id_, state, text in zip(ids, states, texts, strict=True)
        ]
    ]


def _log(storage: Storage, to: Address, log_id: bytes) -> list[Any]:
    owner = _word(storage, to, entry(log_id, places.OWNERS))
    at = entry(log_id, entry(owner, places.LOGS))
    known = any(owner)
    packed, predecessor, successor = (
        storage.words(to, [at, after(at, 1), after(at, 2)]) if known else [_ZERO] * 3
    )
    return [
        {
            "logId": log_id if known else _ZERO,
            "member": owner,
            "seq": field(packed, 0, 64),
            "suite": field(packed, 64, 16),
            "status": field(packed, 80, 8),
            "trustedSize": field(packed, 88, 64),
            "predecessor": predecessor,
            "successor": successor,
        }
    ]


def _contract_history(storage: Storage, to: Address, role: bytes) -> list[Any]:
    found: list[dict[str, Any]] = []
    account = _address(_word(storage, to, entry(role, places.CURRENT)))
    while account != _NOWHERE:
        if len(found) == MAX_TENURES:
            raise CouldNotCheck("storage-unreadable", "too many contracts of one role")
        before, since = _tenure(storage, to, account)
        found.append({"account": account, "since": since})
        account = before
    return [found[::-1]]


def _tenure(storage: Storage, consortium: Address, account: Address) -> tuple[Address, int]:
    """Who held the role before a contract, and since when it has held it."""
    at = entry(address_bytes(account).rjust(WORD, b"\0"), places.TENURES)
    packed = _word(storage, consortium, after(at, 1))
    return _address(packed), field(packed, 160, 64)


def _address(value: bytes) -> Address:
    return Address(hex0x(value[-ADDRESS_SIZE:]))


def _ballot(storage: Storage, to: Address, proposal_id: bytes, code: bytes) -> list[Any]:
    at = entry(code, entry(proposal_id, places.BALLOTS))
    packed, key_id = storage.words(to, [at, after(at, 1)])
    return [{"choice": field(packed, 0, 8), "castAt": field(packed, 8, 64), "keyId": key_id}]


# ---- LogAnchor


def _latest(storage: Storage, to: Address, log_id: bytes) -> list[Any]:
    size = _word(storage, to, entry(log_id, places.SIZES))
    if any(size):
        root = _word(storage, to, entry(size, entry(log_id, places.ROOTS)))
        return [field(size, 0, 64), root]
    before, _ = _tenure(storage, storage.consortium, to)
    return [0, _ZERO] if before == _NOWHERE else storage.answer(before, "latest", log_id)


def _root_at(storage: Storage, to: Address, log_id: bytes, size: int) -> list[Any]:
    root = _word(storage, to, entry(word(size), entry(log_id, places.ROOTS)))
    before, _ = _tenure(storage, storage.consortium, to)
    if any(root) or before == _NOWHERE:
        return [root]
    return storage.answer(before, "rootAt", log_id, size)


# ---- Catalogue, CaseRegistry


def _item(storage: Storage, to: Address, item_id: bytes, region: bytes) -> list[Any]:
    slot = entry(region, entry(item_id, places.SERIES))
    count, start = _length(_word(storage, to, slot)), data_of(slot)
    found = storage.words(to, [after(start, number) for number in range(_ITEM_WORDS * count)])
    return [
        [
            _version(found[at : at + _ITEM_WORDS])
            for at in range(0, _ITEM_WORDS * count, _ITEM_WORDS)
        ]
    ]


def _version(words: Sequence[bytes]) -> dict[str, Any]:
    item_id, first, content, window, region, last, put_at = words
    return {
        "item": {
            "itemId": item_id,
            "version": field(first, 0, 32),
            "kind": field(first, 32, 8),
            "contentHash": content,
            "from": field(window, 0, 64),
            "until": field(window, 64, 64),
            "visibility": field(window, 128, 8),
            "region": region,
            "dataClass": field(last, 0, 8),
            "granularity": field(last, 8, 8),
        },
        "putAt": field(put_at, 0, 64),
    }


def _stored(storage: Storage, to: Address, record_ids: Sequence[bytes]) -> list[Any]:
    """What a successor has not, its predecessor may have; one that has nothing proves so by zero
    words."""
    slots = [entry(record, places.RECORDS) for record in record_ids]
    words = storage.words(to, [after(slot, place) for slot in slots for place in range(3)])
    found = [_state(words[at : at + 3]) for at in range(0, len(words), 3)]
    missing = [record for record, one in zip(record_ids, found, strict=True) if not one["word"]]
    before, _ = _tenure(storage, storage.consortium, to)
    if missing and before != _NOWHERE:
        told = iter(storage.answer(before, "stored", missing)[0])
        found = [one if one["word"] else next(told) for one in found]
    return [found]


def _state(words: Sequence[bytes]) -> dict[str, Any]:
    value, history, other = words
    number = int.from_bytes(value, "big")
    if not number:
        return {"word": 0, "history": _ZERO, "otherRecordId": _ZERO}
    return {"word": number, "history": history, "otherRecordId": other}


ANSWERS: Final[Mapping[tuple[Name, str], Callable[..., list[Any]]]] = {
    ("Consortium", "member"): _member,
    ("Consortium", "roleHistory"): _role_history,
    ("Consortium", "keys"): _keys,
    ("Consortium", "log"): _log,
    ("Consortium", "contractHistory"): _contract_history,
    ("Consortium", "ballot"): _ballot,
    ("LogAnchor", "latest"): _latest,
    ("LogAnchor", "rootAt"): _root_at,
    ("Catalogue", "item"): _item,
    ("CaseRegistry", "stored"): _stored,
}
"""By contract and function: what it answers, given the storage, its address and the arguments."""
