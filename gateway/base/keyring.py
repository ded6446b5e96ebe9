"""The keys of one gateway: opened at the start, and again where one was rotated.

Which of several keys of a purpose signs is what the chain says (`ledger.chain.keys.keydir`). One
that is taken up meanwhile needs no restart: the anchorer calls `KeyFolder.choose` whenever it has
read the chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import structlog

from gateway.base.content_keys import ContentFolder, demand_purpose, open_secret
from gateway.base.crypto import ContentKey
from gateway.base.settings import Settings
from ledger.chain.keys.keydir import files, first_file, newest
from ledger.chain.keys.keyfile import taken
from ledger.chain.keys.private import demand_private
from ledger.chain.keys.signers import (
    DigestSigner,
    LocalSigner,
    MessageSigner,
    RemoteSigner,
    open_signer,
)
from ledger.chain.keys.wellknown import is_well_known
from ledger.core.errors import ConfigError
from ledger.core.keys import Alg, Purpose

ROTATED = (
    Purpose.ANCHOR,
    Purpose.NOTE,
    Purpose.PRESENT,
    Purpose.CASE,
    Purpose.DECIDE,
    Purpose.REQUEST,
    Purpose.WITNESS,
    Purpose.CONSENT,
    Purpose.PRODUCT,
)
"""Purposes of the keys that a gateway signs with."""

_log = structlog.get_logger(__name__)

Signer = LocalSigner | RemoteSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """anchor: checkpoints and promises. note: C2SP checkpoints. present: presentations.
    payer: pays for transactions, says nothing. content: seals content; the oldest first, at least
    one. index: a secret of 32 bytes that makes fingerprints. former: ANCHOR keys that signed
    before, the last one first; what was begun before the change is promised with one of them. case:
    acknowledgements and marks of objections; decide: acts on records; None: they are signed
    elsewhere. request: requests to other members and answers to theirs; None: the node takes no
    part in the exchange. witness: cosigns the logs of others; None: this member has no such key.
    consent: takes authorisations back; product: registers data products; None: this node does
    neither."""

    anchor: DigestSigner
    note: MessageSigner
    present: MessageSigner
    payer: DigestSigner
    content: tuple[ContentKey, ...]
    index: bytes
    former: tuple[DigestSigner, ...] = ()
    request: MessageSigner | None = None
    case: DigestSigner | None = None
    decide: DigestSigner | None = None
    witness: MessageSigner | None = None
    consent: DigestSigner | None = None
    product: DigestSigner | None = None

    @property
    def registered(self) -> dict[Purpose, DigestSigner | MessageSigner]:
        """Those that sign now and stand on the chain, by purpose."""
        found: dict[Purpose, DigestSigner | MessageSigner | None] = {
            Purpose.ANCHOR: self.anchor,
            Purpose.NOTE: self.note,
            Purpose.PRESENT: self.present,
            Purpose.CASE: self.case,
            Purpose.DECIDE: self.decide,
            Purpose.REQUEST: self.request,
            Purpose.WITNESS: self.witness,
            Purpose.CONSENT: self.consent,
            Purpose.PRODUCT: self.product,
        }
        return {purpose: key for purpose, key in found.items() if key is not None}

    def with_key(self, purpose: Purpose, signer: Signer) -> Keyring:
        """With another key of one of `ROTATED`."""
        if purpose is Purpose.ANCHOR:
            return replace(self, anchor=signer, former=(self.anchor, *self.former))
        held: dict[str, Any] = {purpose.name.lower(): signer}
        return replace(self, **held)


def open_keys(settings: Settings) -> Keyring:
    """Open the first file of each purpose, and all of `content`. Raises ConfigError."""
    return KeyFolder.of(settings).first()


@dataclass(slots=True)
class KeyFolder:
    """The keys folder. Each file is opened once, which takes a second. Used by one thread."""

    folder: Path
    password: bytes
    production: bool
    content: ContentFolder = field(init=False)
    _opened: dict[Path, Signer] = field(default_factory=dict)
    _refused: dict[Path, int] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> KeyFolder:
        """Open the folder. Raises ConfigError where there is no password."""
        return cls(settings.keys, _password(settings), settings.env == "production")

    def __post_init__(self) -> None:
        self.content = ContentFolder(self.folder, self.password)

    def first(self) -> Keyring:
        """What signs until the chain was read. Raises ConfigError."""
        return Keyring(
            anchor=self._first(Purpose.ANCHOR),
            note=self._first(Purpose.NOTE),
            present=self._first(Purpose.PRESENT),
            request=self._if_there(Purpose.REQUEST),
            case=self._if_there(Purpose.CASE),
            payer=self._open(first_file(self.folder, "payer"), "payer"),
            content=self.content.all(),
            decide=self._if_there(Purpose.DECIDE),
            index=open_secret(first_file(self.folder, "index"), "index", self.password),
            witness=self._if_there(Purpose.WITNESS),
            consent=self._if_there(Purpose.CONSENT),
            product=self._if_there(Purpose.PRODUCT),
        )

    def choose(
        self, keys: Keyring, valid: Mapping[Purpose, Sequence[bytes]], *, tell: bool = True
    ) -> Keyring:
        """The keyring with the newest key of each purpose. valid: ids of the keys that the chain
        calls valid now, in the order of registration. tell: in the log, what was taken up."""
        for purpose in ROTATED:
            now, wanted = _current(keys, purpose), valid.get(purpose, ())
            if not wanted or wanted[-1] == now:
                continue
            chosen = newest(self._held(purpose), wanted)
            if chosen is not None and chosen.key_id != now:
                if tell:
                    _log.info("key.taken-up", purpose=purpose.name, key=chosen.key_id.hex())
                keys = keys.with_key(purpose, chosen)
        return keys

    def _held(self, purpose: Purpose) -> list[tuple[bytes, Signer]]:
        """All that can be opened. One that cannot is told of once, until its file changes: a
        stray file must not end a gateway that has a key."""
        held: list[tuple[bytes, Signer]] = []
        for path in files(self.folder, purpose.name):
            try:
                changed = path.stat().st_mtime_ns
                if self._refused.get(path) == changed:
                    continue
                self._refused[path] = changed
                signer = self._open(path, purpose.name)
            except (ConfigError, OSError):
                _log.warning("key.not-opened", purpose=purpose.name, file=path.name)
                continue
            del self._refused[path]
            held.append((signer.key_id, signer))
        return held

    def _first(self, purpose: Purpose) -> Signer:
        found = files(self.folder, purpose.name) or [first_file(self.folder, purpose.name)]
        return self._open(found[0], purpose.name)

    def _if_there(self, purpose: Purpose) -> Signer | None:
        """Nodes that were set up before they had such a key go on without it."""
        return self._first(purpose) if files(self.folder, purpose.name) else None

    def _open(self, path: Path, purpose: str) -> Signer:
        if path in self._opened:
            return self._opened[path]
        signer = _signer(path, purpose, self.password)
        if self.production and signer.alg is Alg.SECP256K1 and is_well_known(signer.address):
            raise ConfigError(path.name, "everybody knows this key; production refuses it")
        self._opened[path] = signer
        return signer


def _current(keys: Keyring, purpose: Purpose) -> bytes:
    signer = keys.registered.get(purpose)
    return b"" if signer is None else signer.key_id


def _signer(path: Path, purpose: str, password: bytes) -> Signer:
    demand_purpose(path, purpose)
    signer = open_signer(path, password)
    # What is read by contracts and C2SP has one.
    if signer.alg not in taken(purpose):
        raise ConfigError(str(path), f"a key of {signer.alg.name} cannot be used for {purpose}")
    return signer


def _password(settings: Settings) -> bytes:
    path = settings.key_password_file
    if path is None:
        raise ConfigError("key_password_file", "is needed to open the keys")
    demand_private(path)
    try:
        return path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise ConfigError(str(path), error.strerror or "cannot be read") from error
