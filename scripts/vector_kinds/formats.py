"""Canonical spellings, EIP-712, entries, checkpoints and presentations."""

from collections.abc import Iterator
from datetime import date

from eth_keys.datatypes import PrivateKey

from ledger.core import canonical, eip712, entry, note
from ledger.core.canonical import b64_encode, b64u_decode, b64u_encode
from ledger.core.commitment import Commitment, Header, commit
from ledger.core.ids import LogId
from ledger.core.keys import ORDERS, Alg
from ledger.core.merkle import EMPTY_ROOT, leaf_hash
from ledger.core.presentation import bind, present
from scripts.vector_kinds.common import Case, JwsKey, ed25519, flip, seed

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
        "checkpoint/checkpoint": [_checkpoint(size) for size in (0, 1, 5, 2**53 - 1)],
        "checkpoint/checkpoint_fail": list(_bad_checkpoints()),
        "presentation/presentation": [_presentation(alg) for alg in _ALGS],
        "presentation/presentation_fail": list(_bad_presentations()),
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
        "case": entry.other_entry("case", commitment=commitment_, log=LOG, ref=seed("ref")),
        "authorisation": entry.other_entry("authorisation", commitment=commitment_, log=LOG),
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
    other = canonical.parse(entry.other_entry("case", commitment=seed("c"), log=LOG))
    changes: dict[str, Case] = {
        "version 2": {"_type": "credit-ledger/entry@2"},
        "kind of no name": {"kind": "Record"},
        "suite unknown": {"suite": "sm3"},
        "period of 13 months": {"period": "2024-13"},
        "period of a day": {"period": "2024-04-10"},
        "schema without version": {"schema": "penalty"},
        "schema with digest": {"schema": SCHEMA},
        "timely of another word": {"timely": "maybe"},
        "commitment in upper case": {"commitment": good["commitment"].upper()},
        "commitment with 0x": {"commitment": "0x" + good["commitment"]},
        "commitment too short": {"commitment": good["commitment"][:-2]},
        "log not text": {"log": 1},
        "ref in a record": {"ref": good["log"]},
        "member unknown": {"note": "x"},
        "corrects null": {"corrects": "null"},
    }
    for name, change in changes.items():
        yield name, canonical.encode({**good, **change})
    for member in good:
        yield f"without {member}", canonical.encode({k: v for k, v in good.items() if k != member})
    yield "period in a case", canonical.encode({**other, "period": "2024-04"})
    yield "a list", b"[]"
    yield "space", _record().replace(b",", b", ", 1)


# ---- checkpoints

_NOTE_KEY = ed25519("note")
_NOTE_PUBLIC = _NOTE_KEY.public_key().public_bytes_raw()
_ORIGIN = note.origin_of(LOG)
_VKEY = note.vkey(_ORIGIN, _NOTE_PUBLIC)


def _checkpoint(size: int) -> Case:
    root = seed("root") if size else EMPTY_ROOT
    return {
        "name": f"size {size}",
        "text": note.sign_checkpoint(_ORIGIN, size, root, _NOTE_KEY),
        "vkey": _VKEY,
        "log": LOG.hex(),
        "size": size,
        "root": root.hex(),
    }


def _bad_checkpoints() -> Iterator[Case]:
    """`stage` says where each is refused: parse, or verify with the vkey."""
    good: str = _checkpoint(5)["text"]
    parsed = note.parse_checkpoint(good)
    root = b64_encode(parsed.root)
    line = good.splitlines(keepends=True)[-1]
    signed = line.split(" ")[2].strip()
    wrong = {
        "empty": "",
        "no newline": good[:-1],
        "newline behind": good + "\n",
        "carriage returns": good.replace("\n", "\r\n"),
        "no blank line": good.replace("\n\n", "\n"),
        "extension line": good.replace("\n\n", "\nextension\n\n"),
        "second signature": good + line,
        "no signature": good.removesuffix(line),
        "hyphen for the dash": good.replace("—", "-"),
        "two spaces": good.replace("— ", "—  "),
        "another name": good.replace(f"— {_ORIGIN}", "— example.com/log"),
        "another prefix": good.replace("credit-ledger/", "credit-ledger-2/"),
        "log in upper case": good.replace(LOG.hex(), LOG.hex().upper()),
        "size with zero": good.replace("\n5\n", "\n05\n"),
        "size with sign": good.replace("\n5\n", "\n+5\n"),
        "size in Arabic digits": good.replace("\n5\n", "\n٥\n"),
        "size 2^53": good.replace("\n5\n", "\n9007199254740992\n"),
        "size 0 with a root": good.replace("\n5\n", "\n0\n"),
        "size 5 with the empty root": good.replace(root, b64_encode(EMPTY_ROOT)),
        "root without padding": good.replace(root, root.rstrip("=")),
        "root too short": good.replace(root, b64_encode(parsed.root[:31])),
        "root not base64": good.replace(root, "!" * 44),
        "loose bits in the signature": good.replace(signed, signed[:-2] + "B="),
        "signature too short": good.replace(signed, b64_encode(parsed.key_hash)),
        "far too long": good.replace(signed, signed * 5),
    }
    for name, text in wrong.items():
        yield {"name": name, "text": text, "vkey": _VKEY, "stage": "parse"}
    flipped = b64_encode(parsed.key_hash + flip(parsed.signature, 9))
    other_key = b64_encode(flip(parsed.key_hash, 3) + parsed.signature)
    for name, text in {
        "another size": good.replace("\n5\n", "\n6\n"),
        "another root": good.replace(root, b64_encode(flip(parsed.root, 1))),
        "signature flipped": good.replace(signed, flipped),
        "key hash flipped": good.replace(signed, other_key),
        "another log": good.replace(LOG.hex(), flip(LOG, 4).hex()),
    }.items():
        yield {"name": name, "text": text, "vkey": _VKEY, "stage": "verify"}


