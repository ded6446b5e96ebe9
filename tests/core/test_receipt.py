"""Receipts: every bit bound, parts compared, nothing of theirs believed."""

import dataclasses
import json
from typing import Any

import pytest

from ledger.core import note, presentation, receipt
from ledger.core.errors import EvidenceError, Malformed, ProofMismatch
from ledger.core.ids import Address
from ledger.core.receipt import Receipt
from tests.core.material import cases, flip, refuses

RECEIPTS = {case["name"]: case for case in cases("receipt/receipt", 5)}
BOUND = RECEIPTS["bound"]["data"].encode()
SLOTS = RECEIPTS["bound"]["slots"]
NOTE_KEY = note.parse_vkey(cases("checkpoint/checkpoint", 4)[0]["vkey"])[1]
PRESENT_KEY = cases("presentation/presentation", 3)[0]
TRUE = receipt.parse(BOUND)


def accept(data: bytes) -> None:
    """What a verifier does with chain and registered keys at hand: TRUE is what they say."""
    parsed = receipt.parse(data)
    for check in receipt.internal_checks(parsed, SLOTS):
        if check.error is not None:
            raise check.error
    for name in ("network", "log", "size", "anchor"):
        if getattr(parsed, name) != getattr(TRUE, name):
            raise ProofMismatch(name, expected=getattr(TRUE, name), actual=getattr(parsed, name))
    if parsed.checkpoint.root != TRUE.checkpoint.root:
        raise ProofMismatch("root", expected=TRUE.checkpoint.root, actual=parsed.checkpoint.root)
    note.verify(parsed.checkpoint, NOTE_KEY)
    assert parsed.presentation is not None
    assert parsed.binding is not None
    for jws in (parsed.presentation.jws, parsed.binding.jws):
        presentation.verify(jws, PRESENT_KEY["alg"], bytes.fromhex(PRESENT_KEY["publicKey"]))


def test_the_receipt_itself_is_accepted() -> None:
    accept(BOUND)


@pytest.mark.parametrize("part", range(8))
def test_no_flipped_bit_is_accepted(part: int) -> None:
    """All bits of the file: `part` is the place of the bit in its byte."""
    for at in range(len(BOUND)):
        assert refuses(EvidenceError, accept, flip(BOUND, 8 * at + part)), at


def test_no_byte_less_or_more_is_accepted() -> None:
    for at in range(len(BOUND)):
        assert refuses(EvidenceError, accept, BOUND[:at])
        assert refuses(EvidenceError, accept, BOUND[:at] + b"0" + BOUND[at:])


def test_every_member_is_read_and_written() -> None:
    for case in RECEIPTS.values():
        parsed = receipt.parse(case["data"].encode())
        value = json.loads(case["data"])
        assert parsed.encode().decode() == case["data"]
        assert (parsed.index, parsed.size) == (value["index"], value["size"])
        assert parsed.log.hex() == value["log"]
        assert [item.hex() for item in parsed.path] == value["path"]
        assert parsed.checkpoint.text == value["checkpoint"]
        assert (parsed.presentation is None) == ("presentation" not in value)
        assert (parsed.binding is None) == ("binding" not in value)
        assert f"eip155:{parsed.chain_id}:{parsed.consortium}" == parsed.network


def rebuild(**changes: Any) -> bytes:
    assert TRUE.presentation is not None
    assert TRUE.binding is not None
    arguments: dict[str, Any] = {
        "anchor": TRUE.anchor,
        "checkpoint": TRUE.checkpoint.text,
        "entry": TRUE.entry.encode(),
        "index": TRUE.index,
        "network": TRUE.network,
        "path": TRUE.path,
        "presentation": TRUE.presentation.text,
        "binding": TRUE.binding.jws.text,
    }
    return receipt.build(**{**arguments, **changes})


def test_build() -> None:
    assert rebuild() == BOUND
    assert rebuild(presentation=None, binding=None).decode() == RECEIPTS["bare"]["data"]
    for change in (
        *({"index": 1}, {"index": 5}, {"path": ()}, {"network": "eip155:1:0x00"}),
        *({"entry": b"{}"}, {"presentation": None}, {"checkpoint": ""}),
        {"anchor": dataclasses.replace(TRUE.anchor, block=-1)},
    ):
        with pytest.raises(EvidenceError):
            rebuild(**change)


def test_checks_are_all_run_in_a_fixed_order() -> None:
    names = [f"{check.group}/{check.id}" for check in receipt.internal_checks(TRUE, SLOTS)]
    assert names == [
        *("entry/log", "checkpoint/origin", "checkpoint/size", "inclusion/path"),
        *("presentation/commitment", "presentation/disclosures", "agreement/kind"),
        *("agreement/log", "agreement/schema", "agreement/period", "presentation/slots"),
        "binding/sd-hash",
    ]
    unknown = [f"{check.group}/{check.id}" for check in receipt.internal_checks(TRUE)]
    assert unknown == [name for name in names if name != "presentation/slots"]
    bare = receipt.parse(RECEIPTS["bare"]["data"].encode())
    assert len(receipt.internal_checks(bare, SLOTS)) == 4


def failed(changed: Receipt, slots: list[str] | None = None) -> list[str]:
    checks = receipt.internal_checks(changed, slots)
    return [f"{check.group}/{check.id}" for check in checks if check.error is not None]


def test_each_check_fails_by_itself() -> None:
    other_log = dataclasses.replace(TRUE, log=TRUE.path[0])  # type: ignore[arg-type]
    assert failed(other_log) == ["entry/log", "checkpoint/origin"]
    assert failed(dataclasses.replace(TRUE, size=4)) == ["checkpoint/size", "inclusion/path"]
    assert failed(dataclasses.replace(TRUE, index=3)) == ["inclusion/path"]
    assert failed(TRUE, SLOTS[:-1]) == ["presentation/slots"]
    assert failed(TRUE, [*SLOTS[:-1], "ZZ"]) == []
    assert failed(TRUE, ["ZZ", *SLOTS[1:]]) == ["presentation/slots"]
    assert failed(TRUE, SLOTS[::-1]) == ["presentation/slots"]


def test_networks() -> None:
    address = Address("0x" + "ab" * 20)
    assert receipt.network_reference(2**53 - 1, address) == f"eip155:{2**53 - 1}:{address}"
    for chain_id, text in ((0, address), (2**53, address), (1, address.upper()), (1, "0xab")):
        assert refuses(Malformed, receipt.network_reference, chain_id, text)


def test_bounds() -> None:
    long = BOUND[:-2] + b" " * receipt.MAX_RECEIPT + BOUND[-2:]
    with pytest.raises(Malformed, match="longer than"):
        receipt.parse(long)


def test_what_a_receipt_keeps_is_its_own() -> None:
    """Leaf and fields are worked out once; a changed copy works out its own."""
    parsed = receipt.parse(BOUND)
    assert parsed.presentation is not None
    fields, leaf = parsed.presentation.fields(), parsed.leaf
    changed = dataclasses.replace(parsed, entry=dataclasses.replace(parsed.entry, period="1999-01"))
    assert changed.leaf != leaf
    first = dataclasses.replace(
        parsed.presentation, disclosures=parsed.presentation.disclosures[:1]
    )
    assert list(first.fields()) == list(fields)[:1]
    names = list(fields)
    fields.clear()
    assert (list(parsed.presentation.fields()), parsed.leaf) == (names, leaf)
