"""`GET /v1/quality/{month}`: signed figures, provisional while the month lasts, then for ever."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.base.errors import NotReady
from gateway.node import Node
from gateway.quality import services
from gateway.quality.models import quality_files, quality_marks
from gateway.quality.tasks import closer
from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.core.jws import Jws, parse_statement, verify
from ledger.core.keys import Purpose
from ledger.records.quality import MAX_DOCUMENT, TYP, Period, Quality, parse
from tests.gateway.intake.material import OF_BEIJING, count, row
from tests.gateway.quality.conftest import NOW, SEED
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.node import MEMBER, make_facts, make_test_node, without

BEFORE_CLOSING = datetime(2026, 11, 30, 16, 59, 59, tzinfo=UTC)  # 00:59:59 on 1 December
CLOSED = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 3, 8, 0, tzinfo=UTC)


def send(node: Node, *numbers: int) -> None:
    rows = [row(n, CF_SY=None) if n % 2 else row(n) for n in numbers]
    node.intake.submit_set(caller=CENTRE, rows=rows)


def opened(node: Node, jws: str) -> tuple[Jws, Quality]:
    """A file whose signature is that of the node's PRESENT key."""
    found = parse_statement(jws, TYP, max_chars=2 * MAX_DOCUMENT)
    key = node.signing.keys.present
    verify(found, key.alg, key.public_key)
    return found, parse(found.payload)


def at(node: Node, moment: datetime) -> None:
    node.ctx.clock = Clock(moment)


def test_provisional_while_the_month_lasts(node: Node) -> None:
    send(node, 1, 2, 4)
    answer = Client(create_app(node)).get("/v1/quality/2026-11")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jose"
    assert "immutable" not in answer.headers["cache-control"]
    jws, found = opened(node, answer.text)
    assert (found.provisional, found.member, found.period.name) == (True, MEMBER, "2026-11")
    assert found.network == node.ctx.network.reference
    assert found.at == jws.iat == node.ctx.clock.seconds()
    (only,) = found.rows
    assert (only.unit, only.type, only.received, only.conforming) == (OF_BEIJING, "penalty", 3, 2)
    assert only.rejected == {"required": 1}
    assert count(node, quality_files) == 0


def test_many_who_ask_cost_one_signature(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    send(node, 2)
    first = node.quality.file(Period.parse("2026-11"))
    send(node, 4)
    assert node.quality.file(Period.parse("2026-11")) == first
    monkeypatch.setattr(services, "FRESH_SECONDS", 0.0)
    later = node.quality.file(Period.parse("2026-11"))
    assert later is not None
    assert opened(node, later.jws)[1].rows[0].conforming == 2


def test_what_is_closed_never_changes(node: Node) -> None:
    send(node, 1, 2)
    at(node, BEFORE_CLOSING)
    open_still = node.quality.file(Period.parse("2026-11"))
    assert open_still is not None
    assert not open_still.final
    at(node, CLOSED)
    closed = node.quality.file(Period.parse("2026-11"))
    assert closed is not None
    assert closed.final
    assert not opened(node, closed.jws)[1].provisional
    at(node, DECEMBER)
    send(node, 6, 8)
    answer = Client(create_app(node)).get("/v1/quality/2026-11")
    assert answer.text == closed.jws
    assert "immutable" in answer.headers["cache-control"]
    december = node.quality.file(Period.parse("2026-12"))
    assert december is not None
    assert opened(node, december.jws)[1].rows[0].conforming == 2


def test_weeks_have_files_too(node: Node) -> None:
    send(node, 2)
    found = node.quality.file(Period.parse("2026-W48"))
    assert found is not None
    assert opened(node, found.jws)[1].rows[0].conforming == 1
    assert node.quality.file(Period.parse("2026-W47")) is None


@pytest.mark.parametrize(
    "name", ["2026-10", "2026-12", "2027-01", "2026-13", "2026-W54", "2026", "1999-01", "²026-11"]
)
def test_months_that_are_not_there(node: Node, name: str) -> None:
    send(node, 2)
    answer = Client(create_app(node)).get(f"/v1/quality/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert count(node, quality_files) == 0


def test_where_nothing_came_there_is_a_file_that_says_so(tmp_path: Path) -> None:
    node = make_test_node(
        tmp_path, seed=SEED, now=NOW, node={"code": MEMBER, "name": "x", "go_live": "2026-10-05"}
    )
    found = node.quality.file(Period.parse("2026-10"))
    assert found is not None and found.final
    assert opened(node, found.jws)[1].rows == ()
    assert node.quality.file(Period.parse("2026-09")) is None
    node.close()


def test_the_clock_closes_a_month_that_nobody_asked_for(node: Node) -> None:
    send(node, 1, 2)
    step = closer(node.quality)
    step(node._stop)
    assert (count(node, quality_files), count(node, quality_marks)) == (0, 1)
    at(node, DECEMBER)
    step(node._stop)
    assert count(node, quality_marks) == 0
    assert count(node, quality_files) == 2  # the month, and the week that ended in it
    at(node, datetime(2026, 12, 8, tzinfo=UTC))
    step(node._stop)
    assert count(node, quality_files) == 3  # the week after, in which nothing came


def test_without_a_key_that_may_sign_there_is_none(node: Node) -> None:
    send(node, 2)
    node.chain.put(without(make_facts(node.signing.keys), Purpose.PRESENT, not_after=1))
    with pytest.raises(NotReady):
        node.quality.file(Period.parse("2026-11"))
    at(node, DECEMBER)
    assert closer(node.quality)(node._stop) > 0  # it is made later
    assert count(node, quality_files) == 0


def test_two_gateways_that_close_at_once_keep_one(node: Node, tmp_path: Path) -> None:
    send(node, 2)
    at(node, DECEMBER)
    month = Period.parse("2026-11")
    first = node.quality._close(month)
    assert node.quality._close(month) == first


@pytest.mark.parametrize(
    "change",
    [
        {"received": 9},
        {"conforming": 9},
        {"timely": {"no": 9, "unknown": 0, "yes": 0}},
        {"wrongCodes": 9},
        {"rejected": {"Über": 1}},
        {"unit": "x"},
        {"more": 1},
    ],
)
def test_figures_that_do_not_add_up_are_no_document(node: Node, change: dict[str, object]) -> None:

    send(node, 1, 2)
    made = node.quality.file(Period.parse("2026-11"))
    assert made is not None
    document = canonical.parse(opened(node, made.jws)[0].payload)
    assert isinstance(document, dict)
    document["rows"][0] |= change
    with pytest.raises(Malformed):
        parse(canonical.encode(document))
