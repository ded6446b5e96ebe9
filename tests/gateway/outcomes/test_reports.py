"""A bank reports what came of a product; its maker and the provinces add it up."""

from __future__ import annotations

import time
from typing import Any

import pytest

from gateway.outcomes import services
from gateway.outcomes.models import outcomes
from gateway.peers.errors import PeerRefused
from gateway.statements.interfaces import Said
from gateway.statements.models import statements
from ledger.core.ids import sha256
from ledger.core.opening import check, parse_opening
from ledger.core.reports import outcome_from_members
from tests.gateway.intake.material import count
from tests.gateway.products.workshop import (
    BANK,
    BEIJING,
    BUREAU,
    TIANJIN,
    ask,
    on_chain,
    some_records,
    token,
)
from tests.support.peers import Member, Network

HEAD = "月份,地区,产品,版本,产品成员,户数,授信金额(万元),贷款金额(万元)"
PATIENCE = 60


def line(
    product: str = "",
    *,
    period: str = "2026-01",
    region: str = BEIJING,
    member: str = "",
    figures: str = "12,100.5,80",
) -> str:
    version = "1" if product else ""
    return f"{period},{region},{product},{version},{member},{figures}"


def report(member: Member, *lines: str, **more: Any) -> Any:
    return ask(member, "POST", "/v1/outcomes", "\n".join((HEAD, *lines)).encode(), **more)


def done(member: Member, *lines: str) -> dict[str, Any]:
    answer = report(member, *lines)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def states(found: dict[str, Any]) -> list[tuple[int, str, int | None]]:
    return [(one["row"], one["state"], one["seq"]) for one in found["items"]]


def delivered(member: Member, to: Member, wanted: int) -> None:
    """Send messages until so many outcomes are there."""
    sender = member.node
    for _ in range(PATIENCE):
        if count(to.node, outcomes) >= wanted:
            return
        _deliver(sender, to.code)
        time.sleep(0.1)
    raise AssertionError(f"{count(to.node, outcomes)} outcomes at {to.code}")


def _deliver(node: Any, to: str) -> None:
    outgoing = node.peers.outbox.claim(to)
    while outgoing is not None:
        received_at = node.peers.asking.send(to, node.peers.outbox.opening(outgoing))
        node.peers.outbox.sent(outgoing, received_at)
        outgoing = node.peers.outbox.claim(to)


def test_rows_become_statements_that_others_are_handed(network: Network) -> None:
    bank, bureau, beijing = network[BANK], network[BUREAU], network[BEIJING]
    product = on_chain(bureau, some_records(3))
    found = done(
        bank, line(), line(product, member=BUREAU), line(product, member=BUREAU, region=TIANJIN)
    )
    assert found["counts"] == {"new": 3, "corrected": 0, "known": 0, "wrong": 0}
    assert states(found) == [(2, "new", 1), (3, "new", 1), (4, "new", 1)]
    opening = bank.node.statements.opening(bytes.fromhex(found["items"][1]["commitment"]))
    check(opening)
    said = outcome_from_members(opening.statement.members)
    assert (said.product, said.version, said.seq) == (bytes.fromhex(product), 1, 1)
    assert (said.households, said.granted, said.lent) == (12, "100.5", "80")
    delivered(bank, bureau, 2)
    delivered(bank, beijing, 2)
    delivered(bank, network[TIANJIN], 1)
    assert parse_opening(opening.encode()) == opening


def test_the_same_again_is_known_and_another_is_the_next(network: Network) -> None:
    bank = network[BANK]
    month = "2026-02"
    before = count(bank.node, statements)
    assert states(done(bank, line(period=month))) == [(2, "new", 1)]
    assert states(done(bank, line(period=month))) == [(2, "known", 1)]
    assert states(done(bank, line(period=month, figures="13,100.5,80"))) == [(2, "corrected", 2)]
    assert states(done(bank, line(period=month, figures="12,100.5,80"))) == [(2, "corrected", 3)]
    assert count(bank.node, statements) - before == 3
    listed = ask(bank, "GET", f"/v1/outcomes?period={month}").json()
    assert [(one["seq"], one["households"]) for one in listed["items"]] == [(3, 12)]


