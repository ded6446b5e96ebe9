"""Receipts against a real chain: what is true beside everything that only looks like it."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.chain.contracts import contract_abi
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.network import Finality, Hash32, NetworkFile
from ledger.chain.snapshot import Snapshot
from ledger.core import receipt as receipts
from ledger.core.canonical import encode, parse
from ledger.core.errors import Malformed
from ledger.core.ids import Address, Digest
from ledger.core.keys import Alg, Purpose
from ledger.core.receipt import Receipt
from ledger.core.verdict.facts import Question, date_of
from ledger.core.verdict.verdict import Verdict
from ledger.records.schema import SchemaHash, load
from ledger.verify import FAILED_SECONDS, HEAD_READS, LOOK_SECONDS, Verifier, ask
from tests.support.anvil import start_anvil
from tests.support.chain import KEY_START, TestNetwork, deploy_network
from tests.support.ledger import OTHER, SUBJECT, MemberLog, Record, make_record
from tests.support.proxy import Proxy, delay, drop_request, lie, start_proxy
from tests.support.votes import (
    add_key,
    close_log,
    compromise,
    create,
    register,
    revoke,
    stand_in,
    suspend,
)
from tests.verify.conftest import Ledger

NOTHING = Question()


def verify(
    ledger: Ledger,
    data: bytes,
    question: Question = NOTHING,
    *,
    file: NetworkFile | None = None,
    now: float | None = None,
) -> Verdict:
    """The verdict, at the chain's own time where no other is given."""
    at = ledger.network.anvil.head_time() if now is None else now
    verifier = Verifier(file or ledger.network.file, now=lambda: at)
    try:
        return verifier.verify(data, question)
    finally:
        verifier.close()


def codes(verdict: Verdict) -> list[str]:
    """Why it is not valid."""
    return [check.code for check in verdict.standing.checks if check.verdict]


def settle(log: MemberLog) -> None:
    """Makes the last anchor final."""
    log.network.anvil.mine()


