"""The network file: the one thing a verifier pins (format in `docs/protocol.md`).

Any spelling of the JSON is read, because people edit this file; its digest is that of the
canonical one. Unknown fields, duplicates and a node named twice are refused: two names of one
node would be a quorum of one.
"""

import ipaddress
import json
import os
import posixpath
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NewType, NoReturn, cast
from urllib.parse import unquote_to_bytes

import httpx
import orjson

from ledger.core import canonical
from ledger.core.canonical import instant, parse_instant
from ledger.core.errors import ConfigError, Malformed
from ledger.core.ids import Address, Digest, sha256

__all__ = [
    "MAX_AGE",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_MOVES",
    "MAX_NAME",
    "MAX_NODES",
    "RULES",
    "TYPE",
    "Finality",
    "Hash32",
    "NetworkFile",
    "Rebuilt",
    "Rule",
    "demand_enough",
    "demand_majority",
]

Hash32 = NewType("Hash32", str)
"""Block hash or transaction hash: `0x` and 64 lower-case hex digits."""

TYPE = "credit-ledger/network@1"
MAX_BYTES = 64 << 10  # a handful of URLs; more is no network file
MAX_NODES = 16  # every one is asked for every value
MAX_MOVES = 16  # references of the network before it moved
MAX_NAME = 100  # characters
MAX_DEPTH = 100_000  # blocks above; more than a day of the fastest engine
MAX_AGE = 30 * 86_400  # seconds; a head older than that proves nothing about today

Rule = Literal["latest", "finalized", "confirmations"]
RULES: tuple[Rule, ...] = ("latest", "finalized", "confirmations")

_FIELDS = {
    "_type", "name", "chainId", "consortium", "deployBlock", "deployBlockHash", "finality", "rpc",
    "quorum", "maxHeadAge",
}  # fmt: skip
_OPTIONAL = {"formerly", "rebuilt"}
_PORTS = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_HASH = re.compile(r"0x[0-9a-f]{64}")
_REFERENCE = re.compile(r"eip155:[1-9][0-9]{0,15}:0x[0-9a-f]{40}")
_ENVIRONMENT = "CREDIT_LEDGER_ENV"


@dataclass(frozen=True, kw_only=True)
class Finality:
    """When a block counts as final.

    `latest`: at once (BFT engines). `finalized`: the node's tag. `confirmations`: when at least
    `depth` blocks lie above it, so the newest final block is head − depth. `depth` is 0 for the
    other rules.
    """

    rule: Rule
    depth: int = 0


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """When a lost chain was filled anew, Unix seconds, both included. What is anchored in that
    time gives notes, not findings."""

    since: int
    until: int

    def holds(self, time: int) -> bool:
        """Whether a moment lies in it."""
        return self.since <= time <= self.until


