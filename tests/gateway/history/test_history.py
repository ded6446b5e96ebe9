"""The history of a subject, handed from one province to another on a real chain, checked there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from gateway.accesses.services import Line, Wanted, newest
from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.base.db import begin_write
from gateway.history.interfaces import Asked
from gateway.intake.interfaces import RowInput
from ledger.core import canonical, history
from ledger.core.history import History, HistoryFile, parse_file
from ledger.core.ids import sha256
from ledger.core.jws import sign_statement
from ledger.core.keys import Purpose
from ledger.core.opening import parse_opening
from ledger.core.status import Action
from ledger.files.history import HistoryVerdict, verify_history
from ledger.records import uscc
from ledger.verify import Verifier
from tests.acceptance.independent import uscc as code_of
from tests.gateway.cases.desk import PDF
from tests.gateway.history.conftest import BANK, BEIJING, HEBEI
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.lists.test_lists import do, entry, send
from tests.records.examples import SUBJECT
from tests.support.archiving import archive
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.costs import statements
from tests.support.peers import Member, Network, row

OTHER = "91110108551385082Q"


def today() -> date:
    """In Asia/Shanghai, as gateways have it."""
    return Clock().today()


def ask(member: Member, headers: dict[str, str], code: object, **body: Any) -> Any:
    """A request for the history of a subject, by default for Hebei."""
    asked = {"code": code, "purpose": "relocation", "to": HEBEI} | body
    asked = {name: value for name, value in asked.items() if value is not None}
    client = Client(create_app(member.node))
    return client.request("POST", "/v1/histories", content=orjson.dumps(asked), headers=headers)


def centre(member: Member, *scopes: str, **who: Any) -> dict[str, str]:
    return bearer(new_token(member.node, *(scopes or ("read",)), **({"department": None} | who)))


def file_of(member: Member, subject: str, **body: Any) -> bytes:
    answer = ask(member, centre(member), subject, **body)
    assert answer.status_code == 200, answer.text
    return bytes(answer.content)


def judged(network: Network, data: bytes, as_of: date | None = None) -> HistoryVerdict:
    """As Hebei checks it: by the chain alone."""
    verifier = Verifier(network.chain.file, wait=0)
    try:
        return verify_history(verifier, data, as_of)
    finally:
        verifier.close()


def codes(found: HistoryVerdict) -> list[str]:
    return [one.code for one in found.problems]


def told(network: Network, data: bytes, as_of: date | None = None) -> dict[str, Any]:
    """What is said of one in which nothing is wrong."""
    found = judged(network, data, as_of)
    assert (found.verdict, found.exit, codes(found)) == ("valid", 0, []), found.problems
    return found.as_dict()


def standings(value: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["recordId"]: (one["verdict"], one["now"]) for one in value["records"]}


def lines(member: Member) -> list[Line]:
    found = newest(member.node.ctx.engine, Wanted(), 100)
    return [one for one in found if one.purpose == "history"]


@pytest.fixture
def filed(network: Network, subject: str) -> list[bytes]:
    """Records of the firm in Beijing: public ones, one that is only shared, an entry in a list; and
    one of another firm."""
    of = {"CF_XDR_SHXYM": subject, "CF_XDR_MC": f"样例{subject}有限公司"}
    named = {"YC_XDR_SHXYM": subject, "YC_XDR_MC": of["CF_XDR_MC"]}
    other = row(9, CF_XDR_SHXYM=OTHER, CF_XDR_MC="样例二有限公司", CF_WSH=f"样{subject}号")
    rows = [*(row(n, **of) for n in (1, 2, 3)), row(4, class_="minor", **of)]
    rows += [entry(5, **named), other]
    renumbered = [
        RowInput(row=n, type=one.type, class_=one.class_, fields=one.fields)
        for n, one in enumerate(rows, start=1)
    ]
    return network[BEIJING].file(*renumbered)


def test_handed_over_and_checked(network: Network, filed: list[bytes], subject: str) -> None:
    """In force and disputed ones go along; of what was repaired nothing does, but that something
    was left out."""
    beijing = network[BEIJING]
    do(network, beijing, Action.DISPUTE, filed[1])
    do(network, beijing, Action.REPAIR, filed[2])
    data = file_of(beijing, subject)
    value = told(network, data)
    assert standings(value) == {
        filed[0].hex(): ("valid", "valid"),
        filed[1].hex(): ("disputed", "disputed"),
        filed[3].hex(): ("valid", "valid"),
        filed[4].hex(): ("valid", "valid"),
    }
    assert value["left"] == {"not-granted": 1}
    assert (value["to"], value["issuer"], value["subject"]) == (HEBEI, BEIJING, subject)
    (disputed,) = [one for one in value["records"] if one["recordId"] == filed[1].hex()]
    assert [one["act"] for one in disputed["acts"]] == ["dispute"]
    found = lines(beijing)[:5]
    assert {(one.answer, one.record) for one in found} == {
        *(("allowed", beijing.leaf(filed[n]).hex()) for n in (0, 1, 3, 4)),
        ("not-granted", beijing.leaf(filed[2]).hex()),
    }


def test_what_was_done_since_is_seen(network: Network, filed: list[bytes], subject: str) -> None:
    """The chain tells: repaired since; as of the day it was given it stood."""
    beijing = network[BEIJING]
    data = file_of(beijing, subject)
    network.chain.anvil.mine(2, seconds=5)
    do(network, beijing, Action.REPAIR, filed[0])
    value = told(network, data)
    assert standings(value)[filed[0].hex()] == ("valid", "repaired")
    later = told(network, data, today())
    assert standings(later)[filed[0].hex()] == ("repaired", "repaired")
    before = told(network, data, today() - timedelta(days=2))
    assert standings(before)[filed[0].hex()] == ("not-yet-anchored", "repaired")


def test_for_the_subject_itself(network: Network, filed: list[bytes], subject: str) -> None:
    """What is closed as well: the receipt without content, and what was done to it."""
    beijing = network[BEIJING]
    do(network, beijing, Action.REPAIR, filed[2])
    value = told(network, file_of(beijing, subject, purpose="own", to=None))
    assert standings(value)[filed[2].hex()] == ("repaired", "repaired")
    assert len(value["records"]) == 5
    assert (value["to"], value["left"]) == (None, {})
    (closed,) = [one for one in value["records"] if one["recordId"] == filed[2].hex()]
    assert (closed["document"], closed["decided"]) == (None, None)


def test_content_in_the_archive(network: Network, filed: list[bytes], subject: str) -> None:
    """It is counted, for the subject as well: what says nothing although it is in force would be
    taken for a falsification."""
    beijing = network[BEIJING]
    with begin_write(beijing.node.ctx.engine) as connection:
        archive(connection, beijing.leaf(filed[0]))
    for data in (file_of(beijing, subject), file_of(beijing, subject, purpose="own", to=None)):
        value = told(network, data)
        assert filed[0].hex() not in standings(value)
        assert value["left"] == {"unreadable": 1}


def test_steps_of_cases_go_along(network: Network, filed: list[bytes], subject: str) -> None:
    """Of the records that are given, by what Beijing itself stated; the others' not."""
    beijing = network[BEIJING]
    client = Client(create_app(beijing.node))
    headers = centre(beijing, "submit", "read")
    for n in (0, 2):
        case = {"record": filed[n].hex(), "kind": "repair", "reason": "已缴清罚款"}
        files = [("case", (None, orjson.dumps(case))), ("doc", ("凭证.pdf", PDF))]
        made = client.request("POST", "/v1/cases", files=files, headers=headers)
        assert made.status_code == 201, made.text
    do(network, beijing, Action.WITHDRAW, filed[2])
    data = file_of(beijing, subject)
    value = told(network, data)
    assert (value["openings"], value["left"]) == (1, {"not-granted": 1})
    file = parse_file(data)
    (opening,) = file.openings
    assert parse_opening(opening).statement.step().record == filed[0]
    assert told(network, file_of(beijing, subject, purpose="own", to=None))["openings"] == 2

    def without(told_: History) -> dict[str, Any]:
        return {"openings": []}

    assert codes(judged(network, again(network, data, without))) == ["parts-differ"]
    lacks = replace(file, receipts=file.receipts[1:])
    kept = [one.to_json() for one in file.history.records[1:]]
    spoiled = again(network, lacks.encode(), lambda _: {"records": kept})
    assert codes(judged(network, spoiled)) == ["opening-false"]
    value = orjson.loads(opening)
    value["statement"]["note"] = "另一事由"
    changed = replace(file, openings=(canonical.encode(value, allow_null=True),))
    named = [sha256(one).hex() for one in changed.openings]
    spoiled = again(network, changed.encode(), lambda _: {"openings": named})
    assert codes(judged(network, spoiled)) == ["opening-false"]


