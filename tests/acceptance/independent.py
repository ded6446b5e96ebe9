"""The formats of version 1, written a second time from the text alone.

Nothing here imports the product: what the product makes is read with RFC 9162, the C2SP texts on
checkpoints and tiles, EIP-712 by eth-account, and design 4.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from eth_abi.abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak

WIDTH = 256
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
Read = Callable[[str], bytes]


def canonical(value: object) -> bytes:
    """RFC 8785 for what the formats hold: ASCII keys, texts, whole numbers."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode()


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text: str) -> bytes:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert b64u(data) == text, "base64url has one spelling"
    return data


# RFC 9162


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of section 2.1.1 over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(tree_root(leaves[:split]), tree_root(leaves[split:]))


def path_root(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Root that a path of section 2.1.3.2 leads to."""
    assert 0 <= index < size
    fn, sn, found = index, size - 1, leaf
    for step in path:
        assert sn, "the path is too long"
        if fn & 1 or fn == sn:
            found = node_hash(step, found)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, step)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0, "the path is too short"
    return found


def record_id(log: str, commitment: str) -> str:
    ids = [bytes.fromhex(log), bytes.fromhex(commitment)]
    return keccak(abi_encode(["bytes32", "bytes32"], ids)).hex()


# C2SP signed note, checkpoint and tiles


@dataclass(frozen=True)
class Witness:
    """A line behind the owner's, not yet verified."""

    member: str
    key_hash: bytes
    time: int
    signature: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose owner's signature was right. body: what was signed."""

    origin: str
    size: int
    root: bytes
    body: bytes
    witnesses: tuple[Witness, ...]


def open_checkpoint(text: str, vkey: str) -> Checkpoint:
    """Read a checkpoint; its first signature must be that of the verifier key."""
    name, key_hash, key_data = vkey.split("+", 2)
    key = base64.b64decode(key_data, validate=True)
    assert key[0] == 1, "Ed25519"
    wanted = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    assert key_hash == wanted.hex()
    body, _, signatures = text.partition("\n\n")
    body += "\n"
    assert signatures.endswith("\n")
    lines = [_line(line) for line in signatures[:-1].split("\n")]
    (signer, blob), *others = lines
    assert signer == name
    assert (blob[:4], len(blob)) == (wanted, 4 + 64)
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(blob[4:], body.encode())
    origin, size, root, *more = body.split("\n")
    assert more == [""], "no extension lines"
    assert origin == name
    assert str(int(size)) == size
    witnesses = tuple(_witness(*line) for line in others)
    assert len(witnesses) <= 16
    assert len({(line.member, line.key_hash) for line in witnesses}) == len(witnesses)
    return Checkpoint(
        origin=origin,
        size=int(size),
        root=base64.b64decode(root, validate=True),
        body=body.encode(),
        witnesses=witnesses,
    )


def _line(line: str) -> tuple[str, bytes]:
    dash, name, signature = line.split(" ")
    assert dash == "—"
    blob = base64.b64decode(signature, validate=True)
    assert base64.b64encode(blob).decode() == signature, "base64 has one spelling"
    return name, blob


def _witness(name: str, blob: bytes) -> Witness:
    prefix, member = name.rsplit("/", 1)
    assert prefix == "credit-ledger/witness"
    assert len(blob) == 4 + 8 + 64
    return Witness(member, blob[:4], int.from_bytes(blob[4:12], "big"), blob[12:])


def check_witness(head: Checkpoint, line: Witness, public_key: bytes) -> None:
    """The line was made with this Ed25519 key (C2SP tlog-cosignature)."""
    name = f"credit-ledger/witness/{line.member}".encode()
    assert line.key_hash == hashlib.sha256(name + b"\n\x04" + public_key).digest()[:4]
    message = f"cosignature/v1\ntime {line.time}\n".encode() + head.body
    Ed25519PublicKey.from_public_bytes(public_key).verify(line.signature, message)


def number(n: int) -> str:
    """Tile number in the path notation of tlog-tiles: 1234067 is x001/x234/067."""
    text = f"{n % 1000:03d}"
    while n >= 1000:
        n //= 1000
        text = f"x{n % 1000:03d}/{text}"
    return text


def tile_name(level: str, n: int, width: int) -> str:
    return f"tile/{level}/{number(n)}" + ("" if width == WIDTH else f".p/{width}")


def tiles_of(level: str, count: int) -> list[tuple[str, int]]:
    """Names and widths of the tiles that hold so many hashes (or entries) of a level."""
    full, rest = divmod(count, WIDTH)
    parts = [(tile_name(level, n, WIDTH), WIDTH) for n in range(full)]
    return parts + ([(tile_name(level, full, rest), rest)] if rest else [])


def read_hashes(read: Read, level: int, count: int) -> list[bytes]:
    found: list[bytes] = []
    for name, width in tiles_of(str(level), count):
        data = read(name)
        assert len(data) == 32 * width, name
        found += [data[at : at + 32] for at in range(0, len(data), 32)]
    return found


def read_entries(read: Read, count: int) -> list[bytes]:
    """Entries of the bundles, each with two bytes of length before it."""
    found: list[bytes] = []
    for name, width in tiles_of("entries", count):
        data, bundle = read(name), []
        while data:
            length = int.from_bytes(data[:2], "big")
            assert len(data) >= 2 + length, name
            bundle.append(data[2 : 2 + length])
            data = data[2 + length :]
        assert len(bundle) == width, name
        found += bundle
    return found


def check_tiles(read: Read, size: int) -> list[bytes]:
    """All leaf hashes; every tile of every level above must agree with them."""
    leaves = read_hashes(read, 0, size)
    level, below = 1, leaves
    while len(below) >= WIDTH:
        full = len(below) // WIDTH
        expected = [tree_root(below[n * WIDTH : (n + 1) * WIDTH]) for n in range(full)]
        below = read_hashes(read, level, full)
        assert below == expected, f"level {level}"
        level += 1
    return leaves


# EIP-712


def bytes32(code: str) -> bytes:
    return code.encode("ascii").ljust(32, b"\0")


PROMISE = [
    ("member", "bytes32"),
    ("logId", "bytes32"),
    ("leavesRoot", "bytes32"),
    ("count", "uint64"),
    ("issuedAt", "uint64"),
    ("due", "uint64"),
]


def promise_signer(promise: dict[str, Any], *, member: str, chain: int, anchor: str) -> str:
    """Address that signed a promise; `anchor` is the address of LogAnchor."""

    def seconds(text: str) -> int:
        assert text.endswith("Z")
        return int(datetime.fromisoformat(text).timestamp())

    message = encode_typed_data(
        domain_data={
            "name": "CreditLedger LogAnchor",
            "version": "1",
            "chainId": chain,
            "verifyingContract": anchor,
        },
        message_types={"Promise": [{"name": name, "type": kind} for name, kind in PROMISE]},
        message_data={
            "member": bytes32(member),
            "logId": bytes.fromhex(promise["log"]),
            "leavesRoot": bytes.fromhex(promise["leavesRoot"]),
            "count": promise["count"],
            "issuedAt": seconds(promise["issuedAt"]),
            "due": seconds(promise["due"]),
        },
    )
    signature = promise["signature"]
    assert signature == signature.lower()
    assert signature.startswith("0x")
    assert signature[-2:] in {"1b", "1c"}, "v is 27 or 28"
    half = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
    assert int(signature[66:130], 16) <= half, "s is low"
    return str(Account.recover_message(message, signature=signature)).lower()


# SD-JWT presentation


@dataclass(frozen=True)
class Shown:
    """A presentation that was read: header, payload, its bytes, fields shown."""

    header: dict[str, Any]
    payload: dict[str, Any]
    payload_bytes: bytes
    fields: dict[str, Any]


def open_presentation(text: str, slots: Sequence[str] | None = None) -> Shown:
    """Read a presentation; every disclosure must be committed to, once, canonically, and at the
    place of its slot where those are known."""
    jws, *disclosures, last = text.split("~")
    assert last == "", "no key binding of the standard: the binding is a JWS of its own"
    header, payload, _signature = (unb64u(part) for part in jws.split("."))
    claims = json.loads(payload)
    assert canonical(claims) == payload
    assert len(set(claims["_sd"])) == len(claims["_sd"])
    places = [
        claims["_sd"].index(b64u(hashlib.sha256(disclosure.encode()).digest()))
        for disclosure in disclosures
    ]
    assert places == sorted(places), "in the order of the slots"
    assert disclosures, "something is shown"
    assert slots is None or len(slots) == len(claims["_sd"])
    fields: dict[str, Any] = {}
    for place, disclosure in zip(places, disclosures, strict=True):
        salt, field, value = json.loads(unb64u(disclosure))
        assert slots is None or slots[place] == field, "a disclosure counts at its own slot"
        assert canonical([salt, field, value]) == unb64u(disclosure)
        assert len(unb64u(salt)) == 18
        assert field not in fields
        fields[field] = value
    return Shown(json.loads(header), claims, payload, fields)


def jwk_of(public_key: bytes) -> dict[str, str]:
    """The two coordinates of a P-256 key X ‖ Y, as a JWK has them."""
    return {"x": b64u(public_key[:32]), "y": b64u(public_key[32:])}


def key_id(alg: int, public_key: bytes) -> str:
    return keccak(abi_encode(["uint16", "bytes"], [alg, public_key])).hex()


def open_binding(text: str, presentation: str) -> dict[str, Any]:
    """Claims of a binding, which must be of this presentation."""
    header, payload, _signature = (unb64u(part) for part in text.split("."))
    parsed, claims = json.loads(header), json.loads(payload)
    assert (canonical(parsed), canonical(claims)) == (header, payload)
    assert set(parsed) == {"alg", "kid", "typ"}
    assert parsed["typ"] == "kb+jwt"
    assert set(claims) == {"aud", "authorisation", "iat", "nonce", "sd_hash"}
    assert claims["sd_hash"] == b64u(hashlib.sha256(presentation.encode("ascii")).digest())
    return {**claims, "kid": parsed["kid"]}


def check_es256(text: str, jwk: dict[str, str]) -> None:
    """The presentation, or the binding, is signed with this P-256 key."""
    signed, _, signature = text.split("~", maxsplit=1)[0].rpartition(".")
    x, y = (int.from_bytes(unb64u(jwk[part]), "big") for part in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    raw = unb64u(signature)
    assert len(raw) == 64
    assert int.from_bytes(raw[32:], "big") <= P256_ORDER // 2, "s is low"
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    try:
        key.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise AssertionError("the signature is wrong") from error


# The receipt, without the chain


@dataclass(frozen=True)
class Receipt:
    """A receipt whose parts agree: checks 1, 3 to 7 and 10 to 12 of protocol 16, but for what the
    chain and the schema say. shown, bound: None where there is none."""

    value: dict[str, Any]
    leaf: bytes
    record_id: str
    shown: Shown | None
    bound: dict[str, Any] | None


MEMBERS = {"_type", "anchor", "checkpoint", "entry", "index", "log", "network", "path", "size"}
NETWORK = re.compile(r"eip155:([1-9][0-9]{0,15}):0x[0-9a-f]{40}")
HASH = re.compile(r"0x[0-9a-f]{64}")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def open_receipt(
    data: bytes, *, vkey: str, public_key: bytes, slots: Sequence[str] | None = None
) -> Receipt:
    """Check a receipt with the verifier key of the log and the P-256 key of its discloser."""
    value = json.loads(data)
    assert data == canonical(value) + b"\n", "one spelling"
    assert value.keys() - {"presentation", "binding"} == MEMBERS
    assert value["_type"] == "credit-ledger/receipt@1"
    _check_anchor(value)
    entry, size = value["entry"], value["size"]
    assert entry["_type"] == "credit-ledger/entry@1"
    assert entry["suite"] == "sha256"
    head = open_checkpoint(value["checkpoint"], vkey)
    assert entry["log"] == value["log"]
    assert (head.origin, head.size) == (f"credit-ledger/{value['log']}", size)
    leaf = leaf_hash(canonical(entry))
    path = [bytes.fromhex(step) for step in value["path"]]
    assert path_root(leaf, value["index"], size, path) == head.root
    shown, bound = _opened(value, public_key, slots)
    return Receipt(value, leaf, record_id(value["log"], entry["commitment"]), shown, bound)


def _check_anchor(value: dict[str, Any]) -> None:
    """Where the receipt says that it is anchored has its form."""
    network = NETWORK.fullmatch(value["network"])
    assert network is not None
    assert int(network[1]) < 2**53
    anchor = value["anchor"]
    assert isinstance(anchor, dict)
    assert set(anchor) == {"block", "blockHash", "time", "tx"}
    assert type(anchor["block"]) is int
    assert HASH.fullmatch(anchor["blockHash"])
    assert HASH.fullmatch(anchor["tx"])
    assert INSTANT.fullmatch(anchor["time"])
    datetime.fromisoformat(anchor["time"])


def _opened(
    value: dict[str, Any], public_key: bytes, slots: Sequence[str] | None
) -> tuple[Shown | None, dict[str, Any] | None]:
    text, entry = value.get("presentation"), value["entry"]
    if text is None:
        assert "binding" not in value, "a binding of nothing"
        return None, None
    shown, jwk = open_presentation(text, slots), jwk_of(public_key)
    check_es256(text, jwk)
    kid = key_id(3, public_key)
    assert shown.header == {**shown.header, "alg": "ES256", "kid": kid, "typ": "dc+sd-jwt"}
    assert hashlib.sha256(shown.payload_bytes).hexdigest() == entry["commitment"]
    payload = shown.payload
    assert (entry["kind"], payload["log"]) == ("record", entry["log"])
    assert payload["schema"].partition(":")[0] == entry["schema"]
    assert entry["period"] in (payload["decided"][:7], payload["decided"][:4])
    if "binding" not in value:
        return shown, None
    bound = open_binding(value["binding"], text)
    check_es256(value["binding"], jwk)
    assert bound["kid"] == kid
    return shown, bound


# Storage of the contracts


def slot_of(key: bytes, slot: int | bytes) -> bytes:
    """Where the value of a key of a mapping stands; slot: of the mapping, or of one around it."""
    place = slot if isinstance(slot, bytes) else slot.to_bytes(32, "big")
    return keccak(key.rjust(32, b"\0") + place)


# USCC, GB 32100-2015 and GB 11714


INNER = (3, 7, 9, 10, 5, 8, 4, 2)


def uscc(seed: int, *, start: str = "91120118MA") -> str:
    """A valid code: ten characters given, the rest from a number, both checks computed."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    plain = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    text = start
    while len(text) < 16:
        text += alphabet[seed % 31]
        seed //= 31
    inner = sum(plain.index(c) * w for c, w in zip(text[8:16], INNER, strict=True))
    text += "0123456789X0"[(11 - inner % 11)]
    total = sum(alphabet.index(c) * pow(3, at, 31) for at, c in enumerate(text))
    return text + alphabet[-total % 31]