# ---- presentations

_ALGS = (Alg.P256, Alg.ED25519, Alg.SECP256K1)


def _presentation(alg: Alg) -> Case:
    key = JwsKey(alg, "present")
    made = commitment()
    shown = [made.disclosures[name] for name in ("CF_XDR_SHXYM", "CF_CFLB")]
    text = present(made.payload, shown, sign=key.sign, kid=key.kid, alg=alg, iat=IAT)
    bound = bind(
        text,
        audience="demo-bank",
        nonce="n-1",
        authorisation=seed("authorisation") if alg is Alg.P256 else None,
        sign=key.sign,
        kid=key.kid,
        alg=alg,
        iat=IAT + 1,
    )
    return {
        "name": alg.name,
        "alg": int(alg),
        "publicKey": key.public.hex(),
        "text": text,
        "commitment": made.digest.hex(),
        "fields": {name: FIELDS[name] for name in ("CF_XDR_SHXYM", "CF_CFLB")},
        "iat": IAT,
        "binding": bound,
    }


def _bad_presentations() -> Iterator[Case]:
    """`stage`: parse, disclosures, or signature."""
    good = _presentation(Alg.P256)
    jws, first, second, _ = good["text"].split("~")
    header, payload, signature = jws.split(".")
    raw = b64u_decode(signature)
    s = ORDERS[Alg.P256] - int.from_bytes(raw[32:], "big")
    high = b64u_encode(raw[:32] + s.to_bytes(32, "big"))
    plain = canonical.parse(b64u_decode(header))
    foreign = commitment("another secret").disclosures["CF_WSH"]

    def with_header(**change: object) -> str:
        return b64u_encode(canonical.encode({**plain, **change}))

    parse = {
        "empty": "",
        "no tilde at the end": f"{jws}~{first}",
        "nothing disclosed": f"{jws}~",
        "two parts": f"{header}.{payload}~{first}~",
        "four parts": f"{jws}.{header}~{first}~",
        "signature of 63 bytes": f"{header}.{payload}.{b64u_encode(raw[:63])}~{first}~",
        "padding": f"{header}.{payload}.{signature}==~{first}~",
        "alg none": f"{with_header(alg='none')}.{payload}.{signature}~{first}~",
        "alg of a hash": f"{with_header(alg='HS256')}.{payload}.{signature}~{first}~",
        "typ of a binding": f"{with_header(typ='kb+jwt')}.{payload}.{signature}~{first}~",
        "iat true": f"{with_header(iat=True)}.{payload}.{signature}~{first}~",
        "iat beyond 9999": f"{with_header(iat=253402300800)}.{payload}.{signature}~{first}~",
        "header with one more": f"{with_header(crit=['x'])}.{payload}.{signature}~{first}~",
        "payload of something else": f"{header}.{b64u_encode(b'{}')}.{signature}~{first}~",
    }
    disclosures = {
        "a disclosure twice": f"{jws}~{first}~{first}~",
        "a disclosure of another record": f"{jws}~{first}~{foreign}~",
        "an empty disclosure": f"{jws}~~",
        "a disclosure with padding": f"{jws}~{first}=~",
        "a disclosure with a loose bit": f"{jws}~{first[:-1]}~",
        "a disclosure with a space": f"{jws}~{b64u_encode(b64u_decode(second) + b' ')}~",
        "more than there are": f"{jws}~{(first + '~') * 7}",
    }
    signatures = {
        "high s": f"{header}.{payload}.{high}~{first}~",
        "signature flipped": f"{header}.{payload}.{b64u_encode(flip(raw, 100))}~{first}~",
        "another kid": f"{with_header(kid=seed('kid').hex())}.{payload}.{signature}~{first}~",
        "another alg": f"{with_header(alg='ES256K')}.{payload}.{signature}~{first}~",
        "another iat": f"{with_header(iat=IAT + 1)}.{payload}.{signature}~{first}~",
    }
    for stage, cases in (
        ("parse", parse),
        ("disclosures", disclosures),
        ("signature", signatures),
    ):
        for name, text in cases.items():
            yield {
                "name": name,
                "text": text,
                "stage": stage,
                "alg": good["alg"],
                "publicKey": good["publicKey"],
            }
