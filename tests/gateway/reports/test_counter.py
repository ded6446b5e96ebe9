"""What a counter is told by number and code, what is tried, and what other provinces say."""

from __future__ import annotations

import contextlib
import time
from datetime import date
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from gateway.base.db import begin_read
from gateway.log.located import entries_of
from gateway.node import Node
from gateway.reports import counting, store
from gateway.reports.counter import Counter
from gateway.reports.counting import WRONG_OF_ALL, Tries
from gateway.reports.errors import ReportRefused, TooManyTries
from gateway.statuses.interfaces import Logged
from gateway.statuses.services import standings
from ledger.core.ids import Digest, RecordId
from ledger.core.report_content import CODE_ALPHABET, make_number
from ledger.core.status import Action
from ledger.files.reports import parse_report
from tests.gateway.lists.test_lists import do
from tests.gateway.reports.desk import (
    BANK,
    BEIJING,
    HEBEI,
    ask,
    centre,
    client,
    code_of,
    made,
    penalties,
    post,
    printed,
)
from tests.support.peers import Member, Network


def check(member: Member, number: str, code: str) -> tuple[int, str]:
    answer = post(member, "/v1/report-checks", number=number, code=code)
    value = answer.json()
    return answer.status_code, value.get("state") or value["code"]


def wrong(code: str) -> str:
    return code[:-1] + next(one for one in CODE_ALPHABET if one != code[-1])


def of(pdf: bytes) -> tuple[str, str]:
    return parse_report(pdf).content.number, code_of(pdf)


