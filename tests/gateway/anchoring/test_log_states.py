"""A log by itself: one that is closed or broken hinders neither its successor nor intake."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from gateway.accesses.services import Wanted, read
from gateway.anchoring.errors import LogFault
from gateway.anchoring.progress import unanchored
from gateway.app import create_app
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.health import Condition
from gateway.base.policy import OPERATOR, NotAllowed
from gateway.log import store
from gateway.log.models import entries
from gateway.log.quarantine import Quarantined, list_quarantined
from gateway.node import Node
from gateway.operations.relog import Relog, Relogged, stranded_records
from gateway.operations.settle import settle_logs
from gateway.receipts.interfaces import Disclose, Stranded
from gateway.receipts.requeue import retry
from gateway.records.models import closings, records
from gateway.statuses import store as statuses
from ledger.chain.governing.actions import open_successor
from ledger.core import receipt as receipts
from ledger.core.ids import Digest, RecordId
from ledger.core.merkle import leaf_hash
from ledger.core.status import Flag, State, Word
from tests.gateway.anchoring.whole import promise, rows, settle
from tests.gateway.intake.material import row
from tests.gateway.log.test_quarantine import damage
from tests.support.anvil import Anvil, start_anvil
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.erasing import erase
from tests.support.member import Member, decide, found_member
from tests.support.node import MEMBER
from tests.support.postgres import copy_database


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Anvil, Member]]:
    with start_anvil() as anvil:
        yield anvil, found_member(anvil)


@pytest.fixture
def anvil(shared: tuple[Anvil, Member]) -> Iterator[Anvil]:
    anvil = shared[0]
    before = anvil.snapshot()
    yield anvil
    anvil.revert(before)


@pytest.fixture
def member(shared: tuple[Anvil, Member]) -> Member:
    return shared[1]


@pytest.fixture
def node(anvil: Anvil, member: Member, tmp_path: Path) -> Iterator[Node]:
    node = member.node(tmp_path / "node")
    yield node
    node.close()


def condition(node: Node, log_id: bytes) -> str | None:
    found = node.ctx.health.of(log_id)
    return None if found is None else found.condition.value


def test_a_restored_database_goes_on_in_a_successor(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    kept = promise(node, member, 5, "a")
    settle(node, anvil)
    folder = tmp_path / "old"
    folder.mkdir()
    copy_database(node.ctx.engine, folder)
    node.close()
    node = member.node(tmp_path / "node")
    lost = promise(node, member, 5, "b")
    settle(node, anvil)
    node.close()
    old = member.node(folder)
    with pytest.raises(LogFault, match="log-behind-chain"):
        old.anchoring.step()
    with pytest.raises(NotReady, match="log-fault") as caught:
        old.intake.ready()
    assert "entries 5 to 9 are missing" in caught.value.message["en"]
    assert "trustedSize 5" in caught.value.message["en"]

    decide(anvil, member, open_successor(member.log_id, 5))
    old.chain.expire()
    settle(old, anvil)
    assert condition(old, member.log_id) == Condition.CLOSED
    _, successor = old.intake.ready()
    assert successor != member.log_id
    answer = old.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    assert [one.verdict for one in answer.rows] == ["accepted"] * 3
    while old.logs.step():
        pass
    settle(old, anvil)
    assert isinstance(old.receipts.receipt(leaf_hash(kept[0])), bytes)
    assert old.receipts.receipt(leaf_hash(lost[0])) is None
    assert isinstance(old.receipts.receipt(bytes.fromhex(answer.rows[0].leaf or "")), bytes)
    with old.ctx.engine.connect() as connection:
        assert unanchored(connection) == 0
    old.close()


def test_a_behind_log_publishes_no_second_tree(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    promise(node, member, 2, "a")
    settle(node, anvil)
    behind = member.node(tmp_path / "behind")
    with pytest.raises(LogFault):
        behind.anchoring.step()
    promise(behind, member, 3, "b")
    with behind.ctx.engine.connect() as connection:
        sizes = connection.exec_driver_sql("SELECT size, published FROM logs").all()
    assert [(one.size, one.published or 0) for one in sizes] == [(0, 0)]
    behind.close()


def test_what_a_vote_cut_off_is_not_anchored_any_more(
    node: Node, member: Member, anvil: Anvil
) -> None:
    kept = promise(node, member, 3, "a")
    settle(node, anvil)
    cut = promise(node, member, 2, "b")
    settle(node, anvil)
    assert isinstance(node.receipts.receipt(leaf_hash(cut[0])), bytes)
    decide(anvil, member, open_successor(member.log_id, 3))
    node.chain.expire()
    settle(node, anvil)
    assert condition(node, member.log_id) == Condition.CLOSED
    assert isinstance(node.receipts.receipt(leaf_hash(kept[0])), bytes)
    with pytest.raises(Stranded):
        node.receipts.receipt(leaf_hash(cut[0]))


def test_what_was_signed_for_a_closed_log_is_given_up(
    node: Node, member: Member, anvil: Anvil
) -> None:
    promise(node, member, 3, "a")
    settle(node, anvil)
    promise(node, member, 2, "b")
    anvil.call("evm_setAutomine", False)
    node.anchoring.step()
    anvil.call("anvil_dropAllTransactions")
    anvil.call("evm_setAutomine", True)
    decide(anvil, member, open_successor(member.log_id, 3))
    node.chain.expire()
    settle(node, anvil)
    assert [(one.size, one.state, one.error) for one in rows(node)] == [
        (3, "final", None),
        (5, "failed", "log-closed"),
    ]


def relog(node: Node) -> Relogged:
    node.chain.expire()
    settle_logs(node.ctx, node.anchoring, node.logs)
    return Relog(node.ctx, chain=node.chain, signing=node.signing, vault=node.vault).run()


def asked(node: Node, leaf: bytes) -> httpx.Response:
    """For the bare receipt, as anybody may."""
    return Client(create_app(node)).get(f"/v1/receipts/{leaf.hex()}")


def close_by(node: Node, record: bytes, state: State) -> None:
    """What the chain says of a record, as the follower would write it."""
    with begin_write(node.ctx.engine, statuses.LOCK) as connection:
        statuses.put_states(connection, {RecordId(Digest(record)): state})
        statuses.put_position(connection, statuses.Position(block=1, count=1))


def test_a_closed_record_is_closed_wherever_it_was_logged_again(
    node: Node, member: Member, anvil: Anvil
) -> None:
    """Before the act and after it, and whichever of the two the act is on."""
    submit(node, 0, 2)
    finish(node, anvil)
    early, late, other = submit(node, 2, 5)
    decide(anvil, member, open_successor(member.log_id, 2))
    shielded = State(word=Word(flags=Flag.SHIELDED, version=1))
    ids = {leaf: _record_id(node, leaf) for leaf in (early, late, other)}
    close_by(node, ids[early], shielded)
    assert relog(node).done == 3
    again = {leaf: _again(node, leaf) for leaf in (early, late, other)}
    assert _closed(node) == {early, again[early]}
    close_by(node, _record_id(node, again[late]), shielded)
    assert _closed(node) == {early, again[early], late, again[late]}
    assert node.statuses(_record_id(node, again[late])) == "shielded"
    assert node.statuses(ids[late]) == "shielded"
    for leaf in (late, again[late]):
        with pytest.raises(NotAllowed) as caught:
            node.receipts.record(leaf, CENTRE)
        assert caught.value.code == "content-closed"
    eased = State(word=Word(version=2))
    close_by(node, ids[early], eased)
    close_by(node, _record_id(node, again[late]), eased)
    assert _closed(node) == set()
    assert node.receipts.record(again[other], CENTRE) is not None


def _record_id(node: Node, leaf: bytes) -> bytes:
    told = node.statuses.told(leaf)
    assert told is not None
    return told.record


def _again(node: Node, leaf: bytes) -> bytes:
    """The leaf under which it stands now."""
    query = sa.select(records.c.superseded_by).join(entries, entries.c.id == records.c.id)
    with node.ctx.engine.connect() as connection:
        found: bytes = connection.execute(query.where(entries.c.leaf == leaf)).scalar_one()
    return found


def _closed(node: Node) -> set[bytes]:
    query = sa.select(entries.c.leaf).join(closings, closings.c.entry == entries.c.id)
    with node.ctx.engine.connect() as connection:
        return set(connection.scalars(query))


def test_stranded_records_are_logged_again(node: Node, member: Member, anvil: Anvil) -> None:
    """Anchored beyond the end, in the tree, and promised only: all three; once, and in force."""
    kept = submit(node, 0, 2)
    finish(node, anvil)
    anchored = submit(node, 2, 4)
    finish(node, anvil)
    integrated = submit(node, 4, 5)
    while node.logs.step():
        pass
    promised = submit(node, 5, 7)
    decide(anvil, member, open_successor(member.log_id, 2))

    node.chain.expire()
    settle_logs(node.ctx, node.anchoring, node.logs)
    for leaf in (*anchored, *integrated, *promised):
        told_before = asked(node, leaf)
        assert (told_before.status_code, told_before.json()["code"]) == (409, "stranded")
    told = relog(node)
    assert (told.done, told.left) == (5, Counter())
    assert relog(node).done == 0
    finish(node, anvil)
    for leaf in (*anchored, *integrated, *promised):
        old = node.receipts.record(leaf, CENTRE)
        assert old is not None
        assert old["state"] == "stranded"
        gone = asked(node, leaf)
        assert (gone.status_code, gone.json()["code"]) == (410, "replaced")
        assert gone.json()["replacedBy"] == old["supersededBy"]
        found = node.receipts.receipt(
            bytes.fromhex(old["supersededBy"]), disclose=Disclose(caller=CENTRE)
        )
        assert isinstance(found, bytes)
        entry = receipts.parse(found).entry
        assert entry.replaces is not None
        assert entry.replaces.hex() == old["recordId"]
        assert entry.timely == "no", "as it was when it came first"
        new = node.receipts.record(bytes.fromhex(old["supersededBy"]), CENTRE)
        assert new is not None
        assert (new["fields"], new["storedAt"], new["supersededBy"]) == (
            old["fields"],
            old["storedAt"],
            None,
        )
    again = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(7)])
    assert [one.verdict for one in again.rows] == ["duplicate"] * 7
    assert {one.leaf for one in again.rows}.isdisjoint(leaf.hex() for leaf in anchored)
    assert again.rows[0].leaf == kept[0].hex()
    log = closed_log(node, member)
    assert len(log) == 7, "what was promised stands in the closed log, for whoever replays it"


def test_stranded_twice_names_the_first(node: Node, member: Member, anvil: Anvil) -> None:
    (leaf,) = leaves = submit(node, 0, 1)
    first = node.receipts.record(leaf, CENTRE)
    assert first is not None
    finish(node, anvil)
    log_id: bytes = member.log_id
    for _ in range(2):
        decide(anvil, member, open_successor(log_id, 0))
        assert relog(node).done == 1
        finish(node, anvil)
        log_id = node.chain.facts.open_log or b""
        found = node.receipts.record(leaf, CENTRE)
        assert found is not None
        leaf = bytes.fromhex(found["supersededBy"])
        receipt = node.receipts.receipt(leaf)
        assert isinstance(receipt, bytes)
        replaces = receipts.parse(receipt).entry.replaces
        assert replaces is not None
        assert replaces.hex() == first["recordId"]
        leaves.append(leaf)
    told = [asked(node, one).json()["replacedBy"] for one in leaves[:-1]]
    assert told == [leaf.hex()] * 2, "where it stands now"


def test_a_double_is_one_wherever_it_is_logged(node: Node, member: Member, anvil: Anvil) -> None:
    node.anchoring.look()
    rows = [row(0), row(1, CF_XDR_MC="别的有限公司")]
    node.intake.submit_set(caller=CENTRE, rows=rows)
    finish(node, anvil)
    (before,) = node.subjects.check(CENTRE, 10)["findings"]
    decide(anvil, member, open_successor(member.log_id, 0))
    assert relog(node).done == 2
    (after,) = node.subjects.check(CENTRE, 10)["findings"]
    assert [party["records"] for party in after["parties"]] == [1, 1]
    for old, new in zip(before["parties"], after["parties"], strict=True):
        assert (new["code"], new["name"], new["latest"]) == (
            old["code"],
            old["name"],
            old["latest"],
        )
        assert set(new["leaves"]).isdisjoint(old["leaves"])


def test_an_interrupted_run_goes_on(
    node: Node, member: Member, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(node, 0, 9)
    finish(node, anvil)
    decide(anvil, member, open_successor(member.log_id, 0))
    monkeypatch.setattr("gateway.operations.relog.BATCH", 4)
    real, calls = Relog._store, []

    def dies(self: Relog, *arguments: Any) -> bool:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return real(self, *arguments)

    monkeypatch.setattr(Relog, "_store", dies)
    with pytest.raises(RuntimeError):
        relog(node)
    assert relog(node).done == 5
    finish(node, anvil)
    answer = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(9)])
    assert {one.verdict for one in answer.rows} == {"duplicate"}
    with node.ctx.engine.connect() as connection:
        assert unanchored(connection) == 0


def test_what_was_erased_or_is_out_of_force_is_told(
    node: Node, member: Member, anvil: Anvil
) -> None:
    leaves = submit(node, 0, 3)
    finish(node, anvil)
    decide(anvil, member, open_successor(member.log_id, 0))
    with begin_write(node.ctx.engine) as connection:
        erase(connection, leaves[0])
    told = relog(node)
    assert (told.done, dict(told.left)) == (2, {"erased": 1})
    lines = list(read(node.ctx.engine, Wanted(token=OPERATOR.id)))
    assert {one.purpose for one in lines} == {"relog"}
    assert {one.record: one.answer for one in lines} == {
        leaf.hex(): "allowed" if at else "content-erased" for at, leaf in enumerate(leaves)
    }


def test_one_logged_again_and_damaged_is_made_again(
    node: Node, member: Member, anvil: Anvil
) -> None:
    """Its entry names the first of its chain, also where it is the second that was damaged."""
    (leaf,) = submit(node, 0, 1)
    first = node.receipts.record(leaf, CENTRE)
    assert first is not None
    finish(node, anvil)
    log_id: bytes = member.log_id
    for _ in range(2):
        decide(anvil, member, open_successor(log_id, 0))
        assert relog(node).done == 1
        damage(node, 0)
        finish(node, anvil)
        (found,) = quarantined(node)
        log_id = found.log_id
        (leaf,) = found.missing
        (done,) = retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
        assert (done.entries, done.lost) == (1, ())
        finish(node, anvil)
        assert quarantined(node) == []
        receipt = node.receipts.receipt(leaf)
        assert isinstance(receipt, bytes)
        assert (receipts.parse(receipt).entry.replaces or b"").hex() == first["recordId"]


def test_quarantined_ones_of_a_closed_log_are_logged_again(
    node: Node, member: Member, anvil: Anvil
) -> None:
    """In quarantine, queued again, and queued again behind the end; twice, without its entry."""
    leaves = submit(node, 0, 2) + submit(node, 2, 4)
    first = [node.receipts.record(leaf, CENTRE) for leaf in leaves]
    damage(node, 0)
    finish(node, anvil)
    retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
    submit(node, 4, 6)
    damage(node, 1)
    finish(node, anvil)
    log_id: bytes = member.log_id
    for size in (3, 0):
        decide(anvil, member, open_successor(log_id, size))
        settle_logs(node.ctx, node.anchoring, node.logs)
        with node.ctx.engine.connect() as connection:
            counted = stranded_records(connection, {log_id: size})
        told = relog(node)
        assert (told.done, told.left) == (counted, Counter())
        assert counted == 3
        log_id = node.chain.facts.open_log or b""
        damage(node, 0)
        finish(node, anvil)
        assert quarantined(node)
    answer = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(6)])
    assert {one.verdict for one in answer.rows} == {"duplicate"}
    retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
    finish(node, anvil)
    for record in first:
        assert record is not None
        found = node.receipts.record(bytes.fromhex(record["leaf"]), CENTRE)
        while found is not None and found["supersededBy"]:
            leaf = bytes.fromhex(found["supersededBy"])
            found = node.receipts.record(leaf, CENTRE)
            if found is not None and found["state"] == "stranded":
                continue
            receipt = node.receipts.receipt(leaf)
            if isinstance(receipt, bytes):
                replaces = receipts.parse(receipt).entry.replaces
                assert (replaces or b"").hex() == record["recordId"]


def test_one_erased_meanwhile_gets_no_new_key(
    node: Node, member: Member, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves = submit(node, 0, 3)
    finish(node, anvil)
    decide(anvil, member, open_successor(member.log_id, 0))
    real = Relog._store

    def erases(self: Relog, *arguments: Any) -> bool:
        with begin_write(node.ctx.engine) as connection:
            erase(connection, leaves[0])
        return real(self, *arguments)

    monkeypatch.setattr(Relog, "_store", erases)
    told = relog(node)
    assert (told.done, dict(told.left)) == (2, {"erased": 1})
    with node.ctx.engine.connect() as connection:
        count = sa.select(sa.func.count()).select_from(records)
        assert connection.scalar(count) == 5, "three, and two of them again"


def quarantined(node: Node) -> list[Quarantined]:
    with node.ctx.engine.connect() as connection:
        return list_quarantined(connection)


def submit(node: Node, first: int, end: int) -> list[bytes]:
    node.anchoring.look()
    answer = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(first, end)])
    assert {one.verdict for one in answer.rows} == {"accepted"}
    return [bytes.fromhex(one.leaf or "") for one in answer.rows]


def finish(node: Node, anvil: Anvil) -> None:
    while node.logs.step():
        pass
    settle(node, anvil)


def closed_log(node: Node, member: Member) -> list[bytes]:
    with begin_read(node.ctx.engine) as connection:
        found = store.find(connection, member.log_id)
        assert found is not None
        assert found.published == found.size
        return store.TileStore(connection, found.id).entries(0, found.size)
