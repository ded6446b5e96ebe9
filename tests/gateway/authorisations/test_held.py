"""Authorisations in the hands of their grantees: how they come, which are taken, what stands."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.authorisations import store
from gateway.authorisations.errors import AuthorisationRefused
from gateway.authorisations.models import authorisations, held_openings
from gateway.base.db import begin_read, begin_write, close_engine, open_engine
from gateway.cases import materials as documents
from gateway.cases.materials import Material
from gateway.cases.models import materials
from gateway.node import _lose
from gateway.operations.backup import backup, restore
from gateway.peers.errors import PeerRefused
from gateway.peers.models import peer_inbox, peer_outbox
from gateway.sealing.services import Boxes, Kind
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import record_id
from ledger.core.opening import Opening
from tests.gateway.abroad.desk import deliver, sent
from tests.gateway.authorisations.desk import (
    BANK,
    BEIJING,
    BUREAU,
    CLERK,
    SUBJECT,
    TIANJIN,
    Desk,
    grant,
    granted,
    judge,
    log_statements,
    opening,
    parts,
    refusal,
    revoke,
    state,
)
from tests.gateway.authorisations.test_forged import HEBEI, paper
from tests.gateway.intake.material import count
from tests.gateway.peers.openings import later
from tests.support.peers import Member, Network, open_member
from tests.support.postgres import database_url

PATH = "/v1/authorisations"


def held(member: Member, commitment: bytes) -> Opening:
    found = parts(member).held.opening(commitment)
    assert found is not None
    return found


def taken(member: Member, shown: Opening | bytes) -> bytes:
    data = shown if isinstance(shown, bytes) else shown.encode()
    return parts(member).held.take_file(CLERK, data)


def not_taken(member: Member, shown: Opening | bytes) -> str:
    with pytest.raises(AuthorisationRefused) as caught:
        taken(member, shown)
    assert caught.value.detail is not None and caught.value.detail["zh"]
    return caught.value.code


def hand_over(network: Network, sender: str, to: str, shown: Opening) -> str:
    """What a member says to what another one hands over: `taken`, or the code of the refusal."""
    try:
        network[sender].peers.send(to, shown.encode())
    except PeerRefused as error:
        return error.code
    return "taken"


def test_it_comes_by_itself(network: Network) -> None:
    bank, bureau = network[BANK], network[BUREAU]
    commitment = grant(bureau)
    assert parts(bank).held.opening(commitment) is None
    deliver(bureau, BANK)
    found = held(bank, commitment)
    assert found.encode() == opening(bureau, commitment).encode()
    shown = parts(bank).views.show(CLERK, commitment)
    assert (shown["role"], shown["custodian"], shown["state"]) == ("held", BUREAU, "in-force")
    assert shown["sent"] is None and shown["revocation"] is None
    assert parts(bureau).views.show(CLERK, commitment)["sent"]["state"] == "sent"
    assert parts(bureau).held.opening(commitment) is None, "its custodian asks nobody with it"
    assert parts(bank).held.opening(os.urandom(32)) is None


def test_what_was_taken_is_taken_once(network: Network) -> None:
    bank, found = network[BANK], granted(network)
    before = [count(bank.node, table) for table in (authorisations, held_openings, peer_inbox)]
    for _ in range(2):
        assert hand_over(network, BUREAU, BANK, found) == "taken"
        taken(bank, found)
    after = [count(bank.node, table) for table in (authorisations, held_openings, peer_inbox)]
    assert after == before


def test_only_the_grantee_takes_it(network: Network) -> None:
    """And only of the member that made it: another one hands it over in vain."""
    found = granted(network)
    assert hand_over(network, BUREAU, TIANJIN, found) == "not-the-grantee"
    assert not_taken(network[TIANJIN], found) == "not-the-grantee"
    assert hand_over(network, BEIJING, BANK, found) == "not-the-issuer"
    assert hand_over(network, BUREAU, BANK, found) == "taken"


def test_only_one_that_holds_is_taken(network: Network) -> None:
    bank = network[BANK]
    found = granted(network)
    own = paper(network, BANK, grantee=BEIJING)
    assert hand_over(network, BANK, BEIJING, own) == "authorisation-unknown", "no custodian"
    late = paper(network, BUREAU, at=network.chain.anvil.head_time() - 4 * 86_400)
    assert not_taken(bank, late) == "authorisation-unknown"
    for data in (b"", b"{}", found.encode() + b" ", b"\xff" * 9, found.encode()[:-1]):
        assert not_taken(bank, data) == "authorisation-unknown"
    assert taken(bank, paper(network, HEBEI))


def test_a_file_where_nothing_was_sent(network: Network) -> None:
    """Written by the custodian, taken by the grantee, over HTTP; then it is like any other."""
    bank, bureau = network[BANK], network[BUREAU]
    commitment = grant(bureau, purpose="guarantee").hex()
    data = Desk(bureau).get(f"{PATH}/{commitment}/opening").content
    desk = Desk(bank)
    answer = desk.send(f"{PATH}/held", data)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["authorisation"], answer.json()["role"]) == (commitment, "held")
    assert desk.send(f"{PATH}/held", data).status_code == 201
    assert desk.get(f"{PATH}/{commitment}/opening").content == data
    assert desk.get(f"{PATH}/{commitment}/documents/0").status_code == 404, "not the grantee's"
    refused = desk.send(f"{PATH}/{commitment}/revoke")
    assert (refused.status_code, refused.json()["code"]) == (403, "not-the-custodian")
    judge(network, held(bank, bytes.fromhex(commitment)), purpose="guarantee")
    assert desk.send(f"{PATH}/held", b"x").json()["code"] == "authorisation-unknown"
    wrong = desk.send(f"{PATH}/held", data, **{"Content-Type": "text/plain"})
    assert wrong.status_code == 415
    assert Desk(bank, "read").send(f"{PATH}/held", data).status_code == 403
    deliver(bureau, BANK)
    assert held(bank, bytes.fromhex(commitment)).encode() == data


def test_what_is_held_lies_sealed(network: Network) -> None:
    bank = network[BANK]
    found = paper(network, HEBEI)
    taken(bank, found)
    with begin_read(bank.node.ctx.engine) as connection:
        rows = [
            tuple(row)
            for table in (materials, authorisations, held_openings)
            for row in connection.execute(sa.select(table))
        ]
    text = b"".join(value for row in rows for value in row if isinstance(value, bytes))
    assert SUBJECT.encode() not in text + repr(rows).encode()


def test_a_chain_that_cannot_be_asked(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came is kept, and taken once it can."""
    bank, bureau = network[BANK], network[BUREAU]
    commitment = grant(bureau)

    def silent() -> Any:
        raise CouldNotCheck("no-quorum", "silent")

    papers = parts(bank).papers
    with monkeypatch.context() as patch:
        patch.setattr(papers, "genuine", lambda _opening: silent())
        with pytest.raises(CouldNotCheck):
            taken(bank, opening(bureau, commitment))
        deliver(bureau, BANK)
        assert parts(bank).held.opening(commitment) is None
    [message] = [one for one in sent(bureau) if one.commitment == commitment]
    assert message.state == "waiting", "it is sent again"
    assert bank.node.peers.messages.hand_on(Event()) >= 1
    assert held(bank, commitment).statement.commitment == commitment


