"""Steps of other members at the gateway that takes them: whose, in which order, and how often."""

import os
import threading
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.cases import marking, store
from gateway.cases.deciding import midnight
from gateway.cases.errors import CaseRefused
from gateway.cases.models import acts as act_rows
from gateway.cases.models import case_steps, cases
from gateway.peers.errors import PeerRefused, PeerSilent
from gateway.peers.models import peer_outbox
from ledger.core.case import Step
from ledger.core.ids import Digest, RecordId, record_id
from ledger.core.status import Flag
from tests.gateway.abroad.desk import (
    BANK,
    BEIJING,
    HEBEI,
    TIANJIN,
    acts,
    clerk,
    deliver,
    desk,
    filing,
    parts,
    record,
    sent,
)
from tests.gateway.cases.desk import pdf, send_all, wanted, word
from tests.gateway.peers.hands import make, post
from tests.gateway.peers.openings import opening
from tests.records.examples import AUTHORITY
from tests.support.peers import Member, Network


def step(about: bytes, act: str = "file-repair", **changes: Any) -> Step:
    values: dict[str, Any] = {
        "act": act,
        "authority": AUTHORITY,
        "case": os.urandom(32),
        "channel": "desk",
        "record": RecordId(about),
        "role": "unit-1:token-7",
        "day": "2026-11-01",
    }
    return Step(**values | changes)


def behind(before: Step, commitment: Digest, act: str, **changes: Any) -> Step:
    values: dict[str, Any] = {"act": act, "step": before.step + 1, "prev": commitment, "docs": ()}
    return replace(before, **values | changes)


def hand_over(network: Network, said: Step, by: str = BEIJING, to: str = TIANJIN) -> Digest:
    """Of a member that makes its statements by hand; raises what it is told."""
    made = opening(network, by, members=said.members())
    network[by].peers.send(to, made.encode())
    return made.statement.commitment


def refusal(network: Network, said: Step, by: str = BEIJING, to: str = TIANJIN) -> str:
    with pytest.raises(PeerRefused) as refused:
        hand_over(network, said, by, to)
    return refused.value.code


def count(member: Member, table: sa.Table, case: bytes) -> int:
    of = table.c.id if table is cases else table.c.case
    with member.node.ctx.engine.connect() as connection:
        query = sa.select(sa.func.count()).select_from(table).where(of == case)
        return int(connection.execute(query).scalar_one())


@pytest.mark.parametrize(
    ("by", "act", "code"),
    [
        (BEIJING, "file-objection", None),
        (HEBEI, "file-objection", "not-granted"),
        (HEBEI, "file-repair", None),
        (BANK, "file-repair", "not-granted"),
        (BANK, "file-objection", "not-granted"),
        (BEIJING, "grant", "cannot-follow"),
    ],
)
def test_who_may_file(network: Network, by: str, act: str, code: str | None) -> None:
    """An objection: the home province of the subject, which is Beijing. A repair: any province."""
    said = step(record(network), act, basis=4 if act == "grant" else None)
    if code is None:
        hand_over(network, said, by)
    else:
        assert refusal(network, said, by) == code
    assert count(network[TIANJIN], cases, said.case) == (code is None)


def test_a_record_that_is_not_ours(network: Network) -> None:
    about = record(network)
    assert refusal(network, step(about), to=HEBEI) == "not-the-owner"
    assert refusal(network, step(os.urandom(32))) == "not-the-owner"
    leaf = network[TIANJIN].leaf(about)
    assert refusal(network, step(leaf)) == "not-the-owner", "a leaf is no record id"


def test_the_same_twice(network: Network) -> None:
    owner = network[TIANJIN]
    said = step(record(network), "file-objection")
    made = opening(network, BEIJING, members=said.members()).encode()
    for _ in range(3):
        network[BEIJING].peers.send(TIANJIN, made)
    assert [count(owner, table, said.case) for table in (cases, case_steps, act_rows)] == [1, 1, 1]
    assert acts(owner, said.case, clerk(owner)) == ["file-objection"]


def test_out_of_order(network: Network) -> None:
    """The second step comes first: it is kept, and taken once the first is there."""
    owner, filer = network[TIANJIN], network[BEIJING]
    said = step(record(network))
    first = opening(network, BEIJING, members=said.members())
    then = behind(said, first.statement.commitment, "withdraw-filing")
    second = opening(network, BEIJING, members=then.members())
    with pytest.raises(PeerSilent) as early:
        filer.peers.send(TIANJIN, second.encode())
    assert early.value.code == "peer-busy"
    assert count(owner, cases, said.case) == 0
    filer.peers.send(TIANJIN, first.encode())
    filer.peers.send(TIANJIN, second.encode())
    assert acts(owner, said.case, clerk(owner)) == ["file-repair", "withdraw-filing"]


