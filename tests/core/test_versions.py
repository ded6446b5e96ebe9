"""Versions that are not known, in objects of any spelling."""

import pytest

from ledger.core.errors import VersionUnknown
from ledger.core.versions import MAX_LEVELS, loose

LATER = b'"_type":"credit-ledger/receipt@2"'


def deep(levels: int) -> bytes:
    """An object of so many levels, with its version behind them."""
    lists = levels - 1
    return b'{"what":' + b"[" * lists + b"]" * lists + b"," + LATER + b"}"


@pytest.mark.parametrize(
    "data",
    [
        deep(2),
        deep(MAX_LEVELS),
        b'{"_type":"credit-ledger/receipt@1",' + LATER + b"}",
        b"\xef\xbb\xbf { " + LATER + b', "cut',
        b"{" + LATER + b',"what":' + b"[" * 10_000,
    ],
)
def test_what_is_newer(data: bytes) -> None:
    with pytest.raises(VersionUnknown):
        loose(data)


@pytest.mark.parametrize("data", [deep(MAX_LEVELS + 1), deep(1000), deep(10_000), b"{", b"\xff"])
def test_what_is_nothing_to_us(data: bytes) -> None:
    assert loose(data) is None


def test_what_is_another_s() -> None:
    assert loose(b'{ "a": [1] }') == {"a": [1]}
    assert loose(b'["credit-ledger/receipt@2"]') == ["credit-ledger/receipt@2"]
