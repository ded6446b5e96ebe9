"""The worked examples: every intermediate value of the formats, byte for byte."""

import json
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.core import (
    canonical,
    commitment,
    disclosures,
    eip712,
    entry,
    ids,
    merkle,
    note,
    receipt,
)
from ledger.core.canonical import b64u_encode
from tests.core.material import ROOT, VECTORS, digests, example

NAMES = ("correction", "licence", "penalty", "penalty-null")
PART_2 = ("case", "outcome", "query")
Example = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(params=NAMES)
def worked(request: pytest.FixtureRequest) -> Example:
    return example(request.param)


def test_copies_are_those_of_the_specification() -> None:
    """Where the specification lies beside the sources, our copies are equal, file by file."""
    shared = ROOT.parent / "shared" / "vectors"
    theirs = {str(p.relative_to(shared)) for p in shared.rglob("*.json")}
    folders = [*NAMES, *(f"part-2/{name}" for name in PART_2)]
    ours = {f"{folder}/{kind}.json" for folder in folders for kind in ("input", "expected")}
    assert theirs in (ours, set())
    for path in theirs:
        assert (shared / path).read_bytes() == (VECTORS / path).read_bytes(), path


def test_every_expected_value_is_checked_below(worked: Example) -> None:
    assert set(worked[1]) == {
        *("logId", "salts", "disclosures", "sd", "payload", "commitment", "entry", "leaf"),
        *("recordId", "root", "path", "checkpoint", "vkey", "checkpointDigest"),
        *("promiseLeavesRoot", "promiseDigest", "doc", "receipt"),
    }


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _commit(given: dict[str, Any], log: bytes) -> commitment.Commitment:
    header = commitment.Header(
        class_=given["class"],
        decided=date.fromisoformat(given["decided"]),
        iss=given["member"],
        log=ids.LogId(log),
        rules=given["rules"],
        schema=f"{given['schema']}:{given['schemaFileSha256']}",
        until=_day(given["until"]),
    )
    secret = bytes.fromhex(given["recordSecret"])
    return commitment.commit(given["slots"], given["fields"], secret, header)


def test_ids(worked: Example) -> None:
    given, expected = worked
    suite = ids.SUITES[given["suite"]]
    log = ids.log_id(given["chainId"], given["consortium"], given["member"], given["logSeq"], suite)
    assert log.hex() == expected["logId"]
    made_id = ids.record_id(log, bytes.fromhex(expected["commitment"]))
    assert made_id.hex() == expected["recordId"]
    made = ids.doc(*digests([given["docSalt"], given["docFileSha256"]]))
    assert made.hex() == expected["doc"]


def test_commitment(worked: Example) -> None:
    given, expected = worked
    salts, _ = commitment.expand(bytes.fromhex(given["recordSecret"]), len(given["slots"]))
    assert dict(zip(given["slots"], map(b64u_encode, salts), strict=True)) == expected["salts"]
    made = _commit(given, bytes.fromhex(expected["logId"]))
    assert list(made.disclosures.items()) == list(expected["disclosures"].items())
    assert made.payload.decode() == expected["payload"]
    assert made.digest.hex() == expected["commitment"]
    payload = commitment.parse_payload(made.payload)
    assert list(map(b64u_encode, payload.digests)) == expected["sd"]
    opened = list(made.disclosures.values())
    shown = disclosures.check_disclosures(payload, opened, given["slots"])
    assert shown == given["fields"]


def test_entry(worked: Example) -> None:
    given, expected = worked
    decided = date.fromisoformat(given["decided"])
    made = entry.record_entry(
        commitment=bytes.fromhex(expected["commitment"]),
        log=bytes.fromhex(expected["logId"]),
        period=entry.period(decided, yearly=len(given["period"]) == 4),
        schema=given["schema"],
        timely=given["timely"],
        corrects=bytes.fromhex(given["corrects"]) if "corrects" in given else None,
    )
    assert made.decode() == expected["entry"]
    assert entry.parse_entry(made).encode() == made
    assert merkle.leaf_hash(made).hex() == expected["leaf"]


def _leaves(given: dict[str, Any], expected: dict[str, Any]) -> list[bytes]:
    entries = digests(given["otherEntries"])
    entries.insert(given["index"], expected["entry"].encode())
    return [merkle.leaf_hash(data) for data in entries]


def test_tree(worked: Example) -> None:
    given, expected = worked
    leaves = _leaves(given, expected)
    assert merkle.root(leaves).hex() == expected["root"]
    path = merkle.inclusion_path(leaves, given["index"])
    assert [item.hex() for item in path] == expected["path"]


