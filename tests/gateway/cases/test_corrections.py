"""What may stand for a record that is corrected (review 0006, C8), and that a correction which the
chain refuses blocks nothing for good."""

from collections.abc import Iterator

import pytest

from gateway.cases import store
from gateway.cases.errors import CaseRefused
from gateway.node import Node
from ledger.core.status import Flag, Outcome
from tests.gateway.anchoring.whole import settle
from tests.gateway.cases.desk import (
    DECIDED,
    filing,
    of_authority,
    send_all,
    take_in,
    wanted,
    word,
)
from tests.gateway.intake.material import OTHER_SUBJECT, row
from tests.support.anvil import Anvil
from tests.support.callers import CENTRE


@pytest.fixture(scope="module")
def leaves(node: Node, anvil: Anvil) -> Iterator[bytes]:
    return iter(take_in(node, anvil, *range(500, 530)))


def record_of(node: Node, leaf: bytes) -> bytes:
    return bytes.fromhex(node.case_parts.views.of_record(of_authority(node, 9), leaf)["record"])


def refused_as(node: Node, leaf: bytes, other: bytes) -> str:
    """The code with which a correction is refused; "" where it is proposed."""
    decision = wanted("correct", basis=8, to_record=other)
    try:
        node.case_parts.decisions.propose_own(of_authority(node, 1), leaf, decision)
    except CaseRefused as error:
        return error.code
    return ""


def decide(node: Node, leaf: bytes, act: str, **more: object) -> None:
    decisions = node.case_parts.decisions
    decisions.propose_own(of_authority(node, 1), leaf, wanted(act, **more))  # type: ignore[arg-type]
    decisions.release_own(of_authority(node, 2), leaf)


def other_firm(node: Node, anvil: Anvil) -> bytes:
    settle(node, anvil)
    firm = {"CF_XDR_SHXYM": OTHER_SUBJECT, "CF_XDR_MC": "样例另一有限公司"}
    rows = [row(540, None, **firm, CF_JDRQ=DECIDED)]
    answer = node.intake.submit_set(caller=CENTRE, rows=rows)
    assert [found.verdict for found in answer.rows] == ["accepted"], answer.rows
    node.logs.step()
    settle(node, anvil)
    return bytes.fromhex(str(answer.rows[0].leaf))


def test_the_record_of_another_firm_corrects_nothing(
    node: Node, anvil: Anvil, leaves: Iterator[bytes]
) -> None:
    assert refused_as(node, next(leaves), other_firm(node, anvil)) == "correction-unfit"


@pytest.mark.parametrize(("act", "basis"), [("withdraw", 8), ("erase", 12)])
def test_what_does_not_stand_corrects_nothing(
    node: Node, anvil: Anvil, leaves: Iterator[bytes], act: str, basis: int
) -> None:
    """Neither once it is on the chain, nor while it is on its way there."""
    leaf, other = next(leaves), next(leaves)
    decide(node, other, act, basis=basis)
    assert refused_as(node, leaf, other) == "correction-unfit", "on its way"
    send_all(node, anvil)
    assert refused_as(node, leaf, other) == "correction-unfit"


def test_no_circle_of_corrections(node: Node, anvil: Anvil, leaves: Iterator[bytes]) -> None:
    first, second, third = next(leaves), next(leaves), next(leaves)
    decide(node, first, "correct", basis=8, to_record=second)
    assert refused_as(node, second, first) == "correction-unfit", "on its way"
    send_all(node, anvil)
    decide(node, second, "correct", basis=8, to_record=third)
    send_all(node, anvil)
    assert refused_as(node, third, first) == "correction-unfit"


def test_what_stands_for_another_is_not_taken_away_meanwhile(
    node: Node, anvil: Anvil, leaves: Iterator[bytes]
) -> None:
    leaf, other = next(leaves), next(leaves)
    decisions = node.case_parts.decisions
    decisions.propose_own(of_authority(node, 1), other, wanted("withdraw", basis=8))
    decide(node, leaf, "correct", basis=8, to_record=other)
    with pytest.raises(CaseRefused) as refused:
        decisions.release_own(of_authority(node, 2), other)
    assert refused.value.code == "case-moved"
    send_all(node, anvil)
    assert word(node, record_of(node, leaf)).outcome is Outcome.CORRECTED
    assert decisions.release_own(of_authority(node, 2), other)
    send_all(node, anvil)


