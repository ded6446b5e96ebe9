"""The world of the suite: its members, their keys and logs, and what the chain says of them.

Provinces 910000, 920000 and 930000, a bureau and a bank; none of them exists.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from ledger.core.ids import keccak256
from ledger.core.keys import Alg, Purpose
from scripts.conformance_parts import library
from scripts.conformance_parts.evidence import Log
from scripts.conformance_parts.keys import Key, row, seed

HOUR, DAY = 3600, 86_400
T: Final = 1_795_000_000
"""Block time of the second anchor: 2026-11-18T11:06:40Z, the evening of 18 November in Shanghai."""
FIRST: Final = T - 2 * DAY
"""Block time of the first anchor."""
HEAD: Final = T + 2 * DAY
NOW: Final = HEAD + 20
BEGIN: Final = T - 60 * DAY
"""When everything was registered."""
FOREVER: Final = 0

OWNER, OTHER, THIRD, BUREAU, BANK = "910000", "920000", "930000", "910000-bureau", "demo-bank"
CHAIN_ID: Final = 31337
CONSORTIUM: Final = "0x" + seed("consortium", 20).hex()
ANCHORS: Final = "0x" + seed("LogAnchor", 20).hex()
OLD_ANCHORS: Final = "0x" + seed("LogAnchor before", 20).hex()
CATALOGUE: Final = "0x" + seed("Catalogue", 20).hex()
OLD_CATALOGUE: Final = "0x" + seed("Catalogue before", 20).hex()
REVOCATIONS: Final = "0x" + seed("Revocations", 20).hex()
REGISTRY: Final = "0x" + seed("CaseRegistry", 20).hex()
OLD_REGISTRY: Final = "0x" + seed("CaseRegistry before", 20).hex()
NETWORK: Final = f"eip155:{CHAIN_ID}:{CONSORTIUM}"
FORMERLY: Final = f"eip155:{CHAIN_ID}:0x{seed('consortium before', 20).hex()}"

NOTE = Key(Alg.ED25519, "910000 NOTE")
PRESENT = Key(Alg.P256, "910000 PRESENT")
PRESENT_ED = Key(Alg.ED25519, "910000 PRESENT, Ed25519")
PRESENT_K = Key(Alg.SECP256K1, "910000 PRESENT, secp256k1")
ANCHOR = Key(Alg.SECP256K1, "910000 ANCHOR")
CASE = Key(Alg.SECP256K1, "910000 CASE")
DECIDE = Key(Alg.SECP256K1, "910000 DECIDE")
THIEF = Key(Alg.SECP256K1, "910000 DECIDE, which is stolen where a case says so")
REQUEST = Key(Alg.ED25519, "910000 REQUEST")
OTHER_NOTE = Key(Alg.ED25519, "920000 NOTE")
OTHER_PRESENT = Key(Alg.P256, "920000 PRESENT")
OTHER_ANCHOR = Key(Alg.SECP256K1, "920000 ANCHOR")
OTHER_WITNESS = Key(Alg.ED25519, "920000 WITNESS")
OTHER_CASE = Key(Alg.SECP256K1, "920000 CASE")
OTHER_REQUEST = Key(Alg.P256, "920000 REQUEST")
THIRD_NOTE = Key(Alg.ED25519, "930000 NOTE")
THIRD_PRESENT = Key(Alg.P256, "930000 PRESENT")
THIRD_ANCHOR = Key(Alg.SECP256K1, "930000 ANCHOR")
THIRD_WITNESS = Key(Alg.ED25519, "930000 WITNESS")
BUREAU_NOTE = Key(Alg.ED25519, "bureau NOTE")
BUREAU_PRESENT = Key(Alg.P256, "bureau PRESENT")
BUREAU_ANCHOR = Key(Alg.SECP256K1, "bureau ANCHOR")
BANK_NOTE = Key(Alg.ED25519, "bank NOTE")
BANK_ANCHOR = Key(Alg.SECP256K1, "bank ANCHOR")
BANK_REQUEST = Key(Alg.ED25519, "bank REQUEST")
STRANGER = Key(Alg.P256, "nobody's")
STRANGER_ED = Key(Alg.ED25519, "nobody's")
STRANGER_K = Key(Alg.SECP256K1, "nobody's")

World = dict[str, Any]
Rows = list[dict[str, Any]]

KEYS: Rows = [
    row(NOTE, OWNER, Purpose.NOTE),
    row(PRESENT, OWNER, Purpose.PRESENT),
    row(ANCHOR, OWNER, Purpose.ANCHOR),
]
"""Those that a receipt stands on."""
MORE_KEYS: Rows = [
    row(PRESENT_ED, OWNER, Purpose.PRESENT),
    row(PRESENT_K, OWNER, Purpose.PRESENT),
    row(CASE, OWNER, Purpose.CASE),
    row(DECIDE, OWNER, Purpose.DECIDE),
    row(THIEF, OWNER, Purpose.DECIDE),
    row(REQUEST, OWNER, Purpose.REQUEST),
    row(OTHER_NOTE, OTHER, Purpose.NOTE),
    row(OTHER_PRESENT, OTHER, Purpose.PRESENT),
    row(OTHER_ANCHOR, OTHER, Purpose.ANCHOR),
    row(OTHER_WITNESS, OTHER, Purpose.WITNESS),
    row(THIRD_WITNESS, THIRD, Purpose.WITNESS),
    row(BUREAU_NOTE, BUREAU, Purpose.NOTE),
    row(BUREAU_PRESENT, BUREAU, Purpose.PRESENT),
    row(BUREAU_ANCHOR, BUREAU, Purpose.ANCHOR),
]


def instant(seconds: int) -> str:
    """Unix seconds as JSON has them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(seconds: int) -> str:
    """The day of an instant in Asia/Shanghai."""
    return datetime.fromtimestamp(seconds, timezone(timedelta(hours=8))).strftime("%Y-%m-%d")