def test_checkpoint(worked: Example) -> None:
    given, expected = worked
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(given["noteKeySeed"]))
    public = key.public_key().public_bytes_raw()
    origin = note.origin_of(bytes.fromhex(expected["logId"]))
    size = len(given["otherEntries"]) + 1
    text = note.sign_checkpoint(origin, size, bytes.fromhex(expected["root"]), key)
    assert text == expected["checkpoint"]
    assert note.vkey(origin, public) == expected["vkey"]
    note.verify(note.parse_checkpoint(text), note.parse_vkey(expected["vkey"])[1])


def test_typed_digests(worked: Example) -> None:
    given, expected = worked
    domain = eip712.domain("LogAnchor", given["chainId"], given["logAnchor"])
    common: dict[str, eip712.Value] = {
        "member": ids.bytes32_ascii(given["member"]),
        "logId": bytes.fromhex(expected["logId"]),
    }
    checkpoint = {
        **common,
        "prevSize": given["checkpoint"]["prevSize"],
        "size": len(given["otherEntries"]) + 1,
        "root": bytes.fromhex(expected["root"]),
        "deadline": given["checkpoint"]["deadline"],
    }
    made = eip712.digest(domain, "Checkpoint", checkpoint)
    assert made.hex() == expected["checkpointDigest"]
    leaves = [*digests(given["promise"]["otherLeaves"]), bytes.fromhex(expected["leaf"])]
    assert merkle.root(leaves).hex() == expected["promiseLeavesRoot"]
    promise = {
        **common,
        "leavesRoot": merkle.root(leaves),
        "count": len(leaves),
        "issuedAt": given["promise"]["issuedAt"],
        "due": given["promise"]["due"],
    }
    assert eip712.digest(domain, "Promise", promise).hex() == expected["promiseDigest"]


def test_receipt(worked: Example) -> None:
    given, expected = worked
    anchor = given["anchor"]
    block_hash, tx = digests([anchor["blockHash"], anchor["tx"]])
    made = receipt.build(
        anchor=receipt.Anchor(
            block=anchor["block"],
            block_hash=ids.Digest(block_hash),
            time=anchor["time"],
            tx=ids.Digest(tx),
        ),
        checkpoint=expected["checkpoint"],
        entry=expected["entry"].encode(),
        index=given["index"],
        network=receipt.network_reference(given["chainId"], given["consortium"]),
        path=digests(expected["path"]),
    )
    assert made.decode() == expected["receipt"]
    parsed = receipt.parse(made)
    assert parsed.encode() == made
    assert parsed.leaf.hex() == expected["leaf"]
    assert parsed.record_id.hex() == expected["recordId"]
    assert (parsed.chain_id, parsed.consortium) == (given["chainId"], given["consortium"])
    assert json.loads(made)["log"] == expected["logId"]


# ---- part 2: what of it the formats have now


@pytest.mark.parametrize("name", PART_2)
def test_statements(name: str) -> None:
    given, expected = example(f"part-2/{name}")
    log, statement = bytes.fromhex(given["logId"]), expected["statementBytes"].encode()
    digest = ids.sha256(canonical.encode(given["statement"], allow_null=True))
    assert digest == ids.sha256(statement)
    assert digest.hex() == expected["commitment"]
    made = entry.statement_entry(commitment=digest, log=log)
    assert made.decode() == expected["entry"]
    assert entry.parse_entry(made).encode() == made
    assert merkle.leaf_hash(made).hex() == expected["leaf"]
    promise = given["promise"]
    merkle.verify_inclusion(
        leaf=merkle.leaf_hash(made),
        index=given["promiseIndex"],
        size=promise["count"],
        path=[ids.Digest(item) for item in digests(given["promisePath"])],
        root=ids.Digest(bytes.fromhex(promise["leavesRoot"])),
    )


@pytest.mark.parametrize("name", PART_2)
def test_openings_have_one_spelling(name: str) -> None:
    given, expected = example(f"part-2/{name}")
    opening = {
        "_type": "credit-ledger/opening@1",
        "entry": canonical.parse(expected["entry"].encode()),
        "promise": {
            "index": given["promiseIndex"],
            "path": given["promisePath"],
            "promise": given["promise"],
        },
        "statement": given["statement"],
    }
    made = canonical.encode(opening, allow_null=True)
    assert made.decode() == expected["opening"]


@pytest.mark.parametrize("name", PART_2)
def test_record_ids_of_acts(name: str) -> None:
    given, expected = example(f"part-2/{name}")
    for act, made in zip(given["acts"], expected["acts"], strict=True):
        for log, commitment_, record_id in (
            (act["logId"], act["commitment"], made["recordId"]),
            (act["otherLogId"], act["otherCommitment"], made["otherRecordId"]),
        ):
            if int(log, 16):
                assert ids.record_id(*digests([log, commitment_])).hex() == record_id
