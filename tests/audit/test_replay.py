"""Replay of a real chain: clean, each thing that can be wrong, and the same bytes everywhere."""

import copy
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ledger.audit.anchors import judge_anchors
from ledger.audit.findings import Findings
from ledger.audit.replay import replay
from ledger.audit.state import Anchor, Key, Log, Member, State
from ledger.audit.times import BlockTimes
from ledger.chain.contracts import contract_abi
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.network import Hash32
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core import note
from ledger.core.canonical import encode
from ledger.core.entry import record_entry, statement_entry
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, Digest, KeyId, LogId, keccak256
from ledger.core.keys import Alg, Purpose
from ledger.core.tiles import encode_bundle
from ledger.core.verdict.facts import Note
from tests.audit.conftest import Ledger
from tests.support.chain import OF_ALL
from tests.support.ledger import MemberLog, make_record, serve
from tests.support.log import read_log
from tests.support.proxy import at_times, lie, one_of, raw, start_proxy
from tests.support.votes import close_log, compromise, create, put_item, register

ROOT = Path(__file__).resolve().parent.parent.parent


def codes(document: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in document["findings"]]


def entry(of: MemberLog, **changes: Any) -> bytes:
    """A record entry that no record belongs to."""
    values: dict[str, Any] = {
        "commitment": bytes([len(of.entries) % 256]) * 32,
        "log": of.log_id,
        "period": "2025-10",
        "schema": "penalty@1",
        "timely": "unknown",
    }
    return record_entry(**(values | changes))


# ---- clean


def test_the_logs_of_these_tests_are_what_c2sp_says(ledger: Ledger) -> None:
    """Read by a stranger's reader, so that replay is not only compared with ourselves."""
    for log in (ledger.beijing, ledger.tianjin):
        found = read_log(
            partial(log.fetch, max_bytes=1 << 20),
            origin=note.origin_of(log.log_id),
            note_key=log.key(Purpose.NOTE).public_key,
        )
        assert (found.size, found.root, found.entries) == (
            len(log.entries), log.root(), log.entries,
        )  # fmt: skip


def test_a_clean_ledger(ledger: Ledger) -> None:
    report = ledger.replay()
    document = report.document
    assert (document["findings"], report.exit) == ([], 0)
    assert document["_type"] == "credit-ledger/audit@1"
    logs = {log["member"]: log for log in document["logs"]}
    assert (logs["110000"]["size"], logs["110000"]["anchors"]) == (300, 2)
    assert logs["110000"]["root"] == ledger.beijing.root().hex()
    assert logs["130000"]["size"] == 0
    codes_ = ["110000", "120000", "130000", "140000", "demo-auditor", "demo-bank", "demo-bureau"]
    assert [member["code"] for member in document["members"]] == codes_
    assert [log["member"] for log in document["logs"]] == codes_
    assert len(document["keys"]) == 4 * len(Purpose) + 3 * len(OF_ALL)
    assert {item["itemId"] for item in document["catalogue"]} >= {"penalty", "licence"}
    counts = document["counts"]
    assert (counts["anchors"], counts["entries"], counts["logs"]) == (3, 303, 7)
    assert counts["timely"] == {"no": 0, "unknown": 303, "yes": 0}
    assert counts["types"] == {"penalty@1": 303}
    assert report.encode() == encode(document)


def test_what_is_not_final_is_not_in_the_report(ledger: Ledger) -> None:
    before = ledger.replay().encode()
    ledger.tianjin.put(make_record(ledger.tianjin, decided=date(2025, 10, 12)))
    ledger.tianjin.anchor()
    document = ledger.replay().document
    assert document["counts"]["entries"] == 303
    ledger.network.anvil.mine()
    after = ledger.replay().document
    assert after["counts"]["entries"] == 304
    reader = QuorumReader(ledger.network.file, now=ledger.network.anvil.head_time)
    logs = {log.log_id: log for log in (ledger.beijing, ledger.tianjin)}
    again = replay(
        ledger.network.file,
        reader=reader,
        to_block=_number(before),
        fetch_for=lambda base, log: logs[LogId(log)].fetch if log in logs else None,
    )
    with pytest.raises(CouldNotCheck):
        replay(ledger.network.file, reader=reader, to_block=after["block"]["number"] + 1)
    reader.close()
    assert again.encode() == before