def test_as_of_an_earlier_day(network: Network, filed: list[bytes], subject: str) -> None:
    before = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    value = told(network, file_of(network[BEIJING], subject, asOf=before))
    assert (value["given"], value["records"]) == (before, [])
    assert value["left"] == {"not-anchored": 5}


def test_of_a_subject_that_nobody_knows(network: Network, subject: str) -> None:
    value = told(network, file_of(network[BEIJING], subject))
    assert (value["records"], value["left"]) == ([], {})
    assert (lines(network[BEIJING])[0].record, lines(network[BEIJING])[0].count) == (None, 1)


@pytest.mark.parametrize(
    ("who", "scopes", "code"),
    [
        ({}, ("submit",), "scope-missing"),
        ({}, ("decide", "release"), "scope-missing"),
        ({"department": "乙局"}, ("read",), "centre-only"),
    ],
)
def test_the_centre_alone(
    network: Network, who: dict[str, Any], scopes: tuple[str, ...], code: str
) -> None:
    beijing = network[BEIJING]
    answer = ask(beijing, centre(beijing, *scopes, name="x", **who), SUBJECT)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert lines(beijing)[0].answer == code


@pytest.mark.parametrize("to", [BEIJING, BANK, "999999"])
def test_to_another_province_alone(network: Network, to: str) -> None:
    answer = ask(network[BEIJING], centre(network[BEIJING]), SUBJECT, to=to)
    assert (answer.status_code, answer.json()["code"]) == (422, "not-another-province")


