"""What a hostile reader found in the code (review 0006), mended."""

from datetime import date

import pytest

from gateway.cases import stepping
from gateway.cases.errors import CaseRefused
from gateway.cases.stages import UNKNOWN, stage_now
from gateway.http.problems import Problem
from gateway.node import Node
from ledger.core.errors import InputError
from ledger.records.calendar import Calendar
from ledger.records.rules import newest
from tests.gateway.cases.desk import (
    PDF,
    centre,
    filing,
    grant,
    of_authority,
    pdf,
    take_in,
    wanted,
)
from tests.support.anvil import Anvil


def code_of(refused: pytest.ExceptionInfo[CaseRefused]) -> str:
    return refused.value.code


def test_nobody_releases_what_was_proposed_after_he_looked(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 300)
    decisions, clerk = node.case_parts.decisions, of_authority(node, 1)
    case = node.case_parts.cases.file(clerk, filing(leaf))
    node.case_parts.cases.step(clerk, case, wanted("accept", docs=()))
    seen = decisions.propose(clerk, case, wanted("refuse"))
    other = decisions.propose(clerk, case, grant())
    assert other != seen
    with pytest.raises(CaseRefused) as refused:
        decisions.release(of_authority(node, 2), case, seen)
    assert code_of(refused) == "case-moved"
    assert decisions.release(of_authority(node, 2), case, other)
    assert decisions.release(of_authority(node, 2), case, seen), "released already: the same step"


@pytest.mark.parametrize("act", ["withdraw-filing", "supplement"])
def test_steps_of_the_filer_are_the_filers(node: Node, anvil: Anvil, act: str) -> None:
    """An objection of the centre's desk: the authority of the record takes no mark away."""
    (leaf,) = take_in(node, anvil, 301 + len(act))
    desk, clerk = centre(7), of_authority(node, 1)
    case = node.case_parts.cases.file(desk, filing(leaf, "objection"))
    if act == "supplement":
        node.case_parts.cases.step(clerk, case, wanted("ask-supplement", docs=()))
    with pytest.raises(CaseRefused) as refused:
        node.case_parts.cases.step(clerk, case, wanted(act, docs=()))
    assert code_of(refused) == "cannot-follow"
    assert node.case_parts.cases.step(desk, case, wanted(act, docs=(), note="如所附"))


@pytest.mark.parametrize("day", ["1969-12-31", "1979-12-31", "0001-01-01"])
@pytest.mark.parametrize("field", ["day", "pushed"])
def test_days_that_no_chain_has(node: Node, anvil: Anvil, day: str, field: str) -> None:
    (leaf,) = take_in(node, anvil, 330 + sum(map(ord, day + field)))
    clerk = of_authority(node, 1)
    case = node.case_parts.cases.file(clerk, filing(leaf))
    with pytest.raises(InputError) as caught:
        node.case_parts.cases.step(clerk, case, wanted("accept", docs=(), **{field: day}))
    assert (caught.value.field, caught.value.code) == ("day", "date-invalid")
    assert node.case_parts.cases.step(clerk, case, wanted("accept", docs=()))


def test_a_day_to_come_is_not_one_on_which_anything_was_handed_on(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 320)
    clerk = of_authority(node, 1)
    case = node.case_parts.cases.file(clerk, filing(leaf))
    for day in ("9999-12-31", "2099-01-01"):
        with pytest.raises(InputError):
            node.case_parts.cases.step(clerk, case, wanted("accept", docs=(), pushed=day))


@pytest.mark.parametrize("name", ["repair-accept", "objection-answer"])
def test_a_stage_at_the_end_of_all_calendars_is_unknown(name: str) -> None:
    found = stage_now(
        newest(),
        Calendar(),
        name=name,  # type: ignore[arg-type]
        since=date.max,
        authority_kind=None,
        region="110000",
        today=date(2026, 11, 29),
    )
    assert (found.deadline, found.overdue) == (UNKNOWN, False)


