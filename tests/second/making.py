"""Make records, logs and worlds for the tests of this verifier, by the text alone."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from eth_keys.datatypes import PrivateKey

from tests.second import facts, merkle, schema, shelf
from tests.second.codec import Json, b64url, canonical, write_instant
from tests.second.curves import ED25519, P256, SECP256K1, key_id, sha256
from tests.second.note import key_hash
from tests.second.statement import Promise

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = (ROOT / "ledger/records/schemas/penalty@1.json").read_bytes()
RULES = (ROOT / "ledger/records/rules/publicity@1.json").read_bytes()
SHELF = shelf.Shelf([SCHEMA, RULES])
PENALTY = schema.read(SCHEMA)

CHAIN, CONSORTIUM = 31337, "0x" + "c0" * 20
REFERENCE = f"eip155:{CHAIN}:{CONSORTIUM}"
LOG_ANCHOR, CATALOGUE, REGISTRY = "0x" + "a0" * 20, "0x" + "b0" * 20, "0x" + "d0" * 20
LOG = "11" * 32
OWNER, WITNESS = "120000", "130000"
START, ANCHORED, HEAD = 1_790_000_000, 1_795_000_000, 1_795_100_000
NOTE_SEED, WITNESS_SEED, ANCHOR_SEED, PRESENT_SEED = b"n" * 32, b"w" * 32, b"a" * 32, 7
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

FIELDS: dict[str, Any] = {
    "CF_XDR_MC": "合成样例1200001号科技有限公司",
    "CF_XDR_LB": "法人及非法人组织",
    "CF_XDR_SHXYM": "91120118MAYKEU46XY",
    "CF_WSH": "样市监罚〔2026〕1号",
    "CF_CFLB": ["罚款"],
    "CF_NR_FK": "8.82878",
    "CF_JDRQ": "2026-05-10",
    "CF_GSJZQ": "2027-05-10",
}


def ed25519_key(seed: bytes) -> tuple[ed25519.Ed25519PrivateKey, bytes]:
    """Give an Ed25519 key and its public key."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    return private, private.public_key().public_bytes_raw()


def p256_public(secret: int) -> bytes:
    """Give the public key of a P-256 secret as X and Y."""
    numbers = ec.derive_private_key(secret, ec.SECP256R1()).public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def p256_sign(secret: int, message: bytes) -> bytes:
    """Sign with a P-256 key, with a low s."""
    private = ec.derive_private_key(secret, ec.SECP256R1())
    r, s = utils.decode_dss_signature(
        private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    )
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


def jws(header: Json, payload: bytes, secret: int) -> str:
    """Make a compact JWS by ES256."""
    message = f"{b64url(canonical(header))}.{b64url(payload)}"
    return f"{message}.{b64url(p256_sign(secret, message.encode()))}"


PRESENT_ID = key_id(P256, p256_public(PRESENT_SEED)).hex()
ANCHOR_PUBLIC = bytes(PrivateKey(ANCHOR_SEED).public_key.to_bytes())
ANCHOR_ID = key_id(SECP256K1, ANCHOR_PUBLIC).hex()


