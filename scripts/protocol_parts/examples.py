"""Example bytes: from the vectors, and what follows from them."""

import json
from typing import Any

from ledger.core import ids, note
from ledger.core.canonical import b64u_decode, hex32
from ledger.core.eip712 import STRUCTS
from scripts.protocol_parts import numbers
from scripts.protocol_parts.tables import source

CONTRACT_OF = {
    "Checkpoint": "LogAnchor",
    "Promise": "LogAnchor",
    "Propose": "Consortium",
    "Vote": "Consortium",
    "SetEndpoint": "Consortium",
    "AddKey": "Consortium",
    "RevokeKey": "Consortium",
    "PutSupplement": "Catalogue",
    "Acts": "CaseRegistry",
    "Ack": "CaseRegistry",
    "Revoke": "Revocations",
    "Register": "Products",
    "Publish": "Products",
    "Retire": "Products",
}
"""Whose domain each type is signed under."""


def vector(path: str) -> Any:
    """A file of tests/vectors."""
    return json.loads(source(f"tests/vectors/{path}.json"))


def case(path: str, name: str) -> dict[str, Any]:
    """One case of such a file."""
    found: dict[str, Any] = next(c for c in vector(path)["cases"] if c["name"] == name)
    return found


def examples() -> dict[str, str]:
    """Every example by its name in the text; without the newline at the end."""
    penalty = vector("penalty/expected")
    receipt = case("receipt/receipt", "bound")
    value = json.loads(receipt["data"])
    cosigned = case("checkpoint/checkpoint", "size 5, 1 cosigned")
    shown = value["presentation"].split("~")
    made = {
        **{name: penalty[name] for name in _PENALTY},
        "disclosures.CF_XDR_MC": penalty["disclosures"]["CF_XDR_MC"],
        "statement": case("entry/entry", "statement")["data"],
        "cosigned": cosigned["text"],
        "cosigned.publicKey": cosigned["witnesses"][0]["publicKey"],
        "receipt": receipt["data"],
        "receipt.slots": json.dumps(receipt["slots"]),
        "receipt.leaf": receipt["leaf"],
        "receipt.recordId": receipt["recordId"],
        "receipt.vkey": _vkey(value),
        "presentation.header": _part(shown[0], 0),
        "presentation.payload": _part(shown[0], 1),
        "presentation.disclosure": b64u_decode(shown[1]).decode(),
        "presentation.publicKey": case("presentation/presentation", "P256")["publicKey"],
        "binding.header": _part(value["binding"], 0),
        "binding.payload": _part(value["binding"], 1),
        "types": _types(),
        "slot.owner": _slot(numbers.libraries(numbers.SLOTS)["ConsortiumSlot"]["OWNERS"][0]),
        "slot.root": _root_slot(),
    }
    return {name: text.rstrip("\n") for name, text in made.items()}


_PENALTY = (
    "logId",
    "commitment",
    "entry",
    "leaf",
    "recordId",
    "checkpoint",
    "vkey",
    "promiseDigest",
    "checkpointDigest",
)


def _part(jws: str, place: int) -> str:
    return b64u_decode(jws.split(".")[place]).decode()


def _vkey(value: dict[str, Any]) -> str:
    """Of the example's log; the vectors of checkpoints have the same."""
    return next(
        str(found["vkey"])
        for found in vector("checkpoint/checkpoint")["cases"]
        if found["log"] == value["log"]
    )


def _types() -> str:
    lines = [f"{CONTRACT_OF[name]:<13}{STRUCTS[name]}" for name in CONTRACT_OF]
    return "\n".join(lines)


def _log() -> bytes:
    return bytes.fromhex(vector("penalty/expected")["logId"])


def _slot(slot: int) -> str:
    return "0x" + hex32(ids.keccak256(_log() + ids.word(slot)))


def _root_slot() -> str:
    """Where the root of the example's log at the size of its checkpoint stands."""
    slot = numbers.libraries(numbers.SLOTS)["LogAnchorSlot"]["ROOTS"][0]
    size = note.parse_checkpoint(vector("penalty/expected")["checkpoint"]).size
    return "0x" + hex32(ids.keccak256(ids.word(size) + ids.keccak256(_log() + ids.word(slot))))
