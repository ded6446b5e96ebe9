"""What the contracts answer and told, made of facts: the ABI in place of the chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ledger.chain.contracts.contract_abi import SELECTOR_SIZE, Method, Name, decode, encode, load
from ledger.chain.contracts.structs import GENERAL as GENERAL_DATA
from ledger.chain.contracts.structs import MONTH, PUBLIC, ZERO, code_text
from ledger.chain.errors import Reverted
from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import Block, LogEntry
from ledger.conformance.world import Row, World, stolen_since
from ledger.core.ids import Address, bytes32_ascii, keccak256

_Answer = Callable[..., Any]
_ROLES: tuple[Name, ...] = ("LogAnchor", "Catalogue", "CaseRegistry")


_EMITS: Mapping[str, Name] = {"Anchored": "LogAnchor", "Acted": "CaseRegistry"}


class Contracts:
    """The contracts of a world at its head."""

    def __init__(self, world: World, added_at: int) -> None:
        """added_at: when every key is said to have been registered; the blocks of `KeyAdded` tell
        it apart."""
        self._world = world
        self._added_at = added_at
        self._names: dict[str, Name] = {world.network.consortium: "Consortium"}
        for role in _ROLES:
            self._names |= {held["address"]: role for held in world.held(role)}
        self._answers: Mapping[str, _Answer] = {
            "member": self._member,
            "roleHistory": self._roles,
            "keys": self._keys,
            "log": self._log,
            "contractHistory": self._history,
            "provinces": self._provinces,
            "rootAt": self._root_at,
            "item": self._items,
            "stored": self._stored,
        }

    def call(self, to: Address, data: bytes) -> bytes:
        """The result of a call; nothing where there is no contract. Raises Reverted."""
        name = self._names.get(to)
        if name is None:
            return b""
        method = _methods(name)[data[:SELECTOR_SIZE]]
        arguments = decode(method.inputs, data[SELECTOR_SIZE:])
        return encode(method.outputs, [self._answers[method.name](to, *arguments)])

    def _member(self, _: Address, code: bytes) -> dict[str, Any]:
        found = next((m for m in self._world.rows("members") if word(m["code"]) == code), None)
        return {
            "code": ZERO if found is None else code,
            "region": ZERO if found is None else word(found["region"]),
            "roles": found["roles"][-1]["roles"] if found and found["roles"] else 0,
            "status": 0 if found is None else found["status"],
            "seq": 0,
            "recoveredFrom": 0,
            "governTakenAt": 0,
            "endpoint": "",
        }

    def _roles(self, _: Address, code: bytes) -> list[Row]:
        found = (m["roles"] for m in self._world.rows("members") if word(m["code"]) == code)
        return [dict(span) for span in next(found, [])]

    def _keys(self, _: Address, code: bytes, start: int, count: int) -> list[dict[str, Any]]:
        found = [key for key in self._world.rows("keys") if word(key["member"]) == code]
        return [
            {
                "keyId": bytes.fromhex(key["keyId"]),
                "member": code,
                "purpose": key["purpose"],
                "alg": key["alg"],
                "notBefore": key["notBefore"],
                "notAfter": key["notAfter"],
                "compromisedSince": stolen_since(key),
                "addedAt": self._added_at,
                "publicKey": bytes.fromhex(key["publicKey"]),
            }
            for key in found[start : start + count]
        ]

    def _log(self, _: Address, log: bytes) -> dict[str, Any]:
        found = next((one for one in self._world.rows("logs") if one["log"] == log.hex()), None)
        return {
            "logId": ZERO if found is None else log,
            "member": ZERO if found is None else word(found["owner"]),
            "seq": 0,
            "suite": 0 if found is None else found["suite"],
            "status": 0 if found is None else found["status"],
            "trustedSize": 0 if found is None else found["trustedSize"] or 0,
            "predecessor": ZERO,
            "successor": ZERO,
        }

    def _history(self, _: Address, role: bytes) -> list[dict[str, Any]]:
        held = self._world.held(code_text(role))
        return [{"account": one["address"], "since": one["since"]} for one in held]

    def _provinces(self, _: Address) -> list[bytes]:
        members = self._world.rows("members")
        return [word(m["code"]) for m in members if m["roles"] and m["roles"][-1]["roles"] & 1]

    def _root_at(self, to: Address, log: bytes, size: int) -> bytes:
        place = (to, log.hex(), size)
        for root in self._world.rows("roots"):
            if (root["contract"], root["log"], root["size"]) == place:
                return bytes.fromhex(root["root"])
        return ZERO

    def _items(self, to: Address, item: bytes, region: bytes) -> list[dict[str, Any]]:
        return [
            {"item": _item(one), "putAt": one["putAt"]}
            for one in self._world.rows("catalogue")
            if one["contract"] == to
            and (word(one["itemId"]), word(one["region"])) == (item, region)
        ]

    def _stored(self, to: Address, records: list[bytes]) -> list[dict[str, Any]]:
        if any(h["address"] == to and h.get("silent") for h in self._world.held("CaseRegistry")):
            raise Reverted(str(to), number=3, text="silent", payload=b"")
        known = {s["recordId"]: s for s in self._world.rows("states") if s["contract"] == to}
        return [_state(known.get(record.hex())) for record in records]


def events(world: World, blocks: dict[int, Block]) -> Iterator[LogEntry]:
    """All events that a verdict may ask for. blocks: gets one for each closed log."""
    consortium = world.network.consortium
    for key in world.rows("keys"):
        member, id_ = word(key["member"]), bytes.fromhex(key["keyId"])
        said = {
            **{"member": member, "keyId": id_, "purpose": key["purpose"], "alg": key["alg"]},
            **{"publicKey": bytes.fromhex(key["publicKey"]), "notBefore": key["notBefore"]},
            **{"notAfter": key["notAfter"], "seq": 0, "signedBy": ZERO},
        }
        yield _event("KeyAdded", consortium, key["block"], said)
        for one in key["compromises"]:
            said = {"member": member, "keyId": id_, "since": one["since"], "seq": 0}
            said["signedBy"] = ZERO
            yield _event("KeyCompromised", consortium, one["block"], said)
    for log in world.rows("logs"):
        if log["closedAt"] is not None:
            number = _free(blocks, world.values["head"]["number"], log["closedAt"])
            said = {"logId": bytes.fromhex(log["log"]), "member": word(log["owner"])}
            said |= {"trustedSize": log["trustedSize"], "successor": ZERO}
            yield _event("LogClosed", consortium, number, said)
    for anchor in world.rows("anchors"):
        hexes = {"logId": "log", "root": "root", "keyId": "keyId"}
        said = {name: bytes.fromhex(anchor[member]) for name, member in hexes.items()}
        said |= {"size": anchor["size"], "prevSize": anchor["prevSize"]}
        yield _event("Anchored", anchor["contract"], anchor["block"], said, anchor)
    for act in world.rows("acts"):
        yield _event("Acted", act["contract"], act["block"], _acted(act))


def word(code: str) -> bytes:
    """A code as the contracts hold it; none: zero."""
    return bytes32_ascii(code) if code else ZERO


def _methods(name: Name) -> dict[bytes, Method]:
    return {method.selector: method for method in load(name).functions.values()}


def _free(blocks: dict[int, Block], head: int, time: int) -> int:
    """The number of a block of this time, a new one where none is known."""
    known = next((block.number for block in blocks.values() if block.time == time), None)
    if known is not None:
        return known
    number = next(number for number in range(head, -1, -1) if number not in blocks)
    like = blocks[head]
    hash_ = type(like.hash)("0x" + keccak256(f"closed {number}".encode()).hex())
    blocks[number] = Block(number=number, hash=hash_, parent=like.parent, time=time, base_fee=None)
    return number


def _item(one: Row) -> dict[str, Any]:
    return {
        "itemId": word(one["itemId"]),
        "version": one["version"],
        "kind": one["kind"],
        "contentHash": bytes.fromhex(one["contentHash"]),
        "from": one["from"],
        "until": one["until"],
        "visibility": PUBLIC,
        "region": word(one["region"]),
        "dataClass": GENERAL_DATA,
        "granularity": MONTH,
    }


def _state(found: Row | None) -> dict[str, Any]:
    if found is None:
        return {"word": 0, "history": ZERO, "otherRecordId": ZERO}
    return {
        "word": int(found["word"], 16),
        "history": bytes.fromhex(found["history"]),
        "otherRecordId": bytes.fromhex(found["other"]),
    }


def _acted(act: Row) -> dict[str, Any]:
    hexes = ("commitment", "doc", "otherCommitment")
    said = {name: bytes.fromhex(act[name]) for name in hexes}
    said |= {name + "Id": bytes.fromhex(act[name]) for name in ("log", "otherLog")}
    numbers = ("action", "expectedVersion", "basis", "effectiveAt", "refiledFrom")
    said |= {name: act[name] for name in numbers}
    return {
        "recordId": bytes.fromhex(act["recordId"]),
        "count": 0,
        "member": word(act["member"]),
        "act": said,
        "signedBy": bytes.fromhex(act["signedBy"]),
        "version": act["expectedVersion"],
        "prevBlock": act["prevBlock"],
        "head": ZERO,
    }


def _event(
    name: str,
    address: str,
    block: int,
    said: Mapping[str, Any],
    place: Row | None = None,
) -> LogEntry:
    """An event. place: says hash and transaction of its block; None: nobody asks."""
    event = load(_EMITS.get(name, "Consortium")).event(name)
    indexed = [encode((param,), [said[param.name]]) for param in event.inputs if param.indexed]
    plain = [param for param in event.inputs if not param.indexed]
    return LogEntry(
        address=Address(address),
        topics=(event.topic, *indexed),
        data=encode(plain, [said[param.name] for param in plain]),
        block=block,
        block_hash=Hash32(place["blockHash"] if place else ""),
        tx=Hash32(place["tx"] if place else ""),
        index=0,
    )
