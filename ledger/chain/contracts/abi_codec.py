"""The contract ABI encoding of the types that our contracts use, strictly.

eth_abi does this and more, but importing it (with pydantic and a grammar) takes longer than all the
rest of verifying a receipt; a property test holds the two side by side.

Values: bytes for bytesN and bytes, text for string and (0x, lower case) for address, int, bool,
lists for arrays, tuples for structs.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WORD = 32
_ADDRESS_SIZE = 20
_FIXED = re.compile(r"(?P<kind>uint|bytes)(?P<size>[0-9]+)")


class AbiError(ValueError):
    """A value that is not of its type, or bytes that are not its encoding."""


@dataclass(frozen=True, slots=True)
class _Type:
    """kind: uint, bool, address, word (bytesN), bytes, string, array, tuple. size: bits or bytes
    of a word. members: of a tuple; of an array its one item type."""

    kind: str
    size: int = 0
    members: "tuple[_Type, ...]" = ()

    @property
    def dynamic(self) -> bool:
        """Whether its place holds an offset."""
        if self.kind == "tuple":
            return any(member.dynamic for member in self.members)
        return self.kind in ("bytes", "string", "array")

    @property
    def head(self) -> int:
        """Bytes of its place."""
        if self.kind == "tuple" and not self.dynamic:
            return sum(member.head for member in self.members)
        return WORD


def encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """abi.encode(values…). Raises AbiError."""
    return _encode_all([_parse(text) for text in types], values)


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values that `encode` was given; bytes behind them are ignored. Raises AbiError."""
    return _decode_all([_parse(text) for text in types], data, 0)


# ---- types


@functools.cache
def _parse(text: str) -> _Type:
    if text.endswith("[]"):
        return _Type("array", members=(_parse(text[:-2]),))
    if text.startswith("("):
        return _Type("tuple", members=tuple(_parse(part) for part in _parts(text[1:-1])))
    if text in ("bool", "address", "bytes", "string"):
        return _Type(text)
    match = _FIXED.fullmatch(text)
    if match is None:
        raise AbiError(f"type {text} is not one of ours")
    return _Type("uint" if match["kind"] == "uint" else "word", int(match["size"]))


def _parts(text: str) -> list[str]:
    """Members of a tuple: split at commas outside inner parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


# ---- encoding


def _encode_all(types: Sequence[_Type], values: Sequence[Any]) -> bytes:
    if len(types) != len(values):
        raise AbiError(f"{len(values)} values for {len(types)} types")
    heads, tails = [], []
    at = sum(kind.head for kind in types)
    for kind, value in zip(types, values, strict=True):
        encoded = _encode(kind, value)
        if kind.dynamic:
            heads.append(at.to_bytes(WORD, "big"))
            tails.append(encoded)
            at += len(encoded)
        else:
            heads.append(encoded)
    return b"".join(heads + tails)


def _encode(kind: _Type, value: Any) -> bytes:
    match kind.kind:
        case "tuple":
            return _encode_all(kind.members, value)
        case "array":
            return _word(len(value)) + _encode_all(kind.members * len(value), value)
        case "bytes" | "string":
            data: bytes = value.encode() if kind.kind == "string" else value
            return _word(len(data)) + data + b"\0" * (-len(data) % WORD)
        case "bool":
            return _word(1 if value else 0)
        case "uint":
            return _word(value, kind.size)
    return _encode_fixed(kind, value)


def _encode_fixed(kind: _Type, value: Any) -> bytes:
    """address, on the right of its word; bytesN, on the left."""
    data = bytes.fromhex(value[2:]) if kind.kind == "address" else value
    size = _ADDRESS_SIZE if kind.kind == "address" else kind.size
    if not isinstance(data, bytes) or len(data) != size:
        raise AbiError(f"not {size} bytes")
    return data.rjust(WORD, b"\0") if kind.kind == "address" else data.ljust(WORD, b"\0")


def _word(value: Any, bits: int = 256) -> bytes:
    if not isinstance(value, int) or value is True or not 0 <= value < 1 << bits:
        raise AbiError(f"not a number of {bits} bits")
    return value.to_bytes(WORD, "big")


# ---- decoding


def _decode_all(types: Sequence[_Type], data: bytes, base: int) -> tuple[Any, ...]:
    """Values whose places begin at `base`, from which their offsets count."""
    values, at = [], base
    for kind in types:
        where = base + _number(data, at) if kind.dynamic else at
        values.append(_decode(kind, data, where))
        at += kind.head
    return tuple(values)


def _decode(kind: _Type, data: bytes, at: int) -> Any:
    match kind.kind:
        case "tuple":
            return _decode_all(kind.members, data, at)
        case "array":
            count = _number(data, at)
            item = kind.members[0]
            if count * item.head > len(data) - at - WORD:
                raise AbiError("array longer than the data")
            return list(_decode_all((item,) * count, data, at + WORD))
        case "bytes" | "string":
            found = _padded(data, at + WORD, _number(data, at))
            return found if kind.kind == "bytes" else _text(found)
    word = _take(data, at, WORD)
    number = int.from_bytes(word, "big")
    if kind.kind == "word":
        return _padded(word, 0, kind.size)
    bits = {"uint": kind.size, "bool": 1, "address": 8 * _ADDRESS_SIZE}[kind.kind]
    if number >> bits:
        raise AbiError(f"{kind.kind} with more than {bits} bits")
    if kind.kind == "address":
        return "0x" + word[-_ADDRESS_SIZE:].hex()
    return bool(number) if kind.kind == "bool" else number


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise AbiError("text that is not UTF-8") from error


def _number(data: bytes, at: int) -> int:
    """An offset or length; bounded by the data it is about."""
    number = int.from_bytes(_take(data, at, WORD), "big")
    if number > len(data):
        raise AbiError("offset or length beyond the data")
    return number


def _padded(data: bytes, at: int, size: int) -> bytes:
    """`size` bytes, with zeros up to the next word."""
    whole = _take(data, at, size + -size % WORD)
    if any(whole[size:]):
        raise AbiError("padding is not zero")
    return whole[:size]


def _take(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise AbiError("too short")
    return data[at : at + size]
