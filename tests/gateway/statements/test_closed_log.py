"""On a real chain: openings that verify, and what becomes of statements whose log is closed."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from gateway.accesses.services import Wanted, read
from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import OPERATOR
from gateway.node import Node
from gateway.operations import relog_statements
from gateway.operations.relog import Relogged
from gateway.operations.relog_statements import StatementRelog, stranded_statements
from gateway.operations.settle import settle_logs
from gateway.receipts.interfaces import Stranded
from gateway.sealing.services import Kind, drop
from gateway.statements import days, store
from gateway.statements.models import statements
from ledger.audit.replay import replay
from ledger.audit.tiles import Fetch, Missing
from ledger.chain.governing.actions import open_successor
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.ids import record_id
from ledger.core.opening import Opening, check, parse_opening
from ledger.core.verdict.facts import Question
from ledger.core.verdict.verdict import Verdict
from ledger.verify import Verifier
from tests.gateway.anchoring.whole import settle
from tests.gateway.statements.desk import (
    DAY,
    NIGHT,
    NOON,
    batches,
    commitments,
    grow,
    log_entries,
    said,
    set_clock,
    sorts,
)
from tests.support.anvil import Anvil, start_anvil
from tests.support.asgi import Client
from tests.support.member import Member, decide, found_member


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
    node = member.node(tmp_path / "node", now=NOON)
    node.anchoring.look()
    assert node.daily_batch.step() is None
    yield node
    node.close()


def finish(node: Node, anvil: Anvil) -> None:
    grow(node)
    settle(node, anvil)


def verdict(member: Member, anvil: Anvil, opening: Opening) -> Verdict:
    verifier = Verifier(member.network, now=anvil.head_time)
    try:
        return verifier.verify(opening.encode(), Question())
    finally:
        verifier.close()


def codes(found: Verdict) -> list[str]:
    return [one.code for one in found.standing.checks if one.verdict]


def run(node: Node) -> Relogged:
    parts = (node.ctx, node.statement_maker, node.daily_batch, node.vault)
    return StatementRelog(*parts).run()


def relog(node: Node) -> Relogged:
    node.chain.expire()
    settle_logs(node.ctx, node.anchoring, node.logs)
    return run(node)


def stranded(node: Node, log_id: bytes, size: int = 0) -> int:
    with begin_read(node.ctx.engine) as connection:
        return stranded_statements(connection, {log_id: size})


def asked(node: Node, leaf: bytes) -> httpx.Response:
    return Client(create_app(node)).get(f"/v1/receipts/{leaf.hex()}")


def test_what_a_gateway_issues_is_what_a_verifier_takes(
    node: Node, member: Member, anvil: Anvil
) -> None:
    """With the promise until it is due, with the receipt ever after; nobody need run a gateway."""
    node.ctx.clock = Clock()
    (opening,) = node.statements.issue([said()])
    assert codes(verdict(member, anvil, opening)) == ["promised-only"]
    with begin_read(node.ctx.engine) as connection:
        newest = store.newest_day(connection, days.last_batch(node.ctx.clock.seconds()))
    assert newest is not None
    at = days.begins(days.after(max(newest, days.last_batch(anvil.head_time()))))
    set_clock(node, NIGHT.fromtimestamp(at, NIGHT.tzinfo))
    assert node.daily_batch.step() is not None
    finish(node, anvil)
    anvil.mine()
    anchored = node.statements.opening(opening.statement.commitment)
    assert parse_opening(anchored.encode()).receipt is not None
    found = verdict(member, anvil, anchored)
    assert (found.verdict, codes(found)) == ("valid", [])


def test_those_that_wait_go_to_the_successor(node: Node, member: Member, anvil: Anvil) -> None:
    """Their promise names a log that will never take them, so it is another statement there."""
    issued = node.statements.issue([said(n, request=bytes([n + 1])) for n in range(3)])
    assert stranded(node, member.log_id) == 3
    decide(anvil, member, open_successor(member.log_id, 0))
    told = relog(node)
    assert (told.done, told.left) == (16, Counter()), "with the dummies that hide their number"
    assert relog(node).done == 0
    assert stranded(node, member.log_id) == 0
    successor = node.chain.facts.open_log
    for n, old in enumerate(issued):
        new = node.statements.opening(old.statement.commitment)
        check(new)
        assert new.promised is not None
        assert (new.statement.log, new.promised.promise.log) == (successor, successor)
        assert new.entry.replaces == record_id(member.log_id, old.statement.commitment)
        assert new.statement.members == old.statement.members
        assert (new.statement.at, new.statement.sort) == (old.statement.at, "case")
        assert new.statement.salt != old.statement.salt
        assert node.statements.current(old.statement.commitment) == new.statement.commitment
        assert node.statements.open(old.statement.commitment) == old.statement
        assert node.statements.issue([said(n, request=bytes([n + 1]))]) == [new]
    grow(node)
    assert commitments(log_entries(node)) >= {one.statement.commitment for one in issued}
    assert log_entries(node, log=2) == [], "they wait for the batch as any other"
    set_clock(node, NIGHT)
    done = node.daily_batch.step()
    assert done is not None
    assert done.count == 16
    finish(node, anvil)
    anvil.mine()
    for old in issued:
        anchored = node.statements.opening(old.statement.commitment)
        assert verdict(member, anvil, anchored).verdict == "valid"
        assert anchored.entry.replaces == old.statement.record_id


def test_those_behind_the_end_are_made_again(node: Node, member: Member, anvil: Anvil) -> None:
    """Anchored beyond it, dummies and all; what stands within it stays."""
    (kept,) = node.statements.issue([said(0)])
    set_clock(node, NIGHT)
    node.daily_batch.step()
    finish(node, anvil)
    (cut,) = node.statements.issue([said(1)])
    set_clock(node, NIGHT + DAY)
    node.daily_batch.step()
    finish(node, anvil)
    decide(anvil, member, open_successor(member.log_id, 16))
    node.chain.expire()
    settle_logs(node.ctx, node.anchoring, node.logs)
    with pytest.raises(Stranded):
        node.receipts.receipt(cut.leaf)
    assert node.statements.opening(cut.statement.commitment).promised is not None
    assert (asked(node, cut.leaf).status_code, stranded(node, member.log_id, 16)) == (409, 16)
    told = relog(node)
    assert (told.done, told.left) == (16, Counter())
    assert asked(node, cut.leaf).status_code == 409, "it waits: nobody sees where it will stand"
    set_clock(node, NIGHT + 2 * DAY)
    done = node.daily_batch.step()
    assert done is not None
    assert done.count == 16, "as many as were cut off: no dummy is missing"
    finish(node, anvil)
    new = node.statements.opening(cut.statement.commitment)
    assert new.receipt is not None
    gone = asked(node, cut.leaf)
    assert (gone.status_code, gone.json()["replacedBy"]) == (410, new.leaf.hex())
    same = node.statements.opening(kept.statement.commitment)
    assert (same.statement, same.entry.replaces) == (kept.statement, None)
    assert len(commitments(log_entries(node, log=2))) == 16


def test_stranded_twice_names_the_first(node: Node, member: Member, anvil: Anvil) -> None:
    (first,) = node.statements.issue([said()])
    log_id: bytes = member.log_id
    for _ in range(2):
        decide(anvil, member, open_successor(log_id, 0))
        assert relog(node).done == 16
        log_id = node.chain.facts.open_log or b""
    found = node.statements.opening(first.statement.commitment)
    assert found.statement.log == log_id
    assert found.entry.replaces == first.statement.record_id


def test_what_cannot_be_opened_is_told(node: Node, member: Member, anvil: Anvil) -> None:
    issued = node.statements.issue([said(n) for n in range(3)])
    with begin_write(node.ctx.engine) as connection:
        ids = list(connection.scalars(sa.select(statements.c.id).order_by(statements.c.id)))
        drop(connection, Kind.STATEMENT, ids[:1])
        change = sa.update(statements).where(statements.c.id == ids[1])
        connection.execute(change.values(content=b"x" * 99))
    decide(anvil, member, open_successor(member.log_id, 0))
    told = relog(node)
    assert (told.done, dict(told.left)) == (14, {"erased": 1, "content-lost": 1})
    lines = {one.record: one.answer for one in read(node.ctx.engine, Wanted(token=OPERATOR.id))}
    assert [lines[one.leaf.hex()] for one in issued] == ["content-erased", "allowed", "allowed"]
    assert len(lines) == 16


def test_an_interrupted_run_goes_on(
    node: Node, member: Member, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.statements.issue([said(n) for n in range(9)])
    decide(anvil, member, open_successor(member.log_id, 0))
    monkeypatch.setattr(relog_statements, "BATCH", 4)
    real, calls = StatementRelog._store, []

    def dies(self: StatementRelog, *arguments: Any) -> bool:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return real(self, *arguments)

    monkeypatch.setattr(StatementRelog, "_store", dies)
    with pytest.raises(RuntimeError):
        relog(node)
    assert relog(node).done == 12
    set_clock(node, NIGHT)
    done = node.daily_batch.step()
    assert done is not None
    assert done.count == 16
    assert Counter(sorts(node)) == {"case": 18, "dummy": 14}
    assert batches(node)[1:] == [("2026-11-23", 16)]


def test_another_process_was_faster(
    node: Node, member: Member, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that has made them again meanwhile, and a batch that went: each once all the same."""
    node.statements.issue([said(n) for n in range(2)])
    decide(anvil, member, open_successor(member.log_id, 0))
    node.chain.expire()
    settle_logs(node.ctx, node.anchoring, node.logs)
    real, others = StatementRelog._store, iter(["run", "batch", ""])

    def overtaken(self: StatementRelog, *arguments: Any) -> bool:
        match next(others, ""):
            case "run":
                run(node)
            case "batch":
                set_clock(node, NIGHT)
                node.daily_batch.step()
        return real(self, *arguments)

    monkeypatch.setattr(StatementRelog, "_store", overtaken)
    run(node)
    assert Counter(sorts(node))["case"] == 4
    set_clock(node, NIGHT + DAY)
    node.daily_batch.step()
    finish(node, anvil)
    found = log_entries(node, log=2)
    assert len(found) == len(commitments(found)) == 32


