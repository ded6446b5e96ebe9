"""Encrypted key files: a Web3 keystore (version 3) wrapped with what may be known without a
password.

    {"_type":"credit-ledger/key@1","purpose":"ANCHOR","alg":1,"keyId":hex,"publicKey":hex,
     "address":"0x…","keystore":{…}}

`alg`, `keyId` and `publicKey` are absent for plain secrets (purposes content and index), `address`
wherever the key is not secp256k1.
"""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.chain.keys.keystore import (
    SALT_SIZE,
    VERSION,
    MacMismatch,
    crypto_of,
    new_salt,
    open_keystore,
    salt_of,
    seal,
)
from ledger.chain.keys.private import demand_private
from ledger.core.canonical import hex32, unhex32
from ledger.core.eip712 import address_of
from ledger.core.errors import ConfigError, Malformed
from ledger.core.ids import Address, KeyId, key_id
from ledger.core.keys import ORDERS, Alg, Purpose, check_public_key

TYPE = "credit-ledger/key@1"
# Scrypt N of new files: 0.6 s and 256 MiB, what geth calls standard. Tests and `network up` take
# WORK_LIGHT, which geth calls light.
WORK_STANDARD = 1 << 18
WORK_LIGHT = 1 << 12
# Memory is 128 · N · r bytes, here 1 GiB at most: a key file must not be able to ask for more.
_WORK_MOST = {"n": 1 << 20, "r": 8, "p": 8}
_MAX_BYTES = 16 << 10
SECRET_SIZE = 32

# Algorithm of each purpose, where none is asked for. Those that Consortium registers are upper
# case; the others never leave the node. None: a secret, not a key pair.
ALGS: dict[str, Alg | None] = {
    **{purpose.name: Alg.SECP256K1 for purpose in Purpose},
    Purpose.PRESENT.name: Alg.P256,
    Purpose.REQUEST.name: Alg.P256,
    Purpose.NOTE.name: Alg.ED25519,
    Purpose.WITNESS.name: Alg.ED25519,
    "payer": Alg.SECP256K1,
    "content": None,
    "index": None,
}
# Those of the purposes that may have several: presentations are signed by any, requests by two.
_SEVERAL: Mapping[str, tuple[Alg, ...]] = {
    Purpose.PRESENT.name: (Alg.P256, Alg.SECP256K1, Alg.ED25519),
    Purpose.REQUEST.name: (Alg.P256, Alg.ED25519),
}


class WrongPassword(ConfigError):
    """The password does not open the file."""


@dataclass(frozen=True, kw_only=True)
class KeyFile:
    """A key file, closed. `keystore` is the Web3 keystore object."""

    path: Path
    purpose: str
    alg: Alg | None
    public_key: bytes | None
    address: Address | None
    keystore: Mapping[str, Any]

    @property
    def key_id(self) -> KeyId | None:
        """None where the file holds a plain secret."""
        if self.alg is None or self.public_key is None:
            return None
        return key_id(self.alg, self.public_key)

    @classmethod
    def load(cls, path: Path) -> "KeyFile":
        """Read a key file without opening it. Raises ConfigError."""
        fields = read_fields(path)
        if fields.get("_type") != TYPE:
            raise ConfigError(str(path), f"_type is not {TYPE}")
        return _from_fields(path, fields)

    def open(self, password: bytes) -> bytes:
        """The 32-byte secret. Raises WrongPassword, or ConfigError where others can read the file,
        or it lies about its own key."""
        demand_private(self.path)
        secret = _decrypt(self.path, self.keystore, password)
        if self.alg is not None and public_key_of(self.alg, secret) != self.public_key:
            raise ConfigError(str(self.path), "publicKey is not that of the secret")
        return secret


def taken(purpose: str) -> tuple[Alg | None, ...]:
    """The algorithms that a key of a purpose may have, the one that it has by itself first."""
    return _SEVERAL.get(purpose) or (ALGS[purpose],)


def algorithm(purpose: str, wanted: Alg | None = None) -> Alg | None:
    """The algorithm of a new key: the one that is wanted, else that of its purpose; None: it is a
    secret. Raises ConfigError where its purpose takes no key of it."""
    if purpose not in ALGS:
        raise ConfigError("purpose", f"{purpose} is none of {', '.join(ALGS)}")
    if wanted is not None and wanted not in taken(purpose):
        raise ConfigError("alg", f"a key of {wanted.name} cannot be used for {purpose}")
    return wanted or ALGS[purpose]


def create(
    purpose: str,
    path: Path,
    password: bytes,
    *,
    alg: Alg | None = None,
    work: int = WORK_STANDARD,
    secret: bytes | None = None,
    salt: bytes | None = None,
) -> KeyFile:
    """Write a new key file, mode 0600, whole or not at all, and never over another.

    `alg`: one of those that the purpose takes; None: the one that it has by itself. `secret` is for
    keys that exist already; without it a fresh one is drawn. `salt`: that of other files of this
    password, which are opened together then in the time of one.
    """
    alg = algorithm(purpose, alg)
    if not password:
        raise ConfigError("password", "empty")
    secret = new_secret() if secret is None else secret
    if len(secret) != SECRET_SIZE:
        raise ConfigError("secret", f"not {SECRET_SIZE} bytes")
    fields: dict[str, Any] = {"_type": TYPE, "purpose": purpose}
    if alg is not None:
        public_key = public_key_of(alg, secret)
        fields |= {
            "alg": int(alg),
            "keyId": hex32(key_id(alg, public_key)),
            "publicKey": public_key.hex(),
        }
        if alg is Alg.SECP256K1:
            fields["address"] = address_of(public_key)
    keystore = seal(secret, password, work=work, salt=salt or new_salt())
    if alg is Alg.SECP256K1:  # wallets look for it
        keystore["address"] = fields["address"].removeprefix("0x")
    fields["keystore"] = keystore
    write_secret_file(path, json.dumps(fields, indent=2).encode() + b"\n")
    return _from_fields(path, fields)


