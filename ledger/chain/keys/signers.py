"""Who signs: a key file opened in this process, or a signer of its own behind HTTP.

Callers see two shapes: `DigestSigner` (secp256k1 over 32 bytes: EIP-712, transactions) and
`MessageSigner` (whole messages: notes, JWS).
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.chain.errors import RpcFailure, SignerUnavailable
from ledger.chain.keys.keyfile import KeyFile, public_key_of, public_part, read_fields
from ledger.chain.keys.private import demand_private
from ledger.chain.nodes.http import Http, place
from ledger.core import eip712, keys, secp256k1
from ledger.core.canonical import DIGEST_SIZE, b64u_encode, hex0x, hex32, unhex0x
from ledger.core.eip712 import SIGNATURE65_SIZE, V_OFFSET, address_of
from ledger.core.errors import ConfigError, Malformed, SignatureInvalid
from ledger.core.ids import Address, KeyId, key_id
from ledger.core.keys import COORDINATE_SIZE, SIGNATURE_SIZE, Alg

REMOTE_TYPE = "credit-ledger/remote-key@1"
_ANSWER_BYTES = 4 << 10  # one signature in JSON
_SIGN_SECONDS = 10.0


class _Key(Protocol):
    @property
    def alg(self) -> Alg:
        """Algorithm of the key."""

    @property
    def public_key(self) -> bytes:
        """As Consortium holds it."""

    @property
    def key_id(self) -> KeyId:
        """32 bytes."""


class DigestSigner(_Key, Protocol):
    """secp256k1 over digests."""

    @property
    def address(self) -> Address:
        """The Ethereum address of the key."""

    def sign_digest(self, digest: bytes) -> bytes:
        """65 bytes, r ‖ s ‖ v, low s, v 27 or 28. May raise SignerUnavailable."""


class MessageSigner(_Key, Protocol):
    """Any algorithm over whole messages, as `ledger.core.keys.verify` checks them."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes: r ‖ s with low s, or an Ed25519 signature. May raise SignerUnavailable."""


class _Public:
    """The public side, common to all signers."""

    def __init__(self, alg: Alg, public_key: bytes) -> None:
        self.alg = alg
        self.public_key = public_key
        self.key_id = key_id(alg, public_key)

    @property
    def address(self) -> Address:
        """Its account. Raises ConfigError where the key is of another curve than Ethereum's."""
        if self.alg is not Alg.SECP256K1:
            raise ConfigError("key", f"{self.alg.name} has no address")
        return address_of(self.public_key)


@cache
def _ecdsa() -> ec.ECDSA:
    """The same signature of the same message each time (RFC 6979), where OpenSSL can (3.2)."""
    try:
        return ec.ECDSA(SHA256(), deterministic_signing=True)
    except UnsupportedAlgorithm:
        return ec.ECDSA(SHA256())


class LocalSigner(_Public):
    """A private key in this process."""

    def __init__(self, alg: Alg, secret: bytes) -> None:
        super().__init__(alg, public_key_of(alg, secret))
        self._secret = secret

    def sign_digest(self, digest: bytes) -> bytes:
        """See DigestSigner. Raises ConfigError where the key is not secp256k1."""
        if self.alg is not Alg.SECP256K1:
            raise ConfigError("key", f"{self.alg.name} does not sign digests")
        if len(digest) != DIGEST_SIZE:
            raise Malformed("digest", f"not {DIGEST_SIZE} bytes")
        # Low s, deterministic (RFC 6979) with either back end; v is 0 or 1.
        from eth_keys.datatypes import PrivateKey  # noqa: PLC0415 - see `ledger.core.eip712`

        data = PrivateKey(self._secret).sign_msg_hash(digest).to_bytes()
        return data[:SIGNATURE_SIZE] + bytes([data[SIGNATURE_SIZE] + V_OFFSET])

    def sign(self, message: bytes) -> bytes:
        """See MessageSigner."""
        if self.alg is Alg.ED25519:
            return Ed25519PrivateKey.from_private_bytes(self._secret).sign(message)
        if self.alg is Alg.SECP256K1:
            der = secp256k1.signer(self._secret)(message)
        else:
            key = ec.derive_private_key(int.from_bytes(self._secret, "big"), ec.SECP256R1())
            der = key.sign(message, _ecdsa())
        made = decode_dss_signature(der)
        return keys.low_s(self.alg, b"".join(n.to_bytes(COORDINATE_SIZE, "big") for n in made))


