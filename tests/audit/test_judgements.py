"""Signatures seen again, contracts and keys by vote, who may log what, and what records name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from ledger.audit.replay import Report
from ledger.audit.tiles import Fetch
from ledger.chain.governing import requests
from ledger.chain.governing.actions import recover_key, set_roles
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.core import merkle
from ledger.core.ids import Address, LogId, address_bytes, log_id
from ledger.core.ids import record_id as make_record_id
from ledger.core.keys import Alg, Purpose, Role
from tests.audit.conftest import Ledger
from tests.audit.test_replay import codes, entry
from tests.support.ledger import MemberLog, make_record
from tests.support.proxy import lie, start_proxy
from tests.support.votes import close_log, register, set_endpoint, stand_in

RELAY = Address("0x" + "77" * 20)
# Calls the address in the first 20 bytes of the calldata with the rest of it.
FORWARD = "60143603806014600037600060008260006000600035" + "60601c5af1"


def or_revert(code: str) -> str:
    """Ends where the call before was a success, else reverts."""
    at = len(code) // 2 + 8
    return f"{code}60{at:02x}5760006000fd5b00"


# ---- signatures


def anchor_calldata(log: MemberLog) -> bytes:
    """What `MemberLog.anchor` sends."""
    prev = log.anchors[-1].size
    return log.network.anchor_calldata(
        log.member,
        prev_size=prev,
        size=len(log.entries),
        root=log.root(),
        proof=merkle.consistency_path(log.leaves(), prev),
    )


def relay(log: MemberLog, code: str, data: bytes) -> None:
    """Sends data to a contract of this code, which anchors."""
    network = log.network
    network.anvil.call("anvil_setCode", RELAY, "0x" + code)
    network.sender.send("relay", RELAY, data)
    assert network.sender.wait("relay").success
    network.sender.done("relay")
    network.anvil.mine()


def test_an_anchor_through_another_contract_is_seen(ledger: Ledger) -> None:
    log = ledger.tianjin
    log.put_raw(entry(log))
    data = anchor_calldata(log)
    relay(log, or_revert(FORWARD), address_bytes(log.network.deployment.log_anchor) + data)
    report = ledger.replay()
    assert (codes(report.document), report.exit) == ([], 0)
    assert report.document["counts"]["entries"] == 304


def test_an_anchor_whose_signature_nobody_sees(ledger: Ledger) -> None:
    """The relay holds the call in its code: the transaction is empty."""
    log = ledger.tianjin
    log.put_raw(entry(log))
    data, to = anchor_calldata(log), log.network.deployment.log_anchor
    copied = f"61{len(data):04x}6040600039"  # CODECOPY to 0
    code = or_revert(f"{copied}6000600061{len(data):04x}6000600073{to[2:]}5af1")
    relay(log, code.ljust(2 * 0x40, "0") + data.hex(), b"")
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["anchor-signature-not-seen"], 1)
    assert report.document["findings"][0]["severity"] == "warning"
    assert report.document["findings"][0]["where"].endswith("/anchor/4")


Change = Callable[[dict[str, Any]], dict[str, Any] | None]


def told(ledger: Ledger, selector: bytes, change: Change) -> Report:
    """The report where the only node tells transactions with a call of `selector` otherwise."""

    def rewrite(params: Sequence[Any], result: Any) -> Any:
        return change(result) if selector.hex() in result["input"] else result

    with start_proxy(ledger.network.anvil.url) as proxy:
        proxy.on("eth_getTransactionByHash", lie(rewrite))
        file = ledger.network.with_rpc([proxy.url], 1)
        return replace(ledger, network=replace(ledger.network, file=file)).replay()


def selector(ledger: Ledger, contract: str, function: str) -> bytes:
    return bytes(getattr(ledger.network, contract).abi.functions[function].selector)


def flip_signature(at: int) -> Change:
    """Another byte in the signature, which ends `at` bytes before the end of the calldata."""

    def change(result: dict[str, Any]) -> dict[str, Any]:
        data = bytearray.fromhex(result["input"][2:])
        data[-at - 40] ^= 1
        return result | {"input": "0x" + data.hex()}

    return change


def strip(result: dict[str, Any]) -> dict[str, Any]:
    return result | {"input": "0x"}


PADDED = 31  # bytes behind a signature of 65 bytes


def test_anchors_are_verified_again(ledger: Ledger) -> None:
    call = selector(ledger, "log_anchor", "anchor")
    report = told(ledger, call, flip_signature(PADDED))
    assert (codes(report.document), report.exit) == (["anchor-signature-invalid"] * 3, 1)
    report = told(ledger, call, strip)
    assert (codes(report.document), report.exit) == (["anchor-signature-not-seen"] * 3, 1)


@pytest.mark.parametrize("function", ["propose", "vote"])
def test_votes_are_verified_again(ledger: Ledger, function: str) -> None:
    call = selector(ledger, "consortium", function)
    report = told(ledger, call, flip_signature(PADDED))
    assert (set(codes(report.document)), report.exit) == ({"vote-signature-invalid"}, 1)
    assert len(codes(report.document)) == {"propose": 6, "vote": 18}[function]
    report = told(ledger, call, strip)
    assert set(codes(report.document)) == {"vote-signature-not-seen"}


def test_a_node_that_does_not_give_a_transaction(ledger: Ledger) -> None:
    report = told(ledger, selector(ledger, "log_anchor", "anchor"), lambda result: None)
    assert (codes(report.document), report.exit) == ([], 4)
    assert [gap["code"] for gap in report.document["incomplete"]] == ["transaction-missing"] * 3


# ---- contracts, votes and keys by vote


def test_the_report_says_who_voted_what_and_where_the_contracts_are(ledger: Ledger) -> None:
    document = ledger.replay().document
    assert document["threshold"] == 3
    deployment = ledger.network.deployment
    shown = {item["role"]: (item["address"], item["shipped"]) for item in document["contracts"]}
    assert shown == {
        "Consortium": (deployment.consortium, "yes"),
        "LogAnchor": (deployment.log_anchor, "yes"),
        "Catalogue": (deployment.catalogue, "yes"),
        "CaseRegistry": (deployment.case_registry, "yes"),
        "Revocations": (deployment.revocations, "yes"),
        "Products": (deployment.products, "yes"),
    }
    assert len(document["votes"]) == 6
    keys = {key["keyId"]: key["member"] for key in document["keys"]}
    for vote in document["votes"]:
        assert vote["threshold"] == 3
        assert [ballot["member"] for ballot in vote["votes"]] == ["110000", "120000", "130000"]
        assert all(keys[ballot["keyId"]] == ballot["member"] for ballot in vote["votes"])


def test_a_contract_of_a_role_that_we_do_not_know(ledger: Ledger) -> None:
    register(ledger.network, "Weather", stand_in(ledger.network, "Weather"))
    ledger.network.anvil.mine()
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["contract-not-known"], 1)


def test_a_key_planted_by_a_vote(ledger: Ledger) -> None:
    planted = LocalSigner(Alg.SECP256K1, new_secret())
    recover(ledger, "120000", planted)
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["key-recovered"], 1)
    found = report.document["findings"][0]
    assert (found["member"], found["severity"]) == ("120000", "warning")
    assert found["where"] == f"member/120000/key/{planted.key_id.hex()}"


def recover(ledger: Ledger, member: str, signer: LocalSigner) -> None:
    """The provinces give a member a GOVERN key."""
    key = requests.key_input(
        member=member,
        purpose=Purpose.GOVERN,
        alg=signer.alg,
        public_key=signer.public_key,
        not_before=ledger.network.anvil.head_time(),
    )
    ledger.network.decide(recover_key(key))
    ledger.network.anvil.mine()


@pytest.mark.parametrize("endpoint", ["http://[::1", "http://a..example", "张三"])
def test_an_endpoint_that_no_client_can_parse(ledger: Ledger, endpoint: str) -> None:
    set_endpoint(ledger.network, "120000", endpoint)
    ledger.network.anvil.mine()
    report = replay_to(ledger, ledger.replay().document["block"]["number"], over_http=True)
    assert report.exit == 4
    found = [item for item in report.document["findings"] if item["member"] == "120000"]
    assert [item["code"] for item in found] == ["tiles-missing", "endpoint-not-a-url"]
    assert ledger.replay().exit == 1


# ---- who may log what


def test_a_record_in_the_log_of_a_bank(ledger: Ledger) -> None:
    log = MemberLog(ledger.network, "demo-bank")
    for _ in range(3):
        log.put(make_record(log, decided=date(2025, 10, 12)))
    log.anchor()
    ledger.network.anvil.mine()
    report = ledger.replay(logs=[ledger.beijing, ledger.tianjin, log])
    assert (codes(report.document), report.exit) == (["issuer-not-a-province"], 1)
    assert report.document["findings"][0]["evidence"]["records"] == 3


def test_a_province_that_is_none_any_more(ledger: Ledger) -> None:
    """What it logged before stays; what it logs now are no records."""
    network, log = ledger.network, ledger.tianjin
    network.anvil.mine(1, seconds=5)
    network.decide(set_roles("120000", int(Role.BUREAU)))
    log.put(make_record(log, decided=date(2025, 10, 12)))
    log.put(make_record(log, decided=date(2025, 10, 12)))
    log.anchor()
    network.anvil.mine()
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["issuer-not-a-province"], 1)
    [found] = report.document["findings"]
    assert found["where"].endswith("/entry/3")
    assert (found["evidence"]["roles"], found["evidence"]["records"]) == (int(Role.BUREAU), 2)


def test_the_later_anchor_is_the_duplicate_not_the_victim(ledger: Ledger) -> None:
    """Beijing copies what Tianjin has logged before."""
    victim = ledger.tianjin.records[1].commitment.digest
    ledger.beijing.put_raw(entry(ledger.beijing, commitment=victim))
    ledger.beijing.anchor()
    ledger.network.anvil.mine()
    report = ledger.replay()
    assert codes(report.document) == ["entry-duplicate"]
    found = report.document["findings"][0]
    assert found["member"] == "110000"
    assert found["where"] == f"log/{ledger.beijing.log_id.hex()}/entry/300"
    assert found["evidence"]["first"] == f"log/{ledger.tianjin.log_id.hex()}/entry/1"


# ---- what records name


@dataclass
class SuccessorLog(MemberLog):
    """The second log of a member."""

    @property
    def log_id(self) -> LogId:
        file = self.network.file
        return log_id(file.chain_id, self.network.deployment.consortium, self.member, 1, 1)


def record_id(log: MemberLog, index: int) -> bytes:
    return make_record_id(log.log_id, log.records[index].commitment.digest)


@pytest.mark.parametrize("known", [True, False])
def test_what_a_correction_names_must_be_there(ledger: Ledger, known: bool) -> None:
    target = record_id(ledger.tianjin if known else ledger.beijing, 1)
    ledger.tianjin.put_raw(entry(ledger.tianjin, corrects=target))
    ledger.tianjin.anchor()
    ledger.network.anvil.mine()
    report = ledger.replay()
    assert codes(report.document) == ([] if known else ["corrects-dangling"])
    if not known:
        assert report.document["findings"][0]["evidence"] == {"target": target.hex()}


@pytest.mark.parametrize(
    ("index", "found"),
    [(5, []), (299, []), (4, ["replaces-not-stranded"]), (None, ["replaces-not-stranded"])],
)
def test_only_what_was_stranded_is_replaced(
    ledger: Ledger, index: int | None, found: list[str]
) -> None:
    old = ledger.beijing
    close_log(ledger.network, old.log_id, 5)
    new = SuccessorLog(ledger.network, "110000")
    target = bytes(32) if index is None else record_id(old, index)
    new.put_raw(entry(new, replaces=target, period="2025-10"))
    anchor_of(new)
    ledger.network.anvil.mine()
    report = ledger.replay(logs=[old, ledger.tianjin, new])
    assert sorted(codes(report.document)) == ["anchor-beyond-trusted", *found]


def anchor_of(log: MemberLog) -> None:
    """The first anchor of a log that is not the founding one."""
    data = log.network.anchor_calldata(
        log.member, prev_size=0, size=len(log.entries), root=log.root(), log=log.log_id
    )
    log.network.sender.send(log.log_id.hex(), log.network.deployment.log_anchor, data)
    log.network.sender.wait(log.log_id.hex())
    log.network.sender.done(log.log_id.hex())


@pytest.mark.parametrize("shown", [True, False])
def test_what_was_promised_and_never_anchored_may_be_replaced(ledger: Ledger, shown: bool) -> None:
    """It stands in the closed log behind the last anchor, under a checkpoint of its owner."""
    old = ledger.tianjin
    old.put(make_record(old, decided=date(2025, 10, 12)))
    close_log(ledger.network, old.log_id, 3)
    new = SuccessorLog(ledger.network, "120000")
    new.put_raw(entry(new, replaces=record_id(old, 3)))
    anchor_of(new)
    ledger.network.anvil.mine()
    if not shown:
        old.served = {"checkpoint": old.checkpoint(3).encode()}
    report = ledger.replay(logs=[ledger.beijing, old, new])
    assert codes(report.document) == ([] if shown else ["replaces-not-stranded"])
    assert {log["log"]: log["entriesRead"] for log in report.document["logs"]}[
        old.log_id.hex()
    ] == 3


def test_a_log_that_cannot_be_read_accuses_nobody(ledger: Ledger) -> None:
    """What is named may stand in the part that is missing."""
    log = ledger.beijing
    log.put_raw(entry(log, corrects=bytes([1]) * 32))
    log.anchor()
    ledger.network.anvil.mine()
    assert codes(ledger.replay().document) == ["corrects-dangling"]
    log.served = {"tile/1/000.p/1": None, "tile/1/000": None}
    report = ledger.replay()
    assert (codes(report.document), report.exit) == (["tiles-missing"], 4)


# ---- the edges


def test_a_block_before_anything_was_registered(ledger: Ledger) -> None:
    """The founding block alone: members, keys and logs, and no contract for any role."""
    first = ledger.network.file.deploy_block
    document = replay_to(ledger, first).document
    assert [item["role"] for item in document["contracts"]] == ["Consortium"]
    assert (document["findings"], document["incomplete"]) == ([], [])
    assert (len(document["members"]), len(document["votes"])) == (7, 0)
    assert all(log["size"] == 0 for log in document["logs"])


def replay_to(ledger: Ledger, block: int, *, over_http: bool = False) -> Report:
    from ledger.audit.replay import replay  # noqa: PLC0415
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415

    logs = {log.log_id: log for log in (ledger.beijing, ledger.tianjin)}

    def fetch_for(base: str, log: bytes) -> Fetch | None:
        return logs[LogId(log)].fetch if log in logs else None

    reader = QuorumReader(ledger.network.file, now=ledger.network.anvil.head_time)
    try:
        return replay(
            ledger.network.file,
            reader=reader,
            to_block=block,
            fetch_for=None if over_http else fetch_for,
        )
    finally:
        reader.close()


def test_every_block_has_a_report(ledger: Ledger) -> None:
    first = ledger.network.file.deploy_block
    last = ledger.replay().document["block"]["number"]
    whole = ledger.replay().encode()
    reports = [replay_to(ledger, block) for block in range(first, last + 1)]
    assert {report.exit for report in reports} == {0}
    assert reports[-1].encode() == whole
