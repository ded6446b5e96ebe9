"""Canonical spellings, EIP-712 and entries, and what presentations and receipts share."""

from collections.abc import Iterator
from datetime import date

from eth_keys.datatypes import PrivateKey

from ledger.core import canonical, eip712, entry
from ledger.core.commitment import Commitment, Header, commit
from ledger.core.ids import LogId
from ledger.core.keys import ORDERS, Alg
from ledger.core.merkle import leaf_hash
from scripts.vector_kinds.common import Case, JwsKey, seed

LOG = LogId(seed("log"))
SLOTS = ("CF_XDR_MC", "CF_XDR_SHXYM", "CF_WSH", "CF_CFLB", "CF_JDRQ", "BZ")
FIELDS: dict[str, str | list[str]] = {
    "CF_XDR_MC": "合成样例1200001号科技有限公司",
    "CF_XDR_SHXYM": "91120118MAYKEU46XY",
    "CF_WSH": "样市监罚〔2024〕1号",
    "CF_CFLB": ["警告", "罚款"],
    "CF_JDRQ": "2024-04-10",
}
SCHEMA = "penalty@1:" + seed("schema").hex()
RULES = "publicity@1:" + seed("rules").hex()
PRESENT = JwsKey(Alg.P256, "present")
IAT = 1795000200


def commitment(
    label: str = "secret",
    *,
    log: bytes = LOG,
    schema: str = SCHEMA,
    decided: date = date(2024, 4, 10),
) -> Commitment:
    """The record that presentations and receipts here are about."""
    header = Header(
        class_="general",
        decided=decided,
        iss="120000",
        log=LogId(log),
        rules=RULES,
        schema=schema,
        until=date(2025, 4, 10),
    )
    return commit(SLOTS, FIELDS, seed(label), header)


def files() -> dict[str, list[Case]]:
    """All files of these kinds."""
    return {
        "canonical/json": [{"name": text, "data": text} for text in _JSON],
        "canonical/json_fail": [
            {"name": name, "data": data.hex()} for name, data in _BAD_JSON.items()
        ],
        "canonical/base64url_fail": [{"name": f"{i}", "text": t} for i, t in enumerate(_BAD_URL)],
        "canonical/base64_fail": [{"name": f"{i}", "text": t} for i, t in enumerate(_BAD_BASE64)],
        "canonical/instant": [
            {"name": canonical.instant(n), "seconds": n} for n in (0, 1795000100, 253402300799)
        ],
        "canonical/instant_fail": [{"name": text} for text in _BAD_INSTANTS],
        "eip712/types": [
            {"name": name, "type": text, "typeHash": "0x" + eip712.type_hash(name).hex()}
            for name, text in eip712.STRUCTS.items()
        ],
        "eip712/recover": [_signed(f"key {i}") for i in range(4)],
        "eip712/recover_fail": list(_badly_signed()),
        "entry/entry": _entries(),
        "entry/entry_fail": [{"name": n, "data": d.decode()} for n, d in _bad_entries()],
        "entry/entry_newer": [{"name": n, "data": d.decode()} for n, d in _newer_entries()],
    }


# ---- canonical