@dataclass
class Record:
    """Hold a record of type penalty@1 as its issuer has it."""

    fields: dict[str, Any] = field(default_factory=lambda: dict(FIELDS))
    class_: str | None = "general"
    decided: str = "2026-05-10"
    until: str | None = "2027-05-10"
    secret: bytes = b"s" * 32

    @property
    def disclosures(self) -> dict[str, str]:
        """Give the disclosure of each filled slot (section 7)."""
        slots = PENALTY.slots
        salts = hashlib.shake_256(b"credit-ledger/1/salts\0" + self.secret).digest(18 * len(slots))
        return {
            slot: b64url(canonical([b64url(salts[18 * n : 18 * n + 18]), slot, self.fields[slot]]))
            for n, slot in enumerate(slots)
            if slot in self.fields
        }

    @property
    def payload(self) -> bytes:
        """Give the payload."""
        slots, shown = PENALTY.slots, self.disclosures
        decoys = hashlib.shake_256(b"credit-ledger/1/decoys\0" + self.secret)
        decoy = decoys.digest(32 * len(slots))
        sd: list[Json] = [
            b64url(sha256(shown[slot].encode()) if slot in shown else decoy[32 * n : 32 * n + 32])
            for n, slot in enumerate(slots)
        ]
        return canonical(
            {
                "_sd": sd,
                "_sd_alg": "sha-256",
                "class": self.class_,
                "decided": self.decided,
                "iss": OWNER,
                "log": LOG,
                "rules": f"publicity@1:{sha256(RULES).hex()}",
                "schema": f"penalty@1:{sha256(SCHEMA).hex()}",
                "until": self.until,
                "vct": "urn:credit-ledger:record:1",
            }
        )

    @property
    def entry(self) -> dict[str, Json]:
        """Give the entry."""
        return {
            "_type": "credit-ledger/entry@1",
            "commitment": sha256(self.payload).hex(),
            "kind": "record",
            "log": LOG,
            "period": self.decided[:7],
            "schema": "penalty@1",
            "suite": "sha256",
            "timely": "unknown",
        }

    def presentation(self, hide: str = "", iat: int = HEAD) -> str:
        """Show the record, but for some fields."""
        header: Json = {"alg": "ES256", "iat": iat, "kid": PRESENT_ID, "typ": "dc+sd-jwt"}
        shown = [text for name, text in self.disclosures.items() if name not in hide.split()]
        return "~".join((jws(header, self.payload, PRESENT_SEED), *shown, ""))


def binding(presentation: str, aud: str = "demo-bank", nonce: str = "n-1", iat: int = HEAD) -> str:
    """Bind a presentation to an asker."""
    header: Json = {"alg": "ES256", "kid": PRESENT_ID, "typ": "kb+jwt"}
    claims: Json = {
        "aud": aud,
        "authorisation": None,
        "iat": iat,
        "nonce": nonce,
        "sd_hash": b64url(sha256(presentation.encode())),
    }
    return jws(header, canonical(claims), PRESENT_SEED)


def note(size: int, root: bytes, cosigned: int | None = None) -> str:
    """Make a checkpoint, cosigned by the witness where a time is given."""
    private, public = ed25519_key(NOTE_SEED)
    origin = f"credit-ledger/{LOG}"
    tree = f"{origin}\n{size}\n{base64(root)}\n"
    raw = key_hash(origin, 1, public) + private.sign(tree.encode())
    text = f"{tree}\n— {origin} {base64(raw)}\n"
    if cosigned is None:
        return text
    witness, public = ed25519_key(WITNESS_SEED)
    name = f"credit-ledger/witness/{WITNESS}"
    signed = witness.sign(f"cosignature/v1\ntime {cosigned}\n{tree}".encode())
    raw = key_hash(name, 4, public) + cosigned.to_bytes(8, "big") + signed
    return f"{text}— {name} {base64(raw)}\n"


def base64(raw: bytes) -> str:
    """Write base64 with padding."""
    text = b64url(raw).replace("-", "+").replace("_", "/")
    return text + "=" * (-len(text) % 4)


def receipt(entry: dict[str, Json], cosigned: int | None = None, **more: Json) -> bytes:
    """Make a receipt of an entry that is the first of three leaves."""
    leaves = [merkle.leaf_of(canonical(entry)), sha256(b"1"), sha256(b"2")]
    root = merkle.root_of(leaves)
    found: dict[str, Json] = {
        "_type": "credit-ledger/receipt@1",
        "anchor": {
            "block": 5,
            "blockHash": "0x" + "05" * 32,
            "time": "2026-11-18T11:06:40Z",
            "tx": "0x" + "07" * 32,
        },
        "checkpoint": note(3, root, cosigned),
        "entry": entry,
        "index": 0,
        "log": LOG,
        "network": REFERENCE,
        "path": [leaf.hex() for leaf in leaves[1:]],
        "size": 3,
    }
    return canonical({**found, **more}) + b"\n"


def root_over(entry: dict[str, Json]) -> str:
    """Give the root that `receipt` gives an entry."""
    leaves = [merkle.leaf_of(canonical(entry)), sha256(b"1"), sha256(b"2")]
    return merkle.root_of(leaves).hex()


def key(member: str, purpose: int, algorithm: int, public: bytes) -> dict[str, Any]:
    """Make a key of the facts."""
    return {
        "keyId": key_id(algorithm, public).hex(),
        "member": member,
        "purpose": purpose,
        "alg": algorithm,
        "publicKey": public.hex(),
        "notBefore": START,
        "notAfter": HEAD + 10_000_000,
        "block": 1,
        "compromisedSince": 0,
        "compromises": [],
    }


