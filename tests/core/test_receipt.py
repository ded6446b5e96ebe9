"""Receipts: every bit bound, parts compared, nothing of theirs believed."""

import dataclasses
import json
from typing import Any

import pytest

from ledger.core import note, receipt
from ledger.core.errors import EvidenceError, Malformed, ProofMismatch, VersionUnknown
from ledger.core.ids import Address, record_id
from ledger.core.jws import verify as verify_jws
from ledger.core.receipt import Receipt
from tests.core.material import REFUSED, cases, example, flip, refuses

RECEIPTS = {case["name"]: case for case in cases("receipt/receipt", 6)}
BOUND = RECEIPTS["bound"]["data"].encode()
SLOTS = RECEIPTS["bound"]["slots"]
NOTE_KEY = note.parse_vkey(cases("checkpoint/checkpoint", 7)[0]["vkey"])[1]
PRESENT_KEY = cases("presentation/presentation", 3)[0]
TRUE = receipt.parse(BOUND)
OTHER_DISCLOSURE = example("penalty")[1]["disclosures"]["CF_WSH"]


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
        verify_jws(jws, PRESENT_KEY["alg"], bytes.fromhex(PRESENT_KEY["publicKey"]))


def test_the_receipt_itself_is_accepted() -> None:
    accept(BOUND)


@pytest.mark.parametrize("part", range(8))
def test_no_flipped_bit_is_accepted(part: int) -> None:
    """All bits of the file: `part` is the place of the bit in its byte."""
    for at in range(len(BOUND)):
        assert refuses(REFUSED, accept, flip(BOUND, 8 * at + part)), at


def test_no_byte_less_or_more_is_accepted() -> None:
    for at in range(len(BOUND)):
        assert refuses(REFUSED, accept, BOUND[:at])
        assert refuses(REFUSED, accept, BOUND[:at] + b"0" + BOUND[at:])


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
        *("agreement/log", "agreement/schema", "agreement/period", "binding/sd-hash"),
    ]
    assert names == [f"{check.group}/{check.id}" for check in receipt.internal_checks(TRUE)]
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
    assert failed(TRUE, [*SLOTS[:-1], "ZZ"]) == failed(TRUE) == []
    for slots in (SLOTS[:-1], [*SLOTS, "ZZ"], ["ZZ", *SLOTS[1:]], SLOTS[::-1]):
        (check,) = [c for c in receipt.internal_checks(TRUE, slots) if c.error is not None]
        assert (check.group, check.id) == ("presentation", "disclosures")
        assert check.error is not None
        assert check.error.code == "slot-mismatch"
    assert TRUE.presentation is not None
    strange = dataclasses.replace(TRUE.presentation, disclosures=(OTHER_DISCLOSURE,))
    for known in (SLOTS, None):  # without its schema too: it is no part of the commitment
        assert failed(dataclasses.replace(TRUE, presentation=strange), known) == [
            *("presentation/disclosures", "binding/sd-hash"),
        ]


def test_networks() -> None:
    address = Address("0x" + "ab" * 20)
    assert receipt.network_reference(2**53 - 1, address) == f"eip155:{2**53 - 1}:{address}"
    for chain_id, text in ((0, address), (2**53, address), (1, address.upper()), (1, "0xab")):
        assert refuses(Malformed, receipt.network_reference, chain_id, text)


def test_bounds() -> None:
    long = BOUND[:-2] + b" " * receipt.MAX_RECEIPT + BOUND[-2:]
    with pytest.raises(Malformed, match="longer than"):
        receipt.parse(long)


def test_a_record_id_is_of_the_commitment() -> None:
    """Not of the leaf: the same commitment logged again, as another entry, is no new record."""
    again = dataclasses.replace(TRUE, entry=dataclasses.replace(TRUE.entry, timely="no"))
    assert again.leaf != TRUE.leaf
    assert again.record_id == TRUE.record_id == record_id(TRUE.log, TRUE.entry.commitment)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"x", b"[]", b"1", b"\xef\xbb\xbf", b'{"_type":1}', b'{"_type":"x@2"}'),
        *(b'"' + b"x" * 100, b'"' + b'\\"' * 100_000, b'{"' * 100_000, b"[" * 100_000),
        *(b'{"_type":"credit-ledger/receipt@02"}', b'{"_type":"credit-ledger/Receipt@2"}'),
        b" " * (receipt.MAX_RECEIPT + 1),
    ],
    ids=lambda data: repr(data[:16]),
)
def test_what_is_no_receipt_of_any_version(data: bytes) -> None:
    """Each is looked through once, however it is made."""
    with pytest.raises(Malformed) as caught:
        receipt.parse(data)
    assert caught.value.code is None


def test_a_later_version_may_be_as_long_as_it_likes() -> None:
    start = b'{"_type":"credit-ledger/receipt@2","more":"'
    for data in (start + b"x" * receipt.MAX_RECEIPT + b'"}\n', start, b"\xef\xbb\xbf " + start):
        assert refuses(VersionUnknown, receipt.parse, data)


def test_what_a_receipt_keeps_is_its_own() -> None:
    """Leaf and fields are worked out once; a changed copy works out its own."""
    parsed = receipt.parse(BOUND)
    assert parsed.presentation is not None
    fields, leaf = parsed.presentation.fields(SLOTS), parsed.leaf
    changed = dataclasses.replace(parsed, entry=dataclasses.replace(parsed.entry, period="1999-01"))
    assert changed.leaf != leaf
    first = dataclasses.replace(
        parsed.presentation, disclosures=parsed.presentation.disclosures[:1]
    )
    assert list(first.fields(SLOTS)) == list(fields)[:1]
    names = list(fields)
    fields.clear()
    assert (list(parsed.presentation.fields(SLOTS)), parsed.leaf) == (names, leaf)


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "empty"), (b"  ", "empty"), (BOUND[:40], "cut short")],
)
def test_a_file_of_which_not_all_arrived(data: bytes, said: str) -> None:
    """Empty or cut short, the reason says so."""
    with pytest.raises(Malformed, match=said):
        receipt.parse(data)
