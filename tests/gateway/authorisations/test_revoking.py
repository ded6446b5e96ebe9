"""Taking authorisations back: at once here, on the chain for all others, whatever comes between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from gateway.authorisations import fates, store
from gateway.authorisations.errors import AuthorisationRefused
from gateway.authorisations.models import revocations
from gateway.base.db import begin_read, begin_write
from gateway.chain import keeping, outbox
from gateway.node import _lose
from gateway.operations.relog_statements import StatementRelog
from gateway.operations.settle import settle_logs
from ledger.chain.contracts import contract_abi
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.core.ids import Address
from ledger.core.keys import Alg, Purpose
from tests.gateway.abroad.desk import deliver
from tests.gateway.authorisations.desk import (
    BEIJING,
    CLERK,
    TIANJIN,
    Desk,
    grant,
    judge,
    log_statements,
    opening,
    parts,
    refusal,
    revoke,
    send_all,
    state,
)
from tests.support.peers import Member, Network, start_members
from tests.support.revocations import take_back
from tests.support.votes import add_key, close_log, create, register
from tests.support.votes import revoke as end_key

REVOKED = "authorisation-revoked"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Network]:
    """A chain of its own, to be set back and voted on. Beijing makes authorisations for Tianjin."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with start_members(tmp_path, (BEIJING, TIANJIN), consent=(BEIJING,)) as found:
        yield found


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again by the next step, and what is not mined pushed."""
    monkeypatch.setattr(fates, "FIRST_SECONDS", 0)
    monkeypatch.setattr(outbox, "PUSH_SECONDS", 0.0)


def made(network: Network, *, proven: bool = False, **changes: Any) -> bytes:
    """One of Beijing's, in Tianjin's hands."""
    commitment = grant(network[BEIJING], grantee=TIANJIN, **changes)
    if proven:
        log_statements(network[BEIJING])
        parts(network[BEIJING]).handover.step()
    deliver(network[BEIJING], TIANJIN)
    return commitment


def row(member: Member, commitment: bytes) -> Any:
    with begin_read(member.node.ctx.engine) as connection:
        return connection.execute(
            sa.select(revocations).where(revocations.c.commitment == commitment)
        ).one()


def ask(network: Network, commitment: bytes, at: str = TIANJIN) -> str:
    """`holds`, or why not: as Tianjin is judged by itself or by Beijing."""
    shown = parts(network[TIANJIN]).held.opening(commitment)
    assert shown is not None
    try:
        judge(network, shown, asker=TIANJIN, at=at)
    except Exception as error:
        return str(getattr(error, "code", error))
    return "holds"


def step(member: Member, times: int = 1, *, mine: bool = False) -> None:
    for _ in range(times):
        parts(member).sending.step()
        if mine:
            member.anvil.mine()


def test_at_once_here_and_on_the_chain_for_others(network: Network) -> None:
    """From the request on its own node does not take it; every other one once a block has it,
    before that is final."""
    custodian = network[BEIJING]
    commitment = grant(custodian)
    shown = opening(custodian, commitment)
    for at in (BEIJING, TIANJIN):
        judge(network, shown, at=at)
    parts(custodian).revoking.revoke(CLERK, commitment)
    assert state(custodian, commitment) == "revoking"
    assert refusal(network, shown, at=BEIJING) == REVOKED
    judge(network, shown, at=TIANJIN)
    step(custodian, 2)
    assert row(custodian, commitment).state == "sent"
    assert refusal(network, shown, at=TIANJIN) == REVOKED, "mined, and not final yet"
    assert state(custodian, commitment) == "revoking"
    send_all(custodian)
    assert row(custodian, commitment).state == "recorded"
    assert state(custodian, commitment) == "revoked"
    told = parts(custodian).views.show(CLERK, commitment)["revocation"]
    assert [one["state"] for one in told["commitments"]] == ["recorded"]
    assert told["commitments"][0]["recordedAt"] is not None
    with custodian.node.ctx.engine.connect() as connection:
        keys = connection.execute(sa.text("SELECT key FROM transactions")).scalars().all()
    assert [key for key in keys if key.startswith("revoke/")] == [], "nothing is left to push"


def test_asked_for_again_it_is_the_same(network: Network) -> None:
    custodian = network[BEIJING]
    commitment = grant(custodian)
    desk = Desk(custodian)
    first = desk.send(f"/v1/authorisations/{commitment.hex()}/revoke").json()
    assert first["state"] == "revoking"
    requested = first["revocation"]["requested"]
    send_all(custodian)
    again = desk.send(f"/v1/authorisations/{commitment.hex()}/revoke").json()
    assert (again["state"], again["revocation"]["requested"]) == ("revoked", requested)
    assert len(again["revocation"]["commitments"]) == 1
    with pytest.raises(AuthorisationRefused, match="not-found"):
        parts(custodian).revoking.revoke(CLERK, bytes(32))


def test_the_grantee_sees_it(network: Network) -> None:
    custodian = network[BEIJING]
    commitment = made(network)
    assert state(network[TIANJIN], commitment) == "in-force"
    revoke(custodian, commitment)
    assert state(network[TIANJIN], commitment) == "revoked"
    assert ask(network, commitment) == REVOKED


def test_taken_back_by_other_means(network: Network) -> None:
    """By the custodian's key, and not by this gateway: it counts, here as well."""
    custodian = network[BEIJING]
    commitment, other = grant(custodian), grant(custodian)
    take_back(network.chain, BEIJING, commitment)
    assert state(custodian, commitment) == "revoked"
    assert refusal(network, opening(custodian, commitment), at=BEIJING) == REVOKED
    judge(network, opening(custodian, other), at=BEIJING)
    revoke(custodian, commitment)
    assert row(custodian, commitment).state == "recorded", "nothing is sent for it"
    assert row(custodian, commitment).attempt == 0