class RemoteSigner(_Public):
    """A key that a signing service holds (format in `docs/protocol.md`).

    `POST url` with a bearer token and {"keyId", "digest"} or {"keyId", "message" (base64url)},
    answered by 200 {"signature": "0x…"}. The public key comes from our own settings, and what the
    service returns is used only after it verified with that key.
    """

    def __init__(
        self,
        url: str,
        *,
        alg: Alg,
        public_key: bytes,
        token: str,
        timeout: float = _SIGN_SECONDS,
    ) -> None:
        super().__init__(alg, public_key)
        parts = urlsplit(url)
        loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            problem = f"{place(url)}: the token would travel in the clear; use https"
            raise ConfigError("url", problem)
        self.url = url
        self._timeout = timeout
        self._http = Http(
            verify=parts.scheme == "https",
            headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        )

    def sign_digest(self, digest: bytes) -> bytes:
        """See DigestSigner. Raises SignatureInvalid where another key signed."""
        signature = self._ask({"digest": hex0x(digest)}, SIGNATURE65_SIZE)
        if eip712.recover(digest, signature).public_key != self.public_key:
            raise SignatureInvalid(place(self.url), "not made by the expected key")
        return signature

    def sign(self, message: bytes) -> bytes:
        """See MessageSigner. Raises SignatureInvalid where another key signed."""
        signature = self._ask({"message": b64u_encode(message)}, SIGNATURE_SIZE)
        signature = keys.low_s(self.alg, signature)
        keys.verify(self.alg, self.public_key, message, signature)
        return signature

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def _ask(self, what: Mapping[str, str], size: int) -> bytes:
        content = json.dumps({"keyId": hex32(self.key_id), **what}).encode()
        try:
            status, body = self._http.request(
                "POST",
                self.url,
                content=content,
                timeout=self._timeout,
                max_bytes=_ANSWER_BYTES,
            )
        except RpcFailure as error:
            raise SignerUnavailable(place(self.url), str(error)) from error
        if status != 200:  # noqa: PLR2004
            raise SignerUnavailable(place(self.url), f"HTTP status {status}")
        try:
            return unhex0x(orjson.loads(body)["signature"], size)
        except (ValueError, KeyError, TypeError, AttributeError, Malformed) as error:
            raise SignerUnavailable(place(self.url), "no signature in the answer") from error


def open_signer(path: Path, password: bytes) -> LocalSigner | RemoteSigner:
    """The signer that a file describes: an encrypted key file, or a remote key.

    Remote: {"_type":"credit-ledger/remote-key@1","purpose","alg","keyId","publicKey","url",
    "tokenFile"}, the token's path relative to the file. Raises ConfigError.
    """
    fields = read_fields(path)
    if fields.get("_type") == REMOTE_TYPE:
        return _open_remote(path, fields)
    file = KeyFile.load(path)
    if file.alg is None:
        raise ConfigError(str(path), f"a secret of purpose {file.purpose} signs nothing")
    return LocalSigner(file.alg, file.open(password))


def _open_remote(path: Path, fields: Mapping[str, Any]) -> RemoteSigner:
    alg, public_key = public_part(path, fields)
    url, token_file = fields.get("url"), fields.get("tokenFile")
    if not isinstance(url, str) or not isinstance(token_file, str):
        raise ConfigError(str(path), "url or tokenFile is missing")
    demand_private(path.parent / token_file)
    try:
        token = (path.parent / token_file).read_text("ascii").strip()
    except (OSError, UnicodeError) as error:
        raise ConfigError(str(path.parent / token_file), "cannot be read") from error
    return RemoteSigner(url, alg=alg, public_key=public_key, token=token)
