"""Manifests by the worked examples, by a plain twin, and flipped at every place."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import manifest as manifests
from ledger.core.canonical import b64u_decode, b64u_encode
from ledger.core.errors import Malformed, ProofMismatch, VersionUnknown
from ledger.core.manifest import (
    MAX_INPUT,
    MAX_INPUT_PATH,
    MAX_INPUTS,
    MAX_MANIFEST,
    MAX_VERSION,
    Manifest,
    check_input,
    check_manifest,
    of_records,
    parse_input,
    parse_manifest,
    show_input,
    value_of,
)
from ledger.core.merkle import leaf_hash
from tests.core.material import digests, example, flip, fuzz, mth
from tests.core.test_mutations import STRANGE, places, put, written

PRODUCT, SALT = b"p" * 32, bytes(range(32))
RECORDS = [hashlib.sha256(b"%d" % number).digest() for number in range(7)]


def made(records: list[bytes] | None = None, *, version: int = 1) -> Manifest:
    return of_records(product=PRODUCT, version=version, record_ids=records or RECORDS, salt=SALT)


def plain_hmac(key: bytes, message: bytes) -> bytes:
    """RFC 2104 as it is written, with SHA-256 and a key shorter than a block."""
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()


def plain_root(salt: bytes, records: list[bytes]) -> bytes:
    values = sorted(plain_hmac(salt, record) for record in records)
    return mth([hashlib.sha256(b"\x00" + value).digest() for value in values])


@pytest.mark.parametrize("name", ["case", "query", "outcome"])
def test_worked_examples(name: str) -> None:
    said, expected = example(f"part-2/{name}")
    given_salt = b64u_decode(said["manifest"]["salt"])
    records = digests(said["manifest"]["recordIds"])
    found = of_records(product=PRODUCT, version=3, record_ids=records, salt=given_salt)
    assert found.inputs_root.hex() == expected["inputsRoot"]
    assert found.record_ids == tuple(sorted(records))
    assert parse_manifest(found.encode()) == found


@fuzz
@given(
    st.binary(min_size=32, max_size=32),
    st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40, unique=True),
)
def test_is_what_its_definition_gives(salt: bytes, records: list[bytes]) -> None:
    found = of_records(product=PRODUCT, version=1, record_ids=records, salt=salt)
    assert found.inputs_root == plain_root(salt, records)
    assert parse_manifest(found.encode()) == found
    for record in records:
        shown = parse_input(show_input(found, record).encode())
        check_input(
            shown,
            product=PRODUCT,
            version=1,
            inputs=len(records),
            inputs_root=found.inputs_root,
        )


def test_the_file() -> None:
    found = made(RECORDS[:2], version=2)
    assert json.loads(found.encode()) == {
        "_type": "credit-ledger/manifest@1",
        "product": PRODUCT.hex(),
        "recordIds": sorted(record.hex() for record in RECORDS[:2]),
        "salt": b64u_encode(SALT),
        "version": 2,
    }
    assert not found.encode().endswith(b"\n")


def test_a_value_is_no_node_and_no_leaf() -> None:
    """Of two records the leaves are hashed with 0x00, the root over them with 0x01."""
    values = sorted(value_of(SALT, record) for record in RECORDS[:2])
    leaves = [leaf_hash(value) for value in values]
    root = made(RECORDS[:2]).inputs_root
    assert root == hashlib.sha256(b"\x01" + b"".join(leaves)).digest()
    assert root != hashlib.sha256(b"\x01" + b"".join(leaves[::-1])).digest()
    assert root not in (*values, *leaves)


def test_another_salt_shows_nothing_of_the_same_records() -> None:
    other = of_records(product=PRODUCT, version=1, record_ids=RECORDS, salt=b"s" * 32)
    assert other.inputs_root != made().inputs_root
    assert not set(other.values) & set(made().values)


@pytest.mark.parametrize("count", [0, MAX_INPUTS + 1])
def test_bounds_of_what_goes_in(count: int) -> None:
    records = [number.to_bytes(32, "big") for number in range(count)]
    with pytest.raises(Malformed, match="recordIds"):
        of_records(product=PRODUCT, version=1, record_ids=records, salt=SALT)
    with pytest.raises(Malformed, match="recordIds"):
        parse_manifest(_edited(made().encode(), "recordIds", [item.hex() for item in records]))


def test_the_largest_fits() -> None:
    records = [number.to_bytes(32, "big") for number in range(MAX_INPUTS)]
    found = of_records(
        product=b"\xff" * 32, version=MAX_VERSION, record_ids=records, salt=b"\xff" * 32
    )
    data = found.encode()
    assert MAX_MANIFEST - 1_024 < len(data) <= MAX_MANIFEST
    assert parse_manifest(data) == found
    shown = show_input(found, records[77])
    assert len(shown.path) == MAX_INPUT_PATH
    assert MAX_INPUT - 512 < len(shown.encode()) <= MAX_INPUT


@pytest.mark.parametrize(
    "wrong",
    [
        {"record_ids": [*RECORDS, RECORDS[0]]},
        {"record_ids": [RECORDS[0], b"short"]},
        {"product": b"short"},
        {"salt": b"short"},
        {"version": 0},
        {"version": MAX_VERSION + 1},
    ],
)
def test_what_no_manifest_can_be_made_of(wrong: dict[str, Any]) -> None:
    parts: dict[str, Any] = {
        "product": PRODUCT,
        "version": 1,
        "record_ids": RECORDS,
        "salt": SALT,
    }
    of_records(**parts)
    with pytest.raises(Malformed):
        of_records(**(parts | wrong))


def test_values_are_of_ids_and_salts() -> None:
    with pytest.raises(Malformed):
        value_of(SALT, b"short")
    with pytest.raises(Malformed):
        value_of(b"short", RECORDS[0])


# ---- against the chain


def _published(found: Manifest) -> dict[str, Any]:
    return {
        "product": found.product,
        "version": found.version,
        "inputs": len(found.record_ids),
        "inputs_root": found.inputs_root,
    }


CHANGED = [
    ("product", b"q" * 32),
    ("version", 2),
    ("inputs", 8),
    ("inputs_root", flip(made().inputs_root, 200)),
]


@pytest.mark.parametrize(("name", "value"), CHANGED)
def test_is_that_of_one_version_alone(name: str, value: Any) -> None:
    found = made()
    check_manifest(found, **_published(found))
    with pytest.raises(ProofMismatch, match=name.replace("_", " ")):
        check_manifest(found, **(_published(found) | {name: value}))


@pytest.mark.parametrize(("name", "value"), CHANGED)
def test_an_input_is_of_one_version_alone(name: str, value: Any) -> None:
    shown = show_input(made(), RECORDS[3])
    check_input(shown, **_published(made()))
    with pytest.raises(ProofMismatch):
        check_input(shown, **(_published(made()) | {name: value}))


def test_what_did_not_go_in_is_not_shown() -> None:
    for stranger in (b"\0" * 32, b"\xff" * 32, hashlib.sha256(b"8").digest()):
        with pytest.raises(Malformed, match="no input"):
            show_input(made(), stranger)


def test_a_shown_input_holds_no_other() -> None:
    data = show_input(made(), RECORDS[3]).encode()
    for record in RECORDS[:3] + RECORDS[4:]:
        assert record.hex().encode() not in data
        assert value_of(SALT, record).hex().encode() not in data


@pytest.mark.parametrize("name", ["index", "path", "recordId", "salt", "inputs"])
def test_every_member_of_a_shown_input_counts(name: str) -> None:
    value = json.loads(show_input(made(), RECORDS[3]).encode())
    other = {
        "index": (value["index"] + 1) % 6,
        "path": value["path"][::-1],
        "recordId": RECORDS[2].hex(),
        "salt": b64u_encode(b"s" * 32),
        "inputs": 8,
    }
    changed = parse_input(written(value | {name: other[name]}))
    with pytest.raises(ProofMismatch):
        check_input(changed, **_published(made()))


# ---- files that strangers send


def _edited(data: bytes, name: str, value: Any) -> bytes:
    return written(json.loads(data) | {name: value})


FILES: list[tuple[Callable[[bytes], Any], bytes]] = [
    (parse_manifest, made().encode()),
    (parse_input, show_input(made(), RECORDS[3]).encode()),
]


@pytest.mark.parametrize(("parse", "data"), FILES)
def test_whatever_stands_in_a_place(parse: Callable[[bytes], Any], data: bytes) -> None:
    whole = json.loads(data)
    for path in places(whole):
        for strange in STRANGE:
            try:
                found = parse(written(put(whole, path, strange)))
            except (Malformed, VersionUnknown):
                continue
            assert found.encode() == written(put(whole, path, strange))


@pytest.mark.parametrize(("parse", "data"), FILES)
def test_one_spelling(parse: Callable[[bytes], Any], data: bytes) -> None:
    assert parse(data).encode() == data
    for other in (data + b"\n", b" " + data, data[:-1], b"", b"null", b"[]", b'"x"'):
        with pytest.raises(Malformed):
            parse(other)
    with pytest.raises(Malformed, match="longer"):
        parse(b" " * (MAX_MANIFEST + 1))
    with pytest.raises(Malformed):
        parse(_edited(data, "more", 1))


@pytest.mark.parametrize(("parse", "data"), FILES)
def test_newer_ones_are_not_judged(parse: Callable[[bytes], Any], data: bytes) -> None:
    newer = data.replace(b"@1", b"@2")
    with pytest.raises(VersionUnknown):
        parse(newer)
    with pytest.raises(Malformed):
        parse(data.replace(b"@1", b"@x"))


def test_neither_is_the_other() -> None:
    with pytest.raises(Malformed, match="another type"):
        parse_manifest(FILES[1][1])
    with pytest.raises(Malformed, match="another type"):
        parse_input(FILES[0][1])


def test_records_stand_in_order_and_once() -> None:
    ids = sorted(record.hex() for record in RECORDS)
    for wrong in (ids[::-1], [*ids, ids[-1]], [ids[0], *ids]):
        with pytest.raises(Malformed, match="order"):
            parse_manifest(_edited(made().encode(), "recordIds", wrong))


def test_a_version_counts_from_one() -> None:
    assert manifests.MAX_VERSION == 2**32 - 1
    for data, parse in ((FILES[0][1], parse_manifest), (FILES[1][1], parse_input)):
        for version in (0, MAX_VERSION + 1):
            with pytest.raises(Malformed, match="version"):
                parse(_edited(data, "version", version))
        parse(_edited(data, "version", MAX_VERSION))


def test_an_index_is_below_the_number_of_inputs() -> None:
    data = FILES[1][1]
    parse_input(_edited(data, "index", 6))
    with pytest.raises(Malformed, match="index"):
        parse_input(_edited(data, "index", 7))