def edited(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """A receipt file with something changed in its JSON."""
    value = parse(data[:-1])
    change(value)
    return encode(value) + b"\n"


# ---- what is true


def test_receipts_of_the_chain_are_valid(ledger: Ledger) -> None:
    for log, index in ((ledger.beijing, 0), (ledger.beijing, 1), (ledger.tianjin, 0)):
        found = verify(ledger, log.receipt(index), ask(subject=f" {SUBJECT.lower()} "))
        assert (found.verdict, found.exit, codes(found)) == ("valid", 0, [])
        assert found.issuer == log.member
        assert found.record is not None and found.record["CF_XDR_SHXYM"] == SUBJECT


def test_one_verifier_reads_the_head_once(ledger: Ledger) -> None:
    with start_proxy(ledger.network.anvil.url) as proxy:
        verifier = Verifier(ledger.network.with_rpc([proxy.url], 1))
        for index in (0, 1, 0):
            assert verifier.verify(ledger.beijing.receipt(index), NOTHING).verdict == "valid"
        verifier.close()
        latest = [p for m, p in proxy.calls if m == "eth_getBlockByNumber" and p[0] == "latest"]
        assert len(latest) == 1


def test_a_suspended_member_s_records_stay_valid(ledger: Ledger) -> None:
    suspend(ledger.network, "110000")
    assert verify(ledger, ledger.beijing.receipt(0)).verdict == "valid"


def test_a_new_log_anchor_goes_on_where_the_old_one_stopped(ledger: Ledger) -> None:
    network, log = ledger.network, ledger.beijing
    shipped = contract_abi.load("LogAnchor")
    new = create(network, shipped.bytecode, network.deployment.consortium)
    register(network, "LogAnchor", new)
    moved = replace(network, deployment=replace(network.deployment, log_anchor=new))
    log.network = moved
    index = log.put(make_record(log, CF_WSH="新号"))
    log.anchor()
    settle(log)
    for found in (verify(ledger, log.receipt(i)) for i in (0, 1, index)):
        assert (found.verdict, codes(found)) == ("valid", [])


def test_the_anchor_is_found_where_the_receipt_says(ledger: Ledger) -> None:
    """Of our own LogAnchor not every event of years is read for one receipt."""
    with start_proxy(ledger.network.anvil.url) as proxy:
        file = ledger.network.with_rpc([proxy.url], 1)
        assert verify(ledger, ledger.beijing.receipt(1), file=file).verdict == "valid"
        asked = [params[0] for method, params in proxy.calls if method == "eth_getLogs"]
    # Where keys were added in the second of the final block, the consortium's events are read too.
    anchors = [query for query in asked if query["address"] == ledger.network.deployment.log_anchor]
    assert [query["fromBlock"] == query["toBlock"] for query in anchors] == [True]


def test_contracts_of_different_code_are_told_apart(ledger: Ledger) -> None:
    """Only of our own code one event is enough; of the other contract all are read."""
    network, log = ledger.network, ledger.beijing
    old = network.deployment.log_anchor
    shipped = contract_abi.load("LogAnchor")
    new = create(network, shipped.bytecode, network.deployment.consortium)
    register(network, "LogAnchor", new)
    settle(log)
    with start_proxy(network.anvil.url) as proxy:
        proxy.on(
            "eth_getCode",
            lie(lambda params, result: result if params[0] == old else "0x6001"),
        )
        file = network.with_rpc([proxy.url], 1)
        assert verify(ledger, log.receipt(1), file=file).verdict == "valid"
        asked = [params[0] for method, params in proxy.calls if method == "eth_getLogs"]
    near = [
        (query["address"], query["fromBlock"] == query["toBlock"])
        for query in asked
        if query["address"] in (old, new)
    ]
    assert near == [(old, True), (new, False)]


def test_a_key_added_and_a_key_ended(ledger: Ledger) -> None:
    network, log = ledger.network, ledger.beijing
    fresh = LocalSigner(Alg.P256, bytes([77]) * 32)
    add_key(network, "110000", Purpose.PRESENT, fresh)
    data = log.receipt(0, signer=fresh)
    found = verify(ledger, data)
    assert (found.verdict, codes(found)) == ("not-final", ["key-not-final"])
    at_once = replace(network.file, finality=Finality(rule="latest"))
    assert verify(ledger, data, file=at_once).verdict == "valid"
    settle(log)
    assert verify(ledger, data).verdict == "valid"
    revoke(network, "110000", fresh.key_id)
    assert verify(ledger, data).verdict == "valid"
    network.anvil.mine(2, seconds=5)
    late = log.receipt(0, signer=fresh)
    found = verify(ledger, late)
    assert (found.verdict, codes(found)) == ("key-not-valid-at", ["present-key-not-valid"])


# ---- forged


def test_somebody_s_own_contracts_on_the_same_chain(ledger: Ledger) -> None:
    theirs = deploy_network(ledger.network.anvil, keys=ledger.network.keys)
    log = MemberLog(theirs, "110000")
    log.put(make_record(log))
    log.anchor()
    settle(log)
    data = log.receipt(0)
    assert verify(ledger, data, file=theirs.file).verdict == "valid"

    assert verify(ledger, data).verdict == "other-network"
    renamed = edited(data, lambda r: r.update(network=ledger.network.file.reference))
    assert verify(ledger, renamed).verdict == "unknown-issuer"


def test_our_log_id_in_somebody_s_own_contracts(ledger: Ledger) -> None:
    """Everything is signed with the true keys but anchored elsewhere."""
    log = ledger.beijing
    log.put(make_record(log, CF_WSH="从未存证"))
    never = replace(log.anchors[-1], prev_size=2, size=3)
    found = verify(ledger, log.receipt(2, anchored=never))
    assert (found.verdict, found.exit, codes(found)) == ("not-anchored", 1, ["root-not-anchored"])


def test_an_entry_copied_into_another_member_s_log(ledger: Ledger) -> None:
    mine, theirs = ledger.tianjin, ledger.beijing
    copied = theirs.records[0]
    index = mine.put(Record(entry=copied.entry, commitment=copied.commitment))
    by = mine.anchor()
    settle(mine)
    honest = receipts.parse(theirs.receipt(0))
    forged = replace(
        receipts.parse(mine.receipt(0)),
        entry=honest.entry,
        index=index,
        path=receipts.parse(_bare(mine, index)).path,
        checkpoint=_checkpoint(mine, by.size),
        anchor=_anchor_of(mine, by),
        size=by.size,
        presentation=honest.presentation,
    )
    assert verify(ledger, forged.encode()).verdict == "proof-mismatch"
    as_theirs = replace(forged, log=theirs.log_id)
    assert verify(ledger, as_theirs.encode()).verdict == "proof-mismatch"


def _bare(log: MemberLog, index: int) -> bytes:
    """A receipt for an entry of another log; `build` would refuse it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receipts, "internal_checks", lambda receipt, slots=None: ())
        return log.receipt(index, bare=True)


def _checkpoint(log: MemberLog, size: int) -> Any:
    from ledger.core.note import parse_checkpoint  # noqa: PLC0415

    return parse_checkpoint(log.checkpoint(size))


def _anchor_of(log: MemberLog, by: Any) -> Any:
    return receipts.Anchor(
        block=by.block,
        block_hash=Digest(bytes.fromhex(by.block_hash[2:])),
        time=by.time,
        tx=Digest(bytes.fromhex(by.tx[2:])),
    )


def test_another_subject_than_the_one_asked_for(ledger: Ledger) -> None:
    found = verify(ledger, ledger.beijing.receipt(0), ask(subject=OTHER))
    assert (found.verdict, found.exit) == ("other-subject", 3)


@pytest.mark.parametrize("question", [NOTHING, ask(subject=SUBJECT)])
def test_a_subject_that_is_not_shown(ledger: Ledger, question: Question) -> None:
    log = ledger.beijing
    for data in (log.receipt(0, bare=True), log.receipt(0, show=("CF_XDR_MC", "CF_JDRQ"))):
        found = verify(ledger, data, question)
        assert (found.verdict, found.exit, found.standing.authentic) == ("anchored", 4, True)
        assert "CF_XDR_SHXYM" in found.undisclosed


@pytest.mark.parametrize(
    ("member", "purpose"),
    [("120000", Purpose.PRESENT), ("110000", Purpose.REQUEST), ("110000", Purpose.ANCHOR)],
)
def test_a_presentation_by_a_key_that_may_not(
    ledger: Ledger, member: str, purpose: Purpose
) -> None:
    signer = ledger.network.keys[member, purpose]
    found = verify(ledger, ledger.beijing.receipt(0, signer=signer))
    assert (found.verdict, codes(found)) == ("unknown-issuer", ["present-key-unknown"])


def test_a_presentation_by_a_key_that_nobody_knows(ledger: Ledger) -> None:
    stranger = LocalSigner(Alg.P256, bytes([5]) * 32)
    found = verify(ledger, ledger.beijing.receipt(0, signer=stranger))
    assert (found.verdict, codes(found)) == ("unknown-issuer", ["present-key-unknown"])


def test_a_presentation_from_before_its_key(ledger: Ledger) -> None:
    found = verify(ledger, ledger.beijing.receipt(0, iat=KEY_START - 1))
    assert (found.verdict, codes(found)) == ("key-not-valid-at", ["present-key-not-valid"])
    assert verify(ledger, ledger.beijing.receipt(0, iat=KEY_START)).verdict == "valid"


def test_a_checkpoint_by_another_note_key(ledger: Ledger) -> None:
    for signer in (
        ledger.network.keys["120000", Purpose.NOTE],
        LocalSigner(Alg.ED25519, bytes([5]) * 32),
    ):
        checkpoint = ledger.beijing.checkpoint(1, signer)
        found = verify(ledger, ledger.beijing.receipt(0, checkpoint=checkpoint))
        assert (found.verdict, codes(found)) == ("unknown-issuer", ["note-key-unknown"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("block", 1),
        ("block", 2**53 - 1),
        ("blockHash", "0x" + "00" * 32),
        ("time", "2026-01-01T00:00:00Z"),
        ("tx", "0x" + "00" * 32),
    ],
)
def test_anchor_fields_that_are_not_those_of_the_chain(
    ledger: Ledger, field: str, value: object
) -> None:
    data = edited(ledger.beijing.receipt(0), lambda r: r["anchor"].update({field: value}))
    found = verify(ledger, data)
    assert (found.verdict, found.exit) == ("anchor-moved", 4)
    assert found.standing.authentic is True


def test_a_receipt_by_a_later_anchor(ledger: Ledger) -> None:
    """The later root covers the leaf as well, and is on the chain; it is not the first."""
    log = ledger.beijing
    found = verify(ledger, log.receipt(0, anchored=log.anchors[1]))
    assert (found.verdict, codes(found)) == ("anchor-moved", ["not-first-anchor"])


def test_what_a_stolen_key_anchored_is_not_laundered_by_a_later_anchor(ledger: Ledger) -> None:
    log = ledger.beijing
    compromise(ledger.network, log.key(Purpose.ANCHOR).key_id, log.anchors[0].time)
    own = verify(ledger, log.receipt(0))
    assert (own.verdict, own.exit) == ("key-disputed", 3)
    again = verify(ledger, log.receipt(0, anchored=log.anchors[1]))
    assert again.verdict == "anchor-moved"
    assert "anchor-key-disputed" in codes(again)
    assert again.exit != 0


def test_a_payload_that_names_another_issuer(ledger: Ledger) -> None:
    log = ledger.beijing
    index = log.put(make_record(log, iss="120000"))
    log.anchor()
    settle(log)
    found = verify(ledger, log.receipt(index))
    assert (found.verdict, codes(found)) == ("proof-mismatch", ["issuer-differs"])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"says": {"until": date(2027, 10, 11)}}, "until, CF_GSJZQ"),
        ({"CF_JDRQ": "2026-10-11"}, "decided, CF_JDRQ"),
    ],
)
def test_dates_said_twice(ledger: Ledger, changes: dict[str, Any], problem: str) -> None:
    log = ledger.beijing
    index = log.put(make_record(log, **changes))
    log.anchor()
    settle(log)
    found = verify(ledger, log.receipt(index))
    assert (found.verdict, codes(found)) == ("proof-mismatch", ["values-disagree"])
    assert problem in found.standing.checks[6].message["en"]


def test_an_end_beyond_the_maximum_is_cut_to_it(ledger: Ledger) -> None:
    log = ledger.beijing
    index = log.put(make_record(log, end=date(2029, 1, 1)))
    log.anchor()
    settle(log)
    found = verify(ledger, log.receipt(index))
    assert found.verdict == "valid"
    assert found.as_dict()["until"] == "2027-10-12"


def test_an_end_that_is_not_shown_is_not_compared(ledger: Ledger) -> None:
    log = ledger.beijing
    index = log.put(make_record(log, says={"until": date(2027, 10, 11)}))
    log.anchor()
    settle(log)
    assert verify(ledger, log.receipt(index, show=("CF_XDR_SHXYM",))).verdict == "valid"


SCHEMA_UNKNOWN = ["schema-unknown", "type-not-in-force"]


def test_a_schema_that_we_do_not_hold(ledger: Ledger) -> None:
    log = ledger.beijing
    other = replace(load("penalty"), sha256=SchemaHash("ab" * 32))
    index = log.put(make_record(log, schema=other))
    log.anchor()
    settle(log)
    found = verify(ledger, log.receipt(index), ask(subject=SUBJECT))
    assert (found.verdict, codes(found)) == ("undetermined", SCHEMA_UNKNOWN)
    assert found.record is None


def test_garbage_is_malformed(ledger: Ledger) -> None:
    for data in (b"", b"{}\n", b"\xff\xfe", b"[" * 2000, ledger.beijing.receipt(0)[:-2] + b"\n"):
        found = verify(ledger, data)
        assert (found.verdict, found.exit, codes(found)) == ("malformed", 1, ["malformed"])


def test_a_file_saved_anew(ledger: Ledger) -> None:
    data = ledger.beijing.receipt(0)
    for saved in (
        *(data[:-1], data + b"\n", data[:-1] + b"\r\n", b"\xef\xbb\xbf" + data),
        json.dumps(json.loads(data), indent=2, ensure_ascii=False).encode(),
    ):
        found = verify(ledger, saved)
        assert (found.verdict, codes(found)) == ("malformed", ["not-canonical-bytes"])


def test_what_is_newer_than_we_are(ledger: Ledger) -> None:
    """Exit 4, never 1."""
    data = ledger.beijing.receipt(0)
    line = f"\u2014 example.com/w {base64.b64encode(bytes(76)).decode()}\\n"
    for newer in (
        data.replace(b"receipt@1", b"receipt@2"),
        data.replace(b"entry@1", b"entry@2"),
        data.replace(b'"suite":"sha256"', b'"suite":"sm3"'),
        data.replace(b'\\n","entry"', f'\\n{line}","entry"'.encode()),
    ):
        assert newer != data
        found = verify(ledger, newer)
        assert (found.verdict, found.exit, codes(found)) == ("undetermined", 4, ["version-unknown"])


# ---- clocks


def test_an_anchor_becomes_final(ledger: Ledger) -> None:
    log = ledger.beijing
    index = log.put(make_record(log, CF_WSH="新号"))
    log.anchor()
    data = log.receipt(index)
    found = verify(ledger, data)
    assert (found.verdict, found.exit, codes(found)) == ("not-final", 4, ["anchor-not-final"])
    settle(log)
    assert verify(ledger, data).verdict == "valid"


def test_a_head_that_is_too_old_or_too_new(ledger: Ledger) -> None:
    data, head = ledger.beijing.receipt(0), ledger.network.anvil.head_time()
    age = ledger.network.file.max_head_age
    assert verify(ledger, data, now=head + age).verdict == "valid"
    assert codes(verify(ledger, data, now=head + age + 1)) == ["head-too-old"]
    assert verify(ledger, data, now=head - 60).verdict == "valid"
    assert codes(verify(ledger, data, now=head - 61)) == ["head-in-future"]


def test_expiry_goes_by_the_day_of_the_head(ledger: Ledger) -> None:
    log, anvil = ledger.beijing, ledger.network.anvil
    today = date.fromisoformat(date_of(anvil.head_time()))
    last = today + timedelta(days=3)
    decided = today - timedelta(days=30)
    index = log.put(make_record(log, decided=decided, end=last))
    log.anchor()
    settle(log)
    data = log.receipt(index)
    assert verify(ledger, data).verdict == "valid"
    anvil.mine(2, seconds=4 * 86_400)
    found = verify(ledger, data)
    assert (found.verdict, found.exit, found.standing.authentic) == ("expired", 3, True)
    then = verify(ledger, data, ask(as_of=last))
    assert (then.verdict, then.now.verdict) == ("valid", "expired")


def test_neither_class_nor_end(ledger: Ledger) -> None:
    log = ledger.beijing
    today = date.fromisoformat(date_of(ledger.network.anvil.head_time()))
    for days, verdict in ((10, "valid"), (200, "undetermined"), (3 * 366 + 2, "expired")):
        decided = today - timedelta(days=days)
        index = log.put(make_record(log, decided=decided, class_=None, end=None))
        log.anchor()
        settle(log)
        assert verify(ledger, log.receipt(index)).verdict == verdict


def test_as_of_before_and_after_the_anchor(ledger: Ledger) -> None:
    log = ledger.beijing
    day = date.fromisoformat(date_of(log.anchors[0].time))
    data = log.receipt(0)
    assert verify(ledger, data, ask(as_of=day)).verdict == "valid"
    found = verify(ledger, data, ask(as_of=day - timedelta(days=1)))
    assert (found.verdict, found.exit, found.now.verdict) == ("not-yet-anchored", 3, "valid")
    tomorrow = verify(ledger, data, ask(as_of=day + timedelta(days=2)))
    assert codes(tomorrow) == ["as-of-in-future"]


def test_as_of_before_the_theft_was_known(ledger: Ledger) -> None:
    log, anvil = ledger.beijing, ledger.network.anvil
    day = date.fromisoformat(date_of(anvil.head_time()))
    anvil.mine(2, seconds=86_400)
    compromise(ledger.network, log.key(Purpose.ANCHOR).key_id, log.anchors[0].time)
    data = log.receipt(0, iat=log.anchors[0].time)
    found = verify(ledger, data, ask(as_of=day))
    assert (found.verdict, found.now.verdict) == ("valid", "key-disputed")
    assert [item.fact for item in found.later()] == ["key-compromised"]
    assert verify(ledger, data).verdict == "key-disputed"


def test_a_closed_log_is_trusted_up_to_a_size(ledger: Ledger) -> None:
    log, anvil = ledger.beijing, ledger.network.anvil
    day = date.fromisoformat(date_of(anvil.head_time()))
    anvil.mine(2, seconds=86_400)
    close_log(ledger.network, log.log_id, 1)
    assert verify(ledger, log.receipt(0)).verdict == "valid"
    data = log.receipt(1)
    found = verify(ledger, data)
    assert (found.verdict, found.exit, found.standing.authentic) == ("log-closed", 3, None)
    then = verify(ledger, data, ask(as_of=day))
    assert (then.verdict, [item.fact for item in then.later()]) == ("valid", ["log-closed"])


def test_a_registry_that_this_version_cannot_read(ledger: Ledger) -> None:
    register(ledger.network, "CaseRegistry", stand_in(ledger.network, "CaseRegistry"))
    found = verify(ledger, ledger.beijing.receipt(0))
    assert (found.verdict, codes(found)) == ("undetermined", ["status-unreadable"])


# ---- chains and nodes


def test_another_chain_is_not_a_forgery(ledger: Ledger) -> None:
    file = replace(ledger.network.file, deploy_block_hash=Hash32("0x" + "00" * 32))
    found = verify(ledger, ledger.beijing.receipt(0), file=file)
    assert (found.verdict, codes(found)) == ("undetermined", ["other-chain"])


def test_no_node_is_not_a_forgery(ledger: Ledger) -> None:
    file = ledger.network.with_rpc(["http://127.0.0.1:1"], 1)
    found = verify(ledger, ledger.beijing.receipt(0), file=file)
    assert (found.verdict, found.exit, codes(found)) == ("undetermined", 4, ["no-node"])
    assert found.standing.usable is None


@pytest.mark.parametrize("which", ["consortium", "log_anchor"])
def test_no_code_at_an_address(ledger: Ledger, which: str) -> None:
    ledger.network.anvil.call("anvil_setCode", getattr(ledger.network.deployment, which), "0x")
    settle(ledger.beijing)
    found = verify(ledger, ledger.beijing.receipt(0))
    assert (found.verdict, codes(found)) == ("undetermined", ["no-code"])


def test_no_log_anchor_was_ever_registered(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.chain.snapshot.LOG_ANCHOR", "Elsewhere")
    found = verify(ledger, ledger.beijing.receipt(0))
    assert (found.verdict, codes(found)) == ("undetermined", ["no-code"])


def test_nodes_behind_the_receipt(ledger: Ledger) -> None:
    """The node that issued it is ahead of those that we ask."""
    anvil, log = ledger.network.anvil, ledger.beijing
    mark = anvil.snapshot()
    index = log.put(make_record(log, CF_WSH="新号"))
    log.anchor()
    data = log.receipt(index)
    anvil.revert(mark)
    found = verify(ledger, data)
    assert (found.verdict, codes(found)) == ("undetermined", ["head-behind-receipt"])
    ledger.network.forget_sent()


def test_an_error_of_ours_is_not_a_forgery(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise Malformed("a bug", "in our own reader")

    monkeypatch.setattr(Snapshot, "facts", broken)
    found = verify(ledger, ledger.beijing.receipt(0))
    assert (found.verdict, codes(found)) == ("undetermined", ["verifier-error"])


def test_a_chain_lost_and_rebuilt_at_the_same_addresses() -> None:
    with start_anvil() as first:
        old = deploy_network(first)
        log = MemberLog(old, "110000")
        log.put(make_record(log))
        log.anchor()
        old_receipt = log.receipt(0)
    with start_anvil() as second:
        second.mine(3)
        new = deploy_network(second, keys=old.keys, deployer=old.deployer)
        assert new.deployment.consortium == old.deployment.consortium
        second.mine()
        ledger = Ledger(new, MemberLog(new, "110000"), MemberLog(new, "120000"))
        pinned = replace(old.file, rpc=new.file.rpc)
        found = verify(ledger, old_receipt, file=pinned)
        assert (found.verdict, codes(found)) == ("undetermined", ["other-chain"])
        assert verify(ledger, old_receipt).exit != 0

        again = MemberLog(new, "110000", entries=log.entries, records=log.records)
        again.anchor()
        second.mine()
        assert verify(ledger, again.receipt(0)).verdict == "valid"
        assert verify(ledger, old_receipt).verdict == "anchor-moved"


# ---- nodes that lie


@pytest.fixture
def proxies(ledger: Ledger) -> Iterator[list[Proxy]]:
    """Three doors to the same node; each can be made to lie."""
    url = ledger.network.anvil.url
    with start_proxy(url) as a, start_proxy(url) as b, start_proxy(url) as c:
        yield [a, b, c]


def three(ledger: Ledger, proxies: list[Proxy]) -> NetworkFile:
    """A network file with all of them and a quorum of two."""
    return ledger.network.with_rpc([proxy.url for proxy in proxies], 2)


def test_three_honest_nodes(ledger: Ledger, proxies: list[Proxy]) -> None:
    found = verify(ledger, ledger.beijing.receipt(0), file=three(ledger, proxies))
    assert found.verdict == "valid"


def _drop_logs(params: Sequence[Any], result: Any) -> Any:
    return []


def _older_head(params: Sequence[Any], result: Any) -> Any:
    if params[0] != "latest":
        return result
    changed = dict(result)
    changed["number"] = hex(int(result["number"], 16) + 5)
    changed["hash"] = "0x" + "77" * 32
    return changed


LIES: dict[str, Callable[[Proxy, Ledger], None]] = {
    "says that there is no such root": lambda proxy, ledger: proxy.on(
        "eth_call", lie(lambda params, result: "0x" + "00" * 32 if len(result) == 66 else result)
    ),
    "hides the event": lambda proxy, ledger: proxy.on("eth_getLogs", lie(_drop_logs)),
    "claims a higher head": lambda proxy, ledger: proxy.on(
        "eth_getBlockByNumber", lie(_older_head)
    ),
    "shows other code": lambda proxy, ledger: proxy.on(
        "eth_getCode", lie(lambda params, result: "0x6001")
    ),
    "is silent": lambda proxy, ledger: proxy.on(None, drop_request()),
    "is slow": lambda proxy, ledger: proxy.on(None, delay(0.1)),
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("liar", [0, 2])
def test_one_of_three_makes_a_valid_receipt_no_forgery(
    ledger: Ledger, proxies: list[Proxy], name: str, liar: int
) -> None:
    LIES[name](proxies[liar], ledger)
    found = verify(ledger, ledger.beijing.receipt(0), file=three(ledger, proxies))
    assert found.verdict == "valid"
    honest = name in ("is silent", "is slow")
    assert [note.node for note in found.notes] == ([] if honest else [proxies[liar].url])


def test_one_of_three_cannot_make_a_root_appear(ledger: Ledger, proxies: list[Proxy]) -> None:
    log = ledger.beijing
    log.put(make_record(log, CF_WSH="从未存证"))
    never = replace(log.anchors[-1], prev_size=2, size=3)
    data, root = log.receipt(2, anchored=never), log.root(3)
    for proxy in proxies:
        proxy.on(
            "eth_call",
            lie(lambda params, result: "0x" + root.hex() if result == "0x" + "00" * 32 else result),
        )
        found = verify(ledger, data, file=three(ledger, proxies))
        assert found.verdict == "not-anchored"
        assert [note.node for note in found.notes] == [proxy.url]
        proxy.clear()
    assert verify(ledger, data, file=three(ledger, proxies)).verdict == "not-anchored"


def test_two_silent_nodes_of_three_are_too_many(ledger: Ledger, proxies: list[Proxy]) -> None:
    for proxy in proxies[1:]:
        proxy.on(None, drop_request())
    found = verify(ledger, ledger.beijing.receipt(0), file=three(ledger, proxies))
    assert (found.verdict, codes(found)) == ("undetermined", ["no-node"])


# ---- one node that everybody believes, showing a world that our contracts would not allow


@pytest.fixture
def mirage(ledger: Ledger) -> Iterator[Proxy]:
    """The only node; what it says is the chain."""
    with start_proxy(ledger.network.anvil.url) as proxy:
        yield proxy


def test_an_anchor_by_a_key_outside_its_window(ledger: Ledger, mirage: Proxy) -> None:
    log = ledger.beijing
    _shift_key(mirage, log.key(Purpose.ANCHOR), not_before=log.anchors[0].time + 1)
    file = ledger.network.with_rpc([mirage.url], 1)
    found = verify(ledger, log.receipt(0), file=file)
    assert (found.verdict, found.exit) == ("key-not-valid-at", 1)
    again = verify(ledger, log.receipt(0, anchored=log.anchors[1]), file=file)
    assert again.exit not in (0, 3)
    assert "anchor-key-not-valid" in codes(again)


def test_a_leaf_covered_twice_counts_by_the_first(ledger: Ledger, mirage: Proxy) -> None:
    """A LogAnchor of other code, which anchors anew from 0 with a clean key."""
    log = ledger.beijing
    first, second = log.anchors
    clean = ledger.network.keys["110000", Purpose.ANCHOR].key_id
    stolen = LocalSigner(Alg.SECP256K1, bytes([9]) * 32).key_id

    def rewrite(params: Sequence[Any], result: Any) -> Any:
        for event in result:
            if event["transactionHash"] == first.tx:
                event["data"] = event["data"].replace(clean.hex(), stolen.hex())
            if event["transactionHash"] == second.tx:
                event["data"] = "0x" + "00" * 32 + event["data"][66:]
        return result

    mirage.on("eth_getLogs", lie(rewrite))
    # Other code by its last byte, which belongs to none of its immutables.
    mirage.on("eth_getCode", lie(lambda params, result: result[:-2] + "00"))
    file = ledger.network.with_rpc([mirage.url], 1)
    found = verify(ledger, log.receipt(0, anchored=second), file=file)
    assert found.verdict == "anchor-moved"
    assert found.exit not in (0, 3)
    own = verify(ledger, log.receipt(0), file=file)
    assert (own.verdict, own.exit) == ("key-not-valid-at", 1)


def test_an_anchor_by_a_contract_that_did_not_hold_the_role_yet(
    ledger: Ledger, mirage: Proxy
) -> None:
    [held] = ledger.network.consortium.contract_history("LogAnchor")
    later = (ledger.beijing.anchors[0].time + 1).to_bytes(32, "big").hex()
    said = held.account[2:].rjust(64, "0") + held.since.to_bytes(32, "big").hex()
    mirage.on(
        "eth_call",
        lie(lambda params, result: result.replace(said, said[:64] + later)),
    )
    file = ledger.network.with_rpc([mirage.url], 1)
    found = verify(ledger, ledger.beijing.receipt(0), file=file)
    assert (found.verdict, codes(found)) == ("undetermined", ["anchor-event-missing"])


def test_blocks_that_share_a_second(ledger: Ledger, mirage: Proxy) -> None:
    """Where time does not tell whether a key's registration is final, its block does."""
    log = ledger.beijing
    key = ledger.network.consortium.key("110000", log.key(Purpose.PRESENT).key_id)
    assert key is not None

    def at_once(params: Sequence[Any], result: Any) -> Any:
        return {**result, "timestamp": hex(key.added_at)}

    mirage.on("eth_getBlockByNumber", lie(at_once))
    file = ledger.network.with_rpc([mirage.url], 1)
    before = int(ledger.network.anvil.call("eth_blockNumber"), 16) - file.deploy_block + 1
    for depth, final in ((1, True), (before - 1, True), (before, False), (10_000, False)):
        deeper = replace(file, finality=Finality(rule="confirmations", depth=depth))
        found = verify(ledger, log.receipt(0), file=deeper, now=key.added_at)
        assert found.facts is not None
        assert {known.final for known in found.facts.keys.values()} == {final}


def test_an_event_of_a_block_that_is_not_there(ledger: Ledger, mirage: Proxy) -> None:
    def elsewhere(params: Sequence[Any], result: Any) -> Any:
        return [{**event, "blockHash": "0x" + "77" * 32} for event in result]

    mirage.on("eth_getLogs", lie(elsewhere))
    file = ledger.network.with_rpc([mirage.url], 1)
    found = verify(ledger, ledger.beijing.receipt(0), file=file)
    assert (found.verdict, codes(found)) == ("undetermined", ["chain-unreadable"])


def test_a_dead_node_is_waited_for_once(ledger: Ledger, mirage: Proxy) -> None:
    """And asked again after a short while."""
    mirage.on(None, drop_request())
    clock = Ticks()
    file = ledger.network.with_rpc([mirage.url], 1)
    verifier = Verifier(file, now=ledger.network.anvil.head_time, elapsed=clock)
    asked = set()
    for index in (0, 1):
        assert verifier.verify(ledger.beijing.receipt(index), NOTHING).verdict == "undetermined"
        asked.add(mirage.requests)
    assert len(asked) == 1
    mirage.clear()
    clock.time += FAILED_SECONDS
    assert verifier.verify(ledger.beijing.receipt(0), NOTHING).verdict == "valid"
    verifier.close()


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_a_verifier_that_lives_for_long_reads_the_head_again(ledger: Ledger, mirage: Proxy) -> None:
    """Every quarter of `maxHeadAge`: what was revoked meanwhile counts, and the head never gets
    too old to judge by."""
    log, clock = ledger.beijing, Ticks()
    anvil = ledger.network.anvil
    file = ledger.network.with_rpc([mirage.url], 1)
    start = anvil.head_time()
    verifier = Verifier(file, now=lambda: start + clock.time - 1000, elapsed=clock)
    data = log.receipt(1)
    assert verifier.verify(data, NOTHING).verdict == "valid"
    compromise(ledger.network, log.key(Purpose.ANCHOR).key_id, log.anchors[0].time)
    clock.time += file.max_head_age / HEAD_READS - 1
    assert verifier.verify(data, NOTHING).verdict == "valid"
    assert mirage.count("eth_chainId") == 1
    clock.time += 2
    assert verifier.verify(data, NOTHING).verdict == "key-disputed"
    assert mirage.count("eth_chainId") == 2
    for _ in range(8):  # twice maxHeadAge
        clock.time += file.max_head_age / HEAD_READS
        anvil.mine(1, seconds=file.max_head_age // HEAD_READS)
        found = verifier.verify(data, NOTHING)
        assert found.verdict == "key-disputed"
    verifier.close()


def test_a_receipt_from_beyond_the_head_has_it_read_again(ledger: Ledger) -> None:
    """So a record that was anchored a moment ago is not unknown for a quarter of `maxHeadAge`; but
    not more often than twice a second, for anybody may write a number of a block."""
    log, clock = ledger.beijing, Ticks()
    verifier = Verifier(
        ledger.network.file, now=ledger.network.anvil.head_time, elapsed=clock, wait=0.0
    )
    assert verifier.verify(log.receipt(0), NOTHING).verdict == "valid"
    index = log.put(make_record(log))
    log.anchor()
    ledger.network.anvil.mine()
    data = log.receipt(index)
    found = verifier.verify(data, NOTHING)
    assert (found.verdict, codes(found)) == ("undetermined", ["head-behind-receipt"])
    clock.time += LOOK_SECONDS
    assert verifier.verify(data, NOTHING).verdict == "valid"
    verifier.close()


def test_many_threads_share_a_verifier(ledger: Ledger, proxies: list[Proxy]) -> None:
    log, clock = ledger.beijing, Ticks()
    file = three(ledger, proxies)
    verifier = Verifier(file, now=ledger.network.anvil.head_time, elapsed=clock)
    receipts_ = [ledger.tianjin.receipt(0), log.receipt(0), log.receipt(1)] * 8

    def one(data: bytes) -> str:
        clock.time += file.max_head_age / 20
        return verifier.verify(data, NOTHING).verdict

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, receipts_)) == {"valid"}
    verifier.close()


