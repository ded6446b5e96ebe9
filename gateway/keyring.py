"""The keys of one gateway, opened once at the start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.settings import Settings
from ledger.chain.keyfile import KeyFile
from ledger.chain.signers import DigestSigner, MessageSigner, open_signer
from ledger.chain.wellknown import is_well_known
from ledger.core.errors import ConfigError
from ledger.core.keys import Alg


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """anchor: checkpoints and promises. note: C2SP checkpoints. present: presentations.
    payer: pays for transactions, says nothing. content, index: secrets of 32 bytes that seal
    record content and make fingerprints."""

    anchor: DigestSigner
    note: MessageSigner
    present: MessageSigner
    payer: DigestSigner
    content: bytes
    index: bytes


def open_keys(settings: Settings) -> Keyring:
    """Open the six files of the keys folder. Raises ConfigError."""
    password = _password(settings)
    folder = settings.keys
    keys = Keyring(
        anchor=open_signer(folder / "anchor.json", password),
        note=open_signer(folder / "note.json", password),
        present=open_signer(folder / "present.json", password),
        payer=open_signer(folder / "payer.json", password),
        content=_secret(folder / "content.json", "content", password),
        index=_secret(folder / "index.json", "index", password),
    )
    for name, signer in (("anchor", keys.anchor), ("payer", keys.payer)):
        if signer.alg is not Alg.SECP256K1:
            raise ConfigError(f"{name}.json", "is not a secp256k1 key")
        if settings.env == "production" and is_well_known(signer.address):
            raise ConfigError(f"{name}.json", "everybody knows this key; production refuses it")
    if keys.note.alg is not Alg.ED25519:
        raise ConfigError("note.json", "is not an Ed25519 key")
    return keys


def _secret(path: Path, purpose: str, password: bytes) -> bytes:
    file = KeyFile.load(path)
    if file.purpose != purpose:
        raise ConfigError(str(path), f"holds a key of purpose {file.purpose}, not {purpose}")
    return file.open(password)


def _password(settings: Settings) -> bytes:
    path = settings.key_password_file
    if path is None:
        raise ConfigError("key_password_file", "is needed to open the keys")
    try:
        return path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise ConfigError(str(path), error.strerror or "cannot be read") from error
