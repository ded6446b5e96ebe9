"""Which cases are told to whom: one's own, what waits, what lasts too long."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.base.policy import Caller
from gateway.cases import listing, store
from gateway.cases.figures import CaseFigures
from gateway.node import Node
from tests.gateway.cases.desk import (
    OTHER_AUTHORITY,
    centre,
    filing,
    grant,
    of_authority,
    send_all,
    take_in,
    wanted,
)
from tests.support.anvil import Anvil


@pytest.fixture(scope="module")
def leaves(node: Node, anvil: Anvil) -> Iterator[bytes]:
    return iter(take_in(node, anvil, *range(800, 810)))


def told(node: Node, caller: Caller, state: str | None = None, **more: bool) -> list[str]:
    found = node.case_parts.listing.cases(caller, state, **{"overdue": False} | more)
    return [one["case"] for one in found["cases"]]


def test_mine(node: Node, leaves: Iterator[bytes]) -> None:
    """What its desk filed, and what its authority decides; the centre sees all, and its own."""
    leaf, cases = next(leaves), node.case_parts.cases
    clerk, desk = of_authority(node, 1), centre(5)
    stranger = replace(of_authority(node, 6, OTHER_AUTHORITY), department="档案室")
    by_desk = cases.file(desk, filing(leaf)).hex()
    by_stranger = cases.file(stranger_with_any_desk(stranger), filing(leaf, reason="x")).hex()
    assert {by_desk, by_stranger} <= set(told(node, clerk, mine=True)), "for its authority"
    assert {by_desk, by_stranger} <= set(told(node, desk))
    assert by_desk in told(node, desk, mine=True)
    assert by_stranger not in told(node, desk, mine=True)
    assert told(node, stranger, mine=True) == [by_stranger]
    assert told(node, stranger) == [by_stranger]


def stranger_with_any_desk(caller: Caller) -> Caller:
    """Filed while its token named no authorities: any desk takes filings."""
    return replace(caller, authorities=frozenset(), marks={})


def test_what_waits_for_its_release(node: Node, leaves: Iterator[bytes]) -> None:
    parts, clerk = node.case_parts, of_authority(node, 1)
    case = parts.cases.file(clerk, filing(next(leaves)))
    parts.cases.step(clerk, case, wanted("accept", docs=()))
    assert case.hex() not in told(node, clerk, store.PROPOSED)
    parts.decisions.propose(clerk, case, grant())
    assert case.hex() in told(node, clerk, store.PROPOSED)
    own = next(leaves)
    parts.decisions.propose_own(clerk, own, wanted("end", basis=11))
    listed = parts.listing.cases(clerk, store.PROPOSED, overdue=False)["cases"]
    assert [(one["kind"], one["proposed"]) for one in listed[:1]] == [("own", "end")]
    parts.decisions.release(of_authority(node, 2), case)
    parts.decisions.release_own(of_authority(node, 2), own)
    assert told(node, clerk, store.PROPOSED) == []


def test_a_change_that_was_known_for_long_is_overdue(node: Node, leaves: Iterator[bytes]) -> None:
    """From the day on which it was known, until its outcome is released."""
    parts, clerk, leaf = node.case_parts, of_authority(node, 1), next(leaves)
    known = node.ctx.clock.today() - timedelta(days=30)
    before = told(node, clerk, overdue=True)
    decision = wanted("withdraw", basis=10, pushed=known.isoformat())
    parts.decisions.propose_own(clerk, leaf, decision)
    shown = parts.views.of_record(clerk, leaf)
    assert shown["proposed"]["stage"]["name"] == "correction"
    assert shown["proposed"]["stage"]["overdue"] is True
    assert {"withdraw", "correct", "grant"} <= set(shown["mayFollow"])
    assert not {"rescind", "lift"} & set(shown["mayFollow"])
    assert len(told(node, clerk, overdue=True)) == len(before) + 1
    assert told(node, of_authority(node, 6, OTHER_AUTHORITY), overdue=True) == []
    parts.decisions.release_own(of_authority(node, 2), leaf)
    assert told(node, clerk, overdue=True) == before


def test_counted_for_whoever_looks_after_the_gateway(
    node: Node, anvil: Anvil, leaves: Iterator[bytes]
) -> None:
    parts, leaf = node.case_parts, next(leaves)
    clerk, chief = of_authority(node, 1), of_authority(node, 2)

    def counted() -> CaseFigures:
        with node.ctx.engine.connect() as connection:
            return parts.figures.read(connection)

    send_all(node, anvil)
    before = counted()
    late = node.ctx.clock.today() - timedelta(days=60)
    parts.cases.file(clerk, filing(leaf, received=late.isoformat()))
    parts.decisions.propose_own(clerk, leaf, wanted("end", basis=11))
    assert counted() == replace(before, overdue=before.overdue + 1, proposals=before.proposals + 1)
    parts.decisions.release_own(chief, leaf)
    assert counted() == replace(before, overdue=before.overdue + 1)
    with node.ctx.engine.begin() as connection:
        (act,) = store.acts_in_flight(connection)
        store.change_act(connection, act.id, state="refused", code="AnyReason")
    assert counted().refused == before.refused + 1
    parts.decisions.propose_own(clerk, leaf, wanted("withdraw", basis=8))
    parts.decisions.release_own(chief, leaf)
    send_all(node, anvil)
    assert counted() == replace(before, overdue=before.overdue + 1), "decided again"


def test_no_case_hides_behind_those_of_others(
    node: Node, leaves: Iterator[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many newer ones there are that the caller may not see."""
    monkeypatch.setattr(store, "PAGE", 2)
    monkeypatch.setattr(listing, "MOST", 2)
    stranger = replace(of_authority(node, 6, OTHER_AUTHORITY), department="统计室")
    leaf, cases = next(leaves), node.case_parts.cases
    mine = cases.file(stranger_with_any_desk(stranger), filing(leaf, reason="first")).hex()
    for n in range(5):
        cases.file(centre(5), filing(leaf, reason=str(n)))
    assert told(node, stranger) == [mine]
    found = node.case_parts.listing.cases(centre(5), None, overdue=False)
    assert (len(found["cases"]), found["more"]) == (2, True)
