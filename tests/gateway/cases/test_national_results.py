"""Results of the national platform: noted in a case, and of records that nobody filed for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.cases.deciding import demand_minimum
from gateway.cases.errors import CaseRefused
from gateway.cases.looking import look
from gateway.node import Node
from ledger.core.case_chain import fold
from ledger.core.errors import InputError
from ledger.core.opening import parse_opening
from ledger.core.status import Outcome
from ledger.records.rules import newest
from tests.gateway.cases.desk import (
    filing,
    of_authority,
    send_all,
    take_in,
    wanted,
    word,
)
from tests.support.anvil import Anvil

RECENT = (datetime.now(UTC) - timedelta(days=40)).date().isoformat()
"""Of a decision whose minimum has not passed."""
NUMBER = "XYXF20261130007"


@pytest.fixture(scope="module")
def leaves(node: Node, anvil: Anvil) -> Iterator[bytes]:
    return iter(take_in(node, anvil, *range(700, 710), decided=RECENT))


def test_one_that_nobody_filed_for(node: Node, anvil: Anvil, leaves: Iterator[bytes]) -> None:
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)
    leaf = next(leaves)
    parts.decisions.propose_own(clerk, leaf, wanted("grant", basis=4, national_no=NUMBER))
    done = parts.decisions.release_own(chief, leaf)
    send_all(node, anvil)
    told = parts.views.done(done)
    case = bytes.fromhex(str(told["case"]))
    opening = parse_opening(parts.views.step(clerk, case, 1))
    step = opening.statement.step()
    assert (step.act, step.basis, step.national_no) == ("grant", 4, NUMBER)
    assert (step.channel, step.class_) == ("national", "severe"), "the class is the record's"
    assert fold([opening.statement], owner="110000").kind == "own"
    assert word(node, step.record).outcome is Outcome.REPAIRED


@pytest.mark.parametrize("basis", [2, 10, None])
def test_only_by_a_national_result(node: Node, leaves: Iterator[bytes], basis: int | None) -> None:
    decision = wanted("grant", basis=basis, class_="general", national_no=NUMBER)
    with pytest.raises(InputError) as refused:
        node.case_parts.decisions.propose_own(of_authority(node, 1), next(leaves), decision)
    assert refused.value.field == "basis"


def test_where_a_repair_is_open_it_is_decided_there(node: Node, leaves: Iterator[bytes]) -> None:
    leaf, clerk = next(leaves), of_authority(node, 1)
    case = node.case_parts.cases.file(clerk, filing(leaf))
    with pytest.raises(CaseRefused) as refused:
        node.case_parts.decisions.propose_own(
            clerk, leaf, wanted("grant", basis=4, national_no=NUMBER)
        )
    assert (refused.value.code, refused.value.extra) == ("cannot-follow", {"case": case.hex()})


def test_noted_by_the_filer_and_recorded(node: Node, anvil: Anvil, leaves: Iterator[bytes]) -> None:
    """Its number need not be said again, and its clock begins on the day it was handed over."""
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)
    case = parts.cases.file(clerk, filing(next(leaves)))
    handed = wanted("national-result", national_no=NUMBER, day=RECENT)
    parts.cases.step(clerk, case, handed)
    assert parts.cases.step(clerk, case, handed), "said again it is the same step"
    stage = parts.views.show(clerk, case)["stage"]
    assert (stage["name"], stage["overdue"]) == ("national-result", True)
    parts.cases.step(clerk, case, wanted("accept", docs=()))
    assert parts.views.show(clerk, case)["stage"] == stage
    parts.decisions.propose(clerk, case, wanted("grant", basis=4, class_="general"))
    parts.decisions.release(chief, case)
    send_all(node, anvil)
    told = parts.views.show(clerk, case)
    assert (told["state"], told["status"]["outcome"]) == ("granted", "repaired")
    assert told["stage"]["name"] is None
    assert len(told["steps"]) == 4
    last = parse_opening(parts.views.step(clerk, case, 4)).statement.step()
    assert last.national_no == NUMBER


def test_without_its_content_no_minimum_is_known(node: Node, leaves: Iterator[bytes]) -> None:
    """Erased, or of a type whose file is not here: that is no reason to grant at once."""
    with node.ctx.engine.connect() as connection:
        held = look(connection, node.vault, next(leaves))
    grant, today = wanted("grant", basis=2, class_="minor"), datetime.now(UTC).date()
    for missing in (replace(held, content=None), replace(held, schema=None)):
        with pytest.raises(CaseRefused) as refused:
            demand_minimum(grant, missing, newest(), {}, today)
        assert refused.value.code == "deadline-unknown"
        demand_minimum(replace(grant, basis=4), missing, newest(), {}, today)
    assert held.content is not None
    unstated = replace(held, content=replace(held.content, class_=None))
    demand_minimum(grant, unstated, newest(), {}, today)