def test_refusals_for_the_moment_change_nothing(ledger: Ledger) -> None:
    """429 and 503 at random before the only node."""
    plain = ledger.replay().encode()
    logs = {log.log_id: log for log in (ledger.beijing, ledger.tianjin)}
    with start_proxy(ledger.network.anvil.url) as proxy:
        proxy.on(None, at_times(one_of(raw(b"", status=429), raw(b"", status=503)), 0.05))
        reader = QuorumReader(
            ledger.network.with_rpc([proxy.url], 1), now=ledger.network.anvil.head_time, page=5
        )
        report = replay(
            ledger.network.file,
            reader=reader,
            fetch_for=lambda base, log: logs[LogId(log)].fetch if log in logs else None,
        )
        reader.close()
    assert report.encode() == plain
    assert report.exit == 0


def test_a_node_that_drops_events_is_left_out(ledger: Ledger) -> None:
    """At the end, in the middle, of one contract: with a quorum the report is the same."""
    plain = ledger.replay().encode()
    logs = {log.log_id: log for log in (ledger.beijing, ledger.tianjin)}
    drops: list[Callable[[list[Any]], list[Any]]] = [
        lambda found: found[:-1],
        lambda found: found[: len(found) // 2] + found[len(found) // 2 + 1 :],
        lambda found: [],
    ]
    url = ledger.network.anvil.url
    for drop in drops:
        with start_proxy(url) as a, start_proxy(url) as b, start_proxy(url) as c:
            b.on("eth_getLogs", lie(partial(_changed, drop)))
            notes: list[Note] = []
            file = ledger.network.with_rpc([a.url, b.url, c.url], 2)
            now = ledger.network.anvil.head_time
            reader = QuorumReader(file, now=now, page=5, on_note=notes.append)
            report = replay(
                ledger.network.file,
                reader=reader,
                fetch_for=lambda base, log: logs[LogId(log)].fetch if log in logs else None,
            )
            reader.close()
        assert report.encode() == plain
        assert [note.node for note in notes] == [b.url]


def _changed(
    change: Callable[[list[Any]], list[Any]], params: Sequence[Any], result: list[Any]
) -> list[Any]:
    return change(result)


def _number(report: bytes) -> int:
    import json  # noqa: PLC0415

    return int(json.loads(report)["block"]["number"])


# ---- what can be wrong with what a member shows


def test_tiles_that_a_member_withholds(ledger: Ledger) -> None:
    only = ledger.replay(logs=[ledger.beijing])
    assert (codes(only.document), only.exit) == (["tiles-missing"], 4)
    assert [gap["code"] for gap in only.document["incomplete"]] == ["tiles-missing"]
    ledger.beijing.served = {"tile/entries/001.p/44": None, "tile/entries/001": None}
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["tiles-missing"], 4)
    found = report.document["findings"][0]
    assert (found["member"], found["evidence"]) == ("110000", {"entries": 44})
    assert found["where"].endswith("tile/entries/001.p/44")
    ledger.beijing.served = {"tile/1/000.p/1": None, "tile/1/000": None}
    assert ledger.replay().exit == 4
    ledger.beijing.served = {"checkpoint": None}
    assert ledger.replay().exit == 4


def test_a_finding_is_worse_than_missing_tiles(ledger: Ledger) -> None:
    ledger.beijing.served = {"tile/0/000": bytes(8192)}
    report = ledger.replay(logs=[ledger.beijing])
    assert (codes(report.document), report.exit) == (["tile-mismatch", "tiles-missing"], 1)


def test_a_member_that_shows_another_log_than_it_anchored(ledger: Ledger) -> None:
    shown = list(ledger.tianjin.entries)
    ledger.tianjin.entries[1] = entry(ledger.tianjin, timely="no")
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["root-mismatch"], 1)
    evidence = report.document["findings"][0]["evidence"]
    assert evidence["computed"] == evidence["signed"] == ledger.tianjin.root().hex()
    ledger.tianjin.entries[:] = shown
    assert ledger.replay().exit == 0