def test_genuine_then_changed_since(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    ids = penalties(network, subject, 31)
    number, code = of(made(beijing, subject))
    assert check(beijing, number, code) == (200, "genuine")
    assert check(beijing, number, f" {code[:4].lower()}-{code[4:]} ") == (200, "genuine")
    do(network, beijing, Action.REPAIR, ids[0])
    assert check(beijing, number, code) == (200, "changed-since")


def test_an_objection_is_a_change(network: Network, subject: str) -> None:
    """One that was marked when the report was made is none."""
    beijing = network[BEIJING]
    ids = penalties(network, subject, 32)
    number, code = of(made(beijing, subject))
    do(network, beijing, Action.DISPUTE, ids[0])
    assert check(beijing, number, code) == (200, "changed-since")
    later = made(beijing, subject)
    assert "【异议处理中disputed】" in printed(later)
    assert check(beijing, *of(later)) == (200, "genuine")


def test_another_record_is_a_change(network: Network, subject: str) -> None:
    """Where it would be in the report; of another firm it would not."""
    beijing = network[BEIJING]
    number, code = of(made(beijing, subject))
    penalties(network, "91110108551385082Q", 33)
    assert check(beijing, number, code) == (200, "genuine")
    penalties(network, subject, 34)
    assert check(beijing, number, code) == (200, "changed-since")


def test_unknown(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    number, code = of(made(beijing, subject))
    slipped = number[:-2] + ("3" if number[-2] != "3" else "2") + number[-1]
    assert check(beijing, number, wrong(code)) == (200, "unknown")
    assert check(beijing, slipped, code) == (200, "unknown")
    assert check(beijing, "x", code) == (200, "unknown")
    answer = post(beijing, "/v1/report-checks", number=number, code=7)
    assert (answer.status_code, answer.json()["code"]) == (422, "schema-invalid")


def test_five_wrong_codes_an_hour(network: Network, subject: str) -> None:
    """Counted in the database, so that a second gateway on it counts on; the right code of who has
    tried is not looked at any more, and other numbers are. One who asks has three of the five."""
    beijing = network[BEIJING]
    number, code = of(made(beijing, subject))
    other = of(made(beijing, subject))
    for _ in range(3):
        assert check(beijing, number, wrong(code)) == (200, "unknown")
    answer = post(beijing, "/v1/report-checks", number=number, code=code)
    assert (answer.status_code, answer.json()["code"]) == (429, "report-tries")
    assert 3000 < int(answer.headers["retry-after"]) <= 3600
    node = beijing.node
    second = Counter(
        node.ctx,
        reports=node.finance.reports.reports,
        tries=Tries(node.ctx, node.hmac),
        hmac=node.hmac,
    )
    assert second.check(number, code, "elsewhere") == "genuine", "others are not locked out"
    for _ in range(2):
        assert second.check(number, wrong(code), "elsewhere") == "unknown"
    with pytest.raises(TooManyTries):
        second.check(number, code, "elsewhere")
    assert check(beijing, *other) == (200, "genuine")


def test_who_has_the_code_is_not_locked_out_by_others(
    network: Network, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many have tried, one who has not is looked at, and may mistype once; a number that
    hundreds guess at is not looked at any more."""
    beijing = network[BEIJING]
    number, code = of(made(beijing, subject))
    counter = beijing.node.finance.reports.counter
    for n in range(20):  # two of these used to be enough
        for _ in range(3):
            with contextlib.suppress(TooManyTries):
                counter.check(number, wrong(code), f"stranger {n} {subject}")
    assert counter.check(number, code, f"firm {subject}") == "genuine"
    assert counter.check(number, wrong(code), f"bank {subject}") == "unknown"
    assert counter.check(number, code, f"bank {subject}") == "genuine"
    with pytest.raises(TooManyTries):  # they have no more than the five between them
        counter.check(number, code, f"stranger 19 {subject}")
    monkeypatch.setattr(counting, "MOST_WRONG", 20)
    with pytest.raises(TooManyTries):
        counter.check(number, code, f"another {subject}")


def test_whoever_has_the_key_is_not_locked_out(network: Network, subject: str) -> None:
    """Nor does a wrong proof count against the number."""
    beijing = network[BEIJING]
    pdf = made(beijing, subject)
    number, code = of(pdf)
    counter = beijing.node.finance.reports.counter
    for n in range(6):
        with pytest.raises(ReportRefused):
            counter.copy(number, "A" * 43, f"asker {n}")
    assert counter.check(number, code, "asker") == "genuine"
    for n in range(5):
        assert counter.check(number, wrong(code), f"asker {n}") == "unknown"
    with pytest.raises(TooManyTries):  # who has used up his own of them
        for _ in range(3):
            counter.check(number, wrong(code), "asker 0")


def test_numbers_are_not_looked_for(network: Network, subject: str) -> None:
    """Whoever tries numbers that there are not is not looked at for the rest of the hour."""
    beijing = network[BEIJING]
    number, code = of(made(beijing, subject))
    counter = beijing.node.finance.reports.counter
    for n in range(WRONG_OF_ALL):
        drawn = "".join(CODE_ALPHABET[n // 31**k % 31] for k in range(10))
        assert (
            counter.check(make_number(BEIJING, date(2026, 1, 1), drawn), code, subject) == "unknown"
        )
    with pytest.raises(TooManyTries):
        counter.check(number, code, subject)
    assert counter.check(number, code, "other " + subject) == "genuine"


def test_the_right_code_is_bounded_too(
    network: Network, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    beijing = network[BEIJING]
    number, code = of(made(beijing, subject))
    counter = beijing.node.finance.reports.counter
    monkeypatch.setattr(counting, "CORRECT", 4)
    for _ in range(4):
        assert counter.check(number, code, subject) == "genuine"
    with pytest.raises(TooManyTries):
        counter.check(number, code, subject)
    assert counter.check(number, code, "other " + subject) == "genuine"


def test_as_many_queries_for_many_lines_as_for_few(network: Network, subject: str) -> None:
    """A report of a thousand lines is asked after as one of two is."""
    beijing = network[BEIJING]
    counter, engine = beijing.node.finance.reports.counter, beijing.node.ctx.engine
    counts = []
    for numbers in (range(60, 62), range(62, 75)):
        penalties(network, subject, *numbers)
        number, code = of(made(beijing, subject))
        seen: list[str] = []

        def note(_: object, __: object, statement: str, *___: object, seen: Any = seen) -> None:
            seen.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        assert counter.check(number, code, subject) == "genuine"
        sa.event.remove(engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] < 30


def test_lines_stand_as_each_record_is_told_to_stand(network: Network, subject: str) -> None:
    """What is asked for all at once is what is told of one record at a time."""
    beijing = network[BEIJING]
    node = beijing.node
    ids = penalties(network, subject, 81, 82, 83, 84)
    number, _ = of(made(beijing, subject))
    for at, action in enumerate((Action.DISPUTE, Action.REPAIR, Action.SHIELD), start=1):
        do(network, beijing, action, ids[at])
    with begin_read(node.ctx.engine) as connection:
        row = store.row_of(connection, number)
        assert row is not None
        held = store.records_of(connection, row.n)
        logged = [
            Logged(
                record=RecordId(Digest(one.record)),
                first=RecordId(Digest(one.first)),
                entry=entries_of(connection, [one.leaf])[one.leaf],
            )
            for one in held
        ]
        together = standings(connection, logged)
    assert together == {one.record: node.statuses(one.record) for one in held}
    assert sorted(together.values()) == ["disputed", "in-force", "outcome", "shielded"]
    now = node.finance.reports.counter.lines_now(row)
    assert {now[one.line] for one in held if one.record == ids[0]} == {"in-force"}


def test_counters_have_places_of_their_own(network: Network, subject: str) -> None:
    """Told apart by their token, so that not everybody behind one address is one."""
    beijing = network[BEIJING]
    number, code = of(made(beijing, subject))
    for _ in range(3):
        check(beijing, number, wrong(code))
    assert check(beijing, number, code) == (429, "report-tries")
    body = orjson.dumps({"number": number, "code": code})
    http = client(beijing)
    answer = http.request("POST", "/v1/report-checks", content=body, headers=centre(beijing))
    assert answer.json()["state"] == "genuine"
    wrong_token = {"Authorization": "Bearer clt_nobody"}
    answer = http.request("POST", "/v1/report-checks", content=body, headers=wrong_token)
    assert answer.status_code == 401


def test_an_hour_later(network: Network, subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
    node: Node = network[BEIJING].node
    number, code = of(made(network[BEIJING], subject))
    counter = node.finance.reports.counter
    for _ in range(3):
        assert counter.check(number, wrong(code), subject) == "unknown"
    with pytest.raises(TooManyTries):
        counter.check(number, code, subject)
    now = node.ctx.clock.seconds()
    monkeypatch.setattr(type(node.ctx.clock), "seconds", lambda _: now + 3601)
    assert counter.check(number, code, subject) == "genuine"


def test_all_answers_in_one_class_of_time(network: Network, subject: str) -> None:
    """At a multiple of the pace after the request came, whatever is found."""
    beijing = network[BEIJING]
    number, code = of(made(beijing, subject))
    for one in (code, wrong(code)):
        came = time.monotonic()
        check(beijing, number, one)
        assert time.monotonic() - came >= 0.25
    came = time.monotonic()
    check(beijing, "x", code)
    assert time.monotonic() - came >= 0.25


def test_another_province_says_where(network: Network, subject: str) -> None:
    hebei, beijing = network[HEBEI], network[BEIJING]
    number, code = of(made(beijing, subject))
    answer = post(hebei, "/v1/report-checks", number=number, code=code)
    assert (answer.status_code, answer.json()["code"]) == (421, "report-elsewhere")
    assert answer.json()["issuer"] == BEIJING
    assert answer.json()["endpoint"].startswith("http")
    page = client(hebei).request("GET", f"/r/{number}")
    assert 'data-state="elsewhere"' in page.text
    assert f"/r/{number}" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_who_may_make_one(network: Network, subject: str) -> None:
    beijing, bank = network[BEIJING], network[BANK]
    refused = ask(beijing, centre(beijing, "submit"), subject)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    refused = ask(beijing, centre(beijing, "read", department="乙局", name="乙"), subject)
    assert (refused.status_code, refused.json()["code"]) == (403, "centre-only")
    refused = ask(bank, centre(bank), subject)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-a-province-here")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"to": "2023-12-31"}, "report-period"),
        ({"to": "2099-01-01"}, "report-period"),
        ({"from": "2019-01-01"}, "report-period"),
        ({"from": "2019"}, "schema-invalid"),
        ({"fields": ["nowhere"]}, "report-field-unknown"),
        ({"fields": ["A B"]}, "schema-invalid"),
        ({"fields": "tax"}, "schema-invalid"),
        ({"code": "0" * 17 + "X"}, "schema-invalid"),
        ({"code": "1"}, "schema-invalid"),
        ({"more": 1}, "schema-invalid"),
    ],
)
def test_what_is_not_asked_so(
    network: Network, subject: str, body: dict[str, object], code: str
) -> None:
    beijing = network[BEIJING]
    asked = {"code": subject} | body
    answer = ask(beijing, centre(beijing), str(asked.pop("code")), **asked)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_some_fields_only(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    penalties(network, subject, 35)
    content = parse_report(made(beijing, subject, fields=["tax", "customs"])).content
    assert [(one.field, one.state) for one in content.fields] == [
        ("tax", "not-supplied"),
        ("customs", "not-supplied"),
    ]
