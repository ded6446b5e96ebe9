"""The examples of docs/protocol.md hold by its text alone: nothing of the product reads them here.

What the page shows is taken from the page, with the second implementation of the acceptance tests.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature

from tests.acceptance import independent
from tests.acceptance.independent import b64u, bytes32, canonical, slot_of
from tests.support.anvil import start_anvil
from tests.support.chain import TestNetwork, deploy_network
from tests.support.ledger import MemberLog, make_record

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "protocol.md"
SHOWN = dict(re.findall(r"```text ([\w.]+)\n(.*?)\n```\n", PAGE.read_text("utf-8"), re.DOTALL))
KEY = bytes.fromhex(SHOWN["presentation.publicKey"])

VECTORS = PAGE.parent.parent / "tests" / "vectors" / "receipt"
REFUSED = (AssertionError, ValueError, TypeError, AttributeError, InvalidSignature)
"""What reading something bad ends in, in an implementation that only asserts."""


def opened(data: bytes) -> independent.Receipt:
    slots = json.loads(SHOWN["receipt.slots"])
    return independent.open_receipt(data, vkey=SHOWN["receipt.vkey"], public_key=KEY, slots=slots)


def test_the_receipt_verifies() -> None:
    receipt = opened(SHOWN["receipt"].encode() + b"\n")
    assert receipt.leaf.hex() == SHOWN["receipt.leaf"]
    assert receipt.record_id == SHOWN["receipt.recordId"]
    assert receipt.shown is not None
    assert receipt.bound is not None
    assert canonical(receipt.shown.header).decode() == SHOWN["presentation.header"]
    assert receipt.shown.payload_bytes.decode() == SHOWN["presentation.payload"]
    assert receipt.shown.fields["CF_CFLB"] == ["警告", "罚款"]
    assert (receipt.bound["aud"], receipt.bound["nonce"]) == ("demo-bank", "n-1")
    first = b64u(SHOWN["presentation.disclosure"].encode())
    assert f"~{first}~" in str(receipt.value["presentation"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"index":2', '"index":3'),
        ('"size":5}', '"size":6}'),
        ('"timely":"yes"', '"timely":"no"'),
        ('"path":["58', '"path":["59'),
        ("\\n5\\nO4", "\\n5\\nP4"),
        ("MTc5NTAwMDIwMCwia2lk", "MTc6NTAwMDIwMCwia2lk"),
        ("~WyJDbHF", "~WyJDbHG"),
        ('"binding":"eyJhbGciOiJFUzI1NiIs', '"binding":"eyJhbGciOiJFUzI1NiJz'),
        (',"size"', ', "size"'),
    ],
)  # fmt: skip
def test_a_flipped_one_does_not(old: str, new: str) -> None:
    assert SHOWN["receipt"].count(old) == 1, old
    with pytest.raises(REFUSED):
        opened(SHOWN["receipt"].replace(old, new).encode() + b"\n")


def cases(name: str) -> list[dict[str, Any]]:
    text = (VECTORS / f"{name}.json").read_text("utf-8")
    found: list[dict[str, Any]] = json.loads(text)["cases"]
    return found


def test_every_good_vector_verifies() -> None:
    good = cases("receipt")
    assert len(good) == 6
    for case in good:
        receipt = opened(case["data"].encode())
        assert (receipt.leaf.hex(), receipt.record_id) == (case["leaf"], case["recordId"])


@pytest.mark.parametrize("name", ["receipt_fail", "receipt_newer", "receipt_respelled"])
def test_no_other_vector_verifies(name: str) -> None:
    """A second implementation by the text alone refuses all that ours refuses."""
    for case in cases(name):
        with pytest.raises(REFUSED):
            opened(case["data"].encode())


def test_two_slots_exchanged_open_nothing() -> None:
    slots = json.loads(SHOWN["receipt.slots"])
    slots[0], slots[1] = slots[1], slots[0]
    data = SHOWN["receipt"].encode() + b"\n"
    with pytest.raises(AssertionError, match="own slot"):
        independent.open_receipt(data, vkey=SHOWN["receipt.vkey"], public_key=KEY, slots=slots)


def test_the_cosigned_checkpoint() -> None:
    text, key = SHOWN["cosigned"] + "\n", bytes.fromhex(SHOWN["cosigned.publicKey"])
    head = independent.open_checkpoint(text, SHOWN["receipt.vkey"])
    (line,) = head.witnesses
    assert line.member == "130000"
    independent.check_witness(head, line, key)
    with pytest.raises(AssertionError):
        independent.check_witness(head, line, bytes(32))


def test_the_worked_record() -> None:
    entry = SHOWN["entry"].encode()
    value = json.loads(entry)
    assert canonical(value) == entry
    assert independent.leaf_hash(entry).hex() == SHOWN["leaf"]
    assert independent.record_id(value["log"], value["commitment"]) == SHOWN["recordId"]
    assert (value["log"], value["commitment"]) == (SHOWN["logId"], SHOWN["commitment"])
    assert independent.open_checkpoint(SHOWN["checkpoint"] + "\n", SHOWN["vkey"]).size == 5
    salt, field, _ = json.loads(independent.unb64u(SHOWN["disclosures.CF_XDR_MC"]))
    assert (len(independent.unb64u(salt)), field) == (18, "CF_XDR_MC")
    statement = json.loads(SHOWN["statement"])
    assert set(statement) == {"_type", "commitment", "kind", "log", "suite"}


def test_the_bound_digest_is_of_all_that_is_shown() -> None:
    text = json.loads(SHOWN["receipt"])["presentation"]
    digest = b64u(hashlib.sha256(text.encode()).digest())
    assert json.loads(SHOWN["binding.payload"])["sd_hash"] == digest


# ---- places in storage


@pytest.fixture(scope="module")
def founded() -> Iterator[TestNetwork]:
    with start_anvil() as anvil:
        yield deploy_network(anvil)


def test_the_places_shown() -> None:
    log = bytes.fromhex(SHOWN["logId"])
    assert "0x" + slot_of(log, 13).hex() == SHOWN["slot.owner"]
    root = slot_of((5).to_bytes(32, "big"), slot_of(log, 3))
    assert "0x" + root.hex() == SHOWN["slot.root"]


def test_a_node_has_them_there(founded: TestNetwork) -> None:
    """Owner, size and root of a log, by `eth_getStorageAt` and by `eth_getProof`."""
    log = MemberLog(founded, "120000")
    log.put(make_record(log))
    size = log.anchor().size.to_bytes(32, "big")
    consortium, anchor = founded.deployment.consortium, founded.deployment.log_anchor
    places = {
        (consortium, slot_of(log.log_id, 13)): bytes32("120000"),
        (anchor, slot_of(log.log_id, 2)): size,
        (anchor, slot_of(size, slot_of(log.log_id, 3))): log.root(),
    }
    for (address, slot), wanted in places.items():
        at = "0x" + slot.hex()
        word = founded.anvil.call("eth_getStorageAt", address, at, "latest")
        assert bytes.fromhex(word[2:]) == wanted
        proof = founded.anvil.call("eth_getProof", address, [at], "latest")
        assert int(proof["storageProof"][0]["value"], 16) == int.from_bytes(wanted, "big")