GARBAGE: dict[str, Callable[[Ledger, int], bytes]] = {
    "not canonical": lambda ledger, n: b"{%d}" % n,
    "of another log": lambda ledger, n: entry(
        ledger.beijing, log=ledger.tianjin.log_id, commitment=keccak256(b"%d" % n)
    ),
    "copied": lambda ledger, n: entry(
        ledger.beijing, commitment=ledger.tianjin.records[n % 3].commitment.digest
    ),
    "of no type": lambda ledger, n: entry(
        ledger.beijing, schema=f"hearsay-{n}@1", commitment=keccak256(b"%d" % n)
    ),
    "of the future": lambda ledger, n: entry(
        ledger.beijing, period=f"{2100 + n}-01", commitment=keccak256(b"%d" % n)
    ),
    "said to be in time": lambda ledger, n: entry(
        ledger.beijing, timely="yes", period=f"{1900 + n}-01", commitment=keccak256(b"%d" % n)
    ),
    "correcting nothing": lambda ledger, n: entry(
        ledger.beijing, corrects=keccak256(b"%d" % n), commitment=keccak256(b"%d" % n)
    ),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_stands_in_another_log_than_was_anchored_counts_for_nothing(
    ledger: Ledger, name: str
) -> None:
    """Who shows thirty bad entries did not anchor them: it is one finding, that the log is another
    one. What an anchor proves before it counts as ever."""
    log, make = ledger.beijing, GARBAGE[name]
    log.put_raw(b"bad")
    log.anchor()
    log.put(make_record(log, decided=date(2025, 10, 12)))
    log.anchor()
    ledger.network.anvil.mine(2, seconds=31 * 86_400)
    assert codes(ledger.replay().document) == ["entry-malformed"]
    log.entries[301:] = [make(ledger, n) for n in range(30)]
    report = ledger.replay()
    assert codes(report.document) == ["root-mismatch", "entry-malformed"]
    assert report.document["counts"]["findings"] == {"entry-malformed": 1, "root-mismatch": 1}
    assert report.document["findings"][1]["where"].endswith("/entry/300")
    log.entries[5:] = [make(ledger, n) for n in range(300)]
    assert codes(ledger.replay().document) == ["root-mismatch"]


def test_a_checkpoint_of_another_tree_than_is_served(ledger: Ledger) -> None:
    """The entries are right: what the owner signed is not."""
    other = replace(ledger.tianjin, entries=[*ledger.tianjin.entries[:2], entry(ledger.tianjin)])
    ledger.tianjin.served = {"checkpoint": other.checkpoint().encode()}
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["checkpoint-differs"], 1)
    assert report.document["findings"][0]["evidence"] == {
        "anchored": ledger.tianjin.root().hex(),
        "shown": other.root().hex(),
    }


