"""Manifests: which records a version of a product was made of (design-2 17).

    manifest   = JCS {_type:"credit-ledger/manifest@1", product, recordIds, salt, version}
    value      = HMAC-SHA-256(salt, recordId)
    inputsRoot = root of RFC 9162 over the values, ascending, each hashed with 0x00

`recordIds` ascend and hold each record once. The chain has `inputsRoot` and the number of inputs
alone, so that nobody without the salt learns what went in, or can try whether a record did.

A user can be shown one input without the others:

    input = JCS {_type:"credit-ledger/input@1", index, inputs, path, product, recordId, salt,
                 version}

Whoever holds one knows the salt, and can try records against the one value beside it on the lowest
level of its path, and against no other.
"""

import hmac
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.core import canonical
from ledger.core.canonical import DIGEST_SIZE, b64u_encode, hex32, unhex32
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import Digest, ProductId, RecordId
from ledger.core.merkle import inclusion_path, leaf_hash, root, verify_inclusion
from ledger.core.read import demand_members, digest, salt, within
from ledger.core.versions import loose

__all__ = [
    "INPUT_TYPE",
    "MAX_INPUT",
    "MAX_INPUTS",
    "MAX_INPUT_PATH",
    "MAX_MANIFEST",
    "MAX_VERSION",
    "TYPE",
    "Input",
    "Manifest",
    "check_input",
    "check_manifest",
    "of_records",
    "parse_input",
    "parse_manifest",
    "show_input",
    "value_of",
]

TYPE = "credit-ledger/manifest@1"
INPUT_TYPE = "credit-ledger/input@1"
MAX_VERSION = 2**32 - 1  # uint32 on the chain
# Some 14 MB, which a reader holds in memory and hashes in a second. What is made of more is made of
# parts, each a product of its own.
MAX_INPUTS = 200_000
MAX_INPUT_PATH = (MAX_INPUTS - 1).bit_length()
_ITEM = 67  # bytes of a digest in a list: 64 characters, two quotes, a comma
_HEAD = 512  # more than all the other members take
MAX_MANIFEST = MAX_INPUTS * _ITEM + _HEAD  # bytes
MAX_INPUT = MAX_INPUT_PATH * _ITEM + _HEAD  # bytes

_MEMBERS = frozenset({"_type", "product", "recordIds", "salt", "version"})
_INPUT = frozenset({"_type", "index", "inputs", "path", "product", "recordId", "salt", "version"})


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A parsed manifest: well-formed, not yet compared with the chain. record_ids ascend."""

    product: ProductId
    record_ids: tuple[RecordId, ...]
    salt: bytes
    version: int

    @cached_property
    def values(self) -> tuple[Digest, ...]:
        """What stands for each record, ascending: the order of the tree."""
        return tuple(sorted([value_of(self.salt, item) for item in self.record_ids]))

    @cached_property
    def inputs_root(self) -> Digest:
        """The `inputsRoot` of the version."""
        return root(self._leaves)

    @cached_property
    def _leaves(self) -> list[Digest]:
        return [leaf_hash(value) for value in self.values]

    def path(self, index: int) -> tuple[Digest, ...]:
        """The inclusion path of the value at a place of the tree."""
        return tuple(inclusion_path(self._leaves, index))

    def encode(self) -> bytes:
        """The file; no newline."""
        return canonical.encode(
            {
                "_type": TYPE,
                "product": hex32(self.product),
                "recordIds": [hex32(item) for item in self.record_ids],
                "salt": b64u_encode(self.salt),
                "version": self.version,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One record of a manifest, and its place in the tree: well-formed, not yet compared with the
    chain. inputs: how many records went in."""

    index: int
    inputs: int
    path: tuple[Digest, ...]
    product: ProductId
    record_id: RecordId
    salt: bytes
    version: int

    def encode(self) -> bytes:
        """The file; no newline."""
        return canonical.encode(
            {
                "_type": INPUT_TYPE,
                "index": self.index,
                "inputs": self.inputs,
                "path": [hex32(item) for item in self.path],
                "product": hex32(self.product),
                "recordId": hex32(self.record_id),
                "salt": b64u_encode(self.salt),
                "version": self.version,
            }
        )


def value_of(key: bytes, record_id: bytes) -> Digest:
    """What stands for a record in the tree. key: the salt of the manifest."""
    if len(key) != DIGEST_SIZE or len(record_id) != DIGEST_SIZE:
        raise Malformed("manifest", "salt and record id are 32 bytes each")
    return Digest(hmac.digest(key, record_id, "sha256"))


