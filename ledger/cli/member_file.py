"""The public file of a member to be: who it is and its keys, for founding, admission, recovery.

{"_type":"credit-ledger/member@1","code","region","roles":["PROVINCE"],"endpoint",
 "keys":[{"purpose":"GOVERN","alg":1,"keyId":hex,"publicKey":hex}, …]}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ledger.chain.founding.founders import FounderKey
from ledger.chain.keys.keydir import PublicKey
from ledger.chain.keys.keyfile import public_part, read_fields
from ledger.core.canonical import hex32
from ledger.core.errors import ConfigError
from ledger.core.ids import CODE
from ledger.core.keys import Purpose, Role

MAX_KEYS = 32
"""As many as an admission may bring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFile:
    """region: "" for a member that is no province. roles: none where it leaves them to the plan."""

    TYPE: ClassVar[str] = "credit-ledger/member@1"
    code: str
    region: str
    roles: Role
    endpoint: str
    keys: tuple[FounderKey, ...]


def encode_member(
    *, code: str, region: str, roles: Role, endpoint: str, keys: list[PublicKey]
) -> bytes:
    """The file."""
    fields = {
        "_type": MemberFile.TYPE,
        "code": code,
        "region": region,
        "roles": [role.name for role in roles],
        "endpoint": endpoint,
        "keys": [
            {
                "purpose": key.purpose,
                "alg": int(key.alg),
                "keyId": hex32(key.key_id),
                "publicKey": key.public_key.hex(),
            }
            for key in keys
        ],
    }
    return json.dumps(fields, indent=2).encode() + b"\n"


def load_member(path: Path) -> MemberFile:
    """Read the file. Raises ConfigError."""
    try:
        return read_member(read_fields(path))
    except ConfigError as error:
        raise ConfigError(str(path), error.problem) from error


def read_member(fields: Mapping[str, Any]) -> MemberFile:
    """Read what the file holds. Raises ConfigError naming the field."""
    if fields.get("_type") != MemberFile.TYPE:
        raise ConfigError("_type", f"is not {MemberFile.TYPE}")
    code, region, endpoint = (fields.get(name) for name in ("code", "region", "endpoint"))
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise ConfigError("code", "is no code")
    if not isinstance(region, str) or not isinstance(endpoint, str):
        raise ConfigError("region, endpoint", "are no texts")
    keys = fields.get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= MAX_KEYS:
        raise ConfigError("keys", f"are not 1 to {MAX_KEYS}")
    return MemberFile(
        code=code,
        region=region,
        roles=read_roles(fields.get("roles")),
        endpoint=endpoint,
        keys=tuple(_key(key) for key in keys),
    )


def read_roles(value: Any) -> Role:
    """From a list of names; none is none. Raises ConfigError."""
    try:
        names = [Role[name] for name in value]
    except (KeyError, TypeError) as error:
        known = ", ".join(role.name or "" for role in Role)
        raise ConfigError("roles", f"are not of {known}") from error
    made = Role(0)
    for role in names:
        made |= role
    return made


def _key(value: Any) -> FounderKey:
    if not isinstance(value, dict) or value.get("purpose") not in Purpose.__members__:
        raise ConfigError("keys", "one has no known purpose")
    alg, public_key = public_part(Path("keys"), value)
    return FounderKey(
        purpose=Purpose[value["purpose"]], alg=alg, public_key=public_key, not_before=0
    )