SERVED: dict[str, tuple[str, Callable[[MemberLog], dict[str, bytes | None]]]] = {
    "a hash tile of other entries": (
        "tile-mismatch", lambda log: {"tile/0/001.p/44": bytes(44 * 32)},
    ),
    "an upper tile of other entries": (
        "tile-mismatch", lambda log: {"tile/1/000.p/1": bytes(32)},
    ),
    "a bundle that cannot be read": (
        "bundle-malformed", lambda log: {"tile/entries/000": b"\xff\xff\0"},
    ),
    "a bundle with one entry too few": (
        "bundle-malformed", lambda log: {"tile/entries/000": encode_bundle(log.entries[:255])},
    ),
    "a checkpoint that is none": ("checkpoint-invalid", lambda log: {"checkpoint": b"\xff"}),
    "a checkpoint of another log": (
        "checkpoint-invalid",
        lambda log: {"checkpoint": note.encode_checkpoint(
            note.checkpoint_body(note.origin_of(bytes(32)), 300, log.root()),
            log.key(Purpose.NOTE).public_key, bytes(64)).encode()},
    ),
    "a checkpoint by a stranger": (
        "checkpoint-invalid",
        lambda log: {"checkpoint": log.checkpoint(
            300, LocalSigner(Alg.ED25519, bytes([5]) * 32)).encode()},
    ),
    "a checkpoint that fell behind": (
        "checkpoint-behind", lambda log: {"checkpoint": log.checkpoint(299).encode()},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SERVED)
def test_what_is_served_is_compared(ledger: Ledger, name: str) -> None:
    code, change = SERVED[name]
    ledger.beijing.served = change(ledger.beijing)
    report = ledger.replay()
    assert (codes(report.document), report.exit) == ([code], 1)


ENTRIES: dict[str, tuple[str, Callable[[MemberLog], Sequence[bytes]]]] = {
    "not canonical": ("entry-malformed", lambda log: [entry(log) + b" "]),
    "too long": ("entry-malformed", lambda log: [b"x" * 1025]),
    "of another log": ("entry-foreign-log", lambda log: [entry(log, log=LogId(bytes(32)))]),
    "twice": ("entry-duplicate", lambda log: [log.entries[0]]),
    "the same commitment in another entry": (
        "entry-duplicate",
        lambda log: [entry(log, commitment=log.records[0].commitment.digest, timely="no")],
    ),
    "of a type outside the catalogue": (
        "type-not-in-catalogue", lambda log: [entry(log, schema="hearsay@1")],
    ),
    "of a version outside the catalogue": (
        "type-not-in-catalogue", lambda log: [entry(log, schema="penalty@2")],
    ),
    "with the year in place of the month": (
        "period-granularity", lambda log: [entry(log, period="2025")],
    ),
    "of next century": ("period-in-future", lambda log: [entry(log, period="2126-01")]),
    "good, of another kind": (
        "", lambda log: [statement_entry(commitment=bytes(32), log=log.log_id)],
    ),
    "good, of this year": ("", lambda log: [entry(log)]),
    "good, of no year": ("", lambda log: [entry(log, period="0000-01")]),
}  # fmt: skip


@pytest.mark.parametrize("name", ENTRIES)
def test_entries_are_checked(ledger: Ledger, name: str) -> None:
    code, make = ENTRIES[name]
    ledger.tianjin.put_raw(*make(ledger.tianjin))
    ledger.tianjin.anchor()
    ledger.network.anvil.mine()
    report = ledger.replay()
    assert codes(report.document) == ([code] if code else [])
    assert report.exit == (1 if code else 0)
    if code:
        assert report.document["findings"][0]["where"].endswith("/entry/3")
        assert report.document["counts"]["findings"] == {code: 1}


def test_what_a_later_version_wrote_is_left_open(ledger: Ledger) -> None:
    newer = entry(ledger.tianjin).replace(b"entry@1", b"entry@2")
    ledger.tianjin.put_raw(newer)
    ledger.tianjin.anchor()
    ledger.network.anvil.mine()
    report = ledger.replay()
    assert (codes(report.document), report.exit) == ([], 4)
    assert [gap["code"] for gap in report.document["incomplete"]] == ["entry-version-unknown"]
    ledger.tianjin.entries.pop()
    lines = ledger.beijing.checkpoint() + "— stranger/of/a/kind AAAAAAAAAAAA\n"
    ledger.beijing.served = {"checkpoint": lines.encode()}
    unknown = [gap["code"] for gap in ledger.replay().document["incomplete"]]
    assert "checkpoint-version-unknown" in unknown


@pytest.mark.parametrize(("days", "clean"), [(-1, True), (1, False)])
def test_a_type_that_is_not_in_force_yet(ledger: Ledger, days: int, clean: bool) -> None:
    now = ledger.network.anvil.head_time()
    put_item(ledger.network, "late", since=now + days * 86_400)
    ledger.tianjin.put_raw(entry(ledger.tianjin, schema="late@1"))
    ledger.tianjin.anchor()
    ledger.network.anvil.mine()
    found = codes(ledger.replay().document)
    assert found == ([] if clean else ["type-not-in-catalogue"])


def test_a_type_that_was_put_afterwards(ledger: Ledger) -> None:
    """In force from before, but nobody could have known."""
    ledger.tianjin.put_raw(entry(ledger.tianjin, schema="late@1"))
    ledger.tianjin.anchor()
    ledger.network.anvil.mine(1, seconds=1)
    put_item(ledger.network, "late", since=1)
    ledger.network.anvil.mine()
    assert codes(ledger.replay().document) == ["type-not-in-catalogue"]


def test_a_commitment_in_two_logs(ledger: Ledger) -> None:
    twice = ledger.beijing.records[7].commitment.digest
    ledger.tianjin.put_raw(entry(ledger.tianjin, commitment=twice))
    ledger.tianjin.anchor()
    ledger.network.anvil.mine()
    found = ledger.replay().document["findings"]
    assert [item["code"] for item in found] == ["entry-duplicate"]
    places = {found[0]["where"], found[0]["evidence"]["first"]}
    assert places == {
        f"log/{ledger.beijing.log_id.hex()}/entry/7",
        f"log/{ledger.tianjin.log_id.hex()}/entry/3",
    }


# ---- what can be wrong with anchors


def test_anchors_by_a_stolen_key(ledger: Ledger) -> None:
    key = ledger.beijing.key(Purpose.ANCHOR).key_id
    compromise(ledger.network, key, ledger.beijing.anchors[1].time)
    ledger.network.anvil.mine()
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["anchor-key-disputed"], 1)
    assert report.document["findings"][0]["where"].endswith("/anchor/300")


