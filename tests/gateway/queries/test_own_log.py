"""The questions of one's own, found again; a question that is told while it goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.queries.bank import FAMILY, firm, of, send, token, use
from tests.gateway.queries.conftest import BANK, BEIJING, TIANJIN
from tests.support.peers import Network


def find(network: Network, headers: dict[str, str], **wanted: Any) -> Any:
    return send(network[BANK], "POST", "/v1/uses/find", wanted, **headers)


def items(network: Network, headers: dict[str, str], **wanted: Any) -> list[dict[str, Any]]:
    answer = find(network, headers, **wanted)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_found_again(network: Network) -> None:
    """By code, matter, purpose, overall and days; another token of a department sees none of it."""
    mine = token(network[BANK], department="branch")
    other = token(network[BANK], department="other")
    clean, punished = firm(801), firm(802)
    network[BEIJING].file(of(punished, 802))
    asked = {
        code: use(network, code, matter=f"loan {code}", headers=mine) for code in (clean, punished)
    }
    names = {code: one.headers["credit-ledger-use"] for code, one in asked.items()}
    assert [one["id"] for one in items(network, mine)] == [names[punished], names[clean]]
    assert [one["id"] for one in items(network, mine, code=clean)] == [names[clean]]
    assert [one["id"] for one in items(network, mine, overall="adverse")] == [names[punished]]
    [found] = items(network, mine, matter=f"loan {punished}")
    assert (found["subject"], found["items"], found["kept"]) == (punished, 1, True)
    assert items(network, mine, matter="another") == []
    assert items(network, mine, purpose="in-loan") == []
    assert items(network, mine, first="2099-01-01") == []
    assert len(items(network, mine, first="2020-01-01", last="2099-01-01")) == 2
    assert items(network, other) == []
    assert len(items(network, token(network[BANK], department=None), code=clean)) == 1


def test_page_by_page(network: Network) -> None:
    mine = token(network[BANK], department="pages")
    for n in range(3):
        use(network, firm(810 + n), headers=mine)
    first = find(network, mine, limit=2).json()
    rest = find(network, mine, limit=2, before=first["next"]).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)


@pytest.mark.parametrize(
    "wanted",
    [{"code": "x"}, {"overall": "good"}, {"first": "x"}, {"limit": 0}, {"limit": 999}, {"a": 1}],
)
def test_what_is_no_search(network: Network, wanted: dict[str, Any]) -> None:
    assert find(network, token(network[BANK]), **wanted).status_code == 422


def test_who_may_not(network: Network) -> None:
    for path in ("/v1/uses/find", "/v1/uses/live"):
        answer = send(network[BANK], "POST", path, {}, **token(network[BANK], "consent"))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


# ---- told while it goes on


def live(network: Network, code: str, **more: Any) -> Any:
    asked = {"code": code, "purpose": "pre-loan", "types": [FAMILY]} | more
    return send(network[BANK], "POST", "/v1/uses/live", asked, **token(network[BANK]))


def lines_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_every_province_as_it_comes(network: Network) -> None:
    code = firm(820)
    network[BEIJING].file(of(code, 820))
    *steps, last = lines_of(live(network, code))
    began = {one["member"] for one in steps if one["state"] == "asked"}
    assert {BEIJING, TIANJIN} <= began
    ended = {one["member"]: one for one in steps}
    assert (ended[BEIJING]["state"], ended[BEIJING]["records"]) == ("answered", 1)
    assert (ended[TIANJIN]["state"], ended[TIANJIN]["records"]) == ("answered", 0)
    assert {one["state"] for one in ended.values()} <= {"answered", "missing"}
    assert all(one["reason"] for one in ended.values() if one["state"] == "missing")
    kept = send(network[BANK], "GET", f"/v1/uses/{last['use']}", **token(network[BANK], **WHOLE))
    assert kept.status_code == 200


WHOLE: dict[str, Any] = {"department": None}


def test_what_may_not_be_asked_is_refused_before(network: Network) -> None:
    answer = live(network, firm(821), authorisation="00" * 32)
    assert (answer.status_code, answer.json()["code"]) == (403, "authorisation-unknown")
    assert live(network, "x").status_code == 422