def end_of(text: str) -> int:
    """The first instant behind a day in Asia/Shanghai."""
    at = datetime.fromisoformat(text).replace(tzinfo=timezone(timedelta(hours=8)))
    return int(at.timestamp()) + DAY


def time_of(block: int) -> int:
    """Of a block from the second anchor's on: the head is 80 blocks and two days behind it."""
    return T + (block - 120) * 2160


def block_hash(number: int) -> str:
    """Of a block."""
    return "0x" + seed(f"block {number}").hex()


def member(code: str, roles: int, **changes: Any) -> dict[str, Any]:
    """A member as facts have it."""
    values = {"code": code, "region": code[:6], "status": 1}
    return {**values, "roles": [{"since": BEGIN, "roles": roles}], **changes}


def item(id_: str, **changes: Any) -> dict[str, Any]:
    """A version of a national item that has been in force all the time."""
    name, _, version = id_.partition("@")
    values = {
        "contract": CATALOGUE,
        "itemId": name,
        "region": "",
        "kind": 5 if name == "publicity" else 1,
        "version": int(version),
        "contentHash": library.sha256(id_),
        "from": BEGIN,
        "until": FOREVER,
        "putAt": BEGIN,
    }
    return {**values, **changes}


def anchor(log: Log, sizes: tuple[int, int], key: Key, block: int, time: int) -> dict[str, Any]:
    """An anchor as facts have it. sizes: the one before, and its own."""
    prev, size = sizes
    return {
        "contract": ANCHORS,
        "log": log.id,
        "prevSize": prev,
        "size": size,
        "root": log.root(size).hex(),
        "keyId": key.id,
        "block": block,
        "blockHash": block_hash(block),
        "time": time,
        "tx": "0x" + seed(f"tx of {log.id} {size}").hex(),
    }


def root(of: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """What rootAt gives of an anchor."""
    return {**{name: of[name] for name in ("contract", "log", "size", "root")}, **changes}


def log_row(log: Log, **changes: Any) -> dict[str, Any]:
    """A log as facts have it, open."""
    values = {"log": log.id, "owner": log.owner, "suite": 1, "status": 1}
    return {**values, "trustedSize": None, "closedAt": None, **changes}


def held(address: str, since: int = BEGIN, **more: Any) -> dict[str, Any]:
    """A contract that holds a role."""
    return {"address": address, "since": since, **more}


def worlds(logs: list[Log], anchors: Rows) -> dict[str, World]:
    """Worlds in which everything is well, and one in which a key was stolen."""
    plain = _base(logs, anchors)
    wide: World = {
        "note": "The same with the keys of all members, and all types in the catalogue.",
        "keys": [*KEYS, *MORE_KEYS],
        "catalogue": [item(id_) for id_ in (*IN_FORCE, *MORE_IN_FORCE)],
    }
    told = {"since": T, "block": 150, "time": time_of(150)}
    keys = [
        {**one, "compromisedSince": T, "compromises": [told]} if one["keyId"] == THIEF.id else one
        for one in wide["keys"]
    ]
    thief = {"note": "A key that decides was stolen, which everybody knows for good.", "keys": keys}
    return {"world": plain, "wide": {**plain, **wide}, "thief": {**plain, **wide, **thief}}


def _base(logs: list[Log], anchors: Rows) -> World:
    return {
        "_type": "credit-ledger/conformance-facts@1",
        "note": "Everything is well. All of it is made up, and every key is a test key.",
        "network": {
            "reference": NETWORK,
            "name": "conformance",
            "digest": keccak256(b"no file").hex(),
            "maxHeadAge": 300,
            "formerly": [FORMERLY],
        },
        "now": NOW,
        "unread": None,
        "head": {"number": 200, "hash": block_hash(200), "time": HEAD},
        "final": 190,
        "members": [
            member(OWNER, 1),
            member(OTHER, 1),
            member(THIRD, 1),
            member(BUREAU, 2),
            member(BANK, 4, region=""),
        ],
        "keys": KEYS,
        "logs": [log_row(log) for log in logs],
        "contracts": {
            "LogAnchor": [held(ANCHORS)],
            "Catalogue": [held(CATALOGUE)],
            "CaseRegistry": [held(REGISTRY)],
        },
        "anchors": anchors,
        "roots": [root(one) for one in anchors],
        "catalogue": [item(id_) for id_ in IN_FORCE],
        "states": [],
        "acts": [],
    }


IN_FORCE = ("sample-penalty@1", "publicity@1")
MORE_IN_FORCE = (
    *("sample-permit@1", "sample-notice@1", "sample-person@1", "sample-kindless@1"),
    *("penalty@1", "licence@1"),
)

Change = Callable[[World], Any] | Any


def with_key(key: Key, **changes: Any) -> Callable[[World], Rows]:
    """The keys, one of them changed."""
    return lambda world: [
        {**one, **changes} if one["keyId"] == key.id else one for one in world["keys"]
    ]


def without_key(key: Key) -> Callable[[World], Rows]:
    """The keys but one."""
    return lambda world: [one for one in world["keys"] if one["keyId"] != key.id]


def with_row(name: str, chosen: Callable[[dict[str, Any]], bool], **changes: Any) -> Change:
    """A list, with those of its rows changed that are chosen."""
    return lambda world: [{**one, **changes} if chosen(one) else one for one in world[name]]


def with_item(id_: str, **changes: Any) -> Change:
    """The catalogue, one item changed."""
    name = id_.partition("@")[0]
    return with_row("catalogue", lambda one: one["itemId"] == name, **changes)