def test_a_closed_log(ledger: Ledger) -> None:
    close_log(ledger.network, ledger.beijing.log_id, 5)
    ledger.network.anvil.mine()
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["anchor-beyond-trusted"], 1)
    assert report.document["findings"][0]["severity"] == "warning"
    closed = [log for log in report.document["logs"] if log["closed"]]
    assert [log["trustedSize"] for log in closed] == [5]


def test_a_new_log_anchor_goes_on(ledger: Ledger) -> None:
    network, log = ledger.network, ledger.tianjin
    code = contract_abi.load("LogAnchor").bytecode
    new = create(network, code, network.deployment.consortium)
    register(network, "LogAnchor", new)
    log.network = replace(network, deployment=replace(network.deployment, log_anchor=new))
    log.put(make_record(log, decided=date(2025, 10, 12)))
    log.anchor()
    network.anvil.mine()
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["contract-replaced"], 1)
    assert report.document["findings"][0]["severity"] == "warning"
    assert report.document["counts"]["anchors"] == 4
    shown = [c["address"] for c in report.document["contracts"] if c["role"] == "LogAnchor"]
    assert shown == [network.deployment.log_anchor, new]
    assert {contract["shipped"] for contract in report.document["contracts"]} == {"yes"}


class Clock(BlockTimes):
    """Block n is of time n."""

    def __init__(self) -> None:
        """No chain behind it."""

    def at(self, block: int) -> int:
        return block


KEY, LOG = KeyId(bytes([1]) * 32), LogId(bytes([2]) * 32)


def make_state(*anchors: tuple[int, int, int], **changes: Any) -> State:
    """A member, its key valid at 10 … 50, and anchors (block, prev size, size)."""
    key = Key(
        key_id=KEY,
        member="m",
        purpose=Purpose.ANCHOR,
        alg=1,
        public_key=b"",
        not_before=10,
        not_after=50,
    )
    log = Log(log_id=LOG, member="m")
    log.anchors = [
        Anchor(
            place=(block, 0),
            prev_size=prev,
            size=size,
            root=Digest(bytes(32)),
            key_id=KEY,
            tx="0x",
            contract=Address("0x"),
        )
        for block, prev, size in anchors
    ]
    log.closed = changes.pop("closed", None)
    away = changes.pop("suspended", ())
    member = Member(code="m", region="r", roles=1, endpoint="", away=away)
    key = replace(key, **changes)
    return State(members={"m": member}, keys={(key.member, KEY): key}, logs={LOG: log})


def found_in(state: State) -> list[tuple[str, int]]:
    """Codes, and sizes of the anchors that they are about."""
    findings = Findings()
    judge_anchors(state, state.logs[LOG], Clock(), findings)
    return [(f.code, int(f.where.rpartition("/")[2])) for f in findings.listed()]


