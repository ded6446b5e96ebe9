"""Web3 Secret Storage, version 3, with scrypt and AES-128-CTR: what wallets read and write.

Here and not `eth_keyfile`, which takes 0.8 s to import and derives anew for every file: a node
opens a dozen, each for a second. Files that share password and salt are derived for once. That
gives nothing away: whoever guesses the password of one of them has guessed that of all, and each
has an initial vector of its own. Scrypt is that of OpenSSL where it will: it refuses what wallets
have long written, N of 2^18 with r of 1, which pycryptodome takes, as there.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CTR

from ledger.core.ids import keccak256

VERSION = 3
DERIVED_SIZE = 32
SALT_SIZE = 16
"""Of new ones, and the least that is shared."""
_IV_SIZE = 16
_CIPHER = "aes-128-ctr"
# As geth has them; n is what a caller chooses.
_R, _P = 8, 1
_REMEMBERED = 4
_OF_OPENSSL = 2
"""Blocks that it wants to be allowed beyond N and p of them."""


class MacMismatch(ValueError):
    """The password is another one, or the ciphertext was changed."""


def new_salt() -> bytes:
    """A fresh one."""
    return secrets.token_bytes(SALT_SIZE)


def seal(secret: bytes, password: bytes, *, work: int, salt: bytes) -> dict[str, Any]:
    """The keystore of a secret. work: N of scrypt, a power of two."""
    derived = _derive(password, salt, work, _R, _P)
    iv = secrets.token_bytes(_IV_SIZE)
    ciphertext = _aes(derived, iv, secret)
    return {
        "crypto": {
            "cipher": _CIPHER,
            "cipherparams": {"iv": iv.hex()},
            "ciphertext": ciphertext.hex(),
            "kdf": "scrypt",
            "kdfparams": {
                "dklen": DERIVED_SIZE,
                "n": work,
                "p": _P,
                "r": _R,
                "salt": salt.hex(),
            },
            "mac": _mac(derived, ciphertext).hex(),
        },
        "id": str(uuid.uuid4()),
        "version": VERSION,
    }


def crypto_of(keystore: Any) -> Any:
    """Its `crypto`, with all names in lower case, as old wallets did not have them; None where
    there is none."""
    return _lower(keystore).get("crypto") if isinstance(keystore, Mapping) else None


def salt_of(keystore: Any) -> bytes:
    """The salt. Raises ValueError, KeyError, TypeError where it holds none."""
    return _unhex(crypto_of(keystore)["kdfparams"]["salt"])


def open_keystore(keystore: Mapping[str, Any], password: bytes) -> bytes:
    """The secret. Raises MacMismatch; ValueError, KeyError, TypeError where it is no keystore of
    this kind. The caller has bounded the work."""
    crypto = crypto_of(keystore)
    if str(crypto.get("cipher", _CIPHER)).lower() != _CIPHER:
        raise ValueError("cipher that is not known")
    params = crypto["kdfparams"]
    derived = _derive(password, salt_of(keystore), params["n"], params["r"], params["p"])
    ciphertext = _unhex(crypto["ciphertext"])
    if not hmac.compare_digest(_mac(derived, ciphertext), _unhex(crypto["mac"])):
        raise MacMismatch("MAC mismatch")
    return _aes(derived, _unhex(crypto["cipherparams"]["iv"]).rjust(_IV_SIZE, b"\0"), ciphertext)


@lru_cache(_REMEMBERED)
def _derive(password: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    memory = 128 * r * (n + p + _OF_OPENSSL)
    with suppress(ValueError):  # it has bounds of its own
        return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=DERIVED_SIZE)
    # Importing it takes a tenth of a second.
    from Crypto.Protocol.KDF import scrypt  # noqa: PLC0415

    derived = scrypt(password, salt, DERIVED_SIZE, n, r, p)  # type: ignore[arg-type]
    if not isinstance(derived, bytes):
        raise TypeError("one key was asked for")
    return derived


def _aes(derived: bytes, iv: bytes, data: bytes) -> bytes:
    cipher = Cipher(AES128(derived[:16]), CTR(iv)).encryptor()
    return cipher.update(data) + cipher.finalize()


def _mac(derived: bytes, ciphertext: bytes) -> bytes:
    return keccak256(derived[16:DERIVED_SIZE] + ciphertext)


def _unhex(text: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError("not text")
    return bytes.fromhex(text[2:] if text[:2].lower() == "0x" else text)


def _lower(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {str(name).lower(): _lower(item) for name, item in value.items()}
