"""The folder that holds the keys of a node: several files of one purpose while a key is rotated.

`anchor.json` is the first, `anchor-1f2e3d4c.json` a later one; the rest of the name is the start of
the key id. Files are added and never renamed, so that a running gateway finds each of them whole.
Which of them signs is what the chain says: the one that was registered last among those that are
valid.

Of content keys, which nobody registers, the name says which is the newest: `content.json`,
`content-2.json`, `content-3.json`.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from ledger.chain.keys.keyfile import KeyFile, public_part, read_fields
from ledger.chain.keys.signers import REMOTE_TYPE
from ledger.core.errors import ConfigError
from ledger.core.ids import KeyId, key_id
from ledger.core.keys import Alg

_VERSION = re.compile("[2-9]|[1-9][0-9]{1,3}")
_NAME_DIGITS = 8  # of the key id: enough to tell a handful of files apart


K = TypeVar("K")


def first_file(folder: Path, purpose: str) -> Path:
    """Where the first key of a purpose lies."""
    return folder / f"{purpose.lower()}.json"


def next_file(folder: Path, purpose: str, key_id: bytes) -> Path:
    """Where a later key of a purpose goes."""
    return folder / f"{purpose.lower()}-{key_id.hex()[:_NAME_DIGITS]}.json"


def files(folder: Path, purpose: str) -> list[Path]:
    """The key files of a purpose, the first one first; empty where there is none."""
    first, later = first_file(folder, purpose), folder.glob(f"{purpose.lower()}-*.json")
    return [*([first] if first.exists() else []), *sorted(later)]


def versions(folder: Path, purpose: str) -> list[tuple[int, Path]]:
    """The files of a purpose whose keys are numbered, version 1 first."""
    first, name = first_file(folder, purpose), purpose.lower()
    found = [(1, first)] if first.exists() else []
    for path in folder.glob(f"{name}-*.json"):
        if number := _VERSION.fullmatch(path.stem.removeprefix(f"{name}-")):
            found.append((int(number[0]), path))
    return sorted(found)


def next_version(folder: Path, purpose: str) -> tuple[int, Path]:
    """Number and file of the version after the newest."""
    number = max((number for number, _ in versions(folder, purpose)), default=0) + 1
    name = purpose.lower()
    return number, first_file(folder, name) if number == 1 else folder / f"{name}-{number}.json"


def newest(held: Iterable[tuple[bytes, K]], valid: Sequence[bytes]) -> K | None:
    """Of what is held by key id: the one that was registered last; None where none was.

    `valid`: ids of registered keys of the purpose that are valid, in the order of registration.
    """
    ours = dict(held)
    return next((ours[found] for found in reversed(valid) if found in ours), None)


class PublicKey(NamedTuple):
    """What a key file tells without a password."""

    path: Path
    purpose: str
    alg: Alg
    public_key: bytes

    @property
    def key_id(self) -> KeyId:
        """32 bytes."""
        return key_id(self.alg, self.public_key)


def read_public(path: Path) -> PublicKey:
    """Of an encrypted key file, or of the description of a remote key. Raises ConfigError."""
    fields = read_fields(path)
    if fields.get("_type") == REMOTE_TYPE:
        return PublicKey(path, str(fields.get("purpose")), *public_part(path, fields))
    file = KeyFile.load(path)
    if file.alg is None or file.public_key is None:
        raise ConfigError(str(path), f"a secret of purpose {file.purpose} is no key pair")
    return PublicKey(path, file.purpose, file.alg, file.public_key)