@pytest.mark.parametrize(
    ("anchors", "changes", "expected"),
    [
        ([(10, 0, 1), (50, 1, 2)], {}, []),
        ([(9, 0, 1), (10, 1, 2)], {}, [("anchor-key-not-valid", 1)]),
        ([(50, 0, 1), (51, 1, 2)], {}, [("anchor-key-not-valid", 2)]),
        ([(20, 0, 1)], {"member": "other"}, [("anchor-key-not-valid", 1)]),
        ([(20, 0, 1)], {"purpose": Purpose.CASE}, [("anchor-key-not-valid", 1)]),
        ([(19, 0, 1), (20, 1, 2)], {"compromised_since": 20}, [("anchor-key-disputed", 2)]),
        (
            [(20, 0, 1), (60, 1, 2)],
            {"compromised_since": 15},
            [("anchor-key-disputed", 1), ("anchor-key-not-valid", 2)],
        ),
        ([(20, 0, 1), (30, 2, 3)], {}, [("anchor-discontinuous", 3)]),
        ([(20, 0, 5), (30, 5, 5)], {}, [("anchor-discontinuous", 5)]),
        ([(20, 0, 1)], {"suspended": (((19, 0), (21, 0)),)}, [("anchor-while-suspended", 1)]),
        ([(20, 0, 1)], {"suspended": (((19, 0), None),)}, [("anchor-while-suspended", 1)]),
        ([(22, 0, 1)], {"suspended": (((19, 0), (21, 0)),)}, []),
        ([(20, 0, 1), (30, 1, 2)], {"closed": ((25, 0), 1)}, [("anchor-after-close", 2)]),
        ([(20, 0, 1), (24, 1, 2)], {"closed": ((25, 0), 1)}, [("anchor-beyond-trusted", 2)]),
        ([(20, 0, 1)], {"closed": ((25, 0), 1)}, []),
    ],
)
def test_anchors_are_judged_by_what_stood_then(
    anchors: list[tuple[int, int, int]], changes: dict[str, Any], expected: list[tuple[str, int]]
) -> None:
    assert found_in(make_state(*anchors, **changes)) == expected


def test_an_anchor_by_a_key_that_nobody_registered() -> None:
    state = make_state((20, 0, 1))
    state.keys.clear()
    assert found_in(state) == [("anchor-key-not-valid", 1)]


Event = dict[str, Any]


def told(ledger: Ledger, change: Callable[[Event], None]) -> dict[str, Any]:
    """The report where the only node tells one more anchor of Tianjin's: of a contract that is not
    ours and may do anything."""
    name, contract = ledger.tianjin.log_id.hex(), ledger.network.deployment.log_anchor
    code = ledger.network.anvil.call("eth_getCode", contract, "latest")
    ledger.network.anvil.call("anvil_setCode", contract, code + "00")

    def rewrite(params: Sequence[Any], result: Any) -> Any:
        found = [e for e in result if e["address"] == contract and name in str(e)]
        for event in found:
            more = copy.deepcopy(event)
            more["logIndex"] = hex(int(event["logIndex"], 16) + 1)
            change(more)
            result.append(more)
        return result

    with start_proxy(ledger.network.anvil.url) as proxy:
        proxy.on("eth_getLogs", lie(rewrite))
        file = ledger.network.with_rpc([proxy.url], 1)
        return replace(ledger, network=replace(ledger.network, file=file)).replay().document


def test_an_anchor_of_a_log_that_nobody_registered(ledger: Ledger) -> None:
    def rename(event: Event) -> None:
        event["topics"][1] = "0x" + "ee" * 32

    found = told(ledger, rename)
    assert codes(found) == ["contract-not-ours", "anchor-unknown-log"]
    assert found["findings"][1]["member"] == ""
    shipped = {contract["role"]: contract["shipped"] for contract in found["contracts"]}
    assert shipped == {
        "Consortium": "yes",
        "LogAnchor": "no",
        "Catalogue": "yes",
        "CaseRegistry": "yes",
        "Revocations": "yes",
        "Products": "yes",
    }