def read_fields(path: Path) -> dict[str, Any]:
    """The JSON object in a small file. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            fields = orjson.loads(file.read(_MAX_BYTES))
    except OSError as error:
        raise ConfigError(str(path), error.strerror or "cannot be read") from error
    except ValueError as error:
        raise ConfigError(str(path), "not a key file") from error
    if not isinstance(fields, dict):
        raise ConfigError(str(path), "not a key file")
    return fields


def new_secret() -> bytes:
    """32 random bytes that are a valid private key of every curve we use.

    Redrawn where they are 0 or not below the smaller group order: a chance of 2^-32.
    """
    while True:
        secret = secrets.token_bytes(SECRET_SIZE)
        if 0 < int.from_bytes(secret, "big") < min(ORDERS.values()):
            return secret


def write_secret_file(path: Path, data: bytes) -> None:
    """A new file of mode 0600, whole or not at all. Raises ConfigError where one is there."""
    folder = _folder(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
    except OSError as error:
        raise ConfigError(str(folder), error.strerror or "cannot be written") from error
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp gives mode 0600
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # fails where `path` exists, unlike rename
        _sync_folder(folder)
    except FileExistsError as error:
        raise ConfigError(str(path), "exists already and is never overwritten") from error
    except OSError as error:
        raise ConfigError(str(path), error.strerror or "cannot be written") from error
    finally:
        os.unlink(temporary)


def _folder(path: Path) -> Path:
    if not path.parent.is_dir():
        raise ConfigError(str(path.parent), "no such directory")
    return path.parent


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _from_fields(path: Path, fields: Mapping[str, Any]) -> KeyFile:
    purpose = fields.get("purpose")
    keystore = fields.get("keystore")
    if not isinstance(purpose, str) or purpose not in ALGS or not isinstance(keystore, dict):
        raise ConfigError(str(path), "purpose or keystore is not what a key file has")
    alg, public_key = public_part(path, fields) if "alg" in fields else (None, None)
    if (alg is None) != (ALGS[purpose] is None):
        raise ConfigError(str(path), f"alg does not fit purpose {purpose}")
    address = address_of(public_key) if alg is Alg.SECP256K1 and public_key else None
    if fields.get("address") != address:
        raise ConfigError(str(path), "address is not that of publicKey")
    return KeyFile(
        path=path,
        purpose=purpose,
        alg=alg,
        public_key=public_key,
        address=address,
        keystore=keystore,
    )


def public_part(path: Path, fields: Mapping[str, Any]) -> tuple[Alg, bytes]:
    """`alg` and `publicKey` of a file, checked against its `keyId`. Raises ConfigError."""
    try:
        public_key = bytes.fromhex(fields["publicKey"])
        alg = check_public_key(fields["alg"], public_key)
        said = unhex32(fields["keyId"])
    except (KeyError, TypeError, ValueError, AttributeError, Malformed) as error:
        raise ConfigError(str(path), f"alg, keyId or publicKey: {error}") from error
    if key_id(alg, public_key) != said:
        raise ConfigError(str(path), "keyId is not that of publicKey")
    return alg, public_key


def salt_beside(path: Path) -> bytes | None:
    """The salt of a key file, for another one of the same password; None where it has none that is
    as long as ours."""
    try:
        salt = salt_of(read_fields(path)["keystore"])
    except (ConfigError, KeyError, TypeError, ValueError):
        return None
    return salt if len(salt) >= SALT_SIZE else None


def public_key_of(alg: Alg, secret: bytes) -> bytes:
    """The public bytes as Consortium holds them. Raises ConfigError where `secret` is no key."""
    try:
        if alg is Alg.ED25519:
            return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
        curve = ec.SECP256R1() if alg is Alg.P256 else ec.SECP256K1()
        key = ec.derive_private_key(int.from_bytes(secret, "big"), curve).public_key()
    except ValueError as error:
        raise ConfigError("secret", "not a private key of its algorithm") from error
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


def _decrypt(path: Path, keystore: Mapping[str, Any], password: bytes) -> bytes:
    _check_work(path, keystore)
    try:
        secret = open_keystore(keystore, password)
    except MacMismatch as error:
        raise WrongPassword(str(path), "wrong password") from error
    except (KeyError, TypeError, ValueError, MemoryError) as error:
        raise ConfigError(str(path), f"keystore: {error!r}") from error
    if len(secret) != SECRET_SIZE:
        raise ConfigError(str(path), f"holds {len(secret)} bytes, not {SECRET_SIZE}")
    return secret


def _check_work(path: Path, keystore: Mapping[str, Any]) -> None:
    """Refuse key derivations that would take minutes or gigabytes. Only scrypt, version 3."""
    crypto = crypto_of(keystore)
    params = crypto.get("kdfparams") if isinstance(crypto, dict) else None
    if (
        keystore.get("version") != VERSION
        or not isinstance(params, dict)
        or crypto.get("kdf") != "scrypt"
    ):
        raise ConfigError(str(path), "not a version 3 keystore with scrypt")
    if params.get("dklen") != SECRET_SIZE:
        raise ConfigError(str(path), f"scrypt dklen is not {SECRET_SIZE}")
    for name, most in _WORK_MOST.items():
        value = params.get(name)
        if not isinstance(value, int) or not 0 < value <= most:
            raise ConfigError(str(path), f"scrypt {name} is not 1 to {most}")