def audited(node: Node, member: Member, anvil: Anvil) -> list[str]:
    """Codes of what an auditor finds, who reads the tiles from the gateway."""
    client = Client(create_app(node))

    def fetch_for(base: str, log: bytes) -> Fetch:
        def fetch(path: str, max_bytes: int) -> bytes:
            answer = client.get(f"/logs/{log.hex()}/{path}")
            if answer.status_code != 200:
                raise Missing(path)
            return answer.content

        return fetch

    reader = QuorumReader(member.network, now=anvil.head_time)
    try:
        report = replay(member.network, reader=reader, fetch_for=fetch_for)
    finally:
        reader.close()
    document = report.document
    assert document["incomplete"] == []
    return sorted({finding["code"] for finding in document["findings"]})


@pytest.mark.parametrize("behind", [False, True], ids=["waiting", "anchored behind the end"])
def test_an_auditor_agrees(node: Node, member: Member, anvil: Anvil, behind: bool) -> None:
    set_clock(node, NIGHT)
    node.daily_batch.step()
    finish(node, anvil)
    node.statements.issue([said(n) for n in range(3)])
    if behind:
        set_clock(node, NIGHT + DAY)
        node.daily_batch.step()
        finish(node, anvil)
    anvil.mine()
    before = audited(node, member, anvil)
    decide(anvil, member, open_successor(member.log_id, 16))
    relog(node)
    grow(node)
    assert len(log_entries(node)) == 32
    set_clock(node, NIGHT + 2 * DAY)
    node.daily_batch.step()
    finish(node, anvil)
    anvil.mine()
    after = [code for code in audited(node, member, anvil) if code not in before]
    assert after == (["anchor-beyond-trusted"] if behind else []), "a warning, to log them again"