@pytest.mark.parametrize(
    "body",
    [
        {"code": uscc.FILLER},
        {"code": "9111"},
        {"code": 5},
        {"purpose": "funding"},
        {"purpose": "own"},
        {"to": None},
        {"to": "../x"},
        {"asOf": "2026-1-1"},
        {"asOf": 5},
        {"more": 1},
        {"code": None},
    ],
)
def test_questions_of_another_form(network: Network, body: dict[str, Any]) -> None:
    answer = ask(network[BEIJING], centre(network[BEIJING]), **{"code": SUBJECT, **body})
    assert (answer.status_code, answer.json()["code"]) == (422, "schema-invalid")


def test_a_day_to_come(network: Network) -> None:
    ahead = (today() + timedelta(days=3)).isoformat()
    answer = ask(network[BEIJING], centre(network[BEIJING]), SUBJECT, asOf=ahead)
    assert (answer.status_code, answer.json()["code"]) == (422, "day-to-come")


def test_it_is_bounded(
    network: Network, filed: list[bytes], subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.history.services.MAX_RECORDS", 2)
    value = told(network, file_of(network[BEIJING], subject))
    assert (len(value["records"]), value["left"]) == (2, {"too-many": 3})
    monkeypatch.setattr("gateway.history.services.MAX_RECORDS", 1000)
    monkeypatch.setattr("gateway.history.services.MAX_BYTES", 1)
    value = told(network, file_of(network[BEIJING], subject))
    assert (len(value["records"]), value["left"]) == (0, {"too-many": 5})


# ---- what may be wrong with one


def again(
    network: Network,
    data: bytes,
    change: Callable[[History], dict[str, Any]],
    signer: Any = None,
    receipts: list[str] | None = None,
) -> bytes:
    """The file with something changed in it, signed by Beijing."""
    file: HistoryFile = parse_file(data)
    value = canonical.parse(file.history.encode(), max_depth=5) | change(file.history)
    key = signer or network.chain.keys[BEIJING, Purpose.PRESENT]
    jws = sign_statement(
        history.TYP,
        canonical.encode(value, max_depth=5),
        sign=key.sign,
        kid=key.key_id,
        alg=key.alg,
        iat=file.history.at if "at" not in value else canonical.parse_instant(value["at"]),
    )
    return history.encode_file(jws, file.openings, receipts or list(file.receipts))


def without_acts(told_: History) -> dict[str, Any]:
    return {"records": [one.to_json() | {"acts": []} for one in told_.records]}


def other_acts(told_: History) -> dict[str, Any]:
    made = [one.to_json() for one in told_.records]
    for one in made:
        one["acts"] = [act | {"action": 2} for act in one["acts"]]
    return {"records": made}


def other_subject(told_: History) -> dict[str, Any]:
    return {"subject": OTHER}


def old(told_: History) -> dict[str, Any]:
    return {"known": canonical.instant(told_.at - 7200)}


def to_come(told_: History) -> dict[str, Any]:
    return {"asOf": (told_.as_of + timedelta(days=5)).isoformat()}


def dropped(told_: History) -> dict[str, Any]:
    return {"records": [one.to_json() for one in told_.records[1:]]}


def other_network(told_: History) -> dict[str, Any]:
    return {"network": "eip155:1:0x" + "11" * 20}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (without_acts, "acts-differ"),
        (other_acts, "acts-differ"),
        (other_subject, "other-subject"),
        (old, "time-wrong"),
        (to_come, "time-wrong"),
        (dropped, "parts-differ"),
        (other_network, "other-network"),
    ],
)
def test_one_that_is_false(
    network: Network,
    filed: list[bytes],
    subject: str,
    change: Callable[[History], dict[str, Any]],
    code: str,
) -> None:
    do(network, network[BEIJING], Action.DISPUTE, filed[0])
    data = file_of(network[BEIJING], subject)
    assert codes(judged(network, data)) == []
    found = judged(network, again(network, data, change))
    assert found.exit == 1
    assert code in codes(found)
    assert found.as_dict()["records"] == []


