"""Receipts: good ones, and for each way of being wrong one that must be refused there."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from ledger.core import canonical, entry, merkle, note, receipt
from ledger.core.canonical import b64_encode
from ledger.core.commitment import Commitment
from ledger.core.ids import Digest
from ledger.core.presentation import bind, present
from ledger.core.receipt import Anchor
from scripts.vector_kinds.common import Case, ed25519, flip, seed
from scripts.vector_kinds.formats import FIELDS, IAT, LOG, PRESENT, SCHEMA, SLOTS, commitment

NETWORK = receipt.network_reference(31337, "0x" + seed("consortium", 20).hex())
ANCHOR = Anchor(
    block=7,
    block_hash=Digest(seed("block")),
    time=1795000100,
    tx=Digest(seed("tx")),
)
INDEX, SIZE = 2, 5
_NOTE_KEY = ed25519("note")


def files() -> dict[str, list[Case]]:
    """All files of this kind."""
    return {
        "receipt/receipt": [_case(name, data) for name, data in _good().items()],
        "receipt/receipt_fail": [*_malformed(), *_disagreeing()],
    }


def _entry(made: Commitment, period: str = "2024-04") -> bytes:
    return entry.record_entry(
        commitment=made.digest, log=LOG, period=period, schema="penalty@1", timely="yes"
    )


def _tree(data: bytes) -> tuple[list[Digest], str]:
    """Leaves with `data` at INDEX, and the signed checkpoint over them."""
    leaves = [merkle.leaf_hash(seed(f"other {i}")) for i in range(SIZE - 1)]
    leaves.insert(INDEX, merkle.leaf_hash(data))
    root = merkle.root(leaves)
    return leaves, note.sign_checkpoint(note.origin_of(LOG), SIZE, root, _NOTE_KEY)


def _shown(made: Commitment, *names: str) -> str:
    return present(
        made.payload,
        [made.disclosures[name] for name in names],
        sign=PRESENT.sign,
        kid=PRESENT.kid,
        alg=PRESENT.alg,
        iat=IAT,
    )


def _bound(shown: str) -> str:
    return bind(
        shown,
        audience="demo-bank",
        nonce="n-1",
        authorisation=seed("authorisation"),
        sign=PRESENT.sign,
        kid=PRESENT.kid,
        alg=PRESENT.alg,
        iat=IAT + 1,
    )


def _value(data: bytes, **members: Any) -> dict[str, Any]:
    """A receipt of entry `data` as an object, whether its parts agree or not."""
    leaves, checkpoint = _tree(data)
    bare = receipt.build(
        anchor=ANCHOR,
        checkpoint=checkpoint,
        entry=data,
        index=INDEX,
        network=NETWORK,
        path=merkle.inclusion_path(leaves, INDEX),
    )
    return {**canonical.parse(bare[:-1]), **members}


def _file(value: dict[str, Any]) -> bytes:
    return canonical.encode(value) + b"\n"


def _good() -> dict[str, bytes]:
    made = commitment()
    shown = _shown(made, *FIELDS)
    case = entry.other_entry("case", commitment=seed("case"), log=LOG, ref=seed("ref"))
    return {
        "bare": _file(_value(_entry(made))),
        "yearly": _file(_value(_entry(made, "2024"), presentation=shown)),
        "shown": _file(_value(_entry(made), presentation=_shown(made, "CF_XDR_SHXYM"))),
        "bound": _file(_value(_entry(made), presentation=shown, binding=_bound(shown))),
        "case": _file(_value(case)),
    }


def _case(name: str, data: bytes) -> Case:
    parsed = receipt.parse(data)
    return {
        "name": name,
        "data": data.decode(),
        "slots": list(SLOTS),
        "leaf": parsed.leaf.hex(),
        "recordId": parsed.record_id.hex(),
    }


def _fail(name: str, data: bytes, stage: str) -> Case:
    """`stage`: parse, or group/id of the internal check that refuses it."""
    return {"name": name, "data": data.decode(), "stage": stage, "slots": list(SLOTS)}


def _malformed() -> Iterator[Case]:
    made = commitment()
    good = _value(_entry(made), presentation=_shown(made, "CF_XDR_SHXYM"))
    data = _file(good)
    for name, raw in {
        "empty": b"",
        "newline only": b"\n",
        "no newline": data[:-1],
        "two newlines": data + b"\n",
        "carriage return": data[:-1] + b"\r\n",
        "space": data.replace(b",", b", ", 1),
        "a list": b"[]\n",
        "member twice": data.replace(b'"index":2', b'"index":2,"index":2'),
        "index 2.0": data.replace(b'"index":2', b'"index":2.0'),
        "index -1": data.replace(b'"index":2', b'"index":-1'),
        "index 2^53": data.replace(b'"index":2', b'"index":9007199254740992'),
        "null": data.replace(b'"index":2', b'"index":null'),
    }.items():
        yield _fail(name, raw, "parse")
    for name in (
        "_type",
        "anchor",
        "checkpoint",
        "entry",
        "index",
        "log",
        "network",
        "path",
        "size",
    ):
        rest = {key: value for key, value in good.items() if key != name}
        yield _fail(f"without {name}", _file(rest), "parse")
    for name, change in _changes(good).items():
        yield _fail(name, _file({**good, **change}), "parse")


def _changes(good: dict[str, Any]) -> dict[str, dict[str, Any]]:
    anchor, path, log = good["anchor"], good["path"], good["log"]
    bound = _bound(good["presentation"])
    return {
        "one member more": {"status": "valid"},
        "version 2": {"_type": "credit-ledger/receipt@2"},
        "index true": {"index": True},
        "size as text": {"size": "5"},
        "log in upper case": {"log": log.upper()},
        "log with 0x": {"log": "0x" + log},
        "log not text": {"log": 1},
        "path of one text": {"path": path[0]},
        "path of numbers": {"path": [1, 2]},
        "path too long": {"path": path * 18},
        "path of short hashes": {"path": [item[:-2] for item in path]},
        "anchor not an object": {"anchor": []},
        "anchor with one more": {"anchor": {**anchor, "logIndex": 0}},
        "block as text": {"anchor": {**anchor, "block": "7"}},
        "block hash without 0x": {"anchor": {**anchor, "blockHash": anchor["blockHash"][2:]}},
        "tx in upper case": {"anchor": {**anchor, "tx": "0x" + anchor["tx"][2:].upper()}},
        "time with offset": {"anchor": {**anchor, "time": "2026-11-18T11:08:20+00:00"}},
        "time of no day": {"anchor": {**anchor, "time": "2026-02-30T11:08:20Z"}},
        "network of another kind": {"network": "solana:1:" + NETWORK[-42:]},
        "network with zero": {"network": NETWORK.replace("31337", "031337")},
        "network beyond 2^53": {"network": NETWORK.replace("31337", "9007199254740992")},
        "network in upper case": {"network": NETWORK[:-40] + NETWORK[-40:].upper()},
        "entry not an object": {"entry": "x"},
        "entry of version 2": {"entry": {**good["entry"], "_type": "credit-ledger/entry@2"}},
        "checkpoint not text": {"checkpoint": 1},
        "checkpoint with an extension": {
            "checkpoint": good["checkpoint"].replace("\n\n", "\nx\n\n")
        },
        "presentation without its tilde": {"presentation": good["presentation"][:-1]},
        "presentation not text": {"presentation": []},
        "binding that is none": {"presentation": good["presentation"], "binding": "x"},
        "binding with a tilde": {"binding": bound + "~"},
    }


def _disagreeing() -> Iterator[Case]:
    made, other = commitment(), commitment("another secret")
    data = _entry(made)
    shown = _shown(made, *FIELDS)
    good = _value(data, presentation=shown)
    path, leaves = good["path"], _tree(data)[0]
    flipped = [flip(bytes.fromhex(path[0])).hex(), *path[1:]]
    foreign_fields = _shown(other, *FIELDS)
    strange = flip(LOG, 3)
    swapped = made.payload, list(made.disclosures.values())[::-1]
    unordered = present(*swapped, sign=PRESENT.sign, kid=PRESENT.kid, alg=PRESENT.alg, iat=IAT)
    root6 = merkle.root([*leaves, leaves[0]])
    checkpoint6 = note.sign_checkpoint(note.origin_of(LOG), SIZE + 1, root6, _NOTE_KEY)
    foreign = note.sign_checkpoint(note.origin_of(strange), SIZE, merkle.root(leaves), _NOTE_KEY)
    other_root = good["checkpoint"].replace(
        b64_encode(merkle.root(leaves)), b64_encode(seed("another root"))
    )
    for name, stage, change in (
        ("index below", "inclusion/path", {"index": INDEX - 1}),
        ("index above", "inclusion/path", {"index": INDEX + 1}),
        ("index at the size", "inclusion/path", {"index": SIZE}),
        ("index far away", "inclusion/path", {"index": 2**53 - 1}),
        ("path flipped", "inclusion/path", {"path": flipped}),
        ("path swapped", "inclusion/path", {"path": [path[1], path[0], *path[2:]]}),
        ("path short", "inclusion/path", {"path": path[:-1]}),
        ("path empty", "inclusion/path", {"path": []}),
        ("path long", "inclusion/path", {"path": [*path, path[0]]}),
        ("another root", "inclusion/path", {"checkpoint": other_root}),
        ("size 0", "checkpoint/size", {"size": 0}),
        ("another size", "checkpoint/size", {"size": SIZE + 1}),
        ("a later checkpoint", "checkpoint/size", {"checkpoint": checkpoint6}),
        ("checkpoint of another log", "checkpoint/origin", {"checkpoint": foreign}),
        ("another log", "entry/log", {"log": strange.hex()}),
        ("entry of another log", "entry/log", {"entry": {**good["entry"], "log": strange.hex()}}),
        ("entry changed", "inclusion/path", {"entry": {**good["entry"], "timely": "no"}}),
        ("another record shown", "presentation/commitment", {"presentation": foreign_fields}),
        ("a field of another record", "presentation/disclosures", {
            "presentation": shown + other.disclosures["CF_WSH"] + "~"}),
        ("a field twice", "presentation/disclosures", {
            "presentation": shown + made.disclosures["CF_WSH"] + "~"}),
        ("fields out of order", "presentation/slots", {"presentation": unordered}),
        ("binding of another", "binding/sd-hash", {"binding": _bound(_shown(made, "CF_WSH"))}),
    ):  # fmt: skip
        yield _fail(name, _file({**good, **change}), stage)
    yield from _two_minds()


def _two_minds() -> Iterator[Case]:
    """Payload and entry are both genuine, and say different things."""
    for name, made in {
        "log": commitment(log=flip(LOG, 3)),
        "schema": commitment(schema=SCHEMA.replace("penalty@1", "penalty@2")),
        "period": commitment(decided=date(2024, 5, 1)),
    }.items():
        data = _file(_value(_entry(made), presentation=_shown(made, "CF_WSH")))
        yield _fail(f"{name} of the payload", data, f"agreement/{name}")
    made = commitment()
    case = entry.other_entry("case", commitment=made.digest, log=LOG)
    data = _file(_value(case, presentation=_shown(made, "CF_WSH")))
    yield _fail("a record shown for a case", data, "agreement/kind")
