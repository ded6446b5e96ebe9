"""Values of an action as they are typed: `KEY=VALUE`, by the types of the contract's ABI.

Codes as they are; ids and hashes in hex; numbers; times also as 2026-11-20T08:00:00Z; roles and
purposes also by name (PROVINCE,BUREAU). Structs as JSON or from a file (`@FILE`); the public file
of a member that `consortium keys` made gives `founder`, `keys` and `key`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ledger.chain.contracts.contract_abi import Param
from ledger.chain.founding.founders import FounderKey
from ledger.chain.governing.actions import parameters
from ledger.chain.governing.requests import FOREVER, key_input
from ledger.cli.language import say
from ledger.cli.member_file import MemberFile, read_member
from ledger.core.canonical import parse_instant, unhex32
from ledger.core.errors import ConfigError, Malformed
from ledger.core.keys import Purpose, Role

_CODES = frozenset({"member", "role", "region", "itemId", "code"})
_TIMES = frozenset({"since", "from", "until", "notBefore", "notAfter", "effectiveAt"})


def typed(kind: str, pairs: Sequence[str]) -> dict[str, Any]:
    """The values of an action of this kind. Raises click.BadParameter naming what is wrong."""
    params = {param.name: param for param in parameters(kind)}
    given = dict(_pair(text) for text in pairs)
    names = ", ".join(params)
    if unknown := sorted(given.keys() - params.keys()):
        raise _bad(f"{unknown[0]}: {say(zh='应为', en='must be one of')} {names}")
    if missing := [name for name in params if name not in given]:
        raise _bad(say(zh=f"缺少 {', '.join(missing)}", en=f"missing: {', '.join(missing)}"))
    return {name: _value(params[name], text) for name, text in given.items()}


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise _bad(f"{text}: {say(zh='应为 KEY=VALUE', en='must be KEY=VALUE')}")
    return name, value


def _value(param: Param, text: str) -> Any:
    try:
        if param.members:
            return _struct(param, text)
        return _plain(param, text)
    except (ValueError, KeyError, TypeError, Malformed, ConfigError, OSError) as error:
        raise _bad(f"{param.name}={text}: {error}") from error


def _plain(param: Param, text: Any) -> Any:
    """A number, a code, bytes, an address or a text."""
    if param.type.startswith("uint"):
        return text if type(text) is int else _number(param.name, str(text))
    if param.type == "bytes32":
        return text if param.name in _CODES else unhex32(text.lower().removeprefix("0x"))
    if param.type == "bytes":
        return bytes.fromhex(text.removeprefix("0x"))
    return text.lower() if param.type == "address" else text


def _number(name: str, text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    if name == "roles":
        return int(sum(Role[part.strip().upper()] for part in set(text.split(","))))
    if name == "purpose":
        return int(Purpose[text.upper()])
    if name in _TIMES:
        return parse_instant(text)
    raise ValueError(say(zh="不是数", en="is no number"))


def _struct(param: Param, text: str) -> Any:
    value = json.loads(Path(text[1:]).read_bytes() if text.startswith("@") else text)
    if isinstance(value, dict) and value.get("_type") == MemberFile.TYPE:
        return _of_member(param.name, read_member(value))
    return _deep(param, value)


def _of_member(name: str, found: MemberFile) -> Any:
    """What a member's public file says, as the contract takes it."""
    if name == "founder":
        if not found.roles:
            raise ValueError("says no roles: `consortium keys` again, with --roles")
        return {
            "code": found.code,
            "region": found.region,
            "roles": int(found.roles),
            "endpoint": found.endpoint,
        }
    if name == "keys":
        return [_key(found.code, key) for key in found.keys]
    if name == "key":
        govern = [key for key in found.keys if key.purpose == Purpose.GOVERN]
        if len(govern) != 1:
            raise ValueError(f"holds {len(govern)} GOVERN keys")
        return _key(found.code, govern[0])
    raise ValueError("is nothing that a member's file says")


def _key(member: str, key: FounderKey) -> dict[str, Any]:
    """`notBefore` 0: the contract lets it begin as soon as it may."""
    return key_input(
        member=member,
        purpose=key.purpose,
        alg=key.alg,
        public_key=key.public_key,
        not_before=0,
        not_after=FOREVER,
    )


def _deep(param: Param, value: Any) -> Any:
    if param.type.endswith("[]"):
        one = Param(param.type.removesuffix("[]"), param.name, False, param.members)
        return [_deep(one, item) for item in value]
    if not param.members:
        return _plain(param, value)
    if not isinstance(value, Mapping) or set(value) != {member.name for member in param.members}:
        raise ValueError(f"needs {', '.join(member.name for member in param.members)}")
    return {member.name: _deep(member, value[member.name]) for member in param.members}


def _bad(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="KEY=VALUE")