@dataclass(frozen=True, kw_only=True)
class NetworkFile:
    """A parsed network file. `max_head_age` in seconds. `formerly`: references of the same network
    before it moved to another Consortium. `rebuilt`: None: its chain was never lost.
    """

    name: str
    chain_id: int
    consortium: Address
    deploy_block: int
    deploy_block_hash: Hash32
    finality: Finality
    rpc: tuple[str, ...]
    quorum: int
    max_head_age: int
    formerly: tuple[str, ...] = ()
    rebuilt: Rebuilt | None = None

    @classmethod
    def parse(cls, data: bytes, *, development: bool | None = None) -> "NetworkFile":
        """`development`: whether half of the nodes may be a quorum; None: as CREDIT_LEDGER_ENV
        says. Raises ConfigError naming the field."""
        fields = _Fields("network file", _read_json(data))
        fields.only(_FIELDS | _OPTIONAL)
        if fields.text("_type", MAX_NAME) != TYPE:
            _refuse("network file", f"_type is not {TYPE}")
        rpc = _urls(fields.get("rpc"))
        quorum = fields.integer("quorum", 1, MAX_NODES)
        network = cls(
            name=fields.text("name", MAX_NAME),
            chain_id=fields.integer("chainId", 1, canonical.MAX_INTEGER),
            consortium=Address(fields.matching("consortium", _ADDRESS)),
            deploy_block=fields.integer("deployBlock", 0, canonical.MAX_INTEGER),
            deploy_block_hash=Hash32(fields.matching("deployBlockHash", _HASH)),
            finality=_finality(fields.get("finality")),
            rpc=rpc,
            quorum=quorum,
            max_head_age=fields.integer("maxHeadAge", 1, MAX_AGE),
            formerly=_formerly(fields.optional("formerly")),
            rebuilt=_rebuilt(fields.optional("rebuilt")),
        )
        if network.reference in network.formerly:
            _refuse("formerly", "names the network itself")
        demand_enough(network)
        demand_majority(network, development)
        return network

    @classmethod
    def load(cls, path: Path, *, development: bool | None = None) -> "NetworkFile":
        """As `parse`. Raises ConfigError, also where the file cannot be read."""
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise ConfigError(str(path), error.strerror or "cannot be read") from error
        return cls.parse(data, development=development)

    def encode(self) -> bytes:
        """Canonical JSON and one newline; `parse` reads it back."""
        finality: dict[str, Any] = {"rule": self.finality.rule}
        if self.finality.rule == "confirmations":
            finality["depth"] = self.finality.depth
        fields: dict[str, Any] = {
            "_type": TYPE,
            "name": self.name,
            "chainId": self.chain_id,
            "consortium": self.consortium,
            "deployBlock": self.deploy_block,
            "deployBlockHash": self.deploy_block_hash,
            "finality": finality,
            "rpc": list(self.rpc),
            "quorum": self.quorum,
            "maxHeadAge": self.max_head_age,
        }
        if self.formerly:
            fields["formerly"] = list(self.formerly)
        if self.rebuilt is not None:
            times = {"from": instant(self.rebuilt.since), "until": instant(self.rebuilt.until)}
            fields["rebuilt"] = times
        return canonical.encode(fields) + b"\n"

    @property
    def digest(self) -> Digest:
        """SHA-256 of `encode()`: names what was trusted in a verdict."""
        return sha256(self.encode())

    @property
    def reference(self) -> str:
        """`eip155:<chainId>:<consortium>`, as receipts name a network."""
        return f"eip155:{self.chain_id}:{self.consortium}"

    @property
    def quorum_is_majority(self) -> bool:
        """Whether two disjoint halves of the nodes can never both be a quorum."""
        return 2 * self.quorum > len(self.rpc)

    def with_rpc(self, urls: Sequence[str]) -> "NetworkFile":
        """The same network asked through other nodes; the quorum stays. Raises ConfigError, also
        where they are fewer than that."""
        network = replace(self, rpc=_urls(list(urls)))
        demand_enough(network)
        return network


def demand_enough(network: NetworkFile) -> None:
    """Refuse fewer nodes than the quorum, which can never agree. Raises ConfigError."""
    if len(network.rpc) < network.quorum:
        _refuse(
            "rpc",
            f"fewer nodes ({len(network.rpc)}) than the quorum of {network.quorum}, which can "
            f"check nothing: name at least {network.quorum}, each of another owner",
        )


def demand_majority(network: NetworkFile, development: bool | None = None) -> None:
    """Refuse a quorum of half of the nodes or less, with which two halves could each be one.

    `development`: whether that is let pass; None: as CREDIT_LEDGER_ENV says. Raises ConfigError.
    """
    if development is None:
        development = os.environ.get(_ENVIRONMENT) == "development"
    if not development and not network.quorum_is_majority:
        _refuse(
            "quorum",
            f"{network.quorum} is not above half of {len(network.rpc)} nodes, which is for "
            f"development only ({_ENVIRONMENT}=development)",
        )


