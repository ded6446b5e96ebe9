"""Which records may be applied for: the same days as a grant is judged by."""

from dataclasses import replace
from datetime import date, timedelta
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.accesses.models import accesses
from gateway.base.policy import Caller
from gateway.cases import due
from gateway.cases.errors import CaseRefused
from gateway.cases.looking import look
from gateway.node import Node
from gateway.statuses.tasks import StatusFollower
from ledger.records.publicity import add_months
from tests.gateway.anchoring.whole import settle
from tests.gateway.cases.desk import (
    OTHER_AUTHORITY,
    centre,
    filing,
    of_authority,
    send_all,
    wanted,
)
from tests.gateway.intake.material import row
from tests.support.anvil import Anvil
from tests.support.callers import CENTRE

DECIDED = date(2026, 4, 20)
"""Under Order 36: general 3 to 12 months, severe 12 to 36, minor at most 3."""
EARLY = add_months(DECIDED, 3)
"""The last day of a minor one, and the first on which a general one may end."""


@pytest.fixture(scope="module")
def leaves(node: Node, anvil: Anvil) -> dict[str | None, bytes]:
    """Of each class one, and one without."""
    settle(node, anvil)
    until = add_months(DECIDED, 30).isoformat()
    rows = [
        replace(row(n, CF_JDRQ=DECIDED.isoformat(), CF_YXQ=until), class_=class_)
        for n, class_ in enumerate(("minor", "general", "severe", None), start=1000)
    ]
    answer = node.intake.submit_set(caller=CENTRE, rows=rows)
    assert {found.verdict for found in answer.rows} == {"accepted"}
    node.logs.step()
    settle(node, anvil)
    names = ("minor", "general", "severe", None)
    return {
        name: bytes.fromhex(str(found.leaf)) for name, found in zip(names, answer.rows, strict=True)
    }


def told(node: Node, caller: Caller, on: date) -> dict[str, dict[str, Any]]:
    """The items of all pages by leaf."""
    found: dict[str, dict[str, Any]] = {}
    after = 0
    while True:
        page = node.case_parts.due.page(caller, on, after=after)
        found |= {one["leaf"]: one for one in page["items"]}
        if page["next"] is None:
            return found
        after = page["next"]


def test_by_class_and_day(node: Node, leaves: dict[str | None, bytes]) -> None:
    clerk = of_authority(node, 1)
    general, severe = add_months(DECIDED, 3), add_months(DECIDED, 12)
    before = told(node, clerk, general - timedelta(days=1))
    assert leaves["general"].hex() not in before
    assert leaves["general"].hex() in told(node, clerk, general)
    assert leaves["severe"].hex() not in told(node, clerk, severe - timedelta(days=1))
    item = told(node, clerk, severe)[leaves["severe"].hex()]
    assert item["possibleFrom"] == severe.isoformat()
    assert item["byClass"] == {"severe": severe.isoformat()}
    assert item["document"].endswith("1002号")
    assert item["subject"]["code"]
    unstated = told(node, clerk, general)[leaves[None].hex()]
    assert unstated["class"] is None
    assert set(unstated["byClass"]) == {"minor", "general", "severe"}
    assert told(node, clerk, DECIDED - timedelta(days=31)) == {}


def test_the_day_is_that_of_the_grant(
    node: Node, leaves: dict[str | None, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the list says is possible is not refused, and the day before it is."""
    judging, clerk = node.case_parts.decisions._judging, of_authority(node, 1)
    leaf = leaves["severe"]
    first = date.fromisoformat(
        told(node, clerk, add_months(DECIDED, 20))[leaf.hex()]["possibleFrom"]
    )
    with node.ctx.engine.connect() as connection:
        held = look(connection, node.vault, leaf)
    monkeypatch.setattr(type(node.ctx.clock), "today", lambda _: add_months(DECIDED, 20))
    grant = wanted("grant", basis=2, class_="severe")
    judging.lawful(held, replace(grant, day=first.isoformat()), b"")  # type: ignore[arg-type]
    with pytest.raises(CaseRefused) as refused:
        early = (first - timedelta(days=1)).isoformat()
        judging.lawful(held, replace(grant, day=early), b"")  # type: ignore[arg-type]
    assert refused.value.code == "minimum-not-reached"


def test_what_ended_by_itself_is_not_due(node: Node, leaves: dict[str | None, bytes]) -> None:
    clerk = of_authority(node, 1)
    last = date.fromisoformat(
        told(node, clerk, add_months(DECIDED, 14))[leaves["severe"].hex()]["until"]
    )
    assert leaves["severe"].hex() in told(node, clerk, last)
    assert leaves["severe"].hex() not in told(node, clerk, last + timedelta(days=1))


def test_only_what_the_caller_may_see_and_in_the_log(
    node: Node, leaves: dict[str | None, bytes]
) -> None:
    on = EARLY
    stranger = replace(of_authority(node, 77, OTHER_AUTHORITY), department="档案室")
    assert told(node, stranger, on) == {}
    unbound = replace(stranger, authorities=frozenset(), marks={})
    assert told(node, unbound, on) == {}, "a department without authorities is not the centre"
    assert {leaves["general"].hex(), leaves["minor"].hex()} <= set(told(node, centre(78), on))
    query = sa.select(accesses.c.record).where(accesses.c.token == 78, accesses.c.purpose == "due")
    with node.ctx.engine.connect() as connection:
        assert set(connection.scalars(query)) >= {leaves["general"], leaves["minor"]}


def test_pages(
    node: Node, leaves: dict[str | None, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    on, clerk = EARLY, of_authority(node, 1)
    whole = told(node, clerk, on)
    monkeypatch.setattr(due, "LOOKED_AT", 2)
    assert told(node, clerk, on) == whole
    first = node.case_parts.due.page(clerk, on, limit=1)
    assert len(first["items"]) == 1
    assert first["next"] is not None


def test_not_twice_and_not_behind_an_outcome(
    node: Node, anvil: Anvil, leaves: dict[str | None, bytes]
) -> None:
    """Neither where an application is open, nor where it was decided, on the way or there."""
    parts, clerk, chief = node.case_parts, of_authority(node, 1), of_authority(node, 2)
    on, leaf, other = EARLY, leaves["minor"], leaves[None]
    assert {leaf.hex(), other.hex()} <= set(told(node, clerk, on))
    case = parts.cases.file(clerk, filing(leaf))
    assert leaf.hex() not in told(node, clerk, on), "somebody has applied"
    parts.cases.step(clerk, case, wanted("withdraw-filing", docs=()))
    assert leaf.hex() in told(node, clerk, on)
    parts.decisions.propose_own(clerk, other, wanted("end", basis=11))
    parts.decisions.release_own(chief, other)
    assert other.hex() not in told(node, clerk, on), "on its way"
    send_all(node, anvil)
    assert node.lease.take()
    StatusFollower(node.follower, node.acknowledger, node.lease)(Event())
    assert other.hex() not in told(node, clerk, on), "and there"


def test_what_is_not_anchored_cannot_be_applied_for(node: Node, anvil: Anvil) -> None:
    rows = [replace(row(1100, CF_JDRQ=DECIDED.isoformat()), class_="minor")]
    answer = node.intake.submit_set(caller=CENTRE, rows=rows)
    leaf, clerk = str(answer.rows[0].leaf), of_authority(node, 1)
    assert leaf not in told(node, clerk, DECIDED + timedelta(days=40))
    node.logs.step()
    settle(node, anvil)
    assert leaf in told(node, clerk, DECIDED + timedelta(days=40))
