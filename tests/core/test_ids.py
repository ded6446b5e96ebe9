"""Ids against the reference ABI encoder."""

import pytest
from eth_abi import abi
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import ids
from ledger.core.errors import Malformed
from tests.core.material import fuzz, refuses

ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex())
CODES = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}", fullmatch=True)
WORDS = st.binary(min_size=32, max_size=32)


@fuzz
@given(st.integers(1, 2**256 - 1), ADDRESSES, CODES, st.integers(0, 2**64 - 1), st.just(1))
def test_log_id(chain_id: int, consortium: str, member: str, seq: int, suite: int) -> None:
    types = ["string", "uint256", "address", "bytes32", "uint64", "uint16"]
    code = member.encode().ljust(32, b"\0")
    values = ["credit-ledger/log/1", chain_id, consortium, code, seq, suite]
    assert ids.log_id(chain_id, consortium, member, seq, suite) == keccak(abi.encode(types, values))


@fuzz
@given(WORDS, WORDS)
def test_record_id(log: bytes, leaf: bytes) -> None:
    assert ids.record_id(log, leaf) == keccak(abi.encode(["bytes32", "bytes32"], [log, leaf]))


@fuzz
@given(st.integers(0, 2**16 - 1), st.binary(max_size=100))
def test_key_id(alg: int, public_key: bytes) -> None:
    assert ids.key_id(alg, public_key) == keccak(abi.encode(["uint16", "bytes"], [alg, public_key]))


@fuzz
@given(CODES)
def test_codes_round_trip(code: str) -> None:
    assert ids.ascii_bytes32(ids.bytes32_ascii(code)) == code


@pytest.mark.parametrize("code", ["", "x" * 33, "京", "a b", 'a"', "a\\", "a\0", "-a", "a\n"])
def test_codes_that_are_none(code: str) -> None:
    with pytest.raises(Malformed):
        ids.bytes32_ascii(code)


def test_words_that_are_no_codes() -> None:
    for data in (bytes(32), b"a", b"a".rjust(32, b"\0"), b"a\0b".ljust(32, b"\0"), b"\xff" * 32):
        assert refuses(Malformed, ids.ascii_bytes32, data), data


def test_shapes() -> None:
    short, whole = bytes(31), bytes(32)
    for call, arguments in (
        (ids.record_id, (short, whole)),
        (ids.record_id, (whole, short)),
        (ids.doc, (short, whole)),
        (ids.doc, (whole, short)),
        (ids.word, (-1,)),
        (ids.word, (2**256,)),
        (ids.word, (256, 8)),
        (ids.key_id, (2**16, b"")),
        (ids.log_id, (1, "0x" + "ab" * 20, "120000", 2**64, 1)),
        (ids.address_bytes, ("0x" + "AB" * 20,)),
        (ids.address_bytes, ("ab" * 20,)),
    ):
        assert refuses(Malformed, call, *arguments), arguments
