"""What is refused, each beside the like of it that is taken."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.base.policy import NotAllowed
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Wanted
from gateway.cases.marking import MAX_MARKING
from gateway.node import Node
from ledger.core.errors import InputError
from ledger.core.status import Flag
from tests.gateway.cases.desk import (
    DECIDED,
    OTHER_AUTHORITY,
    centre,
    filing,
    grant,
    of_authority,
    pdf,
    send_all,
    take_in,
    wanted,
    word,
)
from tests.gateway.intake.material import row
from tests.support.anvil import Anvil
from tests.support.callers import CENTRE


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[CaseRefused]]:
    with pytest.raises(CaseRefused) as caught:
        yield caught
    assert caught.value.code == code


@pytest.fixture(scope="module")
def leaves(node: Node, anvil: Anvil) -> Iterator[bytes]:
    return iter(take_in(node, anvil, *range(30)))


def accepted(node: Node, leaf: bytes, kind: str = "repair") -> bytes:
    clerk = of_authority(node, 1)
    case = node.case_parts.cases.file(clerk, filing(leaf, kind))
    node.case_parts.cases.step(clerk, case, wanted("accept", docs=()))
    return case


def test_only_our_own_records(node: Node, leaves: Iterator[bytes]) -> None:
    leaf, clerk = next(leaves), of_authority(node, 1)
    with refused("not-the-owner"):
        node.case_parts.cases.file(clerk, filing(leaf, owner="120000"))
    with refused("record-unknown"):
        node.case_parts.cases.file(clerk, filing(bytes(32)))
    assert node.case_parts.cases.file(clerk, filing(leaf, owner="110000"))


def test_only_anchored_records(node: Node, anvil: Anvil) -> None:
    rows = [replace(row(90, CF_JDRQ=DECIDED), class_="severe")]
    answer = node.intake.submit_set(caller=CENTRE, rows=rows)
    leaf = bytes.fromhex(str(answer.rows[0].leaf))
    with refused("not-anchored"):
        node.case_parts.cases.file(of_authority(node, 1), filing(leaf))
    take_in(node, anvil, 91)
    assert node.case_parts.cases.file(of_authority(node, 1), filing(leaf))


def test_who_proposed_does_not_release(node: Node, leaves: Iterator[bytes]) -> None:
    case, decisions = accepted(node, next(leaves)), node.case_parts.decisions
    with refused("nothing-proposed"):
        decisions.release(of_authority(node, 2), case)
    decisions.propose(of_authority(node, 1), case, grant())
    with refused("same-person"):
        decisions.release(of_authority(node, 1), case)
    assert decisions.release(of_authority(node, 2), case)


def test_only_the_determining_authority(node: Node, leaves: Iterator[bytes]) -> None:
    case, decisions = accepted(node, next(leaves)), node.case_parts.decisions
    other = of_authority(node, 3, OTHER_AUTHORITY)
    with pytest.raises(NotAllowed) as caught:
        decisions.propose(other, case, grant())
    assert caught.value.code == "authority-not-yours"
    with pytest.raises(NotAllowed):
        node.case_parts.cases.step(other, case, wanted("ask-supplement"))
    with refused("document-required"):
        decisions.propose(centre(4), case, grant(docs=()))
    assert decisions.propose(centre(4), case, grant()), "on the written result"
    assert decisions.propose(of_authority(node, 1), case, grant(docs=())), "the authority itself"


@pytest.mark.parametrize("scope", ["decide", "release"])
def test_scopes(node: Node, leaves: Iterator[bytes], scope: str) -> None:
    case, decisions = accepted(node, next(leaves)), node.case_parts.decisions
    clerk = of_authority(node, 1)
    without = replace(clerk, id=8, scopes=clerk.scopes - {scope})
    with pytest.raises(NotAllowed) as caught:
        if scope == "decide":
            decisions.propose(without, case, grant())
        else:
            decisions.propose(clerk, case, grant())
            decisions.release(without, case)
    assert (caught.value.code, caught.value.scope) == ("scope-missing", scope)


def test_a_grant_states_the_class_and_waits(node: Node, anvil: Anvil) -> None:
    decided = datetime.now(UTC).date() - timedelta(days=200)
    (leaf,) = take_in(node, anvil, 40, decided=decided.isoformat())
    case, decisions = accepted(node, leaf), node.case_parts.decisions
    clerk = of_authority(node, 1)
    with refused("class-required"):
        decisions.propose(clerk, case, wanted("grant", basis=2))
    with refused("minimum-not-reached") as caught:
        decisions.propose(clerk, case, wanted("grant", basis=2, class_="severe"))
    told = caught.value.extra
    assert date.fromisoformat(told["possibleFrom"]) == decided.replace(year=decided.year + 1)
    assert told["notBefore"] <= told["possibleFrom"]
    assert caught.value.detail
    assert told["possibleFrom"] in caught.value.detail["zh"]
    # The national result prevails over what we reckon, where its number tells which it is.
    with pytest.raises(InputError) as without:
        decisions.propose(clerk, case, wanted("grant", basis=4, class_="severe"))
    assert (without.value.field, without.value.code) == ("nationalNo", "required")
    result = wanted("grant", basis=4, class_="severe", national_no="XYXF20261130001")
    assert decisions.propose(clerk, case, result)


def test_a_grant_states_no_milder_class_than_the_record(
    node: Node, anvil: Anvil, leaves: Iterator[bytes]
) -> None:
    """Or two clerks end after three months what the law publishes for a year."""
    case, decisions = accepted(node, next(leaves)), node.case_parts.decisions
    clerk = of_authority(node, 1)
    for milder in ("minor", "general"):
        with refused("class-milder") as caught:
            decisions.propose(clerk, case, wanted("grant", basis=2, class_=milder))
        assert caught.value.extra == {"class": "severe"}
    result = wanted("grant", basis=4, class_="general", national_no="XYXF20261130002")
    assert decisions.propose(clerk, case, result), "the national result prevails"


def test_already_so_and_stale(node: Node, anvil: Anvil, leaves: Iterator[bytes]) -> None:
    leaf, decisions = next(leaves), node.case_parts.decisions
    clerk, chief = of_authority(node, 1), of_authority(node, 2)
    with refused("stale-version"):
        decisions.propose_own(clerk, leaf, wanted("end", basis=11, version=1))
    decisions.propose_own(clerk, leaf, wanted("end", basis=11, version=0))
    decisions.release_own(chief, leaf)
    send_all(node, anvil)
    with refused("already-so"):
        decisions.propose_own(clerk, leaf, wanted("end", basis=11))
    assert decisions.propose_own(clerk, leaf, wanted("withdraw", basis=10))


def test_a_closed_case_takes_no_step(node: Node, leaves: Iterator[bytes]) -> None:
    clerk, cases = of_authority(node, 1), node.case_parts.cases
    case = cases.file(clerk, filing(next(leaves)))
    with refused("cannot-follow"):
        cases.step(clerk, case, wanted("supplement"))
    cases.step(clerk, case, wanted("ask-supplement", note="缺凭证"))
    with refused("document-required"):
        cases.step(clerk, case, wanted("supplement", docs=()))
    cases.step(clerk, case, wanted("supplement", docs=(), note="没有别的凭证"))
    cases.step(clerk, case, wanted("ask-supplement", note="缺凭证"))
    cases.step(clerk, case, wanted("supplement"))
    cases.step(clerk, case, wanted("withdraw-filing", docs=()))
    with refused("case-closed"):
        cases.step(clerk, case, wanted("accept"))
    with refused("case-closed"):
        node.case_parts.decisions.propose(clerk, case, grant())


@pytest.mark.parametrize(
    ("decision", "field"),
    [
        (wanted("shield", basis=8), "basis"),
        (wanted("end"), "basis"),
        (wanted("end", basis=13), "basis"),
        (wanted("correct", basis=8), "toRecord"),
        (wanted("withdraw", basis=8, to_record=bytes(32)), "toRecord"),
    ],
)
def test_grounds(
    node: Node, leaves: Iterator[bytes], shared: bytes, decision: Wanted, field: str
) -> None:
    with pytest.raises(InputError) as caught:
        node.case_parts.decisions.propose_own(of_authority(node, 1), shared, decision)
    assert caught.value.field == field


def test_the_same_at_once_is_one(node: Node, leaves: Iterator[bytes]) -> None:
    """Four who send the same filing, and release the same decision, at the same moment."""
    clerk, chief, parts = of_authority(node, 1), of_authority(node, 2), node.case_parts
    leaf = next(leaves)
    with ThreadPoolExecutor(4) as pool:
        filed = set(pool.map(lambda _: parts.cases.file(clerk, filing(leaf)), range(4)))
        (case,) = filed
        parts.cases.step(clerk, case, wanted("accept", docs=()))
        proposed = set(pool.map(lambda _: parts.decisions.propose(clerk, case, grant()), range(4)))
        released = set(pool.map(lambda _: parts.decisions.release(chief, case), range(4)))
    assert (len(proposed), len(released)) == (1, 1)
    told = parts.views.show(clerk, case)
    assert (len(told["steps"]), len(told["acts"])) == (3, 1)


def test_released_while_somebody_else_does(
    node: Node, leaves: Iterator[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The act of the first then stands in the way of the second, whose release it was as well."""
    clerk, chief, parts = of_authority(node, 1), of_authority(node, 2), node.case_parts
    case = parts.cases.file(clerk, filing(next(leaves)))
    parts.cases.step(clerk, case, wanted("accept", docs=()))
    parts.decisions.propose(clerk, case, grant())
    first: list[bytes] = []
    judging = parts.decisions._judging
    lawful = judging.lawful

    def meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(judging, "lawful", lawful)
        first.append(parts.decisions.release(chief, case))
        return lawful(*args)

    monkeypatch.setattr(judging, "lawful", meanwhile)
    assert [parts.decisions.release(chief, case)] == first
    assert len(parts.views.show(clerk, case)["acts"]) == 1