def test_what_came_early_is_handed_on_by_itself(network: Network) -> None:
    owner, filer = network[TIANJIN], network[BEIJING]
    said = step(record(network))
    first = opening(network, BEIJING, members=said.members())
    then = behind(said, first.statement.commitment, "withdraw-filing")
    second = opening(network, BEIJING, members=then.members())
    with pytest.raises(PeerSilent):
        filer.peers.send(TIANJIN, second.encode())
    filer.peers.send(TIANJIN, first.encode())
    owner.node.peers.messages.hand_on(threading.Event())
    assert acts(owner, said.case, clerk(owner)) == ["file-repair", "withdraw-filing"]


def test_steps_of_those_who_are_no_party(network: Network) -> None:
    owner = network[TIANJIN]
    said = step(record(network))
    first = hand_over(network, said)
    withdraw = behind(said, first, "withdraw-filing")
    assert refusal(network, withdraw, by=HEBEI) == "not-a-party"
    assert refusal(network, behind(said, first, "accept")) == "not-a-party", "the owner's to make"
    other = behind(said, first, "withdraw-filing", record=RecordId(record(network)))
    assert refusal(network, other) == "not-a-party", "of another record"
    assert acts(owner, said.case, clerk(owner)) == ["file-repair"]


def test_what_cannot_follow(network: Network) -> None:
    said = step(record(network))
    first = hand_over(network, said)
    assert refusal(network, behind(said, first, "supplement")) == "cannot-follow"
    second = hand_over(network, behind(said, first, "withdraw-filing"))
    closed = behind(said, second, "national-result", step=3)
    assert refusal(network, closed) == "case-closed"


@pytest.mark.parametrize("number", [3, 2**53 - 1])
def test_a_number_that_is_not_the_next_one(network: Network, number: int) -> None:
    """Behind the last step, and called another: the chain would be one that nobody can fold."""
    owner = network[TIANJIN]
    said = step(record(network))
    first = hand_over(network, said)
    odd = behind(said, first, "withdraw-filing", step=number)
    assert refusal(network, odd) == "cannot-follow"
    assert count(owner, case_steps, said.case) == 1
    hand_over(network, behind(said, first, "withdraw-filing"))
    assert acts(owner, said.case, clerk(owner)) == ["file-repair", "withdraw-filing"]


def test_a_filing_under_a_case_that_is_there(network: Network) -> None:
    """Nobody takes another's case over, nor puts a second filing in front of it."""
    owner = network[TIANJIN]
    said = step(record(network))
    hand_over(network, said)
    assert refusal(network, said, by=HEBEI) == "not-a-party"
    assert refusal(network, said) == "case-moved"
    assert count(owner, case_steps, said.case) == 1


def test_two_steps_with_one_prev_the_owners_counts(network: Network) -> None:
    """Who filed and the owner act at once: the owner's step stands on both sides, the filer's is
    shown as one that is to be filed anew, and is, behind it."""
    filer, owner = network[BEIJING], network[TIANJIN]
    at_desk, judge = desk(), clerk(owner)
    case = parts(filer).cases.file(at_desk, filing(record(network)))
    deliver(filer, TIANJIN)
    parts(filer).cases.step(at_desk, case, wanted("withdraw-filing", docs=()))
    assert parts(filer).views.show(at_desk, case)["state"] == "withdrawn"
    parts(owner).cases.step(judge, case, wanted("accept", docs=()))
    deliver(filer, TIANJIN)
    assert {one.code for one in sent(filer) if one.state == "set-aside"} == {"case-moved"}
    deliver(owner, BEIJING)
    shown = parts(filer).views.show(at_desk, case)
    assert shown["state"] == "accepted"
    assert [one["act"] for one in shown["steps"]] == ["file-repair", "accept"]
    assert [one["act"] for one in shown["displaced"]] == ["withdraw-filing"]
    parts(filer).cases.step(at_desk, case, wanted("withdraw-filing", docs=()))
    deliver(filer, TIANJIN)
    for member, caller in ((filer, at_desk), (owner, judge)):
        shown = parts(member).views.show(caller, case)
        assert [one["act"] for one in shown["steps"]] == [
            *("file-repair", "accept", "withdraw-filing")
        ]
        assert shown["state"] == "withdrawn"