def test_signed_by_another(network: Network, filed: list[bytes], subject: str) -> None:
    data = file_of(network[BEIJING], subject)
    signer = network.chain.keys[HEBEI, Purpose.PRESENT]
    assert codes(judged(network, again(network, data, lambda _: {}, signer))) == ["key-unknown"]


def test_a_receipt_that_was_spoiled(network: Network, filed: list[bytes], subject: str) -> None:
    data = file_of(network[BEIJING], subject)
    held = list(parse_file(data).receipts)
    held[0] = held[0].replace('"path":["', '"path":["' + "00" * 32 + '","', 1)

    def renamed(told_: History) -> dict[str, Any]:
        made = [one.to_json() for one in told_.records]
        made[0]["receipt"] = sha256(held[0].encode()).hex()
        return {"records": made}

    found = judged(network, again(network, data, renamed, receipts=held))
    assert codes(found) == ["receipt-false"]
    swapped = [held[1], *held[1:]]

    def twice(told_: History) -> dict[str, Any]:
        made = [one.to_json() for one in told_.records]
        made[0]["receipt"] = made[1]["receipt"]
        return {"records": made}

    assert codes(judged(network, again(network, data, twice, receipts=swapped))) == ["other-record"]


def test_an_act_that_the_gateway_has_not_followed(
    network: Network, filed: list[bytes], subject: str
) -> None:
    """It says up to when it knows, and that much is so."""
    beijing = network[BEIJING]
    send(network, beijing, Action.DISPUTE, filed[0])
    data = file_of(beijing, subject)
    found = judged(network, data)
    assert codes(found) == []
    assert found.file is not None
    assert found.file.history.known <= network.chain.anvil.head_time()


@pytest.mark.parametrize("spoil", [b"\n", b" "])
def test_another_form(network: Network, spoil: bytes, subject: str) -> None:
    found = judged(network, file_of(network[BEIJING], subject) + spoil)
    assert codes(found) == ["malformed"]
    newer = file_of(network[BEIJING], subject).replace(b"history@1", b"history@2", 1)
    assert (judged(network, newer).exit, codes(judged(network, newer))) == (4, ["version-unknown"])


def test_a_record_with_too_many_acts_keeps_no_other_back(
    network: Network, filed: list[bytes], subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a thief of one key may make it."""
    for module in ("ledger.chain.acts", "gateway.history.services"):
        monkeypatch.setattr(f"{module}.MAX_HISTORY", 1, raising=False)
    for action in (Action.DISPUTE, Action.SETTLE):
        do(network, network[BEIJING], action, filed[0])
    value = told(network, file_of(network[BEIJING], subject))
    assert set(standings(value)) == {filed[n].hex() for n in (1, 3, 4)} | {filed[2].hex()}
    assert value["left"] == {"too-many": 1}


def test_one_takes_as_many_statements_for_thirty_records_as_for_one(network: Network) -> None:
    """Of several batches, some of them disputed or repaired."""
    beijing = network[BEIJING]
    few, many = (code_of(n, start="91110000MA") for n in (90, 91))

    def of(code: str, n: int) -> RowInput:
        number = f"样计〔2026〕{code[-4:]}{n}号"
        return row(n, CF_XDR_SHXYM=code, CF_XDR_MC=f"样例{code}有限公司", CF_WSH=number)

    def costs(code: str) -> tuple[int, int]:
        asked = Asked(code=code, purpose="own", to="", as_of=today())
        with statements(beijing) as seen:
            data = beijing.node.giving.histories.file(CENTRE, asked)
        return len(parse_file(data).history.records), len(seen)

    beijing.file(of(few, 1))
    ids = beijing.file(*(of(many, n) for n in range(1, 21)))
    beijing.file(*(of(many, n) for n in range(21, 31)))
    do(network, beijing, Action.DISPUTE, ids[1])
    do(network, beijing, Action.REPAIR, ids[2])
    costs(few)  # keys are read once
    one, thirty = costs(few), costs(many)
    assert (one[0], thirty[0]) == (1, 30)
    assert one[1] == thirty[1] < 40, (one, thirty)
