"""A network that was filled anew, after a loss or a move: what is late in that time alone is no
finding, and still one where the network file does not speak of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ledger.audit.replay import Report
from ledger.chain.governing.actions import open_log
from ledger.chain.network import Rebuilt
from ledger.core.status import Action
from tests.audit.banker import Banker
from tests.audit.conftest import Ledger
from tests.audit.desk import DAY, HOUR, Desk, objected
from tests.audit.test_judgements import SuccessorLog, anchor_of, record_id
from tests.audit.test_openings import closed
from tests.audit.test_products import do, publish, records, reported
from tests.audit.test_replay import codes, entry
from tests.core.statements import query_of
from tests.support.cases import midnight
from tests.support.ledger import make_record
from tests.support.votes import close_log

TIANJIN = "120000"
LATER = 73 * HOUR


Told = Callable[[list[str]], list[str]]


@pytest.fixture(params=[True, False], ids=["anew", "not"])
def told(request: pytest.FixtureRequest, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Told:
    """The network file says that the present is a time of filling anew, or that one ended a second
    before; what is found then, of what is found without it."""
    network, is_anew = ledger.network, bool(request.param)
    now = network.anvil.head_time()
    since, until = (now, now + 365 * DAY) if is_anew else (now - DAY, now - 1)
    monkeypatch.setattr(
        network, "file", replace(network.file, rebuilt=Rebuilt(since=since, until=until))
    )
    return lambda found: [] if is_anew else found


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path, told: Told) -> Desk:
    return Desk(ledger, tmp_path)


def found(report: Report) -> list[str]:
    return sorted(codes(report.document))


def test_statements_of_before(desk: Desk, told: Told) -> None:
    desk.say(TIANJIN, sort="query", members=query_of())
    desk.wait(LATER)
    assert found(closed(desk, after=0)) == told(["query-after-promise", "statement-late"])


def test_what_is_not_there_yet(desk: Desk, told: Told) -> None:
    """It was anchored before, and is on its way."""
    said = desk.say(TIANJIN, sort="query", members=query_of())
    report = desk.report(*desk.keep(desk.promised(said)), after=LATER)
    assert found(report) == told(["answer-without-query", "promise-broken"])
    [kept] = [one for one in report.document["service"] if one["member"] == TIANJIN]
    assert kept["promises"]["broken"] == len(told(["promise-broken"]))


def test_batches_of_several_days(desk: Desk, told: Told) -> None:
    """They were anchored on a day each, and are anchored together."""
    beginning = (desk.now + 8 * HOUR) // DAY * DAY - 8 * HOUR + 2 * DAY - HOUR  # 23:00
    desk.wait(beginning + HOUR - desk.now)
    desk.batch(TIANJIN)
    desk.put(TIANJIN, make_record(desk.ledger.tianjin, decided=date(2025, 10, 12)))
    desk.wait(HOUR)
    desk.batch(TIANJIN)
    assert found(desk.report()) == told(["batch-out-of-time"])


@pytest.mark.parametrize("says", [True, False])
def test_a_mark_that_was_there(desk: Desk, told: Told, says: bool) -> None:
    """Filed again in the time, with the time at which it was recorded first; one that names none is
    late."""
    filed = objected(desk)
    since, day = desk.now, midnight(desk.now)
    desk.wait(LATER + HOUR)
    first = since if says else 0
    desk.act(Action.DISPUTE, filed, 0, refiled_from=first, effective_at=day)
    late = told(["objection-unmarked"]) if says else ["objection-unmarked"]
    assert found(closed(desk)) == late + told(["statement-late"])


def test_a_version_of_before(ledger: Ledger, tmp_path: Path, told: Told) -> None:
    """It is published again behind acts that came after it."""
    bank = Banker(Desk(ledger, tmp_path))
    do(bank, 1, Action.WITHDRAW)
    bank.desk.wait(HOUR)
    report = reported(bank, publish(bank, records(bank)), after=0)
    assert found(report) == told(["product-over-closed"])


def test_a_log_that_is_closed_again(ledger: Ledger, told: Told) -> None:
    """What it stranded was logged again before, and is anchored again before that."""
    old = ledger.beijing
    ledger.network.decide(open_log("110000"))
    new = SuccessorLog(ledger.network, "110000")
    new.put_raw(entry(new, replaces=record_id(old, 5), period="2025-10"))
    anchor_of(new)
    close_log(ledger.network, old.log_id, 5)
    ledger.network.anvil.mine()
    report = ledger.replay(logs=[old, ledger.tianjin, new])
    assert found(report) == ["anchor-beyond-trusted", *told(["replaces-not-stranded"])]