def test_an_objection_that_never_marked_keeps_no_mark(node: Node, anvil: Anvil) -> None:
    """One without a new document marks nothing by itself; while it is open, the mark of another
    goes with that one."""
    (leaf,) = take_in(node, anvil, 321)
    clerk, parts = of_authority(node, 1), node.case_parts

    def dismissed(case: bytes) -> list[str]:
        parts.cases.step(clerk, case, wanted("accept", docs=()))
        parts.decisions.propose(clerk, case, wanted("dismiss"))
        parts.decisions.release(of_authority(node, 2), case)
        return [act["action"] for act in parts.views.show(clerk, case)["acts"]]

    first = parts.cases.file(clerk, filing(leaf, "objection"))
    assert dismissed(first) == ["dispute", "settle"]
    silent = parts.cases.file(clerk, filing(leaf, "objection", reason="再次提出"))
    assert parts.views.show(clerk, silent)["acts"] == []
    third = parts.cases.file(
        clerk, filing(leaf, "objection", reason="有新证据", docs=(pdf("新证据.pdf", PDF + b"new"),))
    )
    assert dismissed(third) == ["dispute", "settle"]


@pytest.mark.parametrize("end", ["withdraw-filing", "decline"])
def test_filing_in_a_loop_marks_once(node: Node, anvil: Anvil, end: str) -> None:
    """One that was taken back, or declined, counts as lost: another marks only with a new document,
    and once in ninety days."""
    (leaf,) = take_in(node, anvil, 340 + len(end))
    clerk, parts = of_authority(node, 1), node.case_parts

    def marked(number: int, data: bytes = PDF) -> bool:
        said = filing(leaf, "objection", reason=f"第{number}次", docs=(pdf(data=data),))
        case = parts.cases.file(clerk, said)
        acts = [act["action"] for act in parts.views.show(clerk, case)["acts"]]
        if end == "decline":
            parts.decisions.propose(clerk, case, wanted(end))
            parts.decisions.release(of_authority(node, 2), case)
        else:
            parts.cases.step(clerk, case, wanted(end, docs=()))
        return acts == ["dispute"]

    fresh = [PDF + bytes([n]) for n in range(3)]
    assert marked(1)
    assert not marked(2), "the same document"
    assert [marked(3 + n, data) for n, data in enumerate(fresh)] == [True, False, False]


def test_asking_for_more_sets_no_objection_s_clock_anew(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 360)
    clerk, parts = of_authority(node, 1), node.case_parts
    case = parts.cases.file(clerk, filing(leaf, "objection", received="2026-01-05"))
    before = parts.views.show(clerk, case)["stage"]
    parts.cases.step(clerk, case, wanted("ask-supplement", docs=()))
    assert parts.views.show(clerk, case)["stage"] == before, "nor does it stop it"
    parts.cases.step(clerk, case, wanted("supplement", docs=(), note="如所附"))
    assert parts.views.show(clerk, case)["stage"] == before
    parts.cases.step(clerk, case, wanted("accept", docs=()))
    assert parts.views.show(clerk, case)["stage"] == before


def test_so_many_filings_of_a_token_a_day(
    node: Node, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    (leaf,) = take_in(node, anvil, 361)
    many, other = of_authority(node, 4711), of_authority(node, 4712)
    monkeypatch.setattr(stepping, "FILINGS_A_DAY", 2)
    said = [filing(leaf, reason=f"第{n}次") for n in range(3)]
    first = [node.case_parts.cases.file(many, one) for one in said[:2]]
    with pytest.raises(Problem) as refused:
        node.case_parts.cases.file(many, said[2])
    assert (refused.value.code, refused.value.status) == ("too-many-requests", 429)
    assert [node.case_parts.cases.file(many, one) for one in said[:2]] == first, "known"
    node.case_parts.cases.step(many, first[0], wanted("withdraw-filing", docs=()))
    assert node.case_parts.cases.file(other, said[2]), "another's"


def test_a_national_result_of_the_filer_moves_no_clock(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 362)
    clerk, parts = of_authority(node, 1), node.case_parts
    case = parts.cases.file(clerk, filing(leaf))
    parts.cases.step(clerk, case, wanted("accept", docs=(), day="2026-01-05"))
    before = parts.views.show(clerk, case)["stage"]
    parts.cases.step(clerk, case, wanted("national-result", docs=(), national_no="N-1"))
    assert parts.views.show(clerk, case)["stage"] == before