def test_the_refusal_names_what_is_last_now(network: Network) -> None:
    owner = network[TIANJIN]
    said = step(record(network))
    first = hand_over(network, said)
    last = parts(owner).cases.step(clerk(owner), said.case, wanted("accept", docs=()))
    late = opening(network, BEIJING, members=behind(said, first, "withdraw-filing").members())
    body = late.encode()
    answer = post(owner, make(network, BEIJING, to=TIANJIN, route="message", body=body), body)
    assert (answer.status, answer.code, answer.json["last"]) == (409, "case-moved", last.hex())


def test_documents_stay_where_they_were_handed_in(network: Network) -> None:
    filer, owner = network[BEIJING], network[TIANJIN]
    at_desk, judge = desk(), clerk(owner)
    case = parts(filer).cases.file(at_desk, filing(record(network), docs=(pdf("申请书.pdf"),)))
    deliver(filer, TIANJIN)
    assert parts(filer).views.document(at_desk, case, 1, 0) == pdf().data
    with pytest.raises(CaseRefused) as refused:
        parts(owner).views.document(judge, case, 1, 0)
    assert refused.value.code == "not-found"


def test_a_step_that_was_logged_again(network: Network) -> None:
    """After a log change the same step has another commitment; `prev` names the first."""
    owner, filer = network[TIANJIN], network[BEIJING]
    said = step(record(network))
    first = opening(network, BEIJING, members=said.members()).statement
    replaces = record_id(first.log, first.commitment)
    filer.peers.send(
        TIANJIN,
        opening(network, BEIJING, salt=first.salt, at=first.at, members=said.members()).encode(),
    )
    again = opening(network, BEIJING, members=said.members(), replaces=replaces)
    assert again.statement.commitment != first.commitment
    filer.peers.send(TIANJIN, again.encode())
    assert acts(owner, said.case, clerk(owner)) == ["file-repair"]
    hand_over(network, behind(said, first.commitment, "withdraw-filing"))
    assert acts(owner, said.case, clerk(owner)) == ["file-repair", "withdraw-filing"]
    other = replace(said, note="别的")
    changed = opening(network, BEIJING, members=other.members(), replaces=replaces)
    with pytest.raises(PeerRefused) as refused:
        filer.peers.send(TIANJIN, changed.encode())
    assert refused.value.code == "case-moved", "what it says was changed"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", None])
def test_a_mark_takes_effect_on_the_day_of_receipt(network: Network, day: str | None) -> None:
    """Whatever day the other member wrote: it must not make an act that nobody can sign."""
    owner = network[TIANJIN]
    about = record(network)
    said = step(about, "file-objection", day=day, received=day)
    first = hand_over(network, said)
    send_all(owner.node, owner.anvil)
    found = word(owner.node, about)
    assert found.flags == Flag.DISPUTED
    assert found.effective_at == midnight(owner.node.ctx.clock.today())
    stage = parts(owner).views.show(clerk(owner), said.case)["stage"]
    assert stage["name"] == "objection-answer"
    assert not stage["overdue"]
    hand_over(network, behind(said, first, "withdraw-filing", day=day))
    send_all(owner.node, owner.anvil)
    assert word(owner.node, about).flags == 0


def test_so_many_of_one_filer_mark_by_themselves(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one more the record is marked when it is accepted; those of the owner's desk do not count
    with them."""
    owner, judge = network[TIANJIN], clerk(network[TIANJIN])
    with owner.node.ctx.engine.connect() as connection:
        open_now = store.open_objections(connection, filer=BEIJING, owner=TIANJIN)
    monkeypatch.setattr(marking, "MAX_MARKING", open_now + 1)
    first, more = (step(record(network), "file-objection") for _ in range(2))
    for said in (first, more):
        hand_over(network, said)
    assert [count(owner, act_rows, said.case) for said in (first, more)] == [1, 0]
    parts(owner).cases.step(judge, more.case, wanted("accept", docs=()))
    assert count(owner, act_rows, more.case) == 1
    own = parts(owner).cases.file(judge, filing(record(network), "objection"))
    assert count(owner, act_rows, own) == 1


@pytest.fixture(autouse=True)
def nothing_waits(network: Network) -> None:
    for member in network.members.values():
        with member.node.ctx.engine.begin() as connection:
            connection.execute(sa.delete(peer_outbox))
