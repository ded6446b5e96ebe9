"""The network file: the one thing a verifier pins (format in `docs/protocol.md`).

Any spelling of the JSON is read, because people edit this file; its digest is that of the
canonical one. Unknown fields, duplicates and a node named twice are refused: two names of one
node would be a quorum of one.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NewType, NoReturn, cast

import httpx
import orjson

from ledger.core import canonical
from ledger.core.errors import ConfigError
from ledger.core.ids import Address, Digest, sha256

Hash32 = NewType("Hash32", str)
"""Block hash or transaction hash: `0x` and 64 lower-case hex digits."""

TYPE = "credit-ledger/network@1"
MAX_BYTES = 64 << 10  # a handful of URLs; more is no network file
MAX_NODES = 16  # every one is asked for every value
MAX_NAME = 100  # characters
MAX_DEPTH = 100_000  # blocks above; more than a day of the fastest engine
MAX_AGE = 30 * 86_400  # seconds; a head older than that proves nothing about today

Rule = Literal["latest", "finalized", "confirmations"]
RULES: tuple[Rule, ...] = ("latest", "finalized", "confirmations")

_FIELDS = {
    "_type", "name", "chainId", "consortium", "deployBlock", "deployBlockHash", "finality", "rpc",
    "quorum", "maxHeadAge",
}  # fmt: skip
_PORTS = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_HASH = re.compile(r"0x[0-9a-f]{64}")


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
class NetworkFile:
    """A parsed network file. `max_head_age` in seconds."""

    name: str
    chain_id: int
    consortium: Address
    deploy_block: int
    deploy_block_hash: Hash32
    finality: Finality
    rpc: tuple[str, ...]
    quorum: int
    max_head_age: int

    @classmethod
    def parse(cls, data: bytes) -> "NetworkFile":
        """Raises ConfigError naming the field."""
        fields = _Fields("network file", _read_json(data))
        fields.only(_FIELDS)
        if fields.text("_type", MAX_NAME) != TYPE:
            _refuse("network file", f"_type is not {TYPE}")
        rpc = _urls(fields.get("rpc"))
        quorum = fields.integer("quorum", 1, MAX_NODES)
        if quorum > len(rpc):
            _refuse("quorum", f"{quorum} of {len(rpc)} nodes can never agree")
        return cls(
            name=fields.text("name", MAX_NAME),
            chain_id=fields.integer("chainId", 1, canonical.MAX_INTEGER),
            consortium=Address(fields.matching("consortium", _ADDRESS)),
            deploy_block=fields.integer("deployBlock", 0, canonical.MAX_INTEGER),
            deploy_block_hash=Hash32(fields.matching("deployBlockHash", _HASH)),
            finality=_finality(fields.get("finality")),
            rpc=rpc,
            quorum=quorum,
            max_head_age=fields.integer("maxHeadAge", 1, MAX_AGE),
        )

    @classmethod
    def load(cls, path: Path) -> "NetworkFile":
        """Raises ConfigError, also where the file cannot be read."""
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise ConfigError(str(path), error.strerror or "cannot be read") from error
        return cls.parse(data)

    def encode(self) -> bytes:
        """Canonical JSON and one newline; `parse` reads it back."""
        finality: dict[str, Any] = {"rule": self.finality.rule}
        if self.finality.rule == "confirmations":
            finality["depth"] = self.finality.depth
        fields = {
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
        """The same network asked through other nodes; the quorum stays, so fewer nodes than that
        can check nothing."""
        return replace(self, rpc=_urls(list(urls)))


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


def _urls(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_NODES:
        _refuse("rpc", f"not a list of 1 to {MAX_NODES} URLs")
    seen: dict[tuple[str, str, int, bytes], str] = {}
    for url in value:
        key = _node(url)
        if key in seen:
            _refuse("rpc", f"{url} and {seen[key]} are one node")
        seen[key] = url
    return tuple(seen.values())


def _node(url: Any) -> tuple[str, str, int, bytes]:
    """What makes two spellings of a URL the same node. The path counts: some hosts serve many."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, UnicodeError) as error:
        raise ConfigError("rpc", f"{url!r} is not a URL") from error
    if parts.scheme not in _PORTS or not parts.host:
        _refuse("rpc", f"{url!r} is not an http or https URL")
    port = parts.port or _PORTS[parts.scheme]
    return parts.scheme, parts.host, port, parts.raw_path.rstrip(b"/")