def test_an_anchor_by_a_contract_before_it_had_the_role(ledger: Ledger) -> None:
    def antedate(event: Event) -> None:
        event["blockNumber"] = hex(ledger.network.file.deploy_block)
        event["logIndex"] = hex(1 << 20)

    found = told(ledger, antedate)
    assert codes(found) == ["contract-not-ours", "anchor-out-of-turn"]
    assert found["findings"][1]["member"] == "120000"
    assert {log["member"]: log["size"] for log in found["logs"]}["120000"] == 3


# ---- the chain cannot be read


def test_a_chain_that_cannot_be_read_gives_no_report(ledger: Ledger) -> None:
    wrong = replace(ledger.network.file, deploy_block_hash=Hash32("0x" + "00" * 32))
    with pytest.raises(CouldNotCheck) as caught:
        replay(wrong)
    assert caught.value.code == "other-chain"
    ledger.network.anvil.call("anvil_setCode", ledger.network.deployment.consortium, "0x")
    with pytest.raises(CouldNotCheck) as caught:
        ledger.replay()
    assert caught.value.code == "no-code"


# ---- the same bytes everywhere


@pytest.mark.parametrize("page", [1, 7, 1_000_000])
def test_the_page_of_events_does_not_show(ledger: Ledger, page: int) -> None:
    assert ledger.replay(page=page).encode() == ledger.replay().encode()


def test_windows_of_events_do_not_show(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ledger.replay().encode()
    monkeypatch.setattr("ledger.audit.consortium.WINDOW", 3)
    assert ledger.replay().encode() == whole


def test_the_order_of_arrival_does_not_show(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.beijing.served = {"tile/0/000": bytes(8192)}
    ledger.tianjin.put_raw(b"bad", b"worse")
    ledger.tianjin.anchor()
    ledger.network.anvil.mine()
    plain = ledger.replay().encode()
    order, fetch = random.Random(3), MemberLog.fetch

    def slow(log: MemberLog, path: str, max_bytes: int) -> bytes:
        time.sleep(order.random() / 50)
        return fetch(log, path, max_bytes)

    monkeypatch.setattr(MemberLog, "fetch", slow)
    assert ledger.replay(logs=[ledger.tianjin, ledger.beijing]).encode() == plain


MACHINES: list[tuple[dict[str, str], int, int]] = [
    ({"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0"}, 1, 1),
    ({"TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1",
      "CREDIT_LEDGER_LANG": "zh"}, 2, -1),
    ({"TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "12345", "HOME": "/"},
     3, 1),
]  # fmt: skip
"""Environment, processes that read logs, and the order of the nodes."""


def test_other_machines_write_the_same_bytes(ledger: Ledger, tmp_path: Path) -> None:
    """Through the command line, over HTTP, with findings to be told in two languages."""
    ledger.tianjin.put_raw(b"bad")
    ledger.tianjin.anchor()
    ledger.network.anvil.mine()
    file, node = tmp_path / "network.json", ledger.network.anvil.url
    written = []
    with (
        serve(ledger.beijing, ledger.tianjin) as url,
        start_proxy(node) as one,
        start_proxy(node) as other,
    ):
        nodes = [node, one.url, other.url]
        file.write_bytes(ledger.network.with_rpc(nodes, 2).encode())
        for number, (machine, processes, order) in enumerate(MACHINES):
            out = tmp_path / f"report-{number}.json"
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "ledger.cli.main", "audit", "replay"),
                    *("--network", str(file), "--out", str(out)),
                    *("--mirror", f"110000={url}", "--mirror", f"120000={url}/"),
                    *(part for node in nodes[::order] for part in ("--rpc", node)),
                    *("--processes", str(processes)),
                ],
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **machine},
                cwd=tmp_path,
                timeout=600,
                capture_output=True,
                check=False,
            )
            assert done.returncode == 1, done.stderr.decode()
            written.append(out.read_bytes())
    assert written[0] == written[1] == written[2] == ledger.replay().encode()
    for trace in (url, str(tmp_path), "127.0.0.1"):
        assert trace.encode() not in written[0]