def test_a_receipt_takes_the_place_of_a_promise(network: Network) -> None:
    """Once it is anchored the grantee is handed it again: a promise counts for three days."""
    bank, bureau = network[BANK], network[BUREAU]
    by_message, by_file = granted(network), grant(bureau)
    taken(bank, opening(bureau, by_file))
    names = (by_message.statement.commitment, by_file)
    assert [held(bank, name).receipt for name in names] == [None, None]
    assert parts(bureau).handover.step() == 0, "there is nothing newer"
    log_statements(bureau)
    assert parts(bureau).handover.step() >= 2
    assert parts(bureau).handover.step() == 0
    bank.node.peers.directory.expire()  # its head may be of before the anchor
    deliver(bureau, BANK)
    for name in names:
        assert held(bank, name).receipt is not None
        assert parts(bank).views.show(CLERK, name)["proven"] is True
        judge(network, held(bank, name))


def test_a_file_with_a_receipt_is_better(network: Network) -> None:
    bank, bureau = network[BANK], network[BUREAU]
    commitment = grant(bureau)
    taken(bank, opening(bureau, commitment))
    log_statements(bureau)
    assert opening(bureau, commitment).receipt is not None
    before = count(bank.node, materials)
    taken(bank, opening(bureau, commitment))
    assert held(bank, commitment).receipt is not None
    assert count(bank.node, materials) == before, "it stands in place of the other"