class _Fields:
    """A JSON object whose fields are taken with their type and bounds."""

    def __init__(self, what: str, value: Any) -> None:
        if not isinstance(value, dict):
            _refuse(what, "not an object")
        self._what = what
        self._value = cast(dict[str, Any], value)

    def only(self, known: set[str]) -> None:
        for name in self._value:
            if name not in known:
                _refuse(self._what, f"unknown field {name!r}")

    def get(self, name: str) -> Any:
        if name not in self._value:
            _refuse(name, f"missing in the {self._what}")
        return self._value[name]

    def optional(self, name: str) -> Any:
        """None where there is no such field; where it is null, it is refused as any other null."""
        if name in self._value and self._value[name] is None:
            _refuse(name, "null")
        return self._value.get(name)

    def text(self, name: str, longest: int) -> str:
        value = self.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
            _refuse(name, f"not a text of 1 to {longest} printable characters")
        return value

    def integer(self, name: str, low: int, high: int) -> int:
        value = self.get(name)
        if type(value) is not int or not low <= value <= high:
            _refuse(name, f"not an integer from {low} to {high}")
        return value

    def matching(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            _refuse(name, f"not of the form {pattern.pattern}")
        return value


def _refuse(setting: str, problem: str) -> NoReturn:
    raise ConfigError(setting, problem)


def _read_json(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        _refuse("network file", f"longer than {MAX_BYTES} bytes")
    try:
        orjson.loads(data)  # bounds the depth, which json leaves to the stack
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except (ValueError, RecursionError) as error:  # 1,024 deep may still be too deep for json
        raise ConfigError("network file", f"not JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        _refuse("network file", "a field given twice")
    return value


def _no_float(text: str) -> NoReturn:
    _refuse("network file", f"{text} is not an integer")


def _finality(value: Any) -> Finality:
    fields = _Fields("finality", value)
    rule = fields.get("rule")
    if rule not in RULES:
        _refuse("finality", f"rule is none of {', '.join(RULES)}")
    if rule != "confirmations":
        fields.only({"rule"})
        return Finality(rule=rule)
    fields.only({"rule", "depth"})
    return Finality(rule=rule, depth=fields.integer("depth", 1, MAX_DEPTH))


def _formerly(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not 0 < len(value) <= MAX_MOVES:
        _refuse("formerly", f"not a list of 1 to {MAX_MOVES} references")
    if not all(isinstance(item, str) and _REFERENCE.fullmatch(item) for item in value):
        _refuse("formerly", f"not of the form {_REFERENCE.pattern}")
    if len(set(value)) < len(value):
        _refuse("formerly", "a reference given twice")
    return tuple(value)


def _rebuilt(value: Any) -> Rebuilt | None:
    if value is None:
        return None
    fields = _Fields("rebuilt", value)
    fields.only({"from", "until"})
    times = Rebuilt(since=_time(fields.get("from")), until=_time(fields.get("until")))
    if times.since > times.until:
        _refuse("rebuilt", "ends before it begins")
    return times


def _time(value: Any) -> int:
    if not isinstance(value, str):
        _refuse("rebuilt", "its times are no texts")
    try:
        return parse_instant(value)
    except Malformed as error:
        raise ConfigError("rebuilt", f"{value!r} is no instant in UTC") from error


def _urls(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_NODES:
        _refuse("rpc", f"not a list of 1 to {MAX_NODES} URLs")
    seen: dict[tuple[str, int, str], str] = {}
    for url in value:
        key = _node(url)
        if key in seen:
            _refuse("rpc", f"{url} and {seen[key]} are one node")
        seen[key] = url
    return tuple(seen.values())


def _node(url: Any) -> tuple[str, int, str]:
    """What makes two spellings of a URL the same node: host, port and path.

    The path counts, because some hosts serve many nodes. User, query and fragment do not: they
    say who asks.
    """
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, UnicodeError) as error:
        raise ConfigError("rpc", f"{url!r} is not a URL") from error
    if parts.scheme not in _PORTS or not parts.host:
        _refuse("rpc", f"{url!r} is not an http or https URL")
    port = parts.port or _PORTS[parts.scheme]
    path = unquote_to_bytes(parts.raw_path.partition(b"?")[0]).decode("utf-8", "replace")
    return _host(parts.host), port, posixpath.normpath("/" + path.strip("/"))


def _host(host: str) -> str:
    """One spelling of a host: every name of this machine itself is "localhost"."""
    name = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        try:  # 127.1, 0x7f000001, 2130706433: what connections take for an address
            address = ipaddress.ip_address(socket.inet_aton(name))
        except OSError:
            local = name == "localhost" or name.endswith(".localhost")
            return "localhost" if local else name
    address = getattr(address, "ipv4_mapped", None) or address
    return "localhost" if address.is_loopback or address.is_unspecified else str(address)