def test_looked_at_again_at_the_release(node: Node, anvil: Anvil, leaves: Iterator[bytes]) -> None:
    leaf, other = next(leaves), next(leaves)
    decisions = node.case_parts.decisions
    assert refused_as(node, leaf, other) == ""
    decide(node, other, "withdraw", basis=8)
    send_all(node, anvil)
    with pytest.raises(CaseRefused) as refused:
        decisions.release_own(of_authority(node, 2), leaf)
    assert refused.value.code == "correction-unfit"


def objection(node: Node, anvil: Anvil, leaf: bytes) -> bytes:
    case = node.case_parts.cases.file(of_authority(node, 1), filing(leaf, "objection"))
    send_all(node, anvil)
    return case


def test_two_decisions_on_one_record_at_once(
    node: Node, anvil: Anvil, leaves: Iterator[bytes]
) -> None:
    """The second one is judged by what the first will have done: it would be refused by the chain,
    and an objection be left with its mark."""
    leaf, parts, chief = next(leaves), node.case_parts, of_authority(node, 2)
    case = objection(node, anvil, leaf)
    decision = wanted("uphold", basis=7, withdraw=True)
    parts.decisions.propose(of_authority(node, 1), case, decision)
    decide(node, leaf, "withdraw", basis=8)
    with pytest.raises(CaseRefused) as refused:
        parts.decisions.release(chief, case)
    assert refused.value.code == "already-so"
    send_all(node, anvil)
    decide(node, leaf, "rescind", basis=8)
    send_all(node, anvil)
    assert parts.decisions.release(chief, case), "behind that it may"
    send_all(node, anvil)
    told = parts.views.show(chief, case)
    assert (told["status"]["outcome"], told["status"]["flags"]) == ("withdrawn", [])


def test_upheld_by_a_correction_and_settled_behind_it(
    node: Node, anvil: Anvil, leaves: Iterator[bytes]
) -> None:
    leaf, other, parts = next(leaves), next(leaves), node.case_parts
    case = objection(node, anvil, leaf)
    decision = wanted("uphold", basis=7, to_record=other)
    parts.decisions.propose(of_authority(node, 1), case, decision)
    parts.decisions.release(of_authority(node, 2), case)
    send_all(node, anvil)
    told = parts.views.show(of_authority(node, 1), case)
    assert [(act["action"], act["state"]) for act in told["acts"]] == [
        ("dispute", "recorded"),
        ("correct", "recorded"),
        ("settle", "recorded"),
    ]
    corrected, settled = told["acts"][1:]
    assert corrected["block"] < settled["block"]
    assert told["status"]["outcome"] == "corrected"
    assert told["status"]["flags"] == []


def test_what_the_chain_refused_is_decided_again(
    node: Node, anvil: Anvil, leaves: Iterator[bytes]
) -> None:
    """The objection is upheld and its correction came too late: the mark stays until the record is
    put right, and goes then, though no case is open any more."""
    leaf, other, parts = next(leaves), next(leaves), node.case_parts
    case = objection(node, anvil, leaf)
    decision = wanted("uphold", basis=7, to_record=other)
    parts.decisions.propose(of_authority(node, 1), case, decision)
    parts.decisions.release(of_authority(node, 2), case)
    with node.ctx.engine.begin() as connection:
        (number,) = (act.id for act in store.acts_of(connection, case) if any(act.other_log))
        store.change_act(connection, number, state="refused", code="AnyReason")
    send_all(node, anvil)
    told = parts.views.show(of_authority(node, 1), case)
    assert [act["state"] for act in told["acts"]] == ["recorded", "refused", "refused"]
    assert told["status"]["flags"] == ["disputed"]
    decide(node, leaf, "withdraw", basis=7)
    send_all(node, anvil)
    found = word(node, record_of(node, leaf))
    assert (found.outcome, found.flags) == (Outcome.WITHDRAWN, Flag(0))


def test_an_objection_that_is_open_keeps_its_mark_whatever_the_owner_decides(
    node: Node, anvil: Anvil, leaves: Iterator[bytes]
) -> None:
    leaf = next(leaves)
    objection(node, anvil, leaf)
    decide(node, leaf, "withdraw", basis=8)
    send_all(node, anvil)
    found = word(node, record_of(node, leaf))
    assert (found.outcome, found.flags) == (Outcome.WITHDRAWN, Flag.DISPUTED)