def test_after_a_chain_was_lost(network: Network) -> None:
    """Its receipts prove nothing any more: the grantee is handed those of the new one, or takes
    them from a file; what was taken back is handed to nobody."""
    bank, bureau = network[BANK], network[BUREAU]
    by_message, by_file, gone = granted(network), grant(bureau), grant(bureau)
    taken(bank, opening(bureau, by_file))
    name = by_message.statement.commitment
    log_statements(bureau)
    parts(bureau).handover.step()
    bank.node.peers.directory.expire()
    deliver(bureau, BANK)
    revoke(bureau, gone)
    taken(bank, opening(bureau, by_file))
    for one in (name, by_file):  # as of a chain that stood before this one
        was = later(opening(bureau, one), -99).encode()
        for member, table, kind in (
            (bureau, peer_outbox, Kind.SENT),
            (bank, peer_inbox, Kind.RECEIVED),
        ):
            set_back(member, table, kind, one, was)
    with begin_write(bank.node.ctx.engine) as connection:
        held_row = store.held_row(connection, by_file)
        assert held_row is not None
        old = later(opening(bureau, by_file), -99).encode()
        documents.forget(connection, [held_row.materials])
        kept = os.urandom(16).hex()
        documents.keep(connection, bank.node.vault, [Material(name="-", data=old)], kept)
        store.keep_held(connection, by_file, kept)
    assert parts(bureau).handover.step() == 0
    with begin_write(bureau.node.ctx.engine) as connection:
        _lose(connection)
        lost = store.row_of(connection, name)
        assert lost is not None and lost.proven is False
        connection.rollback()
    with begin_write(bureau.node.ctx.engine) as connection:
        store.hand_again(connection)
    assert parts(bureau).handover.step() >= 2
    assert gone not in {one.commitment for one in sent(bureau) if one.state == "waiting"}
    taken(bank, opening(bureau, by_file))
    assert held(bank, by_file) == opening(bureau, by_file), "of the file"
    assert held(bank, name) != opening(bureau, name)
    deliver(bureau, BANK)
    for one in (name, by_file):
        assert held(bank, one) == opening(bureau, one)
        judge(network, held(bank, one))


def set_back(member: Member, table: sa.Table, kind: Kind, name: bytes, data: bytes) -> None:
    """Have this been sent, or received."""
    with begin_write(member.node.ctx.engine) as connection:
        query = sa.select(table.c.id).where(table.c.commitment == name)
        (id_,) = connection.scalars(query)
        sealed = Boxes(member.node.vault).open(connection, kind, id_).seal(data, b"opening")
        change = sa.update(table).where(table.c.id == id_)
        connection.execute(change.values(opening=sealed))


def test_none_is_the_successor_of_another(network: Network) -> None:
    """An entry may name any record as the one that it replaces: that of another custodian, or one
    that said something else."""
    bank = network[BANK]
    first = granted(network)
    name = record_id(first.statement.log, first.statement.commitment)
    assert not_taken(bank, paper(network, HEBEI, replaces=name)) == "authorisation-unknown"
    other = paper(network, BUREAU, replaces=name, purpose="own")
    assert not_taken(bank, other) == "authorisation-unknown"
    same = paper(network, BUREAU, replaces=name, said=first.statement.members)
    assert taken(bank, same) == first.statement.commitment
    assert held(bank, first.statement.commitment) == same, "the one made later stands"
    assert held(bank, same.statement.commitment) == same
    shown = parts(bank).views.show(CLERK, first.statement.commitment)
    assert len(shown["commitments"]) == 2


def test_after_a_restore(network: Network, tmp_path: Path) -> None:
    """Whether they came as messages or as files; what was on its way to others is, too."""
    bank, bureau = network[BANK], network[BUREAU]
    by_message, by_file = granted(network), grant(bureau)
    taken(bank, opening(bureau, by_file))
    waiting = grant(bureau)
    for member, names in (
        (bank, (by_message.statement.commitment, by_file)),
        (bureau, (by_file, waiting)),
    ):
        copy, folder = tmp_path / f"{member.code}.backup", tmp_path / member.code
        folder.mkdir()
        node = member.node
        backup(node.ctx.engine, copy, member=member.code, clock=node.ctx.clock)
        engine = open_engine(database_url(folder))
        restore(engine, copy, member=member.code)
        close_engine(engine)
        again = open_member(network.chain, member.code, folder, node.signing.keys)
        there, here = again.authorisations.views, parts(member).views
        for name in names:
            assert there.opening(CLERK, name) == here.opening(CLERK, name)
        if member is bureau:
            assert there.document(CLERK, by_file, 0) == here.document(CLERK, by_file, 0)
            messages = [one for one in sent(member) if one.commitment == waiting]
            assert again.peers.outbox.opening(messages[0]) == opening(bureau, waiting).encode()
        again.close()


def test_states_of_days(network: Network) -> None:
    bank = network[BANK]
    today = bank.node.ctx.clock.today()
    later = granted(network, start=today + timedelta(days=1))
    assert state(bank, later.statement.commitment) == "not-yet"
    assert refusal(network, later) == "authorisation-expired"
    over = paper(network, BUREAU, start=today - timedelta(days=9), until=today - timedelta(days=1))
    assert state(bank, taken(bank, over)) == "expired"
    assert refusal(network, over) == "authorisation-expired"


def test_a_state_that_cannot_be_read(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    bank, found = network[BANK], granted(network)

    def silent() -> Any:
        raise CouldNotCheck("no-quorum", "silent")

    monkeypatch.setattr(parts(bank).views._reader, "head", silent)
    assert state(bank, found.statement.commitment) is None
    monkeypatch.undo()
    assert state(bank, found.statement.commitment) == "in-force"