def test_a_receipt_of_the_network_before_it_moved(ledger: Ledger) -> None:
    """It is not of somebody else's network: there is a new receipt to ask for."""
    data = ledger.beijing.receipt(0)
    moved = replace(ledger.network.file, consortium=Address("0x" + "ab" * 20))
    assert verify(ledger, data, file=moved).verdict == "other-network"
    known = replace(moved, formerly=(ledger.network.file.reference,))
    found = verify(ledger, data, file=known)
    assert (found.verdict, found.exit) == ("anchor-moved", 4)
    assert codes(found) == ["network-moved"]
    assert known.reference in found.standing.checks[1].message["en"]


def test_what_a_key_s_compromise_costs(ledger: Ledger, mirage: Proxy) -> None:
    """The last word on a key counts: a vote may take it back, which helps once it is final."""
    log = ledger.beijing
    key = log.key(Purpose.ANCHOR).key_id
    data, stolen, later = log.receipt(1), log.anchors[0].time, log.anchors[-1].time + 1
    compromise(ledger.network, key, stolen)
    assert verify(ledger, data).verdict == "key-disputed"
    compromise(ledger.network, key, later)
    assert verify(ledger, data).verdict == "key-disputed"  # not final yet
    ledger.network.anvil.mine(3)
    found = verify(ledger, data)
    assert (found.verdict, found.exit) == ("valid", 0)
    compromise(ledger.network, key, stolen)
    assert verify(ledger, data).verdict == "key-disputed"


