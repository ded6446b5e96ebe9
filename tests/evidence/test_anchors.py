"""Anchors in blocks that a forger made: he can make blocks, but not signatures, nor the state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import orjson

from ledger.chain.contracts.contract_abi import decode as decode_abi
from ledger.chain.contracts.contract_abi import load
from ledger.core.canonical import hex0x
from ledger.core.ids import keccak256, word
from ledger.core.keys import Purpose
from ledger.evidence import archive, archived
from ledger.evidence.archived import Archived
from ledger.evidence.built import Trie
from ledger.evidence.check import EvidenceVerdict, Given, check
from ledger.evidence.items import Item, decode, encode, of_number
from ledger.evidence.judged import judge
from ledger.evidence.making import Made
from ledger.evidence.manifest import parse_manifest
from ledger.evidence.told import encode_told, parse_told, place_of
from ledger.evidence.view import ProvenView
from ledger.records.store import Library
from tests.evidence.conftest import Ledger, alone, made, of
from tests.support.chain import TestNetwork
from tests.support.ledger import Anchored, MemberLog
from tests.support.votes import compromise

RECEIPTS_ROOT, TRANSACTIONS_ROOT, TIME = 5, 4, 11
LOGS, DATA = 3, 2
PREV_SIZE = slice(0, 32)
"""Of the data of the event Anchored: prevSize, root, keyId."""


def items(item: Item) -> list[Any]:
    """A list that can be changed, as deep as it goes."""
    return [one if isinstance(one, bytes) else items(one) for one in cast(Sequence[Item], item)]


def fabricated(
    data: bytes, *, time: int | None = None, prev_size: int | None = None
) -> tuple[bytes, str, str]:
    """A block of one anchor, and its hash and that of its transaction, with another time or with an
    anchor from another size: event and call, the proofs of both, and a header that holds them."""
    block = parse_told(data, len(data))
    [one] = block.transactions
    header, raw = items(decode(block.data, "header")), one.raw
    receipt = items(decode(_receipt(one.receipt)[1:], "receipt"))
    if time is not None:
        header[TIME] = of_number(time)
    if prev_size is not None:
        event = receipt[LOGS][0]
        was, now = event[DATA][PREV_SIZE], word(prev_size)
        event[DATA] = now + event[DATA][32:]
        assert raw.count(was) >= 1
        fields = items(decode(raw[1:], "transaction"))
        fields[7] = _call(fields[7], prev_size)
        raw = raw[:1] + encode(fields)
    made_receipt = b"\x02" + encode(receipt)
    receipts, transactions = Trie({place_of(0): made_receipt}), Trie({place_of(0): raw})
    header[RECEIPTS_ROOT], header[TRANSACTIONS_ROOT] = receipts.root, transactions.root
    spelled = encode(header)
    proofs = {0: (receipts.proof(place_of(0)), transactions.proof(place_of(0)))}
    return encode_told(spelled, proofs), hex0x(keccak256(spelled)), hex0x(keccak256(raw))


def _receipt(nodes: Sequence[bytes]) -> bytes:
    """The value of a trie of one: in its only leaf."""
    [leaf] = nodes
    return cast(bytes, items(decode(leaf, "leaf"))[1])


def _call(calldata: bytes, prev_size: int) -> bytes:
    """The call of an anchor with another size before it."""
    function = load("LogAnchor").functions["anchor"]
    checkpoint, proof, signature = decode_abi(function.inputs, calldata[4:])
    return function.encode({**checkpoint, "prevSize": prev_size}, proof, signature)


def forge(
    ledger: Ledger,
    honest: Made,
    anchor: Anchored,
    receipt: Callable[[Anchored], bytes],
    **changes: int,
) -> bytes:
    """The archive with the block of an anchor changed, a receipt that fits, and whatever then
    follows: all that a forger can do."""
    network = alone(ledger.network)
    members = archive.read(honest.data)
    told = parse_manifest(members.pop(archive.FIRST))
    name = archived.block_name(anchor.block)
    members[name], block_hash, tx = fabricated(members[name], **changes)
    moved = replace(anchor, block_hash=block_hash, tx=tx, time=changes.get("time", anchor.time))
    members["receipts/0001.json"] = receipt(moved)
    for other in [name for name in members if name.startswith(archived.BLOCKS)]:
        if other != archived.block_name(anchor.block) and _anchors(ledger, members[other]):
            members.pop(other)  # the true first anchor, which nobody need see
    source = Archived(members)
    named = {"receipts/0001.json": members["receipts/0001.json"]}
    judged = judge(ProvenView(source, network.consortium), network, Library(), named, told.days)
    members.update({"verdicts.json": judged.encode(), "histories.json": judged.histories})
    return archive.write({archive.FIRST: of(told, members).encode(), **members})


def _anchors(ledger: Ledger, data: bytes) -> bool:
    block = parse_told(data, len(data))
    log_anchor = ledger.network.deployment.log_anchor
    return any(entry.address == log_anchor for one in block.transactions for entry in one.logs)


def judged_by(network: TestNetwork, data: bytes, *hashes: bytes) -> EvidenceVerdict:
    return check(data, alone(network), Given(*hashes))


def test_a_later_anchor_is_not_passed_off_as_the_first(ledger: Ledger) -> None:
    """The first one is of a stolen key, say; the second is of a clean one, and its block is made to
    say that it covers all. Its signature says otherwise."""
    log = ledger.beijing
    second = log.anchors[1]
    assert (second.prev_size, second.size) == (1, 2)
    ledger.network.anvil.mine(3)
    honest = made(ledger.network, log.receipt(0, anchored=second))
    assert [verdict.verdict for _, verdict in honest.verdicts] == ["anchor-moved"]
    data = forge(ledger, honest, second, lambda by: log.receipt(0, anchored=by), prev_size=0)
    verdicts = orjson.loads(archive.read(data)["verdicts.json"])["verdicts"]
    assert [one["verdict"] for one in verdicts] == ["valid"], "no forgery worth its name"
    found = judged_by(ledger.network, data, honest.header.hash)
    assert found.problem is not None
    assert found.problem.code == "anchor-not-signed"
    # Nor is it said that all holds but for a hash, where none was given.
    found = judged_by(ledger.network, data)
    assert found.problem is not None
    assert found.problem.code == "anchor-not-signed"


def anchored_by_a_thief(ledger: Ledger) -> tuple[MemberLog, Anchored]:
    """A record that was anchored after its key was stolen."""
    network, log = ledger.network, ledger.beijing
    network.anvil.mine(2, seconds=600)
    log.put(log.records[0])
    anchor = log.anchor()
    network.anvil.mine(3)
    compromise(network, network.keys["110000", Purpose.ANCHOR].key_id, anchor.time - 60)
    network.anvil.mine(3)
    return log, anchor


def test_an_anchor_is_not_dated_back(ledger: Ledger) -> None:
    """A key is known to be stolen since a minute before it anchored; the forger's block is of two
    minutes before. The signature allows both, so only the hash of the block tells."""
    log, anchor = anchored_by_a_thief(ledger)
    honest = made(ledger.network, log.receipt(2))
    assert [verdict.verdict for _, verdict in honest.verdicts] == ["key-disputed"]
    assert judged_by(ledger.network, honest.data, honest.header.hash).exit == 3
    data = forge(
        ledger, honest, anchor, lambda by: log.receipt(2, anchored=by), time=anchor.time - 120
    )
    verdicts = orjson.loads(archive.read(data)["verdicts.json"])["verdicts"]
    assert [one["verdict"] for one in verdicts] == ["valid"], "no forgery worth its name"
    found = judged_by(ledger.network, data, honest.header.hash)
    assert found.problem is not None
    assert (found.problem.code, found.exit) == ("anchor-time-open", 4)
    assert found.problem.evidence["problem"] != anchor.block_hash


def test_a_record_from_before_the_theft(ledger: Ledger) -> None:
    """Within the deadline of its signature its block has to be known too; given that, it is as good
    as before."""
    network, log = ledger.network, ledger.beijing
    anchor = log.anchors[0]
    network.anvil.mine(2, seconds=120)
    compromise(network, network.keys["110000", Purpose.ANCHOR].key_id, anchor.time + 60)
    network.anvil.mine(3)
    honest = made(network, log.receipt(0))
    found = judged_by(network, honest.data, honest.header.hash)
    assert found.problem is not None
    assert found.problem.code == "anchor-time-open"
    assert found.problem.evidence["problem"] == anchor.block_hash
    given = honest.header.hash, bytes.fromhex(anchor.block_hash[2:])
    found = judged_by(network, honest.data, *given)
    assert (found.problem, found.exit) == (None, 0)
    assert [one["known"] for one in found.as_dict()["told"]].count(True) == 1


def test_a_time_beyond_the_deadline(ledger: Ledger) -> None:
    """No block took it then."""
    log = ledger.beijing
    anchor = log.anchors[1]
    honest = made(ledger.network, log.receipt(1))
    time = ledger.network.anvil.head_time()
    ledger.network.anvil.mine(2, seconds=7200)
    later = made(ledger.network, log.receipt(1))
    data = forge(ledger, later, anchor, lambda by: log.receipt(1, anchored=by), time=time + 7200)
    assert judged_by(ledger.network, honest.data, honest.header.hash).problem is None
    found = judged_by(ledger.network, data, later.header.hash)
    assert found.problem is not None
    assert found.problem.code == "proof-differs"
