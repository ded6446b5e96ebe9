"""`kill -9` at every stage: each is there once, or comes with the next try."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.authorisations.models import authorisations, held_openings, revocations
from gateway.base.crash import POINTS
from gateway.cases.models import materials
from gateway.peers.models import peer_inbox, peer_outbox
from gateway.statements.models import statements
from ledger.core.opening import parse_opening
from tests.gateway.abroad.desk import deliver
from tests.gateway.authorisations.desk import (
    BANK,
    BEIJING,
    BUREAU,
    CLERK,
    grant,
    judge,
    log_statements,
    opening,
    parts,
    refusal,
    state,
)
from tests.gateway.authorisations.killed import grant as grant_it
from tests.gateway.authorisations.killed import hand_over, revoke, send, take, wanted_of
from tests.gateway.intake.material import count
from tests.support import child
from tests.support.peers import Member, Network, freeze

WHEN = [("before", 0), ("after", 1)]
MADE = (authorisations, materials, statements, peer_outbox)
SENDING = [
    f"revocation.{stage}:{when}"
    for stage in ("signed", "sent", "recorded")
    for when in ("before", "after")
]


class Counted:
    """How many rows came since."""

    def __init__(self, member: Member, *tables: sa.Table) -> None:
        self._of = (member.node, tables)
        self._before = self._now()

    def _now(self) -> list[int]:
        node, tables = self._of
        return [count(node, table) for table in tables]

    @property
    def new(self) -> set[int]:
        """Of each table."""
        return {now - before for now, before in zip(self._now(), self._before, strict=True)}


def test_every_stage_is_killed_here() -> None:
    ours = {point for point in POINTS if point.startswith(("authorisation.", "revocation."))}
    stages = ("authorisation.stored", "authorisation.taken", "authorisation.handed")
    here = {f"{one}:{when}" for one in (*stages, "revocation.requested") for when, _ in WHEN}
    assert ours == here | set(SENDING)


@pytest.mark.parametrize(("when", "there"), WHEN)
def test_while_it_is_made(network: Network, tmp_path: Path, when: str, there: int) -> None:
    """Statement, documents, row and message, or none of them."""
    member = network[BUREAU]
    counted = Counted(member, *MADE)
    freeze(member.node, tmp_path)
    point = f"authorisation.stored:{when}"
    assert child.fork(grant_it, str(tmp_path), when, crash_at=point) == child.KILLED
    assert counted.new == {there}
    for _ in range(2):
        parts(member).grants.grant(CLERK, wanted_of(member.node, when))
    assert counted.new == {1}


@pytest.mark.parametrize(("when", "there"), WHEN)
def test_while_it_is_taken(network: Network, tmp_path: Path, when: str, there: int) -> None:
    bank, bureau = network[BANK], network[BUREAU]
    deliver(bureau, BANK)
    commitment = grant(bureau)
    shown = opening(bureau, commitment)
    rows, kept = Counted(bank, authorisations, held_openings), Counted(bank, peer_inbox)
    freeze(bank.node, tmp_path)
    sent = (str(tmp_path), BUREAU, shown.encode().hex())
    assert child.fork(take, *sent, crash_at=f"authorisation.taken:{when}") == child.KILLED
    assert (rows.new, kept.new) == ({there}, {1})
    deliver(bureau, BANK)
    assert child.fork(take, *sent) == 0
    assert (rows.new, kept.new) == ({1}, {1})
    assert parts(bank).held.opening(commitment) == shown


@pytest.mark.parametrize("when", ["before", "after"])
def test_while_it_is_handed_over_again(network: Network, tmp_path: Path, when: str) -> None:
    """The receipt comes once, by this try or by the next."""
    bank, bureau = network[BANK], network[BUREAU]
    commitment = grant(bureau)
    deliver(bureau, BANK)
    log_statements(bureau)
    freeze(bureau.node, tmp_path)
    point = f"authorisation.handed:{when}"
    assert child.fork(hand_over, str(tmp_path), crash_at=point) == child.KILLED
    assert child.fork(hand_over, str(tmp_path)) == 0
    deliver(bureau, BANK)
    held = parts(bank).held.opening(commitment)
    assert held is not None and held.receipt is not None
    assert parse_opening(held.encode()) == opening(bureau, commitment)


@pytest.mark.parametrize(("when", "there"), WHEN)
def test_while_it_is_asked_for(network: Network, tmp_path: Path, when: str, there: int) -> None:
    """It counts here from the moment on at which it is durable, and not before."""
    member = network[BEIJING]
    commitment = grant(member)
    shown = opening(member, commitment)
    counted = Counted(member, revocations)
    freeze(member.node, tmp_path)
    point = f"revocation.requested:{when}"
    assert child.fork(revoke, str(tmp_path), commitment.hex(), crash_at=point) == child.KILLED
    assert counted.new == {there}
    if there:
        assert refusal(network, shown, at=BEIJING) == "authorisation-revoked"
    else:
        judge(network, shown, at=BEIJING)
    for _ in range(2):
        parts(member).revoking.revoke(CLERK, commitment)
    assert counted.new == {1}
    assert refusal(network, shown, at=BEIJING) == "authorisation-revoked"
    assert child.fork(send, str(tmp_path)) == 0
    assert state(member, commitment) == "revoked"


@pytest.mark.parametrize("point", SENDING)
def test_while_it_is_sent(network: Network, tmp_path: Path, point: str) -> None:
    """It is on the chain once, and nothing is left to push."""
    member = network[BEIJING]
    commitment = grant(member)
    parts(member).revoking.revoke(CLERK, commitment)
    freeze(member.node, tmp_path)
    assert child.fork(send, str(tmp_path), crash_at=point) == child.KILLED
    assert child.fork(send, str(tmp_path)) == 0
    assert state(member, commitment) == "revoked"
    assert refusal(network, opening(member, commitment)) == "authorisation-revoked"
    with member.node.ctx.engine.connect() as connection:
        keys = connection.execute(sa.text("SELECT key FROM transactions")).scalars().all()
    assert [key for key in keys if key.startswith("revoke/")] == []