def test_bad_rows_cost_themselves_alone(network: Network) -> None:
    bank, bureau = network[BANK], network[BUREAU]
    product = on_chain(bureau, some_records(2))
    nobody = sha256(b"no product").hex()
    found = done(
        bank,
        line(period="2026-03"),
        line(period="2026-03"),
        line(period="2026-03", region="440000"),
        line(product, period="2026-03"),
        line(nobody, period="2026-03", member=BUREAU),
        line(product, period="2026-03", member=BUREAU).replace(",1,", ",9,"),
        line(period="2026-03", region=TIANJIN, figures="x,1,1"),
        line(product, period="2026-03", member=BUREAU),
    )
    assert found["counts"] == {"new": 2, "corrected": 0, "known": 0, "wrong": 6}
    wrong = {
        one["row"]: [(error["field"], error["code"]) for error in one["errors"]]
        for one in found["items"]
        if one["state"] == "wrong"
    }
    assert wrong == {
        3: [(None, "twice")],
        4: [("region", "region-unknown")],
        5: [("product", "maker-unknown")],
        6: [("product", "product-unknown")],
        7: [("version", "version-unknown")],
        8: [("households", "number-invalid")],
    }
    errors = [error for one in found["items"] for error in one["errors"]]
    assert all(error["message"]["zh"] and error["remedy"]["en"] for error in errors)


def test_a_product_that_is_held_names_its_maker(network: Network) -> None:
    bank, bureau = network[BANK], network[BUREAU]
    product = on_chain(bureau, some_records(2))
    assert done(bank, line(product, period="2026-04"))["counts"]["wrong"] == 1
    path = f"/v1/products/{product}/versions/1/manifest"
    data = ask(bureau, "GET", path).content
    assert ask(bank, "POST", f"/v1/product-manifests?member={BUREAU}", data).status_code == 200
    assert done(bank, line(product, period="2026-04"))["counts"]["new"] == 1


def test_sums_of_a_custodian(network: Network) -> None:
    bank, beijing = network[BANK], network[BEIJING]
    have = count(beijing.node, outcomes)
    done(bank, line(period="2025-05"), line(period="2025-06", figures="4,9,9"))
    done(bank, line(period="2025-05", figures="20,7,6"))
    delivered(bank, beijing, have + 3)
    path = "/v1/outcomes/sums?from=2025-05&until=2025-06&by=period"
    answer = ask(beijing, "GET", path).json()
    assert answer["items"] == [
        {
            **{"period": "2025-05", "households": 20, "granted": "7", "lent": "6"},
            **{"members": 1, "hidden": 0},
        },
        {
            **{"period": "2025-06", "households": None, "granted": None, "lent": None},
            **{"members": None, "hidden": 1},
        },
    ]
    wrong = ask(beijing, "GET", path.replace("period", "colour"))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "schema-invalid")


def test_more_rows_than_one_lot(network: Network) -> None:
    bank = network[BANK]
    lines = [
        line(period=f"{year}-{month:02}", region=region)
        for year in range(2018, 2025)
        for month in range(1, 13)
        for region in (BEIJING, TIANJIN, "130000")
    ]
    found = done(bank, *lines)
    assert found["counts"]["new"] == len(lines) == 252
    assert done(bank, *lines)["counts"]["known"] == 252


@pytest.mark.parametrize(
    ("until", "status"), [("2027-12", 200), ("2028-01", 422), ("2024-12", 422), ("9999-12", 422)]
)
def test_sums_are_of_so_many_months(network: Network, until: str, status: int) -> None:
    answer = ask(network[BEIJING], "GET", f"/v1/outcomes/sums?from=2025-01&until={until}")
    assert answer.status_code == status, answer.text
    if status != 200:
        problem = answer.json()
        assert (problem["code"], problem["field"]) == ("months-too-many", "until")
        assert problem["most"] == 36 and set(problem["text"]) == {"zh", "en"}