def test_calls_do_not_grow_with_keys(ledger: Ledger, mirage: Proxy) -> None:
    """Keys are read as a set: 40 more cost one request in all, and one log query tells when any of
    them was said to be stolen."""
    log, file = ledger.beijing, ledger.network.with_rpc([mirage.url], 1)
    ledger.network.anvil.mine(3)
    assert verify(ledger, log.receipt(1), file=file).verdict == "valid"
    few = mirage.requests
    fresh = [LocalSigner(Alg.P256, new_secret()) for _ in range(40)]
    for signer in fresh:
        add_key(ledger.network, "110000", Purpose.PRESENT, signer)
    ledger.network.anvil.mine(3)
    mirage.requests = 0
    found = verify(ledger, log.receipt(1), file=file)
    assert found.verdict == "valid"
    assert found.facts is not None
    assert len(found.facts.keys) == 50
    assert mirage.requests == few <= 15
    for signer in fresh[:3]:
        since = ledger.network.anvil.head_time() - 60
        compromise(ledger.network, signer.key_id, since, owner="110000")
    ledger.network.anvil.mine(3)
    calls = mirage.count("eth_getLogs")
    assert verify(ledger, log.receipt(1), file=file).verdict == "valid"
    assert mirage.count("eth_getLogs") - calls <= 4


