"""The folder of a member: its keys, and the public file that it hands to others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ledger.chain.keys.keydir import files, first_file, read_public
from ledger.chain.keys.keyfile import KeyFile, WrongPassword, create, read_fields, salt_beside
from ledger.chain.keys.keystore import new_salt
from ledger.chain.keys.signers import REMOTE_TYPE
from ledger.cli.member_file import encode_member, read_roles
from ledger.cli.output import write_file
from ledger.core.errors import ConfigError
from ledger.core.ids import CODE
from ledger.core.keys import Role

REGISTERED = ("GOVERN", "ANCHOR", "NOTE", "PRESENT", "CASE", "REQUEST")
"""Keys that a member begins with; it adds others itself (`keys rotate`)."""
OF_PROVINCES = ("WITNESS", "DECIDE")
"""Those that a province begins with besides: it cosigns the logs of the others, and decides about
its own records. DECIDE belongs with those who release: they move its file away from the node."""
LOCAL = ("payer", "content", "index")
"""Keys that never leave its node."""
_REGION_DIGITS = 6


def public_file(folder: Path, code: str) -> Path:
    """Where the public file of a member lies in its folder."""
    return folder / f"{code}.json"


def read_region_and_roles(code: str, region: str | None, roles: str | None) -> tuple[str, Role]:
    """The region and roles that were given, else those of six digits: a province of its own name.
    Raises ConfigError."""
    if not CODE.fullmatch(code):
        raise ConfigError("CODE", f"{code!r} is no code")
    province = len(code) == _REGION_DIGITS and code.isdigit()
    names = _names(roles) or (["PROVINCE"] if province else [])
    return region if region is not None else code if province else "", read_roles(names)


def key_files(folder: Path) -> Sequence[Path]:
    """The keys that are there, later ones too, but for those that a signing service holds."""
    keys = folder / "keys"
    found = [
        path for purpose in (*REGISTERED, *OF_PROVINCES, *LOCAL) for path in files(keys, purpose)
    ]
    return [path for path in found if read_fields(path).get("_type") != REMOTE_TYPE]


def demand_opens(folder: Path, password: bytes) -> None:
    """Require that one password opens all keys that are there: a node has one. Raises
    WrongPassword with the remedy, ConfigError."""
    for path in key_files(folder):
        try:
            KeyFile.load(path).open(password)
        except WrongPassword as error:
            raise WrongPassword(
                str(path),
                "was made with another password: name that of all keys with --password-file, or"
                " move this one elsewhere first",
            ) from error


def make_member(
    folder: Path, *, code: str, region: str, roles: Role, endpoint: str, password: bytes
) -> Path:
    """Make the keys that are missing and write the public file, whose path is returned. Raises
    ConfigError, and makes nothing then, where the password is not that of those that are there."""
    demand_opens(folder, password)
    keys = folder / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    keys.chmod(0o700)
    registered = REGISTERED + (OF_PROVINCES if Role.PROVINCE in roles else ())
    there = [path for path in key_files(folder) if path.exists()]
    salt = (salt_beside(there[0]) if there else None) or new_salt()
    for purpose in (*registered, *LOCAL):
        path = first_file(keys, purpose)
        if not path.exists():
            create(purpose, path, password, salt=salt)
    public = [read_public(first_file(keys, purpose)) for purpose in registered]
    file = public_file(folder, code)
    content = encode_member(code=code, region=region, roles=roles, endpoint=endpoint, keys=public)
    write_file(file, content)
    return file


def _names(text: str | None) -> Sequence[str]:
    return [name.strip().upper() for name in (text or "").split(",") if name.strip()]
