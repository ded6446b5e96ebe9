"""The ABI files of our contracts (`abi/*.json`, made by scripts/build.py): encode and decode.

Values are plain: bytes32 and bytes are bytes, addresses 0x text in lower case, structs dicts by
the names of the Solidity source. Strings are decoded with replacement, because what a member wrote
must not be able to stop everybody else's reading.
"""

import functools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

from ledger.chain.contracts import abi_codec
from ledger.chain.contracts.abi_codec import AbiError
from ledger.chain.nodes.blocks import LogEntry
from ledger.core.ids import keccak256

Name = Literal["Consortium", "LogAnchor", "Catalogue", "CaseRegistry", "Revocations", "Products"]
NAMES: tuple[Name, ...] = (
    "Consortium",
    "LogAnchor",
    "Catalogue",
    "CaseRegistry",
    "Revocations",
    "Products",
)
# Where solc leaves room for an immutable: PUSH32 of zeros.
_IMMUTABLE = re.compile(rb"\x7f\x00{32}")
SELECTOR_SIZE = 4  # bytes of keccak256(signature), for functions and errors


class Undecodable(ValueError):
    """Bytes that are not the ABI encoding of what was asked for. Stays inside this package."""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter, member or result: canonical type, name, and members where it is a struct."""

    type: str
    name: str
    indexed: bool
    members: "tuple[Param, ...]"

    @classmethod
    def parse(cls, spec: dict[str, Any]) -> "Param":
        members = tuple(cls.parse(member) for member in spec.get("components", []))
        kind = str(spec["type"])
        if members:  # "tuple", "tuple[]" …
            inner = ",".join(member.type for member in members)
            kind = f"({inner})" + kind.removeprefix("tuple")
        return cls(kind, spec["name"], spec.get("indexed", False), members)

    def plain(self, value: Any) -> Any:
        """A decoded value with structs as dicts, lists as lists, strings as text."""
        if self.type.endswith("[]"):
            one = Param(self.type[:-2], self.name, False, self.members)
            return [one.plain(item) for item in value]
        if self.members:
            return {m.name: m.plain(v) for m, v in zip(self.members, value, strict=True)}
        if self.type == "string":
            return value.decode("utf-8", "replace")
        return value

    def bare(self, value: Any) -> Any:
        """The inverse of `plain`, for encoding."""
        if self.type.endswith("[]"):
            one = Param(self.type[:-2], self.name, False, self.members)
            return [one.bare(item) for item in value]
        if self.members:
            return tuple(m.bare(value[m.name]) for m in self.members)
        return value


@dataclass(frozen=True, slots=True)
class Method:
    """A function or an error."""

    name: str
    selector: bytes
    inputs: tuple[Param, ...]
    outputs: tuple[Param, ...]

    def encode(self, *values: Any) -> bytes:
        """Calldata."""
        return self.selector + encode(self.inputs, values)

    def decode(self, data: bytes) -> list[Any]:
        """The results of a call. Raises Undecodable."""
        return decode(self.outputs, data)


@dataclass(frozen=True, slots=True)
class Event:
    """An event; `topic` is its first topic."""

    name: str
    topic: bytes
    inputs: tuple[Param, ...]

    def decode(self, entry: LogEntry) -> dict[str, Any]:
        """The values by name. Raises Undecodable. Indexed ones are words, never hashed here."""
        indexed = [param for param in self.inputs if param.indexed]
        others = tuple(param for param in self.inputs if not param.indexed)
        if len(entry.topics) != len(indexed) + 1:
            raise Undecodable(f"{self.name} with {len(entry.topics)} topics")
        values = {
            param.name: decode((param,), topic)[0]
            for param, topic in zip(indexed, entry.topics[1:], strict=True)
        }
        named = zip(others, decode(others, entry.data), strict=True)
        return values | {param.name: value for param, value in named}


@dataclass(frozen=True)
class ContractAbi:
    """One contract. `bytecode` creates it, `runtime` is what then lies at its address, with zeros
    where immutables go."""

    name: str
    functions: dict[str, Method]
    events: dict[bytes, Event]
    errors: dict[bytes, Method]
    constructor: tuple[Param, ...]
    bytecode: bytes
    runtime: bytes

    def event(self, name: str) -> Event:
        """By name."""
        return next(event for event in self.events.values() if event.name == name)

    def is_deployed_as(self, code: bytes) -> bool:
        """Whether code on a chain is that of this contract, whatever its immutables hold."""
        blank = bytearray(code)
        if len(code) != len(self.runtime):
            return False
        for hole in _IMMUTABLE.finditer(self.runtime):
            blank[hole.start() + 1 : hole.end()] = bytes(hole.end() - hole.start() - 1)
        return bytes(blank) == self.runtime

    def refusal(self, payload: bytes) -> tuple[str, dict[str, Any]] | None:
        """Name and values of a custom error; None where the payload is none of this contract."""
        error = self.errors.get(payload[:SELECTOR_SIZE])
        if error is None:
            return None
        try:
            values = decode(error.inputs, payload[SELECTOR_SIZE:])
        except Undecodable:
            return None
        return error.name, {p.name: v for p, v in zip(error.inputs, values, strict=True)}


@functools.cache
def load(name: Name) -> ContractAbi:
    """The ABI of one of our contracts."""
    path = resources.files("ledger.chain.contracts").joinpath("abi", f"{name}.json")
    content = json.loads(path.read_bytes())
    specs = content["abi"]
    functions = [_callable(spec) for spec in specs if spec["type"] == "function"]
    errors = [_callable(spec) for spec in specs if spec["type"] == "error"]
    events = [_event(spec) for spec in specs if spec["type"] == "event"]
    created = [spec for spec in specs if spec["type"] == "constructor"]
    return ContractAbi(
        name=name,
        functions={function.name: function for function in functions},
        events={event.topic: event for event in events},
        errors={error.selector: error for error in errors},
        constructor=_params(created[0]["inputs"]) if created else (),
        bytecode=bytes.fromhex(content["bytecode"][2:]),
        runtime=bytes.fromhex(content["deployedBytecode"][2:]),
    )


def encode(params: Sequence[Param], values: Sequence[Any]) -> bytes:
    """abi.encode of `values`. Wrong types are our own mistake and raise AbiError."""
    bare = [param.bare(value) for param, value in zip(params, values, strict=True)]
    return abi_codec.encode([param.type for param in params], bare)


def decode(params: Sequence[Param], data: bytes) -> list[Any]:
    """The values in `data`. Raises Undecodable."""
    # A string is encoded as bytes are; one that is not UTF-8 must not stop the reading.
    types = [param.type.replace("string", "bytes") for param in params]
    try:
        values = abi_codec.decode(types, data)
    except AbiError as error:
        raise Undecodable(str(error)) from error
    return [param.plain(value) for param, value in zip(params, values, strict=True)]


def _params(specs: list[dict[str, Any]]) -> tuple[Param, ...]:
    return tuple(Param.parse(spec) for spec in specs)


def _callable(spec: dict[str, Any]) -> Method:
    inputs = _params(spec["inputs"])
    return Method(
        name=spec["name"],
        selector=_signature_hash(spec["name"], inputs)[:SELECTOR_SIZE],
        inputs=inputs,
        outputs=_params(spec.get("outputs", [])),
    )


def _event(spec: dict[str, Any]) -> Event:
    inputs = _params(spec["inputs"])
    return Event(spec["name"], _signature_hash(spec["name"], inputs), inputs)


def _signature_hash(name: str, inputs: tuple[Param, ...]) -> bytes:
    return keccak256(f"{name}({','.join(param.type for param in inputs)})".encode())
