"""Our ABI codec beside eth_abi."""

from typing import Any

import pytest
from eth_abi import abi as eth_abi
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.contracts.abi_codec import AbiError, decode, encode

WORDS: dict[str, st.SearchStrategy[Any]] = {
    "uint8": st.integers(0, 2**8 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(lambda data: "0x" + data.hex()),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes": st.binary(max_size=70),
    "string": st.text(max_size=20),
}
Typed = tuple[str, Any]


def arrays(item: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    """A list of values of one type: the same one again, or none."""
    return st.tuples(item, st.integers(0, 3)).map(
        lambda made: (f"{made[0][0]}[]", [made[0][1]] * made[1])
    )


def tuples(item: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    return st.lists(item, min_size=1, max_size=4).map(
        lambda made: (f"({','.join(kind for kind, _ in made)})", tuple(value for _, value in made))
    )


words: st.SearchStrategy[Typed] = st.sampled_from(sorted(WORDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), WORDS[kind])
)
typed = st.recursive(words, lambda inner: arrays(inner) | tuples(inner), max_leaves=6)


@given(st.lists(typed, max_size=4))
def test_it_writes_and_reads_as_eth_abi_does(values: list[Typed]) -> None:
    types, plain = [kind for kind, _ in values], [value for _, value in values]
    data = eth_abi.encode(types, plain)
    assert encode(types, plain) == data
    assert decode(types, data) == tuple(plain)


@given(st.lists(typed, min_size=1, max_size=3), st.data())
def test_it_takes_nothing_that_eth_abi_does_not(values: list[Typed], draw: st.DataObject) -> None:
    """Bytes changed at random: the same value, or an error."""
    types = [kind for kind, _ in values]
    data = bytearray(encode(types, [value for _, value in values]))
    for _ in range(draw.draw(st.integers(1, 3))):
        if data:
            data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = bytes(data[: draw.draw(st.integers(0, len(data)))])
    try:
        found = decode(types, cut)
    except AbiError:
        return
    assert _tuples(found) == _tuples(eth_abi.decode(types, cut))


def _tuples(value: Any) -> Any:
    """eth_abi gives tuples where we give lists."""
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("uint64", True),
        ("uint64", 2**64),
        ("bytes32", bytes(31)),
        ("bytes32", "0x"),
        ("address", "0x00"),
        ("int8", 1),
        ("(uint8,uint8)", (1,)),
    ],
)
def test_values_that_are_not_of_their_type(kind: str, value: Any) -> None:
    with pytest.raises(AbiError):
        encode([kind], [value])


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("uint8", (256).to_bytes(32, "big")),
        ("bool", (2).to_bytes(32, "big")),
        ("address", (1 << 160).to_bytes(32, "big")),
        ("bytes4", bytes(31) + b"\1"),
        ("uint256", bytes(31)),
        ("bytes", (32).to_bytes(32, "big") + (1 << 255).to_bytes(32, "big")),
        ("bytes", (1 << 255).to_bytes(32, "big")),
        ("bytes", (32).to_bytes(32, "big") + (1).to_bytes(32, "big") + b"a" + bytes(30) + b"\1"),
        ("uint256[]", (32).to_bytes(32, "big") + (60).to_bytes(32, "big")),
    ],
)
def test_bytes_that_are_no_encoding(kind: str, data: bytes) -> None:
    with pytest.raises(AbiError):
        decode([kind], data)