def test_two_gateways_of_one_member(network: Network) -> None:
    """The other one was faster, after this one had looked."""
    custodian = network[BEIJING]
    commitment = grant(custodian)
    parts(custodian).revoking.revoke(CLERK, commitment)
    step(custodian)
    assert row(custodian, commitment).state == "signed"
    take_back(network.chain, BEIJING, commitment)
    send_all(custodian)
    assert row(custodian, commitment).state == "recorded"


def test_without_a_key(fresh: Network) -> None:
    """It waits and says so, counts here all the same, and goes once there is one."""
    custodian = fresh[BEIJING]
    commitment = made(fresh)
    node, keys = custodian.node, custodian.node.signing.keys
    node.signing.use(replace(keys, consent=None))
    parts(custodian).revoking.revoke(CLERK, commitment)
    step(custodian, 3)
    told = parts(custodian).views.show(CLERK, commitment)
    assert told["state"] == "revoking"
    [one] = told["revocation"]["commitments"]
    assert (one["state"], one["code"]) == ("waiting", "consent-key-missing")
    assert "keys rotate CONSENT" in one["remedy"]["zh"] and "CONSENT" in one["remedy"]["en"]
    assert ask(fresh, commitment, at=BEIJING) == REVOKED
    assert ask(fresh, commitment, at=TIANJIN) == "holds"
    node.signing.use(keys)
    send_all(custodian)
    assert state(custodian, commitment) == "revoked"
    assert ask(fresh, commitment, at=TIANJIN) == REVOKED


def test_a_key_that_was_rotated(fresh: Network) -> None:
    """Signed with one that was ended meanwhile: refused, and signed again with its successor."""
    custodian, chain = fresh[BEIJING], fresh.chain
    commitment = made(fresh)
    parts(custodian).revoking.revoke(CLERK, commitment)
    step(custodian)
    assert row(custodian, commitment).state == "signed"
    old = chain.keys[BEIJING, Purpose.CONSENT]
    new = LocalSigner(Alg.SECP256K1, new_secret())
    add_key(chain, BEIJING, Purpose.CONSENT, new)
    end_key(chain, BEIJING, old.key_id)
    chain.anvil.call("evm_increaseTime", 2)
    chain.anvil.mine()
    step(custodian)
    assert (row(custodian, commitment).state, row(custodian, commitment).code) == (
        "waiting",
        "KeyNotValid",
    )
    custodian.node.chain.expire()
    custodian.node.anchoring.look()
    step(custodian)
    assert row(custodian, commitment).code == "consent-key-not-valid"
    custodian.node.signing.use(replace(custodian.node.signing.keys, consent=new))
    send_all(custodian)
    assert state(custodian, commitment) == "revoked"
    assert row(custodian, commitment).attempt == 2