def of_records(
    *, product: bytes, version: int, record_ids: Iterable[bytes], salt: bytes
) -> Manifest:
    """The manifest of these records, in whatever order they come. Malformed where there is none,
    one twice, or one too many. salt: 32 random bytes, drawn for this version alone."""
    ids = sorted(record_ids)
    if not 1 <= len(ids) <= MAX_INPUTS:
        raise Malformed("recordIds", f"is not a list of 1 … {MAX_INPUTS}")
    if len(set(ids)) != len(ids):
        raise Malformed("recordIds", "holds one twice")
    if len(salt) != DIGEST_SIZE or not 1 <= version <= MAX_VERSION:
        raise Malformed("manifest", "salt of another size, or a version that there is not")
    for item in (product, *ids):
        hex32(item)
    return Manifest(
        product=ProductId(product),
        record_ids=tuple([RecordId(item) for item in ids]),
        salt=salt,
        version=version,
    )


def parse_manifest(data: bytes) -> Manifest:
    """The manifest in a file; Malformed unless it is the one spelling of one. VersionUnknown where
    it is of another version."""
    value = _object(data, "manifest", TYPE, _MEMBERS, MAX_MANIFEST)
    ids = _digests(value, "recordIds", 1, MAX_INPUTS)
    if ids != sorted(set(ids)):
        raise Malformed("recordIds", "holds one twice, or not in order")
    return Manifest(
        product=ProductId(digest(value, "product")),
        record_ids=tuple([RecordId(item) for item in ids]),
        salt=salt(value, "salt"),
        version=within(value, "version", 1, MAX_VERSION),
    )


def parse_input(data: bytes) -> Input:
    """The input in a file; Malformed unless it is the one spelling of one. VersionUnknown where it
    is of another version."""
    value = _object(data, "input", INPUT_TYPE, _INPUT, MAX_INPUT)
    inputs = within(value, "inputs", 1, MAX_INPUTS)
    return Input(
        index=within(value, "index", 0, inputs - 1),
        inputs=inputs,
        path=tuple(_digests(value, "path", 0, MAX_INPUT_PATH)),
        product=ProductId(digest(value, "product")),
        record_id=RecordId(digest(value, "recordId")),
        salt=salt(value, "salt"),
        version=within(value, "version", 1, MAX_VERSION),
    )


def show_input(manifest: Manifest, record_id: bytes) -> Input:
    """One record of a manifest, to be shown without the others; Malformed where it is none."""
    value = value_of(manifest.salt, record_id)
    index = bisect_left(manifest.values, value)
    if manifest.values[index : index + 1] != (value,):
        raise Malformed("recordId", "is no input of this version")
    return Input(
        index=index,
        inputs=len(manifest.values),
        path=manifest.path(index),
        product=manifest.product,
        record_id=RecordId(record_id),
        salt=manifest.salt,
        version=manifest.version,
    )


def check_manifest(
    manifest: Manifest, *, product: bytes, version: int, inputs: int, inputs_root: bytes
) -> None:
    """Raise ProofMismatch unless a manifest is that of a published version. The caller MUST have
    what it compares with from the chain, under the member whose product it is: the same id under
    another member is another product.

    1. product and version; 2. number of inputs; 3. root.
    """
    _same("product", product, manifest.product)
    _same("version", version, manifest.version)
    _same("inputs", inputs, len(manifest.record_ids))
    _same("inputs root", inputs_root, manifest.inputs_root)


def check_input(
    shown: Input, *, product: bytes, version: int, inputs: int, inputs_root: bytes
) -> None:
    """Raise ProofMismatch unless a record is an input of a published version. The caller MUST have
    what it compares with from the chain, as for `check_manifest`.

    1. product and version; 2. number of inputs; 3. path to the root.
    """
    _same("product", product, shown.product)
    _same("version", version, shown.version)
    _same("inputs", inputs, shown.inputs)
    verify_inclusion(
        leaf=leaf_hash(value_of(shown.salt, shown.record_id)),
        index=shown.index,
        size=shown.inputs,
        path=shown.path,
        root=inputs_root,
    )


def _object(
    data: bytes, what: str, type_: str, members: frozenset[str], max_bytes: int
) -> Mapping[str, Any]:
    """The members of a canonical file of this type."""
    if len(data) > max_bytes:
        raise Malformed(what, f"longer than {max_bytes} bytes")
    try:
        value = canonical.parse(data, max_bytes=max_bytes)
        if not isinstance(value, dict):
            raise Malformed(what, "is not an object")
        if value.get("_type") != type_:
            raise Malformed(what, "is of another type")
        demand_members(what, value, members)
    except Malformed:
        loose(data)
        raise
    return value


def _digests(value: Mapping[str, Any], name: str, least: int, most: int) -> list[Digest]:
    found = value[name]
    if not isinstance(found, list) or not least <= len(found) <= most:
        raise Malformed(name, f"is not a list of {least} … {most}")
    if not all(isinstance(item, str) for item in found):
        raise Malformed(name, "holds what is not text")
    return [Digest(unhex32(item)) for item in found]


def _same(what: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise ProofMismatch(what, expected=expected, actual=actual)
