"""Evidence of clean, repaired and corrected records, where every node and gateway is down."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date

import orjson
import pytest

from ledger.chain.contracts.contract_abi import load
from ledger.chain.contracts.events import Anchored, topic
from ledger.chain.governing.actions import recover_key
from ledger.chain.governing.requests import key_input
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.blocks import LogEntry
from ledger.chain.nodes.event_logs import LogQuery
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.errors import CouldNotCheck
from ledger.core.keys import Alg, Purpose
from ledger.core.status import Action, Basis
from ledger.core.verdict.facts import date_of
from ledger.evidence import archive, archived
from ledger.evidence.archived import Archived
from ledger.evidence.making import Made, final_view, make
from ledger.verify import Verifier, ask
from tests.evidence.conftest import Ledger, checked, code_of, forged, made
from tests.support.cases import act, act_by_vote, make_act
from tests.support.ledger import make_record
from tests.support.votes import add_key, close_log, compromise, create, register


def do(ledger: Ledger, action: Action, index: int = 0, other: int | None = None) -> None:
    """Beijing acts on one of its records."""
    log = ledger.beijing
    newer = None if other is None else (log.log_id, log.records[other].commitment.digest)
    made_act = make_act(
        ledger.network, action, log.log_id, log.records[index].commitment.digest, other=newer
    )
    act(ledger.network, "110000", made_act)


def settled(ledger: Ledger) -> None:
    """What was done is final."""
    ledger.network.anvil.mine()


def verdicts(ledger: Ledger, found: Made) -> list[tuple[str | None, str]]:
    """Day and verdict, as a stranger proves them without any node."""
    proven = checked(ledger.network, found.data, found.header.hash)
    assert proven.problem is None, proven.problem
    assert [(n, v.verdict) for n, v in proven.verdicts] == [
        (n, v.verdict) for n, v in found.verdicts
    ]
    return [(verdict.question.as_of, verdict.verdict) for _, verdict in proven.verdicts]


def test_a_clean_record(ledger: Ledger) -> None:
    """That there is no act is proven: by the absence of its word in the state."""
    found = made(ledger.network, ledger.beijing.receipt(0))
    proven = checked(ledger.network, found.data, found.header.hash)
    assert (proven.verdict, proven.exit) == ("proven", 0)
    [(name, verdict)] = proven.verdicts
    assert (name, verdict.verdict, verdict.usable) == ("receipts/0001.json", "valid", True)
    assert all(check.result in ("pass", "not-run") for check in verdict.checks)
    assert proven.told, "the block of the anchor"
    histories = orjson.loads(archive.read(found.data)["histories.json"])
    assert [one["acts"] for one in histories["records"]] == [[]]
    assert {one["role"] for one in histories["contracts"]} == {
        "LogAnchor", "Catalogue", "CaseRegistry",
    }  # fmt: skip
    assert len(histories["votes"]) == 3
    assert all(len(vote["votes"]) >= 3 for vote in histories["votes"])
    [member] = histories["members"]
    assert member["code"] == "110000"
    assert {key["purpose"] for key in member["keys"]} == {int(purpose) for purpose in Purpose}


def test_a_repaired_record(ledger: Ledger) -> None:
    """With a day before the repair, and the acts themselves."""
    anvil = ledger.network.anvil
    day = date.fromisoformat(date_of(anvil.head_time()))
    anvil.mine(2, seconds=86_400)
    for action in (Action.DISPUTE, Action.REPAIR, Action.SETTLE):
        do(ledger, action)
    settled(ledger)
    found = made(ledger.network, ledger.beijing.receipt(0), days=[day])
    assert verdicts(ledger, found) == [(None, "repaired"), (day.isoformat(), "valid")]
    assert checked(ledger.network, found.data, found.header.hash).exit == 3
    histories = orjson.loads(archive.read(found.data)["histories.json"])
    [record] = histories["records"]
    assert [one["action"] for one in record["acts"]] == [1, 5, 2]


def test_a_corrected_record(ledger: Ledger) -> None:
    """And the one that corrects it, in one archive."""
    log = ledger.beijing
    log.put(make_record(log, CF_WSH="更正1号"))
    log.anchor()
    do(ledger, Action.CORRECT, 0, 2)
    settled(ledger)
    found = made(ledger.network, log.receipt(0), log.receipt(2))
    assert verdicts(ledger, found) == [(None, "corrected"), (None, "valid")]
    proven = checked(ledger.network, found.data, found.header.hash)
    corrected, newer = (verdict for _, verdict in proven.verdicts)
    assert corrected.as_dict()["correctedBy"] == newer.as_dict()["recordId"]


def test_acts_by_vote_with_the_votes(ledger: Ledger) -> None:
    log = ledger.beijing
    act_by_vote(
        ledger.network,
        make_act(
            ledger.network,
            Action.WITHDRAW,
            log.log_id,
            log.records[0].commitment.digest,
            basis=Basis.COURT,
        ),
    )
    settled(ledger)
    found = made(ledger.network, log.receipt(0))
    assert verdicts(ledger, found) == [(None, "withdrawn")]
    histories = orjson.loads(archive.read(found.data)["histories.json"])
    [one] = [vote for vote in histories["votes"] if vote["kind"] == 9]
    assert [ballot["choice"] for ballot in one["votes"]] == [1, 1, 1]


def test_what_speaks_against_the_issuer(ledger: Ledger) -> None:
    """A stolen key, a log that was closed, other contracts: what a verdict says of them is proven
    as well, and on earlier days it was not known."""
    network, log = ledger.network, ledger.beijing
    anvil = network.anvil
    day = date.fromisoformat(date_of(anvil.head_time()))
    time = log.anchors[0].time
    anvil.mine(2, seconds=86_400)
    for role in ("LogAnchor", "CaseRegistry"):
        anvil.mine()
        register(network, role, create(network, load(role).bytecode, network.file.consortium))
    close_log(network, log.log_id, 1)
    settled(ledger)
    found = made(network, log.receipt(0), log.receipt(1), days=[day])
    iso = day.isoformat()
    assert verdicts(ledger, found) == [
        (None, "valid"), (iso, "valid"), (None, "log-closed"), (iso, "valid"),
    ]  # fmt: skip
    compromise(network, network.keys["110000", Purpose.ANCHOR].key_id, time - 60)
    settled(ledger)
    found = made(network, log.receipt(0), days=[day])
    assert verdicts(ledger, found) == [(None, "key-disputed"), (iso, "valid")]


def test_keys_that_a_vote_gave(ledger: Ledger) -> None:
    """Which keys go back to it is told by events: none may lack."""
    network, log = ledger.network, ledger.beijing
    govern, fresh = (LocalSigner(Alg.SECP256K1, new_secret()) for _ in range(2))
    given = key_input(
        member="110000",
        purpose=Purpose.GOVERN,
        alg=govern.alg,
        public_key=govern.public_key,
        not_before=network.anvil.head_time(),
    )
    network.decide(recover_key(given))
    network.anvil.mine(1, seconds=8 * 86_400)
    keys = {**network.keys, ("110000", Purpose.GOVERN): govern}
    add_key(replace(network, keys=keys), "110000", Purpose.ANCHOR, fresh)
    network.anvil.mine(1, seconds=5)
    index = log.put(make_record(log))
    log.anchor(signer=fresh)
    settled(ledger)
    found = made(network, log.receipt(0), log.receipt(index))
    proven = checked(network, found.data, found.header.hash)
    assert [one.issuer_recovered for _, one in proven.verdicts] == [False, True]

    def without(members: dict[str, bytes]) -> None:
        """The block in which the key was added, which nobody else needs."""
        for name, data in list(members.items()):
            if name.startswith(archived.BLOCKS) and fresh.public_key.hex().encode() in data:
                del members[name]

    assert code_of(network, forged(found.data, without), found.header.hash) == "proof-missing"


def test_a_root_that_is_not_there(ledger: Ledger) -> None:
    """That a record was never anchored is proven too."""
    log = ledger.beijing
    stray = replace(log, entries=[*log.entries], records=dict(log.records))
    stray.put(make_record(stray, CF_WSH="没有存证"))
    anchor = replace(log.anchors[-1], prev_size=2, size=3)
    found = made(ledger.network, stray.receipt(2, anchored=anchor))
    assert verdicts(ledger, found) == [(None, "not-anchored")]


def test_cosigned_and_bare(ledger: Ledger) -> None:
    log = ledger.beijing
    cosigned = log.receipt(0, checkpoint=log.cosigned(1, "120000", "130000"))
    found = made(ledger.network, cosigned, log.receipt(1, bare=True))
    assert verdicts(ledger, found) == [(None, "valid"), (None, "anchored")]
    proven = checked(ledger.network, found.data, found.header.hash)
    assert proven.verdicts[0][1].witnesses == ["120000", "130000"]
    assert proven.exit == 4


def test_as_the_nodes_say(ledger: Ledger) -> None:
    """The verdict from proofs is that from nodes, check by check."""
    do(ledger, Action.REPAIR, 1)
    settled(ledger)
    settled(ledger)
    network, clock = ledger.network, ledger.network.anvil.head_time()
    receipts = [ledger.beijing.receipt(0), ledger.beijing.receipt(1), ledger.tianjin.receipt(0)]
    found = made(network, *receipts)
    with closing(Verifier(network.file, now=lambda: clock)) as verifier:
        for data, (_, proven) in zip(receipts, found.verdicts, strict=True):
            told = verifier.verify(data, ask()).as_dict()
            ours = proven.as_dict()
            same = told.keys() - {"head"}
            assert {name: ours[name] for name in same} == {name: told[name] for name in same}


def test_the_same_bytes_from_the_same_block(ledger: Ledger) -> None:
    network, clock = ledger.network, ledger.network.anvil.head_time()
    data = ledger.beijing.receipt(0)
    first = made(network, data)
    network.anvil.mine(3)
    assert made(network, data).data != first.data
    with closing(QuorumReader(network.file, now=lambda: clock + 3)) as reader:
        view = final_view(reader)
        again = make(view.at(view.block_at(first.header.number)), network.file, [data])
    assert again.data == first.data


def test_shown_after_the_header(ledger: Ledger) -> None:
    """The newest final block may be older than the signature under the fields; a presentation from
    a month later is none that was handed in then."""
    log, time = ledger.beijing, ledger.network.anvil.head_time()
    late = [log.receipt(0, iat=time + seconds) for seconds in (3000, 31 * 86_400)]
    found = made(ledger.network, *late)
    assert verdicts(ledger, found) == [(None, "valid"), (None, "undetermined")]


def test_nothing_final_yet(ledger: Ledger) -> None:
    network = ledger.network
    rule = replace(network.file.finality, depth=100_000)
    file = replace(network.file, finality=rule)
    clock = network.anvil.head_time()
    with closing(QuorumReader(file, now=lambda: clock)) as reader:
        with pytest.raises(CouldNotCheck, match="not-final"):
            final_view(reader)


def test_who_asks_for_one_thing_looks_at_nothing_else(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forger can make a hundred thousand events, each of which asks for others."""
    data = made(ledger.network, ledger.beijing.receipt(0)).data
    source = Archived(archive.read(data))
    looked: list[LogEntry] = []
    matches = LogQuery.matches

    def counted(query: LogQuery, entry: LogEntry) -> bool:
        looked.append(entry)
        return matches(query, entry)

    monkeypatch.setattr(LogQuery, "matches", counted)

    def asked(*topics: bytes | None) -> int:
        address = ledger.network.deployment.log_anchor
        query = LogQuery(address=address, topics=topics, first=0, last=source.header.number)
        return len(source.events(query))

    assert (asked(topic(Anchored), bytes(32)), looked) == (0, [])
    found = asked(topic(Anchored), ledger.beijing.log_id)
    assert found == len(looked) > 0
    looked.clear()
    assert asked(topic(Anchored)) >= found
    assert len(looked) >= found