@pytest.fixture(scope="module")
def shared(leaves: Iterator[bytes]) -> bytes:
    return next(leaves)


def test_no_record_corrects_itself(node: Node, shared: bytes) -> None:
    with refused("record-unknown"):
        decision = wanted("correct", basis=8, to_record=shared)
        node.case_parts.decisions.propose_own(of_authority(node, 1), shared, decision)


def test_days_that_have_not_come(node: Node, shared: bytes) -> None:
    tomorrow = (node.ctx.clock.today() + timedelta(days=1)).isoformat()
    with pytest.raises(InputError):
        node.case_parts.cases.file(of_authority(node, 1), filing(shared, received=tomorrow))


def test_an_objection_is_declined_by_two(node: Node, anvil: Anvil, leaves: Iterator[bytes]) -> None:
    clerk, chief, parts = of_authority(node, 1), of_authority(node, 2), node.case_parts
    case = parts.cases.file(clerk, filing(next(leaves), "objection"))
    send_all(node, anvil)
    with refused("cannot-follow"):
        parts.cases.step(clerk, case, wanted("decline"))
    parts.decisions.propose(clerk, case, wanted("decline"))
    parts.decisions.release(chief, case)
    send_all(node, anvil)
    told = parts.views.show(clerk, case)
    assert told["state"] == "declined"
    assert told["status"]["flags"] == []