def test_another_contract(fresh: Network) -> None:
    """One that took the role over after it was signed: it is signed again for that one. What was
    taken back before stays so."""
    custodian, chain = fresh[BEIJING], fresh.chain
    before, commitment = made(fresh), made(fresh)
    revoke(custodian, before)
    parts(custodian).revoking.revoke(CLERK, commitment)
    step(custodian)
    old = row(custodian, commitment).contract
    code = contract_abi.load("Revocations").bytecode
    successor = create(chain, code, chain.deployment.consortium)
    register(chain, "Revocations", successor)
    send_all(custodian)
    found = row(custodian, commitment)
    assert (found.state, found.contract, found.attempt) == ("recorded", successor, 2)
    assert old == chain.deployment.revocations != successor
    for name in (before, commitment):
        assert ask(fresh, name) == REVOKED
        assert state(custodian, name) == "revoked"


def test_a_deadline_that_passed(fresh: Network) -> None:
    custodian = fresh[BEIJING]
    commitment = made(fresh)
    parts(custodian).revoking.revoke(CLERK, commitment)
    step(custodian)
    first = row(custodian, commitment)
    with begin_write(custodian.node.ctx.engine) as connection:
        store.change_revocation(connection, first.id, deadline=1)
    step(custodian)
    again = row(custodian, commitment)
    assert (again.state, again.attempt) == ("signed", 2)
    assert again.deadline >= first.deadline
    send_all(custodian)
    assert state(custodian, commitment) == "revoked"


def relog(member: Member, chain: Any) -> None:
    """The open log is closed before all that is in it, and what it stranded made again."""
    node = member.node
    assert node.chain.facts.open_log is not None
    close_log(chain, node.chain.facts.open_log, 0)
    node.chain.expire()
    settle_logs(node.ctx, node.anchoring, node.logs)
    told = StatementRelog(node.ctx, node.statement_maker, node.daily_batch, node.vault).run()
    assert told.done
    look_anew(member)


def look_anew(member: Member) -> None:
    """As a minute later, at another head."""
    member.node.peers.directory.expire()
    parts(member).papers._kept.clear()
    parts(member).papers._judge._verifier = None


def test_every_commitment_of_a_chain(fresh: Network) -> None:
    """Its log was closed, and closed again: the grantee is handed each, and each is taken back,
    those too that are made after that was asked for."""
    custodian, grantee = fresh[BEIJING], fresh[TIANJIN]
    first = made(fresh)
    relog(custodian, fresh.chain)
    look_anew(grantee)
    assert ask(fresh, first) == "authorisation-unknown", "its promise is for a log that is closed"
    assert parts(custodian).handover.step() == 1
    look_anew(grantee)
    deliver(custodian, TIANJIN)
    second = opening(custodian, first).statement.commitment
    assert second != first
    shown = parts(grantee).held.opening(first)
    assert shown is not None and shown.statement.commitment == second
    assert parts(grantee).held.opening(second) == shown
    assert ask(fresh, first) == "holds"
    parts(custodian).revoking.revoke(CLERK, second)
    assert ask(fresh, first, at=BEIJING) == REVOKED
    send_all(custodian)
    assert {row(custodian, name).state for name in (first, second)} == {"recorded"}
    assert ask(fresh, first) == REVOKED
    relog(custodian, fresh.chain)
    third = opening(custodian, first).statement.commitment
    assert third not in (first, second)
    assert parts(custodian).handover.step() == 0, "nobody is handed it"
    shown = opening(custodian, first)
    asked: dict[str, Any] = {"asker": TIANJIN}
    assert refusal(fresh, shown, at=BEIJING, **asked) == REVOKED, "it was asked for once"
    judge(fresh, shown, **asked)
    send_all(custodian)
    assert row(custodian, third).state == "recorded"
    assert refusal(fresh, shown, **asked) == REVOKED
    told = parts(custodian).views.show(CLERK, third)
    assert told["authorisation"] == first.hex()
    assert told["commitments"] == [one.hex() for one in (first, second, third)]