_JSON = (
    *("{}", "[]", '""', "0", "9007199254740991", "true", "false", '{"":"","a":1}'),
    *('{"A":1,"_":2,"a":3}', '["b","a",[[]]]', '"\\b\\t\\n\\f\\r\\"\\\\/"', '"\\u0000\\u001f"'),
    *('"\x7f\x80\u2028\u2029"', '"罚款〔2024〕号😀"', '{"a":{"b":{"c":[1,2,3]}}}'),
)
_BAD_JSON = {
    "nothing": b"",
    "space before": b" 1",
    "space behind": b"1 ",
    "newline behind": b"1\n",
    "space inside": b'{"a": 1}',
    "byte order mark": b"\xef\xbb\xbf1",
    "two values": b"1 2",
    "keys out of order": b'{"b":1,"a":2}',
    "key twice": b'{"a":1,"a":1}',
    "key not ASCII": '{"号":1}'.encode(),
    "null": b"null",
    "null inside": b'{"a":null}',
    "float": b"1.5",
    "float that is whole": b"1.0",
    "exponent": b"1e3",
    "negative": b"-1",
    "minus zero": b"-0",
    "leading zero": b"01",
    "2^53": b"9007199254740992",
    "2^64": b"18446744073709551616",
    "thousand digits": b"1" * 1000,
    "NaN": b"NaN",
    "escape of a letter": b'"\\u0061"',
    "escape in upper case": b'"\\u001F"',
    "escaped slash": b'"\\/"',
    "escape of Chinese": b'"\\u7f5a"',
    "lone surrogate escaped": b'"\\ud800"',
    "surrogate pair escaped": b'"\\ud83d\\ude00"',
    "surrogate in UTF-8": b'"\xed\xa0\x80"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "control character": b'"\x01"',
    "single quotes": b"'a'",
    "comment": b"1//",
    "trailing comma": b"[1,]",
    "too deep": b"[" * 17 + b"]" * 17,
    "far too deep": b"[" * 5000 + b"]" * 5000,
    "unfinished": b'{"a":',
}
_BAD_URL = ("A", "AB", "AAA=", "AA==", "+A", "/A", "A A", "AAB", "AA\n", "é", "AAAA=", "-_-_-")
_BAD_BASE64 = ("A", "AA", "AAA", "AB==", "AAB=", "AA=A", "AA==A", "-_==", "AAAA\n", "é===", "====")
_BAD_INSTANTS = (
    *("", "2026-11-18", "2026-11-18T11:08:20", "2026-11-18t11:08:20z", "2026-11-18 11:08:20Z"),
    *("2026-11-18T11:08:20.0Z", "2026-11-18T11:08:20+00:00", "2026-02-30T00:00:00Z"),
    *(
        "2026-11-18T24:00:00Z",
        "2026-11-18T23:59:60Z",
        "1969-12-31T23:59:59Z",
        "٢026-11-18T11:08:20Z",
    ),
)


# ---- EIP-712


def _signed(label: str) -> Case:
    key = PrivateKey(seed(label))
    digest = seed(f"digest {label}")
    vrs = key.sign_msg_hash(digest)
    signature = vrs.to_bytes()[:64] + bytes([27 + vrs.v])
    return {
        "name": label,
        "digest": "0x" + digest.hex(),
        "signature": "0x" + signature.hex(),
        "address": key.public_key.to_address(),
        "publicKey": "0x" + key.public_key.to_bytes().hex(),
    }


def _badly_signed() -> Iterator[Case]:
    good = _signed("key 0")
    signature = bytes.fromhex(good["signature"][2:])
    r, s, v = signature[:32], signature[32:64], signature[64]
    order = ORDERS[Alg.SECP256K1]
    high_s = (order - int.from_bytes(s, "big")).to_bytes(32, "big")
    wrong = {
        "empty": b"",
        "64 bytes": signature[:64],
        "66 bytes": signature + b"\0",
        "v 0": r + s + bytes([v - 27]),
        "v 29": r + s + b"\x1d",
        "high s": r + high_s + bytes([55 - v]),
        "r 0": bytes(32) + s + bytes([v]),
        "s 0": r + bytes(32) + bytes([v]),
        "r the order": order.to_bytes(32, "big") + s + bytes([v]),
        "r on no point": (5).to_bytes(32, "big") + s + bytes([v]),
    }
    for name, data in wrong.items():
        yield {"name": name, "digest": good["digest"], "signature": "0x" + data.hex()}


# ---- entries


