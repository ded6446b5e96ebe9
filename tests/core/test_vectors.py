"""Our own vectors: each true case is accepted, each `_fail` case refused where it says."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import (
    canonical,
    commitment,
    disclosures,
    eip712,
    entry,
    keys,
    merkle,
    note,
    presentation,
    receipt,
    tiles,
)
from ledger.core.errors import (
    EvidenceError,
    Malformed,
    ProofMismatch,
    SignatureInvalid,
    VersionUnknown,
)
from ledger.core.jws import verify as verify_jws
from tests.core.material import (
    VECTORS,
    MemoryTiles,
    cases,
    digests,
    fuzz,
    mth,
    path,
    proof,
    refuses,
)

Case = dict[str, Any]


def test_no_file_is_left_out() -> None:
    """Every generated file is read by a test below, which says how many cases it saw."""
    text = (VECTORS.parent / "core" / "test_vectors.py").read_text()
    found = sorted(VECTORS.glob("*/*.json"))
    named = [str(p.relative_to(VECTORS))[:-5] for p in found if p.stem not in ("input", "expected")]
    assert len(named) == 33
    assert [name for name in named if f'cases("{name}", ' not in text] == []


# ---- canonical


def test_canonical_json() -> None:
    for case in cases("canonical/json", 15):
        data = case["data"].encode()
        assert canonical.encode(canonical.parse(data)) == data


def test_canonical_json_fail() -> None:
    for case in cases("canonical/json_fail", 37):
        assert refuses(Malformed, canonical.parse, bytes.fromhex(case["data"])), case["name"]


def test_base64_fail() -> None:
    for case in cases("canonical/base64url_fail", 12):
        assert refuses(Malformed, canonical.b64u_decode, case["text"]), case["text"]
    for case in cases("canonical/base64_fail", 11):
        assert refuses(Malformed, canonical.b64_decode, case["text"]), case["text"]


def test_instants() -> None:
    for case in cases("canonical/instant", 3):
        assert canonical.parse_instant(case["name"]) == case["seconds"]
    for case in cases("canonical/instant_fail", 12):
        assert refuses(Malformed, canonical.parse_instant, case["name"]), case["name"]


# ---- trees


def test_roots() -> None:
    for case in cases("merkle/root", 16):
        leaves = digests(case["leaves"])
        assert [merkle.root(leaves)] == [mth(leaves)] == digests([case["root"]])


def _inclusion(case: Case) -> Case:
    leaf, root = digests([case["leaf"], case["root"]])
    index, size, hashes = case["index"], case["size"], digests(case["path"])
    return {"leaf": leaf, "index": index, "size": size, "path": hashes, "root": root}


def test_inclusion() -> None:
    leaves = {len(c["leaves"]): digests(c["leaves"]) for c in cases("merkle/root", 16)}
    for case in cases("merkle/inclusion", 70):
        merkle.verify_inclusion(**_inclusion(case))
        assert digests(case["path"]) == path(case["index"], leaves[case["size"]])


def test_inclusion_fail() -> None:
    for case in cases("merkle/inclusion_fail", 321):
        arguments = _inclusion(case)
        with pytest.raises(ProofMismatch):
            merkle.verify_inclusion(**arguments)


def _consistency(case: Case) -> Case:
    root1, root2 = digests([case["root1"], case["root2"]])
    sizes = {"size1": case["size1"], "size2": case["size2"]}
    return {**sizes, "root1": root1, "root2": root2, "path": digests(case["path"])}


def test_consistency() -> None:
    leaves = {len(c["leaves"]): digests(c["leaves"]) for c in cases("merkle/root", 16)}
    for case in cases("merkle/consistency", 63):
        merkle.verify_consistency(**_consistency(case))
        assert digests(case["path"]) == proof(case["size1"], leaves[case["size2"]])


def test_consistency_fail() -> None:
    for case in cases("merkle/consistency_fail", 277):
        arguments = _consistency(case)
        with pytest.raises(ProofMismatch):
            merkle.verify_consistency(**arguments)


# ---- tiles


def test_tile_paths() -> None:
    for case in cases("tiles/path", 10):
        address = tiles.TileAddress(case["level"], case["n"], case["width"])
        assert tiles.parse_path(case["path"]) == address
    for case in cases("tiles/path_fail", 26):
        assert refuses(Malformed, tiles.parse_path, case["path"]), case["path"]


def test_tile_append() -> None:
    for case in cases("tiles/append", 7):
        leaves = [merkle.leaf_hash(i.to_bytes(4, "big")) for i in range(case["after"])]
        source = MemoryTiles()
        if case["before"]:
            source.put(tiles.append(source, 0, leaves[: case["before"]]))
        grown = tiles.append(source, case["before"], leaves[case["before"] :])
        assert grown.root.hex() == case["root"] == mth(leaves).hex()
        made = [
            {
                "path": tiles.tile_path(tile.level, tile.n, tile.width),
                "sha256": hashlib.sha256(tile.data).hexdigest(),
            }
            for tile in grown.tiles
        ]
        assert made == case["tiles"]


def test_bundles() -> None:
    for case in cases("tiles/bundle", 4):
        data, entries = bytes.fromhex(case["data"]), digests(case["entries"])
        assert tiles.encode_bundle(entries) == data
        assert tiles.parse_bundle(data, len(entries)) == entries
    for case in cases("tiles/bundle_fail", 6):
        data = bytes.fromhex(case["data"])
        assert refuses(Malformed, tiles.parse_bundle, data, case["width"]), case["name"]


# ---- EIP-712


def test_type_hashes() -> None:
    for case in cases("eip712/types", 16):
        assert eip712.STRUCTS[case["name"]] == case["type"]
        assert [eip712.type_hash(case["name"])] == digests([case["typeHash"]])


def test_recover() -> None:
    for case in cases("eip712/recover", 4):
        digest, signature, public = digests([case["digest"], case["signature"], case["publicKey"]])
        assert eip712.recover(digest, signature) == (case["address"], public)
    for case in cases("eip712/recover_fail", 10):
        digest, signature = digests([case["digest"], case["signature"]])
        assert refuses(SignatureInvalid, eip712.recover, digest, signature), case["name"]


# ---- entries and checkpoints


def test_entries() -> None:
    for case in cases("entry/entry", 7):
        data = case["data"].encode()
        assert entry.parse_entry(data).encode() == data
        assert merkle.leaf_hash(data).hex() == case["leaf"]
    for case in cases("entry/entry_fail", 32):
        assert refuses(Malformed, entry.parse_entry, case["data"].encode()), case["name"]
    for case in cases("entry/entry_newer", 10):
        assert refuses(VersionUnknown, entry.parse_entry, case["data"].encode()), case["name"]


def test_checkpoints() -> None:
    for case in cases("checkpoint/checkpoint", 7):
        parsed = note.parse_checkpoint(case["text"])
        assert (parsed.log.hex(), parsed.size, parsed.root.hex()) == (
            case["log"],
            case["size"],
            case["root"],
        )
        assert parsed.text == case["text"]
        note.verify(parsed, note.parse_vkey(case["vkey"])[1])
        for line, said in zip(parsed.witnesses, case["witnesses"], strict=True):
            assert (line.member, line.time) == (said["member"], said["time"])
            note.verify_cosignature(parsed, line, bytes.fromhex(said["publicKey"]))


def test_checkpoints_fail() -> None:
    for case in cases("checkpoint/checkpoint_newer", 8):
        carried = note.parse_checkpoint(case["text"])
        assert (carried.text, bool(carried.newer)) == (case["text"], True), case["name"]
        by_owner = refuses(VersionUnknown, note.refuse_newer, case["text"])
        assert by_owner == (not carried.signed_by_known_type), case["name"]
    for case in cases("checkpoint/checkpoint_fail", 38):
        if case["stage"] == "parse":
            assert refuses(Malformed, note.parse_checkpoint, case["text"]), case["name"]
            continue
        parsed, public = note.parse_checkpoint(case["text"]), note.parse_vkey(case["vkey"])[1]
        assert refuses(SignatureInvalid, note.verify, parsed, public), case["name"]


# ---- presentations and receipts


def test_presentations() -> None:
    for case in cases("presentation/presentation", 3):
        parsed = presentation.parse_presentation(case["text"])
        assert parsed.text == case["text"]
        assert parsed.commitment.hex() == case["commitment"]
        assert parsed.jws.iat == case["iat"]
        assert parsed.fields(case["slots"]) == case["fields"]
        public = bytes.fromhex(case["publicKey"])
        verify_jws(parsed.jws, case["alg"], public)
        binding = presentation.parse_binding(case["binding"])
        assert binding.sd_hash == parsed.sd_hash
        verify_jws(binding.jws, case["alg"], public)


def test_presentations_fail() -> None:
    for case in cases("presentation/presentation_newer", 7):
        assert refuses(VersionUnknown, presentation.parse_presentation, case["text"]), case["name"]
    for case in cases("presentation/presentation_fail", 34):
        if case["stage"] == "parse":
            assert refuses(Malformed, presentation.parse_presentation, case["text"]), case["name"]
            continue
        parsed = presentation.parse_presentation(case["text"])
        if case["stage"] == "disclosures":
            with pytest.raises(EvidenceError) as caught:
                parsed.fields(case["slots"])
            assert caught.value.code == case.get("code"), case["name"]
            continue
        key = case["alg"], bytes.fromhex(case["publicKey"])
        assert refuses(SignatureInvalid, verify_jws, parsed.jws, *key), case["name"]


def test_bindings_fail() -> None:
    for case in cases("presentation/binding_fail", 22):
        error = VersionUnknown if case["newer"] else Malformed
        assert refuses(error, presentation.parse_binding, case["text"]), case["name"]


def test_receipts() -> None:
    for case in cases("receipt/receipt", 6):
        parsed = receipt.parse(case["data"].encode())
        assert parsed.encode() == case["data"].encode()
        assert (parsed.leaf.hex(), parsed.record_id.hex()) == (case["leaf"], case["recordId"])
        checks = receipt.internal_checks(parsed, case["slots"])
        assert [check for check in checks if check.error] == []


def test_receipts_fail() -> None:
    for case in cases("receipt/receipt_newer", 13):
        data = case["data"].encode()
        if not refuses(VersionUnknown, receipt.parse, data):
            assert receipt.parse(data).checkpoint.newer, case["name"]
            assert receipt.parse(data).encode() == data
    for case in cases("receipt/receipt_respelled", 7):
        with pytest.raises(Malformed) as caught:
            receipt.parse(case["data"].encode())
        assert caught.value.code == "not-canonical-bytes", case["name"]
    for case in cases("receipt/receipt_fail", 77):
        data = case["data"].encode()
        if case["stage"] == "parse":
            with pytest.raises(Malformed) as caught:
                receipt.parse(data)
            assert caught.value.code is None, case["name"]
            continue
        checks = receipt.internal_checks(receipt.parse(data), case["slots"])
        failed = [f"{check.group}/{check.id}" for check in checks if check.error]
        assert case["stage"] in failed, (case["name"], failed)


# ---- hostile bytes: whatever comes in, what comes out is ours


@fuzz
@given(st.binary(max_size=400))
def test_arbitrary_bytes_fail_with_our_errors(data: bytes) -> None:
    for parser in (
        *(canonical.parse, entry.parse_entry, commitment.parse_payload, receipt.parse),
        lambda raw: tiles.parse_bundle(raw, 2),
    ):
        assert refuses(EvidenceError, parser, data) or parser is canonical.parse


@fuzz
@given(st.text(max_size=200))
def test_arbitrary_text_fails_with_our_errors(text: str) -> None:
    for parser in (
        *(note.parse_checkpoint, note.parse_vkey, tiles.parse_path, disclosures.parse_disclosure),
        *(presentation.parse_presentation, presentation.parse_binding, canonical.parse_instant),
        *(canonical.parse_day, receipt.parse_network, canonical.unhex32),
    ):
        assert refuses(EvidenceError, parser, text)
    for decoder in (canonical.b64u_decode, canonical.b64_decode):
        refuses(EvidenceError, decoder, text)


@fuzz
@given(st.integers(-1, 5), st.binary(max_size=70), st.binary(max_size=10), st.binary(max_size=66))
def test_arbitrary_keys_fail_with_our_errors(
    alg: int, public: bytes, message: bytes, signature: bytes
) -> None:
    assert refuses(EvidenceError, keys.verify, alg, public, message, signature)
    assert refuses(EvidenceError, eip712.recover, message.ljust(32), signature)
