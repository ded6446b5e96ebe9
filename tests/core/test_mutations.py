"""Every value of a receipt, of its JWS and of its disclosures put in place of by what does not
belong there: whatever comes, the parser says Malformed or VersionUnknown, and nothing else."""

import base64
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.core import receipt
from ledger.core.canonical import b64u_encode
from ledger.core.errors import Malformed, VersionUnknown
from tests.core.material import VECTORS, refuses

STRANGE: list[Any] = [
    *(None, True, 0, -1, 1.5, 2**60, 10**30, "", "x", "\0", "é", "\ud800", "A" * 200),
    *([], {}, [1], ["x"], {"a": 1}, [[]], [None], "credit-ledger/receipt@2", "none", "sm2"),
]
Path = tuple[str | int, ...]


def whole() -> dict[str, Any]:
    """A receipt that has every part."""
    cases = json.loads((VECTORS / "receipt" / "receipt.json").read_bytes())["cases"]
    found: dict[str, Any] = next(
        value for value in (json.loads(case["data"]) for case in cases) if "binding" in value
    )
    return found


def written(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def unpacked(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a value; of lists the first two."""
    yield path
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    elif isinstance(value, list):
        for at in range(min(len(value), 2)):
            yield from places(value[at], (*path, at))


def put(value: Any, path: Path, strange: Any) -> Any:
    """A copy of `value` with something else at one place."""
    if not path:
        return strange
    changed = copy.deepcopy(value)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = strange
    return changed


def bent(value: Any) -> Iterator[Any]:
    """`value` with each strange value at each place, or without what stands there."""
    for path in places(value):
        for strange in STRANGE:
            yield put(value, path, strange)
    if isinstance(value, dict):
        for name in value:
            yield {other: value[other] for other in value if other != name}


def in_jws(jws: str) -> Iterator[str]:
    """A JWS with header and payload bent, and with what is no base64url."""
    parts = jws.split(".")
    for at in (0, 1):
        for value in bent(unpacked(parts[at])):
            yield ".".join([*parts[:at], b64u_encode(written(value)), *parts[at + 1 :]])
    for at in range(3):
        for text in ("", "=", "\n", "é", "AA==", b64u_encode(b"{"), b64u_encode(b"\xff")):
            yield ".".join([*parts[:at], text, *parts[at + 1 :]])


def mutations(part: str) -> Iterator[dict[str, Any]]:
    """The receipt with one of its parts bent."""
    good = whole()
    jws, tilde, rest = good[part].partition("~")
    for text in in_jws(jws):
        yield {**good, part: text + tilde + rest}
    if tilde:
        first, *others = rest.split("~")
        for value in bent(unpacked(first)):
            text = "~".join([jws, b64u_encode(written(value)), *others])
            yield {**good, part: text}


def goes_through(data: bytes) -> bool:
    return not refuses((Malformed, VersionUnknown), receipt.parse, data)


def test_every_value_of_a_receipt() -> None:
    assert goes_through(written(whole()) + b"\n")
    for value in bent(whole()):
        goes_through(written(value) + b"\n")


@pytest.mark.parametrize("part", ["presentation", "binding"])
def test_every_value_of_what_is_signed(part: str) -> None:
    tried = sum(1 for value in mutations(part) if [goes_through(written(value) + b"\n")])
    assert tried > 200


@pytest.mark.parametrize("alg", [{}, [], [{}], None, 7, True])
def test_an_algorithm_that_is_no_text(alg: Any) -> None:
    good = whole()
    for part in ("presentation", "binding"):
        header, dot, rest = good[part].partition(".")
        changed = b64u_encode(written({**unpacked(header), "alg": alg}))
        data = written({**good, part: changed + dot + rest}) + b"\n"
        assert refuses(Malformed, receipt.parse, data)