def test_a_node_that_takes_no_batches(ledger: Ledger, mirage: Proxy) -> None:
    mirage.batches = False
    file = ledger.network.with_rpc([mirage.url], 1)
    assert verify(ledger, ledger.beijing.receipt(1), file=file).verdict == "valid"


def _shift_key(proxy: Proxy, key: LocalSigner, *, not_before: int) -> None:
    """The node tells another beginning of this key's window."""
    start = KEY_START.to_bytes(32, "big").hex()
    moved = not_before.to_bytes(32, "big").hex()

    def change(params: Sequence[Any], result: Any) -> Any:
        return result.replace(start, moved) if key.key_id.hex() in result else result

    proxy.on("eth_call", lie(change))


def test_flipped_bits_of_a_real_receipt(ledger: Ledger) -> None:
    """A sample of all bits, through the whole verifier (tests/core flips every one)."""
    data = ledger.beijing.receipt(0, show=("CF_XDR_SHXYM",))
    verifier = Verifier(ledger.network.file, now=ledger.network.anvil.head_time)
    question = ask(subject=SUBJECT)
    assert verifier.verify(data, question).verdict == "valid"
    for bit in range(0, 8 * len(data), 37):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        assert verifier.verify(bytes(changed), question).exit in (1, 4), bit
    verifier.close()