def _entries() -> list[Case]:
    commitment_ = seed("commitment")
    corrected, replaced = seed("corrected"), seed("replaced")
    made = {
        "month": _record(),
        "year": _record(period="2024", timely="unknown"),
        "correction": _record(corrects=corrected),
        "replacement": _record(replaces=replaced),
        "both": _record(corrects=corrected, replaces=replaced, timely="no"),
        "statement": entry.statement_entry(commitment=commitment_, log=LOG),
        "statement anew": entry.statement_entry(commitment=commitment_, log=LOG, replaces=replaced),
    }
    return [
        {"name": name, "data": data.decode(), "leaf": entry_leaf(data)}
        for name, data in made.items()
    ]


def _record(
    *,
    period: str = "2024-04",
    timely: str = "yes",
    corrects: bytes | None = None,
    replaces: bytes | None = None,
) -> bytes:
    return entry.record_entry(
        commitment=seed("commitment"),
        log=LOG,
        period=period,
        schema="penalty@1",
        timely=timely,
        corrects=corrects,
        replaces=replaces,
    )


def entry_leaf(data: bytes) -> str:
    """Leaf hash in hex."""
    return leaf_hash(data).hex()


def _bad_entries() -> Iterator[tuple[str, bytes]]:
    good = canonical.parse(_record())
    other = canonical.parse(entry.statement_entry(commitment=seed("c"), log=LOG))
    changes: dict[str, Case] = {
        "version 0": {"_type": "credit-ledger/entry@0"},
        "version 1 of something else": {"_type": "credit-ledger/promise@1"},
        "kind in upper case": {"kind": "Record"},
        "kind of part 2": {"kind": "case"},
        "kind not text": {"kind": 1},
        "suite that is no name": {"suite": "sm 3"},
        "period of 13 months": {"period": "2024-13"},
        "period of a day": {"period": "2024-04-10"},
        "schema without version": {"schema": "penalty"},
        "schema with digest": {"schema": SCHEMA},
        "timely of another word": {"timely": "maybe"},
        "commitment in upper case": {"commitment": good["commitment"].upper()},
        "commitment with 0x": {"commitment": "0x" + good["commitment"]},
        "commitment too short": {"commitment": good["commitment"][:-2]},
        "log not text": {"log": 1},
        "member unknown": {"note": "x"},
        "corrects null": {"corrects": "null"},
    }
    for name, change in changes.items():
        yield name, canonical.encode({**good, **change})
    for member in good:
        yield f"without {member}", canonical.encode({k: v for k, v in good.items() if k != member})
    for name in ("period", "schema", "timely"):
        yield f"{name} in a statement", canonical.encode({**other, name: good[name]})
    yield "corrects in a statement", canonical.encode({**other, "corrects": good["log"]})
    yield "ref in a statement", canonical.encode({**other, "ref": good["log"]})
    yield "a list", b"[]"
    yield "space", _record().replace(b",", b", ", 1)


def _newer_entries() -> Iterator[tuple[str, bytes]]:
    """`version-unknown`, whatever version 1 would say of them."""
    good = canonical.parse(_record())
    statement = canonical.parse(entry.statement_entry(commitment=seed("c"), log=LOG))
    changes: dict[str, Case] = {
        "version 2": {"_type": "credit-ledger/entry@2"},
        "version 10": {"_type": "credit-ledger/entry@10"},
        "another family of version 2": {"_type": "credit-ledger/note@2"},
        "suite sm3": {"suite": "sm3"},
        "version 2 with other values": {"_type": "credit-ledger/entry@2", "kind": 1, "log": []},
        "suite sm3 with a longer commitment": {"suite": "sm3", "commitment": "ab" * 64},
    }
    for name, change in changes.items():
        yield name, canonical.encode({**good, **change})
    yield "statement of version 2", canonical.encode({**statement, **changes["version 2"]})
    newer = {**good, **changes["version 2"]}
    yield "version 2, not canonical", canonical.encode(newer).replace(b",", b", ")
    yield "version 2, longer", canonical.encode({**newer, "more": "x" * entry.MAX_ENTRY})
    yield "suite sm3, not canonical", canonical.encode({**good, "suite": "sm3"}) + b" "