def test_a_member_says_so_much_about_a_month(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its own file, and to those whom it tells; what was said before is still known."""
    bank, beijing = network[BANK], network[BEIJING]
    monkeypatch.setattr(services, "MAX_OF_MONTH", 2)
    rows = [line(period="2025-09", region=one) for one in (BEIJING, TIANJIN, "130000")]
    found = done(bank, *rows, line(period="2025-10"))
    assert [one["state"] for one in found["items"]] == ["new", "new", "wrong", "new"]
    (error,) = found["items"][2]["errors"]
    assert (error["field"], error["code"]) == ("period", "month-full")
    assert set(error["message"]) == set(error["remedy"]) == {"zh", "en"}
    assert done(bank, *rows)["counts"] == {"new": 0, "corrected": 0, "known": 2, "wrong": 1}
    changed = done(bank, line(period="2025-09", figures="13,1,1"))
    assert states(changed) == [(2, "wrong", None)], "a correction is one more"
    have = count(beijing.node, outcomes)
    _deliver(bank.node, BEIJING)
    monkeypatch.setattr(services, "MAX_OF_MONTH", 0)
    for period, code in (("2025-09", "outcomes-full"), ("2012-01", "outcomes-full")):
        with pytest.raises(PeerRefused) as refused:
            beijing_hears(bank, period, seq=9)
        assert refused.value.code == code
    monkeypatch.undo()
    for period in ("2012-01", "2999-01"):
        with pytest.raises(PeerRefused) as refused:
            beijing_hears(bank, period, seq=9)
        assert refused.value.code == "outcomes-full"
    told = beijing_hears(bank, "2025-09", seq=9)
    monkeypatch.setattr(services, "MAX_OF_MONTH", 0)
    bank.node.peers.asking.ask(BEIJING, "message", told)  # again
    assert count(beijing.node, outcomes) > have


def beijing_hears(bank: Member, period: str, *, seq: int) -> bytes:
    """An outcome of the bank as it likes, handed to Beijing; its opening."""
    said = outcome_from_members(
        {
            **{"granted": "1", "households": 9, "lent": "1", "period": period},
            **{"product": None, "region": BEIJING, "seq": seq, "version": 0},
        }
    )
    [opening] = bank.node.statements.issue([Said(sort="outcome", members=said.members())])
    bank.node.peers.asking.ask(BEIJING, "message", opening.encode())
    return opening.encode()


def test_files_that_are_none(network: Network) -> None:
    bank = network[BANK]
    other = ask(bank, "POST", "/v1/outcomes", b"a,b,c\n1,2,3")
    assert (other.status_code, other.json()["code"]) == (422, "outcomes-header")
    assert other.json()["missing"] == ["period", "region", "households", "granted", "lent"]
    large = ask(bank, "POST", "/v1/outcomes", b" " * ((16 << 20) + 1))
    assert large.status_code == 413


def test_only_institutions_report(network: Network) -> None:
    answer = report(network[BUREAU], line())
    assert (answer.status_code, answer.json()["code"]) == (409, "not-an-institution")


def test_it_takes_the_scope(network: Network) -> None:
    bank = network[BANK]
    reader = token(bank, "read")
    assert report(bank, line(), headers=reader).json()["code"] == "scope-missing"
    for path in ("/v1/outcomes?period=2026-01", "/v1/outcomes/sums?from=2026-01&until=2026-01"):
        assert ask(bank, "GET", path, headers=reader).json()["code"] == "scope-missing"


def test_who_is_no_institution_is_not_heard(network: Network) -> None:
    """A province states outcomes: nobody counts them."""
    tianjin, beijing = network[TIANJIN], network[BEIJING]
    said = outcome_from_members(
        {
            **{"granted": "1", "households": 9, "lent": "1", "period": "2026-01"},
            **{"product": None, "region": BEIJING, "seq": 1, "version": 0},
        }
    )
    [opening] = tianjin.node.statements.issue([Said(sort="outcome", members=said.members())])
    before = count(beijing.node, outcomes)
    with pytest.raises(PeerRefused) as refused:
        tianjin.node.peers.asking.ask(BEIJING, "message", opening.encode())
    assert refused.value.code == "not-granted"
    assert count(beijing.node, outcomes) == before
