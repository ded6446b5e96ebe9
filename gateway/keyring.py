"""The keys of one gateway, opened once at the start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.settings import Settings
from ledger.chain.keyfile import ALGS, KeyFile, read_fields
from ledger.chain.signers import (
    DigestSigner,
    LocalSigner,
    MessageSigner,
    RemoteSigner,
    open_signer,
)
from ledger.chain.wellknown import is_well_known
from ledger.core.errors import ConfigError
from ledger.core.keys import Purpose


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
        anchor=_signer(folder / "anchor.json", Purpose.ANCHOR.name, password),
        note=_signer(folder / "note.json", Purpose.NOTE.name, password),
        present=_signer(folder / "present.json", Purpose.PRESENT.name, password),
        payer=_signer(folder / "payer.json", "payer", password),
        content=_secret(folder / "content.json", "content", password),
        index=_secret(folder / "index.json", "index", password),
    )
    for name, signer in (("anchor", keys.anchor), ("payer", keys.payer)):
        if settings.env == "production" and is_well_known(signer.address):
            raise ConfigError(f"{name}.json", "everybody knows this key; production refuses it")
    return keys


def _signer(path: Path, purpose: str, password: bytes) -> LocalSigner | RemoteSigner:
    _demand_purpose(path, purpose)
    signer = open_signer(path, password)
    # Presentations may be signed by any algorithm, the others are read by contracts and C2SP.
    if purpose != Purpose.PRESENT.name and signer.alg is not ALGS[purpose]:
        raise ConfigError(str(path), f"a key of {signer.alg.name} cannot be used for {purpose}")
    return signer


def _secret(path: Path, purpose: str, password: bytes) -> bytes:
    _demand_purpose(path, purpose)
    return KeyFile.load(path).open(password)


def _demand_purpose(path: Path, purpose: str) -> None:
    """A key has one purpose; a file copied to the wrong name must not be used for another."""
    found = read_fields(path).get("purpose")
    if found != purpose:
        raise ConfigError(str(path), f"holds a key of purpose {found}, not {purpose}")


def _password(settings: Settings) -> bytes:
    path = settings.key_password_file
    if path is None:
        raise ConfigError("key_password_file", "is needed to open the keys")
    try:
        return path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise ConfigError(str(path), error.strerror or "cannot be read") from error