def test_a_valid_receipt_vouches_for_no_copy_of_it(ledger: Ledger) -> None:
    """One verifier that has seen the true one says of every copy what a fresh one says."""
    at = ledger.network.anvil.head_time()
    data = ledger.beijing.receipt(1, show=("CF_XDR_SHXYM",), iat=at)
    question = ask(subject=SUBJECT)
    used = Verifier(ledger.network.file, now=lambda: at)
    whole = used.verify(data, question)
    assert whole.verdict == "valid"
    for bit in range(5, 8 * len(data), 101):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        fresh = verify(ledger, bytes(changed), question, now=at)
        found = used.verify(bytes(changed), question)
        assert (found.as_dict(), found.exit) == (fresh.as_dict(), fresh.exit), bit
        assert found.exit in (1, 4), bit
    assert used.verify(data, question).as_dict() == whole.as_dict()
    used.close()


def test_members_of_a_receipt_changed_after_the_true_one(ledger: Ledger) -> None:
    """Each names something else that the chain may know; nothing known is taken for it."""
    log, at = ledger.beijing, ledger.network.anvil.head_time()
    mine, later, theirs = log.receipt(0), log.receipt(1), ledger.tianjin.receipt(0)
    used = Verifier(ledger.network.file, now=lambda: at)
    valid = (mine, later, theirs)
    assert [used.verify(data, NOTHING).verdict for data in valid] == ["valid"] * 3
    values = [parse(data[:-1]) for data in valid]
    for one in values:
        for other in values:
            for name in sorted(one):
                changed = encode({**one, name: other[name]}) + b"\n"
                fresh = verify(ledger, changed, now=at)
                assert used.verify(changed, NOTHING).as_dict() == fresh.as_dict(), name
                assert (fresh.verdict == "valid") == (one[name] == other[name]), name
    used.close()