def test_mined_and_gone_before_it_was_final(fresh: Network) -> None:
    custodian = fresh[BEIJING]
    commitment = made(fresh)
    before = fresh.chain.anvil.snapshot()
    parts(custodian).revoking.revoke(CLERK, commitment)
    step(custodian, 3)
    assert row(custodian, commitment).block is not None
    fresh.chain.anvil.revert(before)
    fresh.chain.anvil.call("anvil_dropAllTransactions")
    assert ask(fresh, commitment) == "holds", "the chain knows nothing of it"
    assert ask(fresh, commitment, at=BEIJING) == REVOKED
    send_all(custodian)
    assert row(custodian, commitment).state == "recorded"
    assert ask(fresh, commitment) == REVOKED


def test_a_chain_that_was_set_back(fresh: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind what it called final: what it knows no more goes again, what it knows stays."""
    custodian = fresh[BEIJING]
    kept, lost = made(fresh), made(fresh)
    revoke(custodian, kept)
    before = fresh.chain.anvil.snapshot()
    revoke(custodian, lost)
    keep = parts(custodian).keeping
    assert keep.look() == 0
    fresh.chain.anvil.revert(before)
    assert keep.look() == 0, "nodes that lag have lost nothing"
    monkeypatch.setattr(keeping, "LATE_SECONDS", 0.0)
    fresh.chain.anvil.mine(3)
    assert keep.look() == 1
    assert (row(custodian, kept).state, row(custodian, lost).state) == ("recorded", "waiting")
    assert state(custodian, lost) == "revoking"
    send_all(custodian)
    assert keep.look() == 0
    assert {state(custodian, name) for name in (kept, lost)} == {"revoked"}


def test_a_chain_that_was_lost(network: Network) -> None:
    """All that was taken back goes to the one that stands in its place."""
    custodian = network[BEIJING]
    done, going = grant(custodian), grant(custodian)
    revoke(custodian, done)
    parts(custodian).revoking.revoke(CLERK, going)
    step(custodian)
    with begin_write(custodian.node.ctx.engine) as connection:
        _lose(connection)
        connection.rollback()
    with begin_write(custodian.node.ctx.engine) as connection:
        assert store.send_again(connection) >= 2
    for name in (done, going):
        found = row(custodian, name)
        assert (found.state, found.signature, found.block) == ("waiting", None, None)
    send_all(custodian)
    assert {row(custodian, name).state for name in (done, going)} == {"recorded"}


def test_many_at_once(network: Network) -> None:
    """More than one page of the contract would be read; one that cannot be sent holds up none."""
    custodian = network[BEIJING]
    names = [grant(custodian) for _ in range(6)]
    for name in names:
        parts(custodian).revoking.revoke(CLERK, name)
    with begin_write(custodian.node.ctx.engine) as connection:
        change = sa.update(revocations).where(revocations.c.commitment == names[0])
        connection.execute(change.values(not_before=2**40, code="KeyNotValid"))
    for _ in range(8):
        step(custodian, mine=True)
    assert {row(custodian, name).state for name in names[1:]} == {"recorded"}
    assert row(custodian, names[0]).state == "waiting"
    assert isinstance(row(custodian, names[1]).contract, str)
    assert Address(row(custodian, names[1]).contract) == network.chain.deployment.revocations
    with begin_write(custodian.node.ctx.engine) as connection:
        connection.execute(change.values(not_before=None, code=None))
    send_all(custodian)


def test_delays_grow_to_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fates, "FIRST_SECONDS", 2)
    assert [fates.delay(n) for n in (1, 2, 3, 5, 6, 500)] == [2, 4, 8, 32, 60, 60]
    for code in fates.REMEDIES:
        told = fates.remedy_of(code)
        assert told is not None and told["zh"] and told["en"]
    assert fates.remedy_of("Whatever") and fates.remedy_of(None) is None