def test_a_lost_objection_marks_again_only_with_something_new(
    node: Node, anvil: Anvil, leaves: Iterator[bytes]
) -> None:
    clerk, chief, parts = of_authority(node, 1), of_authority(node, 2), node.case_parts
    leaf = next(leaves)

    def object_with(data: bytes) -> bool:
        """Whether it marked; dismissed behind it."""
        filed = filing(leaf, "objection", reason=repr(data), docs=(pdf(data=data),))
        case = parts.cases.file(clerk, filed)
        send_all(node, anvil)
        told = parts.views.show(clerk, case)
        parts.decisions.propose(clerk, case, wanted("dismiss", note=repr(data)))
        parts.decisions.release(chief, case)
        send_all(node, anvil)
        return "disputed" in told["status"]["flags"]

    assert object_with(b"%PDF-1")
    first = filing(leaf, "objection", reason="again", docs=(pdf(data=b"%PDF-1"),))
    again = parts.cases.file(clerk, first)
    assert parts.views.show(clerk, again)["acts"] == [], "nothing new in it"
    parts.cases.step(clerk, again, wanted("withdraw-filing", docs=()))
    assert object_with(b"%PDF-2")
    assert object_with(b"%PDF-3") is False, "once in 90 days"


def test_too_many_open_objections_wait_for_acceptance(
    node: Node, anvil: Anvil, leaves: Iterator[bytes]
) -> None:
    clerk, parts, leaf = of_authority(node, 1), node.case_parts, next(leaves)
    for n in range(MAX_MARKING):
        parts.cases.file(clerk, filing(leaf, "objection", reason=str(n)))
    other = next(leaves)
    case = parts.cases.file(clerk, filing(other, "objection"))
    send_all(node, anvil)
    record = bytes.fromhex(parts.views.show(clerk, case)["record"])
    assert word(node, record).version == 0
    parts.cases.step(clerk, case, wanted("accept", docs=()))
    send_all(node, anvil)
    assert word(node, record).flags == Flag.DISPUTED
