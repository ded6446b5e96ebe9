"""Acts on records, replayed from a real chain: the report, and each thing that can be wrong."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from ledger.audit.replay import Report
from ledger.chain.contracts import contract_abi
from ledger.chain.contracts.events import Acted, decode_events
from ledger.chain.governing import actions
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.event_logs import LogQuery, read_logs
from ledger.cli.replay_tables import show_report
from ledger.core.ids import RecordId, keccak256, record_id
from ledger.core.keys import Alg, Purpose
from ledger.core.status import (
    ZERO,
    Act,
    Action,
    Basis,
    RecordedAct,
)
from tests.audit.conftest import Ledger
from tests.audit.test_judgements import PADDED, flip_signature, selector, strip
from tests.audit.test_replay import codes, entry
from tests.support.cases import DOC, acknowledge, act, act_by_vote, make_act, midnight, undo
from tests.support.chain import PROVINCES, TestNetwork
from tests.support.ledger import MemberLog
from tests.support.proxy import lie, start_proxy
from tests.support.votes import add_key, compromise, create, register

TIANJIN = "120000"
HOUR, DAY = 3600, 86_400


def on(log: MemberLog, index: int, action: Action, **changes: Any) -> Act:
    """An act on a record of a log."""
    commitment = log.records[index].commitment.digest
    return make_act(log.network, action, log.log_id, commitment, **changes)


def do(log: MemberLog, index: int, *what: Action, **changes: Any) -> None:
    """Acts of the owner on a record, one after the other."""
    for action in what:
        act(log.network, log.member, on(log, index, action, **changes))


def record(log: MemberLog, index: int) -> RecordId:
    return record_id(log.log_id, log.records[index].commitment.digest)


def settled(ledger: Ledger, *, seconds: int = 0) -> Report:
    """The report, once everything is final, and that much later."""
    pass_time(ledger, seconds)
    ledger.network.anvil.mine()
    return ledger.replay()


def pass_time(ledger: Ledger, seconds: int) -> None:
    """The next block comes that much later."""
    ledger.network.anvil.call("evm_increaseTime", seconds)
    ledger.network.anvil.mine()


def recorded(network: TestNetwork) -> list[RecordedAct]:
    """All acts, as a plain reader finds them."""
    last = int(network.anvil.call("eth_blockNumber"), 16)
    reader = Reader(network.anvil.rpc)
    query = LogQuery(address=network.case_registry.address, topics=(), first=0, last=last)
    found = []
    for event in decode_events("CaseRegistry", read_logs(reader, query)):
        if isinstance(event, Acted):
            block = reader.block(event.entry.block)
            assert block is not None
            member = event.member.encode().ljust(32, b"\0") if event.member else ZERO
            found.append(
                RecordedAct(
                    act=event.act,
                    member=member,
                    signed_by=event.signed_by,
                    recorded_at=block.time,
                    block=block.number,
                )
            )
    return found


# ---- clean


def test_a_ledger_without_acts_says_so(ledger: Ledger) -> None:
    document = ledger.replay().document
    assert document["status"] == {
        "count": 0,
        "head": "00" * 32,
        "records": [],
        "acts": [],
        "acknowledged": [
            {"member": code, "count": 0, "behind": 0, "since": 0} for code in PROVINCES
        ],
    }
    assert document["counts"]["acts"] == 0


def test_the_report_tells_every_act_of_every_record(ledger: Ledger) -> None:
    """By owners and by vote; another record takes the place of one that is wrong."""
    network, log = ledger.network, ledger.tianjin
    do(log, 0, Action.DISPUTE, basis=Basis.SUBJECT_REQUEST)
    do(log, 0, Action.REPAIR, basis=Basis.ORDER_58, refiled_from=2**64 - 1)
    do(log, 0, Action.SETTLE, basis=Basis.OBJECTION_UPHELD)
    there = (log.log_id, log.records[2].commitment.digest)
    do(log, 1, Action.CORRECT, basis=Basis.ISSUER_CHECK, other=there)
    act_by_vote(network, on(ledger.beijing, 7, Action.SHIELD))
    acknowledge(network, *PROVINCES)
    old = midnight(network.anvil.head_time(), days=-9)
    do(ledger.beijing, 8, Action.WITHDRAW, effective_at=old)
    report = settled(ledger)
    assert (codes(report.document), report.exit) == ([], 0)
    assert report.encode() == ledger.replay().encode()
    status, counts = report.document["status"], report.document["counts"]
    latest = network.case_registry.latest()
    assert (status["count"], status["head"]) == (latest.count, latest.head.hex())
    names = [one["recordId"] for one in status["records"]]
    assert names == sorted(names)
    assert len(names) == 4
    told = {one["recordId"]: one for one in status["records"]}
    repaired = told[record(log, 0).hex()]
    [stored] = network.case_registry.stored([record(log, 0)])
    assert {name: repaired[name] for name in ("flags", "outcome", "version", "history")} == {
        "flags": [], "outcome": "REPAIRED", "version": 3, "history": stored.history.hex(),
    }  # fmt: skip
    assert [one["action"] for one in repaired["acts"]] == ["DISPUTE", "REPAIR", "SETTLE"]
    assert repaired["acts"][1]["refiledFrom"] == 2**53 - 1
    first, plain = repaired["acts"][0], recorded(network)[0]
    assert first == {
        "action": "DISPUTE",
        "basis": 9,
        "member": TIANJIN,
        "signedBy": log.key(Purpose.CASE).key_id.hex(),
        "recordedAt": plain.recorded_at,
        "effectiveAt": plain.act.effective_at,
        "doc": DOC.hex(),
        "refiledFrom": 0,
        "disputed": False,
    }
    assert told[record(log, 1).hex()]["other"] == record(log, 2).hex()
    shielded = told[record(ledger.beijing, 7).hex()]
    assert shielded["flags"] == ["SHIELDED", "SHIELDED_BY_VOTE"]
    assert shielded["acts"][0]["member"] == ""
    assert shielded["acts"][0]["signedBy"] in {v["proposal"] for v in report.document["votes"]}
    assert counts["acts"] == 6
    assert counts["outcomes"] == {
        "NONE": 1, "REPAIRED": 1, "CORRECTED": 1, "WITHDRAWN": 1, "ENDED": 0,
    }  # fmt: skip
    assert counts["flags"] == {"DISPUTED": 0, "SHIELDED": 1, "ERASED": 0}
    by_member = {(one["member"], one["action"]): one for one in status["acts"]}
    assert {who: one["count"] for who, one in by_member.items()} == {
        ("", "SHIELD"): 1, ("110000", "WITHDRAW"): 1, (TIANJIN, "DISPUTE"): 1,
        (TIANJIN, "REPAIR"): 1, (TIANJIN, "SETTLE"): 1, (TIANJIN, "CORRECT"): 1,
    }  # fmt: skip
    late = recorded(network)[-1].recorded_at - old
    assert by_member["110000", "WITHDRAW"]["delay"] == {"longest": late, "mean": late}
    assert late > 9 * DAY
    last = recorded(network)[-1].recorded_at
    assert status["acknowledged"] == [
        {"member": code, "count": 5, "behind": 1, "since": last} for code in PROVINCES
    ]


def test_acts_that_are_not_final_are_not_in_the_report(ledger: Ledger) -> None:
    do(ledger.tianjin, 0, Action.REPAIR)
    before = settled(ledger).encode()
    do(ledger.tianjin, 0, Action.RESCIND)
    acknowledge(ledger.network, TIANJIN)
    act_by_vote(ledger.network, on(ledger.tianjin, 1, Action.WITHDRAW))
    document = ledger.replay().document
    assert document["findings"] == []
    shown = {one["recordId"]: one["version"] for one in document["status"]["records"]}
    assert record(ledger.tianjin, 1).hex() not in shown
    assert before != settled(ledger).encode()


def test_a_vote_is_held_against_the_threshold_of_its_time(ledger: Ledger) -> None:
    """What three passed stays, though four are needed now."""
    founded = len(ledger.replay().document["votes"])
    act_by_vote(ledger.network, on(ledger.tianjin, 0, Action.WITHDRAW))
    ledger.network.decide(actions.set_threshold(4))
    report = settled(ledger)
    assert (codes(report.document), report.exit) == ([], 0)
    assert [v["threshold"] for v in report.document["votes"]] == [3] * (founded + 2)


def test_a_successor_goes_on(ledger: Ledger) -> None:
    network, log = ledger.network, ledger.tianjin
    do(log, 0, Action.DISPUTE)
    acknowledge(network, TIANJIN, "110000")
    code = contract_abi.load("CaseRegistry").bytecode
    new = create(network, code, network.deployment.consortium)
    register(network, "CaseRegistry", new)
    moved = replace(network, deployment=replace(network.deployment, case_registry=new))
    log.network = moved
    do(log, 0, Action.REPAIR)
    act_by_vote(moved, on(log, 1, Action.END))
    acknowledge(moved, TIANJIN)
    report = settled(ledger)
    assert codes(report.document) == ["contract-replaced"]
    status = report.document["status"]
    assert status["count"] == 3
    assert {one["recordId"]: one["version"] for one in status["records"]} == {
        record(log, 0).hex(): 2,
        record(log, 1).hex(): 1,
    }
    counts = {one["member"]: one["count"] for one in status["acknowledged"]}
    assert counts == {"110000": 1, TIANJIN: 3, "130000": 0, "140000": 0}


@pytest.mark.parametrize(("window", "page"), [(3, 10_000), (20_000, 1), (20_000, 7)])
def test_windows_and_pages_do_not_show(
    ledger: Ledger, window: int, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = ledger.tianjin
    do(log, 0, Action.DISPUTE, Action.END)
    two = [on(log, 1, Action.REPAIR), on(log, 2, Action.WITHDRAW)]
    act_by_vote(ledger.network, *two)
    acknowledge(ledger.network, *PROVINCES)
    whole = settled(ledger).encode()
    monkeypatch.setattr("ledger.audit.consortium.WINDOW", window)
    assert ledger.replay(page=page).encode() == whole


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_person_sees_how_many_records_are_what(
    ledger: Ledger,
    language: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", language)
    monkeypatch.setenv("COLUMNS", "200")
    show_report(settled(ledger).document)
    empty = capsys.readouterr().out
    do(ledger.tianjin, 0, Action.DISPUTE, Action.REPAIR)
    do(ledger.tianjin, 1, Action.WITHDRAW)
    do(ledger.tianjin, 2, Action.SHIELD)
    acknowledge(ledger.network, "110000", TIANJIN, "140000")
    show_report(settled(ledger).document)
    told = capsys.readouterr().out
    timely = "及时 0, 超期 0, 未知" if language == "zh" else "yes 0, no 0, unknown"
    assert timely in told
    if language == "zh":
        assert "3: 已修复 1, 已撤销 1, 有异议 1, 已屏蔽 1" in told
        assert "河北 (130000) 4" in told
    else:
        assert "3: repaired 1, withdrawn 1, disputed 1, shielded 1" in told
        assert "Hebei (130000) 4" in told
    assert "130000) 4" not in empty


# ---- thieves


def thief(ledger: Ledger, action: Action) -> LocalSigner:
    """Acts with a key that is then held to be stolen."""
    purpose = Purpose.CASE if action is Action.DISPUTE else Purpose.DECIDE
    key = ledger.tianjin.key(purpose)
    do(ledger.tianjin, 0, action)
    compromise(ledger.network, key.key_id, recorded(ledger.network)[-1].recorded_at)
    return key


@pytest.mark.parametrize(
    ("action", "code", "severity"),
    [
        (Action.REPAIR, "easing-act-disputed", "error"),
        (Action.WITHDRAW, "easing-act-disputed", "error"),
        (Action.DISPUTE, "act-key-disputed", "warning"),
        (Action.SHIELD, "act-key-disputed", "warning"),
    ],
)
def test_an_act_by_a_stolen_key(ledger: Ledger, action: Action, code: str, severity: str) -> None:
    key = thief(ledger, action)
    report = settled(ledger)
    assert (codes(report.document), report.exit) == ([code], 1)
    [found] = report.document["findings"]
    assert (found["member"], found["severity"]) == (TIANJIN, severity)
    assert found["where"] == f"record/{record(ledger.tianjin, 0).hex()}/act/1"
    assert found["evidence"]["action"] == action.name
    assert found["evidence"]["keyId"] == key.key_id.hex()
    [shown] = report.document["status"]["records"]
    assert shown["acts"][0]["disputed"] is True


def test_what_a_thief_did_is_undone_or_done_again(ledger: Ledger) -> None:
    """Then it is no finding any more; the act itself stays in the report."""
    thief(ledger, Action.REPAIR)
    undo(ledger.network, (ZERO, recorded(ledger.network)[-1]))
    report = settled(ledger)
    assert (codes(report.document), report.exit) == ([], 0)
    [shown] = report.document["status"]["records"]
    assert (shown["flags"], shown["outcome"]) == (["DISPUTED"], "NONE")
    assert [one["disputed"] for one in shown["acts"]] == [True, False]


def test_a_vote_settles_what_a_thief_did(ledger: Ledger) -> None:
    thief(ledger, Action.REPAIR)
    act_by_vote(ledger.network, on(ledger.tianjin, 0, Action.REPAIR))
    assert codes(settled(ledger).document) == []


def test_a_new_key_settles_only_what_it_is_about(ledger: Ledger) -> None:
    thief(ledger, Action.REPAIR)
    fresh = LocalSigner(Alg.SECP256K1, new_secret())
    add_key(ledger.network, TIANJIN, Purpose.DECIDE, fresh)
    act(ledger.network, TIANJIN, on(ledger.tianjin, 0, Action.SHIELD), signer=fresh)
    assert codes(settled(ledger).document) == ["easing-act-disputed"]
    act(ledger.network, TIANJIN, on(ledger.tianjin, 0, Action.RESCIND), signer=fresh)
    assert codes(settled(ledger).document) == []


# ---- signatures


@contextmanager
def told(ledger: Ledger, method: str, change: Callable[[Any], Any]) -> Iterator[Report]:
    """The report where the only node gives other answers."""
    with start_proxy(ledger.network.anvil.url) as proxy:
        proxy.on(method, lie(lambda params, result: change(result)))
        file = ledger.network.with_rpc([proxy.url], 1)
        yield replace(ledger, network=replace(ledger.network, file=file)).replay()


@pytest.mark.parametrize(
    ("function", "change", "expected"),
    [
        ("act", flip_signature(PADDED), "act-signature-invalid"),
        ("act", strip, "act-signature-not-seen"),
        ("acknowledge", flip_signature(PADDED), "ack-signature-invalid"),
        ("acknowledge", strip, "ack-signature-not-seen"),
    ],
)
def test_acts_and_acknowledgements_are_verified_again(
    ledger: Ledger, function: str, change: Callable[[Any], Any], expected: str
) -> None:
    do(ledger.tianjin, 0, Action.DISPUTE)
    acknowledge(ledger.network, TIANJIN)
    assert codes(settled(ledger).document) == []
    call = selector(ledger, "case_registry", function).hex()

    def rewrite(result: Any) -> Any:
        return change(result) if call in result["input"] else result

    with told(ledger, "eth_getTransactionByHash", rewrite) as report:
        assert (codes(report.document), report.exit) == ([expected], 1)

    def lose(result: Any) -> Any:
        return None if call in result["input"] else result

    with told(ledger, "eth_getTransactionByHash", lose) as report:
        assert (codes(report.document), report.exit) == ([], 4)
        gaps = [gap["code"] for gap in report.document["incomplete"]]
        assert gaps == ["transaction-missing"]


# ---- acknowledgements


def test_an_acknowledgement_of_other_acts(ledger: Ledger) -> None:
    do(ledger.tianjin, 0, Action.DISPUTE)
    first = ledger.network.case_registry.latest()
    do(ledger.tianjin, 0, Action.SETTLE)
    acknowledge(ledger.network, "110000", count=1, head=first.head)
    acknowledge(ledger.network, "130000", count=1, head=keccak256(b"another chain"))
    report = settled(ledger)
    assert (codes(report.document), report.exit) == (["ack-head-differs"], 1)
    [found] = report.document["findings"]
    assert (found["member"], found["where"]) == ("130000", "member/130000/acknowledged/1")
    assert found["evidence"]["head"] == first.head.hex()


def test_an_acknowledgement_by_a_stolen_key(ledger: Ledger) -> None:
    do(ledger.tianjin, 0, Action.DISPUTE)
    acknowledge(ledger.network, "110000")
    key = ledger.beijing.key(Purpose.CASE).key_id
    pass_time(ledger, 60)
    compromise(ledger.network, key, ledger.network.anvil.head_time())
    assert codes(settled(ledger).document) == []
    compromise(ledger.network, key, recorded(ledger.network)[0].recorded_at)
    report = settled(ledger)
    assert (codes(report.document), report.exit) == (["ack-key-disputed"], 1)
    assert report.document["findings"][0]["member"] == "110000"


def test_a_province_that_does_not_carry_out_what_was_done(ledger: Ledger) -> None:
    """Counted from the first act that it has not acknowledged; banks need not, nor who is
    suspended."""
    do(ledger.tianjin, 0, Action.DISPUTE)
    acknowledge(ledger.network, "130000")
    pass_time(ledger, DAY - 2 * HOUR)
    do(ledger.tianjin, 0, Action.SETTLE)
    acknowledge(ledger.network, "110000", TIANJIN)
    ledger.network.decide(actions.suspend("140000"))
    assert codes(settled(ledger).document) == []
    pass_time(ledger, DAY - 2 * HOUR)
    assert codes(settled(ledger).document) == []
    ledger.network.decide(actions.reinstate("140000"))
    report = settled(ledger, seconds=2 * HOUR + 60)
    assert (codes(report.document), report.exit) == (["ack-late"], 1)
    [found] = report.document["findings"]
    since = recorded(ledger.network)[-1].recorded_at
    assert (found["member"], found["evidence"]) == ("130000", {"behind": 1, "since": since})
    late = settled(ledger, seconds=DAY)
    assert [one["member"] for one in late.document["findings"]] == ["130000", "140000"]


# ---- acts and logs


@pytest.mark.parametrize("logged", [False, True])
def test_an_act_on_what_no_log_holds(ledger: Ledger, logged: bool) -> None:
    """It may still be anchored for 72 hours."""
    network, log = ledger.network, ledger.tianjin
    nothing = keccak256(b"nothing")
    act(network, TIANJIN, make_act(network, Action.WITHDRAW, log.log_id, nothing))
    acknowledge(network, *PROVINCES)
    assert codes(settled(ledger, seconds=70 * HOUR).document) == []
    if logged:
        log.put_raw(entry(log, commitment=nothing))
        log.anchor()
    report = settled(ledger, seconds=3 * HOUR)
    assert codes(report.document) == ([] if logged else ["act-on-nothing"])
    if not logged:
        [found] = report.document["findings"]
        assert found["member"] == TIANJIN
        assert found["where"] == f"record/{record_id(log.log_id, nothing).hex()}/act/1"
        log.served = {"tile/entries/000.p/3": None, "tile/entries/000": None}
        assert codes(ledger.replay().document) == ["tiles-missing"]


def test_a_log_that_a_later_version_wrote_accuses_nobody(ledger: Ledger) -> None:
    network, log = ledger.network, ledger.tianjin
    act(network, TIANJIN, make_act(network, Action.END, log.log_id, keccak256(b"nothing")))
    acknowledge(network, *PROVINCES)
    log.put_raw(entry(log).replace(b"entry@1", b"entry@2"))
    log.anchor()
    report = settled(ledger, seconds=80 * HOUR)
    assert (codes(report.document), report.exit) == ([], 4)


def test_a_statement_has_a_status_too_and_so_has_what_is_in_another_log(ledger: Ledger) -> None:
    """The record of an act is one of the log that the act names, no other."""
    network, log = ledger.network, ledger.tianjin
    theirs = ledger.beijing.records[3].commitment.digest
    act(network, TIANJIN, make_act(network, Action.END, log.log_id, theirs))
    acknowledge(network, *PROVINCES)
    assert codes(settled(ledger, seconds=80 * HOUR).document) == ["act-on-nothing"]


@pytest.mark.parametrize("done", [True, False])
def test_a_correction_needs_its_act(ledger: Ledger, done: bool) -> None:
    network, log = ledger.network, ledger.tianjin
    log.put_raw(entry(log, commitment=keccak256(b"right"), corrects=record(log, 1)))
    log.anchor()
    if done:
        do(log, 1, Action.CORRECT, other=(log.log_id, keccak256(b"right")))
        acknowledge(network, *PROVINCES)
    assert codes(settled(ledger, seconds=30 * DAY - HOUR).document) == []
    report = settled(ledger, seconds=2 * HOUR)
    assert codes(report.document) == ([] if done else ["correction-without-act"])
    if not done:
        [found] = report.document["findings"]
        right = record_id(log.log_id, keccak256(b"right")).hex()
        assert found["where"].endswith("/entry/3")
        assert found["evidence"] == {"target": record(log, 1).hex(), "record": right}


def test_an_act_that_corrects_with_another_record_is_not_the_one(ledger: Ledger) -> None:
    network, log = ledger.network, ledger.tianjin
    log.put_raw(entry(log, commitment=keccak256(b"right"), corrects=record(log, 1)))
    log.anchor()
    do(log, 1, Action.CORRECT, other=(log.log_id, log.records[2].commitment.digest))
    acknowledge(network, *PROVINCES)
    assert codes(settled(ledger, seconds=31 * DAY).document) == ["correction-without-act"]


# ---- nodes that tell it otherwise


def rewritten(ledger: Ledger, change: Callable[[list[Any]], list[Any]]) -> Report:
    """The report where the only node tells events of the registry otherwise."""
    address = ledger.network.deployment.case_registry

    def rewrite(params: Sequence[Any], result: Any) -> Any:
        return change(result) if params[0]["address"] == address else result

    with start_proxy(ledger.network.anvil.url) as proxy:
        proxy.on("eth_getLogs", lie(rewrite))
        file = ledger.network.with_rpc([proxy.url], 1)
        return replace(ledger, network=replace(ledger.network, file=file)).replay()


def flipped(events: list[Any], at: int, word: int) -> list[Any]:
    """Another bit in a word of the data of the event at a place."""
    data = bytearray.fromhex(events[at]["data"][2:])
    data[32 * word + 31] ^= 1
    return [*events[:at], events[at] | {"data": "0x" + data.hex()}, *events[at + 1 :]]


TOLD: dict[str, Callable[[list[Any]], list[Any]]] = {
    "none": lambda events: [],
    "the first one is missing": lambda events: events[1:],
    "one in the middle is missing": lambda events: [*events[:1], *events[2:]],
    "the last act is missing": lambda events: events[:-2] + events[-1:],
    "the last acknowledgement is missing": lambda events: events[:-1],
    "another basis": lambda events: flipped(events, 1, 4),
    "another document": lambda events: flipped(events, 0, 5),
    "another key": lambda events: flipped(events, 0, 10),
    "another block before": lambda events: flipped(events, 1, 12),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_node_that_tells_acts_otherwise_proves_nothing(ledger: Ledger, name: str) -> None:
    do(ledger.tianjin, 0, Action.DISPUTE, Action.REPAIR, Action.SETTLE)
    acknowledge(ledger.network, TIANJIN)
    assert codes(settled(ledger).document) == []
    report = rewritten(ledger, TOLD[name])
    assert (codes(report.document), report.exit) == ([], 4)
    assert {gap["code"] for gap in report.document["incomplete"]} == {"events-missing"}
    assert report.document["status"]["records"] == []
