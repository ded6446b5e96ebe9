"""Receipts: good ones, and for each way of being wrong one that must be refused there."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from ledger.core import canonical, entry, merkle, note, receipt
from ledger.core.canonical import b64_encode, b64u_decode, b64u_encode
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
        "receipt/receipt_newer": list(_newer()),
        "receipt/receipt_respelled": list(_respelled()),
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
    statement = entry.statement_entry(commitment=seed("statement"), log=LOG)
    cosigned = note.parse_checkpoint(_tree(_entry(made))[1])
    key = ed25519("witness")
    witness = note.cosign(
        cosigned,
        member="130000",
        time=IAT,
        public_key=key.public_key().public_bytes_raw(),
        sign=key.sign,
    )
    return {
        "bare": _file(_value(_entry(made))),
        "yearly": _file(_value(_entry(made, "2024"), presentation=shown)),
        "shown": _file(_value(_entry(made), presentation=_shown(made, "CF_XDR_SHXYM"))),
        "bound": _file(_value(_entry(made), presentation=shown, binding=_bound(shown))),
        "statement": _file(_value(statement)),
        "cosigned": _file(
            _value(_entry(made), checkpoint=replace(cosigned, witnesses=(witness,)).text)
        ),
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
        "no newline, and altered": data[:-1].replace(b'"index":2', b'"index":-2'),
        "members swapped, and spaced": data.replace(b'"index":2,', b"").replace(
            b"}\n", b', "index": 2}\n'
        ),
        "a newline in a text": data.replace(b"\\n", b"\n"),
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
        "version 0": {"_type": "credit-ledger/receipt@0"},
        "another family": {"_type": "credit-ledger/promise@1"},
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
        "entry of another kind": {"entry": {**good["entry"], "kind": "case"}},
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
        ("fields out of order", "presentation/disclosures", {"presentation": unordered}),
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
    statement = entry.statement_entry(commitment=made.digest, log=LOG)
    data = _file(_value(statement, presentation=_shown(made, "CF_WSH")))
    yield _fail("a record shown for a statement", data, "agreement/kind")


def _newer() -> Iterator[Case]:
    """`version-unknown`: that goes before everything malformed."""
    made = commitment()
    good = _value(_entry(made), presentation=_shown(made, "CF_XDR_SHXYM"))
    entry_, checkpoint, shown = good["entry"], good["checkpoint"], good["presentation"]
    header = canonical.parse(b64u_decode(shown.partition(".")[0]))
    sm2 = b64u_encode(canonical.encode({**header, "alg": "SM2"})) + shown[shown.index(".") :]
    receipt_2 = {**good, "_type": "credit-ledger/receipt@2"}
    entry_2 = {**entry_, "_type": "credit-ledger/entry@2"}
    line = f"— example.com/witness {b64_encode(seed('signature', 76))}\n"
    changes: dict[str, dict[str, Any]] = {
        "entry of version 2": {"entry": entry_2},
        "entry of version 2, deeper": {"entry": {**entry_2, "more": {"a": [1]}}},
        "entry of suite sm3": {"entry": {**entry_, "suite": "sm3"}},
        "presentation by SM2": {"presentation": sm2},
        "an unknown signature line": {"checkpoint": checkpoint + line},
        "entry of version 2, path not a list": {"entry": entry_2, "path": "x"},
        "presentation by SM2, no log": {"presentation": sm2, "log": ""},
        "binding by SM2": {"binding": _with_alg(_bound(shown), "SM2")},
    }
    yield {"name": "version 2", "data": _file(receipt_2).decode()}
    yield {"name": "version 2 of nothing else", "data": '{"_type":"credit-ledger/receipt@2"}'}
    yield {"name": "version 2, spaced", "data": '{ "a": 1.5, "_type": "credit-ledger/receipt@2" }'}
    yield {"name": "another family of version 2", "data": '{"_type":"credit-ledger/opening@2"}\n'}
    for name, change in changes.items():
        yield {"name": name, "data": _file({**good, **change}).decode()}
    spaced = canonical.encode({**good, "entry": entry_2}).replace(b",", b", ").decode()
    yield {"name": "entry of version 2, spaced", "data": spaced}


def _with_alg(jws: str, alg: str) -> str:
    header, rest = jws.split(".", 1)
    value = canonical.parse(b64u_decode(header))
    return f"{b64u_encode(canonical.encode({**value, 'alg': alg}))}.{rest}"


def _respelled() -> Iterator[Case]:
    """Malformed with the code `not-canonical-bytes`: what editors and mail make of a file."""
    made = commitment()
    shown = _value(_entry(made), presentation=_shown(made, "CF_XDR_SHXYM"))
    data = _file(shown).decode()
    pretty = json.dumps(json.loads(data), indent=2, ensure_ascii=False)
    yield {"name": "pretty-printed", "data": pretty}
    yield {"name": "no newline", "data": data[:-1]}
    yield {"name": "two newlines", "data": data + "\n"}
    yield {"name": "carriage return", "data": data[:-1] + "\r\n"}
    yield {"name": "byte order mark", "data": "\ufeff" + data}
    yield {"name": "spaces", "data": data.replace(',"', ', "')}
    yield {"name": "tabs before", "data": "\t" + data}
