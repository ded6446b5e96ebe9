"""What the plan of a network that moves says besides: text of the plan, and reading it back.

formerly = ["eip155:4242:0x…"]
refile_days = 30
[[member.key]]
id = "…"
purpose = "ANCHOR"
alg = 1
public_key = "…"
not_before = 1735660800
[[member.log]]
id = "…"
seq = 0
[[item]]
id = "penalty"
version = 1
…
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ledger.chain.contracts.structs import NATIONAL, CatalogueItem, Code
from ledger.chain.founding.founders import FounderKey, FounderLog
from ledger.chain.governing.requests import FOREVER
from ledger.chain.keys.keyfile import public_part
from ledger.chain.network import MAX_MOVES
from ledger.core.canonical import MAX_INTEGER
from ledger.core.errors import ConfigError
from ledger.core.ids import CODE, Digest, LogId, key_id
from ledger.core.keys import Purpose

MOVES = ("formerly", "refile_days", "item")
"""Members of such a plan."""
OF_MEMBER = ("key", "log")
"""The same of each of its members."""
REFILE_DAYS = 30
"""For which a network is filled anew: enough for logs of hundreds of millions of entries, and for
whoever is on holiday."""
_MOST_DAYS = 366
_MOST_LOGS = 256
_MOST_ITEMS = 4096
_HEX = re.compile("[0-9a-f]{64}")
_REFERENCE = re.compile(r"eip155:[1-9][0-9]{0,15}:0x[0-9a-f]{40}")
_NUMBERS = {
    "version": 2**32 - 1,
    "kind": 255,
    "since": MAX_INTEGER,
    "until": MAX_INTEGER,
    "visibility": 255,
    "data_class": 255,
    "granularity": 255,
}
"""Members of an item that are numbers, with the largest of each."""


# ---- writing


def quoted(text: str) -> str:
    """As a string of TOML, whatever others have written."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key_text(keys: Iterable[FounderKey]) -> str:
    """Keys of a member."""
    return "".join(
        f'[[member.key]]\nid = "{key_id(key.alg, key.public_key).hex()}"\n'
        f'purpose = "{key.purpose.name}"\nalg = {int(key.alg)}\n'
        f'public_key = "{key.public_key.hex()}"\nnot_before = {key.not_before}\n'
        + (f"not_after = {key.not_after}\n" if key.not_after != FOREVER else "")
        for key in keys
    )


def log_text(logs: Iterable[tuple[FounderLog, int | None]]) -> str:
    """Logs of a member, each with the size at which it was closed, None: it is open."""
    return "".join(
        f'[[member.log]]\nid = "{(log.log_id or b"").hex()}"\nseq = {log.seq}\n'
        + ("" if closed is None else f"# closed at {closed}: nothing beyond is anchored again\n")
        for log, closed in logs
    )


def item_text(items: Iterable[CatalogueItem]) -> str:
    """Items of the catalogue."""
    return "".join(
        f'\n[[item]]\nid = {quoted(item.item_id)}\ncontent = "{item.content_hash.hex()}"\n'
        + "".join(f"{name} = {getattr(item, name)}\n" for name in _NUMBERS)
        for item in items
    )


# ---- reading


def read_formerly(values: Mapping[str, Any]) -> tuple[str, ...]:
    """References of the network before it moved. Raises ConfigError."""
    found = values.get("formerly", [])
    if not isinstance(found, list) or len(found) > MAX_MOVES:
        raise ConfigError("formerly", f"is no list of at most {MAX_MOVES} references")
    if not all(isinstance(one, str) and _REFERENCE.fullmatch(one) for one in found):
        raise ConfigError("formerly", f"one is not of the form {_REFERENCE.pattern}")
    return tuple(found)


def read_refile_days(values: Mapping[str, Any]) -> int:
    """For how long it is filled anew; 0: it is not. Raises ConfigError."""
    return _number("refile_days", values.get("refile_days", 0), _MOST_DAYS)


def read_items(values: Mapping[str, Any]) -> tuple[CatalogueItem, ...] | None:
    """Items of the catalogue; None: it says nothing of them. Raises ConfigError."""
    found = values.get("item")
    if found is None:
        return None
    if not isinstance(found, list) or len(found) > _MOST_ITEMS:
        raise ConfigError("item", f"are not at most {_MOST_ITEMS}")
    return tuple(map(_item, found))


def read_keys(code: str, member: Mapping[str, Any]) -> tuple[FounderKey, ...]:
    """Keys that a member has already. Raises ConfigError."""
    return tuple(_key(code, value) for value in _tables(code, member, "key"))


def read_logs(code: str, member: Mapping[str, Any]) -> tuple[FounderLog, ...]:
    """Logs that a member has already, in their order. Raises ConfigError."""
    found = tuple(_log(code, value) for value in _tables(code, member, "log"))
    numbers = [log.seq for log in found]
    if len(found) > _MOST_LOGS or numbers != sorted(set(numbers)):
        raise ConfigError(code, f"its logs are not at most {_MOST_LOGS} in the order of seq")
    return found


def _tables(code: str, member: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = member.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ConfigError(code, f"its member.{name} are no tables")
    return found


def _key(code: str, value: Mapping[str, Any]) -> FounderKey:
    if value.keys() - {"id", "purpose", "alg", "public_key", "not_before", "not_after"}:
        raise ConfigError(code, "a key of it says what is not known")
    if value.get("purpose") not in Purpose.__members__:
        raise ConfigError(code, "a key of it has no known purpose")
    named = {"alg": "alg", "keyId": "id", "publicKey": "public_key"}
    alg, public_key = public_part(Path(code), {to: value.get(at) for to, at in named.items()})
    return FounderKey(
        purpose=Purpose[value["purpose"]],
        alg=alg,
        public_key=public_key,
        not_before=_number("not_before", value.get("not_before"), FOREVER),
        not_after=_number("not_after", value.get("not_after", FOREVER), FOREVER),
    )


def _log(code: str, value: Mapping[str, Any]) -> FounderLog:
    if value.keys() != {"id", "seq"}:
        raise ConfigError(code, "a log of it needs id and seq, nothing else")
    log_id = _hex(code, value["id"])
    return FounderLog(seq=_number("seq", value["seq"], 2**32), log_id=LogId(log_id))


def _item(value: Any) -> CatalogueItem:
    if not isinstance(value, dict) or value.keys() != {"id", "content", *_NUMBERS}:
        raise ConfigError("item", f"needs id, content, {', '.join(_NUMBERS)}, nothing else")
    name = value["id"]
    if not isinstance(name, str) or not CODE.fullmatch(name):
        raise ConfigError("item", f"{name!r} is no id")
    numbers = {key: _number(key, value[key], most) for key, most in _NUMBERS.items()}
    content = Digest(_hex(name, value["content"]))
    return CatalogueItem(item_id=Code(name), content_hash=content, region=NATIONAL, **numbers)


def _number(name: str, value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ConfigError(name, f"is not a number from 0 to {most}")
    return value


def _hex(name: str, value: Any) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ConfigError(name, "has an id or hash that is not 64 hex digits")
    return bytes.fromhex(value)