def item(name: str, kind: int, content: bytes) -> dict[str, Any]:
    """Make a national item of the catalogue."""
    return {
        "contract": CATALOGUE,
        "itemId": name,
        "region": "",
        "kind": kind,
        "version": 1,
        "contentHash": sha256(content).hex(),
        "from": START,
        "until": 0,
        "putAt": START,
    }


def world(entry: dict[str, Json]) -> dict[str, Any]:
    """Make facts of a chain in which the receipt of an entry is anchored and all is well."""
    root = root_over(entry)
    event = {"contract": LOG_ANCHOR, "log": LOG, "prevSize": 0, "size": 3, "root": root}
    event |= {"keyId": ANCHOR_ID, "block": 5, "blockHash": "0x" + "05" * 32, "time": ANCHORED}
    provinces = [{"since": START, "roles": 1}]
    return {
        "network": {"reference": REFERENCE, "formerly": ["eip155:1:0x" + "00" * 20]},
        "now": HEAD,
        "unread": None,
        "head": {"number": 10, "hash": "0x" + "0a" * 32, "time": HEAD},
        "final": 9,
        "members": [
            {"code": code, "region": code, "status": 1, "roles": provinces}
            for code in (OWNER, WITNESS)
        ],
        "keys": [
            key(OWNER, 1, SECP256K1, ANCHOR_PUBLIC),
            key(OWNER, 6, P256, p256_public(PRESENT_SEED)),
            key(OWNER, 8, ED25519, ed25519_key(NOTE_SEED)[1]),
            key(WITNESS, 9, ED25519, ed25519_key(WITNESS_SEED)[1]),
            key(OWNER, 7, ED25519, ed25519_key(b"r" * 32)[1]),
        ],
        "logs": [
            {"log": LOG, "owner": OWNER, "suite": 1, "status": 1}
            | {"trustedSize": None, "closedAt": None}
        ],
        "contracts": {
            "LogAnchor": [{"address": LOG_ANCHOR, "since": START}],
            "Catalogue": [{"address": CATALOGUE, "since": START}],
            "CaseRegistry": [{"address": REGISTRY, "since": START}],
        },
        "anchors": [{**event, "tx": "0x" + "07" * 32}],
        "roots": [{"contract": LOG_ANCHOR, "log": LOG, "size": 3, "root": root}],
        "catalogue": [item("penalty", 1, SCHEMA), item("publicity", 5, RULES)],
        "states": [],
        "acts": [],
        "us": OWNER,
        "nonces": [],
    }


def read_world(raw: dict[str, Any]) -> facts.World:
    """Read facts as they come from a file."""
    return facts.of_object(json.loads(json.dumps(raw)))


def statement(**more: Json) -> dict[str, Json]:
    """Make a statement without any content."""
    common: dict[str, Json] = {
        "_type": "credit-ledger/dummy@1",
        "at": "2026-11-18T10:00:00Z",
        "iss": OWNER,
        "log": LOG,
        "salt": b64url(b"t" * 32),
    }
    return {**common, **more}


def statement_entry(said: dict[str, Json]) -> dict[str, Json]:
    """Make the entry of a statement."""
    return {
        "_type": "credit-ledger/entry@1",
        "commitment": sha256(canonical(said)).hex(),
        "kind": "statement",
        "log": LOG,
        "suite": "sha256",
    }


def promise(entry: dict[str, Json], issued: int = HEAD, due: int = HEAD + 3600) -> dict[str, Json]:
    """Promise an entry alone."""
    leaf = merkle.leaf_of(canonical(entry))
    unsigned = Promise(1, due, issued, leaf, LOG, b"")
    signature = PrivateKey(ANCHOR_SEED).sign_msg_hash(unsigned.digest(CHAIN, LOG_ANCHOR, OWNER))
    r, s, v = signature.r, signature.s, signature.v
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + v])
    return {
        "_type": "credit-ledger/promise@1",
        "count": 1,
        "due": write_instant(due),
        "issuedAt": write_instant(issued),
        "leavesRoot": leaf.hex(),
        "log": LOG,
        "signature": "0x" + raw.hex(),
    }