def test_receipts_seen_before_ask_the_chain_nothing(ledger: Ledger, proxies: list[Proxy]) -> None:
    log = ledger.beijing
    first = [ledger.tianjin.receipt(0), log.receipt(0), log.receipt(1)]
    verifier = Verifier(three(ledger, proxies))
    assert [verifier.verify(data, NOTHING).verdict for data in first] == ["valid"] * 3
    asked = [len(proxy.calls) for proxy in proxies]
    for proxy in proxies:
        proxy.on(None, drop_request())
    # Others of the same anchors need nothing new either.
    again = [*first, log.receipt(1, show=("CF_XDR_SHXYM",))]
    assert [verifier.verify(data, NOTHING).verdict for data in again] == ["valid"] * 4
    assert [len(proxy.calls) for proxy in proxies] == asked
    verifier.close()


@pytest.mark.parametrize("name", LIES)
def test_a_liar_is_not_believed_by_what_is_kept(
    ledger: Ledger, proxies: list[Proxy], name: str
) -> None:
    """It lies from the second receipt on, about another log and anchor, and about the first."""
    log = ledger.beijing
    verifier = Verifier(three(ledger, proxies))
    assert verifier.verify(log.receipt(0), NOTHING).verdict == "valid"
    LIES[name](proxies[1], ledger)
    for data in (ledger.tianjin.receipt(0), log.receipt(1)):
        assert verifier.verify(data, NOTHING).verdict == "valid"
    log.put(make_record(log, CF_WSH="从未存证"))
    never = replace(log.anchors[-1], prev_size=2, size=3)
    assert verifier.verify(log.receipt(2, anchored=never), NOTHING).exit != 0
    proxies[1].clear()
    for data in (log.receipt(0), ledger.tianjin.receipt(0), log.receipt(1)):
        assert verifier.verify(data, NOTHING).verdict == "valid"
    verifier.close()


def test_receipts_parse_as_they_are_written(ledger: Ledger) -> None:
    data = ledger.beijing.receipt(0)
    found = receipts.parse(data)
    assert isinstance(found, Receipt)
    assert found.encode() == data
    assert isinstance(ledger.network, TestNetwork)
